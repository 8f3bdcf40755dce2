//! The models that read files: what each makes of one, under the recipe's [`fairground_workloads::models`].

pub mod machines;
pub mod requests;
pub mod swf;
pub mod swim;
pub mod tpch;
pub mod trace;

pub(crate) use fairground_workloads::models::{arrivals, jobs, rails, submissions};
