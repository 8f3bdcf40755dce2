//! The cluster as the master sees it: the core with the names, descriptions and statuses that the
//! API has and the core does not.
//!
//! A state machine like the core itself: [`Cluster::step`] takes one input and says what to send
//! to whom. It owns no clock and no socket, so the log of inputs brings it back after a crash.
//! What to offer to whom, which answers are valid and which tasks run is the core's word; this
//! keeps the books the core does not need.

mod agents;
mod answers;
mod descriptions;
mod frameworks;
mod front;
mod input;
mod quotas;
mod reconcile;
mod role_views;
mod roles;
mod statuses;
mod tasks;
mod views;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use fairground_policies::master::Master;
use fairground_policies::message::{Action, AgentId, Event, FrameworkId, OfferId, Step};
use fairground_policies::name::{BadName, Name};
use fairground_policies::registry::Registry;
use fairground_policies::share::Weight;
use fairground_policies::time::{Span, Time};
use fairground_workloads::rng;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use agents::Agent;
pub use frameworks::Framework;
pub use input::{Answer, Input, Output};
pub use quotas::{BadOrder, RoleOrder};
pub use roles::{FrameworkNumber, RoleQuota};
pub use tasks::{State, Task, TaskKey};
pub use views::{API_VERSION, View};

use crate::protocol::FromMaster;
use crate::wire::ports::Ports;
use answers::Offered;
use roles::RoleBook;
use statuses::Cause;

/// What a cluster's behaviour follows from besides its inputs. It is the first record of a log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// The id of this master and the beginning of every id it gives.
    pub master_id: String,
    /// The policy's name with its parameters.
    pub allocator: Name,
    /// The seed of the policy's draws.
    pub seed: u64,
    /// How much a role counts at first; one when not named.
    pub weights: BTreeMap<String, Weight>,
    /// Root directories that stand for images; `/` stands for none.
    pub images: BTreeMap<String, String>,
    /// How long frameworks have to come back after the master itself was away, at least.
    pub recovery: Span,
    /// When the cluster started, in microseconds since 1970.
    pub started_unix_micros: u64,
}

/// The state machine.
pub struct Cluster {
    settings: Settings,
    now: Time,
    core: Master,
    agents: Vec<Agent>,
    frameworks: Vec<Framework>,
    roles: RoleBook,
    /// Frameworks that are away, by when they are over.
    leaving: BTreeSet<(Time, FrameworkNumber)>,
    /// Frameworks that are over and remembered, the oldest first.
    gone: VecDeque<FrameworkNumber>,
    offers: BTreeMap<OfferId, Offered>,
    counts: Counts,
    /// What came of the input under way.
    turn: Turn,
}

/// What one input led to.
#[derive(Debug, Default)]
pub struct Turn {
    /// What the core was told and ordered.
    pub steps: Vec<Step>,
    /// What is to be sent, in order.
    pub outputs: Vec<Output>,
}

/// What happened so far, counted for metrics.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Times it was asked who is to be offered what, as far as that can be seen from outside.
    pub rounds: u64,
    /// Offers made.
    pub offers: u64,
    /// Offers taken back.
    pub rescinded: u64,
    /// Acknowledgements that named no status waiting for one.
    pub invalid_acknowledgements: u64,
    /// Tasks by how they ended: finished, failed, killed, lost, error.
    pub ended: [u64; 5],
}

impl Cluster {
    /// An empty cluster.
    ///
    /// # Errors
    /// When the policy's name means nothing.
    pub fn new(settings: Settings, registry: &Registry) -> Result<Self, BadName> {
        let rng = rng::stream(settings.seed, "policy").into_generator();
        Ok(Self {
            core: registry.master(&settings.allocator, rng)?,
            roles: RoleBook::new(settings.weights.clone()),
            settings,
            now: Time::ZERO,
            agents: Vec::new(),
            frameworks: Vec::new(),
            leaving: BTreeSet::new(),
            gone: VecDeque::new(),
            offers: BTreeMap::new(),
            counts: Counts::default(),
            turn: Turn::default(),
        })
    }

    /// What its behaviour follows from.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// When the cluster wants an [`Input::Tick`], if nothing happens before.
    pub fn wake_at(&self) -> Option<Time> {
        let leaving = self.leaving.first().map(|(at, _)| *at);
        leaving.into_iter().chain(self.core.wake_at()).min()
    }

    /// Takes in one input.
    pub fn step(&mut self, now: Time, input: Input) -> (Answer, Turn) {
        self.now = self.now.max(now);
        let answer = self.apply(input);
        (answer, std::mem::take(&mut self.turn))
    }

    fn apply(&mut self, input: Input) -> Answer {
        match input {
            Input::Started => self.started(),
            Input::Tick => self.tick(),
            Input::AgentSubscribed(subscribe) => return self.agent_subscribed(subscribe),
            Input::AgentSilent { agent } => self.agent_silent(agent),
            Input::AgentStatus { agent, status } => self.agent_status(agent, status),
            Input::Subscribed {
                framework_info,
                suppressed_roles,
            } => return self.subscribed(*framework_info, &suppressed_roles),
            Input::Updated {
                framework,
                framework_info,
                suppressed_roles,
            } => return self.updated(framework, *framework_info, &suppressed_roles),
            Input::Disconnected { framework } => self.disconnected(framework, Span::ZERO),
            Input::Answered {
                framework,
                offer_ids,
                tasks,
                refuse,
            } => self.answered(framework, &offer_ids, tasks, refuse),
            Input::Revived { framework, roles } => self.revived(framework, &roles),
            Input::Suppressed { framework, roles } => self.suppressed(framework, &roles),
            Input::DemandDeclared {
                framework,
                role,
                demand,
            } => {
                for framework in self.clients_in(framework, &[role]) {
                    let demand = demand.clone().into();
                    self.tell(Event::DemandDeclared { framework, demand }, Cause::Core);
                }
            }
            Input::KillRequested {
                framework,
                task_id,
                agent_id,
                grace_millis,
            } => self.kill_requested(framework, &task_id, agent_id.as_deref(), grace_millis),
            Input::Acknowledged {
                framework,
                agent_id,
                task_id,
                uuid,
            } => self.acknowledged(framework, &agent_id, &task_id, uuid),
            Input::WeightsSet { weights } => self.weights_set(weights),
            Input::QuotaSet { role, quota } => self.quota_set(&role, quota),
            Input::TornDown { framework } => self.torn_down(framework),
        }
        Answer::Done
    }

    /// Tells the core a fact and does what it orders.
    fn tell(&mut self, event: Event, cause: Cause) {
        let mut actions = Vec::new();
        self.core.step(self.now, event.clone(), &mut actions);
        let offers = || {
            actions
                .iter()
                .any(|action| matches!(action, Action::Offer(_)))
        };
        self.counts.rounds += u64::from(event == Event::TimePassed || offers());
        let mut made: BTreeMap<FrameworkNumber, Vec<Value>> = BTreeMap::new();
        for action in &actions {
            match action {
                Action::Offer(offer) => {
                    let shown = self.make_offer(offer);
                    let framework = self.roles.framework_of(offer.framework);
                    made.entry(framework).or_default().push(shown);
                }
                // Neither is there on a real cluster: nobody tells the core of reservations yet, and Mesos' API
                // has no task on several agents.
                Action::Parts { .. } | Action::LaunchGang { .. } => {}
                Action::Rescind { framework, offer } => self.rescind(*framework, *offer),
                Action::Launch {
                    framework, task, ..
                } => self.launch((*framework, *task)),
                // The grace of a real task is what its kill policy says: it is told at once.
                Action::Kill {
                    agent,
                    framework,
                    task,
                }
                | Action::Preempt {
                    agent,
                    framework,
                    task,
                    ..
                } => self.order_kill(*agent, (*framework, *task)),
                Action::Report {
                    framework,
                    task,
                    outcome,
                } => self.report((*framework, *task), *outcome, cause),
            }
        }
        for (framework, offers) in made {
            let event = json!({"type": "OFFERS", "offers": {"offers": offers}});
            self.send_framework(framework, event);
        }
        self.turn.steps.push(Step {
            at: self.now,
            event,
            actions,
        });
    }

    fn tick(&mut self) {
        while let Some((at, framework)) = self.leaving.first().copied()
            && at <= self.now
        {
            self.framework_left(framework);
        }
        if self.core.wake_at().is_some_and(|at| at <= self.now) {
            self.tell(Event::TimePassed, Cause::Core);
        }
    }

    /// Sends an event to a framework, if it listens.
    fn send_framework(&mut self, framework: FrameworkNumber, event: Value) {
        if self.frameworks[framework.index()].connected {
            self.turn.outputs.push(Output::Framework(framework, event));
        }
    }

    fn send_agent(&mut self, agent: AgentId, message: FromMaster) {
        self.turn.outputs.push(Output::Agent(agent, message));
    }

    fn rescind(&mut self, client: FrameworkId, offer: OfferId) {
        if let Some(offered) = self.offers.remove(&offer) {
            self.agents[offered.agent.index()]
                .free_ports
                .add(&offered.ports);
        }
        self.counts.rescinded += 1;
        let offer_id = self.offer_name(offer);
        let event = json!({"type": "RESCIND", "rescind": {"offer_id": {"value": offer_id}}});
        self.send_framework(self.roles.framework_of(client), event);
    }

    fn order_kill(&mut self, agent: AgentId, key: TaskKey) {
        let Some(task) = self.task(key) else {
            return;
        };
        let framework = self.roles.framework_of(key.0);
        let message = FromMaster::KillTask {
            framework_id: self.frameworks[framework.index()].id.clone(),
            task_id: task.info.task_id.clone(),
            launch: self.launch_name(key),
            grace_millis: task.kill.flatten(),
        };
        self.send_agent(agent, message);
    }

    /// A task no longer has its agent: its ports are free again.
    fn release(&mut self, agent: AgentId, key: TaskKey, ports: &Ports) {
        let page = &mut self.agents[agent.index()];
        if page.tasks.remove(&key) {
            page.free_ports.add(ports);
        }
    }

    /// What a launch is called between master and agent.
    fn launch_name(&self, (client, task): TaskKey) -> String {
        format!("{}-T{}-{}", self.settings.master_id, client.0, task.0)
    }

    fn offer_name(&self, offer: OfferId) -> String {
        format!("{}-O{}", self.settings.master_id, offer.0)
    }

    /// The moment `at`, in microseconds since 1970.
    fn unix_micros(&self, at: Time) -> u64 {
        self.settings.started_unix_micros + at.as_micros()
    }

    fn now_secs(&self) -> f64 {
        self.unix_micros(self.now) as f64 / 1e6
    }
}
