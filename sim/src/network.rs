//! How long messages take: the same for all, with jitter, and never overtaking on one link.

use fairground_policies::message::{AgentId, FrameworkId};
use fairground_policies::time::{Span, Time};
pub use fairground_workloads::recipe::NetworkSpec;
use fairground_workloads::rng;

/// A direct line; messages on one line arrive in the order they were sent, as over TCP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Link {
    /// From the master.
    ToFramework(FrameworkId),
    /// To the master.
    FromFramework(FrameworkId),
    /// From the master.
    ToAgent(AgentId),
    /// To the master.
    FromAgent(AgentId),
}

/// All links of one cluster.
#[derive(Debug)]
pub struct Network {
    spec: NetworkSpec,
    /// Whether messages take no time at all.
    is_instant: bool,
    rng: rng::Stream,
    /// When the last message on each link arrives.
    last: [Vec<Time>; 4],
}

impl Network {
    /// The network of a run with this seed.
    pub fn new(spec: NetworkSpec, seed: u64) -> Self {
        Self {
            spec,
            is_instant: spec == NetworkSpec::default(),
            rng: rng::stream(seed, "network"),
            last: Default::default(),
        }
    }

    /// How long a framework thinks about an offer.
    pub const fn think(&self) -> Span {
        self.spec.think
    }

    /// How long the master takes to notice that an agent is gone.
    pub const fn detection(&self) -> Span {
        self.spec.detection
    }

    /// When a message sent at `at` arrives.
    #[inline]
    pub fn arrival(&mut self, link: Link, at: Time) -> Time {
        if self.is_instant {
            at
        } else {
            self.later_arrival(link, at)
        }
    }

    fn later_arrival(&mut self, link: Link, at: Time) -> Time {
        let jitter = match self.spec.jitter.as_micros() {
            0 => 0,
            most => self.rng.between(0, most),
        };
        let (kind, index) = match link {
            Link::ToFramework(framework) => (0, framework.index()),
            Link::FromFramework(framework) => (1, framework.index()),
            Link::ToAgent(agent) => (2, agent.index()),
            Link::FromAgent(agent) => (3, agent.index()),
        };
        let last = &mut self.last[kind];
        if last.len() <= index {
            last.resize(index + 1, Time::ZERO);
        }
        let arrival = at + self.spec.latency + Span::from_micros(jitter);
        last[index] = last[index].max(arrival);
        last[index]
    }
}
