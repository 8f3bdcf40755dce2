//! Dominant Resource Fairness: the framework with the smallest dominant share goes first
//! (Ghodsi et al., NSDI 2011, sections 4.1 and 4.3).

use super::{Allocator, AllocatorEntry, Context, Rank, Tie};
use crate::evidence::{Evidence, Proven};
use crate::ledger::Node;
use crate::name::Param;
use crate::resources::Kind;
use crate::share::Share;

/// Weighted DRF over all kinds of resource, or all but some.
#[derive(Debug)]
pub struct Drf {
    tie: Tie,
    /// Kinds whose shares do not count (Mesos' `fair_sharing_excluded_resource_names`).
    excluded: Vec<Kind>,
}

impl Allocator for Drf {
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        let ledger = context.ledger;
        let share = if self.excluded.is_empty() {
            ledger.dominant_share(node)
        } else {
            let counted = Kind::ALL
                .iter()
                .filter(|kind| !self.excluded.contains(kind));
            let shares = counted.map(|kind| ledger.share(node, *kind));
            shares.fold(Share::ZERO, Share::max)
        };
        let tie = self.tie.of(context, node);
        Rank { share, tie }
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "drf",
    about: "shared pool; the framework with the smallest weighted dominant share goes first",
    params: &[
        Tie::PARAM,
        Param {
            key: "exclude",
            about: "kinds whose shares do not count, as in gpus or disk:gpus (default none)",
        },
    ],
    evidence: Evidence {
        source: "Ghodsi et al., Dominant Resource Fairness, NSDI 2011, section 4.1, with weights of section 4.3; Mesos' sorter",
        proven: Proven::Exact,
        example: "\
agents 1 cpus:9 mem:18
policy drf[offers=task]
framework a
framework b
job a tasks=6 cpus:1 mem:4 run=10s
job b tasks=4 cpus:3 mem:1 run=10s
",
    },
    make: |name, mut setup| {
        let excluded = match name.take("exclude") {
            None => Vec::new(),
            Some(text) => {
                let kinds: Option<Vec<Kind>> = text.split(':').map(Kind::by_name).collect();
                let some = kinds.filter(|kinds| Kind::ALL.iter().any(|kind| !kinds.contains(kind)));
                some.ok_or_else(|| name.bad("exclude", &text, "some of cpus:mem:disk:gpus"))?
            }
        };
        Ok(Box::new(Drf {
            tie: Tie::from_name(name, &mut setup)?,
            excluded,
        }))
    },
};
