//! The job history of `MapReduce` on YARN: one event a line, or one after the other in binary.
//!
//! Source: Hadoop's `jobhistory` package (`EventWriter`), files `*.jhist`. The first line says `Avro-Json`
//! or `Avro-Binary`, then comes the Avro schema in a line, then every event: as a JSON object with its type,
//! blank lines between, or in Avro's binary encoding with nothing between.

use std::io::{BufRead as _, Read as _};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::avro::{AvroError, AvroType, AvroValues};
use super::{LATEST_MILLIS, known};
use crate::formats::LONGEST_LINE;
use crate::formats::prelude::*;
use crate::formats::source::{self, Plain};
use crate::formats::survey::Unread;

/// The first line of a file of this kind.
const FIRST: &str = "Avro-Json";
/// That of one in binary.
const BINARY: &str = "Avro-Binary";
/// What an event tells about time, by the key it has.
const TIMES: [&str; 3] = ["startTime", "finishTime", "submitTime"];

pub(crate) const FORM: Form = Form {
    about: "events of a job, in JSON or binary (MapReduce job history, .jhist)",
    signs: &[Begins("Avro-Json"), Begins("Avro-Binary"), Ends(".jhist")],
    import: Err("it holds single changes of jobs; Rumen's TraceBuilder makes a trace of them"),
    samples: &[r#"Avro-Json
{"type":"record","name":"Event"}
{"type":"JOB_SUBMITTED","event":{"x.JobSubmitted":{"jobid":"job_1","submitTime":1526555642677}}}

{"type":"JOB_FINISHED","event":{"x.JobFinished":{"jobid":"job_1","finishTime":1526555658299}}}
"#],
    ..Form::by::<History, Counts>()
};

/// One event.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Record {
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

    /// The same, whose times can be ones.
    fn in_time(self) -> Result<Self, ReadError> {
        let times = TIMES.iter().filter_map(|key| self.get(key)?.as_i64());
        if let Some(late) = times.into_iter().find(|time| *time > LATEST_MILLIS) {
            let expected = format!("times up to {LATEST_MILLIS} milliseconds");
            return Err(ReadError::expected(expected, late));
        }
        Ok(self)
    }
}

fn schema(line: &str) -> Result<Value, ReadError> {
    let schema = serde_json::from_str(line).ok().filter(Value::is_object);
    schema.ok_or_else(|| ReadError::expected("the schema of the events as JSON", quoted(line)))
}

fn no_event(error: &serde_json::Error) -> ReadError {
    ReadError::json("an event", error).hint("keys: type, event { class { ... } }")
}

/// What stands in front of the events.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Front {
    lines: u64,
    schema: bool,
}

impl Row for Record {
    type Layout = Front;
    const MEMBER: &'static str = "job.jhist";
    const ONE: &'static str = "event";
    const ABOUT: &'static str =
        "the first line is Avro-Json or Avro-Binary, the second a schema, then events";
    const HEADED: bool = true;

    fn header(line: &str, front: &mut Front) -> Result<(), ReadError> {
        front.lines += 1;
        if line.trim_ascii() != FIRST {
            let error = ReadError::expected(format!("`{FIRST}`"), quoted(line));
            return Err(error.hint("or `Avro-Binary`, for events in binary"));
        }
        Ok(())
    }

    fn row(line: &str, front: &mut Front) -> Result<Option<Self>, ReadError> {
        if !front.schema {
            front.schema = true;
            front.lines += 1;
            return schema(line).map(|_| None);
        }
        let record: Self = serde_json::from_str(line).map_err(|error| no_event(&error))?;
        record.in_time().map(Some)
    }

    fn end(front: &Front, blank: u64, seen: &mut Seen) {
        seen.add("lines", front.lines + blank);
    }
}

/// The events of a file, however they are written.
pub struct History(HistoryLines);

enum HistoryLines {
    Lines(Box<Rows<Record>>),
    Binary(Box<JhistEvents>),
}

/// Events in binary: a damaged one ends them, as nothing says where the next begins.
struct JhistEvents {
    values: AvroValues<Plain>,
    kind: AvroType,
    /// Which event was read last.
    place: Place,
    ended: bool,
}

impl JhistEvents {
    /// Reads the two lines in front of events in binary; nothing where they are not.
    fn open(path: &Path) -> Result<Option<Self>, ReadError> {
        let failed = |error: std::io::Error| ReadError::io(path, &error);
        let mut plain = source::open(path, Record::MEMBER)?;
        let line = |plain: &mut Plain| {
            let mut line = Vec::new();
            let mut part = plain.take(LONGEST_LINE as u64);
            part.read_until(b'\n', &mut line).map_err(failed)?;
            Ok::<_, ReadError>(String::from_utf8_lossy(&line).trim_ascii_end().to_owned())
        };
        let mut start = vec![0; BINARY.len()];
        // What cannot be read is told as of a text.
        let begins = plain.read_exact(&mut start).is_ok() && start == BINARY.as_bytes();
        if !begins {
            return Ok(None);
        }
        let rest = line(&mut plain)?;
        let at = |error: ReadError, number| error.file(path).line(number);
        if !rest.is_empty() {
            let found = quoted(&format!("{BINARY}{rest}"));
            return Err(at(ReadError::expected(format!("`{BINARY}`"), found), 1));
        }
        let kind = schema(&line(&mut plain)?).and_then(|schema| AvroType::read(&schema));
        let place = Place {
            file: Arc::from(path),
            line: 0,
        };
        Ok(Some(Self {
            values: AvroValues::new(plain),
            kind: kind.map_err(|error| at(error, 2))?,
            place,
            ended: false,
        }))
    }

    fn next(&mut self) -> Option<Result<Record, ReadError>> {
        if self.ended {
            return None;
        }
        self.place.line += 1;
        let value = match self.values.next(&self.kind) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => {
                self.ended = true;
                self.place.line -= 1;
                let none = self.place.line == 0;
                let error = ReadError::expected("at least one event", "none");
                return none.then(|| Err(self.here(error.hint(Record::ABOUT))));
            }
            Err(AvroError::Read(error)) => Err(ReadError::io(&self.place.file, &error)),
            Err(AvroError::Bad(error)) => Err(error),
        };
        self.ended = value.is_err();
        let record = value.and_then(|value| {
            let record = serde_json::from_value::<Record>(value);
            record.map_err(|error| no_event(&error))?.in_time()
        });
        Some(record.map_err(|error| self.here(error)))
    }

    /// In which event it is, and behind how many bytes of them all.
    fn here(&self, error: ReadError) -> ReadError {
        let place = format!("byte {} of the events", self.values.read());
        let line = self.place.line.max(1);
        error.file(&self.place.file).line(line).place(place)
    }
}

impl Iterator for History {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            HistoryLines::Lines(rows) => rows.next(),
            HistoryLines::Binary(events) => events.next(),
        }
    }
}

impl Reader for History {
    type Record = Record;

    fn open(path: &Path) -> Result<Self, ReadError> {
        Ok(Self(match JhistEvents::open(path)? {
            Some(events) => HistoryLines::Binary(Box::new(events)),
            None => HistoryLines::Lines(Box::new(Rows::open(path)?)),
        }))
    }

    fn place(&self) -> Option<Place> {
        Some(match &self.0 {
            HistoryLines::Lines(rows) => rows.place(),
            HistoryLines::Binary(events) => events.place.clone(),
        })
    }

    fn end(&self, seen: &mut Seen) {
        match &self.0 {
            HistoryLines::Lines(rows) => rows.end(seen),
            // Those in front of the events.
            HistoryLines::Binary(_) => seen.add("lines", 2_u64),
        }
    }
}

impl Unread for History {
    fn unread(&self) -> Vec<String> {
        match &self.0 {
            HistoryLines::Lines(rows) => rows.unread(),
            HistoryLines::Binary(_) => Vec::new(),
        }
    }
}

shows! { Record: |one|
    "type": one.kind, "time_ms": one.time(),
    "id": ["attemptId", "taskid", "jobid", "applicationAttemptId"].iter()
        .find_map(|key| one.get(key)?.as_str()),
}

/// Whether an event ended the job.
#[derive(Default)]
struct Counts(bool);

impl Survey for Counts {
    type Record = Record;

    fn see(&mut self, record: &Record, seen: &mut Seen) {
        self.0 |= ["JOB_FINISHED", "JOB_FAILED"].contains(&record.kind.as_str());
        seen.count("lines");
        seen.tally("events", &record.kind);
        seen.least("first_ms", record.time());
        seen.most("last_ms", record.time());
    }

    fn end(self, seen: &mut Seen) {
        if !self.0 {
            let odd = ReadError::expected("an event that ends the job", "none");
            seen.warn(odd.hint("the job was still running, or the file is truncated"));
        }
    }
}
