//! A job as its account tells it, and what an account leaves to be decided.

use super::{Accounted, Chunk, RunPhase, each_of};
use crate::canonical::tables::Job;
use crate::formats::prelude::*;

/// What becomes of a job that is only told to be taken away.
const NOTHING: &str = "jobs that were taken away, of which nothing else is told";

/// What the account left to be decided.
#[derive(Default)]
pub(super) struct LeftToDecide {
    /// Jobs that were started again, the attempts before their last one, and how long those ran.
    pub(super) again: [u64; 3],
    pub(super) dependent: u64,
    pub(super) arrays: u64,
    pub(super) unended: u64,
    pub(super) unequal: u64,
    pub(super) used: u64,
    pub(super) nothing: u64,
    /// Jobs that were started more than once, whose earlier attempts are not told.
    pub(super) repeated: u64,
}

/// The job that a record tells of, whose tasks ran so.
pub(super) fn draft(row: Accounted, run: &Tasks) -> Draft {
    let count = row.tasks();
    let mebibytes = |kib: u64| kib.div_ceil(1024);
    let used = each_of(row.used.filter(|kib| *kib > 0), count).map(mebibytes);
    let one = [Chunk {
        count: 1,
        ..Chunk::default()
    }];
    let chunks = match row.chunks.as_slice() {
        [] => one.as_slice(),
        chunks => chunks,
    };
    let mut tasks: Vec<Tasks> = chunks
        .iter()
        .map(|chunk| {
            let memory = chunk.memory.map(mebibytes);
            Tasks {
                count: chunk.count,
                cpus: chunk.cpus,
                memory: memory.or(used),
                used: memory.and(used),
                gpus: chunk.gpus,
                model: Some(chunk.model.clone()).filter(|model| !model.is_empty()),
                busy: each_of(row.busy, count),
                attempts: row.attempts.filter(|count| *count > 0),
                ..run.clone()
            }
        })
        .collect();
    // What all of them read and wrote stands with the first.
    tasks[0].read = row.read;
    tasks[0].write = row.write;
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let waited = row.submit.zip(row.start);
    let whose = if row.user.is_empty() {
        &row.group
    } else {
        &row.user
    };
    Draft {
        tenant: whose.clone(),
        name: row.id,
        submit: row.submit,
        priority: row.priority,
        gang: count > 1 && row.parts == 0,
        outcome: row.outcome,
        more: Job {
            wait: waited.and_then(|(submit, start)| start.checked_sub(submit)),
            estimate: row.limit,
            requested: row.requested,
            group: some(row.group),
            executable: some(row.name),
            queue: some(row.queue),
            partition: some(row.partition),
            preceding: some(row.after),
            class: some(row.class),
            ..Job::default()
        },
        stages: vec![StageDraft {
            tasks,
            ..StageDraft::default()
        }],
    }
}

impl LeftToDecide {
    pub(super) fn see(&mut self, row: &Accounted, run: &Tasks) {
        let asked = row.chunks.iter().any(|chunk| chunk.memory.is_some());
        self.used += u64::from(!asked && row.used.is_some_and(|kib| kib > 0));
        self.dependent += u64::from(!row.after.is_empty());
        self.unequal += u64::from(row.chunks.len() > 1);
        self.unended += u64::from(row.phase == RunPhase::Runs && run.unknown.is_some());
    }

    pub(super) fn tell(&self, import: &mut Import<'_>) {
        let mut assume = |count: u64, about: &str, model: String| {
            if count > 0 {
                import.assume(about, model);
            }
        };
        let [jobs, attempts, lost] = self.again;
        let model = format!(
            "{jobs} jobs were started again after {attempts} attempts that ran {} s in all: the last one \
             stands for the job, submitted when the first was",
            written(lost.into(), MILLIONTHS)
        );
        assume(jobs, "attempts", model);
        let model = format!(
            "{} jobs were started more than once, and nothing is told of the attempts before the last one",
            self.repeated
        );
        assume(self.repeated, "earlier attempts", model);
        let model = format!(
            "{} stand for all jobs of an array that did not begin, each as one job with the tasks of all of them",
            self.arrays
        );
        assume(self.arrays, "arrays", model);
        let model = format!(
            "{} jobs waited for others: the first that each names is kept as the one before it",
            self.dependent
        );
        assume(self.dependent, "dependencies", model);
        let model = format!(
            "{} jobs have tasks of several sizes; what all of one used is shared equally by its tasks",
            self.unequal
        );
        assume(self.unequal, "unequal tasks", model);
        let model = format!(
            "{} jobs began and have no end: they ran until the latest time at least",
            self.unended
        );
        assume(self.unended, "jobs without an end", model);
        let model = format!(
            "of {} jobs, which asked for none: what they used",
            self.used
        );
        assume(self.used, "memory not requested", model);
        let model = format!("{} are left out", self.nothing);
        assume(self.nothing, NOTHING, model);
    }
}
