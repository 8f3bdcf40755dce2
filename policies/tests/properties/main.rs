//! Properties that hold for every sequence of facts, however absurd.
//!
//! `PROPTEST_CASES` sets how many are tried of each; 256 if nothing is said, and more of some.

use proptest::prelude::ProptestConfig;

mod frameworks;
mod master;
mod observer;
mod sharing;
mod world;

/// Sequences of facts are quick to play and rarely break: sixteen times the usual number.
fn many() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: usual.cases * 16,
        ..usual
    }
}
