//! The table `task_usage`: what tasks used, in periods of five minutes.
//!
//! Source and form are those of the other tables; 20 columns, older versions of the trace have 19.
//! Rates of CPU are in cores of the largest machine, memory is relative to the largest machine.
//! They are measurements, not requests, and a simulation does not read them.

use std::collections::BTreeSet;
use std::path::Path;

use super::{AFTER, MOST_MACHINES, time};
use crate::error::ReadError;
use crate::formats::cells::{BILLIONTHS, Cell, written};
use crate::formats::cells::{bare, width};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey};

const COLUMNS: [&str; 20] = [
    "start",
    "end",
    "job",
    "task",
    "machine",
    "cpu",
    "memory",
    "assigned",
    "unmapped_cache",
    "page_cache",
    "max_memory",
    "disk_io_time",
    "disk_space",
    "max_cpu",
    "max_disk_io_time",
    "cpi",
    "mai",
    "sample_portion",
    "aggregation",
    "sampled_cpu",
];
/// The unit of amounts for people.
const UNIT: &str = "billionths of the largest machine";

/// One row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// When the period begins, in microseconds.
    pub start: u64,
    /// When it ends.
    pub end: u64,
    /// The job.
    pub job: u64,
    /// The task within the job.
    pub task: u64,
    /// Where it ran.
    pub machine: Option<u64>,
    /// The mean rate of CPU, in billionths.
    pub cpu: Option<u64>,
    /// Memory used, in billionths.
    pub memory: Option<u64>,
    /// The most memory, in billionths.
    pub max_memory: Option<u64>,
    /// The highest rate of CPU, in billionths.
    pub max_cpu: Option<u64>,
}

fn amount(amount: Option<u64>) -> String {
    amount.map_or(String::new(), |amount| {
        written(u128::from(amount), BILLIONTHS)
    })
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
    const MEMBER: &'static str = "part.csv";
    const ONE: &'static str = "row";
    const ABOUT: &'static str =
        "a row of this table has 20 columns: start, end, job, task, machine, CPU, memory, ...";
    const PARTS: bool = true;
    const NAMES: &'static [&'static [&'static str]] = &[&COLUMNS];

    fn row(line: &str, (): &mut ()) -> Result<Option<Self>, ReadError> {
        if line.starts_with('#') {
            return Ok(None);
        }
        let mut texts = line.split(',');
        let cells: [Cell<'_>; COLUMNS.len()] = std::array::from_fn(|position| {
            Cell::new(
                position,
                COLUMNS[position],
                bare(texts.next().unwrap_or("")),
            )
        });
        let found = width(line);
        if !(19..=20).contains(&found) {
            let error = ReadError::uneven("19 or 20 columns separated by commas", found);
            return Err(error.hint(Self::ABOUT));
        }
        let relative = |cell: Cell<'_>| {
            cell.maybe(|cell| cell.decimal("the largest machine", BILLIONTHS, MOST_MACHINES))
        };
        Ok(Some(Self {
            place: Place::nowhere(),
            start: time(cells[0])?,
            end: time(cells[1])?,
            job: cells[2].whole("a job", AFTER)?,
            task: cells[3].whole("a task", AFTER)?,
            machine: cells[4].maybe(|cell| cell.whole("a machine", AFTER))?,
            cpu: relative(cells[5])?,
            memory: relative(cells[6])?,
            max_memory: relative(cells[10])?,
            max_cpu: relative(cells[13])?,
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
    jobs: BTreeSet<u64>,
    first: Option<u64>,
    last: u64,
    backwards: u64,
    cpu: Figures,
    memory: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &["start", "end", "job", "task", "cpu", "memory"];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.start.to_string(),
            record.end.to_string(),
            record.job.to_string(),
            record.task.to_string(),
            amount(record.cpu),
            amount(record.memory),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        self.rows += 1;
        self.jobs.insert(record.job);
        self.first = Some(
            self.first
                .map_or(record.start, |first| first.min(record.start)),
        );
        self.last = self.last.max(record.end);
        self.cpu.extend(record.cpu);
        self.memory.extend(record.memory);
        if record.end < record.start {
            self.backwards += 1;
            let expected = format!("a time not before the start ({})", record.start);
            let error = ReadError::expected(expected, record.end);
            warn.push(record.place.of(error).place("column 2 (end)"));
        }
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("rows", self.rows.to_string()),
            ("distinct_jobs", self.jobs.len().to_string()),
            ("first_time_us", self.first.unwrap_or(0).to_string()),
            ("last_time_us", self.last.to_string()),
            (
                "periods_that_end_before_they_start",
                self.backwards.to_string(),
            ),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![
                Column::of("cpu_rate", UNIT, self.cpu),
                Column::of("memory", UNIT, self.memory),
            ],
        }
    }
}
