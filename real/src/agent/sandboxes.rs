//! What tasks leave on disk: making it, showing it, and removing it when it is old.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::chown;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};

use super::checkpoint::WorkDir;
use super::task::{Key, Task};
use crate::isolation::{IsolationError, Result};

/// Makes a sandbox that belongs to `owner`.
pub(super) fn make(sandbox: &Path, (uid, gid): (u32, u32)) -> Result<()> {
    fs::create_dir_all(sandbox).map_err(IsolationError::file("create", sandbox))?;
    chown(sandbox, Some(uid), Some(gid)).map_err(IsolationError::file("give away", sandbox))
}

/// Opens a path of the form `FRAMEWORK/TASK/...`, also with the directory of all sandboxes
/// before it. Whatever links a task made, nothing outside of its own sandbox is opened.
pub(super) fn open(work: &WorkDir, path: &str) -> io::Result<File> {
    let all = work.sandboxes();
    let path = Path::new(path);
    let path = path.strip_prefix(&all).unwrap_or(path);
    let path = path.strip_prefix("/").unwrap_or(path);
    let parts: Vec<_> = path.components().collect();
    if !parts
        .iter()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let sandbox: PathBuf = parts.iter().take(2).collect();
    let rest: PathBuf = parts.iter().skip(2).collect();
    let sandbox = File::open(all.join(sandbox))?;
    if rest.as_os_str().is_empty() {
        return Ok(sandbox);
    }
    // Not to be stopped by a pipe nobody writes to.
    let how = OpenHow::new()
        .flags(OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)
        .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    Ok(File::from(openat2(&sandbox, &rest, how)?))
}

/// Removes the sandboxes of forgotten tasks that have not changed for so many hours.
pub(super) fn sweep(work: &WorkDir, tasks: &BTreeMap<Key, Task>, hours: u64) -> Result<()> {
    let old = SystemTime::now() - Duration::from_secs(hours.saturating_mul(3600).min(1 << 32));
    for framework in list(&work.sandboxes())? {
        for task in list(&framework)? {
            let name = |path: &Path| {
                path.file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned()
            };
            if tasks.contains_key(&(name(&framework), name(&task))) {
                continue;
            }
            let changed = task.symlink_metadata().and_then(|about| about.modified());
            if changed.map_err(IsolationError::file("look at", &task))? < old {
                fs::remove_dir_all(&task).map_err(IsolationError::file("remove", &task))?;
            }
        }
    }
    Ok(())
}

fn list(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).map_err(IsolationError::file("list", directory))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    paths
        .collect::<io::Result<_>>()
        .map_err(IsolationError::file("list", directory))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_a_tasks_own_files_are_shown() {
        let directory = tempfile::tempdir().unwrap();
        let (work, _lock) = WorkDir::open(directory.path()).unwrap();
        let sandbox = work.sandbox("f", "t").unwrap();
        fs::create_dir_all(sandbox.join("inner")).unwrap();
        fs::create_dir_all(work.sandbox("f", "other").unwrap()).unwrap();
        fs::write(work.sandbox("f", "other").unwrap().join("secret"), "s").unwrap();
        fs::write(sandbox.join("inner/file"), "text").unwrap();
        symlink("inner/file", sandbox.join("inside")).unwrap();
        symlink("../other/secret", sandbox.join("neighbour")).unwrap();
        symlink("/etc/passwd", sandbox.join("passwd")).unwrap();
        let read = |path: &str| {
            let mut text = String::new();
            open(&work, path)?.read_to_string(&mut text).map(|_| text)
        };
        let absolute = sandbox.join("inner/file");
        for path in ["/f/t/inner/file", "f/t/inside", absolute.to_str().unwrap()] {
            assert_eq!(read(path).unwrap(), "text", "{path}");
        }
        for path in [
            "/f/t/neighbour",
            "/f/t/passwd",
            "/f/t/../other/secret",
            "/etc/passwd",
        ] {
            assert!(read(path).is_err(), "{path}");
        }
    }

    #[test]
    fn old_sandboxes_of_forgotten_tasks_go() {
        let directory = tempfile::tempdir().unwrap();
        let (work, _lock) = WorkDir::open(directory.path()).unwrap();
        let sandbox = work.sandbox("f", "t").unwrap();
        fs::create_dir_all(&sandbox).unwrap();
        sweep(&work, &BTreeMap::new(), 1).unwrap();
        assert!(sandbox.exists());
        std::thread::sleep(Duration::from_millis(20));
        sweep(&work, &BTreeMap::new(), 0).unwrap();
        assert!(!sandbox.exists());
    }
}
