//! Slurm's fair tree: from the top down, whoever used the least of what it is due goes first, and what was used
//! is forgotten by halves (`priority/multifactor` with its default algorithm; its manual's page on the fair tree).
//!
//! Roles are accounts, frameworks users, weights shares. Walking the tree by the level fair share of each node among its
//! siblings is what ranks a node at a time come to, so that the order is that of `rules::slurm::fair_share::fair_tree` on
//! its exact fractions. What makes one job of a user come before another (age, size, quality of service) is the
//! framework's own affair.

use super::{Allocator, AllocatorEntry, Context, Rank, Tie, counted_kind};
use crate::evidence::{Evidence, Proven};
use crate::ledger::{Memory, Node};
use crate::name::Param;
use crate::resources::Kind;
use crate::share::Share;
use crate::time::Span;

/// The least use by shares goes first at every node.
#[derive(Debug)]
pub struct Slurm {
    on: Kind,
    memory: Memory,
    tie: Tie,
}

impl Allocator for Slurm {
    /// Use over shares: the level fair share turned over. Whole units times seconds, parts of seconds left out.
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        let ledger = context.ledger;
        let seconds = ledger.used(node)[self.on as usize] / 1_000_000;
        let used = u64::try_from(seconds).unwrap_or(u64::MAX);
        Rank {
            share: Share::new(used, 1).weighted(ledger.weight(node)),
            tie: self.tie.of(context, node),
        }
    }

    fn memory(&self) -> Option<Memory> {
        Some(self.memory)
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "slurm",
    about: "shared pool; from the top of the tree, whoever used the least of what it is due goes first (fair tree)",
    params: &[
        Param {
            key: "half-life",
            about: "after so long half of a use is forgotten (default 7d, PriorityDecayHalfLife)",
        },
        Param {
            key: "every",
            about: "how often use is brought up to date (default 5m, PriorityCalcPeriod)",
        },
        Param {
            key: "on",
            about: "what is charged: cpus, mem, disk or gpus (default cpus)",
        },
        Tie::PARAM,
    ],
    evidence: Evidence {
        source: "Slurm 284c3b9, priority/multifactor: fair tree; PriorityDecayHalfLife",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:4 mem:4
policy slurm[every=1s,offers=task]
framework a
framework b
job a tasks=8 cpus:1 mem:1 run=10s
job b at=5s tasks=8 cpus:1 mem:1 run=10s
job a at=15s tasks=4 cpus:1 mem:1 run=10s
",
    },
    make: |name, mut setup| {
        let span = "a length of time, as in 5m";
        let week = Span::from_secs(7 * 86_400);
        let half_life = name.take_as("half-life", span)?.unwrap_or(week);
        let every = name.take_as("every", span)?.unwrap_or(Span::from_secs(300));
        Ok(Box::new(Slurm {
            on: counted_kind(name, Kind::Cpus)?,
            memory: Memory {
                half_life: Some(half_life),
                every,
            },
            tie: Tie::from_name(name, &mut setup)?,
        }))
    },
};
