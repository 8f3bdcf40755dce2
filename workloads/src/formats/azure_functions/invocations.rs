//! Azure Functions, 2021: every invocation of two weeks with its duration.
//!
//! Source: github.com/Azure/AzurePublicDataset, `AzureFunctionsInvocationTrace2021`. CSV with a
//! header: application and function (hashes), when the invocation ended, in seconds from the
//! beginning, and how long it took. When it began is the difference.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::ReadError;
use crate::formats::cells::{BILLIONTHS, rounded, written};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey};
use crate::formats::swim::LATEST;
use crate::formats::table::Table;

const COLUMNS: [&str; 4] = ["app", "func", "end_timestamp", "duration"];

/// One invocation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// The application.
    pub app: String,
    /// The function.
    pub function: String,
    /// When it ended, in billionths of a second from the beginning.
    pub end: u64,
    /// How long it took, in billionths of a second.
    pub duration: u64,
}

impl Record {
    /// When it began, in billionths of a second; zero for what began earlier.
    pub const fn begin(&self) -> u64 {
        self.end.saturating_sub(self.duration)
    }
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
    type Layout = Table<4>;
    const MEMBER: &'static str = "AzureFunctionsInvocationTraceForTwoWeeksJan2021.txt";
    const ONE: &'static str = "invocation";
    const ABOUT: &'static str = "columns: app, func, end_timestamp, duration";
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &COLUMNS;

    fn header(line: &str, table: &mut Table<4>) -> Result<(), ReadError> {
        *table = Table::first(line, &COLUMNS, COLUMNS.len())?;
        Ok(())
    }

    fn row(line: &str, table: &mut Table<4>) -> Result<Option<Self>, ReadError> {
        let [app, func, end_timestamp, duration] = table.cells(line, ',', &COLUMNS)?;
        Ok(Some(Self {
            place: Place::nowhere(),
            app: app.word("an application")?.to_owned(),
            function: func.word("a function")?.to_owned(),
            end: end_timestamp.decimal("seconds", BILLIONTHS, LATEST)?,
            duration: duration.decimal("seconds", BILLIONTHS, LATEST)?,
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
    apps: BTreeSet<String>,
    functions: BTreeSet<String>,
    first: Option<u64>,
    last: u64,
    early: u64,
    durations: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &["app", "func", "end_s", "duration_s"];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.app.clone(),
            record.function.clone(),
            written(u128::from(record.end), BILLIONTHS),
            written(u128::from(record.duration), BILLIONTHS),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        self.apps.insert(record.app.clone());
        self.functions.insert(record.function.clone());
        self.durations.push(record.duration);
        self.last = self.last.max(record.end);
        let begin = record.begin();
        self.first = Some(self.first.map_or(begin, |first| first.min(begin)));
        if record.duration > record.end {
            self.early += 1;
            let error = ReadError::expected("a begin after the beginning", "an earlier one");
            warn.push(record.place.of(error).hint("it is taken to begin at zero"));
        }
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.columns = records.layout().width();
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("invocations", self.durations.len().to_string()),
            ("columns", self.columns.to_string()),
            ("apps", self.apps.len().to_string()),
            ("functions", self.functions.len().to_string()),
            (
                "start_min_s",
                rounded(u128::from(self.first.unwrap_or(0)), BILLIONTHS),
            ),
            (
                "end_timestamp_max_s",
                rounded(u128::from(self.last), BILLIONTHS),
            ),
            ("begun_before_the_trace", self.early.to_string()),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![Column::of(
                "duration_s",
                "billionths of a second",
                self.durations,
            )],
        }
    }
}
