//! The real cluster: a master and agents on Linux machines, on the same core as the simulator.
//!
//! Sockets, processes and the wall clock are here; what to offer to whom is decided in
//! `fairground-policies`. The public interface is the v1 HTTP API of Apache Mesos; master and
//! agents speak [`protocol`] among themselves.

#![deny(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they end the program when nobody reads: `fairground_workloads::words`"
)]

pub mod agent;
pub mod bench;
mod cli;
pub mod client;
pub mod credentials;
pub mod isolation;
pub mod local;
pub mod log;
pub mod master;
pub mod protocol;
pub mod recordio;
pub mod run;
mod web;
pub mod wire;

pub use cli::main_with;
