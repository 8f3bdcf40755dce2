//! Choosy: constrained max-min fairness. Whatever becomes free goes to whoever holds the least of those who may
//! have it (Ghodsi et al., `EuroSys` 2013, section 4).
//!
//! What a framework may have is said where it is known: parts that are reserved, sizes that fit, offers that were
//! refused. All machines count alike, so that tasks are counted and not what they take.

use super::{Allocator, AllocatorEntry, Context, Rank, Tie};
use crate::evidence::{Evidence, Proven};
use crate::ledger::Node;
use crate::share::Share;

/// The fewest tasks and open offers by weight go first.
#[derive(Debug)]
pub struct Choosy {
    tie: Tie,
}

impl Allocator for Choosy {
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        let ledger = context.ledger;
        let places =
            |framework| ledger.tasks(framework) as u64 + u64::from(ledger.open_offers(framework));
        let held = ledger.below(node).map(places).sum();
        Rank {
            share: Share::new(held, 1).weighted(ledger.weight(node)),
            tie: self.tie.of(context, node),
        }
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "choosy",
    about: "shared pool; of those who may have an agent, the framework with the fewest tasks goes first",
    params: &[Tie::PARAM],
    evidence: Evidence {
        source: "Ghodsi et al., Choosy, EuroSys 2013, section 4",
        proven: Proven::Scripts,
        example: "\
agents 2 cpus:2 mem:2
agents 1 cpus:2 mem:2 gpus:2
policy choosy[offers=task]
framework a
framework b
job a tasks=6 cpus:1 mem:1 run=10s
job b tasks=3 cpus:1 mem:1 gpus:1 run=10s
",
    },
    make: |name, mut setup| {
        Ok(Box::new(Choosy {
            tie: Tie::from_name(name, &mut setup)?,
        }))
    },
};
