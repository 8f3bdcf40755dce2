//! Functions as a service: Azure's data sets of 2019 and 2021, and lists made of them for replay.
//!
//! The data set of 2019 counts invocations by minute ([`minutes`]), with durations by function
//! ([`durations`]) and memory by application ([`memory`]); that of 2021 has every invocation
//! ([`invocations`]). [`replay`] and [`profiles`] are lists for load generators.

pub mod durations;
pub mod invocations;
pub mod memory;
pub mod minutes;
pub mod profiles;
pub mod replay;

/// The most invocations of one function, in a minute or in all.
pub const MOST_INVOCATIONS: u64 = 1 << 40;
