//! Batsim's workloads, what its runs tell of jobs, and the platforms of `SimGrid` that they run on.
//!
//! Source: the Batsim documentation (input workload, output jobs; 1 to 5) and workloads of its repository.

pub mod jobs;
pub mod platform;
pub mod workload;
