//! What jobs hold and have left to do, as parts of all there is: what schedulers compare that share a pool among jobs.

use super::OfferView;
use crate::message::JobId;
use crate::resources::{Kind, Resources};
use crate::score::Score;
use crate::time::Span;

/// The agents as they were seen so far: an offer says what is free, and what was free once is there.
#[derive(Debug, Default)]
pub(super) struct SeenAgents {
    totals: Vec<Resources>,
    /// All of them together.
    pub(super) all: Resources,
}

impl SeenAgents {
    /// Takes down what is in hand.
    pub(super) fn see(&mut self, view: &OfferView<'_>) {
        for position in 0..view.len() {
            let (agent, left) = (view.agent(position).index(), view.left(position));
            if self.totals.len() <= agent {
                self.totals.resize(agent + 1, Resources::ZERO);
            }
            let total = self.totals[agent].max(left);
            self.all += total - self.totals[agent];
            self.totals[agent] = total;
        }
    }

    /// All that the agent at `position` has, as far as was seen.
    pub(super) fn total(&self, view: &OfferView<'_>, position: usize) -> Resources {
        self.totals[view.agent(position).index()]
    }
}

/// `part / whole`, and nothing where there is no whole.
pub(super) fn part(part: u64, whole: u64) -> Score {
    let number = |units: u64| i64::try_from(units).unwrap_or(i64::MAX);
    if whole == 0 {
        Score::ZERO
    } else {
        Score::ratio(number(part), number(whole))
    }
}

/// The largest part of `whole` that `some` is, of any kind.
pub(super) fn largest_part(some: Resources, whole: Resources) -> Score {
    let parts = Kind::ALL.map(|kind| part(some.of(kind), whole.of(kind)));
    parts.into_iter().max().unwrap_or(Score::ZERO)
}

/// A time in seconds.
pub(super) fn seconds(span: Span) -> Score {
    let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    Score::ratio(micros, 1_000_000)
}

impl OfferView<'_> {
    /// What the running tasks of a job hold.
    pub(super) fn held_by(&self, job: JobId) -> Resources {
        let stages = self.queue().spec(job).stages.iter().zip(0..);
        let held =
            stages.map(|(spec, stage)| spec.needs.times(self.queue().running(job, stage).into()));
        held.sum()
    }

    /// How many tasks of a stage are not done; all of them before it may start.
    pub(super) fn undone(&self, job: JobId, stage: u32) -> u64 {
        self.queue().undone(job, stage).into()
    }

    /// What a job has left to do as far as its user says: for each task that is not done its run time in seconds times
    /// `size` of what it takes, all as if they began now. `None` when nothing is said of one of them.
    pub(super) fn work_left(&self, job: JobId, size: impl Fn(Resources) -> Score) -> Option<Score> {
        let stages = self.queue().spec(job).stages.iter().zip(0..);
        let mut sum = Score::ZERO;
        for (spec, stage) in stages {
            let tasks = i64::try_from(self.undone(job, stage)).unwrap_or(i64::MAX);
            if tasks > 0 {
                sum = sum + seconds(spec.estimate?) * size(spec.needs) * Score::new(tasks);
            }
        }
        Some(sum)
    }

    /// Starts a job whose tasks start together if there is room for all of them, wherever that is; whether it did.
    pub(super) fn start_whole(&mut self, job: JobId) -> bool {
        let Some((stage, Some(places))) = self.next_whole(job) else {
            return false;
        };
        self.launch_whole(job, stage, &places);
        true
    }
}
