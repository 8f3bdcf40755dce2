//! The master from outside: the real program, real sockets, an agent that only pretends to run
//! tasks. Needs no root.

#![allow(unreachable_pub, reason = "a test program has no outside")]

mod agent;
mod client;
mod faults;
mod framework;
mod lifecycle;
mod process;
mod requests;
mod wal;
