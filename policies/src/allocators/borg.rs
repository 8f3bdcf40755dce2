//! Borg's priorities: whoever is more important takes all it wants, from those who are less, too; but nobody in the band of
//! production takes anything from others in it, so that no task that is bumped bumps the next (Verma et al.,
//! `EuroSys` 2015, section 2.5).
//!
//! A weight is a priority. Bands are ranges of them: monitoring above production, below it batch and best effort, which differ
//! in nothing but their priority. Of the agents where others could make room it is the one where the most important of those that
//! go is the least so, then where the fewest go (section 3.2: the number and priority of preempted tasks); there the least
//! important go first, of equals those that started last. What is reclaimed of reservations that are not used is lent
//! (`lend` of an agent), which is told to those who know of it and is no matter of priority.

use std::cmp::Reverse;

use super::{Allocator, AllocatorEntry, Context, Rank, Reclaim, Tie};
use crate::evidence::{Evidence, Proven};
use crate::ledger::{LaunchedTask, Ledger, Node};
use crate::message::FrameworkId;
use crate::name::{BadName, Name, Param};
use crate::resources::Resources;
use crate::share::{Share, Weight};
use crate::time::Span;

/// The most important framework first, with preemption below the band of production.
#[derive(Debug)]
pub struct Borg {
    /// The least priorities of the bands of production and of monitoring, in thousandths.
    production: u64,
    monitoring: u64,
    grace: Span,
    tie: Tie,
}

impl Borg {
    fn is_production(&self, weight: Weight) -> bool {
        (self.production..self.monitoring).contains(&weight.thousandths().into())
    }

    /// The priority of `other` where the paths to both part, if its tasks may be ended for `to`.
    fn below(&self, ledger: &Ledger, to: FrameworkId, other: FrameworkId) -> Option<Weight> {
        let (mine, theirs) = ledger.apart(to, other)?;
        let (mine, theirs) = (ledger.weight(mine), ledger.weight(theirs));
        let both = self.is_production(mine) && self.is_production(theirs);
        (theirs < mine && !both).then_some(theirs)
    }
}

impl Allocator for Borg {
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        Rank {
            share: Share::new(1, 1).weighted(context.ledger.weight(node)),
            tie: self.tie.of(context, node),
        }
    }

    fn reclaims(&self) -> bool {
        true
    }

    fn reclaim(&self, context: &Context<'_>, to: FrameworkId, needs: Resources) -> Option<Reclaim> {
        let ledger = context.ledger;
        let on = |agent| {
            let below = |one: LaunchedTask| Some((self.below(ledger, to, one.framework)?, one));
            let mut tasks: Vec<_> = ledger.started(agent).filter_map(below).collect();
            tasks.sort_by_key(|(weight, one)| {
                (*weight, Reverse((one.since, one.framework, one.task)))
            });
            let victims: Vec<LaunchedTask> = tasks.into_iter().map(|(_, one)| one).collect();
            Reclaim::enough(ledger, (to, needs), agent, &victims, self.grace)
        };
        let cost = |one: &Reclaim| {
            let weights = one.victims.iter();
            let weights = weights.map(|(framework, _)| self.below(ledger, to, *framework));
            (weights.max(), one.victims.len())
        };
        ledger.agents().filter_map(on).min_by_key(cost)
    }
}

/// The least priority of a band, in thousandths.
fn band(name: &mut Name, key: &str, default: u32) -> Result<u64, BadName> {
    let least = name.take_as(key, "a priority, a whole number, as in 120")?;
    Ok(u64::from(least.unwrap_or(default)) * 1000)
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "borg",
    about: "shared pool; the largest weight (a priority) takes all it wants, from smaller ones too, but within the band \
            of production nothing is taken back",
    params: &[
        Param {
            key: "production",
            about: "the least priority of the band of production (default 120, as in Google's trace of 2019)",
        },
        Param {
            key: "monitoring",
            about: "the least priority above that band (default 360)",
        },
        Param {
            key: "grace",
            about: "how long a victim is left (default 0s)",
        },
        Tie::PARAM,
    ],
    evidence: Evidence {
        source: "Verma et al., Large-scale cluster management at Google with Borg, EuroSys 2015, sections 2.5 and 3.2",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:4 mem:4
policy borg[offers=task]
framework batch weight=100
framework prod weight=200
framework more weight=300
job batch tasks=4 cpus:1 mem:1 run=20s
job prod at=5s tasks=3 cpus:1 mem:1 run=10s
job more at=10s tasks=3 cpus:1 mem:1 run=10s
",
    },
    make: |name, mut setup| {
        let production = band(name, "production", 120)?;
        let monitoring = band(name, "monitoring", 360)?;
        if monitoring < production {
            let found = (monitoring / 1000).to_string();
            return Err(name.bad("monitoring", &found, "at least what `production` says"));
        }
        let grace = name.take_as("grace", "a length of time, as in 30s")?;
        Ok(Box::new(Borg {
            production,
            monitoring,
            grace: grace.unwrap_or(Span::ZERO),
            tie: Tie::from_name(name, &mut setup)?,
        }))
    },
};
