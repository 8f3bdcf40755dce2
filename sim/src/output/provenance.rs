//! Where results come from, and the digests by which anyone can check them.
//!
//! No dates and no machine: the same recipe must give the same files everywhere.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use fairground_policies::resources::Kind;
use serde::Serialize;

use super::error::{OutputError, io};
use crate::run::Comparison;

/// The file that lists digests.
pub const DIGESTS: &str = "DIGESTS";
/// The file that marks a folder as a result.
pub const PROVENANCE: &str = "provenance.json";

/// The first line of the list of digests.
const HEADER: &str = "# fairground digests: `run policy seed blake3`, `file blake3 name`";

/// One run's digest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunDigest {
    /// The policy as asked for.
    pub policy: String,
    /// The seed of the trace.
    pub seed: u64,
    /// BLAKE3 in hexadecimal.
    pub digest: String,
}

/// One file's digest.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FileDigest {
    /// Its path below the result folder, with `/` between parts.
    pub name: String,
    /// BLAKE3 of its bytes in hexadecimal.
    pub digest: String,
}

/// Everything by which a result can be checked.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Digests {
    /// Every run, by policy and seed in the order of the comparison.
    pub runs: Vec<RunDigest>,
    /// Every file but the list itself, by name.
    pub files: Vec<FileDigest>,
}

impl Digests {
    /// The digests of a comparison's runs, without files.
    pub fn of_runs(comparison: &Comparison) -> Self {
        let policies = comparison.policies.iter();
        let runs = policies.flat_map(|policy| {
            policy.runs.iter().map(|run| RunDigest {
                policy: policy.name.clone(),
                seed: run.seed,
                digest: run.digest.clone(),
            })
        });
        Self {
            runs: runs.collect(),
            files: Vec::new(),
        }
    }

    /// How the runs of `again` differ from these, a sentence each; nothing when they are equal.
    pub fn differences(&self, again: &Self) -> Vec<String> {
        let find = |runs: &[RunDigest], run: &RunDigest| {
            let same = |other: &&RunDigest| other.policy == run.policy && other.seed == run.seed;
            runs.iter().find(same).map(|run| run.digest.clone())
        };
        let mut differences = Vec::new();
        for run in &self.runs {
            let (policy, seed, had) = (&run.policy, run.seed, &run.digest);
            match find(&again.runs, run) {
                None => differences.push(format!("{policy}, seed {seed}: was not run again")),
                Some(has) if has != *had => {
                    differences.push(format!("{policy}, seed {seed}: digest was {had}, is {has}"));
                }
                Some(_) => {}
            }
        }
        for run in &again.runs {
            if find(&self.runs, run).is_none() {
                let (policy, seed) = (&run.policy, run.seed);
                differences.push(format!("{policy}, seed {seed}: is not among the results"));
            }
        }
        differences
    }

    /// How the files in `dir` differ from the list, a sentence each.
    ///
    /// # Errors
    /// When a file exists and cannot be read.
    pub fn changed_files(&self, dir: &Path) -> Result<Vec<String>, OutputError> {
        let mut changed = Vec::new();
        for file in &self.files {
            let path = dir.join(&file.name);
            match fs::read(&path) {
                Ok(bytes) if hash(&bytes) == file.digest => {}
                Ok(_) => changed.push(format!("{}: was changed", file.name)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    changed.push(format!("{}: is missing", file.name));
                }
                Err(error) => return Err(io("read", &path)(error)),
            }
        }
        Ok(changed)
    }

    /// As the text of the file `DIGESTS`.
    pub(super) fn to_text(&self) -> String {
        let mut text = format!("{HEADER}\n");
        for run in &self.runs {
            let _ = writeln!(text, "run {} {} {}", run.policy, run.seed, run.digest);
        }
        for file in &self.files {
            let _ = writeln!(text, "file {} {}", file.digest, file.name);
        }
        text
    }
}

/// Reads the list of digests in a result folder.
///
/// # Errors
/// When the file is missing or a line of it is not as written.
pub fn read_digests(dir: &Path) -> Result<Digests, OutputError> {
    let path = dir.join(DIGESTS);
    let text = fs::read_to_string(&path).map_err(io("read", &path))?;
    let mut digests = Digests::default();
    for (i, line) in text.lines().enumerate() {
        let bad = |cause| OutputError::Malformed {
            path: path.clone(),
            line: i + 1,
            cause,
        };
        match line.split_once(' ') {
            Some(("run", rest)) => {
                let run = run_line(rest).ok_or_else(|| bad("expected `run policy seed digest`"))?;
                digests.runs.push(run);
            }
            Some(("file", rest)) => {
                let (digest, name) = rest
                    .split_once(' ')
                    .ok_or_else(|| bad("expected `file digest name`"))?;
                digests.files.push(FileDigest {
                    name: name.to_owned(),
                    digest: digest.to_owned(),
                });
            }
            _ if line.starts_with('#') || line.is_empty() => {}
            _ => return Err(bad("expected `run` or `file`")),
        }
    }
    Ok(digests)
}

/// A policy's name may hold spaces; the seed and the digest do not.
fn run_line(rest: &str) -> Option<RunDigest> {
    let (rest, digest) = rest.rsplit_once(' ')?;
    let (policy, seed) = rest.rsplit_once(' ')?;
    Some(RunDigest {
        policy: policy.to_owned(),
        seed: seed.parse().ok()?,
        digest: digest.to_owned(),
    })
}

/// BLAKE3 in hexadecimal.
pub(super) fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

#[derive(Serialize)]
struct Provenance<'a> {
    tool: Tool,
    name: &'a str,
    title: &'a str,
    recipe_blake3: String,
    seeds: &'a [u64],
    agents: u32,
    capacity: Vec<Amount>,
    horizon_us: u64,
    step_us: u64,
    host_step_us: u64,
    frameworks: Vec<Framework<'a>>,
    policies: Vec<Policy<'a>>,
    inputs: Vec<Input>,
    assumptions: Vec<Assumed<'a>>,
    warnings: &'a [String],
    runs: Vec<RunLine>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Amount {
    kind: &'static str,
    units: u64,
}

#[derive(Serialize)]
struct Framework<'a> {
    name: &'a str,
    kind: &'a str,
    service: bool,
    slo_us: u64,
    agents_when_partitioned: u32,
    weight_thousandths: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
}

#[derive(Serialize)]
struct Policy<'a> {
    name: &'a str,
    resolved: &'a str,
}

#[derive(Serialize)]
struct Input {
    path: String,
    blake3: String,
}

#[derive(Serialize)]
struct Assumed<'a> {
    framework: Option<&'a str>,
    about: &'a str,
    model: &'a str,
}

#[derive(Serialize)]
struct RunLine {
    policy: String,
    seed: u64,
    digest: String,
}

/// The name of the framework an assumption belongs to; `None` for the simulator's own.
pub(super) fn assumed_of(comparison: &Comparison, i: usize) -> Option<&str> {
    let framework = comparison.assumptions[i].0?;
    let info = comparison.frameworks.get(framework.0 as usize)?;
    Some(&info.name)
}

/// The version of this program.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The text of `provenance.json`.
///
/// # Errors
/// When encoding fails.
pub(super) fn to_json(comparison: &Comparison) -> Result<String, OutputError> {
    let frameworks = comparison.frameworks.iter().map(|info| Framework {
        name: &info.name,
        kind: &info.kind,
        service: info.service,
        slo_us: info.slo.as_micros(),
        agents_when_partitioned: info.share,
        weight_thousandths: info.weight,
        role: info.role.as_deref(),
    });
    let assumptions = comparison.assumptions.iter().enumerate();
    let capacity = Kind::ALL.into_iter().map(|kind| Amount {
        kind: kind.name(),
        units: comparison.capacity.of(kind),
    });
    let policies = comparison.policies.iter().map(|policy| Policy {
        name: &policy.name,
        resolved: &policy.resolved,
    });
    let inputs = comparison.inputs.iter().map(|input| Input {
        path: input.path.display().to_string(),
        blake3: input.blake3.clone(),
    });
    let runs = Digests::of_runs(comparison).runs.into_iter();
    let provenance = Provenance {
        tool: Tool {
            name: "fairground",
            version: VERSION,
        },
        name: &comparison.name,
        title: &comparison.title,
        recipe_blake3: hash(comparison.recipe.as_bytes()),
        seeds: &comparison.seeds,
        agents: comparison.agents,
        capacity: capacity.collect(),
        horizon_us: comparison.horizon.as_micros(),
        step_us: comparison.step.as_micros(),
        host_step_us: comparison.host_step.as_micros(),
        frameworks: frameworks.collect(),
        policies: policies.collect(),
        inputs: inputs.collect(),
        assumptions: assumptions
            .map(|(i, (_, assumption))| Assumed {
                framework: assumed_of(comparison, i),
                about: &assumption.about,
                model: &assumption.model,
            })
            .collect(),
        warnings: &comparison.warnings,
        runs: runs
            .map(|run| RunLine {
                policy: run.policy,
                seed: run.seed,
                digest: run.digest,
            })
            .collect(),
    };
    let mut text = serde_json::to_string_pretty(&provenance)?;
    text.push('\n');
    Ok(text)
}
