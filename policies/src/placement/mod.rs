//! Placement: on which node does a task run, and on which of its GPUs?
//!
//! A policy scores the nodes that a task fits on; the highest score wins, and equal ones go by a tie rule that is a
//! parameter, because results depend on it (FGD's published gain is lost when equals are drawn at random). One
//! score a policy, one line in [`ENTRIES`].
//!
//! The GPUs of a node are single devices here: a task that asks for less than one takes that much of one, and a
//! task that asks for more takes whole ones. It is all that placement adds to what `Resources` say.

mod device;
mod fgd;
mod node;
mod placer;
mod policy;
mod scores;

pub use self::device::DeviceRule;
pub use self::fgd::Fgd;
pub use self::node::{NodeState, TaskShape};
pub use self::placer::{Placed, Placer};
pub use self::policy::{ENTRIES, NodeScore, NodeTie, PARAMS, PlacementEntry, PlacementPolicy};

/// The parameters of placements, for who has them among its own.
pub(crate) mod params {
    pub(crate) use super::policy::{GPU, ON, ROUND, TIE, TYPES};
}
