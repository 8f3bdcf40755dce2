//! Whose tasks go first inside a framework.

use std::fmt;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng as _;

use crate::job::JobSpec;
use crate::message::JobId;
use crate::mixed::mixed;
use crate::name::{BadName, Name, Param};
use crate::time::{Span, Time};

/// Whose tasks go first inside a framework.
#[derive(Clone, Copy, Default)]
pub enum JobOrder {
    /// The job submitted first.
    #[default]
    Fifo,
    /// The job with the fewest running tasks.
    Fair,
    /// The job of which this is least. It is asked again when tasks of the job
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
    /// When it was submitted.
    pub submitted: Time,
    /// How many of its tasks run.
    pub running: u32,
}

/// Which of several jobs that are equal to an order goes first.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum JobTie {
    /// The one that came first.
    #[default]
    First,
    /// The one that came last.
    Last,
    /// One of them by chance, the same at every look. Holds what the draws follow from.
    Random(u64),
}

impl JobTie {
    /// The parameter that says it.
    pub const TIE: Param = Param {
        key: "tie",
        about: "equal jobs: first, last or random (default first)",
    };

    /// The tie rule that parameter `tie` asks for; a random one draws what its draws follow from.
    ///
    /// # Errors
    /// When there is no such rule.
    pub fn from_name(name: &mut Name, rng: &mut ChaCha8Rng) -> Result<Self, BadName> {
        match name.take(Self::TIE.key).as_deref() {
            None | Some("first") => Ok(Self::First),
            Some("last") => Ok(Self::Last),
            Some("random") => Ok(Self::Random(rng.next_u64())),
            Some(other) => Err(name.bad(Self::TIE.key, other, "first, last or random")),
        }
    }

    /// Where a job stands among its equals: the least goes first, then the lower number.
    pub fn of(self, job: JobId) -> u64 {
        match self {
            Self::First => 0,
            Self::Last => u64::MAX - u64::from(job.0),
            Self::Random(seed) => mixed(seed ^ mixed(job.0.into())),
        }
    }
}

/// Whose tasks go first, and which of equals.
#[derive(Clone, Copy, Debug)]
pub(super) struct Precedence {
    pub(super) order: JobOrder,
    pub(super) tie: JobTie,
}

impl Precedence {
    /// Whether whoever comes stands behind all that came before.
    pub(super) fn is_first_come(self) -> bool {
        (self.order, self.tie) == (JobOrder::Fifo, JobTie::First)
    }

    /// Where a job stands: the least is served first, the lower number when equal.
    pub(super) fn key(self, job: &JobStanding<'_>) -> (u64, u64) {
        (self.order.key(job), self.tie.of(job.job))
    }
}

impl JobOrder {
    /// The job that says it is done soonest; those that say nothing come last.
    pub const SHORTEST: Self =
        Self::Least(|job| job.spec.estimate().map_or(u64::MAX, Span::as_micros));

    fn key(self, job: &JobStanding<'_>) -> u64 {
        match self {
            Self::Fifo => job.submitted.as_micros(),
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
