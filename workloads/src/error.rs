//! What can be wrong with a file or a recipe, said so that a person can repair it.
//!
//! One form for every reader: where it is, what was expected, what was found, what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A problem met while reading a file or preparing a workload.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct ReadError {
    /// The file; `None` when the problem is a parameter of a recipe.
    pub file: Option<PathBuf>,
    /// The line, counted from one, where there is one.
    pub line: Option<u64>,
    /// The column, key or parameter: "column 4 (`map_input_bytes`)".
    pub place: Option<String>,
    /// What was expected and what was found.
    pub problem: String,
    /// What to do about it; may be empty.
    pub hint: String,
}

impl ReadError {
    /// Something was expected and something else was found.
    pub fn expected(expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self::said(format!("expected {expected}, found {found}"))
    }

    /// Something that would be ignored where it stands, and why.
    pub fn ignored(
        place: impl Into<String>,
        why: impl fmt::Display,
        found: impl fmt::Display,
    ) -> Self {
        let ignored = Self::said(format!("no effect: {why}; found {found}"));
        ignored.place(place).hint("leave it out")
    }

    /// A problem in words of its own.
    pub fn said(problem: impl Into<String>) -> Self {
        Self {
            file: None,
            line: None,
            place: None,
            problem: problem.into(),
            hint: String::new(),
        }
    }

    /// A file that could not be read or decompressed.
    pub fn io(file: &Path, error: &io::Error) -> Self {
        let hint = match error.kind() {
            io::ErrorKind::NotFound => {
                "check the path; a path in a recipe is relative to the recipe's folder"
            }
            io::ErrorKind::PermissionDenied => "check that the file may be read",
            io::ErrorKind::IsADirectory => "name a file in it",
            io::ErrorKind::Unsupported => "name another archive, or the unpacked file",
            io::ErrorKind::UnexpectedEof => "the file looks truncated; fetch it again",
            _ => "the file looks damaged or truncated; fetch it again",
        };
        let said = Self::said(format!("cannot be read: {error}"))
            .hint(hint)
            .file(file);
        let inner = error.get_ref();
        match inner.and_then(|inner| inner.downcast_ref::<Reached>()) {
            Some(reached) => said.place(format!("after {} unpacked bytes", reached.bytes)),
            None => said,
        }
    }

    /// What the JSON parser says where `expected` was looked for.
    pub fn json(expected: impl fmt::Display, error: &serde_json::Error) -> Self {
        let said = error.to_string();
        let what = said
            .rsplit_once(" at line ")
            .map_or(said.as_str(), |pair| pair.0);
        Self::said(format!("expected {expected}; {what}"))
            .line(error.line().max(1) as u64)
            .place(format!("column {}", error.column()))
    }

    /// A row that has not as many columns as it should.
    pub fn uneven(expected: impl fmt::Display, found: usize) -> Self {
        let columns = if found == 1 { "column" } else { "columns" };
        Self::expected(expected, format!("{found} {columns}"))
    }

    /// The same problem, in `file`.
    #[must_use]
    pub fn file(mut self, file: &Path) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    /// The same problem, on line `line`.
    #[must_use]
    pub const fn line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// The same problem, at `place` in its line or recipe.
    #[must_use]
    pub fn place(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// The same problem, with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}:", file.display())?;
            if let Some(line) = self.line {
                write!(f, "{line}:")?;
            }
            f.write_str(" ")?;
        }
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.problem)?;
        if !self.hint.is_empty() {
            write!(f, "\n  hint: {}", self.hint)?;
        }
        Ok(())
    }
}

/// An error met while bytes were unpacked, with how many had come out before it.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Reached {
    bytes: u64,
    error: io::Error,
}

impl Reached {
    /// `error`, after so many bytes. An error that came through several layers tells of the
    /// outermost: its bytes are those that are read.
    pub fn after(bytes: u64, error: io::Error) -> io::Error {
        let kind = error.kind();
        let error = match error.downcast::<Self>() {
            Ok(inner) => inner.error,
            Err(error) => error,
        };
        io::Error::new(kind, Self { bytes, error })
    }
}

/// `text` between back-ticks for a message: shortened, on one line.
pub fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut shown: String = text
        .chars()
        .take(LONGEST)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    if shown.is_empty() {
        return "nothing".to_owned();
    }
    format!("`{shown}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_one_form() {
        let error = ReadError::expected("a whole number of bytes", quoted("12x"))
            .file(Path::new("jobs.tsv"))
            .line(17)
            .place("column 4 (map_input_bytes)")
            .hint("write bytes as digits");
        assert_eq!(
            error.to_string(),
            "jobs.tsv:17: column 4 (map_input_bytes): expected a whole number of bytes, found \
             `12x`\n  hint: write bytes as digits"
        );
    }

    #[test]
    fn quotes_are_short_and_on_one_line() {
        assert_eq!(quoted("a\tb"), "`a\\tb`");
        assert_eq!(quoted(""), "nothing");
        assert_eq!(quoted(&"x".repeat(99)), format!("`{}…`", "x".repeat(40)));
    }
}
