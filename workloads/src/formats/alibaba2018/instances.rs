//! `batch_instance`: where the instances of tasks ran, how long, and what they used.
//!
//! Fourteen columns: instance, task, job, type, status, start, end, machine, sequence number, how
//! many there are, average and largest CPU, average and largest memory. The sample of `spar` has
//! seven: arrival of the job, job, task, instance, duration, average CPU, average memory.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::{ABOUT, CPU, MEMORY, MOST_INSTANCES, MOST_PERCENT};
use crate::error::ReadError;
use crate::formats::cells::{Cell, MILLIONTHS, split, width, written};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, tally};
use crate::formats::swim::LATEST;

const COLUMNS: [&str; 14] = [
    "instance_name",
    "task_name",
    "job_name",
    "task_type",
    "status",
    "start_time",
    "end_time",
    "machine_id",
    "seq_no",
    "total_seq_no",
    "cpu_avg",
    "cpu_max",
    "mem_avg",
    "mem_max",
];
const SPAR: [&str; 7] = [
    "arrival",
    "job_name",
    "task_name",
    "instance_name",
    "duration",
    "cpu_avg",
    "mem_avg",
];

/// One instance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// Its name; may be empty.
    pub instance: String,
    /// Its task.
    pub task: String,
    /// Its job.
    pub job: String,
    /// Terminated, Failed, ...; empty in a sample.
    pub status: String,
    /// The machine it ran on; empty in a sample.
    pub machine: String,
    /// When it started, in seconds; in a sample, when its job arrived.
    pub start: Option<u64>,
    /// When it ended, in seconds; 0 while it runs.
    pub end: Option<u64>,
    /// How long it took, in seconds; `None` when it did not end, or before it started.
    pub duration: Option<u64>,
    /// Which attempt it is, and of how many.
    pub attempt: Option<(u64, u64)>,
    /// CPU it used, average and most, in millionths of a percent of a core.
    pub cpu: [Option<u64>; 2],
    /// Memory it used, average and most, in millionths of a percent of a machine.
    pub memory: [Option<u64>; 2],
}

/// The instances of a table; a bad row does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Row for Record {
    /// How many columns the first line has.
    type Layout = usize;
    const MEMBER: &'static str = "batch_instance.csv";
    const ONE: &'static str = "instance";
    const ABOUT: &'static str = ABOUT;
    const NAMES: &'static [&'static [&'static str]] = &[&COLUMNS, &SPAR];

    fn row(line: &str, columns: &mut usize) -> Result<Option<Self>, ReadError> {
        if *columns == 0 {
            *columns = width(line);
        }
        if *columns == SPAR.len() {
            sample(line).map(Some)
        } else {
            published(line).map(Some)
        }
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

fn percent(cell: Cell<'_>) -> Result<Option<u64>, ReadError> {
    cell.maybe(|cell| cell.decimal("percent", MILLIONTHS, MOST_PERCENT))
}

fn published(line: &str) -> Result<Record, ReadError> {
    let [
        instance,
        task,
        job,
        _,
        status,
        start,
        end,
        machine,
        rest @ ..,
    ] = split(line, &COLUMNS)?;
    let [attempt, attempts, cpu, most_cpu, memory, most_memory] = rest;
    let start = start.maybe(|cell| cell.whole("seconds", LATEST))?;
    let end = end.maybe(|cell| cell.whole("seconds", LATEST))?;
    let attempt = attempt.maybe(|cell| cell.whole("attempts", MOST_INSTANCES))?;
    let attempts = attempts.maybe(|cell| cell.whole("attempts", MOST_INSTANCES))?;
    Ok(Record {
        place: Place::nowhere(),
        instance: instance.text().to_owned(),
        task: task.word("a task name")?.to_owned(),
        job: job.word("a job name")?.to_owned(),
        status: status.text().to_owned(),
        machine: machine.text().to_owned(),
        start,
        end,
        duration: start
            .zip(end)
            .and_then(|(start, end)| end.checked_sub(start)),
        attempt: attempt.zip(attempts),
        cpu: [percent(cpu)?, percent(most_cpu)?],
        memory: [percent(memory)?, percent(most_memory)?],
    })
}

fn sample(line: &str) -> Result<Record, ReadError> {
    let [arrival, job, task, instance, duration, cpu, memory] = split(line, &SPAR)?;
    Ok(Record {
        place: Place::nowhere(),
        instance: instance.text().to_owned(),
        task: task.word("a task name")?.to_owned(),
        job: job.word("a job name")?.to_owned(),
        status: String::new(),
        machine: String::new(),
        start: Some(arrival.whole("seconds", LATEST)?),
        end: None,
        duration: Some(duration.whole("seconds", LATEST)?),
        attempt: None,
        cpu: [percent(cpu)?, None],
        memory: [percent(memory)?, None],
    })
}

/// What is counted over a whole table.
#[derive(Default)]
pub(crate) struct Counts {
    columns: usize,
    instances: u64,
    jobs: HashSet<String>,
    tasks: HashSet<String>,
    machines: HashSet<String>,
    status: BTreeMap<String, u64>,
    durations: Figures,
    cpu: Figures,
    memory: Figures,
    used: u128,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "job",
        "task",
        "instance",
        "status",
        "machine",
        "start_s",
        "duration_s",
        "cpu_percent",
        "mem_percent",
    ];

    fn row(record: &Record) -> Vec<String> {
        let whole = |number: Option<u64>| number.map_or(String::new(), |n| n.to_string());
        let percent = |amount: Option<u64>| {
            amount.map_or(String::new(), |n| written(u128::from(n), MILLIONTHS))
        };
        vec![
            record.job.clone(),
            record.task.clone(),
            record.instance.clone(),
            record.status.clone(),
            record.machine.clone(),
            whole(record.start),
            whole(record.duration),
            percent(record.cpu[0]),
            percent(record.memory[0]),
        ]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        self.instances += 1;
        if !self.jobs.contains(&record.job) {
            self.jobs.insert(record.job.clone());
        }
        self.tasks.insert(format!("{}/{}", record.job, record.task));
        if !self.machines.contains(&record.machine) && !record.machine.is_empty() {
            self.machines.insert(record.machine.clone());
        }
        *self.status.entry(record.status.clone()).or_default() += 1;
        self.durations.extend(record.duration);
        self.cpu.extend(record.cpu[0]);
        self.memory.extend(record.memory[0]);
        let (duration, cpu) = (record.duration.unwrap_or(0), record.cpu[0].unwrap_or(0));
        self.used += u128::from(duration) * u128::from(cpu);
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.columns = *records.layout();
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("instances", self.instances.to_string()),
            ("columns", self.columns.to_string()),
            ("jobs", self.jobs.len().to_string()),
            ("tasks", self.tasks.len().to_string()),
            ("machines", self.machines.len().to_string()),
            ("status", tally(&self.status)),
            ("used_core_s", written(self.used, MILLIONTHS + 2)),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![
                Column::of("duration_s", "seconds", self.durations),
                Column::of("cpu_percent_of_core", CPU, self.cpu),
                Column::of("mem_percent_of_machine", MEMORY, self.memory),
            ],
        }
    }
}
