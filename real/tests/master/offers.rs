//! Offers that end without an answer: nobody answers in time, or what they are of changes.

use std::process::Command;

use fairground_real::protocol::{Amounts, SUBSCRIBE_PATH};
use serde_json::Value;

use super::agent::{Agent, Spec};
use super::client::{post, send};
use super::framework::Framework;
use super::process::Master;

/// The next RESCIND is of this offer, which is of no use any more.
fn is_rescinded(framework: &Framework, offer: &Value) {
    let rescind = framework.next_of("RESCIND");
    assert_eq!(rescind["rescind"]["offer_id"], offer["id"]);
    framework.launch(offer, &[("late", "true")]);
    let status = framework.status("late");
    assert_eq!(status["state"], "TASK_LOST");
    assert_eq!(status["reason"], "REASON_INVALID_OFFERS");
}

#[test]
fn an_offer_that_is_not_answered_is_rescinded() {
    let mut master = Master::start(&["--offer-timeout", "500ms"]);
    let _agent = Agent::start(&Spec::new(master.address, "a", 2, 1000));
    let framework = Framework::subscribe(master.address, "f");
    is_rescinded(&framework, &framework.offer());
    // It is offered again, and one that is answered in time is as good as ever. What "in time"
    // is, the machine says: a busy one may hold an answer up for longer than an offer stands,
    // so every offer is answered until one answer came in time.
    let mut ends = (0..50).map(|round| {
        let id = format!("t{round}");
        framework.launch(&framework.offer(), &[(&id, "true")]);
        framework.end_of(&id)
    });
    let in_time = ends.find(|end| end != "TASK_LOST");
    assert_eq!(in_time.as_deref(), Some("TASK_FINISHED"));
    assert!(master.metric("master/offers_rescinded") > 0.5);
    // The log knows it, too.
    master.kill();
    master.restart();
}

#[test]
fn a_timeout_that_is_said_twice_is_refused() {
    let program = env!("CARGO_BIN_EXE_fairground-real");
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(program)
        .args(["master", "--allocator", "drf[timeout=5s]"])
        .args(["--offer-timeout", "1s", "--listen", "127.0.0.1:0"])
        .arg("--work-dir")
        .arg(folder.path())
        .output()
        .unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{words}");
    assert!(words.contains("says `timeout=5s` already"), "{words}");
}

#[test]
fn an_agent_with_other_attributes_has_its_offers_rescinded() {
    let master = Master::start(&[]);
    let agent = Agent::start(&Spec::new(master.address, "a", 2, 1000));
    let framework = Framework::subscribe(master.address, "f");
    framework.launch(&framework.offer(), &[("runs", "sleep")]);
    assert_eq!(framework.status("runs")["state"], "TASK_RUNNING");
    let before = framework.offer();
    assert_eq!(before.get("attributes"), None);
    agent.comes_back_in("b");
    is_rescinded(&framework, &before);
    let now = framework.offer();
    assert_eq!(now["attributes"][0]["name"], "rack");
    assert_eq!(now["attributes"][0]["text"]["value"], "b");
    // The same again is no change.
    agent.break_stream();
    framework.launch(&now, &[("t", "true")]);
    assert_eq!(framework.end_of("t"), "TASK_FINISHED");
    assert!((master.metric("master/tasks_running") - 1.0).abs() < 1e-9);
}

#[test]
fn an_agent_without_tasks_may_have_other_resources() {
    let master = Master::start(&[]);
    let spec = Spec::new(master.address, "a", 2, 1000);
    let agent = Agent::start(&spec);
    let framework = Framework::subscribe(master.address, "f");
    let before = framework.offer();
    let larger = Amounts {
        millicores: 8000,
        ..spec.capacity.clone()
    };
    agent.comes_back_with(&larger);
    is_rescinded(&framework, &before);
    framework.launch(&framework.offer_of(8.0), &[("runs", "sleep")]);
    assert_eq!(framework.status("runs")["state"], "TASK_RUNNING");
    // With a task it may not: what runs would have to fit into what is left.
    let smaller = Amounts {
        millicores: 250,
        ..larger
    };
    let mut hello = agent.introduction(&spec);
    (hello.count, hello.capacity) = (hello.count + 1, smaller);
    let body = serde_json::to_string(&hello).unwrap();
    let exchange = send(master.address, &post(SUBSCRIBE_PATH, "", &body)).unwrap();
    let refused = exchange.records().next().unwrap();
    assert_eq!(refused["type"], "refused");
    let words = refused["message"].as_str().unwrap();
    assert!(words.contains("has tasks (1)"), "{words}");
    assert!(words.contains("cpus 8 -> 0.25"), "{words}");
    assert!((master.metric("master/tasks_running") - 1.0).abs() < 1e-9);
}
