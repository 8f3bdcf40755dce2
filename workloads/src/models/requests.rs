//! A web service under the requests of a file; what one request costs is this model.

use std::path::PathBuf;

use fairground_policies::time::Span;
use serde::{Deserialize, Serialize};

use crate::error::ReadError;
use crate::models::parts::{AutoscalerSpec, ServiceSpec, named, positive};
use crate::units;

const SECOND: u64 = 1_000_000;

/// A series of requests and the model of what it does not say.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RequestsSpec {
    /// The file, relative to the recipe.
    pub file: PathBuf,
    /// How far into the series the cluster starts; whole seconds.
    pub from: Span,
    /// A factor on all requests.
    #[serde(with = "units::decimal")]
    pub scale: u32,
    /// The length of a step of the load curve; whole seconds.
    pub step: Span,
    /// One instance.
    pub service: ServiceSpec,
    /// How many instances.
    pub autoscaler: AutoscalerSpec,
}

impl Default for RequestsSpec {
    fn default() -> Self {
        Self {
            file: PathBuf::new(),
            from: Span::ZERO,
            scale: 1000,
            step: Span::from_secs(10),
            service: ServiceSpec::default(),
            autoscaler: AutoscalerSpec::default(),
        }
    }
}

impl RequestsSpec {
    pub(crate) fn check(&self) -> Result<(), ReadError> {
        named(&self.file)?;
        positive(self.step.as_micros(), "step")?;
        positive(u64::from(self.scale), "scale")?;
        for (span, parameter) in [(self.step, "step"), (self.from, "from")] {
            if !span.as_micros().is_multiple_of(SECOND) {
                let error = ReadError::expected("whole seconds", span);
                return Err(error.place(format!("parameter `{parameter}`")));
            }
        }
        self.service.check()?;
        self.autoscaler.check()
    }
}
