//! Who may be preempted, in which order, and who is put back (`pkg/scheduler/preemption/common`, `preemption.go`).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Amount, NodeId, Pair, Policy, Tree};

/// Work that holds quota.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Admitted {
    /// The cluster queue it was admitted by.
    pub queue: NodeId,
    /// The higher the more important.
    pub priority: i64,
    /// What it holds.
    pub usage: BTreeMap<Pair, Amount>,
    /// When it was created; what is not known was before everything else.
    pub created: Option<i64>,
    /// Since when it holds its quota; what is not known is the present.
    pub reserved: i64,
    /// Whether it is about to go already.
    pub evicted: bool,
    /// The last tie-breaker.
    pub uid: u64,
}

/// Work that wants in, with flavors given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Newcomer {
    /// Its cluster queue.
    pub queue: NodeId,
    /// The higher the more important.
    pub priority: i64,
    /// When it was created; what is not known was before everything else.
    pub created: Option<i64>,
    /// What it asks for.
    pub request: BTreeMap<Pair, Amount>,
    /// The pairs that do not fit, for which others may have to go.
    pub contested: Vec<Pair>,
}

/// Why somebody is preempted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reason {
    /// Less important in the same queue.
    InClusterQueue,
    /// Borrowed what somebody is entitled to.
    InCohortReclamation,
    /// Has the larger share.
    InCohortFairSharing,
    /// Less important, and the newcomer borrows as well.
    InCohortReclaimWhileBorrowing,
}

/// Who is preempted, by the place among the admitted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Victim {
    /// Which.
    pub index: usize,
    /// Why.
    pub reason: Reason,
}

impl Policy {
    /// Whether a newcomer of a priority, created then, may preempt somebody of a priority, created then.
    pub fn allows(self, newcomer: (i64, Option<i64>), victim: (i64, Option<i64>)) -> bool {
        let lower = victim.0 < newcomer.0;
        match self {
            Self::Never | Self::Unset => false,
            Self::LowerPriority => lower,
            Self::LowerOrNewerEqualPriority => {
                lower || (victim.0 == newcomer.0 && newcomer.1 < victim.1)
            }
            Self::Any => true,
        }
    }
}

/// The order in which candidates are tried: evicted ones, then those of other queues, then the lower priority,
/// then who holds quota for the shortest time, then by uid.
pub fn order(admitted: &[Admitted], own: NodeId, candidates: &mut [usize]) {
    candidates.sort_by_key(|index| {
        let one = &admitted[*index];
        let far = one.queue != own;
        let rank = (!one.evicted, !far, one.priority, Reverse(one.reserved));
        (rank, one.uid, *index)
    });
}

/// Whether the policy allows it and it holds something that is contested.
pub(super) fn may_go(policy: Policy, newcomer: &Newcomer, one: &Admitted) -> bool {
    let allowed = policy.allows(
        (newcomer.priority, newcomer.created),
        (one.priority, one.created),
    );
    allowed
        && newcomer
            .contested
            .iter()
            .any(|pair| one.usage.contains_key(pair))
}

/// Puts back whom the newcomer does not need gone, from the last but one to the first; `tree` has all victims out.
pub(super) fn fill_back(
    tree: &mut Tree,
    admitted: &[Admitted],
    newcomer: &Newcomer,
    may_borrow: bool,
    mut victims: Vec<Victim>,
) -> Vec<Victim> {
    for i in (0..victims.len().saturating_sub(1)).rev() {
        let one = &admitted[victims[i].index];
        tree.add_all(one.queue, &one.usage);
        if tree.fits(newcomer.queue, &newcomer.request, may_borrow) {
            victims.swap_remove(i);
        } else {
            tree.remove_all(one.queue, &one.usage);
        }
    }
    victims
}
