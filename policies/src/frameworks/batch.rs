//! A framework whose jobs' tasks run directly on the cluster: Hadoop, MPI.

use std::sync::Arc;

use super::gathering::Gathering;
use super::master_client::{DemandToTell, MasterClient};
use super::message::{FrameworkAction, FrameworkEvent, OfferPolicy, TaskPurpose};
use super::speculation::{Copies, Follows};
use crate::attributes::AgentAttributes;
use crate::few::Few;
use crate::id_table::IdTable;
use crate::job::JobSpec;
use crate::job_queue::{JobQueue, LISTED, MOST_TO_LISTED, WorkUnit};
use crate::message::{
    AgentAnswer, AgentId, Demand, FrameworkId, GangPlace, GangRequest, Offer, Outcome, TaskId,
    TaskRequest,
};
use crate::resources::Resources;
use crate::schedulers::{
    BoxedScheduler, ExpectedEnd, ExpectedEnds, HeldOffer, OfferView, PlacedGang,
};
use crate::time::{Span, Time};

pub(super) struct Batch {
    pub(super) master: MasterClient,
    scheduler: BoxedScheduler,
    queue: JobQueue,
    /// Offers in hand that are not answered.
    held: Vec<HeldOffer>,
    /// Gangs that start on them; kept to spare allocations.
    gangs: Vec<PlacedGang>,
    tasks: IdTable<WorkUnit>,
    /// When they are expected to end, where anything is said of that and the scheduler asks.
    running: ExpectedEnds,
    reads_estimates: bool,
    starts_in_order: bool,
    /// What is in hand, for a scheduler that decides on all that is free.
    gathering: Option<Gathering>,
    /// Whether the scheduler could use now what was refused before.
    asks_again: bool,
    /// The attempts at tasks, where slow ones are to have copies.
    copies: Option<Box<Copies>>,
    /// What agents are described with, by id, where tasks ask.
    pub(super) described: Arc<[AgentAttributes]>,
}

impl Batch {
    pub(super) fn new(
        id: FrameworkId,
        offer_policy: OfferPolicy,
        scheduler: BoxedScheduler,
    ) -> Self {
        Self {
            master: MasterClient::new(id, offer_policy),
            queue: JobQueue::new(scheduler.order(), scheduler.tie()),
            running: ExpectedEnds::default(),
            reads_estimates: scheduler.reads_estimates(),
            starts_in_order: scheduler.starts_in_order(),
            gathering: scheduler.gathers().map(|gather| Gathering::new(id, gather)),
            copies: scheduler
                .speculation()
                .map(|rule| Box::new(Copies::new(rule))),
            scheduler,
            held: Vec::new(),
            gangs: Vec::new(),
            tasks: IdTable::new(),
            asks_again: false,
            described: Arc::default(),
        }
    }

    pub(super) fn step(
        &mut self,
        now: Time,
        event: FrameworkEvent,
        actions: &mut Vec<FrameworkAction>,
    ) {
        let decides = self.gathering.is_none() || matches!(event, FrameworkEvent::TimePassed);
        match event {
            FrameworkEvent::JobSubmitted(job, spec) => {
                self.queue.submit(job, spec, now);
                if let Some(gathering) = &mut self.gathering {
                    gathering.renew();
                    gathering.gather(now, &mut self.held);
                }
            }
            FrameworkEvent::Offered(offer) => self.offered(now, offer, actions),
            FrameworkEvent::Rescinded(id) => self.held.retain_mut(|held| held.lose(id)),
            FrameworkEvent::Reported { task, outcome } => {
                self.reported(now, task, outcome, actions);
            }
            FrameworkEvent::TimePassed
            | FrameworkEvent::ExecutorStarted(_)
            | FrameworkEvent::WorkFinished { .. }
            | FrameworkEvent::LoadMeasured(_)
            | FrameworkEvent::LoadEnded => {}
        }
        if let Some(copies) = &mut self.copies {
            copies.look(now);
        }
        if decides {
            self.place(now, actions);
        }
        let mut new_work = self.queue.take_new_work() | std::mem::take(&mut self.asks_again);
        let mut waiting = self.queue.waiting();
        if let Some(copies) = &mut self.copies {
            new_work |= copies.take_new_work();
            waiting += copies.count();
        }
        let added = self.queue.take_added();
        let in_order = self.starts_in_order
            && !self.queue.has_gangs()
            && !self.queue.has_asks()
            && self.copies.is_none();
        let listed = self.master.listed(in_order);
        let all = |demand: &mut Vec<_>| {
            let exact = self.queue.demand(demand, listed);
            if let Some(copies) = &self.copies {
                demand_copies(copies, &self.queue, demand);
            }
            exact
        };
        let added = added.filter(|_| in_order);
        self.master
            .want(waiting, new_work, DemandToTell { all, added }, actions);
    }

    pub(super) fn wake_at(&self) -> Option<Time> {
        let held = self.held.iter().filter_map(|held| held.hold);
        let slow = self.copies.iter().filter_map(|copies| copies.wake_at());
        held.chain(slow).min()
    }

    /// Whether another attempt has done the work of `task`, whose own end is of no use then.
    pub(super) fn is_beaten(&self, task: TaskId) -> bool {
        let copies = self.copies.as_ref();
        copies.is_some_and(|copies| copies.is_beaten(task))
    }

    /// Whether another attempt is made at what `task` does, and whether `task` itself is a copy.
    pub(super) fn standing(&self, task: TaskId) -> (bool, bool) {
        let Some(copies) = &self.copies else {
            return (false, false);
        };
        let unit = self.tasks.get(task.0);
        unit.map_or((false, false), |unit| copies.standing(*unit, task))
    }

    /// How many tasks a unit of work is whose job is not done.
    pub(super) fn at_once(&self, unit: WorkUnit) -> u32 {
        self.queue.spec(unit.job).stages[unit.stage as usize].at_once()
    }

    pub(super) fn starts_together(&self, job: &JobSpec) -> bool {
        self.scheduler.starts_together(job)
    }

    pub(super) fn purpose(&self, task: TaskId) -> Option<TaskPurpose> {
        self.tasks.get(task.0).copied().map(TaskPurpose::WorkUnit)
    }

    /// Takes an offer in hand, or gives it back where all of them are to come together.
    fn offered(&mut self, now: Time, offer: Offer, actions: &mut Vec<FrameworkAction>) {
        if let Some(gathering) = &mut self.gathering
            && self.master.has_refused()
            && gathering.recalls()
        {
            self.asks_again = true;
            let (ids, refuse) = (Few::one(offer.id), Some(Span::ZERO));
            self.master.answer(ids, &offer, Few::new(), refuse, actions);
            return;
        }
        let mut held = self.held.iter_mut();
        match held.find(|held| held.offer.agent == offer.agent) {
            Some(held) => held.join(offer),
            None => self.held.push(HeldOffer::new(offer)),
        }
        if let Some(gathering) = &self.gathering {
            gathering.gather(now, &mut self.held);
        }
    }

    fn place(&mut self, now: Time, actions: &mut Vec<FrameworkAction>) {
        if self.gathering.is_some() && !Gathering::is_due(now, &mut self.held) {
            return;
        }
        if self.held.is_empty() {
            return;
        }
        let mut view = OfferView {
            offers: &mut self.held,
            queue: &mut self.queue,
            gangs: &mut self.gangs,
            running: &self.running,
            asks_again: &mut self.asks_again,
            spread: self.master.spread.as_deref_mut(),
            described: &self.described,
        };
        self.scheduler.place(now, &mut view);
        self.place_copies();
        if let Some(gathering) = &mut self.gathering {
            let idle = self.tasks.is_empty() && self.queue.waiting() > 0;
            self.asks_again |= gathering.leave(now, &mut self.held, idle);
        }
        let mut offers = std::mem::take(&mut self.held);
        if !self.gangs.is_empty() {
            self.launch_gangs(now, &mut offers, actions);
        }
        offers.retain(|held| {
            let keep = held.hold.is_some() && held.launch.is_empty();
            if !keep {
                let launch = self.requests(now, held.offer.agent, &held.launch);
                let (ids, offer) = (held.ids(), held.whole());
                self.master
                    .answer(ids, &offer, launch, held.refuse, actions);
            }
            keep
        });
        self.held = offers;
    }

    /// Places copies on what tasks that wait have left: they come last, and each on another agent than
    /// the attempt that is slow.
    fn place_copies(&mut self) {
        let Some(copies) = &self.copies else { return };
        for unit in copies.wanted() {
            let stage = &self.queue.spec(unit.job).stages[unit.stage as usize];
            let needs = stage.needs;
            let fits = |held: &&mut HeldOffer| {
                let open = held.hold.is_none() && needs.fits_in(held.left);
                let agent = held.offer.agent;
                let suits = stage.may_run_on(AgentAttributes::of(&self.described, agent));
                open && suits && copies.may_run_on(unit, agent) && self.master.allows(agent, 1)
            };
            if let Some(held) = self.held.iter_mut().find(fits) {
                if let Some(spread) = &mut self.master.spread {
                    spread.place(held.offer.agent);
                }
                held.left -= needs;
                held.launch.push(unit);
            }
        }
    }

    /// Answers the offers that gangs start on together, with what else is placed on them.
    #[inline(never)]
    fn launch_gangs(
        &mut self,
        now: Time,
        offers: &mut Vec<HeldOffer>,
        actions: &mut Vec<FrameworkAction>,
    ) {
        let mut requests = Vec::new();
        for (unit, places) in std::mem::take(&mut self.gangs) {
            let place = |(position, tasks): &(usize, u64)| GangPlace {
                agent: offers[*position].offer.agent,
                units: u32::try_from(*tasks).unwrap_or(u32::MAX),
            };
            requests.push(self.gang_request(now, unit, places.iter().map(place).collect()));
        }
        let (mut answers, mut is_left) = (Vec::new(), false);
        for held in offers.extract_if(.., |held| held.has_gang) {
            is_left |= !held.left.is_zero();
            let agent = held.offer.agent;
            for unit in &held.launch {
                let place = GangPlace { agent, units: 1 };
                requests.push(self.gang_request(now, *unit, vec![place]));
            }
            answers.push(AgentAnswer {
                offers: held.ids().to_vec(),
                refuse: self.master.refusal(held.refuse),
            });
        }
        self.master
            .answer_together((answers, is_left), requests, actions);
    }

    fn gang_request(&mut self, now: Time, unit: WorkUnit, places: Vec<GangPlace>) -> GangRequest {
        let at: Vec<_> = places
            .iter()
            .map(|place| (place.agent, u64::from(place.units)))
            .collect();
        let (task, needs) = self.begin(now, unit, at);
        GangRequest {
            task,
            needs,
            places,
        }
    }

    fn requests(&mut self, now: Time, agent: AgentId, units: &[WorkUnit]) -> Few<TaskRequest> {
        let request = |unit: &WorkUnit| {
            let (task, needs) = self.begin(now, *unit, [(agent, 1)]);
            TaskRequest { task, needs }
        };
        units.iter().map(request).collect()
    }

    /// Something starts, so many of it on each of these agents: under which name, and what one of it takes.
    fn begin(
        &mut self,
        now: Time,
        unit: WorkUnit,
        places: impl AsRef<[(AgentId, u64)]>,
    ) -> (TaskId, Resources) {
        let places = places.as_ref();
        let task = self.master.next_task();
        self.tasks.insert(task.0, unit);
        if let Some(spread) = &mut self.master.spread
            && let [(agent, _)] = places
        {
            spread.launched(task, *agent);
        }
        let job = self.queue.spec(unit.job);
        let stage = &job.stages[unit.stage as usize];
        if let Some(copies) = &mut self.copies
            && !job.gang
            && let [(agent, _)] = places
        {
            copies.launched(now, unit, stage.tasks, (task, *agent));
        }
        if self.reads_estimates
            && let Some(run) = stage.estimate
        {
            let expected = ExpectedEnd {
                unit,
                needs: stage.needs,
                places: places.to_vec(),
                end: now + run,
            };
            self.running.launched(task, expected);
        }
        (task, stage.needs)
    }

    fn reported(
        &mut self,
        now: Time,
        task: TaskId,
        outcome: Outcome,
        actions: &mut Vec<FrameworkAction>,
    ) {
        let Some(unit) = self.tasks.remove(task.0) else {
            return;
        };
        self.scheduler.ended(unit);
        self.master.ended(task);
        if self.reads_estimates {
            self.running.ended(task);
        }
        if let Some(gathering) = &mut self.gathering {
            gathering.renew();
            self.asks_again = true;
        }
        if let Some(copies) = &mut self.copies {
            match copies.ended(now, unit, task, outcome) {
                Follows::Nothing | Follows::GoesOn => return,
                Follows::Ends(others) => {
                    for other in others {
                        self.master.kill(other, actions);
                    }
                }
            }
        }
        if outcome == Outcome::Finished {
            self.queue.finish(unit);
            return;
        }
        self.queue.requeue(unit);
        if outcome != Outcome::Killed {
            self.make_way(unit, actions);
        }
    }

    /// What must not go on when `unit` has to run again: the rest of its gang, and reduces that
    /// started early and would keep their places while waiting for it.
    #[cold]
    fn make_way(&self, unit: WorkUnit, actions: &mut Vec<FrameworkAction>) {
        let gang = self.queue.spec(unit.job).gang.then_some(unit.stage);
        let children = self.queue.early_children(unit.job, unit.stage);
        let stages: Vec<u32> = children.chain(gang).collect();
        if stages.is_empty() {
            return;
        }
        for (id, other) in self.tasks.iter() {
            if other.job == unit.job && stages.contains(&other.stage) {
                self.master.kill(TaskId(id), actions);
            }
        }
    }
}

/// Adds the copies that are wanted to a demand, behind all that waits.
#[inline(never)]
fn demand_copies(copies: &Copies, queue: &JobQueue, demand: &mut Vec<Demand>) {
    for unit in copies.wanted() {
        let needs = queue.spec(unit.job).stages[unit.stage as usize].needs;
        match demand.last_mut() {
            Some(last) if last.needs == needs => last.count = last.count.saturating_add(1),
            _ => demand.push(Demand { needs, count: 1 }),
        }
    }
    demand.truncate(MOST_TO_LISTED * LISTED);
}
