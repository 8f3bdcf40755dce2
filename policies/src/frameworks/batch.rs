//! A framework whose jobs' tasks run directly on the cluster: Hadoop, MPI.

use super::dealings::Dealings;
use super::{JobQueue, Manners, News, Order, Piece, Role};
use crate::job::JobSpec;
use crate::message::{FrameworkId, Outcome, TaskId, TaskRequest};
use crate::schedulers::{BoxedScheduler, Desk, Item};
use crate::time::Time;
use crate::window::Window;

pub(super) struct Batch {
    dealings: Dealings,
    scheduler: BoxedScheduler,
    queue: JobQueue,
    /// Offers in hand that are not answered.
    held: Vec<Item>,
    tasks: Window<Piece>,
    /// Whether the scheduler could use now what was refused before.
    asks_again: bool,
}

impl Batch {
    pub(super) fn new(id: FrameworkId, manners: Manners, scheduler: BoxedScheduler) -> Self {
        Self {
            dealings: Dealings::new(id, manners),
            queue: JobQueue::new(scheduler.order()),
            scheduler,
            held: Vec::new(),
            tasks: Window::new(),
            asks_again: false,
        }
    }

    pub(super) fn step(&mut self, now: Time, news: News, orders: &mut Vec<Order>) {
        match news {
            News::JobSubmitted(job, spec) => self.queue.submit(job, spec),
            News::Offered(offer) => {
                let mut held = self.held.iter_mut();
                match held.find(|item| item.offer.agent == offer.agent) {
                    Some(item) => item.join(offer),
                    None => self.held.push(Item::new(offer)),
                }
            }
            News::Rescinded(id) => self.held.retain_mut(|item| item.lose(id)),
            News::Reported { task, outcome } => self.reported(task, outcome, orders),
            News::TimePassed
            | News::ExecutorStarted(_)
            | News::WorkFinished { .. }
            | News::LoadMeasured(_)
            | News::LoadEnded => {}
        }
        self.place(now, orders);
        let news = self.queue.take_news() | std::mem::take(&mut self.asks_again);
        let demand = |demand: &mut Vec<_>| self.queue.demand(demand);
        self.dealings
            .want(self.queue.waiting(), news, demand, orders);
    }

    pub(super) fn wake_at(&self) -> Option<Time> {
        self.held.iter().filter_map(|item| item.hold).min()
    }

    pub(super) fn starts_together(&self, job: &JobSpec) -> bool {
        self.scheduler.starts_together(job)
    }

    pub(super) fn role(&self, task: TaskId) -> Option<Role> {
        self.tasks.get(task.0).copied().map(Role::Piece)
    }

    fn place(&mut self, now: Time, orders: &mut Vec<Order>) {
        if self.held.is_empty() {
            return;
        }
        let mut desk = Desk {
            items: &mut self.held,
            queue: &mut self.queue,
            asks_again: &mut self.asks_again,
        };
        self.scheduler.place(now, &mut desk);
        let mut items = std::mem::take(&mut self.held);
        items.retain(|item| {
            let held = item.hold.is_some() && item.launch.is_empty();
            if !held {
                let launch = self.requests(&item.launch);
                let (ids, offer) = (item.ids(), item.whole());
                self.dealings
                    .answer(ids, &offer, launch, item.refuse, orders);
            }
            held
        });
        self.held = items;
    }

    fn requests(&mut self, pieces: &[Piece]) -> Vec<TaskRequest> {
        let mut requests = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let task = self.dealings.next_task();
            self.tasks.insert(task.0, *piece);
            let needs = self.queue.spec(piece.job).stages[piece.stage as usize].needs;
            requests.push(TaskRequest { task, needs });
        }
        requests
    }

    fn reported(&mut self, task: TaskId, outcome: Outcome, orders: &mut Vec<Order>) {
        let Some(piece) = self.tasks.remove(task.0) else {
            return;
        };
        if outcome == Outcome::Finished {
            self.queue.finish(piece);
            return;
        }
        self.queue.requeue(piece);
        if outcome != Outcome::Killed {
            self.make_way(piece, orders);
        }
    }

    /// What must not go on when `piece` has to run again: the rest of its gang, and reduces that
    /// started early and would keep their places while waiting for it.
    fn make_way(&self, piece: Piece, orders: &mut Vec<Order>) {
        let gang = self.queue.spec(piece.job).gang.then_some(piece.stage);
        let children = self.queue.early_children(piece.job, piece.stage);
        let stages: Vec<u32> = children.chain(gang).collect();
        if stages.is_empty() {
            return;
        }
        for (id, other) in self.tasks.iter() {
            if other.job == piece.job && stages.contains(&other.stage) {
                self.dealings.kill(TaskId(id), orders);
            }
        }
    }
}
