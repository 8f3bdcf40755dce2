//! Everything that comes from outside a cluster: machines that fail, jobs, requests.
//!
//! Reading order: [`trace`] is the value all of it becomes; [`spec`] is the part of a recipe that
//! asks for it and turns it into a trace, [`recipe`] the whole; [`measured`] is what came of one on a
//! real cluster, whose log [`log`] reads; [`models`] makes work: synthetic work by
//! itself, and what is in files once somebody reads them ([`spec::TraceFiles`]; `readers` does); [`faults`] makes agents go away; [`rng`] holds the
//! seeded streams; [`units`] how amounts are written; [`usage`] what tasks use of what they ask for, [`estimates`] what users say of how long they run; [`error`] how problems are told; [`sorted`] is for rows that do not fit into memory.
//!
//! This room knows no policy: two policies compared on one trace meet the same world.

mod jobs;

pub mod aside;
pub mod data;
pub mod deadlines;
pub mod drawn;

pub mod trace;

pub mod running;

pub mod feedback;
pub mod phases;

pub mod spec;

pub mod recipe;

pub mod measured;

pub mod models;

pub mod faults;

pub mod log;

pub mod rng;

pub mod units;

pub mod estimates;
pub mod usage;

pub mod error;

pub mod scratch;
pub mod sorted;
pub mod words;

pub use error::ReadError;
pub use faults::FaultSpec;
pub use models::machines::MachinesSpec;
pub use spec::{NoFiles, Source, SpecContext, TraceFiles, WorkloadSpec};
