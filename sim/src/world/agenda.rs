//! What happens next, and the messages that are on their way.

use std::collections::VecDeque;

use fairground_policies::frameworks::{FrameworkAction, FrameworkEvent};
use fairground_policies::message::{Action, AgentId, Event, FrameworkId, JobId, TaskId};
use fairground_policies::resources::Resources;
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
    /// An agent comes back, perhaps with something else than it had.
    Return(AgentId, Option<Resources>),
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
    /// The next message of this instant arrives.
    Here,
    /// The message of this number arrives.
    Arrives(u32),
}

/// What happens next: items and messages by time, and by arrival when times are equal.
#[derive(Default, Debug)]
pub(super) struct Agenda {
    queue: Queue<AgendaEntry>,
    /// Messages that arrive later.
    later: Slab<Message>,
    /// Messages that arrive at this instant, in order.
    here: VecDeque<Message>,
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
    pub(super) fn push(&mut self, at: Time, item: Item) {
        self.queue.push(at, AgendaEntry::Item(item));
    }

    /// A message is sent at `now` that arrives at `at`.
    pub(super) fn send(&mut self, now: Time, at: Time, message: Message) {
        if at == now {
            self.here.push_back(message);
            self.queue.push(at, AgendaEntry::Here);
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
    pub(super) const fn len(&self) -> usize {
        self.queue.len()
    }

    /// Takes what is next, with its time: the next item, or the master's wake-up if that is earlier.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<(Time, Next)> {
        let next = self.queue.next_time();
        if let Some(wake) = self.wake
            && next.is_none_or(|next| wake < next)
        {
            self.queue.advance(wake);
            return Some((wake, Next::Woken));
        }
        let (at, entry) = self.queue.pop()?;
        let next = match entry {
            AgendaEntry::Item(item) => Next::Item(item),
            AgendaEntry::Here => {
                Next::Message(self.here.pop_front().expect("a message of this instant"))
            }
            AgendaEntry::Arrives(number) => Next::Message(self.later.remove(number as usize)),
        };
        Some((at, next))
    }
}
