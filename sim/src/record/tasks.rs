//! The table of tasks: a row for every launch, with what its job says.

use std::collections::BTreeMap;

use fairground_policies::frameworks::{TaskPurpose, WorkUnit};
use fairground_policies::message::{AgentId, FrameworkId, JobId, TaskId};
use fairground_policies::resources::Resources;
use fairground_policies::time::Time;

use crate::run::{JobTable, TaskEnd, TaskKind, TaskRow};

/// A stage of a job of a framework.
type StageId = (FrameworkId, JobId, u32);

/// An attempt at a task that is over.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    /// Whose task.
    pub framework: FrameworkId,
    /// Which one, or in which executor.
    pub task: TaskId,
    /// Where it ran.
    pub agent: AgentId,
    /// What it, or its executor, used.
    pub needs: Resources,
    /// How many tasks of its stage it is: more than one of a gang that runs as one.
    pub units: u32,
    /// How many of a gang are on agents before this one.
    pub before: u32,
    /// What it is to its framework.
    pub purpose: TaskPurpose,
    /// Whether it ran inside an executor.
    pub inside: bool,
    /// When it started, or was to.
    pub started: Time,
    /// When it ended.
    pub ended: Time,
    /// How.
    pub outcome: TaskEnd,
}

/// What a task has on one agent.
#[derive(Clone, Copy, Debug)]
pub struct OnAgent {
    /// Where.
    pub agent: AgentId,
    /// How much.
    pub needs: Resources,
    /// How many tasks that is.
    pub units: u32,
}

impl OnAgent {
    /// Each with how many of the same gang are on the agents before it.
    pub fn counted(parts: impl IntoIterator<Item = Self>) -> impl Iterator<Item = (Self, u32)> {
        let mut before = 0;
        parts.into_iter().map(move |part| {
            before += part.units;
            (part, before - part.units)
        })
    }
}

/// What becomes of all attempts at tasks.
#[derive(Default, Debug)]
pub struct Attempts {
    /// Those that are over, in order.
    done: Vec<Done>,
    /// What was launched and is not over: every launch has a row in the end.
    open: BTreeMap<(FrameworkId, TaskId), (Vec<OnAgent>, TaskPurpose)>,
    /// Those that ran to their end and of which no framework has heard, by task, or by executor and unit
    /// of work. Only what is heard of counts.
    unheard: BTreeMap<(FrameworkId, TaskId, Option<WorkUnit>), Vec<usize>>,
}

impl Attempts {
    /// The master orders a launch.
    pub fn launched(
        &mut self,
        (framework, task): (FrameworkId, TaskId),
        parts: Vec<OnAgent>,
        purpose: TaskPurpose,
    ) {
        self.open.insert((framework, task), (parts, purpose));
    }

    /// An attempt is over, or a piece of work inside an executor.
    pub fn ended(&mut self, mut done: Done) {
        if !done.inside {
            self.open.remove(&(done.framework, done.task));
        }
        if let (TaskPurpose::WorkUnit(unit), TaskEnd::Finished) = (done.purpose, done.outcome) {
            let inside = done.inside.then_some(unit);
            let place = (done.framework, done.task, inside);
            self.unheard.entry(place).or_default().push(self.done.len());
            done.outcome = TaskEnd::Discarded;
        }
        self.done.push(done);
    }

    /// A framework hears that a task is done, or a piece of work in an executor, as the first of its
    /// attempts.
    pub fn counts(&mut self, framework: FrameworkId, task: TaskId, inside: Option<WorkUnit>) {
        let unheard = self.unheard.remove(&(framework, task, inside));
        for at in unheard.into_iter().flatten() {
            self.done[at].outcome = TaskEnd::Finished;
        }
    }

    /// The order to launch a task came to nobody.
    pub fn unstarted(&mut self, framework: FrameworkId, task: TaskId, now: Time) {
        let Some((parts, purpose)) = self.open.remove(&(framework, task)) else {
            return;
        };
        for (part, before) in OnAgent::counted(parts) {
            self.done.push(Done {
                framework,
                task,
                agent: part.agent,
                needs: part.needs,
                units: part.units,
                before,
                purpose,
                inside: false,
                started: now,
                ended: now,
                outcome: TaskEnd::Unstarted,
            });
        }
    }

    /// A piece of work came to an executor that is gone.
    pub fn work_unstarted(
        &mut self,
        framework: FrameworkId,
        executor: TaskId,
        unit: WorkUnit,
        now: Time,
    ) {
        let is_it = |one: &&Done| (one.framework, one.task) == (framework, executor);
        if let Some(executor) = self.done.iter().rev().find(is_it) {
            self.done.push(Done {
                purpose: TaskPurpose::WorkUnit(unit),
                inside: true,
                started: now,
                ended: now,
                outcome: TaskEnd::Unstarted,
                ..*executor
            });
        }
    }

    /// The run is over: what was ordered comes no more.
    pub fn close(&mut self, now: Time) {
        while let Some((&(framework, task), _)) = self.open.first_key_value() {
            self.unstarted(framework, task, now);
        }
    }

    /// Jobs of a framework have these numbers in the trace.
    pub fn renumber(&mut self, framework: FrameworkId, order: &[JobId]) {
        for done in &mut self.done {
            if let TaskPurpose::WorkUnit(unit) = &mut done.purpose
                && done.framework == framework
            {
                unit.job = order[unit.job.index()];
            }
        }
    }

    /// A row each, in order.
    pub(super) fn rows(self, jobs: &JobTable) -> Vec<TaskRow> {
        rows(jobs, self.done)
    }
}

fn rows(jobs: &JobTable, done: Vec<Done>) -> Vec<TaskRow> {
    let mut ends: BTreeMap<StageId, Time> = BTreeMap::new();
    for one in &done {
        if let (TaskPurpose::WorkUnit(unit), TaskEnd::Finished) = (one.purpose, one.outcome) {
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
        // A gang that runs as one has a row an agent.
        all.dedup();
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
            unit: Some((unit.job, unit.stage, unit.index + one.before)),
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
        tasks: one.units,
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
