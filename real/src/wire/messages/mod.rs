//! The messages of the API, each member with what becomes of it here.
//!
//! The table of the README is made from these, and a test compares them with what protobuf knows.

pub mod call;
pub mod check;
pub mod command;
pub mod container;
pub mod framework;
pub mod operator;
pub mod resource;
pub mod task;
pub mod volume;

use super::proto::message;
use super::scalar::Double;

message! {
    /// What people may say about anything.
    Labels "Labels" {
        labels: Vec<Label>, harmless "shown";
    }
}

message! {
    /// One of [`Labels`].
    Label "Label" {
        key: String, harmless "shown";
        value: Option<String>, harmless "shown";
    }
}

message! {
    /// A length of time.
    DurationInfo "DurationInfo" {
        nanoseconds: i64, supported "not below zero; counted in milliseconds, rounded up";
    }
}

impl DurationInfo {
    /// Whole milliseconds, not less than what was asked for; `None` below zero.
    pub fn millis(&self) -> Option<u64> {
        let nanoseconds = u64::try_from(self.nanoseconds).ok()?;
        Some(nanoseconds.div_ceil(1_000_000))
    }
}

message! {
    /// How a task is ended, as KILL and tasks say it.
    KillPolicy "KillPolicy" {
        grace_period: Option<DurationInfo>, supported "the time between SIGTERM and SIGKILL";
    }
}

message! {
    /// A number.
    Scalar "Value.Scalar" {
        value: Double, supported "what it counts says what it may be";
    }
}
