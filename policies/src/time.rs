//! Time as the core knows it: told by the driver, never asked for.
//!
//! Whole microseconds leave no rounding to argue about and order totally.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An instant: microseconds since the cluster started.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Time(u64);

/// A length of time in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(u64);

impl Time {
    /// The moment the cluster started.
    pub const ZERO: Self = Self(0);

    /// The instant `micros` microseconds after the start.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// The instant `secs` seconds after the start.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Microseconds since the start.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Whole seconds since the start.
    pub fn as_secs(self) -> u64 {
        self.0 / 1_000_000
    }

    /// The time passed since `earlier`; zero when `earlier` is later.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The first multiple of `round` at or after this instant; this instant when `round` is zero.
    pub const fn round_up(self, round: Span) -> Self {
        match round.0 {
            0 => self,
            step => Self(self.0.div_ceil(step).saturating_mul(step)),
        }
    }
}

impl Span {
    /// What is left of this after `other`; nothing if that is longer.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// Longer than any cluster lasts: what ends after this does not end.
    pub const FOREVER: Self = Self(u64::MAX);

    /// `micros` microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// `secs` seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// The length in microseconds.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Whether this is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `self * numerator / denominator`, rounded down; exact in between. A zero denominator
    /// counts as one.
    pub fn scaled(self, numerator: u64, denominator: u64) -> Self {
        let wide = u128::from(self.0) * u128::from(numerator) / u128::from(denominator.max(1));
        Self(u64::try_from(wide).unwrap_or(u64::MAX))
    }
}

impl Add<Span> for Time {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Span> for Time {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub for Time {
    type Output = Span;
    fn sub(self, earlier: Self) -> Span {
        self.since(earlier)
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Span(self.0).fmt(f)
    }
}

/// The largest unit that says it exactly: `90s` stays `90s`, `3600s` is `1h`.
const UNITS: [(&str, u64); 6] = [
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("m", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let (unit, size) = UNITS
            .into_iter()
            .find(|(_, size)| self.0.is_multiple_of(*size))
            .unwrap_or(("us", 1));
        write!(f, "{}{unit}", self.0 / size)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a text that should be a length of time lacks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BadSpan(String);

impl fmt::Display for BadSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a length of time; expected a number and a unit (us, ms, s, m, h, d), as in `250ms` or `1.5h`",
            self.0
        )
    }
}

impl std::error::Error for BadSpan {}

impl FromStr for Span {
    type Err = BadSpan;

    fn from_str(text: &str) -> Result<Self, BadSpan> {
        let bad = || BadSpan(text.to_owned());
        let split = text
            .find(|c: char| c.is_ascii_alphabetic())
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let number = number.trim();
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let unit = if unit.is_empty() && number == "0" {
            "s"
        } else {
            unit
        };
        let (_, size) = UNITS
            .into_iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(bad)?;
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 9 {
            return Err(bad());
        }
        let mut micros = whole
            .parse::<u64>()
            .ok()
            .and_then(|w| w.checked_mul(size))
            .ok_or_else(bad)?;
        if !fraction.is_empty() {
            let numerator: u64 = fraction.parse().map_err(|_| bad())?;
            let part = Span(size).scaled(numerator, 10_u64.pow(fraction.len() as u32));
            micros = micros.checked_add(part.0).ok_or_else(bad)?;
        }
        Ok(Self(micros))
    }
}

/// Text (`"5s"`) where people read, whole microseconds where machines do.
impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_u64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(Text)
        } else {
            u64::deserialize(deserializer).map(Self)
        }
    }
}

/// Reads a length of time that people wrote. A number without a unit could mean several.
struct Text;

impl Text {
    fn bare<E: de::Error>(number: impl fmt::Display) -> E {
        E::custom(format!(
            "expected a length of time as text with a unit (us, ms, s, m, h, d), found the number \
             {number} without one: write \"{number}s\" or \"{number}ms\""
        ))
    }
}

impl de::Visitor<'_> for Text {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a length of time as text with a unit, as in \"250ms\" or \"1.5h\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Span, E> {
        match number {
            0 => Ok(Span::ZERO),
            _ => Err(Self::bare(number)),
        }
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Span, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(de::Unexpected::Signed(number), &self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, micros: u64, shown: &str) {
        let span: Span = text.parse().unwrap();
        assert_eq!(span.as_micros(), micros, "{text}");
        assert_eq!(span.to_string(), shown, "{text}");
    }

    #[test]
    fn spans_read_and_show() {
        check("0s", 0, "0s");
        check("0", 0, "0s");
        check("250ms", 250_000, "250ms");
        check("90s", 90_000_000, "90s");
        check("3600s", 3_600_000_000, "1h");
        check("1.5h", 5_400_000_000, "90m");
        check("0.25s", 250_000, "250ms");
        check("2d", 172_800_000_000, "2d");
        check("7us", 7, "7us");
    }

    #[test]
    fn bad_spans_are_refused() {
        for text in [
            "",
            "5",
            "s",
            "-1s",
            "1.s5",
            "5 parsecs",
            "99999999999999999999s",
            "1e3s",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn rounds_are_multiples_since_the_start() {
        let second = Span::from_secs(1);
        assert_eq!(
            Time::from_micros(1_500_000).round_up(second),
            Time::from_secs(2)
        );
        assert_eq!(Time::from_secs(2).round_up(second), Time::from_secs(2));
        assert_eq!(
            Time::from_micros(7).round_up(Span::ZERO),
            Time::from_micros(7)
        );
    }
}
