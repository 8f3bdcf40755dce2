//! What can go wrong on the way to the disk, said with the action and the path.
//!
//! What the system or a library said is the source of the error, and not said twice.

use std::io;
use std::path::{Path, PathBuf};

/// Why results could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The file system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, as a verb: "write".
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is a folder already, and no result of ours is in it.
    #[error(
        "will not replace {}: it holds no provenance.json, so it is not a result folder; \
         choose another folder or remove this one",
        .0.display()
    )]
    Foreign(PathBuf),
    /// A file of somebody else has the name of one of ours.
    #[error(
        "will not replace {}: it is not of the result that is there; move it, or choose another \
         folder",
        .0.display()
    )]
    InTheWay(PathBuf),
    /// A table could not be encoded.
    #[error("cannot encode table {table}")]
    Parquet {
        /// Which table.
        table: &'static str,
        /// What the encoder said.
        source: parquet::errors::ParquetError,
    },
    /// A figure could not be drawn.
    #[error("cannot draw figure {figure}: {cause}")]
    Figure {
        /// Which figure.
        figure: String,
        /// What the drawing library said.
        cause: String,
    },
    /// The report could not be filled in.
    #[error("cannot fill in the report")]
    Report(#[from] minijinja::Error),
    /// Data could not be written as JSON.
    #[error("cannot encode as JSON")]
    Json(#[from] serde_json::Error),
    /// A file of ours does not read.
    #[error("cannot read {} line {line}: {cause}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Counted from one.
        line: usize,
        /// What was expected.
        cause: &'static str,
    },
}

/// Makes of an I/O error one that names `action` and `path`.
pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OutputError {
    let path = path.to_owned();
    move |source| OutputError::Io {
        action,
        path,
        source,
    }
}
