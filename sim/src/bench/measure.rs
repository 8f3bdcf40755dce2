//! What something cost: time of the processor, time of the wall, the largest memory.

use std::time::Instant;

use cpu_time::ProcessTime;

/// The cost of one thing done.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Cost {
    /// Seconds of processor time, all threads.
    pub cpu: f64,
    /// Seconds by the clock on the wall.
    pub wall: f64,
}

/// Does it once, and what that cost.
pub(super) fn measured<T>(work: impl FnOnce() -> T) -> (Cost, T) {
    let (cpu, wall) = (ProcessTime::now(), Instant::now());
    let done = work();
    let cost = Cost {
        cpu: cpu.elapsed().as_secs_f64(),
        wall: wall.elapsed().as_secs_f64(),
    };
    (cost, done)
}
