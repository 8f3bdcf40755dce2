//! Small clusters put together by hand or by chance, and how to run them.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "every test program uses the parts it needs"
)]

use fairground_policies::attributes::{AgentSpeeds, SpeedOf};
use fairground_policies::constraint::Constraint;
use fairground_policies::job::StageSpec;
use fairground_policies::message::AgentId;
use fairground_policies::registry::Registry;
use fairground_policies::resources::Resources;
use fairground_policies::share::Weight;
use fairground_policies::time::{Span, Time};
use fairground_sim::network::NetworkSpec;
use fairground_sim::recipe::{Loaded, Recipe, RecipeError};
use fairground_sim::record::Ended;
use fairground_sim::run::{JobRow, JobTable, Run};
use fairground_sim::world::{Behaviour, Scenario, simulate_watched};
use fairground_workloads::recipe::{CostSpec, PreemptedWork, Role};
use fairground_workloads::trace::{
    Autoscaler, ColdStart, Fault, Jobs, Routing, Runtimes, Service, Stage, Trace, Work, Workload,
};
use tempfile::TempDir;

/// A scenario that owns its parts.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub trace: Trace,
    pub frameworks: Vec<Behaviour>,
    pub roles: Vec<Role>,
    pub network: NetworkSpec,
    pub costs: CostSpec,
    pub overcommit: Vec<u32>,
    pub policy: String,
    pub seed: u64,
    pub step: Span,
}

impl Cluster {
    /// Agents of the given sizes under `policy`, with nothing to do for an hour.
    pub fn new(policy: &str, agents: &[Resources]) -> Self {
        Self {
            trace: Trace {
                agents: agents.to_vec(),
                described: Vec::new(),
                workloads: Vec::new(),
                faults: Vec::new(),
                horizon: Time::from_secs(3600),
            },
            frameworks: Vec::new(),
            roles: Vec::new(),
            network: NetworkSpec::default(),
            costs: CostSpec::default(),
            overcommit: Vec::new(),
            policy: policy.to_owned(),
            seed: 1,
            step: secs(10),
        }
    }

    /// One more framework.
    #[must_use]
    pub fn framework(mut self, scheduler: &str, work: Work) -> Self {
        self.trace.workloads.push(Workload {
            work,
            assumptions: Vec::new(),
            inputs: Vec::new(),
        });
        self.frameworks.push(Behaviour {
            weight: Weight::default(),
            role: None,
            constraints: Vec::new(),
            speeds: AgentSpeeds::default(),
            share: 1,
            scheduler: scheduler.parse().expect("a scheduler's name"),
            refuse: secs(5),
            preempted: PreemptedWork::Lost,
            uses: None,
        });
        self
    }

    /// What the last framework asks of where its tasks run.
    #[must_use]
    pub fn constraints(mut self, constraints: &[&str]) -> Self {
        let read = |text: &&str| {
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            Constraint::read(&words).expect("a constraint")
        };
        let last = self.frameworks.last_mut().expect("a framework");
        last.constraints = constraints.iter().map(read).collect();
        self
    }

    /// How many times as fast the last framework is where an attribute has a word, in thousandths.
    #[must_use]
    pub fn speed(mut self, attribute: &str, word: &str, thousandths: u32) -> Self {
        let last = self.frameworks.last_mut().expect("a framework");
        last.speeds = AgentSpeeds::new(vec![SpeedOf {
            attribute: attribute.to_owned(),
            word: word.to_owned(),
            thousandths,
        }]);
        self
    }

    /// One more outage.
    #[must_use]
    pub fn fault(mut self, agent: u32, at: Span, lasts: Option<Span>) -> Self {
        let at = Time::ZERO + at;
        self.trace.faults.push(Fault {
            at,
            agent: AgentId(agent),
            back: lasts.map(|lasts| at + lasts),
            total: None,
        });
        self
    }

    /// Another network.
    #[must_use]
    pub const fn network(mut self, network: NetworkSpec) -> Self {
        self.network = network;
        self
    }

    /// What launching costs.
    #[must_use]
    pub const fn costs(mut self, costs: CostSpec) -> Self {
        self.costs = costs;
        self
    }

    /// Runs it to its end, with all tables.
    pub fn run(&self) -> Run {
        self.simulated(true, &mut |_| ())
    }

    /// The same without recounting its laws: for thousands of jobs.
    pub fn run_quickly(&self) -> Run {
        self.simulated(false, &mut |_| ())
    }

    /// The same, and tells `watch` of every task that ended on its agent.
    pub fn watched(&self, watch: &mut dyn FnMut(&Ended)) -> Run {
        self.simulated(true, watch)
    }

    fn simulated(&self, check: bool, watch: &mut dyn FnMut(&Ended)) -> Run {
        let scenario = Scenario {
            trace: &self.trace,
            frameworks: &self.frameworks,
            roles: &self.roles,
            reservations: &[],
            network: self.network,
            costs: self.costs,
            overcommit: &self.overcommit,
            policy: &self.policy.parse().expect("a policy's name"),
            registry: &fairground_solvers::with_solvers(Registry::default()),
            seed: self.seed,
            step: self.step,
            host_step: Some(self.step),
            tasks: true,
            stop: None,
            check,
        };
        simulate_watched(&scenario, watch).expect("known names")
    }
}

/// A recipe with settings, beside whose text lies a log, `log.swf`; with the folder, which goes away when it
/// is dropped.
pub fn with_log(
    recipe: &str,
    log: &str,
    settings: &[&str],
) -> (TempDir, Result<Loaded, RecipeError>) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("log.swf"), log).expect("a log");
    let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
    let loaded = Recipe::of_text(recipe, &settings, "test".into(), folder.path().to_owned());
    (folder, loaded)
}

pub const fn secs(secs: u64) -> Span {
    Span::from_secs(secs)
}

pub const fn cores(cores: u64) -> Resources {
    Resources::cores(cores, 1024 * cores)
}

/// A job before it has a number.
#[derive(Clone, Debug)]
pub struct Plan {
    pub at: u64,
    pub gang: bool,
    pub stages: Vec<Stage>,
}

/// A job of the given stages, submitted `at` seconds.
pub const fn job(at: u64, stages: Vec<Stage>) -> Plan {
    let gang = false;
    Plan { at, gang, stages }
}

/// The same job as a gang.
pub fn gang(job: Plan) -> Plan {
    Plan { gang: true, ..job }
}

/// Jobs sorted by submission and numbered.
pub fn numbered(mut plans: Vec<Plan>) -> Jobs {
    plans.sort_by_key(|job| job.at);
    let mut jobs = Jobs::default();
    for Plan { at, gang, stages } in plans {
        jobs.push(&format!("at {at}s"), Time::from_secs(at), gang, stages);
    }
    jobs
}

pub fn batch(jobs: Vec<Plan>) -> Work {
    Work::Batch(numbered(jobs))
}

/// A stage of one-core tasks that take the given seconds wherever they run.
pub fn maps(durations: &[u64]) -> Stage {
    let local = durations.iter().map(|d| secs(*d)).collect();
    let stage = StageSpec::new(cores(1), durations.len() as u32);
    (stage, Runtimes::Plain { local, away: 1000 })
}

/// A service with one load for every ten seconds.
pub fn service(load: &[u64], workers: u32, service_time: Span) -> Service {
    Service {
        needs: cores(1),
        workers,
        service_time,
        startup: Span::ZERO,
        routing: Routing::LeastWork,
        cold: ColdStart::NONE,
        slo: secs(1),
        step: secs(10),
        load: load.to_vec(),
        autoscaler: Autoscaler {
            target: 500,
            period: secs(10),
            window: secs(10),
            min: 1,
            max: 10,
        },
    }
}

/// Jobs as `submitted started finished lost`, times in seconds.
pub fn shown(jobs: &JobTable) -> String {
    let at = |time: Option<Time>| time.map_or("never".to_owned(), |time| time.to_string());
    let line = |job: JobRow<'_>| {
        let (started, finished) = (at(job.started), at(job.finished));
        let (framework, id) = (job.framework, job.job);
        format!(
            "{framework} {id}: {} {started} {finished} lost {}\n",
            job.submitted, job.lost
        )
    };
    jobs.iter().map(line).collect()
}
