//! Work that is faster on some agents than on others.

use fairground_policies::attributes::{AgentAttributes, AgentSpeeds};
use fairground_policies::message::{AgentId, FrameworkId, TaskId};
use fairground_policies::time::Span;

use super::running::RunningTask;
use super::{Scenario, World};

impl Scenario<'_> {
    /// How fast work of a framework is on an agent, in thousandths.
    fn speed(&self, framework: FrameworkId, agent: AgentId) -> u32 {
        let speeds = &self.frameworks[framework.index()].speeds;
        speeds.on(AgentAttributes::of(&self.trace.described, agent))
    }
}

impl World<'_> {
    /// How fast a task is that runs, in thousandths.
    pub(super) fn speed(&self, framework: FrameworkId, task: TaskId) -> u64 {
        if self.scenario.frameworks[framework.index()]
            .speeds
            .is_empty()
        {
            return AgentSpeeds::PLAIN.into();
        }
        let running = self.agents.running_task(framework, task);
        running.map_or(AgentSpeeds::PLAIN.into(), |running| {
            self.slowest(framework, task, running)
        })
    }

    /// A gang is as fast as the slowest of its agents.
    pub(super) fn slowest(
        &self,
        framework: FrameworkId,
        task: TaskId,
        running: &RunningTask,
    ) -> u64 {
        let mut slowest = u32::MAX;
        self.agents.each_part((framework, task), running, |part| {
            slowest = slowest.min(self.scenario.speed(framework, part.agent));
        });
        slowest.into()
    }
}

/// How long something takes at a speed in thousandths. Most run at the plain one.
pub(super) fn at_speed(takes: Span, speed: u64) -> Span {
    if speed == 1000 {
        takes
    } else {
        takes.scaled(1000, speed)
    }
}
