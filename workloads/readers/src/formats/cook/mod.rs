//! The traces of Cook's simulator: jobs with users ([`jobs`]) and the hosts that run them ([`hosts`]).
//!
//! Source: github.com/twosigma/Cook, `scheduler/simulator_files`. A list of JSON objects each, one
//! file for jobs and one for hosts. Times are in milliseconds and submissions may lie before zero.
//! The files that come with Cook are made up.

pub mod hosts;
pub mod jobs;
