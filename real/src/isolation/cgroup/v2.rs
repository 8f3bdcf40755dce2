//! Version 2: one hierarchy for all controllers.

use std::fs;
use std::path::Path;

use super::super::error::{IsolationError, Result};
use super::super::limits::{Limits, PERIOD_US, Usage};
use super::{field, read, read_number, write};

/// What limits need.
const CONTROLLERS: [&str; 3] = ["cpu", "memory", "pids"];

pub(super) fn check(root: &Path) -> Result<()> {
    let there = read(&root.join("cgroup.controllers"))?;
    for controller in CONTROLLERS {
        if !there.split_whitespace().any(|name| name == controller) {
            return Err(IsolationError::MissingController {
                controller,
                root: root.to_owned(),
            });
        }
    }
    Ok(())
}

pub(super) fn create(root: &Path, path: &Path, limits: &Limits) -> Result<()> {
    // A group has a controller's files only when every group above hands that controller down.
    let mut above = root.to_owned();
    for part in path {
        hand_down(&above)?;
        above.push(part);
        if !above.is_dir() {
            fs::create_dir(&above).map_err(IsolationError::file("create", &above))?;
        }
    }
    let group = root.join(path);
    let max = |value: Option<u64>| value.map_or_else(|| "max".to_owned(), |v| v.to_string());
    write(&group.join("cpu.weight"), &limits.weight().to_string())?;
    write(
        &group.join("cpu.max"),
        &format!("{} {PERIOD_US}", max(limits.quota_us())),
    )?;
    write(&group.join("memory.low"), &limits.soft_bytes().to_string())?;
    write(&group.join("memory.max"), &max(limits.hard_bytes()))?;
    // Swap would let a task exceed its memory by being slow. Kernels without swap lack the file.
    let swap = group.join("memory.swap.max");
    if limits.mem_limit.is_some() && swap.exists() {
        write(&swap, "0")?;
    }
    // A task that lost one of its processes is no longer the task that was asked for.
    write(&group.join("memory.oom.group"), "1")?;
    write(&group.join("pids.max"), &max(limits.pids_max()))
}

fn hand_down(group: &Path) -> Result<()> {
    let file = group.join("cgroup.subtree_control");
    let given = fs::read_to_string(&file).unwrap_or_default();
    let given: Vec<&str> = given.split_whitespace().collect();
    let missing: Vec<String> = CONTROLLERS
        .into_iter()
        .filter(|controller| !given.contains(controller))
        .map(|controller| format!("+{controller}"))
        .collect();
    // Writing what is there already could fail in a group that was delegated to us.
    if missing.is_empty() {
        Ok(())
    } else {
        write(&file, &missing.join(" "))
    }
}

pub(super) fn usage(group: &Path) -> Result<Usage> {
    let cpu = read(&group.join("cpu.stat"))?;
    let memory = read(&group.join("memory.events"))?;
    // `memory.peak` and `pids.events` came later than the rest.
    let peak = group.join("memory.peak");
    let refused = group.join("pids.events");
    Ok(Usage {
        cpu_us: field(&cpu, "usage_usec"),
        periods: field(&cpu, "nr_periods"),
        throttled: field(&cpu, "nr_throttled"),
        throttled_us: field(&cpu, "throttled_usec"),
        mem_bytes: read_number(&group.join("memory.current"))?,
        mem_peak_bytes: if peak.exists() {
            Some(read_number(&peak)?)
        } else {
            None
        },
        oom_kills: field(&memory, "oom_kill"),
        pids: read_number(&group.join("pids.current"))?,
        pids_refused: if refused.exists() {
            field(&read(&refused)?, "max")
        } else {
            0
        },
    })
}

/// Asks for all processes to stop or go on. Kernels too old for it cannot.
pub(super) fn freeze(group: &Path, frozen: bool) -> Result<()> {
    let file = group.join("cgroup.freeze");
    if file.exists() {
        write(&file, if frozen { "1" } else { "0" })?;
    }
    Ok(())
}

/// Kills the whole subtree at once; `false` when the kernel is too old for it.
pub(super) fn kill(group: &Path) -> Result<bool> {
    let file = group.join("cgroup.kill");
    if !file.exists() {
        return Ok(false);
    }
    write(&file, "1")?;
    Ok(true)
}
