//! Answers of thousands of events: they reach who asked, and do not cut the stream they go to.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::agent::{Agent, Spec};
use super::framework::{Framework, task};
use super::process::Master;
use super::support::until;

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

#[test]
fn five_thousand_tasks_at_once_do_not_cut_a_stream() {
    let master = Master::start(&["--ping", "1s", "--pings", "3"]);
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
