//! A master under DRF with Mesos' ties, and what it offers after every fact.

use std::collections::{BTreeMap, BTreeSet};

use fairground_policies::allocators::Setup;
use fairground_policies::master::Master;
use fairground_policies::message::{
    Action, AgentId, Event, FrameworkId, Offer, Outcome, RoleId, TaskId, TaskRequest,
};
use fairground_policies::part::{AgentPart, Portion};
use fairground_policies::registry::Registry;
use fairground_policies::resources::Resources;
use fairground_policies::share::Weight;
use fairground_policies::time::{Span, Time};
use fairground_workloads::rng::stream;

use crate::conformance::Unreadable;

/// An offer, with what of it is not of the agent's common part.
#[derive(Clone)]
pub(super) struct Offered {
    pub(super) offer: Offer,
    pub(super) special: Vec<Portion>,
}

/// The cluster of a case.
pub(super) struct Cluster {
    pub(super) master: Master,
    now: Time,
    roles: Vec<String>,
    agents: Vec<String>,
    frameworks: Vec<String>,
    /// Offers that nobody answered.
    pub(super) open: Vec<Offered>,
    /// Those that the case has not said that it expects.
    pub(super) unseen: Vec<Offered>,
    /// What runs.
    tasks: Vec<(FrameworkId, TaskId, AgentId)>,
    launched: u64,
}

/// A role and all above it, the top first.
fn with_above(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.match_indices('/').map(|(end, _)| end);
    ends.chain([path.len()]).map(|end| &path[..end])
}

fn place(names: &mut Vec<String>, name: &str) -> u32 {
    let found = names.iter().position(|one| one == name);
    let found = found.unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    });
    found as u32
}

impl Cluster {
    /// A cluster in which nobody is, with these roles: equal ones are told apart by their paths, which the ids
    /// follow.
    pub(super) fn new<'a>(
        policy: &str,
        roles: impl Iterator<Item = &'a str>,
    ) -> Result<Self, Unreadable> {
        let roles: BTreeSet<&str> = roles.flat_map(with_above).collect();
        let setup = Setup {
            shares: Vec::new(),
            agents: 0,
            rng: stream(1, "conformance").into_generator(),
        };
        let policy = policy
            .parse()
            .map_err(|error| Unreadable(format!("{error}")))?;
        let made = Registry::default().allocator(&policy, setup);
        let (config, allocator) = made.map_err(|error| Unreadable(error.to_string()))?;
        let mut cluster = Self {
            master: Master::new(config, allocator),
            now: Time::ZERO,
            roles: roles.into_iter().map(str::to_owned).collect(),
            agents: Vec::new(),
            frameworks: Vec::new(),
            open: Vec::new(),
            unseen: Vec::new(),
            tasks: Vec::new(),
            launched: 0,
        };
        for path in cluster.roles.clone() {
            cluster.weigh(&path, Weight::ONE)?;
        }
        Ok(cluster)
    }

    /// Frameworks in the order of their names, where these tell equals apart.
    pub(super) fn name_frameworks<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        for name in names.collect::<BTreeSet<_>>() {
            self.framework(name);
        }
    }

    pub(super) fn weigh(&mut self, path: &str, weight: Weight) -> Result<(), Unreadable> {
        let above = path.rsplit_once('/').map(|(above, _)| self.role(above));
        let event = Event::RoleSet {
            role: self.role(path)?,
            parent: above.transpose()?,
            weight,
        };
        self.tell(event);
        Ok(())
    }

    pub(super) fn role(&self, path: &str) -> Result<RoleId, Unreadable> {
        let found = self.roles.iter().position(|one| one == path);
        let id = found.ok_or_else(|| Unreadable(format!("expected a role, found `{path}`")))?;
        Ok(RoleId(id as u32))
    }

    /// A role and those below it.
    pub(super) fn roles_below(&self, path: &str) -> impl Iterator<Item = &str> {
        let roles = self.roles.iter().map(String::as_str);
        roles.filter(move |role| with_above(role).any(|above| above == path))
    }

    pub(super) fn agent(&mut self, name: &str) -> AgentId {
        AgentId(place(&mut self.agents, name))
    }

    pub(super) fn framework(&mut self, name: &str) -> FrameworkId {
        FrameworkId(place(&mut self.frameworks, name))
    }

    pub(super) fn framework_name(&self, id: FrameworkId) -> &str {
        &self.frameworks[id.index()]
    }

    /// Tells the master something; offers follow at the end of the instant.
    pub(super) fn tell(&mut self, event: Event) {
        let mut actions = Vec::new();
        self.master.step(self.now, event, &mut actions);
        let mut special = Vec::new();
        for action in actions {
            match action {
                Action::Parts { portions, .. } => special = portions,
                Action::Offer(offer) => {
                    let offered = Offered {
                        offer,
                        special: std::mem::take(&mut special),
                    };
                    self.open.push(offered.clone());
                    self.unseen.push(offered);
                }
                Action::Launch {
                    agent,
                    framework,
                    task,
                    ..
                } => self.tasks.push((framework, task, agent)),
                Action::Rescind { offer, .. } => {
                    for list in [&mut self.open, &mut self.unseen] {
                        list.retain(|one| one.offer.id != offer);
                    }
                }
                _ => {}
            }
        }
    }

    /// All that a framework runs is done.
    pub(super) fn end_tasks(&mut self, framework: FrameworkId) {
        let mine: Vec<_> = self
            .tasks
            .extract_if(.., |one| one.0 == framework)
            .collect();
        for (framework, task, agent) in mine {
            self.tell(Event::TaskEnded {
                agent,
                framework,
                task,
                outcome: Outcome::Finished,
            });
        }
    }

    /// An agent joins, of which some is special from the beginning.
    pub(super) fn join(&mut self, agent: AgentId, all: &[Portion]) {
        let total = all.iter().map(|one| one.amount).sum();
        self.tell(Event::AgentJoined { agent, total });
        for one in all {
            self.change(agent, (AgentPart::PLAIN, one.part), one.amount);
        }
    }

    /// Some of an agent that is free is of another part from now on.
    pub(super) fn change(
        &mut self,
        agent: AgentId,
        (from, to): (AgentPart, AgentPart),
        amount: Resources,
    ) {
        self.tell(Event::PartChanged {
            agent,
            offer: None,
            from,
            to,
            amount,
        });
    }

    /// The end of an instant, and the beginning of the next.
    pub(super) fn end_instant(&mut self) {
        while self.master.wake_at().is_some_and(|at| at <= self.now) {
            self.tell(Event::TimePassed);
        }
        self.now += Span::from_millis(1);
    }

    /// A framework answers what it was offered of an agent, with a task or without; the rest is refused for so long.
    pub(super) fn answer(
        &mut self,
        framework: FrameworkId,
        agent: Option<AgentId>,
        task: Option<Resources>,
        refuse: Span,
    ) {
        let mine = |one: &Offered| {
            one.offer.framework == framework && agent.is_none_or(|agent| one.offer.agent == agent)
        };
        let answered: Vec<Offered> = self.open.extract_if(.., |one| mine(one)).collect();
        let mut by_agent: BTreeMap<AgentId, Vec<Offer>> = BTreeMap::new();
        for Offered { offer, .. } in answered {
            by_agent.entry(offer.agent).or_default().push(offer);
        }
        for offers in by_agent.into_values() {
            let mut launch = Vec::new();
            if let Some(needs) = task {
                let task = TaskId(self.launched);
                self.launched += 1;
                launch.push(TaskRequest { task, needs });
            }
            self.tell(Event::OffersAnswered {
                framework,
                offers: offers.iter().map(|offer| offer.id).collect(),
                launch: launch.into(),
                refuse,
            });
        }
    }
}
