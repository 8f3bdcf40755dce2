//! Preemption under fair sharing: dominant resource shares are brought together, the largest first
//! (`pkg/scheduler/preemption/preemption.go` and `fairsharing/`, keps/1714).
//!
//! Ties: of queues with the same share the one whose first candidate sorts first; of cohorts the later one (the original
//! leaves it open); of a cohort and a queue the cohort.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::victims::{fill_back, may_go, order};
use super::{Admitted, DominantShare, Newcomer, NodeId, Policy, Reason, Strategy, Tree, Victim};

/// Which queue gives up something next.
#[derive(Clone, Debug)]
pub struct Targets<'a> {
    own: NodeId,
    admitted: &'a [Admitted],
    candidates: BTreeMap<NodeId, VecDeque<usize>>,
    out: BTreeSet<NodeId>,
}

impl<'a> Targets<'a> {
    /// The sequence for a newcomer of queue `own`; `candidates` are in their order.
    pub fn new(own: NodeId, admitted: &'a [Admitted], candidates: &[usize]) -> Self {
        let mut by_queue: BTreeMap<NodeId, VecDeque<usize>> = BTreeMap::new();
        for index in candidates {
            by_queue
                .entry(admitted[*index].queue)
                .or_default()
                .push_back(*index);
        }
        Self {
            own,
            admitted,
            candidates: by_queue,
            out: BTreeSet::new(),
        }
    }

    /// The next queue, by the shares that `tree` has now.
    pub fn next(&mut self, tree: &Tree) -> Option<NodeId> {
        let root = tree.root(self.own);
        if tree.is_queue(root) {
            return self.first(root).map(|_| root);
        }
        'from_the_root: while !self.out.contains(&root) {
            let mut cohort = root;
            loop {
                let queue = self.largest_queue(tree, cohort);
                let below = self.largest_cohort(tree, cohort);
                cohort = match (queue, below) {
                    (None, None) => {
                        self.out.insert(cohort);
                        continue 'from_the_root;
                    }
                    (Some((queue, _)), None) => return Some(queue),
                    (Some((queue, share)), Some((_, larger))) if larger.compare(&share).is_lt() => {
                        return Some(queue);
                    }
                    (_, Some((below, _))) => below,
                };
            }
        }
        None
    }

    /// Takes the first candidate of a queue.
    pub fn take(&mut self, queue: NodeId) -> Option<usize> {
        self.candidates.get_mut(&queue)?.pop_front()
    }

    fn first(&self, queue: NodeId) -> Option<usize> {
        self.candidates.get(&queue)?.front().copied()
    }

    fn sorts_before(&self, one: NodeId, two: NodeId) -> bool {
        let mut firsts: Vec<usize> = [one, two].iter().filter_map(|of| self.first(*of)).collect();
        order(self.admitted, self.own, &mut firsts);
        firsts.first().copied() == self.first(one)
    }

    fn largest_queue(&mut self, tree: &Tree, cohort: NodeId) -> Option<(NodeId, DominantShare)> {
        let mut best: Option<(NodeId, DominantShare)> = None;
        for queue in tree
            .children(cohort)
            .iter()
            .copied()
            .filter(|id| tree.is_queue(*id))
        {
            if self.out.contains(&queue) {
                continue;
            }
            let share = DominantShare::now(tree, queue);
            if self.first(queue).is_none() || (!share.borrows() && queue != self.own) {
                self.out.insert(queue);
                continue;
            }
            let larger = best.as_ref().is_none_or(|(other, most)| {
                let by_share = share.compare(most);
                by_share
                    .then_with(|| self.sorts_before(queue, *other).cmp(&false))
                    .is_gt()
            });
            if larger {
                best = Some((queue, share));
            }
        }
        best
    }

    fn largest_cohort(&mut self, tree: &Tree, cohort: NodeId) -> Option<(NodeId, DominantShare)> {
        let mut best: Option<(NodeId, DominantShare)> = None;
        for below in tree
            .children(cohort)
            .iter()
            .copied()
            .filter(|id| !tree.is_queue(*id))
        {
            if self.out.contains(&below) {
                continue;
            }
            let share = DominantShare::now(tree, below);
            if !share.borrows() && !tree.ancestors(self.own).any(|above| above == below) {
                self.out.insert(below);
                continue;
            }
            if best
                .as_ref()
                .is_none_or(|(_, most)| share.compare(most).is_ge())
            {
                best = Some((below, share));
            }
        }
        best
    }
}

/// Who may have to go for the newcomer, in order.
fn candidates(tree: &Tree, admitted: &[Admitted], newcomer: &Newcomer) -> Vec<usize> {
    let own = newcomer.queue;
    let policies = tree.preemption(own);
    let root = tree.root(own);
    let borrows = |queue| {
        let pairs = &newcomer.contested;
        tree.root(queue) == root && !tree.within_nominal(queue, pairs)
    };
    let possible = |one: &Admitted| {
        if one.queue == own {
            may_go(policies.within, newcomer, one)
        } else {
            policies.reclaim != Policy::Never
                && borrows(one.queue)
                && may_go(policies.reclaim, newcomer, one)
        }
    };
    let mut found: Vec<usize> = (0..admitted.len())
        .filter(|index| possible(&admitted[*index]))
        .collect();
    order(admitted, own, &mut found);
    found
}

/// A search under way: the newcomer is counted as if it were in.
struct Search<'a> {
    tree: Tree,
    admitted: &'a [Admitted],
    newcomer: &'a Newcomer,
    victims: Vec<Victim>,
}

impl Search<'_> {
    /// Takes one out; whether the newcomer then fits.
    fn take_out(&mut self, index: usize, reason: Reason) -> bool {
        let one = &self.admitted[index];
        self.tree.remove_all(one.queue, &one.usage);
        self.victims.push(Victim { index, reason });
        let (queue, request) = (self.newcomer.queue, &self.newcomer.request);
        self.tree.remove_all(queue, request);
        let fits = self.tree.fits(queue, request, true);
        self.tree.add_all(queue, request);
        fits
    }

    /// The shares that are compared: those of the children of the lowest common cohort.
    fn shares(&self, target: NodeId) -> Option<(DominantShare, DominantShare, NodeId)> {
        let (_, own, other) = self.tree.fork(self.newcomer.queue, target)?;
        let share = |id| DominantShare::now(&self.tree, id);
        Some((share(own), share(other), other))
    }

    fn share_without(&mut self, index: usize, of: NodeId) -> DominantShare {
        let one = &self.admitted[index];
        self.tree.remove_all(one.queue, &one.usage);
        let share = DominantShare::now(&self.tree, of);
        self.tree.add_all(one.queue, &one.usage);
        share
    }

    /// The first rule; whom it did not allow to be taken is left for the second.
    fn first(
        &mut self,
        rule: Strategy,
        entitled: bool,
        candidates: &[usize],
    ) -> Result<Vec<usize>, ()> {
        let own = self.newcomer.queue;
        let mut targets = Targets::new(own, self.admitted, candidates);
        let mut later = Vec::new();
        while let Some(target) = targets.next(&self.tree) {
            if target == own || entitled {
                let reason = if target == own {
                    Reason::InClusterQueue
                } else {
                    Reason::InCohortReclamation
                };
                let taken = targets.take(target);
                if taken.is_some_and(|index| self.take_out(index, reason)) {
                    return Err(());
                }
                continue;
            }
            let Some((new, old, top)) = self.shares(target) else {
                continue;
            };
            while let Some(index) = targets.take(target) {
                let allowed = match rule {
                    Strategy::LessThanInitialShare => new.compare(&old).is_lt(),
                    Strategy::LessThanOrEqualToFinalShare => {
                        new.compare(&self.share_without(index, top)).is_le()
                    }
                };
                if !allowed {
                    later.push(index);
                    continue;
                }
                if self.take_out(index, Reason::InCohortFairSharing) {
                    return Err(());
                }
                break;
            }
        }
        Ok(later)
    }

    /// The second rule: one try a queue. Whether the newcomer fits.
    fn second(&mut self, candidates: &[usize]) -> bool {
        let own = self.newcomer.queue;
        let mut targets = Targets::new(own, self.admitted, candidates);
        while let Some(target) = targets.next(&self.tree) {
            targets.out.insert(target);
            let (Some((new, old, _)), Some(index)) = (self.shares(target), targets.take(target))
            else {
                continue;
            };
            if new.compare(&old).is_lt() && self.take_out(index, Reason::InCohortFairSharing) {
                return true;
            }
        }
        false
    }
}

/// Who is preempted so that the newcomer fits; nobody when it cannot be made to.
pub fn victims(
    tree: &Tree,
    admitted: &[Admitted],
    newcomer: &Newcomer,
    strategies: &[Strategy],
    within_nominal: bool,
) -> Vec<Victim> {
    let found = candidates(tree, admitted, newcomer);
    let Some(rule) = strategies.first().filter(|_| !found.is_empty()) else {
        return Vec::new();
    };
    let mut search = Search {
        tree: tree.clone(),
        admitted,
        newcomer,
        victims: Vec::new(),
    };
    search.tree.add_all(newcomer.queue, &newcomer.request);
    let entitled = within_nominal
        && search
            .tree
            .within_nominal(newcomer.queue, &newcomer.contested);
    let fits = match search.first(*rule, entitled, &found) {
        Err(()) => true,
        Ok(later) => strategies.len() > 1 && search.second(&later),
    };
    if !fits {
        return Vec::new();
    }
    search.tree.remove_all(newcomer.queue, &newcomer.request);
    fill_back(&mut search.tree, admitted, newcomer, true, search.victims)
}
