//! What a log's header says of its machine: numbers that people wrote.

use super::Header;
use crate::error::{ReadError, quoted};

/// The keys that are numbers, and whether there can be none of it.
const NUMBERS: [(&str, bool); 6] = [
    ("MaxProcs", false),
    ("MaxNodes", false),
    ("MaxQueues", true),
    ("MaxPartitions", true),
    ("MaxRuntime", true),
    ("MaxMemory", true),
];

/// How people write that nothing is known, or that nothing is the most.
const UNKNOWN: [&str; 8] = ["", "-1", "-", "?", "unknown", "none", "n/a", "unlimited"];

impl Header {
    /// The number of `key`, if the header tells it: 5208 of `MaxProcs: 5,208 (with the login nodes)`.
    pub fn number(&self, key: &str) -> Option<u64> {
        let read = self.get(key).and_then(read);
        read.filter(|number| *number > 0)
    }

    /// The word of `key` (a zone, a number below zero), if it is one.
    pub(super) fn word(&self, key: &str) -> Option<&str> {
        let word = first_line(self.get(key)?);
        let unknown = UNKNOWN.iter().any(|no| no.eq_ignore_ascii_case(word));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte);
        (!unknown && word.len() <= 64 && word.bytes().all(plain)).then_some(word)
    }

    /// What is told of the machine's size and is not understood, in the order of the file's keys.
    pub fn odd(&self) -> Vec<ReadError> {
        let odd = NUMBERS.into_iter().filter_map(|(key, none)| {
            let value = first_line(self.get(key)?);
            let unknown = UNKNOWN.iter().any(|word| word.eq_ignore_ascii_case(value));
            let understood = read(value).is_some_and(|number| none || number > 0);
            (!unknown && !understood).then(|| {
                let expected = if none {
                    "a whole number"
                } else {
                    "a whole number above 0"
                };
                let error = ReadError::expected(expected, quoted(value));
                error.place(format!("header {key}"))
            })
        });
        odd.collect()
    }
}

/// What stands beside a key, without the lines that go on with it.
fn first_line(value: &str) -> &str {
    value.lines().next().unwrap_or("").trim()
}

/// The number at the beginning; nothing where what follows makes another number of it: `1e30`, `1.5`,
/// `36h`, `1,2`.
fn read(value: &str) -> Option<u64> {
    let value = first_line(value);
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (mut number, mut rest) = value.split_at(digits(value));
    let mut text = number.to_owned();
    while !text.is_empty() && rest.starts_with(',') && digits(&rest[1..]) == 3 {
        (number, rest) = rest[1..].split_at(3);
        text += number;
    }
    // Whoever counts in floating point writes `64.0`.
    if let Some(zeros) = rest.strip_prefix('.').filter(|zeros| digits(zeros) > 0) {
        rest = zeros.trim_start_matches('0');
    }
    let mut after = rest.chars();
    let ends = match after.next() {
        None => true,
        Some(',' | '.') => !after.next().is_some_and(|c| c.is_ascii_digit()),
        Some(c) => c.is_whitespace() || matches!(c, '(' | '[' | ';'),
    };
    text.parse().ok().filter(|_| ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, number: Option<u64>, odd: Option<&str>) {
        let mut header = Header::default();
        header.comment(&format!(" MaxProcs: {value}"));
        assert_eq!(header.number("MaxProcs"), number, "{value}");
        let told: Vec<String> = header.odd().iter().map(ToString::to_string).collect();
        let odd = odd.map(|found| {
            format!("header MaxProcs: expected a whole number above 0, found `{found}`")
        });
        assert_eq!(told, Vec::from_iter(odd), "{value}");
    }

    #[test]
    fn what_is_no_number_is_told() {
        check("64", Some(64), None);
        check("5,208 (with the login nodes)", Some(5208), None);
        check("1,234,567", Some(1_234_567), None);
        check("100, 28 a node", Some(100), None);
        check("64.0", Some(64), None);
        check("64.", Some(64), None);
        check("-1", None, None);
        check("", None, None);
        check("Unknown", None, None);
        for odd in [
            "many",
            "-5",
            "0",
            "1e30",
            "1.5",
            "36h",
            "1,2",
            "1,2345",
            "x64",
            "99999999999999999999",
        ] {
            check(odd, None, Some(odd));
        }
    }
}
