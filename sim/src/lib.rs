//! A deterministic discrete-event simulator for cluster schedulers, and its command line.
//!
//! The loop is in [`world`]: events and actions of the pure core are carried through a queue of
//! virtual time. Nothing here decides who gets what.
//!
//! Modules in suggested reading order.

#![deny(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they end the program when nobody reads: `fairground_workloads::words`"
)]

pub use fairground_workloads::recipe;

pub mod replay;
pub mod experiment;
pub mod world;
pub mod queue;
pub mod network;
pub mod record;
pub mod digest;
pub mod run;
pub mod output;
pub mod measured;
pub mod pool;
pub mod packing;
pub mod sampling;
pub mod fidelity;
pub mod bench;
pub mod conformance;
pub mod audit;
pub mod worked;
pub mod download;

mod beside;
mod cli;
mod closed;
mod search;
pub mod sensitivity;
pub mod robust;
pub mod gap;

pub use cli::main_with;
