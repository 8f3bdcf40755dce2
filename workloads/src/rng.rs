//! Seeded random numbers that are the same on every machine, one stream for each purpose.
//!
//! The generator is named by its algorithm (`ChaCha` with 8 rounds) and every logarithm, power and
//! cosine comes from `libm`, because the standard library's differ between platforms. The
//! samplers are written here, so a new version of a library cannot move a workload.

use std::f64::consts::TAU;

use fairground_policies::time::Span;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// The stream of `purpose` for `seed`. Its key is the BLAKE3 hash of the seed (eight bytes,
/// little-endian) followed by the purpose, so streams do not overlap and adding one moves none.
pub fn stream(seed: u64, purpose: &str) -> Stream {
    let mut key = blake3::Hasher::new();
    key.update(&seed.to_le_bytes());
    key.update(purpose.as_bytes());
    Stream(ChaCha8Rng::from_seed(*key.finalize().as_bytes()))
}

/// A stream of random numbers with the samplers that workloads need.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The bare generator, for who samples by other means.
    pub fn into_generator(self) -> ChaCha8Rng {
        self.0
    }

    /// A whole number in `0..below`, without bias (Lemire 2019); zero when `below` is zero.
    pub fn below(&mut self, below: u64) -> u64 {
        if below == 0 {
            return 0;
        }
        loop {
            let wide = u128::from(self.0.next_u64()) * u128::from(below);
            let low = wide as u64;
            if low >= below || low >= below.wrapping_neg() % below {
                return (wide >> 64) as u64;
            }
        }
    }

    /// A whole number in `low..=high`; `low` when the bounds are the wrong way round.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        match high.saturating_sub(low).checked_add(1) {
            Some(width) => low + self.below(width),
            None => self.0.next_u64(),
        }
    }

    /// A whole number in `low..=high` whose logarithm is uniform: as many between 1 and 10 as
    /// between 10 and 100. A `low` of zero counts as one.
    pub fn log_between(&mut self, low: u64, high: u64) -> u64 {
        let low = low.max(1);
        let ratio = (high.max(low) as f64 + 1.0) / low as f64;
        let drawn = low as f64 * libm::exp(self.unit() * libm::log(ratio));
        (drawn as u64).clamp(low, high.max(low))
    }

    /// True in `thousandths` of a thousand cases.
    pub fn chance(&mut self, thousandths: u32) -> bool {
        self.below(1000) < u64::from(thousandths)
    }

    /// How many of `n` come true with a probability in thousandths each; takes a draw for each.
    pub fn of(&mut self, n: u64, thousandths: u32) -> u64 {
        (0..n).map(|_| u64::from(self.chance(thousandths))).sum()
    }

    /// One of `choices`, each as likely; `None` when there is none.
    pub fn choose<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(self.below(choices.len() as u64) as usize)
    }

    /// Brings `items` into random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }

    /// A number in `(0, 1]`, a multiple of 2^-53.
    pub fn unit(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1_u64 << 53) as f64;
        ((self.0.next_u64() >> 11) + 1) as f64 * STEP
    }

    /// A time with exponential distribution: between arrivals that know nothing of each other.
    pub fn exponential(&mut self, mean: Span) -> Span {
        rounded(-libm::log(self.unit()) * mean.as_micros() as f64)
    }

    /// A time with log-normal distribution: half of them below `median`; `spread` is the standard
    /// deviation of the natural logarithm, in thousandths. At least one microsecond.
    pub fn log_normal(&mut self, median: Span, spread: u32) -> Span {
        let factor = self.log_normal_factor(spread);
        rounded(factor * median.as_micros() as f64).max(Span::from_micros(1))
    }

    /// A factor with log-normal distribution and median one; `spread` as above.
    pub fn log_normal_factor(&mut self, spread: u32) -> f64 {
        libm::exp(self.normal() * f64::from(spread) / 1000.0)
    }

    /// A whole number in `low..=high` with the bounded Pareto distribution; `shape` is its
    /// exponent in thousandths: the smaller, the heavier the tail.
    pub fn pareto(&mut self, low: u64, high: u64, shape: u32) -> u64 {
        let (low, high) = (low.max(1), high.max(low).max(1));
        let shape = f64::from(shape.max(1)) / 1000.0;
        let ratio = libm::pow(low as f64 / high as f64, shape);
        // `unit` is never zero, so the base lies in [ratio, 1).
        let base = 1.0 - self.unit() * (1.0 - ratio);
        let drawn = low as f64 * libm::pow(base, -1.0 / shape);
        (drawn as u64).clamp(low, high)
    }

    /// A count with Poisson distribution; zero for a mean that is not positive, and no mean counts
    /// for more than 10^12, where the logarithms below lose their digits.
    pub fn poisson(&mut self, mean: f64) -> u64 {
        if mean >= 10.0 {
            self.poisson_large(mean.min(1e12))
        } else if mean > 0.0 {
            self.poisson_small(mean)
        } else {
            0
        }
    }

    /// A standard normal number (Box and Muller): always two draws, so streams stay in step.
    fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(self.unit()));
        radius * libm::cos(TAU * self.unit())
    }

    /// Counts arrivals until they fill the unit of time (Knuth).
    fn poisson_small(&mut self, mean: f64) -> u64 {
        let end = libm::exp(-mean);
        let mut product = self.unit();
        let mut count = 0;
        while product > end {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// Transformed rejection with squeeze (Hörmann 1993, algorithm PTRS).
    fn poisson_large(&mut self, mean: f64) -> u64 {
        let log_mean = libm::log(mean);
        let width = 0.931 + 2.53 * libm::sqrt(mean);
        let tail = -0.059 + 0.024_83 * width;
        let inverse_alpha = 1.1239 + 1.1328 / (width - 3.4);
        let squeeze = 0.9277 - 3.6224 / (width - 2.0);
        loop {
            let shift = self.unit() - 0.5;
            let height = self.unit();
            let edge = (0.5 - shift.abs()).max(f64::MIN_POSITIVE);
            let count = libm::floor((2.0 * tail / edge + width) * shift + mean + 0.43);
            if edge >= 0.07 && height <= squeeze {
                return count as u64;
            }
            if count < 0.0 || (edge < 0.013 && height > edge) {
                continue;
            }
            let hat = libm::log(tail / (edge * edge) + width);
            let left = libm::log(height) + libm::log(inverse_alpha) - hat;
            if left <= count * log_mean - mean - libm::lgamma(count + 1.0) {
                return count as u64;
            }
        }
    }
}

/// Microseconds to the nearest whole one; no time for anything negative.
fn rounded(micros: f64) -> Span {
    Span::from_micros(libm::round(micros) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean of many draws lies within `percent` of the `expected` one.
    fn check(name: &str, expected: f64, percent: f64, mut draw: impl FnMut(&mut Stream) -> f64) {
        const DRAWS: u32 = 20_000;
        let mut stream = stream(1, name);
        let sum: f64 = (0..DRAWS).map(|_| draw(&mut stream)).sum();
        let mean = sum / f64::from(DRAWS);
        let error = (mean - expected).abs() / expected * 100.0;
        assert!(error < percent, "{name}: {mean}, not {expected}");
    }

    fn micros(span: Span) -> f64 {
        span.as_micros() as f64
    }

    #[test]
    fn samplers_have_their_means() {
        let second = Span::from_secs(1);
        check("unit", 0.5, 2.0, Stream::unit);
        check("below", 4.5, 2.0, |s| s.below(10) as f64);
        check("between", 6.0, 2.0, |s| s.between(5, 7) as f64);
        check("chance", 0.25, 4.0, |s| f64::from(u8::from(s.chance(250))));
        check("exponential", 1e6, 3.0, |s| micros(s.exponential(second)));
        // exp(sigma^2 / 2) for sigma = 0.5
        check("log-normal", 1.133e6, 3.0, |s| {
            micros(s.log_normal(second, 500))
        });
        check("poisson 3", 3.0, 2.0, |s| s.poisson(3.0) as f64);
        check("poisson 10", 10.0, 2.0, |s| s.poisson(10.0) as f64);
        check("poisson 1000", 1000.0, 0.2, |s| s.poisson(1000.0) as f64);
        // Of 1..=1000 with exponent 1: the mean of the rounded-down values is near ln 1000.
        check("pareto", 6.4, 5.0, |s| s.pareto(1, 1000, 1000) as f64);
        check("log uniform", 21.0, 4.0, |s| s.log_between(1, 100) as f64);
    }

    #[test]
    fn poisson_has_its_variance() {
        for mean in [2.0, 9.9, 10.1, 50.0, 400.0] {
            check("variance", mean, 5.0, |s| {
                let off = s.poisson(mean) as f64 - mean;
                off * off
            });
        }
    }

    #[test]
    fn bounds_hold() {
        let mut s = stream(7, "bounds");
        for _ in 0..2_000 {
            assert!((3..=3000).contains(&s.pareto(3, 3000, 700)));
            assert!((3..=9).contains(&s.log_between(3, 9)));
            assert!((3..=9).contains(&s.between(3, 9)));
            assert!(s.unit() > 0.0);
        }
        assert_eq!(s.below(0), 0);
        assert_eq!(s.below(1), 0);
        assert_eq!(s.between(9, 3), 9);
        assert_eq!(s.log_between(5, 5), 5);
        assert_eq!(s.poisson(0.0), 0);
        assert_eq!(s.choose::<u8>(&[]), None);
        assert_eq!(s.exponential(Span::ZERO), Span::ZERO);
    }

    #[test]
    fn streams_are_fixed_and_apart() {
        let first = |seed, purpose| stream(seed, purpose).below(1_000_000);
        assert_eq!(first(1, "arrivals"), first(1, "arrivals"));
        assert_ne!(first(1, "arrivals"), first(2, "arrivals"));
        assert_ne!(first(1, "arrivals"), first(1, "sizes"));
    }

    #[test]
    fn a_shuffle_loses_nothing() {
        let mut items: Vec<u32> = (0..100).collect();
        stream(1, "shuffle").shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
