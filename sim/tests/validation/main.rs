//! Whole simulations against what they must be: plain re-implementations of clusters and queues,
//! recursions of queueing theory, and worked answers. Equal to the microsecond unless stated.

#[path = "../common/mod.rs"]
mod common;
mod backfill;
mod closed;
mod packing;
mod placing;
mod contention;
mod gap;
mod queues;
mod replays;
mod rest;
mod rigid;
mod robust;
mod sampling;
mod shared;
mod sharing;
mod speculation;

use fairground_policies::job::StageSpec;
use fairground_policies::message::FrameworkId;
use fairground_policies::resources::Resources;
use fairground_policies::time::{Span, Time};
use fairground_sim::run::Run;
use fairground_workloads::trace::{Jobs, Runtimes, Work};

/// A job of tasks of one size that all take as long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain {
    pub(crate) submitted: Time,
    pub(crate) needs: Resources,
    pub(crate) tasks: u32,
    pub(crate) run: Span,
}

/// As work of a framework.
pub(crate) fn work(jobs: &[Plain], gang: bool) -> Work {
    let mut all = Jobs::default();
    for job in jobs {
        let local = vec![job.run; job.tasks as usize];
        let stage = StageSpec::new(job.needs, job.tasks);
        let stages = vec![(stage, Runtimes::Plain { local, away: 1000 })];
        all.push("", job.submitted, gang, stages);
    }
    Work::Batch(all)
}

/// When the first task of each job of a framework started and its last one ended.
pub(crate) fn times(run: &Run, framework: u32) -> Vec<(Time, Time)> {
    let rows = run.jobs.of(FrameworkId(framework));
    let both = |start: Option<Time>, end: Option<Time>| Some((start?, end?));
    rows.map(|row| both(row.started, row.finished).expect("a job that is done"))
        .collect()
}
