//! The world around the master: time, agents, networks, frameworks and what they run.
//!
//! The world carries events and actions and knows how long things take. It decides nothing.

mod agenda;
mod agents;
mod behaviour;
mod contention;
mod costs;
mod frameworks;
mod jobs;
mod liveness;
mod network_io;
mod rows;
mod running;
pub mod service_queue;
mod services;
mod speeds;
mod usable;
mod job_source;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use fairground_policies::frameworks::{Framework, FrameworkAction, FrameworkEvent};
use fairground_policies::master::{Master, OfferSize};
use fairground_policies::message::{Action, Event, FrameworkId, TaskId};
use fairground_policies::name::{BadName, Name};
use fairground_policies::registry::Registry;
use fairground_policies::time::{Span, Time};
use fairground_workloads::recipe::{CostSpec, Reservation, Role};
use fairground_workloads::sorted::Sorted;
use fairground_workloads::trace::{JobStream, Trace, Work};
use fairground_workloads::{ReadError, rng};

use crate::digest::Digest;
use crate::network::{Network, NetworkSpec};
use crate::record::{Ended, Recorder};
use crate::run::{JobLine, Run};

use agenda::{Agenda, Item, Message, Next};
pub use behaviour::Behaviour;
use contention::Contention;
use costs::Costs;
use frameworks::framework;
use job_source::{JobSource, data_of};
use jobs::Progress;
use liveness::Liveness;
use running::Agents;
use services::Service;
use usable::usable_agents;

/// Everything one simulation follows from.
#[derive(Clone, Debug)]
pub struct Scenario<'a> {
    /// What comes from outside.
    pub trace: &'a Trace,
    /// How each framework behaves, by id.
    pub frameworks: &'a [Behaviour],
    /// The roles there are, those above others before them.
    pub roles: &'a [Role],
    /// What of agents is reserved for roles.
    pub reservations: &'a [Reservation],
    /// How long messages take.
    pub network: NetworkSpec,
    /// What launching costs.
    pub costs: CostSpec,
    /// How many times its cores each agent offers, in thousandths; nothing if all offer what they have.
    pub overcommit: &'a [u32],
    /// The policy of the first level.
    pub policy: &'a Name,
    /// What names mean.
    pub registry: &'a Registry,
    /// The seed of the policy's and the network's draws.
    pub seed: u64,
    /// The length of the time steps in the usage table.
    pub step: Span,
    /// The length of the time steps in the hosts table; `None` leaves the table out.
    pub host_step: Option<Span>,
    /// Whether a row a task is kept.
    pub tasks: bool,
    /// When this is set the run is given up, and what there is of it is no result.
    pub stop: Option<&'a AtomicBool>,
    /// Whether the laws are checked by a full recount after every step.
    pub check: bool,
}

/// Runs a scenario to its end.
///
/// # Errors
/// When the policy's or a scheduler's name means nothing.
pub fn simulate(scenario: &Scenario<'_>) -> Result<Run, BadName> {
    simulate_watched(scenario, &mut |_| ())
}

/// Runs a scenario to its end and tells `watch` of every task that ended on its agent, in order.
///
/// # Errors
/// When the policy's or a scheduler's name means nothing.
pub fn simulate_watched(
    scenario: &Scenario<'_>,
    watch: &mut dyn FnMut(&Ended),
) -> Result<Run, BadName> {
    match perform(scenario, Vec::new(), watch) {
        Ok((run, _)) => Ok(run),
        Err(StreamError::Name(error)) => Err(error),
        Err(StreamError::Read(error)) => unreachable!("nothing was read: {error}"),
    }
}

/// Why a streamed run ended early.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// A name that means nothing.
    #[error(transparent)]
    Name(#[from] BadName),
    /// Jobs that could not be read, or rows that could not be put aside.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Runs a scenario to its end with frameworks whose jobs come one by one: those of `streams`, by
/// framework. Only jobs that are not over are in memory; the rows of the others are apart from the
/// run, by framework and job. The digest is that of the same run with all jobs in the trace.
///
/// # Errors
/// When the policy's or a scheduler's name means nothing, or a stream fails.
pub fn simulate_streamed<'a>(
    scenario: &'a Scenario<'a>,
    streams: Vec<Option<JobStream<'a>>>,
) -> Result<(Run, Sorted<JobLine>), StreamError> {
    perform(scenario, streams, &mut |_| ())
}

/// Never inlined: `.ci/gauge` counts what is done in here.
#[inline(never)]
fn perform<'a>(
    scenario: &'a Scenario<'a>,
    streams: Vec<Option<JobStream<'a>>>,
    watch: &'a mut dyn FnMut(&Ended),
) -> Result<(Run, Sorted<JobLine>), StreamError> {
    let mut world = World::new(scenario, streams, watch)?;
    world.start();
    world.run();
    Ok(world.finish()?)
}

struct World<'a> {
    scenario: &'a Scenario<'a>,
    trace: &'a Trace,
    now: Time,
    agenda: Agenda,
    network: Network,
    costs: Costs,
    master: Master,
    /// The master's orders of the current step; kept to spare allocations.
    actions: Vec<Action>,
    frameworks: Vec<Framework>,
    /// A framework's orders of the current step; kept to spare allocations.
    framework_actions: Vec<FrameworkAction>,
    /// The wake-up that is in the queue for each framework.
    wakes: Vec<Option<Time>>,
    agents: Agents,
    /// What machines are used for, if anybody is to know; kept apart, since few runs have it.
    contention: Option<Box<Contention>>,
    progress: Vec<Progress<'a>>,
    /// How long tasks worked that are done, while another attempt at the same was made and nobody knows
    /// which of them is first.
    doubled: BTreeMap<(FrameworkId, TaskId), Span>,
    services: Vec<Option<Service>>,
    record: Recorder,
    /// Told of every task that ended.
    watch: &'a mut dyn FnMut(&Ended),
    digest: Digest,
    liveness: Liveness,
    /// Why the run cannot go on.
    failed: Option<ReadError>,
}

impl<'a> World<'a> {
    fn new(
        scenario: &'a Scenario<'a>,
        mut streams: Vec<Option<JobStream<'a>>>,
        watch: &'a mut dyn FnMut(&Ended),
    ) -> Result<Self, StreamError> {
        let trace = scenario.trace;
        let setup = fairground_policies::allocators::Setup {
            shares: scenario
                .frameworks
                .iter()
                .map(|framework| framework.share)
                .collect(),
            agents: trace.agents.len() as u32,
            rng: rng::stream(scenario.seed, "policy").into_generator(),
        };
        let (config, allocator) = scenario.registry.allocator(scenario.policy, setup)?;
        let offered = scenario.all_offered();
        let usable = usable_agents(scenario, |agent| allocator.owner(agent));
        let kept = allocator.keeps_data();
        let data = |framework| kept.then(|| data_of(framework, scenario, &*allocator));
        let mut frameworks = Vec::new();
        let described = trace.described.as_slice().into();
        for (i, workload) in trace.workloads.iter().enumerate() {
            let id = FrameworkId(i as u32);
            let on = (config, &described);
            frameworks.push(framework(id, &workload.work, scenario, on)?);
        }
        let count = frameworks.len();
        streams.resize_with(count, || None);
        let works = trace.workloads.iter().map(|workload| &workload.work);
        let progress = (0..).zip(works).zip(streams).zip(&usable);
        let progress = progress
            .map(|(((id, work), stream), usable)| {
                let how = (data(FrameworkId(id)), scenario.tells_apart(work));
                let jobs = JobSource::new(work, stream, how)?;
                Ok(Progress::new(jobs, work, usable))
            })
            .collect::<Result<_, ReadError>>()?;
        let contention = Contention::new(scenario).map(Box::new);
        let mut record = Recorder::new(trace, scenario.step, scenario.host_step, scenario.tasks);
        if config.offers == OfferSize::Shared {
            record.offers_are_shared();
        }
        if let Some(contention) = &contention {
            record.follow_use(offered.clone(), contention.known());
        }
        Ok(Self {
            scenario,
            trace,
            now: Time::ZERO,
            agenda: Agenda::default(),
            network: Network::new(scenario.network, scenario.seed),
            costs: Costs::new(scenario.costs, scenario.seed),
            master: Master::new(config, allocator),
            actions: Vec::new(),
            frameworks,
            framework_actions: Vec::new(),
            wakes: vec![None; count],
            agents: Agents::new(&offered, count),
            contention,
            progress,
            doubled: BTreeMap::new(),
            services: trace
                .workloads
                .iter()
                .map(|w| Service::new(&w.work))
                .collect(),
            record,
            watch,
            digest: Digest::default(),
            liveness: Liveness::default(),
            failed: None,
        })
    }

    /// Lets everything join, in order of ids, and arranges what comes from outside.
    fn start(&mut self) {
        // They are the master's own settings and no messages.
        for event in self.scenario.settings() {
            self.tell_master(&event);
        }
        for (i, behaviour) in self.scenario.frameworks.iter().enumerate() {
            let joined = Event::FrameworkJoined {
                framework: FrameworkId(i as u32),
                weight: behaviour.weight,
                role: behaviour.role,
            };
            self.send(Time::ZERO, Message::Told(joined));
        }
        for event in self.scenario.all_joined() {
            self.send(Time::ZERO, Message::Told(event));
        }
        for (number, fault) in (0..).zip(&self.trace.faults) {
            self.liveness.faults += 1;
            self.agenda.push(fault.at, Item::Crash(fault.agent));
            if let Some(back) = fault.back {
                self.liveness.faults += 1;
                self.agenda.push(back, Item::Return(number));
            }
        }
        for (i, workload) in self.trace.workloads.iter().enumerate() {
            let framework = FrameworkId(i as u32);
            if let Some(first) = self.progress[i].next_submission() {
                self.liveness.open += 1;
                self.agenda.push(first, Item::NextJob(framework));
            }
            let begun = self.progress[i].begin();
            self.follow_up(framework, begun);
            if let Work::Service(_) = workload.work {
                self.liveness.open += 1;
                self.agenda.push(Time::ZERO, Item::Measure(framework));
            }
        }
    }

    /// The loop: the next item or the master's next wake-up, whichever is earlier.
    fn run(&mut self) {
        while self.failed.is_none() && !self.is_given_up() && !self.is_over() {
            let Some(next) = self.agenda.pop() else {
                self.liveness.ends();
                break;
            };
            self.now = self.agenda.now();
            match next {
                Next::Item(item) => self.perform(item),
                // Where it lies: it is the largest of what is said, and mostly it is this.
                Next::Message(Message::Told(ref event)) => self.tell_master(event),
                Next::Message(message) => self.receive(message),
                Next::Woken => self.tell_master(&Event::TimePassed),
            }
        }
    }

    fn is_given_up(&self) -> bool {
        let stop = self.scenario.stop;
        stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    /// Whether all work is done, or no more of it will ever be.
    fn is_over(&mut self) -> bool {
        let running = self.agents.running();
        if self.liveness.is_at_work(running) {
            return false;
        }
        let mut progress = self.progress.iter();
        let no_more_jobs = || progress.all(|p| p.next_submission().is_none());
        if self.liveness.stalls(self.now, no_more_jobs) {
            return true;
        }
        // Messages under way still arrive; failures of agents that nobody uses need not.
        let looks = self.contention.as_ref().map_or(0, |one| one.looks());
        self.liveness.is_done(running, self.agenda.len(), looks)
    }

    fn perform(&mut self, item: Item) {
        match item {
            Item::TaskDue(framework, task) => {
                self.liveness.due -= 1;
                self.task_due(framework, task);
            }
            Item::WorkDue(framework, task, count) => {
                self.liveness.due -= 1;
                self.work_due(framework, task, count);
            }
            Item::Look(agent) => self.look(agent),
            Item::ExecutorUp(framework, task) => self.executor_up(framework, task),
            Item::InstanceUp(framework, task) => self.instance_up(framework, task),
            Item::NextJob(framework) => self.submit_next(framework),
            Item::Waited(framework, job) => self.submit_waiting(framework, job),
            Item::Measure(framework) => self.measure(framework),
            Item::Crash(agent) => self.crash(agent),
            Item::Noticed(agent, incarnation) => self.notice_loss(agent, incarnation),
            Item::Return(fault) => self.come_back(fault),
            Item::Rejoined(agent, incarnation) => self.rejoin(agent, incarnation),
            Item::GraceOver(framework, task) => self.grace_over(framework, task),
            Item::Wake(framework) => {
                self.wakes[framework.index()] = None;
                self.tell_framework(framework, FrameworkEvent::TimePassed);
            }
        }
    }

    fn finish(mut self) -> Result<(Run, Sorted<JobLine>), ReadError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let end = self.now;
        self.note_rest();
        for (i, service) in self.services.iter_mut().enumerate() {
            if let Some(service) = service {
                service.finish(FrameworkId(i as u32), &mut self.record);
            }
        }
        for (i, progress) in self.progress.into_iter().enumerate() {
            progress.finish(FrameworkId(i as u32), &mut self.record)?;
        }
        self.record.finish(
            self.scenario.seed,
            end,
            self.liveness.is_stalled(),
            self.digest,
        )
    }
}
