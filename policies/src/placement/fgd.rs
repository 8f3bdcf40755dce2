//! Fragmentation gradient descent (Weng et al., Beware of Fragmentation, USENIX ATC 2023).

use std::collections::BTreeMap;

use super::node::DEVICE;
use super::policy::NodeScore;
use super::{NodeState, TaskShape};
use crate::resources::{Kind, Resources};
use crate::score::Score;

/// A task of the mix: CPU, GPUs, part of each, models.
type MixTask = (u64, u32, u64, u64);

/// Places a task where the fragments grow least. The fragments of a node are what a task drawn from the mix cannot
/// use of its free GPUs, in thousandths (section 3.1): all of them where it does not fit or wants none, else those
/// with less than it asks of each.
#[derive(Debug)]
pub struct Fgd {
    /// How many tasks of each kind were seen.
    seen: BTreeMap<MixTask, u64>,
    /// The most frequent of them, with their counts, and the sum of these.
    targets: Vec<(MixTask, u64)>,
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
    pub fn fragments(&self, node: &NodeState) -> u64 {
        let cpus = node.free.of(Kind::Cpus);
        let idle: u64 = node.devices.iter().sum();
        let of = |((asked, devices, milli, models), count): &(MixTask, u64)| {
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
}

impl NodeScore for Fgd {
    fn learn(&mut self, shape: &TaskShape, count: u64) {
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

    /// The sigmoid of by how many GPUs the fragments fall.
    fn score(&self, node: &NodeState, shape: &TaskShape, devices: &[usize], _: Resources) -> Score {
        let mut after = node.clone();
        after.take(shape, devices);
        let fall = self.fragments(node).cast_signed() - self.fragments(&after).cast_signed();
        Score::ratio(fall, (self.total * DEVICE).cast_signed()).sigmoid()
    }
}
