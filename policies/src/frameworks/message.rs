//! What is said to a framework and by it.

use std::sync::Arc;

use crate::framework_kind::CacheState;
use crate::job::JobSpec;
use crate::job_queue::WorkUnit;
use crate::master::{Config, OfferSize};
use crate::message::{Event, JobId, Offer, OfferId, Outcome, TaskId};
use crate::time::Span;

/// What a framework is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FrameworkEvent {
    /// A user submitted a job; jobs are numbered in order of submission.
    JobSubmitted(JobId, Arc<JobSpec>),
    /// The master offers resources.
    Offered(Offer),
    /// The master took an offer back.
    Rescinded(OfferId),
    /// The master reports how a task ended.
    Reported {
        /// Which one.
        task: TaskId,
        /// How.
        outcome: Outcome,
    },
    /// An executor is up and waits for work.
    ExecutorStarted(TaskId),
    /// An executor did the work it was given.
    WorkFinished {
        /// Which executor.
        executor: TaskId,
        /// What it did.
        unit: WorkUnit,
    },
    /// The load balancer measured its load: thousandths of workers kept busy.
    LoadMeasured(u64),
    /// The load is over for good.
    LoadEnded,
    /// The moment of [`Framework::wake_at`](super::Framework::wake_at) has come.
    TimePassed,
}

/// What a framework orders.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FrameworkAction {
    /// Tell the master.
    Tell(Event),
    /// Give a piece of work to an executor.
    Work {
        /// The executor.
        executor: TaskId,
        /// What it is to do.
        unit: WorkUnit,
        /// How well the executor is prepared for it.
        cache: CacheState,
    },
}

/// What a task of the cluster is to its framework.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TaskPurpose {
    /// A task of a job.
    WorkUnit(WorkUnit),
    /// An executor.
    Executor,
    /// An instance of a service.
    Instance,
}

/// How a framework deals with the master.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OfferPolicy {
    /// For how long it refuses what it cannot use (Mesos' default: 5 s).
    pub refuse: Span,
    /// Whether it declares its demand ([`crate::master::Config::declares`]).
    pub declares: bool,
    /// How much one offer holds: where it is what one task takes, whoever declares nothing is offered nothing, and need
    /// not say so.
    pub offers: OfferSize,
    /// Whether it says alone what comes behind all that waits, and not all of it again: the real master's interface has no
    /// call for that.
    pub adds: bool,
}

impl Default for OfferPolicy {
    fn default() -> Self {
        Self {
            refuse: Span::from_secs(5),
            declares: false,
            offers: OfferSize::Agent,
            adds: true,
        }
    }
}

impl OfferPolicy {
    /// How a framework deals with a master of these parameters, when it refuses for so long.
    pub const fn under(config: Config, refuse: Span) -> Self {
        Self {
            refuse,
            declares: config.declares,
            offers: config.offers,
            adds: true,
        }
    }
}
