//! Mooncake: requests to Kimi's language model, with the blocks of their prompts that repeat.
//!
//! Source: github.com/kvcache-ai/Mooncake, `FAST25-release/traces` (Qin et al., FAST 2025). JSON
//! lines: milliseconds from the beginning, tokens read, tokens written, and an id for every block of
//! 512 tokens of the prompt: equal ids are equal prefixes. How long a request took is not in it.

use std::path::Path;

use serde::Deserialize;

use crate::error::ReadError;
use crate::formats::documents::Members;
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, yes};
use crate::formats::swim::LATEST;

/// The latest time: a hundred years of milliseconds.
const MOST_MILLIS: u64 = LATEST * 1000;

/// One request.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Record {
    /// Where it stands.
    #[serde(skip, default = "Place::nowhere")]
    pub place: Place,
    /// When it arrived, in milliseconds.
    pub timestamp: u64,
    /// Tokens read.
    pub input_length: u32,
    /// Tokens written.
    pub output_length: u32,
    /// The blocks of the prompt.
    #[serde(default)]
    pub hash_ids: Vec<u64>,
}

/// The requests of a file; a bad line does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Row for Record {
    /// The members that are not read.
    type Layout = Members;
    const MEMBER: &'static str = "trace.jsonl";
    const ONE: &'static str = "request";
    const ABOUT: &'static str = "a request is a line of JSON with timestamp and lengths";

    fn row(line: &str, members: &mut Members) -> Result<Option<Self>, ReadError> {
        let request: Self = members.parse(line.as_bytes()).map_err(|error| {
            ReadError::json("a request", &error)
                .hint("keys: timestamp, input_length, output_length, hash_ids")
        })?;
        if request.timestamp > MOST_MILLIS {
            let expected = format!("at most {MOST_MILLIS} milliseconds");
            let error = ReadError::expected(expected, request.timestamp);
            return Err(error
                .place("key `timestamp`")
                .hint("so large a number is taken for damage"));
        }
        Ok(Some(request))
    }

    fn unread(members: &Members) -> Vec<String> {
        members.names()
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    times: Figures,
    last: u64,
    unsorted: u64,
    read: Figures,
    written: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] =
        &["timestamp_ms", "input_length", "output_length", "blocks"];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.timestamp.to_string(),
            record.input_length.to_string(),
            record.output_length.to_string(),
            record.hash_ids.len().to_string(),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        if record.timestamp < self.last {
            self.unsorted += 1;
            let expected = format!("a time not before the line above ({})", self.last);
            let error = ReadError::expected(expected, record.timestamp);
            warn.push(record.place.of(error).place("key `timestamp`"));
        }
        self.last = record.timestamp;
        self.times.push(record.timestamp);
        self.read.push(u64::from(record.input_length));
        self.written.push(u64::from(record.output_length));
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("requests", self.times.len().to_string()),
            ("time_nondecreasing", yes(self.unsorted == 0)),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![
                Column::of("timestamp_ms", "milliseconds", self.times),
                Column::of("input_length", "tokens", self.read),
                Column::of("output_length", "tokens", self.written),
            ],
        }
    }
}
