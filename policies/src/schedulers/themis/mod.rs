//! Themis: whoever is furthest from what an equal part of the pool would have given it bids for what is free, and it
//! is divided so that the product of what the bidders gain is the largest (Mahajan et al., NSDI 2020, sections 3 and 5).
//!
//! A job's finish-time fairness is rho = (time since its submission + what it has left to do at what it holds) / (how long all of it
//! would take on an n-th of the pool, n jobs in it); neither is shorter than the longest chain of its stages. Work is counted in
//! seconds of the whole pool by the dominant resource. The 1 - f of the jobs with the largest rho bid. Each task goes to the bidder
//! whose rho shrinks by the largest factor, who holds nothing first (its rho has no bound), then whoever waited longest for its size:
//! since what one more task is worth falls with every task, that is the division with the largest product. What the bidders
//! leave goes to the others in the same way. A job of which nothing is said counts as done at once, and comes last.
//!
//! There are no leases, so that what runs runs on, and no hidden payments, which keep users from lying: nobody does here. For a
//! framework that has the pool to itself; jobs whose tasks start together start whole, in the order of rho.

mod finish_time;

use std::cmp::Reverse;

use self::finish_time::FinishTime;
use super::workload::{SeenAgents, largest_part, thousandths};
use super::{OfferView, Scheduler, SchedulerEntry};
use crate::evidence::{Evidence, Proven};
use crate::job_queue::JobTie;
use crate::message::JobId;
use crate::name::Param;
use crate::score::Score;
use crate::time::{Span, Time};

/// The largest product of gains in finish-time fairness, among those who are treated worst.
#[derive(Debug)]
pub struct Themis {
    seen: SeenAgents,
    /// Which part of the jobs does not bid, in thousandths.
    leaves_out: u32,
    tie: JobTie,
}

impl Scheduler for Themis {
    fn place(&mut self, now: Time, view: &mut OfferView<'_>) {
        self.seen.see(view);
        let rank = |job: &JobId| {
            let finish = FinishTime::of(now, view, &self.seen, *job);
            let rho = finish.at(self.seen.share_of(view, *job));
            (Reverse((rho, finish.waited())), view.queue().tie(*job))
        };
        let [mut gangs, mut jobs] = [true, false].map(|together| view.ready_jobs(together));
        gangs.sort_by_cached_key(rank);
        jobs.sort_by_cached_key(rank);
        for job in gangs {
            view.start_whole(job);
        }
        let bidders = jobs.len() as u64 * u64::from(1000 - self.leaves_out);
        let others = jobs.split_off(bidders.div_ceil(1000) as usize);
        for some in [jobs, others] {
            while let Some((job, stage, position)) = self.next(now, view, &some) {
                view.launch_stage(position, job, stage);
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

impl Themis {
    /// The next task of `jobs`, and where it goes: the first agent with room.
    fn next(&self, now: Time, view: &OfferView<'_>, jobs: &[JobId]) -> Option<(JobId, u32, usize)> {
        let fits = |job: &JobId| {
            let mut stages = view.queue().ready_stages(*job);
            stages.find_map(|(stage, _)| {
                let (needs, _) = view.waiting(*job, stage);
                let position = (0..view.len()).find(|at| needs.fits_in(view.left(*at)))?;
                Some((*job, stage, position))
            })
        };
        let gain = |(job, stage, _): &(JobId, u32, usize)| {
            let finish = FinishTime::of(now, view, &self.seen, *job);
            let held = self.seen.share_of(view, *job);
            let more = held + largest_part(view.waiting(*job, *stage).0, self.seen.all);
            let after = finish.at(more);
            let gain = if held == Score::ZERO || after == Score::ZERO {
                finish.waited()
            } else {
                finish.at(held) / after
            };
            (
                held == Score::ZERO && after > Score::ZERO,
                gain,
                Reverse(view.queue().tie(*job)),
            )
        };
        jobs.iter().filter_map(fits).max_by_key(gain)
    }
}

pub(super) const ENTRY: SchedulerEntry = SchedulerEntry {
    name: "themis",
    about: "finish-time fairness: jobs furthest from what an equal part of the pool would give them bid, and the product of \
            their gains is the largest; for a framework that has the pool to itself",
    params: &[
        Param {
            key: "f",
            about: "which part of the jobs does not bid, those treated best, in thousandths (default 800)",
        },
        JobTie::TIE,
    ],
    evidence: Evidence {
        source: "Mahajan et al., Themis: Fair and Efficient GPU Cluster Scheduling, NSDI 2020, sections 3 and 5",
        proven: Proven::Prototype,
        example: "\
agents 1 cpus:4 mem:4
framework a themis[f=500]
job a tasks=8 cpus:1 mem:1 run=10s
job a at=1s tasks=4 cpus:1 mem:1 run=10s
job a at=2s tasks=2 cpus:1 mem:1 run=5s
",
    },
    make: |name, rng| {
        Ok(Box::new(Themis {
            seen: SeenAgents::default(),
            leaves_out: thousandths(name, "f", 800, 999)?,
            tie: JobTie::from_name(name, rng)?,
        }))
    },
};
