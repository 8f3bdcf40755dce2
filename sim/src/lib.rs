//! A deterministic discrete-event simulator for cluster schedulers.

pub mod run;
pub mod output;
