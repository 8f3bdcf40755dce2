//! The public trace formats that can be read, one file each, and how to tell them apart.
//!
//! Every reader is an iterator over `Result<Record, ReadError>`: a simulation stops at the first
//! error, [`validate`] goes on and lists them all.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{ReadError, quoted};

pub mod requests;
pub mod swim;
pub mod tpch;

pub(crate) mod lines;
pub(crate) mod source;
pub(crate) mod survey;

pub use lines::LONGEST_LINE;
pub use source::input;
pub use survey::{Check, Column, Head, Stat};

/// A public trace format.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Hadoop jobs by their bytes ([`swim`]).
    Swim,
    /// Spark queries by their stages ([`tpch`]).
    Tpch,
    /// Requests a second ([`requests`]).
    Requests,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Swim, Self::Tpch, Self::Requests];
    /// Their names, for messages and command lines.
    pub const NAMES: [&'static str; 3] = ["swim", "tpch", "requests"];

    /// The name used on command lines and in recipes.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// What the format holds, in one line.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Swim => "Hadoop jobs: submission and bytes, tab-separated (SWIM, Facebook 2009)",
            Self::Tpch => "Spark queries: stages and task run times, JSON lines (TPC-H, Decima)",
            Self::Requests => {
                "requests in each second, whole numbers; a text or an archive with workload.txt"
            }
        }
    }

    /// The format called `name`.
    ///
    /// # Errors
    /// When there is none; lists those there are.
    pub fn by_name(name: &str) -> Result<Self, ReadError> {
        let position = Self::NAMES.iter().position(|known| *known == name);
        position.map(|position| Self::ALL[position]).ok_or_else(|| {
            ReadError::expected(format!("one of {}", Self::NAMES.join(", ")), quoted(name))
                .place("format")
        })
    }

    /// The format that the name of `path` suggests; whether it is right, reading will tell.
    ///
    /// # Errors
    /// When the name suggests none; says how to name the format.
    pub fn detect(path: &Path) -> Result<Self, ReadError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut name = name.to_ascii_lowercase();
        for packed in [".zst", ".bz2", ".gz"] {
            if let Some(inner) = name.strip_suffix(packed) {
                name = inner.to_owned();
            }
        }
        let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
        if ends(&[".tsv"]) {
            Ok(Self::Swim)
        } else if ends(&[".jsonl", ".ndjson"]) {
            Ok(Self::Tpch)
        } else if ends(&[".tbz2", ".tbz", ".tgz", ".tzst", ".tar", ".txt"]) {
            Ok(Self::Requests)
        } else {
            let known = Self::NAMES.join(", ");
            let error = ReadError::said("the name does not tell the format").file(path);
            Err(error.hint(format!("say which one it is with --format: {known}")))
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = ReadError;

    fn from_str(name: &str) -> Result<Self, ReadError> {
        Self::by_name(name)
    }
}

/// The counts of a file.
///
/// # Errors
/// The first problem of the file.
pub fn stat(path: &Path, format: Format) -> Result<Stat, ReadError> {
    match format {
        Format::Swim => survey::stat::<swim::Counts>(swim::records(path)?),
        Format::Tpch => survey::stat::<tpch::Counts>(tpch::records(path)?),
        Format::Requests => survey::stat::<requests::Counts>(requests::records(path)?),
    }
}

/// The first `count` records of a file, as rows for people.
///
/// # Errors
/// The first problem among them.
pub fn head(path: &Path, format: Format, count: usize) -> Result<Head, ReadError> {
    match format {
        Format::Swim => survey::head::<swim::Counts>(swim::records(path)?, count),
        Format::Tpch => survey::head::<tpch::Counts>(tpch::records(path)?, count),
        Format::Requests => survey::head::<requests::Counts>(requests::records(path)?, count),
    }
}

/// Reads all of a file and lists up to `limit` problems and as many warnings.
pub fn validate(path: &Path, format: Format, limit: usize) -> Check {
    let opened =
        match format {
            Format::Swim => swim::records(path)
                .map(|records| survey::check::<swim::Counts>(records, path, limit)),
            Format::Tpch => tpch::records(path)
                .map(|records| survey::check::<tpch::Counts>(records, path, limit)),
            Format::Requests => requests::records(path)
                .map(|records| survey::check::<requests::Counts>(records, path, limit)),
        };
    opened.unwrap_or_else(|problem| Check {
        problems: vec![problem],
        problem_count: 1,
        ..Check::default()
    })
}
