//! `PlanetLab`: the CPU use of a thousand virtual machines on one day, a file each.
//!
//! Source: github.com/beloglazov/planetlab-workload-traces (Beloglazov and Buyya, 2012). A file is
//! named by host and slice and has a whole number a line: the mean CPU use in each five minutes, in
//! percent. A folder of such files and an archive of them are read. Sizes of machines are not in it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::error::ReadError;
use crate::formats::cells::{Cell, MILLIONTHS, rounded};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey};

/// The most CPU use, in percent: of many cores.
const MOST_PERCENT: u64 = 100_000;

/// One machine in five minutes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands: the file is the machine, the line counts the five minutes from one.
    pub place: Place,
    /// CPU use, in percent.
    pub percent: u64,
}

impl Record {
    /// The name of the machine.
    pub fn machine(&self) -> String {
        let name = self.place.file.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// The lines of all files; a bad one does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format, a folder of them or their archive.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Row for Record {
    type Layout = ();
    const MEMBER: &'static str = "machine";
    const ONE: &'static str = "line";
    const ABOUT: &'static str = "a whole number a line: CPU use in five minutes, in percent";
    const PARTS: bool = true;
    const MEMBERS: Option<&'static str> = Some("");

    fn row(line: &str, (): &mut ()) -> Result<Option<Self>, ReadError> {
        Ok(Some(Self {
            place: Place::nowhere(),
            percent: Cell::new(0, "cpu", line.trim_ascii()).round("percent", MOST_PERCENT)?,
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// What is counted over all files.
#[derive(Default)]
pub(crate) struct Counts {
    machine: Option<Arc<Path>>,
    samples: u64,
    lengths: BTreeMap<u64, u64>,
    percent: Figures,
    passed: Passed,
}

impl Counts {
    /// Counts the machine that is behind us.
    fn turn(&mut self) {
        if self.machine.take().is_some() {
            *self.lengths.entry(self.samples).or_default() += 1;
        }
        self.samples = 0;
    }
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &["machine", "sample", "cpu_percent"];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.machine(),
            record.place.line.to_string(),
            record.percent.to_string(),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        let same = self
            .machine
            .as_ref()
            .is_some_and(|file| Arc::ptr_eq(file, &record.place.file));
        if !same {
            self.turn();
            self.machine = Some(Arc::clone(&record.place.file));
        }
        self.samples += 1;
        self.percent.push(record.percent);
        if record.percent > 100 {
            let error = ReadError::expected("at most 100 percent", record.percent);
            warn.push(record.place.of(error));
        }
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.turn();
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let machines: u64 = self.lengths.values().sum();
        let lengths: Vec<String> = self.lengths.keys().map(u64::to_string).collect();
        let sum = self.percent.sum().unsigned_abs() * 1_000_000_000;
        let n = self.percent.len().max(1) as u128;
        let mut facts = vec![
            ("vm_files", machines.to_string()),
            ("samples_per_vm", lengths.join(", ")),
            ("mean", rounded(sum / n, MILLIONTHS + 3)),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![Column::of("cpu_percent", "percent", self.percent)],
        }
    }
}
