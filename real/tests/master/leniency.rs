//! What clients of Mesos do although no page says so, each with a raw request: what is accepted,
//! and how what is sent is written.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::agent::{Agent, Spec};
use super::client::{Exchange, get, post, send};
use super::framework::{Framework, task};
use super::process::Master;

const PATH: &str = "/api/v1/scheduler";

fn cluster(flags: &[&str]) -> (Master, Agent) {
    let master = Master::start(flags);
    let agent = Agent::start(&Spec::new(master.address, "a", 4, 4000));
    (master, agent)
}

fn subscribe(master: &Master, extra: &str) -> Exchange {
    let info = json!({"user": "u", "name": "n", "failover_timeout": 60});
    let call = json!({"type": "SUBSCRIBE", "subscribe": {"framework_info": info}});
    send(master.address, &post(PATH, extra, &call.to_string())).unwrap()
}

#[test]
fn a_stream_is_chunked_and_outlives_connection_close() {
    let (master, _agent) = cluster(&["--heartbeat", "200ms"]);
    // The request says `Connection: close`; the stream stays, and heartbeats come as configured.
    let exchange = subscribe(&master, "Authorization: Basic bm9ib2R5Om5vdGhpbmc=\r\n");
    assert_eq!(exchange.head.header("transfer-encoding"), Some("chunked"));
    assert_eq!(
        exchange.head.header("content-type"),
        Some("application/json")
    );
    assert!(exchange.head.header("mesos-stream-id").is_some());
    let mut records = exchange.records();
    let first = records.next().unwrap();
    assert_eq!(first["type"], "SUBSCRIBED");
    assert_eq!(first["subscribed"]["heartbeat_interval_seconds"], 0.2);
    assert_eq!(
        records.next().unwrap()["type"],
        "HEARTBEAT",
        "directly after it"
    );
    let begun = Instant::now();
    let mut beats = 0;
    while beats < 5 {
        beats += u32::from(records.next().unwrap()["type"] == "HEARTBEAT");
    }
    let span = begun.elapsed();
    assert!(span > Duration::from_millis(700), "{span:?}");
}

#[test]
fn a_connection_may_rest_between_calls_and_not_before_the_first() {
    let master = Master::start(&[]);
    let connect = || TcpStream::connect(master.address).unwrap();
    let (mut used, mut unused) = (connect(), connect());
    let ask = |stream: &mut TcpStream| {
        stream
            .write_all(b"GET /health HTTP/1.1\r\nHost: master\r\n\r\n")
            .unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        // The rest of it.
        std::thread::sleep(Duration::from_millis(100));
        assert!(stream.read(&mut [0; 1000]).unwrap() > 0);
    };
    ask(&mut used);
    std::thread::sleep(Duration::from_secs(11));
    ask(&mut used);
    assert_eq!(unused.read(&mut [0; 1]).unwrap(), 0, "it was given up");
}

#[test]
fn null_is_absent_one_is_a_list_and_what_is_unknown_is_ignored() {
    let (master, _agent) = cluster(&[]);
    let info = json!({"user": "u", "name": "n", "failover_timeout": 60, "id": null, "labels": null,
                      "capabilities": {"type": "GPU_RESOURCES"}, "flavour": {"of": ["ice"]}});
    let framework = Framework::subscribe_as(master.address, &info);
    let offer = framework.offer();
    let mut odd = task(&offer, "odd", "true");
    odd["labels"] = Value::Null;
    odd["unknown"] = json!([1, {"deep": null}]);
    odd["command"]["environment"] = json!({"variables": {"name": "ONE", "value": "1"}});
    odd["command"]["uris"] = Value::Null;
    odd["limits"] = json!({"cpus": {"value": "Infinity"}, "mem": {"value": 64}});
    odd["resources"] = json!([
        {"name": "cpus", "type": "SCALAR", "scalar": {"value": 1}},
        {"name": "mem", "type": "SCALAR", "scalar": {"value": 32.0}, "reservations": null},
        {"name": "gpus", "type": "SCALAR", "scalar": {"value": 0}},
        {"name": "disk", "type": "SCALAR", "scalar": {"value": 0.0}},
    ]);
    framework.say(
        "ACCEPT",
        json!({"offer_ids": offer["id"], "filters": null,
               "operations": {"type": "LAUNCH", "launch": {"task_infos": odd}}}),
    );
    assert_eq!(framework.end_of("odd"), "TASK_FINISHED");
}

#[test]
fn numbers_and_flags_may_be_text() {
    let (master, _agent) = cluster(&[]);
    let info = json!({"user": "u", "name": "n", "failover_timeout": "60", "checkpoint": "false"});
    let framework = Framework::subscribe_as(master.address, &info);
    let offer = framework.offer();
    let mut text = task(&offer, "text", "true");
    text["command"]["shell"] = json!("true");
    text["kill_policy"] = json!({"grace_period": {"nanoseconds": "1500000000"}});
    text["max_completion_time"] = json!({"nanoseconds": "60000000000"});
    text["resources"] = json!([
        {"name": "cpus", "type": "SCALAR", "scalar": {"value": "0.5"}},
        {"name": "ports", "type": 1, "ranges": {"range": [{"begin": "31001", "end": "31002"}]}},
    ]);
    text["limits"] = json!({"cpus": {"value": "1.5"}});
    framework.say(
        "ACCEPT",
        json!({"offer_ids": offer["id"], "filters": {"refuse_seconds": "0.1"},
               "operations": {"type": 1, "launch": {"task_infos": text}}}),
    );
    assert_eq!(framework.end_of("text"), "TASK_FINISHED");
    let shown = &master.get("/tasks")["tasks"][0]["resources"];
    assert_eq!(
        (&shown["cpus"], &shown["ports"]),
        (&json!(0.5), &json!("[31001-31002]"))
    );
    assert_eq!(
        master.get("/frameworks")["frameworks"][0]["failover_timeout"],
        60.0
    );
    // It is waited for, and not taken for one that does not come back.
    framework.disconnect();
    master.wait_for_metric("master/frameworks_connected", 0.0);
    assert_eq!(master.get("/frameworks")["frameworks"][0]["active"], false);
}

#[test]
fn what_cannot_be_read_is_answered_with_its_place() {
    let (master, _agent) = cluster(&[]);
    let framework = Framework::subscribe(master.address, "f");
    let offer = framework.offer();
    let check = |kind: &str, member: Value, expected: &str| {
        let (status, text) = framework.call(kind, member);
        assert_eq!(status, 400, "{expected}: {text}");
        assert!(text.contains(expected), "{text}");
    };
    let launch = |change: &dyn Fn(&mut Value)| {
        let mut bad = task(&offer, "bad", "true");
        change(&mut bad);
        json!({"offer_ids": [offer["id"]],
               "operations": [{"type": "LAUNCH", "launch": {"task_infos": [bad]}}]})
    };
    check(
        "ACCEPT",
        launch(&|bad| bad["resources"][0]["scalar"]["value"] = json!("much")),
        "`accept.operations[0].launch.task_infos[0].resources[0].scalar.value`: expected a number, \
         found the text \"much\"",
    );
    check(
        "ACCEPT",
        launch(&|bad| bad["agent_id"] = Value::Null),
        "task_infos[0].agent_id`: missing; expected an id",
    );
    check(
        "ACCEPT",
        launch(&|bad| bad["killPolicy"] = json!({})),
        "`accept.operations[0].launch.task_infos[0].killPolicy`: names are in snake_case; expected \
         `kill_policy`",
    );
    check(
        "DECLINE",
        json!({"offer_ids": [offer["id"]], "filters": {"refuse_seconds": "a while"}}),
        "`decline.filters.refuse_seconds`: expected a number, found the text \"a while\"",
    );
    check(
        "KILL",
        json!({"task_id": {"value": "t"},
               "kill_policy": {"grace_period": {"nanoseconds": "-1"}}}),
        "'kill.kill_policy.grace_period'",
    );
    let info = json!({"user": "u", "name": "n", "failover_timeout": "a week"});
    let call = json!({"type": "SUBSCRIBE", "subscribe": {"framework_info": info}});
    let exchange = send(master.address, &post(PATH, "", &call.to_string())).unwrap();
    assert_eq!(exchange.head.status, 400);
    assert!(exchange.body().contains(
        "`subscribe.framework_info.failover_timeout`: expected a number, found the text \"a week\""
    ));
    // Nothing of it was taken in: the offer is still there.
    framework.launch(&offer, &[("good", "true")]);
    assert_eq!(framework.end_of("good"), "TASK_FINISHED");
}

#[test]
fn accepting_nothing_declines_with_the_filters_given() {
    let (master, _agent) = cluster(&[]);
    let framework = Framework::subscribe(master.address, "f");
    let nothing = [
        json!([]),
        json!(null),
        json!([{"type": "LAUNCH", "launch": {"task_infos": []}}]),
        json!([{"type": "LAUNCH", "launch": {}}]),
    ];
    for operations in nothing {
        let offer = framework.offer();
        framework.say(
            "ACCEPT",
            json!({"offer_ids": [offer["id"]], "filters": {"refuse_seconds": 1000},
                   "operations": operations}),
        );
        assert!(
            framework.is_quiet(Duration::from_millis(300)),
            "the filter holds"
        );
        framework.say("REVIVE", Value::Null);
    }
    // Naming no offer at all is no fault either.
    framework.offer();
    for kind in ["DECLINE", "ACCEPT"] {
        for ids in [json!([]), json!(null)] {
            framework.say(
                kind,
                json!({"offer_ids": ids, "filters": {"refuse_seconds": 1}}),
            );
        }
    }
}

#[test]
fn offers_are_written_as_the_frameworks_capabilities_say() {
    let (master, _agent) = cluster(&[]);
    let shown = |info: Value| {
        let framework = Framework::subscribe_as(master.address, &info);
        let offer = framework.offer();
        framework.say("TEARDOWN", Value::Null);
        offer
    };
    let of = |offer: &Value, key: &str| {
        let resources = offer["resources"].as_array().unwrap().clone();
        resources
            .iter()
            .filter_map(|r| r.get(key).cloned())
            .collect::<Vec<_>>()
    };
    let plain = shown(json!({"user": "u", "name": "plain"}));
    assert!(plain.get("allocation_info").is_none() && of(&plain, "allocation_info").is_empty());
    assert!(of(&plain, "role").iter().all(|role| role == "*"));
    assert!(of(&plain, "reservations").is_empty());
    let multi = json!([{"type": "MULTI_ROLE"}]);
    let multi =
        shown(json!({"user": "u", "name": "multi", "roles": ["eng"], "capabilities": multi}));
    assert_eq!(multi["allocation_info"]["role"], "eng");
    assert!(
        of(&multi, "allocation_info")
            .iter()
            .all(|info| info["role"] == "eng")
    );
    let refined = json!([{"type": "RESERVATION_REFINEMENT"}]);
    let refined = shown(json!({"user": "u", "name": "refined", "capabilities": refined}));
    assert!(of(&refined, "role").is_empty(), "{refined}");
    for offer in [&plain, &multi, &refined] {
        let ports = offer["resources"].as_array().unwrap();
        let ports = ports.iter().find(|r| r["name"] == "ports").unwrap();
        assert!(!ports["ranges"]["range"].as_array().unwrap().is_empty());
    }
}

#[test]
fn what_is_written_is_ascii() {
    let (master, _agent) = cluster(&[]);
    let info = json!({"user": "u", "name": "søk", "failover_timeout": 60, "role": "tøy",
                      "labels": {"labels": [{"key": "é", "value": "😀"}]}});
    // Every record of its stream is looked at as it comes.
    let framework = Framework::subscribe_as(master.address, &info);
    let offer = framework.offer();
    let mut named = task(&offer, "tåg", "true");
    named["name"] = json!("tåg\n2");
    framework.accept(&offer, &[named], 0.0);
    assert_eq!(framework.end_of("tåg"), "TASK_FINISHED");
    for path in [
        "/state",
        "/state-summary",
        "/frameworks",
        "/tasks",
        "/roles",
        "/slaves",
    ] {
        let bytes = send(master.address, &get(path))
            .unwrap()
            .body()
            .into_bytes();
        assert!(bytes.is_ascii() && !bytes.contains(&b'\n'), "{path}");
    }
    assert!(master.get("/tasks").to_string().contains("tåg"));
}

#[test]
fn roles_named_by_suppress_and_revive_count() {
    let (master, _agent) = cluster(&[]);
    let info = json!({"user": "u", "name": "n", "role": "eng"});
    let framework = Framework::subscribe_as(master.address, &info);
    for (kind, roles, is_offered) in [
        ("SUPPRESS", json!(["other"]), true),
        ("SUPPRESS", json!(["other", "eng"]), false),
        ("REVIVE", json!("other"), false),
        ("REVIVE", json!("eng"), true),
        ("SUPPRESS", json!([]), false),
        ("REVIVE", json!(null), true),
    ] {
        framework.say(kind, json!({"roles": roles}));
        if is_offered {
            framework.decline(&framework.offer(), 0.0);
        } else {
            // One that was on its way already.
            if let Some(event) = framework.next_within(Duration::from_millis(200)) {
                framework.decline(&event["offers"]["offers"][0], 0.0);
            }
            assert!(framework.is_quiet(Duration::from_millis(200)), "{roles}");
        }
    }
}

#[test]
fn calls_are_answered_with_202_and_no_body() {
    let (master, _agent) = cluster(&[]);
    // One connection for all calls, as pymesos has it.
    let mut records = {
        let exchange = subscribe(&master, "");
        let stream = exchange.head.header("mesos-stream-id").unwrap().to_owned();
        (exchange.records(), stream)
    };
    let id = records.0.next().unwrap()["subscribed"]["framework_id"]["value"].clone();
    let mut line = TcpStream::connect(master.address).unwrap();
    line.set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    for kind in ["SUPPRESS", "REVIVE", "REVIVE", "TEARDOWN"] {
        let call = json!({"type": kind, "framework_id": {"value": id}}).to_string();
        let extra = format!("MESOS-STREAM-ID: {}\r\n", records.1);
        let request = String::from_utf8(post(PATH, &extra, &call)).unwrap();
        let request = request.replace("Connection: close\r\n", "");
        line.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        while !answer.ends_with("\r\n\r\n") {
            let mut byte = [0];
            line.read_exact(&mut byte).unwrap();
            answer.push(char::from(byte[0]));
        }
        let answer = answer.to_ascii_lowercase();
        assert!(answer.starts_with("http/1.1 202"), "{answer}");
        assert!(answer.contains("content-length: 0\r\n"), "{answer}");
    }
    // TEARDOWN was answered; the stream ends after it.
    while records.0.next().is_some() {}
}

#[test]
fn paths_have_their_old_spellings() {
    let (master, _agent) = cluster(&[]);
    for path in [
        "/api/v1/scheduler",
        "/api/v1/scheduler/",
        "/master/api/v1/scheduler",
    ] {
        let exchange = send(master.address, &post(path, "", "{}")).unwrap();
        assert_eq!(exchange.head.status, 400, "{path}: a call without a type");
    }
    for path in [
        "/state",
        "/slaves",
        "/frameworks",
        "/tasks",
        "/roles",
        "/version",
    ] {
        for spelt in [
            format!("{path}/"),
            format!("/master{path}"),
            format!("{path}.json"),
            format!("/master{path}.json"),
        ] {
            assert!(master.get(&spelt).is_object(), "{spelt}");
        }
    }
    for path in ["/api/v1", "/api/v1/operator", "/master/api/v1"] {
        let exchange = send(master.address, &post(path, "", "{}")).unwrap();
        assert_eq!(exchange.head.status, 501, "{path}");
    }
}
