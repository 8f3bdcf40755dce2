//! Weights and quotas that operators set while the master runs.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::agent::{Agent, Spec};
use super::client::send;
use super::framework::Framework;
use super::process::Master;
use super::support::until;

/// Four agents of a core each, and one framework a role.
fn cluster(flags: &[&str], roles: &[&str]) -> (Master, Vec<Agent>, Vec<Framework>) {
    let master = Master::start(flags);
    let of = |role: &str| json!({"user": "u", "name": role, "role": role, "failover_timeout": 60});
    let subscribe = |role: &&str| Framework::subscribe_as(master.address, &of(role));
    let frameworks = roles.iter().map(subscribe).collect();
    let spec = |i| Spec::new(master.address, &format!("a{i}"), 1, 1000);
    let agents = (0..4).map(|i| Agent::start(&spec(i))).collect();
    master.wait_for_metric("master/slaves_active", 4.0);
    (master, agents, frameworks)
}

/// Says something as curl does, which calls it a form; status and answer.
pub fn tell(master: &Master, method: &str, path: &str, extra: &str, body: &Value) -> (u16, String) {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: master\r\nConnection: close\r\n{extra}Content-Type: \
         application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let exchange = send(master.address, request.as_bytes()).unwrap();
    (exchange.head.status, exchange.body())
}

/// Checks how it is answered, and a word of why.
fn check(master: &Master, (method, path): (&str, &str), body: &Value, status: u16, word: &str) {
    let answer = tell(master, method, path, "", body);
    assert_eq!(answer.0, status, "{method} {path} {body}: {}", answer.1);
    assert!(
        answer.1.contains(word),
        "{method} {path} {body}: {}",
        answer.1
    );
    assert!(status != 200 || answer.1.is_empty(), "{}", answer.1);
}

/// A role as `/roles` shows it.
fn role(master: &Master, name: &str) -> Value {
    let roles = master.get("/roles")["roles"].take();
    let mut roles = roles.as_array().unwrap().iter();
    let role = roles.find(|role| role["name"] == name);
    role.unwrap_or_else(|| panic!("no role {name}")).clone()
}

/// Waits until as many processors are offered in these roles.
fn wait_until_offered(master: &Master, roles: &[(&str, f64)]) {
    until(&format!("{roles:?}"), || {
        let offered = |name| role(master, name)["offered"]["cpus"].take();
        roles.iter().all(|(name, cpus)| offered(name) == *cpus)
    });
}

const QUOTA: (&str, &str) = ("POST", "/quota");
const WEIGHTS: (&str, &str) = ("PUT", "/weights");

#[test]
fn weights_change_while_the_master_runs() {
    let (mut master, _agents, _frameworks) = cluster(&["--weight", "a=1.5"], &["a", "b"]);
    assert_eq!(
        master.get("/weights"),
        json!([{"role": "a", "weight": 1.5}])
    );
    master.wait_for_metric("master/outstanding_offers", 4.0);
    for (body, word) in [
        (
            json!([{"role": "a", "weight": 0}]),
            "from 0.001 to 1e6, found 0",
        ),
        (json!([{"role": "a b", "weight": 1}]), "no spaces"),
        (json!({"weight": 1}), "`role`: missing"),
        (json!("much"), "expected an object"),
    ] {
        check(&master, WEIGHTS, &body, 400, word);
    }
    let weights = json!([{"role": "a", "weight": 3}, {"role": "later", "weight": 0.25}]);
    check(&master, WEIGHTS, &weights, 200, "");
    // What was offered by the older ones is offered again.
    wait_until_offered(&master, &[("a", 3.0), ("b", 1.0)]);
    assert!(master.metric("master/offers_rescinded") >= 4.0);
    let shown = json!([{"role": "a", "weight": 3.0}, {"role": "later", "weight": 0.25}]);
    assert_eq!(master.get("/weights"), shown);
    // As it stood in the log, not as its flag says.
    master.kill();
    master.restart();
    assert_eq!(master.get("/master/weights.json"), shown);
    let later = json!({"user": "u", "name": "n", "role": "later", "failover_timeout": 60});
    let _later = Framework::subscribe_as(master.address, &later);
    assert_eq!(role(&master, "later")["weight"], 0.25);
    check(&master, ("POST", "/weights"), &shown, 405, "'GET' or 'PUT'");
    check(&master, ("PUT", "/quota"), &shown, 405, "'GET' or 'POST'");
    check(&master, ("GET", "/quota/a"), &Value::Null, 405, "'DELETE'");
}

#[test]
fn what_is_guaranteed_is_kept_and_a_limit_holds() {
    let (mut master, _agents, frameworks) = cluster(&[], &["dev"]);
    wait_until_offered(&master, &[("dev", 4.0)]);
    let cpus = |value: f64| json!([{"name": "cpus", "type": "SCALAR", "scalar": {"value": value}}]);
    // Nobody is in the role, and what it is guaranteed is kept all the same.
    let quota = json!({"role": "prod", "guarantee": cpus(3.0)});
    check(&master, QUOTA, &quota, 200, "");
    wait_until_offered(&master, &[("dev", 1.0)]);
    check(
        &master,
        QUOTA,
        &quota,
        400,
        "already has a quota; DELETE /quota/prod",
    );
    let shown = json!({
        "infos": [{"role": "prod", "guarantee": [{"name": "cpus", "type": "SCALAR", "scalar": {"value": 3.0}}]}],
        "configs": [{"role": "prod", "guarantees": {"cpus": {"value": 3.0}}, "limits": {"cpus": {"value": 3.0}}}],
    });
    assert_eq!(master.get("/quota"), shown);
    let limit = |cpus: f64| json!({"role": "dev", "limits": {"cpus": {"value": cpus}}});
    check(&master, QUOTA, &limit(0.5), 200, "");
    wait_until_offered(&master, &[("dev", 0.5)]);
    // What runs stays below it, and what would not is asked about.
    let mut offers = frameworks[0].some_offers();
    while offers[0]["resources"][0]["scalar"]["value"] != 0.5 {
        offers = frameworks[0].some_offers();
    }
    frameworks[0].launch(&offers[0], &[("t", "sleep")]);
    assert_eq!(frameworks[0].status("t")["state"], "TASK_RUNNING");
    wait_until_offered(&master, &[("dev", 0.0)]);
    let dev = role(&master, "dev");
    assert_eq!(dev["quota"]["limit"], json!({"cpus": 0.5}));
    assert_eq!(dev["quota"]["consumed"]["cpus"], 0.5);
    assert_eq!(
        role(&master, "prod")["quota"]["guarantee"],
        json!({"cpus": 3.0})
    );
    let why = "tasks of role `dev` use 0.5 cpus, more than the limit; `force`";
    check(&master, QUOTA, &limit(0.25), 409, why);
    let mut forced = limit(0.25);
    forced["force"] = json!(true);
    check(&master, QUOTA, &forced, 200, "");
    master.kill();
    master.restart();
    assert_eq!(master.get("/quota")["configs"].as_array().unwrap().len(), 2);
    check(&master, ("DELETE", "/quota/dev"), &Value::Null, 200, "");
    check(
        &master,
        ("DELETE", "/master/quota/prod"),
        &Value::Null,
        200,
        "",
    );
    check(
        &master,
        ("DELETE", "/quota/prod"),
        &Value::Null,
        400,
        "role `prod` has no quota",
    );
    assert_eq!(master.get("/quota"), json!({"infos": [], "configs": []}));
}

#[test]
fn guarantees_fit_the_cluster_and_the_roles_above() {
    let (master, _agents, _frameworks) = cluster(&[], &[]);
    let quota =
        |role: &str, cpus: f64| json!({"role": role, "guarantees": {"cpus": {"value": cpus}}});
    let forced = |role: &str, cpus: f64| {
        let mut quota = quota(role, cpus);
        quota["force"] = json!(true);
        quota
    };
    for (body, status, word) in [
        (
            quota("a", 5.0),
            409,
            "quotas would guarantee 5 cpus and the cluster has 4 cpus; `force`",
        ),
        (quota("a", 3.0), 200, ""),
        // All that is guaranteed together.
        (quota("b", 2.0), 409, "quotas would guarantee 5 cpus"),
        (quota("b", 1.0), 200, ""),
        // What is guaranteed to a role includes those below it.
        (quota("a/x", 2.0), 200, ""),
        (
            quota("a/y", 2.0),
            400,
            "role `a` is guaranteed 3 cpus, and those right below it would be 4 cpus",
        ),
        (forced("a/y", 2.0), 400, "right below it"),
        (quota("a/y", 1.0), 200, ""),
        (quota("a", 2.0), 400, "role `a` is guaranteed 2 cpus"),
        (quota("c/x", 1.0), 400, "role `c` is guaranteed 0 cpus"),
        (forced("c", 10.0), 200, ""),
        (quota("*", 1.0), 400, "`*` has none"),
        (
            json!({"role": "a", "limits": {"cpus": {"value": -1}}}),
            400,
            "`cpus` is -1",
        ),
        (
            json!({"role": "d", "guarantee": [{"name": "cpus", "scalar": {"value": 1}, "role": "e"}]}),
            400,
            "role `e`",
        ),
        (json!([]), 400, "quota: expected an object, found a list"),
    ] {
        check(&master, QUOTA, &body, status, word);
    }
    let none = Value::Null;
    check(
        &master,
        ("DELETE", "/quota/a"),
        &none,
        400,
        "role `a` is guaranteed 0 cpus",
    );
    check(&master, ("DELETE", "/quota/a%2Fx"), &none, 200, "");
    check(&master, ("DELETE", "/quota/a/y"), &none, 200, "");
    check(&master, ("DELETE", "/quota/a"), &none, 200, "");
    check(&master, ("DELETE", "/quota/%ff"), &none, 400, "not UTF-8");
    let configs = master.get("/quota")["configs"].take();
    let roles: Vec<&Value> = configs
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["role"])
        .collect();
    assert_eq!(roles, ["b", "c"]);
}

#[test]
fn only_operators_say_what_roles_get() {
    let secrets = tempfile::tempdir().unwrap();
    let file = secrets.path().join("credentials");
    let mut options = std::fs::File::options();
    let mut written = options
        .write(true)
        .create(true)
        .mode(0o600)
        .open(&file)
        .unwrap();
    written.write_all(b"operator o\nteam t\n").unwrap();
    let master = Master::start(&["--credentials", file.to_str().unwrap()]);
    let who = |name: &str| {
        let encoded = STANDARD.encode(name);
        format!("Authorization: Basic {encoded}\r\n")
    };
    let weights = json!([{"role": "a", "weight": 2}]);
    let quota = json!({"role": "a", "limits": {"cpus": {"value": 2}}});
    for (method, path, body) in [
        ("PUT", "/weights", &weights),
        ("POST", "/quota", &quota),
        ("DELETE", "/quota/a", &Value::Null),
    ] {
        for (who, status, word) in [
            (String::new(), 401, "who you are"),
            (who("team:t"), 403, "`team` is no operator"),
            (who("operator:o"), 200, ""),
        ] {
            let answer = tell(&master, method, path, &who, body);
            assert_eq!(answer.0, status, "{method} {path} {who}: {}", answer.1);
            assert!(answer.1.contains(word), "{}", answer.1);
        }
    }
    assert_eq!(
        master.get("/weights"),
        json!([{"role": "a", "weight": 2.0}])
    );
    // What a page of somebody else has a browser send is not called JSON.
    let from = format!("{}Origin: http://elsewhere\r\n", who("operator:o"));
    assert_eq!(tell(&master, "POST", "/quota", &from, &quota).0, 415);
}
