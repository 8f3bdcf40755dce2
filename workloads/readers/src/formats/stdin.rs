//! Standard input where a file is named: `-`.
//!
//! A trace is read several times: to know its format, to hash it, to import it. So what comes is kept in
//! a temporary file, which goes when the program ends.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::scratch::Scratch;

/// The name that stands for it.
const NAME: &str = "-";
/// The file in the folder in which it is kept.
const KEPT: &str = "input";

/// The folder in which it is kept, once it was read.
static FOLDER: Mutex<Option<Scratch>> = Mutex::new(None);

/// Whether a path is standard input; a file of that name is `./-`.
pub(crate) fn is_it(path: &Path) -> bool {
    path.as_os_str() == NAME
}

/// A file relative to a folder.
pub(crate) fn within(folder: &Path, file: &Path) -> PathBuf {
    if is_it(file) {
        return file.to_owned();
    }
    folder.join(file)
}

/// Opens a file, or what came from standard input.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    if !is_it(path) {
        return File::open(path);
    }
    let mut folder = FOLDER.lock().unwrap_or_else(PoisonError::into_inner);
    if folder.is_none() {
        let made = Scratch::folder()?;
        let mut kept = File::create(made.path().join(KEPT))?;
        io::copy(&mut io::stdin().lock(), &mut kept)?;
        *folder = Some(made);
    }
    let folder = folder.as_ref().map(Scratch::path);
    File::open(folder.unwrap_or(path).join(KEPT))
}

/// Removes what was kept of it: whoever read it has read it all.
pub fn forget() {
    FOLDER.lock().unwrap_or_else(PoisonError::into_inner).take();
}
