//! From a finished comparison to files on disk: tables, statistics, figures, one report.
//!
//! Nothing here looks at a clock or a machine: the same comparison gives the same bytes.

pub mod stats;
pub mod table;
pub mod tables;
pub mod observed;
pub mod comparison;
pub mod sentences;
pub mod comparison_text;
pub mod units;
pub mod series;
pub mod plots;
pub mod profiled;
pub mod report;
mod sides;
mod measured;
mod assumed;
pub mod page;
pub mod report_data;
pub mod provenance;
pub mod folder;
mod error;

pub use comparison::Changes;
pub use error::OutputError;
pub use folder::{Options, Written, refuse_foreign, write};
pub use provenance::{Digests, read_digests};
