//! Frameworks: the systems that share the cluster, each a state machine of its own.
//!
//! A framework is told [`FrameworkEvent`] and gives [`FrameworkAction`]s. It speaks to the master in the master's own
//! words, and to what it runs in its own.

mod batch;
mod executors;
mod gathering;
mod master_client;
mod message;
mod service;
mod speculation;

use std::sync::Arc;

use crate::attributes::AgentAttributes;
use crate::constraint::TaskSpread;
use crate::job::JobSpec;
use crate::message::{FrameworkId, TaskId};
use crate::resources::Resources;
use crate::schedulers::BoxedScheduler;
use crate::time::{Span, Time};

pub use crate::framework_kind::{Autoscaler, CacheState, FrameworkKind};
pub use crate::job_queue::{JobOrder, JobTie, WorkUnit};
pub use message::{FrameworkAction, FrameworkEvent, OfferPolicy, TaskPurpose};

/// A framework's scheduler and all its state.
pub struct Framework(KindState);

enum KindState {
    Batch(batch::Batch),
    Executors(executors::Executors),
    Service(service::ServiceFramework),
}

impl Framework {
    /// A framework of a kind.
    pub fn new(
        id: FrameworkId,
        kind: FrameworkKind,
        offer_policy: OfferPolicy,
        scheduler: BoxedScheduler,
    ) -> Self {
        match kind {
            FrameworkKind::Batch => Self::batch(id, offer_policy, scheduler),
            FrameworkKind::Executors { needs, max, idle } => {
                let by = (scheduler.order(), scheduler.tie());
                Self::executors(id, offer_policy, by, needs, max, idle)
            }
            FrameworkKind::Service { needs, autoscaler } => {
                Self::service(id, offer_policy, needs, autoscaler)
            }
        }
    }

    /// A framework whose jobs' tasks run directly on the cluster (Hadoop, MPI).
    pub fn batch(id: FrameworkId, offer_policy: OfferPolicy, scheduler: BoxedScheduler) -> Self {
        Self(KindState::Batch(batch::Batch::new(
            id,
            offer_policy,
            scheduler,
        )))
    }

    /// A framework whose jobs' tasks run inside executors (Spark): at most `max` of them, each
    /// taking `needs` and given back after idling for `idle`.
    pub fn executors(
        id: FrameworkId,
        offer_policy: OfferPolicy,
        by: (JobOrder, JobTie),
        needs: Resources,
        max: u32,
        idle: Span,
    ) -> Self {
        Self(KindState::Executors(executors::Executors::new(
            id,
            offer_policy,
            by,
            needs,
            max,
            idle,
        )))
    }

    /// A framework that keeps as many instances of a service as its load asks for (Rails).
    pub fn service(
        id: FrameworkId,
        offer_policy: OfferPolicy,
        needs: Resources,
        autoscaler: Autoscaler,
    ) -> Self {
        Self(KindState::Service(service::ServiceFramework::new(
            id,
            offer_policy,
            needs,
            autoscaler,
        )))
    }

    /// The same, of which tasks run where its constraints allow, beside each other. Only schedulers that place one task
    /// after the other keep to it: those in order.
    #[must_use]
    pub fn with_spread(mut self, spread: Option<Box<TaskSpread>>) -> Self {
        let master = match &mut self.0 {
            KindState::Batch(batch) => &mut batch.master,
            KindState::Executors(executors) => &mut executors.master,
            KindState::Service(service) => &mut service.master,
        };
        master.spread = spread;
        self
    }

    /// The same on agents that are so described, by id: jobs whose tasks ask for it run where they may, of schedulers
    /// that [heed it](crate::schedulers::Scheduler::heeds_asks). Executors are alike, and tasks in them ask nothing.
    #[must_use]
    pub fn on_agents(mut self, described: Arc<[AgentAttributes]>) -> Self {
        if let KindState::Batch(batch) = &mut self.0 {
            batch.described = described;
        }
        self
    }

    /// Takes in one event and appends the actions that follow from it.
    pub fn step(&mut self, now: Time, event: FrameworkEvent, actions: &mut Vec<FrameworkAction>) {
        match &mut self.0 {
            KindState::Batch(batch) => batch.step(now, event, actions),
            KindState::Executors(executors) => executors.step(now, event, actions),
            KindState::Service(service) => service.step(now, &event, actions),
        }
    }

    /// When the framework wants to be told that time has passed.
    pub fn wake_at(&self) -> Option<Time> {
        match &self.0 {
            KindState::Batch(batch) => batch.wake_at(),
            KindState::Executors(executors) => executors.wake_at(),
            KindState::Service(_) => None,
        }
    }

    /// How many tasks a unit of work is that is not done.
    ///
    /// # Panics
    /// When its job is done.
    pub fn at_once(&self, unit: WorkUnit) -> u32 {
        match &self.0 {
            KindState::Batch(batch) => batch.at_once(unit),
            KindState::Executors(_) | KindState::Service(_) => 1,
        }
    }

    /// Whether another attempt has done the work of `task`, which is not reported yet.
    pub fn is_beaten(&self, task: TaskId) -> bool {
        match &self.0 {
            KindState::Batch(batch) => batch.is_beaten(task),
            KindState::Executors(_) | KindState::Service(_) => false,
        }
    }

    /// Whether a stage of `job` starts whole or not at all.
    pub fn starts_together(&self, job: &JobSpec) -> bool {
        match &self.0 {
            KindState::Batch(batch) => batch.starts_together(job),
            KindState::Executors(_) | KindState::Service(_) => false,
        }
    }

    /// Whether another attempt is made at what `task` does, and whether `task` is the copy of it.
    pub fn standing(&self, task: TaskId) -> (bool, bool) {
        match &self.0 {
            KindState::Batch(batch) => batch.standing(task),
            KindState::Executors(_) | KindState::Service(_) => (false, false),
        }
    }

    /// What an executor is at, as far as the framework knows.
    pub fn work_of(&self, executor: TaskId) -> Option<WorkUnit> {
        match &self.0 {
            KindState::Executors(executors) => executors.work_of(executor),
            KindState::Batch(_) | KindState::Service(_) => None,
        }
    }

    /// What `task` is, while it is not reported.
    pub fn purpose(&self, task: TaskId) -> Option<TaskPurpose> {
        match &self.0 {
            KindState::Batch(batch) => batch.purpose(task),
            KindState::Executors(executors) => executors.purpose(task),
            KindState::Service(service) => service.purpose(task),
        }
    }
}
