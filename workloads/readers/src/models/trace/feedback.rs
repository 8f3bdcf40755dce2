//! Which jobs of a trace wait for others: as the log says, or as its users behaved.

use std::collections::{BTreeMap, BinaryHeap, HashMap};

use fairground_policies::message::JobId;
use fairground_policies::time::{Span, Time};
use fairground_workloads::models::trace::FeedbackMode;
use serde::{Deserialize, Serialize};

use super::read::Brief;
use crate::feedback::{After, Feedback};
use crate::models::arrivals::assumption;
use crate::trace::Assumption;

/// What a row says of the job before it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Before {
    /// The name of the job.
    pub(super) job: String,
    /// How long after its end this one was submitted.
    pub(super) think: Option<Span>,
}

/// What became of the jobs that were to wait for another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Became {
    Waits,
    Outside,
    Ambiguous,
    Loop,
    NoThink,
    NoEnd,
}

impl Became {
    /// What is assumed, and how.
    const fn told(self, mode: FeedbackMode) -> (&'static str, &'static str) {
        match (self, mode) {
            (Self::Waits, FeedbackMode::Logged) => (
                "feedback",
                "jobs that name a preceding one are submitted their think time after its end in the \
                 replay, whether it finished or could never run",
            ),
            (Self::Waits, FeedbackMode::User) => (
                "feedback",
                "a job is submitted so long after the end of its user's last job that had ended \
                 before as in the log, whether that finished or could never run",
            ),
            (Self::Outside, _) => (
                "jobs that wait for one which is not replayed, or of another framework",
                "submitted at their logged times",
            ),
            (Self::Ambiguous, _) => (
                "jobs that wait for a name which several jobs have",
                "submitted at their logged times",
            ),
            (Self::Loop, _) => (
                "jobs that wait for each other in a circle",
                "submitted at their logged times",
            ),
            (Self::NoThink, _) => ("think times that are not told", "none"),
            (Self::NoEnd, _) => (
                "jobs whose end the log does not tell",
                "no job of their users waits for them",
            ),
        }
    }
}

/// The jobs of one framework that are replayed, as they come.
pub(super) struct Links {
    mode: FeedbackMode,
    /// The longest pause of a session.
    session: Span,
    /// Numbers by name; nothing for a name that several have.
    names: HashMap<String, Option<JobId>>,
    /// By job.
    before: Vec<Option<Box<Before>>>,
    after: Vec<Option<After>>,
    /// By tenant.
    users: BTreeMap<u64, User>,
    became: BTreeMap<Became, u64>,
}

/// What a user has under way, and what ended last.
#[derive(Default)]
struct User {
    /// Logged ends, the soonest first.
    running: BinaryHeap<std::cmp::Reverse<(Time, JobId)>>,
    last: Option<(Time, JobId)>,
}

impl Links {
    pub(super) fn new(mode: FeedbackMode, session: Span) -> Self {
        Self {
            mode,
            session,
            names: HashMap::new(),
            before: Vec::new(),
            after: Vec::new(),
            users: BTreeMap::new(),
            became: BTreeMap::new(),
        }
    }

    /// One more job, in order of submission.
    pub(super) fn add(&mut self, job: &Brief) {
        let id = JobId(self.before.len() as u32);
        self.before.push(job.before.clone());
        let after = match self.mode {
            FeedbackMode::Logged => {
                let known = self.names.entry(job.name.clone());
                known.and_modify(|id| *id = None).or_insert(Some(id));
                None
            }
            FeedbackMode::User => self.behind(id, job),
        };
        self.after.push(after);
    }

    fn count(&mut self, became: Became) {
        *self.became.entry(became).or_default() += 1;
    }

    /// The job of the same user that ended last before this one came.
    fn behind(&mut self, id: JobId, job: &Brief) -> Option<After> {
        let user = self.users.entry(job.tenant?).or_default();
        while let Some(std::cmp::Reverse((end, ended))) = user.running.peek().copied()
            && end <= job.submitted
        {
            user.running.pop();
            user.last = Some((end, ended));
        }
        let last = user.last;
        match job.logged_end() {
            Some(end) => user.running.push(std::cmp::Reverse((end, id))),
            None => self.count(Became::NoEnd),
        }
        let (end, job_before) = last?;
        let think = job.submitted.since(end);
        (think <= self.session).then(|| {
            self.count(Became::Waits);
            After {
                job: job_before,
                think,
            }
        })
    }

    /// What waits for what, if anything does, and what is to be said of it.
    pub(super) fn finish(mut self) -> (Option<Feedback>, Vec<Assumption>) {
        if self.mode == FeedbackMode::Logged {
            self.resolve();
        }
        let mode = self.mode;
        let mut said: Vec<Assumption> = self
            .became
            .iter()
            .map(|(became, count)| {
                let s = if *count == 1 { "" } else { "s" };
                let (about, model) = became.told(mode);
                assumption(about, format!("{model} (of {count} job{s})"))
            })
            .collect();
        if mode == FeedbackMode::User {
            let model = format!("after a pause of more than {}", self.session);
            said.push(assumption("a new session, at its logged time", model));
        }
        if !self.became.contains_key(&Became::Waits) {
            said.push(assumption(
                "feedback",
                "no job that is replayed waits for another",
            ));
            return (None, said);
        }
        (Some(Feedback::Preceding(self.after)), said)
    }

    /// Looks the names up, and cuts what goes round.
    fn resolve(&mut self) {
        for (id, before) in (0..).map(JobId).zip(std::mem::take(&mut self.before)) {
            let Some(before) = before else {
                continue;
            };
            match self.names.get(&before.job).copied() {
                Some(Some(job)) => {
                    if before.think.is_none() {
                        self.count(Became::NoThink);
                    }
                    self.count(Became::Waits);
                    self.after[id.index()] = Some(After {
                        job,
                        think: before.think.unwrap_or_default(),
                    });
                }
                Some(None) => self.count(Became::Ambiguous),
                None => self.count(Became::Outside),
            }
        }
        let circles = circles(&self.after);
        for id in circles {
            self.after[id.index()] = None;
            self.count(Became::Loop);
            match self.became.get_mut(&Became::Waits) {
                Some(1) => {
                    self.became.remove(&Became::Waits);
                }
                Some(count) => *count -= 1,
                None => {}
            }
        }
    }
}

/// The jobs that wait for themselves, by way of others or not.
fn circles(after: &[Option<After>]) -> Vec<JobId> {
    // The walk on which a job was met first, counted from one.
    let mut met = vec![0_u32; after.len()];
    let mut found = Vec::new();
    for (walk, first) in (1..).zip(0..after.len()) {
        let mut at = first;
        while met[at] == 0 {
            met[at] = walk;
            let Some(next) = after[at] else {
                break;
            };
            at = next.job.index();
        }
        if met[at] != walk || after[at].is_none() {
            continue;
        }
        let begin = at;
        loop {
            found.push(JobId(at as u32));
            at = after[at].map_or(begin, |next| next.job.index());
            if at == begin {
                break;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `.` for a job that waits for none, or the number of the one it waits for.
    fn check(waits: &str, expected: &[u32]) {
        let after = |text: &str| {
            let job = JobId(text.parse().ok()?);
            let think = Span::ZERO;
            Some(After { job, think })
        };
        let after: Vec<_> = waits.split(' ').map(after).collect();
        let found: Vec<u32> = circles(&after).iter().map(|id| id.0).collect();
        assert_eq!(found, expected, "{waits}");
    }

    #[test]
    fn circles_are_found_and_what_hangs_on_them_is_none() {
        check(".", &[]);
        check(". 0 1 1", &[]);
        check("0", &[0]);
        check("1 0", &[0, 1]);
        // Two wait for one in a circle of three, one for the job outside.
        check("1 2 0 0 3 . 5", &[0, 1, 2]);
        // A circle that is met from outside first, and another.
        check("2 2 3 1 5 4", &[2, 3, 1, 4, 5]);
    }
}
