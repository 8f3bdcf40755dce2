//! KAI: queues are given fair shares by quota and weight, less the more they used in the past; who is furthest below
//! its own goes first, and takes back from those above theirs (kai-scheduler/KAI-Scheduler at d5bc503a).
//!
//! Every node is a queue; its quota is its parent's by weight, and its weight that for what others leave. Past use is
//! counted among that of all queues, the original's among what the cluster could have given. Ties: `tie`, then the lower id; of agents where as many would go, the lower id.

mod books;

use self::books::Books;
use super::{Allocator, AllocatorEntry, Context, Rank, Ranks, Reclaim, Setup, Tie};
use crate::evidence::{Evidence, Proven};
use crate::ledger::{Memory, Node};
use crate::message::FrameworkId;
use crate::name::Param;
use crate::resources::Resources;
use crate::rules::ratio::Ratio;
use crate::share::Share;
use crate::time::Span;

/// Proportional shares with a memory.
#[derive(Debug)]
pub struct Kai {
    tie: Tie,
    /// The part of the cluster that quotas are of, in hundredths.
    quota: u32,
    /// How much past use counts.
    k: Ratio,
    memory: Option<Memory>,
    grace: Span,
}

impl Allocator for Kai {
    /// How many of its siblings come before it.
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        self.ranks(context)(node)
    }

    fn ranks<'a>(&'a self, context: &Context<'a>) -> Ranks<'a> {
        let (context, ledger) = (*context, context.ledger);
        let books = Books::of(ledger, self.quota, self.k);
        Box::new(move |node| Rank {
            share: Share::new(books.before(ledger, node), 1),
            tie: self.tie.of(&context, node),
        })
    }

    fn ranks_together(&self) -> bool {
        true
    }

    fn reads_demand(&self) -> bool {
        true
    }

    fn memory(&self) -> Option<Memory> {
        self.memory
    }

    fn reclaims(&self) -> bool {
        true
    }

    /// On the agent where the fewest have to go.
    fn reclaim(&self, context: &Context<'_>, to: FrameworkId, needs: Resources) -> Option<Reclaim> {
        let ledger = context.ledger;
        let books = Books::of(ledger, self.quota, self.k);
        let on = |agent| books.victims(ledger, (to, needs), agent, self.grace);
        let possible = ledger.agents().filter_map(on);
        possible.min_by_key(|one| one.victims.len())
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "kai",
    about: "fair shares by quota, weight and past use; who is furthest below its own goes first, and reclaims",
    params: &[
        Param {
            key: "quota",
            about: "hundredths of the cluster that quotas are of, the rest being shared by weight (default 100)",
        },
        Param {
            key: "k",
            about: "how much past use counts (default 0; 1 in the original's time-based shares)",
        },
        Param {
            key: "half-life",
            about: "after so long half of a use is forgotten, with k (default 1d)",
        },
        Param {
            key: "every",
            about: "how often the past is brought up to date, with k (default 1m)",
        },
        Param {
            key: "grace",
            about: "how long a victim is left (default 0s)",
        },
        Tie::PARAM,
    ],
    evidence: Evidence {
        source: "kai-scheduler/KAI-Scheduler d5bc503a, plugin proportion",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:4 mem:4 gpus:4
policy kai[quota=0,k=1,every=1s,offers=task]
framework a
framework b
job a tasks=12 cpus:1 mem:1 gpus:1 run=10s
job b at=10s tasks=12 cpus:1 mem:1 gpus:1 run=10s
",
    },
    make: |name, mut setup: Setup| {
        let time = "a length of time, as in 30s";
        let quota = name
            .take_as::<u32>("quota", "a whole number of hundredths")?
            .unwrap_or(100);
        if quota > 100 {
            return Err(name.bad("quota", &quota.to_string(), "at most 100"));
        }
        let k = match name.take("k") {
            None => Ratio::ZERO,
            Some(text) => {
                let number = Ratio::from_decimal(&text).filter(|number| *number >= Ratio::ZERO);
                number.ok_or_else(|| name.bad("k", &text, "a number, as in 0.5"))?
            }
        };
        let half_life: Option<Span> = name.take_as("half-life", time)?;
        let every: Option<Span> = name.take_as("every", time)?;
        if k.is_zero() && (half_life.is_some() || every.is_some()) {
            return Err(name.bad("k", "0", "a number above 0 beside half-life or every"));
        }
        let memory = Memory {
            half_life: Some(half_life.unwrap_or(Span::from_secs(86_400))),
            every: every.unwrap_or(Span::from_secs(60)),
        };
        Ok(Box::new(Kai {
            tie: Tie::from_name(name, &mut setup)?,
            quota,
            k,
            memory: k.is_positive().then_some(memory),
            grace: name.take_as("grace", time)?.unwrap_or(Span::ZERO),
        }))
    },
};
