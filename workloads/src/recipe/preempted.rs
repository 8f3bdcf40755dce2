//! What is left of the work of a task that is preempted.

use fairground_policies::time::Span;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a preempted task has done counts for its next attempt, or not: in a recipe `preempted = "lost"`,
/// `"kept"`, or the time between two checkpoints, `"10m"`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PreemptedWork {
    /// It begins anew.
    #[default]
    Lost,
    /// It goes on where it was: as suspended and resumed.
    Kept,
    /// It goes on where it was when it had worked a multiple of this last.
    Checkpoints(Span),
}

impl PreemptedWork {
    /// What of the time that was worked, all attempts together, need not be worked again.
    pub const fn kept(self, worked: Span) -> Span {
        match self {
            Self::Lost => Span::ZERO,
            Self::Kept => worked,
            Self::Checkpoints(every) => {
                let (worked, every) = (worked.as_micros(), every.as_micros());
                Span::from_micros(worked - worked % every)
            }
        }
    }

    /// In words, for the report.
    pub fn told(self) -> String {
        match self {
            Self::Lost => "begins anew".to_owned(),
            Self::Kept => "goes on where it was, at no cost".to_owned(),
            Self::Checkpoints(every) => {
                format!("goes on at its last checkpoint, one every {every} of work, at no cost")
            }
        }
    }

    /// Whether nothing is said, or what stands for that.
    pub fn is_lost(&self) -> bool {
        *self == Self::Lost
    }
}

impl Serialize for PreemptedWork {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Lost => serializer.serialize_str("lost"),
            Self::Kept => serializer.serialize_str("kept"),
            Self::Checkpoints(every) => serializer.collect_str(every),
        }
    }
}

impl<'de> Deserialize<'de> for PreemptedWork {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "lost" => Ok(Self::Lost),
            "kept" => Ok(Self::Kept),
            other => match other.parse::<Span>() {
                Ok(every) if !every.is_zero() => Ok(Self::Checkpoints(every)),
                _ => Err(D::Error::custom(format!(
                    "expected lost, kept or the time between two checkpoints, as in 10m; found `{other}`"
                ))),
            },
        }
    }
}
