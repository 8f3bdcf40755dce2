//! Where a record stands: the file and the line, for what is said about it later.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use crate::error::ReadError;

/// The file and the line of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The file; of a folder of parts, the part.
    pub file: Arc<Path>,
    /// The line, counted from one.
    pub line: u64,
}

impl Place {
    /// The place of a record that is not yet in any file.
    pub(crate) fn nowhere() -> Self {
        static NOWHERE: LazyLock<Arc<Path>> = LazyLock::new(|| Arc::from(Path::new("")));
        Self {
            file: Arc::clone(&NOWHERE),
            line: 0,
        }
    }

    /// `error`, standing here.
    pub(crate) fn of(&self, error: ReadError) -> ReadError {
        error.file(&self.file).line(self.line)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}
