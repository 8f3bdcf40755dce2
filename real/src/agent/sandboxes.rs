//! What tasks leave on disk: making it, showing it, and removing it when it is old.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown, symlink,
};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use fairground_workloads::say;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};

use super::checkpoint::WorkDir;
use crate::isolation::{IsolationError, Result};

/// The name of a task's last sandbox, beside those of its launches.
const LATEST: &str = "latest";

/// Makes a sandbox that belongs to `owner` alone, and the latest one of its task. Whoever finds the
/// way to it still learns nothing of what else there is.
pub(super) fn make(sandbox: &Path, (uid, gid): (u32, u32)) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    let made = builder.recursive(true).mode(0o711).create(sandbox);
    made.and_then(|()| fs::set_permissions(sandbox, fs::Permissions::from_mode(0o700)))
        .map_err(IsolationError::file("create", sandbox))?;
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

/// The parts of a path of the form `FRAMEWORK/TASK/LAUNCH/...`, also with the directory of all
/// sandboxes before it.
fn parts(work: &WorkDir, path: &str) -> io::Result<Vec<OsString>> {
    let path = Path::new(path);
    let path = path.strip_prefix(work.sandboxes()).unwrap_or(path);
    let path = path.strip_prefix("/").unwrap_or(path);
    let part = |part| match part {
        Component::Normal(name) => Ok(name.to_owned()),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    };
    path.components().map(part).collect()
}

/// The framework that a path leads to something of; none for the list of all.
pub(super) fn framework(work: &WorkDir, path: &str) -> io::Result<Option<String>> {
    let parts = parts(work, path)?;
    Ok(parts
        .first()
        .map(|name| name.to_string_lossy().into_owned()))
}

/// Opens such a path. Whatever links a task made, nothing outside of its own sandbox is opened.
pub(super) fn open(work: &WorkDir, path: &str) -> io::Result<File> {
    let all = work.sandboxes();
    let parts = parts(work, path)?;
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

/// A task has ended: from now on what it left grows old.
pub(super) fn begin_to_age(sandbox: &Path) -> io::Result<()> {
    File::open(sandbox)?.set_modified(SystemTime::now())
}

/// The users that sandboxes belong to.
pub(super) fn owners(work: &WorkDir) -> BTreeSet<u32> {
    let frameworks = list(&work.sandboxes());
    let tasks = frameworks.iter().flat_map(|path| list(path));
    let launches = tasks.flat_map(|path| list(&path));
    launches.filter_map(|launch| owner(&launch)).collect()
}

fn owner(launch: &Path) -> Option<u32> {
    let about = launch.symlink_metadata().ok()?;
    about.is_dir().then(|| about.uid())
}

/// Removes what forgotten tasks left more than so many hours ago, and tells whose it was. What cannot
/// be removed is told of and stays.
pub(super) fn sweep(work: &WorkDir, kept: &BTreeSet<PathBuf>, hours: u64) -> Vec<u32> {
    let mut gone = Vec::new();
    let old = SystemTime::now() - Duration::from_secs(hours.saturating_mul(3600).min(1 << 32));
    for framework in list(&work.sandboxes()) {
        for task in list(&framework) {
            for launch in list(&task) {
                if !kept.contains(&launch) && is_old(&launch, old) {
                    let owner = owner(&launch);
                    if tell(&launch, fs::remove_dir_all(&launch)) {
                        gone.extend(owner);
                    }
                }
            }
            // A task that comes meanwhile changes its folder, and this one is left alone.
            let left = list(&task);
            if is_old(&task, old) && left.iter().all(|path| path.ends_with(LATEST)) {
                let removed = left.iter().try_for_each(fs::remove_file);
                tell(&task, removed.and_then(|()| fs::remove_dir(&task)));
            }
        }
        if is_old(&framework, old) && list(&framework).is_empty() {
            tell(&framework, fs::remove_dir(&framework));
        }
    }
    gone
}

/// Whether this is a directory, not a link to one, that was changed last before `old`.
fn is_old(path: &Path, old: SystemTime) -> bool {
    let about = path.symlink_metadata();
    about.is_ok_and(|about| about.is_dir() && about.modified().is_ok_and(|at| at < old))
}

/// Whether it was removed.
fn tell(path: &Path, removed: io::Result<()>) -> bool {
    match removed {
        Ok(()) => true,
        Err(error) => {
            say!("cannot remove {}: {error}", path.display());
            false
        }
    }
}

/// What is in a directory; nothing in what is none.
fn list(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::agent::task::Key;

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
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(&other), mode(other.parent().unwrap())),
            (0o700, 0o711)
        );
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
        let whose = |path: &str| framework(&work, path).ok();
        for path in ["/f/t/1", "f", absolute.to_str().unwrap()] {
            assert_eq!(whose(path), Some(Some("f".to_owned())), "{path}");
        }
        assert_eq!(
            (whose("/"), whose(""), whose("f/../g")),
            (Some(None), Some(None), None)
        );
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
        let none = BTreeSet::new();
        sweep(&work, &none, 1);
        assert!(sandbox("1").exists() && sandbox("2").exists());
        assert_eq!(
            fs::read_link(sandbox("latest")).unwrap(),
            Path::new("2"),
            "the last one made"
        );
        let pause = || std::thread::sleep(Duration::from_millis(20));
        pause();
        assert_eq!(owners(&work), BTreeSet::from([me().0]));
        let gone = sweep(&work, &BTreeSet::from([sandbox("1")]), 0);
        assert!(sandbox("1").exists() && !sandbox("2").exists());
        assert_eq!(gone, [me().0], "whose it was");
        // Nothing in the way stops it.
        fs::write(work.sandboxes().join("stray"), "").unwrap();
        for _ in 0..3 {
            pause();
            sweep(&work, &none, 0);
        }
        assert!(!work.sandboxes().join("f").exists());
        assert!(work.sandboxes().join("stray").exists());
    }

    #[test]
    fn a_sandbox_grows_old_from_the_end_of_its_task() {
        let directory = tempfile::tempdir().unwrap();
        let (work, _lock) = WorkDir::open(directory.path()).unwrap();
        let sandbox = work.sandbox(&key("t", "1")).unwrap();
        make(&sandbox, me()).unwrap();
        let long_ago = SystemTime::now() - Duration::from_hours(10);
        File::open(&sandbox)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
        begin_to_age(&sandbox).unwrap();
        sweep(&work, &BTreeSet::new(), 1);
        assert!(sandbox.exists());
        File::open(&sandbox)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
        sweep(&work, &BTreeSet::new(), 1);
        assert!(!sandbox.exists());
    }
}
