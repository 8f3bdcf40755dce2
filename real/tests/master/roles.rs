//! Roles: who shares what by them, and frameworks that have several.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::agent::{Agent, Spec};
use super::framework::{Framework, task};
use super::process::Master;
use super::support::until;

/// A master with agents of one core each.
fn cluster(agents: usize) -> (Master, Vec<Agent>) {
    let master = Master::start(&[]);
    let agents = start(&master, agents);
    (master, agents)
}

fn start(master: &Master, agents: usize) -> Vec<Agent> {
    let spec = |i| Spec::new(master.address, &format!("a{i}"), 1, 1000);
    let started = (0..agents).map(|i| Agent::start(&spec(i))).collect();
    master.wait_for_metric("master/slaves_active", agents as f64);
    started
}

/// What a framework with these roles says of itself.
fn with_roles(roles: &[&str]) -> Value {
    json!({"user": "u", "name": "multi", "failover_timeout": 60, "roles": roles,
           "capabilities": [{"type": "MULTI_ROLE"}]})
}

fn multi(master: &Master, roles: &[&str]) -> Framework {
    Framework::subscribe_as(master.address, &with_roles(roles))
}

/// Of which role an offer is.
fn role(offer: &Value) -> &str {
    let role = offer["allocation_info"]["role"].as_str().unwrap();
    let resources = offer["resources"].as_array().unwrap();
    assert!(
        resources
            .iter()
            .all(|one| one["allocation_info"]["role"] == role),
        "{offer}"
    );
    role
}

/// A role as `/roles` shows it.
fn shown(master: &Master, name: &str) -> Value {
    let roles = master.get("/roles")["roles"].take();
    let roles = roles.as_array().unwrap().iter();
    roles.filter(|role| role["name"] == name).cloned().collect()
}

/// Waits until a role holds so many processors, with all below it.
fn wait_until_held(master: &Master, name: &str, cpus: f64) {
    until(&format!("{name} holds {cpus}"), || {
        shown(master, name)[0]["quota"]["consumed"]["cpus"] == cpus
    });
}

const QUIET: Duration = Duration::from_millis(300);

#[test]
fn frameworks_of_a_role_share_its_weight() {
    let master = Master::start(&["--weight", "ops=2"]);
    let of = |role: &str| json!({"user": "u", "name": role, "role": role, "failover_timeout": 60});
    let all = ["eng/web", "eng/web", "eng/db", "ops"].map(|role| {
        let framework = Framework::subscribe_as(master.address, &of(role));
        (role, framework)
    });
    let _agents = start(&master, 12);
    master.wait_for_metric("master/outstanding_offers", 12.0);
    // 1:2, and below `eng` half for each; the two of `eng/web` share what it has.
    for (name, held, own) in [
        ("ops", 8.0, 8.0),
        ("eng", 4.0, 0.0),
        ("eng/web", 2.0, 2.0),
        ("eng/db", 2.0, 2.0),
    ] {
        let role = &shown(&master, name)[0];
        assert_eq!(role["quota"]["consumed"]["cpus"], held, "{role}");
        assert_eq!(role["resources"]["cpus"], own, "{role}");
        assert_eq!(role["offered"]["cpus"], own, "{role}");
    }
    let frameworks = master.get("/frameworks")["frameworks"].take();
    for ((role, framework), cpus) in all.iter().zip([1.0, 1.0, 2.0, 8.0]) {
        let frameworks = frameworks.as_array().unwrap();
        let mine = frameworks.iter().find(|one| one["id"] == framework.id);
        let mine = mine.unwrap();
        assert_eq!(mine["offered_resources"]["cpus"], cpus, "{role}");
        assert_eq!(
            (&mine["role"], &mine["roles"]),
            (&json!(role), &json!([role]))
        );
    }
    let web = &shown(&master, "eng/web")[0];
    assert_eq!(web["frameworks"].as_array().unwrap().len(), 2);
    assert_eq!(shown(&master, "ops")[0]["weight"], 2.0);
}

#[test]
fn offers_say_their_role_and_are_refused_by_role() {
    let (master, _agents) = cluster(2);
    let framework = multi(&master, &["a", "b"]);
    // Each role is offered each agent, once it was declined in the other.
    let mut offered = BTreeSet::new();
    while offered.len() < 4 {
        let event = framework.next_of("OFFERS");
        for offer in event["offers"]["offers"].as_array().unwrap() {
            let pair = (role(offer).to_owned(), offer["agent_id"].to_string());
            assert!(offered.insert(pair), "{offer}");
            framework.decline(offer, 1000.0);
        }
    }
    assert!(framework.is_quiet(QUIET));
    for role in ["a", "b"] {
        master.wait_for_metric(
            &format!("allocator/mesos/offer_filters/roles/{role}/active"),
            2.0,
        );
    }
    // Case 27, of one role: the other's refusals hold.
    framework.say("REVIVE", json!({"roles": ["b"]}));
    let offers = framework.offers(2);
    assert_eq!(offers.iter().map(role).collect::<Vec<_>>(), ["b", "b"]);
}

#[test]
fn roles_are_suppressed_and_revived_one_by_one() {
    let (master, _agents) = cluster(1);
    // Case 28.
    let info = with_roles(&["a", "b"]);
    let framework = Framework::subscribe_with(master.address, "", &info, &["a"]);
    let decline = |expected: &str| {
        let offer = framework.offer();
        assert_eq!(role(&offer), expected);
        framework.decline(&offer, 86_400.0);
        assert!(framework.is_quiet(QUIET));
    };
    decline("b");
    framework.say("REVIVE", json!({"roles": ["a"]}));
    decline("a");
    framework.say("REVIVE", json!({"roles": ["b"]}));
    decline("b");
    // Roles that it has not are nothing to it.
    framework.say("REVIVE", json!({"roles": ["c"]}));
    assert!(framework.is_quiet(QUIET));
    framework.say("SUPPRESS", json!({"roles": ["a", "c"]}));
    framework.say("SUPPRESS", Value::Null);
    assert!(framework.is_quiet(QUIET));
    // Case 29.
    framework.disconnect();
    master.wait_for_metric("master/frameworks_disconnected", 1.0);
    let mut info = with_roles(&["a", "b"]);
    info["id"] = json!({"value": framework.id});
    let again = Framework::subscribe_as(master.address, &info);
    let offer = again.offer();
    again.say("REVIVE", Value::Null);
    assert!(again.is_quiet(QUIET), "a needless revive changes nothing");
    again.decline(&offer, 86_400.0);
    assert_ne!(role(&again.offer()), role(&offer));
}

#[test]
fn offers_of_several_roles_are_not_accepted_together() {
    let (master, _agents) = cluster(2);
    let framework = multi(&master, &["a", "b"]);
    let offers = framework.offers(2);
    let roles: BTreeSet<&str> = offers.iter().map(role).collect();
    assert_eq!(roles, BTreeSet::from(["a", "b"]));
    let ids = [&offers[0]["id"], &offers[1]["id"]];
    let launch =
        json!({"type": "LAUNCH", "launch": {"task_infos": [task(&offers[0], "t", "sleep")]}});
    framework.say("ACCEPT", json!({"offer_ids": ids, "operations": [launch]}));
    let status = framework.status("t");
    assert_eq!(status["state"], "TASK_LOST");
    assert_eq!(status["reason"], "REASON_INVALID_OFFERS");
    assert!(
        status["message"]
            .as_str()
            .unwrap()
            .contains("several agents or roles")
    );
    // Both are free again, and nothing is refused.
    let offers = framework.offers(2);
    let ids = [&offers[0]["id"], &offers[1]["id"]];
    // Declined together each is refused by its own role.
    framework.say(
        "DECLINE",
        json!({"offer_ids": ids, "filters": {"refuse_seconds": 1000}}),
    );
    let again = framework.offers(2);
    for offer in &again {
        let declined = offers
            .iter()
            .find(|one| one["agent_id"] == offer["agent_id"]);
        assert_ne!(role(offer), role(declined.unwrap()));
    }
}

#[test]
fn a_task_is_of_the_role_of_its_offer() {
    let (master, _agents) = cluster(1);
    let framework = multi(&master, &["a", "b"]);
    let offer = framework.offer();
    let own = role(&offer).to_owned();
    let other = if own == "a" { "b" } else { "a" };
    let of_role = |id: &str, role: &str| {
        let mut task = task(&offer, id, "sleep");
        for resource in task["resources"].as_array_mut().unwrap() {
            resource["allocation_info"] = json!({"role": role});
        }
        task
    };
    let tasks = [of_role("theirs", other), of_role("mine", &own)];
    framework.accept(&offer, &tasks, 0.0);
    let refused = framework.status("theirs");
    assert_eq!(refused["state"], "TASK_ERROR");
    let why = format!("resource `cpus` is of role `{other}`");
    assert!(
        refused["message"].as_str().unwrap().contains(&why),
        "{refused}"
    );
    assert_eq!(framework.status("mine")["state"], "TASK_RUNNING");
    // What is left goes to the other role; tasks of both have names in one list.
    let rest = framework.offer();
    assert_eq!(role(&rest), other);
    framework.launch(&rest, &[("mine", "sleep"), ("theirs", "sleep")]);
    assert_eq!(
        framework.status("mine")["state"],
        "TASK_ERROR",
        "a duplicate"
    );
    assert_eq!(framework.status("theirs")["state"], "TASK_RUNNING");
    let tasks = master.get("/tasks")["tasks"].take();
    for (id, expected) in [("mine", own.as_str()), ("theirs", other)] {
        let mut tasks = tasks.as_array().unwrap().iter();
        let found = tasks.find(|task| task["id"] == id && task["state"] == "TASK_RUNNING");
        assert_eq!(found.unwrap()["role"], expected);
        assert_eq!(shown(&master, expected)[0]["allocated"]["cpus"], 0.5);
    }
    framework.say(
        "RECONCILE",
        json!({"tasks": [{"task_id": {"value": "theirs"}}]}),
    );
    assert_eq!(
        framework.status("theirs")["reason"],
        "REASON_RECONCILIATION"
    );
    framework.say("KILL", json!({"task_id": {"value": "mine"}}));
    assert_eq!(framework.end_of("mine"), "TASK_KILLED");
    wait_until_held(&master, other, 0.5);
    framework.say("TEARDOWN", Value::Null);
    master.wait_for_metric("master/cpus_used", 0.0);
}

/// Whether by a call or by a new subscription, roles come and go, and tasks of those that went go on.
fn roles_change(change: impl Fn(&Master, Framework, &[&str]) -> Framework) {
    let (master, _agents) = cluster(2);
    let framework = multi(&master, &["a"]);
    let offers = framework.offers(2);
    framework.launch(&offers[0], &[("t", "sleep")]);
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    let framework = change(&master, framework, &["b/c"]);
    // Everything that is free is offered to the new role.
    wait_until_held(&master, "b", 1.5);
    wait_until_held(&master, "a", 0.5);
    let old = &shown(&master, "a")[0];
    assert_eq!(
        old["frameworks"],
        json!([framework.id]),
        "its task is there"
    );
    assert_eq!(old["offered"]["cpus"], 0.0);
    // Those of the other may have come before.
    let mut declined = 0;
    while declined < 2 {
        for offer in framework.some_offers() {
            if role(&offer) == "b/c" {
                framework.decline(&offer, 1000.0);
                declined += 1;
            }
        }
    }
    assert!(framework.is_quiet(QUIET));
    framework.say("REVIVE", json!({"roles": ["a"]}));
    assert!(framework.is_quiet(QUIET), "it is not its role any more");
    let framework = change(&master, framework, &["a"]);
    wait_until_held(&master, "a", 2.0);
    framework.say("KILL", json!({"task_id": {"value": "t"}}));
    assert_eq!(framework.end_of("t"), "TASK_KILLED");
    let framework = change(&master, framework, &[]);
    master.wait_for_metric("master/outstanding_offers", 0.0);
    // Without a role there is nothing to launch on, and that is said.
    framework.launch(&offers[0], &[("late", "sleep")]);
    assert_eq!(framework.status("late")["reason"], "REASON_INVALID_OFFERS");
}

#[test]
fn roles_change_with_a_call() {
    roles_change(|_, framework, roles| {
        let mut info = with_roles(roles);
        info["id"] = json!({"value": framework.id});
        let update = json!({"framework_info": info, "suppressed_roles": []});
        let answer = framework.call("UPDATE_FRAMEWORK", update);
        assert_eq!(answer, (200, String::new()));
        framework
    });
}

#[test]
fn roles_change_with_a_subscription() {
    roles_change(|master, framework, roles| {
        let mut info = with_roles(roles);
        info["id"] = json!({"value": framework.id});
        Framework::subscribe_as(master.address, &info)
    });
}

#[test]
fn an_update_that_is_not_valid_changes_nothing() {
    let (master, _agents) = cluster(1);
    let framework = multi(&master, &["a"]);
    for (info, suppressed, word) in [
        (json!({"roles": ["a", "a"]}), json!([]), "has `a` twice"),
        (json!({"roles": ["a", "/b"]}), json!([]), "roles `/b`"),
        (
            json!({"user": "v"}),
            json!([]),
            "FrameworkInfo.user cannot be changed",
        ),
        (
            json!({"id": {"value": "x"}}),
            json!([]),
            "doesn't match framework id",
        ),
        (
            json!({}),
            json!(["b"]),
            "`b` is not contained in the list of roles",
        ),
        (
            json!({"offer_filters": {"a": {}}}),
            json!([]),
            "`offer_filters`",
        ),
    ] {
        let mut changed = with_roles(&["a"]);
        changed["id"] = json!({"value": framework.id});
        for (member, value) in info.as_object().unwrap() {
            changed[member] = value.clone();
        }
        let update = json!({"framework_info": changed, "suppressed_roles": suppressed});
        let (status, why) = framework.call("UPDATE_FRAMEWORK", update);
        assert_eq!(status, 400, "{info}");
        assert!(why.contains(word), "{info}: {why}");
    }
    assert_eq!(framework.call("UPDATE_FRAMEWORK", Value::Null).0, 400);
    let roles = master.get("/frameworks")["frameworks"][0]["roles"].take();
    assert_eq!(roles, json!(["a"]));
    // What it wants may change, and no other role's refusals by that.
    let offer = framework.offer();
    framework.decline(&offer, 1000.0);
    let mut info = with_roles(&["a", "b"]);
    info["id"] = json!({"value": framework.id});
    info["name"] = json!("renamed");
    let update = json!({"framework_info": info, "suppressed_roles": ["b"]});
    assert_eq!(framework.call("UPDATE_FRAMEWORK", update).0, 200);
    assert!(framework.is_quiet(QUIET));
    assert_eq!(
        master.get("/frameworks")["frameworks"][0]["name"],
        "renamed"
    );
    let update = json!({"framework_info": info, "suppressed_roles": []});
    assert_eq!(framework.call("UPDATE_FRAMEWORK", update).0, 200);
    assert_eq!(role(&framework.offer()), "b");
}

#[test]
fn a_master_that_comes_back_knows_its_roles() {
    let (mut master, _agents) = cluster(2);
    let framework = multi(&master, &["a/b", "c"]);
    let offers = framework.offers(2);
    for (offer, id) in offers.iter().zip(["t0", "t1"]) {
        framework.launch(offer, &[(id, "sleep")]);
        assert_eq!(framework.status(id)["state"], "TASK_RUNNING");
    }
    let before = master.get("/roles");
    master.kill();
    master.restart();
    let after = master.get("/roles");
    for name in ["a", "a/b", "c"] {
        let of = |roles: &Value| {
            let roles = roles["roles"].as_array().unwrap().iter();
            let mut roles = roles.filter(|role| role["name"] == name);
            roles.next().unwrap()["allocated"].clone()
        };
        assert_eq!(of(&after), of(&before), "{name}");
    }
    let mut info = with_roles(&["c"]);
    info["id"] = json!({"value": framework.id});
    let framework = Framework::subscribe_as(master.address, &info);
    for id in ["t0", "t1"] {
        framework.say("KILL", json!({"task_id": {"value": id}}));
        assert_eq!(framework.end_of(id), "TASK_KILLED");
    }
    wait_until_held(&master, "c", 2.0);
}

/// A demand is of the role that its resources name.
#[test]
fn a_demand_is_of_a_role() {
    let master = Master::start(&["--allocator", "drf[round=50ms,offers=task]"]);
    let _agents = start(&master, 1);
    let framework = multi(&master, &["a", "b"]);
    let need = |role: Option<&str>| {
        let mut cpus = json!({"name": "cpus", "scalar": {"value": 0.25}});
        if let Some(role) = role {
            cpus["allocation_info"] = json!({"role": role});
        }
        json!({"requests": [{"resources": [cpus]}]})
    };
    assert!(framework.is_quiet(QUIET));
    for (named, expected) in [(Some("b"), "b"), (None, "a")] {
        framework.say("REQUEST", need(named));
        assert_eq!(role(&framework.offer()), expected);
    }
    let (status, why) = framework.call("REQUEST", {
        let mut both = need(Some("a"));
        let other = need(Some("b"))["requests"][0].clone();
        both["requests"].as_array_mut().unwrap().push(other);
        both
    });
    assert_eq!(status, 400);
    assert!(why.contains("resource `cpus` is of role `b`"), "{why}");
    let (status, why) = framework.call("REQUEST", need(Some("c")));
    assert_eq!(status, 400);
    assert!(why.contains("the framework is not in role `c`"), "{why}");
    assert!(framework.is_quiet(QUIET));
}
