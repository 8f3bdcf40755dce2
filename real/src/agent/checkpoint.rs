//! What an agent writes down, so that the next one can go on.
//!
//! ```text
//! WORK/lock                     held by the agent of this directory
//! WORK/agent.json               its id
//! WORK/containers/ID/task.json  a task that is or was run, and where
//! WORK/containers/ID/news.json  its state and the statuses nobody acknowledged yet
//! WORK/containers/ID/...        what its supervisor writes (`isolation::spec::Files`)
//! WORK/sandboxes/FRAMEWORK/TASK/LAUNCH
//!                               what the task itself has; `latest` is the last one begun
//! ```

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::task::Key;
use crate::isolation::spec::Files;
use crate::isolation::{IsolationError, Result, store};
use crate::protocol::{Amounts, Pages, RunTask, StatusUpdate, TaskState};

/// How long an agent that is no more may still hold its directory.
const HANDOVER: Duration = Duration::from_secs(2);

/// An agent's directory.
#[derive(Clone, Debug)]
pub(super) struct WorkDir {
    root: PathBuf,
}

/// Who this agent is to its master.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Identity {
    /// The id the master gave it, once it did.
    pub(super) agent_id: Option<String>,
    /// What this directory is known by: only this agent and its master know it.
    pub(super) key: Uuid,
    /// How often it introduced itself.
    pub(super) count: u64,
    /// What it gives to tasks.
    pub(super) capacity: Amounts,
    /// What of its pages is for everybody, as the master said last.
    #[serde(default)]
    pub(super) pages: Option<Pages>,
}

/// A task that was taken in.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Taken {
    /// What is to be run.
    pub(super) run: RunTask,
    /// In which container.
    pub(super) container: String,
}

/// What the master is still to be told about a task.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct News {
    /// Its present state.
    pub(super) state: TaskState,
    /// Statuses not acknowledged yet, oldest first.
    pub(super) unacknowledged: VecDeque<StatusUpdate>,
}

impl Default for News {
    fn default() -> Self {
        Self {
            state: TaskState::Starting,
            unacknowledged: VecDeque::new(),
        }
    }
}

impl WorkDir {
    /// Makes the directory and keeps every other agent out of it while the file is open.
    ///
    /// # Errors
    /// When it cannot be made, or another agent is in it.
    pub(super) fn open(root: &Path) -> Result<(Self, File)> {
        let above = root.parent().unwrap_or(root);
        fs::create_dir_all(above).map_err(IsolationError::file("create", above))?;
        // Tasks' environments and files are in it, and other tasks look for secrets. A directory
        // that was there before this one's parts may be used by others, too.
        for part in [
            root.to_owned(),
            root.join("containers"),
            root.join("sandboxes"),
        ] {
            let made = DirBuilder::new().mode(0o700).create(&part);
            match made {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                    if part != root {
                        close(&part, 0o700)?;
                    }
                }
                made => made.map_err(IsolationError::file("create", &part))?,
            }
        }
        let root = root
            .canonicalize()
            .map_err(IsolationError::file("find", root))?;
        let path = root.join("lock");
        let mut options = File::options();
        let lock = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path);
        let lock = lock.map_err(IsolationError::file("create", &path))?;
        // An agent that was killed while it started something has a child that holds the file
        // until it executes its program.
        let until = Instant::now() + HANDOVER;
        while lock.try_lock().is_err() {
            if Instant::now() > until {
                return Err(IsolationError::File {
                    what: "be the only agent with",
                    path,
                    source: std::io::ErrorKind::ResourceBusy.into(),
                });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok((Self { root }, lock))
    }

    /// Lets tasks find their way to their sandboxes where no mounts of their own lead there; they
    /// still cannot list anything on it.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn open_the_way(&self) -> Result<()> {
        let about = self.root.metadata();
        let about = about.map_err(IsolationError::file("look at", &self.root))?;
        // Others may have business in one that is open already.
        if about.permissions().mode() & 0o001 == 0 {
            close(&self.root, 0o711)?;
        }
        close(&self.sandboxes(), 0o711)
    }

    /// The directory itself.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// A name no other work directory of this machine has.
    pub(super) fn name(&self) -> String {
        let digest = Sha256::digest(self.root.as_os_str().as_encoded_bytes());
        hex(&digest[..6])
    }

    /// Where the agent's identity is.
    pub(super) fn identity(&self) -> PathBuf {
        self.root.join("agent.json")
    }

    /// Where sandboxes are.
    pub(super) fn sandboxes(&self) -> PathBuf {
        self.root.join("sandboxes")
    }

    /// A task's sandbox. Its being there means that this launch was taken in once, and so is
    /// never run again.
    ///
    /// # Errors
    /// When an id cannot be part of a path.
    pub(super) fn sandbox(&self, key: &Key) -> Result<PathBuf> {
        for id in [&key.framework, &key.task, &key.launch] {
            let bad = id.is_empty() || id == "." || id == "..";
            if bad || id.contains(['/', '\0']) || id.len() > 255 {
                return Err(IsolationError::BadName(id.to_owned()));
            }
        }
        let task = self.sandboxes().join(&key.framework).join(&key.task);
        Ok(task.join(&key.launch))
    }

    /// The files of a container.
    pub(super) fn container(&self, id: &str) -> Files {
        Files::new(&self.root.join("containers").join(id))
    }

    /// Writes down that a task will be run: before anything of it exists.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn take(&self, taken: &Taken) -> Result<()> {
        let directory = self.container(&taken.container).directory;
        DirBuilder::new()
            .mode(0o700)
            .create(&directory)
            .map_err(IsolationError::file("create", &directory))?;
        store::write(&directory.join("task.json"), taken)
    }

    /// Writes down what the master is to be told, before it is.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn write_news(&self, container: &str, news: &News) -> Result<()> {
        store::write(&self.container(container).directory.join("news.json"), news)
    }

    /// Every task that was taken in and not forgotten since.
    ///
    /// # Errors
    /// When a file cannot be read or is not what was written.
    pub(super) fn tasks(&self) -> Result<Vec<(Taken, News)>> {
        let directory = self.root.join("containers");
        let mut tasks = Vec::new();
        let entries = fs::read_dir(&directory).map_err(IsolationError::file("list", &directory))?;
        for entry in entries {
            let path = entry
                .map_err(IsolationError::file("list", &directory))?
                .path();
            match store::read(&path.join("task.json"))? {
                Some(taken) => {
                    let news = store::read(&path.join("news.json"))?.unwrap_or_default();
                    tasks.push((taken, news));
                }
                // An agent died between making the directory and writing the task, or between
                // forgetting the task and removing the directory.
                None => fs::remove_dir_all(&path).map_err(IsolationError::file("remove", &path))?,
            }
        }
        Ok(tasks)
    }

    /// Forgets a task, but not that it was taken in.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn forget(&self, taken: &Taken) -> Result<()> {
        // A name that is none of a directory's never ran and never will.
        if let Ok(sandbox) = self.sandbox(&Key::of(&taken.run)) {
            fs::create_dir_all(&sandbox).map_err(IsolationError::file("create", &sandbox))?;
        }
        let directory = self.container(&taken.container).directory;
        let task = directory.join("task.json");
        // First, so that an interrupted removal is not taken for a task that was cut short.
        fs::remove_file(&task).map_err(IsolationError::file("remove", &task))?;
        fs::remove_dir_all(&directory).map_err(IsolationError::file("remove", &directory))
    }
}

fn close(directory: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(directory, Permissions::from_mode(mode))
        .map_err(IsolationError::file("close", directory))
}

/// Bytes as people write digests.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work() -> (tempfile::TempDir, WorkDir, File) {
        let directory = tempfile::tempdir().unwrap();
        let (work, lock) = WorkDir::open(directory.path()).unwrap();
        (directory, work, lock)
    }

    #[test]
    fn only_one_agent_has_a_directory() {
        let (directory, _work, lock) = work();
        let error = WorkDir::open(directory.path()).unwrap_err();
        assert!(
            error.to_string().contains("be the only agent with"),
            "{error}"
        );
        drop(lock);
        WorkDir::open(directory.path()).unwrap();
    }

    #[test]
    fn nobody_else_looks_into_a_directory() {
        let above = tempfile::tempdir().unwrap();
        let root = above.path().join("new/work");
        let (work, _lock) = WorkDir::open(&root).unwrap();
        store::write(&work.identity(), &"key").unwrap();
        let mode = |path: &str| root.join(path).metadata().unwrap().permissions().mode() & 0o777;
        for (path, expected) in [
            ("", 0o700),
            ("containers", 0o700),
            ("sandboxes", 0o700),
            ("lock", 0o600),
            ("agent.json", 0o600),
            ("..", 0o755),
        ] {
            assert_eq!(mode(path), expected, "{path}");
        }
        work.open_the_way().unwrap();
        assert_eq!(
            (mode(""), mode("sandboxes"), mode("containers")),
            (0o711, 0o711, 0o700)
        );
    }

    #[test]
    fn ids_do_not_lead_out_of_the_directory() {
        let (_directory, work, _lock) = work();
        let sandbox = |framework: &str, task: &str, launch: &str| {
            let [framework, task, launch] = [framework, task, launch].map(String::from);
            work.sandbox(&Key {
                framework,
                task,
                launch,
            })
        };
        for bad in ["", ".", "..", "a/b", "../x", "a\0b"] {
            for key in [[bad, "t", "l"], ["f", bad, "l"], ["f", "t", bad]] {
                assert!(sandbox(key[0], key[1], key[2]).is_err(), "{key:?}");
            }
        }
        let fine = sandbox("f", "a b;c", "m-T0").unwrap();
        assert!(fine.ends_with("sandboxes/f/a b;c/m-T0"));
    }

    #[test]
    fn a_directory_without_a_task_is_no_task() {
        let (_directory, work, _lock) = work();
        fs::create_dir(work.container("half").directory).unwrap();
        assert!(work.tasks().unwrap().is_empty());
        assert!(!work.container("half").directory.exists());
        fs::create_dir(work.container("torn").directory).unwrap();
        fs::write(work.container("torn").directory.join("task.json"), "{").unwrap();
        assert!(matches!(work.tasks(), Err(IsolationError::Corrupt { .. })));
    }
}
