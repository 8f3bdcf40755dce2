//! What comes into the cluster and what goes out.

use std::collections::BTreeMap;

use fairground_policies::message::{AgentId, Demand};
use fairground_policies::share::Weight;
use fairground_policies::time::Span;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{FrameworkNumber, RoleQuota};
use crate::protocol::{FromMaster, StatusUpdate, Subscribe};
use crate::wire::messages::framework::FrameworkInfo;
use crate::wire::messages::task::TaskInfo;

/// Something that happened outside, as the log keeps it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Input {
    /// The master started: nobody is connected.
    Started,
    /// The moment of `wake_at` has come.
    Tick,
    /// An agent introduced itself.
    AgentSubscribed(Subscribe),
    /// Nothing was heard of an agent for too long.
    AgentSilent {
        /// Which one.
        agent: AgentId,
    },
    /// An agent sent a task's status.
    AgentStatus {
        /// Which one.
        agent: AgentId,
        /// What it sent.
        status: Box<StatusUpdate>,
    },
    /// A framework subscribed.
    Subscribed {
        /// Who it is; with an id when it comes back.
        framework_info: Box<FrameworkInfo>,
        /// The roles for which it wants no offers yet.
        suppressed_roles: Vec<String>,
    },
    /// A framework describes itself anew, on the stream that it has.
    Updated {
        /// Which one.
        framework: FrameworkNumber,
        /// Who it is from now on.
        framework_info: Box<FrameworkInfo>,
        /// The roles for which it wants no offers.
        suppressed_roles: Vec<String>,
    },
    /// A framework's stream broke.
    Disconnected {
        /// Which one.
        framework: FrameworkNumber,
    },
    /// A framework answered offers.
    Answered {
        /// Which one.
        framework: FrameworkNumber,
        /// The offers.
        offer_ids: Vec<String>,
        /// The tasks to launch on them.
        tasks: Vec<TaskInfo>,
        /// For how long what is left is refused.
        refuse: Span,
    },
    /// A framework wants offers again.
    Revived {
        /// Which one.
        framework: FrameworkNumber,
        /// For which of its roles; for all when none is named.
        roles: Vec<String>,
    },
    /// A framework wants no offers.
    Suppressed {
        /// Which one.
        framework: FrameworkNumber,
        /// For which of its roles; for all when none is named.
        roles: Vec<String>,
    },
    /// A framework said what it could start.
    DemandDeclared {
        /// Which one.
        framework: FrameworkNumber,
        /// In which of its roles.
        role: String,
        /// In the order in which it is to be served.
        demand: Vec<Demand>,
    },
    /// A framework wants a task ended.
    KillRequested {
        /// Which one.
        framework: FrameworkNumber,
        /// Which task.
        task_id: String,
        /// Where it thinks the task is.
        agent_id: Option<String>,
        /// The grace period it ordered.
        grace_millis: Option<u64>,
    },
    /// A framework has taken in a status.
    Acknowledged {
        /// Which one.
        framework: FrameworkNumber,
        /// From which agent.
        agent_id: String,
        /// About which task.
        task_id: String,
        /// Which status.
        uuid: Uuid,
    },
    /// Roles count differently from now on.
    WeightsSet {
        /// How much.
        weights: BTreeMap<String, Weight>,
    },
    /// A role has another quota from now on.
    QuotaSet {
        /// Which one.
        role: String,
        /// Which quota; none when absent.
        quota: Option<RoleQuota>,
    },
    /// A framework is over.
    TornDown {
        /// Which one.
        framework: FrameworkNumber,
    },
}

/// What the sender of an input is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It was taken in.
    Done,
    /// The framework is subscribed.
    FrameworkSubscribed {
        /// Its number.
        framework: FrameworkNumber,
        /// Its id.
        id: String,
    },
    /// The agent is subscribed.
    AgentSubscribed {
        /// Its number.
        agent: AgentId,
        /// Its id.
        id: String,
    },
    /// The subscription or the description is refused.
    Refused(String),
    /// The agent has subscribed again since it said this.
    Late,
}

/// What is to be sent.
#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    /// An event to a framework.
    Framework(FrameworkNumber, Value),
    /// The end of a framework's stream.
    CloseFramework(FrameworkNumber),
    /// A message to an agent.
    Agent(AgentId, FromMaster),
    /// The end of an agent's stream.
    CloseAgent(AgentId),
}
