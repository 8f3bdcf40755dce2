//! The jobs of a run and what became of them: all in columns, or row by row.

use fairground_policies::message::{FrameworkId, JobId};
use fairground_policies::time::{Span, Time};
use fairground_workloads::ReadError;
use fairground_workloads::feedback::Feedback;
use fairground_workloads::sorted::Sorted;
use fairground_workloads::trace::{Job, Jobs};
use serde::{Deserialize, Serialize};

/// All jobs of a run with what became of them. What a trace says of them is not said again: the
/// columns are shared with it.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct JobTable(Vec<Own>);

/// The jobs of one framework.
#[derive(Clone, PartialEq, Debug)]
struct Own {
    jobs: Jobs,
    outcomes: Vec<JobOutcome>,
    /// When each was submitted, where that is not when the trace says; nothing for those that never
    /// were.
    submitted: Vec<Option<Time>>,
}

impl Own {
    /// The users of a closed workload: how many jobs there are follows from the cluster.
    fn users(&self) -> Option<u32> {
        match self.jobs.feedback()?.as_ref() {
            Feedback::Users(users) => Some(users.count()),
            Feedback::Preceding(_) => None,
        }
    }

    fn job(&self, id: JobId) -> Job<'_> {
        let mut job = self.jobs.get(id);
        if let Some(Some(at)) = self.submitted.get(id.index()) {
            job.submitted = *at;
        }
        job
    }

    fn has(&self, id: JobId) -> bool {
        let submitted = self.submitted.get(id.index());
        self.users().is_none() || submitted.is_some_and(Option::is_some)
    }
}

/// What became of a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JobOutcome {
    started: Time,
    finished: Time,
    lost: u32,
}

/// Stands for a time that never came.
const NEVER: Time = Time::from_micros(u64::MAX);

impl Default for JobOutcome {
    /// That of a job that never started.
    fn default() -> Self {
        Self {
            started: NEVER,
            finished: NEVER,
            lost: 0,
        }
    }
}

impl JobOutcome {
    /// A task started; the first one counts.
    pub fn start(&mut self, now: Time) {
        self.started = self.started.min(now);
    }

    /// The last task finished.
    pub const fn finish(&mut self, now: Time) {
        self.finished = now;
    }

    /// Attempts at so many tasks were lost or killed.
    pub const fn lose(&mut self, tasks: u32) {
        self.lost += tasks;
    }

    /// Whether all tasks finished.
    pub fn is_finished(&self) -> bool {
        self.finished != NEVER
    }
}

impl JobTable {
    /// The jobs of one more framework, with an outcome each.
    pub fn push(&mut self, jobs: Jobs, outcomes: Vec<JobOutcome>) {
        self.push_submitted(jobs, outcomes, Vec::new());
    }

    /// The same for jobs that are submitted when others end: when each was, if it was.
    pub fn push_submitted(
        &mut self,
        jobs: Jobs,
        outcomes: Vec<JobOutcome>,
        submitted: Vec<Option<Time>>,
    ) {
        self.0.push(Own {
            jobs,
            outcomes,
            submitted,
        });
    }

    /// A job of a framework, as the trace says it, submitted when it was.
    pub fn job(&self, framework: FrameworkId, job: JobId) -> Option<Job<'_>> {
        let own = self.0.get(framework.index())?;
        (job.index() < own.jobs.len()).then(|| own.job(job))
    }

    /// How many users a closed workload has; under another policy there may be more or fewer jobs of
    /// them. `None` for any other.
    pub fn users(&self, framework: FrameworkId) -> Option<u32> {
        self.0.get(framework.index())?.users()
    }

    /// All rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = JobRow<'_>> {
        (0..self.0.len() as u32).flat_map(|id| self.of(FrameworkId(id)))
    }

    /// The rows of one framework.
    pub fn of(&self, framework: FrameworkId) -> impl Iterator<Item = JobRow<'_>> + Clone {
        let part = self.0.get(framework.index()).into_iter();
        part.flat_map(move |own| {
            let ids = (0..own.outcomes.len() as u32).map(JobId);
            let ids = ids.filter(|id| own.has(*id));
            ids.map(move |id| {
                let row = JobRow::new(framework, &own.job(id), &own.outcomes[id.index()]);
                let came = own.submitted.get(id.index()).is_none_or(Option::is_some);
                JobRow { came, ..row }
            })
        })
    }
}

/// Tells `each` of all jobs of a run in order: those of its table, and those put aside in `lines`.
///
/// # Errors
/// When those cannot be read, or as `each` says.
pub fn each_job<E: From<ReadError>>(
    jobs: &JobTable,
    lines: &Sorted<JobLine>,
    mut each: impl FnMut(&JobRow<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut lines = lines.rows().peekable();
    for framework in (0..jobs.0.len() as u32).map(FrameworkId) {
        for row in jobs.of(framework) {
            each(&row)?;
        }
        let here =
            |line: &Result<JobLine, _>| line.as_ref().map_or(true, |line| line.ids.0 == framework);
        while let Some(line) = lines.next_if(here) {
            each(&line?.row())?;
        }
    }
    Ok(())
}

/// One job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JobRow<'a> {
    /// Whose job.
    pub framework: FrameworkId,
    /// Which one.
    pub job: JobId,
    /// What people call it.
    pub label: &'a str,
    /// When it was submitted; for a job that waits for one that never ended, when the trace says.
    pub submitted: Time,
    /// Whether it was submitted at all: not if what it waits for never ended.
    pub came: bool,
    /// When its first task started.
    pub started: Option<Time>,
    /// When its last task finished; `None` for a job that did not.
    pub finished: Option<Time>,
    /// How many tasks it has.
    pub tasks: u64,
    /// How many attempts at its tasks were lost or killed.
    pub lost: u64,
}

impl<'a> JobRow<'a> {
    /// That of `job` with what became of it.
    pub fn new(framework: FrameworkId, job: &Job<'a>, outcome: &JobOutcome) -> Self {
        let known = |time: Time| (time != NEVER).then_some(time);
        Self {
            framework,
            job: job.id,
            label: job.label,
            submitted: job.submitted,
            came: true,
            started: known(outcome.started),
            finished: known(outcome.finished),
            tasks: job.spec.tasks(),
            lost: u64::from(outcome.lost),
        }
    }

    /// From submission to the last task's end.
    pub fn completion(&self) -> Option<Span> {
        Some(self.finished? - self.submitted)
    }
}

/// The row of a job by itself, to be put aside.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct JobLine {
    ids: (FrameworkId, JobId),
    label: String,
    submitted: Time,
    started: Option<Time>,
    finished: Option<Time>,
    tasks: u64,
    lost: u64,
}

impl JobLine {
    /// That of a row.
    pub fn of(row: JobRow<'_>) -> Self {
        Self {
            ids: (row.framework, row.job),
            label: row.label.to_owned(),
            submitted: row.submitted,
            started: row.started,
            finished: row.finished,
            tasks: row.tasks,
            lost: row.lost,
        }
    }

    /// Its row.
    pub fn row(&self) -> JobRow<'_> {
        JobRow {
            framework: self.ids.0,
            job: self.ids.1,
            label: &self.label,
            submitted: self.submitted,
            came: true,
            started: self.started,
            finished: self.finished,
            tasks: self.tasks,
            lost: self.lost,
        }
    }

    /// By framework and job.
    pub fn place(&self) -> (u64, u64) {
        let (framework, job) = self.ids;
        (framework.0.into(), job.0.into())
    }
}
