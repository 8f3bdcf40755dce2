//! Files that are there whole or not at all, also after a crash.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{IsolationError, Result};

/// Writes `value` beside its place, makes it durable, and renames it.
///
/// # Errors
/// When the disk refuses; the old content, if any, is then still there.
pub fn write(path: &Path, value: &impl Serialize) -> Result<()> {
    let temporary = write_beside(path, value)?;
    fs::rename(&temporary, path).map_err(IsolationError::file("rename to", path))?;
    sync_parent(path)
}

/// Writes `value` unless the file is there already: of several who try, one wins.
///
/// # Errors
/// When the disk refuses.
pub fn write_once(path: &Path, value: &impl Serialize) -> Result<bool> {
    let temporary = write_beside(path, value)?;
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary).map_err(IsolationError::file("remove", &temporary))?;
    match linked {
        Ok(()) => sync_parent(path).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(IsolationError::file("write", path)(error)),
    }
}

/// Reads what was written; `None` when there is no such file.
///
/// # Errors
/// When the file cannot be read or is not what was written.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(IsolationError::file("read", path))?,
    };
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|error| IsolationError::Corrupt {
            path: path.to_owned(),
            reason: error.to_string(),
        })
}

fn write_beside(path: &Path, value: &impl Serialize) -> Result<std::path::PathBuf> {
    // The name is the writer's own, so two who race for one file do not share a draft.
    let temporary = path.with_extension(format!("{}.draft", std::process::id()));
    let text = serde_json::to_vec(value).map_err(|error| IsolationError::Corrupt {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    let write = || {
        let mut file = private(&temporary)?;
        file.write_all(&text)?;
        file.sync_all()
    };
    write().map_err(IsolationError::file("write", &temporary))?;
    Ok(temporary)
}

/// A new, empty file for its owner's eyes only: keys and tasks' environments are in some.
///
/// # Errors
/// When the disk refuses.
pub fn private(path: &Path) -> io::Result<File> {
    // One that is there may be open to more.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = File::options();
    options.write(true).create_new(true).mode(0o600).open(path)
}

/// A rename is durable once its directory is.
fn sync_parent(path: &Path) -> Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    let sync = || File::open(parent)?.sync_all();
    sync().map_err(IsolationError::file("sync", parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_two_writers_wins() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("claim.json");
        assert!(write_once(&path, &"first").unwrap());
        assert!(!write_once(&path, &"second").unwrap());
        assert_eq!(read::<String>(&path).unwrap().as_deref(), Some("first"));
        write(&path, &"third").unwrap();
        assert_eq!(read::<String>(&path).unwrap().as_deref(), Some("third"));
        assert_eq!(
            fs::read_dir(directory.path()).unwrap().count(),
            1,
            "drafts are gone"
        );
        let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn absent_is_not_corrupt() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("exit.json");
        assert_eq!(read::<u32>(&path).unwrap(), None);
        fs::write(&path, "4").unwrap();
        assert_eq!(read::<u32>(&path).unwrap(), Some(4));
        fs::write(&path, "{").unwrap();
        assert!(matches!(
            read::<u32>(&path),
            Err(IsolationError::Corrupt { .. })
        ));
    }
}
