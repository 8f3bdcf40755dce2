//! The job history of `MapReduce` on YARN: one event a line.
//!
//! Source: Hadoop's `jobhistory` package, files `*.jhist`. The first line says `Avro-Json`, then
//! comes the Avro schema, then every event as a JSON object with its type, blank lines between.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{LATEST_MILLIS, known};
use crate::error::{ReadError, quoted};
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Stat, Survey, tally};

/// The first line of a file of this kind.
const FIRST: &str = "Avro-Json";
/// What an event tells about time, by the key it has.
const TIMES: [&str; 3] = ["startTime", "finishTime", "submitTime"];

/// One event.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Record {
    /// Where it stands.
    #[serde(skip, default = "Place::nowhere")]
    pub place: Place,
    /// What happened: `TASK_STARTED`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is told of it, under the name of its class.
    pub event: BTreeMap<String, Map<String, Value>>,
}

impl Record {
    /// What is told under `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.event.values().find_map(|told| told.get(key))
    }

    /// When it happened, in milliseconds since 1970, if it tells.
    pub fn time(&self) -> Option<u64> {
        let time = TIMES.iter().find_map(|key| self.get(key)?.as_i64());
        time.and_then(known)
    }
}

/// What stands in front of the events.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Front {
    lines: u64,
    schema: bool,
}

/// The events of a file; a bad line does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Row for Record {
    type Layout = Front;
    const MEMBER: &'static str = "job.jhist";
    const ONE: &'static str = "event";
    const ABOUT: &'static str = "the first line is Avro-Json, the second a schema, then events";
    const HEADED: bool = true;

    fn header(line: &str, front: &mut Front) -> Result<(), ReadError> {
        front.lines += 1;
        if line.trim_ascii() != FIRST {
            let error = ReadError::expected(format!("`{FIRST}`"), quoted(line));
            return Err(error.hint("Avro's binary history is not read; Hadoop writes it as text"));
        }
        Ok(())
    }

    fn row(line: &str, front: &mut Front) -> Result<Option<Self>, ReadError> {
        if !front.schema {
            front.schema = true;
            front.lines += 1;
            return match serde_json::from_str::<Value>(line) {
                Ok(Value::Object(_)) => Ok(None),
                _ => Err(ReadError::expected(
                    "the schema of the events as JSON",
                    quoted(line),
                )),
            };
        }
        let record: Self = serde_json::from_str(line).map_err(|error| {
            ReadError::json("an event", &error).hint("keys: type, event { class { ... } }")
        })?;
        let times = TIMES.iter().filter_map(|key| record.get(key)?.as_i64());
        if let Some(late) = times.into_iter().find(|time| *time > LATEST_MILLIS) {
            let expected = format!("times up to {LATEST_MILLIS} milliseconds");
            return Err(ReadError::expected(expected, late));
        }
        Ok(Some(record))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    events: BTreeMap<String, u64>,
    first: Option<u64>,
    last: u64,
    front: u64,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &["type", "time_ms", "id"];

    fn row(record: &Record) -> Vec<String> {
        let ids = ["attemptId", "taskid", "jobid", "applicationAttemptId"];
        let id = ids.iter().find_map(|key| record.get(key)?.as_str());
        vec![
            record.kind.clone(),
            record.time().map_or(String::new(), |time| time.to_string()),
            id.unwrap_or_default().to_owned(),
        ]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        *self.events.entry(record.kind.clone()).or_default() += 1;
        if let Some(time) = record.time() {
            self.first = Some(self.first.map_or(time, |first| first.min(time)));
            self.last = self.last.max(time);
        }
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.front = records.layout().lines;
        self.passed = records.passed();
        self.passed.tell(warn);
        if !self.events.contains_key("JOB_FINISHED") && !self.events.contains_key("JOB_FAILED") {
            let error = ReadError::expected("an event that ends the job", "none");
            warn.push(error.hint("the job was still running, or the file is truncated"));
        }
    }

    fn stat(self) -> Stat {
        let events: u64 = self.events.values().sum();
        let lines = self.front + events + self.passed.blank;
        let mut facts = vec![
            ("lines", lines.to_string()),
            ("events", tally(&self.events)),
            ("first_ms", self.first.unwrap_or(0).to_string()),
            ("last_ms", self.last.to_string()),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: Vec::new(),
        }
    }
}
