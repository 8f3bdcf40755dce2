//! What happens next, and the messages that are on their way.

use std::collections::VecDeque;

use fairground_policies::frameworks::{FrameworkAction, FrameworkEvent};
use fairground_policies::message::{Action, AgentId, Event, FrameworkId, JobId, TaskId};
use fairground_policies::time::Time;
use slab::Slab;

use crate::queue::Queue;

/// A message under way.
#[derive(Debug)]
pub(super) enum Message {
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
pub(super) enum Item {
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
    /// The agent of the fault of this number comes back.
    Return(u32),
    /// The master hears that an agent came back to a new incarnation.
    Rejoined(AgentId, u32),
    /// A framework asked to be woken.
    Wake(FrameworkId),
    /// A task that is taken back has had its time to end by itself.
    GraceOver(FrameworkId, TaskId),
}

/// What stands in the queue.
#[derive(Clone, Copy, Debug)]
enum AgendaEntry {
    Item(Item),
    /// The message of this number arrives.
    Arrives(u32),
}

/// What happens next: items and messages by time, and by arrival when times are equal.
///
/// Most messages arrive at the instant at which they are sent. They need no place in the queue: all that stands there
/// for this instant came before the first of them, and what else comes for it meanwhile stands behind them.
#[derive(Default, Debug)]
pub(super) struct Agenda {
    queue: Queue<AgendaEntry>,
    /// Messages that arrive later.
    later: Slab<Message>,
    /// What comes at this instant behind all that the queue has for it, in order.
    here: VecDeque<Next>,
    /// Whether the queue has nothing more for this instant, while there is something here.
    only_here: bool,
    /// When the master wants to be told that time has passed: after everything else that happens then.
    wake: Option<Time>,
}

/// What is next.
#[derive(Debug)]
pub(super) enum Next {
    Item(Item),
    Message(Message),
    /// The master is told that time has passed.
    Woken,
}

impl Agenda {
    /// Something is to happen at a time.
    #[inline]
    pub(super) fn push(&mut self, at: Time, item: Item) {
        if !self.here.is_empty() && at <= self.queue.now() {
            self.here.push_back(Next::Item(item));
        } else {
            self.queue.push(at, AgendaEntry::Item(item));
        }
    }

    /// A message is sent at `now` that arrives at `at`.
    #[inline]
    pub(super) fn send(&mut self, now: Time, at: Time, message: Message) {
        if at == now {
            self.here.push_back(Next::Message(message));
        } else {
            let number = self.later.insert(message);
            self.queue.push(at, AgendaEntry::Arrives(number as u32));
        }
    }

    /// When the master is to be woken, if it is.
    pub(super) const fn wake_master(&mut self, at: Option<Time>) {
        self.wake = at;
    }

    /// How much is to happen, the master's being woken apart.
    pub(super) fn len(&self) -> usize {
        self.queue.len() + self.here.len()
    }

    /// The time of what was taken last.
    pub(super) const fn now(&self) -> Time {
        self.queue.now()
    }

    /// Takes what is next: the next item, or the master's wake-up if that is earlier.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Next> {
        if !self.only_here {
            let next = self.queue.next_time();
            self.only_here =
                !self.here.is_empty() && next.is_none_or(|next| self.queue.now() < next);
            if !self.only_here {
                return self.pop_queue(next);
            }
        }
        let next = self.here.pop_front();
        self.only_here = !self.here.is_empty();
        if !self.only_here {
            // It begins anew at its front, where the cache has it, and does not go round all of its memory.
            self.here.clear();
        }
        next
    }

    /// Takes what is next of what has its time, the first of which is `next`.
    #[inline]
    fn pop_queue(&mut self, next: Option<Time>) -> Option<Next> {
        if let Some(wake) = self.wake
            && next.is_none_or(|next| wake < next)
        {
            self.queue.advance(wake);
            return Some(Next::Woken);
        }
        let (_, entry) = self.queue.pop()?;
        Some(match entry {
            AgendaEntry::Item(item) => Next::Item(item),
            AgendaEntry::Arrives(number) => Next::Message(self.later.remove(number as usize)),
        })
    }
}
