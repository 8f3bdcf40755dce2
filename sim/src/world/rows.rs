//! Rows of tasks: what was ordered, and what became of it.

use fairground_policies::frameworks::TaskPurpose;
use fairground_policies::message::{Action, FrameworkId, GangPlace, TaskId};

use super::World;
use super::running::RunningTask;
use crate::record::{Done, OnAgent};
use crate::run::TaskEnd;

/// What an order to start a gang says.
pub(super) fn gang_of(action: &Action) -> Option<(FrameworkId, TaskId, Vec<OnAgent>)> {
    let Action::LaunchGang { framework, gang } = action else {
        return None;
    };
    let part = |place: &GangPlace| OnAgent {
        agent: place.agent,
        needs: gang.needs.times(place.units.into()),
        units: place.units,
    };
    let parts = gang.places.iter().map(part).collect();
    Some((*framework, gang.task, parts))
}

impl World<'_> {
    /// Remembers a launch that is ordered, so that it has a row whatever becomes of it.
    pub(super) fn note_launch(&mut self, action: &Action) {
        let Some(attempts) = self.record.attempts() else {
            return;
        };
        let launched = match *action {
            Action::Launch {
                agent,
                framework,
                task,
                needs,
            } => {
                let units = 1;
                let part = OnAgent {
                    agent,
                    needs,
                    units,
                };
                Some((framework, task, vec![part]))
            }
            _ => gang_of(action),
        };
        if let Some((framework, task, parts)) = launched
            && let Some(purpose) = self.frameworks[framework.index()].purpose(task)
        {
            attempts.launched((framework, task), parts, purpose);
        }
    }

    pub(super) fn never_began(&mut self, framework: FrameworkId, task: TaskId) {
        if let Some(attempts) = self.record.attempts() {
            attempts.unstarted(framework, task, self.now);
        }
    }

    /// Keeps the rows of what runs when the run ends, as one does in which nothing can happen any more.
    pub(super) fn note_rest(&mut self) {
        for framework in (0..self.agents.tasks.len() as u32).map(FrameworkId) {
            let tasks = std::mem::take(&mut self.agents.tasks[framework.index()]);
            for (task, running) in tasks.iter() {
                self.note(framework, TaskId(task), running, TaskEnd::Running);
            }
        }
        if let Some(attempts) = self.record.attempts() {
            attempts.close(self.now);
        }
    }

    /// Keeps the rows of a task that is gone, and of what it was at, if rows of tasks are kept.
    pub(super) fn note(
        &mut self,
        framework: FrameworkId,
        task: TaskId,
        running: &RunningTask,
        outcome: TaskEnd,
    ) {
        let Some(attempts) = self.record.attempts() else {
            return;
        };
        let mut parts = Vec::new();
        let named = (framework, task);
        self.agents
            .each_part(named, running, |part| parts.push(part));
        let row = |(part, before): (OnAgent, u32)| Done {
            framework,
            task,
            agent: part.agent,
            needs: part.needs,
            units: part.units,
            before,
            purpose: running.purpose,
            inside: false,
            started: running.started,
            ended: self.now,
            outcome,
        };
        if let Some((unit, since)) = self.agents.work_at(named, running) {
            // Executors are no gangs.
            attempts.ended(Done {
                purpose: TaskPurpose::WorkUnit(unit),
                inside: true,
                started: since,
                ..row((parts[0], 0))
            });
        }
        for part in OnAgent::counted(parts) {
            attempts.ended(row(part));
        }
    }
}
