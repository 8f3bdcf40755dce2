//! The policies of `sim/examples/`, as they are: what a user copies is tested like what comes with
//! Fairground.

use fairground_policies::registry::Registry;

#[allow(dead_code, reason = "its `main` is not called here")]
#[path = "../../../sim/examples/cap.rs"]
mod cap;
#[allow(dead_code, reason = "its `main` is not called here")]
#[path = "../../../sim/examples/decayed.rs"]
mod decayed;
#[allow(dead_code, reason = "its `main` is not called here")]
#[path = "../../../sim/examples/preempt.rs"]
mod preempt;
#[allow(dead_code, reason = "its `main` is not called here")]
#[path = "../../../sim/examples/shortest_job.rs"]
mod shortest_job;
#[allow(dead_code, reason = "its `main` is not called here")]
#[path = "../../../sim/examples/shortest_queue.rs"]
mod shortest_queue;

/// The policies that come with Fairground and those of the examples.
pub(crate) fn registry() -> Registry {
    Registry::default()
        .with_allocator(cap::CAP)
        .with_allocator(decayed::DECAYED)
        .with_allocator(preempt::PREEMPT)
        .with_allocator(shortest_queue::SHORTEST)
        .with_scheduler(shortest_job::SHORTEST_JOB)
}
