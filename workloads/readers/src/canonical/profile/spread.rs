//! How numbers are spread: exact ends, count and sum, and buckets of a thirty-second of an octave, so that
//! memory does not grow with the trace.

use std::collections::BTreeMap;

/// Buckets of an octave, as a power of two.
const FINE: u32 = 5;

/// How numbers are spread. A quantile is the mean of its bucket, at most 2 % off; smallest, largest, count
/// and sum are exact.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Spread {
    /// How many there are.
    pub n: u64,
    /// The smallest.
    pub min: u128,
    /// The largest.
    pub max: u128,
    /// All together.
    pub sum: u128,
    squares: f64,
    buckets: BTreeMap<u32, (u64, u128)>,
}

impl Spread {
    pub(super) fn add(&mut self, value: u128, count: u64) {
        if count == 0 {
            return;
        }
        self.min = if self.n == 0 {
            value
        } else {
            self.min.min(value)
        };
        self.max = self.max.max(value);
        self.n = self.n.saturating_add(count);
        let sum = value.saturating_mul(u128::from(count));
        self.sum = self.sum.saturating_add(sum);
        self.squares += value as f64 * value as f64 * count as f64;
        let bucket = self.buckets.entry(bucket(value)).or_default();
        bucket.0 = bucket.0.saturating_add(count);
        bucket.1 = bucket.1.saturating_add(sum);
    }

    /// The mean of each bucket with how many are in it, from the smallest on.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = (u128, u64)> {
        let buckets = self.buckets.values();
        buckets.map(|(count, sum)| (sum / u128::from(*count), *count))
    }

    /// The mean; zero of nothing.
    pub fn mean(&self) -> f64 {
        self.sum as f64 / self.n.max(1) as f64
    }

    /// The standard deviation as a part of the mean: 1 where numbers are as far apart as those of a Poisson
    /// process. Nothing where there is no mean.
    pub fn variation(&self) -> Option<f64> {
        let mean = self.mean();
        let variance = (self.squares / self.n.max(1) as f64 - mean * mean).max(0.0);
        (mean > 0.0).then(|| libm::sqrt(variance) / mean)
    }

    /// The number that `thousandths` of all do not exceed, by nearest rank; zero if there is none.
    pub fn quantile(&self, thousandths: u64) -> u128 {
        let rank = u128::from(self.n) * u128::from(thousandths);
        let rank = rank.div_ceil(1000).max(1) as u64;
        let mut seen = 0;
        let found = self.steps().find(|(_, count)| {
            seen += count;
            seen >= rank
        });
        found.map_or(self.max, |(mean, _)| mean.clamp(self.min, self.max))
    }

    /// Which part of all is at least as large, by buckets, from the smallest on; the last is the largest.
    pub fn survival(&self) -> Vec<(u128, f64)> {
        let mut left = self.n;
        let mut points = Vec::new();
        for (value, count) in self.steps() {
            points.push((value, left as f64 / self.n as f64));
            left -= count;
        }
        points
    }

    /// Points of the curve that tells which part of the sum the largest have: from nothing to all.
    pub fn largest(&self) -> Vec<(f64, f64)> {
        let (mut count, mut sum) = (0, 0_u128);
        let mut points = vec![(0.0, 0.0)];
        points.extend(self.buckets.values().rev().map(|(n, of_them)| {
            count += n;
            sum += of_them;
            (
                count as f64 / self.n as f64,
                sum as f64 / self.sum.max(1) as f64,
            )
        }));
        points
    }

    /// Which part of the sum the largest `part` of all have.
    pub fn share_of_largest(&self, part: f64) -> f64 {
        let points = self.largest();
        let behind = points.iter().position(|(count, _)| *count >= part);
        match behind {
            None => 1.0,
            Some(0) => 0.0,
            Some(behind) => {
                let ((from, low), (to, high)) = (points[behind - 1], points[behind]);
                low + (high - low) * (part - from) / (to - from)
            }
        }
    }
}

/// The bucket of a number: its highest bits, with how many follow them.
fn bucket(value: u128) -> u32 {
    let bits = 128 - value.leading_zeros();
    if bits <= FINE + 1 {
        return value as u32;
    }
    let shift = bits - FINE - 1;
    (shift << FINE) + (value >> shift) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_close_and_ends_exact() {
        let mut spread = Spread::default();
        (1..=10_000_u128).for_each(|value| spread.add(value * 1000, 1));
        assert_eq!(
            (spread.min, spread.max, spread.n),
            (1000, 10_000_000, 10_000)
        );
        for (thousandths, exact) in [(500, 5_000_000.0), (950, 9_500_000.0), (1, 10_000.0)] {
            let off = spread.quantile(thousandths) as f64 / exact - 1.0;
            assert!(off.abs() < 0.02, "{thousandths}: {off}");
        }
        let top = spread.share_of_largest(0.1);
        assert!((top - 0.19).abs() < 0.002, "{top}");
        assert_eq!(Spread::default().quantile(500), 0);
    }

    #[test]
    fn one_giant_has_nearly_everything() {
        let mut spread = Spread::default();
        spread.add(1, 999);
        spread.add(1_000_000, 1);
        assert!(spread.share_of_largest(0.001) > 0.99);
        assert_eq!(spread.quantile(500), 1);
        assert_eq!(spread.quantile(1000), 1_000_000);
        assert_eq!(spread.survival(), [(1, 1.0), (1_000_000, 0.001)]);
    }

    /// By hand: 1 and 3 have the mean 2 and the deviation 1; equal numbers have none.
    #[test]
    fn variation_is_the_deviation_over_the_mean() {
        let variation = |values: &[u128]| {
            let mut spread = Spread::default();
            for value in values {
                spread.add(*value, 1);
            }
            spread.variation()
        };
        assert_eq!(variation(&[1, 3]), Some(0.5));
        assert_eq!(variation(&[7, 7, 7]), Some(0.0));
        assert_eq!(variation(&[0, 0]), None);
        assert_eq!(variation(&[]), None);
    }

    #[test]
    fn buckets_never_go_back() {
        let mut last = 0;
        for shift in 0..120 {
            for low in 0..64_u128 {
                let bucket = bucket((64 + low) << shift);
                assert!(bucket >= last);
                last = bucket;
            }
        }
    }
}
