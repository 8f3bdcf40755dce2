//! What IBM Spectrum LSF tells of a cluster: the accounting of its jobs (`lsb.acct`).
//!
//! Source: the IBM Spectrum LSF reference (`lsb.acct`, 6 to 10.1), and records of versions 5.1 to 10.1 in public tests
//! of programs that read them: where the reference has `options3` before `runLimit`, those have it behind.

pub mod jobs;
