//! Which of a node's GPUs a task runs on.

use rand_chacha::ChaCha8Rng;

use super::node::DEVICE;
use super::{NodeState, TaskShape};
use crate::allocators::below;

/// Which GPU a task shares; whole ones are taken from the lowest number on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeviceRule {
    /// The lowest number that has room.
    First,
    /// The one with the least that has room.
    Tightest,
    /// The one with the most.
    Emptiest,
    /// A draw among those that have room.
    Random,
    /// The one that the policy scores highest.
    Score,
}

impl DeviceRule {
    /// The GPUs that a task which fits may have, each choice a list: one choice but where they are scored or drawn.
    pub(super) fn choices(self, node: &NodeState, shape: &TaskShape) -> Vec<Vec<usize>> {
        let milli = shape.milli;
        let free = node.devices.iter().copied().enumerate();
        let room = free.filter(|(_, free)| *free >= milli);
        if shape.devices != 1 || milli >= DEVICE {
            let first = room.take(shape.devices as usize);
            return vec![first.map(|(device, _)| device).collect()];
        }
        let mut room: Vec<_> = room.collect();
        match self {
            Self::Score | Self::Random => {}
            Self::First => room.truncate(1),
            Self::Tightest => keep_least(&mut room, |free| free),
            Self::Emptiest => keep_least(&mut room, |free| DEVICE - free),
        }
        room.into_iter().map(|(device, _)| vec![device]).collect()
    }

    /// The GPUs for a task on the node that was chosen, where those are best that were scored.
    pub(super) fn choose(
        self,
        node: &NodeState,
        shape: &TaskShape,
        best: Vec<usize>,
        rng: &mut ChaCha8Rng,
    ) -> Vec<usize> {
        if self != Self::Random {
            return best;
        }
        let mut choices = self.choices(node, shape);
        choices.swap_remove(below(rng, choices.len() as u64) as usize)
    }
}

/// Keeps the first of those of which this is least.
fn keep_least(room: &mut Vec<(usize, u64)>, key: fn(u64) -> u64) {
    let least = room
        .iter()
        .min_by_key(|(device, free)| (key(*free), *device));
    *room = least.into_iter().copied().collect();
}
