//! Whole lives of tasks and frameworks.

use std::time::Duration;

use fairground_real::protocol::TaskState;
use serde_json::{Value, json};

use super::agent::{Agent, Spec};
use super::client::{post, send};
use super::framework::{Framework, task};
use super::process::Master;
use super::support::until;

fn cluster(flags: &[&str]) -> (Master, Agent, Framework) {
    let master = Master::start(flags);
    let agent = Agent::start(&Spec::new(master.address, "a", 4, 4000));
    let framework = Framework::subscribe(master.address, "f");
    (master, agent, framework)
}

#[test]
fn tasks_finish_fail_and_are_killed() {
    let (master, agent, framework) = cluster(&[]);
    let offer = framework.offer();
    assert_eq!(offer["hostname"], "a");
    framework.launch(
        &offer,
        &[("good", "true"), ("bad", "false"), ("long", "sleep")],
    );
    let mut ends = std::collections::BTreeMap::new();
    while ends.len() < 3 {
        let status = framework.next_of("UPDATE")["update"]["status"].clone();
        let id = status["task_id"]["value"].as_str().unwrap().to_owned();
        match (id.as_str(), status["state"].as_str().unwrap()) {
            ("long", "TASK_RUNNING") => {
                framework.say("KILL", json!({"task_id": {"value": "long"}}));
            }
            (_, "TASK_RUNNING") => {}
            (_, state) => {
                assert!(ends.insert(id, state.to_owned()).is_none(), "{status}");
            }
        }
    }
    assert_eq!(
        ends.into_iter().collect::<Vec<_>>(),
        [
            ("bad", "TASK_FAILED"),
            ("good", "TASK_FINISHED"),
            ("long", "TASK_KILLED")
        ]
        .map(|(id, state)| (id.to_owned(), state.to_owned()))
    );
    master.wait_for_metric("master/cpus_used", 0.0);
    agent.forgets_all();
    let tasks = master.get("/tasks");
    assert_eq!(tasks["tasks"].as_array().unwrap().len(), 3);
}

#[test]
fn a_status_comes_again_until_it_is_acknowledged() {
    let (master, agent, mut framework) = cluster(&[]);
    framework.acknowledges = false;
    framework.launch(&framework.offer(), &[("t", "true")]);
    let first = framework.status("t");
    let second = framework.status("t");
    assert_eq!(first["state"], "TASK_RUNNING");
    assert_eq!(
        first["uuid"], second["uuid"],
        "nothing new before the acknowledgement"
    );
    // Another status' uuid acknowledges nothing.
    let mut wrong = first.clone();
    wrong["uuid"] = json!("AAAAAAAAAAAAAAAAAAAAAA==");
    framework.acknowledge(&wrong);
    assert_eq!(framework.status("t")["uuid"], first["uuid"]);
    assert!(master.metric("master/invalid_status_update_acknowledgements") >= 1.0);
    framework.acknowledge(&first);
    let last = loop {
        let status = framework.status("t");
        if status["uuid"] != first["uuid"] {
            break status;
        }
    };
    assert_eq!(last["state"], "TASK_FINISHED");
    // It used nothing any more before it was acknowledged, and it is remembered until then.
    assert!(master.metric("master/cpus_used").abs() < 1e-9);
    assert_eq!(agent.known(), 1);
    framework.acknowledge(&last);
    agent.forgets_all();
}

#[test]
fn a_refusal_holds_and_revive_forgets_it() {
    let (_master, _agent, framework) = cluster(&[]);
    framework.decline(&framework.offer(), 1000.0);
    assert!(framework.is_quiet(Duration::from_millis(400)));
    framework.say("REVIVE", Value::Null);
    framework.decline(&framework.offer(), 0.3);
    let declined = std::time::Instant::now();
    let offer = framework.offer();
    assert!(
        declined.elapsed() >= Duration::from_millis(250),
        "{:?}",
        declined.elapsed()
    );
    framework.say("SUPPRESS", Value::Null);
    framework.decline(&offer, 0.0);
    assert!(framework.is_quiet(Duration::from_millis(400)));
    framework.say("REVIVE", Value::Null);
    framework.offer();
}

#[test]
fn an_answer_to_an_offer_that_is_gone_loses_its_tasks() {
    let (_master, _agent, framework) = cluster(&[]);
    let offer = framework.offer();
    framework.decline(&offer, 0.0);
    framework.launch(&offer, &[("late", "true")]);
    let status = framework.status("late");
    assert_eq!(status["state"], "TASK_LOST");
    assert_eq!(status["reason"], "REASON_INVALID_OFFERS");
    // The same id may be used again: it never ran.
    let offer = framework.offer();
    framework.launch(&offer, &[("late", "true")]);
    assert_eq!(framework.end_of("late"), "TASK_FINISHED");
}

#[test]
fn an_id_is_used_again_when_its_task_has_ended() {
    let (_master, agent, framework) = cluster(&[]);
    for times in 1..=3 {
        framework.launch(&framework.offer(), &[("t", "true")]);
        assert_eq!(framework.end_of("t"), "TASK_FINISHED");
        assert_eq!(agent.starts()["t"], times);
    }
}

#[test]
fn offers_time_out_when_the_policy_says_so() {
    let (_master, _agent, framework) = cluster(&["--allocator", "drf[round=50ms,timeout=300ms]"]);
    let offer = framework.offer();
    let rescinded = framework.next_of("RESCIND");
    assert_eq!(rescinded["rescind"]["offer_id"], offer["id"]);
    framework.launch(&offer, &[("late", "true")]);
    assert_eq!(framework.status("late")["reason"], "REASON_INVALID_OFFERS");
}

#[test]
fn a_framework_comes_back_with_its_id() {
    let (master, _agent, framework) = cluster(&[]);
    framework.launch(&framework.offer(), &[("t", "sleep")]);
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    let open = framework.offer();
    let info = json!({"user": "root", "name": "f", "failover_timeout": 60,
                      "id": {"value": framework.id}});
    let next = Framework::subscribe_as(master.address, &info);
    assert_eq!(next.id, framework.id);
    let rescinded = framework.next_of("RESCIND");
    assert_eq!(rescinded["rescind"]["offer_id"], open["id"]);
    assert!(master.metric("master/offers_rescinded") >= 1.0);
    assert_eq!(
        framework.next_of("ERROR")["error"]["message"],
        "Framework failed over"
    );
    assert_eq!(framework.next(), None);
    assert_eq!(
        framework.call("REVIVE", Value::Null).0,
        400,
        "an old stream's id is stale"
    );
    next.say("RECONCILE", json!({}));
    let status = next.status("t");
    assert_eq!(status["state"], "TASK_RUNNING");
    assert_eq!(status["reason"], "REASON_RECONCILIATION");
    assert_eq!(status.get("uuid"), None);
    let mut other = info.clone();
    other["user"] = json!("somebody");
    assert_eq!(
        Framework::refused(master.address, &other),
        "FrameworkInfo.user cannot be changed"
    );
}

#[test]
fn a_framework_that_stays_away_is_removed_with_its_tasks() {
    let master = Master::start(&[]);
    let agent = Agent::start(&Spec::new(master.address, "a", 4, 4000));
    let info = json!({"user": "root", "name": "f", "failover_timeout": 0.3});
    let framework = Framework::subscribe_as(master.address, &info);
    framework.launch(&framework.offer(), &[("t", "sleep")]);
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    framework.disconnect();
    master.wait_for_metric("master/tasks_killed", 1.0);
    agent.forgets_all();
    let mut info = info;
    info["id"] = json!({"value": framework.id});
    assert_eq!(
        Framework::refused(master.address, &info),
        "Framework has been removed"
    );
}

#[test]
fn an_id_is_taken_over_from_another_master_but_not_from_the_future() {
    let master = Master::start(&[]);
    let own = master.get("/state")["id"].as_str().unwrap().to_owned();
    let named = |id: &str| json!({"user": "u", "name": "n", "id": {"value": id}});
    for id in [
        format!("{own}-0007"),
        format!("{own}-0000"),
        format!("{own}x"),
    ] {
        let message = Framework::refused(master.address, &named(&id));
        assert!(message.contains("was never given"), "{message}");
    }
    let framework = Framework::subscribe_as(master.address, &named("another-0007"));
    assert_eq!(framework.id, "another-0007");
}

#[test]
fn teardown_ends_everything_of_a_framework() {
    let (master, _agent, framework) = cluster(&[]);
    framework.launch(&framework.offer(), &[("t", "sleep")]);
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    framework.say("TEARDOWN", Value::Null);
    let is_shown_as_killed = || {
        let task = master.get("/tasks")["tasks"][0].clone();
        assert_eq!(task["state"], "TASK_KILLED");
        let last = task["statuses"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["reason"], "REASON_FRAMEWORK_REMOVED", "{task}");
        let framework = master.get("/state")["completed_frameworks"][0].clone();
        assert_eq!(framework["completed_tasks"][0]["state"], "TASK_KILLED");
    };
    is_shown_as_killed();
    while framework.next().is_some() {}
    master.wait_for_metric("master/tasks_killed", 1.0);
    is_shown_as_killed();
    master.wait_for_metric("master/cpus_used", 0.0);
    assert_eq!(framework.call("REVIVE", Value::Null).0, 400);
    assert_eq!(
        master.get("/frameworks")["completed_frameworks"][0]["id"],
        json!(framework.id)
    );
}

#[test]
fn what_nobody_knows_is_reconciled_as_the_framework_understands() {
    let (master, agent, framework) = cluster(&[]);
    framework.say("RECONCILE", json!({"tasks": [{"task_id": {"value": "x"}}]}));
    assert_eq!(framework.status("x")["state"], "TASK_LOST");
    framework.say("KILL", json!({"task_id": {"value": "y"}}));
    assert_eq!(framework.status("y")["state"], "TASK_LOST");
    let info = json!({"user": "u", "name": "aware", "capabilities": [{"type": "PARTITION_AWARE"}]});
    let aware = Framework::subscribe_as(master.address, &info);
    let mut id = None;
    until("the agent is told its id", || {
        id = agent.id();
        id.is_some()
    });
    let id = id.unwrap();
    let asked =
        |task: &str, agent: &str| json!({"task_id": {"value": task}, "agent_id": {"value": agent}});
    aware.say(
        "RECONCILE",
        json!({"tasks": [asked("x", &id), asked("y", "elsewhere")]}),
    );
    assert_eq!(aware.status("x")["state"], "TASK_GONE");
    assert_eq!(aware.status("y")["state"], "TASK_UNKNOWN");
}

#[test]
fn of_frameworks_that_are_over_the_last_fifty_are_remembered() {
    let master = Master::start(&[]);
    let agent = Agent::start(&Spec::new(master.address, "a", 4, 4000));
    let first = Framework::subscribe(master.address, "first");
    first.launch(&first.offer(), &[("t", "true")]);
    assert_eq!(first.end_of("t"), "TASK_FINISHED");
    first.say("TEARDOWN", Value::Null);
    let shown = || master.get("/frameworks")["completed_frameworks"].clone();
    let tasks = |shown: &Value| shown[0]["completed_tasks"].as_array().unwrap().len();
    assert_eq!(tasks(&shown()), 1);
    for number in 0..50 {
        let other = Framework::subscribe(master.address, &format!("other{number}"));
        other.say("TEARDOWN", Value::Null);
    }
    let remembered = shown();
    assert_eq!(remembered.as_array().unwrap().len(), 50);
    assert_eq!(remembered[0]["name"], "other0");
    assert_eq!(master.get("/tasks")["tasks"], json!([]));
    // Its id is not given away.
    let call = json!({"type": "SUBSCRIBE", "framework_id": {"value": first.id},
                      "subscribe": {"framework_info": {"user": "u", "name": "first", "id": {"value": first.id}}}});
    let again = send(
        master.address,
        &post("/api/v1/scheduler", "", &call.to_string()),
    )
    .unwrap();
    let event = again.records().next().unwrap();
    assert_eq!(event["error"]["message"], "Framework has been removed");
    drop(agent);
}

#[test]
fn roles_have_weights_and_frameworks_share_by_them() {
    let master = Master::start(&[
        "--weight",
        "heavy=3",
        "--allocator",
        "drf[round=50ms,tie=first]",
    ]);
    let _agents: Vec<Agent> = (0..8)
        .map(|i| Agent::start(&Spec::new(master.address, &format!("a{i}"), 1, 1000)))
        .collect();
    master.wait_for_metric("master/slaves_active", 8.0);
    let of_role =
        |role: &str| json!({"user": "u", "name": role, "role": role, "failover_timeout": 60});
    let heavy = Framework::subscribe_as(master.address, &of_role("heavy"));
    let first = heavy.next_of("OFFERS");
    assert_eq!(first["offers"]["offers"].as_array().unwrap().len(), 8);
    let light = Framework::subscribe_as(master.address, &of_role("light"));
    for offer in first["offers"]["offers"].as_array().unwrap() {
        heavy.decline(offer, 0.0);
    }
    // Eight agents at 3:1.
    let offers = light.next_of("OFFERS")["offers"]["offers"].clone();
    assert_eq!(offers.as_array().unwrap().len(), 2, "{offers}");
    let roles = master.get("/roles");
    let weight = |name: &str| {
        let all = roles["roles"].as_array().unwrap();
        all.iter().find(|role| role["name"] == name).unwrap()["weight"].clone()
    };
    assert_eq!((weight("heavy"), weight("light")), (json!(3.0), json!(1.0)));
}

#[test]
fn ports_are_handed_out_once() {
    let (_master, agent, framework) = cluster(&[]);
    let offer = framework.offer();
    let with_ports = |offer: &Value, id: &str, begin: u16, end: u16| {
        let mut task = task(offer, id, "sleep");
        let ports = json!({"name": "ports", "type": "RANGES",
                           "ranges": {"range": [{"begin": begin, "end": end}]}});
        task["resources"].as_array_mut().unwrap().push(ports);
        task
    };
    let tasks = [
        with_ports(&offer, "t1", 31000, 31009),
        with_ports(&offer, "t2", 31005, 31005),
    ];
    framework.accept(&offer, &tasks, 0.0);
    assert_eq!(
        framework.status("t2")["state"],
        "TASK_ERROR",
        "a port of the other task"
    );
    let offer = framework.offer();
    let ports = |offer: &Value| {
        let list = offer["resources"].as_array().unwrap();
        list.iter().find(|r| r["name"] == "ports").unwrap()["ranges"]["range"].clone()
    };
    assert_eq!(ports(&offer), json!([{"begin": 31010, "end": 31999}]));
    framework.decline(&offer, 0.0);
    agent.end("t1", TaskState::Finished);
    loop {
        let offer = framework.offer();
        if ports(&offer) == json!([{"begin": 31000, "end": 31999}]) {
            break;
        }
        framework.decline(&offer, 0.0);
    }
}
