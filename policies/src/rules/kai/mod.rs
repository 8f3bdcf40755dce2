//! KAI: a fair share of each resource by quota and weight, with past use, and who may take back from whom
//! (kai-scheduler/KAI-Scheduler at d5bc503a, `pkg/scheduler/plugins/proportion`).
//!
//! Resources are CPU, memory and GPUs, always in that order; of a limit, `None` is no limit.

pub mod cluster;
pub mod cycle;
pub mod division;
pub mod order;
pub mod reclaim;
mod search;
#[cfg(test)]
mod tests;

use crate::rules::ratio::Ratio;

/// How many resources there are.
pub const RESOURCES: usize = 3;

/// Amounts by resource, in any unit that is the same everywhere.
pub type Amounts = [Ratio; RESOURCES];

/// Bounds by resource; `None` is without end.
pub type Bounds = [Option<Ratio>; RESOURCES];

/// Nothing.
pub const NOTHING: Amounts = [Ratio::ZERO; RESOURCES];

/// `a + b`, by resource.
pub fn plus(a: &Amounts, b: &Amounts) -> Amounts {
    std::array::from_fn(|i| a[i] + b[i])
}

/// `a - b`, by resource.
pub fn minus(a: &Amounts, b: &Amounts) -> Amounts {
    std::array::from_fn(|i| a[i] - b[i])
}

/// Whether nothing is above its bound.
pub fn within(amounts: &Amounts, bounds: &Bounds) -> bool {
    amounts
        .iter()
        .zip(bounds)
        .all(|(amount, bound)| bound.is_none_or(|most| *amount <= most))
}

/// Whether something is above its bound.
pub fn exceeds(amounts: &Amounts, bounds: &Bounds) -> bool {
    !within(amounts, bounds)
}

/// A queue; its place in a list is its id.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Queue {
    /// The queue it is part of.
    pub parent: Option<usize>,
    /// The higher the earlier.
    pub priority: i64,
    /// When it was created; any unit.
    pub created: i64,
    /// What it is guaranteed.
    pub quota: Bounds,
    /// The most it may hold.
    pub limit: Bounds,
    /// Its fair share.
    pub fair: Bounds,
    /// What it holds, those below it included.
    pub allocated: Amounts,
    /// What of it may not be taken back.
    pub fixed: Amounts,
}

impl Queue {
    /// What nobody can take from it: its quota or fair share, whichever is more, up to its limit.
    pub fn allocatable(&self) -> Bounds {
        std::array::from_fn(|i| {
            let Some(quota) = self.quota[i] else {
                return self.limit[i];
            };
            let most = quota.max(self.fair[i]?);
            Some(self.limit[i].map_or(most, |limit| most.min(limit)))
        })
    }
}

/// A queue and those above it, from the top down.
pub fn path(queues: &[Queue], of: usize) -> Vec<usize> {
    let mut path: Vec<usize> = std::iter::successors(Some(of), |id| queues[*id].parent).collect();
    path.reverse();
    path
}

/// Where the ways to two queues part: the first of each that is not the other's, or the end of the shorter way.
pub fn fork(queues: &[Queue], one: usize, two: usize) -> (usize, usize) {
    let paths = path(queues, one).into_iter().zip(path(queues, two));
    let mut last = (one, two);
    for pair in paths {
        last = pair;
        if pair.0 != pair.1 {
            break;
        }
    }
    last
}

/// The first resource of which the queue would hold more than its limit; what is not asked for is not looked at.
pub fn over_limit(queue: &Queue, ask: &Amounts) -> Option<usize> {
    over(&queue.limit, &queue.allocated, ask)
}

/// The first resource of which work that may not be taken back would hold more than the quota.
pub fn over_quota(queue: &Queue, ask: &Amounts) -> Option<usize> {
    over(&queue.quota, &queue.fixed, ask)
}

fn over(bounds: &Bounds, held: &Amounts, ask: &Amounts) -> Option<usize> {
    let above = |i: &usize| {
        let asked = ask[*i].is_positive();
        asked && bounds[*i].is_some_and(|most| held[*i] + ask[*i] > most)
    };
    (0..RESOURCES).find(above)
}
