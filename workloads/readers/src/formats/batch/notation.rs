//! Amounts and lengths of time as several batch systems write them.

use crate::error::{ReadError, quoted};
use crate::formats::cells::decimal;

/// The most of anything that is believed: cores, nodes, KiB.
pub(crate) const MOST: u64 = 1_000_000_000_000;
/// The most seconds that are believed: a time since 1970, or a length of time.
pub(crate) const MOST_SECONDS: u64 = 100_000_000_000;

/// Memory in KiB, rounded up: a number with k, m, g, t or p (powers of 1024) and b, or w for words of eight bytes,
/// behind it, in either case; without any, `plain` bytes each.
pub(crate) fn memory(text: &str, plain: u64) -> Result<u64, ReadError> {
    let wrong = || ReadError::expected("memory such as 4gb, 512mb, 1.5G or 2048kb", quoted(text));
    let end = text.rfind(|c: char| c.is_ascii_digit() || c == '.');
    let (number, unit) = text.split_at(end.map_or(0, |end| end + 1));
    let unit = unit.trim_ascii().to_ascii_lowercase();
    let (scale, word) = match unit.strip_suffix('w') {
        Some(scale) => (scale, 8),
        None => (unit.strip_suffix('b').unwrap_or(&unit), 1),
    };
    let scale: u64 = match scale.strip_suffix('i').unwrap_or(scale) {
        "" if unit.is_empty() => plain,
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        "t" => 1 << 40,
        "p" => 1 << 50,
        _ => return Err(wrong()),
    };
    let millionths = decimal(number, "memory", 6, MOST * 1024).map_err(|_| wrong())?;
    let bytes = u128::from(millionths) * u128::from(scale) * word / 1_000_000;
    let kibibytes = u64::try_from(bytes.div_ceil(1024)).ok();
    let sound = kibibytes.filter(|kibibytes| *kibibytes <= MOST * 1024);
    sound.ok_or_else(|| wrong().hint("so much memory is taken for damage"))
}

/// A length of time in microseconds: seconds, or days, hours, minutes and seconds with colons between, as many of them
/// as are needed, the last perhaps with a fraction.
pub(crate) fn span(text: &str) -> Result<u64, ReadError> {
    let wrong = || {
        let expected = "a time such as 3600, 01:00:00 or 1:00:00:00";
        ReadError::expected(expected, quoted(text))
    };
    let parts: Vec<&str> = text.split(':').collect();
    let (last, rest) = parts.split_last().ok_or_else(wrong)?;
    if rest.len() > 3 {
        return Err(wrong());
    }
    let mut total = decimal(last, "seconds", 6, MOST_SECONDS).map_err(|_| wrong())?;
    for (part, scale) in rest.iter().rev().zip([60, 3600, 86_400_u64]) {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let number = part.parse::<u64>().ok().filter(|_| digits);
        let seconds = number.and_then(|number| number.checked_mul(scale));
        let seconds = seconds.filter(|seconds| *seconds <= MOST_SECONDS);
        total += seconds.ok_or_else(wrong)? * 1_000_000;
    }
    Ok(total)
}

/// A time since 1970 in microseconds, written in seconds, perhaps with a fraction; nothing for zero, as systems write
/// what did not happen.
pub(crate) fn moment(text: &str) -> Result<Option<u64>, ReadError> {
    if matches!(text, "-1" | "-") {
        return Ok(None);
    }
    let micros = decimal(text, "seconds since 1970", 6, MOST_SECONDS)?;
    Ok(Some(micros).filter(|micros| *micros > 0))
}

/// A whole number of something, at most [`MOST`].
pub(crate) fn count(text: &str, what: &str) -> Result<u64, ReadError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text
        .parse::<u64>()
        .ok()
        .filter(|number| digits && *number <= MOST);
    number.ok_or_else(|| {
        let expected = format!("a whole number of {what}, at most {MOST}");
        ReadError::expected(expected, quoted(text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_has_units() {
        for (text, kib) in [
            ("4gb", Some(4 << 20)),
            ("1993mb", Some(1993 << 10)),
            ("664kb", Some(664)),
            ("4224531456b", Some(4_125_519)),
            ("1025", Some(2)),
            ("1kw", Some(8)),
            ("10w", Some(1)),
            ("12.5M", Some(12_800)),
            ("1.000T", Some(1 << 30)),
            ("2GiB", Some(2 << 20)),
            ("0", Some(0)),
            ("", None),
            ("gb", None),
            ("4xb", None),
            ("-1", None),
            ("1e30", None),
            ("99999999999tb", None),
        ] {
            assert_eq!(memory(text, 1).ok(), kib, "{text}");
        }
        assert_eq!(memory("5", 1024).ok(), Some(5));
    }

    #[test]
    fn lengths_of_time_have_colons() {
        for (text, seconds) in [
            ("3600", Some(3600)),
            ("01:00:00", Some(3600)),
            ("144:00:00", Some(518_400)),
            ("1:00:00:01", Some(86_401)),
            ("2:90", Some(210)),
            ("", None),
            (":1", None),
            ("1:2:3:4:5", None),
            ("-1", None),
            ("1:x", None),
            ("99999999999999999999:0", None),
        ] {
            let micros = span(text).ok();
            assert_eq!(micros.map(|micros| micros / 1_000_000), seconds, "{text}");
        }
        assert_eq!(span("1.5").ok(), Some(1_500_000));
    }
}
