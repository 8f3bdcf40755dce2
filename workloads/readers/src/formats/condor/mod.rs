//! What `HTCondor` tells of a cluster: the history of its jobs and its machines, as `ClassAds`.
//!
//! Source: the `HTCondor` manual (job `ClassAd` attributes, machine `ClassAd` attributes, `condor_history`,
//! `condor_status`, the history and the epoch files). Memory is in MB of 2^20 bytes, disk and resident sets in KiB.

pub mod ads;
pub mod jobs;
pub mod machines;
