//! Tetris: on each agent the task that packs best and whose job has least left to do, among the jobs that are furthest
//! below their fair share (Grandl et al., SIGCOMM 2014, sections 3.2 to 3.4).
//!
//! A task's alignment is the dot product of what it takes and what is free, as parts of the agent. What a job has left is the sum of
//! its tasks' run times, each times the parts of the cluster that it takes. The score is alignment - weight x left, with both
//! brought to the same size by their means among the candidates. A job of which nothing is said counts as the mean. Tasks
//! of stages that are nearly done, which others wait for, go before all others.
//!
//! For a framework that has the pool to itself. Jobs whose tasks start together are not packed: they start whole where there
//! is room.

mod candidate;

use std::cmp::Reverse;

use self::candidate::Candidate;
use super::workload::{SeenAgents, part, sum, thousandths};
use super::{OfferView, Scheduler, SchedulerEntry};
use crate::evidence::{Evidence, Proven};
use crate::job_queue::JobTie;
use crate::message::JobId;
use crate::name::Param;
use crate::score::Score;
use crate::time::{Span, Time};

/// Packing and shortest remaining time in one score.
#[derive(Debug)]
pub struct Tetris {
    seen: SeenAgents,
    /// How much what is left to do counts against alignment, in thousandths.
    weight: u32,
    /// Which part of the jobs is left out, those nearest to their fair share, in thousandths.
    fairness: u32,
    /// From which part of its tasks on a stage is nearly done, in thousandths.
    barrier: u32,
    tie: JobTie,
}

impl Scheduler for Tetris {
    fn place(&mut self, _: Time, view: &mut OfferView<'_>) {
        self.seen.see(view);
        for job in view.ready_jobs(true) {
            view.start_whole(job);
        }
        for position in 0..view.len() {
            while let Some((job, stage)) = self.best(view, position) {
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

impl Tetris {
    /// The task that goes on the agent at `position` next.
    fn best(&self, view: &OfferView<'_>, position: usize) -> Option<(JobId, u32)> {
        if !view.may_fit(position) {
            return None;
        }
        let all = self.candidates(view, position);
        let mean = |scores: Vec<Score>| {
            let count = scores.len().max(1) as u32;
            sum(scores) / Score::from(count)
        };
        let alignment = mean(all.iter().map(|one| one.alignment).collect());
        let left = mean(all.iter().filter_map(|one| one.left).collect());
        let factor = if left == Score::ZERO {
            Score::ZERO
        } else {
            alignment * part(self.weight.into(), 1000) / left
        };
        let score = |one: &Candidate| one.alignment - factor * one.left.unwrap_or(left);
        let key = |one: &Candidate| {
            let tie = (view.queue().tie(one.job), one.stage);
            (one.nearly_done, score(one), Reverse(tie))
        };
        let best = all.iter().max_by_key(|one| key(one));
        best.map(|one| (one.job, one.stage))
    }
}

pub(super) const ENTRY: SchedulerEntry = SchedulerEntry {
    name: "tetris",
    about: "the task that fits an agent best and whose job has least left to do, among the jobs with the smallest shares; \
            for a framework that has the pool to itself",
    params: &[
        Param {
            key: "fairness",
            about: "which part of the jobs is left out, the richest, in thousandths (default 250)",
        },
        Param {
            key: "barrier",
            about: "stages of which so many thousandths are done go first (default 900)",
        },
        Param {
            key: "weight",
            about: "how much what is left to do counts against packing, in thousandths (default 1000, 0 only packs)",
        },
        JobTie::TIE,
    ],
    evidence: Evidence {
        source: "Grandl et al., Multi-resource Packing for Cluster Schedulers (Tetris), SIGCOMM 2014, sections 3.2 to 3.4",
        proven: Proven::Prototype,
        example: "\
agents 1 cpus:4 mem:8
framework a tetris[fairness=0]
job a tasks=4 cpus:1 mem:1 run=20s
job a tasks=4 cpus:1 mem:4 run=5s
job a tasks=2 cpus:2 mem:2 run=10s
",
    },
    make: |name, rng| {
        Ok(Box::new(Tetris {
            seen: SeenAgents::default(),
            fairness: thousandths(name, "fairness", 250, 999)?,
            barrier: thousandths(name, "barrier", 900, 1000)?,
            weight: thousandths(name, "weight", 1000, 1_000_000)?,
            tie: JobTie::from_name(name, rng)?,
        }))
    },
};
