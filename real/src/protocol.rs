//! What master and agents say to each other.
//!
//! JSON over HTTP. An agent posts [`Subscribe`] to [`SUBSCRIBE_PATH`]; the answer is a stream that
//! stays open, every [`FromMaster`] one record of it ([`crate::recordio`]). It posts everything
//! else as [`AgentCall`] to [`MESSAGE_PATH`]. Answers: 202 taken in; 400 not understood; 403 the
//! agent is not subscribed and has to subscribe (again), or its key is another one; 503 the master is
//! not ready.
//!
//! An agent has a key, which nobody but it and its master knows: it is in every message, and whoever
//! names an agent without its key is not that agent. Of an agent that is connected, nobody else takes
//! the address. Before it shows somebody a sandbox, an agent asks at [`MAY_READ_PATH`], unless its
//! master says that everybody may see them.
//!
//! The rules that make lost, repeated and delayed messages harmless:
//!
//! - One subscription an agent: the newest wins, and the agent reads nothing more from an older
//!   stream once it has opened a newer one. Agents count their subscriptions, because one may also
//!   arrive late: what it says of tasks is no longer true. The master ends its stream at once.
//! - Every message may arrive twice, or late. Frameworks may use a task's id again when the task
//!   has ended, so what is run is named by framework, task id and launch; such a name is used once.
//!   An agent that ran it, or was told to end it, ignores another [`FromMaster::RunTask`] of it.
//!   Before it starts a task it has written down that it will.
//! - After it subscribed, an agent is sent again what it may have missed: tasks it does not list
//!   and that are still wanted, kills, acknowledgements.
//! - A status that says a task runs is answered with [`FromMaster::KillTask`] when the master gave
//!   the task up or never knew it.
//! - An agent sends the oldest unacknowledged status of a task until it is acknowledged, then the
//!   next one; a status keeps its uuid however often it is sent. It forgets a task when its last
//!   status is acknowledged, and not before.
//! - The agent obeys: it ends a task the master orders to end, even one the master should not
//!   know of. A [`FromMaster::KillTask`] may overtake its [`FromMaster::RunTask`]: the agent says
//!   that the task was killed during its launch, and never starts it. One for a task that the
//!   agent has forgotten is answered with a status of state [`TaskState::Lost`].

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Where agents subscribe.
pub const SUBSCRIBE_PATH: &str = "/agent/v1/subscribe";

/// Where agents post everything else.
pub const MESSAGE_PATH: &str = "/agent/v1/message";

/// Where agents ask who may read what they have.
pub const MAY_READ_PATH: &str = "/agent/v1/may-read";

/// The version of these words; a master refuses agents that speak another one.
pub const VERSION: u32 = 4;

/// An agent introduces itself, for the first time or again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Subscribe {
    /// [`VERSION`].
    pub protocol: u32,
    /// The id it was given before, if its checkpoint has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// What the agent's work directory got when it was made, and nobody else knows. By it the master
    /// knows an agent, also one that never heard which id it was given.
    pub key: Uuid,
    /// How often this agent has introduced itself, this time included.
    pub count: u64,
    /// The name people know the machine by.
    pub hostname: String,
    /// Where the agent's own HTTP server listens: `host:port`.
    pub address: String,
    /// All the machine gives to tasks. Another one than before only from an agent that has no tasks.
    pub capacity: Amounts,
    /// What the machine is like, for people: `rack`, `kernel`, `cgroup`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// Every task it knows: running, or ended with a status that is not acknowledged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<KnownTask>,
}

impl Subscribe {
    /// Whether the same agent said this later than `other`, or it is the very same.
    pub fn is_newer(&self, other: &Self) -> bool {
        self.key == other.key && self.count >= other.count
    }
}

/// A task as its agent knows it when it subscribes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KnownTask {
    /// Whose task.
    pub framework_id: String,
    /// Which one.
    pub task_id: String,
    /// Which launch of it.
    pub launch: String,
    /// Its present state, whether or not a status with it was sent.
    pub state: TaskState,
}

/// Amounts of resources in whole units.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Amounts {
    /// Thousandths of a processor.
    pub millicores: u64,
    /// MiB of memory.
    pub mem_mib: u64,
    /// MiB of disk space.
    pub disk_mib: u64,
    /// Thousandths of an accelerator.
    pub milligpus: u64,
    /// Ports, as disjoint ascending ranges.
    pub ports: Vec<PortRange>,
}

/// As `--resources` of an agent is written.
impl fmt::Display for Amounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.parts();
        let parts: Vec<String> = parts.map(|(name, text)| format!("{name}:{text}")).into();
        f.write_str(&parts.join(";"))
    }
}

impl Amounts {
    fn parts(&self) -> [(&'static str, String); 5] {
        let thousandths = |amount: u64| (amount as f64 / 1000.0).to_string();
        [
            ("cpus", thousandths(self.millicores)),
            ("mem", self.mem_mib.to_string()),
            ("disk", self.disk_mib.to_string()),
            ("gpus", thousandths(self.milligpus)),
            ("ports", self.port_set().to_string()),
        ]
    }

    /// What is other in `now`: `cpus 2 -> 0.25, mem 1024 -> 512`.
    pub fn change(&self, now: &Self) -> String {
        let pairs = self.parts().into_iter().zip(now.parts());
        let differing = pairs.filter(|(before, now)| before != now);
        let changes: Vec<String> = differing
            .map(|((name, before), (_, now))| format!("{name} {before} -> {now}"))
            .collect();
        changes.join(", ")
    }
}

/// Ports from `begin` to `end`, both included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct PortRange {
    /// The first.
    pub begin: u16,
    /// The last.
    pub end: u16,
}

/// What the master tells an agent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromMaster {
    /// The first record of every stream: the agent is known by this id from now on. When the
    /// agent asked for another id, the master does not know that one; it orders the end of every
    /// task the agent listed.
    Registered {
        /// The agent's id; to be written down before anything else.
        agent_id: String,
        /// A stream on which nothing arrived for so long is dead: subscribe again.
        silence_millis: u64,
        /// What of its pages is for everybody.
        #[serde(default)]
        pages: Pages,
    },
    /// Start a task.
    RunTask(Box<RunTask>),
    /// End a task: SIGTERM, and SIGKILL once the grace period is over. A second order can only
    /// shorten what is left of it.
    KillTask {
        /// Whose task.
        framework_id: String,
        /// Which one.
        task_id: String,
        /// Which launch of it.
        launch: String,
        /// The grace period; the task's own when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grace_millis: Option<u64>,
    },
    /// A status arrived and is settled: send the task's next one, or forget the task.
    AcknowledgeStatus {
        /// Whose task.
        framework_id: String,
        /// Which one.
        task_id: String,
        /// Which launch of it.
        launch: String,
        /// Which status.
        uuid: Uuid,
    },
    /// Answer with [`AgentMessage::Pong`].
    Ping,
    /// The subscription is refused; the stream ends. Trying again will not help.
    Refused {
        /// Why, for the log.
        message: String,
    },
}

/// What an agent tells the master after it subscribed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AgentCall {
    /// Who speaks.
    pub agent_id: String,
    /// Its key.
    pub key: Uuid,
    /// What it says.
    pub message: AgentMessage,
}

/// What of an agent's pages is for everybody, without asking.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pages {
    /// All of them.
    #[default]
    All,
    /// All but sandboxes.
    WithoutSandboxes,
    /// None.
    None,
}

/// An agent asks whether somebody may read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MayRead {
    /// Which agent asks.
    pub agent_id: String,
    /// Its key.
    pub key: Uuid,
    /// Whose sandboxes; what is of no framework when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework_id: Option<String>,
    /// The `Authorization` header of whoever wants to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<String>,
}

/// The answer to [`MayRead`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reader {
    /// It may.
    Welcome,
    /// It has to say who it is.
    Unknown,
    /// That is somebody else's.
    Stranger,
}

/// What an agent says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AgentMessage {
    /// It lives.
    Pong,
    /// A task's state changed, or the news was not acknowledged yet.
    Status(Box<StatusUpdate>),
}

/// A task to run, with everything the agent needs to know.
#[derive(Clone, PartialEq, Default, Debug, Serialize, Deserialize)]
pub struct RunTask {
    /// Whose task.
    pub framework_id: String,
    /// The framework's name for it.
    pub task_id: String,
    /// The master's name for this launch of it; no other launch of the framework has it.
    pub launch: String,
    /// What people call it.
    pub name: String,
    /// What to run.
    pub command: Command,
    /// The user to run as; the agent's default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What it may use: weights, and the ports it was given.
    pub resources: Amounts,
    /// Hard limits apart from `resources`.
    #[serde(default)]
    pub limits: Limits,
    /// Time between SIGTERM and SIGKILL when nobody says otherwise; the agent's default (3 s)
    /// when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kill_grace_millis: Option<u64>,
    /// After so long the task is ended and has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_completion_millis: Option<u64>,
    /// A directory of the agent's machine to be the task's root, read-only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// Whether the framework understands [`TaskState::Killing`].
    #[serde(default)]
    pub wants_killing_state: bool,
}

/// What a task runs.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Command {
    /// Whether `value` is for `/bin/sh -c`; otherwise it is a program and `arguments` its argv,
    /// the program's own name first.
    pub shell: bool,
    /// The shell's text, or the program.
    pub value: String,
    /// The program's argv; empty for a shell.
    pub arguments: Vec<String>,
    /// Variables on top of the agent's own few.
    pub environment: BTreeMap<String, String>,
    /// What to fetch into the sandbox first.
    pub uris: Vec<Uri>,
}

/// Something to be fetched into a sandbox.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Uri {
    /// `http://...`, `file:///...` or an absolute path.
    pub value: String,
    /// Whether it is to be made executable; it is then not unpacked.
    #[serde(default)]
    pub executable: bool,
    /// Whether an archive is to be unpacked; yes when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extract: Option<bool>,
    /// The name it gets in the sandbox; the last part of its path when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_file: Option<String>,
    /// The digest its content must have, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// Hard limits of a task. Absent: the agent's policy (memory as `resources` says, processors
/// unlimited unless the agent says otherwise).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Thousandths of a processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub millicores: Option<Limit>,
    /// MiB of memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mem_mib: Option<Limit>,
}

/// One hard limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Up to so much.
    To(u64),
    /// None at all.
    Infinite,
}

/// A task's state changed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct StatusUpdate {
    /// Names this status in acknowledgements.
    pub uuid: Uuid,
    /// Whose task.
    pub framework_id: String,
    /// Which one.
    pub task_id: String,
    /// Which launch of it.
    pub launch: String,
    /// The state it is in now.
    pub state: TaskState,
    /// Who saw it.
    pub source: Source,
    /// Why, in the API's words: `REASON_CONTAINER_LIMITATION_MEMORY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// For people: `Command exited with status 1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When, in microseconds since 1970.
    pub unix_micros: u64,
    /// The container's id and its first process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<Container>,
    /// What the task used until now; with its last status, what it used in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// Where a task runs on its agent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Container {
    /// Its id.
    pub container_id: String,
    /// Its first process, as the machine's first namespace numbers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
}

/// What a task used.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Processor time, in microseconds.
    pub cpu_micros: u64,
    /// Time it wanted to run and was held back, in microseconds.
    pub throttled_micros: u64,
    /// The most memory it had at once, in bytes.
    pub mem_peak_bytes: u64,
    /// Processes killed for want of memory.
    pub oom_kills: u64,
}

/// Who saw a task change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The agent.
    Agent,
    /// What runs the command.
    Executor,
}

/// The states agents report.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// The sandbox is being prepared.
    Starting,
    /// It runs.
    Running,
    /// It was ordered to end and has not yet.
    Killing,
    /// It did its work.
    Finished,
    /// It ended without doing its work.
    Failed,
    /// It ended because it was ordered to.
    Killed,
    /// It never ran, or nobody knows how it ended.
    Lost,
}

impl TaskState {
    /// Whether nothing can follow.
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Starting | Self::Running | Self::Killing => false,
            Self::Finished | Self::Failed | Self::Killed | Self::Lost => true,
        }
    }

    /// The API's word for it.
    pub const fn api_name(self) -> &'static str {
        match self {
            Self::Starting => "TASK_STARTING",
            Self::Running => "TASK_RUNNING",
            Self::Killing => "TASK_KILLING",
            Self::Finished => "TASK_FINISHED",
            Self::Failed => "TASK_FAILED",
            Self::Killed => "TASK_KILLED",
            Self::Lost => "TASK_LOST",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T>(value: &T, json: &str)
    where
        T: Serialize + for<'de> Deserialize<'de> + PartialEq + fmt::Debug,
    {
        assert_eq!(serde_json::to_string(value).unwrap(), json);
        assert_eq!(serde_json::from_str::<T>(json).unwrap(), *value);
    }

    #[test]
    fn messages_look_like_this_on_the_wire() {
        check(&FromMaster::Ping, r#"{"type":"ping"}"#);
        check(
            &FromMaster::KillTask {
                framework_id: "f".into(),
                task_id: "t".into(),
                launch: "m-T0".into(),
                grace_millis: None,
            },
            r#"{"type":"kill_task","framework_id":"f","task_id":"t","launch":"m-T0"}"#,
        );
        check(
            &AgentCall {
                agent_id: "m-S0".into(),
                key: Uuid::nil(),
                message: AgentMessage::Pong,
            },
            r#"{"agent_id":"m-S0","key":"00000000-0000-0000-0000-000000000000","message":{"type":"pong"}}"#,
        );
        check(
            &Limits {
                millicores: Some(Limit::To(500)),
                mem_mib: Some(Limit::Infinite),
            },
            r#"{"millicores":{"to":500},"mem_mib":"infinite"}"#,
        );
    }

    #[test]
    fn a_change_is_told_by_name() {
        let ports = |end| vec![PortRange { begin: 31000, end }];
        let before = Amounts {
            millicores: 2000,
            mem_mib: 1024,
            ports: ports(31010),
            ..Amounts::default()
        };
        let now = Amounts {
            millicores: 250,
            ports: ports(31009),
            ..before.clone()
        };
        assert_eq!(
            before.to_string(),
            "cpus:2;mem:1024;disk:0;gpus:0;ports:[31000-31010]"
        );
        assert_eq!(
            before.change(&now),
            "cpus 2 -> 0.25, ports [31000-31010] -> [31000-31009]"
        );
    }

    #[test]
    fn what_is_absent_has_a_meaning() {
        let text = r#"{"protocol":1,"key":"00000000-0000-0000-0000-000000000000","count":1,"hostname":"h","address":"127.0.0.1:5051","capacity":{"millicores":2000}}"#;
        let subscribe: Subscribe = serde_json::from_str(text).unwrap();
        assert_eq!(subscribe.agent_id, None);
        assert_eq!(subscribe.capacity.millicores, 2000);
        assert!(subscribe.tasks.is_empty());
    }
}
