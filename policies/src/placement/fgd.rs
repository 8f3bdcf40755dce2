//! Fragmentation gradient descent (Weng et al., Beware of Fragmentation, USENIX ATC 2023).

use std::collections::BTreeMap;

use super::node::DEVICE;
use super::policy::NodeScore;
use super::{Node, Shape};
use crate::resources::{Kind, Resources};
use crate::score::Score;

/// A task of the mix: CPU, GPUs, part of each, models.
type Target = (u64, u32, u64, u64);

/// Places a task where the fragments grow least. The fragments of a node are what a task drawn from the mix cannot
/// use of its free GPUs, in thousandths (section 3.1): all of them where it does not fit or wants none, else those
/// with less than it asks of each.
#[derive(Debug)]
pub struct Fgd {
    /// How many tasks of each kind were seen.
    seen: BTreeMap<Target, u64>,
    /// The most frequent of them, with their counts, and the sum of these.
    targets: Vec<(Target, u64)>,
    total: u64,
    /// Frequent ones count until they are so many percent of all.
    percent: u64,
}

impl Fgd {
    /// With no mix yet, of which so many percent are to count, the most frequent kinds first.
    pub const fn new(percent: u64) -> Self {
        Self {
            seen: BTreeMap::new(),
            targets: Vec::new(),
            total: 0,
            percent,
        }
    }

    /// What a task drawn from the mix cannot use of the node's GPUs, in thousandths, times all tasks of the mix.
    pub fn fragments(&self, node: &Node) -> u64 {
        let cpus = node.free.of(Kind::Cpus);
        let idle: u64 = node.devices.iter().sum();
        let of = |((asked, devices, milli, models), count): &(Target, u64)| {
            let small = node.devices.iter().filter(|free| **free < *milli);
            let (short, lost) = small.fold((0, 0), |(short, lost), free| (short + 1, lost + free));
            let room = node.devices.len() - short;
            let fits = *devices > 0
                && *asked <= cpus
                && models & node.model != 0
                && room >= *devices as usize;
            count * if fits { lost } else { idle }
        };
        self.targets.iter().map(of).sum()
    }

    /// The sigmoid of by how many GPUs the fragments fall.
    fn gain(&self, before: u64, after: &Node) -> Score {
        let fall = before.cast_signed() - self.fragments(after).cast_signed();
        let gpus = (self.total * DEVICE).cast_signed();
        Score::ratio(fall, gpus).sigmoid()
    }
}

impl NodeScore for Fgd {
    fn learn(&mut self, shape: &Shape, count: u64) {
        let target = (
            shape.needs.of(Kind::Cpus),
            shape.devices,
            shape.milli,
            shape.models,
        );
        *self.seen.entry(target).or_default() += count;
        let all: u64 = self.seen.values().sum();
        self.targets = self
            .seen
            .iter()
            .map(|(one, count)| (*one, *count))
            .collect();
        self.targets
            .sort_by_key(|(one, count)| (u64::MAX - count, *one));
        self.total = 0;
        let mut kept = 0;
        while self.total * 100 < self.percent * all {
            self.total += self.targets[kept].1;
            kept += 1;
        }
        self.targets.truncate(kept);
    }

    fn score(&self, node: &Node, shape: &Shape, _: Resources) -> (Score, Option<usize>) {
        let before = self.fragments(node);
        let mut after = node.clone();
        if shape.devices != 1 || shape.milli >= DEVICE {
            let whole = node.devices.iter().enumerate();
            let whole = whole.filter(|(_, free)| **free >= shape.milli);
            let whole: Vec<usize> = whole
                .map(|(at, _)| at)
                .take(shape.devices as usize)
                .collect();
            after.take(shape, &whole);
            return (self.gain(before, &after), None);
        }
        after.free -= shape.needs;
        let mut best: Option<(Score, usize)> = None;
        for (device, free) in node.devices.iter().enumerate() {
            if *free < shape.milli {
                continue;
            }
            after.devices[device] -= shape.milli;
            let score = self.gain(before, &after);
            after.devices[device] += shape.milli;
            if best.is_none_or(|(highest, _)| score > highest) {
                best = Some((score, device));
            }
        }
        let (score, device) = best.expect("a node that the task fits on");
        (score, Some(device))
    }
}
