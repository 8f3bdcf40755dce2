//! Batsim's workloads and what its runs tell of jobs.
//!
//! Source: the Batsim documentation (input workload, output jobs; 1 to 5) and workloads of its repository.

pub mod jobs;
pub mod workload;
