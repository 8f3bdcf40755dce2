//! Decisions of other schedulers, as their own tests ask for them, held against the rules here.
//!
//! A case is data: a situation and what the original decides in it. The rules are those of
//! `fairground_policies::rules`, the same that the policies of these names stand on; what is here reads a
//! case, asks the rule, and compares. One system a file, one line here.

mod armada;
mod batch;
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

pub use batch::{Instance, instances};
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
    file: CaseFile,
}

/// What a system's cases are read from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum CaseFile {
    /// JSON of its name.
    Json,
    /// An archive of instances, which is one of the public traces.
    Instances,
}

/// The systems whose cases can be read.
pub const SYSTEMS: [System; 10] = [
    kueue::SYSTEM,
    kai::SYSTEM,
    armada::SYSTEM,
    volcano::SYSTEM,
    yarn::SYSTEM,
    slurm::SYSTEM,
    nomad::SYSTEM,
    karma::SYSTEM,
    mesos::SYSTEM,
    batch::SYSTEM,
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

    /// Where its cases are: in `folder`, or, of those that are public traces, in the folder of traces beside it.
    pub fn path(&self, folder: &Path) -> PathBuf {
        match self.file {
            CaseFile::Json => folder.join(format!("{}.json", self.name)),
            CaseFile::Instances => {
                let here = folder.join(batch::ARCHIVE);
                let beside = folder.parent().map(|above| above.join(batch::AMONG_TRACES));
                let beside = beside.map(|traces| traces.join(batch::ARCHIVE));
                beside
                    .filter(|path| path.is_file() && !here.is_file())
                    .unwrap_or(here)
            }
        }
    }

    /// Decides every case of its file.
    ///
    /// # Errors
    /// When the file cannot be read, is not JSON, or has no list of cases.
    pub fn hold(&self, folder: &Path) -> Result<Table, String> {
        let (cases, why) = match self.file {
            CaseFile::Json => (self.listed(folder)?, "no rule decides cases of this kind"),
            CaseFile::Instances => (
                batch::cases(&self.path(folder))?,
                "the rules behind its answers are not given with it",
            ),
        };
        let mut table = Table::new(self);
        for value in &cases {
            let case = Case { value, all: &cases };
            let kind = self.kinds.iter().find(|one| Some(one.name) == case.kind());
            match kind {
                None => table.not_offered(&case, why),
                Some(kind) => table.count(&case, kind.rule, (kind.check)(&case)),
            }
        }
        Ok(table)
    }

    /// The list of cases in its file of JSON.
    fn listed(&self, folder: &Path) -> Result<Vec<Value>, String> {
        let path = self.path(folder);
        let wrong = |what: String| format!("{}: {what}", path.display());
        let text = std::fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
        let mut file: Value = serde_json::from_str(&text)
            .map_err(|error| wrong(format!("expected JSON, found {error}")))?;
        match file.get_mut("cases").map(Value::take) {
            Some(Value::Array(cases)) => Ok(cases),
            _ => Err(wrong("expected a list `cases`, found none".to_owned())),
        }
    }
}
