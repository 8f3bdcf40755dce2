//! The pure core of Fairground: a cluster's master, its frameworks and every policy as plain state
//! machines.
//!
//! Facts go in ([`message::Event`]), orders come out ([`message::Action`]), and nothing else
//! happens: no clock, no socket, no file, no thread, no float, no randomness that was not passed
//! in. `sim` drives this core with virtual time, `real` with wall time; what either of them
//! *decides* would be a defect.
//!
//! Modules in suggested reading order.

pub mod time;
pub mod resources;
pub mod share;
pub mod score;
pub mod message;
pub mod part;
pub mod attributes;
pub mod constraint;
pub mod job;
pub mod name;
pub mod evidence;
pub mod id_table;
pub mod few;
pub mod ledger;
pub mod master;
pub mod rules;
pub mod allocators;
pub mod job_queue;
pub mod profile;
pub mod job_order;
pub mod pool;
pub mod sampling;
pub mod personality;
pub mod placement;
pub mod schedulers;
pub mod framework_kind;
pub mod frameworks;
pub mod registry;
pub mod replay;

mod agent_set;
mod headed_set;
mod mixed;
mod demand;
mod filters;
mod capacity_index;
mod sorter;
