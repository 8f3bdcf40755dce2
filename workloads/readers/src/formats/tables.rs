//! Data sets that lie in one folder, a file or more a table: which files are which.
//!
//! A table is known by a word in the names of its files. The same file may lie there twice, as it was
//! downloaded and unpacked: then the unpacked one is read. What only describes a table is none.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use crate::canonical::import::Import;
use crate::error::ReadError;
use crate::formats::source;

/// The ends of files that describe tables.
const ABOUT: [&str; 3] = [".header", ".md", ".sha256"];

/// Whether a file is a part of a table.
pub(crate) fn is(file: &Path, table: &str) -> bool {
    let name = name(file);
    name.contains(table) && !ABOUT.iter().any(|end| name.ends_with(end))
}

/// Whether a folder has a table; a file is none.
pub(crate) fn has(folder: &Path, table: &str) -> bool {
    let parts = || source::parts(folder).ok();
    let parts = source::is_folder(folder).then(parts).flatten();
    parts.is_some_and(|parts| parts.iter().any(|part| is(part, table)))
}

/// The files of a table in a folder, or all files of the folder where none is called so; none of what
/// is no folder.
pub(crate) fn of(folder: &Path, table: &str) -> Result<VecDeque<PathBuf>, ReadError> {
    if !source::is_folder(folder) {
        return Ok(VecDeque::new());
    }
    let parts = source::parts(folder)?;
    let mut files: VecDeque<PathBuf> = VecDeque::new();
    for part in parts.iter().filter(|part| is(part, table)) {
        match files.iter_mut().find(|one| stem(one) == stem(part)) {
            Some(one) if name(part).len() < name(one).len() => part.clone_into(one),
            Some(_) => {}
            None => files.push_back(part.clone()),
        }
    }
    if files.is_empty() {
        return Ok(parts);
    }
    Ok(files)
}

/// Another table was joined, and of its columns these are read and not kept.
pub(crate) fn joined(import: &mut Import<'_>, table: &str, unkept: &[&str]) {
    if !unkept.is_empty() {
        import.assume(&format!("read and not kept of {table}"), unkept.join(", "));
    }
}

fn name(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The name without what says how the file is written.
fn stem(file: &Path) -> String {
    let name = name(file);
    let stem = name.split('.').next().unwrap_or_default();
    stem.to_owned()
}
