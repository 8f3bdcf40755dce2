//! The command line as people meet it: the real program, what it prints, how it ends, what it
//! leaves behind.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "UPDATE_EXPECT writes expectations with hashes"
)]

mod place;
#[path = "../common/server.rs"]
#[allow(dead_code, reason = "every test file uses a part of it")]
mod server;
mod catalogue;
mod help;
mod compare;
mod deadlines;
mod draw;
mod form;
mod stat;
mod verify;
mod traces;
mod recipes;
mod replays;
mod options;
mod mishaps;
mod endings;
mod explained;
mod tasks;
mod field;
mod audit;
mod bench;
mod cases;
mod replay;
mod fidelity;
mod pools;
mod conformance;
mod new_policy;
mod policies;
mod robust;
mod gap;
