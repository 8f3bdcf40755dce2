//! Copies of tasks that run for too long: whichever attempt is done first counts.
//!
//! The rule is Spark's (`spark.speculation`): once a part of a stage's tasks is done, the quantile, a task
//! that has run longer than so many times the median of those, the multiplier, may run a second time on
//! another agent. A framework knows what it was told: when it launched a task and when it heard of its end.

use std::collections::{BTreeMap, BTreeSet};

use crate::job_queue::WorkUnit;
use crate::message::{AgentId, JobId, Outcome, TaskId};
use crate::schedulers::Speculation;
use crate::time::{Span, Time};

/// No task is taken for slow before it ran so long (Spark: `spark.speculation.minTaskRuntime`).
const LEAST: Span = Span::from_millis(100);

/// The attempts of one framework's tasks, and which of them are to have copies.
#[derive(Debug)]
pub(super) struct Copies {
    rule: Speculation,
    /// Of tasks that are not done.
    attempts: BTreeMap<WorkUnit, Vec<UnitAttempt>>,
    stages: BTreeMap<(JobId, u32), StageCopies>,
    /// When the first task of a stage will have run for too long.
    due: BTreeSet<(Time, JobId, u32)>,
    /// Tasks that are to have a copy.
    wanted: BTreeSet<WorkUnit>,
    /// Attempts at tasks that another attempt has done, until they are reported.
    beaten: BTreeSet<TaskId>,
    /// Whether more are to have copies than anybody was told of.
    new_work: bool,
}

#[derive(Clone, Copy, Debug)]
struct UnitAttempt {
    task: TaskId,
    agent: AgentId,
    since: Time,
    is_copy: bool,
}

#[derive(Default, Debug)]
struct StageCopies {
    tasks: u32,
    /// How long each took of those that are done, in order.
    took: Vec<Span>,
    /// Since when tasks run of which there is one attempt, with their positions.
    alone: BTreeSet<(Time, u32)>,
    /// When the first of them has run for too long.
    due: Option<Time>,
}

/// What follows from the end of an attempt.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Follows {
    /// The task was done before.
    Nothing,
    /// Another attempt goes on.
    GoesOn,
    /// It is the task's end; these other attempts are of no use any more.
    Ends(Vec<TaskId>),
}

impl StageCopies {
    /// How long a task runs before it is taken for slow, if that can be said.
    fn patience(&self, rule: Speculation) -> Option<Span> {
        let enough = u64::from(self.tasks) * u64::from(rule.quantile) / 1000;
        let done = self.took.len();
        if self.tasks < 2 || (done as u64) < enough.max(1) {
            return None;
        }
        let middle = |at: usize| self.took[at].as_micros();
        let median = Span::from_micros(middle((done - 1) / 2).midpoint(middle(done / 2)));
        Some(median.scaled(rule.multiplier.into(), 1000).max(LEAST))
    }
}

impl Copies {
    pub(super) const fn new(rule: Speculation) -> Self {
        Self {
            rule,
            attempts: BTreeMap::new(),
            stages: BTreeMap::new(),
            due: BTreeSet::new(),
            wanted: BTreeSet::new(),
            beaten: BTreeSet::new(),
            new_work: false,
        }
    }

    /// When the next task will have run for too long.
    pub(super) fn wake_at(&self) -> Option<Time> {
        self.due.first().map(|(at, ..)| *at)
    }

    /// Tasks that are to have copies, in order.
    pub(super) fn wanted(&self) -> impl Iterator<Item = WorkUnit> {
        self.wanted.iter().copied()
    }

    /// How many those are.
    pub(super) fn count(&self) -> u64 {
        self.wanted.len() as u64
    }

    /// Whether there are more than when this was asked last.
    pub(super) const fn take_new_work(&mut self) -> bool {
        std::mem::replace(&mut self.new_work, false)
    }

    /// Whether the task may have a copy on `agent`: one where it is slow would be as slow.
    pub(super) fn may_run_on(&self, unit: WorkUnit, agent: AgentId) -> bool {
        let attempts = self.attempts.get(&unit);
        attempts.is_none_or(|all| all.iter().all(|one| one.agent != agent))
    }

    /// Whether another attempt at the task has done its work.
    pub(super) fn is_beaten(&self, task: TaskId) -> bool {
        self.beaten.contains(&task)
    }

    /// How an attempt stands to others at the task that run: whether there are any, and whether it is a
    /// copy.
    pub(super) fn standing(&self, unit: WorkUnit, task: TaskId) -> (bool, bool) {
        let all = self.attempts.get(&unit).map_or(&[][..], Vec::as_slice);
        let copy = all.iter().any(|one| one.task == task && one.is_copy);
        (all.len() > 1, copy)
    }

    /// An attempt was launched at a task of a stage of so many tasks.
    pub(super) fn launched(
        &mut self,
        now: Time,
        unit: WorkUnit,
        tasks: u32,
        (task, agent): (TaskId, AgentId),
    ) {
        let is_copy = self.wanted.remove(&unit);
        let attempts = self.attempts.entry(unit).or_default();
        attempts.push(UnitAttempt {
            task,
            agent,
            since: now,
            is_copy,
        });
        let stage = self.stages.entry((unit.job, unit.stage)).or_default();
        stage.tasks = tasks;
        if !is_copy {
            stage.alone.insert((now, unit.index));
        }
        self.stage_changed(unit);
    }

    /// An attempt ended.
    pub(super) fn ended(
        &mut self,
        now: Time,
        unit: WorkUnit,
        task: TaskId,
        outcome: Outcome,
    ) -> Follows {
        if self.beaten.remove(&task) {
            return Follows::Nothing;
        }
        let mut attempts = self.attempts.remove(&unit).unwrap_or_default();
        let position = attempts.iter().position(|one| one.task == task);
        let ended = position.map(|position| attempts.remove(position));
        self.wanted.remove(&unit);
        let stage = self.stages.entry((unit.job, unit.stage)).or_default();
        for one in ended.iter().chain(&attempts) {
            stage.alone.remove(&(one.since, unit.index));
        }
        if outcome != Outcome::Finished {
            let follows = match attempts.as_slice() {
                [] => Follows::Ends(Vec::new()),
                rest => {
                    stage
                        .alone
                        .extend(rest.iter().map(|one| (one.since, unit.index)));
                    Follows::GoesOn
                }
            };
            if !attempts.is_empty() {
                self.attempts.insert(unit, attempts);
            }
            self.stage_changed(unit);
            return follows;
        }
        if let Some(ended) = ended {
            let took = now.since(ended.since);
            let at = stage.took.partition_point(|other| *other <= took);
            stage.took.insert(at, took);
        }
        let others: Vec<TaskId> = attempts.into_iter().map(|one| one.task).collect();
        self.beaten.extend(&others);
        self.stage_changed(unit);
        Follows::Ends(others)
    }

    /// Looks which tasks have run for too long.
    pub(super) fn look(&mut self, now: Time) {
        while let Some(&(at, job, stage)) = self.due.first()
            && at <= now
        {
            let slow = self.stages.get_mut(&(job, stage));
            let slow = slow.and_then(|all| all.alone.pop_first());
            let (_, index) = slow.expect("the one that is due");
            let unit = WorkUnit { job, stage, index };
            self.new_work |= self.wanted.insert(unit);
            self.stage_changed(unit);
        }
    }

    /// Finds out anew when a stage has a task that ran for too long.
    fn stage_changed(&mut self, WorkUnit { job, stage, .. }: WorkUnit) {
        let Some(all) = self.stages.get_mut(&(job, stage)) else {
            return;
        };
        if let Some(due) = all.due.take() {
            self.due.remove(&(due, job, stage));
        }
        if all.took.len() == all.tasks as usize {
            self.stages.remove(&(job, stage));
            return;
        }
        if let Some((since, _)) = all.alone.first()
            && let Some(patience) = all.patience(self.rule)
        {
            let due = *since + patience;
            all.due = Some(due);
            self.due.insert((due, job, stage));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Speculation = Speculation {
        multiplier: 1500,
        quantile: 750,
    };

    const fn unit(index: u32) -> WorkUnit {
        let (job, stage) = (JobId(0), 0);
        WorkUnit { job, stage, index }
    }

    /// Four tasks that start at once, of which some are done after so many seconds.
    fn four(done: &[u64]) -> Copies {
        let mut copies = Copies::new(RULE);
        for index in 0..4 {
            let place = (TaskId(index.into()), AgentId(index));
            copies.launched(Time::ZERO, unit(index), 4, place);
        }
        for (index, at) in (0..).zip(done) {
            let task = TaskId(index);
            let at = Time::from_secs(*at);
            copies.ended(at, unit(index as u32), task, Outcome::Finished);
        }
        copies
    }

    fn check(done: &[u64], due: Option<u64>) {
        assert_eq!(four(done).wake_at(), due.map(Time::from_secs), "{done:?}");
    }

    #[test]
    fn a_task_is_slow_when_it_runs_longer_than_the_rule_says() {
        check(&[], None);
        check(&[10, 10], None);
        check(&[10, 20, 30], Some(30));
        check(&[10, 10, 200], Some(15));
        check(&[1, 2, 4, 8], None);
    }

    #[test]
    fn the_median_of_an_even_number_is_between_the_middle_two() {
        let mut copies = Copies::new(Speculation {
            quantile: 500,
            ..RULE
        });
        for index in 0..4 {
            let place = (TaskId(index.into()), AgentId(index));
            copies.launched(Time::ZERO, unit(index), 4, place);
        }
        for (index, at) in [(0, 10), (1, 14)] {
            let at = Time::from_secs(at);
            copies.ended(at, unit(index), TaskId(index.into()), Outcome::Finished);
        }
        assert_eq!(copies.wake_at(), Some(Time::from_secs(18)));
    }

    #[test]
    fn the_first_to_be_done_beats_the_other() {
        let mut copies = four(&[10, 10, 10]);
        copies.look(Time::from_secs(14));
        assert_eq!(copies.count(), 0);
        copies.look(Time::from_secs(15));
        assert!(copies.take_new_work() && !copies.take_new_work());
        assert_eq!(copies.wanted().collect::<Vec<_>>(), [unit(3)]);
        assert!(!copies.may_run_on(unit(3), AgentId(3)));
        assert!(copies.may_run_on(unit(3), AgentId(0)));
        let at = Time::from_secs(16);
        copies.launched(at, unit(3), 4, (TaskId(4), AgentId(0)));
        assert_eq!(copies.count(), 0);
        assert_eq!(copies.standing(unit(3), TaskId(4)), (true, true));
        let end = copies.ended(Time::from_secs(26), unit(3), TaskId(4), Outcome::Finished);
        assert_eq!(end, Follows::Ends(vec![TaskId(3)]));
        assert!(copies.is_beaten(TaskId(3)));
        let end = copies.ended(Time::from_secs(27), unit(3), TaskId(3), Outcome::Finished);
        assert_eq!(end, Follows::Nothing);
        let all = (copies.attempts.len(), copies.stages.len(), copies.due.len());
        assert_eq!(all, (0, 0, 0), "nothing is kept of a stage that is done");
    }

    #[test]
    fn a_task_whose_copy_is_lost_may_have_another() {
        let mut copies = four(&[10, 10, 10]);
        copies.look(Time::from_secs(15));
        let at = Time::from_secs(15);
        copies.launched(at, unit(3), 4, (TaskId(4), AgentId(0)));
        let end = copies.ended(Time::from_secs(16), unit(3), TaskId(4), Outcome::Lost);
        assert_eq!(end, Follows::GoesOn);
        copies.look(Time::from_secs(16));
        assert_eq!(copies.count(), 1);
        let end = copies.ended(Time::from_secs(17), unit(3), TaskId(3), Outcome::Lost);
        assert_eq!(end, Follows::Ends(Vec::new()), "nobody is at it");
        assert_eq!(copies.count(), 0, "it waits itself");
    }
}
