//! Agents that go away and come back, streams that break.

use std::collections::BTreeMap;
use std::time::Duration;

use fairground_real::protocol::{
    AgentCall, AgentMessage, MESSAGE_PATH, SUBSCRIBE_PATH, Source, StatusUpdate, TaskState,
};
use serde_json::json;
use uuid::Uuid;

use super::agent::{Agent, Spec};
use super::client::{post, send};
use super::framework::Framework;
use super::process::Master;
use super::proxy::Proxy;

/// Pings every 100 ms; an agent that is silent for 300 ms is gone.
const QUICK: [&str; 4] = ["--ping", "100ms", "--pings", "3"];

#[test]
fn an_agent_that_is_gone_loses_its_tasks_and_kills_them_when_it_is_back() {
    let master = Master::start(&QUICK);
    let agent = Agent::start(&Spec::new(master.address, "a", 4, 4000));
    let framework = Framework::subscribe(master.address, "f");
    framework.launch(&framework.offer(), &[("t", "sleep")]);
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    agent.cut(true);
    let status = framework.status("t");
    assert_eq!(status["state"], "TASK_LOST");
    assert_eq!(status["reason"], "REASON_AGENT_REMOVED");
    let failure = framework.next_of("FAILURE");
    assert_eq!(failure["failure"]["agent_id"]["value"], json!(agent.id()));
    master.wait_for_metric("master/slaves_active", 0.0);
    agent.cut(false);
    master.wait_for_metric("master/slaves_active", 1.0);
    // It joined only once the task given up had ended.
    agent.forgets_all();
    framework.offer();
}

#[test]
fn a_broken_stream_loses_nothing() {
    let master = Master::start(&[]);
    let agent = Agent::start(&Spec::new(master.address, "a", 4, 4000));
    let framework = Framework::subscribe(master.address, "f");
    for round in 0..20 {
        // Pieces of the agent come back one by one.
        let offer = framework.offer_of(1.0);
        let (one, two) = (format!("r{round}a"), format!("r{round}b"));
        agent.break_stream();
        framework.launch(&offer, &[(&one, "true"), (&two, "sleep")]);
        agent.break_stream();
        framework.say("KILL", json!({"task_id": {"value": two}}));
        let ends = framework.ends_of(&[&one, &two]);
        assert_eq!(
            (ends[&one].as_str(), ends[&two].as_str()),
            ("TASK_FINISHED", "TASK_KILLED")
        );
    }
    assert!(
        agent.starts().values().all(|count| *count == 1),
        "{:?}",
        agent.starts()
    );
    assert!(master.metric("master/tasks_lost").abs() < 1e-9);
}

#[test]
fn a_subscription_that_arrives_late_changes_nothing() {
    let master = Master::start(&[]);
    let spec = Spec::new(master.address, "a", 4, 4000);
    let agent = Agent::start(&spec);
    let framework = Framework::subscribe(master.address, "f");
    let before = agent.introduction(&spec);
    agent.break_stream();
    framework.launch(&framework.offer(), &[("t", "sleep")]);
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    // It was said before the task came, by an agent that may not have known its own id yet; or it
    // is the newest one, and arrives twice.
    let mut nameless = before.clone();
    nameless.agent_id = None;
    for late in [before, nameless, agent.introduction(&spec)] {
        let body = serde_json::to_string(&late).unwrap();
        let exchange = send(master.address, &post(SUBSCRIBE_PATH, "", &body)).unwrap();
        assert_eq!(exchange.head.status, 200);
        assert_eq!(exchange.records().next(), None, "{late:?}");
    }
    agent.end("t", TaskState::Finished);
    assert_eq!(framework.status("t")["state"], "TASK_FINISHED");
    agent.forgets_all();
    assert_eq!(master.get("/slaves")["slaves"].as_array().unwrap().len(), 1);
}

#[test]
fn a_task_its_agent_does_not_have_any_more_is_lost() {
    let master = Master::start(&[]);
    let agent = Agent::start(&Spec::new(master.address, "a", 4, 4000));
    let framework = Framework::subscribe(master.address, "f");
    framework.launch(&framework.offer(), &[("t", "sleep")]);
    let status = framework.status("t");
    assert_eq!(status["state"], "TASK_RUNNING");
    // Otherwise the acknowledgement may cross the loss.
    std::thread::sleep(Duration::from_millis(100));
    agent.lose("t");
    agent.break_stream();
    let status = framework.status("t");
    assert_eq!(status["state"], "TASK_LOST");
    assert_eq!(status["reason"], "REASON_AGENT_RESTARTED");
}

#[test]
fn what_was_called_off_before_its_agent_heard_of_it_never_starts() {
    let master = Master::start(&[]);
    let agent = Agent::start(&Spec::new(master.address, "a", 4, 4000));
    let framework = Framework::subscribe(master.address, "f");
    let offer = framework.offer();
    agent.cut(true);
    framework.launch(&offer, &[("killed", "sleep"), ("torn down", "sleep")]);
    framework.say("KILL", json!({"task_id": {"value": "killed"}}));
    agent.cut(false);
    let status = framework.status("killed");
    assert_eq!(status["state"], "TASK_KILLED");
    assert_eq!(status["reason"], "REASON_TASK_KILLED_DURING_LAUNCH");
    assert_eq!(framework.status("torn down")["state"], "TASK_RUNNING");
    assert_eq!(agent.starts().len(), 1);
    let offer = framework.offer();
    agent.cut(true);
    framework.launch(&offer, &[("left behind", "sleep")]);
    framework.say("TEARDOWN", json!(null));
    agent.cut(false);
    master.wait_for_metric("master/tasks_killed", 3.0);
    master.wait_for_metric("master/cpus_used", 0.0);
    assert_eq!(agent.starts().len(), 1);
    agent.forgets_all();
}

#[test]
fn what_runs_and_should_not_is_ended() {
    let master = Master::start(&[]);
    let agent = Agent::start(&Spec::new(master.address, "a", 4, 4000));
    let framework = Framework::subscribe(master.address, "f");
    framework.launch(&framework.offer(), &[("t", "sleep")]);
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    std::thread::sleep(Duration::from_millis(100));
    agent.lose("t");
    agent.break_stream();
    assert_eq!(framework.status("t")["state"], "TASK_LOST");
    // It was there all the time, and one of nobody's.
    for framework_id in [framework.id.as_str(), "nobody"] {
        agent.find(framework_id, "t");
        agent.forgets_all();
    }
    assert_eq!(agent.kills(), 2);
}

#[test]
fn who_knows_about_partitions_is_told_more() {
    let master = Master::start(&QUICK);
    let agent = Agent::start(&Spec::new(master.address, "a", 4, 4000));
    let info = json!({"user": "u", "name": "f", "failover_timeout": 60,
                      "capabilities": [{"type": "PARTITION_AWARE"}]});
    let framework = Framework::subscribe_as(master.address, &info);
    framework.launch(
        &framework.offer(),
        &[("a", "lost"), ("b", "sleep"), ("c", "sleep")],
    );
    let mut begun = BTreeMap::new();
    while begun.len() < 3 {
        let status = framework.next_of("UPDATE")["update"]["status"].clone();
        begun.insert(
            status["task_id"]["value"].to_string(),
            status["state"].clone(),
        );
    }
    assert_eq!(
        begun.into_values().collect::<Vec<_>>(),
        ["TASK_DROPPED", "TASK_RUNNING", "TASK_RUNNING"]
    );
    agent.lose("b");
    framework.say("KILL", json!({"task_id": {"value": "b"}}));
    assert_eq!(framework.end_of("b"), "TASK_GONE");
    agent.cut(true);
    assert_eq!(framework.end_of("c"), "TASK_UNREACHABLE");
    // It is ended when its agent is back, which is told as often as any end.
    agent.cut(false);
    let status = framework.status("c");
    assert_eq!(status["state"], "TASK_KILLED");
    assert!(status["uuid"].is_string());
    agent.forgets_all();
    framework.say("RECONCILE", json!({"tasks": [{"task_id": {"value": "c"}}]}));
    loop {
        let status = framework.status("c");
        assert_eq!(status["state"], "TASK_KILLED");
        if status["reason"] == "REASON_RECONCILIATION" {
            break;
        }
    }
}

#[test]
fn a_machine_that_comes_as_a_new_agent_takes_the_place_of_the_old_one() {
    let master = Master::start(&[]);
    let spec = Spec::new(master.address, "a", 4, 4000);
    let framework = Framework::subscribe(master.address, "f");
    let old = Agent::start(&spec);
    framework.launch(&framework.offer(), &[("t", "sleep")]);
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    let old_id = old.id();
    drop(old);
    let new = Agent::start(&spec);
    assert_eq!(framework.status("t")["state"], "TASK_LOST");
    master.wait_for_metric("master/slaves_active", 1.0);
    assert_ne!(new.id(), old_id);
}

#[test]
fn a_late_copy_of_an_acknowledged_status_is_not_told_again() {
    let master = Master::start(&[]);
    let agent = Agent::start(&Spec::new(master.address, "a", 4, 4000));
    let framework = Framework::subscribe(master.address, "f");
    framework.launch(&framework.offer(), &[("t", "sleep")]);
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    // The agent says two more things, each acknowledged; then the first of them arrives again.
    let (starting, running) = (Uuid::new_v4(), Uuid::new_v4());
    let say = |uuid: Uuid, state: TaskState| {
        let status = StatusUpdate {
            uuid,
            framework_id: framework.id.clone(),
            task_id: "t".to_owned(),
            launch: agent.launch("t"),
            state,
            source: Source::Executor,
            reason: None,
            message: None,
            unix_micros: 1,
            container: None,
            usage: None,
        };
        let message = AgentMessage::Status(Box::new(status));
        let call = AgentCall {
            agent_id: agent.id().unwrap(),
            key: agent.key(),
            message,
        };
        let body = serde_json::to_string(&call).unwrap();
        let exchange = send(master.address, &post(MESSAGE_PATH, "", &body)).unwrap();
        assert_eq!(exchange.head.status, 202);
    };
    for (uuid, state) in [
        (starting, TaskState::Starting),
        (running, TaskState::Running),
    ] {
        say(uuid, state);
        assert_eq!(framework.status("t")["state"], state.api_name());
    }
    say(starting, TaskState::Starting);
    framework.say("RECONCILE", json!({}));
    let status = framework.status("t");
    assert_eq!(status["reason"], "REASON_RECONCILIATION", "{status}");
    assert_eq!(
        status["state"], "TASK_RUNNING",
        "time does not run backwards"
    );
}

#[test]
fn a_partition_that_lasts_loses_tasks_once_and_ends_them() {
    let master = Master::start(&QUICK);
    let proxy = Proxy::start(master.address, 1, "partition");
    proxy.behave();
    let agent = Agent::start(&Spec::new(proxy.address, "a", 4, 4000));
    for round in 0..3 {
        let framework = Framework::subscribe(master.address, "f");
        let task = format!("t{round}");
        framework.launch(&framework.offer(), &[(&task, "sleep")]);
        assert_eq!(framework.status(&task)["state"], "TASK_RUNNING");
        proxy.cut(true);
        // What it says meanwhile arrives when the network is whole again, too late.
        agent.end(&task, TaskState::Finished);
        assert_eq!(framework.status(&task)["state"], "TASK_LOST");
        master.wait_for_metric("master/slaves_active", 0.0);
        proxy.cut(false);
        master.wait_for_metric("master/slaves_active", 1.0);
        agent.forgets_all();
        framework.say("RECONCILE", json!({}));
        while let Some(event) = framework.next_within(Duration::from_millis(300)) {
            assert_ne!(event["type"], "UPDATE", "one end was told: {event}");
        }
        framework.say("TEARDOWN", json!(null));
    }
    assert!(agent.starts().values().all(|count| *count == 1));
}
