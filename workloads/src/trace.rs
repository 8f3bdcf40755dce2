//! A trace: everything that comes from outside a cluster, sorted by time.
//!
//! A trace knows nothing of policies. Two policies compared on one trace meet the same machines,
//! the same arrivals, the same run times and the same failures.

use std::path::PathBuf;

use fairground_policies::attributes::AgentAttributes;
use fairground_policies::message::AgentId;
use fairground_policies::resources::Resources;
use fairground_policies::time::{Span, Time};
use serde::{Deserialize, Serialize};

pub use crate::jobs::{Job, JobStream, Jobs, OneJob, Runtimes, ShapeId, Stage};

/// Everything that comes from outside, for one seed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Trace {
    /// What every agent has; an agent's id is its position.
    pub agents: Vec<Resources>,
    /// What every agent is described with; nothing where no work asks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub described: Vec<AgentAttributes>,
    /// What every framework is asked to do; a framework's id is its position.
    pub workloads: Vec<Workload>,
    /// When agents go away and come back, sorted by time.
    pub faults: Vec<Fault>,
    /// When arrivals and load end; work begun goes on after it.
    pub horizon: Time,
}

/// What one framework is asked to do.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Workload {
    /// The kind of system that does it.
    pub work: Work,
    /// What the source leaves unsaid and a named model supplies.
    pub assumptions: Vec<Assumption>,
    /// The files that were read for it.
    pub inputs: Vec<Input>,
}

/// Work by the kind of system that does it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Work {
    /// Jobs whose tasks run directly on the cluster (Hadoop, MPI), sorted by submission.
    Batch(Jobs),
    /// Jobs whose tasks run inside executors that the framework keeps warm (Spark).
    Executors {
        /// Sorted by submission.
        jobs: Jobs,
        /// What one executor takes; it runs one task at a time.
        needs: Resources,
        /// How many executors there may be at once.
        max: u32,
        /// How long an executor may idle before it is given back.
        idle: Span,
    },
    /// Requests served by instances that come and go with the load (Rails).
    Service(Service),
}

/// A service under a load that changes with time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Service {
    /// What one instance takes.
    pub needs: Resources,
    /// Requests an instance serves at the same time (processes or threads).
    pub workers: u32,
    /// The mean time one worker needs for one request.
    pub service_time: Span,
    /// From launch to the first request served.
    pub startup: Span,
    /// How requests find an instance.
    pub routing: Routing,
    /// How instances begin.
    pub cold: ColdStart,
    /// A request answered later than this misses the service-level objective.
    pub slo: Span,
    /// The length of a step of `load`.
    pub step: Span,
    /// Requests in each step.
    pub load: Vec<u64>,
    /// How many instances follow from the load.
    pub autoscaler: Autoscaler,
}

impl Service {
    /// When its load ends.
    pub fn end(&self) -> Time {
        Time::ZERO + self.step.scaled(self.load.len() as u64, 1)
    }

    /// Requests that arrive between two moments, in thousandths, as if evenly within each step.
    pub fn arrivals(&self, from: Time, to: Time) -> u128 {
        let step = self.step.as_micros();
        // Requests times microseconds of a step, to stay whole.
        let mut weighted: u128 = 0;
        let mut at = from.as_micros();
        while at < to.as_micros() {
            let index = at / step;
            let until = ((index + 1) * step).min(to.as_micros());
            let requests = self.load.get(index as usize).copied().unwrap_or(0);
            weighted += u128::from(requests) * u128::from(until - at);
            at = until;
        }
        weighted * 1000 / u128::from(step)
    }
}

/// How a request finds an instance; at each instance it waits for a worker, first come, first served.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Routing {
    /// Whichever instance would begin it first: as one queue before all workers, the best there is.
    #[default]
    LeastWork,
    /// One after the other in turn.
    RoundRobin,
    /// Any, by chance.
    Random,
}

/// An instance that has just begun to serve is slow: caches are empty, code is not compiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ColdStart {
    /// For how long, from its first request on.
    pub lasts: Span,
    /// Its speed meanwhile, in thousandths.
    pub speed: u32,
}

impl ColdStart {
    /// At full speed from the first request on.
    pub const NONE: Self = Self {
        lasts: Span::ZERO,
        speed: 1000,
    };
}

/// Instances follow the load: enough for the busiest of the last `window` to be loaded to
/// `target` of capacity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Autoscaler {
    /// The load aimed at, in thousandths of capacity.
    pub target: u32,
    /// How often the load is looked at.
    pub period: Span,
    /// How long a lower load must last before instances are given back.
    pub window: Span,
    /// Never fewer instances than this.
    pub min: u32,
    /// Never more instances than this.
    pub max: u32,
}

/// An agent goes away and, perhaps, comes back empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// When it goes.
    pub at: Time,
    /// Which one.
    pub agent: AgentId,
    /// When it comes back; `None` for never.
    pub back: Option<Time>,
    /// What it has when it is back, if that is not what it had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Resources>,
}

impl Fault {
    /// What faults are sorted by.
    pub const fn order(&self) -> (Time, AgentId, Option<Time>) {
        (self.at, self.agent, self.back)
    }
}

/// Something the source does not say, and the model that says it instead.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Assumption {
    /// What was missing: "task durations".
    pub about: String,
    /// The model with its parameters: "work / rate, 20 MiB/s a map".
    pub model: String,
}

/// A file that was read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Input {
    /// The path as the recipe gives it.
    pub path: PathBuf,
    /// BLAKE3 of the file's bytes, in hexadecimal.
    pub blake3: String,
}
