//! Calls of the scheduler API, from their bytes to their meaning.

use std::collections::BTreeSet;

use fairground_policies::time::Span;
use serde_json::Value;
use uuid::Uuid;

use super::messages;
pub use super::messages::call::TaskQuestion;
use super::messages::call::{Accept, Acknowledge, CALL_TYPES, Kill, OPERATION_TYPES};
use super::messages::framework::FrameworkInfo;
use super::messages::resource::Resource;
use super::messages::task::TaskInfo;
use super::proto::{Wire as _, words};
use super::scalar::Double;
use super::{Id, bad_id};

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
        framework_info: Box<FrameworkInfo>,
        /// Roles for which no offers are wanted yet.
        suppressed_roles: Vec<String>,
    },
    /// `UPDATE_FRAMEWORK`.
    Update {
        /// Who it is from now on.
        framework_info: Box<FrameworkInfo>,
        /// Roles for which no offers are wanted.
        suppressed_roles: Vec<String>,
    },
    /// TEARDOWN.
    Teardown,
    /// ACCEPT, or DECLINE with nothing to launch.
    Answer {
        /// The offers answered.
        offer_ids: Vec<String>,
        /// The tasks to launch on them.
        tasks: Vec<TaskInfo>,
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

/// Why a call is not taken in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// It cannot be understood: 400.
    Bad(String),
    /// It is not a call of this API, or one that is not served here: 501.
    Unknown(String),
}

/// The tasks that one RECONCILE may name.
pub const MOST_QUESTIONS: usize = 100_000;
/// The API's default, also for numbers below zero.
const REFUSE_DEFAULT: f64 = 5.0;
/// The API's cap: 365 days.
const REFUSE_MAX: f64 = 365.0 * 86_400.0;

impl Call {
    /// Reads a call.
    ///
    /// # Errors
    /// When it is not JSON, lacks what its type requires, or is of a type not served here.
    pub fn read(body: &[u8]) -> Result<Self, Refusal> {
        let value: Value = serde_json::from_slice(body)
            .map_err(|error| Refusal::Bad(format!("Failed to parse body into JSON: {error}")))?;
        let call = messages::call::Call::read(value)
            .map_err(|bad| Refusal::Bad(format!("Failed to parse body into Call: {bad}")))?;
        let framework_id = call.framework_id.as_ref().map(|id| id.value.clone());
        let framework_id = framework_id.filter(|id| !id.is_empty());
        if let Some(refused) = call.refused() {
            return Err(Refusal::Bad(format!("Call: {refused}")));
        }
        let body = Body::of(call)?;
        if !matches!(body, Body::Subscribe { .. }) {
            let id = required(framework_id.as_deref(), "framework_id")?;
            checked(id.into(), "framework_id")?;
        }
        Ok(Self { framework_id, body })
    }
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

/// What is asked, each once: one answer is enough.
fn questions(asked: Vec<TaskQuestion>) -> Result<Vec<TaskQuestion>, Refusal> {
    if asked.len() > MOST_QUESTIONS {
        return Err(Refusal::Bad(format!(
            "Call: 'reconcile.tasks': found {} tasks, expected {MOST_QUESTIONS} at most; ask about the \
             others in calls of their own, or about all that run by naming none",
            asked.len()
        )));
    }
    let mut known = BTreeSet::new();
    let mut questions = Vec::new();
    for asked in asked {
        let asked = question(asked)?;
        let agent_id = asked.agent_id.as_ref().map(|id| id.value.clone());
        if known.insert((asked.task_id.value.clone(), agent_id)) {
            questions.push(asked);
        }
    }
    Ok(questions)
}

fn question(asked: TaskQuestion) -> Result<TaskQuestion, Refusal> {
    let task_id = checked(asked.task_id, "reconcile.tasks.task_id")?;
    let agent_id = optional(asked.agent_id, "reconcile.tasks.agent_id")?;
    Ok(TaskQuestion {
        task_id: Id { value: task_id },
        agent_id: agent_id.map(|value| Id { value }),
    })
}

impl Body {
    fn of(call: messages::call::Call) -> Result<Self, Refusal> {
        let name = call.r#type.name(CALL_TYPES);
        Ok(match name.as_str() {
            "SUBSCRIBE" => {
                let subscribe = required(call.subscribe, "subscribe")?;
                Self::Subscribe {
                    framework_info: Box::new(subscribe.framework_info),
                    suppressed_roles: subscribe.suppressed_roles,
                }
            }
            "UPDATE_FRAMEWORK" => {
                let update = required(call.update_framework, "update_framework")?;
                Self::Update {
                    framework_info: Box::new(update.framework_info),
                    suppressed_roles: update.suppressed_roles,
                }
            }
            "TEARDOWN" => Self::Teardown,
            "ACCEPT" => answer(required(call.accept, "accept")?)?,
            "DECLINE" => {
                let decline = required(call.decline, "decline")?;
                answer(Accept {
                    offer_ids: decline.offer_ids,
                    filters: decline.filters,
                    operations: Vec::new(),
                })?
            }
            "REVIVE" => Self::Revive(call.revive.unwrap_or_default().roles),
            "SUPPRESS" => Self::Suppress(call.suppress.unwrap_or_default().roles),
            "KILL" => kill(required(call.kill, "kill")?)?,
            "ACKNOWLEDGE" => acknowledge(required(call.acknowledge, "acknowledge")?)?,
            "RECONCILE" => Self::Reconcile(questions(call.reconcile.unwrap_or_default().tasks)?),
            "REQUEST" => {
                let requests = call.request.unwrap_or_default().requests;
                Self::Request(requests.into_iter().map(|one| one.resources).collect())
            }
            other => {
                return Err(Refusal::Unknown(format!(
                    "Call type `{other}` is not served; known are {}",
                    words(CALL_TYPES)
                )));
            }
        })
    }
}

fn kill(kill: Kill) -> Result<Body, Refusal> {
    let grace = kill.kill_policy.and_then(|policy| policy.grace_period);
    let below_zero = || {
        let text = "Call: 'kill.kill_policy.grace_period': expected no time below zero";
        Refusal::Bad(text.to_owned())
    };
    let grace = grace.map(|span| span.millis().ok_or_else(below_zero));
    Ok(Body::Kill {
        task_id: checked(kill.task_id, "kill.task_id")?,
        agent_id: optional(kill.agent_id, "kill.agent_id")?,
        grace_millis: grace.transpose()?,
    })
}

fn acknowledge(acknowledge: Acknowledge) -> Result<Body, Refusal> {
    let uuid = Uuid::from_slice(&acknowledge.uuid.0);
    let bad = |_| Refusal::Bad("Call: 'acknowledge.uuid': expected 16 bytes in base 64".to_owned());
    Ok(Body::Acknowledge {
        agent_id: checked(acknowledge.agent_id, "acknowledge.agent_id")?,
        task_id: checked(acknowledge.task_id, "acknowledge.task_id")?,
        uuid: uuid.map_err(bad)?,
    })
}

fn answer(accept: Accept) -> Result<Body, Refusal> {
    let mut tasks = Vec::new();
    for operation in accept.operations {
        let name = operation.r#type.name(OPERATION_TYPES);
        if name != "LAUNCH" {
            return Err(Refusal::Unknown(format!(
                "Operation `{name}` is not served; known is LAUNCH"
            )));
        }
        tasks.extend(operation.launch.into_iter().flat_map(|l| l.task_infos));
    }
    let seconds = accept.filters.and_then(|filters| filters.refuse_seconds);
    let ids = accept.offer_ids.into_iter();
    let ids = ids.map(|id| checked(id, "offer_ids"));
    Ok(Body::Answer {
        offer_ids: ids.collect::<Result<_, _>>()?,
        tasks,
        refuse: refuse_span(seconds.map(|Double(seconds)| seconds)),
    })
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
            Refusal::Bad(text) if text.contains("`subscribe.framework_info`: expected an object")
        ));
        assert!(matches!(refusal("{"), Refusal::Bad(text) if text.contains("into JSON")));
        assert!(matches!(refusal("{}"), Refusal::Bad(text) if text.contains("`type`")));
        assert!(matches!(
            refusal(r#"{"type":"DANCE"}"#),
            Refusal::Unknown(_)
        ));
    }

    #[test]
    fn every_task_is_asked_about_once() {
        let check = |tasks: &str| {
            let call = format!(
                r#"{{"type":"RECONCILE","framework_id":{{"value":"f"}},"reconcile":{{"tasks":[{tasks}]}}}}"#
            );
            Call::read(call.as_bytes()).map(|call| match call.body {
                Body::Reconcile(asked) => asked.len(),
                other => panic!("{other:?}"),
            })
        };
        let (t, on) = (
            r#"{"task_id":{"value":"t"}}"#,
            r#"{"task_id":{"value":"t"},"agent_id":{"value":"a"}}"#,
        );
        assert_eq!(check(""), Ok(0));
        assert_eq!(check(&[t, t, on, t, on].join(",")), Ok(2));
        let many = vec![t; MOST_QUESTIONS + 1];
        assert_eq!(check(&many[1..].join(",")), Ok(1));
        let refused = check(&many.join(",")).unwrap_err();
        assert!(matches!(
            &refused,
            Refusal::Bad(text) if text.contains("found 100001 tasks, expected 100000 at most; ask about")
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
