//! Dates and times of day as traces write them, without a zone: seconds since 1970.

/// The seconds of a proleptic Gregorian day, month and year since 1970-01-01.
pub(crate) fn day(year: u32, month: u32, day: u32) -> Option<u64> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let lengths = [
        31,
        28 + u32::from(leap),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let month = month.checked_sub(1)? as usize;
    let length = *lengths.get(month)?;
    if !(1970..=9999).contains(&year) || day == 0 || day > length {
        return None;
    }
    let before = year - 1;
    let leap_days = before / 4 - before / 100 + before / 400 - 477;
    let days = (year - 1970) * 365 + leap_days + lengths[..month].iter().sum::<u32>() + day - 1;
    Some(u64::from(days) * 86_400)
}

/// `YYYY-MM-DD HH:MM:SS`, also with a T between, as seconds since 1970.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let shape = b"0000-00-00 00:00:00";
    let fits = bytes.len() == shape.len()
        && bytes.iter().zip(shape).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            b' ' => matches!(byte, b' ' | b'T'),
            other => byte == other,
        });
    if !fits {
        return None;
    }
    let part = |from: usize, to: usize| text[from..to].parse::<u32>().ok();
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let day = day(part(0, 4)?, part(5, 7)?, part(8, 10)?)?;
    Some(day + u64::from(hour * 3600 + minute * 60 + second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_with_leap_years() {
        assert_eq!(seconds("1970-01-01 00:00:00"), Some(0));
        assert_eq!(seconds("1972-03-01 00:00:00"), Some(790 * 86_400));
        assert_eq!(seconds("2000-03-01T00:00:00"), Some(951_868_800));
        assert_eq!(seconds("2017-09-04 10:30:41"), Some(1_504_521_041));
        assert_eq!(seconds("2038-01-19 03:14:07"), Some(2_147_483_647));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "2017-02-29 00:00:00",
            "2017-13-01 00:00:00",
            "2017-00-01 00:00:00",
            "2017-01-00 00:00:00",
            "2017-01-01 24:00:00",
            "2017-01-01 00:60:00",
            "2017-01-01",
            "2017-01-01 00:00:00Z",
            "+017-01-01 00:00:00",
            "20170-1-01 00:00:00",
            "2017-01-01 00:00:0\u{e9}",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
