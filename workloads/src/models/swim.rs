//! SWIM jobs as tasks: the file has bytes, everything else is this model.
//!
//! A job has one map per block of input and one reduce per so much shuffled data, as SWIM itself
//! replays it; a task takes its start plus its bytes at given rates. Every number is a parameter,
//! and the workload lists them all as assumptions.

use std::path::PathBuf;

use fairground_policies::resources::{Mebibytes, Millicores, Resources};
use fairground_policies::time::Span;
use serde::{Deserialize, Serialize};

use crate::error::ReadError;
use crate::models::jobs::MOST_TASKS;
use crate::models::parts::{at_least_one, named, positive, share, some};
use crate::units;

/// A SWIM file and the model of what it does not say.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SwimSpec {
    /// The file, relative to the recipe.
    pub file: PathBuf,
    /// How far into the file the cluster starts.
    pub from: Span,
    /// Only the first so many jobs from there on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<u32>,
    /// A factor on all bytes: SWIM's way to fit a trace to a smaller cluster.
    #[serde(with = "units::decimal")]
    pub scale: u32,
    /// Input of one map.
    #[serde(with = "units::bytes")]
    pub block: u64,
    /// Shuffled data of one reduce.
    #[serde(with = "units::bytes")]
    pub reduce: u64,
    /// At most so many maps, and so many reduces, a job: they get more data each instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_tasks: Option<u32>,
    /// What every task takes to start.
    pub startup: Span,
    /// Input a map works through, a second.
    #[serde(with = "units::bytes")]
    pub map_rate: u64,
    /// Map output a reduce copies, a second.
    #[serde(with = "units::bytes")]
    pub copy_rate: u64,
    /// Copied data a reduce works through, a second.
    #[serde(with = "units::bytes")]
    pub reduce_rate: u64,
    /// Output a task writes, a second.
    #[serde(with = "units::bytes")]
    pub write_rate: u64,
    /// Cores of a task.
    #[serde(with = "units::cores")]
    pub cpus: Millicores,
    /// Memory of a map.
    #[serde(with = "units::memory")]
    pub mem: Mebibytes,
    /// Memory of a reduce.
    #[serde(with = "units::memory")]
    pub reduce_mem: Mebibytes,
    /// How many times longer a map takes away from its data.
    #[serde(with = "units::decimal")]
    pub away: u32,
    /// On how many agents each block lies.
    pub replicas: u32,
    /// The share of maps that must be done before reduces start.
    #[serde(with = "units::decimal")]
    pub slow_start: u32,
}

impl Default for SwimSpec {
    /// Blocks of 64 MiB as in SWIM. The map rate lets a full block take about 23 s, the median
    /// task at Facebook (Mesos paper, figure 1); the factor of remote maps is fitted to figure 8
    /// there; slow-start is Hadoop's default. The other rates and sizes are guesses.
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self {
            file: PathBuf::new(),
            from: Span::ZERO,
            jobs: None,
            scale: 1000,
            block: 64 * MIB,
            reduce: 1024 * MIB,
            most_tasks: None,
            startup: Span::from_secs(3),
            map_rate: 3200 << 10,
            copy_rate: 20 * MIB,
            reduce_rate: 20 * MIB,
            write_rate: 20 * MIB,
            cpus: Millicores(1000),
            mem: Mebibytes(1024),
            reduce_mem: Mebibytes(2048),
            away: 1830,
            replicas: 3,
            slow_start: 50,
        }
    }
}

impl SwimSpec {
    pub(crate) fn check(&self) -> Result<(), ReadError> {
        named(&self.file)?;
        some(Resources::new(self.cpus, self.mem), "cpus")?;
        some(Resources::new(self.cpus, self.reduce_mem), "cpus")?;
        positive(u64::from(self.scale), "scale")?;
        positive(self.block, "block")?;
        positive(self.reduce, "reduce")?;
        positive(self.map_rate, "map_rate")?;
        positive(self.copy_rate, "copy_rate")?;
        positive(self.reduce_rate, "reduce_rate")?;
        positive(self.write_rate, "write_rate")?;
        positive(
            u64::from(self.most_tasks.unwrap_or(MOST_TASKS)),
            "most_tasks",
        )?;
        at_least_one(self.away, "away")?;
        share(self.slow_start, "slow_start")
    }
}
