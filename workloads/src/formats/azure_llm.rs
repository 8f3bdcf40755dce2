//! Azure LLM inference: requests to language models by their tokens.
//!
//! Source: github.com/Azure/AzurePublicDataset, `AzureLLMInferenceTrace_*.csv` (Splitwise, ISCA
//! 2024). CSV with a header: time with up to nine digits of a second, perhaps followed by the zone
//! `+00:00`; tokens read, tokens written. How long a request took is not in it.

use std::path::Path;

use crate::error::{ReadError, quoted};
use crate::formats::clock;
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, yes};
use crate::formats::table::Table;

const COLUMNS: [&str; 3] = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"];
/// The most tokens of one request.
pub const MOST_TOKENS: u64 = 1_000_000_000;

/// One request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// When it arrived, as written.
    pub timestamp: String,
    /// The same in nanoseconds since 1970.
    pub nanos: u64,
    /// Tokens read.
    pub context: u64,
    /// Tokens written.
    pub generated: u64,
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
    type Layout = Table<3>;
    const MEMBER: &'static str = "trace.csv";
    const ONE: &'static str = "request";
    const ABOUT: &'static str = "columns: TIMESTAMP, ContextTokens, GeneratedTokens";
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &COLUMNS;

    fn header(line: &str, table: &mut Table<3>) -> Result<(), ReadError> {
        *table = Table::first(line, &COLUMNS, COLUMNS.len())?;
        Ok(())
    }

    fn row(line: &str, table: &mut Table<3>) -> Result<Option<Self>, ReadError> {
        let [time, context, generated] = table.cells(line, ',', &COLUMNS)?;
        let nanos = nanos(time.text()).ok_or_else(|| {
            let expected = "a time of the form 2023-11-16 18:17:03.9799600";
            time.wrong(ReadError::expected(expected, quoted(time.text())))
        })?;
        Ok(Some(Self {
            place: Place::nowhere(),
            timestamp: time.text().to_owned(),
            nanos,
            context: context.whole("tokens", MOST_TOKENS)?,
            generated: generated.whole("tokens", MOST_TOKENS)?,
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

fn nanos(text: &str) -> Option<u64> {
    let text = text.strip_suffix("+00:00").unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || fraction.len() > 9 {
        return None;
    }
    let part: u64 = format!("{fraction:0<9}").parse().ok()?;
    clock::seconds(whole)?
        .checked_mul(1_000_000_000)?
        .checked_add(part)
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    columns: usize,
    first: Option<String>,
    latest: String,
    last: u64,
    unsorted: u64,
    context: Figures,
    generated: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &["timestamp", "context_tokens", "generated_tokens"];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.timestamp.clone(),
            record.context.to_string(),
            record.generated.to_string(),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        if record.nanos < self.last {
            self.unsorted += 1;
            let expected = format!("a time not before the row above ({})", self.latest);
            let error = ReadError::expected(expected, &record.timestamp);
            warn.push(record.place.of(error).place("column TIMESTAMP"));
        }
        self.first.get_or_insert_with(|| record.timestamp.clone());
        self.latest.clone_from(&record.timestamp);
        self.last = record.nanos;
        self.context.push(record.context);
        self.generated.push(record.generated);
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.columns = records.layout().width();
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("requests", self.context.len().to_string()),
            ("columns", self.columns.to_string()),
            ("first", self.first.unwrap_or_default()),
            ("last", self.latest),
            ("time_nondecreasing", yes(self.unsorted == 0)),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![
                Column::of("context_tokens", "tokens", self.context),
                Column::of("generated_tokens", "tokens", self.generated),
            ],
        }
    }
}
