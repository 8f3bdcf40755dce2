//! Rumen's job traces: every task and attempt of Hadoop jobs, as YARN's load simulator replays them.
//!
//! Source: Hadoop's `rumen` (`TraceBuilder`), read by gridmix and by `sls -inputrumen`. JSON objects
//! one after the other, a job each; times in milliseconds since 1970, -1 for what is not known. A
//! trace that was folded is relative to its beginning. Attempts that were killed or failed are in
//! it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::{LATEST_MILLIS, known};
use crate::error::ReadError;
use crate::formats::documents::{Document, Documents};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::survey::{Column, Stat, Survey, tally};

/// One job.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Where it begins.
    #[serde(skip, default = "Place::nowhere")]
    pub place: Place,
    /// Its name.
    #[serde(rename = "jobID")]
    pub id: String,
    /// Who submitted it.
    #[serde(default)]
    pub user: Option<String>,
    /// Where it waited.
    #[serde(default)]
    pub queue: Option<String>,
    /// What people call it.
    #[serde(default)]
    pub job_name: Option<String>,
    /// When it was submitted, in milliseconds.
    pub submit_time: i64,
    /// When it ended; -1 when that is not known.
    #[serde(default = "unknown")]
    pub finish_time: i64,
    /// How it ended: `SUCCESS`.
    #[serde(default)]
    pub outcome: Option<String>,
    /// Memory of a map in MB; -1 when not known.
    #[serde(rename = "jobMapMB", default = "unknown")]
    pub map_mb: i64,
    /// Memory of a reduce in MB; -1 when not known.
    #[serde(rename = "jobReduceMB", default = "unknown")]
    pub reduce_mb: i64,
    /// Its maps.
    #[serde(default)]
    pub map_tasks: Vec<Task>,
    /// Its reduces.
    #[serde(default)]
    pub reduce_tasks: Vec<Task>,
    /// What prepares and cleans up.
    #[serde(default)]
    pub other_tasks: Vec<Task>,
}

/// One task.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Its name.
    #[serde(rename = "taskID")]
    pub id: String,
    /// How often it was tried.
    #[serde(default)]
    pub attempts: Vec<Attempt>,
    /// Bytes it read; -1 when not known.
    #[serde(default = "unknown")]
    pub input_bytes: i64,
    /// Bytes it wrote; -1 when not known.
    #[serde(default = "unknown")]
    pub output_bytes: i64,
}

/// One attempt of a task.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// How it ended: `SUCCESS`.
    #[serde(default)]
    pub result: Option<String>,
    /// When it began, in milliseconds; -1 when not known.
    #[serde(default = "unknown")]
    pub start_time: i64,
    /// When it ended.
    #[serde(default = "unknown")]
    pub finish_time: i64,
    /// Where it ran: `/rack/host`.
    #[serde(default)]
    pub host_name: Option<String>,
}

const fn unknown() -> i64 {
    -1
}

impl Attempt {
    /// How long it ran, in milliseconds, if that is known.
    pub fn duration(&self) -> Option<u64> {
        known(self.finish_time)?.checked_sub(known(self.start_time)?)
    }
}

impl Record {
    /// The attempts of maps and reduces.
    pub fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        let tasks = self.map_tasks.iter().chain(&self.reduce_tasks);
        tasks.flat_map(|task| &task.attempts)
    }
}

impl Document for Record {
    const ONE: &'static str = "job";
    const MEMBER: &'static str = "trace.json";
    const KEYS: &'static str =
        "keys: jobID, user, submitTime, finishTime, mapTasks[{taskID, attempts[]}], reduceTasks";

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    fn check(&self) -> Result<(), ReadError> {
        let attempts = self.attempts().flat_map(|a| [a.start_time, a.finish_time]);
        let mut times = attempts.chain([self.submit_time, self.finish_time]);
        match times.find(|time| *time > LATEST_MILLIS) {
            Some(late) => {
                let expected = format!("times up to {LATEST_MILLIS} milliseconds");
                Err(ReadError::expected(expected, late))
            }
            None => Ok(()),
        }
    }
}

/// The jobs of a file; a bad one does not end them.
pub type Records = Documents<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Documents::open(path)
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    jobs: u64,
    maps: usize,
    reduces: usize,
    others: usize,
    attempts: u64,
    results: BTreeMap<String, u64>,
    outcomes: BTreeMap<String, u64>,
    users: BTreeMap<String, u64>,
    submits: Figures,
    durations: Figures,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "job",
        "user",
        "queue",
        "submit_ms",
        "finish_ms",
        "maps",
        "reduces",
        "outcome",
    ];

    fn row(record: &Record) -> Vec<String> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            record.id.clone(),
            text(&record.user),
            text(&record.queue),
            record.submit_time.to_string(),
            record.finish_time.to_string(),
            record.map_tasks.len().to_string(),
            record.reduce_tasks.len().to_string(),
            text(&record.outcome),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        self.jobs += 1;
        self.maps += record.map_tasks.len();
        self.reduces += record.reduce_tasks.len();
        self.others += record.other_tasks.len();
        let name = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        *self.outcomes.entry(name(&record.outcome)).or_default() += 1;
        *self.users.entry(name(&record.user)).or_default() += 1;
        self.submits.push_signed(record.submit_time);
        for attempt in record.attempts() {
            self.attempts += 1;
            *self.results.entry(name(&attempt.result)).or_default() += 1;
            self.durations.extend(attempt.duration());
        }
        let ended = known(record.finish_time).is_some();
        if !ended {
            let error = ReadError::expected("when the job ended", record.finish_time);
            warn.push(record.place.of(error).place("key `finishTime`"));
        }
    }

    fn stat(self) -> Stat {
        Stat {
            facts: vec![
                ("jobs", self.jobs.to_string()),
                ("map_tasks", self.maps.to_string()),
                ("reduce_tasks", self.reduces.to_string()),
                ("other_tasks", self.others.to_string()),
                ("map_reduce_attempts", self.attempts.to_string()),
                ("attempt_results", tally(&self.results)),
                ("job_outcomes", tally(&self.outcomes)),
                ("users", tally(&self.users)),
            ],
            columns: vec![
                Column::of("submit_ms", "milliseconds", self.submits),
                Column::of("attempt_duration_ms", "milliseconds", self.durations),
            ],
        }
    }
}
