//! Properties that hold for every sequence of facts, however absurd.
//!
//! `PROPTEST_CASES` sets how many are tried of each; 256 if nothing is said, and more of some.

use std::process::ExitCode;

use fairground_policies::registry::Registry;
use proptest::prelude::ProptestConfig;

mod apart;
mod described;
#[path = "../examples/mod.rs"]
mod examples;
mod frameworks;
mod gangs;
mod heard;
mod master;
mod observer;
mod parts;
mod past;
mod played;
mod profile;
mod quotas;
mod shared;
mod sharing;
mod tree;
mod world;

// What the examples call their program by; nobody runs it here.
extern crate self as fairground_sim;

pub(crate) fn main_with(_: Registry) -> ExitCode {
    ExitCode::SUCCESS
}

/// Sequences of facts are quick to play and rarely break: sixteen times the usual number.
fn many() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: usual.cases * 16,
        ..usual
    }
}
