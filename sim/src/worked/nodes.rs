//! Tasks that never end on nodes.

use std::fmt::Write as _;

use fairground_policies::placement::{NodeState, PlacementPolicy, Placer, TaskShape};
use fairground_policies::resources::{Kind, Resources};
use fairground_workloads::rng;

use super::ExampleError;
use super::words::ExampleLine;

/// The most units that a node is drawn with: one a core or GPU.
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
    let before = nodes.clone();
    let mut placer = Placer::new(policy, nodes, rng::stream(1, "placement").into_generator());
    for (shape, count) in &tasks {
        placer.learn(shape, *count as u64);
    }
    let mut rows = vec![String::new(); before.len()];
    let mut nowhere = String::new();
    for ((shape, count), letter) in tasks.iter().zip('a'..='z') {
        for _ in 0..*count {
            match placer.place(shape) {
                Some(here) => rows[here.node] += &letter.to_string().repeat(width(shape.needs)),
                None => nowhere.push(letter),
            }
        }
    }
    let mut text = String::new();
    for (at, (row, node)) in rows.iter().zip(placer.nodes()).enumerate() {
        let free = ".".repeat(width(node.free));
        let _ = writeln!(text, "node {at} |{row}{free}|  free {}", node.free);
    }
    if !nowhere.is_empty() {
        let _ = writeln!(text, "nowhere {nowhere}");
    }
    text.push_str("a letter is a core (of tasks with GPUs, a GPU or a part of one), . is free; tasks in order are a, b, ...\n");
    Ok(text)
}

/// How many letters stand for so much: a GPU each, or where there is none a core, rounded up.
fn width(some: Resources) -> usize {
    let kind = if some.of(Kind::Gpus) > 0 {
        Kind::Gpus
    } else {
        Kind::Cpus
    };
    some.of(kind).div_ceil(1000).min(WIDEST) as usize
}
