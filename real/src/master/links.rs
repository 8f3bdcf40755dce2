//! Who is connected: the open streams of frameworks and agents.
//!
//! A stream's queue is bounded in bytes, and what is told at once goes into it whole, however much it
//! is: who loses an agent with thousands of tasks is told. As long as little waits that takes nothing
//! from what may wait behind it, so that a long telling does not cut its own stream while it drains.
//! A peer that does not read what it is sent loses its stream, not the master its memory. Answers that
//! can wait are only made when there is room for them (`decision/questions.rs`).

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use fairground_policies::message::AgentId;
use futures_util::Stream;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::cluster::FrameworkNumber;

/// Bytes that may wait to be sent on one stream when more is to be told, without those that were told
/// while less than that waited: what is told at once may be as large as the cluster.
pub const QUEUE_BYTES: usize = 8 << 20;

/// There is room for an answer that can wait when less than so many bytes do.
const ROOM_BYTES: usize = 1 << 20;

/// What a record takes besides its bytes.
const RECORD: usize = 100;

/// The number of a stream, for ever its own.
pub type LinkId = u64;

/// The sending end of a stream.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its number.
    pub id: LinkId,
    /// The stream id its framework has to name in calls.
    pub stream: Uuid,
    sender: mpsc::UnboundedSender<Queued>,
    state: Arc<State>,
}

/// A record that waits, and whether it counts against the bound.
type Queued = (Bytes, bool);

/// What both ends know.
#[derive(Debug, Default)]
struct State {
    /// The bytes that wait in the queue.
    waiting: AtomicUsize,
    /// Those of them that count against the bound.
    counted: AtomicUsize,
    /// What the last record taken in was part of.
    telling: AtomicU64,
    /// Whether that counts.
    counts: AtomicBool,
    /// Whether there is more to be told as soon as there is room.
    more: AtomicBool,
}

/// The receiving end of a stream.
#[derive(Debug)]
pub struct Records {
    receiver: mpsc::UnboundedReceiver<Queued>,
    state: Arc<State>,
}

impl Link {
    /// A stream's two ends.
    pub fn open(id: LinkId) -> (Self, Records) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let state = Arc::<State>::default();
        let link = Self {
            id,
            stream: Uuid::new_v4(),
            sender,
            state: Arc::clone(&state),
        };
        (link, Records { receiver, state })
    }

    /// Queues a framed record. Those told at once have the same number, and no others have it; none is
    /// zero. `false` when the peer is gone or does not read.
    #[must_use]
    pub fn send(&self, record: Bytes, telling: u64) -> bool {
        let state = &*self.state;
        if state.telling.load(Ordering::Relaxed) != telling {
            if state.counted.load(Ordering::Relaxed) >= QUEUE_BYTES {
                return false;
            }
            let counts = state.waiting.load(Ordering::Relaxed) >= QUEUE_BYTES;
            state.counts.store(counts, Ordering::Relaxed);
            state.telling.store(telling, Ordering::Relaxed);
        }
        // Counted first: it may be taken at once.
        let counts = state.counts.load(Ordering::Relaxed);
        let length = record.len() + RECORD;
        state.waiting.fetch_add(length, Ordering::SeqCst);
        if counts {
            state.counted.fetch_add(length, Ordering::Relaxed);
        }
        self.sender.send((record, counts)).is_ok()
    }

    /// Whether there is room for an answer that can wait. When there is none, the other end says when
    /// there is.
    pub fn has_room(&self) -> bool {
        let has_room = || self.state.waiting.load(Ordering::SeqCst) < ROOM_BYTES;
        // Asked again: it may have been taken before the other end knew.
        has_room() || {
            self.state.more.store(true, Ordering::SeqCst);
            has_room()
        }
    }
}

impl Records {
    /// Whether there is room for what is waited with; says so once.
    pub fn wants_more(&self) -> bool {
        self.state.waiting.load(Ordering::SeqCst) < ROOM_BYTES
            && self.state.more.swap(false, Ordering::SeqCst)
    }
}

impl Stream for Records {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let queued = self.receiver.poll_recv(context);
        queued.map(|queued| {
            let (record, counts) = queued?;
            let length = record.len() + RECORD;
            if counts {
                self.state.counted.fetch_sub(length, Ordering::Relaxed);
            }
            self.state.waiting.fetch_sub(length, Ordering::SeqCst);
            Some(record)
        })
    }
}

/// The open streams.
#[derive(Debug, Default)]
pub struct Links {
    frameworks: BTreeMap<FrameworkNumber, Link>,
    agents: BTreeMap<AgentId, Link>,
    /// How often each agent that was heard may still be found silent.
    spared: BTreeMap<AgentId, u64>,
}

/// Whose a stream was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Peer {
    /// A framework's.
    Framework(FrameworkNumber),
    /// An agent's.
    Agent(AgentId),
}

impl Links {
    /// A framework's stream.
    pub fn framework(&self, framework: FrameworkNumber) -> Option<&Link> {
        self.frameworks.get(&framework)
    }

    /// An agent's stream.
    pub fn agent(&self, agent: AgentId) -> Option<&Link> {
        self.agents.get(&agent)
    }

    /// Gives a framework its stream.
    pub fn attach_framework(&mut self, framework: FrameworkNumber, link: Link) {
        self.frameworks.insert(framework, link);
    }

    /// Takes a framework's stream away.
    pub fn detach_framework(&mut self, framework: FrameworkNumber) -> Option<Link> {
        self.frameworks.remove(&framework)
    }

    /// Gives an agent its stream; the older one ends.
    pub fn attach_agent(&mut self, agent: AgentId, link: Link) {
        self.agents.insert(agent, link);
    }

    /// Takes an agent's stream away.
    pub fn detach_agent(&mut self, agent: AgentId) -> Option<Link> {
        self.agents.remove(&agent)
    }

    /// Notes that an agent was heard, and for how many pings it may be silent now.
    pub fn hear(&mut self, agent: AgentId, pings: u64) {
        self.spared.insert(agent, pings);
    }

    /// The agents that were silent for one ping too many; they are not listened for any more. It is
    /// pings that count, not time: whoever is not asked, because the master is slow, owes no answer.
    pub fn silent(&mut self) -> Vec<AgentId> {
        let silent = self.spared.extract_if(.., |_, pings| *pings == 0);
        let silent = silent.map(|(agent, _)| agent).collect();
        for pings in self.spared.values_mut() {
            *pings -= 1;
        }
        silent
    }

    /// The agents with a stream.
    pub fn agents(&self) -> impl Iterator<Item = &Link> {
        self.agents.values()
    }

    /// Whose stream ended, unless a newer one took its place.
    pub fn closed(&mut self, id: LinkId) -> Option<Peer> {
        let framework = self.frameworks.iter().find(|(_, link)| link.id == id);
        if let Some(framework) = framework.map(|(framework, _)| *framework) {
            self.frameworks.remove(&framework);
            return Some(Peer::Framework(framework));
        }
        let agent = self.agents.iter().find(|(_, link)| link.id == id);
        let agent = *agent?.0;
        self.agents.remove(&agent);
        Some(Peer::Agent(agent))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, StreamExt as _};

    use super::*;

    /// How many records of a length are queued for a peer that does not read, each told by itself.
    fn check(length: usize, expected: usize) {
        let (link, mut records) = Link::open(0);
        let record = Bytes::from(vec![0; length]);
        let mut tellings = 1..;
        let mut is_queued = || link.send(record.clone(), tellings.next().unwrap());
        let queued = (0..QUEUE_BYTES).take_while(|_| is_queued()).count();
        assert_eq!(queued, expected, "{length}");
        let mut read = 0;
        while records.next().now_or_never().is_some() {
            read += 1;
        }
        assert_eq!(read, expected, "{length}");
        assert!(link.send(record, 0), "there is room again");
    }

    #[test]
    fn a_queue_is_bounded_in_bytes() {
        // As much as is told while there is room, and as much again.
        check(1, 2 * QUEUE_BYTES.div_ceil(1 + RECORD));
        check(QUEUE_BYTES / 2, 4);
        check(QUEUE_BYTES - RECORD, 2);
        check(QUEUE_BYTES * 2, 2);
    }

    #[test]
    fn what_is_told_at_once_is_queued_whole_and_cuts_nothing() {
        let (link, mut records) = Link::open(0);
        let record = Bytes::from(vec![0; QUEUE_BYTES / 4]);
        let mut read = |count: usize| {
            let read = (0..count).filter(|_| records.next().now_or_never().is_some());
            assert_eq!(read.count(), count);
        };
        let queued = (0..100).filter(|_| link.send(record.clone(), 1)).count();
        assert_eq!(queued, 100);
        // It does not read: there is an end to what is told after that.
        let later = (2..100).take_while(|telling| link.send(record.clone(), *telling));
        assert_eq!(later.count(), 4);
        read(100);
        assert!(!link.send(record.clone(), 100), "those behind it do count");
        read(1);
        assert!(link.send(record.clone(), 101), "there is room again");
        read(4);
        let queued = (0..100).filter(|_| link.send(record.clone(), 102)).count();
        assert_eq!(queued, 100, "as at first");
    }

    #[test]
    fn room_is_told_of_once_when_it_was_asked_for() {
        let (link, mut records) = Link::open(0);
        assert!(link.has_room() && !records.wants_more());
        let record = Bytes::from(vec![0; ROOM_BYTES / 2]);
        assert!(link.send(record.clone(), 1) && link.has_room());
        assert!(link.send(record, 1) && !link.has_room());
        assert!(!records.wants_more(), "not yet");
        assert!(records.next().now_or_never().is_some());
        assert!(records.wants_more() && !records.wants_more());
        assert!(link.has_room());
    }
}
