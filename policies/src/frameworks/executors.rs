//! A framework whose jobs' tasks run inside executors that it keeps warm: Spark.
//!
//! On the cluster an executor is one long task; the work inside is the framework's own business.

use std::collections::{BTreeSet, VecDeque};

use super::master_client::MasterClient;
use super::message::{FrameworkAction, FrameworkEvent, OfferPolicy, TaskPurpose};
use crate::few::Few;
use crate::framework_kind::CacheState;
use crate::id_table::IdTable;
use crate::job_queue::{JobOrder, JobQueue, JobTie, WorkUnit};
use crate::message::{FrameworkId, JobId, Offer, Outcome, TaskId, TaskRequest};
use crate::resources::Resources;
use crate::time::{Span, Time};

pub(super) struct Executors {
    pub(super) master: MasterClient,
    queue: JobQueue,
    needs: Resources,
    max: u32,
    idle: Span,
    alive: IdTable<ExecutorEntry>,
    /// Executors that wait for work.
    waiting: BTreeSet<TaskId>,
    /// When executors began to wait, oldest first; entries of those that work again are stale.
    idle_since: VecDeque<(Time, TaskId)>,
    /// Executors asked to end.
    ending: u32,
    /// Executors launched that are not up yet.
    starting: u32,
}

#[derive(Debug)]
struct ExecutorEntry {
    state: ExecutorState,
    last: Option<(JobId, u32)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ExecutorState {
    Starting,
    Idle(Time),
    Busy(WorkUnit),
    Ending,
}

impl Executors {
    pub(super) fn new(
        id: FrameworkId,
        offer_policy: OfferPolicy,
        (order, tie): (JobOrder, JobTie),
        needs: Resources,
        max: u32,
        idle: Span,
    ) -> Self {
        Self {
            master: MasterClient::new(id, offer_policy),
            queue: JobQueue::new(order, tie),
            needs,
            max,
            idle,
            alive: IdTable::new(),
            waiting: BTreeSet::new(),
            idle_since: VecDeque::new(),
            ending: 0,
            starting: 0,
        }
    }

    pub(super) fn step(
        &mut self,
        now: Time,
        event: FrameworkEvent,
        actions: &mut Vec<FrameworkAction>,
    ) {
        let wanted = self.wanted();
        match event {
            FrameworkEvent::JobSubmitted(job, spec) => self.queue.submit(job, spec, now),
            FrameworkEvent::Offered(offer) => self.launch(&offer, actions),
            FrameworkEvent::Reported { task, outcome } => self.reported(task, outcome),
            FrameworkEvent::ExecutorStarted(task) => self.started(task, now),
            FrameworkEvent::WorkFinished { executor, unit } => self.finished(executor, unit, now),
            FrameworkEvent::TimePassed => self.end_idle(now, actions),
            FrameworkEvent::Rescinded(_)
            | FrameworkEvent::LoadMeasured(_)
            | FrameworkEvent::LoadEnded => {}
        }
        self.assign(actions);
        let (needs, count) = (self.needs, self.wanted());
        self.master
            .want_one_size(needs, count, count > wanted, actions);
    }

    pub(super) fn wake_at(&self) -> Option<Time> {
        let fresh = self
            .idle_since
            .iter()
            .find(|(since, task)| self.is_idle(*task, *since));
        fresh.map(|(since, _)| *since + self.idle)
    }

    pub(super) fn purpose(&self, task: TaskId) -> Option<TaskPurpose> {
        self.alive
            .get(task.0)
            .is_some()
            .then_some(TaskPurpose::Executor)
    }

    /// What an executor was given to do and has not reported.
    pub(super) fn work_of(&self, executor: TaskId) -> Option<WorkUnit> {
        match self.alive.get(executor.0)?.state {
            ExecutorState::Busy(unit) => Some(unit),
            ExecutorState::Starting | ExecutorState::Idle(_) | ExecutorState::Ending => None,
        }
    }

    /// How many more executors could be put to use.
    fn wanted(&self) -> u32 {
        let lasting = self.alive.len() as u32 - self.ending;
        let room = self.max.saturating_sub(lasting);
        let coming = u64::from(self.starting) + self.waiting.len() as u64;
        let useful = self.queue.waiting().saturating_sub(coming);
        room.min(u32::try_from(useful).unwrap_or(u32::MAX))
    }

    fn launch(&mut self, offer: &Offer, actions: &mut Vec<FrameworkAction>) {
        let mut launch = Few::new();
        let mut left = offer.resources;
        let mut wanted = self.wanted();
        while wanted > 0
            && self.master.allows(offer.agent, wanted.into())
            && let Some(rest) = left.checked_sub(self.needs)
        {
            left = rest;
            wanted -= 1;
            let task = self.master.place_next(offer.agent);
            self.alive.insert(
                task.0,
                ExecutorEntry {
                    state: ExecutorState::Starting,
                    last: None,
                },
            );
            self.starting += 1;
            launch.push(TaskRequest {
                task,
                needs: self.needs,
            });
        }
        let ids = Few::one(offer.id);
        self.master.answer(ids, offer, launch, None, actions);
    }

    fn started(&mut self, task: TaskId, now: Time) {
        if self
            .alive
            .get(task.0)
            .is_some_and(|executor| executor.state == ExecutorState::Starting)
        {
            self.starting -= 1;
            self.rest(task, now);
        }
    }

    fn finished(&mut self, task: TaskId, unit: WorkUnit, now: Time) {
        let Some(executor) = self.alive.get(task.0) else {
            return;
        };
        if executor.state == ExecutorState::Busy(unit) {
            self.queue.finish(unit);
            self.rest(task, now);
        }
    }

    fn rest(&mut self, task: TaskId, now: Time) {
        self.alive.get_mut(task.0).expect("a known executor").state = ExecutorState::Idle(now);
        self.waiting.insert(task);
        self.idle_since.push_back((now, task));
    }

    fn reported(&mut self, task: TaskId, _: Outcome) {
        self.master.ended(task);
        let Some(executor) = self.alive.remove(task.0) else {
            return;
        };
        match executor.state {
            ExecutorState::Starting => self.starting -= 1,
            ExecutorState::Idle(_) => {
                self.waiting.remove(&task);
            }
            ExecutorState::Busy(unit) => self.queue.requeue(unit),
            ExecutorState::Ending => self.ending -= 1,
        }
    }

    /// Gives waiting work to waiting executors, the oldest executor first.
    fn assign(&mut self, actions: &mut Vec<FrameworkAction>) {
        while let Some(&task) = self.waiting.first()
            && let Some(job) = self.queue.first_ready()
        {
            let executor = self.alive.get_mut(task.0).expect("a known executor");
            let (stage, _) = self.queue.ready_stages(job).next().expect("a ready stage");
            let unit = self.queue.take_from(job, stage).expect("a waiting task");
            let stage = (unit.job, unit.stage);
            let cache = match executor.last {
                None => CacheState::Fresh,
                Some(last) if last == stage => CacheState::Rest,
                Some(_) => CacheState::First,
            };
            executor.last = Some(stage);
            executor.state = ExecutorState::Busy(unit);
            self.waiting.remove(&task);
            actions.push(FrameworkAction::Work {
                executor: task,
                unit,
                cache,
            });
        }
        self.forget_stale();
    }

    fn is_idle(&self, task: TaskId, since: Time) -> bool {
        self.alive
            .get(task.0)
            .is_some_and(|executor| executor.state == ExecutorState::Idle(since))
    }

    fn forget_stale(&mut self) {
        while let Some(&(since, task)) = self.idle_since.front()
            && !self.is_idle(task, since)
        {
            self.idle_since.pop_front();
        }
    }

    fn end_idle(&mut self, now: Time, actions: &mut Vec<FrameworkAction>) {
        self.forget_stale();
        while let Some(&(since, task)) = self.idle_since.front()
            && since + self.idle <= now
        {
            self.idle_since.pop_front();
            self.waiting.remove(&task);
            self.alive.get_mut(task.0).expect("an idle executor").state = ExecutorState::Ending;
            self.ending += 1;
            self.master.kill(task, actions);
            self.forget_stale();
        }
    }
}
