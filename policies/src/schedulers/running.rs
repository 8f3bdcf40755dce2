//! When a framework's own tasks end, as far as their users say.

use std::collections::BTreeMap;

use crate::id_table::IdTable;
use crate::job_queue::WorkUnit;
use crate::message::{AgentId, TaskId};
use crate::resources::Resources;
use crate::time::Time;

/// A running task of which it is said how long it runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExpectedEnd {
    /// What it does.
    pub unit: WorkUnit,
    /// What one of its units holds: of a gang one of its tasks.
    pub needs: Resources,
    /// How many of them are where.
    pub places: Vec<(AgentId, u64)>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::JobId;

    #[test]
    fn tasks_are_in_the_order_of_their_ends_until_they_end() {
        let mut running = ExpectedEnds::default();
        for (task, end) in [30, 10, 20, 10].into_iter().enumerate() {
            let unit = WorkUnit {
                job: JobId(0),
                stage: 0,
                index: task as u32,
            };
            let expected = ExpectedEnd {
                unit,
                needs: Resources::cores(1, 1),
                places: vec![(AgentId(0), 1)],
                end: Time::from_secs(end),
            };
            running.launched(TaskId(task as u64), expected);
        }
        let order = |running: &ExpectedEnds| -> Vec<u32> {
            running.by_end().map(|one| one.unit.index).collect()
        };
        assert_eq!(order(&running), [1, 3, 2, 0]);
        running.ended(TaskId(3));
        running.ended(TaskId(77));
        assert_eq!(order(&running), [1, 2, 0]);
        for task in 0..3 {
            running.ended(TaskId(task));
        }
        assert!(running.by_end.is_empty() && running.ends.is_empty());
    }
}
