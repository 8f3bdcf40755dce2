//! How much a task may use, and what that is in the kernel's own numbers.

use fairground_policies::resources::{Mebibytes, Millicores};
use serde::{Deserialize, Serialize};

/// One scheduling period of the processor limit, in microseconds.
pub(super) const PERIOD_US: u64 = 100_000;
/// No task is given less: below it a process cannot even start.
const LEAST_MEMORY: Mebibytes = Mebibytes(32);

/// What a task may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Limits {
    /// Its weight against other tasks when the processors are contended.
    pub cpus: Millicores,
    /// The processor time it never exceeds, when there is such a limit.
    pub cpu_limit: Option<Millicores>,
    /// The memory that is its own when memory is contended.
    pub mem: Mebibytes,
    /// The memory it never exceeds, when there is such a limit.
    pub mem_limit: Option<Mebibytes>,
    /// How many processes and threads it may have, when there is such a limit.
    pub pids: Option<u64>,
}

impl Limits {
    /// `cpu.shares` of version 1: 1024 a core.
    pub(super) fn shares(&self) -> u64 {
        (1024 * self.cpus.0 / 1000).max(2)
    }

    /// `cpu.weight` of version 2: 100 a core; the kernel takes 1 to 10000.
    pub(super) fn weight(&self) -> u64 {
        (100 * self.cpus.0 / 1000).clamp(1, 10_000)
    }

    /// Microseconds of processor time a period; the kernel takes no less than one millisecond.
    pub(super) fn quota_us(&self) -> Option<u64> {
        let limit = self.cpu_limit?;
        Some((PERIOD_US * limit.0 / 1000).max(1000))
    }

    /// Bytes the kernel keeps for the task under pressure.
    pub(super) fn soft_bytes(&self) -> u64 {
        bytes(self.mem)
    }

    /// Bytes the task is killed at.
    pub(super) fn hard_bytes(&self) -> Option<u64> {
        self.mem_limit.map(bytes)
    }

    /// Processes the group may hold: the task's own and the container's init.
    pub(super) fn pids_max(&self) -> Option<u64> {
        self.pids.map(|pids| pids.saturating_add(1))
    }
}

fn bytes(mem: Mebibytes) -> u64 {
    mem.0.max(LEAST_MEMORY.0) << 20
}

/// What a task has used, as the kernel counted it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Usage {
    /// Processor time, in microseconds.
    pub cpu_us: u64,
    /// Scheduling periods that counted against a processor limit.
    pub periods: u64,
    /// Those of them in which the task had to wait for the next.
    pub throttled: u64,
    /// For how long it had to wait in all, in microseconds.
    pub throttled_us: u64,
    /// Memory now, in bytes.
    pub mem_bytes: u64,
    /// The most memory it ever had, in bytes; nothing where the kernel does not tell.
    pub mem_peak_bytes: Option<u64>,
    /// Processes killed for want of memory.
    pub oom_kills: u64,
    /// Processes and threads now.
    pub pids: u64,
    /// Processes it was refused for having too many.
    pub pids_refused: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(millicores: u64, mib: u64) -> Limits {
        Limits {
            cpus: Millicores(millicores),
            cpu_limit: Some(Millicores(millicores)),
            mem: Mebibytes(mib),
            mem_limit: Some(Mebibytes(mib)),
            pids: Some(10),
        }
    }

    #[test]
    fn half_a_core_in_the_kernels_numbers() {
        let half = limits(500, 64);
        assert_eq!(half.shares(), 512);
        assert_eq!(half.weight(), 50);
        assert_eq!(half.quota_us(), Some(50_000));
        assert_eq!(half.hard_bytes(), Some(64 << 20));
        assert_eq!(half.pids_max(), Some(11));
    }

    #[test]
    fn tiny_and_huge_tasks_stay_within_what_the_kernel_takes() {
        let tiny = limits(1, 1);
        assert_eq!(
            (tiny.shares(), tiny.weight(), tiny.quota_us()),
            (2, 1, Some(1000))
        );
        assert_eq!(tiny.hard_bytes(), Some(32 << 20));
        assert_eq!(limits(1_000_000, 1).weight(), 10_000);
        let endless = Limits {
            pids: Some(u64::MAX),
            ..tiny
        };
        assert_eq!(endless.pids_max(), Some(u64::MAX));
    }

    #[test]
    fn no_limit_is_no_number() {
        let free = Limits {
            cpu_limit: None,
            mem_limit: None,
            pids: None,
            ..limits(1000, 64)
        };
        assert_eq!(
            (free.quota_us(), free.hard_bytes(), free.pids_max()),
            (None, None, None)
        );
        assert_eq!(free.soft_bytes(), 64 << 20);
    }
}
