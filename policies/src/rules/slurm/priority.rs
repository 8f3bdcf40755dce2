//! What a job's priority is made of (`priority/multifactor`).

use crate::score::Score;

/// A factor from nothing to one, and how much it counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Factor {
    /// Its weight (`PriorityWeightAge` and its like).
    pub weight: u32,
    /// From nothing to one.
    pub factor: Score,
}

/// How long a job waited, of the time after which it counts whole (`PriorityMaxAge`).
pub fn age(waited: u64, most: u64) -> Score {
    let whole = |amount: u64| i64::try_from(amount).unwrap_or(i64::MAX);
    Score::ratio(whole(waited), whole(most.max(1))).min(Score::ONE)
}

/// How large a job is, of the cluster, by nodes and by processors; the other way round where small ones are
/// favoured (`PriorityFavorSmall`).
pub fn size(
    (nodes, all_nodes): (u32, u32),
    (cpus, all_cpus): (u32, u32),
    favor_small: bool,
) -> Score {
    let part = |one: u32, all: u32| Score::ratio(one.into(), i64::from(all.max(1)));
    let size = (part(nodes, all_nodes) + part(cpus, all_cpus)) / Score::new(2);
    if favor_small { Score::ONE - size } else { size }
}

/// The sum of all factors by their weights, less how nice the job is, to the nearest whole number and 1 at least: a
/// priority of nothing is a job that is held.
pub fn priority(factors: &[Factor], nice: i64) -> i64 {
    let terms = factors
        .iter()
        .map(|one| Score::from(one.weight) * one.factor);
    let sum = terms.fold(Score::ZERO, |a, b| a + b) - Score::new(nice);
    (sum + Score::ratio(1, 2)).floor().max(1)
}
