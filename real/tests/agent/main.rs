//! An agent as its master sees it: what it does with orders, and what it survives.

#![allow(unreachable_pub, reason = "a test program has no outside")]

mod orders;
mod pages;
mod recovery;
#[path = "../support/mod.rs"]
mod support;
mod tasks;
mod tenants;
