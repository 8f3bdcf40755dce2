//! Asset fairness: everything a framework holds is worth the part of the cluster that it is, and who holds the
//! least worth goes first (Ghodsi et al., NSDI 2011, section 5.1).

use super::{Allocator, AllocatorEntry, Context, Rank, Tie};
use crate::evidence::{Evidence, Proven};
use crate::ledger::Node;
use crate::resources::Resources;
use crate::rules::ratio::Ratio;
use crate::share::Share;

/// The smallest weighted sum of the shares of all kinds goes first.
#[derive(Debug)]
pub struct Asset {
    tie: Tie,
}

/// The sum of the shares of each kind: exact where the kinds' totals have a common multiple below 2^63, as those of
/// clusters do, and otherwise rounded down, the sum to 10^-12 or each to 2^-40.
fn worth(held: Resources, total: Resources) -> Share {
    let kinds = || {
        held.units()
            .into_iter()
            .zip(total.units())
            .filter(|(_, total)| *total > 0)
    };
    let parts = kinds().map(|(held, total)| Ratio::quotient(held.into(), total.into()));
    let (over, under) = parts.fold(Ratio::ZERO, |a, b| a + b).parts();
    match (u64::try_from(over), u64::try_from(under)) {
        (Ok(over), Ok(under)) if under < 1 << 63 => Share::new(over, under),
        _ => {
            let rounded = |(held, total): (u64, u64)| (u128::from(held) << 40) / u128::from(total);
            Share::new(kinds().map(rounded).sum::<u128>() as u64, 1 << 40)
        }
    }
}

impl Allocator for Asset {
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        let ledger = context.ledger;
        Rank {
            share: worth(ledger.held(node), ledger.total()).weighted(ledger.weight(node)),
            tie: self.tie.of(context, node),
        }
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "asset",
    about: "shared pool; the framework whose shares of all resources add up to the least goes first",
    params: &[Tie::PARAM],
    evidence: Evidence {
        source: "Ghodsi et al., Dominant Resource Fairness, NSDI 2011, section 5.1",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:30 mem:30
policy asset[offers=task]
framework a
framework b
job a tasks=12 cpus:1 mem:3 run=10s
job b tasks=24 cpus:1 mem:1 run=10s
",
    },
    make: |name, mut setup| {
        Ok(Box::new(Asset {
            tie: Tie::from_name(name, &mut setup)?,
        }))
    },
};
