//! How much of this machine stands for what a recipe's cluster has.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use fairground_policies::resources::Resources;

use super::burn::processor_time;

/// For how long processors are measured.
const MEASURED: Duration = Duration::from_millis(500);
/// The part of all processors that burners get; the rest is for master, agents and supervisors.
const PROCESSORS: f64 = 0.5;
/// The part of free memory that burners get: enough to be seen, little enough that filling it takes
/// no time worth speaking of.
const MEMORY: f64 = 0.04;

/// What was measured, and what follows.
#[derive(Clone, Debug)]
pub(super) struct Calibration {
    /// This machine's processors.
    pub(super) processors: usize,
    /// Those that were free: what as many threads as there are processors got.
    pub(super) free_processors: f64,
    /// MiB of memory that were free.
    pub(super) free_memory: u64,
    /// How much of a processor stands for one of the recipe's, in thousandths.
    pub(super) processor: u64,
    /// How much of a MiB stands for one of the recipe's, in thousandths.
    pub(super) memory: u64,
}

impl Calibration {
    /// Measures this machine for a cluster that has `total`.
    pub(super) fn measure(total: Resources) -> anyhow::Result<Self> {
        let threads = std::thread::available_parallelism()?.get();
        let got = processor_time(threads, MEASURED);
        let free_processors = got.as_secs_f64() / MEASURED.as_secs_f64();
        let free_memory = free_memory()?;
        let thousandths = |have: f64, all: u64| {
            let part = have * 1000.0 / (all as f64).max(1.0);
            (part as u64).clamp(1, 1000)
        };
        Ok(Self {
            processors: threads,
            free_processors,
            free_memory,
            processor: thousandths(threads as f64 * 1000.0 * PROCESSORS, total.cpus().0),
            memory: thousandths(free_memory as f64 * MEMORY, total.mem().0),
        })
    }

    /// The rate of a burner for a task that asks for so much, in thousandths of a processor.
    pub(super) fn rate(&self, needs: Resources) -> u64 {
        (needs.cpus().0 * self.processor / 1000).max(1)
    }

    /// MiB that a burner holds for such a task: a quarter less than its share of the memory, for its
    /// program.
    pub(super) fn hold(&self, needs: Resources) -> u64 {
        needs.mem().0 * self.memory / 1000 * 3 / 4
    }

    /// What one burner does alone: how long it takes for one second of work at this rate.
    pub(super) fn try_burner(program: &std::path::Path, rate: u64) -> anyhow::Result<Duration> {
        let mut command = Command::new(program);
        command.args(["burn", "--rate", &rate.to_string(), "task", "1000000"]);
        command.stdin(Stdio::null());
        let begun = Instant::now();
        let status = command.status().context("the burner cannot be started")?;
        if !status.success() {
            bail!("the burner ended with {status}");
        }
        Ok(begun.elapsed())
    }
}

/// The memory that could be used without swapping, in MiB.
fn free_memory() -> anyhow::Result<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").context("/proc/meminfo")?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    Ok(kib.context("/proc/meminfo has no MemAvailable")? / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_larger_than_the_machine_gets_its_part() {
        let small = Calibration::measure(Resources::cores(1, 1)).unwrap();
        let large = Calibration::measure(Resources::cores(100_000, 1 << 30)).unwrap();
        assert!(small.free_processors > 0.0 && small.free_memory > 0);
        assert_eq!((small.memory, large.memory), (1000, 1));
        assert_eq!(
            (large.processor, large.rate(Resources::cores(1, 64))),
            (1, 1)
        );
        let half = Calibration {
            processor: 250,
            memory: 500,
            ..small
        };
        let needs = Resources::cores(2, 64);
        assert_eq!((half.rate(needs), half.hold(needs)), (500, 24));
    }
}
