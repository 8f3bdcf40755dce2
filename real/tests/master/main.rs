//! The master from outside: the real program, real sockets, an agent that only pretends to run
//! tasks. Needs no root.

#![allow(unreachable_pub, reason = "a test program has no outside")]

mod agent;
mod bodies;
mod cases;
mod chaos;
mod client;
mod commands;
mod crashes;
mod faults;
mod framework;
mod guests;
mod hostile;
mod large;
mod leniency;
mod lifecycle;
#[path = "../support/log.rs"]
mod log;
mod offers;
mod pages;
mod policy;
mod process;
mod proxy;
mod pypi;
mod quiet;
mod quotas;
mod real_tasks;
mod requests;
mod roles;
#[path = "../support/mod.rs"]
mod support;
mod tenants;
mod wal;
