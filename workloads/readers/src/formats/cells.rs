//! The cells of a row of text: splitting, columns by name, and numbers with their units.
//!
//! Amounts become whole numbers of a small unit (millionths, billionths) so that sums are exact
//! and the same on every machine.

use std::borrow::Cow;

use crate::error::{ReadError, quoted};
use crate::formats::swim::number;

/// Amounts relative to the largest machine are kept in billionths: nine digits.
pub(crate) const BILLIONTHS: u32 = 9;

/// Seconds and hours are kept in millionths: six digits.
pub(crate) const MILLIONTHS: u32 = 6;

/// One column: its name and the unit of its numbers.
#[derive(Clone, Copy)]
pub(crate) struct Cell<'a> {
    position: usize,
    name: &'static str,
    text: &'a str,
}

/// The cells of a line, exactly as many as there are `names`, or more if there may be.
pub(crate) fn split<'a, const N: usize>(
    line: &'a str,
    between: char,
    more: bool,
    names: &[&'static str; N],
) -> Result<[Cell<'a>; N], ReadError> {
    let mut cells = line.split(between);
    let mut found = 0;
    let row = std::array::from_fn(|position| {
        let text = cells.next();
        found += usize::from(text.is_some());
        let text = text.unwrap_or("");
        Cell {
            position,
            name: names[position],
            // Between tabs, blanks and quotes belong to the text.
            text: if between == '\t' { text } else { bare(text) },
        }
    });
    if found < N || (!more && cells.next().is_some()) {
        let least = if more { "at least " } else { "" };
        let separators = if between == '\t' { "tabs" } else { "commas" };
        let expected = format!("{least}{N} columns separated by {separators}");
        let found = line.split(between).count();
        return Err(ReadError::uneven(expected, found).hint(names.join(", ")));
    }
    Ok(row)
}

/// The text behind an opening quote, in which two quotes are one, and what stands behind the closing one; nothing
/// where none closes it.
pub(crate) fn until_quote(inside: &str) -> Option<(Cow<'_, str>, &str)> {
    let (mut from, mut doubled) = (0, false);
    loop {
        let at = from + inside[from..].find('"')?;
        let (text, behind) = (&inside[..at], &inside[at + 1..]);
        if behind.starts_with('"') {
            (from, doubled) = (at + 2, true);
        } else if doubled {
            return Some((Cow::Owned(text.replace("\"\"", "\"")), behind));
        } else {
            return Some((Cow::Borrowed(text), behind));
        }
    }
}

/// The cells of a line in which some may be quoted, others without blanks around them; also says whether the
/// quotes of the last one are still open.
pub(crate) fn quoted_cells(line: &str, between: char) -> (Vec<Cow<'_, str>>, bool) {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        let inner = rest.trim_start_matches(|c| c == ' ' && c != between);
        let inside = inner.strip_prefix('"');
        let (quoted, behind) = match inside.map(|inside| (inside, until_quote(inside))) {
            None => (None, rest),
            Some((_, Some((text, behind)))) => (Some(text), behind),
            Some((open, None)) => {
                cells.push(Cow::Borrowed(open));
                return (cells, true);
            }
        };
        let (text, more) = match behind.split_once(between) {
            Some((text, more)) => (text, Some(more)),
            None => (behind, None),
        };
        let text = text.trim_ascii();
        cells.push(match quoted {
            None => Cow::Borrowed(text),
            Some(quoted) if text.is_empty() => quoted,
            // Whoever wrote it forgot a quote.
            Some(quoted) => Cow::Owned(quoted.into_owned() + text),
        });
        match more {
            Some(more) => rest = more,
            None => return (cells, false),
        }
    }
}

/// How many columns a line has.
pub(crate) fn width(line: &str) -> usize {
    line.split(',').count()
}

/// A cell without blanks around it and without quotes around those.
pub(crate) fn bare(text: &str) -> &str {
    let text = text.trim_ascii();
    let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    inner.unwrap_or(text)
}

impl<'a> Cell<'a> {
    /// A cell of a line split otherwise.
    pub(crate) const fn new(position: usize, name: &'static str, text: &'a str) -> Self {
        Self {
            position,
            name,
            text,
        }
    }

    /// The text, which may be empty.
    pub(crate) const fn text(self) -> &'a str {
        self.text
    }

    /// A part of the cell's text, in the same column.
    pub(crate) const fn with(self, text: &'a str) -> Self {
        Self { text, ..self }
    }

    /// `error`, in this column.
    pub(crate) fn wrong(self, error: ReadError) -> ReadError {
        error.place(format!("column {} ({})", self.position + 1, self.name))
    }

    /// Some text, called `what`.
    pub(crate) fn word(self, what: &str) -> Result<&'a str, ReadError> {
        if self.text.is_empty() {
            return Err(self.wrong(ReadError::expected(what, "nothing")));
        }
        Ok(self.text)
    }

    /// A whole number of `unit` up to `most`.
    pub(crate) fn whole(self, unit: &str, most: u64) -> Result<u64, ReadError> {
        number(self.text, unit, most).map_err(|error| self.wrong(error))
    }

    /// A whole number written with or without a fraction of zero: `66.0`.
    pub(crate) fn round(self, unit: &str, most: u64) -> Result<u64, ReadError> {
        let whole = self.text.split_once('.').and_then(|(whole, fraction)| {
            let zero = !fraction.is_empty() && fraction.bytes().all(|byte| byte == b'0');
            zero.then_some(whole)
        });
        let text = whole.unwrap_or(self.text);
        number(text, unit, most).map_err(|error| self.wrong(error))
    }

    /// A number of `unit` with a fraction, in units of `10^-digits`, up to `most` whole ones.
    pub(crate) fn decimal(self, unit: &str, digits: u32, most: u64) -> Result<u64, ReadError> {
        decimal(self.text, unit, digits, most).map_err(|error| self.wrong(error))
    }

    /// A code from 0 to `most`.
    pub(crate) fn code(self, what: &str, most: u8) -> Result<u8, ReadError> {
        let code = self.text.parse().ok().filter(|code| *code <= most);
        code.ok_or_else(|| {
            let expected = format!("{what}, 0 to {most}");
            self.wrong(ReadError::expected(expected, quoted(self.text)))
        })
    }

    /// The number that `read` finds, or nothing where nothing is written.
    pub(crate) fn maybe<T>(
        self,
        read: impl FnOnce(Self) -> Result<T, ReadError>,
    ) -> Result<Option<T>, ReadError> {
        (!self.text.is_empty()).then(|| read(self)).transpose()
    }

    /// A whole number of `unit`, negative or not, at most `most` away from zero.
    pub(crate) fn signed(self, unit: &str, most: u64) -> Result<i64, ReadError> {
        let (text, sign) = match self.text.strip_prefix('-') {
            Some(text) => (text, -1),
            None => (self.text, 1),
        };
        let amount = number(text, unit, most.min(i64::MAX as u64));
        let amount = amount.map_err(|error| self.wrong(error))?;
        Ok(sign * amount.cast_signed())
    }
}

/// A decimal number, perhaps with an exponent, in units of `10^-digits`; what is smaller than that
/// is rounded to the nearest, a half upwards.
pub(crate) fn decimal(text: &str, unit: &str, digits: u32, most: u64) -> Result<u64, ReadError> {
    let not_a_number = || {
        let error = ReadError::expected(format!("a number of {unit}"), quoted(text));
        error.hint("digits with at most one point and exponent: no sign, blank or unit")
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().ok()),
        None => (text, Some(0)),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (true, true, Some(exponent)) = (all_digits(whole), all_digits(fraction), exponent) else {
        return Err(not_a_number());
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(not_a_number());
    }
    let amount = match exponent {
        0 if whole.len() + digits as usize <= SHORT => short(whole, fraction, digits).into(),
        _ => long(whole, fraction, i64::from(exponent) + i64::from(digits)),
    };
    let most_units = u128::from(most) * 10_u128.pow(digits);
    match u64::try_from(amount) {
        Ok(amount) if u128::from(amount) <= most_units => Ok(amount),
        _ => {
            let error = ReadError::expected(format!("at most {most} {unit}"), quoted(text));
            Err(error.hint("so large a number is taken for damage"))
        }
    }
}

/// How many digits always fit into 64 bits.
const SHORT: usize = 18;

/// The amount of so few digits, as nearly all numbers of traces have.
fn short(whole: &str, fraction: &str, digits: u32) -> u64 {
    let digit = |byte: u8| u64::from(byte - b'0');
    let whole = whole
        .bytes()
        .fold(0, |amount, byte| amount * 10 + digit(byte));
    let mut rest = fraction.bytes();
    let kept = (0..digits).fold(whole, |amount, _| {
        amount * 10 + rest.next().map_or(0, digit)
    });
    kept + u64::from(rest.next().is_some_and(|byte| byte >= b'5'))
}

/// The amount in units of `10^-shift`; too large a one is as large as possible.
fn long(whole: &str, fraction: &str, shift: i64) -> u128 {
    // The digit at `power` counts 10^power of the unit asked for.
    let places = i64::try_from(whole.len()).unwrap_or(i64::MAX / 2);
    let mut power = places - 1 + shift;
    let mut amount = 0_u128;
    for byte in whole.bytes().chain(fraction.bytes()) {
        let digit = u128::from(byte - b'0');
        match u32::try_from(power) {
            Ok(power) if digit > 0 => {
                let step = 10_u128.checked_pow(power).unwrap_or(u128::MAX);
                amount = amount.saturating_add(digit.saturating_mul(step));
            }
            Ok(_) => {}
            Err(_) => {
                amount = amount.saturating_add(u128::from(power == -1 && digit >= 5));
                break;
            }
        }
        power -= 1;
    }
    amount
}

/// An amount as [`written`], rounded to six digits: for sums of numbers that were rounded themselves.
pub(crate) fn rounded(amount: u128, digits: u32) -> String {
    let unit = 10_u128.pow(digits.saturating_sub(MILLIONTHS));
    written((amount + unit / 2) / unit, MILLIONTHS.min(digits))
}

/// An amount in units of `10^-digits` as people write it.
pub(crate) fn written(amount: u128, digits: u32) -> String {
    let unit = 10_u128.pow(digits);
    let fraction = format!("{:0width$}", amount % unit, width = digits as usize);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        return (amount / unit).to_string();
    }
    format!("{}.{fraction}", amount / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<u64>) {
        assert_eq!(decimal(text, "things", 3, 1000).ok(), expected, "{text}");
    }

    #[test]
    fn decimals_are_exact() {
        check("0", Some(0));
        check("1", Some(1000));
        check("1.5", Some(1500));
        check(".25", Some(250));
        check("2.", Some(2000));
        check("0.0004", Some(0));
        check("0.0005", Some(1));
        check("0.00049999", Some(0));
        check("4.9e-03", Some(5));
        check("1e2", Some(100_000));
        check("1000", Some(1_000_000));
        check("0.5E+1", Some(5000));
        check("0e999", Some(0));
        check("1000.1", None);
        check("1e99", None);
        check(&format!("{}.0009", "9".repeat(60)), None);
        check("999.9994", Some(999_999));
        check("0000000000000000000001.5", Some(1500));
        check("1.99999999999999999999999", Some(2000));
        check("", None);
        check(".", None);
        check("-1", None);
        check("1.2.3", None);
        check("1e", None);
        check("NaN", None);
    }

    fn split(line: &str, expected: &[&str], open: bool) {
        let (cells, is_open) = quoted_cells(line, ',');
        assert_eq!(cells, expected, "{line}");
        assert_eq!(is_open, open, "{line}");
    }

    #[test]
    fn cells_may_be_quoted() {
        split("a,b", &["a", "b"], false);
        split("", &[""], false);
        split("a, ", &["a", ""], false);
        split("\"a,b\",c", &["a,b", "c"], false);
        split("\"a \"\"b\"\"\" , c", &["a \"b\"", "c"], false);
        split("\"\",\"\"", &["", ""], false);
        split("\"a \"\"b\"\"\",,", &["a \"b\"", "", ""], false);
        split("5\" disk,b", &["5\" disk", "b"], false);
        split("a,\"b", &["a", "b"], true);
        split("\"a\"x,b", &["ax", "b"], false);
        split(" \"a,b\"", &["a,b"], false);
        split("\"ä\"\"\",\"ö", &["ä\"", "ö"], true);
    }

    #[test]
    fn amounts_are_written_shortly() {
        assert_eq!(written(1_500, 3), "1.5");
        assert_eq!(written(2_000, 3), "2");
        assert_eq!(written(7, 3), "0.007");
    }
}
