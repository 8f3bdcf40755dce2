//! What can go wrong while a task is fenced in, said exactly.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a fence could not be built, looked at or torn down.
#[derive(Debug, Error)]
pub enum IsolationError {
    /// A file of the kernel's or of ours could not be read or written.
    #[error("cannot {what} {}: {source}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// A system call that has no file was refused.
    #[error("cannot {what}: {source}")]
    Call {
        /// What was tried.
        what: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
    /// The cgroup root has no hierarchy with this controller.
    #[error(
        "no controller '{controller}' below {}: mount it there, or start without cgroups \
         (--isolation)", root.display()
    )]
    MissingController {
        /// Which one.
        controller: &'static str,
        /// Where it was looked for.
        root: PathBuf,
    },
    /// A name that would leave the place it is meant for.
    #[error("'{0}' is not a name for a control group")]
    BadName(String),
    /// Processes survived being killed, for instance in an uninterruptible wait.
    #[error("processes {pids:?} are still in {} after being killed", group.display())]
    StillAlive {
        /// Which group.
        group: PathBuf,
        /// Who is left.
        pids: Vec<i32>,
    },
    /// The account a task is to run as does not exist.
    #[error("no user '{0}' on this agent")]
    NoSuchUser(String),
    /// The account a task is to run as is root's.
    #[error("no task runs as root on this agent; name another user, or start it with --allow-root")]
    Root,
    /// A root directory cannot serve as one.
    #[error("root directory {} lacks the directory '{missing}', where something is mounted",
        root.display())]
    BadRoot {
        /// The root directory.
        root: PathBuf,
        /// What it has to have.
        missing: &'static str,
    },
    /// The system call filter could not be made.
    #[error("cannot filter system calls: {0}")]
    Seccomp(String),
    /// The kernel refuses to keep a task's sockets apart from those of others.
    #[error("cannot keep abstract sockets apart: {0}")]
    Scope(String),
    /// Every account that tasks may have of their own is in use.
    #[error(
        "all {0} accounts of tasks are those of running tasks and of sandboxes that are kept; \
             give more with --task-uids, or keep sandboxes for a shorter time with --sandbox-hours"
    )]
    NoAccountLeft(u32),
    /// A file of ours does not say what it should.
    #[error("{} is not what was written: {reason}", path.display())]
    Corrupt {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl IsolationError {
    /// For `map_err` after an operation on a file.
    pub(crate) fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File {
            what,
            path: path.to_owned(),
            source,
        }
    }

    /// For `map_err` after a system call of `nix`.
    pub(crate) fn call(what: &'static str) -> impl FnOnce(nix::errno::Errno) -> Self {
        move |errno| Self::Call {
            what,
            source: errno.into(),
        }
    }
}

/// The result of everything in here.
pub type Result<T> = std::result::Result<T, IsolationError>;
