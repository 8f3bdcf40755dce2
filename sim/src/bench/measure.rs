//! What something cost: time of the processor, time of the wall, units of memory asked for.

use std::time::Instant;

use alloc_tracker::Session;
use cpu_time::ProcessTime;

/// The cost of one thing done.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Cost {
    /// Seconds of processor time, all threads.
    pub cpu: f64,
    /// Seconds by the clock on the wall.
    pub wall: f64,
    /// Pieces of memory asked for, all threads; none in a program whose allocator does not count.
    pub allocations: Option<u64>,
}

/// Does it once, and what that cost.
pub(super) fn measured<T>(work: impl FnOnce() -> T) -> (Cost, T) {
    let session = Session::new().no_stdout().no_file();
    let counted = session.operation("work").measure_process().iterations(1);
    let (cpu, wall) = (ProcessTime::now(), Instant::now());
    let done = work();
    let (cpu, wall) = (cpu.elapsed(), wall.elapsed());
    drop(counted);
    let count = session
        .to_report()
        .operations()
        .map(|(_, operation)| operation.total_allocations_count())
        .sum();
    let cost = Cost {
        cpu: cpu.as_secs_f64(),
        wall: wall.as_secs_f64(),
        allocations: (count > 0).then_some(count),
    };
    (cost, done)
}
