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

#[cfg(test)]
mod tests {
    use super::*;

    /// Factors in hundredths with their weights, and how nice the job is.
    fn check(factors: &[(u32, i64)], nice: i64, expected: i64) {
        let factors: Vec<Factor> = factors
            .iter()
            .map(|(weight, hundredths)| Factor {
                weight: *weight,
                factor: Score::ratio(*hundredths, 100),
            })
            .collect();
        assert_eq!(priority(&factors, nice), expected, "{factors:?}");
    }

    #[test]
    fn factors_count_by_their_weights() {
        check(&[(1000, 50), (2000, 25), (100, 100)], 0, 1100);
        check(&[(1000, 50)], 100, 400);
        check(&[(1000, 50)], -100, 600);
        check(&[(7, 50)], 0, 4);
        // A priority of nothing would hold the job.
        check(&[(1000, 0)], 0, 1);
        check(&[(1000, 50)], 9000, 1);
        check(&[], 0, 1);
    }

    #[test]
    fn who_waits_and_who_is_large() {
        const DAY: u64 = 86_400;
        for (waited, hundredths) in [(0, 0), (7 * DAY / 2, 50), (7 * DAY, 100), (30 * DAY, 100)] {
            assert_eq!(age(waited, 7 * DAY), Score::ratio(hundredths, 100));
        }
        // A quarter of the nodes and three quarters of the processors.
        assert_eq!(size((1, 4), (48, 64), false), Score::ratio(1, 2));
        assert_eq!(size((1, 4), (1, 4), true), Score::ratio(3, 4));
    }
}
