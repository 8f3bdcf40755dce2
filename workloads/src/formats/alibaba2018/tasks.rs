//! `batch_task`: tasks, named so that their dependencies can be read from the names.
//!
//! Nine columns: task, instances, job, type, status, start, end, CPU, memory. The sample of `spar`
//! has seven: arrival of the job, job, task, duration, CPU, memory, instances.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use super::{ABOUT, CPU, DagName, MEMORY, MOST_INSTANCES, MOST_PERCENT};
use crate::error::ReadError;
use crate::formats::cells::{Cell, MILLIONTHS, split, width, written};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, tally};
use crate::formats::swim::LATEST;

const COLUMNS: [&str; 9] = [
    "task_name",
    "instance_num",
    "job_name",
    "task_type",
    "status",
    "start_time",
    "end_time",
    "plan_cpu",
    "plan_mem",
];
const SPAR: [&str; 7] = [
    "arrival",
    "job_name",
    "task_name",
    "duration",
    "plan_cpu",
    "plan_mem",
    "instance_num",
];

/// One task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// Its name.
    pub task: String,
    /// Its job.
    pub job: String,
    /// How many instances it has.
    pub instances: u64,
    /// Its kind, a number; empty in a sample.
    pub kind: String,
    /// Terminated, Failed, Waiting, Running, ...; empty in a sample.
    pub status: String,
    /// When it started, in seconds; in a sample, when its job arrived.
    pub start: Option<u64>,
    /// When it ended, in seconds.
    pub end: Option<u64>,
    /// How long it took, in seconds; `None` when it did not end, or before it started.
    pub duration: Option<u64>,
    /// Requested CPU of an instance in millionths of a percent of a core.
    pub cpu: Option<u64>,
    /// Requested memory of an instance in millionths of a percent of a machine.
    pub memory: Option<u64>,
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
    /// How many columns the first line has.
    type Layout = usize;
    const MEMBER: &'static str = "batch_task.csv";
    const ONE: &'static str = "task";
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
    let [task, count, job, kind, status, start, end, cpu, memory] = split(line, &COLUMNS)?;
    let start = start.maybe(|cell| cell.whole("seconds", LATEST))?;
    let end = end.maybe(|cell| cell.whole("seconds", LATEST))?;
    let duration = start
        .zip(end)
        .and_then(|(start, end)| end.checked_sub(start));
    Ok(Record {
        place: Place::nowhere(),
        task: task.word("a task name")?.to_owned(),
        job: job.word("a job name")?.to_owned(),
        instances: count.whole("instances", MOST_INSTANCES)?,
        kind: kind.text().to_owned(),
        status: status.text().to_owned(),
        start,
        end,
        duration,
        cpu: percent(cpu)?,
        memory: percent(memory)?,
    })
}

fn sample(line: &str) -> Result<Record, ReadError> {
    let [arrival, job, task, duration, cpu, memory, count] = split(line, &SPAR)?;
    Ok(Record {
        place: Place::nowhere(),
        task: task.word("a task name")?.to_owned(),
        job: job.word("a job name")?.to_owned(),
        instances: count.whole("instances", MOST_INSTANCES)?,
        kind: String::new(),
        status: String::new(),
        start: Some(arrival.whole("seconds", LATEST)?),
        end: None,
        duration: Some(duration.whole("seconds", LATEST)?),
        cpu: percent(cpu)?,
        memory: percent(memory)?,
    })
}

/// What is known of one job.
#[derive(Default)]
struct Job {
    tasks: u64,
    numbers: HashSet<u32>,
    parents: Vec<u32>,
}

/// What is counted over a whole table.
#[derive(Default)]
pub(crate) struct Counts {
    columns: usize,
    tasks: u64,
    jobs: HashMap<String, Job>,
    status: BTreeMap<String, u64>,
    first: Option<u64>,
    last: u64,
    graph: u64,
    independent: u64,
    durations: Figures,
    backwards: u64,
    cpu: Figures,
    memory: Figures,
    instances: Figures,
    work: u128,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "job",
        "task",
        "instances",
        "status",
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
            record.instances.to_string(),
            record.status.clone(),
            whole(record.start),
            whole(record.duration),
            percent(record.cpu),
            percent(record.memory),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        self.tasks += 1;
        if !self.jobs.contains_key(&record.job) {
            self.jobs.insert(record.job.clone(), Job::default());
        }
        let job = self.jobs.entry(record.job.clone()).or_default();
        job.tasks += 1;
        match DagName::of(&record.task) {
            Some(dag) => {
                self.graph += 1;
                job.numbers.insert(dag.number);
                job.parents.extend(dag.parents);
            }
            None => self.independent += 1,
        }
        *self.status.entry(record.status.clone()).or_default() += 1;
        if let Some(start) = record.start {
            self.first = Some(self.first.map_or(start, |first| first.min(start)));
            self.last = self.last.max(start);
        }
        if record.end.is_some() && record.start.is_some() && record.duration.is_none() {
            self.backwards += 1;
            let error = ReadError::expected("an end not before the start", "an earlier one");
            let error = error.hint("such a task counts as one without an end");
            warn.push(record.place.of(error).place("column 7 (end_time)"));
        }
        self.durations.extend(record.duration);
        self.cpu.extend(record.cpu);
        self.memory.extend(record.memory);
        self.instances.push(record.instances);
        let (duration, cpu) = (record.duration.unwrap_or(0), record.cpu.unwrap_or(0));
        self.work += u128::from(duration) * u128::from(cpu) * u128::from(record.instances);
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.columns = *records.layout();
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let jobs = self.jobs.values();
        let edges: usize = jobs.clone().map(|job| job.parents.len()).sum();
        let dangling = jobs.clone().flat_map(|job| {
            let parents = job.parents.iter();
            parents.filter(|parent| !job.numbers.contains(parent))
        });
        let mut facts = vec![
            ("tasks", self.tasks.to_string()),
            ("columns", self.columns.to_string()),
            ("jobs", self.jobs.len().to_string()),
            ("status", tally(&self.status)),
            ("arrival_min_s", self.first.unwrap_or(0).to_string()),
            ("arrival_max_s", self.last.to_string()),
            ("ends_before_starts", self.backwards.to_string()),
            ("dag_named_tasks", self.graph.to_string()),
            ("independent_named_task_", self.independent.to_string()),
            ("dependency_edges", edges.to_string()),
            ("dangling_dependencies", dangling.count().to_string()),
            (
                "sum_duration_x_cpu_x_instances_core_s",
                written(self.work, MILLIONTHS + 2),
            ),
        ];
        facts.extend(self.passed.facts());
        let per_job = jobs.map(|job| job.tasks).collect();
        Stat {
            facts,
            columns: vec![
                Column::of("tasks_per_job", "tasks", per_job),
                Column::of("duration_s", "seconds", self.durations),
                Column::of("plan_cpu_percent_of_core", CPU, self.cpu),
                Column::of("plan_mem_percent_of_machine", MEMORY, self.memory),
                Column::of("instances", "instances", self.instances),
            ],
        }
    }
}
