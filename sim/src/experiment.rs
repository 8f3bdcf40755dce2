//! Running a recipe: every policy on the same traces, seeds side by side.

mod said;
mod told;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use fairground_policies::message::FrameworkId;
use fairground_policies::name::{BadName, Name};
use fairground_policies::personality::Personality;
use fairground_policies::registry::Registry;
use fairground_policies::time::Span;
use fairground_readers::canonical::Imports;
use fairground_workloads::ReadError;
use fairground_workloads::recipe::{Reservation, Role, Sources, TraceError};
use fairground_workloads::sorted::Sorted;
use fairground_workloads::trace::{Assumption, Trace};
use rayon::prelude::*;

use crate::closed;
use crate::measured::Measured;
use crate::recipe::{Loaded, Recipe, RecipeError};
use crate::run::{Comparison, JobLine, PolicyRuns, Run};
use crate::search;
use crate::sensitivity;
use crate::world::{Behaviour, Scenario, StreamError, simulate, simulate_streamed};
use said::{asks_heeded, heeded, heeded_by};
pub(crate) use told::schedulers_told;

/// A recipe whose files are read and whose names are known.
#[derive(Debug)]
pub struct Experiment {
    loaded: Loaded,
    registry: Registry,
    sources: Sources,
    behaviours: Vec<Behaviour>,
    roles: Vec<Role>,
    reservations: Vec<Reservation>,
    measured: Option<Measured>,
    /// How many times its cores each agent offers, if any offers more than it has.
    overcommit: Vec<u32>,
    check: bool,
    /// The trace of the first seed, which was made to see whether there is one.
    first: OnceLock<Trace>,
    /// The rows of the table of sensitivity, whose files were read with those of the recipe.
    rows: Vec<(String, Experiment)>,
}

/// Why an experiment cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// A name that means nothing.
    #[error(
        "{origin}: `{key}`: {error}\n  hint: `fairground policies` lists all names and parameters"
    )]
    Name {
        /// The recipe.
        origin: String,
        /// Where in the recipe.
        key: String,
        /// What is wrong.
        error: BadName,
    },
    /// A change of the recipe that does not apply.
    #[error(transparent)]
    Varied(#[from] RecipeError),
    /// A change of the recipe that cannot be run.
    #[error("`sensitivity`, the row `{what}`: {error}")]
    Row {
        /// The row.
        what: String,
        /// What is wrong.
        error: Box<ExperimentError>,
    },
    /// A workload or faults that cannot be built.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// A trace that cannot be read as it is run.
    #[error(transparent)]
    Stream(#[from] ReadError),
    /// Stopped before one seed was done.
    #[error("interrupted before the first seed was done: there is nothing to keep")]
    Interrupted,
}

/// What goes on while an experiment runs.
pub trait Watcher: Sync {
    /// Something of `total` steps begins.
    fn begin(&self, what: &str, total: u64);
    /// One step is done.
    fn tick(&self);
    /// All runs of a seed are done.
    fn done(&self) {}
    /// Set when runs under way are to be given up and nothing more begun.
    fn flag(&self) -> &AtomicBool;
    /// Whether it is set.
    fn stop(&self) -> bool {
        self.flag().load(Ordering::Relaxed)
    }
}

/// Watches nothing.
#[derive(Debug, Default)]
pub struct Unwatched(AtomicBool);

impl Watcher for Unwatched {
    fn begin(&self, _: &str, _: u64) {}
    fn tick(&self) {}
    fn flag(&self) -> &AtomicBool {
        &self.0
    }
}

/// A run whose jobs came one by one.
#[derive(Debug)]
pub struct Streamed {
    /// All but the rows of those jobs.
    pub run: Run,
    /// Their rows, by framework and job.
    pub lines: Sorted<JobLine>,
    /// What the traces do not say, by framework, and what the simulator assumes.
    pub assumptions: Vec<(Option<FrameworkId>, Assumption)>,
}

/// The baseline that is searched for: not an allocator, but the best split for `static`.
pub const STATIC_BEST: &str = "static-best";

impl Experiment {
    /// Reads the recipe's files and looks its names up.
    ///
    /// # Errors
    /// A name that means nothing, a file that cannot be read or used.
    pub fn load(loaded: &Loaded, registry: Registry) -> Result<Self, ExperimentError> {
        Self::load_with(loaded, registry, &mut Imports::default())
    }

    /// The same with traces that were imported before.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_with(
        loaded: &Loaded,
        registry: Registry,
        imports: &mut Imports,
    ) -> Result<Self, ExperimentError> {
        let beside = [STATIC_BEST];
        let mut experiment = Self::opened(loaded, registry, imports, &beside)?;
        for (what, varied) in sensitivity::rows(loaded)? {
            let opened = Self::opened(&varied, experiment.registry.clone(), imports, &beside);
            let opened = opened.map_err(|error| ExperimentError::Row {
                what: what.clone(),
                error: Box::new(error),
            })?;
            experiment.rows.push((what, opened));
        }
        let first = experiment.trace(experiment.loaded.recipe.first_seed)?;
        heeded_by(&first, loaded, &experiment.registry)?;
        asks_heeded(&first, &experiment, &beside)?;
        let _ = experiment.first.set(first);
        Ok(experiment)
    }

    /// The same without making a trace, which may not fit into memory: to be streamed.
    ///
    /// # Errors
    /// A name that means nothing, a file that cannot be read.
    pub fn open(loaded: &Loaded, registry: Registry) -> Result<Self, ExperimentError> {
        Self::opened(loaded, registry, &mut Imports::on_disk(), &[])
    }

    /// `beside` are the names that mean something beside those of allocators.
    fn opened(
        loaded: &Loaded,
        registry: Registry,
        imports: &mut Imports,
        beside: &[&'static str],
    ) -> Result<Self, ExperimentError> {
        let recipe = &loaded.recipe;
        let sources = loaded.sources(imports)?;
        heeded(loaded, &registry)?;
        let roles = recipe.roles();
        let measured = recipe.measured.as_ref();
        let measured = measured.map(|spec| Measured::load(spec, recipe, &loaded.folder));
        let agents = recipe.cluster(&sources, recipe.first_seed).agents;
        recipe.check_promised(&loaded.origin, agents.iter().copied().sum())?;
        let experiment = Self {
            measured: measured.transpose()?,
            overcommit: recipe.overcommit(agents.len()),
            loaded: loaded.clone(),
            registry,
            sources,
            behaviours: Behaviour::of_recipe(recipe, &roles),
            reservations: recipe.reservations(&roles),
            roles,
            check: false,
            first: OnceLock::new(),
            rows: Vec::new(),
        };
        for policy in &experiment.loaded.recipe.policies {
            let known = experiment.check_policy(policy, beside);
            known.map_err(|error| ExperimentError::Name {
                origin: loaded.origin.clone(),
                key: "policies".to_owned(),
                error,
            })?;
        }
        Ok(experiment)
    }

    /// The same experiment with every law recounted after every step: slow and sure.
    #[must_use]
    pub const fn checked(mut self) -> Self {
        self.check = true;
        self
    }

    /// The recipe.
    pub const fn recipe(&self) -> &Recipe {
        &self.loaded.recipe
    }

    /// The seeds, in order.
    pub fn seeds(&self) -> Vec<u64> {
        (0..u64::from(self.loaded.recipe.seeds))
            .map(|i| self.loaded.recipe.first_seed.wrapping_add(i))
            .collect()
    }

    /// What comes from outside, for one seed.
    ///
    /// # Errors
    /// When parameters ask for absurdly much, or files do not last so long.
    pub fn trace(&self, seed: u64) -> Result<Trace, ExperimentError> {
        let recipe = &self.loaded.recipe;
        if let Some(first) = self.first.get().filter(|_| seed == recipe.first_seed) {
            return Ok(first.clone());
        }
        Ok(recipe.trace(&self.sources, seed)?)
    }

    /// Runs one policy on one trace.
    pub fn run(&self, policy: &Name, trace: &Trace, seed: u64, hosts: bool) -> Run {
        self.run_until(policy, trace, seed, hosts, &AtomicBool::new(false))
    }

    /// The same, given up when `stop` is set: what there is then is no result.
    fn run_until(
        &self,
        policy: &Name,
        trace: &Trace,
        seed: u64,
        hosts: bool,
        stop: &AtomicBool,
    ) -> Run {
        let scenario = Scenario {
            host_step: hosts.then(|| self.loaded.recipe.host_step()),
            tasks: self.loaded.recipe.tasks,
            stop: Some(stop),
            ..self.scenario(policy, trace, seed)
        };
        simulate(&scenario).expect("names were looked up before")
    }

    /// Runs one policy with one seed, the jobs of traces one by one: memory follows the jobs that are
    /// not over. Their rows are beside the run.
    ///
    /// # Errors
    /// When a workload cannot be built, a trace cannot be read, or rows cannot be put aside.
    pub fn stream(&self, policy: &Name, seed: u64) -> Result<Streamed, ExperimentError> {
        let (trace, streams) = self.loaded.recipe.streamed(&self.sources, seed)?;
        let scenario = self.scenario(policy, &trace, seed);
        match simulate_streamed(&scenario, streams) {
            Ok((run, lines)) => Ok(Streamed {
                run,
                lines,
                assumptions: self.assumptions(&trace),
            }),
            Err(StreamError::Read(error)) => Err(error.into()),
            Err(StreamError::Name(error)) => unreachable!("names were looked up before: {error}"),
        }
    }

    /// One policy on one trace, to be simulated; without the table of hosts.
    pub fn scenario<'a>(&'a self, policy: &'a Name, trace: &'a Trace, seed: u64) -> Scenario<'a> {
        Scenario {
            trace,
            frameworks: &self.behaviours,
            roles: &self.roles,
            reservations: &self.reservations,
            network: self.loaded.recipe.network,
            costs: self.loaded.recipe.costs,
            overcommit: &self.overcommit,
            policy,
            registry: &self.registry,
            seed,
            step: self.loaded.recipe.step(),
            host_step: None,
            tasks: false,
            stop: None,
            check: self.check,
        }
    }

    /// Runs every policy on every seed. If the watcher stops it, the seeds that are done are kept.
    ///
    /// # Errors
    /// When a trace cannot be built, or nothing was done before the watcher stopped it.
    pub fn compare(&self, watcher: &dyn Watcher) -> Result<Comparison, ExperimentError> {
        self.compare_seeds(&self.seeds(), watcher)
    }

    /// The same for some of the recipe's seeds: those that an interrupted comparison had done.
    ///
    /// # Errors
    /// As [`Self::compare`].
    pub fn compare_seeds(
        &self,
        seeds: &[u64],
        watcher: &dyn Watcher,
    ) -> Result<Comparison, ExperimentError> {
        let first = self.trace(self.loaded.recipe.first_seed)?;
        let mut resolved = Vec::new();
        for policy in &self.loaded.recipe.policies {
            resolved.push(self.resolve(policy, &first, watcher)?);
        }
        watcher.begin("runs", seeds.len() as u64 * resolved.len() as u64);
        let rows: Vec<Option<Vec<Run>>> = seeds
            .par_iter()
            .map(|seed| self.run_seed(*seed, &first, &resolved, watcher))
            .collect::<Result<_, _>>()?;
        let done: Vec<(u64, Vec<Run>)> = seeds
            .iter()
            .zip(rows)
            .filter_map(|(seed, runs)| Some((*seed, runs?)))
            .collect();
        if done.is_empty() {
            return Err(ExperimentError::Interrupted);
        }
        let seeds: Vec<u64> = done.iter().map(|(seed, _)| *seed).collect();
        let mut comparison = self.comparison(&first, &resolved, done);
        let sheet = sensitivity::sheet(&self.loaded.recipe, &self.rows, &seeds, watcher)?;
        comparison.sheets.extend(sheet);
        comparison.sheets.extend(closed::sheet(&comparison));
        Ok(comparison)
    }

    /// All policies on one seed; `None` when stopped before all were done.
    fn run_seed(
        &self,
        seed: u64,
        first: &Trace,
        policies: &[Name],
        watcher: &dyn Watcher,
    ) -> Result<Option<Vec<Run>>, ExperimentError> {
        if watcher.stop() {
            return Ok(None);
        }
        let hosts = seed == self.loaded.recipe.first_seed;
        let made;
        let trace = if seed == self.loaded.recipe.first_seed {
            first
        } else {
            made = self.trace(seed)?;
            &made
        };
        let runs = policies.par_iter().map(|policy| {
            if watcher.stop() {
                return None;
            }
            let run = self.run_until(policy, trace, seed, hosts, watcher.flag());
            watcher.tick();
            (!watcher.stop()).then_some(run)
        });
        let runs: Option<Vec<Run>> = runs.collect();
        if runs.is_some() {
            watcher.done();
        }
        Ok(runs)
    }

    /// The policy that is run for `policy`: itself, or the split that the search found.
    pub(crate) fn resolve(
        &self,
        policy: &Name,
        trace: &Trace,
        watcher: &dyn Watcher,
    ) -> Result<Name, ExperimentError> {
        if policy.base() != STATIC_BEST {
            return Ok(policy.clone());
        }
        let split = search::best_split(self, policy, trace, watcher)?;
        Ok(static_with(policy, &split))
    }

    /// The declared shares of the frameworks.
    pub fn shares(&self) -> Vec<u32> {
        self.behaviours
            .iter()
            .map(|behaviour| behaviour.share)
            .collect()
    }

    /// How many agents there are: those of the first seed.
    fn agents(&self) -> u32 {
        let first = self.loaded.recipe.first_seed;
        self.loaded
            .recipe
            .cluster(&self.sources, first)
            .agents
            .len() as u32
    }

    /// Gives the tables of all runs the same time steps: those of the run that has the longest.
    fn alike(&self, policies: &mut [PolicyRuns]) -> (Span, Span) {
        let recipe = &self.loaded.recipe;
        let runs = || policies.iter().flat_map(|policy| &policy.runs);
        let step = runs().map(|run| run.step).max();
        let host_step = runs().map(|run| run.host_step).max();
        let step = step.unwrap_or_default().max(recipe.step());
        let host_step = host_step.unwrap_or_default().max(recipe.host_step());
        let runs = policies.iter_mut().flat_map(|policy| &mut policy.runs);
        runs.for_each(|run| run.coarsen(step, host_step));
        (step, host_step)
    }

    pub(crate) fn comparison(
        &self,
        trace: &Trace,
        resolved: &[Name],
        done: Vec<(u64, Vec<Run>)>,
    ) -> Comparison {
        let recipe = &self.loaded.recipe;
        let seeds: Vec<u64> = done.iter().map(|(seed, _)| *seed).collect();
        let mut policies: Vec<PolicyRuns> = recipe
            .policies
            .iter()
            .zip(resolved)
            .map(|(name, resolved)| PolicyRuns {
                name: name.to_string(),
                resolved: Personality::of(resolved)
                    .map_or_else(|| resolved.to_string(), |one| one.told(resolved)),
                runs: Vec::with_capacity(seeds.len()),
            })
            .collect();
        for (_, runs) in done {
            for (policy, run) in policies.iter_mut().zip(runs) {
                policy.runs.push(run);
            }
        }
        let (step, host_step) = self.alike(&mut policies);
        let mut inputs = self.sources.inputs();
        inputs.extend(self.measured.iter().map(|measured| measured.input.clone()));
        inputs.sort();
        inputs.dedup();
        Comparison {
            name: recipe.name.clone(),
            title: recipe.title.clone(),
            about: recipe.about.clone(),
            recipe: recipe.text(),
            capacity: trace.agents.iter().copied().sum(),
            agents: trace.agents.len() as u32,
            horizon: recipe.duration,
            step,
            host_step,
            frameworks: self.infos(trace),
            assumptions: self.assumptions(trace),
            inputs,
            warnings: self.warnings(&seeds, &policies),
            sheets: Vec::new(),
            measured: self.measured.clone(),
            seeds,
            policies,
        }
    }
}

/// `static` with the parameters of `static-best` and this split.
pub(crate) fn static_with(policy: &Name, split: &[u32]) -> Name {
    let text = policy.to_string().replacen(STATIC_BEST, "static", 1);
    let mut name: Name = text.parse().expect("a name with another base is a name");
    // How the split was found is not a parameter of the split.
    name.take(search::PARAM.key);
    let parts: Vec<String> = split.iter().map(u32::to_string).collect();
    name.set("split", parts.join(":"));
    name
}
