//! Kinds of frameworks, in words that recipes, traces and the core share: what runs a kind of work, and how it keeps
//! what it runs in.

use serde::{Deserialize, Serialize};

use crate::resources::Resources;
use crate::time::Span;

/// What a framework is, whatever it is to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrameworkKind {
    /// Tasks of jobs run directly on the cluster (Hadoop, MPI).
    Batch,
    /// Tasks of jobs run inside executors (Spark).
    Executors {
        /// What one takes.
        needs: Resources,
        /// How many there may be at once.
        max: u32,
        /// How long one may idle before it is given back.
        idle: Span,
    },
    /// As many instances of a service as its load asks for (Rails).
    Service {
        /// What one takes.
        needs: Resources,
        /// How many follow from the load.
        autoscaler: Autoscaler,
    },
}

/// How many instances follow from the load: enough for the highest of the last `window` to keep
/// `target` of all workers busy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Autoscaler {
    /// Requests one instance serves at the same time.
    pub workers: u32,
    /// The part of the workers that shall be busy, in thousandths.
    pub target: u32,
    /// How long a lower load must last before instances are given back.
    pub window: Span,
    /// Never fewer instances than this.
    pub min: u32,
    /// Never more instances than this.
    pub max: u32,
}

impl Autoscaler {
    /// The instances that `load` thousandths of busy workers ask for.
    pub(crate) fn instances(self, load: u64) -> u32 {
        let one = u64::from(self.workers) * u64::from(self.target);
        let needed = u32::try_from(load.div_ceil(one.max(1))).unwrap_or(u32::MAX);
        needed.min(self.max).max(self.min)
    }
}

/// How well an executor is prepared for a piece of work.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum CacheState {
    /// It never ran anything.
    Fresh,
    /// It ran something, but nothing of this stage.
    First,
    /// It ran this stage before.
    Rest,
}
