//! What functions need when they are invoked: memory and durations, cold and warm.
//!
//! Source: github.com/COS-IN/iluvatar-faas; it goes with a list of invocations ([`super::replay`]).
//! CSV with a header: function, milliseconds when cold and when warm, memory in MB, and the mean
//! time between invocations.

use std::path::Path;

use crate::error::ReadError;
use crate::formats::cells::MILLIONTHS;
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey};
use crate::formats::swim::LATEST;
use crate::formats::table::Table;

const COLUMNS: [&str; 5] = [
    "func_name",
    "cold_dur_ms",
    "warm_dur_ms",
    "mem_mb",
    "mean_iat",
];
/// The most memory of one function.
const MOST_MEGABYTES: u64 = 1 << 30;

/// One function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// The function.
    pub function: String,
    /// The first invocation in a new container, in milliseconds.
    pub cold: u64,
    /// Any later one.
    pub warm: u64,
    /// Its memory.
    pub megabytes: u64,
    /// The mean time between invocations, in millionths of a millisecond.
    pub gap: Option<u64>,
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
    type Layout = Table<5>;
    const MEMBER: &'static str = "metadata.csv";
    const ONE: &'static str = "function";
    const ABOUT: &'static str = "columns: func_name, cold_dur_ms, warm_dur_ms, mem_mb, mean_iat";
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &COLUMNS;

    fn header(line: &str, table: &mut Table<5>) -> Result<(), ReadError> {
        *table = Table::first(line, &COLUMNS, 4)?;
        Ok(())
    }

    fn row(line: &str, table: &mut Table<5>) -> Result<Option<Self>, ReadError> {
        let [func_name, cold_dur_ms, warm_dur_ms, mem_mb, mean_iat] =
            table.cells(line, ',', &COLUMNS)?;
        Ok(Some(Self {
            place: Place::nowhere(),
            function: func_name.word("a function")?.to_owned(),
            cold: cold_dur_ms.round("milliseconds", LATEST)?,
            warm: warm_dur_ms.round("milliseconds", LATEST)?,
            megabytes: mem_mb.round("MB", MOST_MEGABYTES)?,
            gap: mean_iat.maybe(|cell| cell.decimal("milliseconds", MILLIONTHS, LATEST))?,
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    cold: Figures,
    warm: Figures,
    memory: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &["func_name", "cold_dur_ms", "warm_dur_ms", "mem_mb"];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.function.clone(),
            record.cold.to_string(),
            record.warm.to_string(),
            record.megabytes.to_string(),
        ]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        self.cold.push(record.cold);
        self.warm.push(record.warm);
        self.memory.push(record.megabytes);
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![("functions", self.warm.len().to_string())];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![
                Column::of("cold_dur_ms", "milliseconds", self.cold),
                Column::of("warm_dur_ms", "milliseconds", self.warm),
                Column::of("mem_mb", "MB", self.memory),
            ],
        }
    }
}
