//! Jobs of one task that runs anywhere: most of many traces. They have no stages that wait for each other and no places to
//! look for, so that they come and start by a change of what waits of their size, and all that is done for others is
//! done for nothing.

use super::job::QueuedJob;
use super::{JobQueue, WorkUnit, live};
use crate::job::JobSpec;
use crate::message::{Demand, JobId};
use crate::resources::Resources;

/// Whether a job is one task that starts by itself, and anywhere.
pub(super) fn is_lone(spec: &JobSpec) -> bool {
    match &spec.stages[..] {
        [stage] => {
            let runs_anywhere = stage.preferred.is_empty() && stage.asks.is_none();
            stage.tasks == 1 && runs_anywhere && !stage.rigid && !spec.gang
        }
        _ => false,
    }
}

impl JobQueue {
    /// Takes in a job of one task.
    pub(super) fn submit_lone(&mut self, id: JobId, mut job: QueuedJob) {
        job.stages.release_only(&job.spec);
        let needs = job.spec.stages[0].needs;
        let place = (job.key(self.by, id, 0), id);
        self.jobs.insert(id.0.into(), job);
        let size = self.sizes.get(needs);
        size.jobs.insert(place);
        size.waiting += 1;
        self.waiting += 1;
        self.new_work = true;
        if self.by.is_first_come() {
            self.changes.came_last(Demand { needs, count: 1 });
        } else {
            self.changes.forget();
        }
    }

    /// Starts the task of a job of one, if it waits and fits into `room`.
    pub(super) fn take_lone(&mut self, id: JobId, room: Resources) -> Option<WorkUnit> {
        let job = live(&mut self.jobs, id);
        let place = (job.place(self.by, id)?, id);
        let spec = &job.spec.stages[0];
        if !spec.needs.fits_in(room) {
            return None;
        }
        job.running = 1;
        job.stages.all_mut()[0].take(0, spec);
        let size = self.sizes.get(spec.needs);
        size.jobs.remove(&place);
        size.waiting -= 1;
        self.waiting -= 1;
        self.changes.moved(self.by.order);
        Some(WorkUnit {
            job: id,
            stage: 0,
            index: 0,
        })
    }
}
