//! YARN's fair scheduler: who is below its minimum goes first, then the least use by weight; and who is below
//! its fair share has others make room (`FairSharePolicy`, `FSPreemptionThread`).
//!
//! Roles are queues, what is guaranteed to a role is its minimum, its limit its maximum.

mod kinds;
mod shares;

use std::collections::BTreeMap;

use self::kinds::{KindsCompared, before};
use self::shares::{demand, ending, min};
use super::{Allocator, AllocatorEntry, Context, Rank, Ranks, Reclaim, Tie};
use crate::evidence::{Evidence, Proven};
use crate::ledger::{LaunchedTask, Node};
use crate::message::FrameworkId;
use crate::name::Param;
use crate::resources::Resources;
use crate::share::Share;
use crate::time::Span;

/// The needy first, then the least weighted use.
#[derive(Debug)]
pub struct YarnFair {
    on: KindsCompared,
    /// How long a victim has to end; nothing is taken back where there is none.
    grace: Option<Span>,
    tie: Tie,
}

impl Allocator for YarnFair {
    /// Below one for who is below its minimum: the part of it that it has. From one on for the others: their weighted
    /// share. Where several kinds count, how many of its siblings come before it.
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        let ledger = context.ledger;
        let KindsCompared::One(on) = self.on else {
            return self.ranks(context)(node);
        };
        let (held, total) = (ledger.held(node).of(on), ledger.total().of(on));
        let min = min(ledger, node, on).min(demand(ledger, node, on));
        let share = if held < min {
            Share::new(held, min)
        } else {
            // The denominator has a thousandth of a unit for the weight.
            let weight = u64::from(ledger.weight(node).thousandths());
            let whole = total.saturating_mul(weight);
            Share::new(whole.saturating_add(held.saturating_mul(1000)), whole)
        };
        Rank {
            share,
            tie: self.tie.of(context, node),
        }
    }

    fn ranks<'a>(&'a self, context: &Context<'a>) -> Ranks<'a> {
        let context = *context;
        if self.on != KindsCompared::Dominant {
            return Box::new(move |node| self.rank(&context, node));
        }
        let before = before(context.ledger);
        Box::new(move |node| Rank {
            share: Share::new(before(node), 1),
            tie: self.tie.of(&context, node),
        })
    }

    fn ranks_together(&self) -> bool {
        self.on == KindsCompared::Dominant
    }

    fn reads_demand(&self) -> bool {
        true
    }

    fn reclaims(&self) -> bool {
        self.grace.is_some()
    }

    /// For who would still be within its fair share: on the agent where the fewest have to go, the youngest of those who
    /// keep their fair shares without them.
    fn reclaim(&self, context: &Context<'_>, to: FrameworkId, needs: Resources) -> Option<Reclaim> {
        let ledger = context.ledger;
        let (share, part) = (self.on.shares(ledger), |some| self.on.part(ledger, some));
        let mine = ledger.earmarks().iter().filter(|one| one.framework == to);
        let kept: Resources = mine.map(|one| one.needs).sum();
        if part(ledger.held(to) + kept + needs) > part(share(to)) {
            return None;
        }
        let on = |agent| {
            let started = ledger.started(agent);
            let mut tasks: Vec<LaunchedTask> = started.filter(|one| one.framework != to).collect();
            tasks.sort_by_key(|one| std::cmp::Reverse((one.since, one.framework, one.task)));
            let mut left: BTreeMap<FrameworkId, Resources> = BTreeMap::new();
            tasks.retain(|one| {
                let has = || {
                    let held = ledger.held(one.framework);
                    held.saturating_sub(ending(ledger, one.framework))
                };
                let left = left.entry(one.framework).or_insert_with(has);
                let after = left.checked_sub(one.needs);
                let keeps = ledger.may_take(to, one)
                    && after.is_some_and(|after| part(after) >= part(share(one.framework)));
                *left = after.filter(|_| keeps).unwrap_or(*left);
                keeps
            });
            Reclaim::enough(ledger, (to, needs), agent, &tasks, self.grace?)
        };
        let possible = ledger.agents().filter_map(on);
        possible.min_by_key(|one| one.victims.len())
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "yarn-fair",
    about: "shared pool; who is below its minimum goes first, then the least weighted use (YARN's fair scheduler)",
    params: &[
        Param {
            key: "on",
            about: "what counts: cpus, mem, disk or gpus, or dominant, of each what it has the largest part of (default mem)",
        },
        Param {
            key: "preempt",
            about: "takes back for who is below its fair share, and leaves victims so long (default: nothing is)",
        },
        Tie::PARAM,
    ],
    evidence: Evidence {
        source: "Hadoop YARN 3.1 to 3.3: FairSharePolicy, DominantResourceFairnessPolicy, ComputeFairShares, FSPreemptionThread",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:4 mem:4
policy yarn-fair[preempt=5s,offers=task]
framework a
framework b
job a tasks=8 cpus:1 mem:1 run=20s
job b at=5s tasks=2 cpus:1 mem:1 run=10s
",
    },
    make: |name, mut setup| {
        Ok(Box::new(YarnFair {
            on: KindsCompared::from_name(name)?,
            grace: name.take_as("preempt", "a length of time, as in 15s")?,
            tie: Tie::from_name(name, &mut setup)?,
        }))
    },
};
