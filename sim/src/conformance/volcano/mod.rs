//! The cases of Volcano: sessions and shares, fed to `fairground_policies::rules::volcano`.

mod text;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use fairground_policies::rules::volcano::capacity;
use fairground_policies::rules::volcano::session::{Session, Snapshot};
use fairground_policies::rules::volcano::{Enabled, Phase, Plugin, Point, Status};
use serde::Deserialize as _;
use serde_json::{Number, Value, json};

use self::text::{Case as Text, Named};
use self::world::{Names, actions, ratio, snapshot};
use super::compared::Compared;
use super::{Case, CaseFile, Kind, System, Unreadable, Verdict};

pub(super) const SYSTEM: System = System {
    name: "volcano",
    about: "sessions that admit, place, take back and preempt, by weight and by stated amounts",
    kinds: &[
        Kind {
            name: "session",
            rule: "one session of actions",
            check: session,
        },
        Kind {
            name: "session_topology",
            rule: "one session with groups of nodes",
            check: session,
        },
        Kind {
            name: "session_volumes",
            rule: "one session with volumes that match",
            check: session,
        },
        Kind {
            name: "session_two_cycles",
            rule: "two sessions, the second with what the first started",
            check: two_cycles,
        },
        Kind {
            name: "queue_share_of_deserved",
            rule: "the share that queues are ordered by (capacity)",
            check: share,
        },
    ],
    file: CaseFile::Json,
};

fn share(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let mut names = Names::default();
    let mut amounts = |member: &str| names.amounts(&case.read::<Named>(member)?);
    let (held, deserved) = (amounts("allocated")?, amounts("deserved")?);
    let found = capacity::share(&held, &deserved);
    let expected = ratio(&case.read::<Number>("expect.share")?)?;
    Ok(Verdict::equal(&expected, &found))
}

fn read(value: &Value) -> Result<Text, Unreadable> {
    Text::deserialize(value).map_err(|error| Unreadable(error.to_string()))
}

fn session(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let text = read(case.value)?;
    let mut names = Names::default();
    let snapshot = snapshot(&text, &mut names)?;
    let mut session = Session::new(&snapshot);
    session.run(&actions(&text.actions)?);
    let mut compared = Compared::default();
    compare(&text, &snapshot, &session, &mut names, &mut compared)?;
    Ok(compared.verdict())
}

fn compare(
    text: &Text,
    snapshot: &Snapshot,
    session: &Session<'_>,
    names: &mut Names,
    to: &mut Compared,
) -> Result<(), Unreadable> {
    let mut binds = BTreeMap::new();
    let mut evicted = BTreeSet::new();
    let mut pipelined: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut bound: BTreeMap<String, usize> = BTreeMap::new();
    for (task, status) in session.decided() {
        let one = &snapshot.tasks[task];
        let group = snapshot.jobs[one.job].name.clone();
        match status {
            Status::Bound(node) => {
                binds.insert(one.name.clone(), text.nodes[node].name.clone());
                *bound.entry(group).or_default() += 1;
            }
            Status::Pipelined(node) => {
                pipelined
                    .entry(group)
                    .or_default()
                    .push(text.nodes[node].name.clone());
            }
            Status::Releasing(_) => drop(evicted.insert(one.name.clone())),
            Status::Pending | Status::Running(_) | Status::Succeeded => {}
        }
    }
    let expected = &text.expect;
    // Volumes are bound beside what the original counts as binds.
    let by_status = !expected.task_status.is_empty();
    if let Some(count) = expected.bind_count.filter(|_| !by_status) {
        to.same("binds", &count, &binds.len());
    }
    if !expected.only_bind_count_checked && !by_status && expected.allocated.is_empty() {
        to.same("bound", &expected.binds, &binds);
    }
    to.same(
        "evicted",
        &expected.evicted.iter().cloned().collect(),
        &evicted,
    );
    if let Some(expected) = &expected.pipelined {
        to.same("promised", expected, &pipelined);
    }
    for (group, counts) in &expected.task_status {
        let found = bound.get(group).copied().unwrap_or_default();
        to.same(
            &format!("{group} binding"),
            &counts.values().sum::<usize>(),
            &found,
        );
    }
    for (id, job) in snapshot.jobs.iter().enumerate() {
        if let Some(phase) = expected.group_phase.get(&job.name) {
            let found = match session.state.phase[id] {
                Phase::Pending => "pending",
                Phase::Inqueue => "inqueue",
                Phase::Running => "running",
            };
            to.same(&format!("{} is", job.name), &phase.as_str(), &found);
        }
        if let Some(named) = expected.allocated.get(&job.name) {
            let found = &session.state.held[id];
            for dimension in names.amounts(named)?.dimensions() {
                let said = names.amounts(named)?.get(dimension);
                to.same(&format!("{} holds", job.name), &said, &found.get(dimension));
            }
        }
    }
    Ok(())
}

/// The same two cycles with each plugin alone; what the first bound is still being bound in the second.
fn two_cycles(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let plugins: Vec<String> = case.read("plugins_tried")?;
    let mut compared = Compared::default();
    for name in &plugins {
        let plugin = match name.as_str() {
            "proportion" => Plugin::Proportion,
            "capacity" => Plugin::Capacity,
            other => return Err(Unreadable(format!("expected a plugin, found {other}"))),
        };
        let mut list: [Vec<Value>; 2] = Default::default();
        let mut bound: BTreeMap<String, usize> = BTreeMap::new();
        for cycle in ["cycle_1", "cycle_2"] {
            for (all, member) in list.iter_mut().zip(["groups", "pods"]) {
                all.extend(case.read::<Vec<Value>>(&format!("{cycle}.{member}"))?);
            }
            let text = read(&json!({
                "nodes": case.read::<Value>("nodes")?,
                "queues": case.read::<Value>("queues")?,
                "groups": list[0], "pods": list[1],
            }))?;
            let mut snapshot = snapshot(&text, &mut Names::default())?;
            let gang = [Point::JobReady, Point::JobPipelined];
            let queues = [Point::Allocatable, Point::JobEnqueued, Point::QueueOrder];
            let enabled = |plugin, on: &[Point]| Enabled {
                plugin,
                on: on.iter().copied().collect(),
            };
            snapshot.tiers = vec![vec![enabled(Plugin::Gang, &gang), enabled(plugin, &queues)]];
            for task in &mut snapshot.tasks {
                if let Some(node) = bound.get(&task.name) {
                    task.status = Status::Bound(*node);
                }
            }
            let mut session = Session::new(&snapshot);
            session.run(&actions(
                &case.read::<Vec<String>>(&format!("{cycle}.actions"))?,
            )?);
            let mut found = BTreeSet::new();
            for (task, status) in session.decided() {
                if let Status::Bound(node) = status {
                    found.insert(snapshot.tasks[task].name.clone());
                    bound.insert(snapshot.tasks[task].name.clone(), node);
                }
            }
            let expected: BTreeSet<String> = case.read(&format!("{cycle}.expect.bound"))?;
            compared.same(&format!("{name}, {cycle}"), &expected, &found);
        }
    }
    Ok(compared.verdict())
}
