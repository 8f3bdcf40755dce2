//! Properties that hold for every sequence of facts, however absurd.
//!
//! `PROPTEST_CASES` sets how many sequences are tried, 256 if nothing is said.

mod frameworks;
mod master;
mod observer;
mod sharing;
mod world;
