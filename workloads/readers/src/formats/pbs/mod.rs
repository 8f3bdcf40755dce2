//! What PBS and Torque tell of a cluster: the accounting of its jobs and its nodes (`pbsnodes -a`).
//!
//! Source: the PBS Professional Administrator's and Reference Guides (accounting log, `pbsnodes`), `OpenPBS`, and the
//! Torque Administrator Guide (accounting records). Memory has its unit behind the number, powers of 1024; a word (`w`)
//! is eight bytes.

mod chunks;
pub mod jobs;
mod keys;
pub mod nodes;
