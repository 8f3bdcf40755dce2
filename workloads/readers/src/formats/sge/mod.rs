//! What Grid Engine (Sun, Oracle, Open, Son of, Univa, Altair) tells of a cluster: the accounting of its jobs.
//!
//! Source: `man 5 accounting` (6.0 to 8.1 and Univa 8.2 and later), `man 5 sge_status`.

pub mod jobs;
