//! What a real run of a recipe measured, read to stand beside what is simulated.

use std::fs;
use std::path::Path;

use fairground_policies::message::FrameworkId;
use fairground_policies::time::Span;
use fairground_workloads::ReadError;
use fairground_workloads::recipe::{MeasuredSpec, Recipe};
use fairground_workloads::trace::Input;
use serde::Deserialize;

/// The jobs of a real run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Measured {
    /// The file they were read from.
    pub input: Input,
    /// The policy it was run with.
    pub policy: String,
    /// The seed it was run with.
    pub seed: u64,
    /// The jobs, in order of the file.
    pub jobs: Vec<MeasuredJob>,
}

/// One job. Times are those of the recipe's clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MeasuredJob {
    /// Whose job.
    pub framework: FrameworkId,
    /// From submission until its first task ran; `None` if none did.
    pub wait: Option<Span>,
    /// From submission until its last task had finished; `None` if it did not.
    pub completion: Option<Span>,
}

/// A line of the file; what is not needed here is not named.
#[derive(Deserialize)]
struct Row {
    framework: u32,
    submitted_s: f64,
    started_s: Option<f64>,
    finished_s: Option<f64>,
}

impl Measured {
    /// Reads the file that `spec` names, relative to `folder`.
    ///
    /// # Errors
    /// When it cannot be read, or does not fit the recipe.
    pub fn load(spec: &MeasuredSpec, recipe: &Recipe, folder: &Path) -> Result<Self, ReadError> {
        let said = |expected: String, found: String, key: &str| {
            Err(ReadError::expected(expected, found).place(format!("`measured.{key}`")))
        };
        if !recipe.policies.contains(&spec.policy) {
            let names: Vec<String> = recipe.policies.iter().map(ToString::to_string).collect();
            let expected = format!("one of the policies compared: {}", names.join(", "));
            return said(expected, spec.policy.to_string(), "policy");
        }
        let seeds = recipe.first_seed..recipe.first_seed + u64::from(recipe.seeds);
        if !seeds.contains(&spec.seed) {
            let expected = format!("a seed from {} to {}", seeds.start, seeds.end - 1);
            return said(expected, spec.seed.to_string(), "seed");
        }
        let path = folder.join(&spec.file);
        let bytes = fs::read(&path).map_err(|error| ReadError::io(&path, &error))?;
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let mut jobs = Vec::new();
        for (row, line) in reader.deserialize::<Row>().zip(2..) {
            let job = row
                .map_err(|error| error.to_string())
                .and_then(|row| row.job(recipe.framework.len()));
            jobs.push(job.map_err(|problem: String| {
                let hint = "`fairground-real run` writes it: framework,job,label,tasks,submitted_s,\
                            started_s,finished_s,lost";
                let error = ReadError::expected("a job of a real run", problem);
                error.place(format!("line {line}")).file(&path).hint(hint)
            })?);
        }
        Ok(Self {
            input: Input {
                path: spec.file.clone(),
                blake3: blake3::hash(&bytes).to_hex().to_string(),
            },
            policy: spec.policy.to_string(),
            seed: spec.seed,
            jobs,
        })
    }

    /// The jobs of one framework.
    pub fn of(&self, framework: FrameworkId) -> impl Iterator<Item = &MeasuredJob> {
        self.jobs
            .iter()
            .filter(move |job| job.framework == framework)
    }
}

impl Row {
    fn job(&self, frameworks: usize) -> Result<MeasuredJob, String> {
        if self.framework as usize >= frameworks {
            return Err(format!("framework {} of {frameworks}", self.framework));
        }
        let since = |at: Option<f64>| match at.map(|at| at - self.submitted_s) {
            Some(seconds) if !(0.0..1e12).contains(&seconds) => {
                Err(format!("something {seconds} s after the submission"))
            }
            span => Ok(span.map(|seconds| Span::from_micros((seconds * 1e6).round() as u64))),
        };
        Ok(MeasuredJob {
            framework: FrameworkId(self.framework),
            wait: since(self.started_s)?,
            completion: since(self.finished_s)?,
        })
    }
}
