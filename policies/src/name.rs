//! Names with parameters: `drf[round=1s,offers=task]`.
//!
//! A policy's whole configuration is its name, so a table that says the name says everything.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A name and its parameters; parameters are taken out one by one, and none may be left over.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Name {
    base: String,
    params: BTreeMap<String, String>,
}

/// One parameter a name can have.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its key.
    pub key: &'static str,
    /// What it means, its values and its default.
    pub about: &'static str,
}

/// What is wrong with a name, in a sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BadName(pub String);

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadName {}

impl Name {
    /// The name without parameters.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Which of `known` was meant by a name that is none of them: the one that the fewest slips of a finger make of it, at
    /// most one of three letters, or the first that it is the beginning of.
    pub fn meant<'a>(&self, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
        let typed = self.base.to_ascii_lowercase();
        let most = typed.len() / 3;
        let begins = |one: &str| typed.len() > 2 && one.starts_with(&typed);
        let far = known.map(|one| {
            let slips = if begins(one) { 1 } else { slips(&typed, one) };
            (slips, one)
        });
        let near = far.filter(|(slips, one)| *slips <= most || begins(one));
        near.min_by_key(|(slips, _)| *slips).map(|(_, one)| one)
    }

    /// Takes parameter `key` out.
    pub fn take(&mut self, key: &str) -> Option<String> {
        self.params.remove(key)
    }

    /// Takes parameter `key` out and reads it.
    ///
    /// # Errors
    /// When the value does not read; `expected` says what would.
    pub fn take_as<T: FromStr>(&mut self, key: &str, expected: &str) -> Result<Option<T>, BadName> {
        match self.take(key) {
            None => Ok(None),
            Some(text) => text
                .parse()
                .map(Some)
                .map_err(|_| self.bad(key, &text, expected)),
        }
    }

    /// Sets parameter `key`.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.params.insert(key.to_owned(), value.into());
    }

    /// Takes over the parameters of another name, which go before its own.
    pub fn take_over(&mut self, other: &Self) {
        let theirs = other.params.iter();
        self.params
            .extend(theirs.map(|(key, value)| (key.clone(), value.clone())));
    }

    /// The error for a parameter that does not read.
    pub fn bad(&self, key: &str, found: &str, expected: &str) -> BadName {
        BadName(format!(
            "`{}`: parameter `{key}` is `{found}`; expected {expected}",
            self.base
        ))
    }

    /// Makes sure every parameter was taken.
    ///
    /// # Errors
    /// When one is left over; `known` are the keys that exist.
    pub fn finish(&self, known: &[&str]) -> Result<(), BadName> {
        match self.params.keys().next() {
            None => Ok(()),
            Some(key) => {
                let known = match known {
                    [] => "it has none".to_owned(),
                    known => format!("it has {}", known.join(", ")),
                };
                Err(BadName(format!(
                    "`{}` has no parameter `{key}`; {known}",
                    self.base
                )))
            }
        }
    }
}

impl FromStr for Name {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let bad = |why: &str| {
            BadName(format!(
                "`{text}` is not a name: {why}; expected `name` or `name[key=value,...]`"
            ))
        };
        if let Some(names) = listed(text) {
            let why = format!("these are several, which are separated by spaces: `{names}`");
            return Err(bad(&why));
        }
        let (base, params) = match text.split_once('[') {
            None => (text, ""),
            Some((base, rest)) => (
                base,
                rest.strip_suffix(']')
                    .ok_or_else(|| bad("the bracket is not closed"))?,
            ),
        };
        let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if base.is_empty() || !base.chars().all(word) {
            return Err(bad("letters, digits and `-` only"));
        }
        let mut name = Self {
            base: base.to_owned(),
            params: BTreeMap::new(),
        };
        for param in params.split(',').filter(|param| !param.is_empty()) {
            let (key, value) = param
                .split_once('=')
                .ok_or_else(|| bad("a parameter lacks its `=`"))?;
            if name
                .params
                .insert(key.trim().to_owned(), value.trim().to_owned())
                .is_some()
            {
                return Err(bad("a parameter is given twice"));
            }
        }
        Ok(name)
    }
}

/// How many letters are to be put in, left out, exchanged or swapped with the next to make one word of another (Damerau,
/// CACM 7(3), 1964).
fn slips(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![(0..=to.len()).collect::<Vec<usize>>()];
    for (i, left) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, right) in to.iter().enumerate() {
            let exchanged = rows[i][j] + usize::from(left != right);
            let mut least = exchanged.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && (left, from[i - 1]) == (&to[j - 1], *right) {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

/// The names in a list with commas, as it should be written; `None` for what is no such list. A comma
/// inside brackets separates parameters.
fn listed(text: &str) -> Option<String> {
    let mut depth = 0_u32;
    let mut names = vec![String::new()];
    for c in text.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if c == ',' && depth == 0 {
            names.push(String::new());
        } else {
            names.last_mut()?.push(c);
        }
    }
    if names.len() < 2 {
        return None;
    }
    let are_names = names.iter().all(|name| name.trim().parse::<Name>().is_ok());
    let trimmed: Vec<&str> = names.iter().map(|name| name.trim()).collect();
    are_names.then(|| trimmed.join(" "))
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)?;
        for (i, (key, value)) in self.params.iter().enumerate() {
            write!(f, "{}{key}={value}", if i == 0 { "[" } else { "," })?;
        }
        if self.params.is_empty() {
            Ok(())
        } else {
            f.write_str("]")
        }
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, shown: &str) {
        let got = text
            .parse::<Name>()
            .map_or_else(|e| e.to_string(), |name| name.to_string());
        assert_eq!(got, shown);
    }

    #[test]
    fn names_read_and_show() {
        check("drf", "drf");
        check("drf[]", "drf");
        check("drf[round=1s, offers=task]", "drf[offers=task,round=1s]");
        check(
            "static,drf[offers=task,round=1s]",
            "`static,drf[offers=task,round=1s]` is not a name: these are several, which are separated \
             by spaces: `static drf[offers=task,round=1s]`; expected `name` or `name[key=value,...]`",
        );
        let not = |text: &str, why: &str| {
            check(
                text,
                &format!("`{text}` is not a name: {why}; expected `name` or `name[key=value,...]`"),
            );
        };
        not("", "letters, digits and `-` only");
        not("drf[round", "the bracket is not closed");
        not("drf[round]", "a parameter lacks its `=`");
        not("drf[a=1,a=2]", "a parameter is given twice");
    }

    #[test]
    fn what_was_meant_is_what_is_nearest() {
        let known = ["drf", "fair", "slurm", "slurm-like", "yarn-fair", "kueue"];
        let check = |typed: &str, meant: Option<&str>| {
            let name: Name = typed.parse().unwrap();
            assert_eq!(name.meant(known.into_iter()), meant, "{typed}");
        };
        check("dfr", Some("drf"));
        check("DRF[round=1s]", Some("drf"));
        check("slumr", Some("slurm"));
        check("slurmlike", Some("slurm-like"));
        check("yarn", Some("yarn-fair"));
        check("keue", Some("kueue"));
        check("raffle", None);
        check("x", None);
    }

    #[test]
    fn parameters_left_over_are_named() {
        let mut name: Name = "fair[on=mem,speed=9]".parse().unwrap();
        assert_eq!(name.take("on").as_deref(), Some("mem"));
        let error = name.finish(&["on", "tie"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`fair` has no parameter `speed`; it has on, tie"
        );
    }
}
