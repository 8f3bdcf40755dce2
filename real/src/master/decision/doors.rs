//! Who speaks, asked before anything that is said becomes an input: whoever is refused here leaves no
//! trace in the log.

use fairground_policies::message::AgentId;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::super::cluster::{BadOrder, FrameworkNumber, Input, RoleOrder};
use super::super::request::Verdict;
use super::Decision;
use crate::protocol::{AgentCall, AgentMessage, Subscribe};

impl Decision {
    /// An agent that is known by this id, and has the key it subscribed with.
    pub(super) fn agent_with_key(&self, id: &str, key: Uuid) -> Option<AgentId> {
        let agent = self.cluster.agent_by_id(id)?;
        self.has_key(agent, key).then_some(agent)
    }

    fn has_key(&self, agent: AgentId, key: Uuid) -> bool {
        let own = self.cluster.agents()[agent.index()].subscribe.key;
        own.as_bytes().ct_eq(key.as_bytes()).into()
    }

    /// Whether somebody may subscribe as the agent it says it is.
    pub(super) fn check_agent(&self, subscribe: &Subscribe) -> Result<(), Verdict> {
        let named = subscribe.agent_id.as_deref();
        if let Some(agent) = named.and_then(|id| self.cluster.agent_by_id(id))
            && !self.has_key(agent, subscribe.key)
        {
            let id = named.unwrap_or_default();
            return Err(Verdict::Forbidden(format!(
                "agent {id} has another key; an agent keeps both in its work directory: start it with \
                 its own, or with an empty one as a new agent"
            )));
        }
        let connected = (0..).map(AgentId).zip(self.cluster.agents());
        for (agent, page) in connected.filter(|(agent, _)| self.links.agent(*agent).is_some()) {
            let same_address = page.subscribe.address == subscribe.address;
            let why = match (self.has_key(agent, subscribe.key), same_address) {
                (true, false) => {
                    "two agents cannot have one work directory: a copy of one starts with an empty one"
                }
                (false, true) if page.joined => {
                    "one that takes its place comes when it is gone, and another one listens on another \
                     address (--listen)"
                }
                _ => continue,
            };
            return Err(Verdict::Forbidden(format!(
                "agent {} is connected and listens on {}; {why}",
                page.id, page.subscribe.address
            )));
        }
        Ok(())
    }

    /// Whether somebody may speak as a framework: whoever is not asked, and its own principal.
    pub(super) fn is_of(&self, framework: FrameworkNumber, principal: Option<&str>) -> bool {
        let info = &self.cluster.frameworks()[framework.index()].info;
        principal.is_none() || info.principal.as_deref() == principal
    }

    /// Whether somebody may subscribe as the framework with this id, if there is one.
    pub(super) fn check_framework(
        &self,
        id: Option<&str>,
        principal: Option<&str>,
    ) -> Result<(), Verdict> {
        let known = id.and_then(|id| self.cluster.framework_by_id(id));
        match known {
            Some(framework) if !self.is_of(framework, principal) => {
                Err(not_yours(id.unwrap_or_default()))
            }
            _ => Ok(()),
        }
    }

    /// Why somebody who proved its principal may not subscribe with this id. The log has every framework
    /// with its principal, through every restart; with another id it could only take the place of one
    /// that comes from elsewhere, and keep it out.
    pub(super) fn unknown_id(&self, id: Option<&str>, principal: Option<&str>) -> Option<String> {
        let id =
            id.filter(|id| principal.is_some() && self.cluster.framework_by_id(id).is_none())?;
        Some(format!(
            "FrameworkInfo.id `{id}` was never given by this master; subscribe without one to be given it"
        ))
    }

    /// Ends a task, or all of a framework, for whoever may.
    pub(super) fn kill(&mut self, framework_id: &str, task_id: Option<String>) -> Verdict {
        let framework = self.cluster.framework_by_id(framework_id);
        let live = framework.filter(|f| !self.cluster.frameworks()[f.index()].removed);
        let Some(framework) = live else {
            return Verdict::Bad(format!("no framework has the id `{framework_id}`"));
        };
        self.input(match task_id {
            None => Input::TornDown { framework },
            Some(task_id) => Input::KillRequested {
                framework,
                task_id,
                agent_id: None,
                grace_millis: None,
            },
        });
        Verdict::Accepted
    }

    /// Takes in what an operator says of roles.
    pub(super) fn order(&mut self, order: RoleOrder) -> Verdict {
        match self.cluster.input_of(order) {
            Ok(input) => {
                self.input(input);
                Verdict::Accepted
            }
            Err(BadOrder::Senseless(why)) => Verdict::Bad(why),
            Err(BadOrder::Unlikely(why)) => Verdict::Conflict(why),
        }
    }

    /// Notes that an agent was heard.
    pub(super) fn hear(&mut self, agent: AgentId) {
        let pings = self.habits.pings(self.habits.silence);
        self.links.hear(agent, pings);
    }

    /// Takes in what an agent says.
    pub(super) fn agent_call(&mut self, call: AgentCall) -> Verdict {
        let agent = self.agent_with_key(&call.agent_id, call.key);
        let Some(agent) = agent.filter(|agent| self.links.agent(*agent).is_some()) else {
            return Verdict::Forbidden("the agent is not subscribed with this key".to_owned());
        };
        self.hear(agent);
        if let AgentMessage::Status(status) = call.message {
            self.input(Input::AgentStatus { agent, status });
        }
        Verdict::Accepted
    }

    /// Whether an agent may show the sandboxes of a framework to somebody.
    pub(super) fn may_read(&self, framework_id: Option<&str>, principal: Option<&str>) -> bool {
        let (Some(id), Some(_)) = (framework_id, principal) else {
            return true;
        };
        let framework = self.cluster.framework_by_id(id);
        framework.is_some_and(|framework| self.is_of(framework, principal))
    }
}

/// What somebody is told about a framework of somebody else.
pub(super) fn not_yours(id: &str) -> Verdict {
    Verdict::Forbidden(format!("framework {id} belongs to another principal"))
}
