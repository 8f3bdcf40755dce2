//! Load curves of hosted web services: requests, bytes and response times in steps of an hour.
//!
//! Source: github.com/josepllberral/cloud-milp, the Li-BCN workload of 2010 (Berral et al.). Tables
//! separated by tabs under a header that names them; `Time` (seconds) comes first and `req/s` second,
//! others differ. Lines that begin with `#` are comments, among them rows that were taken out. The
//! unit of `req/s` is in doubt: take the numbers as relative. The archive has a curve a file.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::{ReadError, quoted};
use crate::formats::cells::{Cell, MILLIONTHS, written};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey};
use crate::formats::swim::LATEST;

/// The most requests of one step.
const MOST: u64 = 1_000_000_000_000;

/// One step of a curve.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands: the file is the service.
    pub place: Place,
    /// When it begins, in seconds.
    pub time: u64,
    /// Requests, in millionths; the unit of time is in doubt.
    pub requests: u64,
}

impl Record {
    /// The name of the service and its day.
    pub fn service(&self) -> String {
        let name = self.place.file.file_stem().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// What the files tell beside their rows.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Layout {
    columns: usize,
    comments: u64,
}

/// The steps of all curves; a bad row does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format, a folder of them or their archive.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Row for Record {
    type Layout = Layout;
    const MEMBER: &'static str = "service.load";
    const ONE: &'static str = "step";
    const ABOUT: &'static str = "columns separated by tabs: Time, req/s, ...";
    const PARTS: bool = true;
    const MEMBERS: Option<&'static str> = Some(".load");
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &["Time", "req/s"];
    const BETWEEN: char = '\t';

    fn header(line: &str, layout: &mut Layout) -> Result<(), ReadError> {
        let names: Vec<&str> = line.split('\t').map(str::trim_ascii).collect();
        layout.columns = names.len();
        if !matches!(names[..], ["Time", "req/s", ..]) {
            let error = ReadError::expected("a first line `Time`, `req/s`, ...", quoted(line));
            return Err(error.hint(Self::ABOUT));
        }
        Ok(())
    }

    fn row(line: &str, layout: &mut Layout) -> Result<Option<Self>, ReadError> {
        if line.starts_with('#') {
            layout.comments += 1;
            return Ok(None);
        }
        let mut cells = line.split('\t');
        let mut cell =
            |position, name| Cell::new(position, name, cells.next().unwrap_or("").trim_ascii());
        Ok(Some(Self {
            place: Place::nowhere(),
            time: cell(0, "Time").round("seconds", LATEST)?,
            requests: cell(1, "req/s").decimal("requests", MILLIONTHS, MOST)?,
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// What is counted over all files.
#[derive(Default)]
pub(crate) struct Counts {
    services: BTreeSet<String>,
    last: u64,
    comments: u64,
    requests: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &["service", "time_s", "requests"];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.service(),
            record.time.to_string(),
            written(u128::from(record.requests), MILLIONTHS),
        ]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        self.services.insert(record.service());
        self.last = self.last.max(record.time);
        self.requests.push(record.requests);
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.comments = records.layout().comments;
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let sum = self.requests.sum().unsigned_abs();
        let mut facts = vec![
            ("rows", self.requests.len().to_string()),
            ("http_load_files", self.services.len().to_string()),
            ("last_time_s", self.last.to_string()),
            ("sum_col2", written(sum, MILLIONTHS)),
            ("comment_lines", self.comments.to_string()),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![Column::of(
                "requests",
                "millionths of a request",
                self.requests,
            )],
        }
    }
}
