//! `replay`: the same core, another one, and what no log is.

use expect_test::expect;
use fairground_policies::master::Master;
use fairground_policies::message::{AgentId, Event, FrameworkId, Step};
use fairground_policies::registry::Registry;
use fairground_policies::resources::Resources;
use fairground_policies::share::Weight;
use fairground_policies::time::{Span, Time};
use fairground_workloads::log::{FORMAT, Record};
use fairground_workloads::rng;
use serde_json::{Value, json};

use crate::place::Place;

/// The steps of a master that is told of one agent and two frameworks.
fn steps() -> Vec<Step> {
    let rng = rng::stream(7, "policy").into_generator();
    let mut core: Master = Registry::default()
        .master(&"drf[round=1s]".parse().unwrap(), rng)
        .unwrap();
    let total: Resources = serde_json::from_value(json!([4000, 8000, 0, 0])).unwrap();
    let agent = AgentId(0);
    let joined = |framework| Event::FrameworkJoined {
        framework: FrameworkId(framework),
        weight: Weight::default(),
        role: None,
    };
    let told = [
        Event::AgentJoined { agent, total },
        joined(0),
        joined(1),
        Event::TimePassed,
    ];
    let mut at = Time::ZERO;
    let mut steps = Vec::new();
    for event in told {
        let mut actions = Vec::new();
        core.step(at, event.clone(), &mut actions);
        steps.push(Step { at, event, actions });
        at += Span::from_secs(1);
    }
    steps
}

fn log(allocator: &str, steps: Vec<Step>) -> Vec<u8> {
    let settings = json!({"master_id": "m", "allocator": allocator, "seed": 7});
    let format = FORMAT;
    let opened = Record::<Value, Value>::Opened { format, settings };
    let turns = steps.into_iter().map(|step| Record::Turn {
        at: step.at,
        input: json!({"what": "tick"}),
        steps: vec![step],
    });
    // Every record is a batch of its own.
    let batch = |record: Record<Value, Value>| {
        let mut lines = Vec::new();
        record.write(&mut lines);
        lines
    };
    std::iter::once(opened)
        .chain(turns)
        .flat_map(batch)
        .collect()
}

#[test]
fn the_same_orders() {
    let place = Place::with("log", log("drf[round=1s]", steps()));
    place.write("again", log("drf[round=1s]", steps()));
    expect![[r#"
        exit 0
        --- stdout
        log: 4 records, 4 steps, 1 action: every action is the same
        again: 4 records, 4 steps, 1 action: every action is the same
    "#]]
    .assert_eq(&place.fairground("replay log again"));
}

#[test]
fn another_order_is_shown_with_the_books() {
    let mut forged = steps();
    forged[3].actions.clear();
    let place = Place::with("log", log("drf[round=1s]", forged));
    expect![[r#"
        exit 1
        --- stdout
        log: 3 records, 4 steps, 1 action: the first difference is on line 5
        told     "TimePassed"
        at       3s
        logged   []
        replayed [{"Offer":{"id":0,"framework":0,"agent":0,"resources":[4000,8000,0,0]}}]
        -- books before
        a0 free cpus:4 mem:8000 of cpus:4 mem:8000
        f0 holds -, 0 tasks, 0 offers open
        f1 holds -, 0 tasks, 0 offers open
        -- books after
        a0 free - of cpus:4 mem:8000
        f0 holds cpus:4 mem:8000, 0 tasks, 1 offers open
        f1 holds -, 0 tasks, 0 offers open
    "#]]
    .assert_eq(&place.fairground("replay log"));
}

#[test]
fn a_torn_record_was_never_acted_upon() {
    let mut bytes = log("drf[round=1s]", steps());
    bytes.truncate(bytes.len() - 7);
    let place = Place::with("log", bytes);
    expect![[r#"
        exit 0
        --- stdout
        log: 3 records, 3 steps, 0 actions: every action is the same
    "#]]
    .assert_eq(&place.fairground("replay log"));
}

#[test]
fn what_cannot_be_replayed_is_said() {
    let place = Place::with("log", log("nobody", steps()));
    expect![[r#"
        exit 2
        --- stderr
        error: log: no policy is called `nobody`; known are static, drf, fair, fifo, priority, borg, random, lottery, slots, asset, choosy, hdrf, karma, slurm, tiresias, yarn-fair, yarn-capacity, kueue, kai, armada, volcano, ceei, gavel, mesos-like, omega-like, slurm-like, yarn-capacity-like, yarn-fair-like, kueue-like, kai-like, armada-like, volcano-like
    "#]]
    .assert_eq(&place.fairground("replay log"));
    expect![[r#"
        exit 2
        --- stderr
        error: nowhere: there is no log, or nothing in it
          hint: name the file `log` of a master's work directory
    "#]]
    .assert_eq(&place.fairground("replay nowhere"));
    let mut bytes = log("drf", steps());
    bytes[40] ^= 1;
    place.write("damaged", bytes);
    expect![[r#"
        exit 2
        --- stderr
        error: damaged:1: the checksum does not agree, and later records follow
          hint: the file is damaged; restore it from a copy
    "#]]
    .assert_eq(&place.fairground("replay damaged"));
}
