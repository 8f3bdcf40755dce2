//! A recipe run for real against the same recipe simulated: what both did, side by side.
//!
//! Decisions are compared by telling a fresh core what the real master was told. Everything else is
//! compared by two runs of one trace, each with its own times; those of the real one are read from its
//! master's log and from what the frameworks kept of their jobs.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use fairground_policies::message::{Action, Event, FrameworkId, TaskId};
use fairground_policies::name::Name;
use fairground_policies::registry::Registry;
use fairground_policies::replay::Replay;
use fairground_policies::time::{Span, Time};
use fairground_workloads::log::{Reader, Turn};
use fairground_workloads::measured::{RECIPE, RealRun};
use fairground_workloads::recipe::Recipe;
use fairground_workloads::rng;
use serde::Deserialize;

use crate::experiment::Experiment;
use crate::record::Ended;
use crate::world::simulate_watched;

/// Both runs.
#[derive(Debug)]
pub struct Fidelity {
    /// How it was run for real.
    pub real: RealRun,
    /// What the core was told again.
    pub decisions: Decisions,
    /// By framework: its name, what was simulated, what was measured.
    pub frameworks: Vec<(String, Side, Side)>,
}

/// What a fresh core ordered when it was told what a real master was told.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Decisions {
    /// Facts told.
    pub facts: u64,
    /// Orders given.
    pub orders: u64,
    /// Facts after which the orders were not those of the log.
    pub differences: u64,
}

/// What one framework did in one run. Times are those of the recipe's clock.
#[derive(Clone, Default, Debug)]
pub struct Side {
    /// Jobs there are.
    pub jobs: u64,
    /// Of every job that started, how long it waited for that.
    pub waits: Vec<Span>,
    /// Of every job that finished, the time from submission to end.
    pub completions: Vec<Span>,
    /// Of every task that ran, the time from the order to launch it until it ran.
    pub starts: Vec<Span>,
    /// Of every task that ran, the time it did.
    pub run_times: Vec<Span>,
    /// Tasks launched.
    pub launched: u64,
    /// Processor time that tasks were kept from by their limits.
    pub throttled: Span,
    /// Millicores times microseconds held before the horizon.
    pub held: u128,
}

/// The settings of a log that are needed here.
#[derive(Debug, Deserialize)]
struct Settings {
    allocator: Name,
    seed: u64,
    started_unix_micros: u64,
}

/// The inputs of a log that are needed here.
#[derive(Debug, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum Input {
    AgentStatus {
        status: Status,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct Status {
    framework_id: String,
    task_id: String,
    state: String,
    #[serde(default)]
    usage: Usage,
}

#[derive(Debug, Default, Deserialize)]
struct Usage {
    #[serde(default)]
    throttled_micros: u64,
}

/// Reads a log and what lies beside it, and simulates the same.
///
/// # Errors
/// When something cannot be read, or a name means nothing any more.
pub fn compare(log: &Path, registry: &Registry) -> anyhow::Result<Fidelity> {
    let real = RealRun::beside(log)?;
    let mut loaded = Recipe::load(Some(&log.with_file_name(RECIPE)), &[])?;
    loaded.folder.clone_from(&real.folder);
    let experiment = Experiment::load(&loaded, registry.clone())?;
    let names = loaded.recipe.framework.iter().map(|spec| spec.name.clone());
    let horizon = Time::ZERO + loaded.recipe.duration;
    let (decisions, measured) = read(log, &real, horizon, registry)?;
    let simulated = simulated(&experiment, &real)?;
    let sides = simulated.into_iter().zip(measured);
    let frameworks = names.zip(sides).map(|(name, (s, m))| (name, s, m));
    Ok(Fidelity {
        decisions,
        frameworks: frameworks.collect(),
        real,
    })
}

fn simulated(experiment: &Experiment, real: &RealRun) -> anyhow::Result<Vec<Side>> {
    let mut trace = experiment.trace(real.seed)?;
    let horizon = trace.horizon;
    // What did not happen for real.
    trace.faults.clear();
    let scenario = experiment.scenario(&real.policy, &trace, real.seed);
    let mut sides = vec![Side::default(); trace.workloads.len()];
    let latency = scenario.network.latency;
    let run = simulate_watched(&scenario, &mut |ended: &Ended| {
        let side = &mut sides[ended.framework.index()];
        side.starts.push(latency);
        side.run_times.push(ended.ended - ended.started);
        let until = ended.ended.min(horizon);
        let held = until.as_micros().saturating_sub(ended.started.as_micros());
        side.held += u128::from(ended.needs.cpus().0) * u128::from(held);
    })?;
    for (side, row) in sides.iter_mut().zip(&run.frameworks) {
        side.launched = row.launched;
    }
    for job in run.jobs.iter() {
        let side = &mut sides[job.framework.index()];
        side.job(job.submitted, job.started, job.finished);
    }
    Ok(sides)
}

impl Side {
    fn job(&mut self, submitted: Time, started: Option<Time>, finished: Option<Time>) {
        self.jobs += 1;
        self.waits.extend(started.map(|at| at.since(submitted)));
        self.completions
            .extend(finished.map(|at| at.since(submitted)));
    }
}

/// What is known of a task that was launched for real.
#[derive(Debug)]
struct Launched {
    at: Time,
    millicores: u64,
}

/// Reads a log: its steps into a fresh core, its statuses into the sides.
struct Reading<'a> {
    real: &'a RealRun,
    /// When the trace began, by the master's clock.
    begun: Time,
    horizon: Time,
    launched: BTreeMap<(FrameworkId, TaskId), Launched>,
    /// When tasks began to run, by the API's names.
    running: BTreeMap<(String, String), Time>,
    sides: Vec<Side>,
}

fn read(
    log: &Path,
    real: &RealRun,
    horizon: Time,
    registry: &Registry,
) -> anyhow::Result<(Decisions, Vec<Side>)> {
    let reader = Reader::<Settings, Input>::open(log)?;
    let reader = reader.with_context(|| format!("{}: nothing is in it", log.display()))?;
    let settings = reader.settings();
    let rng = rng::stream(settings.seed, "policy").into_generator();
    let mut core = Replay::new(registry.master(&settings.allocator, rng)?);
    let begun = real
        .begun_unix_micros
        .saturating_sub(settings.started_unix_micros);
    let count = real.jobs.iter().map(|job| job.framework.index() + 1).max();
    let mut reading = Reading {
        real,
        begun: Time::from_micros(begun),
        horizon,
        launched: BTreeMap::new(),
        running: BTreeMap::new(),
        sides: vec![Side::default(); count.unwrap_or(0)],
    };
    let mut decisions = Decisions::default();
    for turn in reader {
        let turn = turn?;
        for step in &turn.steps {
            decisions.differences += u64::from(!core.agrees(step));
        }
        reading.take(&turn);
    }
    (decisions.facts, decisions.orders) = core.counts();
    for job in &real.jobs {
        let side = reading.side(job.framework);
        side.job(job.submitted, job.started, job.finished);
    }
    Ok((decisions, reading.sides))
}

impl Reading<'_> {
    /// A length of time of the wall's clock by the recipe's.
    fn scaled(&self, span: Span) -> Span {
        span.scaled(self.real.scale.into(), 1)
    }

    fn side(&mut self, framework: FrameworkId) -> &mut Side {
        let index = framework.index();
        if self.sides.len() <= index {
            self.sides.resize(index + 1, Side::default());
        }
        &mut self.sides[index]
    }

    fn take(&mut self, turn: &Turn<Input>) {
        for step in &turn.steps {
            for action in &step.actions {
                if let Action::Launch {
                    framework,
                    task,
                    needs,
                    ..
                } = action
                {
                    self.side(*framework).launched += 1;
                    let launched = Launched {
                        at: step.at,
                        millicores: needs.cpus().0,
                    };
                    self.launched.insert((*framework, *task), launched);
                }
            }
        }
        let Input::AgentStatus { status } = &turn.input else {
            return;
        };
        let name = (status.framework_id.clone(), status.task_id.clone());
        if status.state == "running" {
            self.running.entry(name).or_insert(turn.at);
            return;
        }
        let ended = turn.steps.iter().find_map(|step| match step.event {
            Event::TaskEnded {
                framework, task, ..
            } => Some((framework, task)),
            _ => None,
        });
        if let Some(ended) = ended
            && let Some(launched) = self.launched.remove(&ended)
        {
            let running = self.running.remove(&name);
            self.ended(ended.0, &launched, running, turn.at, &status.usage);
        }
    }

    fn ended(
        &mut self,
        framework: FrameworkId,
        launched: &Launched,
        running: Option<Time>,
        ended: Time,
        usage: &Usage,
    ) {
        let end = self.begun
            + Span::from_micros(self.horizon.as_micros()).scaled(1, self.real.scale.into());
        let held = ended
            .min(end)
            .as_micros()
            .saturating_sub(launched.at.as_micros());
        let held = self.scaled(Span::from_micros(held));
        let start = running.map(|running| self.scaled(running.since(launched.at)));
        let run_time = running.map(|running| self.scaled(ended.since(running)));
        let throttled = self.scaled(Span::from_micros(usage.throttled_micros));
        let side = self.side(framework);
        side.starts.extend(start);
        side.run_times.extend(run_time);
        side.throttled += throttled;
        side.held += u128::from(launched.millicores) * u128::from(held.as_micros());
    }
}
