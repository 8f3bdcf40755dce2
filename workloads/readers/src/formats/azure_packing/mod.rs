//! Azure's requests for virtual machines, 2020, by which packing is studied: who asked for which type, from
//! when to when, and what part of a machine each type takes.
//!
//! Source: github.com/Azure/AzurePublicDataset, `AzureTracesForPacking2020` (Hadary et al., OSDI 2020): a database of
//! `SQLite` with the tables `vm` and `vmType`. Times are in days from the beginning of two weeks, negative for what
//! was there before, missing for what was there when the publisher looked last, after 90 days. A type has a row
//! for every kind of machine that it may run on, with the part of that machine that it takes.
//!
//! Both tables are read as CSV too, as `sqlite3 -header -csv` writes them.

pub mod types;
pub mod vms;

mod database;
