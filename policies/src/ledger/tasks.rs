//! Tasks: what runs, where, of whom.
//!
//! A task runs on one agent; a gang is one task on several. What it holds on the first of them stands where any
//! task stands, so that ordinary tasks cost nothing for it; what it holds elsewhere is a list beside it.

use std::collections::BTreeMap;

use super::Ledger;
use crate::message::{AgentId, FrameworkId, TaskId};
use crate::part::Portion;
use crate::resources::Resources;
use crate::time::Time;

/// A task that runs. Nothing of it was looked at since it started when it ends, so all of it is one line of a cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct TaskEntry {
    pub(super) agent: AgentId,
    /// What it holds there.
    pub(super) needs: Resources,
    /// When it was launched.
    pub(super) since: Time,
    /// Whether it is being taken back.
    pub(super) ending: bool,
}

/// What a gang holds on an agent that is not its first.
#[derive(Clone, Debug)]
pub(super) struct GangPart {
    pub(super) agent: AgentId,
    pub(super) needs: Resources,
    pub(super) portions: Vec<Portion>,
}

/// What gangs hold on agents that are not their first, by agent.
pub(super) type Elsewhere = BTreeMap<(FrameworkId, TaskId), Vec<GangPart>>;

/// What a task takes of one agent.
#[derive(Clone, Debug)]
pub(crate) struct TaskPart {
    pub(crate) agent: AgentId,
    pub(crate) needs: Resources,
    /// What of that is of the agent's special parts.
    pub(crate) portions: Vec<Portion>,
}

/// A task that is over.
#[derive(Debug)]
pub(crate) struct EndedTask {
    /// Whether it was being taken back.
    pub(crate) ending: bool,
    /// Where else than on the agent it was named with something is free for it.
    pub(crate) elsewhere: Vec<AgentId>,
}

/// What policies read.
impl Ledger {
    /// What `task` holds of `agent`: of a gang, what its units there hold. `None` when it does not run there.
    pub fn held_on(
        &self,
        framework: FrameworkId,
        task: TaskId,
        agent: AgentId,
    ) -> Option<Resources> {
        let first = self.entry(framework)?.tasks.get(task.0)?;
        if first.agent == agent {
            return Some(first.needs);
        }
        let mut parts = self.elsewhere(framework, task).iter();
        let part = parts.find(|part| part.agent == agent)?;
        Some(part.needs)
    }

    /// What a gang holds on agents that are not its first.
    pub(super) fn elsewhere(&self, framework: FrameworkId, task: TaskId) -> &[GangPart] {
        if self.elsewhere.is_empty() {
            return &[];
        }
        let parts = self.elsewhere.get(&(framework, task));
        parts.map_or(&[], |parts| parts)
    }
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

    /// Starts a task on free resources of an agent.
    pub(crate) fn launch(&mut self, framework: FrameworkId, task: TaskId, part: TaskPart) {
        self.take_down(framework);
        let TaskPart {
            agent,
            needs,
            portions,
        } = part;
        self.hold(framework, task, agent, needs, &portions);
        self.parted.hold_task(framework, task, portions);
        self.frameworks[framework.index()].tasks.insert(
            task.0,
            TaskEntry {
                agent,
                needs,
                since: self.now,
                ending: false,
            },
        );
    }

    /// Starts what a gang that was launched has on one more agent.
    pub(crate) fn launch_elsewhere(
        &mut self,
        framework: FrameworkId,
        task: TaskId,
        part: TaskPart,
    ) {
        let TaskPart {
            agent,
            needs,
            portions,
        } = part;
        self.hold(framework, task, agent, needs, &portions);
        let parts = self.elsewhere.entry((framework, task)).or_default();
        parts.push(GangPart {
            agent,
            needs,
            portions,
        });
    }

    /// Takes what a task holds of an agent.
    fn hold(
        &mut self,
        framework: FrameworkId,
        task: TaskId,
        agent: AgentId,
        needs: Resources,
        portions: &[Portion],
    ) {
        let aside = self.take(agent, needs, portions);
        let entry = &mut self.agents[agent.index()];
        entry.start((framework, task), needs);
        let entry = &mut self.frameworks[framework.index()];
        entry.running += needs;
        if !aside.is_zero() {
            entry.aside += aside;
        }
        let role = entry.role;
        self.change_roles(role, |holding| {
            holding.held += needs;
            holding.aside += aside;
        });
        self.changed(agent);
        self.of_kind(framework, agent, |held| *held += needs);
    }

    /// Ends a task; what it used is free again, of a gang everywhere. `None` when it does not run on `agent`, or
    /// when that is not the first of its agents.
    pub(crate) fn end_task(
        &mut self,
        framework: FrameworkId,
        task: TaskId,
        agent: AgentId,
    ) -> Option<EndedTask> {
        if self.entry(framework)?.tasks.get(task.0)?.agent != agent {
            return None;
        }
        self.take_down(framework);
        let entry = self.frameworks.get_mut(framework.index())?;
        let TaskEntry { needs, ending, .. } = entry.tasks.remove(task.0)?;
        let portions = self.parted.end_task(framework, task);
        self.let_go(framework, task, agent, needs, &portions);
        if !self.room_made.tasks.is_empty() {
            self.room_made.tasks.remove(&(framework, task));
        }
        let mut elsewhere = Vec::new();
        if !self.elsewhere.is_empty() {
            let parts = self.elsewhere.remove(&(framework, task));
            for part in parts.into_iter().flatten() {
                self.let_go(framework, task, part.agent, part.needs, &part.portions);
                elsewhere.push(part.agent);
            }
        }
        Some(EndedTask { ending, elsewhere })
    }

    /// Gives back what a task held of an agent.
    fn let_go(
        &mut self,
        framework: FrameworkId,
        task: TaskId,
        agent: AgentId,
        needs: Resources,
        portions: &[Portion],
    ) {
        let entry = &mut self.frameworks[framework.index()];
        entry.running -= needs;
        let role = entry.role;
        let entry = &mut self.agents[agent.index()];
        entry.version += 1;
        entry.running -= needs;
        // An agent runs tens of tasks: a search is cheaper than to keep the place of each.
        let mut tasks = entry.tasks.iter();
        let position = tasks.position(|one| *one == (framework, task));
        entry
            .tasks
            .swap_remove(position.expect("a task of the agent"));
        self.end_shared_task(framework, agent, task);
        let aside = self.give_back(agent, needs, portions);
        if !aside.is_zero() {
            self.frameworks[framework.index()].aside -= aside;
        }
        self.change_roles(role, |holding| {
            holding.held -= needs;
            holding.aside -= aside;
        });
        self.changed(agent);
        self.of_kind(framework, agent, |held| *held -= needs);
    }
}
