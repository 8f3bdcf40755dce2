//! Tasks: what runs, where, of whom.

use super::Ledger;
use crate::message::{AgentId, FrameworkId, TaskId};
use crate::part::Portion;
use crate::resources::Resources;
use crate::time::Time;

#[derive(Clone, Copy, Debug)]
pub(super) struct TaskEntry {
    pub(super) agent: AgentId,
    pub(super) needs: Resources,
    /// Its position in the agent's list of tasks.
    pub(super) position: u32,
    /// When it was launched.
    pub(super) since: Time,
    /// Whether it is being taken back.
    pub(super) ending: bool,
}

/// What the master writes.
impl Ledger {
    /// Whether `task` was never used by `framework` before.
    pub(crate) fn is_fresh(&self, framework: FrameworkId, task: TaskId) -> bool {
        self.entry(framework)
            .is_some_and(|entry| entry.tasks.is_fresh(task.0))
    }

    /// Uses up the id of a task that is reported without ever running.
    pub(crate) fn refuse_task(&mut self, framework: FrameworkId, task: TaskId) {
        self.frameworks[framework.index()].tasks.retire(task.0);
    }

    /// Starts a task on free resources of `agent`, of whose special parts it takes `portions`.
    pub(crate) fn launch(
        &mut self,
        framework: FrameworkId,
        agent: AgentId,
        task: TaskId,
        needs: Resources,
        portions: Vec<Portion>,
    ) {
        self.take_down(framework);
        let aside = self.take(agent, needs, &portions);
        self.parted.hold_task(framework, task, portions);
        let entry = &mut self.agents[agent.index()];
        entry.running += needs;
        let position = entry.tasks.len() as u32;
        entry.tasks.push((framework, task));
        let entry = &mut self.frameworks[framework.index()];
        entry.running += needs;
        if !aside.is_zero() {
            entry.aside += aside;
        }
        entry.tasks.insert(
            task.0,
            TaskEntry {
                agent,
                needs,
                position,
                since: self.now,
                ending: false,
            },
        );
        let role = entry.role;
        self.change_roles(role, |holding| {
            holding.held += needs;
            holding.aside += aside;
        });
        self.changed(agent);
    }

    /// Ends a task; what it used is free again. Whether it was being taken back; `None` when it does not run
    /// on `agent`.
    pub(crate) fn end_task(
        &mut self,
        framework: FrameworkId,
        task: TaskId,
        agent: AgentId,
    ) -> Option<bool> {
        if self.entry(framework)?.tasks.get(task.0)?.agent != agent {
            return None;
        }
        self.take_down(framework);
        let entry = self.frameworks.get_mut(framework.index())?;
        let TaskEntry {
            needs,
            position,
            ending,
            ..
        } = entry.tasks.remove(task.0)?;
        entry.running -= needs;
        let role = entry.role;
        let entry = &mut self.agents[agent.index()];
        entry.running -= needs;
        entry.tasks.swap_remove(position as usize);
        if let Some((owner, moved)) = entry.tasks.get(position as usize).copied() {
            let moved = self.frameworks[owner.index()].tasks.get_mut(moved.0);
            moved.expect("a running task").position = position;
        }
        self.end_shared_task(framework, agent, task);
        let portions = self.parted.end_task(framework, task);
        let aside = self.give_back(agent, needs, &portions);
        if !aside.is_zero() {
            self.frameworks[framework.index()].aside -= aside;
        }
        self.change_roles(role, |holding| {
            holding.held -= needs;
            holding.aside -= aside;
        });
        self.changed(agent);
        Some(ending)
    }
}
