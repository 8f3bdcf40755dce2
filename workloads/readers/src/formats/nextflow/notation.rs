//! How Nextflow writes times, sizes and percentages: for people, or raw.

use crate::error::{ReadError, quoted};
use crate::formats::cells::decimal;
use crate::formats::clock;
use crate::formats::swim::{LATEST, MOST_BYTES};

/// What is written where nothing is known.
pub(super) const NOTHING: &str = "-";

/// Units of time, in milliseconds.
const TIMES: [(u64, &[&str]); 5] = [
    (1, &["ms", "milli", "millis"]),
    (1000, &["s", "sec", "second", "seconds"]),
    (60_000, &["m", "min", "minute", "minutes"]),
    (3_600_000, &["h", "hour", "hours"]),
    (86_400_000, &["d", "day", "days"]),
];

/// Units of memory, each 1024 times the one before.
const SIZES: &str = "BKMGTPE";

fn is_raw(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A point in time in microseconds: `2026-01-05 08:00:00.125`, or milliseconds since 1970.
pub(super) fn moment(text: &str) -> Result<u64, ReadError> {
    if is_raw(text) {
        return decimal(text, "milliseconds", 3, LATEST * 1000);
    }
    clock::moment(text).ok_or_else(|| {
        let expected = "a time such as 2026-01-05 08:00:00.125, milliseconds since 1970 or -";
        ReadError::expected(expected, quoted(text))
    })
}

/// A length of time in microseconds: `1h 2m 3s`, `1.1s`, `22ms`, or milliseconds.
pub(super) fn span(text: &str) -> Result<u64, ReadError> {
    if is_raw(text) {
        return decimal(text, "milliseconds", 3, LATEST * 1000);
    }
    let wrong = || {
        let expected = "a time such as 1h 2m 3s, 1.1s, 22ms, milliseconds or -";
        ReadError::expected(expected, quoted(text))
    };
    let (mut rest, mut sum) = (text, 0_u64);
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (number, behind) = rest.split_at(number.ok_or_else(wrong)?);
        let behind = behind.trim_ascii_start();
        let end = behind.find(|c: char| !c.is_ascii_alphabetic());
        let (unit, behind) = behind.split_at(end.unwrap_or(behind.len()));
        let mut units = TIMES.iter();
        let (millis, _) = units
            .find(|(_, names)| names.contains(&unit))
            .ok_or_else(wrong)?;
        let amount = decimal(number, "time", 3, LATEST * 1000 / millis)?;
        sum = sum.saturating_add(amount * millis);
        rest = behind.trim_ascii_start();
    }
    Some(sum).filter(|_| !text.is_empty()).ok_or_else(wrong)
}

/// Memory in bytes: `4.5 GB` (of 1024 MB), `512 MB`, `0`, or bytes.
pub(super) fn size(text: &str) -> Result<u64, ReadError> {
    let wrong = || {
        let expected = "memory such as 4.5 GB or 512 MB, bytes or -";
        ReadError::expected(expected, quoted(text))
    };
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let unit = unit.trim_ascii_start();
    let power = match unit.strip_suffix('B').unwrap_or(unit) {
        "" => 0,
        one if one.len() == 1 => SIZES.find(one).ok_or_else(wrong)?,
        _ => return Err(wrong()),
    };
    let scale = 1_u64 << (10 * power as u32);
    let parts = decimal(number, "bytes", 6, MOST_BYTES.div_ceil(scale)).map_err(|_| wrong())?;
    let bytes = (u128::from(parts) * u128::from(scale)).div_ceil(1_000_000);
    u64::try_from(bytes).map_err(|_| wrong())
}

/// A percentage in thousandths of one: `187.5%`, or without the sign.
pub(super) fn percent(text: &str) -> Result<u64, ReadError> {
    let number = text.strip_suffix('%').unwrap_or(text);
    decimal(number, "percent", 3, 100_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_for_people_or_raw() {
        let millis = |text: &str| span(text).ok().map(|micros| micros / 1000);
        assert_eq!(millis("22ms"), Some(22));
        assert_eq!(millis("1.1s"), Some(1100));
        assert_eq!(millis("1m 3s"), Some(63_000));
        assert_eq!(millis("2d 1h 2m 3s"), Some(176_523_000));
        assert_eq!(millis("1 hour 30 min"), Some(5_400_000));
        assert_eq!(millis("1h2m"), Some(3_720_000));
        assert_eq!(millis("1500"), Some(1500));
        assert_eq!(millis("0"), Some(0));
        for text in [
            "",
            "-",
            "1h 2",
            "ms",
            "1.2.3s",
            "1x",
            "-1s",
            "1h,2m",
            "99999999999d",
        ] {
            assert_eq!(millis(text), None, "{text}");
        }
    }

    #[test]
    fn memory_is_counted_in_powers_of_1024() {
        let of = |text: &str| size(text).ok();
        assert_eq!(of("4.5 GB"), Some(4_831_838_208));
        assert_eq!(of("512 MB"), Some(512 << 20));
        assert_eq!(of("1 KB"), Some(1024));
        assert_eq!(of("2G"), Some(2 << 30));
        assert_eq!(of("3 B"), Some(3));
        assert_eq!(of("0"), Some(0));
        assert_eq!(of("1048576"), Some(1 << 20));
        for text in [
            "", "-", "GB", "1 XB", "1 GiB", "9999 EB", "1.5.5 GB", "-1 GB",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
