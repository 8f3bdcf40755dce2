//! The allocator alone: one thing done to a master of a given shape, and what it costs.
//!
//! Agents have 16 CPUs and 32 GiB and are offered whole, in rounds of a second, so that one pass over
//! the whole cluster can be looked at by itself. The shapes are those for which the cost of Apache
//! Mesos' own allocator is known.

use fairground_policies::allocators::Setup;
use fairground_policies::few::Few;
use fairground_policies::master::Master;
use fairground_policies::message::{
    Action, AgentId, Event, FrameworkId, Offer, Outcome, TaskId, TaskRequest,
};
use fairground_policies::registry::Registry;
use fairground_policies::resources::Resources;
use fairground_policies::share::Weight;
use fairground_policies::time::{Span, Time};
use fairground_workloads::rng;

use super::measure::{Cost, measured};
use super::workload::MACHINE;

/// One of sixteen equal parts of an agent.
const PART: Resources = Resources::cores(1, 2048);
/// How often something is done for one measurement, where once is too short.
const TURNS: u32 = 1000;

/// A master and the time it has been told.
struct Cluster {
    master: Master,
    now: Time,
    actions: Vec<Action>,
    /// Tasks launched by each framework.
    launched: Vec<u64>,
}

impl Cluster {
    fn new(frameworks: u32) -> anyhow::Result<Self> {
        let setup = Setup {
            shares: vec![1; frameworks as usize],
            agents: 0,
            rng: rng::stream(1, "policy").into_generator(),
        };
        let policy = "drf[round=1s]".parse()?;
        let (config, allocator) = Registry::default().allocator(&policy, setup)?;
        let mut cluster = Self {
            master: Master::new(config, allocator),
            now: Time::ZERO,
            actions: Vec::new(),
            launched: vec![0; frameworks as usize],
        };
        // The first round is over before anybody is there.
        cluster.tell(Event::TimePassed);
        for framework in (0..frameworks).map(FrameworkId) {
            let weight = Weight::ONE;
            cluster.tell(Event::FrameworkJoined {
                framework,
                weight,
                role: None,
            });
        }
        Ok(cluster)
    }

    /// `count` more tasks of a framework.
    fn tasks(&mut self, framework: FrameworkId, count: u64, needs: Resources) -> Vec<TaskRequest> {
        let launched = &mut self.launched[framework.index()];
        let first = *launched;
        *launched += count;
        let task = |id| TaskRequest {
            task: TaskId(id),
            needs,
        };
        (first..first + count).map(task).collect()
    }

    fn tell(&mut self, event: Event) {
        self.master.step(self.now, event, &mut self.actions);
    }

    fn add_agents(&mut self, agents: u32) {
        for agent in (0..agents).map(AgentId) {
            let total = MACHINE;
            self.tell(Event::AgentJoined { agent, total });
        }
    }

    /// The next round; the offers it made.
    fn pass(&mut self) -> Cost {
        self.now += Span::from_secs(1);
        self.actions.clear();
        measured(|| self.tell(Event::TimePassed)).0
    }

    fn offers(&self) -> Vec<Offer> {
        let offer = |action: &Action| match action {
            Action::Offer(offer) => Some(*offer),
            _ => None,
        };
        self.actions.iter().filter_map(offer).collect()
    }

    /// Launches as many parts on an offer as it holds; what runs then.
    fn fill(&mut self, offer: &Offer) -> Vec<Running> {
        let parts = PART.times_in(offer.resources).unwrap_or(0);
        let launch = self.tasks(offer.framework, parts, PART);
        let runs = |request: &TaskRequest| (offer.agent, offer.framework, request.task);
        let running = launch.iter().map(runs).collect();
        self.answer(offer, launch, Span::ZERO);
        running
    }

    fn answer(&mut self, offer: &Offer, launch: Vec<TaskRequest>, refuse: Span) {
        self.tell(Event::OffersAnswered {
            framework: offer.framework,
            offers: Few::one(offer.id),
            launch: launch.into(),
            refuse,
        });
    }
}

/// A pass that offers every agent; milliseconds.
pub(super) fn full_pass(agents: u32, frameworks: u32) -> anyhow::Result<f64> {
    let mut cluster = Cluster::new(frameworks)?;
    cluster.add_agents(agents);
    let cost = cluster.pass();
    anyhow::ensure!(
        cluster.offers().len() == agents as usize,
        "an agent was not offered"
    );
    Ok(cost.cpu * 1e3)
}

/// Agents that join a cluster of many frameworks; milliseconds for all.
pub(super) fn adding_agents(agents: u32, frameworks: u32) -> anyhow::Result<f64> {
    let mut cluster = Cluster::new(frameworks)?;
    Ok(measured(|| cluster.add_agents(agents)).0.cpu * 1e3)
}

/// A pass over a cluster in which everything is taken; milliseconds.
pub(super) fn nothing_free(agents: u32, frameworks: u32) -> anyhow::Result<f64> {
    let mut cluster = Cluster::new(frameworks)?;
    cluster.add_agents(agents);
    cluster.pass();
    for offer in cluster.offers() {
        let launch = cluster.tasks(offer.framework, 1, MACHINE);
        cluster.answer(&offer, launch, Span::ZERO);
    }
    let (cost, ()) = measured(|| {
        for _ in 0..TURNS {
            cluster.pass();
        }
    });
    anyhow::ensure!(cluster.offers().is_empty(), "something was free");
    Ok(cost.cpu * 1e3 / f64::from(TURNS))
}

/// A pass after every framework has refused every agent for an hour; milliseconds.
pub(super) fn all_filtered(agents: u32, frameworks: u32) -> anyhow::Result<f64> {
    let mut cluster = Cluster::new(frameworks)?;
    cluster.add_agents(agents);
    let mut last = 0.0;
    for _ in 0..=frameworks {
        last = cluster.pass().cpu;
        for offer in cluster.offers() {
            cluster.answer(&offer, Vec::new(), Span::from_secs(3600));
        }
    }
    anyhow::ensure!(cluster.offers().is_empty(), "an agent was offered again");
    Ok(last * 1e3)
}

/// A cluster full of tasks, a sixteenth of an agent each; where each runs.
fn full_of_tasks(agents: u32, frameworks: u32) -> anyhow::Result<(Cluster, Vec<Running>)> {
    let mut cluster = Cluster::new(frameworks)?;
    cluster.add_agents(agents);
    cluster.pass();
    let mut running = Vec::new();
    for offer in cluster.offers() {
        running.extend(cluster.fill(&offer));
    }
    Ok((cluster, running))
}

type Running = (AgentId, FrameworkId, TaskId);

fn ended((agent, framework, task): Running) -> Event {
    let outcome = Outcome::Finished;
    Event::TaskEnded {
        agent,
        framework,
        task,
        outcome,
    }
}

/// A thousand tasks end, one pass, its offers are accepted: re-allocations a second of CPU.
pub(super) fn churn(agents: u32, frameworks: u32) -> anyhow::Result<f64> {
    let (mut cluster, mut running) = full_of_tasks(agents, frameworks)?;
    let mut stream = rng::stream(1, "bench");
    let mut cpu = 0.0;
    for _ in 0..TURNS / 10 {
        let picked: Vec<usize> = (0..TURNS)
            .map(|_| stream.below(running.len() as u64) as usize)
            .collect();
        let (cost, taken) = measured(|| churn_once(&mut cluster, &mut running, &picked));
        anyhow::ensure!(taken > 0, "nothing was re-allocated");
        cpu += cost.cpu / f64::from(taken);
    }
    Ok(f64::from(TURNS / 10) / cpu)
}

fn churn_once(cluster: &mut Cluster, running: &mut Vec<Running>, picked: &[usize]) -> u32 {
    for position in picked {
        if *position < running.len() {
            let task = running.swap_remove(*position);
            cluster.tell(ended(task));
        }
    }
    cluster.now += Span::from_secs(1);
    cluster.actions.clear();
    cluster.tell(Event::TimePassed);
    let before = running.len();
    for offer in cluster.offers() {
        running.extend(cluster.fill(&offer));
    }
    (running.len() - before) as u32
}

/// A task ends and its part of the agent is free again; microseconds.
pub(super) fn give_back(agents: u32, frameworks: u32) -> anyhow::Result<f64> {
    let (mut cluster, running) = full_of_tasks(agents, frameworks)?;
    let count = running.len() as f64;
    let (cost, ()) = measured(|| {
        for task in running {
            cluster.tell(ended(task));
        }
    });
    Ok(cost.cpu * 1e6 / count)
}

/// An offer is accepted with one task; microseconds.
pub(super) fn accept(agents: u32, frameworks: u32) -> anyhow::Result<f64> {
    let mut cluster = Cluster::new(frameworks)?;
    cluster.add_agents(agents);
    cluster.pass();
    let offers = cluster.offers();
    let answer = |offer: &Offer| Event::OffersAnswered {
        framework: offer.framework,
        offers: Few::one(offer.id),
        launch: cluster.tasks(offer.framework, 1, PART).into(),
        refuse: Span::from_secs(5),
    };
    let answers: Vec<Event> = offers.iter().map(answer).collect();
    let count = answers.len() as f64;
    let (cost, ()) = measured(|| {
        for answer in answers {
            cluster.tell(answer);
        }
    });
    Ok(cost.cpu * 1e6 / count)
}
