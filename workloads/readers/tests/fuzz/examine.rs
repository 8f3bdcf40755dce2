//! What is asked of a reader about one file.

use std::fmt;
use std::fs;
use std::path::Path;

use fairground_readers::Format;
use fairground_readers::canonical::{Opened, import, text};
use fairground_readers::formats::{head, stat, validate};
use fairground_workloads::ReadError;

/// What reads an input.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Target {
    /// The reader of a public format.
    Format(Format),
    /// The reader of a canonical trace; the input is this file of it.
    Canonical(&'static str),
    /// The reader of exported text.
    Text,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(format) => write!(f, "{format}"),
            Self::Canonical(file) => write!(f, "canonical {file}"),
            Self::Text => write!(f, "canonical text"),
        }
    }
}

/// A problem that is of no place in a file: what its format holds cannot become a trace.
const OF_THE_FORMAT: &str = "cannot become a trace";

/// What became of an input.
#[derive(Default)]
pub(crate) struct Examined {
    /// Whether anything was wrong with it.
    pub(crate) refused: bool,
    /// What a reader may not do.
    pub(crate) wrong: Option<String>,
}

impl Examined {
    fn problem(&mut self, error: &ReadError) {
        self.refused = true;
        if error.file.is_none() {
            self.wrong = Some(format!("names no file: {error}"));
        }
        let somewhere = error.line.is_some() || error.place.is_some();
        if !somewhere && !error.problem.contains(OF_THE_FORMAT) {
            self.wrong = Some(format!("names no place: {error}"));
        }
    }

    fn result<T>(&mut self, result: Result<T, ReadError>) {
        if let Err(error) = result {
            self.problem(&error);
        }
    }
}

/// Has everything read the file that can; with `whole`, makes a trace of it, too.
pub(crate) fn examine(folder: &Path, target: &Target, bytes: &[u8], whole: bool) -> Examined {
    let mut examined = Examined::default();
    let place = folder.join("trace");
    match target {
        Target::Format(format) => {
            let path = folder.join("file");
            fs::write(&path, bytes).unwrap();
            let check = validate(&path, *format, 3);
            check
                .problems
                .iter()
                .for_each(|error| examined.problem(error));
            if check.is_ok() != stat(&path, *format).is_ok() {
                examined.wrong = Some("validate and stat do not agree".to_owned());
            }
            examined.result(head(&path, *format, 3));
            let _ = Format::detect(&path);
            if whole {
                examined.result(import::import(&path, *format, &place, true));
            }
        }
        Target::Canonical(file) => {
            let path = folder.join("canonical");
            super::seeds::canonical(&path);
            fs::write(path.join(file), bytes).unwrap();
            examined.result(
                Opened::open(&path).and_then(|trace| text::export(&trace, &folder.join("text"))),
            );
            fs::remove_dir_all(&path).unwrap();
        }
        Target::Text => {
            let path = folder.join("text");
            fs::write(&path, bytes).unwrap();
            let _ = text::is_text(&path);
            examined.result(text::import(&path, &place));
        }
    }
    if place.exists() {
        fs::remove_dir_all(&place).unwrap();
    }
    examined
}

/// The largest memory of this process so far, in bytes, where the kernel tells.
pub(crate) fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}
