//! What starts whole: all tasks of a stage at once, of a rigid one as one.

use super::{OfferView, TaskPlaces};
use crate::job_queue::WorkUnit;
use crate::message::JobId;
use crate::resources::Resources;

impl OfferView<'_> {
    /// The next stage of `job` that may start, and where all tasks of it that wait would run, so many on the
    /// offers at these positions: nowhere if there is no room for all of them, or if some of it still runs.
    pub fn next_whole(&self, job: JobId) -> Option<(u32, Option<TaskPlaces>)> {
        let (stage, _) = self.queue.ready_stages(job).next()?;
        let (needs, mut left) = self.waiting(job, stage);
        let mut places = Vec::new();
        for position in 0..self.len() {
            let room = needs.times_in(self.room(position, job, stage));
            let room = room.unwrap_or(u64::MAX).min(left);
            if room > 0 {
                left -= room;
                places.push((position, room));
            }
        }
        // After a loss, the rest of a gang is being ended.
        let whole = left == 0 && self.queue.running(job, stage) == 0;
        Some((stage, whole.then_some(places)))
    }

    /// Launches so many waiting tasks of one stage on the offers at these positions, which must have room for
    /// them. Of a [rigid](crate::job::StageSpec::rigid) stage these are all, and what they are as one.
    pub fn launch_whole(
        &mut self,
        job: JobId,
        stage: u32,
        places: &[(usize, u64)],
    ) -> Option<WorkUnit> {
        let spec = &self.queue.spec(job).stages[stage as usize];
        if spec.rigid {
            let needs = spec.needs;
            let unit = self.queue.take_from(job, stage)?;
            self.place_gang(unit, needs, places.to_vec());
            return Some(unit);
        }
        for (position, tasks) in places {
            for _ in 0..*tasks {
                self.launch_stage(*position, job, stage);
            }
        }
        None
    }

    pub(super) fn place_gang(&mut self, unit: WorkUnit, needs: Resources, places: TaskPlaces) {
        for (position, tasks) in &places {
            let held = &mut self.offers[*position];
            held.left -= needs.times(*tasks);
            held.has_gang = true;
        }
        self.gangs.push((unit, places));
    }
}
