//! Small clusters on which tasks come and go: the ones by chance, and how they are run.

use std::sync::atomic::{AtomicBool, Ordering};

use fairground_policies::attributes::AgentSpeeds;
use fairground_policies::job::StageSpec;
use fairground_policies::message::{JobId, RoleId};
use fairground_policies::name::Name;
use fairground_policies::registry::Registry;
use fairground_policies::resources::{Mebibytes, Millicores, Milligpus, QuotaLimit, Resources};
use fairground_policies::share::Weight;
use fairground_policies::time::{Span, Time};
use fairground_workloads::feedback::{After, Feedback};
use fairground_workloads::recipe::{CostSpec, PreemptedWork, Role};
use fairground_workloads::trace::{Jobs, Runtimes, Trace, Work, Workload};

use crate::network::NetworkSpec;
use crate::run::Run;
use crate::world::{Behaviour, Scenario, simulate_watched};

/// Cores, GiB of memory, accelerators.
pub type Amounts = [u32; 3];

/// A tenant: one framework with equal tasks, all submitted at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClusterTenant {
    /// What a task needs.
    pub needs: Amounts,
    /// How long the shortest of its tasks runs, in seconds.
    pub run: u32,
    /// How many tasks it has.
    pub tasks: u32,
    /// How many more tasks it has that wait for the end of the first, and how long each of these runs, in seconds.
    pub then: (u32, u32),
    /// When they are submitted, in seconds.
    pub at: u32,
    /// How much it counts.
    pub weight: u32,
    /// The role it is in, counted from one; in none if that is 0.
    pub role: u32,
    /// How it behaves beside asking for what it needs.
    pub habit: Habit,
}

/// What a tenant does to have more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Habit {
    /// Nothing.
    Honest,
    /// It refuses for an hour what it cannot use.
    LongRefusal,
    /// It holds what it cannot use.
    Hoards,
    /// It holds what it cannot use for five seconds, and then declines.
    Dawdles,
}

/// Agents and tenants, and what is changed about them where a property compares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClusterCase {
    /// How many agents there are.
    pub agents: u32,
    /// What each has.
    pub size: Amounts,
    /// The tenants.
    pub tenants: Vec<ClusterTenant>,
    /// How many roles there are.
    pub roles: u32,
    /// The most cores that the first role may have; as many as it likes if that is 0.
    pub limit: u32,
    /// What the first tenant says that its tasks need.
    pub lie: Amounts,
    /// How it behaves when it lies.
    pub habit: Habit,
    /// What every agent has more of, and by how much.
    pub more: (usize, u32),
}

/// As many agents as can be divided by one, two and three: where a policy gives whole agents away.
const DIVISIBLE: u32 = 6;
/// When a run has ended so many tasks for each there is, it would go on for ever.
const ENDLESS: u32 = 40;

impl ClusterCase {
    /// What all agents have of a resource.
    pub(super) fn has(&self, kind: usize) -> f64 {
        f64::from(self.agents * self.size[kind])
    }

    /// The same with so many agents, for a policy that gives whole ones away.
    pub(super) fn on_whole_agents(&self) -> Self {
        Self {
            agents: DIVISIBLE,
            ..self.clone()
        }
    }

    pub(super) fn with_lie(&self) -> Self {
        let mut case = self.clone();
        let liar = &mut case.tenants[0];
        liar.habit = self.habit;
        // Who has less of something is as much slower.
        let slower = (0..3).filter(|kind| self.lie[*kind] > 0);
        let slower = slower.map(|kind| (liar.needs[kind] * 1000).div_ceil(self.lie[kind]));
        let slower = slower.max().unwrap_or(1000).max(1000);
        liar.run = (liar.run * slower).div_ceil(1000);
        liar.needs = self.lie;
        case
    }

    pub(super) fn without(&self, tenant: usize) -> Self {
        let mut case = self.clone();
        case.tenants.remove(tenant);
        case
    }

    pub(super) fn with_more(&self) -> Self {
        let mut case = self.clone();
        case.size[self.more.0] += self.more.1;
        case
    }

    pub(super) fn with_an_agent_more(&self) -> Self {
        Self {
            agents: self.agents + 1,
            ..self.clone()
        }
    }

    /// How long the tasks of a tenant run, one after the other: not all alike, or all would end together.
    pub fn runtimes(&self, tenant: usize) -> impl Iterator<Item = Span> + use<> {
        let ClusterTenant { run, tasks, .. } = self.tenants[tenant];
        let longer = move |task: u32| (7 * task + 3 * tenant as u32) % 4;
        (0..tasks).map(move |task| Span::from_secs(u64::from(run + longer(task))))
    }

    /// The same of those that wait for the first.
    pub fn runtimes_then(&self, tenant: usize) -> impl Iterator<Item = Span> + use<> {
        let (tasks, run) = self.tenants[tenant].then;
        (0..tasks).map(move |_| Span::from_secs(run.into()))
    }

    /// All tasks of all tenants.
    pub(super) fn tasks(&self) -> u32 {
        self.tenants.iter().map(|one| one.tasks + one.then.0).sum()
    }

    /// When the last job has come.
    pub fn horizon(&self) -> Time {
        let last = self.tenants.iter().map(|tenant| tenant.at).max();
        Time::from_secs(u64::from(last.unwrap_or(0)) + 1)
    }

    /// What a role may not exceed, and how much it counts.
    fn role(&self, number: u32) -> Role {
        let cores = u64::from(self.limit) * 1000;
        let limited = number == 1 && self.limit > 0;
        Role {
            path: format!("r{number}"),
            parent: None,
            weight: 1000,
            guarantee: Resources::ZERO,
            limit: QuotaLimit::from_units([limited.then_some(cores), None, None, None]),
        }
    }

    /// Runs it under a policy. A run that would go on for ever is ended. Nothing where the policy cannot be had on this cluster.
    pub fn run(&self, policy: &Name, registry: &Registry) -> Option<Run> {
        let agents = vec![amounts(self.size); self.agents as usize];
        let work = |tenant: usize| Workload {
            work: Work::Batch(self.jobs(tenant)),
            assumptions: Vec::new(),
            inputs: Vec::new(),
        };
        let trace = Trace {
            agents,
            described: Vec::new(),
            workloads: (0..self.tenants.len()).map(work).collect(),
            faults: Vec::new(),
            horizon: self.horizon(),
        };
        let frameworks: Vec<Behaviour> = self.tenants.iter().map(behaviour).collect();
        let roles: Vec<Role> = (1..=self.roles).map(|number| self.role(number)).collect();
        let stop = AtomicBool::new(false);
        let scenario = Scenario {
            trace: &trace,
            frameworks: &frameworks,
            roles: &roles,
            reservations: &[],
            network: NetworkSpec::default(),
            costs: CostSpec::default(),
            overcommit: &[],
            policy,
            registry,
            seed: 1,
            step: Span::from_secs(60),
            host_step: None,
            tasks: true,
            stop: Some(&stop),
            check: false,
        };
        let mut left = self.tasks() * ENDLESS;
        let run = simulate_watched(&scenario, &mut |_| {
            left = left.saturating_sub(1);
            if left == 0 {
                stop.store(true, Ordering::Relaxed);
            }
        });
        run.ok()
    }

    /// A job a task, as users submit them.
    fn jobs(&self, tenant: usize) -> Jobs {
        let ClusterTenant {
            needs,
            at,
            tasks,
            then,
            ..
        } = self.tenants[tenant];
        let mut jobs = Jobs::default();
        for run in self.runtimes(tenant).chain(self.runtimes_then(tenant)) {
            let spec = StageSpec::new(amounts(needs), 1);
            let local = vec![run];
            let stage = (spec, Runtimes::Plain { local, away: 1000 });
            jobs.push("", Time::from_secs(at.into()), false, vec![stage]);
        }
        if then.0 == 0 {
            return jobs;
        }
        let first = After {
            job: JobId(0),
            think: Span::ZERO,
        };
        let after = (0..tasks + then.0).map(|job| (job >= tasks).then_some(first));
        jobs.with_feedback(Feedback::Preceding(after.collect()))
    }
}

/// In the units of the core.
pub(super) fn amounts([cores, memory, gpus]: Amounts) -> Resources {
    Resources::new(
        Millicores(u64::from(cores) * 1000),
        Mebibytes(u64::from(memory) * 1024),
    )
    .with_gpus(Milligpus(u64::from(gpus) * 1000))
}

fn behaviour(tenant: &ClusterTenant) -> Behaviour {
    let role = tenant.role.checked_sub(1).map(RoleId);
    let refuse = match tenant.habit {
        Habit::LongRefusal => 3600,
        _ => 5,
    };
    let scheduler = match tenant.habit {
        Habit::Hoards => "audit-hoards",
        Habit::Dawdles => "audit-dawdles",
        Habit::Honest | Habit::LongRefusal => "fifo",
    };
    Behaviour {
        weight: Weight::from_thousandths(tenant.weight * 1000).unwrap_or_default(),
        role,
        constraints: Vec::new(),
        speeds: AgentSpeeds::default(),
        share: 1,
        scheduler: scheduler.parse().expect("it has no parameters"),
        refuse: Span::from_secs(refuse),
        preempted: PreemptedWork::Lost,
        uses: None,
    }
}
