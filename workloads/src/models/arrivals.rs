//! When jobs are submitted: independently of each other, more of them by day than by night.

use std::f64::consts::TAU;

use fairground_policies::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::error::ReadError;
use crate::rng::Stream;
use crate::trace::Assumption;
use crate::units;

const DAY_MICROS: u64 = 86_400_000_000;
/// More jobs than this are taken for a mistake in the recipe.
const MOST_JOBS: u64 = 10_000_000;

/// The daily pattern: the rate of arrivals is the mean times `1 + swing * cos(t - peak)`, the
/// whole day being one period of the cosine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Day {
    /// How far the rate goes up and down, at most 1; 0 for the same rate all day.
    #[serde(with = "units::decimal")]
    pub swing: u32,
    /// The busiest time of day.
    pub peak: Span,
    /// The time of day at which the cluster starts.
    pub start: Span,
}

impl Default for Day {
    fn default() -> Self {
        Self::TYPICAL
    }
}

impl Day {
    /// Busiest in the afternoon.
    pub const TYPICAL: Self = Self {
        swing: 300,
        peak: Span::from_secs(14 * 3600),
        start: Span::from_secs(8 * 3600),
    };

    /// The same rate all day.
    pub const FLAT: Self = Self {
        swing: 0,
        peak: Span::ZERO,
        start: Span::ZERO,
    };

    /// Checks the parameters.
    ///
    /// # Errors
    /// The first that makes no sense.
    pub fn check(&self) -> Result<(), ReadError> {
        if self.swing > 1000 {
            let found = units::Thousandths(u64::from(self.swing));
            return Err(ReadError::expected("at most 1", found).place("parameter `day.swing`"));
        }
        Ok(())
    }

    /// The rate at `time` as a factor of the mean.
    fn factor(&self, time: Time) -> f64 {
        if self.swing == 0 {
            return 1.0;
        }
        let clock = u128::from(time.as_micros()) + u128::from(self.start.as_micros());
        let clock = (clock % u128::from(DAY_MICROS)) as f64;
        let angle = (clock - self.peak.as_micros() as f64) / DAY_MICROS as f64 * TAU;
        1.0 + f64::from(self.swing) / 1000.0 * libm::cos(angle)
    }
}

/// A source of submissions until the horizon.
pub(crate) struct Arrivals {
    stream: Stream,
    gap: Span,
    day: Day,
    now: Time,
    end: Time,
    left: u64,
}

impl Arrivals {
    /// Poisson arrivals `gap` apart in the mean, at most `jobs` of them.
    pub(crate) fn new(
        stream: Stream,
        gap: Span,
        day: Day,
        horizon: Span,
        jobs: Option<u32>,
    ) -> Result<Self, ReadError> {
        let expected = horizon.as_micros() / gap.as_micros().max(1);
        if jobs.is_none() && (expected > MOST_JOBS || gap.is_zero()) {
            let wanted = format!("a mean gap that gives at most {MOST_JOBS} jobs in {horizon}");
            let error = ReadError::expected(wanted, gap).place("parameter `gap`");
            return Err(error.hint("make it longer, or limit the number of `jobs`"));
        }
        Ok(Self {
            stream,
            gap,
            day,
            now: Time::ZERO,
            end: Time::ZERO + horizon,
            left: jobs.map_or(u64::MAX, u64::from),
        })
    }
}

impl Iterator for Arrivals {
    type Item = Time;

    /// Thinning (Lewis and Shedler 1979): candidates come at the highest rate of the day, and
    /// each is kept with the probability that its time of day calls for.
    fn next(&mut self) -> Option<Time> {
        let highest = 1000 + u64::from(self.day.swing);
        let gap = self.gap.scaled(1000, highest);
        while self.left > 0 {
            self.now += self.stream.exponential(gap);
            if self.now >= self.end {
                break;
            }
            if self.stream.unit() * highest as f64 <= self.day.factor(self.now) * 1000.0 {
                self.left -= 1;
                return Some(self.now);
            }
        }
        self.left = 0;
        None
    }
}

/// How arrivals are told in a report.
pub fn told(gap: Span, day: Day, jobs: Option<u32>) -> Assumption {
    let mut model = format!("Poisson, {gap} apart in the mean");
    if day.swing > 0 {
        let swing = units::Thousandths(u64::from(day.swing));
        model = format!(
            "{model}, times 1 + {swing} * cos(time of day - {}), started at {}",
            day.peak, day.start
        );
    }
    if let Some(jobs) = jobs {
        model = format!("{model}, at most {jobs}");
    }
    assumption("arrivals", model)
}

/// An assumption, in words.
pub fn assumption(about: &str, model: impl Into<String>) -> Assumption {
    Assumption {
        about: about.to_owned(),
        model: model.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::stream;

    const HOUR: Span = Span::from_secs(3600);

    fn arrivals(gap: Span, day: Day, jobs: Option<u32>) -> Vec<Time> {
        let horizon = Span::from_secs(86_400);
        let arrivals = Arrivals::new(stream(1, "arrivals"), gap, day, horizon, jobs);
        arrivals.unwrap().collect()
    }

    #[test]
    fn the_mean_gap_holds_with_and_without_a_day() {
        for day in [Day::FLAT, Day::default()] {
            let count = arrivals(Span::from_secs(2), day, None).len();
            assert!((42_000..44_400).contains(&count), "{count}");
        }
    }

    #[test]
    fn the_peak_is_where_it_is_said_to_be() {
        let day = Day {
            swing: 900,
            peak: HOUR.scaled(14, 1),
            start: HOUR.scaled(8, 1),
        };
        let times = arrivals(Span::from_secs(1), day, None);
        let in_hour = |hour: u64| {
            let hours = times.iter().map(|time| time.as_secs() / 3600);
            hours.filter(|found| *found == hour).count()
        };
        // The cluster starts at eight, so the peak comes after six hours, the trough after 18.
        assert!(in_hour(6) > 6_000, "{}", in_hour(6));
        assert!(in_hour(18) < 600, "{}", in_hour(18));
    }

    #[test]
    fn arrivals_are_sorted_and_limited() {
        let times = arrivals(Span::from_secs(1), Day::default(), Some(100));
        assert_eq!(times.len(), 100);
        assert!(times.is_sorted());
        assert_eq!(arrivals(Span::ZERO, Day::FLAT, Some(3)), [Time::ZERO; 3]);
    }

    #[test]
    fn too_many_jobs_are_refused() {
        let stream = stream(1, "arrivals");
        let gap = Span::from_micros(5);
        let refused = Arrivals::new(stream, gap, Day::FLAT, HOUR, None);
        expect_test::expect![[r"
            parameter `gap`: expected a mean gap that gives at most 10000000 jobs in 1h, found 5us
              hint: make it longer, or limit the number of `jobs`"]]
        .assert_eq(&refused.err().unwrap().to_string());
    }
}
