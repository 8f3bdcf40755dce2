//! Calls of the scheduler API, from their bytes to their meaning.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fairground_policies::time::Span;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::resources::Resource;
use super::task_info::KillPolicy;
use super::{Id, bad_id, one_or_many, strip_nulls};

/// A call, checked: every member that its type requires is there.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// Whose call it is; absent for a first SUBSCRIBE.
    pub framework_id: Option<String>,
    /// What is asked.
    pub body: Body,
}

/// What is asked.
#[derive(Clone, PartialEq, Debug)]
pub enum Body {
    /// SUBSCRIBE.
    Subscribe {
        /// Who it is, as the framework says.
        framework_info: Value,
        /// Roles for which no offers are wanted yet.
        suppressed_roles: Vec<String>,
    },
    /// TEARDOWN.
    Teardown,
    /// ACCEPT, or DECLINE with nothing to launch.
    Answer {
        /// The offers answered.
        offer_ids: Vec<String>,
        /// The tasks to launch on them.
        tasks: Vec<Value>,
        /// For how long what is left is refused.
        refuse: Span,
    },
    /// REVIVE, for these roles; none stands for all.
    Revive(Vec<String>),
    /// SUPPRESS, for these roles; none stands for all.
    Suppress(Vec<String>),
    /// KILL.
    Kill {
        /// Which task.
        task_id: String,
        /// Where it is thought to be.
        agent_id: Option<String>,
        /// The grace period ordered.
        grace_millis: Option<u64>,
    },
    /// ACKNOWLEDGE.
    Acknowledge {
        /// From which agent the status came.
        agent_id: String,
        /// About which task.
        task_id: String,
        /// Which status.
        uuid: Uuid,
    },
    /// RECONCILE; no tasks asks for all.
    Reconcile(Vec<TaskQuestion>),
    /// REQUEST: how many tasks of which size could be started.
    Request(Vec<Vec<Resource>>),
}

/// A task whose state is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TaskQuestion {
    /// Which task.
    pub task_id: Id,
    /// Where it is thought to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<Id>,
}

/// Why a call is not taken in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// It cannot be understood: 400.
    Bad(String),
    /// It is not a call of this API, or one that is not served here: 501.
    Unknown(String),
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    framework_id: Option<Id>,
    r#type: String,
    #[serde(default)]
    subscribe: Option<RawSubscribe>,
    #[serde(default)]
    accept: Option<RawAccept>,
    #[serde(default)]
    decline: Option<RawAccept>,
    #[serde(default)]
    revive: Option<RawRoles>,
    #[serde(default)]
    suppress: Option<RawRoles>,
    #[serde(default)]
    kill: Option<RawKill>,
    #[serde(default)]
    acknowledge: Option<RawAcknowledge>,
    #[serde(default)]
    reconcile: Option<RawReconcile>,
    #[serde(default)]
    request: Option<RawRequest>,
}

#[derive(Deserialize)]
struct RawSubscribe {
    framework_info: Map<String, Value>,
    #[serde(default, deserialize_with = "one_or_many")]
    suppressed_roles: Vec<String>,
}

#[derive(Deserialize, Default)]
struct RawAccept {
    #[serde(default, deserialize_with = "one_or_many")]
    offer_ids: Vec<Id>,
    #[serde(default, deserialize_with = "one_or_many")]
    operations: Vec<Operation>,
    #[serde(default)]
    filters: Option<Filters>,
}

#[derive(Deserialize)]
struct Operation {
    r#type: String,
    #[serde(default)]
    launch: Option<Launch>,
}

#[derive(Deserialize)]
struct Launch {
    #[serde(default, deserialize_with = "one_or_many")]
    task_infos: Vec<Value>,
}

#[derive(Deserialize)]
struct Filters {
    #[serde(default)]
    refuse_seconds: Option<f64>,
}

#[derive(Deserialize, Default)]
struct RawRoles {
    #[serde(default, deserialize_with = "one_or_many")]
    roles: Vec<String>,
}

#[derive(Deserialize)]
struct RawKill {
    task_id: Id,
    #[serde(default)]
    agent_id: Option<Id>,
    #[serde(default)]
    kill_policy: Option<KillPolicy>,
}

#[derive(Deserialize)]
struct RawAcknowledge {
    agent_id: Id,
    task_id: Id,
    uuid: String,
}

#[derive(Deserialize, Default)]
struct RawReconcile {
    #[serde(default, deserialize_with = "one_or_many")]
    tasks: Vec<TaskQuestion>,
}

#[derive(Deserialize, Default)]
struct RawRequest {
    #[serde(default, deserialize_with = "one_or_many")]
    requests: Vec<OneRequest>,
}

#[derive(Deserialize)]
struct OneRequest {
    #[serde(default, deserialize_with = "one_or_many")]
    resources: Vec<Resource>,
}

/// The API's default, also for numbers below zero.
const REFUSE_DEFAULT: f64 = 5.0;
/// What is taken in is logged, some levels deeper, and has to be read again: JSON readers stop at 128.
const DEEPEST: usize = 64;
/// The API's cap: 365 days.
const REFUSE_MAX: f64 = 365.0 * 86_400.0;

impl Call {
    /// Reads a call.
    ///
    /// # Errors
    /// When it is not JSON, lacks what its type requires, or is of a type not served here.
    pub fn read(body: &[u8]) -> Result<Self, Refusal> {
        let mut value: Value = serde_json::from_slice(body)
            .map_err(|error| Refusal::Bad(format!("Failed to parse body into JSON: {error}")))?;
        strip_nulls(&mut value);
        if depth(&value) > DEEPEST {
            let text = format!("Failed to parse body: more than {DEEPEST} levels of JSON");
            return Err(Refusal::Bad(text));
        }
        let raw = Raw::deserialize(&value)
            .map_err(|error| Refusal::Bad(format!("Failed to parse body into Call: {error}")))?;
        let framework_id = raw.framework_id.as_ref().map(|id| id.value.clone());
        let framework_id = framework_id.filter(|id| !id.is_empty());
        let body = raw.body()?;
        if !matches!(body, Body::Subscribe { .. }) {
            let id = required(framework_id.as_deref(), "framework_id")?;
            checked(id.into(), "framework_id")?;
        }
        Ok(Self { framework_id, body })
    }
}

/// How many levels of objects and lists there are.
fn depth(value: &Value) -> usize {
    let deepest = match value {
        Value::Object(members) => members.values().map(depth).max(),
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return 0,
    };
    1 + deepest.unwrap_or(0)
}

fn required<T>(member: Option<T>, name: &str) -> Result<T, Refusal> {
    member.ok_or_else(|| Refusal::Bad(format!("Expecting '{name}' to be present")))
}

/// An id, unless nothing can have it: what is said about it is said in events and kept in logs.
fn checked(id: Id, name: &str) -> Result<String, Refusal> {
    match bad_id(&id.value) {
        None => Ok(id.value),
        Some(why) => Err(Refusal::Bad(format!("Call: '{name}': {why}"))),
    }
}

/// The same of an id that need not be there.
fn optional(id: Option<Id>, name: &str) -> Result<Option<String>, Refusal> {
    let id = id.filter(|id| !id.value.is_empty());
    id.map(|id| checked(id, name)).transpose()
}

/// 16 bytes in base 64.
fn read_uuid(text: &str) -> Result<Uuid, Refusal> {
    let bytes = BASE64.decode(text).ok();
    let uuid = bytes.and_then(|bytes| Uuid::from_slice(&bytes).ok());
    let bad = || Refusal::Bad("Call: 'acknowledge.uuid': expected 16 bytes in base 64".to_owned());
    uuid.ok_or_else(bad)
}

impl TaskQuestion {
    fn checked(self) -> Result<Self, Refusal> {
        let task_id = checked(self.task_id, "reconcile.tasks.task_id")?;
        let agent_id = optional(self.agent_id, "reconcile.tasks.agent_id")?;
        Ok(Self {
            task_id: Id { value: task_id },
            agent_id: agent_id.map(|value| Id { value }),
        })
    }
}

impl Raw {
    fn body(self) -> Result<Body, Refusal> {
        Ok(match self.r#type.as_str() {
            "SUBSCRIBE" => {
                let subscribe = required(self.subscribe, "subscribe")?;
                Body::Subscribe {
                    framework_info: Value::Object(subscribe.framework_info),
                    suppressed_roles: subscribe.suppressed_roles,
                }
            }
            "TEARDOWN" => Body::Teardown,
            "ACCEPT" => required(self.accept, "accept")?.answer()?,
            "DECLINE" => {
                let decline = required(self.decline, "decline")?;
                RawAccept {
                    operations: Vec::new(),
                    ..decline
                }
                .answer()?
            }
            "REVIVE" => Body::Revive(self.revive.unwrap_or_default().roles),
            "SUPPRESS" => Body::Suppress(self.suppress.unwrap_or_default().roles),
            "KILL" => {
                let kill = required(self.kill, "kill")?;
                Body::Kill {
                    task_id: checked(kill.task_id, "kill.task_id")?,
                    agent_id: optional(kill.agent_id, "kill.agent_id")?,
                    grace_millis: kill.kill_policy.and_then(KillPolicy::grace_millis),
                }
            }
            "ACKNOWLEDGE" => {
                let acknowledge = required(self.acknowledge, "acknowledge")?;
                Body::Acknowledge {
                    agent_id: checked(acknowledge.agent_id, "acknowledge.agent_id")?,
                    task_id: checked(acknowledge.task_id, "acknowledge.task_id")?,
                    uuid: read_uuid(&acknowledge.uuid)?,
                }
            }
            "RECONCILE" => {
                let tasks = self.reconcile.unwrap_or_default().tasks.into_iter();
                let tasks = tasks.map(TaskQuestion::checked);
                Body::Reconcile(tasks.collect::<Result<_, _>>()?)
            }
            "REQUEST" => {
                let requests = self.request.unwrap_or_default().requests;
                Body::Request(requests.into_iter().map(|one| one.resources).collect())
            }
            other => {
                return Err(Refusal::Unknown(format!(
                    "Call type `{other}` is not served; known are SUBSCRIBE, TEARDOWN, ACCEPT, \
                     DECLINE, REVIVE, SUPPRESS, KILL, ACKNOWLEDGE, RECONCILE, REQUEST"
                )));
            }
        })
    }
}

impl RawAccept {
    fn answer(self) -> Result<Body, Refusal> {
        let mut tasks = Vec::new();
        for operation in self.operations {
            if operation.r#type != "LAUNCH" {
                return Err(Refusal::Unknown(format!(
                    "Operation `{}` is not served; known is LAUNCH",
                    operation.r#type
                )));
            }
            tasks.extend(operation.launch.into_iter().flat_map(|l| l.task_infos));
        }
        let seconds = self.filters.and_then(|filters| filters.refuse_seconds);
        let ids = self.offer_ids.into_iter();
        let ids = ids.map(|id| checked(id, "offer_ids"));
        Ok(Body::Answer {
            offer_ids: ids.collect::<Result<_, _>>()?,
            tasks,
            refuse: refuse_span(seconds),
        })
    }
}

fn refuse_span(seconds: Option<f64>) -> Span {
    let seconds = seconds.filter(|s| *s >= 0.0).unwrap_or(REFUSE_DEFAULT);
    Span::from_micros((seconds.min(REFUSE_MAX) * 1e6).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &str) -> Refusal {
        Call::read(body.as_bytes()).unwrap_err()
    }

    #[test]
    fn what_is_missing_is_named() {
        let bad = |text: &str| Refusal::Bad(text.to_owned());
        assert_eq!(
            refusal(r#"{"type":"TEARDOWN"}"#),
            bad("Expecting 'framework_id' to be present")
        );
        assert_eq!(
            refusal(r#"{"type":"KILL","framework_id":{"value":"f"},"kill":null}"#),
            bad("Expecting 'kill' to be present")
        );
        assert!(matches!(
            refusal(r#"{"type":"SUBSCRIBE","subscribe":{"framework_info":"f"}}"#),
            Refusal::Bad(text) if text.contains("expected a map")
        ));
        assert!(matches!(refusal("{"), Refusal::Bad(text) if text.contains("into JSON")));
        assert!(matches!(refusal("{}"), Refusal::Bad(text) if text.contains("`type`")));
        assert!(matches!(
            refusal(r#"{"type":"DANCE"}"#),
            Refusal::Unknown(_)
        ));
    }

    #[test]
    fn accepting_nothing_is_declining() {
        let read = |body: &str| Call::read(body.as_bytes()).unwrap().body;
        let nothing = Body::Answer {
            offer_ids: vec!["m-O1".to_owned()],
            tasks: Vec::new(),
            refuse: Span::from_secs(5),
        };
        assert_eq!(
            read(
                r#"{"type":"ACCEPT","framework_id":{"value":"f"},
                 "accept":{"offer_ids":{"value":"m-O1"},"operations":[{"type":"LAUNCH"}]}}"#
            ),
            nothing
        );
        assert_eq!(
            read(
                r#"{"type":"DECLINE","framework_id":{"value":"f"},
                 "decline":{"offer_ids":[{"value":"m-O1"}],"filters":{"refuse_seconds":-3}}}"#
            ),
            nothing
        );
    }

    #[test]
    fn refusals_last_as_the_api_says() {
        assert_eq!(refuse_span(None), Span::from_secs(5));
        assert_eq!(refuse_span(Some(0.0)), Span::ZERO);
        assert_eq!(refuse_span(Some(1.5)), Span::from_millis(1500));
        assert_eq!(
            refuse_span(Some(f64::INFINITY)),
            Span::from_secs(365 * 86_400)
        );
        assert_eq!(refuse_span(Some(f64::NAN)), Span::from_secs(5));
    }
}
