//! What runs on agents, as the world has it.

use std::collections::BTreeMap;

use fairground_policies::frameworks::{TaskPurpose, WorkUnit};
use fairground_policies::id_table::IdTable;
use fairground_policies::message::{AgentId, FrameworkId, TaskId};
use fairground_policies::resources::Resources;
use fairground_policies::time::Time;

use crate::record::OnAgent;

/// All agents and what runs on them.
#[derive(Debug)]
pub(super) struct Agents {
    pub(super) machines: Vec<Machine>,
    /// What runs, by framework. Which of it runs on a machine is asked only when that goes away: it is found among all
    /// then, and no list is kept of it.
    pub(super) tasks: Vec<IdTable<RunningTask>>,
    running: u64,
    /// What gangs that run have on each of their agents, the first one first.
    pub(super) gangs: BTreeMap<(FrameworkId, TaskId), Vec<OnAgent>>,
    /// What executors do that began something.
    pub(super) doing: BTreeMap<(FrameworkId, TaskId), Doing>,
}

#[derive(Clone, Debug)]
pub(super) struct Machine {
    /// What it offers in its present incarnation, or did in the last.
    pub(super) total: Resources,
    pub(super) up: bool,
    /// How often it has come back; orders for an earlier incarnation are lost.
    pub(super) incarnation: u32,
    /// The incarnation the master knows of.
    pub(super) known_incarnation: u32,
}

/// A task that runs, or a gang, which runs as one. Nothing of it was looked at since it started when it ends, so all
/// of it is one line of a cache, and what few have stands apart.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct RunningTask {
    pub(super) agent: AgentId,
    pub(super) needs: Resources,
    pub(super) started: Time,
    pub(super) purpose: TaskPurpose,
    pub(super) is_gang: bool,
}

#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Doing {
    /// The piece of work the executor is at, and since when.
    pub(super) unit: Option<(WorkUnit, Time)>,
    /// How many units of work it began.
    pub(super) begun: u32,
}

impl Agents {
    pub(super) fn new(agents: &[Resources], frameworks: usize) -> Self {
        let machine = |total: &Resources| Machine {
            total: *total,
            up: true,
            incarnation: 0,
            known_incarnation: 0,
        };
        Self {
            machines: agents.iter().map(machine).collect(),
            tasks: vec![IdTable::new(); frameworks],
            running: 0,
            gangs: BTreeMap::new(),
            doing: BTreeMap::new(),
        }
    }

    /// How many tasks run in all.
    pub(super) const fn running(&self) -> u64 {
        self.running
    }

    /// Whether an order for this incarnation of `agent` finds it.
    pub(super) fn is_up(&self, agent: AgentId, incarnation: u32) -> bool {
        let machine = &self.machines[agent.index()];
        machine.up && machine.incarnation == incarnation
    }

    /// The incarnation of `agent` that the master's orders are meant for.
    pub(super) fn known_incarnation(&self, agent: AgentId) -> u32 {
        self.machines[agent.index()].known_incarnation
    }

    pub(super) fn agent_of(&self, framework: FrameworkId, task: TaskId) -> Option<AgentId> {
        self.running_task(framework, task)
            .map(|running| running.agent)
    }

    pub(super) fn running_task(
        &self,
        framework: FrameworkId,
        task: TaskId,
    ) -> Option<&RunningTask> {
        self.tasks[framework.index()].get(task.0)
    }

    /// What a task that runs, or did until now, has on each of its agents.
    #[inline]
    pub(super) fn each_part(
        &self,
        named: (FrameworkId, TaskId),
        running: &RunningTask,
        mut each: impl FnMut(OnAgent),
    ) {
        if running.is_gang {
            self.gangs[&named].iter().copied().for_each(each);
        } else {
            each(OnAgent {
                agent: running.agent,
                needs: running.needs,
                units: 1,
            });
        }
    }

    /// The piece of work an executor is at, and since when.
    pub(super) fn work_at(
        &self,
        executor: (FrameworkId, TaskId),
        running: &RunningTask,
    ) -> Option<(WorkUnit, Time)> {
        let is_executor = running.purpose == TaskPurpose::Executor;
        let doing = is_executor.then(|| self.doing.get(&executor)).flatten();
        doing?.unit
    }

    pub(super) fn start(&mut self, framework: FrameworkId, task: TaskId, running: RunningTask) {
        self.tasks[framework.index()].insert(task.0, running);
        self.running += 1;
    }

    /// Takes a task out of what runs; what few have is left until it is forgotten.
    pub(super) fn end(&mut self, framework: FrameworkId, task: TaskId) -> Option<RunningTask> {
        let running = self.tasks[framework.index()].remove(task.0)?;
        self.running -= 1;
        Some(running)
    }

    pub(super) fn forget(&mut self, named: (FrameworkId, TaskId), running: &RunningTask) {
        if running.is_gang {
            self.gangs.remove(&named);
        }
        if running.purpose == TaskPurpose::Executor {
            self.doing.remove(&named);
        }
    }

    /// What runs on an agent, in the order in which it started.
    pub(super) fn on(&self, agent: AgentId) -> Vec<(Time, FrameworkId, TaskId)> {
        let mut found = Vec::new();
        for (framework, tasks) in (0..).map(FrameworkId).zip(&self.tasks) {
            for (task, running) in tasks.iter() {
                let task = TaskId(task);
                self.each_part((framework, task), running, |part| {
                    if part.agent == agent {
                        found.push((running.started, framework, task));
                    }
                });
            }
        }
        found.sort_unstable();
        found
    }
}
