//! Who is connected: the open streams of frameworks and agents.
//!
//! A stream has a bounded queue. A peer that does not read what it is sent loses its stream, not
//! the master its memory.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use fairground_policies::message::{AgentId, FrameworkId};
use futures_util::Stream;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Records that may wait to be sent on one stream.
pub const QUEUE: usize = 4096;

/// Bytes that may wait there before another record: one may be as large as the cluster.
pub const QUEUE_BYTES: usize = 8 << 20;

/// The number of a stream, for ever its own.
pub type LinkId = u64;

/// The sending end of a stream.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its number.
    pub id: LinkId,
    /// The stream id its framework has to name in calls.
    pub stream: Uuid,
    sender: mpsc::Sender<Bytes>,
    waiting: Arc<AtomicUsize>,
}

/// The receiving end of a stream.
#[derive(Debug)]
pub struct Records {
    receiver: mpsc::Receiver<Bytes>,
    /// The bytes that wait in the queue.
    waiting: Arc<AtomicUsize>,
}

impl Link {
    /// A stream's two ends.
    pub fn open(id: LinkId) -> (Self, Records) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let waiting = Arc::<AtomicUsize>::default();
        let link = Self {
            id,
            stream: Uuid::new_v4(),
            sender,
            waiting: Arc::clone(&waiting),
        };
        (link, Records { receiver, waiting })
    }

    /// Queues a framed record. `false` when the peer is gone or does not read.
    #[must_use]
    pub fn send(&self, record: Bytes) -> bool {
        let length = record.len();
        // Counted first: it may be taken at once.
        let waiting = self.waiting.fetch_add(length, Ordering::Relaxed);
        waiting < QUEUE_BYTES && self.sender.try_send(record).is_ok()
    }
}

impl Stream for Records {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let record = self.receiver.poll_recv(context);
        if let Poll::Ready(Some(record)) = &record {
            self.waiting.fetch_sub(record.len(), Ordering::Relaxed);
        }
        record
    }
}

/// The open streams.
#[derive(Debug, Default)]
pub struct Links {
    frameworks: BTreeMap<FrameworkId, Link>,
    agents: BTreeMap<AgentId, Link>,
    /// When each agent was last heard.
    heard: BTreeMap<AgentId, Instant>,
}

/// Whose a stream was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Peer {
    /// A framework's.
    Framework(FrameworkId),
    /// An agent's.
    Agent(AgentId),
}

impl Links {
    /// A framework's stream.
    pub fn framework(&self, framework: FrameworkId) -> Option<&Link> {
        self.frameworks.get(&framework)
    }

    /// An agent's stream.
    pub fn agent(&self, agent: AgentId) -> Option<&Link> {
        self.agents.get(&agent)
    }

    /// Gives a framework its stream.
    pub fn attach_framework(&mut self, framework: FrameworkId, link: Link) {
        self.frameworks.insert(framework, link);
    }

    /// Takes a framework's stream away.
    pub fn detach_framework(&mut self, framework: FrameworkId) -> Option<Link> {
        self.frameworks.remove(&framework)
    }

    /// Gives an agent its stream; the older one ends.
    pub fn attach_agent(&mut self, agent: AgentId, link: Link) {
        self.agents.insert(agent, link);
        self.hear(agent, Duration::ZERO);
    }

    /// Takes an agent's stream away.
    pub fn detach_agent(&mut self, agent: AgentId) -> Option<Link> {
        self.agents.remove(&agent)
    }

    /// Notes that an agent is not listened for any more.
    pub fn forget_agent(&mut self, agent: AgentId) {
        self.heard.remove(&agent);
    }

    /// Notes that an agent was heard, or will have to be within `grace` more than usual.
    pub fn hear(&mut self, agent: AgentId, grace: Duration) {
        self.heard.insert(agent, Instant::now() + grace);
    }

    /// Agents not heard for so long.
    pub fn silent(&self, limit: Duration) -> Vec<AgentId> {
        let silent = |at: &Instant| at.elapsed() >= limit;
        let heard = self.heard.iter().filter(|(_, at)| silent(at));
        heard.map(|(agent, _)| *agent).collect()
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

    /// How many records of a length are queued for a peer that does not read.
    fn check(length: usize, expected: usize) {
        let (link, mut records) = Link::open(0);
        let record = Bytes::from(vec![0; length]);
        let queued = || {
            (0..=QUEUE)
                .take_while(|_| link.send(record.clone()))
                .count()
        };
        assert_eq!(queued(), expected, "{length}");
        // A link that refused once is given up, so what it refused stays counted.
        let mut read = 0;
        while records.next().now_or_never().is_some() {
            read += 1;
        }
        assert_eq!(read, expected, "{length}");
    }

    #[test]
    fn a_queue_is_bounded_in_records_and_in_bytes() {
        check(1, QUEUE);
        check(QUEUE_BYTES / 2, 2);
        check(QUEUE_BYTES - 1, 2);
        check(QUEUE_BYTES * 2, 1);
        let (link, mut records) = Link::open(0);
        for _ in 0..10 {
            assert!(link.send(Bytes::from(vec![0; QUEUE_BYTES])));
            assert!(records.next().now_or_never().is_some());
        }
    }
}
