//! How much later a job is done than on an equal part of the pool.

use crate::message::JobId;
use crate::resources::Resources;
use crate::schedulers::OfferView;
use crate::schedulers::workload::{SeenAgents, largest_part, seconds, sum};
use crate::score::Score;
use crate::time::Time;

/// What a job's finish-time fairness follows from.
pub(super) struct FinishTime {
    /// Seconds since its submission.
    since: Score,
    /// What is left to do, in seconds of the whole pool, and its longest chain in seconds.
    left: Score,
    chain: Score,
    /// Seconds on an equal part of the pool.
    alone: Score,
}

impl FinishTime {
    /// What is said of a job, and what it was given.
    pub(super) fn of(now: Time, view: &OfferView<'_>, seen: &SeenAgents, job: JobId) -> Self {
        let queue = view.queue();
        let size = |needs: Resources| largest_part(needs, seen.all);
        let spec = queue.spec(job);
        let whole = spec.stages.iter().map(|stage| {
            let tasks = Score::new(stage.tasks.into());
            Some(seconds(stage.estimate?) * size(stage.needs) * tasks)
        });
        let all = whole
            .collect::<Option<Vec<Score>>>()
            .map_or(Score::ZERO, sum);
        let longest = spec.estimate().map_or(Score::ZERO, seconds);
        Self {
            since: seconds(now.since(queue.submitted(job))),
            left: view.work_left(job, size).unwrap_or(Score::ZERO),
            chain: queue.remaining(job).map_or(Score::ZERO, seconds),
            alone: (all * Score::new(i64::try_from(queue.live()).unwrap_or(i64::MAX))).max(longest),
        }
    }

    /// rho where it holds this part of the pool.
    pub(super) fn at(&self, held: Score) -> Score {
        if self.alone == Score::ZERO {
            return Score::ZERO;
        }
        let left = (self.left / held).max(self.chain);
        (self.since + left) / self.alone
    }

    /// How long it has waited for its size, for who holds nothing.
    pub(super) fn waited(&self) -> Score {
        if self.alone == Score::ZERO {
            return Score::ZERO;
        }
        self.since / self.alone
    }
}
