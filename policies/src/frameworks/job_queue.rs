//! The jobs of one framework: which tasks wait, which run, which stages may start.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::stages::{Stage, Stages};
use crate::job::JobSpec;
use crate::message::{AgentId, JobId};
use crate::resources::Resources;
use crate::time::Time;
use crate::window::Window;

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
pub struct Piece {
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
    jobs: Window<Job>,
    /// Jobs with waiting tasks, in the order they are served.
    ready: BTreeSet<(u32, JobId)>,
    waiting: u64,
    /// How many tasks of each size wait. A workload has few sizes, a backlog has many jobs.
    sizes: Vec<(Resources, u64)>,
}

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
            jobs: Window::new(),
            ready: BTreeSet::new(),
            waiting: 0,
            sizes: Vec::new(),
        }
    }

    /// Tasks that wait and may start, of all jobs.
    pub const fn waiting(&self) -> u64 {
        self.waiting
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

    /// What the next task to start takes, and how many of that size wait in its stage.
    pub fn next_demand(&self) -> Option<(Resources, u32)> {
        let job = self.first_ready()?;
        let (stage, waiting) = self.ready_stages(job).next()?;
        Some((self.spec(job).stages[stage as usize].needs, waiting))
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
    ) -> Option<Piece> {
        let page = self.job(job);
        let fits = |stage: &&u32| {
            page.spec.stages[**stage as usize].needs.fits_in(room) && !page.is_held_back(**stage)
        };
        let found = page.stages.ready().iter().filter(fits).find_map(|stage| {
            let tasks = &page.stages.all()[*stage as usize];
            let index = tasks.next_waiting(local.then_some(agent))?;
            let stage = *stage;
            Some(Piece { job, stage, index })
        });
        found.inspect(|piece| self.start(*piece))
    }

    /// Starts the first waiting task of one stage.
    pub fn take_from(&mut self, job: JobId, stage: u32) -> Option<Piece> {
        let tasks = &self.job(job).stages.all()[stage as usize];
        let index = tasks.next_waiting(None)?;
        let piece = Piece { job, stage, index };
        self.start(piece);
        Some(piece)
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
    pub fn finish(&mut self, piece: Piece) {
        let page = live(&mut self.jobs, piece.job);
        let stood = page.place(self.order);
        let stage = &mut page.stages.all_mut()[piece.stage as usize];
        stage.running -= 1;
        stage.finished += 1;
        if stage.finished == page.spec.stages[piece.stage as usize].tasks {
            // Nothing of this stage can wait again: its tables are only memory.
            stage.places = None;
        }
        page.running -= 1;
        if page.is_done() {
            self.jobs.remove(piece.job.0.into());
        } else {
            self.release_stages(piece.job);
            self.place(piece.job, stood);
        }
    }

    /// A task ended without its work done and waits again.
    pub fn requeue(&mut self, piece: Piece) {
        let page = live(&mut self.jobs, piece.job);
        let stood = page.place(self.order);
        let spec = &page.spec.stages[piece.stage as usize];
        page.stages.all_mut()[piece.stage as usize].give_back(piece.index, spec);
        page.stages.set_ready(piece.stage, true);
        page.running -= 1;
        self.waiting += 1;
        more(&mut self.sizes, spec.needs, 1);
        self.place(piece.job, stood);
    }

    /// The stages of `job` with running tasks that started, directly or through others, before all
    /// tasks of `stage` were done.
    pub fn early_children(&self, job: JobId, stage: u32) -> impl Iterator<Item = u32> {
        let page = self.job(job);
        let mut early = vec![false; page.spec.stages.len()];
        early[stage as usize] = true;
        // Parents come before their children, so one pass finds grandchildren too.
        for (child, spec) in page.spec.stages.iter().enumerate() {
            let waits = spec.parents.iter().any(|parent| early[*parent as usize]);
            early[child] |= waits && spec.start_after < 1000;
        }
        let stages = early.into_iter().enumerate().filter(|(_, early)| *early);
        let children = stages
            .map(|(child, _)| child as u32)
            .filter(move |child| *child != stage);
        children.filter(|child| page.stages.all()[*child as usize].running > 0)
    }

    fn job(&self, job: JobId) -> &Job {
        self.jobs.get(job.0.into()).expect("a job that is not done")
    }

    fn start(&mut self, piece: Piece) {
        let page = live(&mut self.jobs, piece.job);
        let stood = page.place(self.order);
        let spec = &page.spec.stages[piece.stage as usize];
        let stage = &mut page.stages.all_mut()[piece.stage as usize];
        stage.take(piece.index, spec.tasks);
        if stage.waiting == 0 {
            page.stages.set_ready(piece.stage, false);
        }
        page.running += 1;
        self.waiting -= 1;
        fewer(&mut self.sizes, spec.needs);
        self.place(piece.job, stood);
    }

    /// Moves `job` from where it stood among the ready ones to where it belongs.
    fn place(&mut self, job: JobId, stood: Option<u32>) {
        let belongs = self.job(job).place(self.order);
        if belongs != stood {
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
        let page = live(&mut self.jobs, job);
        for stage in 0..page.spec.stages.len() {
            if page.stages.all()[stage].released || !page.may_start(stage) {
                continue;
            }
            let spec = &page.spec.stages[stage];
            page.stages.all_mut()[stage] = Stage::released(spec);
            if spec.tasks > 0 {
                page.stages.set_ready(stage as u32, true);
            }
            self.waiting += u64::from(spec.tasks);
            more(&mut self.sizes, spec.needs, u64::from(spec.tasks));
        }
    }
}

fn live(jobs: &mut Window<Job>, job: JobId) -> &mut Job {
    jobs.get_mut(job.0.into()).expect("a job that is not done")
}

fn more(sizes: &mut Vec<(Resources, u64)>, needs: Resources, tasks: u64) {
    match sizes.iter_mut().find(|(size, _)| *size == needs) {
        Some((_, count)) => *count += tasks,
        None if tasks > 0 => sizes.push((needs, tasks)),
        None => {}
    }
}

fn fewer(sizes: &mut Vec<(Resources, u64)>, needs: Resources) {
    let known = sizes.iter().position(|(size, _)| *size == needs);
    let position = known.expect("a size that waits");
    sizes[position].1 -= 1;
    if sizes[position].1 == 0 {
        sizes.swap_remove(position);
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

    /// Whether tasks of a parent wait: a stage that may start early must not take their places and
    /// then wait for them for ever.
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
            .map(|piece| (piece.stage, piece.index))
    }

    #[test]
    fn reduces_start_when_enough_maps_are_done() {
        let mut queue = JobQueue::new(JobOrder::Fifo);
        queue.submit(JobId(0), map_reduce(4, 500));
        for index in 0..4 {
            assert_eq!(take(&mut queue, 0, ANY, false), Some((0, index)));
        }
        assert_eq!(queue.waiting(), 0);
        queue.finish(Piece {
            job: JobId(0),
            stage: 0,
            index: 3,
        });
        assert_eq!(
            take(&mut queue, 0, ANY, false),
            None,
            "one of four is not half"
        );
        queue.finish(Piece {
            job: JobId(0),
            stage: 0,
            index: 1,
        });
        assert_eq!(take(&mut queue, 0, ANY, false), Some((1, 0)));
        assert_eq!(queue.early_children(JobId(0), 0).collect::<Vec<_>>(), [1]);
        queue.requeue(Piece {
            job: JobId(0),
            stage: 0,
            index: 0,
        });
        assert_eq!(take(&mut queue, 0, ANY, false), Some((0, 0)));
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
        queue.finish(Piece {
            job: JobId(1),
            stage: 0,
            index: 0,
        });
        assert_eq!(queue.ready().next(), Some(JobId(1)));
    }
}
