//! What Spark tells of its applications: event logs as JSON ([`events`]) and the job logs of Spark
//! 0.8 ([`joblogger`]).
//!
//! A log is one application: its stages, their dependencies and the run time of every task. When
//! applications arrive is not in it.

pub mod events;
mod import;
pub mod joblogger;

/// The latest time, in milliseconds since 1970 (the year 2262).
pub const LATEST_MILLIS: u64 = (i64::MAX / 1_000_000) as u64;
