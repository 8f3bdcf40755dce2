//! Gavel's training jobs ([`jobs`]) and how fast each type of job runs on each GPU
//! ([`throughputs`]).

pub mod jobs;
pub mod throughputs;
