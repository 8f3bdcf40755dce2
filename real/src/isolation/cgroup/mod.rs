//! Control groups of both versions behind one door.
//!
//! The root is a parameter: tests give a plain directory and read back what was written. Version 1
//! has a hierarchy a controller, mounted apart or together; version 2 has one for all. A hybrid
//! host takes its limits from version 1, and stops and kills through version 2, which alone can do
//! it atomically; the freezer of version 1 is needed where there is nothing else.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use fairground_policies::resources::{Mebibytes, Millicores};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::error::{IsolationError, Result};
use super::limits::{Limits, Usage};

mod v1;
mod v2;

use v1::Ender;

/// For how long killed processes may take to go away.
const DYING: Duration = Duration::from_secs(10);
/// For how long those who were killed at once are not looked at one by one.
const MOMENT: Duration = Duration::from_millis(200);

/// The part of the host's control groups that is this agent's own.
#[derive(Clone, Debug)]
pub struct Cgroups {
    version: Version,
    prefix: PathBuf,
}

#[derive(Clone, Debug)]
enum Version {
    One(v1::Mounts),
    Two(PathBuf),
}

/// The control group of one task, in every hierarchy.
#[derive(Clone, Debug)]
pub struct Group {
    version: Version,
    /// Below the root of each hierarchy.
    path: PathBuf,
}

impl Cgroups {
    /// Looks at what is mounted at `root` and takes the groups below `prefix` as its own.
    ///
    /// # Errors
    /// When a controller that limits need is not there, or `prefix` leads elsewhere.
    pub fn discover(root: &Path, prefix: &str) -> Result<Self> {
        let prefix = inside(prefix)?;
        let version = if root.join("cgroup.controllers").exists() {
            v2::check(root)?;
            Version::Two(root.to_owned())
        } else {
            Version::One(v1::Mounts::discover(root)?)
        };
        Ok(Self { version, prefix })
    }

    /// The version of the limits: 1 or 2.
    pub const fn version(&self) -> u8 {
        match self.version {
            Version::One(_) => 1,
            Version::Two(_) => 2,
        }
    }

    /// Makes the group `name` with its limits, still without a process.
    ///
    /// # Errors
    /// When the kernel refuses; what was made until then is removed again.
    pub fn create(&self, name: &str, limits: &Limits) -> Result<Group> {
        let group = self.group(name)?;
        let made = match &self.version {
            Version::One(mounts) => v1::create(mounts, &group.path, limits),
            Version::Two(root) => v2::create(root, &group.path, limits),
        };
        if let Err(error) = made {
            // The first error is the one to tell; what cannot be removed is found as an orphan.
            let _ = group.destroy();
            return Err(error);
        }
        Ok(group)
    }

    /// Whether groups can be made here: makes one with the smallest limits and removes it.
    ///
    /// # Errors
    /// When one cannot.
    pub fn try_out(&self) -> Result<()> {
        let least = Limits {
            cpus: Millicores(1),
            cpu_limit: Some(Millicores(1)),
            mem: Mebibytes(1),
            mem_limit: Some(Mebibytes(1)),
            pids: Some(1),
        };
        self.create("try-out", &least)?.destroy()
    }

    /// The group `name`, whether it is there or not.
    ///
    /// # Errors
    /// When the name leads elsewhere.
    pub fn group(&self, name: &str) -> Result<Group> {
        let path = self.prefix.join(inside(name)?);
        Ok(Group {
            version: self.version.clone(),
            path,
        })
    }

    /// The names of all groups that are there, in any hierarchy.
    ///
    /// # Errors
    /// When a hierarchy cannot be read.
    pub fn names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for hierarchy in self.version.hierarchies() {
            names.extend(children(&hierarchy.join(&self.prefix))?);
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// Removes the agent's own directories, once no task's group is left in them.
    ///
    /// # Errors
    /// When one of them still holds something.
    pub fn remove(&self) -> Result<()> {
        for hierarchy in self.version.hierarchies() {
            // A prefix of several parts is shared: the upper ones go with the last agent below.
            for (depth, part) in self.prefix.ancestors().enumerate() {
                if part.as_os_str().is_empty() {
                    break;
                }
                match remove_directory(&hierarchy.join(part)) {
                    Err(_) if depth > 0 => break,
                    other => other?,
                }
            }
        }
        Ok(())
    }
}

impl Version {
    fn hierarchies(&self) -> Vec<&Path> {
        match self {
            Self::One(mounts) => mounts.all(),
            Self::Two(root) => vec![root],
        }
    }
}

impl Group {
    /// Moves the calling process in, so that everything it does from now on counts.
    ///
    /// # Errors
    /// When a hierarchy refuses it.
    pub fn join(&self) -> Result<()> {
        for directory in self.directories() {
            // Nought is the writer itself, whatever its number is in a namespace.
            write(&directory.join("cgroup.procs"), "0")?;
        }
        Ok(())
    }

    /// Everything alive in it, by the numbers of the caller's namespace.
    ///
    /// # Errors
    /// When a hierarchy cannot be read.
    pub fn processes(&self) -> Result<Vec<i32>> {
        let mut pids = Vec::new();
        for directory in self.directories() {
            collect_processes(&directory, &mut pids)?;
        }
        pids.sort_unstable();
        pids.dedup();
        Ok(pids)
    }

    /// What it has used so far.
    ///
    /// # Errors
    /// When the kernel's files cannot be read or understood.
    pub fn usage(&self) -> Result<Usage> {
        match &self.version {
            Version::One(mounts) => v1::usage(mounts, &self.path),
            Version::Two(root) => v2::usage(&root.join(&self.path)),
        }
    }

    /// What is in its memory, a line each kind of which there is something.
    ///
    /// # Errors
    /// When the kernel's file cannot be read.
    pub fn memory(&self) -> Result<String> {
        let hierarchy = match &self.version {
            Version::One(mounts) => &mounts.memory,
            Version::Two(root) => root,
        };
        let text = read(&hierarchy.join(&self.path).join("memory.stat"))?;
        // Version 1 has every line twice: a task's group has no others below it.
        let told = |line: &&str| !line.starts_with("total_") && !line.trim_end().ends_with(" 0");
        Ok(text.split_inclusive('\n').filter(told).collect())
    }

    /// The file whose events tell that memory ran out, where the kernel does not end the whole
    /// group by itself.
    pub fn oom_control(&self) -> Option<PathBuf> {
        match &self.version {
            Version::One(mounts) => Some(mounts.memory.join(&self.path)),
            Version::Two(_) => None,
        }
    }

    /// Kills everything in it, and waits until it is gone.
    ///
    /// # Errors
    /// When something survives.
    pub fn kill_all(&self) -> Result<()> {
        let until = Instant::now() + DYING;
        let mut at_once = None;
        loop {
            let pids = self.processes()?;
            if pids.is_empty() {
                return Ok(());
            }
            if Instant::now() > until {
                return Err(IsolationError::StillAlive {
                    group: self.path.clone(),
                    pids,
                });
            }
            match at_once {
                None => at_once = self.kill_at_once()?.then(Instant::now).or(Some(until)),
                // The dying get a moment before anybody looks who was not hit.
                Some(at) if at < until && at.elapsed() < MOMENT => {}
                Some(_) => self.kill_by_hand()?,
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Kills everything in it and removes it. A group that is not there is destroyed already.
    ///
    /// # Errors
    /// When something survives, or a directory stays.
    pub fn destroy(&self) -> Result<()> {
        self.kill_all()?;
        let until = Instant::now() + DYING;
        for directory in self.directories() {
            remove_tree(&directory, until)?;
        }
        Ok(())
    }

    /// All at once, where the kernel can.
    fn kill_at_once(&self) -> Result<bool> {
        match &self.version {
            Version::Two(root)
            | Version::One(v1::Mounts {
                ender: Ender::Unified(root),
                ..
            }) => v2::kill(&root.join(&self.path)),
            Version::One(_) => Ok(false),
        }
    }

    /// One after another: on older kernels, and for what is not in the hierarchy that can do
    /// better. Frozen, they cannot fork away between the listing and the signal.
    fn kill_by_hand(&self) -> Result<()> {
        self.freeze(true)?;
        let result = self.processes().and_then(|pids| signal_all(&pids));
        self.freeze(false)?;
        result
    }

    fn freeze(&self, frozen: bool) -> Result<()> {
        match &self.version {
            Version::Two(root)
            | Version::One(v1::Mounts {
                ender: Ender::Unified(root),
                ..
            }) => v2::freeze(&root.join(&self.path), frozen),
            Version::One(v1::Mounts {
                ender: Ender::Freezer(root),
                ..
            }) => v1::freeze(&root.join(&self.path), frozen),
        }
    }

    fn directories(&self) -> Vec<PathBuf> {
        let hierarchies = self.version.hierarchies();
        hierarchies
            .into_iter()
            .map(|hierarchy| hierarchy.join(&self.path))
            .collect()
    }
}

fn signal_all(pids: &[i32]) -> Result<()> {
    for pid in pids {
        match kill(Pid::from_raw(*pid), Signal::SIGKILL) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(errno) => return Err(IsolationError::call("kill a process of a task")(errno)),
        }
    }
    Ok(())
}

/// A relative path that stays inside whatever it is joined to.
fn inside(name: &str) -> Result<PathBuf> {
    let path = PathBuf::from(name);
    let plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if name.is_empty() || !plain {
        return Err(IsolationError::BadName(name.to_owned()));
    }
    Ok(path)
}

fn children(directory: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(IsolationError::file("list", directory))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(IsolationError::file("list", directory))?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(names)
}

fn collect_processes(directory: &Path, pids: &mut Vec<i32>) -> Result<()> {
    let file = directory.join("cgroup.procs");
    match fs::read_to_string(&file) {
        // A hierarchy may have lost it to an earlier attempt that was cut short.
        Err(error) if gone(&error) => return Ok(()),
        Err(error) => return Err(IsolationError::file("read", &file)(error)),
        Ok(text) => pids.extend(text.lines().filter_map(|line| line.parse::<i32>().ok())),
    }
    for child in children(directory)? {
        collect_processes(&directory.join(child), pids)?;
    }
    Ok(())
}

/// A group that vanishes while its file is open answers reads with ENODEV.
fn gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(Errno::ENODEV as i32)
}

/// From the leaves up; a dying process keeps its directory busy for a moment.
fn remove_tree(directory: &Path, until: Instant) -> Result<()> {
    for child in children(directory)? {
        remove_tree(&directory.join(child), until)?;
    }
    loop {
        match remove_directory(directory) {
            Err(IsolationError::File { source, .. })
                if source.kind() == io::ErrorKind::ResourceBusy && Instant::now() < until =>
            {
                thread::sleep(Duration::from_millis(5));
            }
            other => return other,
        }
    }
}

fn remove_directory(directory: &Path) -> Result<()> {
    match fs::remove_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.map_err(IsolationError::file("remove", directory)),
    }
}

fn write(file: &Path, value: &str) -> Result<()> {
    fs::write(file, value).map_err(IsolationError::file("write", file))
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).map_err(IsolationError::file("read", file))
}

fn read_number(file: &Path) -> Result<u64> {
    let text = read(file)?;
    text.trim().parse().map_err(|_| IsolationError::Corrupt {
        path: file.to_owned(),
        reason: format!("expected a whole number, found '{}'", text.trim()),
    })
}

/// The value of `key` in a file of `key value` lines; nothing when the kernel has no such line.
fn field(text: &str, key: &str) -> u64 {
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    lines
        .find(|(name, _)| *name == key)
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests;
