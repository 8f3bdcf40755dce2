//! Volcano: sessions of plugins in tiers, queues by weight (proportion) or by stated amounts (capacity), gangs, dominant
//! resource fairness, and the actions that admit, place, take back and preempt
//! (volcano-sh/volcano at ed72c7c8, `pkg/scheduler`).

pub mod amounts;
pub mod capacity;
pub mod drf;
pub mod hierarchy;
mod order;
mod place;
mod preempt;
pub mod proportion;
pub mod session;
pub mod state;
mod victims;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::rules::ratio::Ratio;
pub use amounts::Amounts;

/// A queue; its place in the list is its id.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Queue {
    /// Its name, the last tie-breaker.
    pub name: String,
    /// Its weight (proportion).
    pub weight: Ratio,
    /// The larger the earlier.
    pub priority: i64,
    /// The most it may hold; what is not named is without end.
    pub capability: Amounts,
    /// What it is to have (capacity).
    pub deserved: Amounts,
    /// What is kept for it.
    pub guarantee: Amounts,
    /// The queue it is part of (capacity with a hierarchy).
    pub parent: Option<usize>,
    /// Whether nothing of it starts.
    pub closed: bool,
    /// Whether nothing may be taken back from it.
    pub keeps: bool,
    /// Its path and the weights along it (dominant resource fairness with a hierarchy).
    pub path: Vec<(String, Ratio)>,
}

/// Whether a job was admitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Phase {
    /// It waits to be admitted.
    #[default]
    Pending,
    /// It was admitted.
    Inqueue,
    /// It runs.
    Running,
}

/// Where a job's pods have to lie.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Topology {
    /// The groups of nodes, the closest tier first; in each tier by name.
    pub groups: Vec<Vec<BTreeSet<usize>>>,
}

/// A job (pod group); its place in the list is its id.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Job {
    /// Its name, the last tie-breaker.
    pub name: String,
    /// Its queue.
    pub queue: usize,
    /// How many pods must run together.
    pub min_member: usize,
    /// How many of each role.
    pub min_of_role: BTreeMap<String, usize>,
    /// The larger the earlier.
    pub priority: i64,
    /// What it needs to be admitted; none is anything.
    pub min_resources: Option<Amounts>,
    /// Whether it was admitted.
    pub phase: Phase,
    /// Where its pods have to lie, if anywhere.
    pub topology: Option<Topology>,
    /// Whether it is refused from without.
    pub refused: bool,
}

/// What is true of a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// It waits.
    Pending,
    /// It runs on a node; none is one that the session does not know.
    Running(Option<usize>),
    /// It was given a node in this session.
    Bound(usize),
    /// It was promised space on a node that is being freed.
    Pipelined(usize),
    /// It is made to go.
    Releasing(usize),
    /// It is over.
    Succeeded,
}

/// A pod; its place in the list is its id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Task {
    /// Namespace and name, the last tie-breaker.
    pub name: String,
    /// Its job.
    pub job: usize,
    /// Its role in the job.
    pub role: String,
    /// What it asks for, one pod among it.
    pub request: Amounts,
    /// The larger the earlier.
    pub priority: i64,
    /// Whether it may be made to go.
    pub preemptable: bool,
    /// Whether it makes nobody go.
    pub never_preempts: bool,
    /// Whether it is critical for the system (plugin conformance).
    pub critical: bool,
    /// The labels its node must have.
    pub selector: BTreeMap<String, String>,
    /// Its own labels.
    pub labels: BTreeMap<String, String>,
    /// It shares no node with pods that have all labels of one of these.
    pub apart_from: Vec<BTreeMap<String, String>>,
    /// Where it is.
    pub status: Status,
}

impl Task {
    /// Whether it asks for nothing but being a pod.
    pub fn best_effort(&self) -> bool {
        self.request.is_empty()
    }
}

/// A node; its place in the list is its id.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Node {
    /// What it has.
    pub allocatable: Amounts,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// A plugin.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Plugin {
    /// Jobs start whole.
    Gang,
    /// Larger numbers first.
    Priority,
    /// Dominant resource fairness among jobs, or in a hierarchy of queues.
    Drf,
    /// Queues by weight.
    Proportion,
    /// Queues by stated amounts.
    Capacity,
    /// Critical pods stay.
    Conformance,
    /// Selectors and anti-affinity.
    Predicates,
    /// A hidden device that one pod of a node holds.
    Device,
    /// Jobs are refused from without.
    Rejecter,
    /// The fullest node first.
    Binpack,
}

/// Where a plugin is asked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Point {
    /// Which queue first.
    QueueOrder,
    /// Which job first.
    JobOrder,
    /// Which task first.
    TaskOrder,
    /// Whether a job may start.
    JobReady,
    /// Whether it may once what is promised is free.
    JobPipelined,
    /// Whether it lacks something.
    JobStarving,
    /// Whether a job may be admitted.
    JobEnqueued,
    /// Whether a queue has enough.
    Overused,
    /// Whether a task may be placed.
    Allocatable,
    /// Whether a queue may take back for a task.
    Preemptive,
    /// Who may be taken back from other queues.
    Reclaimable,
    /// Who may be preempted in the queue.
    Preemptable,
    /// Which nodes.
    Predicate,
    /// Which nodes first.
    NodeOrder,
    /// Queues are a tree.
    Hierarchy,
}

/// A plugin where it is switched on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Enabled {
    /// Which.
    pub plugin: Plugin,
    /// The points where it is asked.
    pub on: BTreeSet<Point>,
}
