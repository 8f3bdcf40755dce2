//! Spark's event logs: which of the many ends of tasks are work that a replay must do.
//!
//! A job has as many tasks as its stages declare. A partition counts once, with the attempt that
//! succeeded first; a stage that several jobs list belongs to the first of them, which ran it.

use std::collections::BTreeSet;

use super::events::{Event, Job, Launch, Record, StageInfo, Task};
use crate::formats::prelude::*;

/// What becomes of an attempt that computes what another has.
const COPIES: &str = "attempts of partitions that had succeeded before";
/// What is told of a task again when the executor with its result is lost.
const TOLD_AGAIN: &str = "Resubmitted";

/// What a log told of its stages and their tasks.
#[derive(Default)]
struct Log {
    user: String,
    jobs: Vec<Job>,
    stages: BTreeMap<u64, Ran>,
    /// Tasks that began and did not end yet, by number.
    running: BTreeMap<u64, Launch>,
    /// The latest time that any event tells.
    last: u64,
    /// Attempts of partitions that another attempt had computed.
    merged: u64,
}

/// A stage that ran.
#[derive(Default)]
struct Ran {
    /// How many tasks it has, if anything said so, and the stages that it waits for.
    declared: Option<(u64, Vec<u64>)>,
    /// When its first task was launched.
    begun: Option<u64>,
    /// The run time of each partition's first success.
    won: BTreeMap<u64, Option<u64>>,
    /// Successes in retries of the stage, in logs that do not tell partitions: by attempt and place.
    retried: BTreeMap<(u64, u64), Option<u64>>,
    /// For how long tasks had run that did not end, at the end of the log.
    running: Vec<u64>,
    /// Partitions that failed at least once.
    failed: BTreeSet<u64>,
}

impl Ran {
    /// Tasks that it declares and that the log does not tell of.
    fn unstarted(&self) -> u64 {
        let declared = self.declared.as_ref().map_or(0, |(tasks, _)| *tasks);
        let lost = self.failed.iter().filter(|one| !self.won.contains_key(one));
        let told = self.won.len() + self.running.len() + lost.count();
        declared.saturating_sub(told as u64)
    }
}

pub(super) fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.clock(WallClock::utc());
    import.assume(
        "stages",
        "those that ran, each in the first job that lists it: others found its results and skipped it",
    );
    import.assume(
        "tasks",
        "a partition is a task, and runs as long as its first success did; failures, copies and \
         retries are left out; what a stage that ran declares and the log does not tell never started: the \
         log ends before, or its results were there already",
    );
    let mut log = Log::default();
    import.each(Rows::open(path)?, |_, record: Record| {
        Ok(log.see(record.event))
    })?;
    log.close(import);
    log.write(import)
}

impl Log {
    fn see(&mut self, event: Event) -> Became {
        match event {
            Event::Begun(begun) => self.user = begun.user,
            Event::Ended(time) => self.last = self.last.max(time),
            Event::Job(job) => {
                for info in &job.stages {
                    self.declare(info);
                }
                self.jobs.push(job);
            }
            Event::Submitted(stage) | Event::Stage(stage) => {
                self.declare(&stage.info);
                return Became::Merged("begins and ends of stages");
            }
            Event::Launched(task) => {
                self.last = self.last.max(task.info.launched);
                if let Some(id) = task.info.id {
                    self.running.insert(id, task);
                }
                return Became::Merged("begins of tasks");
            }
            Event::Task(task) => return self.ended(&task),
            Event::Executor(_) | Event::LogStart(_) | Event::Other(_) => {
                return Became::Passed("of another kind than jobs, stages and tasks");
            }
        }
        Became::Imported
    }

    /// What the first try of a stage declares is all of it; a retry declares what is missing.
    fn declare(&mut self, info: &StageInfo) {
        let ran = self.stages.entry(info.id).or_default();
        let known = ran.declared.as_ref().map_or(0, |(tasks, _)| *tasks);
        if ran.declared.is_none() || info.tasks > known {
            ran.declared = Some((info.tasks, info.parents.clone()));
        }
    }

    fn ended(&mut self, task: &Task) -> Became {
        self.last = self.last.max(task.info.finished);
        if let Some(id) = task.info.id {
            self.running.remove(&id);
        }
        let reason = task.reason.as_ref().map(|reason| reason.reason.as_str());
        if reason == Some(TOLD_AGAIN) {
            return Became::Passed(
                "ends of tasks told again, as the executor with their result was lost",
            );
        }
        let partition = task
            .info
            .partition
            .or_else(|| first(task.attempt, task.info.index));
        let ran = self.stages.entry(task.stage).or_default();
        if task.info.failed || task.info.killed || reason.is_some_and(|reason| reason != "Success")
        {
            ran.failed.extend(partition);
            return Became::Passed("attempts that failed or were killed");
        }
        let begun = ran.begun.get_or_insert(task.info.launched);
        *begun = task.info.launched.min(*begun);
        let run = task.info.duration().map(millis);
        let fresh = if let Some(partition) = partition {
            insert(&mut ran.won, partition, run)
        } else {
            // Where not even its place is told, every end is a task.
            let place = task
                .info
                .index
                .unwrap_or(u64::MAX - ran.retried.len() as u64);
            insert(&mut ran.retried, (task.attempt, place), run)
        };
        if fresh {
            return Became::Imported;
        }
        self.merged += 1;
        Became::Merged(COPIES)
    }

    /// Which successes count, and what did not end.
    fn close(&mut self, import: &mut Import<'_>) {
        for ran in self.stages.values_mut() {
            let all = ran.declared.as_ref().map_or(u64::MAX, |(tasks, _)| *tasks);
            // A retry computes again what was lost, and what is missing: only the latter counts.
            let mut free = 0;
            for run in std::mem::take(&mut ran.retried).into_values() {
                if ran.won.len() as u64 >= all {
                    self.merged += 1;
                    import.merged(Thing::Tasks, 1, COPIES);
                    continue;
                }
                while ran.won.contains_key(&free) {
                    free += 1;
                }
                ran.won.insert(free, run);
            }
        }
        for launch in std::mem::take(&mut self.running).into_values() {
            import.find(Thing::Tasks, 1);
            let ran = self.stages.entry(launch.stage).or_default();
            let all = ran.declared.as_ref().map_or(u64::MAX, |(tasks, _)| *tasks);
            let partition = launch
                .info
                .partition
                .or_else(|| first(launch.attempt, launch.info.index));
            let done = partition.is_some_and(|partition| ran.won.contains_key(&partition));
            if done || (ran.won.len() + ran.running.len()) as u64 >= all {
                self.merged += 1;
                import.merged(Thing::Tasks, 1, COPIES);
                continue;
            }
            let begun = ran.begun.get_or_insert(launch.info.launched);
            *begun = launch.info.launched.min(*begun);
            ran.running
                .push(millis(self.last.saturating_sub(launch.info.launched)));
        }
        self.stages.retain(|_, ran| {
            let parents = ran
                .declared
                .as_ref()
                .map_or(0, |(_, parents)| parents.len());
            import.find(Thing::Edges, parents as u64);
            let any = !ran.won.is_empty() || !ran.running.is_empty();
            if !any {
                import.passed(Thing::Edges, parents as u64, "of stages that did not run");
            }
            any
        });
    }

    fn write(mut self, import: &mut Import<'_>) -> Done {
        for job in std::mem::take(&mut self.jobs) {
            let listed: BTreeSet<u64> = job.stages.iter().map(|info| info.id).collect();
            let draft = Draft {
                name: format!("job {}", job.id),
                tenant: self.user.clone(),
                submit: job.submitted.map(millis),
                stages: self.take(import, &listed),
                ..Draft::default()
            };
            let number = import.number();
            import.numbered(number, draft)?;
        }
        let groups = self.unlisted();
        if !groups.is_empty() {
            let stages: usize = groups.iter().map(BTreeSet::len).sum();
            let model = format!(
                "{stages} are in the list of no job that the log tells: those that wait for one another are \
                 a job each, {} in all, submitted when its first task began",
                groups.len()
            );
            import.assume("stages without a job", model);
        }
        for group in groups {
            let names: Vec<String> = group.iter().map(u64::to_string).collect();
            let begun = group.iter().filter_map(|id| self.stages[id].begun).min();
            let draft = Draft {
                name: format!("stages {}", names.join(" ")),
                tenant: self.user.clone(),
                submit: begun.map(millis),
                stages: self.take(import, &group),
                ..Draft::default()
            };
            import.find(Thing::Jobs, 1);
            let number = import.number();
            import.numbered(number, draft)?;
        }
        if self.merged > 0 {
            let model = format!(
                "{} attempts of partitions that had succeeded before",
                self.merged
            );
            import.assume("merged", model);
        }
        Ok(())
    }

    /// The stages of a job, which then are no other job's.
    fn take(&mut self, import: &mut Import<'_>, listed: &BTreeSet<u64>) -> Vec<StageDraft> {
        let ids: Vec<u64> = listed
            .iter()
            .copied()
            .filter(|id| self.stages.contains_key(id))
            .collect();
        let place = |id: &u64| ids.binary_search(id).ok();
        let mut drafts = Vec::new();
        for id in &ids {
            let Some(ran) = self.stages.remove(id) else {
                continue;
            };
            let parents = ran.declared.iter().flat_map(|(_, parents)| parents);
            let all = parents.clone().count();
            let parents: Vec<u64> = parents
                .filter_map(place)
                .map(|place| place as u64)
                .collect();
            let elsewhere = (all - parents.len()) as u64;
            import.passed(Thing::Edges, elsewhere, "of stages that ran in another job");
            let tasks = ran.won.values().map(|run| ended(*run));
            let running = ran.running.iter().map(|run| censored(Some(*run)));
            let missing = ran.unstarted();
            import.find(Thing::Tasks, missing);
            let missing = (missing > 0).then(|| Tasks {
                count: missing,
                ..unstarted()
            });
            let tasks = tasks.chain(running).chain(missing).collect();
            drafts.push(stage(format!("stage {id}"), parents, tasks));
        }
        drafts
    }

    /// What no job took: stages that wait for one another together.
    fn unlisted(&self) -> Vec<BTreeSet<u64>> {
        let mut lowest: BTreeMap<u64, u64> = self.stages.keys().map(|id| (*id, *id)).collect();
        for (id, ran) in &self.stages {
            let parents = ran.declared.iter().flat_map(|(_, parents)| parents);
            for parent in parents.filter(|parent| self.stages.contains_key(parent)) {
                let (one, other) = (root(&lowest, *id), root(&lowest, *parent));
                lowest.insert(one.max(other), one.min(other));
            }
        }
        let mut groups: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
        for id in self.stages.keys() {
            groups.entry(root(&lowest, *id)).or_default().insert(*id);
        }
        groups.into_values().collect()
    }
}

/// The stage that stands for all that wait for one another.
fn root(lowest: &BTreeMap<u64, u64>, mut id: u64) -> u64 {
    while let Some(lower) = lowest.get(&id).filter(|lower| **lower != id) {
        id = *lower;
    }
    id
}

/// In the first try of a stage, the place of a task is its partition.
fn first(attempt: u64, index: Option<u64>) -> Option<u64> {
    index.filter(|_| attempt == 0)
}

/// Whether nothing stood there.
fn insert<K: Ord>(map: &mut BTreeMap<K, Option<u64>>, key: K, run: Option<u64>) -> bool {
    let mut fresh = false;
    map.entry(key).or_insert_with(|| {
        fresh = true;
        run
    });
    fresh
}
