//! The largest memory of this process, as the kernel tells it.

use anyhow::Context;

/// Bytes.
///
/// # Errors
/// Where the kernel does not tell.
pub fn peak() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    Ok(kib.context("/proc/self/status has no VmHWM")? * 1024)
}

/// What one task more takes at the peak of a run: the growth from a tenth of `tasks` to all.
pub(super) fn per_task(run: impl Fn(u64) -> anyhow::Result<()>, tasks: u64) -> anyhow::Result<f64> {
    run(tasks / 10)?;
    let before = peak()?;
    run(tasks)?;
    Ok((peak()? - before) as f64 / (tasks - tasks / 10) as f64)
}
