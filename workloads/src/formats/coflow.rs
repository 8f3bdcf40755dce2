//! The coflow benchmark: what the reduces of Hadoop jobs fetched from the racks of their maps.
//!
//! Source: github.com/coflow/coflow-benchmark (Chowdhury et al., SIGCOMM 2014; Facebook 2010). The
//! first line has the number of ports (racks) and of coflows. Every other line, separated by
//! blanks: coflow, arrival in milliseconds, number of mappers, their racks, number of reducers,
//! for each of them `rack:megabytes`. Mappers and reducers of one rack are merged.

use std::path::Path;
use std::str::SplitAsciiWhitespace;

use crate::error::{ReadError, quoted};
use crate::formats::cells::{Cell, MILLIONTHS, written};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey};

/// The most racks a cluster may have, and the most of them one coflow may name.
const MOST_RACKS: u64 = 1_000_000;
/// The latest arrival, in milliseconds (a hundred years).
const LATEST_MILLIS: u64 = 3_155_760_000_000;
/// The most megabytes one reducer may fetch.
const MOST_MEGABYTES: u64 = 1_000_000_000_000;

/// One coflow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// Its number.
    pub coflow: u64,
    /// When it arrived, in milliseconds.
    pub arrival: u64,
    /// The racks of its mappers.
    pub mappers: Vec<u64>,
    /// The racks of its reducers, and what each fetched, in millionths of a megabyte.
    pub reducers: Vec<(u64, u64)>,
}

/// What the first line says.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Size {
    /// How many racks there are.
    pub ports: u64,
    /// How many coflows follow.
    pub coflows: u64,
}

/// The coflows of a file; a bad line does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

/// The words of a line, each with its number.
struct Words<'a>(std::iter::Enumerate<SplitAsciiWhitespace<'a>>);

impl<'a> Words<'a> {
    fn of(line: &'a str) -> Self {
        Self(line.split_ascii_whitespace().enumerate())
    }

    fn next(&mut self, name: &'static str) -> Result<Cell<'a>, ReadError> {
        let (position, text) = self.0.next().ok_or_else(|| {
            let error = ReadError::expected(name, "the end of the line");
            error.hint("the line may be truncated")
        })?;
        Ok(Cell::new(position, name, text))
    }

    fn end(mut self) -> Result<(), ReadError> {
        match self.0.next() {
            None => Ok(()),
            Some((position, text)) => {
                let cell = Cell::new(position, "nothing", text);
                Err(cell.wrong(ReadError::expected("the end of the line", quoted(text))))
            }
        }
    }
}

impl Row for Record {
    type Layout = Size;
    const MEMBER: &'static str = "coflows.txt";
    const ONE: &'static str = "coflow";
    const ABOUT: &'static str = "the first line has the numbers of ports and coflows";
    const HEADED: bool = true;

    fn header(line: &str, size: &mut Size) -> Result<(), ReadError> {
        let mut words = Words::of(line);
        size.ports = words.next("ports")?.whole("ports", MOST_RACKS)?;
        size.coflows = words.next("coflows")?.whole("coflows", u64::MAX)?;
        words.end()
    }

    fn row(line: &str, size: &mut Size) -> Result<Option<Self>, ReadError> {
        let mut words = Words::of(line);
        let coflow = words.next("coflow")?.whole("coflows", u64::MAX)?;
        let arrival = words.next("arrival")?;
        let arrival = arrival.whole("milliseconds", LATEST_MILLIS)?;
        let count = words.next("mappers")?.whole("mappers", MOST_RACKS)?;
        let mut mappers = Vec::new();
        for _ in 0..count {
            mappers.push(words.next("rack of a mapper")?.whole("racks", size.ports)?);
        }
        let count = words.next("reducers")?.whole("reducers", MOST_RACKS)?;
        let mut reducers = Vec::new();
        for _ in 0..count {
            let cell = words.next("reducer")?;
            let Some((rack, megabytes)) = cell.text().split_once(':') else {
                let error = ReadError::expected("rack:megabytes", quoted(cell.text()));
                return Err(cell.wrong(error));
            };
            let rack = cell.with(rack).whole("racks", size.ports)?;
            let megabytes = cell.with(megabytes);
            reducers.push((
                rack,
                megabytes.decimal("megabytes", MILLIONTHS, MOST_MEGABYTES)?,
            ));
        }
        words.end()?;
        Ok(Some(Self {
            place: Place::nowhere(),
            coflow,
            arrival,
            mappers,
            reducers,
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    size: Size,
    mappers: u64,
    reducers: u64,
    first: Option<u64>,
    last: u64,
    shuffles: Figures,
    passed: Passed,
}

/// What a coflow fetches, in millionths of a megabyte.
fn shuffle(record: &Record) -> u64 {
    let parts = record.reducers.iter().map(|reducer| reducer.1);
    parts.fold(0, u64::saturating_add)
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] =
        &["coflow", "arrival_ms", "mappers", "reducers", "shuffle_mb"];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.coflow.to_string(),
            record.arrival.to_string(),
            record.mappers.len().to_string(),
            record.reducers.len().to_string(),
            written(u128::from(shuffle(record)), MILLIONTHS),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        if record.arrival < self.last {
            let expected = format!("a time not before the line above ({})", self.last);
            let error = ReadError::expected(expected, record.arrival);
            warn.push(record.place.of(error).place("column 2 (arrival)"));
        }
        self.first.get_or_insert(record.arrival);
        self.last = record.arrival;
        self.mappers += record.mappers.len() as u64;
        self.reducers += record.reducers.len() as u64;
        self.shuffles.push(shuffle(record));
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.size = *records.layout();
        self.passed = records.passed();
        let found = self.shuffles.len() as u64;
        if found != self.size.coflows {
            let expected = format!("{} coflows, as the first line says", self.size.coflows);
            warn.push(ReadError::expected(expected, found).hint("the file may be truncated"));
        }
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("ports", self.size.ports.to_string()),
            ("coflows", self.shuffles.len().to_string()),
            ("mappers_total", self.mappers.to_string()),
            ("reducers_total", self.reducers.to_string()),
            ("arrival_first_ms", self.first.unwrap_or(0).to_string()),
            ("arrival_last_ms", self.last.to_string()),
        ];
        facts.extend(self.passed.facts());
        let unit = "millionths of a megabyte";
        Stat {
            facts,
            columns: vec![Column::of("shuffle_MB", unit, self.shuffles)],
        }
    }
}
