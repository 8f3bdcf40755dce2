//! The job history of `MapReduce` on YARN: one event a line.
//!
//! Source: Hadoop's `jobhistory` package, files `*.jhist`. The first line says `Avro-Json`, then
//! comes the Avro schema, then every event as a JSON object with its type, blank lines between.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{LATEST_MILLIS, known};
use crate::formats::prelude::*;

/// The first line of a file of this kind.
const FIRST: &str = "Avro-Json";
/// What an event tells about time, by the key it has.
const TIMES: [&str; 3] = ["startTime", "finishTime", "submitTime"];

pub(crate) const FORM: Form = Form {
    about: "events of a job, one a line (MapReduce job history, .jhist)",
    signs: &[Begins("Avro-Json"), Ends(".jhist")],
    import: Err("it holds single changes of jobs; Rumen's TraceBuilder makes a trace of them"),
    samples: &[r#"Avro-Json
{"type":"record","name":"Event"}
{"type":"JOB_SUBMITTED","event":{"x.JobSubmitted":{"jobid":"job_1","submitTime":1526555642677}}}

{"type":"JOB_FINISHED","event":{"x.JobFinished":{"jobid":"job_1","finishTime":1526555658299}}}
"#],
    ..Form::by::<Rows<Record>, Counts>()
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
    const ABOUT: &'static str = "the first line is Avro-Json, the second a schema, then events";
    const HEADED: bool = true;

    fn header(line: &str, front: &mut Front) -> Result<(), ReadError> {
        front.lines += 1;
        if line.trim_ascii() != FIRST {
            let error = ReadError::expected(format!("`{FIRST}`"), quoted(line));
            return Err(error.hint(
                "binary history (Avro-Binary) is not read: Rumen's TraceBuilder reads both and makes a trace \
                 of them, and Hadoop writes text with mapreduce.jobhistory.jhist.format=json",
            ));
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

    fn end(front: &Front, blank: u64, seen: &mut Seen) {
        seen.add("lines", front.lines + blank);
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
