//! Where the jobs of a framework come from: all from memory, or one by one, or when others end.

use std::fmt;
use std::sync::Arc;

use fairground_policies::allocators::Allocator;
use fairground_policies::id_table::IdTable;
use fairground_policies::job::JobSpec;
use fairground_policies::message::{AgentId, FrameworkId, JobId};
use fairground_policies::time::Time;
use fairground_workloads::ReadError;
use fairground_workloads::feedback::Course;
use fairground_workloads::rng::{self, Stream};
use fairground_workloads::trace::{Job, JobStream, Jobs, OneJob, Work};

use super::Scenario;
use super::contention::Contention;
use crate::record::Recorder;
use crate::run::JobOutcome;

/// The jobs of a framework, and what becomes of them.
pub(super) enum JobSource<'a> {
    /// All are there from the beginning to the end.
    Whole {
        jobs: Jobs,
        /// Of those that were submitted.
        outcomes: Vec<JobOutcome>,
    },
    /// They come in order, and are kept until they are over.
    Stream {
        rest: JobStream<'a>,
        next: Option<OneJob>,
        open: IdTable<(OneJob, JobOutcome)>,
    },
    /// Some are submitted when others end.
    Feedback(Box<Waiting>),
}

/// Jobs of which some wait for the end of others. Their order is that of this run: the framework knows
/// them by it, and whoever compares runs by their numbers in the trace.
pub(super) struct Waiting {
    jobs: Jobs,
    course: Course,
    /// The first job that comes at its own time and was not submitted.
    next: u32,
    /// Numbers in the trace, in order of submission.
    order: Vec<JobId>,
    /// By the number in the trace, of jobs that were submitted.
    submitted: Vec<Option<Time>>,
    /// By the number in the trace.
    outcomes: Vec<JobOutcome>,
}

impl Waiting {
    fn new(jobs: Jobs, course: Course) -> Self {
        let count = jobs.len();
        let mut waiting = Self {
            next: 0,
            order: Vec::new(),
            submitted: vec![None; count],
            outcomes: vec![JobOutcome::default(); count],
            jobs,
            course,
        };
        waiting.skip();
        waiting
    }

    /// Passes over the jobs that wait for others.
    fn skip(&mut self) {
        while (self.next as usize) < self.jobs.len() && self.course.waits(JobId(self.next)) {
            self.next += 1;
        }
    }

    fn submit(&mut self, job: JobId, now: Time) {
        self.order.push(job);
        self.submitted[job.index()] = Some(now);
    }
}

impl fmt::Debug for JobSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole { jobs, .. } => write!(f, "{} jobs", jobs.len()),
            Self::Stream { open, .. } => write!(f, "{} jobs that are not over", open.len()),
            Self::Feedback(all) => write!(f, "{} jobs that may wait", all.jobs.len()),
        }
    }
}

/// The data of a framework that has it on agents of its own.
pub(super) struct OwnData {
    pub(super) agents: Vec<AgentId>,
    /// For the draws of where it lies on them.
    pub(super) stream: Stream,
}

impl<'a> JobSource<'a> {
    /// Those of `stream`, or of `work` if there is none; with `data`, wherever the trace has theirs. Rigid ones
    /// become gangs of single tasks where these are told `apart`.
    pub(super) fn new(
        work: &Work,
        stream: Option<JobStream<'a>>,
        (data, apart): (Option<OwnData>, bool),
    ) -> Result<Self, ReadError> {
        if let Some(mut rest) = stream {
            if apart {
                rest = Box::new(rest.map(|job| Ok(job?.apart())));
            }
            if let Some(OwnData { agents, mut stream }) = data {
                rest = Box::new(rest.map(move |job| Ok(job?.with_data_on(&agents, &mut stream))));
            }
            return Ok(Self::Stream {
                next: rest.next().transpose()?,
                rest,
                open: IdTable::new(),
            });
        }
        let jobs = match work {
            Work::Batch(jobs) | Work::Executors { jobs, .. } => jobs.clone(),
            Work::Service(_) => Jobs::default(),
        };
        let jobs = if apart { jobs.apart() } else { jobs };
        let jobs = match data {
            Some(mut data) => jobs.with_data_on(&data.agents, &mut data.stream),
            None => jobs,
        };
        if let Some(course) = Course::of(&jobs) {
            return Ok(Self::Feedback(Box::new(Waiting::new(jobs, course))));
        }
        let outcomes = Vec::with_capacity(jobs.len());
        Ok(Self::Whole { jobs, outcomes })
    }

    /// When the next job is submitted that waits for no other, if there is one.
    pub(super) fn next_submission(&self) -> Option<Time> {
        match self {
            Self::Whole { jobs, outcomes } => {
                let next = JobId(outcomes.len() as u32);
                (outcomes.len() < jobs.len()).then(|| jobs.submitted(next))
            }
            Self::Stream { next, .. } => next.as_ref().map(OneJob::submitted),
            Self::Feedback(all) => {
                let is_left = (all.next as usize) < all.jobs.len();
                is_left.then(|| all.jobs.submitted(JobId(all.next)))
            }
        }
    }

    /// The jobs whose users submit them before any other ended, with their times.
    pub(super) fn begin(&mut self) -> Vec<(Time, JobId)> {
        match self {
            Self::Whole { .. } | Self::Stream { .. } => Vec::new(),
            Self::Feedback(all) => all.course.begin(),
        }
    }

    /// A job that waited, by its number in the trace, is submitted under the next number.
    pub(super) fn submit_waiting(&mut self, job: JobId, now: Time) {
        match self {
            Self::Whole { .. } | Self::Stream { .. } => unreachable!("nothing waits here"),
            Self::Feedback(all) => all.submit(job, now),
        }
    }

    /// The number in the trace of a job that was submitted.
    pub(super) fn source(&self, id: JobId) -> JobId {
        match self {
            Self::Whole { .. } | Self::Stream { .. } => id,
            Self::Feedback(all) => all.order[id.index()],
        }
    }

    /// The next job that waits for no other is submitted under this number.
    pub(super) fn submit(&mut self, id: JobId, now: Time) -> Result<(), ReadError> {
        match self {
            Self::Whole { outcomes, .. } => outcomes.push(JobOutcome::default()),
            Self::Stream { rest, next, open } => {
                let job = next.take().expect("a next job");
                open.insert(id.0.into(), (job, JobOutcome::default()));
                *next = rest.next().transpose()?;
            }
            Self::Feedback(all) => {
                all.submit(JobId(all.next), now);
                all.next += 1;
                all.skip();
            }
        }
        Ok(())
    }

    /// A job that was submitted and is not over.
    pub(super) fn job(&self, id: JobId) -> Job<'_> {
        match self {
            Self::Whole { jobs, .. } => jobs.get(id),
            Self::Stream { open, .. } => {
                let (job, _) = open.get(id.0.into()).expect("a job that is not over");
                job.numbered(id)
            }
            Self::Feedback(all) => all.jobs.get(all.order[id.index()]),
        }
    }

    /// What its framework is told of a job that was submitted and is not over.
    pub(super) fn spec(&self, id: JobId) -> &Arc<JobSpec> {
        match self {
            Self::Whole { jobs, .. } => jobs.spec(id),
            Self::Stream { open, .. } => {
                let (job, _) = open.get(id.0.into()).expect("a job that is not over");
                job.spec()
            }
            Self::Feedback(all) => all.jobs.spec(all.order[id.index()]),
        }
    }

    /// When a job was submitted that is not over.
    pub(super) fn submitted(&self, id: JobId) -> Time {
        match self {
            Self::Feedback(all) => {
                let at = all.submitted[all.order[id.index()].index()];
                at.expect("a job that was submitted")
            }
            Self::Whole { .. } | Self::Stream { .. } => self.job(id).submitted,
        }
    }

    /// What becomes of it.
    pub(super) fn outcome(&mut self, id: JobId) -> &mut JobOutcome {
        match self {
            Self::Whole { outcomes, .. } => &mut outcomes[id.index()],
            Self::Stream { open, .. } => {
                let open = open.get_mut(id.0.into());
                &mut open.expect("a job that is not over").1
            }
            Self::Feedback(all) => &mut all.outcomes[all.order[id.index()].index()],
        }
    }

    /// A job is over: one of a stream is written and forgotten. Those that are submitted because of its
    /// end, by their numbers in the trace, with their times.
    pub(super) fn over(
        &mut self,
        framework: FrameworkId,
        id: JobId,
        now: Time,
        record: &mut Recorder,
    ) -> Result<Vec<(Time, JobId)>, ReadError> {
        match self {
            Self::Whole { .. } => Ok(Vec::new()),
            Self::Feedback(all) => {
                let job = all.order[id.index()];
                let submitted = all.submitted[job.index()].expect("a job that was submitted");
                Ok(all.course.ended(job, submitted, now))
            }
            Self::Stream { open, .. } => {
                let (job, outcome) = open.remove(id.0.into()).expect("a job that is not over");
                record.job(framework, &job.numbered(id), &outcome)?;
                Ok(Vec::new())
            }
        }
    }

    /// Writes what is not written, of jobs that were never submitted, too.
    pub(super) fn finish(
        self,
        framework: FrameworkId,
        submitted: u32,
        record: &mut Recorder,
    ) -> Result<(), ReadError> {
        match self {
            Self::Whole { jobs, mut outcomes } => {
                outcomes.resize(jobs.len(), JobOutcome::default());
                record.jobs(framework, jobs, outcomes);
            }
            Self::Feedback(all) => {
                record.jobs_in_their_order(
                    framework,
                    all.jobs,
                    all.outcomes,
                    all.submitted,
                    &all.order,
                );
            }
            Self::Stream { rest, next, open } => {
                for (id, (job, outcome)) in open.iter() {
                    record.job(framework, &job.numbered(JobId(id as u32)), outcome)?;
                }
                let left = next.into_iter().map(Ok).chain(rest);
                for (id, job) in (submitted..).zip(left) {
                    record.job(framework, &job?.numbered(JobId(id)), &JobOutcome::default())?;
                }
                record.jobs(framework, Jobs::default(), Vec::new());
            }
        }
        Ok(())
    }
}

impl Scenario<'_> {
    /// Whether the tasks of a gang may differ in how they go on, so that each of them is one of its own: where they
    /// share machines with others, where single attempts are slow, and inside executors.
    pub(super) fn tells_apart(&self, work: &Work) -> bool {
        let in_executors = matches!(work, Work::Executors { .. });
        in_executors || self.costs.stragglers > 0 || Contention::is_followed(self)
    }
}

/// Where the data of a framework lies that keeps it on its own agents.
pub(super) fn data_of(
    framework: FrameworkId,
    scenario: &Scenario<'_>,
    allocator: &dyn Allocator,
) -> OwnData {
    let agents = (0..scenario.trace.agents.len() as u32).map(AgentId);
    OwnData {
        agents: agents
            .filter(|agent| allocator.owner(*agent) == Some(framework))
            .collect(),
        stream: rng::stream(scenario.seed, &format!("data/{framework}")),
    }
}
