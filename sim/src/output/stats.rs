//! The few statistics a comparison needs: means, percentiles, intervals over seeds.
//!
//! Seeds are paired: both policies meet the same trace, so the interval is over the changes within a
//! seed, not between two clouds. Ratios are compared by their logarithms: half and twice are equally
//! far, and no interval reaches below nothing. Logarithms come from `libm`, and quantiles from a table,
//! because a result is to be the same on every machine: libraries of statistics take theirs from the
//! system.

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
    /// The same in whole parts of a million, as tables keep changes and sentences tell them: what is
    /// concluded from it is concluded from what is shown.
    #[must_use]
    pub fn in_ppm(self) -> Self {
        self.map(|value| (value * 1e6).round() / 1e6)
    }

    /// Whether the interval lies entirely on one side of `neutral`; a single seed shows nothing.
    pub fn differs_from(&self, neutral: f64) -> bool {
        self.interval
            .is_some_and(|(low, high)| low > neutral || high < neutral)
    }

    pub(super) fn map(self, f: impl Fn(f64) -> f64) -> Self {
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

/// The relative change from `pairs` of (baseline, other), one a seed: the geometric mean of their
/// ratios less one, so that twice and half cancel out; -0.25 is a quarter less. A time of nothing
/// counts as one microsecond, which is what the clock can tell.
pub fn relative_change(pairs: &[(f64, f64)]) -> Option<Estimate> {
    let logs: Vec<f64> = pairs
        .iter()
        .map(|(base, other)| libm::log(other.max(1.0) / base.max(1.0)))
        .collect();
    of_logs(&logs)
}

/// The relative change from logarithms of ratios, one a seed.
pub fn of_logs(logs: &[f64]) -> Option<Estimate> {
    Some(estimate(logs)?.map(|log| libm::exp(log) - 1.0).in_ppm())
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
        let (low, high) = three.interval.unwrap();
        assert!(near(three.mean, 2.0));
        assert!(near(high - low, 2.0 * 2.4841));
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
        let change = relative_change(&[(100.0, 75.0), (200.0, 150.0)]).unwrap();
        assert_eq!((change.mean, change.seeds), (-0.25, 2));
        assert_eq!(change.interval, Some((-0.25, -0.25)));
        assert_eq!(relative_change(&[]), None);
    }

    #[test]
    fn twice_and_half_cancel_out() {
        let none = relative_change(&[(2.0, 1.0), (1.0, 2.0)]).unwrap();
        assert!(near(none.mean, 0.0) && !none.differs_from(0.0));
        let half = relative_change(&[(2.0, 1.0), (4.0, 2.0)]).unwrap();
        assert!(near(half.mean, -0.5));
    }

    /// The mean of the changes themselves would reach from -152 to 113 %.
    #[test]
    fn no_interval_passes_minus_a_hundred_percent() {
        let wide = relative_change(&[(100.0, 1.0), (100.0, 90.0), (100.0, 120.0)]).unwrap();
        let (low, high) = wide.interval.unwrap();
        assert!(low > -1.0 && high > 0.0, "{wide:?}");
    }

    /// Three samples by hand: logs 0, ln 2, ln 4 have mean ln 2 and deviation ln 2.
    #[test]
    fn intervals_of_ratios_are_those_of_logarithms() {
        let change = relative_change(&[(1.0, 1.0), (1.0, 2.0), (1.0, 4.0)]).unwrap();
        let (low, high) = change.interval.unwrap();
        let half = 4.302_653 * 2_f64.ln() / 3_f64.sqrt();
        assert!(near(change.mean, 1.0));
        assert!(near(low, 2.0 * (-half).exp() - 1.0) && near(high, 2.0 * half.exp() - 1.0));
    }

    #[test]
    fn what_is_less_than_a_part_of_a_million_is_nothing() {
        let tiny = of_logs(&[4e-7, 4.1e-7, 4.2e-7]).unwrap();
        assert_eq!((tiny.mean, tiny.interval), (0.0, Some((0.0, 0.0))));
        assert!(!tiny.differs_from(0.0));
    }
}
