//! `task_events`: tasks are submitted, scheduled on machines, evicted, and end.
//!
//! Thirteen columns: time, missing information, job, index of the task in it, machine, event,
//! user, scheduling class, priority, requested CPU, memory and disk, whether the tasks of the job
//! must run on different machines. A task that was evicted or failed is usually submitted again.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use super::{ABOUT, BEFORE, EVENTS, SCHEDULE, SUBMIT, UNIT};
use super::{amount, event, id, is_end, missing, time};
use crate::error::ReadError;
use crate::formats::cells::{BILLIONTHS, split, written};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, tally, yes};

const COLUMNS: [&str; 13] = [
    "time",
    "missing",
    "job",
    "index",
    "machine",
    "event",
    "user",
    "class",
    "priority",
    "cpus",
    "memory",
    "disk",
    "different_machines",
];

/// One event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// When, in microseconds of the trace.
    pub time: u64,
    /// Why the row was made up, if it was.
    pub missing: Option<u8>,
    /// The job.
    pub job: u64,
    /// Which of its tasks.
    pub index: u64,
    /// The machine, of a task that is or was on one.
    pub machine: Option<u64>,
    /// The code of the event, a position in [`EVENTS`].
    pub event: u8,
    /// Who submitted the job, as a hash.
    pub user: String,
    /// How sensitive to latency it is, from 0 to 3.
    pub class: Option<u8>,
    /// From 0 (free) over 9 (production) to 11 (monitoring).
    pub priority: Option<u8>,
    /// Requested CPU in billionths of the largest machine.
    pub cpus: Option<u64>,
    /// Requested memory in billionths of the largest machine.
    pub memory: Option<u64>,
    /// Requested disk space in billionths of the largest machine.
    pub disk: Option<u64>,
    /// Whether it must run on a machine without another task of its job.
    pub different_machines: Option<bool>,
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
    const MEMBER: &'static str = "task_events.csv";
    const ONE: &'static str = "task event";
    const ABOUT: &'static str = ABOUT;
    const PARTS: bool = true;
    const NAMES: &'static [&'static [&'static str]] = &[&COLUMNS];

    fn row(line: &str, (): &mut ()) -> Result<Option<Self>, ReadError> {
        if line.starts_with('#') {
            return Ok(None);
        }
        let [at, why, job, index, rest @ ..] = split(line, &COLUMNS)?;
        let [
            machine,
            what,
            user,
            class,
            priority,
            cpus,
            memory,
            disk,
            different,
        ] = rest;
        Ok(Some(Self {
            place: Place::nowhere(),
            time: time(at)?,
            missing: missing(why)?,
            job: id(job)?,
            index: id(index)?,
            machine: machine.maybe(id)?,
            event: event(what)?,
            user: user.text().to_owned(),
            class: class.maybe(|cell| cell.code("a scheduling class", 3))?,
            priority: priority.maybe(|cell| cell.code("a priority", 11))?,
            cpus: amount(cpus)?,
            memory: amount(memory)?,
            disk: amount(disk)?,
            different_machines: different.maybe(|cell| Ok(cell.code("a truth", 1)? == 1))?,
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
    tasks: HashSet<(u64, u64)>,
    jobs: HashSet<u64>,
    machines: HashSet<u64>,
    rows_at_start: u64,
    last: u64,
    unsorted: u64,
    made_up: u64,
    blank: u64,
    cpus: Figures,
    memory: Figures,
    priorities: BTreeMap<u8, u64>,
    /// Since when the tasks that run now do.
    running: HashMap<(u64, u64), u64>,
    runs: Figures,
    /// Tasks that run at the beginning, and what they request.
    at_start: [u128; 3],
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "time_us", "job", "index", "machine", "event", "user", "class", "priority", "cpus",
        "memory", "disk",
    ];

    fn row(record: &Record) -> Vec<String> {
        let code = |code: Option<u8>| code.map_or(String::new(), |code| code.to_string());
        let amount = |amount: Option<u64>| {
            amount.map_or(String::new(), |n| written(u128::from(n), BILLIONTHS))
        };
        vec![
            record.time.to_string(),
            record.job.to_string(),
            record.index.to_string(),
            record.machine.map_or(String::new(), |id| id.to_string()),
            EVENTS[usize::from(record.event)].to_owned(),
            record.user.clone(),
            code(record.class),
            code(record.priority),
            amount(record.cpus),
            amount(record.memory),
            amount(record.disk),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        self.rows += 1;
        *self.events.entry(record.event).or_default() += 1;
        self.jobs.insert(record.job);
        self.tasks.insert((record.job, record.index));
        self.machines.extend(record.machine);
        self.rows_at_start += u64::from(record.time == BEFORE);
        self.made_up += u64::from(record.missing == Some(2));
        self.blank += u64::from(record.cpus.is_none());
        if record.event == SUBMIT {
            self.cpus.extend(record.cpus);
            self.memory.extend(record.memory);
            if let Some(priority) = record.priority {
                *self.priorities.entry(priority).or_default() += 1;
            }
        }
        self.follow(record);
        if record.time < self.last {
            self.unsorted += 1;
            let expected = format!("a time not before the row above ({})", self.last);
            let error = ReadError::expected(expected, record.time);
            warn.push(record.place.of(error).place("column 1 (time)"));
        }
        self.last = record.time;
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let [started, cpus, memory] = self.at_start;
        let mut facts = vec![
            ("rows", self.rows.to_string()),
            ("columns", COLUMNS.len().to_string()),
            ("event_codes", tally(&self.events)),
            ("distinct_tasks", self.tasks.len().to_string()),
            ("distinct_jobs", self.jobs.len().to_string()),
            ("distinct_machines", self.machines.len().to_string()),
            ("rows_at_t0", self.rows_at_start.to_string()),
            ("tasks_running_at_t0", started.to_string()),
            ("t0_cpu_request_sum", written(cpus, BILLIONTHS)),
            ("t0_mem_request_sum", written(memory, BILLIONTHS)),
            ("last_time_us", self.last.to_string()),
            ("time_nondecreasing", yes(self.unsorted == 0)),
            ("rows_missing_info_2", self.made_up.to_string()),
            ("rows_blank_cpu_request", self.blank.to_string()),
            (
                "submit_rows",
                self.events.get(&SUBMIT).unwrap_or(&0).to_string(),
            ),
            ("submits_by_priority", tally(&self.priorities)),
            (
                "tasks_scheduled_and_not_ended_in_window",
                self.running.len().to_string(),
            ),
        ];
        facts.extend(self.passed.facts());
        let runs = "completed_runs_scheduled_after_t0_s";
        Stat {
            facts,
            columns: vec![
                Column::of("submit_cpu_request", UNIT, self.cpus),
                Column::of("submit_mem_request", UNIT, self.memory),
                Column::of(runs, "millionths of a second", self.runs),
            ],
        }
    }
}

impl Counts {
    /// Follows a task from its start on a machine to its end.
    fn follow(&mut self, record: &Record) {
        let task = (record.job, record.index);
        if record.event == SCHEDULE {
            self.running.insert(task, record.time);
            if record.time == BEFORE {
                self.at_start[0] += 1;
                self.at_start[1] += u128::from(record.cpus.unwrap_or(0));
                self.at_start[2] += u128::from(record.memory.unwrap_or(0));
            }
        } else if is_end(record.event)
            && let Some(start) = self.running.remove(&task)
            && start > BEFORE
        {
            self.runs.push(record.time.saturating_sub(start));
        }
    }
}
