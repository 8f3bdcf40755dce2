//! Hierarchical DRF: from the root to the child with the least dominant share, where what a node has is seen so that
//! no leaf starves (Bhattacharya et al., `SoCC` 2013, section 5).
//!
//! Three rules make the share of an inner node. (1) M is the least dominant share of its children that are not blocked. (2)
//! What each of these has is scaled so that its dominant share is M; blocked ones are added as they are. (3) Resources that
//! are full do not count in an inner node's dominant share. Without them a leaf of which the siblings hold much
//! starves; `rules` leaves some out to show it.

mod tree;

use std::cell::RefCell;

use self::tree::Tree;
use super::descent::descend;
use super::{Allocator, AllocatorEntry, Context, Rank, Tie};
use crate::evidence::{Evidence, Proven};
use crate::ledger::Node;
use crate::message::FrameworkId;
use crate::name::Param;
use crate::share::Share;

/// Which of the three rules hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rules {
    /// None: DRF at every node.
    Plain,
    /// 1 and 2 as if nobody were blocked.
    Scaled,
    /// 1 and 2.
    Unblocked,
    All,
}

/// The least share goes first at every node, by the three rules.
#[derive(Debug)]
pub struct Hdrf {
    rules: Rules,
    tie: Tie,
    /// Kept to spare an allocation for every pick.
    candidates: RefCell<Vec<FrameworkId>>,
}

impl Allocator for Hdrf {
    fn rank(&self, _: &Context<'_>, _: Node) -> Rank {
        Share::ZERO.into()
    }

    fn reads_demand(&self) -> bool {
        true
    }

    fn pick(
        &self,
        context: &Context<'_>,
        among: &mut dyn Iterator<Item = FrameworkId>,
    ) -> Option<FrameworkId> {
        let candidates = &mut *self.candidates.borrow_mut();
        candidates.clear();
        candidates.extend(among);
        let tree = Tree::new(context.ledger, self.rules, candidates);
        descend(context.ledger, candidates, |children| {
            let rank = |place: &usize| {
                let node = children[*place];
                (tree.rank(node), self.tie.of(context, node), *place)
            };
            (0..children.len()).min_by_key(rank).unwrap_or(0)
        })
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "hdrf",
    about: "shared pool; DRF in the tree of roles so that no leaf starves (H-DRF)",
    params: &[
        Param {
            key: "rules",
            about: "of its rules: all, unblocked (1 and 2), scaled (the same for blocked ones), none (default all)",
        },
        Tie::PARAM,
    ],
    evidence: Evidence {
        source: "Bhattacharya et al., Hierarchical Scheduling for Diverse Datacenter Workloads, SoCC 2013, section 5",
        proven: Proven::Exact,
        example: "\
agents 1 cpus:10 mem:10 gpus:10
policy hdrf[offers=task]
role n1
role n2
role n2/one
role n2/two
framework a role=n1
framework b role=n2/one
framework c role=n2/two
job a tasks=12 gpus:1 run=10s
job b tasks=20 cpus:1 run=10s
job c tasks=12 gpus:1 run=10s
",
    },
    make: |name, mut setup| {
        let rules = match name.take("rules").as_deref() {
            None | Some("all") => Rules::All,
            Some("unblocked") => Rules::Unblocked,
            Some("scaled") => Rules::Scaled,
            Some("none") => Rules::Plain,
            Some(other) => return Err(name.bad("rules", other, "all, unblocked, scaled or none")),
        };
        Ok(Box::new(Hdrf {
            rules,
            tie: Tie::from_name(name, &mut setup)?,
            candidates: RefCell::default(),
        }))
    },
};
