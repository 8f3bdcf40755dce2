//! Dates, times of day and lengths of time as traces write them.

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

/// The same with a fraction of a second and a zone, where they are written (`Z`, `+01:00`, `+0100`), as
/// microseconds since 1970; without a zone in whatever zone it is.
pub(crate) fn moment(text: &str) -> Option<u64> {
    let (date, mut rest) = text.split_at_checked(19)?;
    let mut micros = seconds(date)?.checked_mul(1_000_000)?;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        micros += fraction_of(&fraction[..digits])?;
        rest = &fraction[digits..];
    }
    let rest = rest.trim_start_matches(' ');
    let (sign, ahead) = match rest.as_bytes() {
        [] | b"Z" | b"z" | b"UTC" => return Some(micros),
        [sign @ (b'+' | b'-'), ahead @ ..] => (sign, ahead),
        _ => return None,
    };
    let number = |digits: &[u8]| match digits {
        [ten @ b'0'..=b'9', one @ b'0'..=b'9'] => Some(u64::from((ten - b'0') * 10 + one - b'0')),
        _ => None,
    };
    let (hours, minutes) = match ahead {
        [_, _] => (number(ahead)?, 0),
        [hours @ .., b':', _, _] => (number(hours)?, number(&ahead[ahead.len() - 2..])?),
        [_, _, _, _] => (number(&ahead[..2])?, number(&ahead[2..])?),
        _ => return None,
    };
    let ahead = (hours * 3600 + minutes * 60) * 1_000_000;
    match sign {
        b'-' => micros.checked_add(ahead),
        _ => micros.checked_sub(ahead),
    }
}

/// The microseconds of the digits behind the point; what is smaller is cut off.
fn fraction_of(digits: &str) -> Option<u64> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let kept = &digits[..digits.len().min(6)];
    Some(kept.parse::<u64>().ok()? * 10_u64.pow(6 - kept.len() as u32))
}

/// A length of time as Slurm and others write it, in microseconds: `1-02:03:04`, `02:03:04.5`, `02:03`
/// (minutes and seconds), `1-02` (days and hours), `1-02:03`.
pub(crate) fn span(text: &str) -> Option<u64> {
    let (days, clock) = match text.split_once('-') {
        Some((days, clock)) => (Some(days), clock),
        None => (None, text),
    };
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, fraction_of(fraction)?),
        None => (clock, 0),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u64>().ok().filter(|_| digits)
    };
    let (days, hours, minutes, seconds) = match (days, parts.as_slice()) {
        (Some(days), [hours]) => (number(days)?, number(hours)?, 0, 0),
        (Some(days), [hours, minutes]) => (number(days)?, number(hours)?, number(minutes)?, 0),
        (_, [hours, minutes, seconds]) => (
            days.map_or(Some(0), number)?,
            number(hours)?,
            number(minutes)?,
            number(seconds)?,
        ),
        (None, [minutes, seconds]) => (0, 0, number(minutes)?, number(seconds)?),
        _ => return None,
    };
    if minutes > 59 && parts.len() > 2 || seconds > 59 {
        return None;
    }
    let hours = days.checked_mul(24)?.checked_add(hours)?;
    let seconds = hours
        .checked_mul(60)?
        .checked_add(minutes)?
        .checked_mul(60)?
        + seconds;
    seconds.checked_mul(1_000_000)?.checked_add(fraction)
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
    fn moments_have_fractions_and_zones() {
        let at = |text: &str| moment(text);
        assert_eq!(at("1970-01-01T00:00:01"), Some(1_000_000));
        assert_eq!(at("1970-01-01 00:00:01.5"), Some(1_500_000));
        assert_eq!(at("1970-01-01T00:00:01.123456789Z"), Some(1_123_456));
        assert_eq!(at("1970-01-01T02:00:00+01:00"), Some(3_600_000_000));
        assert_eq!(at("1970-01-01T00:00:00 -0130"), Some(5_400_000_000));
        assert_eq!(at("1970-01-01T00:00:00-02"), Some(7_200_000_000));
        for text in [
            "1970-01-01",
            "1970-01-01T00:00:00.",
            "1970-01-01T00:00:00+01:00",
            "1970-01-01T00:00:00+1",
            "1970-01-01T00:00:00 CET",
            "1970-01-01T00:00:0\u{e9}\u{e9}",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn lengths_of_time_have_days() {
        let at = |text: &str| span(text).map(|micros| micros / 1000);
        assert_eq!(at("1-02:03:04"), Some(93_784_000));
        assert_eq!(at("02:03:04.5"), Some(7_384_500));
        assert_eq!(at("02:03"), Some(123_000));
        assert_eq!(at("90:00"), Some(5_400_000));
        assert_eq!(at("2-12"), Some(216_000_000));
        assert_eq!(at("2-12:30"), Some(217_800_000));
        assert_eq!(at("100:00:00"), Some(360_000_000));
        for text in [
            "",
            "5",
            "1-",
            "-1:00:00",
            "1:60:00",
            "1:00:60",
            "1:2:3:4",
            "a:b",
            "99999999999999999-1",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
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
