//! Amounts and times as the API of Kubernetes writes them.

use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use crate::error::quoted;
use crate::formats::cells::decimal;
use crate::formats::clock;

/// The largest number that is believed, whatever stands behind it.
const MOST: u64 = 1_000_000_000_000_000;

/// An amount in thousandths: `100m` is 100, `2Gi` are 2^31 thousand.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Quantity(pub(crate) u64);

/// A point in time, in microseconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct ApiTime(pub(crate) u64);

/// The suffixes: decimal ones, and powers of 1024.
const SUFFIXES: [(&str, u128); 11] = [
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("Pi", 1 << 50),
    ("Ei", 1 << 60),
    ("k", 1000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("P", 1_000_000_000_000_000),
];

/// What is less than a whole one: how many make it.
const PARTS: [(&str, u128); 3] = [("n", 1_000_000_000), ("u", 1_000_000), ("m", 1000)];

/// The thousandths of `100m`, `1.5`, `2Gi`, `1e3`, `128974848`, rounded up.
fn thousandths(text: &str) -> Option<u64> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let number = |text: &str| decimal(text, "a quantity", 3, MOST).ok().map(u128::from);
    // An E behind a number is 10^18, before one an exponent.
    let exa = text
        .strip_suffix('E')
        .map(|number| (number, 10_u128.pow(18)));
    let larger = SUFFIXES.iter().find_map(|(suffix, factor)| {
        let number = text.strip_suffix(suffix)?;
        Some((number, *factor))
    });
    let less = PARTS.iter().find_map(|(suffix, parts)| {
        let number = text.strip_suffix(suffix)?;
        Some((number, *parts))
    });
    let amount = match (larger.or(exa), less) {
        (Some((text, factor)), _) => number(text)?.checked_mul(factor)?,
        (None, Some((text, parts))) => number(text)?.div_ceil(parts),
        (None, None) => number(text)?,
    };
    u64::try_from(amount).ok()
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match Value::deserialize(deserializer)? {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            other => other.to_string(),
        };
        let wrong = || {
            let expected = "expected a quantity such as 100m, 1.5 or 2Gi, found";
            de::Error::custom(format!("{expected} {}", quoted(&text)))
        };
        thousandths(text.trim_ascii()).map(Self).ok_or_else(wrong)
    }
}

impl Quantity {
    /// As MiB, of bytes.
    pub(super) const fn mebibytes(self) -> u64 {
        self.0.div_ceil(1000).div_ceil(1 << 20)
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl<'de> Deserialize<'de> for ApiTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || {
            let expected = "expected a time such as 2026-01-05T08:00:00Z, found";
            de::Error::custom(format!("{expected} {}", quoted(&text)))
        };
        clock::moment(&text).map(Self).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_written_in_many_ways() {
        for (text, amount) in [
            ("100m", Some(100)),
            ("1.5", Some(1500)),
            ("2Gi", Some(2_147_483_648_000)),
            ("1e3", Some(1_000_000)),
            ("1E3", Some(1_000_000)),
            ("5e-1", Some(500)),
            ("128974848", Some(128_974_848_000)),
            ("0.5Ki", Some(512_000)),
            ("1k", Some(1_000_000)),
            ("1500u", Some(2)),
            ("1n", Some(1)),
            ("0", Some(0)),
            ("+2", Some(2000)),
            ("0.001E", Some(1_000_000_000_000_000_000)),
            ("1E", None),
            ("-1", None),
            ("", None),
            ("Gi", None),
            ("1 Gi", None),
            ("1K", None),
            ("9999Ei", None),
        ] {
            assert_eq!(thousandths(text), amount, "{text}");
        }
    }
}
