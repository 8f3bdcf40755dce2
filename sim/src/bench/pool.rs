//! A log of rigid jobs on one pool of processors: what `fairground pool` takes beside reading it.

use std::path::PathBuf;

use fairground_policies::pool::PoolPolicy;

use super::measure::measured;
use super::runs::median;
use crate::beside::beside;
use crate::pool::{Estimates, RigidLog, simulate};

/// Where public traces lie, unless this says.
const VARIABLE: &str = "FAIRGROUND_TRACES";

/// A log, a pool and a policy, as they were published.
#[derive(Debug)]
pub(super) struct PoolCase {
    /// The log, in the folder of traces.
    pub(super) log: &'static str,
    pub(super) processors: u32,
    pub(super) policy: &'static str,
}

/// The file of a public trace: in the folder that the environment names, or else in `shared/traces` in a folder above
/// the present one.
pub(super) fn trace(name: &str) -> Result<PathBuf, String> {
    let folder = beside(VARIABLE, "shared/traces");
    let file = folder.map(|folder| folder.join(name));
    file.filter(|file| file.is_file())
        .ok_or_else(|| format!("{name} is not there: name the folder of traces with {VARIABLE}"))
}

/// Seconds of the processor for the simulation alone, once its log is read.
pub(super) fn seconds(case: &PoolCase) -> anyhow::Result<f64> {
    let path = trace(case.log).map_err(anyhow::Error::msg)?;
    let log = RigidLog::read(&path, case.processors, false)?;
    let name = case.policy.parse().map_err(anyhow::Error::msg)?;
    median(|| {
        let policy = PoolPolicy::from_name(&name).map_err(anyhow::Error::msg)?;
        let (cost, starts) =
            measured(|| simulate(policy, case.processors, &log.jobs, Estimates::Requested));
        anyhow::ensure!(starts.len() == log.jobs.len(), "a job did not start");
        Ok(cost.cpu)
    })
}
