//! Requests of a file as the load of a service: reading it, and what the model ([`RequestsSpec`]) makes of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fairground_workloads::models::requests::RequestsSpec;

use crate::canonical::Imports;
use crate::error::ReadError;
use crate::formats::input;
use crate::formats::requests::Records;
use crate::formats::survey::Reader as _;
use crate::models::arrivals::assumption;
use crate::models::rails::steps;
use crate::spec::{Source, SpecContext};
use crate::trace::{Input, Workload};
use crate::units::Thousandths;

const SECOND: u64 = 1_000_000;

/// A file that was read, with its model.
#[derive(Clone, Debug)]
pub struct Loaded {
    spec: RequestsSpec,
    /// Requests in each second, and the file.
    series: Arc<(Vec<u32>, Input)>,
    inputs: Vec<Input>,
    path: PathBuf,
}

/// Reads the file.
pub(crate) fn load(
    spec: &RequestsSpec,
    folder: &Path,
    imports: &mut Imports,
) -> Result<Loaded, ReadError> {
    let path = folder.join(&spec.file);
    let series = imports.file(&path, || {
        let series = Records::open(&path)?.map(|record| record.map(|record| record.requests));
        let series: Vec<u32> = series.collect::<Result<_, _>>()?;
        Ok((series, input(&path, &spec.file)?))
    })?;
    Ok(Loaded {
        spec: spec.clone(),
        inputs: vec![series.1.clone()],
        series,
        path,
    })
}

impl Source for Loaded {
    fn build(&self, context: &SpecContext<'_>) -> Result<Workload, ReadError> {
        let spec = &self.spec;
        let steps = steps(context.horizon, spec.step)?;
        let from = (spec.from.as_micros() / SECOND) as usize;
        let wanted = context.horizon.as_micros().div_ceil(SECOND) as usize;
        let Some(part) = from
            .checked_add(wanted)
            .and_then(|end| self.series.0.get(from..end))
        else {
            let (needed, seconds) = (from.saturating_add(wanted), self.series.0.len());
            let expected = format!("at least {needed} seconds, `from` and the horizon together");
            let error = ReadError::expected(expected, seconds).file(&self.path);
            return Err(error.hint("choose an earlier `from` or a shorter horizon"));
        };
        let load = aggregated(part, (spec.step.as_micros() / SECOND) as usize, spec.scale);
        debug_assert_eq!(load.len() as u64, steps);
        let model = format!(
            "those of the file from {} on, times {}, evenly spread over {}",
            spec.from,
            Thousandths(u64::from(spec.scale)),
            spec.step
        );
        Ok(Workload {
            work: spec.service.under(load, spec.step, &spec.autoscaler),
            assumptions: vec![
                assumption("requests", model),
                spec.service.told(),
                spec.autoscaler.told(),
            ],
            inputs: self.inputs.clone(),
        })
    }

    fn inputs(&self) -> &[Input] {
        &self.inputs
    }
}

/// Requests a step, scaled; what rounding leaves goes to the next step, so the sum is kept.
fn aggregated(seconds: &[u32], step: usize, scale: u32) -> Vec<u64> {
    let mut left = 0_u128;
    let steps = seconds.chunks(step.max(1)).map(|chunk| {
        let sum: u64 = chunk.iter().map(|count| u64::from(*count)).sum();
        left += u128::from(sum) * u128::from(scale);
        let whole = left / 1000;
        left %= 1000;
        u64::try_from(whole).unwrap_or(u64::MAX)
    });
    steps.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(seconds: &[u32], step: usize, scale: u32, load: &[u64]) {
        assert_eq!(aggregated(seconds, step, scale), load);
    }

    #[test]
    fn steps_add_up_and_scaling_keeps_the_sum() {
        check(&[1, 2, 3, 4, 5], 2, 1000, &[3, 7, 5]);
        check(&[1, 1, 1, 1], 1, 500, &[0, 1, 0, 1]);
        check(&[1, 1, 1], 1, 2500, &[2, 3, 2]);
        check(&[], 10, 1000, &[]);
        check(&[u32::MAX, u32::MAX], 2, 1000, &[2 * u64::from(u32::MAX)]);
    }
}
