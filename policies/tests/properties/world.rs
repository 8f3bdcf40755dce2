//! A small world: agents that run tasks, lose them and come back, around a master and frameworks.
//!
//! Agents speak to the master at once; what frameworks and master say to each other takes a while,
//! so answers can be late.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fairground_policies::constraint::{Constraint, TaskSpread};
use fairground_policies::frameworks::{
    Framework, FrameworkAction, FrameworkEvent, TaskPurpose, WorkUnit,
};
use fairground_policies::job::JobSpec;
use fairground_policies::master::Master;
use fairground_policies::message::{
    Action, AgentId, Event, FrameworkId, GangRequest, JobId, Outcome, TaskId,
};
use fairground_policies::resources::Resources;
use fairground_policies::share::Weight;
use fairground_policies::time::{Span, Time};

/// A world that has not come to rest after so many messages never will.
const MANY: usize = 100_000;
pub(crate) const AGENT: Resources = Resources::cores(4, 16);

#[derive(Clone, Debug)]
enum Message {
    ToMaster(Event),
    ToFramework(FrameworkId, FrameworkEvent),
    /// A task's time is up; executors are up after it, and finish their work.
    Due(FrameworkId, TaskId),
    WorkDue(FrameworkId, TaskId, WorkUnit),
}

/// What happens from outside, and when.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    Job(FrameworkId, JobId, Arc<JobSpec>),
    Load(FrameworkId, u64),
    LoadEnds(FrameworkId),
    Lost(AgentId),
    Back(AgentId),
}

pub(crate) struct World {
    pub(crate) master: Master,
    pub(crate) now: Time,
    frameworks: Vec<Framework>,
    delay: Span,
    queue: BTreeMap<(Time, usize), Message>,
    /// The next one last.
    inputs: Vec<(Time, Input)>,
    sent: usize,
    /// On one agent, or on those of a gang.
    pub(crate) alive: BTreeMap<(FrameworkId, TaskId), (Vec<AgentId>, TaskPurpose)>,
    jobs: BTreeMap<(FrameworkId, JobId), Arc<JobSpec>>,
    finished: BTreeSet<(FrameworkId, WorkUnit)>,
    /// Who asks that its tasks keep apart.
    pub(crate) apart: BTreeMap<FrameworkId, Constraint>,
}

impl World {
    pub(crate) fn new(
        master: Master,
        frameworks: Vec<Framework>,
        agents: u32,
        delay: Span,
        mut inputs: Vec<(Time, Input)>,
    ) -> Self {
        inputs.sort_by_key(|(at, _)| *at);
        inputs.reverse();
        let mut world = Self {
            master,
            now: Time::ZERO,
            frameworks,
            delay,
            queue: BTreeMap::new(),
            inputs,
            sent: 0,
            alive: BTreeMap::new(),
            jobs: BTreeMap::new(),
            finished: BTreeSet::new(),
            apart: BTreeMap::new(),
        };
        for agent in 0..agents {
            world.input(&Input::Back(AgentId(agent)));
        }
        for framework in 0..world.frameworks.len() {
            let framework = FrameworkId(framework as u32);
            let weight = Weight::ONE;
            world.tell_master(Event::FrameworkJoined {
                framework,
                weight,
                role: None,
            });
        }
        world
    }

    /// Says where the tasks of a framework may run, before it does anything.
    pub(crate) fn spread(&mut self, framework: FrameworkId, spread: Option<Box<TaskSpread>>) {
        let plain = self.frameworks.remove(framework.index());
        let constrained = plain.with_spread(spread);
        self.frameworks.insert(framework.index(), constrained);
    }

    /// Goes on until nothing is under way and nobody wants to be woken.
    pub(crate) fn rest(&mut self) {
        for _ in 0..MANY {
            let message = self.queue.first_key_value().map(|((at, _), _)| *at);
            let input = self.inputs.last().map(|(at, _)| *at);
            let wakes = self.frameworks.iter().filter_map(Framework::wake_at);
            let woken = wakes.min().into_iter().chain(self.master.wake_at()).min();
            let Some(at) = message.into_iter().chain(input).chain(woken).min() else {
                return;
            };
            self.now = self.now.max(at);
            if message.is_some_and(|at| at <= self.now) {
                let (_, message) = self.queue.pop_first().unwrap();
                self.deliver(message);
            } else if input.is_some_and(|at| at <= self.now) {
                let (_, input) = self.inputs.pop().unwrap();
                self.input(&input);
            } else {
                self.wake();
            }
        }
        panic!("the world does not come to rest");
    }

    fn wake(&mut self) {
        if self.master.wake_at().is_some_and(|at| at <= self.now) {
            self.tell_master(Event::TimePassed);
        }
        for framework in 0..self.frameworks.len() {
            let wake = self.frameworks[framework].wake_at();
            if wake.is_some_and(|at| at <= self.now) {
                self.tell(FrameworkId(framework as u32), FrameworkEvent::TimePassed);
            }
        }
    }

    fn deliver(&mut self, message: Message) {
        match message {
            Message::ToMaster(event) => self.tell_master(event),
            Message::ToFramework(framework, event) => self.tell(framework, event),
            Message::Due(framework, task) => self.due(framework, task),
            Message::WorkDue(framework, executor, unit) => {
                if self.alive.contains_key(&(framework, executor)) {
                    if self.waits_for_parents(framework, unit) {
                        let again = Message::WorkDue(framework, executor, unit);
                        self.send(Span::from_millis(500), again);
                    } else {
                        self.finish(framework, unit);
                        self.tell(framework, FrameworkEvent::WorkFinished { executor, unit });
                    }
                }
            }
        }
    }

    fn input(&mut self, input: &Input) {
        match input {
            Input::Job(framework, job, spec) => {
                self.jobs.insert((*framework, *job), Arc::clone(spec));
                self.tell(
                    *framework,
                    FrameworkEvent::JobSubmitted(*job, Arc::clone(spec)),
                );
            }
            Input::Load(framework, load) => {
                self.tell(*framework, FrameworkEvent::LoadMeasured(*load));
            }
            Input::LoadEnds(framework) => self.tell(*framework, FrameworkEvent::LoadEnded),
            Input::Lost(agent) => {
                self.alive.retain(|_, (places, _)| !places.contains(agent));
                self.tell_master(Event::AgentLost { agent: *agent });
            }
            Input::Back(agent) => {
                self.alive.retain(|_, (places, _)| !places.contains(agent));
                let (agent, total) = (*agent, AGENT);
                self.tell_master(Event::AgentJoined { agent, total });
            }
        }
    }

    fn tell_master(&mut self, event: Event) {
        let mut actions = Vec::new();
        self.master.step(self.now, event, &mut actions);
        self.master.check();
        for action in actions {
            self.ordered(&action);
        }
    }

    fn ordered(&mut self, action: &Action) {
        let (framework, event) = match *action {
            Action::Parts { .. } => return,
            Action::Offer(offer) => (offer.framework, FrameworkEvent::Offered(offer)),
            Action::Rescind { framework, offer } => (framework, FrameworkEvent::Rescinded(offer)),
            Action::Report {
                framework,
                task,
                outcome,
            } => (framework, FrameworkEvent::Reported { task, outcome }),
            Action::Launch {
                agent,
                framework,
                task,
                ..
            } => return self.launch(&[agent], framework, task),
            Action::LaunchGang {
                framework,
                ref gang,
            } => {
                let places = gang.places.iter();
                let agents: Vec<AgentId> = places.map(|place| place.agent).collect();
                return self.launch(&agents, framework, gang.task);
            }
            Action::Kill {
                agent,
                framework,
                task,
            }
            | Action::Preempt {
                agent,
                framework,
                task,
                ..
            } => {
                if self.alive.remove(&(framework, task)).is_some() {
                    let outcome = Outcome::Killed;
                    self.tell_master(Event::TaskEnded {
                        agent,
                        framework,
                        task,
                        outcome,
                    });
                }
                return;
            }
        };
        self.send(self.delay, Message::ToFramework(framework, event));
    }

    fn launch(&mut self, agents: &[AgentId], framework: FrameworkId, task: TaskId) {
        let purpose = self.frameworks[framework.index()].purpose(task);
        let purpose = purpose.expect("a framework knows its tasks");
        self.check_apart(framework, agents[0]);
        self.alive
            .insert((framework, task), (agents.to_vec(), purpose));
        match purpose {
            TaskPurpose::WorkUnit(unit) => {
                self.check_may_start(framework, unit);
                self.send(length(unit), Message::Due(framework, task));
            }
            TaskPurpose::Executor => {
                self.send(Span::from_millis(100), Message::Due(framework, task));
            }
            TaskPurpose::Instance => {}
        }
    }

    fn tell(&mut self, framework: FrameworkId, event: FrameworkEvent) {
        let mut actions = Vec::new();
        self.frameworks[framework.index()].step(self.now, event, &mut actions);
        self.check_gangs(framework, &actions);
        for action in actions {
            match action {
                FrameworkAction::Tell(event) => self.send(self.delay, Message::ToMaster(event)),
                FrameworkAction::Work { executor, unit, .. } => {
                    self.check_may_start(framework, unit);
                    let done = Message::WorkDue(framework, executor, unit);
                    self.send(length(unit), done);
                }
            }
        }
    }

    fn due(&mut self, framework: FrameworkId, task: TaskId) {
        let Some((agents, purpose)) = self.alive.get(&(framework, task)) else {
            return;
        };
        let (agent, purpose) = (agents[0], *purpose);
        match purpose {
            TaskPurpose::WorkUnit(unit)
                if self.waits_for_parents(framework, unit)
                    || self.waits_for_gang(framework, unit) =>
            {
                self.send(Span::from_millis(500), Message::Due(framework, task));
            }
            TaskPurpose::WorkUnit(unit) => {
                self.alive.remove(&(framework, task));
                self.finish(framework, unit);
                self.tell_master(Event::TaskEnded {
                    agent,
                    framework,
                    task,
                    outcome: Outcome::Finished,
                });
            }
            TaskPurpose::Executor => self.tell(framework, FrameworkEvent::ExecutorStarted(task)),
            TaskPurpose::Instance => {}
        }
    }

    fn send(&mut self, delay: Span, message: Message) {
        self.sent += 1;
        self.queue.insert((self.now + delay, self.sent), message);
    }

    fn finish(&mut self, framework: FrameworkId, unit: WorkUnit) {
        for index in self.together(framework, unit) {
            let unit = WorkUnit { index, ..unit };
            let new = self.finished.insert((framework, unit));
            assert!(new, "{unit:?} of {framework} finished twice");
        }
    }

    /// The tasks of its stage that start and end as one with this one.
    fn together(&self, framework: FrameworkId, unit: WorkUnit) -> std::ops::Range<u32> {
        let stage = &self.jobs[&(framework, unit.job)].stages[unit.stage as usize];
        unit.index..unit.index + stage.at_once()
    }

    /// Finished and all tasks of a stage.
    fn progress(&self, framework: FrameworkId, job: JobId, stage: u32) -> (u32, u32) {
        let all = self.jobs[&(framework, job)].stages[stage as usize].tasks;
        let units = (0..all).map(|index| WorkUnit { job, stage, index });
        let done = units.filter(|unit| self.finished.contains(&(framework, *unit)));
        (done.count() as u32, all)
    }

    fn parents(&self, framework: FrameworkId, unit: WorkUnit) -> (u32, u32) {
        let spec = &self.jobs[&(framework, unit.job)];
        let parents = spec.stages[unit.stage as usize].parents.iter();
        let progress = parents.map(|parent| self.progress(framework, unit.job, *parent));
        progress.fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1))
    }

    /// A reduce that started early cannot end before all its maps have.
    fn waits_for_parents(&self, framework: FrameworkId, unit: WorkUnit) -> bool {
        let (done, all) = self.parents(framework, unit);
        done < all
    }

    /// A member of a gang gets nowhere while another one is gone.
    fn waits_for_gang(&self, framework: FrameworkId, unit: WorkUnit) -> bool {
        let WorkUnit { job, stage, .. } = unit;
        let mates = self.alive.iter().filter(|((owner, _), (_, purpose))| {
            let TaskPurpose::WorkUnit(unit) = purpose else {
                return false;
            };
            *owner == framework && (unit.job, unit.stage) == (job, stage)
        });
        let (done, all) = self.progress(framework, job, stage);
        let alone = self.together(framework, unit).len() as u32;
        self.jobs[&(framework, job)].gang && (mates.count() as u32) * alone < all - done
    }

    fn check_may_start(&self, framework: FrameworkId, unit: WorkUnit) {
        let (done, all) = self.parents(framework, unit);
        let spec = &self.jobs[&(framework, unit.job)].stages[unit.stage as usize];
        let enough = done * 1000 >= all * u32::from(spec.start_after);
        assert!(enough, "{unit:?} started after {done} of {all}");
    }

    /// All tasks of a gang that are not finished are launched in one step, or none.
    fn check_gangs(&self, framework: FrameworkId, actions: &[FrameworkAction]) {
        let mut started: BTreeMap<(JobId, u32), u32> = BTreeMap::new();
        for action in actions {
            let tasks: Vec<(TaskId, u32)> = match action {
                FrameworkAction::Tell(Event::OffersAnswered { launch, .. }) => {
                    launch.iter().map(|request| (request.task, 1)).collect()
                }
                FrameworkAction::Tell(Event::GangsPlaced { gangs, .. }) => {
                    let units = |gang: &GangRequest| gang.places.iter().map(|one| one.units).sum();
                    gangs.iter().map(|gang| (gang.task, units(gang))).collect()
                }
                _ => continue,
            };
            for (task, units) in tasks {
                let purpose = self.frameworks[framework.index()].purpose(task);
                if let Some(TaskPurpose::WorkUnit(unit)) = purpose
                    && self.jobs[&(framework, unit.job)].gang
                {
                    *started.entry((unit.job, unit.stage)).or_default() += units;
                }
            }
        }
        for ((job, stage), started) in started {
            let (done, all) = self.progress(framework, job, stage);
            assert_eq!(started, all - done, "{framework} {job} starts in part");
        }
    }

    /// Every task of every job is finished.
    pub(crate) fn check_done(&self) {
        let tasks: u64 = self.jobs.values().map(|spec| spec.tasks()).sum();
        assert_eq!(
            self.finished.len() as u64,
            tasks,
            "a job is left unfinished"
        );
    }
}

/// How long a piece of work takes: different for every one, and always the same.
fn length(unit: WorkUnit) -> Span {
    let seed = u64::from(unit.job.0) * 31 + u64::from(unit.stage) * 17 + u64::from(unit.index);
    Span::from_millis(100 + seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) % 4000)
}
