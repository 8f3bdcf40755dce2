//! The second level: which of a framework's tasks run on the offers in hand?
//!
//! One policy a file, one line here. A single framework with the whole pool is a monolithic
//! scheduler.

mod ahead;
mod carbyne;
mod conservative;
mod easy;
mod fit;

mod gang;
mod ordered;
mod running;
mod tetris;
mod themis;
mod together;
mod whole;
mod workload;

use std::fmt;

use rand_chacha::ChaCha8Rng;

use crate::attributes::AgentAttributes;
use crate::constraint::TaskSpread;
use crate::evidence::Evidence;
use crate::few::Few;
use crate::job::JobSpec;
use crate::job_order::{FCFS, RigidJob, ScoreOrder};
use crate::job_queue::{JobOrder, JobQueue, JobTie, WorkUnit};
use crate::message::{AgentId, FrameworkId, JobId, Offer, OfferId};
use crate::name::{BadName, Name, Param};
use crate::resources::Resources;
use crate::score::Score;
use crate::time::{Span, Time};

pub use carbyne::Carbyne;
pub use conservative::Conservative;
pub use easy::Easy;
pub use fit::Fit;

pub use gang::Gang;
pub use ordered::Ordered;
pub use running::ExpectedEnd;
pub(crate) use running::ExpectedEnds;
pub use tetris::Tetris;
pub use themis::Themis;

/// A policy of the second level.
pub trait Scheduler {
    /// Places waiting tasks on the offers in hand. Whatever is neither used nor held is
    /// declined.
    fn place(&mut self, now: Time, view: &mut OfferView<'_>);

    /// Whose tasks go first.
    fn order(&self) -> JobOrder {
        JobOrder::Fifo
    }

    /// Which of several jobs goes first that are equal to it.
    fn tie(&self) -> JobTie {
        JobTie::First
    }

    /// Whether it asks what users say of how long tasks run: expected ends of running tasks are kept only
    /// then.
    fn reads_estimates(&self) -> bool {
        false
    }

    /// Whether it decides on all that is free at once, whenever a job came or a task ended, and not on each
    /// offer as it comes: for how long offers are gathered, from the first of them on. No time is enough where
    /// messages take none. What it neither uses, holds nor refuses is refused until it is asked for again, as
    /// all of it is then.
    fn gathers(&self) -> Option<Span> {
        None
    }

    /// Whether of the tasks of one size it starts those first whose jobs come first in their [order](Self::order):
    /// what waits need not be gone through then to know what is left of it.
    fn starts_in_order(&self) -> bool {
        false
    }

    /// Whether it places tasks one after the other, so that constraints that look at where others run hold.
    fn heeds_spread(&self) -> bool {
        false
    }

    /// Whether tasks that ask something of an agent run only where it passes.
    fn heeds_asks(&self) -> bool {
        false
    }

    /// A task that was launched ended, one way or another: for who keeps more of them than the queue does.
    fn ended(&mut self, unit: WorkUnit) {
        let _ = unit;
    }

    /// When a task has run for so long that a copy of it is to run, too; never if nothing is said.
    fn speculation(&self) -> Option<Speculation> {
        None
    }

    /// Whether a stage of this job starts whole or not at all, so that one that is larger than the
    /// cluster never starts.
    fn starts_together(&self, job: &JobSpec) -> bool {
        job.gang
    }
}

/// When a task of a stage has run for too long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Speculation {
    /// How many times longer than the median of the stage's tasks that are done, in thousandths (Spark:
    /// 1500, since its version 4 3000).
    pub multiplier: u32,
    /// What part of the stage's tasks must be done before, in thousandths (Spark: 750, since its version 4
    /// 900).
    pub quantile: u32,
}

/// A policy that was made from its name.
pub type BoxedScheduler = Box<dyn Scheduler + Send>;

/// One line of the by-name table.
#[derive(Clone, Copy)]
pub struct SchedulerEntry {
    /// The name without parameters.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// Its parameters.
    pub params: &'static [Param],
    /// Where it comes from, and how far it was proven.
    pub evidence: Evidence,
    /// Makes it from the parameters in its name and a stream of random numbers of its own.
    pub make: fn(&mut Name, &mut ChaCha8Rng) -> Result<BoxedScheduler, BadName>,
}

impl fmt::Debug for SchedulerEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SchedulerEntry({})", self.name)
    }
}

/// The schedulers that come with Fairground.
pub const STANDARD: [SchedulerEntry; 10] = [
    ordered::FIFO,
    ordered::FAIR,
    ordered::SJF,
    gang::ENTRY,
    easy::ENTRY,
    conservative::ENTRY,
    fit::ENTRY,
    tetris::ENTRY,
    carbyne::ENTRY,
    themis::ENTRY,
];

/// What is in hand of one agent, and what becomes of it.
#[derive(Clone, Debug)]
pub(crate) struct HeldOffer {
    pub(crate) offer: Offer,
    /// Offers of the same agent that came later: they are answered together.
    pub(crate) more: Vec<Offer>,
    pub(crate) left: Resources,
    pub(crate) launch: Few<WorkUnit>,
    /// Whether gangs are placed on it, among others.
    pub(crate) has_gang: bool,
    /// Hold the offers until then, unanswered.
    pub(crate) hold: Option<Time>,
    /// Passed over by choice: do not offer again for so long.
    pub(crate) refuse: Option<Span>,
}

impl HeldOffer {
    pub(crate) const fn new(offer: Offer) -> Self {
        let left = offer.resources;
        Self {
            offer,
            more: Vec::new(),
            left,
            launch: Few::new(),
            has_gang: false,
            hold: None,
            refuse: None,
        }
    }

    /// One more offer of the same agent, before anything is placed on the others.
    pub(crate) fn join(&mut self, offer: Offer) {
        self.left += offer.resources;
        self.more.push(offer);
    }

    /// An offer was taken back, before anything is placed on it; whether any other is left.
    pub(crate) fn lose(&mut self, id: OfferId) -> bool {
        let lost = if self.offer.id == id {
            let Some(next) = self.more.pop() else {
                return false;
            };
            std::mem::replace(&mut self.offer, next)
        } else if let Some(position) = self.more.iter().position(|offer| offer.id == id) {
            self.more.swap_remove(position)
        } else {
            return true;
        };
        self.left -= lost.resources;
        true
    }

    /// All offers in hand of the agent as one.
    pub(crate) fn whole(&self) -> Offer {
        let more = self.more.iter().map(|offer| offer.resources).sum();
        Offer {
            resources: self.offer.resources + more,
            ..self.offer
        }
    }

    /// Whether anything is placed on it.
    pub(crate) fn is_used(&self) -> bool {
        self.has_gang || !self.launch.is_empty()
    }

    /// Names them in an answer.
    pub(crate) fn ids(&self) -> Few<OfferId> {
        let mut ids = Few::one(self.offer.id);
        ids.extend(self.more.iter().map(|offer| offer.id));
        ids
    }
}

/// How many tasks go on the offer at which position.
pub type TaskPlaces = Vec<(usize, u64)>;

/// A gang that starts: what it does, and how many of it where.
pub(crate) type PlacedGang = (WorkUnit, TaskPlaces);

/// What a scheduler works with: the offers in hand and the jobs that wait.
#[derive(Debug)]
pub struct OfferView<'a> {
    pub(crate) offers: &'a mut [HeldOffer],
    pub(crate) queue: &'a mut JobQueue,
    pub(crate) gangs: &'a mut Vec<PlacedGang>,
    pub(crate) running: &'a ExpectedEnds,
    pub(crate) asks_again: &'a mut bool,
    pub(crate) spread: Option<&'a mut TaskSpread>,
    /// What agents are described with, by id.
    pub(crate) described: &'a [AgentAttributes],
}

impl OfferView<'_> {
    /// How many agents' offers are in hand; they are named by position. Several offers of one agent are
    /// one.
    pub fn len(&self) -> usize {
        self.offers.len()
    }

    /// Whether no offer is in hand.
    pub fn is_empty(&self) -> bool {
        self.offers.is_empty()
    }

    /// The offer at `position`.
    pub fn offer(&self, position: usize) -> Offer {
        self.offers[position].whole()
    }

    /// The agent that the offer at `position` is of.
    pub fn agent(&self, position: usize) -> AgentId {
        self.offers[position].offer.agent
    }

    /// What of the offer at `position` is not used yet.
    pub fn left(&self, position: usize) -> Resources {
        self.offers[position].left
    }

    /// The same for the tasks of a stage: nothing on an agent on which they may not run.
    pub fn room(&self, position: usize, job: JobId, stage: u32) -> Resources {
        if self.suits(position, job, stage) {
            self.left(position)
        } else {
            Resources::ZERO
        }
    }

    /// Whether the tasks of a stage may run on the agent of the offer at `position`, by what they ask of it.
    pub fn suits(&self, position: usize, job: JobId, stage: u32) -> bool {
        let spec = &self.queue.spec(job).stages[stage as usize];
        spec.asks.is_none() || spec.may_run_on(self.description(position))
    }

    /// What the agent of the offer at `position` is described with.
    fn description(&self, position: usize) -> &AgentAttributes {
        AgentAttributes::of(self.described, self.agent(position))
    }

    /// Until when offers in hand are held, if any is.
    pub fn held_until(&self) -> Option<Time> {
        self.offers.iter().find_map(|held| held.hold)
    }

    /// Whose offers these are, if an offer is in hand.
    pub fn framework(&self) -> Option<FrameworkId> {
        self.offers.first().map(|held| held.offer.framework)
    }

    /// The jobs that wait.
    pub const fn queue(&self) -> &JobQueue {
        self.queue
    }

    /// The framework's running tasks of which something is said, by when they are expected to end; none
    /// unless the scheduler [reads estimates](Scheduler::reads_estimates).
    pub fn running(&self) -> impl Iterator<Item = &ExpectedEnd> {
        self.running.by_end()
    }

    /// The tasks of a job's next stage that wait as one rigid job: expected to run for ever if nothing is said, and
    /// on as many processors as they take cores, rounded up.
    pub fn rigid(&self, job: JobId, stage: u32) -> RigidJob {
        let (needs, count) = self.waiting(job, stage);
        let cores = (needs.cpus().0 * count).div_ceil(1000).max(1);
        let spec = self.queue.spec(job);
        let estimate = spec.stages[stage as usize].estimate;
        let submitted = self.queue.submitted(job);
        RigidJob {
            submitted,
            deadline: submitted + spec.deadline.or(spec.estimate()).unwrap_or(Span::FOREVER),
            estimate: estimate.unwrap_or(Span::FOREVER),
            processors: u32::try_from(cores).unwrap_or(u32::MAX),
            remaining: self.queue.remaining(job).unwrap_or(Span::FOREVER),
        }
    }

    /// The jobs that wait, by a score of their next stages; by the tie rule when equal.
    pub(crate) fn sorted(&self, now: Time, order: &ScoreOrder) -> Vec<JobId> {
        let mut jobs: Vec<JobId> = self.queue.ready().collect();
        if *order != FCFS {
            jobs.sort_by_cached_key(|job| {
                let stage = self.queue.ready_stages(*job).next();
                let score = |(stage, _)| (order.score)(&self.rigid(*job, stage), now);
                (stage.map_or(Score::MAX, score), self.queue.tie(*job))
            });
        }
        jobs
    }

    /// What a task of a stage takes, and how many of them wait.
    pub fn waiting(&self, job: JobId, stage: u32) -> (Resources, u64) {
        let needs = self.queue.spec(job).stages[stage as usize].needs;
        (needs, self.queue.waiting_of(job, stage).into())
    }

    /// The next stage of `job` that may start, what a task of it takes, and how many wait.
    pub fn next_stage(&self, job: JobId) -> Option<(u32, Resources, u64)> {
        let (stage, _) = self.queue.ready_stages(job).next()?;
        let (needs, count) = self.waiting(job, stage);
        Some((stage, needs, count))
    }

    /// Launches a waiting task of `job` on the offer at `position`: one that finds its data there
    /// if `local`, else any. Says whether there was one that fits.
    pub fn launch(&mut self, position: usize, job: JobId, local: bool) -> bool {
        if !self.allows(position) {
            return false;
        }
        let held = &self.offers[position];
        let agent = held.offer.agent;
        let on = (agent, AgentAttributes::of(self.described, agent));
        let taken = self.queue.take(job, on, held.left, local);
        self.place(position, taken)
    }

    /// Launches the next waiting task of one stage on the offer at `position`, which must have
    /// room for it. Says whether there was one.
    pub fn launch_stage(&mut self, position: usize, job: JobId, stage: u32) -> bool {
        let spec = &self.queue.spec(job).stages[stage as usize];
        let fits = spec.needs_at_once().fits_in(self.offers[position].left);
        let taken = if fits && spec.may_run_on(self.description(position)) {
            self.queue.take_from(job, stage)
        } else {
            None
        };
        self.place(position, taken)
    }

    /// Launches the next waiting task of one stage on the offer at `position` as
    /// [`OfferView::launch_stage`] does; which one it is.
    pub(crate) fn launch_unit(
        &mut self,
        position: usize,
        job: JobId,
        stage: u32,
    ) -> Option<WorkUnit> {
        let launched = self.launch_stage(position, job, stage);
        self.offers[position]
            .launch
            .last()
            .copied()
            .filter(|_| launched)
    }

    /// The position of an agent's offers, if any are in hand.
    pub(crate) fn position(&self, agent: usize) -> Option<usize> {
        let mut held = self.offers.iter();
        held.position(|held| held.offer.agent.0 as usize == agent)
    }

    /// Whether any task of `job` that may start fits into the offer at `position`.
    pub fn fits(&self, position: usize, job: JobId) -> bool {
        let (left, on) = (self.offers[position].left, self.description(position));
        self.queue.fits(job, left, on)
    }

    /// The job to be served first of those with a task that fits into the offer at `position`.
    pub fn first_fitting(&self, position: usize) -> Option<JobId> {
        let (left, on) = (self.offers[position].left, self.description(position));
        self.queue.first_fitting(left, on)
    }

    /// Whether a waiting task may fit into the offer at `position`; if not, no job needs to be asked.
    pub fn may_fit(&self, position: usize) -> bool {
        self.queue.may_fit(self.offers[position].left) && self.allows(position)
    }

    /// Whether one more task may run on the agent of the offer at `position`, beside those that run elsewhere.
    fn allows(&self, position: usize) -> bool {
        let spread = self.spread.as_deref();
        spread.is_none_or(|spread| spread.allows(self.agent(position), self.queue.waiting()))
    }

    /// `job` passes over an offer to wait for its data; since when it has waited.
    pub fn wait(&mut self, job: JobId, now: Time) -> Time {
        self.queue.wait(job, now)
    }

    /// `job` found its data.
    pub fn end_wait(&mut self, job: JobId) {
        self.queue.end_wait(job);
    }

    /// Declines what is left of the offer at `position` for at most `span`.
    pub fn refuse(&mut self, position: usize, span: Span) {
        let held = &mut self.offers[position];
        held.refuse = Some(held.refuse.map_or(span, |old| old.min(span)));
    }

    /// Holds the offer at `position`, unanswered, until `until`.
    pub fn hold(&mut self, position: usize, until: Time) {
        self.offers[position].hold = Some(until);
    }

    /// No longer holds the offer at `position`.
    pub fn release(&mut self, position: usize) {
        self.offers[position].hold = None;
    }

    /// Whether the offer at `position` is held.
    pub fn is_held(&self, position: usize) -> bool {
        self.offers[position].hold.is_some()
    }

    /// Whether tasks are placed on the offer at `position`, so that what is left of it goes back.
    pub fn is_used(&self, position: usize) -> bool {
        self.offers[position].is_used()
    }

    /// What was refused before may be of use now: it is offered again.
    pub const fn ask_again(&mut self) {
        *self.asks_again = true;
    }

    fn place(&mut self, position: usize, taken: Option<WorkUnit>) -> bool {
        let Some(unit) = taken else { return false };
        let stage = &self.queue.spec(unit.job).stages[unit.stage as usize];
        let needs = stage.needs;
        if stage.rigid {
            let all = vec![(position, stage.tasks.into())];
            self.place_gang(unit, needs, all);
            return true;
        }
        let held = &mut self.offers[position];
        if let Some(spread) = self.spread.as_deref_mut() {
            spread.place(held.offer.agent);
        }
        held.left -= needs;
        held.launch.push(unit);
        true
    }
}
