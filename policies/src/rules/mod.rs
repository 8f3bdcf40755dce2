//! The arithmetic of other schedulers' decisions, as pure functions over plain structs.
//!
//! A policy of this name and `fairground conformance` ask the same function, so that what is shown of the
//! rule is shown of the policy. Each says in its docstring where the rule is from. Nothing here knows of
//! the ledger; everything is exact.

pub mod armada;
pub mod kai;
pub mod karma;
pub mod kueue;
pub mod mesos;
pub mod nomad;
pub mod ratio;
pub mod slurm;
pub mod volcano;
pub mod yarn;
