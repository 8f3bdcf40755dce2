//! Parts that several kinds of workload share: executors, instances of a service, autoscaling.

use std::path::Path;

use fairground_policies::resources::{Mebibytes, Millicores, Resources};
use fairground_policies::time::Span;
use serde::{Deserialize, Serialize};

use crate::error::ReadError;
use crate::models::arrivals::assumption;
use crate::trace::{Assumption, Autoscaler, ColdStart, Jobs, Routing, Service, Work};
use crate::units::{self, Thousandths};

/// Executors that a framework keeps warm.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExecutorSpec {
    /// Cores of one executor, which runs one task at a time.
    #[serde(with = "units::cores")]
    pub cpus: Millicores,
    /// Its memory.
    #[serde(with = "units::memory")]
    pub mem: Mebibytes,
    /// How many there may be at once.
    pub max: u32,
    /// How long one may idle before it is given back.
    pub idle: Span,
}

impl Default for ExecutorSpec {
    /// Idle time as Spark's `spark.dynamicAllocation.executorIdleTimeout`.
    fn default() -> Self {
        Self {
            cpus: Millicores(1000),
            mem: Mebibytes(4096),
            max: 50,
            idle: Span::from_secs(60),
        }
    }
}

impl ExecutorSpec {
    /// What one executor takes.
    pub const fn needs(&self) -> Resources {
        Resources::new(self.cpus, self.mem)
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// The first that makes no sense.
    pub fn check(&self) -> Result<(), ReadError> {
        some(self.needs(), "executors.cpus")?;
        positive(u64::from(self.max), "executors.max")
    }

    /// Jobs whose tasks run in such executors.
    pub const fn work(&self, jobs: Jobs) -> Work {
        Work::Executors {
            jobs,
            needs: self.needs(),
            max: self.max,
            idle: self.idle,
        }
    }

    /// What is to be said of it in a report.
    pub fn told(&self) -> Assumption {
        let model = format!(
            "{} each, one task at a time, at most {}, given back after {} idle",
            self.needs(),
            self.max,
            self.idle
        );
        assumption("executors", model)
    }
}

/// One instance of a service.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceSpec {
    /// Cores of one instance.
    #[serde(with = "units::cores")]
    pub cpus: Millicores,
    /// Its memory.
    #[serde(with = "units::memory")]
    pub mem: Mebibytes,
    /// Requests it serves at the same time.
    pub workers: u32,
    /// The mean time a worker needs for one request.
    pub time: Span,
    /// The part of a request's time that it computes; the rest it waits for others. More workers than
    /// the cores can keep computing add nothing.
    #[serde(with = "units::decimal")]
    pub compute: u32,
    /// From launch to the first request served.
    pub startup: Span,
    /// For how long an instance is slow from its first request on; requests go to it in proportion to
    /// its speed.
    pub warmup: Span,
    /// Its speed meanwhile, as a share of its full speed.
    #[serde(with = "units::decimal")]
    pub cold_speed: u32,
    /// How requests find an instance: `least-work`, `round-robin` or `random`.
    pub routing: Routing,
    /// A later answer misses the service-level objective.
    pub slo: Span,
}

impl Default for ServiceSpec {
    /// A guess at a Rails application: five threads, 150 ms a request, of which a fifth computing.
    fn default() -> Self {
        Self {
            cpus: Millicores(1000),
            mem: Mebibytes(1024),
            workers: 5,
            time: Span::from_millis(150),
            compute: 200,
            startup: Span::from_secs(20),
            warmup: Span::ZERO,
            cold_speed: 500,
            routing: Routing::LeastWork,
            slo: Span::from_secs(1),
        }
    }
}

/// How many instances follow from the load.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AutoscalerSpec {
    /// The load aimed at, as a share of capacity.
    #[serde(with = "units::decimal")]
    pub target: u32,
    /// How often the load is looked at.
    pub period: Span,
    /// How long a lower load must last before instances are given back.
    pub window: Span,
    /// Never fewer instances than this.
    pub min: u32,
    /// Never more instances than this.
    pub max: u32,
}

impl Default for AutoscalerSpec {
    /// Period and window as Kubernetes' horizontal autoscaler (15 s and 5 min).
    fn default() -> Self {
        Self {
            target: 600,
            period: Span::from_secs(15),
            window: Span::from_secs(300),
            min: 2,
            max: 100,
        }
    }
}

impl ServiceSpec {
    const fn needs(&self) -> Resources {
        Resources::new(self.cpus, self.mem)
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// The first that makes no sense.
    pub fn check(&self) -> Result<(), ReadError> {
        some(self.needs(), "service.cpus")?;
        positive(u64::from(self.workers), "service.workers")?;
        positive(self.time.as_micros(), "service.time")?;
        positive(u64::from(self.compute), "service.compute")?;
        share(self.compute, "service.compute")?;
        positive(u64::from(self.cold_speed), "service.cold_speed")?;
        share(self.cold_speed, "service.cold_speed")
    }

    /// How many requests make progress at the same time: no more than its cores compute for.
    fn at_once(&self) -> u32 {
        let cores = self.cpus.0.max(1) / u64::from(self.compute.max(1));
        u32::try_from(cores).map_or(self.workers, |cores| self.workers.min(cores.max(1)))
    }

    /// A service under `load`, requests in each `step`.
    pub fn under(&self, load: Vec<u64>, step: Span, autoscaler: &AutoscalerSpec) -> Work {
        Work::Service(Service {
            needs: self.needs(),
            workers: self.at_once(),
            service_time: self.time,
            startup: self.startup,
            routing: self.routing,
            cold: match self.warmup {
                Span::ZERO => ColdStart::NONE,
                lasts => ColdStart {
                    lasts,
                    speed: self.cold_speed,
                },
            },
            slo: self.slo,
            step,
            load,
            autoscaler: Autoscaler {
                target: autoscaler.target,
                period: autoscaler.period,
                window: autoscaler.window,
                min: autoscaler.min,
                max: autoscaler.max,
            },
        })
    }

    /// What is to be said of it in a report.
    pub fn told(&self) -> Assumption {
        let routing = match self.routing {
            Routing::LeastWork => {
                "requests go where they begin first, as from one perfect queue (better than any \
                 real balancer)"
            }
            Routing::RoundRobin => "requests go to the instances in turn",
            Routing::Random => "requests go to the instances at random",
        };
        let at_once = match self.at_once() {
            all if all == self.workers => String::new(),
            some => format!(", of which its cores keep {some} going"),
        };
        let cold = match self.warmup {
            Span::ZERO => "at full speed from then on".to_owned(),
            lasts => format!(
                "at {} of its speed for {lasts}",
                Thousandths(u64::from(self.cold_speed))
            ),
        };
        let model = format!(
            "{} an instance, {} workers{at_once}, {} a request, up {} after launch, {cold}, \
             objective {}; {routing}",
            self.needs(),
            self.workers,
            self.time,
            self.startup,
            self.slo
        );
        assumption("service", model)
    }
}

impl AutoscalerSpec {
    /// Checks the parameters.
    ///
    /// # Errors
    /// The first that makes no sense.
    pub fn check(&self) -> Result<(), ReadError> {
        positive(u64::from(self.target), "autoscaler.target")?;
        positive(self.period.as_micros(), "autoscaler.period")?;
        if self.max < self.min || self.max == 0 {
            let error = ReadError::expected(format!("at least {}", self.min.max(1)), self.max);
            return Err(error.place("parameter `autoscaler.max`"));
        }
        Ok(())
    }

    /// What is to be said of it in a report.
    pub fn told(&self) -> Assumption {
        let model = format!(
            "{} to {} instances at a load of {}, every {}, fewer after {}",
            self.min,
            self.max,
            Thousandths(u64::from(self.target)),
            self.period,
            self.window
        );
        assumption("autoscaler", model)
    }
}

/// Something must not be zero.
pub(crate) fn positive(value: u64, parameter: &str) -> Result<(), ReadError> {
    if value == 0 {
        let error = ReadError::expected("more than zero", "0");
        return Err(error.place(format!("parameter `{parameter}`")));
    }
    Ok(())
}

/// A task must need something.
pub(crate) fn some(needs: Resources, parameter: &str) -> Result<(), ReadError> {
    if needs.is_zero() {
        let error = ReadError::expected("some processor or memory", "none of either");
        return Err(error.place(format!("parameter `{parameter}`")));
    }
    Ok(())
}

/// The factor of a task away from its data, at least one, in thousandths.
pub(crate) fn at_least_one(factor: u32, parameter: &str) -> Result<(), ReadError> {
    if factor < 1000 {
        let error = ReadError::expected("at least 1", Thousandths(u64::from(factor)));
        return Err(error.place(format!("parameter `{parameter}`")));
    }
    Ok(())
}

/// Bounds must be the right way round and start at one.
pub(crate) fn range(bounds: [u32; 2], parameter: &str) -> Result<(), ReadError> {
    let [low, high] = bounds;
    if low == 0 || high < low {
        let found = format!("[{low}, {high}]");
        let error = ReadError::expected("[least, most], the least at least 1", found);
        return Err(error.place(format!("parameter `{parameter}`")));
    }
    Ok(())
}

/// A file must be named.
pub(crate) fn named(file: &Path) -> Result<(), ReadError> {
    if file.as_os_str().is_empty() {
        let error = ReadError::expected("the path of a file", "nothing");
        return Err(error.place("parameter `file`"));
    }
    Ok(())
}

/// At most the whole, in thousandths.
pub(crate) fn share(thousandths: u32, parameter: &str) -> Result<(), ReadError> {
    if thousandths > 1000 {
        let error = ReadError::expected("at most 1", Thousandths(u64::from(thousandths)));
        return Err(error.place(format!("parameter `{parameter}`")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_beyond_what_the_cores_compute_add_nothing() {
        for (millicores, compute, workers, at_once) in [
            (1000, 200, 5, 5),
            (1000, 200, 8, 5),
            (2000, 200, 8, 8),
            (1000, 1000, 5, 1),
            (500, 1000, 5, 1),
            (1000, 1, 5, 5),
        ] {
            let spec = ServiceSpec {
                cpus: Millicores(millicores),
                compute,
                workers,
                ..ServiceSpec::default()
            };
            assert_eq!(spec.at_once(), at_once, "{millicores} {compute} {workers}");
        }
    }
}
