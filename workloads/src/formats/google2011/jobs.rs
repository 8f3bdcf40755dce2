//! `job_events`: jobs are submitted, scheduled and end.
//!
//! Eight columns: time, missing information, job, event, user, scheduling class, job name, logical
//! job name.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use super::{ABOUT, BEFORE, EVENTS, SUBMIT, event, id, is_end, missing, time};
use crate::error::ReadError;
use crate::formats::cells::split;
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, tally, yes};

const COLUMNS: [&str; 8] = [
    "time",
    "missing",
    "job",
    "event",
    "user",
    "class",
    "name",
    "logical_name",
];

/// One event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// When, in microseconds of the trace.
    pub time: u64,
    /// Why the row was made up, if it was.
    pub missing: Option<u8>,
    /// The job.
    pub job: u64,
    /// The code of the event, a position in [`EVENTS`].
    pub event: u8,
    /// Who submitted the job, as a hash.
    pub user: String,
    /// How sensitive to latency it is, from 0 to 3.
    pub class: Option<u8>,
    /// The job's name, as a hash.
    pub name: String,
    /// What jobs of the same program have in common, as a hash.
    pub logical_name: String,
}

/// The events of a table; a bad row does not end them.
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
    const MEMBER: &'static str = "job_events.csv";
    const ONE: &'static str = "job event";
    const ABOUT: &'static str = ABOUT;
    const PARTS: bool = true;
    const NAMES: &'static [&'static [&'static str]] = &[&COLUMNS];

    fn row(line: &str, (): &mut ()) -> Result<Option<Self>, ReadError> {
        if line.starts_with('#') {
            return Ok(None);
        }
        let [at, why, job, what, user, class, name, logical] = split(line, &COLUMNS)?;
        Ok(Some(Self {
            place: Place::nowhere(),
            time: time(at)?,
            missing: missing(why)?,
            job: id(job)?,
            event: event(what)?,
            user: user.text().to_owned(),
            class: class.maybe(|cell| cell.code("a scheduling class", 3))?,
            name: name.text().to_owned(),
            logical_name: logical.text().to_owned(),
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// What is counted over a whole table.
#[derive(Default)]
pub(crate) struct Counts {
    rows: u64,
    events: BTreeMap<u8, u64>,
    /// When each job was first submitted and when it ended last.
    jobs: HashMap<u64, (Option<u64>, Option<u64>)>,
    users: HashSet<String>,
    classes: BTreeMap<String, u64>,
    at_start: u64,
    first: Option<u64>,
    last: u64,
    unsorted: u64,
    missing: u64,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "time_us",
        "missing",
        "job",
        "event",
        "user",
        "class",
        "name",
        "logical_name",
    ];

    fn row(record: &Record) -> Vec<String> {
        let shown = |code: Option<u8>| code.map_or(String::new(), |code| code.to_string());
        vec![
            record.time.to_string(),
            shown(record.missing),
            record.job.to_string(),
            EVENTS[usize::from(record.event)].to_owned(),
            record.user.clone(),
            shown(record.class),
            record.name.clone(),
            record.logical_name.clone(),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        self.rows += 1;
        *self.events.entry(record.event).or_default() += 1;
        if !self.users.contains(&record.user) {
            self.users.insert(record.user.clone());
        }
        let job = self.jobs.entry(record.job).or_default();
        if record.event == SUBMIT {
            job.0.get_or_insert(record.time);
            let class = record
                .class
                .map_or("-".to_owned(), |class| class.to_string());
            *self.classes.entry(class).or_default() += 1;
            self.at_start += u64::from(record.time == BEFORE);
        } else if is_end(record.event) {
            job.1 = Some(record.time);
        }
        self.missing += u64::from(record.missing.is_some());
        if record.time < self.last {
            self.unsorted += 1;
            let expected = format!("a time not before the row above ({})", self.last);
            let error = ReadError::expected(expected, record.time);
            warn.push(record.place.of(error).place("column 1 (time)"));
        }
        self.first.get_or_insert(record.time);
        self.last = record.time;
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let submitted = self.jobs.values().filter(|job| job.0.is_some()).count();
        let whole = self.jobs.values().filter_map(|job| match *job {
            (Some(submit), Some(end)) if submit > BEFORE => end.checked_sub(submit),
            _ => None,
        });
        let lives: Figures = whole.collect();
        let mut facts = vec![
            ("rows", self.rows.to_string()),
            ("columns", COLUMNS.len().to_string()),
            ("event_codes", tally(&self.events)),
            ("distinct_jobs", self.jobs.len().to_string()),
            ("distinct_users", self.users.len().to_string()),
            ("submits_by_scheduling_class", tally(&self.classes)),
            ("jobs_with_submit", submitted.to_string()),
            ("submits_at_t0", self.at_start.to_string()),
            ("first_time_us", self.first.unwrap_or(0).to_string()),
            ("last_time_us", self.last.to_string()),
            ("time_nondecreasing", yes(self.unsorted == 0)),
            ("rows_with_missing_info", self.missing.to_string()),
            (
                "jobs_submitted_after_t0_with_end_in_window",
                lives.len().to_string(),
            ),
        ];
        facts.extend(self.passed.facts());
        let unit = "millionths of a second";
        Stat {
            facts,
            columns: vec![Column::of("submit_to_last_end_s", unit, lives)],
        }
    }
}
