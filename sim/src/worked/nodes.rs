//! Tasks that never end on nodes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fairground_policies::placement::{NodeState, PlacementPolicy, Placer, TaskShape};
use fairground_policies::resources::{Kind, Resources};
use fairground_workloads::rng;

use super::ExampleError;
use super::words::ExampleLine;

/// The most cores that a node is drawn with.
const WIDEST: u64 = 64;

pub(super) fn drawn(lines: &[ExampleLine<'_>]) -> Result<String, ExampleError> {
    let (mut nodes, mut tasks, mut policy) = (Vec::new(), Vec::new(), None);
    for words in lines {
        let count = || words.count().map(|count| count.min(64) as usize);
        match words.verb {
            "node" => {
                let node = NodeState::new(words.amount, TaskShape::ANY);
                nodes.extend(vec![node; count()?]);
            }
            "task" => tasks.push((TaskShape::new(words.amount), count()?)),
            "place" => {
                let found = PlacementPolicy::from_name(&words.name("first")?);
                policy = Some(found.map_err(|error| words.error(error.0))?);
            }
            _ => return Err(words.unknown("node, task or place")),
        }
    }
    let policy = policy.ok_or_else(|| lines[0].error("no `place`".to_owned()))?;
    let count = nodes.len();
    let mut placer = Placer::new(policy, nodes, rng::stream(1, "placement").into_generator());
    for (shape, count) in &tasks {
        placer.learn(shape, *count as u64);
    }
    let mut rows = vec![NodeRow::default(); count];
    let mut nowhere = String::new();
    for ((shape, count), letter) in tasks.iter().zip('a'..='z') {
        for _ in 0..*count {
            match placer.place(shape) {
                Some(here) => rows[here.node].add(letter, shape, &here.devices),
                None => nowhere.push(letter),
            }
        }
    }
    let mut text = String::new();
    for (at, (row, node)) in rows.iter().zip(placer.nodes()).enumerate() {
        let _ = writeln!(text, "node {at} {}  free {}", row.drawn(node), node.free);
    }
    if !nowhere.is_empty() {
        let _ = writeln!(text, "nowhere {nowhere}");
    }
    let gpus = placer.nodes().iter().any(|node| !node.devices.is_empty());
    let cores = placer.nodes().iter().any(|node| node.devices.is_empty());
    text.push_str(match (gpus, cores) {
        (true, false) => "[] a GPU",
        (true, true) => "[] a GPU, in | | a letter is a core",
        (false, _) => "a letter is a core",
    });
    text.push_str(", . is free; tasks in order are a, b, ...\n");
    Ok(text)
}

/// What runs on a node, in letters.
#[derive(Clone, Default)]
struct NodeRow {
    /// A letter a core, rounded up.
    cores: String,
    /// By GPU, a letter a task.
    gpus: BTreeMap<usize, String>,
    /// A letter a task without GPUs.
    without: String,
}

impl NodeRow {
    fn add(&mut self, letter: char, shape: &TaskShape, devices: &[usize]) {
        self.cores += &letter.to_string().repeat(cores(shape.needs));
        if devices.is_empty() {
            self.without.push(letter);
        }
        for device in devices {
            self.gpus.entry(*device).or_default().push(letter);
        }
    }

    /// The GPUs of a node, and beside them what needs none; of a node without GPUs its cores.
    fn drawn(&self, node: &NodeState) -> String {
        if node.devices.is_empty() {
            let free = ".".repeat(cores(node.free));
            return format!("|{}{free}|", self.cores);
        }
        let gpu = |(device, free): (usize, &u64)| {
            let tasks = self.gpus.get(&device).map_or("", String::as_str);
            let rest = if *free > 0 { "." } else { "" };
            format!("[{tasks}{rest}]")
        };
        let gpus: String = node.devices.iter().enumerate().map(gpu).collect();
        if self.without.is_empty() {
            gpus
        } else {
            format!("{gpus} {}", self.without)
        }
    }
}

/// How many letters stand for so many cores, rounded up.
fn cores(some: Resources) -> usize {
    some.of(Kind::Cpus).div_ceil(1000).min(WIDEST) as usize
}
