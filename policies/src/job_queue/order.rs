//! Whose tasks go first inside a framework.

use std::fmt;

use crate::job::JobSpec;
use crate::message::JobId;
use crate::time::Span;

/// Whose tasks go first inside a framework.
#[derive(Clone, Copy, Default)]
pub enum JobOrder {
    /// The job submitted first.
    #[default]
    Fifo,
    /// The job with the fewest running tasks, the earlier one when equal.
    Fair,
    /// The job of which this is least, the earlier one when equal. It is asked again when tasks of the job
    /// start or end, so it must follow from nothing else that changes.
    Least(fn(&JobStanding<'_>) -> u64),
}

/// What a job's place in an order may follow from.
#[derive(Clone, Copy, Debug)]
pub struct JobStanding<'a> {
    /// Its number, in order of submission.
    pub job: JobId,
    /// What it said when it was submitted.
    pub spec: &'a JobSpec,
    /// How many of its tasks run.
    pub running: u32,
}

impl JobOrder {
    /// The job that says it is done soonest; those that say nothing come last.
    pub const SHORTEST: Self =
        Self::Least(|job| job.spec.estimate().map_or(u64::MAX, Span::as_micros));

    /// Where a job stands: the least is served first.
    pub(super) fn key(self, job: &JobStanding<'_>) -> u64 {
        match self {
            Self::Fifo => 0,
            Self::Fair => job.running.into(),
            Self::Least(key) => key(job),
        }
    }
}

impl PartialEq for JobOrder {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Fifo, Self::Fifo) | (Self::Fair, Self::Fair) => true,
            (Self::Least(key), Self::Least(other)) => std::ptr::fn_addr_eq(*key, *other),
            _ => false,
        }
    }
}

impl fmt::Debug for JobOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fifo => "Fifo",
            Self::Fair => "Fair",
            Self::Least(_) => "Least",
        })
    }
}
