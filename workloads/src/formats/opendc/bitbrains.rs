//! Bitbrains' virtual machines: what each has and uses, every five minutes.
//!
//! Source: gwa.ewi.tudelft.nl, data set GWA-T-12 (Shen et al., `CCGrid` 2015). A file a machine,
//! columns separated by `;` and a tab, named with their units by the first line; times are seconds
//! since 1970, whatever the header says. A folder is read as its files, of which each is a machine.

use std::path::Path;
use std::sync::Arc;

use crate::error::ReadError;
use crate::formats::cells::{MILLIONTHS, written};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey};
use crate::formats::swim::LATEST;
use crate::formats::table::Table;

const COLUMNS: [&str; 7] = [
    "Timestamp [ms]",
    "CPU cores",
    "CPU capacity provisioned [MHZ]",
    "CPU usage [MHZ]",
    "CPU usage [%]",
    "Memory capacity provisioned [KB]",
    "Memory usage [KB]",
];
/// The most of anything that one machine may have.
const MOST: u64 = 1_000_000_000_000;

/// One row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// When the five minutes end, in seconds since 1970.
    pub time: u64,
    /// The cores of the machine.
    pub cores: u64,
    /// Their speed together, in millionths of a MHz.
    pub capacity: u64,
    /// What it used of it.
    pub used: u64,
    /// The same in millionths of a percent.
    pub percent: u64,
    /// Its memory, in millionths of a KB.
    pub memory: u64,
    /// What it used of it.
    pub memory_used: u64,
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
    type Layout = Table<7>;
    const MEMBER: &'static str = "machine.csv";
    const ONE: &'static str = "row";
    const ABOUT: &'static str =
        "columns: Timestamp [ms]; CPU cores; CPU capacity provisioned [MHZ]; ...";
    const PARTS: bool = true;
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &COLUMNS;
    const BETWEEN: char = ';';

    fn header(line: &str, table: &mut Table<7>) -> Result<(), ReadError> {
        *table = Table::first(&line.replace(';', ","), &COLUMNS, COLUMNS.len())?;
        Ok(())
    }

    fn row(line: &str, table: &mut Table<7>) -> Result<Option<Self>, ReadError> {
        let line = line.replace(';', ",");
        let [time, cores, capacity, used, percent, memory, memory_used] =
            table.cells(&line, ',', &COLUMNS)?;
        Ok(Some(Self {
            place: Place::nowhere(),
            time: time.round("seconds", LATEST)?,
            cores: cores.round("cores", 1 << 20)?,
            capacity: capacity.decimal("MHz", MILLIONTHS, MOST)?,
            used: used.decimal("MHz", MILLIONTHS, MOST)?,
            percent: percent.decimal("percent", MILLIONTHS, MOST)?,
            memory: memory.decimal("KB", MILLIONTHS, MOST)?,
            memory_used: memory_used.decimal("KB", MILLIONTHS, MOST)?,
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    columns: usize,
    rows: u64,
    machine: Option<Arc<Path>>,
    machines: u64,
    first: Option<u64>,
    last: u64,
    used: Figures,
    memory: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "timestamp",
        "cores",
        "capacity_mhz",
        "used_mhz",
        "memory_kb",
        "memory_used_kb",
    ];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.time.to_string(),
            record.cores.to_string(),
            written(u128::from(record.capacity), MILLIONTHS),
            written(u128::from(record.used), MILLIONTHS),
            written(u128::from(record.memory), MILLIONTHS),
            written(u128::from(record.memory_used), MILLIONTHS),
        ]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        self.rows += 1;
        let same = self
            .machine
            .as_ref()
            .is_some_and(|file| Arc::ptr_eq(file, &record.place.file));
        if !same {
            self.machines += 1;
            self.machine = Some(Arc::clone(&record.place.file));
        }
        self.first = Some(
            self.first
                .map_or(record.time, |first| first.min(record.time)),
        );
        self.last = self.last.max(record.time);
        self.used.push(record.used);
        self.memory.push(record.memory_used);
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.columns = records.layout().width();
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("rows", self.rows.to_string()),
            ("columns", self.columns.to_string()),
            ("machines", self.machines.to_string()),
            ("first_time", self.first.unwrap_or(0).to_string()),
            ("last_time", self.last.to_string()),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![
                Column::of("cpu_usage_mhz", "millionths of a MHz", self.used),
                Column::of("memory_usage_kb", "millionths of a KB", self.memory),
            ],
        }
    }
}
