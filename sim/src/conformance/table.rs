//! What became of the cases of one system.

use serde::Serialize;

use super::{Case, System, Unreadable, Verdict};

/// The cases of one system, counted, and those named that do not agree.
#[derive(Clone, Debug, Serialize)]
pub struct Table {
    /// The system.
    pub system: &'static str,
    /// How many cases its file has.
    pub cases: u32,
    /// Decided as the original decides.
    pub agree: u32,
    /// Decided otherwise, or unreadable.
    pub differ: Vec<Differing>,
    /// Decided by no rule here.
    pub not_offered: Vec<NotOffered>,
    /// Where the original is wrong by its own paper or rules: what those say, beside an agreement.
    pub both: Vec<Both>,
}

/// A case that is decided otherwise.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Differing {
    /// The case.
    pub id: String,
    /// The original's decision.
    pub expected: String,
    /// Ours.
    pub found: String,
    /// The rule that differs.
    pub rule: String,
}

/// A case that nothing here decides.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NotOffered {
    /// The case.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Why.
    pub why: &'static str,
}

/// A case with two answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Both {
    /// The case.
    pub id: String,
    /// What the original's own paper or rules say.
    pub by_its_rules: String,
}

impl Table {
    pub(super) const fn new(system: &System) -> Self {
        Self {
            system: system.name,
            cases: 0,
            agree: 0,
            differ: Vec::new(),
            not_offered: Vec::new(),
            both: Vec::new(),
        }
    }

    /// Cases that nothing here decides, those of one kind and reason together: the kind, the reason, the cases.
    pub fn not_offered_together(&self) -> Vec<(&str, &'static str, Vec<&str>)> {
        let mut all: Vec<(&str, &'static str, Vec<&str>)> = Vec::new();
        for one in &self.not_offered {
            let alike = |(kind, why, _): &&mut (&str, &'static str, Vec<&str>)| {
                (*kind, *why) == (one.kind.as_str(), one.why)
            };
            match all.iter_mut().find(alike) {
                Some((.., ids)) => ids.push(&one.id),
                None => all.push((&one.kind, one.why, vec![&one.id])),
            }
        }
        all
    }

    pub(super) fn not_offered(&mut self, case: &Case<'_>, why: &'static str) {
        self.cases += 1;
        self.not_offered.push(NotOffered {
            id: case.id().to_owned(),
            kind: case.kind().unwrap_or("?").to_owned(),
            why,
        });
    }

    pub(super) fn count(
        &mut self,
        case: &Case<'_>,
        rule: &'static str,
        verdict: Result<Verdict, Unreadable>,
    ) {
        let id = case.id().to_owned();
        let differing = match verdict {
            Ok(Verdict::NotOffered(why)) => return self.not_offered(case, why),
            Ok(Verdict::Agrees { beside }) => {
                self.agree += 1;
                self.both
                    .extend(beside.map(|by_its_rules| Both { id, by_its_rules }));
                None
            }
            Ok(Verdict::Differs {
                expected,
                found,
                rule: other,
            }) => Some(Differing {
                id,
                expected,
                found,
                rule: other.unwrap_or_else(|| rule.to_owned()),
            }),
            Err(unreadable) => Some(Differing {
                id,
                expected: "a case that can be read".to_owned(),
                found: unreadable.to_string(),
                rule: "the form of the case".to_owned(),
            }),
        };
        self.cases += 1;
        self.differ.extend(differing);
    }
}
