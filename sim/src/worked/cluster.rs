//! Frameworks on agents, in the simulator's world without latencies.

use fairground_policies::attributes::{AgentAttributes, AgentSpeeds, SpeedOf};
use fairground_policies::job::StageSpec;
use fairground_policies::message::RoleId;
use fairground_policies::name::Name;
use fairground_policies::registry::Registry;
use fairground_policies::resources::{QuotaLimit, Resources};
use fairground_policies::share::Weight;
use fairground_policies::time::{Span, Time};
use fairground_workloads::recipe::{CostSpec, PreemptedWork, Role};
use fairground_workloads::trace::{Jobs, Runtimes, Stage, Trace, Work, Workload};

use super::ExampleError;
use super::chart::{Bar, Chart};
use super::words::ExampleLine;
use crate::network::NetworkSpec;
use crate::run::Run;
use crate::world::{Behaviour, Scenario, simulate};

/// What the lines have said so far.
#[derive(Default)]
struct Scene {
    agents: Vec<Resources>,
    described: Vec<AgentAttributes>,
    policy: Option<Name>,
    roles: Vec<Role>,
    names: Vec<String>,
    frameworks: Vec<Behaviour>,
    /// By framework.
    jobs: Vec<Vec<ExampleJob>>,
    column: Option<Span>,
}

struct ExampleJob {
    at: Time,
    gang: bool,
    stages: Vec<Stage>,
}

pub(super) fn drawn(
    lines: &[ExampleLine<'_>],
    registry: &Registry,
) -> Result<String, ExampleError> {
    let mut scene = Scene::default();
    for words in lines {
        scene.read(words)?;
    }
    let run = scene
        .run(registry)
        .map_err(|problem| lines[0].error(problem))?;
    let bars = scene.bars(&run);
    let column = scene.column;
    let started = bars.iter().all(|bar| !bar.runs.is_empty());
    let mut text = Chart {
        column,
        bars,
        sign: None,
    }
    .drawn();
    if run.totals.stalled && started {
        text += "what waits in the end never starts\n";
    }
    Ok(text)
}

impl Scene {
    fn read(&mut self, words: &ExampleLine<'_>) -> Result<(), ExampleError> {
        match words.verb {
            "agents" => {
                let count = words.count()?.min(1000) as usize;
                self.agents.extend(vec![words.amount; count]);
                let kind = words
                    .word("kind")
                    .map(|kind| ("kind".to_owned(), kind.to_owned()));
                self.described
                    .extend(vec![AgentAttributes::new(kind); count]);
            }
            "policy" => self.policy = Some(words.name("drf")?),
            "column" => self.column = Some(words.length()?),
            "role" => self.role(words)?,
            "framework" => self.framework(words)?,
            "job" => {
                let at = Time::ZERO + words.span_or("at", Span::ZERO)?;
                let stage = stage(words, Vec::new())?;
                let gang = words.plain.contains(&"gang");
                let job = ExampleJob {
                    at,
                    gang,
                    stages: vec![stage],
                };
                let framework = self.named(words)?;
                self.jobs[framework].push(job);
            }
            "then" => {
                let framework = self.named(words)?;
                let job = self.jobs[framework].last_mut();
                let job = job.ok_or_else(|| words.error("no job before it".to_owned()))?;
                let beside = words.plain.contains(&"beside");
                let before = if beside { 0 } else { job.stages.len() as u32 };
                job.stages.push(stage(words, (0..before).collect())?);
            }
            _ => {
                return Err(words.unknown("agents, policy, role, framework, job, then or column"));
            }
        }
        Ok(())
    }

    fn role(&mut self, words: &ExampleLine<'_>) -> Result<(), ExampleError> {
        let path = words.plain.first().copied().unwrap_or_default();
        let above = path.rsplit_once('/').map(|(above, _)| above);
        let position = |path: &str| self.roles.iter().position(|role| role.path == path);
        let parent = above.map(|above| {
            position(above).ok_or_else(|| words.error(format!("no role `{above}` before it")))
        });
        let parent = parent.transpose()?.map(|position| RoleId(position as u32));
        let guarantee = u64::from(words.number_or("guarantee", 0)?);
        self.roles.push(Role {
            path: path.to_owned(),
            parent,
            weight: words.number_or("weight", 1)?.saturating_mul(1000),
            guarantee: Resources::cores(guarantee, 0),
            limit: QuotaLimit::NONE,
        });
        Ok(())
    }

    fn framework(&mut self, words: &ExampleLine<'_>) -> Result<(), ExampleError> {
        let [name, ..] = words.plain[..] else {
            return Err(words.error("a framework without a name".to_owned()));
        };
        let role = words.word("role").map(|path| {
            let position = self.roles.iter().position(|role| role.path == path);
            position.ok_or_else(|| words.error(format!("no role `{path}` before it")))
        });
        let scheduler = if words.plain.len() > 1 {
            words.name("fifo")?
        } else {
            "fifo"
                .parse()
                .map_err(|error: fairground_policies::name::BadName| words.error(error.0))?
        };
        let weight = words.number_or("weight", 1)?.saturating_mul(1000);
        self.names.push(name.to_owned());
        self.jobs.push(Vec::new());
        self.frameworks.push(Behaviour {
            weight: Weight::from_thousandths(weight).unwrap_or_default(),
            role: role.transpose()?.map(|position| RoleId(position as u32)),
            constraints: Vec::new(),
            speeds: speeds(words)?,
            share: words.number_or("share", 1)?,
            scheduler,
            refuse: Span::from_secs(5),
            preempted: PreemptedWork::Kept,
            uses: None,
        });
        Ok(())
    }

    /// The framework that a line begins with.
    fn named(&self, words: &ExampleLine<'_>) -> Result<usize, ExampleError> {
        let name = words.plain.first().copied().unwrap_or_default();
        let position = self.names.iter().position(|one| one == name);
        position.ok_or_else(|| words.error(format!("no framework `{name}` before it")))
    }

    fn run(&mut self, registry: &Registry) -> Result<Run, String> {
        let mut workloads = Vec::new();
        for jobs in &mut self.jobs {
            jobs.sort_by_key(|job| job.at);
            let mut all = Jobs::default();
            for job in jobs {
                all.push("", job.at, job.gang, job.stages.clone());
            }
            workloads.push(Workload {
                work: Work::Batch(all),
                assumptions: Vec::new(),
                inputs: Vec::new(),
            });
        }
        let last = self.jobs.iter().flatten().map(|job| job.at).max();
        let trace = Trace {
            agents: self.agents.clone(),
            described: self.described.clone(),
            workloads,
            faults: Vec::new(),
            horizon: last.unwrap_or(Time::ZERO) + Span::from_secs(1),
        };
        let drf = || {
            "drf"
                .parse()
                .map_err(|error: fairground_policies::name::BadName| error.0)
        };
        let policy = self.policy.clone().map_or_else(drf, Ok)?;
        let scenario = Scenario {
            trace: &trace,
            frameworks: &self.frameworks,
            roles: &self.roles,
            reservations: &[],
            network: NetworkSpec::default(),
            costs: CostSpec::default(),
            overcommit: &[],
            policy: &policy,
            registry,
            seed: 1,
            step: Span::from_secs(1),
            host_step: None,
            tasks: true,
            stop: None,
            check: false,
        };
        simulate(&scenario).map_err(|error| error.0)
    }

    /// A row a job.
    fn bars(&self, run: &Run) -> Vec<Bar> {
        let mut bars = Vec::new();
        for (framework, (name, jobs)) in self.names.iter().zip(&self.jobs).enumerate() {
            for (number, job) in jobs.iter().enumerate() {
                let mine = run.tasks.iter().filter(|row| {
                    let of = row.unit.map(|(job, ..)| job.index());
                    row.framework.index() == framework && of == Some(number)
                });
                bars.push(Bar {
                    name: format!("{name}{}", number + 1),
                    submitted: job.at,
                    runs: mine
                        .map(|row| (row.started, row.ended, row.tasks))
                        .collect(),
                });
            }
        }
        bars
    }
}

/// How fast a framework is on a kind of agents: `speed=fast:3`.
fn speeds(words: &ExampleLine<'_>) -> Result<AgentSpeeds, ExampleError> {
    let Some(said) = words.word("speed") else {
        return Ok(AgentSpeeds::default());
    };
    let (kind, times) = said.split_once(':').unwrap_or((said, ""));
    let times: u32 = times.parse().map_err(|_| {
        words.error(format!(
            "`speed` is `{said}`; expected a kind and how many times, as in fast:3"
        ))
    })?;
    Ok(AgentSpeeds::new(vec![SpeedOf {
        attribute: "kind".to_owned(),
        word: kind.to_owned(),
        thousandths: times.saturating_mul(AgentSpeeds::PLAIN),
    }]))
}

/// Tasks of one size and time behind these stages.
fn stage(words: &ExampleLine<'_>, parents: Vec<u32>) -> Result<Stage, ExampleError> {
    let (tasks, run) = (words.number_or("tasks", 1)?, words.span("run")?);
    if !(1..=1000).contains(&tasks) {
        return Err(words.error(format!("`tasks` is `{tasks}`; expected 1 to 1000")));
    }
    let spec = StageSpec {
        parents,
        estimate: Some(words.span_or("estimate", run)?),
        ..StageSpec::new(words.amount, tasks)
    };
    let local = vec![run; tasks as usize];
    Ok((spec, Runtimes::Plain { local, away: 1000 }))
}
