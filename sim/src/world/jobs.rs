//! How far jobs are, and how long their tasks take.
//!
//! A job is as far as its framework knows: a task that finished on an agent which was lost before
//! the report arrived runs again.

use std::sync::Arc;

use fairground_policies::frameworks::{CacheState, FrameworkEvent, TaskPurpose, WorkUnit};
use fairground_policies::id_table::IdTable;
use fairground_policies::job::{JobSpec, StageSpec};
use fairground_policies::message::{AgentId, FrameworkId, JobId, Outcome, TaskId};
use fairground_policies::resources::Resources;
use fairground_policies::time::{Span, Time};
use fairground_workloads::ReadError;
use fairground_workloads::running::{LeftAfter, StagesLeft};
use fairground_workloads::trace::{Runtimes, Work};

use super::job_source::JobSource;
use super::speeds::at_speed;
use super::usable::Usable;
use super::{Item, World};
use crate::record::Recorder;

/// How far the jobs of one framework are.
pub(super) struct Progress<'a> {
    jobs: JobSource<'a>,
    /// How many were submitted.
    submitted: u32,
    /// How far those of several tasks are that were submitted and are not done.
    open: IdTable<Box<Open>>,
    /// What an executor takes, where tasks run in executors.
    executor: Option<Resources>,
    /// The sizes of the agents tasks may run on.
    usable: Vec<Usable>,
    impossible: u64,
}

#[derive(Debug)]
struct Open {
    left: StagesLeft,
    /// Reduce tasks that copy until the last of their parents' tasks is done.
    copying: Vec<Copying>,
}

#[derive(Clone, Copy, Debug)]
struct Copying {
    task: TaskId,
    unit: WorkUnit,
    /// When it has copied what there is.
    copied: Time,
    /// How long this attempt takes, in thousandths of what the work takes.
    pace: u64,
}

impl<'a> Progress<'a> {
    /// The jobs of `work` before any was submitted; `usable` are the sizes of the agents they may
    /// run on.
    pub(super) fn new(jobs: JobSource<'a>, work: &Work, usable: &[Usable]) -> Self {
        let executor = match work {
            Work::Executors { needs, .. } => Some(*needs),
            Work::Batch(_) | Work::Service(_) => None,
        };
        Self {
            jobs,
            submitted: 0,
            open: IdTable::new(),
            executor,
            usable: usable.to_vec(),
            impossible: 0,
        }
    }

    /// When the next job is to be submitted that waits for no other, if more will come.
    pub(super) fn next_submission(&self) -> Option<Time> {
        self.jobs.next_submission()
    }

    /// Writes the rows of all jobs that are not written, those never submitted too.
    pub(super) fn finish(
        self,
        framework: FrameworkId,
        record: &mut Recorder,
    ) -> Result<(), ReadError> {
        record.impossible(framework, self.impossible);
        self.jobs.finish(framework, self.submitted, record)
    }

    /// What was measured that the tasks of a job that is not over used, in millionths of what they had.
    pub(super) fn measured_use(&self, job: JobId) -> Option<u32> {
        self.jobs.job(job).used
    }

    /// The jobs whose users submit them before any other ended, with their times.
    pub(super) fn begin(&mut self) -> Vec<(Time, JobId)> {
        self.jobs.begin()
    }

    /// How far a job of several tasks is that is not done.
    fn open(&mut self, job: JobId) -> Option<&mut Open> {
        self.open.get_mut(job.0.into()).map(Box::as_mut)
    }
}

/// Whether from now on every task fits on some agent, and every stage that starts `together` on all of them.
fn is_possible(
    spec: &JobSpec,
    together: bool,
    executor: Option<Resources>,
    (usable, now): (&[Usable], Time),
) -> bool {
    let lasts = |one: &&Usable| one.until.is_none_or(|until| now < until);
    let fits = |needs: Resources, one: &Usable| !needs.is_zero() && needs.fits_in(one.size);
    let suits = |stage: &StageSpec, one: &&Usable| lasts(one) && stage.may_run_on(&one.words);
    let rooms = |stage: &StageSpec| -> u64 {
        let room = |one: &Usable| stage.needs.times_in(one.size).unwrap_or(0) * one.count;
        usable
            .iter()
            .filter(|one| suits(stage, one))
            .map(room)
            .sum()
    };
    let mut stages = spec.stages.iter();
    match executor {
        Some(needs) => usable.iter().filter(lasts).any(|one| fits(needs, one)),
        None if together => stages.all(|stage| rooms(stage) >= u64::from(stage.tasks)),
        None => stages.all(|stage| {
            let mut usable = usable.iter();
            usable.any(|one| suits(stage, &one) && fits(stage.needs, one))
        }),
    }
}

impl<'a> World<'a> {
    fn progress(&mut self, framework: FrameworkId) -> &mut Progress<'a> {
        &mut self.progress[framework.index()]
    }

    /// Submits the next job of a framework, unless it could never run, and arranges the one after.
    pub(super) fn submit_next(&mut self, framework: FrameworkId) {
        let now = self.now;
        let progress = &mut self.progress[framework.index()];
        let id = JobId(progress.submitted);
        progress.submitted += 1;
        if let Err(error) = progress.jobs.submit(id, now) {
            self.failed = Some(error);
            return;
        }
        self.liveness.open += 1;
        match progress.next_submission() {
            Some(at) => self.agenda.push(at, Item::NextJob(framework)),
            None => self.liveness.open -= 1,
        }
        self.submitted(framework, id);
    }

    /// Arranges the submission of jobs that waited for others, by their numbers in the trace.
    pub(super) fn follow_up(&mut self, framework: FrameworkId, jobs: Vec<(Time, JobId)>) {
        for (at, job) in jobs {
            self.liveness.open += 1;
            self.liveness.thinking += 1;
            self.agenda.push(at, Item::Waited(framework, job));
        }
    }

    /// Submits a job that waited for another.
    pub(super) fn submit_waiting(&mut self, framework: FrameworkId, job: JobId) {
        let now = self.now;
        self.liveness.thinking -= 1;
        let progress = &mut self.progress[framework.index()];
        let id = JobId(progress.submitted);
        progress.submitted += 1;
        progress.jobs.submit_waiting(job, now);
        self.submitted(framework, id);
    }

    /// A job is there: its framework is told of it, unless it could never run.
    fn submitted(&mut self, framework: FrameworkId, id: JobId) {
        let now = self.now;
        let progress = &mut self.progress[framework.index()];
        self.liveness.moves(now);
        let spec = progress.jobs.spec(id);
        let together = self.frameworks[framework.index()].starts_together(spec);
        let possible = is_possible(spec, together, progress.executor, (&progress.usable, now));
        let tasks = spec.tasks();
        self.record.framework(framework).due += u64::from(spec.deadline.is_some());
        if possible && tasks > 0 {
            if tasks > 1 {
                let open = Open {
                    left: StagesLeft::of(spec),
                    copying: Vec::new(),
                };
                progress.open.insert(id.0.into(), Box::new(open));
            }
            let spec = Arc::clone(spec);
            self.tell_framework(framework, FrameworkEvent::JobSubmitted(id, spec));
            return;
        }
        if possible {
            let outcome = progress.jobs.outcome(id);
            outcome.start(self.now);
            outcome.finish(self.now);
            self.job_done(framework, id);
        } else {
            progress.impossible += 1;
            self.job_over(framework, id);
        }
    }

    /// Nothing more will become of a job.
    fn job_over(&mut self, framework: FrameworkId, id: JobId) {
        self.liveness.open -= 1;
        let jobs = &mut self.progress[framework.index()].jobs;
        match jobs.over(framework, id, self.now, &mut self.record) {
            Ok(next) => self.follow_up(framework, next),
            Err(error) => self.failed = Some(error),
        }
    }

    /// The same unit by the number of its job in the trace, which no policy changes.
    pub(super) fn in_trace(&self, framework: FrameworkId, unit: WorkUnit) -> WorkUnit {
        let job = self.progress[framework.index()].jobs.source(unit.job);
        WorkUnit { job, ..unit }
    }

    pub(super) fn is_gang(&self, framework: FrameworkId, job: JobId) -> bool {
        let jobs = &self.progress[framework.index()].jobs;
        jobs.spec(job).gang
    }

    /// A task of a job starts on its agent. When it will end, if that is known.
    pub(super) fn piece_started(
        &mut self,
        agent: AgentId,
        framework: FrameworkId,
        task: TaskId,
        unit: WorkUnit,
    ) -> Option<Time> {
        let begun = self.now + self.costs.start();
        let speed = self.speed(framework, task);
        let kept = self.costs.kept(framework, self.in_trace(framework, unit));
        let pace = self
            .costs
            .attempt(framework, self.in_trace(framework, unit));
        let progress = &mut self.progress[framework.index()];
        progress.jobs.outcome(unit.job).start(self.now);
        let job = progress.jobs.job(unit.job);
        let stage = &job.spec.stages[unit.stage as usize];
        let local = stage.is_local(unit.index, agent);
        let runtimes = job.runtimes(unit.stage as usize);
        if !stage.preferred.is_empty() {
            self.record.placed(framework, local);
        }
        if let Runtimes::Reduce { copy, .. } = runtimes
            && let Some(open) = progress.open.get_mut(unit.job.0.into())
            && !open.left.parents_done(stage)
        {
            let takes = copy[unit.index as usize].scaled(pace, 1000);
            let copied = begun + at_speed(takes, speed);
            open.copying.push(Copying {
                task,
                unit,
                copied,
                pace,
            });
            return None;
        }
        let takes = runtimes.alone(unit.index, local).scaled(pace, 1000);
        Some(begun + at_speed(takes.saturating_sub(kept), speed))
    }

    /// A task of a job starts inside an executor; how long it takes.
    pub(super) fn work_started(
        &mut self,
        framework: FrameworkId,
        executor: TaskId,
        unit: WorkUnit,
        cache: CacheState,
    ) -> Span {
        let speed = self.speed(framework, executor);
        let now = self.now;
        let pace = self
            .costs
            .attempt(framework, self.in_trace(framework, unit));
        let jobs = &mut self.progress(framework).jobs;
        jobs.outcome(unit.job).start(now);
        let job = jobs.job(unit.job);
        let runtimes = job.runtimes(unit.stage as usize);
        let takes = runtimes.inside(unit.index, cache).scaled(pace, 1000);
        at_speed(takes, speed)
    }

    /// Follows what a framework is about to learn of its jobs.
    pub(super) fn follow(&mut self, framework: FrameworkId, event: &FrameworkEvent) {
        match *event {
            FrameworkEvent::Reported { task, outcome } => {
                self.follow_report(framework, task, outcome);
            }
            FrameworkEvent::WorkFinished { executor, unit }
                if self.frameworks[framework.index()]
                    .purpose(executor)
                    .is_some() =>
            {
                self.counts(framework, executor, Some(unit));
                self.piece_done(framework, unit, 1);
            }
            _ => {}
        }
    }

    /// Follows the end of a task. One that another attempt has beaten is lost with that one's end: its job
    /// may be over when its own is reported.
    fn follow_report(&mut self, framework: FrameworkId, task: TaskId, outcome: Outcome) {
        let page = &self.frameworks[framework.index()];
        let (purpose, beaten) = (page.purpose(task), page.is_beaten(task));
        let (other, copy) = page.standing(task);
        let worked = self.doubled.remove(&(framework, task));
        let in_vain = beaten && outcome == Outcome::Finished;
        let counted = if in_vain { Outcome::Killed } else { outcome };
        let tasks = match purpose {
            Some(TaskPurpose::WorkUnit(unit)) if !beaten => page.at_once(unit),
            _ => 1,
        };
        self.record.reported(framework, counted, tasks);
        if in_vain {
            self.record.framework(framework).work_lost += worked.unwrap_or_default();
        }
        // Work inside an executor that ends is lost with it, unless its end was heard of before.
        let inside = page.work_of(task);
        let Some(TaskPurpose::WorkUnit(unit)) = purpose else {
            if let Some(unit) = inside {
                self.progress(framework).jobs.outcome(unit.job).lose(1);
            }
            return;
        };
        if beaten {
            return;
        }
        if outcome != Outcome::Finished {
            self.progress(framework).jobs.outcome(unit.job).lose(tasks);
            return;
        }
        if other {
            self.progress(framework).jobs.outcome(unit.job).lose(tasks);
        }
        self.record.framework(framework).copies_won += u64::from(copy);
        self.counts(framework, task, None);
        self.piece_done(framework, unit, tasks);
    }

    /// Of all attempts at a task it is this whose end counts.
    fn counts(&mut self, framework: FrameworkId, task: TaskId, inside: Option<WorkUnit>) {
        if let Some(attempts) = self.record.attempts() {
            attempts.counts(framework, task, inside);
        }
    }

    /// A task of a job is done, or so many as one.
    fn piece_done(&mut self, framework: FrameworkId, unit: WorkUnit, tasks: u32) {
        let now = self.now;
        self.liveness.moves(now);
        self.costs.done(framework, self.in_trace(framework, unit));
        let progress = self.progress(framework);
        if let Some(open) = progress.open(unit.job) {
            match open.left.done(unit.stage, tasks) {
                LeftAfter::Nothing => return,
                LeftAfter::StageOver => {
                    self.end_copying(framework, unit.job);
                    return;
                }
                LeftAfter::JobOver => {}
            }
            progress.open.remove(unit.job.0.into());
        }
        progress.jobs.outcome(unit.job).finish(now);
        self.job_done(framework, unit.job);
    }

    /// All tasks of a job are done.
    fn job_done(&mut self, framework: FrameworkId, id: JobId) {
        let jobs = &self.progress[framework.index()].jobs;
        if let Some(deadline) = jobs.spec(id).deadline {
            let on_time = self.now <= jobs.submitted(id) + deadline;
            self.record.framework(framework).on_time += u64::from(on_time);
        }
        self.job_over(framework, id);
    }

    /// Lets reduce tasks go on whose parents are all done.
    fn end_copying(&mut self, framework: FrameworkId, id: JobId) {
        let now = self.now;
        let progress = &mut self.progress[framework.index()];
        let job = progress.jobs.job(id);
        let open = progress.open.get_mut(id.0.into()).expect("a job not done");
        let mut free = Vec::new();
        let waiting = std::mem::take(&mut open.copying);
        for copying in waiting {
            if open
                .left
                .parents_done(&job.spec.stages[copying.unit.stage as usize])
            {
                free.push(copying);
            } else {
                open.copying.push(copying);
            }
        }
        let due = |one: Copying| {
            let Runtimes::Reduce { work, .. } = job.runtimes(one.unit.stage as usize) else {
                return None;
            };
            let work = work[one.unit.index as usize].scaled(one.pace, 1000);
            Some((one.task, one.unit, one.copied.max(now), work))
        };
        let due: Vec<_> = free.into_iter().filter_map(due).collect();
        for (task, unit, copied, work) in due {
            let work = at_speed(work, self.speed(framework, task));
            self.works(framework, task, unit, copied + work);
        }
    }
}
