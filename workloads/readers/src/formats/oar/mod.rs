//! What OAR tells of a cluster: its jobs, as JSON.
//!
//! Source: `man oarstat`, the OAR documentation (2.5: `oarstat -J`, the REST API) and its sources.

pub mod jobs;
