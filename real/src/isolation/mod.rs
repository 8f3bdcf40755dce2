//! Fencing a task in: control groups, namespaces, an account without privileges, a filter on
//! system calls; and the two small processes that stand around every task.
//!
//! ```text
//! agent ─► supervisor ─► init ─► the task
//!          (outside)     (inside: first process of the task's own pid namespace)
//! ```
//!
//! The *supervisor* outlives the agent: it keeps the output, ends the task when told to, and
//! writes down how it ended. The *init* puts itself behind every fence and only then starts the
//! task, so nothing the task does is ever outside. Both are this program again, started with a
//! word of its own on the command line: a process that starts over can do with safe calls what a
//! forked one cannot.

pub mod cgroup;
pub mod container;
mod error;
mod init;
pub mod limits;
pub(crate) mod namespaces;
mod output;
pub mod privileges;
pub mod process;
pub mod scope;
mod seccomp;
pub mod spec;
pub mod store;
mod supervisor;

pub use error::{IsolationError, Result};
