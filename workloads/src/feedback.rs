//! Jobs whose submission waits for the end of others: what a user submits next depends on when the
//! last job came back.
//!
//! An open workload submits its jobs whatever the cluster does. Real users wait for results and think
//! before they go on, so that a slow cluster throttles its own load (Feitelson, "Resampling with
//! Feedback", Euro-Par 2016; Shmueli and Feitelson, IEEE TPDS 20(6), 2009). Here is which jobs wait and
//! for what; whoever runs a trace follows it with a [`Course`].

use std::sync::Arc;

use fairground_policies::message::JobId;
use fairground_policies::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::jobs::{Jobs, Runtimes, Stage};

/// Which jobs of a framework wait for the end of others, and for how long after it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Feedback {
    /// By job: the one it follows. A job without one is submitted at its own time.
    Preceding(Vec<Option<After>>),
    /// All jobs are those of users who have one at a time.
    Users(Users),
}

/// A job is submitted some time after the end of another.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct After {
    /// The job that has to end, however it ends.
    pub job: JobId,
    /// From then to the submission.
    pub think: Span,
}

/// Users of a closed system: each thinks, submits a job, waits for its end, and begins again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Users {
    /// When each phase ends, in order; after the last nobody submits.
    ends: Vec<Time>,
    /// By user and then phase: the jobs, in the order in which they are submitted. There are enough of
    /// them for a cluster on which no task ever waits.
    lists: Vec<Vec<JobId>>,
    /// By job.
    turns: Vec<Place>,
}

/// The place of a job among those of a closed system.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Place {
    user: u32,
    /// How long that user thinks before submitting it.
    think: Span,
    /// How long it takes at the least. Nobody comes back sooner, whatever becomes of the job: there would
    /// not be enough jobs of a user whose jobs can never run and are answered at once.
    least: Span,
}

/// One turn of a user of a closed system.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Which user, counted from zero.
    pub user: u32,
    /// In which phase, counted from zero.
    pub phase: u32,
    /// When it is submitted at the earliest.
    pub earliest: Time,
    /// How long the user thinks before it.
    pub think: Span,
    /// What people call the job.
    pub label: String,
    /// Whether its tasks start together.
    pub gang: bool,
    /// Its stages.
    pub stages: Vec<Stage>,
}

impl Jobs {
    /// The jobs of `users` users in phases that end at `ends`; the turns of one user in one phase come
    /// in their order. In the trace a job has the earliest time at which it can be submitted.
    ///
    /// # Panics
    /// When a turn names a user or a phase that is not there.
    pub fn closed(users: u32, ends: Vec<Time>, mut turns: Vec<Turn>) -> Self {
        turns.sort_by_key(|turn| (turn.earliest, turn.user, turn.phase));
        let mut jobs = Self::default();
        let mut all = Users {
            lists: vec![Vec::new(); users as usize * ends.len()],
            turns: Vec::with_capacity(turns.len()),
            ends,
        };
        for (id, turn) in (0..).map(JobId).zip(turns) {
            let list = turn.user as usize * all.ends.len() + turn.phase as usize;
            all.lists[list].push(id);
            all.turns.push(Place {
                user: turn.user,
                think: turn.think,
                least: least_time(&turn.stages),
            });
            jobs.push(&turn.label, turn.earliest, turn.gang, turn.stages);
        }
        jobs.with_feedback(Feedback::Users(all))
    }
}

impl Users {
    /// How many there are.
    pub fn count(&self) -> u32 {
        (self.lists.len() / self.ends.len().max(1)) as u32
    }

    /// The turns of all users in one phase, as [`Jobs::closed`] takes them; `jobs` are theirs.
    pub(crate) fn turns<'a>(
        &'a self,
        jobs: &'a Jobs,
        phase: u32,
    ) -> impl Iterator<Item = Turn> + 'a {
        let lists = self.lists.iter().skip(phase as usize);
        let lists = lists.step_by(self.ends.len().max(1));
        lists.flatten().map(move |id| {
            let Place { user, think, .. } = self.turns[id.index()];
            let job = jobs.get(*id);
            let stages = job.stages();
            Turn {
                user,
                phase,
                earliest: job.submitted,
                think,
                label: job.label.to_owned(),
                gang: job.spec.gang,
                stages: stages
                    .map(|(spec, times)| (spec.clone(), times.map(<[Span]>::to_vec)))
                    .collect(),
            }
        })
    }
}

/// How far the jobs of one run are that wait for others.
#[derive(Clone, Debug)]
pub struct Course {
    feedback: Arc<Feedback>,
    /// Of a log: jobs with those that follow them, sorted.
    followers: Vec<(JobId, JobId)>,
    /// Of a closed system, by user and phase: how many jobs of the list were taken.
    taken: Vec<u32>,
}

impl Course {
    /// That of `jobs` before any was submitted; `None` when none waits for another.
    pub fn of(jobs: &Jobs) -> Option<Self> {
        let feedback = Arc::clone(jobs.feedback()?);
        let (mut followers, mut taken) = (Vec::new(), Vec::new());
        match &*feedback {
            Feedback::Preceding(after) => {
                let ids = (0..).map(JobId);
                let pairs = after.iter().zip(ids);
                followers.extend(pairs.filter_map(|(after, id)| Some(((*after)?.job, id))));
                followers.sort_unstable();
            }
            Feedback::Users(users) => taken.resize(users.lists.len(), 0),
        }
        Some(Self {
            feedback,
            followers,
            taken,
        })
    }

    /// Whether a job waits for another, or for its user.
    pub fn waits(&self, job: JobId) -> bool {
        match &*self.feedback {
            Feedback::Preceding(after) => after[job.index()].is_some(),
            Feedback::Users(_) => true,
        }
    }

    /// The jobs that users of a closed system submit first, with their times: they begin by thinking.
    pub fn begin(&mut self) -> Vec<(Time, JobId)> {
        let users = match &*self.feedback {
            Feedback::Preceding(_) => 0,
            Feedback::Users(users) => users.count(),
        };
        let first = (0..users).filter_map(|user| self.next_of(user, Time::ZERO));
        first.collect()
    }

    /// A job ended that was submitted then: those that are submitted because of it, with their times.
    pub fn ended(&mut self, job: JobId, submitted: Time, now: Time) -> Vec<(Time, JobId)> {
        match &*self.feedback {
            Feedback::Preceding(after) => {
                let first = self.followers.partition_point(|(whose, _)| *whose < job);
                let mine = self.followers[first..].iter();
                let mine = mine.take_while(|(whose, _)| *whose == job);
                mine.map(|(_, next)| {
                    let think = after[next.index()].map_or(Span::ZERO, |after| after.think);
                    (now + think, *next)
                })
                .collect()
            }
            Feedback::Users(users) => {
                let Place { user, least, .. } = users.turns[job.index()];
                let back = now.max(submitted + least);
                self.next_of(user, back).into_iter().collect()
            }
        }
    }

    /// What a user submits who begins to think now: a job of the phase that it is.
    fn next_of(&mut self, user: u32, now: Time) -> Option<(Time, JobId)> {
        let Feedback::Users(users) = &*self.feedback else {
            return None;
        };
        let mut begins = now;
        let current = users.ends.partition_point(|end| *end <= now);
        for (phase, end) in users.ends.iter().enumerate().skip(current) {
            let list = user as usize * users.ends.len() + phase;
            if let Some(job) = users.lists[list].get(self.taken[list] as usize) {
                let at = begins + users.turns[job.index()].think;
                if users.ends.last().is_some_and(|end| at >= *end) {
                    return None;
                }
                self.taken[list] += 1;
                return Some((at, *job));
            }
            // Who has no job left in a phase begins again with the next one.
            begins = *end;
        }
        None
    }
}

/// The least time in which a job can be done, whatever the cluster; never none at all, or a user might
/// submit for ever at one time.
pub(crate) fn least_time(stages: &[Stage]) -> Span {
    let longest = |times: &[Span]| times.iter().max().copied().unwrap_or_default();
    let mut ends: Vec<Span> = Vec::with_capacity(stages.len());
    for (stage, times) in stages {
        let parents = stage.parents.iter().map(|parent| ends[*parent as usize]);
        let parents = parents.max().unwrap_or_default();
        let (alone, after) = match times {
            Runtimes::Plain { local, .. } => (longest(local), longest(local)),
            Runtimes::Reduce { copy, work } => {
                let both = copy.iter().zip(work).map(|(copy, work)| *copy + *work);
                (both.max().unwrap_or_default(), longest(work))
            }
            Runtimes::Waves { fresh, first, rest } => {
                let least = fresh.iter().zip(first).zip(rest);
                let least = least.map(|((fresh, first), rest)| *fresh.min(first).min(rest));
                let least = least.max().unwrap_or_default();
                (least, least)
            }
        };
        // Behind a barrier a stage begins when its parents are done; a reduce that does not wait for
        // that works only then; anything else may have begun with them.
        let end = match (stage.start_after, times) {
            (1000, _) => parents + alone,
            (_, Runtimes::Reduce { .. }) => alone.max(parents + after),
            _ => alone,
        };
        ends.push(end.max(parents));
    }
    let last = ends.into_iter().max().unwrap_or_default();
    last.max(Span::from_micros(1))
}

#[cfg(test)]
mod tests {
    use fairground_policies::job::StageSpec;
    use fairground_policies::resources::Resources;

    use super::*;

    const fn secs(secs: u64) -> Span {
        Span::from_secs(secs)
    }

    fn stage(parents: &[u32], start_after: u16, times: Runtimes) -> Stage {
        let spec = StageSpec {
            parents: parents.to_vec(),
            start_after,
            ..StageSpec::new(Resources::cores(1, 1), 2)
        };
        (spec, times)
    }

    fn plain(times: [u64; 2]) -> Runtimes {
        let local = times.map(secs).to_vec();
        Runtimes::Plain { local, away: 2000 }
    }

    fn reduce(copy: u64, work: u64) -> Runtimes {
        let [copy, work] = [copy, work].map(|time| vec![secs(time); 2]);
        Runtimes::Reduce { copy, work }
    }

    #[test]
    fn no_cluster_is_faster_than_the_fastest() {
        let maps = || stage(&[], 1000, plain([10, 30]));
        for (stages, least) in [
            (vec![maps()], 30),
            (vec![maps(), stage(&[0], 1000, plain([5, 1]))], 35),
            (vec![maps(), stage(&[0], 500, plain([5, 1]))], 30),
            (vec![maps(), stage(&[0], 1000, reduce(4, 2))], 36),
            (vec![maps(), stage(&[0], 50, reduce(4, 2))], 32),
            (vec![maps(), stage(&[0], 50, reduce(40, 2))], 42),
        ] {
            assert_eq!(least_time(&stages), secs(least), "{stages:?}");
        }
        assert_eq!(least_time(&[]), Span::from_micros(1));
    }
}
