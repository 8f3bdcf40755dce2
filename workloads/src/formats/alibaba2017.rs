//! Alibaba cluster-trace-v2017: the batch tasks of half a day on 1,300 machines.
//!
//! Source: github.com/alibaba/clusterdata, `cluster-trace-v2017`, table `batch_task`: eight columns
//! of CSV without a header, which some copies have added; one is passed over. Empty cells are
//! missing. The end of a task is the last change of its state, so of one that is not terminated
//! it says nothing, and times before the trace began are negative. CPU is in hundredths of a core,
//! memory relative to the largest machine.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use crate::error::ReadError;
use crate::formats::cells::{BILLIONTHS, MILLIONTHS, split, written};
use crate::formats::figures::Figures;
use crate::formats::google2011::MOST_MACHINES;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, tally, yes};
use crate::formats::swim::LATEST;

const COLUMNS: [&str; 8] = [
    "create_time",
    "end_time",
    "job_id",
    "task_id",
    "instance_num",
    "status",
    "plan_cpu",
    "plan_mem",
];
const MOST_INSTANCES: u64 = 10_000_000;
const MOST_PERCENT: u64 = 1_000_000;

/// One task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// When it was created, in seconds; negative before the trace.
    pub create: i64,
    /// When its state last changed, in seconds.
    pub end: i64,
    /// Its job.
    pub job: u64,
    /// Its number, among all tasks.
    pub task: u64,
    /// How many instances it has.
    pub instances: u64,
    /// Ready, Waiting, Running, Terminated, Failed or Cancelled.
    pub status: String,
    /// Requested CPU of an instance in millionths of a percent of a core.
    pub cpu: Option<u64>,
    /// Requested memory of an instance in billionths of the largest machine.
    pub memory: Option<u64>,
}

impl Record {
    /// From creation to end in seconds, waiting included, when it terminated.
    pub fn took(&self) -> Option<i64> {
        (self.status == "Terminated").then_some(self.end - self.create)
    }
}

/// The tasks of a table; a bad row does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Row for Record {
    /// Whether the first line is behind us.
    type Layout = bool;
    const MEMBER: &'static str = "batch_task.csv";
    const ONE: &'static str = "task";
    const ABOUT: &'static str = "a task has eight columns of CSV, see the schema of the trace";

    fn row(line: &str, begun: &mut bool) -> Result<Option<Self>, ReadError> {
        let first = !std::mem::replace(begun, true);
        let cells = split(line, &COLUMNS)?;
        let letters = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
        if first && cells.iter().all(|cell| cell.text().bytes().any(letters)) {
            return Ok(None);
        }
        let [create, end, job, task, instances, status, cpu, memory] = cells;
        Ok(Some(Self {
            place: Place::nowhere(),
            create: create.signed("seconds", LATEST)?,
            end: end.signed("seconds", LATEST)?,
            job: job.whole("jobs", u64::MAX)?,
            task: task.whole("tasks", u64::MAX)?,
            instances: instances.whole("instances", MOST_INSTANCES)?,
            status: status.word("a status")?.to_owned(),
            cpu: cpu.maybe(|cell| cell.decimal("percent", MILLIONTHS, MOST_PERCENT))?,
            memory: memory.maybe(|cell| {
                cell.decimal("times the largest machine", BILLIONTHS, MOST_MACHINES)
            })?,
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
    jobs: HashSet<u64>,
    status: BTreeMap<String, u64>,
    created: Option<[i64; 2]>,
    ended: Option<i64>,
    last: i64,
    unsorted: u64,
    instances: Figures,
    terminated: u64,
    durations: Figures,
    backwards: u64,
    zero: u64,
    blank: u64,
    terminated_blank: u64,
    cpu: Figures,
    memory: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "create_s",
        "end_s",
        "job",
        "task",
        "instances",
        "status",
        "cpu_percent",
        "memory",
    ];

    fn row(record: &Record) -> Vec<String> {
        let amount = |amount: Option<u64>, digits: u32| {
            amount.map_or(String::new(), |n| written(u128::from(n), digits))
        };
        vec![
            record.create.to_string(),
            record.end.to_string(),
            record.job.to_string(),
            record.task.to_string(),
            record.instances.to_string(),
            record.status.clone(),
            amount(record.cpu, MILLIONTHS),
            amount(record.memory, BILLIONTHS),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        self.rows += 1;
        self.jobs.insert(record.job);
        *self.status.entry(record.status.clone()).or_default() += 1;
        let [first, last] = self.created.unwrap_or([record.create; 2]);
        self.unsorted += u64::from(self.created.is_some() && record.create < self.last);
        self.created = Some([first.min(record.create), last.max(record.create)]);
        self.ended = self.ended.max(Some(record.end));
        self.last = record.create;
        self.instances.push(record.instances);
        self.blank += u64::from(record.cpu.is_none() && record.memory.is_none());
        self.cpu.extend(record.cpu);
        self.memory.extend(record.memory);
        let Some(took) = record.took() else { return };
        self.terminated += record.instances;
        self.terminated_blank += u64::from(record.cpu.is_none());
        self.zero += u64::from(took == 0);
        if let Ok(took) = u64::try_from(took) {
            self.durations.push(took);
        } else {
            self.backwards += 1;
            let expected = format!("an end not before the creation ({})", record.create);
            let error = ReadError::expected(expected, record.end);
            let error = error.hint("such a task is not counted among the durations");
            warn.push(record.place.of(error).place("column 2 (end_time)"));
        }
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let [first, last] = self.created.unwrap_or_default();
        let mut facts = vec![
            ("rows", self.rows.to_string()),
            ("columns", COLUMNS.len().to_string()),
            ("jobs", self.jobs.len().to_string()),
            ("status", tally(&self.status)),
            ("create_time_min_s", first.to_string()),
            ("create_time_max_s", last.to_string()),
            ("end_time_max_s", self.ended.unwrap_or(0).to_string()),
            ("sorted_by_create_time", yes(self.unsorted == 0)),
            ("terminated_instances_sum", self.terminated.to_string()),
            ("terminated_negative_duration", self.backwards.to_string()),
            ("terminated_zero_duration", self.zero.to_string()),
            ("rows_blank_cpu_and_mem", self.blank.to_string()),
            ("terminated_blank_cpu", self.terminated_blank.to_string()),
        ];
        facts.extend(self.passed.facts());
        let cpu = "millionths of a percent of a core";
        let memory = "billionths of the largest machine";
        Stat {
            facts,
            columns: vec![
                Column::of("instances", "instances", self.instances),
                Column::of(
                    "terminated_duration_not_negative_s",
                    "seconds",
                    self.durations,
                ),
                Column::of("plan_cpu_percent_of_core", cpu, self.cpu),
                Column::of("plan_mem_normalised", memory, self.memory),
            ],
        }
    }
}
