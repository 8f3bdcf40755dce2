//! The year-long job lists of GAIA, made of LANL Mustang's log and of Alibaba's PAI.
//!
//! Source: github.com/umassos/GAIA (Hanafy et al., ASPLOS 2024), `src/cluster_traces`. CSV with a
//! header: arrival in hours from the beginning, length in hours, CPUs (for Mustang these are
//! nodes). Short and very long jobs and all users are left out, and PAI's two months are spread
//! over a year. Hours are kept in 10^-12 of one, so that whole seconds come back.

use std::path::Path;

use crate::error::ReadError;
use crate::formats::cells::{rounded, written};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, yes};
use crate::formats::table::Table;

const COLUMNS: [&str; 3] = ["arrival_time", "length", "cpus"];
/// How many digits of an hour are kept.
const DIGITS: u32 = 12;
/// The latest arrival and the longest length, in hours (a hundred years).
const MOST_HOURS: u64 = 876_600;
/// The most CPUs of one job.
const MOST_CPUS: u64 = 1 << 30;

/// One job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// When it arrived, in 10^-12 hours.
    pub arrival: u64,
    /// How long it ran, in 10^-12 hours.
    pub length: u64,
    /// How many CPUs it had; for Mustang, nodes.
    pub cpus: u64,
}

impl Record {
    /// When it arrived, in microseconds.
    pub const fn arrival_micros(&self) -> u64 {
        micros(self.arrival)
    }

    /// How long it ran, in microseconds.
    pub const fn length_micros(&self) -> u64 {
        micros(self.length)
    }
}

/// 10^-12 hours in microseconds, to the nearest.
const fn micros(hours: u64) -> u64 {
    ((hours as u128 * 3600 + 500_000) / 1_000_000) as u64
}

/// The records of a file; a bad row does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Row for Record {
    type Layout = Table<3>;
    const MEMBER: &'static str = "trace.csv";
    const ONE: &'static str = "job";
    const ABOUT: &'static str = "columns: arrival_time, length, cpus";
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &COLUMNS;

    fn header(line: &str, table: &mut Table<3>) -> Result<(), ReadError> {
        *table = Table::header(line, &COLUMNS, COLUMNS.len())?;
        Ok(())
    }

    fn row(line: &str, table: &mut Table<3>) -> Result<Option<Self>, ReadError> {
        let [arrival, length, cpus] = table.cells(line, &COLUMNS)?;
        Ok(Some(Self {
            place: Place::nowhere(),
            arrival: arrival.decimal("hours", DIGITS, MOST_HOURS)?,
            length: length.decimal("hours", DIGITS, MOST_HOURS)?,
            cpus: cpus.round("CPUs", MOST_CPUS)?,
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
    first: Option<u64>,
    last: u64,
    unsorted: u64,
    lengths: Figures,
    cpus: Figures,
    work: u128,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &["arrival_h", "length_h", "cpus"];

    fn row(record: &Record) -> Vec<String> {
        vec![
            written(u128::from(record.arrival), DIGITS),
            written(u128::from(record.length), DIGITS),
            record.cpus.to_string(),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        if record.arrival < self.last {
            self.unsorted += 1;
            let [last, found] = [self.last, record.arrival].map(|n| written(u128::from(n), DIGITS));
            let expected = format!("a time not before the row above ({last})");
            let error = ReadError::expected(expected, found);
            warn.push(record.place.of(error).place("column arrival_time"));
        }
        self.first.get_or_insert(record.arrival);
        self.last = record.arrival;
        self.lengths.push(record.length);
        self.cpus.push(record.cpus);
        self.work += u128::from(record.length) * u128::from(record.cpus);
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.columns = records.layout().width();
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let first = u128::from(self.first.unwrap_or(0));
        let mut facts = vec![
            ("jobs", self.cpus.len().to_string()),
            ("columns", self.columns.to_string()),
            ("first_arrival_h", rounded(first, DIGITS)),
            ("last_arrival_h", rounded(u128::from(self.last), DIGITS)),
            ("arrival_nondecreasing", yes(self.unsorted == 0)),
            ("cpu_hours", rounded(self.work, DIGITS)),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![
                Column::of("length_h", "trillionths of an hour", self.lengths),
                Column::of("cpus", "CPUs", self.cpus),
            ],
        }
    }
}
