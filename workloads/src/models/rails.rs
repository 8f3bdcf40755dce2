//! Synthetic Rails: a web application's requests over the day, with rushes and noise.
//!
//! The mean rate at a time of day is `night + lunch + evening`, scaled so that a whole day has the
//! given mean: a floor that never sleeps, a bell around 12:30 (one hour wide) and a higher one
//! around 20:00 (two hours wide). Every step multiplies it by log-normal noise and, during a flash
//! crowd, by a factor that rises in a tenth of the crowd's length and then fades exponentially;
//! the requests of a step are then a Poisson count. No public trace of a Rails application was
//! found; the shape follows the two-peaked days of public web logs.

use fairground_policies::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::error::ReadError;
use crate::models::arrivals::{Arrivals, Day, assumption};
use crate::models::parts::{AutoscalerSpec, ServiceSpec, positive, share};
use crate::spec::{Source, SpecContext};
use crate::trace::{Assumption, Workload};
use crate::units::{self, Thousandths};

const HOUR: f64 = 3600.0;
const DAY: f64 = 24.0 * HOUR;
/// More steps than this are taken for a mistake.
pub(crate) const MOST_STEPS: u64 = 20_000_000;

/// Parameters of a synthetic web application.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RailsSpec {
    /// The mean number of requests a second over a day.
    #[serde(with = "units::decimal")]
    pub rate: u32,
    /// The time of day at which the cluster starts.
    pub start: Span,
    /// The rate at night as a share of the rate at the evening's peak, about.
    #[serde(with = "units::decimal")]
    pub night: u32,
    /// Noise of every step: the standard deviation of the logarithm of a factor.
    #[serde(with = "units::decimal")]
    pub noise: u32,
    /// The mean time between flash crowds; `0s` for none.
    pub crowd_gap: Span,
    /// How many times the rate is at the height of a flash crowd.
    #[serde(with = "units::decimal")]
    pub crowd: u32,
    /// How long a flash crowd takes to come and fade.
    pub crowd_length: Span,
    /// The length of a step of the load curve.
    pub step: Span,
    /// One instance.
    pub service: ServiceSpec,
    /// How many instances.
    pub autoscaler: AutoscalerSpec,
}

impl Default for RailsSpec {
    fn default() -> Self {
        Self {
            rate: 100_000,
            start: Span::from_secs(8 * 3600),
            night: 200,
            noise: 100,
            crowd_gap: Span::from_secs(86_400),
            crowd: 3000,
            crowd_length: Span::from_secs(1200),
            step: Span::from_secs(10),
            service: ServiceSpec::default(),
            autoscaler: AutoscalerSpec::default(),
        }
    }
}

impl RailsSpec {
    pub(crate) fn check(&self) -> Result<(), ReadError> {
        share(self.night, "night")?;
        positive(self.step.as_micros(), "step")?;
        if !self.crowd_gap.is_zero() {
            positive(self.crowd_length.as_micros(), "crowd_length")?;
        }
        self.service.check()?;
        self.autoscaler.check()
    }

    /// When flash crowds begin.
    fn crowds(&self, context: &SpecContext<'_>) -> Result<Vec<Span>, ReadError> {
        if self.crowd_gap.is_zero() {
            return Ok(Vec::new());
        }
        let stream = context.stream("crowds");
        let arrivals = Arrivals::new(stream, self.crowd_gap, Day::FLAT, context.horizon, None)
            .map_err(|error| error.place("parameter `crowd_gap`"))?;
        Ok(arrivals.map(|time| time.since(Time::ZERO)).collect())
    }

    /// How many times the rate the crowds among `begun` make at `now`.
    fn crowd_factor(&self, begun: &[Span], now: Span) -> f64 {
        let extra = f64::from(self.crowd) / 1000.0 - 1.0;
        let length = seconds_of(self.crowd_length);
        let begun = begun.iter().take_while(|start| **start <= now);
        let heights = begun.map(|start| {
            let age = (seconds_of(now) - seconds_of(*start)) / length;
            if age < 0.1 {
                age * 10.0
            } else {
                libm::exp(-3.0 * (age - 0.1))
            }
        });
        (1.0 + extra * heights.sum::<f64>()).max(0.0)
    }

    /// The curve of a day at `clock`, in seconds since some midnight.
    fn shape(&self, clock: f64) -> f64 {
        let night = f64::from(self.night) / 1000.0;
        let clock = clock - libm::floor(clock / DAY) * DAY;
        let bell = |center: f64, width: f64| {
            let apart = (clock - center * HOUR).abs();
            let off = apart.min(DAY - apart) / (width * HOUR);
            libm::exp(-0.5 * off * off)
        };
        night + (1.0 - night) * (0.6 * bell(12.5, 1.0) + bell(20.0, 2.0)).min(1.0)
    }

    /// The mean of the curve over a day, minute by minute.
    fn mean_shape(&self) -> f64 {
        let minutes = 0..24 * 60;
        let sum: f64 = minutes
            .map(|minute| self.shape(f64::from(minute) * 60.0))
            .sum();
        (sum / (24.0 * 60.0)).max(1e-9)
    }

    fn assumptions(&self) -> Vec<Assumption> {
        let decimal = |thousandths: u32| Thousandths(u64::from(thousandths));
        let mut load = format!(
            "{} a second in the mean of a day; night {}, lunch at 12:30, evening at 20:00; \
             started at {}; log-normal noise {} every {}",
            decimal(self.rate),
            decimal(self.night),
            self.start,
            decimal(self.noise),
            self.step
        );
        if !self.crowd_gap.is_zero() {
            load = format!(
                "{load}; flash crowds {} apart in the mean, times {}, for {}",
                self.crowd_gap,
                decimal(self.crowd),
                self.crowd_length
            );
        }
        vec![
            assumption("requests", load),
            self.service.told(),
            self.autoscaler.told(),
        ]
    }
}

impl Source for RailsSpec {
    fn build(&self, context: &SpecContext<'_>) -> Result<Workload, ReadError> {
        let steps = steps(context.horizon, self.step)?;
        let crowds = self.crowds(context)?;
        let (mut noise, mut counts) = (context.stream("noise"), context.stream("requests"));
        let seconds = self.step.as_micros() as f64 / 1e6;
        let mean = f64::from(self.rate) / 1000.0 * seconds / self.mean_shape();
        let mut first = 0;
        let load = (0..steps).map(|step| {
            let now = self.step.scaled(step, 1);
            let clock = seconds_of(self.start) + seconds_of(now);
            while first < crowds.len() && crowds[first] + self.crowd_length.scaled(10, 1) < now {
                first += 1;
            }
            let crowd = self.crowd_factor(&crowds[first..], now);
            let factor = noise.log_normal_factor(self.noise);
            counts.poisson(mean * self.shape(clock) * crowd * factor)
        });
        let load = load.collect();
        Ok(Workload {
            work: self.service.under(load, self.step, &self.autoscaler),
            assumptions: self.assumptions(),
            inputs: Vec::new(),
        })
    }
}

/// How many steps cover the horizon.
///
/// # Errors
/// When there are too many.
pub fn steps(horizon: Span, step: Span) -> Result<u64, ReadError> {
    let steps = horizon.as_micros().div_ceil(step.as_micros().max(1));
    if steps > MOST_STEPS {
        let expected = format!("a step that divides {horizon} into at most {MOST_STEPS}");
        return Err(ReadError::expected(expected, step).place("parameter `step`"));
    }
    Ok(steps)
}

fn seconds_of(span: Span) -> f64 {
    span.as_micros() as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Work;

    fn load(spec: &RailsSpec, seed: u64) -> Vec<u64> {
        let context = SpecContext {
            agents: 1,
            horizon: Span::from_secs(86_400),
            seed,
            name: "web",
        };
        match spec.build(&context).unwrap().work {
            Work::Service(service) => service.load,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_day_without_crowds_has_its_mean() {
        let spec = RailsSpec {
            crowd_gap: Span::ZERO,
            ..RailsSpec::default()
        };
        let sum: u64 = load(&spec, 1).iter().sum();
        assert!((8_500_000..8_800_000).contains(&sum), "{sum}");
    }

    #[test]
    fn evenings_are_busy_and_crowds_busier() {
        let spec = RailsSpec {
            crowd_gap: Span::ZERO,
            start: Span::ZERO,
            ..RailsSpec::default()
        };
        let calm = load(&spec, 1);
        let hour = |load: &[u64], hour: usize| load[hour * 360..(hour + 1) * 360].iter().sum();
        let (night, evening): (u64, u64) = (hour(&calm, 4), hour(&calm, 20));
        assert!(evening > 4 * night, "{evening} {night}");
        let crowded = RailsSpec {
            crowd_gap: Span::from_secs(7200),
            ..spec
        };
        let crowded: u64 = load(&crowded, 1).iter().sum();
        assert!(crowded > calm.iter().sum::<u64>() * 11 / 10);
    }
}
