//! One job that is not done.

use std::sync::Arc;

use super::JobStanding;
use super::order::Precedence;
use super::stages::QueuedStages;
use crate::job::JobSpec;
use crate::message::JobId;
use crate::resources::Resources;
use crate::time::Time;

/// One job: of one stage, nothing was looked at since it started when it ends, so all of it is one line of a cache.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct QueuedJob {
    /// Whether it is [one task that runs anywhere](super::lone).
    pub(super) is_lone: bool,
    pub(super) spec: Arc<JobSpec>,
    pub(super) stages: QueuedStages,
    pub(super) submitted: Time,
    pub(super) running: u32,
}

impl QueuedJob {
    pub(super) fn may_start(&self, stage: usize) -> bool {
        let spec = &self.spec.stages[stage];
        let parents = || spec.parents.iter().map(|parent| *parent as usize);
        let tasks: u64 = parents()
            .map(|p| u64::from(self.spec.stages[p].tasks))
            .sum();
        let stages = self.stages.all();
        let done: u64 = parents().map(|p| u64::from(stages[p].finished)).sum();
        let enough = done * 1000 >= tasks * u64::from(spec.start_after);
        enough && parents().all(|p| stages[p].released)
    }

    pub(super) fn is_done(&self) -> bool {
        let mut stages = self.stages.all().iter().zip(&self.spec.stages);
        stages.all(|(stage, spec)| stage.finished == spec.tasks)
    }

    /// Where it stands among those with waiting tasks, if it has any.
    pub(super) fn place(&self, by: Precedence, job: JobId) -> Option<(u64, u64)> {
        (!self.stages.ready().is_empty()).then(|| self.key(by, job, self.running))
    }

    /// What each of its tasks takes: where it has one stage of single tasks, which run anywhere.
    pub(super) fn only_size(&self) -> Option<Resources> {
        match &self.spec.stages[..] {
            [stage] if !stage.rigid && stage.asks.is_none() => Some(stage.needs),
            _ => None,
        }
    }

    /// Where it would stand if so many of its tasks ran.
    pub(super) fn key(&self, by: Precedence, job: JobId, running: u32) -> (u64, u64) {
        by.key(&JobStanding {
            job,
            spec: &self.spec,
            submitted: self.submitted,
            running,
        })
    }

    /// The stages that only tasks of `parent` hold back, or would: what their tasks take, and how many
    /// wait. Asked when none of `parent` waits.
    pub(super) fn behind(&self, parent: u32) -> impl Iterator<Item = (Resources, u32)> {
        let stages = self.stages.all().iter().zip(&self.spec.stages);
        let behind = stages.enumerate().filter(move |(child, (stage, spec))| {
            // Of a released stage, so that stages behind a barrier cost no look at their parents.
            stage.waiting > 0 && spec.parents.contains(&parent) && !self.is_held_back(*child as u32)
        });
        behind.map(|(_, (stage, spec))| (spec.needs, stage.waiting))
    }

    /// Whether tasks of a parent wait: a stage that may start early must not take their places and
    /// then wait for them for ever. So no reduce starts before the last map has, whatever the
    /// slow start: the model leaves out Hadoop's preemption of reduces by maps.
    pub(super) fn is_held_back(&self, stage: u32) -> bool {
        let mut parents = self.spec.stages[stage as usize].parents.iter();
        parents.any(|parent| self.stages.all()[*parent as usize].waiting > 0)
    }
}
