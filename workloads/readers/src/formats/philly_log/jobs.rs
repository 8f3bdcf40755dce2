//! `cluster_job_log`: jobs with their attempts, and the GPUs of every attempt.
//!
//! A list of JSON objects. A job may have no attempt, an attempt may lack a start or an end where logging
//! failed; a time that is not there is null, empty or `None`. Where the last attempt has no end, the job
//! still ran when the log was taken.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::machines;
use crate::canonical::tables::Job;
use crate::formats::clock;
use crate::formats::prelude::*;
use crate::formats::tables;

/// The most attempts at one job.
const MOST_ATTEMPTS: usize = 100_000;

pub(crate) const FORM: Form = Form {
    about: "training jobs with every attempt, JSON; a folder with the machines beside them \
            (Microsoft Philly 2017, cluster_job_log)",
    signs: &[
        Holds("\"jobid\""),
        Named("cluster_job_log"),
        Holding("cluster_job_log"),
    ],
    tables: &["cluster_job_log", "cluster_machine_list"],
    unkept: &["user", "attempts.detail.ip"],
    import: Ok(import),
    samples: &[r#"[
    {
        "status": "Pass",
        "vc": "ee9e8c",
        "jobid": "application_1506638472019_14199",
        "attempts": [
            {
                "start_time": "2017-10-07 01:12:09",
                "end_time": "2017-10-07 01:13:23",
                "detail": [{"ip": "m47", "gpus": ["gpu0", "gpu1"]}, {"ip": "m48", "gpus": ["gpu6"]}]
            },
            {
                "start_time": "2017-10-07 01:13:30",
                "end_time": "2017-10-09 06:53:12",
                "detail": [{"ip": "m412", "gpus": ["gpu0", "gpu1", "gpu2"]}]
            }
        ],
        "submitted_time": "2017-10-07 01:11:39",
        "user": "ce2f4c"
    },
    {"status": "Killed", "vc": "ee9e8c", "jobid": "application_1", "attempts": [],
     "submitted_time": "2017-10-07 01:11:39", "user": "ce2f4c"}
]
"#],
    ..Form::of::<Documents<Record>>()
};

/// One job.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Record {
    /// `Pass`, `Killed` or `Failed`.
    #[serde(default)]
    pub status: Option<String>,
    /// Its virtual cluster, as a hash.
    #[serde(default)]
    pub vc: Option<String>,
    /// Its name.
    pub jobid: String,
    /// When it was submitted, in microseconds since 1970, local.
    #[serde(default, deserialize_with = "moment")]
    pub submitted_time: Option<u64>,
    /// Who submitted it, as a hash.
    #[serde(default)]
    pub user: Option<String>,
    /// What was tried.
    #[serde(default)]
    pub attempts: PhillyAttempts,
}

/// One attempt.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct PhillyAttempt {
    /// When it began.
    #[serde(default, deserialize_with = "moment")]
    pub start_time: Option<u64>,
    /// When it ended.
    #[serde(default, deserialize_with = "moment")]
    pub end_time: Option<u64>,
    /// How many GPUs it had, on all servers.
    #[serde(default, rename = "detail")]
    pub gpus: Summed<OnServer>,
}

/// The GPUs of an attempt on one server.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct OnServer {
    /// The server.
    #[serde(default)]
    pub ip: Option<String>,
    /// How many of its GPUs the attempt had.
    #[serde(default)]
    pub gpus: Summed<GpuName>,
}

impl From<OnServer> for u64 {
    fn from(one: OnServer) -> Self {
        one.gpus.0
    }
}

/// The name of a GPU, which counts as one.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct GpuName(String);

impl From<GpuName> for u64 {
    fn from(_: GpuName) -> Self {
        1
    }
}

/// A list, or nothing, of which only the sum is kept: a file may list anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Summed<T>(u64, PhantomData<T>);

impl<T> Default for Summed<T> {
    fn default() -> Self {
        Self(0, PhantomData)
    }
}

impl<'a, T: Deserialize<'a> + Into<u64>> Deserialize<'a> for Summed<T> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        let sum = |sum: &mut u64, one: T| *sum = sum.saturating_add(one.into());
        let list = List(0, usize::MAX, sum, PhantomData);
        deserializer
            .deserialize_any(list)
            .map(|sum| Self(sum, PhantomData))
    }
}

/// The attempts at a job.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct PhillyAttempts(Vec<PhillyAttempt>);

impl<'a> Deserialize<'a> for PhillyAttempts {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        let push = |list: &mut Vec<PhillyAttempt>, one| list.push(one);
        let list = List(Vec::new(), MOST_ATTEMPTS, push, PhantomData);
        deserializer.deserialize_any(list).map(Self)
    }
}

/// What is made of a list of at most so many, one after the other.
struct List<A, T, F>(A, usize, F, PhantomData<T>);

impl<'a, A, T: Deserialize<'a>, F: Fn(&mut A, T)> Visitor<'a> for List<A, T, F> {
    type Value = A;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<A, E> {
        Ok(self.0)
    }

    fn visit_seq<S: SeqAccess<'a>>(mut self, mut list: S) -> Result<A, S::Error> {
        let mut left = self.1;
        while let Some(one) = list.next_element()? {
            left = left
                .checked_sub(1)
                .ok_or_else(|| S::Error::custom(format!("a list of more than {}", self.1)))?;
            (self.2)(&mut self.0, one);
        }
        Ok(self.0)
    }
}

impl Document for Record {
    const ONE: &'static str = "job";
    const MEMBER: &'static str = "cluster_job_log";
    const TABLE: &'static str = "cluster_job_log";
    const KEYS: &'static str = "keys: status, vc, jobid, submitted_time, user, attempts[{start_time, end_time, \
                                detail[{ip, gpus}]}]";
}

/// A local time, or nothing where it is not known.
fn moment<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let text = text.unwrap_or_default();
    let text = text.trim_ascii();
    if text.is_empty() || text == "None" {
        return Ok(None);
    }
    // Some copies say the zone, which is the local one.
    let local = text.trim_end_matches(" PST").trim_end_matches(" PDT");
    let moment = clock::moment(local);
    let wrong = || {
        let expected = "a time such as 2017-10-07 01:12:09 or None";
        D::Error::custom(format!("expected {expected}, found {}", quoted(text)))
    };
    moment.map(Some).ok_or_else(wrong)
}

/// What the attempts at a job tell of its run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tried {
    /// There was none.
    Never,
    /// They are over, and took so long together; nothing where a time is missing or wrong.
    Over(Option<u64>),
    /// The last one goes on since then, and those before it took so long.
    Runs(u64, u64),
}

impl PhillyAttempt {
    fn gpus(&self) -> u64 {
        self.gpus.0
    }

    fn ran(&self) -> Option<u64> {
        self.end_time
            .zip(self.start_time)
            .and_then(|(end, start)| end.checked_sub(start))
    }
}

impl Record {
    fn attempts(&self) -> &[PhillyAttempt] {
        &self.attempts.0
    }

    /// The GPUs of its first attempt that had some.
    fn gpus(&self) -> u64 {
        let all = self.attempts().iter().map(PhillyAttempt::gpus);
        all.into_iter().find(|gpus| *gpus > 0).unwrap_or(0)
    }

    fn tasks(&self) -> u64 {
        self.gpus().max(1)
    }

    fn tried(&self) -> Tried {
        let Some((last, before)) = self.attempts().split_last() else {
            return Tried::Never;
        };
        let sum = |attempts: &[PhillyAttempt]| -> Option<u64> {
            attempts.iter().map(PhillyAttempt::ran).sum()
        };
        match (last.start_time, last.end_time) {
            (Some(start), None) => Tried::Runs(start, sum(before).unwrap_or(0)),
            _ => Tried::Over(sum(self.attempts())),
        }
    }

    /// How long it waited for its first start.
    fn wait(&self) -> Option<u64> {
        let start = self.attempts().first()?.start_time?;
        start.checked_sub(self.submitted_time?)
    }

    /// The latest time that it tells.
    fn latest(&self) -> u64 {
        let attempts = self.attempts().iter();
        let times = attempts.flat_map(|one| [one.start_time, one.end_time]);
        times
            .chain([self.submitted_time])
            .flatten()
            .max()
            .unwrap_or(0)
    }

    fn draft(self, ran: Tasks) -> Draft {
        let gpus = self.gpus();
        let none = self.attempts().is_empty();
        let tasks = Tasks {
            count: self.tasks(),
            gpus: (!none).then_some(if gpus == 0 { 0 } else { 1000 }),
            attempts: Some(self.attempts().len() as u64),
            ..ran
        };
        let more = Job {
            wait: self.wait(),
            ..Job::default()
        };
        let first = self.attempts().first().and_then(|one| one.start_time);
        let mut draft = Draft::simple(self.jobid, self.submitted_time.or(first), tasks)
            .by(self.vc.unwrap_or_default())
            .ended(self.status.unwrap_or_default())
            .gang();
        draft.more = more;
        draft
    }
}

contents! { Record: |job| Jobs 1, Tasks job.tasks(); }

shows! { Record: |one|
    "job": one.jobid, "vc": one.vc, "user": one.user, "status": one.status,
    "submitted_s": digits(one.submitted_time, MILLIONTHS), "attempts": one.attempts().len(),
    "gpus": one.gpus(), "wait_s": digits(one.wait(), MILLIONTHS),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let attempts = self.attempts();
        let tried = self.tried();
        let missing = attempts
            .iter()
            .any(|one| one.start_time.is_none() || one.end_time.is_none());
        if !missing && tried == Tried::Over(None) {
            let odd = ReadError::expected("an end not before the start", "an earlier one");
            seen.warn(
                odd.place("key attempts")
                    .hint("how long such a job ran is not known"),
            );
        }
        let differ = attempts.iter().any(|one| one.gpus() != self.gpus());
        seen.count("jobs");
        seen.tally("status", self.status.as_deref());
        seen.tally("virtual_clusters", self.vc.as_deref());
        seen.distinct("users", self.user.as_deref());
        seen.sum("attempts", attempts.len() as u64);
        seen.count_if("jobs_without_attempts", tried == Tried::Never);
        seen.count_if("jobs_with_several_attempts", attempts.len() > 1);
        seen.count_if("jobs_that_still_run", matches!(tried, Tried::Runs(..)));
        seen.count_if(
            "jobs_with_times_that_are_missing_or_wrong",
            tried == Tried::Over(None),
        );
        seen.count_if("jobs_whose_attempts_differ_in_gpus", differ);
        seen.tally("jobs_by_gpus", self.gpus());
        seen.least("first_s", self.submitted_time)
            .written(MILLIONTHS);
        seen.most("last_s", self.submitted_time).written(MILLIONTHS);
        let run = match tried {
            Tried::Over(run) => run,
            _ => None,
        };
        seen.figures("run_s", "millionths of a second", run);
        seen.figures("wait_s", "millionths of a second", self.wait());
    }
}

/// What the log left to be decided.
#[derive(Default)]
struct LogLeft {
    /// Jobs that were tried again, the attempts before the last, and how long those took.
    again: [u64; 3],
    differ: u64,
    /// Jobs that still run, with what their attempts before took, and since when they do.
    running: Vec<(u64, Record, u64, u64)>,
    latest: u64,
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.clock(WallClock::local());
    let shape = "a task a GPU, all at the same time; CPU and memory are not in the source";
    import.assume("job shape", shape);
    import.assume(
        "run times",
        "all attempts at a job one after the other, without the waits between them; a job that still runs has \
         run until the latest time in the log",
    );
    let mut left = LogLeft::default();
    import.each(Documents::open(path)?, |import, job: Record| {
        left.latest = left.latest.max(job.latest());
        left.see(&job);
        let number = import.number();
        let ran = match job.tried() {
            Tried::Never => unstarted(),
            Tried::Over(run) => ended(run),
            Tried::Runs(since, before) => {
                left.running.push((number, job, before, since));
                return Ok(Became::Imported);
            }
        };
        import.numbered(number, job.draft(ran))?;
        Ok(Became::Imported)
    })?;
    for (number, job, before, since) in std::mem::take(&mut left.running) {
        let run = before.saturating_add(left.latest.saturating_sub(since));
        import.numbered(number, job.draft(censored(Some(run))))?;
    }
    left.tell(import);
    if tables::has(path, machines::TABLE) {
        import.machines(Rows::open(path)?, machines::Record::machine)?;
    }
    Ok(())
}

impl LogLeft {
    fn see(&mut self, job: &Record) {
        let attempts = job.attempts();
        if let Some((_, before)) = attempts.split_last()
            && !before.is_empty()
        {
            let ran = before
                .iter()
                .filter_map(PhillyAttempt::ran)
                .fold(0, u64::saturating_add);
            let [jobs, earlier, lost] = self.again;
            self.again = [
                jobs + 1,
                earlier + before.len() as u64,
                lost.saturating_add(ran),
            ];
        }
        self.differ += u64::from(attempts.iter().any(|one| one.gpus() != job.gpus()));
    }

    fn tell(&self, import: &mut Import<'_>) {
        let [jobs, attempts, lost] = self.again;
        if jobs > 0 {
            let lost = written(lost.into(), MILLIONTHS);
            let model = format!(
                "{jobs} jobs were tried again after {attempts} attempts that ran {lost} s in all, which is part of \
                 how long they run"
            );
            import.assume("attempts", model);
        }
        if self.differ > 0 {
            let model = format!(
                "of {} jobs attempts had other numbers of GPUs than the first that had some, which counts",
                self.differ
            );
            import.assume("GPUs", model);
        }
    }
}
