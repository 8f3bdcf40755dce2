//! `machine_events`: machines are added, removed and changed.
//!
//! Six columns: time, machine, event (0 add, 1 remove, 2 update), platform, CPU and memory.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::{ABOUT, BEFORE, amount, id, time};
use crate::error::ReadError;
use crate::formats::cells::{BILLIONTHS, split, written};
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Stat, Survey, tally, yes};

const COLUMNS: [&str; 6] = ["time", "machine", "event", "platform", "cpus", "memory"];
const EVENTS: [&str; 3] = ["add", "remove", "update"];

/// One event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// When, in microseconds of the trace.
    pub time: u64,
    /// The machine.
    pub machine: u64,
    /// 0 add, 1 remove, 2 update.
    pub event: u8,
    /// The kind of machine, as a hash; empty when unknown.
    pub platform: String,
    /// CPU in billionths of the largest machine.
    pub cpus: Option<u64>,
    /// Memory in billionths of the largest machine.
    pub memory: Option<u64>,
}

/// The events of a table; a bad row does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format, or a folder of its parts.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Row for Record {
    type Layout = ();
    const MEMBER: &'static str = "machine_events.csv";
    const ONE: &'static str = "machine event";
    const ABOUT: &'static str = ABOUT;
    const PARTS: bool = true;
    const NAMES: &'static [&'static [&'static str]] = &[&COLUMNS];

    fn row(line: &str, (): &mut ()) -> Result<Option<Self>, ReadError> {
        if line.starts_with('#') {
            return Ok(None);
        }
        let [at, machine, event, platform, cpus, memory] = split(line, &COLUMNS)?;
        Ok(Some(Self {
            place: Place::nowhere(),
            time: time(at)?,
            machine: id(machine)?,
            event: event.code("an event", 2)?,
            platform: platform.text().to_owned(),
            cpus: amount(cpus)?,
            memory: amount(memory)?,
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
    events: BTreeMap<u8, u64>,
    machines: HashSet<u64>,
    at_start: u64,
    cpus: u128,
    memory: u128,
    shapes: BTreeMap<String, u64>,
    blank: u64,
    platforms: HashSet<String>,
    last: u64,
    unsorted: u64,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] =
        &["time_us", "machine", "event", "platform", "cpus", "memory"];

    fn row(record: &Record) -> Vec<String> {
        let shown = |amount: Option<u64>| {
            amount.map_or(String::new(), |n| written(u128::from(n), BILLIONTHS))
        };
        vec![
            record.time.to_string(),
            record.machine.to_string(),
            EVENTS[usize::from(record.event)].to_owned(),
            record.platform.clone(),
            shown(record.cpus),
            shown(record.memory),
        ]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        self.rows += 1;
        *self.events.entry(record.event).or_default() += 1;
        self.machines.insert(record.machine);
        if !self.platforms.contains(&record.platform) {
            self.platforms.insert(record.platform.clone());
        }
        self.unsorted += u64::from(record.time < self.last);
        self.last = self.last.max(record.time);
        let (Some(cpus), Some(memory)) = (record.cpus, record.memory) else {
            self.blank += 1;
            return;
        };
        if record.time == BEFORE && record.event == 0 {
            self.at_start += 1;
            self.cpus += u128::from(cpus);
            self.memory += u128::from(memory);
            let [cpus, memory] = [cpus, memory].map(|n| written(u128::from(n), BILLIONTHS));
            *self.shapes.entry(format!("{cpus}/{memory}")).or_default() += 1;
        }
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("rows", self.rows.to_string()),
            ("columns", COLUMNS.len().to_string()),
            ("events_ADD0_REMOVE1_UPDATE2", tally(&self.events)),
            ("distinct_machines", self.machines.len().to_string()),
            ("machines_added_at_t0", self.at_start.to_string()),
            ("t0_cpu_capacity_sum", written(self.cpus, BILLIONTHS)),
            ("t0_mem_capacity_sum", written(self.memory, BILLIONTHS)),
            ("t0_shapes_cpu_mem", tally(&self.shapes)),
            ("rows_with_blank_capacity", self.blank.to_string()),
            ("platforms", self.platforms.len().to_string()),
            ("last_time_us", self.last.to_string()),
            ("time_nondecreasing", yes(self.unsorted == 0)),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: Vec::new(),
        }
    }
}
