//! How much of the processors that a task asked for it uses.
//!
//! Requests are what the books know; use is what machines feel. The median task of Borg uses 14.5 % of the
//! processors it asked for, a quarter of them less than 1.5 % and a quarter more than 46 % (Verma et al.,
//! `EuroSys` 2015, figure 11), so a cluster that is full by its books is partly idle, and one that is filled
//! beyond them may be slow.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, IntoDeserializer as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::rng::stream;
use crate::trace::Assumption;
use crate::units::{self, Thousandths};

/// More than this, in thousandths of what was asked for, is taken for a mistake.
const MOST: u32 = 1_000_000;

/// The use of processors, as a part of what was asked for: `use = 0.6` in a recipe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UseSpec {
    /// The same part for every task, in thousandths; more than 1000 for one that uses more than it asked
    /// for.
    Part(u32),
    /// Drawn for each task.
    Drawn(DrawnUse),
    /// What the trace measured of the task's job; of a job that it did not measure it is not known.
    Trace,
}

/// A part with log-normal distribution, the same for every attempt at a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrawnUse {
    /// Half of all tasks use less than this part of what they asked for.
    #[serde(with = "units::decimal")]
    pub median: u32,
    /// How uneven tasks are: the standard deviation of the logarithm of the part.
    #[serde(with = "units::decimal")]
    pub spread: u32,
    /// No task uses more than this part.
    #[serde(default = "whole", with = "units::decimal")]
    pub most: u32,
}

const fn whole() -> u32 {
    1000
}

impl UseSpec {
    /// What a task uses whose draw has this name, in millionths of what it asked for; nothing where only
    /// the trace can tell.
    pub fn part(self, seed: u64, purpose: impl FnOnce() -> String) -> Option<u64> {
        match self {
            Self::Part(part) => Some(u64::from(part) * 1000),
            Self::Drawn(drawn) => {
                let factor = stream(seed, &purpose()).log_normal_factor(drawn.spread);
                let part = libm::round(factor * f64::from(drawn.median) * 1000.0);
                Some((part as u64).clamp(1, u64::from(drawn.most) * 1000))
            }
            Self::Trace => None,
        }
    }

    /// In words, for the report.
    pub fn told(self) -> Assumption {
        let model = match self {
            Self::Part(part) => {
                let part = Thousandths(part.into());
                format!("{part} of the processors it asked for, while it works")
            }
            Self::Drawn(drawn) => format!(
                "a part of the processors it asked for, while it works: log-normal with median {} and \
                 spread {}, {} at most, drawn for each task",
                Thousandths(drawn.median.into()),
                Thousandths(drawn.spread.into()),
                Thousandths(drawn.most.into())
            ),
            Self::Trace => "what the trace measured of its job, as one mean from start to end; of a job \
                            that it did not measure it is not known, and taken for all it asked for where \
                            tasks share a machine"
                .to_owned(),
        };
        Assumption {
            about: "what a task uses".to_owned(),
            model,
        }
    }

    /// What is wrong with it, if anything is.
    pub(crate) fn check(self) -> Result<(), &'static str> {
        let fits = |part: u32| (1..=MOST).contains(&part);
        let sound = match self {
            Self::Part(part) => fits(part),
            Self::Drawn(drawn) => fits(drawn.median) && fits(drawn.most),
            Self::Trace => true,
        };
        if sound {
            return Ok(());
        }
        Err("expected parts of what a task asked for, more than 0 and at most 1000, as in 0.6")
    }
}

impl Serialize for UseSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Part(part) => units::decimal::serialize(part, serializer),
            Self::Drawn(drawn) => drawn.serialize(serializer),
            Self::Trace => serializer.serialize_str(TRACE),
        }
    }
}

const TRACE: &str = "trace";

impl<'de> Deserialize<'de> for UseSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

/// Reads a part, a distribution or the word that stands for the trace.
struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = UseSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a part of what a task asked for, as in 0.6, a distribution, as in { median = 0.4, spread = \
             0.5 }, or \"trace\" for what the trace measured",
        )
    }

    fn visit_f64<E: de::Error>(self, part: f64) -> Result<UseSpec, E> {
        units::decimal::deserialize(part.into_deserializer()).map(UseSpec::Part)
    }

    fn visit_i64<E: de::Error>(self, part: i64) -> Result<UseSpec, E> {
        units::decimal::deserialize(part.into_deserializer()).map(UseSpec::Part)
    }

    fn visit_u64<E: de::Error>(self, part: u64) -> Result<UseSpec, E> {
        units::decimal::deserialize(part.into_deserializer()).map(UseSpec::Part)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<UseSpec, E> {
        match text {
            TRACE => Ok(UseSpec::Trace),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<UseSpec, A::Error> {
        DrawnUse::deserialize(MapAccessDeserializer::new(map)).map(UseSpec::Drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(median: u32, spread: u32, most: u32) -> UseSpec {
        UseSpec::Drawn(DrawnUse {
            median,
            spread,
            most,
        })
    }

    #[derive(PartialEq, Debug, Serialize, Deserialize)]
    struct Line {
        r#use: UseSpec,
    }

    #[test]
    fn all_forms_are_read_and_written() {
        for (text, spec) in [
            ("use = 0.6", UseSpec::Part(600)),
            ("use = 2", UseSpec::Part(2000)),
            ("use = \"trace\"", UseSpec::Trace),
            (
                "use = { median = 0.4, spread = 0.5 }",
                drawn(400, 500, 1000),
            ),
            (
                "use = { median = 1, spread = 0, most = 3 }",
                drawn(1000, 0, 3000),
            ),
        ] {
            let read: Line = toml::from_str(text).expect(text);
            assert_eq!(read.r#use, spec, "{text}");
            let again: Line = toml::from_str(&toml::to_string(&read).unwrap()).unwrap();
            assert_eq!(again, read, "{text}");
        }
    }

    #[test]
    fn what_is_no_use_is_told_what_is() {
        for (text, said) in [
            ("use = \"all\"", "expected a part of what a task asked for"),
            ("use = true", "expected a part of what a task asked for"),
            ("use = -1", "as in 1.5"),
            ("use = { median = 0.4 }", "missing field `spread`"),
            (
                "use = { median = 0.4, spread = 1, least = 1 }",
                "unknown field `least`",
            ),
        ] {
            let error = toml::from_str::<Line>(text).expect_err(text).to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
        for spec in [UseSpec::Part(0), UseSpec::Part(MOST + 1), drawn(0, 1, 1)] {
            assert!(spec.check().is_err(), "{spec:?}");
        }
        assert_eq!(drawn(400, 0, 1000).check(), Ok(()));
    }

    #[test]
    fn draws_have_their_median_and_their_bound() {
        let spec = drawn(400, 500, 700);
        let draw = |task| spec.part(1, || format!("use/{task}")).expect("a draw");
        let mut parts: Vec<u64> = (0..4001).map(draw).collect();
        assert_eq!(draw(7), parts[7], "the same task uses the same");
        parts.sort_unstable();
        assert!(parts[2000].abs_diff(400_000) < 12_000, "{}", parts[2000]);
        assert_eq!(*parts.last().unwrap(), 700_000);
    }
}
