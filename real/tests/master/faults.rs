//! Agents that go away and come back, streams that break.

use std::time::Duration;

use serde_json::json;

use super::agent::{Agent, Spec};
use super::framework::Framework;
use super::process::Master;

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
    assert_eq!(agent.known(), 0);
    framework.offer();
    master.finish();
}

#[test]
fn a_broken_stream_loses_nothing() {
    let master = Master::start(&[]);
    let agent = Agent::start(&Spec::new(master.address, "a", 4, 4000));
    let framework = Framework::subscribe(master.address, "f");
    for round in 0..20 {
        let offer = framework.offer();
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
    master.finish();
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
    master.finish();
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
    master.finish();
}
