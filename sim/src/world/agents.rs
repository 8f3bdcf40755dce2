//! Agents and what runs on them: launches, ends, crashes and returns.

use fairground_policies::frameworks::{FrameworkAction, FrameworkEvent, TaskPurpose, WorkUnit};
use fairground_policies::message::{Action, AgentId, Event, FrameworkId, Outcome, TaskId};
use fairground_policies::resources::Resources;
use fairground_policies::time::Time;
use fairground_workloads::trace::Fault;

use super::rows::gang_of;
use super::running::RunningTask;
use super::{Item, World};
use crate::network::Link;
use crate::record::{Done, Ended};
use crate::run::TaskEnd;

impl World<'_> {
    /// An order reaches an agent. One meant for an earlier incarnation of it finds nobody: the master has
    /// been told of the loss.
    pub(super) fn obey(&mut self, incarnation: u32, action: &Action) {
        match *action {
            Action::Launch {
                agent,
                framework,
                task,
                needs,
            } => {
                if self.agents.is_up(agent, incarnation) {
                    self.launch(framework, task, (agent, needs), false);
                } else {
                    self.never_began(framework, task);
                }
            }
            Action::Kill {
                agent,
                framework,
                task,
            } => {
                if self.agents.is_up(agent, incarnation) {
                    self.end(framework, task, Outcome::Killed);
                }
            }
            Action::Preempt {
                agent,
                framework,
                task,
                grace,
            } => {
                if self.agents.is_up(agent, incarnation) {
                    self.agenda
                        .push(self.now + grace, Item::GraceOver(framework, task));
                }
            }
            Action::Offer(_)
            | Action::Parts { .. }
            | Action::Rescind { .. }
            | Action::Report { .. }
            | Action::LaunchGang { .. } => {}
        }
    }

    /// The order to start a gang reaches its agents. Where one of them is gone, or another incarnation of it came
    /// since, nothing starts: the master has been told of the loss, and by it the gang is over.
    pub(super) fn start_gang(&mut self, incarnations: &[u32], action: &Action) {
        let Some((framework, task, parts)) = gang_of(action) else {
            return;
        };
        let mut meant = parts.iter().zip(incarnations);
        if meant.all(|(part, incarnation)| self.agents.is_up(part.agent, *incarnation)) {
            let first = (parts[0].agent, parts[0].needs);
            self.agents.gangs.insert((framework, task), parts);
            self.launch(framework, task, first, true);
        } else {
            self.never_began(framework, task);
        }
    }

    fn launch(
        &mut self,
        framework: FrameworkId,
        task: TaskId,
        (agent, needs): (AgentId, Resources),
        is_gang: bool,
    ) {
        // A framework that forgot the task was told it is lost; the agent would be told to kill it.
        let Some(purpose) = self.frameworks[framework.index()].purpose(task) else {
            self.agents.gangs.remove(&(framework, task));
            self.never_began(framework, task);
            return;
        };
        self.liveness.moves(self.now);
        let running = RunningTask {
            agent,
            needs,
            started: self.now,
            purpose,
            is_gang,
        };
        self.agents.start(framework, task, running);
        let page = &self.frameworks[framework.index()];
        match purpose {
            // Another attempt was done while this one was on its way, and so is the order to end it.
            TaskPurpose::WorkUnit(_) if page.is_beaten(task) => {}
            TaskPurpose::WorkUnit(unit) => {
                self.record.framework(framework).copies += u64::from(page.standing(task).1);
                if let Some(due) = self.piece_started(agent, framework, task, unit) {
                    self.works(framework, task, unit, due);
                }
            }
            TaskPurpose::Executor if self.costs.start().is_zero() => {
                self.executor_up(framework, task);
            }
            TaskPurpose::Executor => {
                let up = self.now + self.costs.start();
                self.agenda.push(up, Item::ExecutorUp(framework, task));
            }
            TaskPurpose::Instance => {
                let up = self.now + self.startup(framework);
                self.agenda.push(up, Item::InstanceUp(framework, task));
                self.serves(framework, task);
            }
        }
    }

    /// An executor that still runs tells its framework that it can be given work.
    pub(super) fn executor_up(&mut self, framework: FrameworkId, task: TaskId) {
        if let Some(agent) = self.agents.agent_of(framework, task) {
            self.task_tells(agent, framework, FrameworkEvent::ExecutorStarted(task));
        }
    }

    /// A task has run its time, unless it ended before.
    pub(super) fn task_due(&mut self, framework: FrameworkId, task: TaskId) {
        self.end(framework, task, Outcome::Finished);
    }

    /// A task has had its time to end by itself, and has not.
    pub(super) fn grace_over(&mut self, framework: FrameworkId, task: TaskId) {
        self.end(framework, task, Outcome::Preempted);
    }

    /// Ends a task on its agent, which tells the master.
    fn end(&mut self, framework: FrameworkId, task: TaskId, outcome: Outcome) {
        let Some(running) = self.agents.end(framework, task) else {
            return;
        };
        self.gone(framework, task, &running, outcome);
        let agent = running.agent;
        self.agent_tells(
            agent,
            Event::TaskEnded {
                agent,
                framework,
                task,
                outcome,
            },
        );
    }

    /// Everything but the report that follows from a task's end.
    fn gone(
        &mut self,
        framework: FrameworkId,
        task: TaskId,
        running: &RunningTask,
        outcome: Outcome,
    ) {
        self.liveness.moves(self.now);
        self.works_no_more(framework, task, running);
        let page = &self.frameworks[framework.index()];
        if page.standing(task).0 && outcome == Outcome::Finished {
            let worked = self.now - running.started;
            self.doubled.insert((framework, task), worked);
        }
        let in_vain = outcome != Outcome::Finished || page.is_beaten(task);
        let wasted = match running.purpose {
            TaskPurpose::WorkUnit(unit) if in_vain => {
                Some(self.wasted_since(framework, task, running, unit, outcome))
            }
            TaskPurpose::Executor => {
                let work = self.agents.work_at((framework, task), running);
                work.map(|(_, since)| since)
            }
            _ => None,
        };
        self.agents.each_part((framework, task), running, |part| {
            let ended = Ended {
                framework,
                task,
                agent: part.agent,
                needs: part.needs,
                units: part.units,
                started: running.started,
                ended: self.now,
                wasted,
            };
            self.record.ended(&ended);
            (self.watch)(&ended);
        });
        self.note(framework, task, running, outcome.into());
        self.agents.forget((framework, task), running);
        if running.purpose == TaskPurpose::Instance {
            self.instance_down(framework, task);
        }
    }

    /// Since when a task that ended in vain worked in vain: from its start, unless something of what a
    /// preempted task did is kept. The others of its gang have to go with it, and are alike in that.
    fn wasted_since(
        &mut self,
        framework: FrameworkId,
        task: TaskId,
        running: &RunningTask,
        unit: WorkUnit,
        outcome: Outcome,
    ) -> Time {
        let left = self.scenario.frameworks[framework.index()].preempted;
        let beaten = self.frameworks[framework.index()].is_beaten(task);
        let with_it = outcome == Outcome::Killed && !beaten && self.is_gang(framework, unit.job);
        if left.is_lost() || !(outcome == Outcome::Preempted || with_it) {
            return running.started;
        }
        let worked = self.now.since(running.started + self.costs.start());
        let unit = self.in_trace(framework, unit);
        // What is kept is kept wherever it goes on, at whatever speed.
        let speed = self.slowest(framework, task, running);
        let worked = worked.scaled(speed, 1000);
        let in_vain = self.costs.preempted(framework, unit, worked, left);
        let in_vain = in_vain.scaled(1000, speed);
        Time::from_micros(self.now.as_micros() - in_vain.as_micros())
    }

    /// A piece of work reaches its executor, if that still runs.
    pub(super) fn begin_work(&mut self, framework: FrameworkId, action: &FrameworkAction) {
        let FrameworkAction::Work {
            executor,
            unit,
            cache,
        } = *action
        else {
            return;
        };
        if self.agents.running_task(framework, executor).is_none() {
            self.work_never_began(framework, executor, unit);
            return;
        }
        let doing = self.agents.doing.entry((framework, executor)).or_default();
        doing.unit = Some((unit, self.now));
        doing.begun += 1;
        let begun = doing.begun;
        self.liveness.moves(self.now);
        let takes = self.work_started(framework, executor, unit, cache);
        self.works_inside(framework, executor, (unit, begun), self.now + takes);
    }

    /// A piece of work came to an executor that is gone.
    pub(super) fn work_never_began(
        &mut self,
        framework: FrameworkId,
        executor: TaskId,
        unit: WorkUnit,
    ) {
        if let Some(attempts) = self.record.attempts() {
            attempts.work_unstarted(framework, executor, unit, self.now);
        }
    }

    /// An executor is done with the `begun`-th piece of work it began, if it still runs.
    pub(super) fn work_due(&mut self, framework: FrameworkId, executor: TaskId, begun: u32) {
        if let Some(doing) = self.agents.doing.get_mut(&(framework, executor))
            && doing.begun == begun
            && let Some((unit, since)) = doing.unit.take()
            && let Some(&running) = self.agents.running_task(framework, executor)
        {
            self.liveness.moves(self.now);
            let agent = running.agent;
            let done = Done {
                framework,
                task: executor,
                agent,
                needs: running.needs,
                units: 1,
                before: 0,
                purpose: TaskPurpose::WorkUnit(unit),
                inside: true,
                started: since,
                ended: self.now,
                outcome: TaskEnd::Finished,
            };
            if let Some(attempts) = self.record.attempts() {
                attempts.ended(done);
            }
            self.task_tells(
                agent,
                framework,
                FrameworkEvent::WorkFinished { executor, unit },
            );
        }
    }

    /// An agent goes away with everything on it; the master notices a little later.
    pub(super) fn crash(&mut self, agent: AgentId) {
        self.liveness.faults -= 1;
        let machine = &mut self.agents.machines[agent.index()];
        if !machine.up {
            return;
        }
        machine.up = false;
        for (_, framework, task) in self.agents.on(agent) {
            let running = self.agents.end(framework, task).expect("a task that runs");
            self.gone(framework, task, &running, Outcome::Lost);
        }
        let incarnation = self.agents.machines[agent.index()].incarnation;
        let noticed = self.now + self.network.detection();
        self.agenda.push(noticed, Item::Noticed(agent, incarnation));
    }

    /// The master notices a loss, unless the agent came back before it did.
    pub(super) fn notice_loss(&mut self, agent: AgentId, incarnation: u32) {
        if self.agents.machines[agent.index()].incarnation == incarnation {
            self.tell_master(&Event::AgentLost { agent });
        }
    }

    /// An agent comes back empty. If the master has not noticed its absence, it learns of both now.
    pub(super) fn come_back(&mut self, fault: u32) {
        let Fault { agent, total, .. } = self.trace.faults[fault as usize];
        self.liveness.faults -= 1;
        let machine = &mut self.agents.machines[agent.index()];
        if machine.up {
            return;
        }
        if let Some(total) = total {
            machine.total = self.scenario.offered(agent, total);
            if let Some(contention) = &mut self.contention {
                contention.comes_back(agent, total);
            }
        }
        machine.up = true;
        machine.incarnation += 1;
        let incarnation = machine.incarnation;
        self.liveness.moves(self.now);
        let at = self.network.arrival(Link::FromAgent(agent), self.now);
        self.agenda.push(at, Item::Rejoined(agent, incarnation));
    }

    /// The master hears of an agent's new incarnation, unless that is over already; what it orders from
    /// then on is meant for it.
    pub(super) fn rejoin(&mut self, agent: AgentId, incarnation: u32) {
        let machine = &mut self.agents.machines[agent.index()];
        if !machine.up || machine.incarnation != incarnation {
            return;
        }
        machine.known_incarnation = incarnation;
        let total = machine.total;
        let scenario = self.scenario;
        for event in scenario.joined(agent, total) {
            self.tell_master(&event);
        }
    }
}
