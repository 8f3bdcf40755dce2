//! Decisions of other schedulers, as their own tests ask for them, held against the rules here.
//!
//! A case is data: a situation and what the original decides in it. The rules are those of
//! `fairground_policies::rules`, the same that the policies of these names stand on; what is here reads a
//! case, asks the rule, and compares. One system a file, one line here.

mod armada;
mod case;
mod compared;
mod kai;
mod karma;
mod kueue;
mod mesos;
mod nomad;
mod slurm;
mod table;
mod volcano;
mod yarn;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::beside::beside;

pub use case::{Case, Unreadable, Verdict};
pub use table::{Differing, Table};

/// Decides one case.
type Check = fn(&Case<'_>) -> Result<Verdict, Unreadable>;

/// What is asked in the cases of one kind.
pub struct Kind {
    /// The member `kind` of its cases.
    pub name: &'static str,
    /// The rule that decides, in words.
    pub rule: &'static str,
    /// Decides one.
    check: Check,
}

/// A scheduler whose decisions are known.
pub struct System {
    /// What people call it, and its file of cases without the ending.
    pub name: &'static str,
    /// What is decided, in a line.
    pub about: &'static str,
    kinds: &'static [Kind],
}

/// The systems whose cases can be read.
pub const SYSTEMS: [System; 9] = [
    kueue::SYSTEM,
    kai::SYSTEM,
    armada::SYSTEM,
    volcano::SYSTEM,
    yarn::SYSTEM,
    slurm::SYSTEM,
    nomad::SYSTEM,
    karma::SYSTEM,
    mesos::SYSTEM,
];

/// Where cases lie unless a folder is named: in the variable, or beside the project.
pub const VARIABLE: &str = "FAIRGROUND_CONFORMANCE";

/// The folder of cases: `asked`, else what [`VARIABLE`] says, else `shared/conformance` in a folder above the
/// present one.
///
/// # Errors
/// When none is there, naming where it was looked for.
pub fn folder(asked: Option<&Path>) -> Result<PathBuf, String> {
    let hint = format!("hint: name a folder with --cases or {VARIABLE}");
    let found = asked.map(Path::to_owned);
    let found = found.or_else(|| beside(VARIABLE, "shared/conformance"));
    match found {
        Some(folder) if folder.is_dir() => Ok(folder),
        Some(folder) => Err(format!(
            "{}: the folder of cases is not there\n  {hint}",
            folder.display()
        )),
        None => Err(format!(
            "no folder of cases: there is no shared/conformance beside or above this folder\n  {hint}"
        )),
    }
}

impl System {
    /// The system called `name`.
    ///
    /// # Errors
    /// When there is none, naming those that there are.
    pub fn by_name(name: &str) -> Result<&'static Self, String> {
        let found = SYSTEMS.iter().find(|one| one.name == name);
        found.ok_or_else(|| {
            let known: Vec<_> = SYSTEMS.iter().map(|one| one.name).collect();
            format!(
                "no system is called `{name}`; known are {}",
                known.join(", ")
            )
        })
    }

    /// Where its cases are in `folder`.
    pub fn path(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.json", self.name))
    }

    /// Decides every case of its file.
    ///
    /// # Errors
    /// When the file cannot be read, is not JSON, or has no list of cases.
    pub fn hold(&self, folder: &Path) -> Result<Table, String> {
        let path = self.path(folder);
        let wrong = |what: String| format!("{}: {what}", path.display());
        let text = std::fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
        let file: Value = serde_json::from_str(&text)
            .map_err(|error| wrong(format!("expected JSON, found {error}")))?;
        let cases = file.get("cases").and_then(Value::as_array);
        let cases = cases.ok_or_else(|| wrong("expected a list `cases`, found none".to_owned()))?;
        let mut table = Table::new(self);
        for value in cases {
            let case = Case { value, all: cases };
            let kind = self.kinds.iter().find(|one| Some(one.name) == case.kind());
            match kind {
                None => table.not_offered(&case, "no rule decides cases of this kind"),
                Some(kind) => table.count(&case, kind.rule, (kind.check)(&case)),
            }
        }
        Ok(table)
    }
}
