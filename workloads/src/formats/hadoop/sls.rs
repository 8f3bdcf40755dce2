//! Jobs as YARN's scheduler load simulator writes them down for itself: containers with times.
//!
//! Source: Hadoop's `hadoop-sls`, `-inputsls` (`rumen2sls.sh` makes such files of Rumen's). JSON
//! objects one after the other, a job each; milliseconds from the beginning. Memory and cores of a
//! container may be given; the simulator's own settings supply them where they are not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::LATEST_MILLIS;
use crate::error::ReadError;
use crate::formats::documents::{Document, Documents};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::survey::{Column, Stat, Survey, tally};

/// The most containers that one line may stand for, and the most memory or cores of one.
const MOST: u64 = 1 << 40;

/// How often a job may be submitted.
const MOST_COPIES: u64 = 100_000;

/// One job.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Record {
    /// Where it begins.
    #[serde(skip, default = "Place::nowhere")]
    pub place: Place,
    /// The kind of its application master: `mapreduce`.
    #[serde(rename = "am.type", default)]
    pub kind: Option<String>,
    /// Its name; the simulator makes one where it is missing.
    #[serde(rename = "job.id", default)]
    pub id: Option<String>,
    /// Who submitted it.
    #[serde(rename = "job.user", default)]
    pub user: Option<String>,
    /// Where it waited.
    #[serde(rename = "job.queue.name", default)]
    pub queue: Option<String>,
    /// How often the simulator submits it, all at once.
    #[serde(rename = "job.count", default)]
    pub count: Option<u64>,
    /// When it begins, in milliseconds: some tools write numbers as text.
    #[serde(rename = "job.start.ms", default)]
    pub start: Option<Value>,
    /// When it ends.
    #[serde(rename = "job.end.ms", default)]
    pub end: Option<Value>,
    /// Its containers.
    #[serde(rename = "job.tasks")]
    pub tasks: Vec<Container>,
}

/// One container, or several that are alike.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Container {
    /// Where it ran: `/rack/host`.
    #[serde(rename = "container.host", default)]
    pub host: Option<String>,
    /// When it began, in milliseconds.
    #[serde(rename = "container.start.ms", default)]
    pub start: Option<Value>,
    /// When it ended.
    #[serde(rename = "container.end.ms", default)]
    pub end: Option<Value>,
    /// How long it ran, where begin and end are not told.
    #[serde(rename = "duration.ms", default)]
    pub lasting: Option<Value>,
    /// How many there are of it.
    #[serde(rename = "count", default)]
    pub count: Option<u64>,
    /// What it does: `map`.
    #[serde(rename = "container.type", default)]
    pub kind: Option<String>,
    /// Its memory in MB.
    #[serde(rename = "container.memory", alias = "memory-mb", default)]
    pub megabytes: Option<u64>,
    /// Its cores.
    #[serde(rename = "container.vcores", alias = "vcores", default)]
    pub cores: Option<u64>,
}

/// A number of milliseconds, written as a number or as text.
pub fn millis(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::String(text) => text.trim().parse().ok(),
        number => number.as_i64(),
    }
}

impl Container {
    /// How long it ran, in milliseconds.
    pub fn duration(&self) -> Option<u64> {
        let lasting = millis(self.lasting.as_ref());
        let between = || millis(self.end.as_ref())?.checked_sub(millis(self.start.as_ref())?);
        u64::try_from(lasting.or_else(between)?).ok()
    }
}

impl Record {
    /// How often it is submitted.
    pub fn copies(&self) -> u64 {
        self.count.unwrap_or(1)
    }
}

impl Document for Record {
    const ONE: &'static str = "job";
    const MEMBER: &'static str = "sls-jobs.json";
    const KEYS: &'static str = "keys: job.start.ms, job.user, job.queue.name, \
                                job.tasks[{container.start.ms, container.end.ms}]";

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    fn check(&self) -> Result<(), ReadError> {
        if self.copies() > MOST_COPIES {
            let expected = format!("at most {MOST_COPIES} times the same job");
            return Err(ReadError::expected(expected, self.copies()).place("key `job.count`"));
        }
        for (position, task) in self.tasks.iter().enumerate() {
            let place = format!("key `job.tasks[{position}]`");
            let times = [&task.start, &task.end, &task.lasting];
            let times = times.map(|time| millis(time.as_ref()).unwrap_or(0));
            let late = times
                .iter()
                .any(|time| !(-LATEST_MILLIS..=LATEST_MILLIS).contains(time));
            if late || task.duration().is_none() {
                let expected = "container.end.ms after container.start.ms, or duration.ms";
                return Err(ReadError::expected(expected, "neither").place(place));
            }
            let amounts = [task.count, task.megabytes, task.cores];
            if let Some(much) = amounts.into_iter().flatten().find(|amount| *amount > MOST) {
                let expected = format!("amounts up to {MOST}");
                return Err(ReadError::expected(expected, much).place(place));
            }
        }
        Ok(())
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
    containers: u64,
    kinds: BTreeMap<String, u64>,
    queues: BTreeMap<String, u64>,
    hosts: BTreeSet<String>,
    durations: Figures,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &["job", "user", "queue", "start_ms", "containers"];

    fn row(record: &Record) -> Vec<String> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let start = millis(record.start.as_ref());
        vec![
            text(&record.id),
            text(&record.user),
            text(&record.queue),
            start.map_or(String::new(), |start| start.to_string()),
            record.tasks.len().to_string(),
        ]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        let copies = record.copies();
        self.jobs += copies;
        let name = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        *self.queues.entry(name(&record.queue)).or_default() += copies;
        for task in &record.tasks {
            let count = task.count.unwrap_or(1).saturating_mul(copies);
            self.containers = self.containers.saturating_add(count);
            let kind = self.kinds.entry(name(&task.kind)).or_default();
            *kind = kind.saturating_add(count);
            self.hosts.extend(task.host.clone());
            self.durations.extend(task.duration());
        }
    }

    fn stat(self) -> Stat {
        Stat {
            facts: vec![
                ("jobs", self.jobs.to_string()),
                ("containers", self.containers.to_string()),
                ("containers_by_type", tally(&self.kinds)),
                ("jobs_by_queue", tally(&self.queues)),
                ("hosts", self.hosts.len().to_string()),
            ],
            columns: vec![Column::of(
                "container_duration_ms",
                "milliseconds",
                self.durations,
            )],
        }
    }
}
