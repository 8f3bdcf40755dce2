//! The first process of a container: puts itself behind every fence, starts the task, and waits
//! for everything that is left to it.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use nix::errno::Errno;
use nix::sys::prctl::{set_dumpable, set_pdeathsig};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::{Mode, umask};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, chdir, getuid, setsid};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::{SIGCHLD, SIGTERM};
use signal_hook::iterator::Signals;

use super::cgroup::Group;
use super::error::{IsolationError, Result};
use super::namespaces;
use super::privileges::Account;
use super::scope;
use super::seccomp;
use super::spec::{End, Files, Report, Spec};
use super::store;

/// How many files a task may open unless it asks for more.
const FILES: u64 = 1024;

/// Runs as a container's init. Standard input is the line to the supervisor; the task's own
/// output is on the other two, so nothing is said there.
pub(super) fn run(directory: &Path) -> ExitCode {
    // The copy does not outlive an execution, so no task can hold on to the line.
    let Ok(line) = rustix::io::fcntl_dupfd_cloexec(io::stdin(), 3) else {
        return ExitCode::FAILURE;
    };
    let mut line = File::from(line);
    let end = match contain(directory, &mut line) {
        Ok(end) => end,
        Err(error) => End::NotStarted(error.to_string()),
    };
    match say(&mut line, &Report::Ended(end)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn say(line: &mut File, report: &Report) -> io::Result<()> {
    let mut text = serde_json::to_vec(report)?;
    text.push(b'\n');
    line.write_all(&text)
}

fn contain(directory: &Path, line: &mut File) -> Result<End> {
    let path = Files::new(directory).spec();
    let spec: Spec = store::read(&path)?.ok_or_else(|| IsolationError::Corrupt {
        path: path.clone(),
        reason: "it is not there".into(),
    })?;
    // From here on a signal is kept until somebody looks, and the first process of a namespace
    // gets only those signals it asked for.
    let mut signals = Signals::new([SIGTERM, SIGCHLD]).map_err(|source| IsolationError::Call {
        what: "ask for signals",
        source,
    })?;
    let group = spec.group()?;
    if let Some(group) = &group {
        group.join()?;
    }
    let account = Account::find(spec.user.as_ref())?;
    let ordinary = !getuid().is_root();
    if spec.fences.namespaces {
        namespaces::enter(&spec)?;
    }
    let sandbox = match spec.fences.root {
        Some(_) => Path::new(namespaces::SANDBOX),
        None => &spec.sandbox,
    };
    chdir(sandbox).map_err(|errno| IsolationError::file("enter", sandbox)(errno.into()))?;
    account.become_it(ordinary)?;
    // Set after the change of account, which clears it: with the supervisor goes the container.
    set_pdeathsig(Signal::SIGKILL).map_err(IsolationError::call("be tied to the supervisor"))?;
    // The task may be of the same user: it is to find nothing of this process in `/proc`.
    set_dumpable(false).map_err(IsolationError::call("close a container's init to its task"))?;
    setsid().map_err(IsolationError::call("make a session"))?;
    umask(Mode::from_bits_truncate(0o022));
    few_files()?;
    if spec.fences.namespaces {
        scope::enter()?;
    }
    if spec.fences.seccomp {
        seccomp::install()?;
    }
    let task = start(&spec)?;
    // A supervisor that went before this process was tied to it cannot hear this.
    say(line, &Report::Started).map_err(|source| IsolationError::Call {
        what: "tell the supervisor",
        source,
    })?;
    let everyone = if spec.fences.namespaces {
        None
    } else {
        group.as_ref()
    };
    Ok(wait(&mut signals, task, everyone))
}

/// An agent may open many files; programs that use `select` can only deal with so few. A task may
/// raise the limit again.
fn few_files() -> Result<()> {
    let before = getrlimit(Resource::Nofile);
    let few = before.maximum.map_or(FILES, |hard| hard.min(FILES));
    let limit = Rlimit {
        current: Some(few),
        ..before
    };
    setrlimit(Resource::Nofile, limit).map_err(|errno| IsolationError::Call {
        what: "limit a task's open files",
        source: errno.into(),
    })
}

fn start(spec: &Spec) -> Result<Pid> {
    let mut command = Command::new(&spec.program);
    if let [name, arguments @ ..] = spec.argv.as_slice() {
        command.arg0(name).args(arguments);
    }
    command
        .env_clear()
        .envs(&spec.environment)
        .stdin(Stdio::null());
    let child = command.spawn().map_err(|source| IsolationError::File {
        what: "execute",
        path: spec.program.clone().into(),
        source,
    })?;
    Ok(Pid::from_raw(child.id().cast_signed()))
}

/// Until the task's first process has ended. Whatever it leaves behind ends with this process,
/// the first of its namespace, or with the control group.
fn wait(signals: &mut Signals, task: Pid, everyone: Option<&Group>) -> End {
    loop {
        if let Some(end) = reap(task) {
            return end;
        }
        for signal in signals.wait() {
            if signal == SIGTERM {
                terminate(everyone);
            }
        }
    }
}

/// Takes in every process that has ended; the init inherits all orphans of its namespace.
fn reap(task: Pid) -> Option<End> {
    let mut end = None;
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, status)) if pid == task => end = Some(End::Exited(status)),
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == task => {
                end = Some(End::Signaled(signal as i32));
            }
            Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return end,
            // An orphan, or a signal in between.
            Ok(_) | Err(_) => {}
        }
    }
}

/// The whole tree is asked to end, not only its root. Signals to processes that ended meanwhile
/// go nowhere, and whoever ignores this is killed when the grace period is over.
fn terminate(everyone: Option<&Group>) {
    match everyone {
        None => {
            let _ = kill(Pid::from_raw(-1), Signal::SIGTERM);
        }
        Some(group) => {
            let me = std::process::id().cast_signed();
            let pids = group.processes().unwrap_or_default();
            for pid in pids.into_iter().filter(|pid| *pid != me) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
            }
        }
    }
}
