//! A scheduler of one's own: the job first that says it is done soonest, and whatever else fits beside it.
//!
//! `cargo run --release --example shortest_job -- compare my.toml`, where a framework has `scheduler =
//! "shortest-job"` and, if its work is no log in which users say it, `estimate = 2`.

use std::process::ExitCode;

use fairground_policies::evidence::Evidence;
use fairground_policies::job::JobSpec;
use fairground_policies::job_queue::JobOrder;
use fairground_policies::message::JobId;
use fairground_policies::registry::Registry;
use fairground_policies::schedulers::{OfferView, Scheduler, SchedulerEntry};
use fairground_policies::time::{Span, Time};

struct ShortestJob;

impl Scheduler for ShortestJob {
    /// The least first, the earlier one when equal; who says nothing comes last.
    fn order(&self) -> JobOrder {
        JobOrder::Least(|job| job.spec.estimate().map_or(u64::MAX, Span::as_micros))
    }

    fn reads_estimates(&self) -> bool {
        true
    }

    /// On all that is free at once, whenever a job came or a task ended.
    fn gathers(&self) -> Option<Span> {
        Some(Span::ZERO)
    }

    fn starts_together(&self, _: &JobSpec) -> bool {
        true
    }

    fn place(&mut self, _: Time, view: &mut OfferView<'_>) {
        let jobs: Vec<JobId> = view.queue().ready().collect();
        for job in jobs {
            while let Some((stage, Some(places))) = view.next_whole(job) {
                view.launch_whole(job, stage, &places);
            }
        }
    }
}

pub(crate) const SHORTEST_JOB: SchedulerEntry = SchedulerEntry {
    name: "shortest-job",
    about: "stages start whole; the job first that says it is done soonest",
    params: &[],
    evidence: Evidence::OWN,
    make: |_, _| Ok(Box::new(ShortestJob)),
};

fn main() -> ExitCode {
    fairground_sim::main_with(Registry::default().with_scheduler(SHORTEST_JOB))
}
