//! How amounts are written in a recipe: `cpus = 0.5`, `mem = "4GiB"`, `away = 1.83`.
//!
//! Each module is for `#[serde(with = "...")]` and keeps whole units: people write decimals, the
//! workload keeps thousandths, bytes and mebibytes.

#![expect(
    clippy::missing_errors_doc,
    reason = "serde calls these functions; their errors are serde's"
)]

use std::fmt;

use serde::de::{self, Visitor};

const SIZES: [(&str, u64); 5] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];
const MIB: u64 = 1 << 20;
/// No amount of data in a recipe is larger, in bytes.
const MOST_BYTES: u64 = 1 << 60;

/// Processor cores as a decimal number, kept in thousandths: `0.5`.
pub mod cores {
    use fairground_policies::resources::{Millicores, Resources};
    use serde::{Deserializer, Serializer};

    /// Writes cores.
    pub fn serialize<S: Serializer>(cpus: &Millicores, serializer: S) -> Result<S::Ok, S::Error> {
        super::write_decimal(cpus.0, serializer)
    }

    /// Reads cores.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Millicores, D::Error> {
        let visitor = super::Decimal {
            what: "a number of cores of at most three decimal places, as in 0.5",
            most: Resources::MAX_UNITS,
        };
        deserializer.deserialize_any(visitor).map(Millicores)
    }
}

/// A factor or a share as a decimal number, kept in thousandths: `1.83`.
pub mod decimal {
    use serde::{Deserializer, Serializer};

    /// Writes a decimal number.
    pub fn serialize<S: Serializer>(thousandths: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        super::write_decimal(u64::from(*thousandths), serializer)
    }

    /// Reads a decimal number.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        let visitor = super::Decimal {
            what: "a number of at most three decimal places, as in 1.5",
            most: u64::from(u32::MAX),
        };
        deserializer.deserialize_any(visitor).map(|n| n as u32)
    }
}

/// How many times its processors an agent offers, kept in thousandths: `1.5`.
pub mod overcommit {
    use serde::{Deserializer, Serializer};

    /// Writes a factor.
    pub fn serialize<S: Serializer>(thousandths: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        super::decimal::serialize(thousandths, serializer)
    }

    /// Reads a factor.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        let visitor = super::Decimal {
            what: "how many times its processors an agent offers, with at most three decimal places, as in \
                   1.5; memory cannot be had in turns and is never offered twice",
            most: u64::from(u32::MAX),
        };
        deserializer.deserialize_any(visitor).map(|n| n as u32)
    }
}

/// Memory as text with a unit: `"4GiB"`. A bare number could mean several amounts.
pub mod memory {
    use fairground_policies::resources::{Mebibytes, Resources};
    use serde::de::Error as _;
    use serde::{Deserializer, Serializer};

    /// Writes memory with its unit.
    pub fn serialize<S: Serializer>(memory: &Mebibytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&super::Bytes(u128::from(memory.0) << 20))
    }

    /// Reads memory.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Mebibytes, D::Error> {
        let visitor = super::Amount {
            what: "memory as text with a unit, as in \"4GiB\"",
            likely: ["MiB", "GiB"],
        };
        let bytes = deserializer.deserialize_any(visitor)?;
        if !bytes.is_multiple_of(super::MIB) {
            let shown = super::Bytes(u128::from(bytes));
            let error = format!("expected whole MiB of memory, found {shown}");
            return Err(D::Error::custom(error));
        }
        match bytes / super::MIB {
            mib if mib <= Resources::MAX_UNITS => Ok(Mebibytes(mib)),
            _ => Err(D::Error::custom("more memory than any machine has")),
        }
    }
}

/// An amount of data, or data a second, as text with a unit: `"64MiB"`.
pub mod bytes {
    use serde::{Deserializer, Serializer};

    /// Writes an amount of data with its unit.
    pub fn serialize<S: Serializer>(bytes: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&super::Bytes(u128::from(*bytes)))
    }

    /// Reads an amount of data.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_any(super::Amount {
            what: "an amount of data as text with a unit, as in \"64MiB\"",
            likely: ["B", "MiB"],
        })
    }
}

/// Whether a factor in thousandths changes nothing: such a key needs not be written.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
pub(crate) const fn is_one(thousandths: &u32) -> bool {
    *thousandths == 1000
}

/// Shows bytes in the largest unit that says them exactly.
pub struct Bytes(pub u128);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, size): &(&str, u64)| self.0 > 0 && self.0.is_multiple_of(u128::from(*size));
        let (unit, size) = SIZES.into_iter().find(fits).unwrap_or(("B", 1));
        write!(f, "{}{unit}", self.0 / u128::from(size))
    }
}

/// Shows thousandths as a decimal number: `1.83`.
pub struct Thousandths(pub u64);

impl fmt::Display for Thousandths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = format!("{:03}", self.0 % 1000);
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{}", self.0 / 1000),
            digits => write!(f, "{}.{digits}", self.0 / 1000),
        }
    }
}

fn write_decimal<S: serde::Serializer>(thousandths: u64, serializer: S) -> Result<S::Ok, S::Error> {
    if thousandths.is_multiple_of(1000) {
        serializer.serialize_u64(thousandths / 1000)
    } else {
        serializer.serialize_f64(thousandths as f64 / 1000.0)
    }
}

/// Reads a decimal number of at most three places into thousandths.
struct Decimal {
    what: &'static str,
    most: u64,
}

impl Visitor<'_> for Decimal {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<u64, E> {
        let thousandths = libm::round(value * 1000.0);
        let exact = (value * 1000.0 - thousandths).abs() < 1e-6 * thousandths.abs().max(1.0);
        if !(0.0..=self.most as f64).contains(&thousandths) || !exact {
            return Err(E::invalid_value(de::Unexpected::Float(value), &self));
        }
        Ok(thousandths as u64)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<u64, E> {
        let thousandths = value.checked_mul(1000).filter(|n| *n <= self.most);
        thousandths.ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(value), &self))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<u64, E> {
        match u64::try_from(value) {
            Ok(value) => self.visit_u64(value),
            Err(_) => Err(E::invalid_value(de::Unexpected::Signed(value), &self)),
        }
    }
}

/// Reads text with a unit into bytes. A number without one is refused, unless it is zero.
struct Amount {
    what: &'static str,
    /// The units that people most likely mean who write none.
    likely: [&'static str; 2],
}

impl Amount {
    fn bare<E: de::Error>(&self, number: impl fmt::Display) -> E {
        let [one, other] = self.likely;
        E::custom(format!(
            "expected {}, found the number {number} without a unit: write \"{number}{one}\" or \
             \"{number}{other}\"",
            self.what
        ))
    }
}

impl Visitor<'_> for Amount {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<u64, E> {
        if text.parse::<u64>().is_ok() {
            return Err(self.bare(text));
        }
        parse_bytes(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<u64, E> {
        match value {
            0 => Ok(0),
            _ => Err(self.bare(value)),
        }
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<u64, E> {
        match u64::try_from(value) {
            Ok(value) => self.visit_u64(value),
            Err(_) => Err(E::invalid_value(de::Unexpected::Signed(value), &self)),
        }
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<u64, E> {
        Err(self.bare(value))
    }
}

/// `1.5GiB` in bytes, rounded down; at most six decimal places.
fn parse_bytes(text: &str) -> Option<u64> {
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(split);
    let (_, size) = SIZES.into_iter().find(|(name, _)| *name == unit)?;
    let number = number.trim_end();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 6 {
        return None;
    }
    let places = 10_u128.pow(fraction.len() as u32);
    let part = fraction.parse::<u128>().ok()? * u128::from(size) / places;
    let bytes = whole.parse::<u64>().ok()?.checked_mul(size)?;
    let bytes = bytes.checked_add(u64::try_from(part).ok()?)?;
    (bytes <= MOST_BYTES).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, bytes: Option<u64>) {
        assert_eq!(parse_bytes(text), bytes, "{text}");
    }

    #[test]
    fn data_is_read() {
        check("64MiB", Some(64 << 20));
        check("1.5GiB", Some(3 << 29));
        check("3.2MiB", Some(3_355_443));
        check("7 B", Some(7));
        check("1TiB", Some(1 << 40));
        check("64", None);
        check("64MB", None);
        check("-1MiB", None);
        check("MiB", None);
        check("1.MiB", None);
        check("1e3B", None);
        check("99999999999TiB", None);
        check("2000000TiB", None);
    }

    #[test]
    fn data_is_shown_exactly() {
        assert_eq!(Bytes(0).to_string(), "0B");
        assert_eq!(Bytes(64 << 20).to_string(), "64MiB");
        assert_eq!(Bytes(3 << 29).to_string(), "1536MiB");
        assert_eq!(Bytes(1025).to_string(), "1025B");
        assert_eq!(Thousandths(1830).to_string(), "1.83");
        assert_eq!(Thousandths(2000).to_string(), "2");
    }
}
