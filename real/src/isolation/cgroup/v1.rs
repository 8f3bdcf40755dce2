//! Version 1: a hierarchy a controller.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::super::error::{IsolationError, Result};
use super::super::limits::{Limits, PERIOD_US, Usage};
use super::{field, read, read_number, write};

/// Where each controller is mounted. Two that are mounted together have one path.
#[derive(Clone, Debug)]
pub(super) struct Mounts {
    cpu: PathBuf,
    cpuacct: PathBuf,
    pub(super) memory: PathBuf,
    pids: PathBuf,
    pub(super) ender: Ender,
}

/// The hierarchy by which whole groups are stopped and ended.
#[derive(Clone, Debug)]
pub(super) enum Ender {
    /// That of version 2, on a hybrid host.
    Unified(PathBuf),
    /// Where there is none, that of the freezer.
    Freezer(PathBuf),
}

impl Ender {
    fn hierarchy(&self) -> &PathBuf {
        match self {
            Self::Unified(hierarchy) | Self::Freezer(hierarchy) => hierarchy,
        }
    }
}

impl Mounts {
    pub(super) fn discover(root: &Path) -> Result<Self> {
        let find = |controller| find(root, controller);
        let unified = root.join("unified");
        let ender = if unified.join("cgroup.controllers").exists() {
            Ender::Unified(unified)
        } else {
            Ender::Freezer(find("freezer")?)
        };
        Ok(Self {
            cpu: find("cpu")?,
            cpuacct: find("cpuacct")?,
            memory: find("memory")?,
            pids: find("pids")?,
            ender,
        })
    }

    /// Every hierarchy once: joining one of them twice would only cost time, but removing it
    /// twice would look like an error.
    pub(super) fn all(&self) -> Vec<&Path> {
        let mut all: Vec<&Path> = Vec::new();
        let known = [
            &self.cpu,
            &self.cpuacct,
            &self.memory,
            &self.pids,
            self.ender.hierarchy(),
        ];
        for path in known {
            if !all.contains(&path.as_path()) {
                all.push(path);
            }
        }
        all
    }
}

/// The directory of `controller` below `root`, where `cpu,cpuacct` is both.
fn find(root: &Path, controller: &'static str) -> Result<PathBuf> {
    let entries = fs::read_dir(root).map_err(IsolationError::file("list", root))?;
    let mut names: Vec<_> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let name = names
        .iter()
        .find(|name| name.split(',').any(|part| part == controller));
    let path = name.map(|name| root.join(name));
    // Hosts that mount two together link one name to the other.
    path.and_then(|path| path.canonicalize().ok())
        .filter(|path| path.is_dir())
        .ok_or_else(|| IsolationError::MissingController {
            controller,
            root: root.to_owned(),
        })
}

pub(super) fn create(mounts: &Mounts, path: &Path, limits: &Limits) -> Result<()> {
    for hierarchy in mounts.all() {
        let directory = hierarchy.join(path);
        fs::create_dir_all(&directory).map_err(IsolationError::file("create", &directory))?;
    }
    let cpu = mounts.cpu.join(path);
    write(&cpu.join("cpu.shares"), &limits.shares().to_string())?;
    write(&cpu.join("cpu.cfs_period_us"), &PERIOD_US.to_string())?;
    write(
        &cpu.join("cpu.cfs_quota_us"),
        &number_or(limits.quota_us(), "-1"),
    )?;

    let memory = mounts.memory.join(path);
    write(
        &memory.join("memory.soft_limit_in_bytes"),
        &limits.soft_bytes().to_string(),
    )?;
    // The limit with swap may never be below the one without: a fresh group has both unlimited,
    // so the lower one goes first. Kernels without swap accounting lack the second file.
    let hard = number_or(limits.hard_bytes(), "-1");
    write(&memory.join("memory.limit_in_bytes"), &hard)?;
    let with_swap = memory.join("memory.memsw.limit_in_bytes");
    if with_swap.exists() {
        write(&with_swap, &hard)?;
    }
    write(
        &mounts.pids.join(path).join("pids.max"),
        &number_or(limits.pids_max(), "max"),
    )
}

pub(super) fn usage(mounts: &Mounts, path: &Path) -> Result<Usage> {
    let cpu = read(&mounts.cpu.join(path).join("cpu.stat"))?;
    let memory = mounts.memory.join(path);
    let pids = mounts.pids.join(path);
    Ok(Usage {
        cpu_us: read_number(&mounts.cpuacct.join(path).join("cpuacct.usage"))? / 1000,
        periods: field(&cpu, "nr_periods"),
        throttled: field(&cpu, "nr_throttled"),
        throttled_us: field(&cpu, "throttled_time") / 1000,
        mem_bytes: read_number(&memory.join("memory.usage_in_bytes"))?,
        mem_peak_bytes: Some(read_number(&memory.join("memory.max_usage_in_bytes"))?),
        oom_kills: field(&read(&memory.join("memory.oom_control"))?, "oom_kill"),
        pids: read_number(&pids.join("pids.current"))?,
        pids_refused: field(&read(&pids.join("pids.events"))?, "max"),
    })
}

/// Freezing takes effect after a moment, and only a frozen group cannot fork.
pub(super) fn freeze(group: &Path, frozen: bool) -> Result<()> {
    let file = group.join("freezer.state");
    // An earlier attempt that was cut short may have removed it here.
    if !file.exists() {
        return Ok(());
    }
    let state = if frozen { "FROZEN" } else { "THAWED" };
    let until = Instant::now() + Duration::from_secs(2);
    loop {
        write(&file, state)?;
        // A process in an uninterruptible wait keeps the group at FREEZING; the caller's loop
        // comes back for whatever escaped.
        if read(&file)?.trim() == state || Instant::now() > until {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn number_or(value: Option<u64>, otherwise: &str) -> String {
    value.map_or_else(|| otherwise.to_owned(), |value| value.to_string())
}
