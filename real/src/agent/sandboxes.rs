//! What tasks leave on disk: making it, showing it, and removing it when it is old.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{chown, symlink};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};

use super::checkpoint::WorkDir;
use super::task::{Key, Task};
use crate::isolation::{IsolationError, Result};

/// The name of a task's last sandbox, beside those of its launches.
const LATEST: &str = "latest";

/// Makes a sandbox that belongs to `owner`, and the latest one of its task.
pub(super) fn make(sandbox: &Path, (uid, gid): (u32, u32)) -> Result<()> {
    fs::create_dir_all(sandbox).map_err(IsolationError::file("create", sandbox))?;
    chown(sandbox, Some(uid), Some(gid)).map_err(IsolationError::file("give away", sandbox))?;
    // Replaced in one step: a link that is there always leads somewhere.
    let latest = sandbox.with_file_name(LATEST);
    let next = sandbox.with_file_name(".next");
    let launch = sandbox.file_name().unwrap_or_default();
    match fs::remove_file(&next) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => symlink(launch, &next).and_then(|()| fs::rename(&next, &latest)),
    }
    .map_err(IsolationError::file("link", &latest))
}

/// Opens a path of the form `FRAMEWORK/TASK/LAUNCH/...`, also with the directory of all sandboxes
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
    let sandbox: PathBuf = parts.iter().take(3).collect();
    let rest: PathBuf = parts.iter().skip(3).collect();
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
    let kept: BTreeSet<PathBuf> = tasks
        .keys()
        .filter_map(|key| work.sandbox(key).ok())
        .collect();
    for framework in list(&work.sandboxes())? {
        for task in list(&framework)? {
            for launch in list(&task)? {
                let about = launch.symlink_metadata();
                let about = about.map_err(IsolationError::file("look at", &launch))?;
                // A link, or in use.
                if !about.is_dir() || kept.contains(&launch) {
                    continue;
                }
                let changed = about.modified();
                if changed.map_err(IsolationError::file("look at", &launch))? < old {
                    fs::remove_dir_all(&launch).map_err(IsolationError::file("remove", &launch))?;
                }
            }
            if !list(&task)?.iter().any(|path| path.is_dir()) {
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

    use super::*;
    use crate::agent::checkpoint::{News, Taken};
    use crate::protocol::RunTask;

    fn key(task: &str, launch: &str) -> Key {
        let [framework, task, launch] = ["f", task, launch].map(String::from);
        Key {
            framework,
            task,
            launch,
        }
    }

    fn me() -> (u32, u32) {
        (
            nix::unistd::getuid().as_raw(),
            nix::unistd::getgid().as_raw(),
        )
    }

    #[test]
    fn only_a_tasks_own_files_are_shown() {
        let directory = tempfile::tempdir().unwrap();
        let (work, _lock) = WorkDir::open(directory.path()).unwrap();
        let sandbox = work.sandbox(&key("t", "1")).unwrap();
        make(&sandbox, me()).unwrap();
        fs::create_dir(sandbox.join("inner")).unwrap();
        let other = work.sandbox(&key("other", "1")).unwrap();
        make(&other, me()).unwrap();
        fs::write(other.join("secret"), "s").unwrap();
        fs::write(sandbox.join("inner/file"), "text").unwrap();
        symlink("inner/file", sandbox.join("inside")).unwrap();
        symlink("../../other/1/secret", sandbox.join("neighbour")).unwrap();
        symlink("/etc/passwd", sandbox.join("passwd")).unwrap();
        let read = |path: &str| {
            let mut text = String::new();
            open(&work, path)?.read_to_string(&mut text).map(|_| text)
        };
        let absolute = sandbox.join("inner/file");
        for path in [
            "/f/t/1/inner/file",
            "f/t/latest/inside",
            absolute.to_str().unwrap(),
        ] {
            assert_eq!(read(path).unwrap(), "text", "{path}");
        }
        for path in [
            "/f/t/1/neighbour",
            "/f/t/latest/passwd",
            "/f/t/../other/1/secret",
            "/etc/passwd",
        ] {
            assert!(read(path).is_err(), "{path}");
        }
    }

    #[test]
    fn old_sandboxes_of_forgotten_tasks_go() {
        let directory = tempfile::tempdir().unwrap();
        let (work, _lock) = WorkDir::open(directory.path()).unwrap();
        let sandbox = |launch| work.sandbox(&key("t", launch)).unwrap();
        for launch in ["1", "2"] {
            make(&sandbox(launch), me()).unwrap();
        }
        sweep(&work, &BTreeMap::new(), 1).unwrap();
        assert!(sandbox("1").exists() && sandbox("2").exists());
        assert_eq!(
            fs::read_link(sandbox("latest")).unwrap(),
            Path::new("2"),
            "the last one made"
        );
        std::thread::sleep(Duration::from_millis(20));
        let run = RunTask {
            framework_id: "f".into(),
            task_id: "t".into(),
            launch: "1".into(),
            ..RunTask::default()
        };
        let container = "c".into();
        let task = Task::new(Taken { run, container }, News::default());
        sweep(&work, &BTreeMap::from([(task.key(), task)]), 0).unwrap();
        assert!(sandbox("1").exists() && !sandbox("2").exists());
        sweep(&work, &BTreeMap::new(), 0).unwrap();
        assert!(!work.sandboxes().join("f/t").exists());
    }
}
