//! How far the jobs of one framework are, and how long their tasks take.

use std::collections::BTreeMap;

use fairground_policies::frameworks::{CacheState, WorkUnit};
use fairground_policies::job::StageSpec;
use fairground_policies::message::{AgentId, FrameworkId, JobId, TaskId};
use fairground_policies::time::{Span, Time};
use fairground_workloads::measured::MeasuredJob;
use fairground_workloads::running::{LeftAfter, StagesLeft};
use fairground_workloads::trace::{Job, Jobs, Runtimes, Work};

/// Jobs by their numbers, and what became of them.
#[derive(Debug)]
pub(super) struct Progress {
    jobs: Jobs,
    next: u32,
    open: BTreeMap<JobId, Open>,
    measured: Vec<MeasuredJob>,
    /// Jobs that are done.
    done: u64,
}

#[derive(Debug)]
struct Open {
    left: StagesLeft,
    /// Reduce tasks that copied and wait for the last of their maps, with their stages.
    copied: Vec<(TaskId, u32)>,
}

/// How long a task is to work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum BurnPlan {
    /// At once, for so long.
    Plain(Span),
    /// Copy for so long; work for so long once all maps are done.
    Reduce(Span, Span),
}

/// All of them in single tasks: Mesos' API has none on several agents.
pub(super) fn jobs_of(work: &Work) -> Jobs {
    match work {
        Work::Batch(jobs) | Work::Executors { jobs, .. } => jobs.apart(),
        Work::Service(_) => Jobs::default(),
    }
}

impl Progress {
    pub(super) fn new(framework: FrameworkId, work: &Work) -> Self {
        let jobs = jobs_of(work);
        let measured = jobs.iter().map(|job| MeasuredJob {
            framework,
            job: job.id,
            label: job.label.to_owned(),
            tasks: job.spec.tasks(),
            submitted: job.submitted,
            started: None,
            finished: None,
            lost: 0,
        });
        Self {
            measured: measured.collect(),
            jobs,
            next: 0,
            open: BTreeMap::new(),
            done: 0,
        }
    }

    /// When the next job is to be submitted.
    pub(super) fn next_submission(&self) -> Option<Time> {
        let is_left = (self.next as usize) < self.jobs.len();
        is_left.then(|| self.jobs.get(JobId(self.next)).submitted)
    }

    /// Whether nothing is to come and nothing is left to do.
    pub(super) fn is_over(&self) -> bool {
        self.next as usize == self.jobs.len() && self.open.is_empty()
    }

    /// The next job, to be submitted now; `None` when it has nothing to do.
    pub(super) fn submit(&mut self, now: Time) -> Option<Job<'_>> {
        let job = self.jobs.get(JobId(self.next));
        let row = &mut self.measured[job.id.index()];
        self.next += 1;
        row.submitted = now;
        if job.spec.tasks() == 0 {
            (row.started, row.finished) = (Some(now), Some(now));
            self.done += 1;
            return None;
        }
        let open = Open {
            left: StagesLeft::of(job.spec),
            copied: Vec::new(),
        };
        self.open.insert(job.id, open);
        Some(job)
    }

    fn stage(&self, unit: WorkUnit) -> (&StageSpec, Runtimes<&[Span]>) {
        let job = self.jobs.get(unit.job);
        let stage = unit.stage as usize;
        (&job.spec.stages[stage], job.runtimes(stage))
    }

    /// How long a task takes on an agent, by the trace's clock.
    pub(super) fn burn_plan(&self, unit: WorkUnit, agent: AgentId) -> BurnPlan {
        let (stage, runtimes) = self.stage(unit);
        let index = unit.index as usize;
        match runtimes {
            Runtimes::Reduce { copy, work } => BurnPlan::Reduce(copy[index], work[index]),
            other => BurnPlan::Plain(other.alone(unit.index, stage.is_local(unit.index, agent))),
        }
    }

    /// How long it takes inside an executor, by the trace's clock.
    pub(super) fn work(&self, unit: WorkUnit, cache: CacheState) -> Span {
        self.stage(unit).1.inside(unit.index, cache)
    }

    /// A task runs.
    pub(super) fn started(&mut self, unit: WorkUnit, now: Time) {
        self.measured[unit.job.index()].started.get_or_insert(now);
    }

    /// An attempt at a task was lost, killed, or failed.
    pub(super) fn lost(&mut self, unit: WorkUnit) {
        self.measured[unit.job.index()].lost += 1;
    }

    /// A reduce task has copied what there is; whether it may go on at once.
    pub(super) fn copied(&mut self, task: TaskId, unit: WorkUnit) -> bool {
        let stage = &self.jobs.get(unit.job).spec.stages[unit.stage as usize];
        let Some(open) = self.open.get_mut(&unit.job) else {
            return true;
        };
        if open.left.parents_done(stage) {
            return true;
        }
        open.copied.push((task, unit.stage));
        false
    }

    /// A task is done; the reduce tasks that may go on now.
    pub(super) fn done(&mut self, unit: WorkUnit, now: Time) -> Vec<TaskId> {
        let job = self.jobs.get(unit.job);
        let Some(open) = self.open.get_mut(&unit.job) else {
            return Vec::new();
        };
        if open.left.done(unit.stage, 1) == LeftAfter::JobOver {
            self.open.remove(&unit.job);
            self.measured[unit.job.index()].finished = Some(now);
            self.done += 1;
            return Vec::new();
        }
        let waiting = std::mem::take(&mut open.copied);
        let stages = &job.spec.stages;
        let (free, waiting): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .partition(|(_, stage)| open.left.parents_done(&stages[*stage as usize]));
        open.copied = waiting;
        free.into_iter().map(|(task, _)| task).collect()
    }

    /// How many jobs are done.
    pub(super) const fn done_jobs(&self) -> u64 {
        self.done
    }

    /// The rows of all jobs.
    pub(super) fn finish(self) -> Vec<MeasuredJob> {
        self.measured
    }
}
