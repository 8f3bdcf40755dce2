//! Raw requests and what they are answered: one check, many lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::agent::{Agent, Spec};
use super::client::{get, post, send};
use super::framework::{Framework, task};
use super::process::Master;

/// `headers` (`!name` takes one of the usual away) and body of a POST; the status and the start
/// of the text answered.
fn check(master: &Master, what: &str, headers: &[&str], body: &str, expected: (u16, &str)) {
    let mut request = format!("{what} HTTP/1.1\r\nHost: master\r\nConnection: close\r\n");
    let usual = ["Content-Type: application/json", "Accept: application/json"];
    let is_kept = |line: &&&str| {
        !headers
            .iter()
            .any(|h| h.strip_prefix('!').is_some_and(|h| line.starts_with(h)))
    };
    let own = headers.iter().filter(|header| !header.starts_with('!'));
    for line in usual.iter().filter(is_kept).chain(own) {
        request.push_str(line);
        request.push_str("\r\n");
    }
    write!(request, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let exchange = send(master.address, request.as_bytes()).unwrap();
    let status = exchange.head.status;
    let text = exchange.body();
    assert_eq!(status, expected.0, "{what} {headers:?} {body}: {text}");
    assert!(text.starts_with(expected.1), "{what} {body}: {text:?}");
}

const CALLS: &str = "POST /api/v1/scheduler";

#[test]
fn what_is_wrong_with_a_call_is_said() {
    let master = Master::start(&[]);
    let check =
        |headers: &[&str], body: &str, expected| check(&master, CALLS, headers, body, expected);
    check(&[], "{", (400, "Failed to parse body into JSON"));
    check(
        &[],
        "{}",
        (
            400,
            "Failed to parse body into Call: `type`: missing; expected",
        ),
    );
    check(
        &[],
        r#"{"type":"SUBSCRIBE"}"#,
        (400, "Expecting 'subscribe' to be present"),
    );
    check(
        &[],
        r#"{"type":"REVIVE"}"#,
        (400, "Expecting 'framework_id' to be present"),
    );
    check(
        &["!Content-Type"],
        "{}",
        (400, "Expecting 'Content-Type' to be present"),
    );
    check(
        &["!Content-Type", "Content-Type: application/x-protobuf"],
        "{}",
        (415, "Expecting 'Content-Type'"),
    );
    check(
        &["!Accept", "Accept: application/x-protobuf"],
        "{}",
        (406, "Expecting 'Accept'"),
    );
    check(
        &[],
        r#"{"type":"ACCEPT_INVERSE_OFFERS","framework_id":{"value":"f"}}"#,
        (501, "Call type `ACCEPT_INVERSE_OFFERS`"),
    );
    check(
        &["Mesos-Stream-Id: x"],
        r#"{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"u","name":"n"}}}"#,
        (400, "Subscribe calls should not"),
    );
    check(
        &[],
        r#"{"type":"REVIVE","framework_id":{"value":"nobody"}}"#,
        (400, "Framework cannot be found"),
    );
    let long = "x".repeat(256);
    for member in [
        json!({"type": "KILL", "kill": {"task_id": {"value": long}}}),
        json!({"type": "KILL", "kill": {"task_id": {"value": "t"}, "agent_id": {"value": long}}}),
        json!({"type": "RECONCILE", "reconcile": {"tasks": [{"task_id": {"value": "a/b"}}]}}),
        json!({"type": "RECONCILE", "reconcile":
            {"tasks": {"task_id": {"value": "t"}, "agent_id": {"value": long}}}}),
        json!({"type": "ACKNOWLEDGE", "acknowledge":
            {"task_id": {"value": "t"}, "agent_id": {"value": "a"}, "uuid": long}}),
        json!({"type": "ACKNOWLEDGE", "acknowledge":
            {"task_id": {"value": long}, "agent_id": {"value": "a"}, "uuid": ""}}),
        json!({"type": "DECLINE", "decline": {"offer_ids": [{"value": long}]}}),
        json!({"type": "REVIVE", "framework_id": {"value": long}}),
    ] {
        let mut call = member;
        if call.get("framework_id").is_none() {
            call["framework_id"] = json!({"value": "f"});
        }
        let body = call.to_string();
        check(&[], &body, (400, "Call: '"));
    }
    check(
        &[],
        r#"{"type":"SUBSCRIBE","framework_id":{"value":"a"},"subscribe":{"framework_info":{"user":"u","name":"n","id":{"value":"b"}}}}"#,
        (400, "Framework id in the call"),
    );
}

#[test]
fn other_paths_and_methods_are_answered() {
    let master = Master::start(&[]);
    check(
        &master,
        "GET /api/v1/scheduler",
        &[],
        "",
        (405, "Expecting 'POST'"),
    );
    check(&master, "POST /state", &[], "", (405, "Expecting 'GET'"));
    check(
        &master,
        "GET /nowhere",
        &[],
        "",
        (404, "/nowhere is not here"),
    );
    check(
        &master,
        "POST /api/v1/operator",
        &[],
        "{}",
        (501, "/api/v1/operator is not served"),
    );
    check(
        &master,
        "GET /tasks?limit=x",
        &[],
        "",
        (400, "query `limit` is `x`"),
    );
    check(
        &master,
        "POST /agent/v1/subscribe",
        &[],
        r#"{"protocol":9,"hostname":"h","address":"a","capacity":{}}"#,
        (400, "the agent speaks version 9"),
    );
    check(
        &master,
        "POST /agent/v1/message",
        &[],
        r#"{"agent_id":"x","key":"00000000-0000-0000-0000-000000000000","message":{"type":"pong"}}"#,
        (403, "the agent is not subscribed with this key"),
    );
    let version = master.get("/version");
    assert!(
        version["version"]
            .as_str()
            .unwrap()
            .split('.')
            .all(|part| part.parse::<u32>().is_ok())
    );
    for path in [
        "/state",
        "/master/state",
        "/state.json",
        "/master/state.json",
        "/state/",
    ] {
        assert_eq!(master.get(path)["version"], version["version"], "{path}");
    }
    for path in [
        "/slaves",
        "/frameworks",
        "/tasks",
        "/roles",
        "/state-summary",
        "/metrics/snapshot",
    ] {
        assert!(master.get(path).is_object(), "{path}");
    }
    let text = send(master.address, &get("/metrics")).unwrap().body();
    assert!(text.contains("fairground_master_elected 1.0\n"), "{text}");
    assert!(text.ends_with("# EOF\n"), "{text}");
}

#[test]
fn endpoints_show_what_tools_look_for() {
    let master = Master::start(&["--cluster", "nine"]);
    let _agent = Agent::start(&Spec::new(master.address, "a", 2, 1000));
    let info = json!({"user": "u", "name": "n", "role": "eng"});
    let framework = Framework::subscribe_as(master.address, &info);
    framework.decline(&framework.offer(), 1000.0);
    let share = "allocator/mesos/roles/eng/shares/dominant";
    for (name, expected) in [
        ("allocator/mesos/offer_filters/roles/eng/active", 1.0),
        ("allocator/mesos/resources/cpus/total", 2.0),
        ("allocator/mesos/resources/cpus/offered_or_allocated", 0.0),
        (share, 0.0),
    ] {
        master.wait_for_metric(name, expected);
    }
    assert!(master.metric("allocator/mesos/allocation_runs") >= 1.0);
    framework.say("REVIVE", Value::Null);
    let offer = framework.offer();
    master.wait_for_metric("allocator/mesos/offer_filters/roles/eng/active", 0.0);
    master.wait_for_metric(share, 1.0);
    framework.accept(&offer, &[task(&offer, "t", "sleep")], 1000.0);
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    master.wait_for_metric(share, 0.25);
    let (state, summary) = (master.get("/state"), master.get("/state-summary"));
    for shown in [&state, &summary] {
        assert_eq!(shown["cluster"], "nine");
        assert_eq!(shown["hostname"], "127.0.0.1");
    }
    let roles = master.get("/roles")["roles"].clone();
    let mut roles = roles.as_array().unwrap().iter();
    let quota = &roles.find(|role| role["name"] == "eng").unwrap()["quota"];
    assert_eq!(quota["role"], "eng");
    assert_eq!(quota["consumed"]["cpus"], 0.5);
    let task = &master.get("/tasks")["tasks"][0];
    let container = &task["statuses"][0]["container_status"]["container_id"];
    assert_eq!(container["value"], "container of t");
}

#[test]
fn a_subscription_that_is_not_valid_ends_with_one_error() {
    let master = Master::start(&[]);
    for (info, word) in [
        (
            json!({"name": "n", "user": "u", "failover_timeout": "NaN"}),
            "FrameworkInfo.failover_timeout is NaN",
        ),
        (
            json!({"name": "n", "user": "u", "offer_filters": {"*": {}}}),
            "FrameworkInfo: `offer_filters` is not supported",
        ),
        (
            json!({"name": "n", "user": "u", "role": "a b"}),
            "no spaces",
        ),
        (
            json!({"name": "n", "user": "u", "roles": ["a"]}),
            "MULTI_ROLE",
        ),
    ] {
        let message = Framework::refused(master.address, &info);
        assert!(message.contains(word), "{message}");
    }
}

#[test]
fn a_call_needs_the_stream_id_of_the_subscription() {
    let master = Master::start(&[]);
    let framework = Framework::subscribe(master.address, "f");
    let body = json!({"type": "REVIVE", "framework_id": {"value": framework.id}}).to_string();
    let check = |headers: &[&str], expected| check(&master, CALLS, headers, &body, expected);
    check(&[], (400, "All non-subscribe calls"));
    check(&["Mesos-Stream-Id: 1"], (400, "The stream ID in"));
    framework.say("REVIVE", Value::Null);
    framework.disconnect();
    master.wait_for_metric("master/frameworks_connected", 0.0);
    check(&[], (403, "Framework is not subscribed"));
}

#[test]
fn tasks_that_cannot_run_are_errors() {
    let master = Master::start(&[]);
    let _agent = Agent::start(&Spec::new(master.address, "a", 2, 1000));
    let framework = Framework::subscribe(master.address, "f");
    let cases = [
        (json!({"executor": {}}), "executors of one's own"),
        (
            json!({"agent_id": {"value": "other"}}),
            "Task uses agent other",
        ),
        (
            json!({"resources": [{"name": "ports", "ranges": {"range": {"begin": 1, "end": 1}}},
                              {"name": "cpus", "scalar": {"value": 1}}]}),
            "Task uses ports [1-1]",
        ),
        (
            json!({"resources": [{"name": "cpus", "scalar": {"value": 3}}]}),
            "more resources than are left",
        ),
        (
            json!({"container": {"type": "DOCKER", "docker": {"image": "x"}}}),
            "--image x=DIR",
        ),
        (
            json!({"resources": [{"name": "cpus", "role": "ads", "scalar": {"value": 1}}]}),
            "resource `cpus` is of role `ads`",
        ),
        (
            json!({"resources": [{"name": "cpus", "revocable": {}, "scalar": {"value": 1}}]}),
            "resource `cpus`: `resources[0]`: `re",
        ),
        (
            json!({"resources": [{"name": "cpus", "scalar": {"value": 1},
                                  "reservations": {"type": "DYNAMIC", "role": "*"}}]}),
            "resource `cpus`: `resources[0]`: `re",
        ),
        (
            json!({"resources": [{"name": "cpus", "allocation_info": {"role": "ads"},
                                  "scalar": {"value": 1}}]}),
            "resource `cpus` is of role `ads`",
        ),
    ];
    for (index, (change, word)) in cases.iter().enumerate() {
        let offer = framework.offer();
        let id = format!("t{index}");
        let mut bad = task(&offer, &id, "true");
        for (key, value) in change.as_object().unwrap() {
            bad[key] = value.clone();
        }
        framework.accept(&offer, std::slice::from_ref(&bad), 0.0);
        let status = framework.status(&id);
        assert_eq!(status["state"], "TASK_ERROR");
        assert_eq!(status["reason"], "REASON_TASK_INVALID");
        assert!(
            status["message"].as_str().unwrap().contains(word),
            "{status}"
        );
        assert_eq!(status.get("uuid"), None);
        assert_eq!(status["agent_id"], bad["agent_id"]);
    }
    let offer = framework.offer();
    framework.launch(&offer, &[("same", "sleep"), ("same", "sleep")]);
    let message = framework.status("same")["message"].clone();
    assert_eq!(message, "Task has duplicate ID");
    // The ports of refused tasks were given back.
    let ports = |offer: &Value| {
        offer["resources"]
            .as_array()
            .unwrap()
            .iter()
            .find(|r| r["name"] == "ports")
            .cloned()
    };
    assert_eq!(
        ports(&offer).unwrap()["ranges"]["range"],
        json!([{"begin": 31000, "end": 31999}])
    );
}

#[test]
fn offers_that_do_not_go_together_lose_every_task_of_the_answer() {
    let master = Master::start(&[]);
    let _agents = ["a", "b"].map(|name| Agent::start(&Spec::new(master.address, name, 2, 1000)));
    master.wait_for_metric("master/slaves_active", 2.0);
    let framework = Framework::subscribe(master.address, "f");
    // An offer of each agent.
    let pair = || {
        let mut held = BTreeMap::new();
        while held.len() < 2 {
            let event = framework.next_of("OFFERS");
            for offer in event["offers"]["offers"].as_array().unwrap() {
                held.insert(offer["agent_id"].to_string(), offer.clone());
            }
        }
        let mut offers = held.into_values();
        (offers.next().unwrap(), offers.next().unwrap())
    };
    let (mut one, mut two) = pair();
    framework.launch(&one, &[("runs", "sleep")]);
    assert_eq!(framework.status("runs")["state"], "TASK_RUNNING");
    let stale = one["id"].clone();
    for index in 0..5 {
        framework.decline(&one, 0.0);
        framework.decline(&two, 0.0);
        (one, two) = pair();
        let ids = [
            json!([stale]),
            json!([one["id"], one["id"]]),
            json!([one["id"], two["id"]]),
            json!([two["id"], {"value": "no offer"}]),
            json!([]),
        ];
        let names = ["good", "bad", "runs"];
        let mut tasks = names.map(|name| task(&one, name, "true"));
        tasks[1]["executor"] = json!({});
        framework.say(
            "ACCEPT",
            json!({"offer_ids": ids[index], "operations":
                [{"type": "LAUNCH", "launch": {"task_infos": tasks}}]}),
        );
        for _ in names {
            let status = framework.next_of("UPDATE")["update"]["status"].clone();
            assert_eq!(status["state"], "TASK_LOST", "{} {status}", ids[index]);
            assert_eq!(status["reason"], "REASON_INVALID_OFFERS");
            assert_eq!(status["agent_id"], one["agent_id"]);
        }
    }
    framework.say("RECONCILE", json!({}));
    assert_eq!(framework.status("runs")["state"], "TASK_RUNNING");
}

#[test]
fn the_peculiarities_of_clients_are_understood() {
    let master = Master::start(&["--image", "ubuntu=/"]);
    let _agent = Agent::start(&Spec::new(master.address, "a", 2, 1000));
    let info = json!({"user": "u", "name": "n", "id": null, "unknown": {"x": 1}});
    let framework = Framework::subscribe_as(master.address, &info);
    let offer = framework.offer();
    assert!(offer.get("allocation_info").is_none());
    assert!(
        offer["resources"]
            .as_array()
            .unwrap()
            .iter()
            .all(|r| r["role"] == "*"),
        "{offer}"
    );
    // DECLINE and ACCEPT of nothing at all change nothing.
    framework.say("DECLINE", json!({}));
    framework.say("ACCEPT", json!({"operations": null}));
    let mut odd = task(&offer, "odd", "true");
    odd["container"] = json!({"type": "MESOS", "network_infos": {"port_mappings": []},
                              "mesos": {"image": {"type": "DOCKER", "docker": {"name": "ubuntu"}}}});
    odd["resources"] = json!([
        {"name": "cpus", "type": "SCALAR", "scalar": {"value": 1}, "role": "*"},
        {"name": "gpus", "type": "SCALAR", "scalar": {"value": 0}, "role": "*"},
        {"name": "ports", "type": "RANGES", "ranges": {"range": [{"begin": 31005, "end": 31005}]}},
    ]);
    framework.say(
        "ACCEPT",
        json!({"offer_ids": offer["id"], "operations": {"type": "LAUNCH", "launch": {"task_infos": odd}}}),
    );
    assert_eq!(framework.end_of("odd"), "TASK_FINISHED");
    let authorised = "Authorization: Basic eDp5\r\n";
    let call =
        json!({"type": "SUBSCRIBE", "subscribe": {"framework_info": {"user": "u", "name": "søk"}}});
    let exchange = send(
        master.address,
        &post("/master/api/v1/scheduler/", authorised, &call.to_string()),
    );
    assert_eq!(
        exchange.unwrap().records().next().unwrap()["type"],
        "SUBSCRIBED"
    );
    assert!(master.get("/frameworks").to_string().contains("søk"));
}

#[test]
fn bad_clients_do_not_disturb_others() {
    let master = Master::start(&["--max-body", "10000", "--heartbeat", "100ms"]);
    let _agent = Agent::start(&Spec::new(master.address, "a", 2, 1000));
    let framework = Framework::subscribe(master.address, "f");
    // Half-open and silent connections.
    let idle: Vec<TcpStream> = (0..200)
        .map(|_| TcpStream::connect(master.address).unwrap())
        .collect();
    let mut slow = TcpStream::connect(master.address).unwrap();
    slow.write_all(b"POST /api/v1/scheduler HTTP/1.1\r\nContent-Le")
        .unwrap();
    check(
        &master,
        CALLS,
        &[],
        &"x".repeat(10_001),
        (413, "the body is broken off or longer"),
    );
    let mut garbage = TcpStream::connect(master.address).unwrap();
    garbage
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    garbage.write_all(b"\x16\x03\x01 not http\r\n\r\n").unwrap();
    let mut answer = String::new();
    garbage.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let offer = framework.offer();
    framework.launch(&offer, &[("t", "true")]);
    assert_eq!(framework.end_of("t"), "TASK_FINISHED");
    drop((idle, slow));
}
