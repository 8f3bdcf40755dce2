//! When a framework's own tasks end, as far as their users say.

use std::collections::BTreeMap;

use crate::id_table::IdTable;
use crate::job_queue::WorkUnit;
use crate::message::{AgentId, TaskId};
use crate::resources::Resources;
use crate::time::Time;

/// A running task of which it is said how long it runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExpectedEnd {
    /// What it does.
    pub unit: WorkUnit,
    /// Where.
    pub agent: AgentId,
    /// What it holds.
    pub needs: Resources,
    /// When it was launched plus what was said; over for one that runs longer.
    pub end: Time,
}

/// The running tasks of which something is said, by expected end.
#[derive(Debug, Default)]
pub(crate) struct ExpectedEnds {
    by_end: BTreeMap<(Time, TaskId), ExpectedEnd>,
    ends: IdTable<Time>,
}

impl ExpectedEnds {
    pub(crate) fn by_end(&self) -> impl Iterator<Item = &ExpectedEnd> {
        self.by_end.values()
    }

    pub(crate) fn launched(&mut self, task: TaskId, expected: ExpectedEnd) {
        self.ends.insert(task.0, expected.end);
        self.by_end.insert((expected.end, task), expected);
    }

    pub(crate) fn ended(&mut self, task: TaskId) {
        if let Some(end) = self.ends.remove(task.0) {
            self.by_end.remove(&(end, task));
        }
    }
}
