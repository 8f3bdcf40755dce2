//! Armada: shares that are capped by demand, cycles that evict and place again, gangs that start whole
//! (armadaproject/armada at 207cc9e0, `internal/scheduler/scheduling`).
//!
//! Amounts are whole numbers, by resource in one order for the whole pool; a job that was placed never moves.

pub mod cycle;
pub mod nodes;
pub mod order;
pub mod pass;
mod queues;
pub mod shares;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

/// Amounts by resource, in the pool's order.
pub type Amounts = Vec<i64>;

/// `a + b`, by resource.
pub(crate) fn plus(a: &[i64], b: &[i64]) -> Amounts {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// `a - b`, by resource.
pub(crate) fn minus(a: &[i64], b: &[i64]) -> Amounts {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// Whether nothing of `a` is more than in `b`.
pub(crate) fn fits(a: &[i64], b: &[i64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b)
}

/// What keeps jobs from a node that do not tolerate it (effect `NoSchedule`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Taint {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// A node of the pool.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Node {
    /// What it has.
    pub total: Amounts,
    /// What keeps jobs away.
    pub taints: Vec<Taint>,
    /// What jobs may ask for.
    pub labels: BTreeMap<String, String>,
    /// Whether it takes no new jobs.
    pub cordoned: bool,
}

/// Nodes that a class may use in spite of their taints, at a priority of their own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AwayNodes {
    /// The taints that are tolerated.
    pub taints: Vec<Taint>,
    /// The priority of a job there.
    pub priority: i64,
}

/// A priority class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Class {
    /// The higher the more important.
    pub priority: i64,
    /// Whether its jobs may be made to go.
    pub preemptible: bool,
    /// Where else its jobs may run, in order.
    pub away: Vec<AwayNodes>,
}

/// One of the conditions on labels of which all must hold.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Expression {
    /// The label has one of the values.
    In(String, Vec<String>),
    /// It has none of them, or there is none.
    NotIn(String, Vec<String>),
    /// There is one.
    Exists(String),
    /// There is none.
    DoesNotExist(String),
}

impl Expression {
    fn holds(&self, labels: &BTreeMap<String, String>) -> bool {
        let among =
            |key, values: &Vec<String>| labels.get(key).is_some_and(|one| values.contains(one));
        match self {
            Self::In(key, values) => among(key, values),
            Self::NotIn(key, values) => !among(key, values),
            Self::Exists(key) => labels.contains_key(key),
            Self::DoesNotExist(key) => !labels.contains_key(key),
        }
    }
}

/// What of a job decides whether it fits somewhere: equal shapes are tried once a pass.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Shape {
    /// Its priority class.
    pub class: usize,
    /// What it asks of a node.
    pub request: Amounts,
    /// The taints it does not mind; without a value whatever the value.
    pub tolerations: Vec<(String, Option<String>)>,
    /// The labels it needs.
    pub selector: BTreeMap<String, String>,
    /// Of these lists of conditions one must hold; none asks for nothing.
    pub affinity: Vec<Vec<Expression>>,
}

/// Jobs that start together or not at all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gang {
    /// Which.
    pub id: String,
    /// How many they are.
    pub cardinality: usize,
    /// The label of which all their nodes have the same value.
    pub uniformity: Option<String>,
}

/// Where a job runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Run {
    /// The node.
    pub node: usize,
    /// The priority it was placed at.
    pub priority: i64,
    /// When it started; any unit.
    pub since: u64,
}

/// A job; its place in the list is its id and the order of submission.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Job {
    /// Its queue; none is one that the cycle does not know, whose jobs are left alone.
    pub queue: Option<usize>,
    /// What decides where it fits.
    pub shape: Shape,
    /// What it asks for that is on no node (licences), in the order of [`pass::Limits::floating`].
    pub floating: Amounts,
    /// Its place among its queue's, the smaller first.
    pub priority: i64,
    /// Who it starts with.
    pub gang: Option<Gang>,
    /// Where it runs, if it does.
    pub run: Option<Run>,
    /// Whether it comes from another pool, where its floating resources are counted.
    pub from_elsewhere: bool,
}

/// A queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Queue {
    /// Its name, the last tie-breaker.
    pub name: String,
    /// Its weight: 1 / priority factor.
    pub weight: crate::rules::ratio::Ratio,
    /// Whether nothing new of it starts.
    pub closed: bool,
    /// What its jobs ask for that run or wait, as far as limits let them.
    pub demand: Amounts,
    /// What it holds beside the jobs that are known here.
    pub held: Amounts,
}
