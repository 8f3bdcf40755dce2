//! How much CPU Azure's virtual machines used, every five minutes.
//!
//! Source: github.com/Azure/AzurePublicDataset, `vm_cpu_readings-file-*-of-*.csv.gz` (Cortez et
//! al., SOSP 2017). CSV without a header: seconds from the beginning, machine, minimum, maximum and
//! mean in percent of the machine. A folder is read as its parts.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::ReadError;
use crate::formats::cells::{MILLIONTHS, split, written};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey};
use crate::formats::swim::LATEST;

const COLUMNS: [&str; 5] = ["timestamp", "vm_id", "min_cpu", "max_cpu", "avg_cpu"];
/// The most CPU one machine may use, in percent.
const MOST_PERCENT: u64 = 100_000;

/// One reading.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// When the five minutes begin, in seconds.
    pub time: u64,
    /// The machine.
    pub vm: String,
    /// The least CPU, in millionths of a percent.
    pub min: u64,
    /// The most.
    pub max: u64,
    /// The mean.
    pub avg: u64,
}

/// The records of a file; a bad row does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format, or a folder of its parts.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Row for Record {
    type Layout = ();
    const MEMBER: &'static str = "vm_cpu_readings.csv";
    const ONE: &'static str = "reading";
    const ABOUT: &'static str =
        "5 columns without a header: seconds, machine, minimum, maximum and mean CPU";
    const PARTS: bool = true;
    const NAMES: &'static [&'static [&'static str]] = &[&COLUMNS];

    fn row(line: &str, (): &mut ()) -> Result<Option<Self>, ReadError> {
        let [timestamp, vm_id, min_cpu, max_cpu, avg_cpu] = split(line, &COLUMNS)?;
        Ok(Some(Self {
            place: Place::nowhere(),
            time: timestamp.round("seconds", LATEST)?,
            vm: vm_id.word("a machine")?.to_owned(),
            min: min_cpu.decimal("percent", MILLIONTHS, MOST_PERCENT)?,
            max: max_cpu.decimal("percent", MILLIONTHS, MOST_PERCENT)?,
            avg: avg_cpu.decimal("percent", MILLIONTHS, MOST_PERCENT)?,
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    rows: u64,
    vms: BTreeSet<String>,
    crossed: u64,
    avg: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &["timestamp_s", "vm", "min_cpu", "max_cpu", "avg_cpu"];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.time.to_string(),
            record.vm.clone(),
            written(u128::from(record.min), MILLIONTHS),
            written(u128::from(record.max), MILLIONTHS),
            written(u128::from(record.avg), MILLIONTHS),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        self.rows += 1;
        if !self.vms.contains(&record.vm) {
            self.vms.insert(record.vm.clone());
        }
        self.avg.push(record.avg);
        if !(record.min..=record.max).contains(&record.avg) {
            self.crossed += 1;
            let found = written(u128::from(record.avg), MILLIONTHS);
            let error = ReadError::expected("a mean between minimum and maximum", found);
            warn.push(record.place.of(error).place("column 5 (avg_cpu)"));
        }
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("rows", self.rows.to_string()),
            ("columns", COLUMNS.len().to_string()),
            ("vms", self.vms.len().to_string()),
            ("means_out_of_bounds", self.crossed.to_string()),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![Column::of(
                "avg_cpu_percent",
                "millionths of a percent",
                self.avg,
            )],
        }
    }
}
