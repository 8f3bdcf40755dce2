//! What a framework is told when it asks how its tasks are. Nothing changes by that.

use std::ops::Bound;

use serde_json::Value;

use super::statuses::Notice;
use super::{Cluster, FrameworkNumber, State, Task};
use crate::wire::call::TaskQuestion;
use crate::wire::messages::framework::CapabilityType;

impl Cluster {
    /// The states of the framework's tasks that are not over, or whose end it did not acknowledge: of so
    /// many at most, whose names come behind `after`. And the last of those names, if it may not have
    /// been the last of all.
    pub fn reconcile_all(
        &self,
        framework: FrameworkNumber,
        after: &str,
        most: usize,
    ) -> (Vec<Value>, Option<String>) {
        let tasks = &self.frameworks[framework.index()].tasks;
        let rest = tasks.range::<str, _>((Bound::Excluded(after), Bound::Unbounded));
        let piece: Vec<_> = rest.take(most).map(|(_, task)| task).collect();
        let last = piece.last().filter(|_| piece.len() == most);
        let last = last.map(|task| task.info.task_id.clone());
        let tell = |task: &Task| {
            let agent_id = Some(task.info.agent_id.as_str());
            self.latest(&task.info.task_id, agent_id, task.state)
        };
        (piece.into_iter().map(tell).collect(), last)
    }

    /// The state of a task asked for.
    pub fn reconcile(&self, framework: FrameworkNumber, question: &TaskQuestion) -> Value {
        let page = &self.frameworks[framework.index()];
        let task_id = question.task_id.value.as_str();
        let asked = question.agent_id.as_ref().map(|id| id.value.as_str());
        if let Some(task) = page.tasks.get(task_id) {
            return self.latest(task_id, Some(&task.info.agent_id), task.state);
        }
        let over = page.completed.iter();
        let over = { over }.rfind(|task| task.info.task_id == task_id);
        if let Some(task) = over.filter(|task| task.state != State::Unreachable) {
            return self.latest(task_id, Some(&task.info.agent_id), task.state);
        }
        let agent = asked.or(over.map(|task| task.info.agent_id.as_str()));
        let state = self.state_of_unknown(page.can(CapabilityType::PartitionAware), agent);
        self.latest(task_id, agent, state)
    }

    fn latest(&self, task_id: &str, agent_id: Option<&str>, state: State) -> Value {
        let notice = Notice {
            task_id,
            agent_id,
            state,
            reason: "REASON_RECONCILIATION",
            message: "Reconciliation: Latest task state",
        };
        notice.event(self.now_secs())
    }

    fn state_of_unknown(&self, partition_aware: bool, agent_id: Option<&str>) -> State {
        let agent = agent_id.and_then(|id| self.agent_by_id(id));
        match agent.map(|agent| self.agents[agent.index()].joined) {
            _ if !partition_aware => State::Lost,
            Some(true) => State::Gone,
            Some(false) => State::Unreachable,
            None => State::Unknown,
        }
    }
}
