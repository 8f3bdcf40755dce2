//! What agent, supervisor and init tell each other, and in which files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::cgroup::{Cgroups, Group};
use super::error::Result;
use super::limits::{Limits, Usage};
use super::privileges::User;
use super::process::Process;

/// A task to be run, all that supervisor and init need to know.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The container's name, also of its control group.
    pub container: String,
    /// What to execute; looked for in `PATH`.
    pub program: String,
    /// Its arguments, its own name first.
    pub argv: Vec<String>,
    /// All its variables.
    pub environment: BTreeMap<String, String>,
    /// Its sandbox: working directory and home of its output.
    pub sandbox: PathBuf,
    /// The account it runs as; the agent's own when absent.
    pub user: Option<User>,
    /// How it is fenced in.
    pub fences: Fences,
    /// What it may use, where there are control groups.
    pub limits: Limits,
    /// After so long it is ended and has failed.
    pub max_completion_millis: Option<u64>,
    /// Time between SIGTERM and SIGKILL then.
    pub grace_millis: u64,
    /// How much of its output is kept.
    pub output: OutputLimits,
}

/// Which fences stand around a task.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fences {
    /// Where its control group is made, if it has one.
    pub cgroups: Option<CgroupPlace>,
    /// Whether it gets namespaces of its own.
    pub namespaces: bool,
    /// Whether its system calls are filtered.
    pub seccomp: bool,
    /// Whether it gets a network of its own, in which there is nothing but loopback.
    #[serde(default)]
    pub network: bool,
    /// Directories it does not see, but for its own sandbox in one of them; asked for with
    /// namespaces only.
    #[serde(default)]
    pub hidden: Vec<PathBuf>,
    /// The directory that is its root, read-only; the machine's own when absent.
    pub root: Option<PathBuf>,
}

/// Where an agent's control groups are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CgroupPlace {
    /// Where the hierarchies are mounted.
    pub root: PathBuf,
    /// The agent's own part of them.
    pub prefix: String,
}

/// How much of a task's output is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OutputLimits {
    /// A file that has grown so long is put aside.
    pub bytes: u64,
    /// How many are kept aside: `stdout.1` is the youngest.
    pub aside: u32,
}

impl Spec {
    /// The task's control group, if it has one.
    ///
    /// # Errors
    /// When the host's control groups are not as they were.
    pub fn cgroups(&self) -> Result<Option<Cgroups>> {
        let place = self.fences.cgroups.as_ref();
        place
            .map(|place| Cgroups::discover(&place.root, &place.prefix))
            .transpose()
    }

    pub(super) fn group(&self) -> Result<Option<Group>> {
        self.cgroups()?
            .map(|cgroups| cgroups.group(&self.container))
            .transpose()
    }
}

/// Who took a container in hand. Written once: of an agent that gives a container up and a
/// supervisor that is about to start it, only one can win.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Claim {
    /// Its supervisor.
    Supervisor(Process),
    /// Nobody: it is never to be started.
    GivenUp,
}

/// The task runs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Started {
    /// The container's init.
    pub init: i32,
}

/// An order to end the task.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Kill {
    /// Time between SIGTERM and SIGKILL.
    pub grace_millis: u64,
}

/// How the task ended. When this is written nothing of it is left, unless `left` says what.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Exit {
    /// What happened to its first process.
    pub end: End,
    /// Whether memory ran out.
    pub oom: bool,
    /// What was in memory then, in the kernel's words; on version 2 nothing is left to be counted.
    pub memory: Option<String>,
    /// Whether it was ordered to end.
    pub killed: bool,
    /// Whether it took longer than it may.
    pub timed_out: bool,
    /// What it used in all, where there was a control group.
    pub usage: Option<Usage>,
    /// Bytes of output that could not be written.
    pub output_lost: u64,
    /// Why something of it could not be removed.
    pub left: Option<String>,
}

/// The end of a task's first process.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum End {
    /// By itself, with this status.
    Exited(i32),
    /// By this signal.
    Signaled(i32),
    /// It never began, for this reason.
    NotStarted(String),
    /// With the whole container: nobody inside could tell more.
    Destroyed,
}

/// What an init tells its supervisor, a line each.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Report {
    Started,
    Ended(End),
}

/// The files of one container.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Files {
    /// The directory they are in.
    pub directory: PathBuf,
}

impl Files {
    /// The files in `directory`.
    pub fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
        }
    }

    /// [`Spec`].
    pub fn spec(&self) -> PathBuf {
        self.directory.join("spec.json")
    }

    /// [`Claim`].
    pub fn claim(&self) -> PathBuf {
        self.directory.join("claim.json")
    }

    /// [`Started`].
    pub fn started(&self) -> PathBuf {
        self.directory.join("started.json")
    }

    /// [`Kill`].
    pub fn kill(&self) -> PathBuf {
        self.directory.join("kill.json")
    }

    /// A pipe; a byte in it makes the supervisor look for orders again.
    pub fn bell(&self) -> PathBuf {
        self.directory.join("bell")
    }

    /// [`Exit`].
    pub fn exit(&self) -> PathBuf {
        self.directory.join("exit.json")
    }

    /// What the supervisor itself has to say.
    pub fn log(&self) -> PathBuf {
        self.directory.join("supervisor.log")
    }
}
