//! Models that make work: synthetic ones, and those that add to a file what it does not say.
//!
//! Whatever a model supplies is listed among the workload's assumptions with its numbers.

pub mod hadoop;
pub mod mpi;
pub mod rails;
pub mod spark;

pub mod requests;
pub mod swf;
pub mod swim;
pub mod tpch;
pub mod trace;

pub mod machines;

pub mod parts;

pub mod arrivals;
pub mod jobs;
pub mod submissions;

pub use arrivals::Day;
pub use submissions::{ClosedSpec, ThinkTimes};
