//! One case: how its members are read, and what can become of it.

use std::cmp::Ordering;
use std::fmt;

use fairground_policies::rules::ratio::Ratio;
use fairground_policies::score::Score;
use serde_json::Value;

/// A situation and what the original decides in it.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The case.
    pub value: &'a Value,
    /// All cases of the file, as some say "the queues of that one".
    pub all: &'a [Value],
}

/// Why a case cannot be decided: what was expected of it, and what it has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unreadable(pub String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What became of a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The same decision.
    Agrees {
        /// Where the original is wrong by its own paper or rules: what those say.
        beside: Option<String>,
    },
    /// Another decision.
    Differs {
        /// The original's.
        expected: String,
        /// Ours.
        found: String,
        /// Which rule is another, where it is known; else that of the kind.
        rule: Option<String>,
    },
    /// Nothing here decides it, and why.
    NotOffered(&'static str),
}

impl Verdict {
    /// The same decision.
    pub const AGREES: Self = Self::Agrees { beside: None };

    /// Agrees if the two are equal.
    pub fn equal<T: PartialEq + fmt::Debug>(expected: &T, found: &T) -> Self {
        Self::of(
            expected == found,
            format!("{expected:?}"),
            format!("{found:?}"),
        )
    }

    /// Agrees if `right`; else both stand in the table.
    pub fn of(right: bool, expected: impl Into<String>, found: impl Into<String>) -> Self {
        if right {
            return Self::AGREES;
        }
        Self::Differs {
            expected: expected.into(),
            found: found.into(),
            rule: None,
        }
    }

    /// This one, unless it agrees; then the next.
    ///
    /// # Errors
    /// Those of the next.
    pub fn and(self, next: impl FnOnce() -> Result<Self, Unreadable>) -> Result<Self, Unreadable> {
        match self {
            Self::Agrees { beside: None } => next(),
            other => Ok(other),
        }
    }
}

impl<'a> Case<'a> {
    /// What is asked.
    pub fn kind(&self) -> Option<&'a str> {
        self.value.get("kind").and_then(Value::as_str)
    }

    /// Its name in the file, for people to find it.
    pub fn id(&self) -> &'a str {
        self.value.get("id").and_then(Value::as_str).unwrap_or("?")
    }

    fn at(&self, path: &str) -> Option<&'a Value> {
        let step = |at: &'a Value, step: &str| match at {
            Value::Array(all) => all.get(step.parse::<usize>().ok()?),
            _ => at.get(step),
        };
        path.split('.').try_fold(self.value, step)
    }

    /// The member at `path`, its steps separated by dots, as what `T` reads.
    ///
    /// # Errors
    /// When it is missing or of another form.
    pub fn read<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, Unreadable> {
        let found = self
            .at(path)
            .ok_or_else(|| Unreadable(format!("expected a member `{path}`, found none")))?;
        T::deserialize(found).map_err(|error| Unreadable(format!("`{path}`: {error}")))
    }

    /// The same of a member that may be missing.
    ///
    /// # Errors
    /// When it is of another form.
    pub fn maybe<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<Option<T>, Unreadable> {
        let Some(found) = self.at(path) else {
            return Ok(None);
        };
        let read = T::deserialize(found).map(Some);
        read.map_err(|error| Unreadable(format!("`{path}`: {error}")))
    }

    /// The case of the same file that is called `id`.
    ///
    /// # Errors
    /// When there is none.
    pub fn other(&self, id: &str) -> Result<Self, Unreadable> {
        let mut others = self.all.iter().map(|value| Case { value, ..*self });
        let other = others.find(|one| one.id() == id);
        other.ok_or_else(|| Unreadable(format!("expected a case `{id}` in the file, found none")))
    }
}

/// A setting that the original reads as a float of 32 bits, exactly.
///
/// # Errors
/// When it is no number, or beyond what a setting can be.
pub(super) fn single(setting: f32) -> Result<Ratio, Unreadable> {
    // A float is a whole number of 2^-40 down to 2^-17, which settings are not below.
    let scaled = f64::from(setting) * f64::from(1 << 20) * f64::from(1 << 20);
    let whole = scaled as i64;
    let exact = scaled.is_finite() && scaled.abs() < 1e18;
    let ratio = Ratio::new(whole.into(), 1 << 40).filter(|_| exact);
    ratio.ok_or_else(|| Unreadable(format!("expected a part of something, found {setting}")))
}

/// -1, 0 or 1, as cases write the result of a comparison.
pub(super) fn sign(order: Ordering) -> i64 {
    order as i64
}

/// A decimal number in thousandths.
///
/// # Errors
/// When it is no number, or has more digits.
pub(super) fn thousandths(number: f64) -> Result<i64, Unreadable> {
    let whole = (number * 1000.0).round();
    let exact = number.is_finite() && whole.abs() < 1e15 && (whole / 1000.0 - number).abs() < 1e-9;
    let whole = exact.then_some(whole as i64);
    whole.ok_or_else(|| {
        Unreadable(format!(
            "expected at most three digits behind the point, found {number}"
        ))
    })
}

/// Whether a fraction is the number that a case writes, within a millionth; `"inf"` has no bound.
pub(super) fn near(expected: &Value, found: Ratio) -> bool {
    let (over, under) = found.parts();
    let bounded = found != Ratio::UNBOUNDED;
    match expected.as_f64() {
        Some(number) => bounded && close(number, over as f64 / under as f64),
        None => !bounded && expected.as_str() == Some("inf"),
    }
}

/// Whether two numbers are the same within a millionth.
pub(super) fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(1.0)
}

/// A score with nine digits behind the point.
pub(super) fn decimal(score: Score) -> f64 {
    (score * Score::new(1_000_000_000)).floor() as f64 / 1e9
}

/// A decimal number as a score, with six digits behind the point.
///
/// # Errors
/// When it is beyond what a score of so many digits holds.
pub(super) fn score(number: f64) -> Result<Score, Unreadable> {
    let millionths = (number * 1e6).round();
    let fits = millionths.abs() < 1e18;
    let score = fits.then(|| Score::ratio(millionths as i64, 1_000_000));
    score.ok_or_else(|| Unreadable(format!("expected a number, found {number}")))
}
