//! Which tasks may go on an agent next.

use super::Tetris;
use crate::message::JobId;
use crate::resources::Resources;
use crate::schedulers::OfferView;
use crate::schedulers::workload::all_parts;
use crate::score::Score;

/// A task that fits on an agent.
pub(super) struct Candidate {
    pub(super) job: JobId,
    pub(super) stage: u32,
    pub(super) nearly_done: bool,
    pub(super) alignment: Score,
    pub(super) left: Option<Score>,
}

impl Tetris {
    /// The jobs furthest below their fair share: so many of them as the knob leaves in.
    fn poorest(&self, view: &OfferView<'_>) -> Vec<JobId> {
        let mut jobs: Vec<JobId> = view.queue().ready().collect();
        jobs.sort_by_cached_key(|job| (self.seen.share_of(view, *job), view.queue().tie(*job)));
        let left_in = jobs.len() as u64 * u64::from(1000 - self.fairness);
        jobs.truncate(left_in.div_ceil(1000).max(1) as usize);
        jobs
    }

    /// The tasks that fit on the agent at `position`, one of each stage: of the poorest jobs, and of all where none of
    /// theirs does, as nobody waits for what they cannot use.
    pub(super) fn candidates(&self, view: &OfferView<'_>, position: usize) -> Vec<Candidate> {
        let found = self.fitting(view, position, self.poorest(view));
        if found.is_empty() {
            return self.fitting(view, position, view.ready_jobs(false));
        }
        found
    }

    fn fitting(&self, view: &OfferView<'_>, position: usize, jobs: Vec<JobId>) -> Vec<Candidate> {
        let free = view.left(position);
        let size = |needs: Resources| all_parts(needs, self.seen.all);
        let mut found = Vec::new();
        for job in jobs {
            let spec = view.queue().spec(job);
            for (stage, _) in view.queue().ready_stages(job) {
                let one = &spec.stages[stage as usize];
                if spec.gang || !one.needs.fits_in(free) {
                    continue;
                }
                let done = u64::from(one.tasks) - view.undone(job, stage);
                let mut others = spec.stages.iter();
                let waited_for = others.any(|other| other.parents.contains(&stage));
                found.push(Candidate {
                    job,
                    stage,
                    nearly_done: waited_for
                        && done * 1000 >= u64::from(one.tasks) * u64::from(self.barrier),
                    alignment: self.seen.alignment(view, position, one.needs),
                    left: view.work_left(job, size),
                });
            }
        }
        found
    }
}
