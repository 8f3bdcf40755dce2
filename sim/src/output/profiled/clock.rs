//! What clocks show at a time of a trace: its times are whole microseconds, days and hours are of a zone.
//!
//! Zones and their summers come along with the program, so that a trace has the same hours everywhere.

use fairground_readers::canonical::WallClock;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};

/// A clock on the wall of a cluster.
#[derive(Clone, Debug)]
pub struct LocalClock {
    /// The time 0 of the trace, in microseconds since 1970.
    zero: i64,
    zone: TimeZone,
    /// What the zone is called.
    pub name: String,
}

impl LocalClock {
    /// The clock that a trace tells of; nothing where its zone is not known.
    pub fn of(clock: &WallClock) -> Option<Self> {
        let zone = match clock.zone.as_str() {
            WallClock::LOCAL => TimeZone::UTC,
            zone => offset(zone).or_else(|| TimeZone::get(zone).ok())?,
        };
        let name = match clock.zone.as_str() {
            WallClock::LOCAL => "local time of the source",
            zone => zone,
        };
        Some(Self {
            zero: i64::try_from(clock.zero).ok()?,
            zone,
            name: name.to_owned(),
        })
    }

    /// The clock that shows this at the time 0 of a trace: `2011-05-01T19:00[America/New_York]`.
    ///
    /// # Errors
    /// When it is not written so.
    pub fn told(text: &str) -> Result<Self, String> {
        let zoned: Zoned = text.parse().map_err(|error: jiff::Error| {
            format!(
                "expected a time with its zone, as in 2011-05-01T19:00[America/New_York]: {error}"
            )
        })?;
        let zone = zoned.time_zone();
        Ok(Self {
            zero: zoned.timestamp().as_microsecond(),
            name: zone
                .iana_name()
                .map_or_else(|| zoned.offset().to_string(), str::to_owned),
            zone: zone.clone(),
        })
    }

    /// The day of the week from Monday on, and the hour, at a time of the trace in microseconds.
    pub fn at(&self, time: u64) -> Option<(usize, usize)> {
        let since = i64::try_from(time).ok()?.checked_add(self.zero)?;
        let time = Timestamp::from_microsecond(since).ok()?;
        let there = self.zone.to_datetime(time);
        let day = there.weekday().to_monday_zero_offset();
        Some((
            usize::try_from(day).ok()?,
            usize::try_from(there.hour()).ok()?,
        ))
    }
}

/// A zone by its distance from UTC: `+01:00`.
fn offset(text: &str) -> Option<TimeZone> {
    let (hours, minutes) = text.strip_prefix(['+', '-'])?.split_once(':')?;
    let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
    let sign = if text.starts_with('-') { -1 } else { 1 };
    Offset::from_seconds(sign * seconds)
        .ok()
        .map(TimeZone::fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000_000;

    fn at(zero: u64, zone: &str, hours: u64) -> Option<(usize, usize)> {
        let zone = zone.to_owned();
        LocalClock::of(&WallClock { zero, zone })?.at(hours * HOUR)
    }

    #[test]
    fn hours_are_those_of_the_zone() {
        // 1970 began on a Thursday.
        assert_eq!(at(0, "UTC", 0), Some((3, 0)));
        assert_eq!(at(0, WallClock::LOCAL, 25), Some((4, 1)));
        assert_eq!(at(0, "+01:30", 23), Some((4, 0)));
        assert_eq!(at(0, "-08:00", 0), Some((2, 16)));
        // KTH's neighbour HPC2N: Sun Jul 28 09:04:05 CEST 2002.
        let zero = 1_027_839_845_000_000;
        assert_eq!(at(zero, "Europe/Stockholm", 0), Some((6, 9)));
        assert_eq!(
            at(zero, "Europe/Stockholm", 24 * 180),
            Some((4, 8)),
            "winter"
        );
        assert_eq!(at(zero, "US/Pacific", 0), Some((6, 0)));
        assert_eq!(at(0, "Atlantis/Capital", 0), None);
        assert_eq!(at(0, "+99:00", 0), None);
        assert_eq!(at(u64::MAX, "UTC", 0), None);
    }

    #[test]
    fn a_clock_may_be_told() {
        let clock = LocalClock::told("2011-05-01T19:00[America/New_York]").unwrap();
        assert_eq!(clock.at(0), Some((6, 19)));
        assert_eq!(clock.at(5 * HOUR), Some((0, 0)));
        assert_eq!(clock.name, "America/New_York");
        let fixed = LocalClock::told("2020-01-01T00:00+02:00[+02:00]").unwrap();
        assert_eq!(fixed.at(0), Some((2, 0)));
        assert!(LocalClock::told("2011-05-01 19:00").is_err());
        assert!(LocalClock::told("").is_err());
    }
}
