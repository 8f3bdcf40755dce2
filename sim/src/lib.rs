//! A deterministic discrete-event simulator for cluster schedulers.

pub mod run;
pub mod queue;
pub mod network;
pub mod world;
pub mod record;
pub mod digest;
pub mod recipe;
pub mod experiment;
mod search;
pub mod output;
