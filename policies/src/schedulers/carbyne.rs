//! Carbyne: every job takes of its fair share only what it needs now to be done no later, and what is left goes to the
//! jobs that are done soonest (Grandl et al., OSDI 2016, section 3).
//!
//! A stage is needed now if it is on the longest chain that the job has left: any other may start later by as much as its own
//! chain is shorter (its slack). First, as long as it stays within an equal share of all there is, the job with the smallest
//! dominant share starts a task that is needed now. Then what is left over goes to the job with the least time left (of which
//! nothing is said, last), needed or not, without a bound. Tasks go where what they take and what is free point the same way,
//! as in Tetris.
//!
//! For a framework that has the pool to itself. Jobs whose tasks start together have no part in the first round.

use super::workload::{SeenAgents, largest_part, part};
use super::{OfferView, Scheduler, SchedulerEntry};
use crate::evidence::{Evidence, Proven};
use crate::job_queue::JobTie;
use crate::message::JobId;
use crate::name::Param;
use crate::score::Score;
use crate::time::{Span, Time};

/// Fair shares, and who needs theirs later leaves them to others.
#[derive(Debug)]
pub struct Carbyne {
    seen: SeenAgents,
    /// How much slack a stage must have to be left for later.
    patience: Span,
    tie: JobTie,
}

impl Scheduler for Carbyne {
    fn place(&mut self, _: Time, view: &mut OfferView<'_>) {
        self.seen.see(view);
        while self.start_needed(view) {}
        let mut jobs: Vec<JobId> = view.queue().ready().collect();
        let left = |job: &JobId| view.queue().remaining(*job).unwrap_or(Span::FOREVER);
        jobs.sort_by_key(|job| (left(job), view.queue().tie(*job)));
        for job in jobs {
            if view.queue().spec(job).gang {
                view.start_whole(job);
                continue;
            }
            let stages: Vec<u32> = view.queue().ready_stages(job).map(|one| one.0).collect();
            for stage in stages {
                while let Some(position) = self.best(view, job, stage) {
                    if !view.launch_stage(position, job, stage) {
                        break;
                    }
                }
            }
        }
    }

    fn tie(&self) -> JobTie {
        self.tie
    }

    fn reads_estimates(&self) -> bool {
        true
    }

    fn gathers(&self) -> Option<Span> {
        Some(Span::ZERO)
    }
}

impl Carbyne {
    /// Starts a task that is needed now of the job with the smallest share that stays within its own; whether there was one.
    fn start_needed(&self, view: &mut OfferView<'_>) -> bool {
        let all = self.seen.all;
        let own = part(1, view.queue().live() as u64);
        let mut jobs = view.ready_jobs(false);
        jobs.sort_by_cached_key(|job| (self.seen.share_of(view, *job), view.queue().tie(*job)));
        for job in jobs {
            for stage in needed(view, job, self.patience) {
                let (needs, _) = view.waiting(job, stage);
                if largest_part(view.held_by(job) + needs, all) > own {
                    continue;
                }
                if let Some(position) = self.best(view, job, stage) {
                    return view.launch_stage(position, job, stage);
                }
            }
        }
        false
    }

    /// Where a task of a stage goes: where it points the same way as what is free; the first when equal.
    fn best(&self, view: &OfferView<'_>, job: JobId, stage: u32) -> Option<usize> {
        let (needs, _) = view.waiting(job, stage);
        let fits = |position: &usize| needs.fits_in(view.left(*position));
        let mut best: Option<(Score, usize)> = None;
        for position in (0..view.len()).filter(fits) {
            let score = self.seen.alignment(view, position, needs);
            if best.is_none_or(|(most, _)| score > most) {
                best = Some((score, position));
            }
        }
        best.map(|(_, position)| position)
    }
}

/// The stages of a job that may start and are needed now: those whose chain to the end is at most `patience` shorter than
/// the longest that is left. All of them where nothing is said.
fn needed(view: &OfferView<'_>, job: JobId, patience: Span) -> Vec<u32> {
    let ready: Vec<u32> = view.queue().ready_stages(job).map(|one| one.0).collect();
    let (Some(tails), Some(left)) = (view.tails(job), view.queue().remaining(job)) else {
        return ready;
    };
    let late = |stage: &u32| tails[*stage as usize] + patience >= left;
    ready.into_iter().filter(late).collect()
}

pub(super) const ENTRY: SchedulerEntry = SchedulerEntry {
    name: "carbyne",
    about: "jobs take of their fair share what they need now to be done no later, and what is left goes to those that are \
            done soonest; for a framework that has the pool to itself",
    params: &[
        Param {
            key: "patience",
            about: "stages that may start later by less than this count as needed now (default 0s)",
        },
        JobTie::TIE,
    ],
    evidence: Evidence {
        source: "Grandl et al., Altruistic Scheduling in Multi-Resource Clusters (Carbyne), OSDI 2016, section 3",
        proven: Proven::Prototype,
        example: "\
agents 1 cpus:4 mem:4
framework a carbyne
job a tasks=2 cpus:1 mem:1 run=20s
then a beside tasks=2 cpus:1 mem:1 run=5s
job a tasks=4 cpus:1 mem:1 run=10s
",
    },
    make: |name, rng| {
        let patience = name.take_as("patience", "a length of time, as in 5s")?;
        Ok(Box::new(Carbyne {
            seen: SeenAgents::default(),
            patience: patience.unwrap_or(Span::ZERO),
            tie: JobTie::from_name(name, rng)?,
        }))
    },
};
