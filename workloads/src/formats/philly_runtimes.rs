//! The run times of Philly's jobs and nothing else.
//!
//! Source: github.com/alibaba/clusterdata, `cluster-trace-gpu-v2020/analysis/philly_runtime.csv`: a
//! column of seconds under the header `runtime`. A distribution to draw from, not a load.

use std::path::Path;

use crate::error::ReadError;
use crate::formats::cells::{MILLIONTHS, written};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey};
use crate::formats::swim::LATEST;
use crate::formats::table::Table;

const COLUMNS: [&str; 1] = ["runtime"];

/// One run time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// How long a job ran, in microseconds.
    pub runtime: u64,
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
    type Layout = Table<1>;
    const MEMBER: &'static str = "philly_runtime.csv";
    const ONE: &'static str = "run time";
    const ABOUT: &'static str = "one column under the header runtime";
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &COLUMNS;

    fn header(line: &str, table: &mut Table<1>) -> Result<(), ReadError> {
        *table = Table::header(line, &COLUMNS, COLUMNS.len())?;
        Ok(())
    }

    fn row(line: &str, table: &mut Table<1>) -> Result<Option<Self>, ReadError> {
        let [runtime] = table.cells(line, &COLUMNS)?;
        Ok(Some(Self {
            place: Place::nowhere(),
            runtime: runtime.decimal("seconds", MILLIONTHS, LATEST)?,
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    runtimes: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &["runtime_s"];

    fn row(record: &Record) -> Vec<String> {
        vec![written(u128::from(record.runtime), MILLIONTHS)]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        self.runtimes.push(record.runtime);
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![("rows", self.runtimes.len().to_string())];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![Column::of(
                "runtime_s",
                "millionths of a second",
                self.runtimes,
            )],
        }
    }
}
