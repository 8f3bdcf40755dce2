//! What a framework says about a task it wants to run, and what of it this cluster can do.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::resources::{self, Resource};
use super::{Id, bad_id, one_or_many};
use crate::protocol::{Amounts, Command, Limit, Limits, Uri};

/// A task as its framework describes it. Members that only people read stay in the original.
#[derive(Clone, PartialEq, Debug)]
pub struct TaskInfo {
    /// The framework's name for it.
    pub task_id: String,
    /// The name people know.
    pub name: String,
    /// Where it is to run.
    pub agent_id: String,
    /// What it needs.
    pub needs: Amounts,
    /// Its hard limits.
    pub limits: Limits,
    /// What it runs.
    pub command: Command,
    /// The user to run as.
    pub user: Option<String>,
    /// The image its root comes from.
    pub image: Option<String>,
    /// The time between SIGTERM and SIGKILL.
    pub kill_grace_millis: Option<u64>,
    /// The longest it may take.
    pub max_completion_millis: Option<u64>,
}

/// Why a task cannot be run as described.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invalid {
    /// The task's id, as far as it can be read.
    pub task_id: String,
    /// The sentence for its status.
    pub message: String,
}

#[derive(Deserialize)]
struct Raw {
    name: String,
    task_id: Id,
    agent_id: Id,
    #[serde(default, deserialize_with = "one_or_many")]
    resources: Vec<Resource>,
    #[serde(default)]
    limits: BTreeMap<String, RawScalar>,
    #[serde(default)]
    command: Option<RawCommand>,
    #[serde(default)]
    executor: Option<Value>,
    #[serde(default)]
    container: Option<RawContainer>,
    #[serde(default)]
    kill_policy: Option<KillPolicy>,
    #[serde(default)]
    max_completion_time: Option<Duration>,
    #[serde(default)]
    health_check: Option<Value>,
    #[serde(default)]
    check: Option<Value>,
}

#[derive(Deserialize)]
struct RawScalar {
    value: Value,
}

#[derive(Deserialize)]
struct RawCommand {
    #[serde(default = "yes")]
    shell: bool,
    #[serde(default)]
    value: String,
    #[serde(default, deserialize_with = "one_or_many")]
    arguments: Vec<String>,
    #[serde(default)]
    environment: Environment,
    #[serde(default, deserialize_with = "one_or_many")]
    uris: Vec<RawUri>,
    #[serde(default)]
    user: Option<String>,
}

#[derive(Deserialize, Default)]
struct Environment {
    #[serde(default, deserialize_with = "one_or_many")]
    variables: Vec<Variable>,
}

#[derive(Deserialize)]
struct Variable {
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct RawUri {
    value: String,
    #[serde(default)]
    executable: bool,
    #[serde(default)]
    extract: Option<bool>,
    #[serde(default)]
    output_file: Option<String>,
    /// Not of the API: the digest the content must have.
    #[serde(default)]
    sha256: Option<String>,
}

#[derive(Deserialize)]
struct RawContainer {
    #[serde(default)]
    r#type: Option<String>,
    #[serde(default)]
    docker: Option<Value>,
    #[serde(default)]
    mesos: Option<Value>,
    #[serde(default, deserialize_with = "one_or_many")]
    volumes: Vec<Value>,
}

/// How a task is ended, as KILL and tasks say it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub struct KillPolicy {
    #[serde(default)]
    grace_period: Option<Duration>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
struct Duration {
    nanoseconds: i64,
}

impl Duration {
    fn millis(self) -> u64 {
        u64::try_from(self.nanoseconds).unwrap_or(0) / 1_000_000
    }
}

impl KillPolicy {
    /// The grace period.
    pub fn grace_millis(self) -> Option<u64> {
        self.grace_period.map(Duration::millis)
    }
}

const fn yes() -> bool {
    true
}

impl TaskInfo {
    /// Reads a task of a framework of `role`.
    ///
    /// # Errors
    /// When it cannot be read or asks for what this cluster does not have; nothing that would
    /// change what runs is left out silently.
    pub fn read(info: &Value, role: &str) -> Result<Self, Invalid> {
        let task_id = info["task_id"]["value"].as_str().unwrap_or_default();
        let invalid = |message: String| Invalid {
            task_id: task_id.to_owned(),
            message,
        };
        let raw = Raw::deserialize(info).map_err(|error| invalid(format!("TaskInfo: {error}")))?;
        if let Some(why) = bad_id(&raw.task_id.value) {
            return Err(invalid(format!("task_id `{}`: {why}", raw.task_id.value)));
        }
        let mut resources = raw.resources.iter();
        let foreign = resources.find_map(|resource| resource.not_offered(role));
        let why = raw.unsupported().or(foreign);
        why.map_or(Ok(()), |why| Err(invalid(why)))?;
        raw.checked().map_err(invalid)
    }
}

impl Raw {
    /// What the task asks for and would not get.
    fn unsupported(&self) -> Option<String> {
        let container = self.container.as_ref();
        let why = if self.executor.is_some() {
            "`executor`: executors of one's own are not supported; give a `command`"
        } else if self.command.is_none() {
            "`command` is missing"
        } else if self.health_check.is_some() || self.check.is_some() {
            "`health_check` and `check` are not supported"
        } else if container.is_some_and(|container| !container.volumes.is_empty()) {
            "`container.volumes` are not supported"
        } else {
            return None;
        };
        Some(why.to_owned())
    }

    fn checked(self) -> Result<TaskInfo, String> {
        let needs = resources::amounts(&self.resources)?;
        if needs.counted().is_zero() {
            return Err("Task uses no resources".to_owned());
        }
        let command = self.command.ok_or("`command` is missing")?;
        if command.value.is_empty() {
            return Err("`command.value` is empty; expected what to run".to_owned());
        }
        let user = command.user.clone().filter(|user| !user.is_empty());
        Ok(TaskInfo {
            task_id: self.task_id.value,
            name: self.name,
            agent_id: self.agent_id.value,
            limits: limits(&self.limits)?,
            needs,
            user,
            command: command.into_command(),
            image: self.container.as_ref().and_then(RawContainer::image),
            kill_grace_millis: self.kill_policy.and_then(KillPolicy::grace_millis),
            max_completion_millis: self.max_completion_time.map(Duration::millis),
        })
    }
}

impl RawCommand {
    fn into_command(self) -> Command {
        let variables = self.environment.variables.into_iter();
        Command {
            shell: self.shell,
            value: self.value,
            arguments: self.arguments,
            environment: variables.map(|v| (v.name, v.value)).collect(),
            uris: self.uris.into_iter().map(RawUri::into_uri).collect(),
        }
    }
}

impl RawUri {
    fn into_uri(self) -> Uri {
        Uri {
            value: self.value,
            executable: self.executable,
            extract: self.extract,
            output_file: self.output_file,
            sha256: self.sha256,
        }
    }
}

impl RawContainer {
    fn image(&self) -> Option<String> {
        let name = if self.r#type.as_deref() == Some("DOCKER") {
            self.docker.as_ref()?.get("image")?
        } else {
            self.mesos
                .as_ref()?
                .get("image")?
                .get("docker")?
                .get("name")?
        };
        name.as_str().map(str::to_owned)
    }
}

fn limits(raw: &BTreeMap<String, RawScalar>) -> Result<Limits, String> {
    let mut limits = Limits::default();
    for (name, scalar) in raw {
        let number = match &scalar.value {
            Value::String(word) if word.eq_ignore_ascii_case("infinity") => None,
            Value::Number(number) => number.as_f64(),
            other => {
                return Err(format!(
                    "limit `{name}` is {other}; expected a number or \"Infinity\""
                ));
            }
        };
        let limit = |units: Result<u64, String>| units.map(Limit::To);
        let or_infinite =
            |units: Option<Result<u64, String>>| units.map_or(Ok(Limit::Infinite), limit);
        match name.as_str() {
            "cpus" => {
                let units = number.map(|value| resources::thousandths(name, value));
                limits.millicores = Some(or_infinite(units)?);
            }
            "mem" => {
                let units = number.map(|value| resources::mebibytes(name, value));
                limits.mem_mib = Some(or_infinite(units)?);
            }
            _ => {
                return Err(format!(
                    "limit `{name}` is not known; known are cpus and mem"
                ));
            }
        }
    }
    Ok(limits)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn base() -> Value {
        json!({
            "name": "n", "task_id": {"value": "t"}, "agent_id": {"value": "a"},
            "resources": [{"name": "cpus", "scalar": {"value": 1}}],
            "command": {"value": "true"},
        })
    }

    /// The error for a task that is like the good one but for `change`.
    fn refused(change: &Value) -> String {
        let mut info = base();
        for (key, value) in change.as_object().unwrap() {
            info[key] = value.clone();
        }
        TaskInfo::read(&info, "*").unwrap_err().message
    }

    #[test]
    fn a_task_is_read_as_clients_write_it() {
        let mut info = base();
        info["container"] = json!({
            "type": "MESOS", "network_infos": {"name": "x"},
            "mesos": {"image": {"type": "DOCKER", "docker": {"name": "busybox"}}},
        });
        info["limits"] = json!({"cpus": {"value": 0.5}, "mem": {"value": "Infinity"}});
        info["kill_policy"] = json!({"grace_period": {"nanoseconds": 1_500_000_000}});
        info["command"]["environment"] = json!({"variables": {"name": "A", "value": "1"}});
        let task = TaskInfo::read(&info, "*").unwrap();
        assert_eq!(task.image.as_deref(), Some("busybox"));
        assert_eq!(task.limits.millicores, Some(Limit::To(500)));
        assert_eq!(task.limits.mem_mib, Some(Limit::Infinite));
        assert_eq!(task.kill_grace_millis, Some(1500));
        assert!(task.command.shell);
        assert_eq!(task.command.environment["A"], "1");
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        assert!(refused(&json!({"executor": {}})).contains("executors of one's own"));
        assert!(refused(&json!({"command": {"value": ""}})).contains("is empty"));
        assert!(refused(&json!({"resources": []})).contains("uses no resources"));
        assert!(refused(&json!({"task_id": {"value": "a/b"}})).contains("no `/`"));
        assert!(refused(&json!({"limits": {"disk": {"value": 1}}})).contains("cpus and mem"));
        assert!(refused(&json!({"health_check": {}})).contains("not supported"));
        assert!(refused(&json!({"agent_id": {}})).contains("missing field `value`"));
    }
}
