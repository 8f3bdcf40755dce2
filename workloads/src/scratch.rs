//! Folders and files that are half made: none stays behind, however the program ends.
//!
//! What is dropped is removed, as with any temporary file. A program that is told to end drops nothing:
//! it calls [`remove_all`] before it goes.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Everything half made.
static ALL: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn all() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Something half made.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// A new folder among the system's temporary ones.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn folder() -> io::Result<Self> {
        Self::new(|| Ok(tempfile::tempdir()?.keep()))
    }

    /// A new folder in `around`, whose name begins with `prefix`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn folder_in(around: &Path, prefix: &str) -> io::Result<Self> {
        let make = || tempfile::Builder::new().prefix(prefix).tempdir_in(around);
        Self::new(|| Ok(make()?.keep()))
    }

    /// What `make` makes, and where.
    ///
    /// # Errors
    /// As `make`.
    pub fn new(make: impl FnOnce() -> io::Result<PathBuf>) -> io::Result<Self> {
        let mut all = all();
        let path = make()?;
        all.insert(path.clone());
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// It is whole: it goes to its place.
    ///
    /// # Errors
    /// When it cannot be put there.
    pub fn put(self, place: &Path) -> io::Result<()> {
        let mut all = all();
        fs::rename(&self.0, place)?;
        all.remove(&self.0);
        Ok(())
    }

    /// It is whole where it is.
    pub fn keep(self) {
        all().remove(&self.0);
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if all().remove(&self.0) {
            remove(&self.0);
        }
    }
}

fn remove(path: &Path) {
    let _ = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    };
}

/// Removes everything half made, and lets nothing more be made: the program is about to end. Threads
/// that still write meanwhile make it try again.
pub fn remove_all() {
    let all = all();
    for path in all.iter() {
        for _ in 0..100 {
            remove(path);
            if fs::symlink_metadata(path).is_err() {
                break;
            }
        }
    }
    std::mem::forget(all);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_put_in_its_place_is_gone() {
        let place = tempfile::tempdir().unwrap();
        let dropped = Scratch::folder_in(place.path(), ".half").unwrap();
        let there = dropped.path().to_owned();
        fs::write(there.join("file"), "half").unwrap();
        drop(dropped);
        assert!(!there.exists());
        let put = Scratch::folder_in(place.path(), ".half").unwrap();
        fs::write(put.path().join("file"), "whole").unwrap();
        put.put(&place.path().join("whole")).unwrap();
        assert!(place.path().join("whole/file").is_file());
        let file = place.path().join("rows");
        let kept = Scratch::new(|| fs::write(&file, "").map(|()| file.clone())).unwrap();
        kept.keep();
        assert!(file.is_file());
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2);
    }
}
