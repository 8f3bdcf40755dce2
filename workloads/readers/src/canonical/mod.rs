//! The canonical trace: one form that every public format becomes.
//!
//! A folder with a Parquet file a table ([`tables`]) and `manifest.json`, which says where it came
//! from, in which units amounts are, and what was assumed. Times are microseconds from the
//! beginning of the trace and amounts whole units. `workloads/CANONICAL.md` describes it and is
//! tested against this code.
//!
//! [`store`] writes such folders, [`columns`] reads them, [`text`] exports and imports them as JSON lines, [`edit`]
//! slices, merges and scales them, [`anonymise`] takes their names away, [`profile`] tells what they look like, and [`import`]
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

pub mod account;
pub mod anonymise;
pub mod check;
pub mod columns;
pub mod edit;
pub mod import;
pub mod profile;
pub(crate) mod graphs;
mod imports;
pub mod store;
pub mod tables;
pub mod text;

pub use account::{ImportAccount, Thing};
pub use imports::Imports;
pub use store::{Opened, Writer};

/// The version of the form.
pub const VERSION: u32 = 3;
/// The oldest version that is read. It lacks the columns that came later, and its digest is over those that
/// it has.
pub const OLDEST: u32 = 2;

/// What an assumption is about that says what a source tells of its machine and nobody understands.
pub const NOT_UNDERSTOOD: &str = "a header that is not understood";

/// What sources say of readings that are no part of what a job has, so that nothing can be taken for it.
pub(crate) const NO_PARTS: [&str; 2] = [
    "billionths of the largest machine as millionths of it; tasks of a job stand one after the other",
    "MHz as written, in millionths: the machine's speed is in the table of tasks",
];

/// What a trace says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the form.
    #[serde(deserialize_with = "this_version")]
    pub version: u32,
    /// What its amounts mean.
    pub units: Units,
    /// How large its cluster is, where the source says so and lists no machines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<MachineSize>,
    /// What clocks showed, where the source says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<WallClock>,
    /// The files it was made of.
    pub sources: Vec<Input>,
    /// What the source leaves unsaid or was changed since.
    pub assumptions: Vec<Assumption>,
    /// What was found in the source of an import and what became of it; a trace that is made of
    /// other canonical traces has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<ImportAccount>,
    /// Rows of each table.
    pub rows: Vec<(String, u64)>,
    /// BLAKE3 of version, units, machine, clock and all rows, in hexadecimal: not of the sources' paths.
    pub digest: String,
}

/// A version that can be read; of any other, the rest of the manifest means nothing.
fn this_version<'a, D: Deserializer<'a>>(deserializer: D) -> Result<u32, D::Error> {
    let version = u32::deserialize(deserializer)?;
    if !(OLDEST..=VERSION).contains(&version) {
        let other = format!("its version is {version}, not one from {OLDEST} to {VERSION}");
        return Err(D::Error::custom(other));
    }
    Ok(version)
}

/// What the clocks of those who used a cluster showed: whether jobs come by day or by night.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WallClock {
    /// The time 0 of the trace, in microseconds since 1970 in UTC; in an unknown zone, as if it were UTC.
    pub zero: u64,
    /// The zone by its name (`Europe/Paris`), its distance from UTC (`+01:00`) or [`WallClock::LOCAL`].
    pub zone: String,
}

impl WallClock {
    /// The zone of times that are local ones of a place that the source does not name.
    pub const LOCAL: &str = "local";

    /// That of a source whose times are since 1970, and local ones of wherever it comes from.
    pub(crate) fn local() -> Self {
        Self {
            zero: 0,
            zone: Self::LOCAL.to_owned(),
        }
    }

    /// That of a source whose times are since 1970 in UTC, of wherever it comes from.
    pub(crate) fn utc() -> Self {
        Self {
            zero: 0,
            zone: "UTC".to_owned(),
        }
    }
}

/// How large a source says that its cluster is, as the header of a parallel machine's log does. What
/// it does not say is missing.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MachineSize {
    /// Processors in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processors: Option<u64>,
    /// Nodes, which share the processors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<u64>,
    /// Queues.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queues: Option<u64>,
    /// Partitions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partitions: Option<u64>,
    /// The longest run that was allowed, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest: Option<u64>,
    /// The most memory that was allowed, in the trace's unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
}

impl MachineSize {
    /// The natural cluster: how many agents there are with how many processors each, at most two
    /// kinds. Nodes share the processors as evenly as they can; without nodes, a processor is an
    /// agent, since a task of a log is a processor; without processors, a node has one.
    pub fn agents(&self) -> Vec<(u64, u64)> {
        let nodes = self.nodes.or(self.processors).unwrap_or(0);
        let processors = self.processors.unwrap_or(nodes);
        if nodes == 0 || processors == 0 {
            return Vec::new();
        }
        // A header may count the processors of a part of the nodes only.
        let nodes = nodes.min(processors);
        let (each, more) = (processors / nodes, processors % nodes);
        let kinds = [(more, each.saturating_add(1)), (nodes - more, each)];
        kinds.into_iter().filter(|(count, _)| *count > 0).collect()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn agents(processors: Option<u64>, nodes: Option<u64>, expected: &[(u64, u64)]) {
        let size = MachineSize {
            processors,
            nodes,
            ..MachineSize::default()
        };
        assert_eq!(size.agents(), expected, "{size:?}");
    }

    #[test]
    fn nodes_share_the_processors_of_a_header() {
        agents(Some(128), Some(128), &[(128, 1)]);
        agents(Some(93_312), Some(5544), &[(4608, 17), (936, 16)]);
        agents(Some(64), None, &[(64, 1)]);
        agents(None, Some(7), &[(7, 1)]);
        agents(Some(4), Some(9), &[(4, 1)]);
        agents(None, None, &[]);
        agents(Some(0), Some(3), &[]);
    }
}
