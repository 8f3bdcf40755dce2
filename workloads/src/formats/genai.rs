//! Alibaba's image generation, 2024: requests with their real service times.
//!
//! Source: github.com/alibaba/clusterdata, `cluster-trace-v2026-GenAI`, `lora_request_trace.csv`.
//! CSV with a header: when a request was made (to the second, no zone), what kind it was, how it
//! ended, how long it took, whose it was, and what it asked for. Requests that failed or never
//! ended are in it; some lack the length of their prompts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::error::{ReadError, quoted};
use crate::formats::cells::{MILLIONTHS, written};
use crate::formats::clock;
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, tally, yes};
use crate::formats::swim::LATEST;
use crate::formats::table::Table;

const COLUMNS: [&str; 9] = [
    "gmt_create",
    "predict_type",
    "predict_status",
    "exec_time_seconds",
    "groupId",
    "num_images_per_prompt",
    "num_inference_steps",
    "checkpoint_model_version_id",
    "num_lora",
];
/// The most images, steps or adaptations of one request.
const MOST: u64 = 1_000_000;

/// One request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// When it was made, as written.
    pub created: String,
    /// The same in seconds since 1970.
    pub time: u64,
    /// What was asked for: `TXT_2_IMG`.
    pub kind: String,
    /// How it ended: `SUCCEED`.
    pub status: String,
    /// How long it took, in microseconds.
    pub duration: u64,
    /// Whose it was.
    pub group: String,
    /// How many images were asked for.
    pub images: Option<u64>,
    /// How many steps of inference each takes.
    pub steps: Option<u64>,
    /// The model; empty where it is not told.
    pub model: String,
    /// How many adaptations of it were loaded.
    pub loras: Option<u64>,
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
    type Layout = Table<9>;
    const MEMBER: &'static str = "lora_request_trace.csv";
    const ONE: &'static str = "request";
    const ABOUT: &'static str =
        "columns: gmt_create, predict_type, predict_status, exec_time_seconds, groupId, ...";
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &COLUMNS;

    fn header(line: &str, table: &mut Table<9>) -> Result<(), ReadError> {
        *table = Table::header(line, &COLUMNS, 5)?;
        Ok(())
    }

    fn row(line: &str, table: &mut Table<9>) -> Result<Option<Self>, ReadError> {
        let [
            created,
            kind,
            status,
            duration,
            group,
            images,
            steps,
            model,
            loras,
        ] = table.cells(line, &COLUMNS)?;
        let time = clock::seconds(created.text()).ok_or_else(|| {
            let expected = "a time of the form 2024-11-15 16:57:50";
            created.wrong(ReadError::expected(expected, quoted(created.text())))
        })?;
        Ok(Some(Self {
            place: Place::nowhere(),
            created: created.text().to_owned(),
            time,
            kind: kind.word("a kind of request")?.to_owned(),
            status: status.word("a status")?.to_owned(),
            duration: duration.decimal("seconds", MILLIONTHS, LATEST)?,
            group: group.word("a group")?.to_owned(),
            images: images.maybe(|cell| cell.round("images", MOST))?,
            steps: steps.maybe(|cell| cell.round("steps", MOST))?,
            model: model.text().to_owned(),
            loras: loras.maybe(|cell| cell.round("adaptations", MOST))?,
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    columns: usize,
    first: Option<(u64, String)>,
    latest: Option<(u64, String)>,
    last: u64,
    unsorted: u64,
    status: BTreeMap<String, u64>,
    kinds: BTreeMap<String, u64>,
    groups: BTreeSet<String>,
    durations: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "gmt_create",
        "predict_type",
        "predict_status",
        "exec_time_s",
        "group",
        "model",
    ];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.created.clone(),
            record.kind.clone(),
            record.status.clone(),
            written(u128::from(record.duration), MILLIONTHS),
            record.group.clone(),
            record.model.clone(),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        let at = || (record.time, record.created.clone());
        self.first.get_or_insert_with(at);
        if self
            .latest
            .as_ref()
            .is_none_or(|last| record.time >= last.0)
        {
            self.latest = Some(at());
        }
        if record.time < self.last {
            self.unsorted += 1;
            let error = ReadError::expected("a time not before the row above", &record.created);
            warn.push(record.place.of(error).place("column gmt_create"));
        }
        self.last = record.time;
        *self.status.entry(record.status.clone()).or_default() += 1;
        *self.kinds.entry(record.kind.clone()).or_default() += 1;
        self.groups.insert(record.group.clone());
        self.durations.push(record.duration);
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.columns = records.layout().width();
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let text = |time: Option<(u64, String)>| time.map_or("-".to_owned(), |(_, text)| text);
        let mut facts = vec![
            ("requests", self.durations.len().to_string()),
            ("columns", self.columns.to_string()),
            ("first", text(self.first)),
            ("last", text(self.latest)),
            ("time_nondecreasing", yes(self.unsorted == 0)),
            ("status", tally(&self.status)),
            ("type", tally(&self.kinds)),
            ("groups", self.groups.len().to_string()),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![Column::of(
                "exec_time_s",
                "millionths of a second",
                self.durations,
            )],
        }
    }
}
