//! The jobs of one framework: which tasks wait, which run, which stages may start.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::stages::{Stage, Stages};
use crate::demand::MOST;
use crate::id_table::IdTable;
use crate::job::JobSpec;
use crate::message::{AgentId, Demand, JobId};
use crate::resources::Resources;
use crate::time::Time;

/// Whose tasks go first inside a framework.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum JobOrder {
    /// The job submitted first.
    #[default]
    Fifo,
    /// The job with the fewest running tasks, the earlier one when equal.
    Fair,
}

/// One task of one job.
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
    order: JobOrder,
    /// Those that are not done.
    jobs: IdTable<Job>,
    /// Jobs with waiting tasks, in the order they are served.
    ready: BTreeSet<(u32, JobId)>,
    /// How many of these have tasks that start together.
    gangs: u32,
    /// Tasks that wait and may start.
    waiting: u64,
    /// How many of them there are of each size. A workload has few sizes, a backlog has many jobs.
    sizes: Vec<(Resources, u64)>,
    /// Whether tasks may start that nobody was told of.
    new_work: bool,
}

/// Jobs, or tasks of jobs that are served in turns, that a demand names one by one.
const LISTED: usize = 64;

#[derive(Debug)]
struct Job {
    spec: Arc<JobSpec>,
    stages: Stages,
    running: u32,
    /// Since when the job has been passing over offers to wait for its data.
    waits_since: Option<Time>,
}

impl JobQueue {
    /// An empty queue.
    pub const fn new(order: JobOrder) -> Self {
        Self {
            order,
            jobs: IdTable::new(),
            ready: BTreeSet::new(),
            gangs: 0,
            waiting: 0,
            sizes: Vec::new(),
            new_work: false,
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

    /// Whether a task as small as `room` may wait; if not, no job needs to be asked.
    pub fn may_fit(&self, room: Resources) -> bool {
        self.sizes.iter().any(|(needs, _)| needs.fits_in(room))
    }

    /// Jobs with waiting tasks, in the order they are to be served.
    pub fn ready(&self) -> impl Iterator<Item = JobId> {
        self.ready.iter().map(|(_, job)| *job)
    }

    /// The job to be served first.
    pub fn first_ready(&self) -> Option<JobId> {
        self.ready.first().map(|(_, job)| *job)
    }

    /// What the framework of a job that is not done was told.
    ///
    /// # Panics
    /// When it is done.
    pub fn spec(&self, job: JobId) -> &JobSpec {
        &self.job(job).spec
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

    /// All that waits and may start: what is served next one by one in its order, and what waits behind
    /// that by size.
    pub fn demand(&self, demand: &mut Vec<Demand>) {
        demand.clear();
        if let [(needs, waiting)] = self.sizes[..] {
            return add(demand, needs, waiting);
        }
        let mut rest = self.sizes.clone();
        let mut next = |needs, tasks: u64| {
            add(demand, needs, tasks);
            fewer(&mut rest, needs, tasks);
        };
        match self.order {
            JobOrder::Fifo => {
                for job in self.ready().take(LISTED) {
                    for (stage, tasks) in self.ready_stages(job) {
                        next(self.needs(job, stage), tasks.into());
                    }
                }
            }
            JobOrder::Fair => {
                let ready = self.ready.iter().take(LISTED);
                let mut turns: BTreeSet<(u32, JobId)> = ready.copied().collect();
                for _ in 0..LISTED {
                    let Some((place, job)) = turns.pop_first() else {
                        break;
                    };
                    if self.job(job).spec.gang {
                        // All or nothing: parts of two would keep each other from ever being whole.
                        for (stage, tasks) in self.ready_stages(job) {
                            next(self.needs(job, stage), tasks.into());
                        }
                        continue;
                    }
                    // As many of it were named already.
                    let mut named = place - self.job(job).running;
                    let stage = self.ready_stages(job).find(|(_, tasks)| {
                        let found = named < *tasks;
                        named -= named.min(*tasks);
                        found
                    });
                    if let Some((stage, _)) = stage {
                        next(self.needs(job, stage), 1);
                        turns.insert((place + 1, job));
                    }
                }
            }
        }
        for (needs, tasks) in rest {
            add(demand, needs, tasks);
        }
        demand.truncate(MOST);
    }

    /// Takes in a job. Jobs are numbered in order of submission; numbers may be left out.
    ///
    /// # Panics
    /// When its number was used before.
    pub fn submit(&mut self, id: JobId, spec: Arc<JobSpec>) {
        let job = Job {
            stages: Stages::new(spec.stages.len()),
            spec,
            running: 0,
            waits_since: None,
        };
        self.jobs.insert(id.0.into(), job);
        self.release_stages(id);
        self.place(id, None);
    }

    /// Starts a waiting task of `job` that fits into `room`: of those whose data is on `agent` if
    /// `local`, else any.
    pub fn take(
        &mut self,
        job: JobId,
        agent: AgentId,
        room: Resources,
        local: bool,
    ) -> Option<WorkUnit> {
        let entry = self.job(job);
        let fits = |stage: &&u32| {
            entry.spec.stages[**stage as usize].needs.fits_in(room) && !entry.is_held_back(**stage)
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
        *live(&mut self.jobs, job).waits_since.get_or_insert(now)
    }

    /// `job` found its data and begins to wait anew.
    pub fn end_wait(&mut self, job: JobId) {
        live(&mut self.jobs, job).waits_since = None;
    }

    /// A task did its work.
    pub fn finish(&mut self, unit: WorkUnit) {
        let entry = live(&mut self.jobs, unit.job);
        let stood = entry.place(self.order);
        let stage = &mut entry.stages.all_mut()[unit.stage as usize];
        stage.running -= 1;
        stage.finished += 1;
        if stage.finished == entry.spec.stages[unit.stage as usize].tasks {
            // Nothing of this stage can wait again: its tables are only memory.
            stage.places = None;
        }
        entry.running -= 1;
        if entry.is_done() {
            self.jobs.remove(unit.job.0.into());
        } else {
            self.release_stages(unit.job);
            self.place(unit.job, stood);
        }
    }

    /// A task ended without its work done and waits again.
    pub fn requeue(&mut self, unit: WorkUnit) {
        let entry = live(&mut self.jobs, unit.job);
        let stood = entry.place(self.order);
        if entry.stages.all()[unit.stage as usize].waiting == 0 {
            // Stages that started early may not go on before it.
            for (needs, tasks) in entry.behind(unit.stage) {
                self.waiting -= u64::from(tasks);
                fewer(&mut self.sizes, needs, tasks.into());
            }
        }
        let spec = &entry.spec.stages[unit.stage as usize];
        entry.stages.all_mut()[unit.stage as usize].give_back(unit.index, spec);
        entry.stages.set_ready(unit.stage, true);
        entry.running -= 1;
        if !entry.is_held_back(unit.stage) {
            self.waiting += 1;
            more(&mut self.sizes, spec.needs, 1);
            self.new_work = true;
        }
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

    fn needs(&self, job: JobId, stage: u32) -> Resources {
        self.job(job).spec.stages[stage as usize].needs
    }

    fn job(&self, job: JobId) -> &Job {
        self.jobs.get(job.0.into()).expect("a job that is not done")
    }

    fn start(&mut self, unit: WorkUnit) {
        let entry = live(&mut self.jobs, unit.job);
        let stood = entry.place(self.order);
        let spec = &entry.spec.stages[unit.stage as usize];
        let stage = &mut entry.stages.all_mut()[unit.stage as usize];
        stage.take(unit.index, spec.tasks);
        entry.running += 1;
        self.waiting -= 1;
        fewer(&mut self.sizes, spec.needs, 1);
        if entry.stages.all()[unit.stage as usize].waiting == 0 {
            entry.stages.set_ready(unit.stage, false);
            for (needs, tasks) in entry.behind(unit.stage) {
                self.waiting += u64::from(tasks);
                more(&mut self.sizes, needs, tasks.into());
                self.new_work = true;
            }
        }
        self.place(unit.job, stood);
    }

    /// Moves `job` from where it stood among the ready ones to where it belongs.
    fn place(&mut self, job: JobId, stood: Option<u32>) {
        let entry = self.job(job);
        let (belongs, gang) = (entry.place(self.order), entry.spec.gang);
        if belongs != stood {
            if gang {
                self.gangs += u32::from(belongs.is_some());
                self.gangs -= u32::from(stood.is_some());
            }
            if let Some(place) = stood {
                self.ready.remove(&(place, job));
            }
            if let Some(place) = belongs {
                self.ready.insert((place, job));
            }
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
            entry.stages.all_mut()[stage] = Stage::released(spec);
            if spec.tasks > 0 {
                entry.stages.set_ready(stage as u32, true);
            }
            if !entry.is_held_back(stage as u32) {
                self.waiting += u64::from(spec.tasks);
                more(&mut self.sizes, spec.needs, u64::from(spec.tasks));
                self.new_work |= spec.tasks > 0;
            }
        }
    }
}

fn live(jobs: &mut IdTable<Job>, job: JobId) -> &mut Job {
    jobs.get_mut(job.0.into()).expect("a job that is not done")
}

fn more(sizes: &mut Vec<(Resources, u64)>, needs: Resources, tasks: u64) {
    match sizes.iter_mut().find(|(size, _)| *size == needs) {
        Some((_, count)) => *count += tasks,
        None if tasks > 0 => sizes.push((needs, tasks)),
        None => {}
    }
}

fn fewer(sizes: &mut Vec<(Resources, u64)>, needs: Resources, tasks: u64) {
    let known = sizes.iter().position(|(size, _)| *size == needs);
    let position = known.expect("a size that waits");
    sizes[position].1 -= tasks;
    if sizes[position].1 == 0 {
        sizes.remove(position);
    }
}

/// Adds tasks to the end of a demand.
fn add(demand: &mut Vec<Demand>, needs: Resources, tasks: u64) {
    let count = u32::try_from(tasks).unwrap_or(u32::MAX);
    match demand.last_mut() {
        Some(last) if last.needs == needs => last.count = last.count.saturating_add(count),
        _ => demand.push(Demand { needs, count }),
    }
}

impl Job {
    fn may_start(&self, stage: usize) -> bool {
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

    fn is_done(&self) -> bool {
        let mut stages = self.stages.all().iter().zip(&self.spec.stages);
        stages.all(|(stage, spec)| stage.finished == spec.tasks)
    }

    /// Where it stands among those with waiting tasks, if it has any.
    fn place(&self, order: JobOrder) -> Option<u32> {
        let place = match order {
            JobOrder::Fifo => 0,
            JobOrder::Fair => self.running,
        };
        (!self.stages.ready().is_empty()).then_some(place)
    }

    /// The stages that only tasks of `parent` hold back, or would: what their tasks take, and how many
    /// wait. Asked when none of `parent` waits.
    fn behind(&self, parent: u32) -> impl Iterator<Item = (Resources, u32)> {
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
    fn is_held_back(&self, stage: u32) -> bool {
        let mut parents = self.spec.stages[stage as usize].parents.iter();
        parents.any(|parent| self.stages.all()[*parent as usize].waiting > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::StageSpec;

    const CORE: Resources = Resources::cores(1, 1);
    const ANY: AgentId = AgentId(9);

    fn map_reduce(maps: u32, start_after: u16) -> Arc<JobSpec> {
        let map = StageSpec {
            preferred: (0..maps).map(AgentId).collect(),
            ..StageSpec::new(CORE, maps)
        };
        let reduce = StageSpec {
            parents: vec![0],
            start_after,
            ..StageSpec::new(CORE, 1)
        };
        Arc::new(JobSpec {
            gang: false,
            stages: vec![map, reduce],
        })
    }

    fn take(queue: &mut JobQueue, job: u32, agent: AgentId, local: bool) -> Option<(u32, u32)> {
        queue
            .take(JobId(job), agent, CORE, local)
            .map(|unit| (unit.stage, unit.index))
    }

    #[test]
    fn reduces_start_when_enough_maps_are_done() {
        let mut queue = JobQueue::new(JobOrder::Fifo);
        queue.submit(JobId(0), map_reduce(4, 500));
        for index in 0..4 {
            assert_eq!(take(&mut queue, 0, ANY, false), Some((0, index)));
        }
        assert_eq!(queue.waiting(), 0);
        queue.finish(WorkUnit {
            job: JobId(0),
            stage: 0,
            index: 3,
        });
        assert_eq!(
            take(&mut queue, 0, ANY, false),
            None,
            "one of four is not half"
        );
        queue.finish(WorkUnit {
            job: JobId(0),
            stage: 0,
            index: 1,
        });
        assert_eq!(take(&mut queue, 0, ANY, false), Some((1, 0)));
        assert_eq!(queue.early_children(JobId(0), 0).collect::<Vec<_>>(), [1]);
        queue.requeue(WorkUnit {
            job: JobId(0),
            stage: 0,
            index: 0,
        });
        assert_eq!(take(&mut queue, 0, ANY, false), Some((0, 0)));
    }

    fn demand(queue: &JobQueue) -> Vec<(Resources, u32)> {
        let mut demand = Vec::new();
        queue.demand(&mut demand);
        demand.iter().map(|one| (one.needs, one.count)).collect()
    }

    #[test]
    fn demand_is_all_that_may_start_in_the_order_in_which_it_is_served() {
        const LARGE: Resources = Resources::cores(2, 1);
        let jobs = |order| {
            let mut queue = JobQueue::new(order);
            for (job, (needs, tasks)) in [(CORE, 2), (LARGE, 3), (CORE, 1)].iter().enumerate() {
                let stages = vec![StageSpec::new(*needs, *tasks)];
                let gang = false;
                queue.submit(JobId(job as u32), Arc::new(JobSpec { gang, stages }));
            }
            queue
        };
        let fifo = jobs(JobOrder::Fifo);
        assert_eq!(demand(&fifo), [(CORE, 2), (LARGE, 3), (CORE, 1)]);
        let mut fair = jobs(JobOrder::Fair);
        assert_eq!(
            demand(&fair),
            [(CORE, 1), (LARGE, 1), (CORE, 2), (LARGE, 2)]
        );
        fair.take_from(JobId(0), 0);
        assert_eq!(
            demand(&fair),
            [(LARGE, 1), (CORE, 2), (LARGE, 2)],
            "the first has one running"
        );
    }

    #[test]
    fn a_long_demand_ends_with_what_waits_behind_by_size() {
        let mut queue = JobQueue::new(JobOrder::Fifo);
        for job in 0..200 {
            let needs = Resources::cores(1 + u64::from(job % 2), 1);
            let stages = vec![StageSpec::new(needs, 1)];
            let gang = false;
            queue.submit(JobId(job), Arc::new(JobSpec { gang, stages }));
        }
        let demand = demand(&queue);
        assert_eq!(demand.len(), LISTED + 2);
        assert_eq!(
            demand[LISTED..].iter().map(|(_, count)| count).sum::<u32>(),
            136
        );
    }

    #[test]
    fn tasks_that_are_held_back_are_no_demand() {
        let mut queue = JobQueue::new(JobOrder::Fifo);
        queue.submit(JobId(0), map_reduce(2, 0));
        assert!(queue.take_new_work());
        assert_eq!(demand(&queue), [(CORE, 2)], "the reduce waits for the maps");
        take(&mut queue, 0, ANY, false);
        assert!(!queue.take_new_work());
        take(&mut queue, 0, ANY, false);
        assert!(queue.take_new_work(), "now it may start");
        assert_eq!(demand(&queue), [(CORE, 1)]);
        let lost = WorkUnit {
            job: JobId(0),
            stage: 0,
            index: 0,
        };
        queue.requeue(lost);
        assert!(queue.take_new_work());
        assert_eq!((demand(&queue), queue.waiting()), (vec![(CORE, 1)], 1));
        take(&mut queue, 0, ANY, false);
        take(&mut queue, 0, ANY, false);
        assert_eq!((demand(&queue), queue.waiting()), (vec![], 0));
    }

    #[test]
    fn local_tasks_are_found_by_their_agent() {
        let mut queue = JobQueue::new(JobOrder::Fifo);
        queue.submit(JobId(0), map_reduce(4, 1000));
        assert_eq!(take(&mut queue, 0, AgentId(2), true), Some((0, 2)));
        assert_eq!(take(&mut queue, 0, AgentId(2), true), None);
        assert_eq!(take(&mut queue, 0, AgentId(2), false), Some((0, 0)));
    }

    #[test]
    fn fair_order_serves_the_job_with_the_fewest_running_tasks() {
        let mut queue = JobQueue::new(JobOrder::Fair);
        queue.submit(JobId(0), map_reduce(4, 1000));
        queue.submit(JobId(1), map_reduce(4, 1000));
        let mut served = Vec::new();
        for _ in 0..4 {
            let job = queue.ready().next().unwrap();
            queue.take(job, ANY, CORE, false);
            served.push(job.0);
        }
        assert_eq!(served, [0, 1, 0, 1]);
        queue.finish(WorkUnit {
            job: JobId(1),
            stage: 0,
            index: 0,
        });
        assert_eq!(queue.ready().next(), Some(JobId(1)));
    }
}
