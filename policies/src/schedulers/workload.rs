//! What jobs hold and have left to do, as parts of all there is: what schedulers compare that share a pool among jobs.
//!
//! No policy but what several of them have in common, and a little longer than one.

use super::OfferView;
use crate::message::JobId;
use crate::name::{BadName, Name};
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

    /// How well a task goes on the agent at `position`: the dot product of what it takes and what is free, as parts of the
    /// agent, as far as it was seen.
    pub(super) fn alignment(
        &self,
        view: &OfferView<'_>,
        position: usize,
        needs: Resources,
    ) -> Score {
        let (free, total) = (
            view.left(position),
            self.totals[view.agent(position).index()],
        );
        let one =
            |kind: Kind| part(needs.of(kind), total.of(kind)) * part(free.of(kind), total.of(kind));
        sum(Kind::ALL.map(one))
    }

    /// The largest part of all there is that a job holds, of any kind.
    pub(super) fn share_of(&self, view: &OfferView<'_>, job: JobId) -> Score {
        largest_part(view.held_by(job), self.all)
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

/// The sum of some numbers.
pub(super) fn sum(some: impl IntoIterator<Item = Score>) -> Score {
    some.into_iter().fold(Score::ZERO, |sum, one| sum + one)
}

/// The parts of `whole` that `some` is, of all kinds together.
pub(super) fn all_parts(some: Resources, whole: Resources) -> Score {
    sum(Kind::ALL.map(|kind| part(some.of(kind), whole.of(kind))))
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

/// A parameter that is a number of thousandths.
pub(super) fn thousandths(
    name: &mut Name,
    key: &str,
    default: u32,
    most: u32,
) -> Result<u32, BadName> {
    let expected = format!("thousandths, at most {most}, as in 250");
    let found = name.take_as(key, &expected)?.unwrap_or(default);
    if found > most {
        return Err(name.bad(key, &found.to_string(), &expected));
    }
    Ok(found)
}

impl OfferView<'_> {
    /// The jobs that wait and whose tasks start together, or those of which they start one by one.
    pub(super) fn ready_jobs(&self, together: bool) -> Vec<JobId> {
        let ready = self.queue().ready();
        ready
            .filter(|job| self.queue().spec(*job).gang == together)
            .collect()
    }

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

    /// How long the longest chain is from the beginning of each stage of a job to its end, as far as its user says.
    pub(super) fn tails(&self, job: JobId) -> Option<Vec<Span>> {
        let stages = &self.queue().spec(job).stages;
        let mut tails = vec![Span::ZERO; stages.len()];
        for (stage, spec) in stages.iter().enumerate().rev() {
            // Children come behind their parents, so that what follows it is known.
            tails[stage] += spec.estimate?;
            let tail = tails[stage];
            for parent in &spec.parents {
                let before = &mut tails[*parent as usize];
                *before = tail.max(*before);
            }
        }
        Some(tails)
    }

    /// Starts what there is room for of a job whose tasks start together, wherever that is.
    pub(super) fn start_whole(&mut self, job: JobId) {
        while let Some((stage, Some(places))) = self.next_whole(job) {
            self.launch_whole(job, stage, &places);
        }
    }
}
