//! A trace without any name of its source: neither in its tables nor in what its manifest says.

use std::collections::BTreeSet;
use std::path::Path;

use super::Manifest;
use super::edit::{PART, begun, copy};
use super::import::NOT_READ;
use super::store::Opened;
use super::tables::{Change, Edge, Job, Load, Machine, Service, Stage, Tasks, Tenant, Usage};
use crate::error::ReadError;
use crate::models::arrivals::assumption;
use crate::trace::Assumption;

/// Assumptions that quote the source: what they say is not kept.
const QUOTING: [&str; 2] = [PART, NOT_READ];
/// Shorter words are too common to be a name that was quoted.
const SHORTEST: usize = 4;
/// How jobs end in public traces, in small letters: these words name nobody.
const ENDS: [&str; 24] = [
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "cancelled",
    "error",
    "evict",
    "fail",
    "failed",
    "failure",
    "finish",
    "kill",
    "killed",
    "lost",
    "pass",
    "pending",
    "running",
    "succeeded",
    "success",
    "terminated",
    "unknown",
    "waiting",
];

/// Replaces names, and finds them in what the manifest says.
struct Hiding {
    key: [u8; 32],
    assumptions: Vec<Assumption>,
    /// The words of the assumptions.
    words: BTreeSet<String>,
}

impl Hiding {
    fn new(key: &str, assumptions: Vec<Assumption>) -> Self {
        let kept = assumptions.into_iter().map(|said| {
            if QUOTING.contains(&said.about.as_str()) {
                assumption(&said.about, "it is not told which, as that has names in it")
            } else {
                said
            }
        });
        let assumptions: Vec<Assumption> = kept.collect();
        let words = assumptions.iter().flat_map(|said| words(&said.model));
        Self {
            key: blake3::derive_key("fairground trace anonymise", key.as_bytes()),
            words: words.map(ToOwned::to_owned).collect(),
            assumptions,
        }
    }

    /// The hash that stands for a name, also where an assumption has it.
    fn name(&mut self, name: &str) -> String {
        if name.is_empty() {
            return String::new();
        }
        let hash = blake3::keyed_hash(&self.key, name.as_bytes()).to_hex();
        let hash = &hash[..16];
        let told = name.len() >= SHORTEST && !name.bytes().all(|byte| byte.is_ascii_digit());
        if told
            && words(name)
                .next()
                .is_some_and(|word| self.words.contains(word))
        {
            for said in &mut self.assumptions {
                said.model = without(&said.model, name, hash);
            }
        }
        hash.to_owned()
    }

    /// An end, which is a name unless everybody knows the word.
    fn end(&mut self, outcome: Option<String>) -> Option<String> {
        let known = |outcome: &String| ENDS.contains(&outcome.to_ascii_lowercase().as_str());
        match outcome {
            Some(outcome) if !known(&outcome) => Some(self.name(&outcome)),
            outcome => outcome,
        }
    }

    fn maybe(&mut self, name: Option<String>) -> Option<String> {
        name.map(|name| self.name(&name))
    }
}

/// What stands between blanks and marks.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| !word.is_empty())
}

/// A text in which a name, where it stands as a whole, is replaced.
fn without(text: &str, name: &str, hash: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        let inside =
            before.ends_with(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric);
        kept.push_str(before);
        kept.push_str(if inside { name } else { hash });
        rest = after;
    }
    kept + rest
}

/// A trace whose names are replaced by keyed hashes: equal names stay equal, and nobody without the
/// key can test a guess.
///
/// # Errors
/// When it cannot be read or written.
pub fn anonymise(trace: &Opened, key: &str, place: &Path) -> Result<Manifest, ReadError> {
    let mut out = begun(trace, place)?;
    out.sources.clear();
    // A zone tells where the cluster was.
    out.clock = None;
    let mut hiding = Hiding::new(key, std::mem::take(&mut out.assumptions));
    for row in trace.rows::<Machine>()? {
        let row = row?;
        out.push(Machine {
            name: hiding.name(&row.name),
            cluster: hiding.name(&row.cluster),
            platform: hiding.maybe(row.platform.clone()),
            ..row
        })?;
    }
    for row in trace.rows::<Job>()? {
        let row = row?;
        out.push(Job {
            name: hiding.name(&row.name),
            outcome: hiding.end(row.outcome.clone()),
            class: hiding.maybe(row.class.clone()),
            group: hiding.maybe(row.group.clone()),
            executable: hiding.maybe(row.executable.clone()),
            queue: hiding.maybe(row.queue.clone()),
            partition: hiding.maybe(row.partition.clone()),
            preceding: hiding.maybe(row.preceding.clone()),
            ..row
        })?;
    }
    macro_rules! names {
        ($($row:ident),+) => {$(
            for row in trace.rows::<$row>()? {
                let mut row = row?;
                row.name = hiding.name(&row.name);
                out.push(row)?;
            }
        )+};
    }
    names!(Tenant, Stage, Service);
    copy::<Change>(trace, &mut out)?;
    copy::<Edge>(trace, &mut out)?;
    for row in trace.rows::<Tasks>()? {
        let row = row?;
        out.push(Tasks {
            outcome: hiding.end(row.outcome.clone()),
            model: hiding.maybe(row.model.clone()),
            ..row
        })?;
    }
    copy::<Load>(trace, &mut out)?;
    copy::<Usage>(trace, &mut out)?;
    out.assumptions = hiding.assumptions;
    out.assumptions
        .push(assumption("names", "replaced by keyed hashes".to_owned()));
    out.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_replaced_where_it_stands_alone() {
        let check = |text, expected: &str| assert_eq!(without(text, "alice", "x"), expected);
        check("of alice", "of x");
        check("alice, malice and alice2", "x, malice and alice2");
        check("nobody", "nobody");
        check("", "");
    }
}
