//! The world around the master: time, agents, networks, frameworks and what they run.
//!
//! The world carries events and actions and knows how long things take. It decides nothing.

mod agents;
mod behaviour;
mod contention;
mod costs;
mod jobs;
mod network_io;
mod rows;
pub mod service_queue;
mod services;
mod usable;
mod job_source;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};

use fairground_policies::frameworks::{
    Autoscaler, Framework, FrameworkAction, FrameworkEvent, OfferPolicy,
};
use fairground_policies::master::{Config, Master};
use fairground_policies::message::{Action, AgentId, Event, FrameworkId, JobId, RoleId, TaskId};
use fairground_policies::name::{BadName, Name};
use fairground_policies::registry::Registry;
use fairground_policies::resources::Resources;
use fairground_policies::time::{Span, Time};
use fairground_workloads::recipe::{CostSpec, Reservation, Role};
use fairground_workloads::sorted::Sorted;
use fairground_workloads::trace::{JobStream, Trace, Work};
use fairground_workloads::{ReadError, rng};
use slab::Slab;

use crate::digest::Digest;
use crate::network::{Network, NetworkSpec};
use crate::queue::Queue;
use crate::record::{Ended, Recorder};
use crate::run::{JobLine, Run};

use agents::Agents;
pub use behaviour::Behaviour;
use contention::Contention;
use costs::Costs;
use job_source::{JobSource, data_of};
use jobs::Progress;
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

/// A message under way.
#[derive(Debug)]
enum Message {
    /// A fact for the master.
    Told(Event),
    /// An event for a framework.
    FrameworkEvent(FrameworkId, FrameworkEvent),
    /// An order for an agent; the number names the agent's incarnation it is meant for.
    Ordered(u32, Action),
    /// An order to start a gang, meant for these incarnations of its agents.
    Gang(Box<(Vec<u32>, Action)>),
    /// A piece of work for an executor.
    Work(FrameworkId, FrameworkAction),
}

/// Something that happens at a time. Small, because many wait for their time for long.
#[derive(Clone, Copy, Debug)]
enum Item {
    /// The next message of this instant arrives.
    Here,
    /// The message of this number arrives.
    Arrives(u32),
    /// A task ends by itself.
    TaskDue(FrameworkId, TaskId),
    /// An executor is done with its n-th piece of work.
    WorkDue(FrameworkId, TaskId, u32),
    /// An executor has started.
    ExecutorUp(FrameworkId, TaskId),
    /// Somebody on a machine that is shared may be done.
    Look(AgentId),
    /// An instance begins to serve.
    InstanceUp(FrameworkId, TaskId),
    /// The next job of a framework is submitted.
    NextJob(FrameworkId),
    /// A job that waited for the end of another is submitted.
    Waited(FrameworkId, JobId),
    /// A load balancer looks at its load.
    Measure(FrameworkId),
    /// An agent goes away.
    Crash(AgentId),
    /// The master notices that an agent is gone, if that incarnation of it is still the last.
    Noticed(AgentId, u32),
    /// An agent comes back, perhaps with something else than it had.
    Return(AgentId, Option<Resources>),
    /// The master hears that an agent came back to a new incarnation.
    Rejoined(AgentId, u32),
    /// A framework asked to be woken.
    Wake(FrameworkId),
    /// A task that is taken back has had its time to end by itself.
    GraceOver(FrameworkId, TaskId),
}

struct World<'a> {
    scenario: &'a Scenario<'a>,
    trace: &'a Trace,
    now: Time,
    queue: Queue<Item>,
    /// Messages that arrive later.
    messages: Slab<Message>,
    /// Messages that arrive at this instant, in order.
    here: VecDeque<Message>,
    network: Network,
    costs: Costs,
    master: Master,
    /// When the master wants to be told that time has passed.
    wake: Option<Time>,
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
    /// Loads, frameworks whose jobs still arrive, and jobs that are not over.
    open: u64,
    /// Failures and returns of agents still to come.
    faults: usize,
    /// Ends of tasks and of work in executors still to come: without any, what runs waits for ever.
    due: u64,
    /// Jobs whose users think before they submit them.
    thinking: u64,
    /// When something last changed that could let the cluster go on.
    moved: Time,
    stalled: bool,
    /// Why the run cannot go on.
    failed: Option<ReadError>,
}

/// A cluster in which nothing runs, starts or ends for so long, and where nothing is to arrive or
/// to return, will not move again: longer than any filter, wait or hold of a sensible recipe.
const STALL: Span = Span::from_secs(4 * 3600);

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
        for (i, workload) in trace.workloads.iter().enumerate() {
            let id = FrameworkId(i as u32);
            frameworks.push(framework(id, &workload.work, scenario, config)?);
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
        if let Some(contention) = &contention {
            record.follow_use(offered.clone(), contention.known());
        }
        Ok(Self {
            scenario,
            trace,
            now: Time::ZERO,
            queue: Queue::default(),
            messages: Slab::new(),
            here: VecDeque::new(),
            network: Network::new(scenario.network, scenario.seed),
            costs: Costs::new(scenario.costs, scenario.seed),
            master: Master::new(config, allocator),
            wake: None,
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
            open: 0,
            faults: 0,
            due: 0,
            thinking: 0,
            moved: Time::ZERO,
            stalled: false,
            failed: None,
        })
    }

    /// Lets everything join, in order of ids, and arranges what comes from outside.
    fn start(&mut self) {
        // They are the master's own settings and no messages.
        for (i, role) in self.scenario.roles.iter().enumerate() {
            for event in role.events(RoleId(i as u32)) {
                self.tell_master(event);
            }
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
        for fault in &self.trace.faults {
            self.faults += 1;
            self.queue.push(fault.at, Item::Crash(fault.agent));
            if let Some(back) = fault.back {
                self.faults += 1;
                self.queue
                    .push(back, Item::Return(fault.agent, fault.total));
            }
        }
        for (i, workload) in self.trace.workloads.iter().enumerate() {
            let framework = FrameworkId(i as u32);
            if let Some(first) = self.progress[i].next_submission() {
                self.open += 1;
                self.queue.push(first, Item::NextJob(framework));
            }
            let begun = self.progress[i].begin();
            self.follow_up(framework, begun);
            if let Work::Service(_) = workload.work {
                self.open += 1;
                self.queue.push(Time::ZERO, Item::Measure(framework));
            }
        }
    }

    /// The loop: the next item or the master's next wake-up, whichever is earlier.
    fn run(&mut self) {
        while self.failed.is_none() && !self.is_given_up() && !self.is_over() {
            match (self.queue.next_time(), self.wake) {
                (None, None) => {
                    self.stalled = self.open > 0;
                    break;
                }
                (next, Some(wake)) if next.is_none_or(|next| wake < next) => {
                    self.queue.advance(wake);
                    self.now = wake;
                    self.tell_master(Event::TimePassed);
                }
                _ => {
                    let (now, item) = self.queue.pop().expect("a next item");
                    self.now = now;
                    self.perform(item);
                }
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
        if running > 0 && self.due > 0 {
            return false;
        }
        self.stalled = self.open > 0
            && self.now.since(self.moved) > STALL
            && self.faults == 0
            && self.thinking == 0
            && self.progress.iter().all(|p| p.next_submission().is_none());
        // Messages under way still arrive; failures of agents that nobody uses need not.
        let looks = self.contention.as_ref().map_or(0, |one| one.looks());
        let idle = running == 0 && self.open == 0;
        self.stalled || (idle && self.queue.len() == self.faults + looks)
    }

    fn perform(&mut self, item: Item) {
        match item {
            Item::Here => {
                let message = self.here.pop_front().expect("a message of this instant");
                self.receive(message);
            }
            Item::Arrives(number) => {
                let message = self.messages.remove(number as usize);
                self.receive(message);
            }
            Item::TaskDue(framework, task) => {
                self.due -= 1;
                self.task_due(framework, task);
            }
            Item::WorkDue(framework, task, count) => {
                self.due -= 1;
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
            Item::Return(agent, total) => self.come_back(agent, total),
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
        self.record
            .finish(self.scenario.seed, end, self.stalled, self.digest)
    }
}

fn framework(
    id: FrameworkId,
    work: &Work,
    scenario: &Scenario<'_>,
    config: Config,
) -> Result<Framework, BadName> {
    let behaviour = &scenario.frameworks[id.index()];
    let offer_policy = OfferPolicy {
        refuse: behaviour.refuse,
        declares: config.declares,
    };
    Ok(match work {
        Work::Batch(_) => {
            let scheduler = behaviour.scheduler_in(scenario)?;
            Framework::batch(id, offer_policy, scheduler)
        }
        Work::Executors {
            needs, max, idle, ..
        } => {
            let order = scenario.registry.scheduler(&behaviour.scheduler)?.order();
            Framework::executors(id, offer_policy, order, *needs, *max, *idle)
        }
        Work::Service(service) => {
            let autoscaler = Autoscaler {
                workers: service.workers,
                target: service.autoscaler.target,
                window: service.autoscaler.window,
                min: service.autoscaler.min,
                max: service.autoscaler.max,
            };
            Framework::service(id, offer_policy, service.needs, autoscaler)
        }
    })
}
