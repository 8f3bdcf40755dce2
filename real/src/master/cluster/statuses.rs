//! Statuses of tasks: what agents report, what frameworks are told, what is acknowledged.
//!
//! A status of an agent goes to its framework as it is, with its uuid, again and again until it is
//! acknowledged; the agent does the repeating. The last status of a task is passed on when the
//! core reports its end, so that a task has one end whatever happens around it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fairground_policies::message::{AgentId, Event, Outcome};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Cluster, FrameworkNumber, State, Task, TaskKey};
use crate::protocol::{Container, FromMaster, Source, StatusUpdate, TaskState};
use crate::wire::call::TaskQuestion;
use crate::wire::messages::framework::CapabilityType;

/// Characters of a message: some quote what a framework said, however long it was.
const MESSAGE: usize = 1000;

/// Why the core reports the end of a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cause {
    /// Its agent said so, or nothing can have ended.
    Core,
    /// The answer named offers that are not valid.
    OffersInvalid,
    /// The offers were valid, but the task is too large for them.
    DoesNotFit,
    /// Its agent is gone.
    AgentRemoved,
    /// Its agent came back without it.
    TaskMissing,
    /// Its end was ordered before its agent heard of it.
    CalledOff,
}

impl Cause {
    /// State, reason and message of a status made by the master.
    pub(super) const fn explain(
        self,
        partition_aware: bool,
    ) -> (State, &'static str, &'static str) {
        let (plain, aware, reason, message) = match self {
            Self::OffersInvalid => (
                State::Lost,
                State::Dropped,
                "REASON_INVALID_OFFERS",
                "Task launched with invalid offers: an offer is no longer valid, \
                 or the offers are of several agents or roles",
            ),
            Self::DoesNotFit => (
                State::Error,
                State::Error,
                "REASON_TASK_INVALID",
                "Task uses more resources than are left of the offers",
            ),
            Self::TaskMissing => (
                State::Lost,
                State::Gone,
                "REASON_AGENT_RESTARTED",
                "The agent came back without the task",
            ),
            Self::CalledOff => (
                State::Agent(TaskState::Killed),
                State::Agent(TaskState::Killed),
                "REASON_TASK_KILLED_DURING_LAUNCH",
                "Killed before it was delivered to the agent",
            ),
            Self::AgentRemoved | Self::Core => (
                State::Lost,
                State::Unreachable,
                "REASON_AGENT_REMOVED",
                "The agent was not heard of for too long",
            ),
        };
        (if partition_aware { aware } else { plain }, reason, message)
    }
}

/// A status made by the master: without uuid, and not to be acknowledged.
pub(super) struct Notice<'a> {
    pub(super) task_id: &'a str,
    pub(super) agent_id: Option<&'a str>,
    pub(super) state: State,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
}

impl Notice<'_> {
    pub(super) fn event(&self, now_secs: f64) -> Value {
        let mut status = json!({
            "task_id": {"value": self.task_id},
            "state": self.state.api_name(),
            "source": "SOURCE_MASTER",
            "reason": self.reason,
            "message": self.message.chars().take(MESSAGE).collect::<String>(),
            "timestamp": now_secs,
        });
        if let Some(agent_id) = self.agent_id {
            status["agent_id"] = json!({"value": agent_id});
        }
        update(&status)
    }
}

fn update(status: &Value) -> Value {
    json!({"type": "UPDATE", "update": {"status": status}})
}

/// A status of an agent as the API writes it.
fn agent_status(status: &StatusUpdate, state: State, agent_id: &str, host: &str) -> Value {
    let source = match status.source {
        Source::Agent => "SOURCE_AGENT",
        Source::Executor => "SOURCE_EXECUTOR",
    };
    let mut shown = json!({
        "task_id": {"value": status.task_id},
        "agent_id": {"value": agent_id},
        "executor_id": {"value": status.task_id},
        "state": state.api_name(),
        "source": source,
        "timestamp": status.unix_micros as f64 / 1e6,
        "uuid": BASE64.encode(status.uuid.as_bytes()),
    });
    if let Some(reason) = &status.reason {
        shown["reason"] = json!(reason);
    }
    if let Some(message) = &status.message {
        shown["message"] = json!(message);
    }
    if let Some(container) = &status.container {
        shown["container_status"] = container_status(container, host);
    }
    if let Some(usage) = &status.usage {
        let label = |key: &str, value: u64| json!({"key": key, "value": value.to_string()});
        shown["labels"] = json!({"labels": [
            label("cpu_micros", usage.cpu_micros),
            label("throttled_micros", usage.throttled_micros),
            label("mem_peak_bytes", usage.mem_peak_bytes),
            label("oom_kills", usage.oom_kills),
        ]});
    }
    shown
}

fn container_status(container: &Container, host: &str) -> Value {
    let mut shown = json!({
        "container_id": {"value": container.container_id},
        "network_infos": [{"ip_addresses": [{"protocol": "IPv4", "ip_address": host}]}],
    });
    if let Some(pid) = container.pid {
        shown["executor_pid"] = json!(pid);
    }
    shown
}

/// A status of an agent as the endpoints show it.
fn history_entry(status: &StatusUpdate, state: State, host: &str) -> Value {
    let mut shown = json!({
        "state": state.api_name(),
        "timestamp": status.unix_micros as f64 / 1e6,
    });
    if let Some(container) = &status.container {
        shown["container_status"] = container_status(container, host);
    }
    if let Some(reason) = &status.reason {
        shown["reason"] = json!(reason);
    }
    if let Some(message) = &status.message {
        shown["message"] = json!(message.chars().take(MESSAGE).collect::<String>());
    }
    shown
}

impl Cluster {
    pub(super) fn agent_status(&mut self, agent: AgentId, status: Box<StatusUpdate>) {
        let framework = self.framework_by_id(&status.framework_id);
        let open = framework.filter(|framework| {
            let task = self.frameworks[framework.index()]
                .tasks
                .get(&status.task_id);
            task.is_some_and(|task| {
                task.agent == agent
                    && self.launch_name(task.key) == status.launch
                    && task.is_news(&status)
            })
        });
        let Some(framework) = open else {
            self.settle(agent, framework, &status);
            return;
        };
        let removed = self.frameworks[framework.index()].removed;
        let (task_id, uuid) = (status.task_id.clone(), status.uuid);
        let key = self.frameworks[framework.index()].tasks[&task_id].key;
        let ended = self.take_in_status(framework, status);
        if let Some(outcome) = ended {
            let (framework, task) = key;
            let event = Event::TaskEnded {
                agent,
                framework,
                task,
                outcome,
            };
            self.tell(event, Cause::Core);
        } else {
            self.pass_on(framework, &task_id);
        }
        if removed {
            self.acknowledge(agent, framework, &task_id, key, uuid);
            if ended.is_some() {
                self.frameworks[framework.index()].complete(&task_id);
            }
        }
    }

    /// Acknowledges what nobody waits for, so that the agent can forget it. What runs although its
    /// resources count as free is ended.
    fn settle(
        &mut self,
        agent: AgentId,
        framework: Option<FrameworkNumber>,
        status: &StatusUpdate,
    ) {
        if !framework.is_some_and(|framework| self.tell_late_end(agent, framework, status)) {
            let message = FromMaster::AcknowledgeStatus {
                framework_id: status.framework_id.clone(),
                task_id: status.task_id.clone(),
                launch: status.launch.clone(),
                uuid: status.uuid,
            };
            self.send_agent(agent, message);
        }
        if status.state.is_terminal() {
            let name = (status.framework_id.clone(), status.launch.clone());
            let page = &mut self.agents[agent.index()];
            if page.leftovers.remove(&name) {
                self.join_when_clear(agent);
            }
        } else if !self.is_on(agent, &status.framework_id, &status.task_id, &status.launch) {
            self.send_agent(
                agent,
                FromMaster::KillTask {
                    framework_id: status.framework_id.clone(),
                    task_id: status.task_id.clone(),
                    launch: status.launch.clone(),
                    grace_millis: None,
                },
            );
        }
    }

    /// Writes a status into the books. Says how the task ended when it is the news of that.
    fn take_in_status(
        &mut self,
        framework: FrameworkNumber,
        status: Box<StatusUpdate>,
    ) -> Option<Outcome> {
        let page = &mut self.frameworks[framework.index()];
        let aware = page.can(CapabilityType::PartitionAware);
        let task = page
            .tasks
            .get_mut(&status.task_id)
            .expect("a task of the books");
        let was_terminal = task.state.is_terminal();
        if task.uuid() != Some(status.uuid) {
            let host = self.agents[task.agent.index()].host();
            task.state = task.state.followed_by(status.state, aware);
            task.note(history_entry(&status, task.state, host));
        }
        let outcome = match status.state {
            TaskState::Finished => Outcome::Finished,
            TaskState::Failed => Outcome::Failed,
            TaskState::Killed => Outcome::Killed,
            TaskState::Lost => Outcome::Lost,
            TaskState::Starting | TaskState::Running | TaskState::Killing => {
                task.status = Some(status);
                return None;
            }
        };
        task.status = Some(status);
        (!was_terminal).then_some(outcome)
    }

    /// Sends the last status of a task to its framework.
    fn pass_on(&mut self, framework: FrameworkNumber, task_id: &str) {
        let task = &self.frameworks[framework.index()].tasks[task_id];
        let agent = &self.agents[task.agent.index()];
        let status = task.status.as_ref().expect("a status of the agent");
        let status = agent_status(status, task.state, &agent.id, agent.host());
        self.send_framework(framework, update(&status));
    }

    /// A task that was said to be out of reach has ended, or this is told again because it was not
    /// acknowledged. Says whether it is told.
    fn tell_late_end(
        &mut self,
        agent: AgentId,
        framework: FrameworkNumber,
        status: &StatusUpdate,
    ) -> bool {
        let name = |task: &Task| self.launch_name(task.key) == status.launch;
        let page = &self.frameworks[framework.index()];
        let index = page.completed.iter().rposition(name);
        let Some(index) = index.filter(|_| status.state.is_terminal() && !page.removed) else {
            return false;
        };
        let on = &self.agents[agent.index()];
        let page = &mut self.frameworks[framework.index()];
        let task = &mut page.completed[index];
        if task.state == State::Unreachable {
            task.state = State::Agent(TaskState::Running).followed_by(status.state, true);
            task.note(history_entry(status, task.state, on.host()));
            task.status = Some(Box::new(status.clone()));
        } else if task.uuid() != Some(status.uuid) || task.acknowledged.contains(&status.uuid) {
            return false;
        }
        let event = update(&agent_status(status, task.state, &on.id, on.host()));
        self.send_framework(framework, event);
        true
    }

    /// The core says how a task ended: the one place where ends are told.
    pub(super) fn report(&mut self, key: TaskKey, outcome: Outcome, cause: Cause) {
        self.counts.ended[match outcome {
            Outcome::Finished => 0,
            Outcome::Failed => 1,
            Outcome::Killed | Outcome::Preempted => 2,
            Outcome::Lost if cause == Cause::DoesNotFit => 4,
            Outcome::Lost => 3,
        }] += 1;
        let now_secs = self.now_secs();
        let framework = self.roles.framework_of(key.0);
        let page = &mut self.frameworks[framework.index()];
        let aware = page.can(CapabilityType::PartitionAware);
        let Some(task_id) = page.keys.get(&key).cloned() else {
            return;
        };
        let task = page.tasks.get_mut(&task_id).expect("a task of the books");
        let (agent, ports) = (task.agent, task.info.needs.port_set());
        if cause == Cause::Core {
            self.release(agent, key, &ports);
            self.pass_on(framework, &task_id);
            return;
        }
        let (state, reason, message) = cause.explain(aware);
        task.state = state;
        task.note(json!({
            "state": state.api_name(), "timestamp": now_secs, "reason": reason, "message": message,
        }));
        let named = task.info.agent_id.clone();
        page.complete(&task_id);
        if cause == Cause::DoesNotFit {
            // It took its ports out of the offers and never ran.
            self.agents[agent.index()].free_ports.add(&ports);
        } else if cause != Cause::OffersInvalid {
            self.release(agent, key, &ports);
        }
        let notice = Notice {
            task_id: &task_id,
            agent_id: Some(&named),
            state,
            reason,
            message,
        };
        let event = notice.event(now_secs);
        self.send_framework(framework, event);
    }

    pub(super) fn kill_requested(
        &mut self,
        framework: FrameworkNumber,
        task_id: &str,
        agent_id: Option<&str>,
        grace_millis: Option<u64>,
    ) {
        let page = &mut self.frameworks[framework.index()];
        let task = page.tasks.get_mut(task_id);
        if let Some(task) = task.filter(|task| !task.state.is_terminal()) {
            task.kill = Some(grace_millis);
            let (framework, task) = task.key;
            self.tell(Event::KillRequested { framework, task }, Cause::Core);
        } else {
            let question = TaskQuestion {
                task_id: task_id.into(),
                agent_id: agent_id.map(Into::into),
            };
            self.send_framework(framework, self.reconcile(framework, &question));
        }
    }

    pub(super) fn acknowledged(
        &mut self,
        framework: FrameworkNumber,
        agent_id: &str,
        task_id: &str,
        uuid: Uuid,
    ) {
        let agent = self.agent_by_id(agent_id);
        let page = &mut self.frameworks[framework.index()];
        let is_waiting = |task: &&mut Task| {
            Some(task.agent) == agent
                && task.uuid() == Some(uuid)
                && !task.acknowledged.contains(&uuid)
        };
        // The end of a task that was out of reach comes when the task is not in the books any more.
        let late = page.completed.iter_mut();
        let late = late.rev().filter(|task| task.info.task_id == task_id);
        let waiting = page.tasks.get_mut(task_id).into_iter().chain(late);
        let Some(task) = { waiting }.find(is_waiting) else {
            self.counts.invalid_acknowledgements += 1;
            return;
        };
        task.acknowledged.push(uuid);
        let (agent, key, is_over) = (task.agent, task.key, task.state.is_terminal());
        self.acknowledge(agent, framework, task_id, key, uuid);
        let page = &mut self.frameworks[framework.index()];
        if is_over && page.tasks.get(task_id).is_some_and(|task| task.key == key) {
            page.complete(task_id);
        }
    }

    pub(super) fn acknowledge(
        &mut self,
        agent: AgentId,
        framework: FrameworkNumber,
        task_id: &str,
        key: TaskKey,
        uuid: Uuid,
    ) {
        let message = FromMaster::AcknowledgeStatus {
            framework_id: self.frameworks[framework.index()].id.clone(),
            task_id: task_id.to_owned(),
            launch: self.launch_name(key),
            uuid,
        };
        self.send_agent(agent, message);
    }
}
