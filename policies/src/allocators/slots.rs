//! Slots, as in Hadoop before YARN: every agent is so many places of one size, a task takes a place whatever its own
//! size, and who has the fewest places goes first (Ghodsi et al., NSDI 2011, section 7.2 compares with it).

use super::{Allocator, AllocatorEntry, Context, Rank, Tie};
use crate::evidence::{Evidence, Proven};
use crate::ledger::{Ledger, Node};
use crate::message::{AgentId, FrameworkId};
use crate::name::Param;
use crate::resources::Resources;
use crate::share::Share;

/// The fewest slots by weight go first; an offer is one slot.
#[derive(Debug)]
pub struct SlotFair {
    /// Slots of an agent.
    per_agent: u32,
    tie: Tie,
}

/// Tasks that run on `agent`, and offers of it that nobody answered.
fn taken(ledger: &Ledger, agent: AgentId) -> usize {
    let offers = ledger.offers().filter(|offer| offer.agent == agent);
    ledger.started(agent).count() + offers.count()
}

impl Allocator for SlotFair {
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        let ledger = context.ledger;
        let slots =
            |framework| ledger.tasks(framework) as u64 + u64::from(ledger.open_offers(framework));
        let held = ledger.below(node).map(slots).sum();
        Rank {
            share: Share::new(held, 1).weighted(ledger.weight(node)),
            tie: self.tie.of(context, node),
        }
    }

    fn bounds_agents(&self) -> bool {
        true
    }

    /// One slot; a task that is larger than a slot finds none.
    fn at_most(&self, context: &Context<'_>, _: FrameworkId) -> Option<Resources> {
        let agent = context.agent?;
        if taken(context.ledger, agent) >= self.per_agent as usize {
            return Some(Resources::ZERO);
        }
        let slot = |units: u64| units / u64::from(self.per_agent);
        Some(Resources::from_units(
            context.ledger.capacity(agent).units().map(slot),
        ))
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "slots",
    about: "agents are divided in slots; the framework that has the fewest goes first",
    params: &[
        Param {
            key: "per-agent",
            about: "how many slots an agent is (default 4)",
        },
        Tie::PARAM,
    ],
    evidence: Evidence {
        source: "Hadoop's slots: Ghodsi et al., Dominant Resource Fairness, NSDI 2011, section 7.2",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:8 mem:8
policy slots[per-agent=4,offers=task]
framework a
framework b
job a tasks=4 cpus:1 mem:1 run=10s
job b tasks=4 cpus:2 mem:2 run=10s
",
    },
    make: |name, mut setup| {
        let expected = "a number of slots, 1 or more";
        let per_agent = name.take_as("per-agent", expected)?.unwrap_or(4);
        if per_agent == 0 {
            return Err(name.bad("per-agent", "0", expected));
        }
        Ok(Box::new(SlotFair {
            per_agent,
            tie: Tie::from_name(name, &mut setup)?,
        }))
    },
};
