//! Tasks as the master remembers them, and the states that the API has for them.

use fairground_policies::message::{AgentId, FrameworkId, TaskId};
use fairground_policies::time::Time;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::protocol::{StatusUpdate, TaskState};
use crate::wire::messages::task::TaskInfo;
use crate::wire::order::Order;

/// What the core calls a task: whose it is there, and its number among theirs.
pub type TaskKey = (FrameworkId, TaskId);

/// A task of a framework.
#[derive(Debug)]
pub struct Task {
    /// What the core calls it.
    pub key: TaskKey,
    /// Where it runs.
    pub agent: AgentId,
    /// What was asked for.
    pub info: Order,
    /// What is shown of it in the framework's own words.
    pub described: Map<String, Value>,
    /// Its state.
    pub state: State,
    /// The last status of its agent.
    pub status: Option<Box<StatusUpdate>>,
    /// The statuses shown by the endpoints, one a state, the oldest first.
    pub history: Vec<Value>,
    /// The statuses acknowledged; copies of them may still arrive.
    pub acknowledged: Vec<Uuid>,
    /// Whether its end was ordered, and with which grace period.
    pub kill: Option<Option<u64>>,
    /// When it was launched.
    pub launched: Time,
    /// Whether it ran when its framework was removed.
    pub orphaned: bool,
}

/// The states of a task as the API has them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Sent to its agent, nothing heard yet.
    Staging,
    /// As its agent said.
    Agent(TaskState),
    /// It could not be launched as described.
    Error,
    /// Its agent is gone.
    Lost,
    /// The same, for frameworks that know about partitions.
    Unreachable,
    /// The offers it was to run on were not valid, for frameworks that know about partitions.
    Dropped,
    /// Its agent is known and does not have it.
    Gone,
    /// Nobody knows it.
    Unknown,
}

impl State {
    /// The API's word.
    pub const fn api_name(self) -> &'static str {
        match self {
            Self::Staging => "TASK_STAGING",
            Self::Agent(state) => state.api_name(),
            Self::Error => "TASK_ERROR",
            Self::Lost => "TASK_LOST",
            Self::Unreachable => "TASK_UNREACHABLE",
            Self::Dropped => "TASK_DROPPED",
            Self::Gone => "TASK_GONE",
            Self::Unknown => "TASK_UNKNOWN",
        }
    }

    /// The state after this one when an agent reports `reported`. Who knows about partitions is
    /// told whether a task that is lost ever ran.
    pub(super) const fn followed_by(self, reported: TaskState, partition_aware: bool) -> Self {
        match (reported, self) {
            (TaskState::Lost, Self::Staging | Self::Agent(TaskState::Starting))
                if partition_aware =>
            {
                Self::Dropped
            }
            (TaskState::Lost, _) if partition_aware => Self::Gone,
            _ => Self::Agent(reported),
        }
    }

    /// Whether the task no longer runs.
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Staging => false,
            Self::Agent(state) => state.is_terminal(),
            _ => true,
        }
    }
}

fn to_value(part: &impl Serialize) -> Value {
    serde_json::to_value(part).expect("messages can be written")
}

impl Task {
    pub(super) fn staged(
        key: TaskKey,
        agent: AgentId,
        info: Order,
        original: &TaskInfo,
        now: Time,
    ) -> Self {
        let mut container = original.container.clone();
        let mesos = container.as_mut().and_then(|one| one.mesos.as_mut());
        let image = mesos.and_then(|mesos| mesos.image.as_mut());
        if let Some(docker) = image.and_then(|image| image.docker.as_mut()) {
            // Passwords of registries, which nobody needs who only looks.
            (docker.credential, docker.config) = (None, None);
        }
        let shown = [
            ("labels", to_value(&original.labels)),
            ("discovery", to_value(&original.discovery)),
            ("container", to_value(&container)),
        ];
        let there = shown.into_iter().filter(|(_, value)| !value.is_null());
        let described = there
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        Self {
            key,
            agent,
            info,
            described,
            state: State::Staging,
            status: None,
            history: Vec::new(),
            acknowledged: Vec::new(),
            kill: None,
            launched: now,
            orphaned: false,
        }
    }

    /// The state that is shown: with its framework a task is over, however long it takes to end.
    pub const fn shown(&self) -> State {
        if self.orphaned {
            State::Agent(TaskState::Killed)
        } else {
            self.state
        }
    }

    /// Remembers a state, for the endpoints.
    pub(super) fn note(&mut self, entry: Value) {
        if !self.orphaned {
            self.history.push(entry);
        }
    }

    /// The uuid of its agent's last status.
    pub(super) fn uuid(&self) -> Option<Uuid> {
        self.status.as_ref().map(|status| status.uuid)
    }

    /// Whether a status of it says something that is not settled: not acknowledged, and not about
    /// a task whose end was told without the agent.
    pub(super) fn is_news(&self, status: &StatusUpdate) -> bool {
        let is_settled = self.acknowledged.contains(&status.uuid);
        let is_repeated = self.uuid() == Some(status.uuid);
        !is_settled && (is_repeated || !self.state.is_terminal())
    }
}
