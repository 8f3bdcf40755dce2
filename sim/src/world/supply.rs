//! Where the jobs of a framework come from: all from memory, or one by one.

use std::fmt;

use fairground_policies::message::{AgentId, FrameworkId, JobId};
use fairground_policies::time::Time;
use fairground_policies::window::Window;
use fairground_workloads::ReadError;
use fairground_workloads::rng::Stream;
use fairground_workloads::trace::{Job, JobStream, Jobs, OneJob, Work};

use crate::record::Recorder;
use crate::run::Fate;

/// The jobs of a framework, and what becomes of them.
pub(super) enum Supply<'a> {
    /// All are there from the beginning to the end.
    Whole {
        jobs: Jobs,
        /// Of those that were submitted.
        fates: Vec<Fate>,
    },
    /// They come in order, and are kept until they are over.
    Stream {
        rest: JobStream<'a>,
        next: Option<OneJob>,
        open: Window<(OneJob, Fate)>,
    },
}

impl fmt::Debug for Supply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole { jobs, .. } => write!(f, "{} jobs", jobs.len()),
            Self::Stream { open, .. } => write!(f, "{} jobs that are not over", open.len()),
        }
    }
}

/// The data of a framework that has it on agents of its own.
pub(super) struct OwnData {
    pub(super) agents: Vec<AgentId>,
    /// For the draws of where it lies on them.
    pub(super) stream: Stream,
}

impl<'a> Supply<'a> {
    /// Those of `stream`, or of `work` if there is none; with `data`, wherever the trace has theirs.
    pub(super) fn new(
        work: &Work,
        stream: Option<JobStream<'a>>,
        data: Option<OwnData>,
    ) -> Result<Self, ReadError> {
        if let Some(mut rest) = stream {
            if let Some(OwnData { agents, mut stream }) = data {
                rest = Box::new(rest.map(move |job| Ok(job?.with_data_on(&agents, &mut stream))));
            }
            return Ok(Self::Stream {
                next: rest.next().transpose()?,
                rest,
                open: Window::new(),
            });
        }
        let jobs = match work {
            Work::Batch(jobs) | Work::Executors { jobs, .. } => jobs.clone(),
            Work::Service(_) => Jobs::default(),
        };
        let jobs = match data {
            Some(mut data) => jobs.with_data_on(&data.agents, &mut data.stream),
            None => jobs,
        };
        let fates = Vec::with_capacity(jobs.len());
        Ok(Self::Whole { jobs, fates })
    }

    /// When the next job is submitted, if there is one.
    pub(super) fn next_submission(&self) -> Option<Time> {
        match self {
            Self::Whole { jobs, fates } => {
                let next = JobId(fates.len() as u32);
                (fates.len() < jobs.len()).then(|| jobs.get(next).submitted)
            }
            Self::Stream { next, .. } => next.as_ref().map(OneJob::submitted),
        }
    }

    /// The next job is submitted under this number.
    pub(super) fn submit(&mut self, id: JobId) -> Result<(), ReadError> {
        match self {
            Self::Whole { fates, .. } => fates.push(Fate::default()),
            Self::Stream { rest, next, open } => {
                let job = next.take().expect("a next job");
                open.insert(id.0.into(), (job, Fate::default()));
                *next = rest.next().transpose()?;
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
        }
    }

    /// What becomes of it.
    pub(super) fn fate(&mut self, id: JobId) -> &mut Fate {
        match self {
            Self::Whole { fates, .. } => &mut fates[id.index()],
            Self::Stream { open, .. } => {
                let open = open.get_mut(id.0.into());
                &mut open.expect("a job that is not over").1
            }
        }
    }

    /// A job is over: one of a stream is written and forgotten.
    pub(super) fn over(
        &mut self,
        framework: FrameworkId,
        id: JobId,
        record: &mut Recorder,
    ) -> Result<(), ReadError> {
        match self {
            Self::Whole { .. } => Ok(()),
            Self::Stream { open, .. } => {
                let (job, fate) = open.remove(id.0.into()).expect("a job that is not over");
                record.job(framework, &job.numbered(id), &fate)
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
            Self::Whole { jobs, mut fates } => {
                fates.resize(jobs.len(), Fate::default());
                record.jobs(framework, jobs, fates);
            }
            Self::Stream { rest, next, open } => {
                for (id, (job, fate)) in open.iter() {
                    record.job(framework, &job.numbered(JobId(id as u32)), fate)?;
                }
                let left = next.into_iter().map(Ok).chain(rest);
                for (id, job) in (submitted..).zip(left) {
                    record.job(framework, &job?.numbered(JobId(id)), &Fate::default())?;
                }
                record.jobs(framework, Jobs::default(), Vec::new());
            }
        }
        Ok(())
    }
}
