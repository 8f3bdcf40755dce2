//! What Fairground costs, row by row, each with an aim: `fairground bench`.
//!
//! Aims are for processor time: on a shared machine the clock on the wall says little. Rows about the
//! engine are ratios to the floor, both run in turn in the same minute on the same file, and count only
//! if both placed every task on the same machine.

mod allocator;
mod engine;
mod floor;
mod measure;
mod memory;
mod month;
mod peers;
mod pool;
mod rows;
mod runs;
mod seeds;
pub mod speed;
mod traces;
mod workload;

pub use measure::Cost;
pub use memory::peak;
pub use peers::{ANCHORS, Anchor, PEERS, Pair, Peer, place};
pub use rows::{Aim, ROWS, Row, Size};
