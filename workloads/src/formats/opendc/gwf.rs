//! Workflows of the Grid Workloads Archive: tasks, processors and who waits for whom.
//!
//! Source: gwa.ewi.tudelft.nl, the Grid Workflow Format, as `OpenDC` reads it. Columns separated by
//! commas and padded with blanks, named by the first line; seconds. The tasks that one waits for
//! stand behind each other, separated by blanks, in the last column. -1 is missing.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::ReadError;
use crate::formats::cells::{Cell, MILLIONTHS, written};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey};
use crate::formats::swim::LATEST;
use crate::formats::table::Table;

const COLUMNS: [&str; 7] = [
    "WorkflowID",
    "JobID",
    "SubmitTime",
    "RunTime",
    "NProcs",
    "ReqNProcs",
    "Dependencies",
];
/// The largest number of a job and the most processors.
const MOST_NUMBER: u64 = 1 << 40;

/// One task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// The workflow it belongs to.
    pub workflow: u64,
    /// Its number.
    pub job: u64,
    /// When it was submitted, in seconds.
    pub submit: u64,
    /// How long it ran, in microseconds.
    pub run: Option<u64>,
    /// The processors it had.
    pub processors: Option<u64>,
    /// The processors it asked for.
    pub requested: Option<u64>,
    /// The tasks that it waits for.
    pub parents: Vec<u64>,
}

/// A number, or nothing for -1.
fn missing<'a, T>(
    cell: Cell<'a>,
    read: impl FnOnce(Cell<'a>) -> Result<T, ReadError>,
) -> Result<Option<T>, ReadError> {
    match cell.text() {
        "-1" | "-1.0" => Ok(None),
        _ => cell.maybe(read),
    }
}

fn parents(cell: Cell<'_>) -> Result<Vec<u64>, ReadError> {
    let texts = cell
        .text()
        .split_ascii_whitespace()
        .filter(|text| *text != "-1");
    texts
        .map(|text| cell.with(text).round("a number", MOST_NUMBER))
        .collect()
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
    type Layout = Table<7>;
    const MEMBER: &'static str = "trace.gwf";
    const ONE: &'static str = "task";
    const ABOUT: &'static str =
        "columns: WorkflowID, JobID, SubmitTime, RunTime, NProcs, ReqNProcs, Dependencies";
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &COLUMNS;

    fn header(line: &str, table: &mut Table<7>) -> Result<(), ReadError> {
        *table = Table::first(line, &COLUMNS, COLUMNS.len())?;
        Ok(())
    }

    fn row(line: &str, table: &mut Table<7>) -> Result<Option<Self>, ReadError> {
        let [
            workflow_id,
            job_id,
            submit_time,
            run_time,
            nprocs,
            req_nprocs,
            dependencies,
        ] = table.cells(line, ',', &COLUMNS)?;
        Ok(Some(Self {
            place: Place::nowhere(),
            workflow: workflow_id.round("a number", MOST_NUMBER)?,
            job: job_id.round("a number", MOST_NUMBER)?,
            submit: submit_time.round("seconds", LATEST)?,
            run: missing(run_time, |cell| cell.decimal("seconds", MILLIONTHS, LATEST))?,
            processors: missing(nprocs, |cell| cell.round("processors", MOST_NUMBER))?,
            requested: missing(req_nprocs, |cell| cell.round("processors", MOST_NUMBER))?,
            parents: parents(dependencies)?,
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
    workflows: BTreeSet<u64>,
    edges: usize,
    submits: Figures,
    runs: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "workflow",
        "job",
        "submit_s",
        "run_s",
        "processors",
        "dependencies",
    ];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.workflow.to_string(),
            record.job.to_string(),
            record.submit.to_string(),
            record
                .run
                .map_or(String::new(), |run| written(u128::from(run), MILLIONTHS)),
            record.processors.map_or(String::new(), |n| n.to_string()),
            record.parents.len().to_string(),
        ]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        self.rows += 1;
        self.workflows.insert(record.workflow);
        self.edges += record.parents.len();
        self.submits.push(record.submit);
        self.runs.extend(record.run);
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("rows", self.rows.to_string()),
            ("workflows", self.workflows.len().to_string()),
            ("edges", self.edges.to_string()),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![
                Column::of("submit_s", "seconds", self.submits),
                Column::of("run_s", "millionths of a second", self.runs),
            ],
        }
    }
}
