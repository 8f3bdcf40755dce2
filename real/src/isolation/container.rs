//! What an agent does with containers: start one, ring its bell, tear down what is left of one.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use clap::{Args as ClapArgs, ValueEnum};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::error::{IsolationError, Result};
use super::spec::{Claim, Files, Kill, Spec};
use super::{init, store, supervisor};

/// The agent's own helpers; not for people.
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// Which of the two to be.
    #[arg(value_enum)]
    part: Part,
    /// The container's files.
    directory: PathBuf,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
enum Part {
    /// Stay outside and watch.
    Supervise,
    /// Go inside and start the task.
    Init,
}

/// Is the part of a container it is told to be. No thread may run yet.
///
/// # Errors
/// When the container could not be watched to its end.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    Ok(match args.part {
        Part::Supervise => supervisor::run(&args.directory)?,
        Part::Init => init::run(&args.directory),
    })
}

/// Starts the supervisor of a new container. It claims the container before it starts anything,
/// so an agent that dies right after this finds out what became of it. `program` is this program:
/// an agent says `/proc/self/exe`, which is the same one even when its file was replaced.
///
/// # Errors
/// When its files cannot be written or the process not be started.
pub fn start(files: &Files, spec: &Spec, program: &Path) -> Result<Child> {
    match mkfifo(&files.bell(), Mode::S_IRUSR | Mode::S_IWUSR) {
        Ok(()) | Err(Errno::EEXIST) => {}
        Err(errno) => return Err(IsolationError::file("create", &files.bell())(errno.into())),
    }
    store::write(&files.spec(), spec)?;
    let log = store::private(&files.log()).map_err(IsolationError::file("create", &files.log()))?;
    Command::new(program)
        .args(["container", "supervise"])
        .arg(&files.directory)
        // It must not be hit by a signal that a terminal sends to the agent's group.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::from(log))
        .spawn()
        .map_err(|source| IsolationError::Call {
            what: "start a supervisor",
            source,
        })
}

/// Orders the task to end. The order is a file, so it also reaches a supervisor that is only
/// about to begin.
///
/// # Errors
/// When the order cannot be written.
pub fn kill(files: &Files, grace_millis: u64) -> Result<()> {
    store::write(&files.kill(), &Kill { grace_millis })?;
    let bell = File::options()
        .write(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(files.bell());
    match bell.and_then(|mut bell| bell.write_all(b"!")) {
        Ok(()) => Ok(()),
        // Nobody listens: not yet, then the order is read first, or no more. A full pipe rings.
        Err(error)
            if error.raw_os_error() == Some(Errno::ENXIO as i32)
                || error.kind() == io::ErrorKind::WouldBlock
                || error.kind() == io::ErrorKind::BrokenPipe
                || error.kind() == io::ErrorKind::NotFound =>
        {
            Ok(())
        }
        Err(error) => Err(IsolationError::file("ring", &files.bell())(error)),
    }
}

/// Makes sure nobody will ever start this container, unless its supervisor was first.
///
/// # Errors
/// When the claim can neither be written nor read.
pub fn give_up(files: &Files) -> Result<Claim> {
    store::write_once(&files.claim(), &Claim::GivenUp)?;
    store::read(&files.claim())?.ok_or_else(|| IsolationError::Corrupt {
        path: files.claim(),
        reason: "it vanished".into(),
    })
}

/// Removes what a container without supervisor left in the kernel.
///
/// # Errors
/// When something survives.
pub fn clear(spec: &Spec) -> Result<()> {
    let Some(cgroups) = spec.cgroups()? else {
        return Ok(());
    };
    cgroups.group(&spec.container)?.destroy()
}
