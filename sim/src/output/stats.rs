//! The few statistics a comparison needs: means, percentiles, intervals over seeds.
//!
//! Seeds are paired: both policies meet the same trace, so the interval is over the differences
//! within a seed, not between two clouds. Logarithms come from `libm` so that a table is the same
//! on every machine.

/// Student's t, 97.5 %, for 1 to 30 degrees of freedom.
const T_975: [f64; 30] = [
    12.706_205, 4.302_653, 3.182_446, 2.776_445, 2.570_582, 2.446_912, 2.364_624, 2.306_004,
    2.262_157, 2.228_139, 2.200_985, 2.178_813, 2.160_369, 2.144_787, 2.131_450, 2.119_905,
    2.109_816, 2.100_922, 2.093_024, 2.085_963, 2.079_614, 2.073_873, 2.068_658, 2.063_899,
    2.059_539, 2.055_529, 2.051_831, 2.048_407, 2.045_230, 2.042_272,
];

/// The 97.5 % quantile of the normal distribution.
const Z_975: f64 = 1.959_963_984_540_054;

/// An estimate over seeds and, from two seeds on, its 95 % interval.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
    /// The mean over seeds.
    pub mean: f64,
    /// The lower and the upper end; `None` for a single seed.
    pub interval: Option<(f64, f64)>,
    /// How many seeds it rests on.
    pub seeds: usize,
}

impl Estimate {
    /// Half the interval's length.
    pub fn half(&self) -> Option<f64> {
        self.interval.map(|(low, high)| (high - low) / 2.0)
    }

    /// Whether the interval lies entirely on one side of `neutral`; a single seed shows nothing.
    pub fn differs_from(&self, neutral: f64) -> bool {
        self.interval
            .is_some_and(|(low, high)| low > neutral || high < neutral)
    }

    fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Self {
            mean: f(self.mean),
            interval: self.interval.map(|(low, high)| (f(low), f(high))),
            ..self
        }
    }
}

/// The arithmetic mean; `None` of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The mean of whole numbers, rounded to the nearest; `None` of nothing.
pub fn mean_whole(values: &[u64]) -> Option<u64> {
    let sum: u128 = values.iter().map(|value| u128::from(*value)).sum();
    let count = values.len() as u128;
    (count > 0).then(|| u64::try_from((sum + count / 2) / count).unwrap_or(u64::MAX))
}

/// The nearest-rank percentile `sorted[ceil(q * n) - 1]`, with `q` in thousandths so that no
/// rounding decides the rank; `None` of nothing.
pub fn percentile(sorted: &[u64], thousandths: usize) -> Option<u64> {
    let rank = (sorted.len() * thousandths).div_ceil(1000).max(1);
    sorted.get(rank - 1).copied()
}

/// The 97.5 % quantile of Student's t: the factor of a two-sided 95 % interval. Exact to six
/// digits up to 30 degrees of freedom, by Cornish and Fisher's expansion (to five) beyond.
pub fn t_975(freedom: usize) -> f64 {
    if let Some(t) = freedom.checked_sub(1).and_then(|i| T_975.get(i)) {
        return *t;
    }
    let (z, v) = (Z_975, freedom as f64);
    let (z3, z5) = (z * z * z, z * z * z * z * z);
    let first = (z3 + z) / (4.0 * v);
    let second = (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * v * v);
    z + first + second
}

/// The mean of `samples`, one a seed, with its 95 % interval; `None` of nothing.
pub fn estimate(samples: &[f64]) -> Option<Estimate> {
    let mean = mean(samples)?;
    let seeds = samples.len();
    let interval = (seeds > 1).then(|| {
        let squares: f64 = samples.iter().map(|x| (x - mean) * (x - mean)).sum();
        let freedom = seeds - 1;
        let error = (squares / freedom as f64 / seeds as f64).sqrt();
        let half = t_975(freedom) * error;
        (mean - half, mean + half)
    });
    Some(Estimate {
        mean,
        interval,
        seeds,
    })
}

/// The mean relative change from `pairs` of (baseline, other), one a seed: -0.25 is a quarter
/// less. Seeds with a baseline of zero say nothing and are left out.
pub fn relative_change(pairs: &[(f64, f64)]) -> Option<Estimate> {
    let changes: Vec<f64> = pairs
        .iter()
        .filter(|(base, _)| *base > 0.0)
        .map(|(base, other)| other / base - 1.0)
        .collect();
    estimate(&changes)
}

/// How many times less `other` is than the baseline: the geometric mean of `baseline / other`
/// over seeds, so that twice and half cancel out. Pairs with a zero are left out.
pub fn times_less(pairs: &[(f64, f64)]) -> Option<Estimate> {
    let logs: Vec<f64> = pairs
        .iter()
        .filter(|(base, other)| *base > 0.0 && *other > 0.0)
        .map(|(base, other)| libm::log(base / other))
        .collect();
    Some(estimate(&logs)?.map(libm::exp))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-4
    }

    #[test]
    fn percentiles_are_nearest_rank() {
        let sorted: Vec<u64> = (1..=20).collect();
        assert_eq!(percentile(&sorted, 500), Some(10));
        assert_eq!(percentile(&sorted, 950), Some(19));
        assert_eq!(percentile(&sorted, 990), Some(20));
        assert_eq!(percentile(&sorted, 0), Some(1));
        assert_eq!(percentile(&sorted, 1000), Some(20));
        assert_eq!(percentile(&[7], 500), Some(7));
        assert_eq!(percentile(&[], 500), None);
    }

    #[test]
    fn means_round_to_the_nearest() {
        assert_eq!(mean_whole(&[1, 2]), Some(2));
        assert_eq!(mean_whole(&[1, 1, 2]), Some(1));
        assert_eq!(mean_whole(&[u64::MAX, u64::MAX]), Some(u64::MAX));
        assert_eq!(mean_whole(&[]), None);
    }

    #[test]
    fn t_quantiles_match_the_tables() {
        for (freedom, expected) in [
            (1, 12.7062),
            (2, 4.3027),
            (19, 2.0930),
            (30, 2.0423),
            (31, 2.0395),
            (60, 2.0003),
            (120, 1.9799),
        ] {
            assert!(
                near(t_975(freedom), expected),
                "{freedom}: {}",
                t_975(freedom)
            );
        }
    }

    /// Samples 1, 2, 3: mean 2, deviation 1, t(2) = 4.3027, so the half is 4.3027 / sqrt(3).
    #[test]
    fn intervals_are_students() {
        let three = estimate(&[1.0, 2.0, 3.0]).unwrap();
        assert!(near(three.mean, 2.0));
        assert!(near(three.half().unwrap(), 2.4841));
        assert!(!three.differs_from(0.0));
        assert!(three.differs_from(5.0));
    }

    #[test]
    fn one_seed_has_no_interval() {
        let one = estimate(&[3.0]).unwrap();
        assert_eq!(one.interval, None);
        assert!(!one.differs_from(0.0));
        assert_eq!(estimate(&[]), None);
    }

    #[test]
    fn changes_are_relative_to_the_baseline() {
        let change = relative_change(&[(100.0, 75.0), (200.0, 150.0), (0.0, 1.0)]).unwrap();
        assert!(near(change.mean, -0.25));
        assert_eq!(change.seeds, 2);
        assert_eq!(change.interval, Some((-0.25, -0.25)));
        assert_eq!(relative_change(&[(0.0, 1.0)]), None);
    }

    #[test]
    fn twice_and_half_cancel_out() {
        let times = times_less(&[(2.0, 1.0), (1.0, 2.0)]).unwrap();
        assert!(near(times.mean, 1.0));
        let twice = times_less(&[(2.0, 1.0), (4.0, 2.0)]).unwrap();
        assert!(near(twice.mean, 2.0));
    }
}
