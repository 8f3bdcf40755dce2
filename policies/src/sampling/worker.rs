//! A worker: slots, and who waits for one.

use std::collections::VecDeque;

use super::{JobTask, WorkerQuestion};

/// Who waits at a worker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Queued {
    /// A task.
    Task(JobTask),
    /// A place for a task that is not chosen yet.
    Place(WorkerQuestion),
}

#[derive(Clone, Debug)]
pub(super) struct Worker {
    /// Slots that neither run a task nor were promised to a place.
    pub(super) free: u32,
    pub(super) queue: VecDeque<Queued>,
}

impl Worker {
    pub(super) const fn new(slots: u32) -> Self {
        Self {
            free: slots,
            queue: VecDeque::new(),
        }
    }

    /// How many of `slots` are taken, and how many wait.
    pub(super) fn length(&self, slots: u32) -> u32 {
        slots - self.free + self.queue.len() as u32
    }

    /// Whoever waits longest, if a slot is free, which it has then.
    pub(super) fn next(&mut self) -> Option<Queued> {
        self.free = self.free.checked_sub(u32::from(!self.queue.is_empty()))?;
        self.queue.pop_front()
    }

    /// A place is given up, unless it has had its turn.
    pub(super) fn cancel(&mut self, asked: WorkerQuestion) {
        let place = Queued::Place(asked);
        if let Some(at) = self.queue.iter().position(|one| *one == place) {
            self.queue.remove(at);
        }
    }
}
