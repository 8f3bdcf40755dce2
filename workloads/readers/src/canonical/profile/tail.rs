//! How heavy a tail is: Hill's estimator of its index above the threshold at which a power law fits best.
//!
//! The threshold is the one that Clauset, Shalizi and Newman (SIAM Review 2009) choose: where the largest
//! distance between what is observed and the fitted law (Kolmogorov and Smirnov's) is least. That distance
//! is told with the index: without it an index says nothing.

use std::collections::BTreeMap;

/// How many different numbers are kept, the largest: a bound on memory that no tail needs to exceed.
const KEPT: usize = 1 << 14;
/// How many thresholds are tried, evenly by the logarithm of how many numbers are above.
const TRIED: usize = 64;
/// A tail has at least so many numbers, and so many different ones.
const LEAST: u64 = 50;
const LEAST_DIFFERENT: usize = 20;

/// The largest numbers, each with how often it comes.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Largest {
    kept: BTreeMap<u128, u64>,
    /// All that were added.
    n: u64,
}

/// A power law fitted to a tail: the part of numbers above `x` is about `x` to the power of `-index`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Tail {
    /// Its index: below 2 the variance is infinite, below 1 the mean.
    pub index: f64,
    /// The standard error of the index, were the law exact.
    pub error: f64,
    /// The threshold: the smallest number that the law is fitted to.
    pub from: u128,
    /// How many numbers are at or above it.
    pub n: u64,
    /// Which part of all that is.
    pub part: f64,
    /// The largest distance between the observed share above any number and the law's.
    pub distance: f64,
}

impl Largest {
    pub(super) fn add(&mut self, value: u128, count: u64) {
        self.n = self.n.saturating_add(count);
        if value == 0 || count == 0 {
            return;
        }
        let kept = self.kept.entry(value).or_default();
        *kept = kept.saturating_add(count);
        if self.kept.len() > KEPT {
            self.kept.pop_first();
        }
    }

    /// The law that fits best; nothing where there are too few numbers for any.
    pub fn tail(&self) -> Option<Tail> {
        // From the largest down, with how many are as large or larger, and their logarithms together.
        let mut above = Vec::with_capacity(self.kept.len());
        let (mut count, mut logs) = (0_u64, 0.0);
        for (value, times) in self.kept.iter().rev() {
            let log = libm::log(*value as f64);
            count = count.saturating_add(*times);
            logs += log * *times as f64;
            above.push((*value, log, count, logs));
        }
        let mut best: Option<Tail> = None;
        for at in thresholds(&above) {
            let (from, low, n, logs) = above[at];
            let excess = logs - low * n as f64;
            if excess <= 0.0 {
                continue;
            }
            let index = n as f64 / excess;
            let distance = distance(&above[..=at], index);
            if best.is_none_or(|best| distance < best.distance) {
                best = Some(Tail {
                    index,
                    error: index / libm::sqrt(n as f64),
                    from,
                    n,
                    part: n as f64 / self.n as f64,
                    distance,
                });
            }
        }
        best
    }
}

/// Where thresholds are tried: positions in the list from the largest number down.
fn thresholds(above: &[(u128, f64, u64, f64)]) -> Vec<usize> {
    let first = above
        .iter()
        .position(|(_, _, count, _)| *count >= LEAST)
        .map(|first| first.max(LEAST_DIFFERENT - 1));
    let Some(first) = first.filter(|first| *first < above.len()) else {
        return Vec::new();
    };
    let [low, high] = [first, above.len() - 1].map(|at| libm::log(above[at].2 as f64));
    let step = (high - low) / TRIED as f64;
    let (mut tried, mut next) = (Vec::new(), low);
    for (at, one) in above.iter().enumerate().skip(first) {
        let count = libm::log(one.2 as f64);
        if count >= next {
            tried.push(at);
            next = count + step;
        }
    }
    tried
}

/// The largest distance between the observed shares of a tail and those of the law, on both sides of
/// every step.
fn distance(tail: &[(u128, f64, u64, f64)], index: f64) -> f64 {
    let Some((_, low, all, _)) = tail.last() else {
        return 0.0;
    };
    let (mut before, mut most) = (0.0, 0.0_f64);
    for (_, log, count, _) in tail {
        let law = libm::exp(-index * (log - low));
        let share = *count as f64 / *all as f64;
        most = most.max((share - law).abs()).max((before - law).abs());
        before = share;
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(values: impl Iterator<Item = f64>) -> Option<Tail> {
        let mut largest = Largest::default();
        values.for_each(|value| largest.add(value as u128, 1));
        largest.tail()
    }

    /// The quantiles of a law are as good as draws of it.
    fn quantiles(n: u32) -> impl Iterator<Item = f64> {
        (0..n).map(move |number| (f64::from(number) + 0.5) / f64::from(n))
    }

    #[test]
    fn the_index_of_a_power_law_is_found() {
        for index in [0.7, 1.5, 3.0] {
            let law = quantiles(20_000).map(|part| 1e6 * libm::pow(part, -1.0 / index));
            let found = tail(law).unwrap();
            assert!((found.index / index - 1.0).abs() < 0.03, "{found:?}");
            assert!(found.distance < 0.01, "{found:?}");
            assert!(found.error < 0.1 * found.index, "{found:?}");
        }
    }

    /// An exponential has no such tail: whatever part is taken, the index is high.
    #[test]
    fn light_tails_have_a_high_index() {
        let law = quantiles(20_000).map(|part| -1e6 * libm::log(part));
        let found = tail(law).unwrap();
        assert!(found.index > 3.0, "{found:?}");
    }

    #[test]
    fn few_or_equal_numbers_have_no_tail() {
        assert_eq!(tail(std::iter::empty()), None);
        assert_eq!(tail((1..=40).map(f64::from)), None, "too few");
        let same = (0..10_000).map(|number| f64::from(number % 5));
        assert_eq!(tail(same), None, "too few different ones");
    }

    /// More different numbers than are kept: those that are kept are the largest.
    #[test]
    fn memory_is_bounded() {
        let mut largest = Largest::default();
        (1..=100_000).for_each(|value| largest.add(value, 1));
        assert_eq!(largest.kept.len(), KEPT);
        assert_eq!(largest.kept.keys().next_back(), Some(&100_000));
        assert_eq!(largest.n, 100_000);
    }
}
