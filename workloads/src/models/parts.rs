//! Parts that several kinds of workload share: executors, instances of a service, autoscaling.

use std::path::Path;

use fairground_policies::resources::{Mebibytes, Millicores, Resources};
use fairground_policies::time::Span;
use serde::{Deserialize, Serialize};

use crate::error::ReadError;
use crate::models::arrivals::assumption;
use crate::trace::{Assumption, Autoscaler, Jobs, Service, Work};
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
    pub(crate) const fn needs(&self) -> Resources {
        Resources::new(self.cpus, self.mem)
    }

    pub(crate) fn check(&self) -> Result<(), ReadError> {
        some(self.needs(), "executors.cpus")?;
        positive(u64::from(self.max), "executors.max")
    }

    pub(crate) const fn work(&self, jobs: Jobs) -> Work {
        Work::Executors {
            jobs,
            needs: self.needs(),
            max: self.max,
            idle: self.idle,
        }
    }

    pub(crate) fn told(&self) -> Assumption {
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
    /// From launch to the first request served.
    pub startup: Span,
    /// A later answer misses the service-level objective.
    pub slo: Span,
}

impl Default for ServiceSpec {
    /// A guess at a Rails application: five threads, 150 ms a request.
    fn default() -> Self {
        Self {
            cpus: Millicores(1000),
            mem: Mebibytes(1024),
            workers: 5,
            time: Span::from_millis(150),
            startup: Span::from_secs(20),
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

    pub(crate) fn check(&self) -> Result<(), ReadError> {
        some(self.needs(), "service.cpus")?;
        positive(u64::from(self.workers), "service.workers")?;
        positive(self.time.as_micros(), "service.time")
    }

    /// A service under `load`, requests in each `step`.
    pub(crate) fn under(&self, load: Vec<u64>, step: Span, autoscaler: &AutoscalerSpec) -> Work {
        Work::Service(Service {
            needs: self.needs(),
            workers: self.workers,
            service_time: self.time,
            startup: self.startup,
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

    pub(crate) fn told(&self) -> Assumption {
        let model = format!(
            "{} an instance, {} workers, {} a request, up {} after launch, objective {}",
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
    pub(crate) fn check(&self) -> Result<(), ReadError> {
        positive(u64::from(self.target), "autoscaler.target")?;
        positive(self.period.as_micros(), "autoscaler.period")?;
        if self.max < self.min || self.max == 0 {
            let error = ReadError::expected(format!("at least {}", self.min.max(1)), self.max);
            return Err(error.place("parameter `autoscaler.max`"));
        }
        Ok(())
    }

    pub(crate) fn told(&self) -> Assumption {
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
