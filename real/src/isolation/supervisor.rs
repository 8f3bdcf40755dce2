//! The process outside a container that stays with it from beginning to end.
//!
//! It needs nobody: an agent may die, be replaced and come back meanwhile. It must not start a
//! thread, because a process that has chosen a pid namespace for its children cannot.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use fairground_workloads::say;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, pipe2, setsid};

use super::cgroup::Group;
use super::error::{IsolationError, Result};
use super::namespaces;
use super::output::Output;
use super::privileges::Account;
use super::process::Process;
use super::spec::{Claim, End, Exit, Files, Kill, Report, Spec, Started};
use super::store;

/// The most of what an init says that is kept until its line ends.
const LINE: usize = 64 << 10;
/// What a task writes is taken in by this process, outside of the task's group: in each of these lengths
/// of time only so many bytes, and the task waits for the rest.
const OUTPUT_WINDOW: Duration = Duration::from_millis(50);
const OUTPUT_BYTES: usize = 1 << 20;
/// Taking in a piece costs as much as so many bytes, however short it is.
const PIECE: usize = 4 << 10;

/// Runs the container in `directory` from its start to its end.
///
/// # Errors
/// When even its end could not be written down.
pub(super) fn run(directory: &Path) -> Result<ExitCode> {
    let files = Files::new(directory);
    let spec: Spec = store::read(&files.spec())?.ok_or_else(|| IsolationError::Corrupt {
        path: files.spec(),
        reason: "it is not there".into(),
    })?;
    // Being the leader of a group already is no harm.
    let _ = setsid();
    if !store::write_once(&files.claim(), &Claim::Supervisor(Process::myself()?))? {
        say!("this container was given up before it began");
        return Ok(ExitCode::FAILURE);
    }
    let exit = match Supervisor::begin(&files, &spec) {
        Ok(mut supervisor) => supervisor.watch()?,
        Err(error) => Exit {
            end: End::NotStarted(error.to_string()),
            oom: false,
            memory: None,
            killed: files.kill().exists(),
            timed_out: false,
            usage: None,
            output_lost: 0,
            left: clear(&spec).err().map(|error| error.to_string()),
        },
    };
    store::write(&files.exit(), &exit)?;
    Ok(ExitCode::SUCCESS)
}

fn clear(spec: &Spec) -> Result<()> {
    spec.group()?.map_or(Ok(()), |group| group.destroy())
}

struct Supervisor<'a> {
    files: &'a Files,
    spec: &'a Spec,
    group: Option<Group>,
    oom_event: Option<EventFd>,
    bell: File,
    init: Child,
    line: Pipe,
    output: [(Pipe, Output); 2],
    taken: Taken,
    /// When the task is killed, once it was ordered to end.
    kill_at: Option<Instant>,
    /// When it has taken longer than it may.
    late_at: Option<Instant>,
    end: Option<End>,
    oom: bool,
    memory: Option<String>,
    killed: bool,
    timed_out: bool,
}

/// How much of the task's output was taken in lately.
struct Taken {
    since: Instant,
    bytes: usize,
}

impl Taken {
    /// Until when no more is taken in, if it was much.
    fn closed_until(&mut self) -> Option<Instant> {
        let end = self.since + OUTPUT_WINDOW;
        if Instant::now() >= end {
            (self.since, self.bytes) = (Instant::now(), 0);
        }
        (self.bytes >= OUTPUT_BYTES).then_some(end)
    }
}

/// The reading end of a pipe, until the other end is closed.
struct Pipe {
    file: File,
    open: bool,
}

impl<'a> Supervisor<'a> {
    fn begin(files: &'a Files, spec: &'a Spec) -> Result<Self> {
        // Opened for both directions it never ends, whoever else opens and closes it.
        let bell = File::options()
            .read(true)
            .write(true)
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(files.bell())
            .map_err(IsolationError::file("open", &files.bell()))?;
        let owner = Account::find(spec.user.as_ref())?.ids();
        let output = |name| {
            let path = spec.sandbox.join(name);
            Output::new(&path, spec.output, owner).map_err(IsolationError::file("create", &path))
        };
        let (stdout, stderr) = (output("stdout")?, output("stderr")?);
        let group = spec.cgroups()?;
        let group = group
            .map(|groups| groups.create(&spec.container, &spec.limits))
            .transpose()?;
        let oom_event = group.as_ref().map_or(Ok(None), ask_for_oom)?;
        if spec.fences.namespaces {
            namespaces::own_pids()?;
        }
        let (line, line_end) = pipe()?;
        let (out, out_end) = pipe()?;
        let (err, err_end) = pipe()?;
        let init = Command::new("/proc/self/exe")
            .args(["container", "init"])
            .arg(&files.directory)
            .stdin(Stdio::from(line_end))
            .stdout(Stdio::from(out_end))
            .stderr(Stdio::from(err_end))
            .spawn()
            .map_err(|source| IsolationError::Call {
                what: "start a container's init",
                source,
            })?;
        let late_at = spec.max_completion_millis.map(from_now);
        Ok(Self {
            files,
            spec,
            group,
            oom_event,
            bell,
            init,
            line,
            output: [(out, stdout), (err, stderr)],
            taken: Taken {
                since: Instant::now(),
                bytes: 0,
            },
            kill_at: None,
            late_at,
            end: None,
            oom: false,
            memory: None,
            killed: false,
            timed_out: false,
        })
    }

    fn watch(&mut self) -> Result<Exit> {
        let mut heard = String::new();
        // An order may have come before the bell was there to be rung.
        self.look_for_orders()?;
        while self.line.open {
            self.sleep()?;
            if self.bell_rang() {
                self.look_for_orders()?;
            }
            if self.memory_ran_out() {
                self.oom = true;
                let memory = self.group.as_ref().map(Group::memory);
                // For people only: the task is ended without it, too.
                self.memory = memory.and_then(|text| text.map_err(|e| say!("{e}")).ok());
                self.destroy()?;
            }
            self.keep_time()?;
            if self.taken.closed_until().is_none() {
                for (pipe, output) in &mut self.output {
                    pipe.read(|bytes| {
                        self.taken.bytes += bytes.len().max(PIECE);
                        output.write(bytes);
                    });
                }
            }
            self.line.read(|bytes| {
                let left = LINE.saturating_sub(heard.len());
                heard.push_str(&String::from_utf8_lossy(&bytes[..bytes.len().min(left)]));
            });
            while let Some((first, rest)) = heard.split_once('\n') {
                let report = serde_json::from_str(first);
                heard = rest.to_owned();
                self.take(report)?;
            }
        }
        self.finish()
    }

    fn take(&mut self, report: serde_json::Result<Report>) -> Result<()> {
        match report {
            Ok(Report::Started) => {
                let started = Started {
                    init: self.init.id().cast_signed(),
                };
                store::write(&self.files.started(), &started)?;
            }
            Ok(Report::Ended(end)) => self.end = Some(end),
            Err(error) => say!("init said what is not understood: {error}"),
        }
        Ok(())
    }

    /// Until something happens.
    fn sleep(&mut self) -> Result<()> {
        let closed_until = self.taken.closed_until();
        let mut fds = vec![PollFd::new(self.bell.as_fd(), PollFlags::POLLIN)];
        if let Some(event) = self.oom_event.as_ref().filter(|_| !self.oom) {
            fds.push(PollFd::new(event.as_fd(), PollFlags::POLLIN));
        }
        let outputs = self.output.iter().map(|(pipe, _)| pipe);
        let outputs = outputs.filter(|_| closed_until.is_none());
        for pipe in std::iter::once(&self.line)
            .chain(outputs)
            .filter(|pipe| pipe.open)
        {
            fds.push(PollFd::new(pipe.file.as_fd(), PollFlags::POLLIN));
        }
        let due = [self.kill_at, self.late_at, closed_until]
            .into_iter()
            .flatten()
            .min();
        let timeout = due.map_or(PollTimeout::NONE, |due| {
            // Rounded up: a wait that ends too early would be repeated at once.
            let wait = due.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
            PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut fds, timeout) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(errno) => Err(IsolationError::call("wait for the container")(errno)),
        }
    }

    fn bell_rang(&mut self) -> bool {
        let mut rings = [0; 64];
        self.bell.read(&mut rings).is_ok_and(|count| count > 0)
    }

    fn look_for_orders(&mut self) -> Result<()> {
        if let Some(order) = store::read::<Kill>(&self.files.kill())? {
            self.killed = true;
            self.ask_to_end(order.grace_millis);
        }
        Ok(())
    }

    fn keep_time(&mut self) -> Result<()> {
        let now = Instant::now();
        if self.late_at.is_some_and(|at| at <= now) {
            self.late_at = None;
            self.timed_out = !self.killed;
            self.ask_to_end(self.spec.grace_millis);
        }
        if self.kill_at.is_some_and(|at| at <= now) {
            self.kill_at = None;
            self.destroy()?;
        }
        Ok(())
    }

    /// Another order can only shorten what is left.
    fn ask_to_end(&mut self, grace_millis: u64) {
        let until = from_now(grace_millis);
        self.kill_at = Some(self.kill_at.map_or(until, |at| at.min(until)));
        // An init that is gone needs no asking.
        let _ = kill(Pid::from_raw(self.init.id().cast_signed()), Signal::SIGTERM);
    }

    fn memory_ran_out(&self) -> bool {
        // The event also comes when the group is removed, which only this process does, later.
        self.oom_event
            .as_ref()
            .is_some_and(|event| !self.oom && event.read().is_ok())
    }

    /// Ends everything inside, now. With the init goes its namespace.
    fn destroy(&mut self) -> Result<()> {
        self.init.kill().map_err(|source| IsolationError::Call {
            what: "kill a container's init",
            source,
        })?;
        // The group itself stays until what it used has been read.
        self.group.as_ref().map_or(Ok(()), Group::kill_all)
    }

    fn finish(&mut self) -> Result<Exit> {
        self.init.wait().map_err(|source| IsolationError::Call {
            what: "wait for a container's init",
            source,
        })?;
        let mut left = None;
        let mut usage = None;
        if let Some(group) = &self.group {
            if let Err(error) = group.kill_all() {
                left = Some(error.to_string());
            }
            let used = group.usage().map_err(|error| say!("{error}"));
            usage = used.ok();
            if let Err(error) = group.destroy() {
                left = Some(error.to_string());
            }
        }
        for (pipe, output) in &mut self.output {
            pipe.read(|bytes| output.write(bytes));
        }
        self.oom |= usage.is_some_and(|usage| usage.oom_kills > 0);
        if let Some(usage) = usage.as_mut().filter(|_| self.oom) {
            // This process may have been faster than the kernel.
            usage.oom_kills = usage.oom_kills.max(1);
        }
        Ok(Exit {
            end: self.end.take().unwrap_or(End::Destroyed),
            oom: self.oom,
            memory: self.memory.take(),
            killed: self.killed,
            timed_out: self.timed_out,
            usage,
            output_lost: self.output.iter().map(|(_, output)| output.lost).sum(),
            left,
        })
    }
}

impl Pipe {
    /// Everything that is there now.
    fn read(&mut self, mut take: impl FnMut(&[u8])) {
        let mut buffer = [0; 16 << 10];
        // A task that writes without end must not keep the supervisor from its other duties.
        for _ in 0..OUTPUT_BYTES / buffer.len() {
            if !self.open {
                return;
            }
            match self.file.read(&mut buffer) {
                Ok(0) => self.open = false,
                Ok(count) => take(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.open = false,
            }
        }
    }
}

/// A reading end that never blocks, and a writing end for a child.
fn pipe() -> Result<(Pipe, OwnedFd)> {
    let (read, write) = pipe2(OFlag::O_CLOEXEC).map_err(IsolationError::call("make a pipe"))?;
    fcntl(&read, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))
        .map_err(IsolationError::call("make a pipe that does not block"))?;
    Ok((
        Pipe {
            file: File::from(read),
            open: true,
        },
        write,
    ))
}

/// Version 1 kills one process when memory runs out and tells; version 2 ends the whole group.
fn ask_for_oom(group: &Group) -> Result<Option<EventFd>> {
    let Some(directory) = group.oom_control() else {
        return Ok(None);
    };
    let event = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)
        .map_err(IsolationError::call("make an event"))?;
    let control = directory.join("memory.oom_control");
    let control = File::open(&control).map_err(IsolationError::file("open", &control))?;
    let ask = directory.join("cgroup.event_control");
    let text = format!("{} {}", event.as_fd().as_raw_fd(), control.as_raw_fd());
    std::fs::write(&ask, text).map_err(IsolationError::file("write", &ask))?;
    Ok(Some(event))
}

fn from_now(millis: u64) -> Instant {
    // Longer than a year is never.
    Instant::now() + Duration::from_millis(millis.min(1000 * 86_400 * 366))
}
