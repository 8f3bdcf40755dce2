//! When the jobs of a synthetic workload are submitted: at random times that know nothing of the
//! cluster (open), or by users each of whom waits for the last job and thinks (closed).
//!
//! The closed system is the classical interactive one (Denning and Buzen, ACM Computing Surveys 10(3),
//! 1978): `N` users, response time `R`, think time `Z` and throughput `X` obey `N = X (R + Z)`, whatever
//! the cluster does. An open workload and a closed one may rank policies differently (Schroeder,
//! Wierman and Harchol-Balter, NSDI 2006).

use fairground_policies::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::error::ReadError;
use crate::feedback::{Turn, least_time};
use crate::models::arrivals::{Arrivals, Day, assumption, told};
use crate::models::jobs::{Jobs, MOST_TASKS_IN_ALL, Stage};
use crate::models::parts::positive;
use crate::rng::Stream;
use crate::spec::SpecContext;
use crate::trace::{self, Assumption};

/// More jobs than this are taken for a mistake in the recipe.
const MOST_TURNS: usize = 10_000_000;

/// Users in place of arrivals.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosedSpec {
    /// How many there are. Each thinks, submits a job, waits for its end, and begins again until the
    /// duration ends.
    pub users: u32,
    /// How long they think.
    #[serde(default)]
    pub think: Span,
    /// How think times are drawn.
    #[serde(default)]
    pub times: ThinkTimes,
}

/// How think times are drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThinkTimes {
    /// From an exponential distribution with `think` as its mean.
    #[default]
    Exponential,
    /// All are `think`.
    Fixed,
}

/// A job before it is known when it is submitted.
pub struct Draft {
    /// What people call it.
    pub label: String,
    /// Whether its tasks start together.
    pub gang: bool,
    /// Its stages, parents first.
    pub stages: Vec<Stage>,
}

/// What a workload says of its submissions.
#[derive(Clone, Copy)]
pub struct Submissions {
    /// The mean time between two of them.
    pub gap: Option<Span>,
    /// How the rate changes with the time of day.
    pub day: Option<Day>,
    /// Gap and day of which nothing is said.
    pub usual: (Span, Day),
    /// At most so many, or so many of each user.
    pub jobs: Option<u32>,
    /// Users in place of gaps and days.
    pub closed: Option<ClosedSpec>,
}

impl ClosedSpec {
    /// Checks the parameters.
    ///
    /// # Errors
    /// The first that makes no sense.
    pub fn check(&self) -> Result<(), ReadError> {
        positive(u64::from(self.users), "closed.users")
    }

    fn think(&self, stream: &mut Stream) -> Span {
        match self.times {
            ThinkTimes::Fixed => self.think,
            ThinkTimes::Exponential => stream.exponential(self.think),
        }
    }

    fn told(&self, jobs: Option<u32>) -> Assumption {
        let users = self.users;
        let think = match (self.times, self.think) {
            (_, Span::ZERO) => "none".to_owned(),
            (ThinkTimes::Fixed, think) => think.to_string(),
            (ThinkTimes::Exponential, think) => format!("exponential, {think} in the mean"),
        };
        let most = jobs.map_or(String::new(), |jobs| format!(", at most {jobs} jobs each"));
        let model = format!(
            "closed: {users} users, each of whom thinks, submits a job, waits for its end and begins \
             again until the duration ends{most}; think time {think}"
        );
        assumption("arrivals", model)
    }
}

impl Submissions {
    /// Checks the parameters.
    ///
    /// # Errors
    /// The first that makes no sense.
    pub fn check(&self) -> Result<(), ReadError> {
        let Some(closed) = &self.closed else {
            return self.open().1.check();
        };
        closed.check()?;
        let why = "the users of `closed` submit when they have thought";
        if let Some(gap) = self.gap {
            return Err(ReadError::ignored("parameter `gap`", why, gap));
        }
        let day = self
            .day
            .map(|_| ReadError::ignored("parameter `day`", why, "one"));
        day.map_or(Ok(()), Err)
    }

    /// Gap and day where there are no users.
    fn open(&self) -> (Span, Day) {
        let (gap, day) = self.usual;
        (self.gap.unwrap_or(gap), self.day.unwrap_or(day))
    }

    /// What is to be said of it in a report.
    pub fn told(&self) -> Assumption {
        let (gap, day) = self.open();
        match &self.closed {
            None => told(gap, day, self.jobs),
            Some(closed) => closed.told(self.jobs),
        }
    }

    /// The jobs that `draw` makes, as long as it makes some.
    ///
    /// # Errors
    /// When parameters and horizon ask for absurdly much.
    pub fn collect(
        &self,
        context: &SpecContext<'_>,
        mut draw: impl FnMut() -> Option<Draft>,
    ) -> Result<trace::Jobs, ReadError> {
        if let Some(closed) = &self.closed {
            return self.of_users(closed, context, draw);
        }
        let (stream, horizon) = (context.stream("arrivals"), context.horizon);
        let (gap, day) = self.open();
        let arrivals = Arrivals::new(stream, gap, day, horizon, self.jobs)?;
        let mut jobs = Jobs::default();
        for submitted in arrivals {
            let Some(job) = draw() else {
                break;
            };
            jobs.push(&job.label, submitted, job.gang, job.stages)?;
        }
        Ok(jobs.finish())
    }

    /// As many jobs of each user as fit into the horizon when no task ever waits: under no policy can
    /// there be more, so that all policies meet the same ones.
    fn of_users(
        &self,
        closed: &ClosedSpec,
        context: &SpecContext<'_>,
        mut draw: impl FnMut() -> Option<Draft>,
    ) -> Result<trace::Jobs, ReadError> {
        let mut thinks = context.stream("think");
        let end = Time::ZERO + context.horizon;
        let most = self.jobs.map_or(usize::MAX, |jobs| jobs as usize);
        let (mut turns, mut tasks) = (Vec::new(), 0);
        for user in 0..closed.users {
            let (mut now, first) = (Time::ZERO, turns.len());
            while now < end && turns.len() - first < most {
                let Some(job) = draw() else {
                    break;
                };
                let think = closed.think(&mut thinks);
                let earliest = now + think;
                now = earliest + least_time(&job.stages);
                let count = job.stages.iter().map(|(stage, _)| u64::from(stage.tasks));
                tasks += count.sum::<u64>();
                if tasks > MOST_TASKS_IN_ALL || turns.len() >= MOST_TURNS {
                    let most = format!("at most {MOST_TURNS} jobs and {MOST_TASKS_IN_ALL} tasks");
                    let error = ReadError::expected(most, "more").place("parameter `closed`");
                    let hint = "shorten the duration, or let users be fewer or think longer";
                    return Err(error.hint(hint));
                }
                turns.push(Turn {
                    user,
                    phase: 0,
                    earliest,
                    think,
                    label: job.label,
                    gang: job.gang,
                    stages: job.stages,
                });
            }
        }
        Ok(trace::Jobs::closed(closed.users, vec![end], turns))
    }
}
