//! What lies in files: traces in public formats, and what recipes make of them.
//!
//! Reading order: [`formats`] reads the public trace formats; [`catalogue`] says which traces there are and
//! where; [`canonical`] is the one form they all become; [`models`] makes work and machines of them, as a
//! recipe says ([`fairground_workloads::spec::TraceFiles`], which [`canonical::Imports`] is).
//!
//! All that a recipe needs no file for is in [`fairground_workloads`], which knows nothing of this room: a
//! program without it links no Parquet, no database and no compression.

pub mod canonical;
pub mod catalogue;
pub mod formats;
pub mod models;

pub use formats::Format;

use fairground_workloads::{
    aside, data, error, feedback, rng, scratch, sorted, spec, trace, units,
};
