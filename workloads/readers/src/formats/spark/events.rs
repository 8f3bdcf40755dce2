//! Spark's event logs: one JSON object a line, as `spark.eventLog.enabled` writes them.
//!
//! Source: Apache Spark's `JsonProtocol`. Events that say nothing about jobs, stages, tasks or
//! executors are counted and passed over. The log of an application that crashed has no end; a
//! stage that Spark skipped is in its job but never submitted. Logs packed with zstd are read, and so
//! are folders of a rolling log, by the rules of their writers (`source.rs`); those packed with LZ4,
//! LZF or Snappy in Spark's own framing are not, and a message says so.
//!
//! A partition may be computed more than once: after a failure, by a speculative copy, or in a retry of
//! its stage when an executor is lost with its results. Each of these is a task with an end of its own.

use serde::Deserialize;

use super::LATEST_MILLIS;
use crate::canonical::account::{Contains, Contents};
use crate::formats::prelude::*;

/// The most tasks of a stage: Spark numbers them with 31 bits.
const MOST_TASKS: u64 = i32::MAX as u64;

pub(crate) const FORM: Form = Form {
    about: "events of an application, JSON lines (Spark event log)",
    signs: &[
        Begins("{\"Event\":\"SparkListener"),
        Holds("\"SparkListener"),
        Named("eventlog"),
    ],
    unkept: &["executors"],
    import: Ok(super::import::import),
    samples: &[r#"{"Event":"SparkListenerLogStart","Spark Version":"3.1.1"}
{"Event":"SparkListenerApplicationStart","App Name":"x","Timestamp":1000,"User":"u"}
{"Event":"SparkListenerExecutorAdded","Timestamp":1100,"Executor ID":"1","Executor Info":{"Host":"h","Total Cores":12}}
{"Event":"SparkListenerJobStart","Job ID":0,"Submission Time":1200,"Stage Infos":[{"Stage ID":0,"Number of Tasks":1,"Parent IDs":[]},{"Stage ID":1,"Number of Tasks":1,"Parent IDs":[0]}]}
{"Event":"SparkListenerTaskEnd","Stage ID":0,"Stage Attempt ID":0,"Task Info":{"Launch Time":1300,"Finish Time":1350,"Failed":false,"Killed":false}}
{"Event":"SparkListenerStageCompleted","Stage Info":{"Stage ID":0,"Stage Attempt ID":0,"Number of Tasks":1,"Parent IDs":[]}}
{"Event":"org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionEnd","executionId":0}
{"Event":"SparkListenerTaskEnd","Stage ID":1,"Task Info":{"Launch Time":1350,"Finish Time":1360,"Failed":true}}
{"Event":"SparkListenerApplicationEnd","Timestamp":2000}
"#],
    ..Form::by::<Rows<Record>, Counts>()
};

/// One event.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// The log begins: the version of Spark.
    LogStart(String),
    /// The application begins.
    Begun(Begun),
    /// The application ends, in milliseconds since 1970.
    Ended(u64),
    /// An executor comes.
    Executor(Executor),
    /// A job is submitted.
    Job(Job),
    /// A stage, or a retry of one, may run.
    Submitted(Stage),
    /// All tasks of a stage have run.
    Stage(Stage),
    /// A task begins.
    Launched(Launch),
    /// A task ends.
    Task(Task),
    /// Anything else, by its name.
    Other(String),
}

/// The beginning of an application.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Begun {
    /// When, in milliseconds since 1970.
    pub timestamp: u64,
    /// What people call it.
    #[serde(rename = "App Name", default)]
    pub name: String,
    /// Whose it is.
    #[serde(default)]
    pub user: String,
}

/// An executor that comes.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Executor {
    /// When, in milliseconds since 1970.
    #[serde(rename = "Timestamp")]
    pub timestamp: u64,
    /// Its name.
    #[serde(rename = "Executor ID")]
    pub id: String,
    /// What it has.
    #[serde(rename = "Executor Info")]
    pub info: ExecutorInfo,
}

/// What an executor has.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct ExecutorInfo {
    /// Where it runs.
    #[serde(rename = "Host", default)]
    pub host: String,
    /// Tasks that it runs at the same time.
    #[serde(rename = "Total Cores")]
    pub cores: u32,
}

/// A job that is submitted.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Job {
    /// Its number.
    #[serde(rename = "Job ID")]
    pub id: u64,
    /// When it was submitted, in milliseconds since 1970.
    #[serde(rename = "Submission Time", default)]
    pub submitted: Option<u64>,
    /// Its stages; some may be skipped.
    #[serde(rename = "Stage Infos", default)]
    pub stages: Vec<StageInfo>,
}

/// A stage that is done.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Stage {
    /// The stage.
    #[serde(rename = "Stage Info")]
    pub info: StageInfo,
}

/// What is known of a stage.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct StageInfo {
    /// Its number.
    #[serde(rename = "Stage ID")]
    pub id: u64,
    /// How often it was tried before.
    #[serde(rename = "Stage Attempt ID", default)]
    pub attempt: u64,
    /// How many tasks it has; a retry has those that are missing.
    #[serde(rename = "Number of Tasks")]
    pub tasks: u64,
    /// The stages that it waits for.
    #[serde(rename = "Parent IDs", default)]
    pub parents: Vec<u64>,
}

/// A task that begins.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Launch {
    /// The number of its stage.
    #[serde(rename = "Stage ID")]
    pub stage: u64,
    /// Which try of the stage it belongs to.
    #[serde(rename = "Stage Attempt ID", default)]
    pub attempt: u64,
    /// What is known of it.
    #[serde(rename = "Task Info")]
    pub info: LaunchInfo,
}

/// What is known of a task that begins.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct LaunchInfo {
    /// Its number.
    #[serde(rename = "Task ID", default)]
    pub id: Option<u64>,
    /// Its place among the tasks of this try of the stage.
    #[serde(rename = "Index", default)]
    pub index: Option<u64>,
    /// The partition that it computes; not in logs of old versions.
    #[serde(rename = "Partition ID", default)]
    pub partition: Option<u64>,
    /// When it was launched, in milliseconds since 1970.
    #[serde(rename = "Launch Time")]
    pub launched: u64,
}

/// A task that ended.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Task {
    /// The number of its stage.
    #[serde(rename = "Stage ID")]
    pub stage: u64,
    /// Which try of the stage it belongs to.
    #[serde(rename = "Stage Attempt ID", default)]
    pub attempt: u64,
    /// Why it ended.
    #[serde(rename = "Task End Reason", default)]
    pub reason: Option<Reason>,
    /// What is known of it.
    #[serde(rename = "Task Info")]
    pub info: TaskInfo,
}

/// Why a task ended.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Reason {
    /// `Success`, `FetchFailed`, or `Resubmitted` for one that is told again: its result is lost.
    #[serde(rename = "Reason")]
    pub reason: String,
}

/// What is known of a task.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct TaskInfo {
    /// Its number.
    #[serde(rename = "Task ID", default)]
    pub id: Option<u64>,
    /// Its place among the tasks of this try of the stage.
    #[serde(rename = "Index", default)]
    pub index: Option<u64>,
    /// The partition that it computes; not in logs of old versions.
    #[serde(rename = "Partition ID", default)]
    pub partition: Option<u64>,
    /// When it was launched, in milliseconds since 1970.
    #[serde(rename = "Launch Time")]
    pub launched: u64,
    /// When it ended.
    #[serde(rename = "Finish Time")]
    pub finished: u64,
    /// Whether it failed.
    #[serde(rename = "Failed", default)]
    pub failed: bool,
    /// Whether it was killed.
    #[serde(rename = "Killed", default)]
    pub killed: bool,
}

impl TaskInfo {
    /// How long it ran, in milliseconds.
    pub fn duration(&self) -> Option<u64> {
        self.finished.checked_sub(self.launched)
    }
}

impl Row for Record {
    type Layout = ();
    const MEMBER: &'static str = "eventlog";
    const ONE: &'static str = "event";
    const ABOUT: &'static str = "an event is a line of JSON with the key Event";
    const PARTS: bool = true;

    fn row(line: &str, (): &mut ()) -> Result<Option<Self>, ReadError> {
        let event = understood(line).map_err(|error| {
            ReadError::json("an event", &error)
                .hint("every line is one JSON object with the key Event; the log may be truncated")
        })?;
        let times = match &event {
            Event::Begun(begun) => vec![begun.timestamp],
            Event::Ended(time) => vec![*time],
            Event::Executor(executor) => vec![executor.timestamp],
            Event::Job(job) => vec![job.submitted.unwrap_or(0)],
            Event::Launched(task) => vec![task.info.launched],
            Event::Task(task) => vec![task.info.launched, task.info.finished],
            _ => Vec::new(),
        };
        if let Some(late) = times.into_iter().find(|time| *time > LATEST_MILLIS) {
            let expected = format!("times up to {LATEST_MILLIS} milliseconds");
            return Err(ReadError::expected(expected, late));
        }
        let stages = match &event {
            Event::Job(job) => job.stages.as_slice(),
            Event::Submitted(stage) | Event::Stage(stage) => std::slice::from_ref(&stage.info),
            _ => &[],
        };
        if let Some(stage) = stages.iter().find(|stage| stage.tasks > MOST_TASKS) {
            let error = ReadError::expected(format!("at most {MOST_TASKS} tasks"), stage.tasks);
            return Err(error.place("key `Number of Tasks`"));
        }
        Ok(Some(Self { event }))
    }
}

fn understood(line: &str) -> Result<Event, serde_json::Error> {
    #[derive(Deserialize)]
    struct Named {
        #[serde(rename = "Event")]
        name: String,
    }
    #[derive(Deserialize)]
    struct Version {
        #[serde(rename = "Spark Version")]
        version: String,
    }
    #[derive(Deserialize)]
    struct Ended {
        #[serde(rename = "Timestamp")]
        time: u64,
    }
    // The name does not stand first in every version, so the line is read twice: first only for it.
    let name = serde_json::from_str::<Named>(line)?.name;
    Ok(match name.strip_prefix("SparkListener").unwrap_or(&name) {
        "LogStart" => Event::LogStart(serde_json::from_str::<Version>(line)?.version),
        "ApplicationStart" => Event::Begun(serde_json::from_str(line)?),
        "ApplicationEnd" => Event::Ended(serde_json::from_str::<Ended>(line)?.time),
        "ExecutorAdded" => Event::Executor(serde_json::from_str(line)?),
        "JobStart" => Event::Job(serde_json::from_str(line)?),
        "StageSubmitted" => Event::Submitted(serde_json::from_str(line)?),
        "StageCompleted" => Event::Stage(serde_json::from_str(line)?),
        "TaskStart" => Event::Launched(serde_json::from_str(line)?),
        "TaskEnd" => Event::Task(serde_json::from_str(line)?),
        _ => Event::Other(name),
    })
}

impl Shown for Record {
    const HEADER: &'static [&'static str] = &["event", "time_ms", "id"];

    fn row(&self) -> Vec<String> {
        let (name, time, id) = match &self.event {
            Event::LogStart(version) => ("LogStart", None, version.clone()),
            Event::Begun(begun) => (
                "ApplicationStart",
                Some(begun.timestamp),
                begun.name.clone(),
            ),
            Event::Ended(time) => ("ApplicationEnd", Some(*time), String::new()),
            Event::Executor(one) => ("ExecutorAdded", Some(one.timestamp), one.id.clone()),
            Event::Job(job) => ("JobStart", job.submitted, job.id.to_string()),
            Event::Submitted(stage) => ("StageSubmitted", None, stage.info.id.to_string()),
            Event::Stage(stage) => ("StageCompleted", None, stage.info.id.to_string()),
            Event::Launched(task) => (
                "TaskStart",
                Some(task.info.launched),
                task.stage.to_string(),
            ),
            Event::Task(task) => ("TaskEnd", Some(task.info.finished), task.stage.to_string()),
            Event::Other(name) => (name.as_str(), None, String::new()),
        };
        let time = time.map_or(String::new(), |time| time.to_string());
        vec![name.to_owned(), time, id]
    }
}

impl Contains for Record {
    fn contents(&self) -> Contents {
        let none = Contents::default();
        match &self.event {
            Event::Job(_) => none.and(Thing::Jobs, 1),
            Event::Task(_) => none.and(Thing::Tasks, 1),
            _ => none,
        }
    }
}

/// When the application began and ended.
#[derive(Default)]
struct Counts([Option<u64>; 2]);

impl Survey for Counts {
    type Record = Record;

    fn see(&mut self, record: &Record, seen: &mut Seen) {
        let (mut cores, mut task) = (None, None);
        let mut version = None;
        match &record.event {
            Event::LogStart(told) => version = Some(told),
            Event::Begun(begun) => self.0[0] = Some(begun.timestamp),
            Event::Ended(time) => self.0[1] = Some(*time),
            Event::Executor(executor) => cores = Some(executor.info.cores),
            Event::Task(told) => task = Some(&told.info),
            _ => {}
        }
        let lasted = task.and_then(TaskInfo::duration);
        if task.is_some() && lasted.is_none() {
            let odd = ReadError::expected("a finish after the launch", "one before");
            seen.warn(odd.place("key `Task Info`"));
        }
        seen.count("events");
        seen.choice("spark_version", version.map(String::as_str));
        seen.choice("app_duration_ms", None);
        seen.count_if("jobs", matches!(record.event, Event::Job(_)));
        seen.count_if(
            "completed_stage_attempts",
            matches!(record.event, Event::Stage(_)),
        );
        seen.count_if("task_ends", lasted.is_some());
        seen.count_if("failed_tasks", task.is_some_and(|task| task.failed));
        seen.count_if("executors_added", cores.is_some());
        seen.sum("cores_added", cores.unwrap_or(0));
        seen.figures("task_duration_ms", "milliseconds", lasted);
    }

    fn end(self, seen: &mut Seen) {
        let [begun, ended] = self.0;
        match (begun, ended) {
            (Some(begun), Some(ended)) => seen.set("app_duration_ms", ended.saturating_sub(begun)),
            (None, _) => seen.set("app_duration_ms", "no ApplicationStart"),
            (_, None) => seen.set("app_duration_ms", "no ApplicationEnd"),
        }
        if ended.is_none() {
            let odd = ReadError::expected("an event that ends the application", "none");
            seen.warn(odd.hint("the application crashed or was running, or the log is truncated"));
        }
    }
}
