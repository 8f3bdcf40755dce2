//! The jobs of one framework: which tasks wait, which run, which stages may start.

mod demand;
mod job;
mod lone;
mod order;
mod sizes;
mod stages;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::demand::DemandChanges;
pub(crate) use self::demand::{LISTED, LISTED_ONCE, MOST_TO_LISTED};
use self::job::QueuedJob;
use self::order::Precedence;
pub use self::order::{JobOrder, JobStanding, JobTie};
use self::sizes::{JobPlace, Shelf, WaitingSizes, in_order};
use self::stages::{QueuedStage, QueuedStages};
use crate::attributes::AgentAttributes;
use crate::id_table::IdTable;
use crate::job::JobSpec;
use crate::message::{AgentId, JobId};
use crate::resources::Resources;
use crate::time::{Span, Time};

/// One task of one job; of a [rigid](crate::job::StageSpec::rigid) stage all of its tasks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct WorkUnit {
    /// Its job.
    pub job: JobId,
    /// Position of its stage.
    pub stage: u32,
    /// Its position in the stage.
    pub index: u32,
}

/// The jobs of one framework.
#[derive(Debug)]
pub struct JobQueue {
    by: Precedence,
    /// Those that are not done.
    jobs: IdTable<QueuedJob>,
    /// How many jobs with waiting tasks have tasks that start together.
    gangs: u32,
    /// Tasks that wait and may start.
    waiting: u64,
    /// The same by size.
    sizes: WaitingSizes,
    /// The jobs with waiting tasks that stand with no size: those of several stages, rigid ones, those that ask for agents.
    mixed: Shelf,
    /// Whether tasks may start that nobody was told of.
    new_work: bool,
    /// Whether any job ever asked for some agents.
    asks: bool,
    /// Since when jobs have been passing over offers to wait for their data.
    waits: BTreeMap<JobId, Time>,
    /// What became of the demand since it was asked for last.
    changes: DemandChanges,
}

impl JobQueue {
    /// An empty queue.
    pub const fn new(order: JobOrder, tie: JobTie) -> Self {
        Self {
            by: Precedence { order, tie },
            jobs: IdTable::new(),
            gangs: 0,
            waiting: 0,
            sizes: WaitingSizes::new(),
            mixed: Shelf::new(),
            new_work: false,
            asks: false,
            waits: BTreeMap::new(),
            changes: DemandChanges::new(),
        }
    }

    /// Tasks that wait and may start, of all jobs.
    pub const fn waiting(&self) -> u64 {
        self.waiting
    }

    /// Whether tasks came to wait, or may start at last, since this was asked last: what did not suit
    /// the others may suit them.
    pub const fn take_new_work(&mut self) -> bool {
        std::mem::replace(&mut self.new_work, false)
    }

    /// Whether jobs wait whose tasks start together.
    pub const fn has_gangs(&self) -> bool {
        self.gangs > 0
    }

    /// Whether any job asked for some agents, so that those behind it may start before it.
    pub(crate) const fn has_asks(&self) -> bool {
        self.asks
    }

    /// Whether a task as small as `room` may wait; if not, no job needs to be asked.
    pub fn may_fit(&self, room: Resources) -> bool {
        let mut sizes = self.sizes.waiting();
        sizes.any(|size| size.needs.fits_in(room))
    }

    /// The job to be served first of those with a waiting task that fits into `room` on an agent that is so described.
    pub fn first_fitting(&self, room: Resources, described: &AgentAttributes) -> Option<JobId> {
        let alike = self.sizes.waiting();
        let alike = alike.filter(|size| size.needs.fits_in(room));
        let first = alike.filter_map(|size| size.jobs.first()).min().copied();
        let before = |one: &&((u64, u64), JobId)| first.is_none_or(|first| **one < first);
        let mut mixed = self.mixed.iter().take_while(before);
        let mixed = mixed.find(|(_, job)| self.fits(*job, room, described));
        mixed.copied().or(first).map(|(_, job)| job)
    }

    /// Whether any task of `job` that may start fits into `room` on an agent that is so described.
    pub fn fits(&self, job: JobId, room: Resources, described: &AgentAttributes) -> bool {
        let spec = self.spec(job);
        let mut stages = self.ready_stages(job);
        stages.any(|(stage, _)| {
            let stage = &spec.stages[stage as usize];
            stage.needs_at_once().fits_in(room) && stage.may_run_on(described)
        })
    }

    /// Jobs with waiting tasks, in the order they are to be served.
    pub fn ready(&self) -> impl Iterator<Item = JobId> {
        self.places().map(|(_, job)| *job)
    }

    /// The same, with where they stand.
    fn places(&self) -> impl Iterator<Item = &JobPlace> {
        in_order(self.shelves())
    }

    fn shelves(&self) -> impl Iterator<Item = &Shelf> {
        self.sizes.shelves().chain([&self.mixed])
    }

    /// Where a job stands among those that are equal to a scheduler: the least goes first.
    pub fn tie(&self, job: JobId) -> (u64, JobId) {
        (self.by.tie.of(job), job)
    }

    /// The job to be served first.
    pub fn first_ready(&self) -> Option<JobId> {
        let first = self.shelves().filter_map(Shelf::first).min();
        first.map(|(_, job)| *job)
    }

    /// What the framework of a job that is not done was told.
    ///
    /// # Panics
    /// When it is done.
    pub fn spec(&self, job: JobId) -> &JobSpec {
        &self.job(job).spec
    }

    /// When a job that is not done was submitted.
    pub fn submitted(&self, job: JobId) -> Time {
        self.job(job).submitted
    }

    /// How long it is expected to be until a job is done that has all the room it wants: the longest chain of stages
    /// of which tasks wait or run, each as if it began now. `None` when nothing is said of one of them.
    pub fn remaining(&self, job: JobId) -> Option<Span> {
        let job = self.job(job);
        let mut ends: Vec<Span> = Vec::with_capacity(job.spec.stages.len());
        for (stage, spec) in job.stages.all().iter().zip(&job.spec.stages) {
            let parents = spec.parents.iter().map(|parent| ends[*parent as usize]);
            let start = parents.max().unwrap_or_default();
            let over = stage.released && stage.finished == spec.tasks;
            ends.push(if over { start } else { start + spec.estimate? });
        }
        ends.into_iter().max()
    }

    /// The stages of `job` that may start and have waiting tasks, parents first, each with how
    /// many wait.
    pub fn ready_stages(&self, job: JobId) -> impl Iterator<Item = (u32, u32)> {
        let job = self.job(job);
        job.stages
            .ready()
            .iter()
            .filter(|stage| !job.is_held_back(**stage))
            .map(|stage| (*stage, job.stages.all()[*stage as usize].waiting))
    }

    /// How many tasks of one stage run.
    pub fn running(&self, job: JobId, stage: u32) -> u32 {
        self.job(job).stages.all()[stage as usize].running
    }

    /// How many tasks of one stage are not done; all of them before it may start.
    pub fn undone(&self, job: JobId, stage: u32) -> u32 {
        let job = self.job(job);
        let stage = stage as usize;
        job.spec.stages[stage].tasks - job.stages.all()[stage].finished
    }

    /// How many jobs are not done.
    pub const fn live(&self) -> usize {
        self.jobs.len()
    }

    /// How many tasks of one stage wait.
    pub fn waiting_of(&self, job: JobId, stage: u32) -> u32 {
        self.job(job).stages.all()[stage as usize].waiting
    }

    /// Takes in a job. Jobs are numbered in order of submission; numbers may be left out.
    ///
    /// # Panics
    /// When its number was used before.
    pub fn submit(&mut self, id: JobId, spec: Arc<JobSpec>, now: Time) {
        let job = QueuedJob {
            is_lone: lone::is_lone(&spec),
            stages: QueuedStages::new(spec.stages.len()),
            spec,
            submitted: now,
            running: 0,
        };
        if job.is_lone {
            return self.submit_lone(id, job);
        }
        self.asks |= job.spec.asks();
        self.jobs.insert(id.0.into(), job);
        let before = self.changes.take();
        self.release_stages(id);
        self.place(id, None);
        if let Some(before) = before
            && self.by.is_first_come()
        {
            self.came_last(id, before);
        }
    }

    /// Starts a waiting task of `job` that fits into `room` on `agent`, which is so described: of those whose data
    /// is there if `local`, else any.
    pub fn take(
        &mut self,
        job: JobId,
        (agent, described): (AgentId, &AgentAttributes),
        room: Resources,
        local: bool,
    ) -> Option<WorkUnit> {
        let entry = self.job(job);
        if entry.is_lone {
            return self.take_lone(job, room);
        }
        let fits = |stage: &&u32| {
            let spec = &entry.spec.stages[**stage as usize];
            spec.needs_at_once().fits_in(room)
                && spec.may_run_on(described)
                && !entry.is_held_back(**stage)
        };
        let found = entry.stages.ready().iter().filter(fits).find_map(|stage| {
            let tasks = &entry.stages.all()[*stage as usize];
            let index = tasks.next_waiting(local.then_some(agent))?;
            let stage = *stage;
            Some(WorkUnit { job, stage, index })
        });
        found.inspect(|unit| self.start(*unit))
    }

    /// Starts the first waiting task of one stage.
    pub fn take_from(&mut self, job: JobId, stage: u32) -> Option<WorkUnit> {
        let tasks = &self.job(job).stages.all()[stage as usize];
        let index = tasks.next_waiting(None)?;
        let unit = WorkUnit { job, stage, index };
        self.start(unit);
        Some(unit)
    }

    /// Since when `job` has been waiting for its data; sets it when it was not.
    pub fn wait(&mut self, job: JobId, now: Time) -> Time {
        *self.waits.entry(job).or_insert(now)
    }

    /// `job` found its data and begins to wait anew.
    pub fn end_wait(&mut self, job: JobId) {
        self.waits.remove(&job);
    }

    /// A task did its work.
    pub fn finish(&mut self, unit: WorkUnit) {
        let entry = live(&mut self.jobs, unit.job);
        if entry.is_lone {
            return self.over(unit.job);
        }
        let stood = entry.place(self.by, unit.job);
        let spec = &entry.spec.stages[unit.stage as usize];
        let stage = &mut entry.stages.all_mut()[unit.stage as usize];
        stage.running -= spec.at_once();
        stage.finished += spec.at_once();
        if stage.finished == spec.tasks {
            // Nothing of this stage can wait again: its tables are only memory.
            stage.places = None;
        }
        entry.running -= spec.at_once();
        if entry.is_done() {
            self.over(unit.job);
        } else {
            self.changes.moved(self.by.order);
            self.release_stages(unit.job);
            self.place(unit.job, stood);
        }
    }

    /// A task ended without its work done and waits again.
    pub fn requeue(&mut self, unit: WorkUnit) {
        let entry = live(&mut self.jobs, unit.job);
        let stood = entry.place(self.by, unit.job);
        if entry.stages.all()[unit.stage as usize].waiting == 0 {
            // Stages that started early may not go on before it.
            for (needs, tasks) in entry.behind(unit.stage) {
                self.waiting -= u64::from(tasks);
                self.sizes.get(needs).waiting -= u64::from(tasks);
            }
        }
        let spec = &entry.spec.stages[unit.stage as usize];
        entry.stages.all_mut()[unit.stage as usize].give_back(unit.index, spec);
        entry.stages.set_ready(unit.stage, true);
        entry.running -= spec.at_once();
        if !entry.is_held_back(unit.stage) {
            let waiting = u64::from(spec.at_once());
            self.waiting += waiting;
            self.sizes.get(spec.needs).waiting += waiting;
            self.new_work = true;
        }
        self.changes.forget();
        self.place(unit.job, stood);
    }

    /// The stages of `job` with running tasks that started, directly or through others, before all
    /// tasks of `stage` were done.
    pub fn early_children(&self, job: JobId, stage: u32) -> impl Iterator<Item = u32> {
        let entry = self.job(job);
        let mut early = vec![false; entry.spec.stages.len()];
        early[stage as usize] = true;
        // Parents come before their children, so one pass finds grandchildren too.
        for (child, spec) in entry.spec.stages.iter().enumerate() {
            let waits = spec.parents.iter().any(|parent| early[*parent as usize]);
            early[child] |= waits && spec.start_after < 1000;
        }
        let stages = early.into_iter().enumerate().filter(|(_, early)| *early);
        let children = stages
            .map(|(child, _)| child as u32)
            .filter(move |child| *child != stage);
        children.filter(|child| entry.stages.all()[*child as usize].running > 0)
    }

    /// Nothing is left of a job.
    fn over(&mut self, job: JobId) {
        self.jobs.remove(job.0.into());
        if !self.waits.is_empty() {
            self.waits.remove(&job);
        }
    }

    fn job(&self, job: JobId) -> &QueuedJob {
        self.jobs.get(job.0.into()).expect("a job that is not done")
    }

    fn start(&mut self, unit: WorkUnit) {
        let entry = live(&mut self.jobs, unit.job);
        let stood = entry.place(self.by, unit.job);
        let spec = &entry.spec.stages[unit.stage as usize];
        let stage = &mut entry.stages.all_mut()[unit.stage as usize];
        stage.take(unit.index, spec);
        let started = spec.at_once();
        entry.running += started;
        self.waiting -= u64::from(started);
        self.sizes.get(spec.needs).waiting -= u64::from(started);
        self.changes.moved(self.by.order);
        if entry.stages.all()[unit.stage as usize].waiting == 0 {
            entry.stages.set_ready(unit.stage, false);
            for (needs, tasks) in entry.behind(unit.stage) {
                self.waiting += u64::from(tasks);
                self.sizes.get(needs).waiting += u64::from(tasks);
                self.new_work = true;
                self.changes.forget();
            }
        }
        self.place(unit.job, stood);
    }

    /// Moves `job` from where it stood among the ready ones to where it belongs.
    fn place(&mut self, job: JobId, stood: Option<(u64, u64)>) {
        let entry = self.job(job);
        let (belongs, gang) = (entry.place(self.by, job), entry.spec.gang);
        let size = entry.only_size();
        if belongs != stood {
            if gang {
                self.gangs += u32::from(belongs.is_some());
                self.gangs -= u32::from(stood.is_some());
            }
            if let Some(place) = stood {
                self.shelf(size).remove(&(place, job));
            }
            if let Some(place) = belongs {
                self.shelf(size).insert((place, job));
            }
        }
    }

    /// Where jobs stand whose waiting tasks are all of one size, or of several.
    fn shelf(&mut self, size: Option<Resources>) -> &mut Shelf {
        match size {
            Some(needs) => &mut self.sizes.get(needs).jobs,
            None => &mut self.mixed,
        }
    }

    /// Lets stages start whose parents are far enough.
    fn release_stages(&mut self, job: JobId) {
        let entry = live(&mut self.jobs, job);
        for stage in 0..entry.spec.stages.len() {
            if entry.stages.all()[stage].released || !entry.may_start(stage) {
                continue;
            }
            let spec = &entry.spec.stages[stage];
            entry.stages.all_mut()[stage] = QueuedStage::released(spec);
            if spec.tasks > 0 {
                entry.stages.set_ready(stage as u32, true);
            }
            if !entry.is_held_back(stage as u32) {
                self.waiting += u64::from(spec.tasks);
                self.sizes.get(spec.needs).waiting += u64::from(spec.tasks);
                self.new_work |= spec.tasks > 0;
                self.changes.forget();
            }
        }
    }
}

fn live(jobs: &mut IdTable<QueuedJob>, job: JobId) -> &mut QueuedJob {
    jobs.get_mut(job.0.into()).expect("a job that is not done")
}
