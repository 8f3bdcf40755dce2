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

use std::cmp::Reverse;

use super::workload::{SeenAgents, largest_part, seconds};
use super::{OfferView, Scheduler, SchedulerEntry};
use crate::evidence::{Evidence, Proven};
use crate::message::JobId;
use crate::name::Param;
use crate::resources::Resources;
use crate::score::Score;
use crate::time::{Span, Time};

/// The largest product of gains in finish-time fairness, among those who are treated worst.
#[derive(Debug)]
pub struct Themis {
    seen: SeenAgents,
    /// Which part of the jobs does not bid, in thousandths.
    leaves_out: u32,
}

/// What a job would be worth with so much.
struct Fairness {
    /// Seconds since its submission.
    since: Score,
    /// What is left to do, in seconds of the whole pool, and its longest chain in seconds.
    left: Score,
    chain: Score,
    /// Seconds on an equal part of the pool.
    alone: Score,
}

impl Fairness {
    /// rho where it holds this part of the pool.
    fn at(&self, held: Score) -> Score {
        if self.alone == Score::ZERO {
            return Score::ZERO;
        }
        let left = (self.left / held).max(self.chain);
        (self.since + left) / self.alone
    }

    /// How long it has waited for its size, for who holds nothing.
    fn waited(&self) -> Score {
        if self.alone == Score::ZERO {
            return Score::ZERO;
        }
        self.since / self.alone
    }
}

impl Scheduler for Themis {
    fn place(&mut self, now: Time, view: &mut OfferView<'_>) {
        self.seen.see(view);
        let mut jobs: Vec<JobId> = view.queue().ready().collect();
        let rank = |view: &OfferView<'_>, job: &JobId| {
            let fairness = self.fairness(now, view, *job);
            let held = largest_part(view.held_by(*job), self.seen.all);
            Reverse((fairness.at(held), fairness.waited(), Reverse(*job)))
        };
        jobs.sort_by_cached_key(|job| rank(view, job));
        for job in &jobs {
            while view.queue().spec(*job).gang && view.start_whole(*job) {}
        }
        jobs.retain(|job| !view.queue().spec(*job).gang);
        let bidders = jobs.len() as u64 * u64::from(1000 - self.leaves_out);
        let others = jobs.split_off(bidders.div_ceil(1000) as usize);
        for some in [jobs, others] {
            while let Some((job, stage, position)) = self.next(now, view, &some) {
                view.launch_stage(position, job, stage);
            }
        }
    }

    fn reads_estimates(&self) -> bool {
        true
    }

    fn gathers(&self) -> Option<Span> {
        Some(Span::ZERO)
    }
}

impl Themis {
    fn fairness(&self, now: Time, view: &OfferView<'_>, job: JobId) -> Fairness {
        let queue = view.queue();
        let size = |needs: Resources| largest_part(needs, self.seen.all);
        let spec = queue.spec(job);
        let whole = |sum: Option<Score>, (estimate, work): (Option<Span>, Score)| {
            Some(sum? + seconds(estimate?) * work)
        };
        let works = spec.stages.iter().map(|stage| {
            let tasks = Score::new(stage.tasks.into());
            (stage.estimate, size(stage.needs) * tasks)
        });
        let all = works.fold(Some(Score::ZERO), whole).unwrap_or(Score::ZERO);
        let longest = spec.estimate().map_or(Score::ZERO, seconds);
        Fairness {
            since: seconds(now.since(queue.submitted(job))),
            left: view.work_left(job, size).unwrap_or(Score::ZERO),
            chain: queue.remaining(job).map_or(Score::ZERO, seconds),
            alone: (all * Score::new(i64::try_from(queue.live()).unwrap_or(i64::MAX))).max(longest),
        }
    }

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
            let fairness = self.fairness(now, view, *job);
            let held = largest_part(view.held_by(*job), self.seen.all);
            let more = held + largest_part(view.waiting(*job, *stage).0, self.seen.all);
            let after = fairness.at(more);
            let gain = if held == Score::ZERO || after == Score::ZERO {
                fairness.waited()
            } else {
                fairness.at(held) / after
            };
            (
                held == Score::ZERO && after > Score::ZERO,
                gain,
                Reverse(*job),
            )
        };
        jobs.iter().filter_map(fits).max_by_key(gain)
    }
}

pub(super) const ENTRY: SchedulerEntry = SchedulerEntry {
    name: "themis",
    about: "finish-time fairness: jobs furthest from what an equal part of the pool would give them bid, and the product of \
            their gains is the largest; for a framework that has the pool to itself",
    params: &[Param {
        key: "f",
        about: "which part of the jobs does not bid, those treated best, in thousandths (default 800)",
    }],
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
    make: |name| {
        let expected = "a part in thousandths, less than 1000, as in 800";
        let leaves_out = name.take_as("f", expected)?.unwrap_or(800);
        if leaves_out > 999 {
            return Err(name.bad("f", &leaves_out.to_string(), expected));
        }
        Ok(Box::new(Themis {
            seen: SeenAgents::default(),
            leaves_out,
        }))
    },
};
