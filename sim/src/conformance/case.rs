//! One case: how its members are read, and what can become of it.

use std::fmt;

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
