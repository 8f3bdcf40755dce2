//! Answers of thousands of events: they reach who asked, and do not cut the stream they go to.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::ops::Range;

use serde_json::{Value, json};

use super::agent::{Agent, Spec};
use super::client::{Records, post, send};
use super::framework::{Framework, task};
use super::process::Master;
use super::support::until;

const PATH: &str = "/api/v1/scheduler";
const TASKS: usize = 5000;

/// Tasks of the smallest size, or of a size that is nowhere.
fn tasks(offer: &Value, cpus: f64) -> Vec<Value> {
    let small = |i: usize| {
        let mut task = task(offer, &format!("t{i:04}"), "sleep");
        task["resources"] = json!([
            {"name": "cpus", "type": "SCALAR", "scalar": {"value": cpus}},
            {"name": "mem", "type": "SCALAR", "scalar": {"value": 1}},
        ]);
        task
    };
    (0..TASKS).map(small).collect()
}

/// Waits until every task was told to be in this state, for this reason.
fn are_told(framework: &Framework, state: &str, reason: &str) {
    let mut left: BTreeSet<String> = (0..TASKS).map(|i| format!("t{i:04}")).collect();
    while !left.is_empty() {
        let event = framework.next().expect("an open stream");
        let status = &event["update"]["status"];
        if status["reason"] == reason {
            assert_eq!(status["state"], state, "{status}");
            left.remove(status["task_id"]["value"].as_str().unwrap());
        }
    }
}

/// A stream that is not read until the test says so.
struct Deaf {
    id: Value,
    stream: String,
    master: SocketAddr,
    records: Records,
}

impl Deaf {
    fn subscribe(master: &Master) -> Self {
        let info = json!({"user": "u", "name": "deaf", "failover_timeout": 60});
        let call = json!({"type": "SUBSCRIBE", "subscribe": {"framework_info": info}});
        let exchange = send(master.address, &post(PATH, "", &call.to_string())).unwrap();
        let stream = exchange.head.header("mesos-stream-id").unwrap().to_owned();
        let mut records = exchange.records();
        let id = records.next().unwrap()["subscribed"]["framework_id"].clone();
        Self {
            id,
            stream,
            master: master.address,
            records,
        }
    }

    /// Makes a call; the status of the answer and what it says.
    fn call(&self, kind: &str, member: &Value) -> (u16, String) {
        let mut call = json!({"type": kind, "framework_id": self.id});
        call[kind.to_ascii_lowercase()] = member.clone();
        let extra = format!("Mesos-Stream-Id: {}\r\n", self.stream);
        let exchange = send(self.master, &post(PATH, &extra, &call.to_string())).unwrap();
        (exchange.head.status, exchange.body())
    }

    fn say(&self, kind: &str, member: &Value) {
        assert_eq!(self.call(kind, member), (202, String::new()), "{kind}");
    }

    /// Reads until it was told of these tasks; how often of each.
    fn told(&mut self, tasks: usize, reason: &str) -> BTreeMap<String, usize> {
        let (mut told, mut beats) = (BTreeMap::new(), 0);
        while told.len() < tasks {
            let event = self.records.next().expect("an open stream");
            beats += usize::from(event["type"] == "HEARTBEAT");
            assert!(beats < 10, "told of {} of {tasks} tasks only", told.len());
            let status = &event["update"]["status"];
            if status["reason"] == reason {
                let task = status["task_id"]["value"].as_str().unwrap();
                *told.entry(task.to_owned()).or_default() += 1;
            }
        }
        told
    }
}

/// Tasks with these numbers on no offer and no agent.
fn nowhere(tasks: Range<usize>) -> Value {
    let task =
        |i| json!({"name": "n", "task_id": {"value": format!("t{i}")}, "agent_id": {"value": "a"}});
    let launch = json!({"task_infos": tasks.map(task).collect::<Vec<_>>()});
    json!({"operations": [{"type": "LAUNCH", "launch": launch}]})
}

/// Questions about tasks that nobody knows.
fn unknown(tasks: impl Iterator<Item = usize>) -> Value {
    let task = |i| json!({"task_id": {"value": format!("t{i}")}});
    json!({"tasks": tasks.map(task).collect::<Vec<_>>()})
}

const MANY: usize = 60_000;

#[test]
fn what_is_told_while_a_large_answer_drains_does_not_cut_it() {
    let master = Master::start(&[]);
    let mut framework = Deaf::subscribe(&master);
    // More than may wait, and more than the system takes.
    framework.say("ACCEPT", &nowhere(0..MANY));
    for i in MANY..MANY + 20 {
        framework.say("ACCEPT", &nowhere(i..i + 1));
    }
    let told = framework.told(MANY + 20, "REASON_INVALID_OFFERS");
    assert!(told.values().all(|times| *times == 1));
}

#[test]
fn sixty_thousand_questions_are_answered_once_each_as_the_stream_is_read() {
    let master = Master::start(&[]);
    let mut framework = Deaf::subscribe(&master);
    framework.say("SUPPRESS", &json!({}));
    // Each twice: one answer is enough.
    framework.say("RECONCILE", &unknown((0..MANY).chain(0..MANY / 3)));
    framework.say("RECONCILE", &unknown(MANY..2 * MANY));
    // The rest can wait, as far as the system has not taken it.
    let (status, words) = framework.call("RECONCILE", &unknown(0..100_001));
    assert_eq!(status, 400);
    assert!(
        words.contains("found 100001 tasks, expected 100000 at most; ask about the others"),
        "{words}"
    );
    for i in 2 * MANY..2 * MANY + 20 {
        framework.say("ACCEPT", &nowhere(i..i + 1));
    }
    // Another framework waits for none of that.
    let _agent = Agent::start(&Spec::new(master.address, "a", 2, 1000));
    let other = Framework::subscribe(master.address, "other");
    other.launch(&other.offer(), &[("t", "true")]);
    assert_eq!(other.end_of("t"), "TASK_FINISHED");
    let told = framework.told(2 * MANY, "REASON_RECONCILIATION");
    assert!(told.values().all(|times| *times == 1));
}

#[test]
fn five_thousand_tasks_at_once_do_not_cut_a_stream() {
    // The disk has no part in it: what the agent says of each task would wait for it.
    let flags = ["--ping", "1s", "--pings", "3", "--fsync", "never"];
    let master = Master::start(&flags);
    let agent = Agent::start(&Spec::new(master.address, "large", 10, 10_000));
    let framework = Framework::subscribe(master.address, "f");
    // Too large, each of them.
    let offer = framework.offer();
    framework.accept(&offer, &tasks(&offer, 100.0), 0.0);
    are_told(&framework, "TASK_ERROR", "REASON_TASK_INVALID");
    // The agent is told of all; what it says of them has no end, unacknowledged.
    let offer = framework.offer();
    framework.accept(&offer, &tasks(&offer, 0.002), 0.0);
    until("every task is started", || agent.starts().len() == TASKS);
    agent.cut(true);
    assert!(agent.starts().values().all(|starts| *starts == 1));
    framework.say("RECONCILE", json!({"tasks": []}));
    let mut left = TASKS;
    while left > 0 {
        let event = framework.next().expect("an open stream");
        left -= usize::from(event["update"]["status"]["reason"] == "REASON_RECONCILIATION");
    }
    are_told(&framework, "TASK_LOST", "REASON_AGENT_REMOVED");
    framework.next_of("FAILURE");
    // The stream is the one it was, and the agent comes back.
    agent.cut(false);
    framework.say("REVIVE", Value::Null);
    framework.offer();
    assert!((master.metric("master/frameworks_connected") - 1.0).abs() < 1e-9);
}
