//! Nomad: scores of nodes, spread, what is displaced.

use std::collections::{BTreeMap, BTreeSet};

use fairground_policies::rules::nomad::preempt::{
    Ask, Device, Network, Node, Task, displaced, distance,
};
use fairground_policies::rules::nomad::score::{
    Amounts, affinity, anti_affinity, bin_pack, fit, fit_spread, looked_at, mean,
};
use fairground_policies::rules::nomad::spread::{Spread, even, scores};
use fairground_policies::score::Score;
use serde::Deserialize;

use super::case::{decimal, score};
use super::{Case, CaseFile, Kind, System, Unreadable, Verdict};

pub(super) const SYSTEM: System = System {
    name: "nomad",
    about: "scores of nodes, spread, what is displaced",
    kinds: &[
        Kind {
            name: "fit_score",
            rule: "how a task fits: powers of what is free",
            check: fit_score,
        },
        Kind {
            name: "distance",
            rule: "how far a task is from what is asked",
            check: distances,
        },
        Kind {
            name: "limit",
            rule: "which options are looked at",
            check: limit,
        },
        Kind {
            name: "final_score",
            rule: "the mean of what scorers say",
            check: final_score,
        },
        Kind {
            name: "placement",
            rule: "feasible nodes, the best first",
            check: placement,
        },
        Kind {
            name: "spread_score",
            rule: "spread over values of an attribute",
            check: spread_score,
        },
        Kind {
            name: "even_boost",
            rule: "even spread",
            check: even_boost,
        },
        Kind {
            name: "preemption",
            rule: "who is displaced for network, devices, sizes",
            check: preemption,
        },
    ],
    file: CaseFile::Json,
};

/// Whether numbers are those that a case writes, within a tolerance.
fn within(expected: &[f64], found: &[f64], tolerance: f64) -> Verdict {
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance;
    let right = expected.len() == found.len() && expected.iter().zip(found).all(near);
    Verdict::of(right, format!("{expected:?}"), format!("{found:?}"))
}

#[derive(Deserialize)]
struct NodeSizes {
    #[serde(default)]
    name: String,
    cpu: i64,
    memory: i64,
    #[serde(default)]
    reserved_cpu: i64,
    #[serde(default)]
    reserved_memory: i64,
    #[serde(default)]
    used: Vec<CpuMemory>,
}

#[derive(Deserialize, Clone, Copy)]
struct CpuMemory {
    cpu: i64,
    memory: i64,
}

impl From<CpuMemory> for Amounts {
    fn from(CpuMemory { cpu, memory }: CpuMemory) -> Self {
        Self { cpu, memory }
    }
}

impl NodeSizes {
    const fn all(&self) -> Amounts {
        Amounts {
            cpu: self.cpu - self.reserved_cpu,
            memory: self.memory - self.reserved_memory,
        }
    }
}

fn fit_score(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let node: NodeSizes = case.read("input.node")?;
    let used = case.read::<CpuMemory>("input.used")?.into();
    let expected = [case.read("expect.binpack")?, case.read("expect.spread")?];
    let found = [bin_pack(node.all(), used), fit_spread(node.all(), used)];
    Ok(within(&expected, &found.map(decimal), 1e-3))
}

#[derive(Deserialize)]
struct Sizes {
    cpu: i64,
    memory: i64,
    #[serde(default)]
    disk: i64,
}

impl From<Sizes> for [i64; 3] {
    fn from(sizes: Sizes) -> Self {
        [sizes.cpu, sizes.memory, sizes.disk]
    }
}

fn distances(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let sizes = |path| case.read::<Sizes>(path).map(Into::into);
    let found = distance(sizes("input.ask")?, sizes("input.used")?);
    Ok(within(
        &[case.read("expect.distance")?],
        &[decimal(found)],
        6e-4,
    ))
}

fn limit(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let scores: Vec<f64> = case.read("input.scores")?;
    let scores: Vec<Score> = scores.into_iter().map(score).collect::<Result<_, _>>()?;
    let threshold = score(case.read("input.threshold")?)?;
    let found = looked_at(
        &scores,
        case.read("input.limit")?,
        threshold,
        case.read("input.max_skip")?,
    );
    Ok(Verdict::equal(&case.read("expect.order")?, &found))
}

fn final_score(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    #[derive(Deserialize)]
    struct Affinity {
        weight: i64,
        matches: bool,
    }
    let own = case.maybe("input.collisions")?.unwrap_or(0);
    let affinities: Vec<Affinity> = case.maybe("input.affinities")?.unwrap_or_default();
    let affinities: Vec<(i64, bool)> = affinities
        .iter()
        .map(|one| (one.weight, one.matches))
        .collect();
    let failed = case
        .maybe::<bool>("input.reschedule_penalty")?
        .unwrap_or(false);
    let said = [
        anti_affinity(own, case.maybe("input.desired_count")?.unwrap_or(1)),
        failed.then_some(Score::new(-1)),
        affinity(&affinities),
    ];
    let said: Vec<Score> = said.into_iter().flatten().collect();
    Ok(within(
        &[case.read("expect.final")?],
        &[decimal(mean(&said))],
        1e-6,
    ))
}

fn placement(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let nodes: Vec<NodeSizes> = case.read("input.nodes")?;
    let ask: CpuMemory = case.read("input.ask")?;
    let spread = case
        .maybe::<String>("input.algorithm")?
        .is_some_and(|name| name == "spread");
    let mut found: Vec<(String, Score)> = Vec::new();
    for node in nodes {
        let total = |of: fn(&CpuMemory) -> i64| node.used.iter().chain([&ask]).map(of).sum();
        let used = Amounts {
            cpu: total(|one| one.cpu),
            memory: total(|one| one.memory),
        };
        let all = node.all();
        if used.cpu <= all.cpu && used.memory <= all.memory {
            let score = if spread {
                fit_spread(all, used)
            } else {
                bin_pack(all, used)
            };
            found.push((node.name, fit(score)));
        }
    }
    let names = |found: &[(String, Score)]| {
        found
            .iter()
            .map(|(name, _)| name.clone())
            .collect::<Vec<_>>()
    };
    let verdict = Verdict::equal(&case.read("expect.feasible")?, &names(&found));
    found.sort_by_key(|(_, score)| std::cmp::Reverse(*score));
    verdict
        .and(|| Ok(Verdict::equal(&case.read("expect.order")?, &names(&found))))?
        .and(|| {
            let ranges: BTreeMap<String, [f64; 2]> =
                case.maybe("expect.score_range")?.unwrap_or_default();
            let inside = |(name, score): &(String, Score)| {
                let score = decimal(*score);
                ranges
                    .get(name)
                    .is_none_or(|[low, high]| (low - 1e-6..=high + 1e-6).contains(&score))
            };
            Ok(Verdict::of(
                found.iter().all(inside),
                format!("{ranges:?}"),
                format!("{found:?}"),
            ))
        })
}

fn spread_score(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    #[derive(Deserialize)]
    struct Line {
        attribute: String,
        weight: i64,
        targets: Option<BTreeMap<String, i64>>,
        #[serde(default)]
        used: BTreeMap<String, i64>,
    }
    let lines: Vec<Line> = case.read("input.spreads")?;
    let nodes: Vec<BTreeMap<String, String>> = case.read("input.nodes")?;
    let value = |node: &BTreeMap<String, String>| -> Vec<Option<String>> {
        lines
            .iter()
            .map(|line| node.get(&line.attribute).cloned())
            .collect()
    };
    let values: Vec<Vec<Option<String>>> = nodes.iter().map(value).collect();
    let values: Vec<Vec<Option<&str>>> = values
        .iter()
        .map(|all| all.iter().map(Option::as_deref).collect())
        .collect();
    let spread = |line: &Line| Spread {
        weight: line.weight,
        targets: line.targets.clone().unwrap_or_default(),
        used: line.used.clone(),
    };
    let spreads: Vec<Spread> = lines.iter().map(spread).collect();
    let found = scores(&values, &spreads, case.read("input.count")?);
    let found: Vec<f64> = found.into_iter().map(decimal).collect();
    Ok(within(
        &case.read::<Vec<f64>>("expect.scores")?,
        &found,
        1e-6,
    ))
}

fn even_boost(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let found = even(
        &case.read("input.used")?,
        &case.read::<String>("input.value")?,
    );
    Ok(within(
        &[case.read("expect.boost")?],
        &[decimal(found.score())],
        1e-6,
    ))
}

#[derive(Deserialize)]
struct NodeCase {
    cpu: i64,
    memory: i64,
    disk: i64,
    #[serde(default)]
    reserved_cpu: i64,
    #[serde(default)]
    reserved_memory: i64,
    #[serde(default)]
    reserved_disk: i64,
    #[serde(default)]
    networks: Vec<NetworkCase>,
    #[serde(default)]
    devices: Vec<DeviceCase>,
}

#[derive(Deserialize)]
struct NetworkCase {
    device: String,
    mbits: i64,
    #[serde(default)]
    ports: BTreeSet<u32>,
}

#[derive(Deserialize)]
struct DeviceCase {
    vendor: String,
    r#type: String,
    name: String,
    instances: i64,
}

#[derive(Deserialize)]
struct Devices {
    name: String,
    count: i64,
}

#[derive(Deserialize)]
struct TaskCase {
    id: String,
    job: String,
    #[serde(default)]
    group: String,
    priority: i64,
    res: Sizes,
    #[serde(default)]
    max_parallel: i64,
    #[serde(default)]
    networks: Vec<NetworkCase>,
    #[serde(default)]
    devices: Vec<Devices>,
}

#[derive(Deserialize)]
struct AskCase {
    #[serde(flatten)]
    sizes: Sizes,
    #[serde(default)]
    networks: Vec<NetworkCase>,
    #[serde(default)]
    devices: Vec<Devices>,
}

/// The first of several, with what the others have of the same device.
fn network(all: &[NetworkCase]) -> Option<Network> {
    let device = &all.first()?.device;
    let same = || all.iter().filter(|one| one.device == *device);
    Some(Network {
        device: device.clone(),
        mbits: same().map(|one| one.mbits).sum(),
        ports: same().flat_map(|one| one.ports.clone()).collect(),
    })
}

fn preemption(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    #[derive(Deserialize)]
    struct Gone {
        job: String,
        #[serde(default)]
        group: String,
    }
    let it: NodeCase = case.read("input.node")?;
    let node = Node {
        sizes: [
            it.cpu - it.reserved_cpu,
            it.memory - it.reserved_memory,
            it.disk - it.reserved_disk,
        ],
        networks: it
            .networks
            .into_iter()
            .map(|one| (one.device, one.mbits))
            .collect(),
        devices: it
            .devices
            .into_iter()
            .map(|one| Device {
                id: [one.vendor, one.r#type, one.name],
                instances: one.instances,
            })
            .collect(),
    };
    let gone: Vec<Gone> = case.maybe("input.already_preempted")?.unwrap_or_default();
    let lines: Vec<TaskCase> = case.read("input.allocs")?;
    let ids: Vec<String> = lines.iter().map(|one| one.id.clone()).collect();
    let task = |one: TaskCase| Task {
        priority: one.priority,
        network: network(&one.networks),
        devices: one
            .devices
            .into_iter()
            .map(|one| (one.name, one.count))
            .collect(),
        max_parallel: one.max_parallel,
        displaced: gone
            .iter()
            .map(|gone| i64::from(gone.job == one.job && gone.group == one.group))
            .sum(),
        sizes: one.res.into(),
    };
    let tasks: Vec<Task> = lines.into_iter().map(task).collect();
    let asked: AskCase = case.read("input.ask")?;
    let ask = Ask {
        priority: case.read("input.job_priority")?,
        sizes: asked.sizes.into(),
        network: network(&asked.networks),
        devices: asked
            .devices
            .into_iter()
            .map(|one| (one.name, one.count))
            .collect(),
    };
    let found = displaced(&node, &tasks, &ask);
    let found = found.map(|all| all.into_iter().map(|place| ids[place].clone()).collect());
    let expected: Option<BTreeSet<String>> = case.read("expect.preempted")?;
    Ok(Verdict::equal(&expected, &found))
}
