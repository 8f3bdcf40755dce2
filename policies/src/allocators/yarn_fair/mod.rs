//! YARN's fair scheduler: who is below its minimum goes first, then the least use by weight; and who is below
//! its fair share has others make room (`FairSharePolicy`, `FSPreemptionThread`).
//!
//! Roles are queues, what is guaranteed to a role is its minimum, its limit its maximum.

mod shares;

use std::collections::BTreeMap;

use self::shares::{demand, ending, fair_shares, min};
use super::{Allocator, AllocatorEntry, Context, Rank, Reclaim, Tie, counted_kind};
use crate::evidence::{Evidence, Proven};
use crate::ledger::{LaunchedTask, Node};
use crate::message::FrameworkId;
use crate::name::Param;
use crate::resources::{Kind, Resources};
use crate::share::Share;
use crate::time::Span;

/// The needy first, then the least weighted use.
#[derive(Debug)]
pub struct YarnFair {
    on: Kind,
    /// How long a victim has to end; nothing is taken back where there is none.
    grace: Option<Span>,
    tie: Tie,
}

impl Allocator for YarnFair {
    /// Below one for who is below its minimum: the part of it that it has. From one on for the others: their weighted
    /// share.
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        let ledger = context.ledger;
        let (held, total) = (ledger.held(node).of(self.on), ledger.total().of(self.on));
        let min = min(ledger, node, self.on).min(demand(ledger, node, self.on));
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
        let shares = fair_shares(ledger, self.on);
        let share = |one: FrameworkId| shares.get(&Node::Framework(one)).copied().unwrap_or(0);
        let kept: u64 = ledger
            .earmarks()
            .iter()
            .filter(|one| one.framework == to)
            .map(|one| one.needs.of(self.on))
            .sum();
        if ledger.held(to).of(self.on) + kept + needs.of(self.on) > share(to) {
            return None;
        }
        let on = |agent| {
            let mut tasks: Vec<LaunchedTask> = ledger
                .started(agent)
                .filter(|one| one.framework != to)
                .collect();
            tasks.sort_by_key(|one| std::cmp::Reverse((one.since, one.framework, one.task)));
            let mut left: BTreeMap<FrameworkId, u64> = BTreeMap::new();
            tasks.retain(|one| {
                let has = || {
                    ledger
                        .held(one.framework)
                        .of(self.on)
                        .saturating_sub(ending(ledger, one.framework, self.on))
                };
                let left = left.entry(one.framework).or_insert_with(has);
                let after = left.checked_sub(one.needs.of(self.on));
                let keeps = ledger.may_take(to, one)
                    && after.is_some_and(|after| after >= share(one.framework));
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
            about: "what counts: cpus, mem, disk or gpus (default mem)",
        },
        Param {
            key: "preempt",
            about: "takes back for who is below its fair share, and leaves victims so long (default: nothing is)",
        },
        Tie::PARAM,
    ],
    evidence: Evidence {
        source: "Hadoop YARN 3.1 to 3.3: FairSharePolicy, ComputeFairShares, FSPreemptionThread",
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
            on: counted_kind(name, Kind::Mem)?,
            grace: name.take_as("preempt", "a length of time, as in 15s")?,
            tie: Tie::from_name(name, &mut setup)?,
        }))
    },
};
