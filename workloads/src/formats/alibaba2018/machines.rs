//! `machine_meta`: machines, where they stand, and their states over time.
//!
//! Seven columns: machine, time, failure domains of two levels, cores, memory, status. A machine
//! has several rows; memory is relative, 100 for the largest.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::ABOUT;
use crate::error::ReadError;
use crate::formats::cells::split;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Stat, Survey, tally};
use crate::formats::swim::LATEST;

const COLUMNS: [&str; 7] = [
    "machine_id",
    "time_stamp",
    "failure_domain_1",
    "failure_domain_2",
    "cpu_num",
    "mem_size",
    "status",
];
/// The most cores, and the most memory, one machine may have.
const MOST: u64 = 1_000_000;

/// One state of a machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// The machine.
    pub machine: String,
    /// When, in seconds.
    pub time: u64,
    /// What fails together, in the small and in the large; empty when unknown.
    pub domains: [String; 2],
    /// Its cores.
    pub cores: Option<u64>,
    /// Its memory, relative to 100.
    pub memory: Option<u64>,
    /// USING, IMPORT, ...
    pub status: String,
}

/// The rows of a table; a bad one does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Row for Record {
    type Layout = ();
    const MEMBER: &'static str = "machine_meta.csv";
    const ONE: &'static str = "machine";
    const ABOUT: &'static str = ABOUT;
    const NAMES: &'static [&'static [&'static str]] = &[&COLUMNS];

    fn row(line: &str, (): &mut ()) -> Result<Option<Self>, ReadError> {
        let [machine, time, near, far, cores, memory, status] = split(line, &COLUMNS)?;
        Ok(Some(Self {
            place: Place::nowhere(),
            machine: machine.word("a machine")?.to_owned(),
            time: time.whole("seconds", LATEST)?,
            domains: [near, far].map(|cell| cell.text().to_owned()),
            cores: cores.maybe(|cell| cell.whole("cores", MOST))?,
            memory: memory.maybe(|cell| cell.whole("hundredths", MOST))?,
            status: status.text().to_owned(),
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// What is counted over a whole table.
#[derive(Default)]
pub(crate) struct Counts {
    rows: u64,
    machines: HashSet<String>,
    status: BTreeMap<String, u64>,
    shapes: BTreeMap<String, u64>,
    first: Option<u64>,
    last: u64,
    /// One that is not known counts as one.
    domains: [HashSet<String>; 2],
    blank: u64,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "machine", "time_s", "domain_1", "domain_2", "cores", "memory", "status",
    ];

    fn row(record: &Record) -> Vec<String> {
        let whole = |number: Option<u64>| number.map_or(String::new(), |n| n.to_string());
        let [near, far] = record.domains.clone();
        vec![
            record.machine.clone(),
            record.time.to_string(),
            near,
            far,
            whole(record.cores),
            whole(record.memory),
            record.status.clone(),
        ]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        self.rows += 1;
        self.machines.insert(record.machine.clone());
        *self.status.entry(record.status.clone()).or_default() += 1;
        let shown = |number: Option<u64>| number.map_or("-".to_owned(), |n| n.to_string());
        let shape = format!("{}/{}", shown(record.cores), shown(record.memory));
        *self.shapes.entry(shape).or_default() += 1;
        self.first = Some(self.first.map_or(record.time, |time| time.min(record.time)));
        self.last = self.last.max(record.time);
        let mut blank = record.cores.is_none() || record.memory.is_none();
        blank |= record.status.is_empty();
        for (seen, domain) in self.domains.iter_mut().zip(&record.domains) {
            blank |= domain.is_empty();
            if !seen.contains(domain) {
                seen.insert(domain.clone());
            }
        }
        self.blank += u64::from(blank);
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let [near, far] = self.domains.map(|domains| domains.len().to_string());
        let mut facts = vec![
            ("rows", self.rows.to_string()),
            ("columns", COLUMNS.len().to_string()),
            ("machines", self.machines.len().to_string()),
            ("status", tally(&self.status)),
            ("cpu_mem", tally(&self.shapes)),
            ("time_min_s", self.first.unwrap_or(0).to_string()),
            ("time_max_s", self.last.to_string()),
            ("failure_domains_1", near),
            ("failure_domains_2", far),
            ("rows_with_a_blank_field", self.blank.to_string()),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: Vec::new(),
        }
    }
}
