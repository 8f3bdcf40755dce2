//! Which of a node's GPUs a task runs on.

use rand_chacha::ChaCha8Rng;

use super::node::DEVICE;
use super::{Node, Shape};
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
    /// The GPUs for a task that fits; `scored` is what the policy scored highest.
    pub(super) fn choose(
        self,
        node: &Node,
        shape: &Shape,
        scored: Option<usize>,
        rng: &mut ChaCha8Rng,
    ) -> Vec<usize> {
        let milli = shape.milli;
        let free = node.devices.iter().copied().enumerate();
        let mut room = free.filter(|(_, free)| *free >= milli);
        if shape.devices != 1 || milli >= DEVICE {
            return room
                .take(shape.devices as usize)
                .map(|(device, _)| device)
                .collect();
        }
        let chosen = match self {
            Self::First => room.next(),
            Self::Tightest => room.min_by_key(|(device, free)| (*free, *device)),
            Self::Emptiest => room.min_by_key(|(device, free)| (DEVICE - free, *device)),
            Self::Random => {
                let room: Vec<_> = room.collect();
                Some(room[below(rng, room.len() as u64) as usize])
            }
            Self::Score => return scored.into_iter().collect(),
        };
        chosen.map(|(device, _)| device).into_iter().collect()
    }
}
