//! A list of invocations by time: function and millisecond.
//!
//! Source: github.com/COS-IN/iluvatar-faas (Fuerst et al., HPDC 2023), whose load generator replays
//! such lists, made of Azure Functions 2019. CSV with a header: function, milliseconds from the
//! beginning. What a function needs stands in another table ([`super::profiles`]).

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::ReadError;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Stat, Survey, yes};
use crate::formats::swim::LATEST;
use crate::formats::table::Table;

const COLUMNS: [&str; 2] = ["func_name", "invoke_time_ms"];

/// One invocation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// The function.
    pub function: String,
    /// When it is invoked, in milliseconds.
    pub time: u64,
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
    type Layout = Table<2>;
    const MEMBER: &'static str = "trace.csv";
    const ONE: &'static str = "invocation";
    const ABOUT: &'static str = "columns: func_name, invoke_time_ms";
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &COLUMNS;

    fn header(line: &str, table: &mut Table<2>) -> Result<(), ReadError> {
        *table = Table::first(line, &COLUMNS, COLUMNS.len())?;
        Ok(())
    }

    fn row(line: &str, table: &mut Table<2>) -> Result<Option<Self>, ReadError> {
        let [func_name, invoke_time_ms] = table.cells(line, ',', &COLUMNS)?;
        Ok(Some(Self {
            place: Place::nowhere(),
            function: func_name.word("a function")?.to_owned(),
            time: invoke_time_ms.round("milliseconds", LATEST)?,
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    invocations: u64,
    functions: BTreeSet<String>,
    first: Option<u64>,
    last: u64,
    unsorted: u64,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &COLUMNS;

    fn row(record: &Record) -> Vec<String> {
        vec![record.function.clone(), record.time.to_string()]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        self.invocations += 1;
        if !self.functions.contains(&record.function) {
            self.functions.insert(record.function.clone());
        }
        self.first.get_or_insert(record.time);
        if record.time < self.last {
            self.unsorted += 1;
            let expected = format!("a time not before the row above ({})", self.last);
            let error = ReadError::expected(expected, record.time);
            warn.push(record.place.of(error).place("column invoke_time_ms"));
        }
        self.last = record.time;
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("invocations", self.invocations.to_string()),
            ("functions", self.functions.len().to_string()),
            ("first_ms", self.first.unwrap_or(0).to_string()),
            ("last_ms", self.last.to_string()),
            ("time_nondecreasing", yes(self.unsorted == 0)),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![],
        }
    }
}
