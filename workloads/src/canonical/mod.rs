//! The canonical trace: one form that every public format becomes.
//!
//! A folder with a Parquet file a table ([`tables`]) and `manifest.json`, which says where it came
//! from, in which units amounts are, and what was assumed. Times are microseconds from the
//! beginning of the trace and amounts whole units. `workloads/CANONICAL.md` describes it and is
//! tested against this code.
//!
//! [`store`] writes such folders, [`columns`] reads them, [`text`] exports and imports them as JSON lines, [`edit`]
//! slices, merges, scales and anonymises them, [`profile`] tells what they look like, and [`import`]
//! makes them of public formats. Nothing
//! holds more than a part of a table in memory.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// Does the same for the rows of every table, in their order.
macro_rules! each_table {
    ($act:ident) => {
        $act!(Machine);
        $act!(Change);
        $act!(Tenant);
        $act!(Job);
        $act!(Stage);
        $act!(Edge);
        $act!(Tasks);
        $act!(Service);
        $act!(Load);
        $act!(Usage);
    };
}

use crate::trace::{Assumption, Input};

pub mod columns;
pub mod edit;
pub mod import;
pub mod profile;
mod imports;
pub mod store;
pub mod tables;
pub mod text;

pub use imports::Imports;
pub use store::{Opened, Writer};

/// The version of the form. A trace of another version is refused.
pub const VERSION: u32 = 1;

/// What a trace says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the form.
    #[serde(deserialize_with = "this_version")]
    pub version: u32,
    /// What its amounts mean.
    pub units: Units,
    /// The files it was made of.
    pub sources: Vec<Input>,
    /// What the source leaves unsaid or was changed since.
    pub assumptions: Vec<Assumption>,
    /// Rows of each table.
    pub rows: Vec<(String, u64)>,
    /// BLAKE3 of version, units and all rows, in hexadecimal: not of the sources' paths.
    pub digest: String,
}

/// A version that can be read; of any other, the rest of the manifest means nothing.
fn this_version<'a, D: Deserializer<'a>>(deserializer: D) -> Result<u32, D::Error> {
    let version = u32::deserialize(deserializer)?;
    if version != VERSION {
        let other = format!("its version is {version}, not {VERSION}");
        return Err(D::Error::custom(other));
    }
    Ok(version)
}

/// What amounts mean.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Units {
    /// The unit of processors: `thousandths of a core`.
    pub cpus: String,
    /// How many units of processors are one core or the largest machine.
    pub cpus_whole: u64,
    /// The unit of memory: `MiB`.
    pub memory: String,
    /// How many units of memory are one MiB or the largest machine.
    pub memory_whole: u64,
    /// Whether amounts are relative to the largest machine, whose size nobody knows.
    pub relative: bool,
    /// When the trace begins, in microseconds since 1970 or in the source's own time.
    pub origin: u64,
}

impl Units {
    /// Thousandths of a core and MiB.
    pub fn absolute() -> Self {
        Self {
            cpus: "thousandths of a core".to_owned(),
            cpus_whole: 1000,
            memory: "MiB".to_owned(),
            memory_whole: 1,
            relative: false,
            origin: 0,
        }
    }

    /// Billionths of the largest machine.
    pub fn relative() -> Self {
        Self {
            cpus: "billionths of the largest machine".to_owned(),
            cpus_whole: 1_000_000_000,
            memory: "billionths of the largest machine".to_owned(),
            memory_whole: 1_000_000_000,
            relative: true,
            origin: 0,
        }
    }
}
