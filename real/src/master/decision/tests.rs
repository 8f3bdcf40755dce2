//! What is sent when, seen from the inside of the thread.

use std::collections::BTreeMap;
use std::sync::mpsc;

use fairground_policies::registry::Registry;
use fairground_policies::time::Span;
use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::log::Fsync;
use crate::master::cluster::{Settings, View};
use crate::master::links::Records;
use crate::protocol::Pages;
use crate::wire::call::{MOST_QUESTIONS, TaskQuestion};

fn decision() -> (Decision, TempDir) {
    let folder = TempDir::new().unwrap();
    let settings = Settings {
        master_id: "m".to_owned(),
        allocator: "drf".parse().unwrap(),
        seed: 0,
        weights: BTreeMap::new(),
        images: BTreeMap::new(),
        recovery: Span::ZERO,
        started_unix_micros: 0,
    };
    let cluster = Cluster::new(settings, &Registry::default()).unwrap();
    let log = Writer::open(&folder.path().join("log"), 0, Fsync::Never).unwrap();
    let habits = Habits {
        heartbeat: Duration::from_secs(15),
        ping: Duration::from_secs(15),
        silence: Duration::from_secs(75),
        address: "127.0.0.1:5050".parse().unwrap(),
        cluster: "test".to_owned(),
        pages: Pages::All,
    };
    let metrics = Metrics::default();
    let decision = Decision::new(cluster, Time::ZERO, log, habits, metrics, mpsc::channel());
    (decision, folder)
}

/// The types of the events that wait on a stream, `end` when it has ended.
fn waiting(records: &mut Records) -> Vec<String> {
    let mut kinds = Vec::new();
    while let Some(record) = records.next().now_or_never() {
        let Some(record) = record else {
            kinds.push("end".to_owned());
            break;
        };
        let start = record.iter().position(|byte| *byte == b'{').unwrap();
        let event: Value = serde_json::from_slice(&record[start..]).unwrap();
        kinds.push(event["type"].as_str().unwrap().to_owned());
    }
    kinds
}

/// Subscribes a framework; the id of its stream.
fn subscribe(decision: &mut Decision, link: Link) -> String {
    let stream = link.stream.to_string();
    let (reply, _begun) = oneshot::channel();
    decision.take(Request::Subscribe {
        framework_info: serde_json::from_value(json!({"user": "u", "name": "n"})).unwrap(),
        suppressed_roles: Vec::new(),
        principal: None,
        link,
        reply,
    });
    decision.deliver();
    stream
}

#[test]
fn questions_are_answered_as_there_is_room() {
    let (mut decision, _folder) = decision();
    let (link, mut records) = Link::open(1);
    subscribe(&mut decision, link);
    let ask = |decision: &mut Decision, count: usize| {
        let question = |i| TaskQuestion {
            task_id: format!("t{i}").as_str().into(),
            agent_id: None,
        };
        decision.ask(FrameworkNumber(0), (0..count).map(question).collect())
    };
    assert_eq!(ask(&mut decision, MOST_QUESTIONS), Verdict::Accepted);
    assert!(matches!(
        ask(&mut decision, 1),
        Verdict::Later(text) if text.starts_with("RECONCILE: 100000 tasks that were asked about")
    ));
    // All of none, and again.
    assert_eq!(ask(&mut decision, 0), Verdict::Accepted);
    assert_eq!(ask(&mut decision, 0), Verdict::Accepted);
    for _ in 0..100 {
        decision.answer_questions();
        decision.deliver();
    }
    assert!(!decision.can_answer(), "nobody reads");
    let mut told = waiting(&mut records).len();
    assert!(told < MOST_QUESTIONS / 10, "{told}");
    assert!(records.wants_more());
    assert_eq!(ask(&mut decision, 5), Verdict::Accepted, "some were told");
    while decision.can_answer() {
        decision.answer_questions();
        decision.deliver();
        told += waiting(&mut records).len();
    }
    // With SUBSCRIBED and the first heartbeat.
    assert_eq!(told, 2 + MOST_QUESTIONS + 5);
    assert!(decision.questions.is_empty());
}

/// Whether an agent is still listened for.
fn is_joined(decision: &Decision) -> bool {
    decision.cluster.agents()[0].joined
}

#[test]
fn who_is_silent_is_said_after_all_that_arrived_is_read() {
    let (mut decision, _folder) = decision();
    let key = Uuid::new_v4();
    let subscribe = json!({
        "protocol": crate::protocol::VERSION, "key": key, "count": 1, "hostname": "a",
        "address": "127.0.0.1:5051", "capacity": {"millicores": 1000, "mem_mib": 1000},
    });
    let (link, mut records) = Link::open(1);
    let (reply, _begun) = oneshot::channel();
    decision.take(Request::AgentSubscribe {
        subscribe: serde_json::from_value(subscribe).unwrap(),
        link,
        reply,
    });
    let speak = |decision: &Decision| {
        let call = json!({"agent_id": "m-S0", "key": key, "message": {"type": "pong"}});
        let (reply, _taken) = oneshot::channel();
        let call = serde_json::from_value(call).unwrap();
        let _ = decision.own.send(Request::AgentCall { call, reply });
    };
    let look = |decision: &mut Decision| {
        decision.next_ping = decision.next_ping.map(|_| Instant::now());
        decision.look_if_ping_is_due();
    };
    let read = |decision: &mut Decision| {
        let mut read = Vec::new();
        while let Ok(request) = decision.inbox.try_recv() {
            read.push(matches!(request, Request::Ping));
            decision.take(request);
        }
        decision.deliver();
        read
    };
    // The thread is late for a hundred pings, and the agent has said something in time.
    speak(&decision);
    for _ in 0..100 {
        look(&mut decision);
    }
    speak(&decision);
    assert_eq!(read(&mut decision), [false, true, false]);
    assert!(is_joined(&decision));
    assert_eq!(waiting(&mut records), ["registered", "ping"]);
    // It may leave five pings unanswered, and has been sent them.
    for _ in 0..5 {
        look(&mut decision);
        assert_eq!(read(&mut decision), [true]);
    }
    assert!(is_joined(&decision));
    assert_eq!(waiting(&mut records), ["ping"; 5]);
    look(&mut decision);
    read(&mut decision);
    assert!(!is_joined(&decision));
}

#[test]
fn nothing_is_shown_to_who_has_gone_away() {
    let (mut decision, _folder) = decision();
    let look = || {
        let (reply, answer) = oneshot::channel();
        let view = View::State;
        (Request::View { view, reply }, answer)
    };
    let (request, answer) = look();
    drop(answer);
    decision.take(request);
    assert!(decision.deliveries.is_empty(), "not even made");
    let (request, mut answer) = look();
    decision.take(request);
    decision.deliver();
    assert_eq!(answer.try_recv().unwrap()["id"], "m");
}

#[test]
fn a_stream_ends_after_the_teardown_is_on_disk_and_answered() {
    let (mut decision, _folder) = decision();
    let (link, mut records) = Link::open(1);
    let stream = subscribe(&mut decision, link);
    assert_eq!(waiting(&mut records), ["SUBSCRIBED", "HEARTBEAT"]);
    let (reply, mut verdict) = oneshot::channel();
    decision.take(Request::Call {
        framework_id: "m-0000".to_owned(),
        stream: Some(stream),
        body: Body::Teardown,
        principal: None,
        reply,
    });
    assert_eq!(waiting(&mut records), [""; 0], "not on disk yet");
    assert!(verdict.try_recv().is_err());
    decision.log.commit().unwrap();
    decision.deliver();
    assert_eq!(verdict.try_recv(), Ok(Verdict::Accepted));
    assert_eq!(waiting(&mut records), ["end"]);
}
