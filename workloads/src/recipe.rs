//! A recipe: one TOML file that says everything a comparison follows from.
//!
//! The simulator compares its policies; the real cluster runs it once, under one of them. Policies
//! are only names here: what they mean is not known in this room.

mod check;
mod cluster;
mod constraints;
mod costs;
mod error;
mod preempted;
mod reservations;
mod roles;
mod settings;
mod sources;
mod speeds;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fairground_policies::constraint::Constraint;
use fairground_policies::name::Name;
use fairground_policies::resources::{Mebibytes, Millicores, Milligpus, Resources};
use fairground_policies::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::deadlines::DeadlineSpec;
use crate::error::ReadError;
use crate::estimates::EstimateSpec;
use crate::faults::FaultSpec;
use crate::models::machines::{Built, MachinesSpec};
use crate::phases::PhaseSpec;
use crate::spec::{Source, SpecContext, WorkloadSpec};
use crate::trace::{JobStream, Trace, Workload};
use crate::units;
use crate::usage::UseSpec;

pub use constraints::{described, offer_constraints};
pub use costs::{CostSpec, NetworkSpec};
pub use error::{RecipeError, TraceError};
pub use preempted::PreemptedWork;
pub use reservations::{Reservation, ReservationSpec};
pub use roles::{QuotaSpec, Role, RoleSpec};
pub use sources::Sources;
pub use speeds::{SpeedSpec, speeds};

/// The recipe `compare` runs when none is named.
pub const NINE_HOSTS: &str = include_str!("../assets/nine-hosts.toml");

/// The most agents that a cluster has: they are counted before they are made.
pub const MOST_AGENTS: u64 = 1_000_000;

/// No recipe lasts longer.
pub const LONGEST: Span = Span::from_secs(20 * 366 * 86_400);

/// Cluster, frameworks with their work, policies and seeds.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Names the folder of the results: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// A line that says what is compared.
    #[serde(default)]
    pub title: String,
    /// What the page of the results, `README.md`, begins with; without it there is no page.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// When arrivals and load end.
    #[serde(default = "a_day")]
    pub duration: Span,
    /// How many seeds are run.
    #[serde(default = "one")]
    pub seeds: u32,
    /// The first of them; the others follow it.
    #[serde(default = "first_seed")]
    pub first_seed: u64,
    /// The length of the time steps of tables and pictures; by default a 288th of the duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Span>,
    /// Whether the results have a row a task: where it ran, from when to when, and how it ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tasks: bool,
    /// The policies compared; the first is the baseline.
    #[serde(default = "policies")]
    pub policies: Vec<Name>,
    /// Groups of equal agents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cluster: Vec<Group>,
    /// The machines of a trace, in place of `cluster`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machines: Option<MachinesSpec>,
    /// How long messages take.
    #[serde(default)]
    pub network: NetworkSpec,
    /// What launching costs beside the work.
    #[serde(default)]
    pub costs: CostSpec,
    /// When agents go away.
    #[serde(default)]
    pub faults: FaultSpec,
    /// What a real run of this recipe measured, to be shown beside what is simulated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<MeasuredSpec>,
    /// What is changed, one thing at a time, to see what it is worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensitivity: Option<SensitivitySpec>,
    /// What roles count and are guaranteed, where frameworks are in some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub role: Vec<RoleSpec>,
    /// The systems that share the cluster.
    pub framework: Vec<FrameworkSpec>,
}

/// Changes of a recipe whose effect on the comparison is part of the report.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensitivitySpec {
    /// Over how many of the recipe's seeds.
    #[serde(default = "few")]
    pub seeds: u32,
    /// The changes, a row each.
    pub vary: Vec<Vary>,
}

/// One change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vary {
    /// What it says of the world.
    pub what: String,
    /// Settings as `--set` takes them: `costs.start=0s`.
    pub set: Vec<String>,
}

/// A real run of a recipe: its jobs, as `fairground-real run` writes them into `jobs.csv`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuredSpec {
    /// The file.
    pub file: PathBuf,
    /// The policy it was run with, one of those compared.
    pub policy: Name,
    /// The seed it was run with, one of those that are run.
    #[serde(default = "first_seed")]
    pub seed: u64,
}

/// Some agents of one size.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// How many.
    pub agents: u32,
    /// Cores of each.
    #[serde(with = "units::cores")]
    pub cpus: Millicores,
    /// Memory of each.
    #[serde(with = "units::memory")]
    pub mem: Mebibytes,
    /// Disk space of each.
    #[serde(default, with = "units::memory")]
    pub disk: Mebibytes,
    /// Accelerators of each.
    #[serde(default, with = "units::decimal")]
    pub gpus: u32,
    /// How many times its cores each offers: beyond 1, tasks that use more than there is slow each other
    /// down. Only cores can be had in turns; memory that is not there ends a task.
    #[serde(
        default = "weight",
        with = "units::overcommit",
        skip_serializing_if = "units::is_one"
    )]
    pub overcommit: u32,
    /// What of each is reserved for roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reserved: Vec<ReservationSpec>,
    /// What each is described with: words by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

impl Group {
    /// What each of them has.
    pub fn size(&self) -> Resources {
        Resources::new(self.cpus, self.mem)
            .with_disk(self.disk)
            .with_gpus(Milligpus(u64::from(self.gpus)))
    }

    /// The same as often as there are agents.
    pub fn sizes(&self) -> impl Iterator<Item = Resources> {
        std::iter::repeat_n(self.size(), self.agents as usize)
    }
}

/// A system that shares the cluster.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameworkSpec {
    /// Its name in tables and pictures.
    pub name: String,
    /// Agents it owns, or parts of the cluster, when the cluster is partitioned.
    #[serde(default = "one")]
    pub share: u32,
    /// How much it counts when the cluster is shared.
    #[serde(default = "weight", with = "units::decimal")]
    pub weight: u32,
    /// The role it is in, by its path: `research/vision`. Without one it stands for itself beside the roles
    /// at the top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Where its tasks may run, in Marathon's words; all of them hold, over all its tasks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Constraint>,
    /// How many times as fast its work is on agents that have these words, by attribute; as it is on others.
    #[serde(default, skip_serializing_if = "SpeedSpec::is_empty")]
    pub speeds: SpeedSpec,
    /// How it orders and places its tasks.
    #[serde(default = "scheduler")]
    pub scheduler: Name,
    /// For how long it refuses what it cannot use.
    #[serde(default = "refuse")]
    pub refuse: Span,
    /// What is left of the work of its tasks that are preempted.
    #[serde(default, skip_serializing_if = "PreemptedWork::is_lost")]
    pub preempted: PreemptedWork,
    /// How much of the processors that a task of it asked for it uses; not known if nothing is said.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub uses: Option<UseSpec>,
    /// What users say of how long its tasks run; what the trace says, if nothing is said here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<EstimateSpec>,
    /// How many times as long as it runs a job may take until it is late; nobody is in a hurry, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<DeadlineSpec>,
    /// Where its work comes from.
    pub workload: WorkloadSpec,
    /// What changes in its work, and when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<PhaseSpec>,
}

impl FrameworkSpec {
    /// One of which nothing is said but its name and its work.
    pub fn new(name: String, workload: WorkloadSpec) -> Self {
        Self {
            name,
            share: one(),
            weight: weight(),
            role: None,
            constraints: Vec::new(),
            speeds: SpeedSpec::default(),
            scheduler: scheduler(),
            refuse: refuse(),
            preempted: PreemptedWork::Lost,
            uses: None,
            estimate: None,
            deadline: None,
            workload,
            phases: Vec::new(),
        }
    }
}

/// A recipe and where it came from.
#[derive(Clone, PartialEq, Debug)]
pub struct Loaded {
    /// The recipe.
    pub recipe: Recipe,
    /// What its paths are relative to.
    pub folder: PathBuf,
    /// Its file, or what stands for it, for messages.
    pub origin: String,
}

impl Recipe {
    /// Reads the recipe at `path`, or the built-in one, with `settings` (`key.path=value`) in place
    /// of its own values.
    ///
    /// # Errors
    /// An unreadable file, a malformed text, a setting that does not apply, a senseless value.
    pub fn load(path: Option<&Path>, settings: &[String]) -> Result<Loaded, RecipeError> {
        let (text, origin, folder) = match path {
            None => {
                let origin = "the built-in recipe nine-hosts".to_owned();
                (NINE_HOSTS.to_owned(), origin, PathBuf::from("."))
            }
            Some(path) => {
                let origin = path.display().to_string();
                let text =
                    std::fs::read_to_string(path).map_err(|error| RecipeError::Unreadable {
                        path: origin.clone(),
                        problem: error.to_string(),
                    })?;
                (
                    text,
                    origin,
                    path.parent().unwrap_or(Path::new(".")).to_owned(),
                )
            }
        };
        Self::of_text(&text, settings, origin, folder)
    }

    /// The recipe in `text` with `settings`; its paths are relative to `folder`.
    ///
    /// # Errors
    /// A malformed text, a setting that does not apply, a senseless value.
    pub fn of_text(
        text: &str,
        settings: &[String],
        origin: String,
        folder: PathBuf,
    ) -> Result<Loaded, RecipeError> {
        let recipe = settings::read(text, settings, &origin)?;
        recipe.check(&origin)?;
        Ok(Loaded {
            recipe,
            folder,
            origin,
        })
    }

    /// Its text with every default filled in; read again, it is the same recipe.
    pub fn text(&self) -> String {
        let mut all = self.clone();
        for framework in &mut all.framework {
            framework.workload = framework.workload.filled();
        }
        toml::to_string(&all).expect("a recipe has a text")
    }

    /// What comes from outside, for one seed; `sources` are those of [`Loaded::sources`].
    ///
    /// # Errors
    /// When parameters ask for absurdly much, or files do not last so long.
    pub fn trace(&self, sources: &Sources, seed: u64) -> Result<Trace, TraceError> {
        self.assemble(sources, seed, <dyn Source>::build)
    }

    /// The same, with the jobs of frameworks that replay a trace beside it, one by one; in the trace
    /// itself they have none.
    ///
    /// # Errors
    /// As [`Self::trace`].
    pub fn streamed<'a>(
        &self,
        sources: &'a Sources,
        seed: u64,
    ) -> Result<(Trace, Vec<Option<JobStream<'a>>>), TraceError> {
        let mut streams = Vec::new();
        let trace = self.assemble(sources, seed, |source, context| {
            let (workload, jobs) = source.stream(context).transpose()?.unzip();
            streams.push(jobs);
            workload.map_or_else(|| source.build(context), Ok)
        })?;
        for (jobs, framework) in streams.iter_mut().zip(&self.framework) {
            if let Some(spec) = framework.estimate {
                *jobs = jobs.take().map(|jobs| spec.said_of_all(jobs));
            }
            if let Some(spec) = framework.deadline {
                let deadlines = spec.draw(seed, &framework.name);
                *jobs = jobs.take().map(|jobs| deadlines.given_to_all(jobs));
            }
        }
        Ok((trace, streams))
    }

    fn assemble<'a>(
        &self,
        sources: &'a Sources,
        seed: u64,
        mut build: impl FnMut(&'a dyn Source, &SpecContext<'_>) -> Result<Workload, ReadError>,
    ) -> Result<Trace, TraceError> {
        let origin = || format!("recipe {}", self.name);
        let Built {
            agents,
            models,
            faults: changes,
            ..
        } = self.cluster(sources, seed);
        let horizon = self.duration;
        let mut workloads = Vec::new();
        for (framework, source) in self.framework.iter().zip(&sources.frameworks) {
            let name = framework.name.as_str();
            let context = SpecContext {
                agents: agents.len() as u32,
                horizon,
                seed,
                name,
            };
            let workload = build(source.as_ref(), &context).map_err(|error| {
                let framework = framework.name.clone();
                TraceError::Workload {
                    origin: origin(),
                    framework,
                    error: Box::new(error),
                }
            })?;
            let workload = match framework.estimate {
                Some(spec) => spec.said_of(workload),
                None => workload,
            };
            let mut workload = workload;
            if !framework.speeds.is_empty() {
                workload.assumptions.push(framework.speeds.told());
            }
            workloads.push(match framework.deadline {
                Some(spec) => spec.draw(seed, name).given_to(workload),
                None => workload,
            });
        }
        let faults = self.faults.build(agents.len() as u32, horizon, seed);
        let mut faults = faults.map_err(|error| TraceError::Faults {
            origin: origin(),
            error: Box::new(error),
        })?;
        if !faults.is_empty() && !changes.is_empty() {
            let error = ReadError::expected("no failures beside those of the machines", "some");
            return Err(TraceError::Faults {
                origin: origin(),
                error: Box::new(error),
            });
        }
        faults.extend(changes);
        Ok(Trace {
            described: self.attributes(agents.len(), &models),
            agents,
            workloads,
            faults,
            horizon: Time::ZERO + horizon,
        })
    }

    /// The length of the time steps of tables and pictures.
    pub fn step(&self) -> Span {
        let step = self.step.unwrap_or_else(|| self.duration.scaled(1, 288));
        step.max(Span::from_secs(1))
    }

    /// The length of the time steps of the hosts picture.
    pub fn host_step(&self) -> Span {
        self.duration.scaled(1, 144).max(Span::from_secs(1))
    }
}

const fn a_day() -> Span {
    Span::from_secs(86_400)
}

const fn one() -> u32 {
    1
}

const fn few() -> u32 {
    5
}

const fn first_seed() -> u64 {
    1
}

const fn weight() -> u32 {
    1000
}

const fn refuse() -> Span {
    Span::from_secs(5)
}

fn scheduler() -> Name {
    "fair".parse().expect("a name")
}

fn policies() -> Vec<Name> {
    ["static", "static-best", "drf"]
        .map(|name| name.parse().expect("a name"))
        .to_vec()
}
