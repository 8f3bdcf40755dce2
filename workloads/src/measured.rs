//! What was run and measured when a recipe was run on a real cluster: `fairground-real run` writes
//! it beside its master's log, `fairground fidelity` reads it.

use std::path::{Path, PathBuf};

use fairground_policies::message::{FrameworkId, JobId};
use fairground_policies::name::Name;
use fairground_policies::time::Time;
use serde::{Deserialize, Serialize};

use crate::ReadError;

/// The name of the file, beside the log and the recipe.
pub const RUN: &str = "run.json";
/// The name of the recipe, with all its values, beside the log.
pub const RECIPE: &str = "recipe.toml";

/// How a recipe was run for real.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RealRun {
    /// What the recipe's paths are relative to.
    pub folder: PathBuf,
    /// The policy of the first level, as the recipe's clock reads it.
    pub policy: Name,
    /// The seed of the trace and of the policy's draws.
    pub seed: u64,
    /// How many times faster than the trace it ran.
    pub scale: u32,
    /// When the trace began, in microseconds since 1970.
    pub begun_unix_micros: u64,
    /// How much of a real processor stood for one of the recipe's, in thousandths.
    pub processor: u64,
    /// How much of a MiB of memory stood for one of the recipe's, in thousandths.
    pub memory: u64,
    /// What of the recipe was not done, in words.
    pub left_out: Vec<String>,
    /// The jobs of all frameworks.
    pub jobs: Vec<MeasuredJob>,
}

/// One job as its framework saw it. Times are those of the trace's clock.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuredJob {
    /// Whose job.
    pub framework: FrameworkId,
    /// Which one.
    pub job: JobId,
    /// What people call it.
    pub label: String,
    /// How many tasks it has.
    pub tasks: u64,
    /// When it was submitted.
    pub submitted: Time,
    /// When its first task ran.
    pub started: Option<Time>,
    /// When its last task had finished.
    pub finished: Option<Time>,
    /// How many attempts at its tasks were lost, killed or failed.
    pub lost: u64,
}

impl RealRun {
    /// Reads what lies beside a log.
    ///
    /// # Errors
    /// When there is none, or it does not read.
    pub fn beside(log: &Path) -> Result<Self, ReadError> {
        let path = log.with_file_name(RUN);
        let text = std::fs::read(&path).map_err(|error| {
            let hint = "it is written beside the log by `fairground-real run`; other logs can be \
                        replayed, but nothing says what they were asked to run";
            ReadError::io(&path, &error).hint(hint)
        })?;
        serde_json::from_slice(&text)
            .map_err(|error| ReadError::json("what a real run is asked", &error).file(&path))
    }
}
