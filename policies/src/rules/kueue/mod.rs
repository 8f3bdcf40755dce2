//! Kueue: quotas in a tree of cohorts, dominant resource shares of what is borrowed, fair and classical preemption,
//! and one cycle of admission (kubernetes-sigs/kueue at ff69552e; keps/1714 fair sharing, keps/79 hierarchical cohorts).

pub mod amount;
pub mod assign;
pub mod classical;
pub mod cycle;
pub mod fair;
pub mod share;
#[cfg(test)]
mod tests;
pub mod tree;
pub mod victims;

pub use amount::Amount;
pub use share::DominantShare;
pub use tree::{Node, NodeId, Pair, Quota, Tree};
pub use victims::{Admitted, Newcomer, Reason, Victim};

/// Who may be preempted, by priority (`preemption.withinClusterQueue`, `reclaimWithinCohort`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Policy {
    /// Nobody.
    #[default]
    Never,
    /// Nobody, but flavors are tried as if there might be somebody (a policy that was left out).
    Unset,
    /// Who has a lower priority.
    LowerPriority,
    /// Also who has the same and was created later.
    LowerOrNewerEqualPriority,
    /// Anybody.
    Any,
}

/// The policies of a cluster queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Preemption {
    /// Inside of the queue.
    pub within: Policy,
    /// In other queues of the cohort, if they borrow.
    pub reclaim: Policy,
    /// Whether others may be preempted while the newcomer borrows; `None` is "Never".
    pub borrow: Option<BorrowWithin>,
}

/// `borrowWithinCohort` with policy `LowerPriority`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BorrowWithin {
    /// The highest priority that may be preempted so; none is the newcomer's own, excluded.
    pub threshold: Option<i64>,
}

/// A rule of fair preemption (`fairSharing.preemptionStrategies`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Strategy {
    /// The newcomer's share with it is at most the target's without the victim.
    LessThanOrEqualToFinalShare,
    /// The newcomer's share with it is below the target's as it is.
    LessThanInitialShare,
}

/// What may be preempted by which algorithm.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Algorithm {
    /// Borrowed capacity is taken back, lower priorities first.
    Classical,
    /// Dominant resource shares are brought together.
    Fair {
        /// The rules, in order: one, or two of which the second is `LessThanInitialShare`.
        strategies: Vec<Strategy>,
        /// Gate `FairSharingPreemptWithinNominal`: who stays within nominal quota takes without a look at shares.
        within_nominal: bool,
        /// Gate `FairSharingPrioritizeNonBorrowing`: who borrows nothing that is asked for is admitted first.
        prefer_non_borrowing: bool,
    },
}

impl Algorithm {
    /// Fair sharing as it is set up when nothing is said.
    pub fn fair() -> Self {
        Self::Fair {
            strategies: vec![
                Strategy::LessThanOrEqualToFinalShare,
                Strategy::LessThanInitialShare,
            ],
            within_nominal: true,
            prefer_non_borrowing: true,
        }
    }

    /// Who is preempted so that the newcomer fits; nobody when it cannot be made to.
    pub fn victims(&self, tree: &Tree, admitted: &[Admitted], newcomer: &Newcomer) -> Vec<Victim> {
        match self {
            Self::Classical => classical::victims(tree, admitted, newcomer),
            Self::Fair {
                strategies,
                within_nominal,
                ..
            } => fair::victims(tree, admitted, newcomer, strategies, *within_nominal),
        }
    }
}
