//! Agents: who they are, when they join, and what they hold that nobody else knows of.

use std::collections::BTreeSet;

use fairground_policies::message::{AgentId, Event, Outcome};
use fairground_policies::time::Time;
use serde_json::json;
use uuid::Uuid;

use super::statuses::Cause;
use super::{Answer, Cluster, FrameworkNumber, Output, State, TaskKey};
use crate::protocol::{FromMaster, KnownTask, Subscribe};
use crate::wire::ports::Ports;

/// One agent.
#[derive(Debug)]
pub struct Agent {
    /// Its id in the API.
    pub id: String,
    /// Who it said it is; without its tasks.
    pub subscribe: Subscribe,
    /// Whether the core counts on it.
    pub joined: bool,
    /// Launches it still has that the master gave up, by framework; it joins when they have ended.
    pub leftovers: BTreeSet<(String, String)>,
    /// Ports that are neither offered nor used.
    pub free_ports: Ports,
    /// The tasks the core has on it.
    pub tasks: BTreeSet<TaskKey>,
    /// When it first subscribed.
    pub registered: Time,
    /// When it last subscribed.
    pub reregistered: Time,
}

impl Agent {
    /// The host of its address.
    pub(super) fn host(&self) -> &str {
        let address = self.subscribe.address.as_str();
        address.rsplit_once(':').map_or(address, |(host, _)| host)
    }
}

impl Cluster {
    /// The agents, by number.
    pub fn agents(&self) -> &[Agent] {
        &self.agents
    }

    /// The number of the agent with this id.
    pub fn agent_by_id(&self, id: &str) -> Option<AgentId> {
        let rest = id.strip_prefix(&self.settings.master_id)?;
        let number: u32 = rest.strip_prefix("-S")?.parse().ok()?;
        let agent = self.agents.get(number as usize)?;
        (agent.id == id).then_some(AgentId(number))
    }

    pub(super) fn agent_subscribed(&mut self, mut subscribe: Subscribe) -> Answer {
        let tasks = std::mem::take(&mut subscribe.tasks);
        let named = subscribe.agent_id.as_deref();
        let named = named.and_then(|id| self.agent_by_id(id));
        let known = named.or_else(|| self.agent_by_key(subscribe.key));
        if known.is_some_and(|agent| self.agents[agent.index()].subscribe.is_newer(&subscribe)) {
            return Answer::Late;
        }
        let agent = match known {
            None => {
                self.retire_address(&subscribe.address);
                self.new_agent(subscribe)
            }
            Some(agent) => {
                if let Err(why) = self.came_back(agent, subscribe, &tasks) {
                    return Answer::Refused(why);
                }
                agent
            }
        };
        if self.agents[agent.index()].joined {
            self.resume(agent, &tasks);
        } else {
            self.admit(agent, &tasks);
        }
        let id = self.agents[agent.index()].id.clone();
        Answer::AgentSubscribed { agent, id }
    }

    /// An agent that is known says who it is now. What was offered of it as it was is taken back.
    ///
    /// # Errors
    /// When it has tasks and other resources than they were started on: nobody could say whether they
    /// fit.
    fn came_back(
        &mut self,
        agent: AgentId,
        subscribe: Subscribe,
        tasks: &[KnownTask],
    ) -> Result<(), String> {
        let page = &mut self.agents[agent.index()];
        let before = &page.subscribe;
        let resized = before.capacity != subscribe.capacity;
        if page.joined && resized && !tasks.is_empty() {
            return Err(format!(
                "agent {} has tasks ({}) and comes back with other resources: {}; start it with the old \
                 ones, end its tasks first, or give it an empty work directory as a new agent",
                page.id,
                tasks.len(),
                before.capacity.change(&subscribe.capacity)
            ));
        }
        // What offers say of it.
        let differs = before.attributes != subscribe.attributes
            || before.hostname != subscribe.hostname
            || before.address != subscribe.address;
        page.subscribe = subscribe;
        page.reregistered = self.now;
        if page.joined && resized {
            // To the core it is another machine: it goes, with its offers and what never reached it, and
            // joins again.
            page.joined = false;
            self.tell(Event::AgentLost { agent }, Cause::AgentRemoved);
        } else if page.joined && differs {
            self.take_offers_back(|offered| offered.agent == agent);
        }
        Ok(())
    }

    /// The number of the agent whose work directory has this name.
    fn agent_by_key(&self, key: Uuid) -> Option<AgentId> {
        let found = self
            .agents
            .iter()
            .rposition(|page| page.subscribe.key == key);
        found.map(|index| AgentId(index as u32))
    }

    /// A machine that comes as a new agent is no longer the old one.
    fn retire_address(&mut self, address: &str) {
        let same = |page: &Agent| page.joined && page.subscribe.address == address;
        if let Some(old) = self.agents.iter().position(same) {
            self.agent_silent(AgentId(old as u32));
        }
    }

    fn new_agent(&mut self, subscribe: Subscribe) -> AgentId {
        let agent = AgentId(self.agents.len() as u32);
        self.agents.push(Agent {
            id: format!("{}-S{}", self.settings.master_id, agent.0),
            subscribe,
            joined: false,
            leftovers: BTreeSet::new(),
            free_ports: Ports::default(),
            tasks: BTreeSet::new(),
            registered: self.now,
            reregistered: self.now,
        });
        agent
    }

    /// An agent the core does not count on is here. It joins at once, or as soon as tasks that
    /// were given up have ended: until then its resources are not really free.
    fn admit(&mut self, agent: AgentId, tasks: &[KnownTask]) {
        let mut left = BTreeSet::new();
        for task in tasks {
            // One that ended before its agent was given up only waits for its framework.
            if !self.is_on(agent, &task.framework_id, &task.task_id, &task.launch) {
                self.end_leftover(agent, task);
                left.insert((task.framework_id.clone(), task.launch.clone()));
            }
        }
        self.agents[agent.index()].leftovers = left;
        self.join_when_clear(agent);
    }

    fn end_leftover(&mut self, agent: AgentId, task: &KnownTask) {
        if !task.state.is_terminal() {
            let message = FromMaster::KillTask {
                framework_id: task.framework_id.clone(),
                task_id: task.task_id.clone(),
                launch: task.launch.clone(),
                grace_millis: None,
            };
            self.send_agent(agent, message);
        }
    }

    pub(super) fn join_when_clear(&mut self, agent: AgentId) {
        let page = &mut self.agents[agent.index()];
        if page.joined || !page.leftovers.is_empty() {
            return;
        }
        page.joined = true;
        page.free_ports = page.subscribe.capacity.port_set();
        let total = page.subscribe.capacity.counted();
        self.tell(Event::AgentJoined { agent, total }, Cause::Core);
    }

    /// An agent the core counts on was away for a while: both sides say what they know.
    fn resume(&mut self, agent: AgentId, tasks: &[KnownTask]) {
        let listed: BTreeSet<(&str, &str)> = tasks
            .iter()
            .map(|task| (task.framework_id.as_str(), task.launch.as_str()))
            .collect();
        let mine: Vec<_> = self.agents[agent.index()].tasks.iter().copied().collect();
        for key in mine {
            let page = &self.frameworks[self.roles.framework_of(key.0).index()];
            let task = page.task_by_key(key).expect("a task of the books");
            let launch = self.launch_name(key);
            let is_listed = listed.contains(&(page.id.as_str(), launch.as_str()));
            let (state, kill) = (task.state, task.kill.is_some() || page.removed);
            match (is_listed, state) {
                (true, _) if kill => self.order_kill(agent, key),
                (true, _) => {}
                (false, State::Staging) if kill => {
                    self.end_unheard(agent, key, Cause::CalledOff);
                }
                (false, State::Staging) => self.send_task(agent, key),
                (false, _) => self.end_unheard(agent, key, Cause::TaskMissing),
            }
        }
        for task in tasks {
            if !self.is_on(agent, &task.framework_id, &task.task_id, &task.launch) {
                self.end_leftover(agent, task);
            }
        }
    }

    /// A task is over although its agent says nothing of it.
    fn end_unheard(&mut self, agent: AgentId, (framework, task): TaskKey, cause: Cause) {
        let outcome = match cause {
            Cause::CalledOff => Outcome::Killed,
            _ => Outcome::Lost,
        };
        let event = Event::TaskEnded {
            agent,
            framework,
            task,
            outcome,
        };
        self.tell(event, cause);
    }

    /// Whether the master knows this launch to be on this agent, or to have ended there by the
    /// agent's own word.
    pub(super) fn is_on(
        &self,
        agent: AgentId,
        framework_id: &str,
        task_id: &str,
        launch: &str,
    ) -> bool {
        self.framework_by_id(framework_id)
            .and_then(|framework| self.frameworks[framework.index()].tasks.get(task_id))
            .is_some_and(|task| task.agent == agent && self.launch_name(task.key) == launch)
    }

    pub(super) fn agent_silent(&mut self, agent: AgentId) {
        let Some(page) = self.agents.get_mut(agent.index()) else {
            return;
        };
        page.leftovers.clear();
        let was_joined = std::mem::take(&mut page.joined);
        let id = page.id.clone();
        self.turn.outputs.push(Output::CloseAgent(agent));
        if !was_joined {
            return;
        }
        self.tell(Event::AgentLost { agent }, Cause::AgentRemoved);
        let event = json!({"type": "FAILURE", "failure": {"agent_id": {"value": id}}});
        for index in 0..self.frameworks.len() {
            self.send_framework(FrameworkNumber(index as u32), event.clone());
        }
    }
}
