//! The job logs of Spark 0.8 (`JobLogger`): the plan of a query and the run time of every task.
//!
//! Source: github.com/kayousterhout/trace-analysis (Ousterhout et al., NSDI 2015). Text: the query,
//! then `STAGE_ID=5 RDD_DEP=(..) STAGE_DEP=(6,2)` for the plan, where a pair is a stage and a shuffle,
//! then lines with a time in front for jobs, stages and tasks. Everything else explains the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::LATEST_MILLIS;
use crate::error::{ReadError, quoted};
use crate::formats::cells::Cell;
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, tally};

/// One line that tells something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// What it tells.
    pub told: Told,
}

/// What a line tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    /// A stage of the plan and the stages it waits for.
    Plan(u64, Vec<u64>),
    /// A job begins or ends: its number and status.
    Job(u64, String),
    /// A stage begins or ends: its number, its status, and how many tasks it has where it begins.
    Stage(u64, String, Option<u64>),
    /// A task ends.
    Task(Task),
}

/// A task that ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Task {
    /// What it does: `RESULT_TASK`.
    pub kind: String,
    /// How it ended: `SUCCESS`.
    pub status: String,
    /// The number of its stage.
    pub stage: u64,
    /// When it began, in milliseconds since 1970.
    pub started: u64,
    /// When it ended.
    pub finished: u64,
    /// Which executor it ran in.
    pub executor: String,
}

/// The lines of a log that tell something; a bad one does not end them. The layout counts the rest.
pub type Records = Rows<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Row for Record {
    type Layout = u64;
    const MEMBER: &'static str = "job_log";
    const ONE: &'static str = "line about a job, stage or task";
    const ABOUT: &'static str = "lines like: 2014/04/16 04:52:38: STAGE_ID=2 STATUS=SUBMITTED";

    fn row(line: &str, others: &mut u64) -> Result<Option<Self>, ReadError> {
        let told = match line.split_once(": ") {
            Some((time, rest)) if dated(time) => {
                // A value may be empty, and one may have blanks in it; the keys that count have none.
                let pairs = rest.split(' ').filter_map(|pair| pair.split_once('='));
                event(&pairs.collect())?
            }
            _ => plan(line)?,
        };
        *others += u64::from(told.is_none());
        let place = Place::nowhere();
        Ok(told.map(|told| Self { place, told }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// Whether text is a time such as `2014/04/16 04:52:38`.
fn dated(text: &str) -> bool {
    let shape = b"0000/00/00 00:00:00";
    text.len() == shape.len()
        && text.bytes().zip(shape).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            other => byte == *other,
        })
}

fn number(key: &'static str, text: &str) -> Result<u64, ReadError> {
    let cell = Cell::new(0, key, text);
    let number = cell.whole("a number", LATEST_MILLIS);
    number.map_err(|error| error.place(format!("key {key}")))
}

fn plan(line: &str) -> Result<Option<Told>, ReadError> {
    let Some((stage, parents)) = line
        .strip_prefix("STAGE_ID=")
        .and_then(|rest| rest.split_once(" RDD_DEP="))
        .and_then(|(stage, rest)| Some((stage, rest.split_once(" STAGE_DEP=")?.1)))
    else {
        return Ok(None);
    };
    let parents = parents.trim_ascii().split_inclusive(')').map(|pair| {
        let first = pair.strip_prefix('(').and_then(|pair| pair.split_once(','));
        let Some((stage, _)) = first else {
            let error = ReadError::expected("pairs (stage,shuffle)", quoted(pair));
            return Err(error.place("key STAGE_DEP"));
        };
        number("STAGE_DEP", stage)
    });
    let parents = parents.collect::<Result<_, _>>()?;
    Ok(Some(Told::Plan(number("STAGE_ID", stage)?, parents)))
}

fn event(pairs: &BTreeMap<&str, &str>) -> Result<Option<Told>, ReadError> {
    let needed = |key: &'static str| {
        let missing = || ReadError::expected(format!("the key {key}"), "none");
        pairs.get(key).copied().ok_or_else(missing)
    };
    let status = || needed("STATUS").map(ToOwned::to_owned);
    if let Some(kind) = pairs.get("TASK_TYPE") {
        let task = Task {
            kind: (*kind).to_owned(),
            status: status()?,
            stage: number("STAGE_ID", needed("STAGE_ID")?)?,
            started: number("START_TIME", needed("START_TIME")?)?,
            finished: number("FINISH_TIME", needed("FINISH_TIME")?)?,
            executor: needed("EXECUTOR_ID")?.to_owned(),
        };
        return Ok(Some(Told::Task(task)));
    }
    if let Some(stage) = pairs.get("STAGE_ID") {
        let tasks = pairs
            .get("TASK_SIZE")
            .map(|tasks| number("TASK_SIZE", tasks));
        let stage = number("STAGE_ID", stage)?;
        return Ok(Some(Told::Stage(stage, status()?, tasks.transpose()?)));
    }
    match pairs.get("JOB_ID") {
        Some(job) => Ok(Some(Told::Job(number("JOB_ID", job)?, status()?))),
        None => Ok(None),
    }
}

/// What is counted over a whole log.
#[derive(Default)]
pub(crate) struct Counts {
    lines: u64,
    tasks: BTreeMap<String, u64>,
    statuses: BTreeMap<String, u64>,
    submitted: u64,
    executors: BTreeSet<String>,
    durations: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &["what", "id", "status", "duration_ms"];

    fn row(record: &Record) -> Vec<String> {
        let (what, id, status, lasted) = match &record.told {
            Told::Plan(stage, _) => ("plan", *stage, "-", None),
            Told::Job(job, status) => ("job", *job, status.as_str(), None),
            Told::Stage(stage, status, _) => ("stage", *stage, status.as_str(), None),
            Told::Task(task) => {
                let lasted = task.finished.checked_sub(task.started);
                ("task", task.stage, task.status.as_str(), lasted)
            }
        };
        let lasted = lasted.map_or(String::new(), |lasted| lasted.to_string());
        vec![what.to_owned(), id.to_string(), status.to_owned(), lasted]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        self.lines += 1;
        match &record.told {
            Told::Stage(_, status, _) => self.submitted += u64::from(status == "SUBMITTED"),
            Told::Task(task) => {
                *self.tasks.entry(task.kind.clone()).or_default() += 1;
                *self.statuses.entry(task.status.clone()).or_default() += 1;
                self.executors.insert(task.executor.clone());
                if let Some(duration) = task.finished.checked_sub(task.started) {
                    self.durations.push(duration);
                } else {
                    let error = ReadError::expected("an end after the begin", "one before");
                    warn.push(record.place.of(error).place("key FINISH_TIME"));
                }
            }
            Told::Plan(..) | Told::Job(..) => {}
        }
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.lines += *records.layout();
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("lines", (self.lines + self.passed.blank).to_string()),
            ("stages_submitted", self.submitted.to_string()),
            ("tasks", tally(&self.tasks)),
            ("task_statuses", tally(&self.statuses)),
            ("executors", self.executors.len().to_string()),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![Column::of(
                "task_duration_ms",
                "milliseconds",
                self.durations,
            )],
        }
    }
}
