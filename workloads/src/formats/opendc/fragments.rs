//! `OpenDC`'s tables of fragments: how much CPU each task used, piece by piece.
//!
//! Source: github.com/atlarge-research/opendc, `workloadTraces/*/fragments.parquet`. Parquet, or CSV
//! with the same columns: the task, how long the piece lasted in milliseconds, and the speed used in
//! MHz. The pieces of a task stand in their order.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::ReadError;
use crate::formats::cells::{BILLIONTHS, rounded, written};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::sheets::{Item, SheetRow, Sheets};
use crate::formats::survey::{Column, Stat, Survey};
use crate::formats::swim::LATEST;

/// The most speed of one task, in MHz.
const MOST_SPEED: u64 = 1_000_000_000;

/// One piece of a task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// The task.
    pub task: String,
    /// How long it lasted, in milliseconds.
    pub duration: u64,
    /// The speed used, in billionths of a MHz.
    pub used: u64,
}

/// The records of a table; in CSV a bad row does not end them.
pub type Records = Sheets<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Sheets::open(path)
}

impl SheetRow for Record {
    const COLUMNS: &'static [&'static str] = &["id", "duration", "cpu_usage"];
    const REQUIRED: usize = 3;
    const ONE: &'static str = "fragment";
    const MEMBER: &'static str = "fragments.csv";

    fn row(items: &[Item], place: Place) -> Result<Self, ReadError> {
        Ok(Self {
            place,
            task: items[0].name("a task")?,
            duration: items[1].whole("milliseconds", LATEST * 1000)?,
            used: items[2].decimal("MHz", BILLIONTHS, MOST_SPEED)?,
        })
    }
}

/// What is counted over a whole table.
#[derive(Default)]
pub(crate) struct Counts {
    tasks: BTreeSet<String>,
    durations: Figures,
    used: u128,
    most: u64,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &["id", "duration_ms", "cpu_usage_mhz"];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.task.clone(),
            record.duration.to_string(),
            written(u128::from(record.used), BILLIONTHS),
        ]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        if !self.tasks.contains(&record.task) {
            self.tasks.insert(record.task.clone());
        }
        self.durations.push(record.duration);
        self.used += u128::from(record.used);
        self.most = self.most.max(record.used);
    }

    fn stat(self) -> Stat {
        let mean = self.used / self.durations.len().max(1) as u128;
        Stat {
            facts: vec![
                ("rows", self.durations.len().to_string()),
                ("tasks", self.tasks.len().to_string()),
                ("duration_ms_sum", self.durations.sum().to_string()),
                ("cpu_usage_mean", rounded(mean, BILLIONTHS)),
                ("cpu_usage_max", rounded(u128::from(self.most), BILLIONTHS)),
            ],
            columns: vec![Column::of("duration_ms", "milliseconds", self.durations)],
        }
    }
}
