//! Workflows of the Workflow Trace Archive: tasks, threads and who waits for whom.
//!
//! Source: wta.atlarge-research.com, `tasks/schema-1.0/*.parquet` (Versluis et al., TPDS 2020).
//! Parquet, or CSV with the same columns and `;` between parents: milliseconds from the beginning;
//! -1 is missing.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::ReadError;
use crate::formats::cells::{MILLIONTHS, written};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::sheets::{Item, SheetRow, Sheets};
use crate::formats::survey::{Column, Stat, Survey};

/// The latest time, in milliseconds (the year 2262).
const LATEST_MILLIS: u64 = (i64::MAX / 1_000_000) as u64;
/// The most threads of one task.
const MOST_THREADS: u64 = 1 << 20;

/// One task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// Its name.
    pub id: String,
    /// The workflow it belongs to.
    pub workflow: String,
    /// When it was submitted, in milliseconds.
    pub submit: u64,
    /// How long it ran, in milliseconds.
    pub run: u64,
    /// The threads it asked for, in millionths; nothing where that is not known.
    pub threads: Option<u64>,
    /// The tasks that it waits for.
    pub parents: Vec<String>,
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
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "workflow_id",
        "ts_submit",
        "runtime",
        "parents",
        "resource_amount_requested",
    ];
    const REQUIRED: usize = 5;
    const ONE: &'static str = "task";
    const MEMBER: &'static str = "tasks.csv";

    fn row(items: &[Item], place: Place) -> Result<Self, ReadError> {
        let threads = &items[5];
        let unknown =
            threads.is_missing() || threads.name("").is_ok_and(|text| text.starts_with('-'));
        Ok(Self {
            place,
            id: items[0].name("a task")?,
            workflow: items[1].name("a workflow")?,
            submit: items[2].whole("milliseconds", LATEST_MILLIS)?,
            run: items[3].whole("milliseconds", LATEST_MILLIS)?,
            parents: items[4].names()?,
            threads: (!unknown)
                .then(|| threads.decimal("threads", MILLIONTHS, MOST_THREADS))
                .transpose()?,
        })
    }
}

/// What is counted over a whole table.
#[derive(Default)]
pub(crate) struct Counts {
    workflows: BTreeSet<String>,
    edges: usize,
    submits: Figures,
    runs: Figures,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "id",
        "workflow",
        "ts_submit_ms",
        "runtime_ms",
        "threads",
        "parents",
    ];

    fn row(record: &Record) -> Vec<String> {
        let threads = record
            .threads
            .map(|threads| written(u128::from(threads), MILLIONTHS));
        vec![
            record.id.clone(),
            record.workflow.clone(),
            record.submit.to_string(),
            record.run.to_string(),
            threads.unwrap_or_default(),
            record.parents.len().to_string(),
        ]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        self.workflows.insert(record.workflow.clone());
        self.edges += record.parents.len();
        self.submits.push(record.submit);
        self.runs.push(record.run);
    }

    fn stat(self) -> Stat {
        Stat {
            facts: vec![
                ("tasks", self.runs.len().to_string()),
                ("workflows", self.workflows.len().to_string()),
                ("edges", self.edges.to_string()),
            ],
            columns: vec![
                Column::of("ts_submit_ms", "milliseconds", self.submits),
                Column::of("runtime_ms", "milliseconds", self.runs),
            ],
        }
    }
}
