//! The master from outside: the real program, real sockets, an agent that only pretends to run
//! tasks. Needs no root.

#![allow(unreachable_pub, reason = "a test program has no outside")]

mod agent;
mod chaos;
mod client;
mod commands;
mod faults;
mod framework;
mod lifecycle;
mod process;
mod pypi;
mod requests;
mod wal;
