//! Jobs that were written down, read again.

use fairground_policies::job::JobSpec;
use fairground_policies::message::JobId;
use fairground_policies::time::Time;
use serde::{Deserialize, Deserializer, de};

use super::apart::times_of;
use super::{Jobs, Runtimes};
use crate::feedback::Feedback;

impl<T> Runtimes<Vec<T>> {
    /// Of how many tasks they are; nothing where lists differ.
    fn tasks(&self) -> Option<usize> {
        let lists = match self {
            Self::Plain { local, .. } => [local; 3],
            Self::Reduce { copy, work } => [copy, work, work],
            Self::Waves { fresh, first, rest } => [fresh, first, rest],
        };
        let tasks = lists[0].len();
        lists
            .iter()
            .all(|list| list.len() == tasks)
            .then_some(tasks)
    }
}

/// A job as it is written.
type Written = (String, Time, (JobId, JobSpec), Vec<Runtimes>);

/// The jobs, and what they wait for if any does.
#[derive(Deserialize)]
#[serde(untagged)]
enum AllWritten {
    Open(Vec<Written>),
    Waiting(Vec<Written>, Feedback),
}

/// What was measured of jobs is not written.
impl<'de> Deserialize<'de> for Jobs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (written, feedback) = match AllWritten::deserialize(deserializer)? {
            AllWritten::Open(jobs) => (jobs, None),
            AllWritten::Waiting(jobs, feedback) => (jobs, Some(feedback)),
        };
        let mut jobs = Self::default();
        let mut last = Time::ZERO;
        for (label, submitted, (id, spec), runtimes) in written {
            let lengths = runtimes.iter().map(Runtimes::tasks);
            let fits = lengths.eq(spec
                .stages
                .iter()
                .map(|stage| Some(times_of(stage) as usize)));
            if !fits || submitted < last || id.index() != jobs.len() {
                let expected =
                    "jobs by submission and number, with a run time for each of their tasks";
                return Err(de::Error::custom(format!(
                    "expected {expected}; job {id} is not so"
                )));
            }
            last = submitted;
            let stages = spec.stages.into_iter().zip(runtimes).collect();
            jobs.push(&label, submitted, spec.gang, stages);
            jobs.due(spec.deadline);
        }
        Ok(match feedback {
            None => jobs,
            Some(feedback) => jobs.with_feedback(feedback),
        })
    }
}
