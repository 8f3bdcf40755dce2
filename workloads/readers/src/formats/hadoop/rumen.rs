//! Rumen's job traces: every task and attempt of Hadoop jobs, as YARN's load simulator replays them.
//!
//! Source: Hadoop's `rumen` (`TraceBuilder`), read by gridmix and by `sls -inputrumen`. JSON objects
//! one after the other, a job each; times in milliseconds since 1970, -1 for what is not known. A
//! trace that was folded is relative to its beginning. Attempts that were killed or failed are in
//! it.

use serde::Deserialize;

use super::{LATEST_MILLIS, known};
use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "jobs with all tasks and attempts, JSON objects (Hadoop Rumen)",
    signs: &[Holds("\"jobID\"")],
    unkept: &["attempts other than the one that counts", "hostName"],
    import: Ok(import),
    samples: &[r#"{
  "jobID" : "job_1", "user" : "jenkins", "queue" : null, "outcome" : "SUCCESS",
  "submitTime" : 1371222054499, "finishTime" : -1, "jobMapMB" : 200,
  "mapTasks" : [ { "taskID" : "m_0", "inputBytes" : 82, "attempts" : [
    { "result" : "KILLED", "startTime" : 1371222059053, "finishTime" : 1371222060053 },
    { "result" : "SUCCESS", "startTime" : 1371222061163, "finishTime" : 1371222078206,
      "hostName" : "/default-rack/a" } ] } ],
  "reduceTasks" : [ { "taskID" : "r_0", "attempts" : [ { "startTime" : 1371222061163 } ] } ]
}
{ "jobID" : "job_2", "submitTime" : 1371222159703, "finishTime" : 1371222251755 }
"#],
    ..Form::of::<Documents<Record>>()
};

/// One job.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Its name.
    #[serde(rename = "jobID")]
    pub id: String,
    /// Who submitted it.
    #[serde(default)]
    pub user: Option<String>,
    /// Where it waited.
    #[serde(default)]
    pub queue: Option<String>,
    /// What people call it.
    #[serde(default)]
    pub job_name: Option<String>,
    /// When it was submitted, in milliseconds.
    pub submit_time: i64,
    /// When it ended; -1 when that is not known.
    #[serde(default = "unknown")]
    pub finish_time: i64,
    /// How it ended: `SUCCESS`.
    #[serde(default)]
    pub outcome: Option<String>,
    /// Memory of a map in MB; -1 when not known.
    #[serde(rename = "jobMapMB", default = "unknown")]
    pub map_mb: i64,
    /// Memory of a reduce in MB; -1 when not known.
    #[serde(rename = "jobReduceMB", default = "unknown")]
    pub reduce_mb: i64,
    /// Its maps.
    #[serde(default)]
    pub map_tasks: Vec<Task>,
    /// Its reduces.
    #[serde(default)]
    pub reduce_tasks: Vec<Task>,
    /// What prepares and cleans up.
    #[serde(default)]
    pub other_tasks: Vec<Task>,
}

/// One task.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Its name.
    #[serde(rename = "taskID")]
    pub id: String,
    /// How often it was tried.
    #[serde(default)]
    pub attempts: Vec<Attempt>,
    /// Bytes it read; -1 when not known.
    #[serde(default = "unknown")]
    pub input_bytes: i64,
    /// Bytes it wrote; -1 when not known.
    #[serde(default = "unknown")]
    pub output_bytes: i64,
}

/// One attempt of a task.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// How it ended: `SUCCESS`.
    #[serde(default)]
    pub result: Option<String>,
    /// When it began, in milliseconds; -1 when not known.
    #[serde(default = "unknown")]
    pub start_time: i64,
    /// When it ended.
    #[serde(default = "unknown")]
    pub finish_time: i64,
    /// Where it ran: `/rack/host`.
    #[serde(default)]
    pub host_name: Option<String>,
}

const fn unknown() -> i64 {
    -1
}

impl Attempt {
    /// How long it ran, in milliseconds, if that is known.
    pub fn duration(&self) -> Option<u64> {
        known(self.finish_time)?.checked_sub(known(self.start_time)?)
    }
}

impl Record {
    /// The attempts of maps and reduces.
    pub fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        let tasks = self.map_tasks.iter().chain(&self.reduce_tasks);
        tasks.flat_map(|task| &task.attempts)
    }
}

impl Document for Record {
    const ONE: &'static str = "job";
    const MEMBER: &'static str = "trace.json";
    const KEYS: &'static str =
        "keys: jobID, user, submitTime, finishTime, mapTasks[{taskID, attempts[]}], reduceTasks";

    fn check(&self) -> Result<(), ReadError> {
        let attempts = self.attempts().flat_map(|a| [a.start_time, a.finish_time]);
        let mut times = attempts.chain([self.submit_time, self.finish_time]);
        match times.find(|time| *time > LATEST_MILLIS) {
            Some(late) => {
                let expected = format!("times up to {LATEST_MILLIS} milliseconds");
                Err(ReadError::expected(expected, late))
            }
            None => Ok(()),
        }
    }
}

contents! {
    Record: |job| Jobs 1,
        Tasks (job.map_tasks.len() + job.reduce_tasks.len() + job.other_tasks.len()) as u64,
        Edges u64::from(!job.reduce_tasks.is_empty());
}

shows! { Record: |one|
    "job": one.id, "user": one.user, "queue": one.queue, "submit_ms": one.submit_time,
    "finish_ms": one.finish_time, "maps": one.map_tasks.len(), "reduces": one.reduce_tasks.len(),
    "outcome": one.outcome,
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        fn name(text: Option<&String>) -> &str {
            text.map_or("-", String::as_str)
        }
        if known(self.finish_time).is_none() {
            let odd = ReadError::expected("when the job ended", self.finish_time);
            seen.warn(odd.place("key `finishTime`"));
        }
        seen.count("jobs");
        seen.sum("map_tasks", self.map_tasks.len() as u64);
        seen.sum("reduce_tasks", self.reduce_tasks.len() as u64);
        seen.sum("other_tasks", self.other_tasks.len() as u64);
        seen.sum("map_reduce_attempts", self.attempts().count() as u64);
        for attempt in self.attempts() {
            seen.tally("attempt_results", name(attempt.result.as_ref()));
        }
        seen.tally("attempt_results", None::<&str>);
        seen.tally("job_outcomes", name(self.outcome.as_ref()));
        seen.tally("users", name(self.user.as_ref()));
        seen.figures("submit_ms", "milliseconds", [self.submit_time]);
        let durations = self.attempts().filter_map(Attempt::duration);
        seen.figures("attempt_duration_ms", "milliseconds", durations);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "attempts",
        "the successful one of each task, or else its last; others are left out",
    );
    import.each(Documents::open(path)?, |import, job: Record| {
        let of = |tasks: &[Task], megabytes: i64| -> Vec<Tasks> {
            let row = |task: &Task| {
                let good = |attempt: &&Attempt| attempt.result.as_deref() == Some("SUCCESS");
                let attempt = task.attempts.iter().find(good).or(task.attempts.last());
                let amount = |amount: i64| u64::try_from(amount).ok();
                let run = match attempt.map(|one| (known(one.start_time), known(one.finish_time))) {
                    None | Some((None, _)) => unstarted(),
                    Some((Some(_), None)) => censored(None),
                    Some((Some(start), Some(finish))) => {
                        ended(finish.checked_sub(start).map(millis))
                    }
                };
                Tasks {
                    memory: amount(megabytes),
                    read: amount(task.input_bytes),
                    write: amount(task.output_bytes),
                    attempts: Some(task.attempts.len() as u64),
                    outcome: attempt.and_then(|one| one.result.clone()),
                    ..run
                }
            };
            tasks.iter().map(row).collect()
        };
        let mut stages = vec![stage("map", Vec::new(), of(&job.map_tasks, job.map_mb))];
        if !job.reduce_tasks.is_empty() {
            stages.push(stage(
                "reduce",
                vec![0],
                of(&job.reduce_tasks, job.reduce_mb),
            ));
        }
        let other = job.other_tasks.len() as u64;
        import.passed(Thing::Tasks, other, "setup and cleanup of jobs");
        let draft = Draft {
            submit: known(job.submit_time).map(millis),
            tenant: job.queue.or(job.user).unwrap_or_default(),
            outcome: job.outcome.unwrap_or_default(),
            name: job.id,
            stages,
            ..Draft::default()
        };
        import.job(draft)
    })
}
