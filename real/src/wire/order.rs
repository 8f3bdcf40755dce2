//! What a task amounts to here: its description judged, and what the agent has to know.

use std::collections::BTreeMap;

use super::bad_id;
use super::messages::command::{CommandInfo, Environment, SecretType, Variable, VariableType};
use super::messages::container::{ContainerInfo, ContainerType};
use super::messages::task::TaskInfo;
use super::messages::{DurationInfo, Scalar};
use super::proto::Wire as _;
use super::resources;
use crate::protocol::{Amounts, Command, Limit, Limits, Uri};

/// A task that can be run.
#[derive(Clone, PartialEq, Debug)]
pub struct Order {
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

impl Order {
    /// What a task on an offer to `role` amounts to.
    ///
    /// # Errors
    /// The sentence for its status, when it asks for what this cluster does not have: nothing that
    /// would change what runs is left out silently.
    pub fn of(info: &TaskInfo, role: &str) -> Result<Self, String> {
        if let Some(why) = bad_id(&info.task_id.value) {
            return Err(format!("`task_id` is {:?}: {why}", info.task_id.value));
        }
        if let Some(refused) = info.refused() {
            return Err(refused.to_string());
        }
        let needs = resources::asked(&info.resources, role)?;
        if needs.counted().is_zero() {
            return Err("Task uses no resources".to_owned());
        }
        let command = info.command.as_ref();
        let command = command.ok_or("`command` is missing; expected what to run")?;
        let container = info.container.as_deref();
        let policy = info.kill_policy.as_ref();
        let grace = policy.and_then(|policy| policy.grace_period.as_ref());
        let longest = info.max_completion_time.as_ref();
        Ok(Self {
            task_id: info.task_id.value.clone(),
            name: info.name.clone(),
            agent_id: info.agent_id.value.clone(),
            limits: limits(&info.limits)?,
            needs,
            user: command.user.clone().filter(|user| !user.is_empty()),
            command: what_to_run(command)?,
            image: container.map_or(Ok(None), image)?,
            kill_grace_millis: millis("kill_policy.grace_period", grace)?,
            max_completion_millis: millis("max_completion_time", longest)?,
        })
    }
}

fn millis(name: &str, span: Option<&DurationInfo>) -> Result<Option<u64>, String> {
    let below_zero = |span: &DurationInfo| {
        format!(
            "`{name}` is {} ns; expected a length of time, not below zero",
            span.nanoseconds
        )
    };
    span.map(|span| span.millis().ok_or_else(|| below_zero(span)))
        .transpose()
}

/// No word of a program can hold a zero byte: they end with one.
fn without_zero(name: &str, text: &str) -> Result<(), String> {
    if text.contains('\0') {
        return Err(format!(
            "`{name}` holds a zero byte, which no program can be given"
        ));
    }
    Ok(())
}

fn what_to_run(info: &CommandInfo) -> Result<Command, String> {
    let value = info.value.clone().unwrap_or_default();
    if value.is_empty() {
        return Err("`command.value` is missing or empty; expected what to run".to_owned());
    }
    without_zero("command.value", &value)?;
    let shell = info.shell.unwrap_or(true);
    // The API ignores the arguments of a shell.
    let arguments = if shell {
        Vec::new()
    } else {
        info.arguments.clone()
    };
    for argument in &arguments {
        without_zero("command.arguments", argument)?;
    }
    let environment = info.environment.as_ref();
    let uris = info.uris.iter().map(|uri| Uri {
        value: uri.value.clone(),
        executable: uri.executable.unwrap_or(false),
        extract: uri.extract,
        output_file: uri.output_file.clone(),
        sha256: uri.sha256.clone(),
    });
    Ok(Command {
        shell,
        value,
        arguments,
        environment: environment.map_or_else(|| Ok(BTreeMap::new()), variables)?,
        uris: uris.collect(),
    })
}

fn variables(environment: &Environment) -> Result<BTreeMap<String, String>, String> {
    let read = |variable: &Variable| {
        let name = &variable.name;
        match value_of(variable) {
            Ok(value) => Ok((name.clone(), value)),
            Err(why) => Err(format!("`command.environment`: variable `{name}` {why}")),
        }
    };
    environment.variables.iter().map(read).collect()
}

fn value_of(variable: &Variable) -> Result<String, String> {
    if variable.name.is_empty() || variable.name.contains(['=', '\0']) {
        return Err("has no name that a variable can have".to_owned());
    }
    let (value, secret) = (&variable.value, &variable.secret);
    let value = match (
        variable.r#type.unwrap_or(VariableType::Value),
        value,
        secret,
    ) {
        (VariableType::Value, Some(value), None) => value.clone(),
        (VariableType::Value, _, _) => {
            return Err("is of type VALUE; expected a `value`, and no `secret`".to_owned());
        }
        (VariableType::Secret, None, Some(secret)) => {
            // References were refused before.
            let value = secret.value.as_ref();
            let value = value.filter(|_| secret.r#type == Some(SecretType::Value));
            let value = value.ok_or("has a secret without type VALUE and a `value`")?;
            let text = String::from_utf8(value.data.0.clone());
            text.map_err(|_| "has a secret that is not UTF-8".to_owned())?
        }
        (VariableType::Secret, _, _) => {
            return Err("is of type SECRET; expected a `secret`, and no `value`".to_owned());
        }
        (VariableType::Unknown, _, _) => {
            return Err("is of type UNKNOWN; expected VALUE or SECRET".to_owned());
        }
    };
    if value.contains('\0') {
        return Err("holds a zero byte, which no variable can".to_owned());
    }
    Ok(value)
}

/// The image a container's root is, if it has one.
fn image(container: &ContainerInfo) -> Result<Option<String>, String> {
    let (docker, mesos) = (container.docker.as_deref(), container.mesos.as_deref());
    let other = |name: &str, kind| Err(format!("`container.{name}` is not for the type {kind}"));
    match container.r#type {
        ContainerType::Docker if mesos.is_some() => other("mesos", "DOCKER"),
        ContainerType::Mesos if docker.is_some() => other("docker", "MESOS"),
        ContainerType::Docker => {
            let name = docker.and_then(|docker| docker.image.clone());
            let name = name.filter(|name| !name.is_empty());
            let missing = "`container.docker.image` is missing; the type DOCKER needs an image";
            name.map_or_else(|| Err(missing.to_owned()), |name| Ok(Some(name)))
        }
        ContainerType::Mesos => {
            let Some(image) = mesos.and_then(|mesos| mesos.image.as_deref()) else {
                return Ok(None);
            };
            let name = image.docker.as_ref().map(|docker| docker.name.clone());
            let name = name.filter(|name| !name.is_empty());
            let missing = "`container.mesos.image.docker` is missing; expected the image's name";
            name.map_or_else(|| Err(missing.to_owned()), |name| Ok(Some(name)))
        }
    }
}

fn limits(asked: &BTreeMap<String, Scalar>) -> Result<Limits, String> {
    let mut limits = Limits::default();
    for (name, limit) in asked {
        let number = limit.value.0;
        let units = |count: fn(&str, f64) -> Result<u64, String>| {
            if number == f64::INFINITY {
                return Ok(Some(Limit::Infinite));
            }
            let units = count(name, number).map_err(|why| format!("`limits.{name}`: {why}"))?;
            Ok::<_, String>(Some(Limit::To(units)))
        };
        match name.as_str() {
            "cpus" => limits.millicores = units(resources::thousandths)?,
            "mem" => limits.mem_mib = units(resources::mebibytes)?,
            _ => {
                return Err(format!(
                    "`limits.{name}` is not supported: there are limits of cpus and mem"
                ));
            }
        }
    }
    Ok(limits)
}

#[cfg(test)]
mod tests;
