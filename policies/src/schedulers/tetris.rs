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

use std::cmp::Reverse;

use super::workload::{SeenAgents, largest_part, part};
use super::{OfferView, Scheduler, SchedulerEntry};
use crate::evidence::{Evidence, Proven};
use crate::message::JobId;
use crate::name::{BadName, Name, Param};
use crate::resources::{Kind, Resources};
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
    tie: Equals,
}

/// Which of several tasks of the same score.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Equals {
    First,
    Last,
}

/// A task that fits on an agent.
struct Candidate {
    job: JobId,
    stage: u32,
    nearly_done: bool,
    alignment: Score,
    left: Option<Score>,
}

impl Scheduler for Tetris {
    fn place(&mut self, _: Time, view: &mut OfferView<'_>) {
        self.seen.see(view);
        let together = |job: &JobId| view.queue().spec(*job).gang;
        let gangs: Vec<JobId> = view.queue().ready().filter(together).collect();
        for job in gangs {
            while view.start_whole(job) {}
        }
        for position in 0..view.len() {
            while let Some((job, stage)) = self.best(view, position) {
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

impl Tetris {
    /// The jobs furthest below their fair share: so many of them as the knob leaves in.
    fn poorest(&self, view: &OfferView<'_>) -> Vec<JobId> {
        let mut jobs: Vec<JobId> = view.queue().ready().collect();
        let all = self.seen.all;
        jobs.sort_by_cached_key(|job| (largest_part(view.held_by(*job), all), *job));
        let left_in = jobs.len() as u64 * u64::from(1000 - self.fairness);
        jobs.truncate(left_in.div_ceil(1000).max(1) as usize);
        jobs
    }

    fn candidates(&self, view: &OfferView<'_>, position: usize) -> Vec<Candidate> {
        let (free, total) = (view.left(position), self.seen.total(view, position));
        let parts = |needs: Resources, of: fn(Score, Score) -> Score| {
            let one = |kind: Kind| {
                of(
                    part(needs.of(kind), total.of(kind)),
                    part(free.of(kind), total.of(kind)),
                )
            };
            Kind::ALL
                .into_iter()
                .fold(Score::ZERO, |sum, kind| sum + one(kind))
        };
        let size = |needs: Resources| {
            let one = |kind: Kind| part(needs.of(kind), self.seen.all.of(kind));
            Kind::ALL
                .into_iter()
                .fold(Score::ZERO, |sum, kind| sum + one(kind))
        };
        let mut found = Vec::new();
        for job in self.poorest(view) {
            let spec = view.queue().spec(job);
            for (stage, _) in view.queue().ready_stages(job) {
                let one = &spec.stages[stage as usize];
                if spec.gang || !one.needs.fits_in(free) {
                    continue;
                }
                let done = u64::from(one.tasks) - view.undone(job, stage);
                let waited_for = spec
                    .stages
                    .iter()
                    .any(|other| other.parents.contains(&stage));
                found.push(Candidate {
                    job,
                    stage,
                    nearly_done: waited_for
                        && done * 1000 >= u64::from(one.tasks) * u64::from(self.barrier),
                    alignment: parts(one.needs, |needs, free| needs * free),
                    left: view.work_left(job, size),
                });
            }
        }
        found
    }

    /// The task that goes on the agent at `position` next.
    fn best(&self, view: &OfferView<'_>, position: usize) -> Option<(JobId, u32)> {
        if !view.may_fit(position) {
            return None;
        }
        let all = self.candidates(view, position);
        let mean = |scores: Vec<Score>| {
            let count = scores.len().max(1) as u32;
            scores.into_iter().fold(Score::ZERO, |sum, one| sum + one) / Score::from(count)
        };
        let alignment = mean(all.iter().map(|one| one.alignment).collect());
        let left = mean(all.iter().filter_map(|one| one.left).collect());
        let factor = if left == Score::ZERO {
            Score::ZERO
        } else {
            alignment * part(self.weight.into(), 1000) / left
        };
        let score = |one: &Candidate| one.alignment - factor * one.left.unwrap_or(left);
        let key = |one: &Candidate| (one.nearly_done, score(one));
        let place = |one: &Candidate| (one.job, one.stage);
        let best = all.iter().max_by_key(|one| match self.tie {
            Equals::First => (key(one), Some(Reverse(place(one))), None),
            Equals::Last => (key(one), None, Some(place(one))),
        });
        best.map(place)
    }
}

/// A number of thousandths.
fn thousandths(name: &mut Name, key: &str, default: u32, most: u32) -> Result<u32, BadName> {
    let expected = "a part in thousandths, as in 250";
    let found = name.take_as(key, expected)?.unwrap_or(default);
    if found > most {
        return Err(name.bad(key, &found.to_string(), expected));
    }
    Ok(found)
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
        Param {
            key: "tie",
            about: "equals: first or last by job (default first)",
        },
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
    make: |name| {
        Ok(Box::new(Tetris {
            seen: SeenAgents::default(),
            fairness: thousandths(name, "fairness", 250, 999)?,
            barrier: thousandths(name, "barrier", 900, 1000)?,
            weight: thousandths(name, "weight", 1000, 1_000_000)?,
            tie: match name.take("tie").as_deref() {
                None | Some("first") => Equals::First,
                Some("last") => Equals::Last,
                Some(other) => return Err(name.bad("tie", other, "first or last")),
            },
        }))
    },
};
