//! The rows of the table of tasks: what the books say of each end, with what its job says.

use std::collections::BTreeMap;

use fairground_policies::frameworks::{TaskPurpose, WorkUnit};
use fairground_policies::message::{FrameworkId, JobId, Outcome, TaskId};
use fairground_policies::time::Time;

use super::Done;
use crate::run::{JobTable, TaskKind, TaskRow};

/// A stage of a job of a framework.
type StageId = (FrameworkId, JobId, u32);

/// A row for every end, in order.
pub(super) fn rows(jobs: &JobTable, done: Vec<Done>) -> Vec<TaskRow> {
    let mut ends: BTreeMap<StageId, Time> = BTreeMap::new();
    for one in &done {
        if let (TaskPurpose::WorkUnit(unit), Outcome::Finished) = (one.purpose, one.outcome) {
            let end = ends.entry(stage_of(one.framework, unit)).or_default();
            *end = one.ended.max(*end);
        }
    }
    // In the order in which they began: a copy may be done before what it is a copy of.
    let mut attempts: BTreeMap<(StageId, u32), Vec<(Time, TaskId)>> = BTreeMap::new();
    for one in &done {
        if let TaskPurpose::WorkUnit(unit) = one.purpose {
            let all = attempts.entry((stage_of(one.framework, unit), unit.index));
            all.or_default().push((one.started, one.task));
        }
    }
    for all in attempts.values_mut() {
        all.sort_unstable();
    }
    let row = |one: Done| {
        let TaskPurpose::WorkUnit(unit) = one.purpose else {
            return plain(&one);
        };
        let stage = stage_of(one.framework, unit);
        let all = &attempts[&(stage, unit.index)];
        let attempt = all.partition_point(|other| *other <= (one.started, one.task));
        let job = jobs.job(one.framework, unit.job);
        let spec = job.map(|job| &job.spec.stages[unit.stage as usize]);
        let parents = spec.into_iter().flat_map(|spec| &spec.parents);
        let ready = parents.filter_map(|parent| ends.get(&(stage.0, stage.1, *parent)));
        let submitted = job.map(|job| job.submitted);
        let prefers = spec.filter(|spec| !spec.preferred.is_empty());
        TaskRow {
            unit: Some((unit.job, unit.stage, unit.index)),
            attempt: Some(attempt as u32),
            submitted,
            ready: ready.copied().chain(submitted).max(),
            local: prefers.map(|spec| spec.is_local(unit.index, one.agent)),
            ..plain(&one)
        }
    };
    done.into_iter().map(row).collect()
}

const fn stage_of(framework: FrameworkId, unit: WorkUnit) -> StageId {
    (framework, unit.job, unit.stage)
}

/// What is said of any of them.
const fn plain(one: &Done) -> TaskRow {
    let kind = match one.purpose {
        TaskPurpose::WorkUnit(_) if one.inside => TaskKind::Inside,
        TaskPurpose::WorkUnit(_) => TaskKind::Task,
        TaskPurpose::Executor => TaskKind::Executor,
        TaskPurpose::Instance => TaskKind::Instance,
    };
    TaskRow {
        framework: one.framework,
        kind,
        task: one.task,
        unit: None,
        attempt: None,
        agent: one.agent,
        needs: one.needs,
        submitted: None,
        ready: None,
        started: one.started,
        ended: one.ended,
        outcome: one.outcome,
        local: None,
    }
}
