//! The lines of an example: a verb, and words.

use std::collections::BTreeMap;
use std::str::FromStr;

use fairground_policies::name::Name;
use fairground_policies::resources::{Kind, Resources};
use fairground_policies::time::Span;

use super::ExampleError;

/// The words of a line.
#[derive(Debug)]
pub(super) struct ExampleLine<'a> {
    line: usize,
    pub(super) verb: &'a str,
    /// Those that are neither `key=value` nor an amount.
    pub(super) plain: Vec<&'a str>,
    keys: BTreeMap<&'a str, &'a str>,
    /// What `cpus:1 mem:2` says.
    pub(super) amount: Resources,
}

/// The lines that say something.
pub(super) fn lines(example: &str) -> Result<Vec<ExampleLine<'_>>, ExampleError> {
    let lines = example.lines().enumerate();
    let lines = lines.filter(|(_, text)| !text.trim().is_empty() && !text.starts_with('#'));
    let lines: Result<Vec<_>, _> = lines
        .map(|(at, text)| ExampleLine::read(at + 1, text))
        .collect();
    let lines = lines?;
    if lines.is_empty() {
        let problem = "there is none".to_owned();
        return Err(ExampleError { line: 1, problem });
    }
    Ok(lines)
}

impl<'a> ExampleLine<'a> {
    fn read(line: usize, text: &'a str) -> Result<Self, ExampleError> {
        let mut all = text.split_whitespace();
        let mut words = Self {
            line,
            verb: all.next().unwrap_or_default(),
            plain: Vec::new(),
            keys: BTreeMap::new(),
            amount: Resources::ZERO,
        };
        for word in all {
            if word.contains('[') {
                words.plain.push(word);
            } else if let Some((key, value)) = word.split_once('=') {
                words.keys.insert(key, value);
            } else if let Some((kind, amount)) = word.split_once(':') {
                let some = amount_of(kind, amount);
                let expected = || words.error(format!("`{word}` is no amount, as in cpus:1.5"));
                words.amount += some.ok_or_else(expected)?;
            } else {
                words.plain.push(word);
            }
        }
        Ok(words)
    }

    pub(super) fn error(&self, problem: String) -> ExampleError {
        let line = self.line;
        ExampleError { line, problem }
    }

    pub(super) fn unknown(&self, expected: &str) -> ExampleError {
        self.error(format!("`{}`; expected {expected}", self.verb))
    }

    /// The value of a key, read.
    fn read_as<T: FromStr>(&self, key: &str, what: &str) -> Result<Option<T>, ExampleError> {
        let read = |text: &&str| {
            let bad = |_| self.error(format!("`{key}` is `{text}`; expected {what}"));
            text.parse().map_err(bad)
        };
        self.keys.get(key).map(read).transpose()
    }

    fn needed<T>(&self, key: &str, found: Option<T>) -> Result<T, ExampleError> {
        found.ok_or_else(|| self.error(format!("`{}` lacks `{key}=`", self.verb)))
    }

    pub(super) fn number(&self, key: &str) -> Result<u32, ExampleError> {
        self.needed(key, self.read_as(key, "a whole number")?)
    }

    pub(super) fn number_or(&self, key: &str, default: u32) -> Result<u32, ExampleError> {
        Ok(self.read_as(key, "a whole number")?.unwrap_or(default))
    }

    pub(super) fn span(&self, key: &str) -> Result<Span, ExampleError> {
        self.needed(key, self.read_as(key, "a length of time")?)
    }

    pub(super) fn span_or(&self, key: &str, default: Span) -> Result<Span, ExampleError> {
        Ok(self.read_as(key, "a length of time")?.unwrap_or(default))
    }

    pub(super) fn word(&self, key: &str) -> Option<&'a str> {
        self.keys.get(key).copied()
    }

    /// The first plain word as a count.
    pub(super) fn count(&self) -> Result<u32, ExampleError> {
        let count = self.plain.first().and_then(|word| word.parse().ok());
        count.ok_or_else(|| self.error(format!("`{}` begins with how many", self.verb)))
    }

    /// The only plain word as a length of time.
    pub(super) fn length(&self) -> Result<Span, ExampleError> {
        let length = self.plain.first().and_then(|word| word.parse().ok());
        let length = length.filter(|length: &Span| !length.is_zero());
        length.ok_or_else(|| self.error("expected a length of time, as in 10s".to_owned()))
    }

    /// The last plain word that is no number as the name of a policy.
    pub(super) fn name(&self, default: &str) -> Result<Name, ExampleError> {
        let is_name = |word: &&&str| word.parse::<u32>().is_err();
        let word = self.plain.iter().rev().find(is_name);
        let name = word.unwrap_or(&default).parse();
        name.map_err(|error: fairground_policies::name::BadName| self.error(error.0))
    }
}

/// An amount of one kind, of at most three decimal places where units are thousandths.
fn amount_of(kind: &str, amount: &str) -> Option<Resources> {
    let kind = Kind::by_name(kind)?;
    let units = match kind {
        Kind::Cpus | Kind::Gpus => {
            let (whole, part) = amount.split_once('.').unwrap_or((amount, ""));
            let part = (part.len() <= 3).then(|| format!("{part:0<3}"))?;
            whole.parse::<u64>().ok()?.checked_mul(1000)? + part.parse::<u64>().ok()?
        }
        Kind::Mem | Kind::Disk => amount.parse().ok()?,
    };
    let of = |one: Kind| if one == kind { units } else { 0 };
    let units = Kind::ALL.map(of);
    let within = units.iter().all(|units| *units <= Resources::MAX_UNITS);
    within.then(|| Resources::from_units(units))
}
