//! Classical preemption: capacity that was lent is taken back, by entitlement first and by priority then
//! (`pkg/scheduler/preemption/preemption.go` and `classical/`, keps/79).

use std::collections::{BTreeMap, BTreeSet};

use super::victims::{fill_back, may_go, order};
use super::{Admitted, Amount, Newcomer, NodeId, Pair, Policy, Reason, Tree, Victim};

/// In which class somebody may go: by entitlement, by priority, or in the newcomer's own queue.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Class {
    Entitled,
    Priority,
    Own,
}

#[derive(Clone, Debug)]
struct Candidate {
    index: usize,
    class: Class,
    /// Whether it may go while the newcomer borrows.
    while_borrowing: bool,
    reason: Reason,
    /// The lowest cohort that holds its queue and the newcomer's.
    common: Option<NodeId>,
}

/// Candidates by class, each class in the order of candidates, those that are evicted already before all others.
fn candidates(tree: &Tree, admitted: &[Admitted], newcomer: &Newcomer) -> Vec<Candidate> {
    let mut found = own_queue(tree, admitted, newcomer);
    found.extend(other_queues(tree, admitted, newcomer));
    let mut indices: Vec<usize> = found.iter().map(|one| one.index).collect();
    order(admitted, newcomer.queue, &mut indices);
    let place = |of: usize| indices.iter().position(|index| *index == of);
    found.sort_by_key(|one| (!admitted[one.index].evicted, one.class, place(one.index)));
    found
}

fn own_queue(tree: &Tree, admitted: &[Admitted], newcomer: &Newcomer) -> Vec<Candidate> {
    let policy = tree.preemption(newcomer.queue).within;
    let mine = |one: &Admitted| one.queue == newcomer.queue && may_go(policy, newcomer, one);
    let indices = (0..admitted.len()).filter(|index| mine(&admitted[*index]));
    let candidate = |index| Candidate {
        index,
        class: Class::Own,
        while_borrowing: true,
        reason: Reason::InClusterQueue,
        common: None,
    };
    indices.map(candidate).collect()
}

/// Queues below a cohort that use more than they have of something contested, `walked` and what is below it left out.
fn borrowers(
    tree: &Tree,
    cohort: NodeId,
    walked: NodeId,
    pairs: &[Pair],
    to: &mut BTreeSet<NodeId>,
) {
    for child in tree.children(cohort) {
        if *child == walked || tree.within_nominal(*child, pairs) {
            continue;
        }
        if tree.is_queue(*child) {
            to.insert(*child);
        } else {
            borrowers(tree, *child, walked, pairs, to);
        }
    }
}

fn other_queues(tree: &Tree, admitted: &[Admitted], newcomer: &Newcomer) -> Vec<Candidate> {
    let policies = tree.preemption(newcomer.queue);
    let mut found = Vec::new();
    if policies.reclaim == Policy::Never {
        return found;
    }
    let fits = |id, asked: &BTreeMap<Pair, Amount>| {
        asked
            .iter()
            .all(|(pair, amount)| !tree.borrows(id, *pair, *amount))
    };
    let rest_above = |id, asked: &mut BTreeMap<Pair, Amount>| {
        for (pair, amount) in asked.iter_mut() {
            *amount = (*amount - tree.local_free(id, *pair)).at_least_zero();
        }
    };
    let mut entitled = fits(newcomer.queue, &newcomer.request);
    let mut rest = newcomer.request.clone();
    rest_above(newcomer.queue, &mut rest);
    let mut walked = newcomer.queue;
    for cohort in tree.ancestors(newcomer.queue) {
        let mut queues = BTreeSet::new();
        borrowers(tree, cohort, walked, &newcomer.contested, &mut queues);
        for (index, one) in admitted.iter().enumerate() {
            if !queues.contains(&one.queue) || !may_go(policies.reclaim, newcomer, one) {
                continue;
            }
            // Whoever is as important, or above the threshold, goes only for what is not borrowed.
            let while_borrowing = policies.borrow.is_some_and(|borrow| {
                one.priority < newcomer.priority
                    && borrow.threshold.is_none_or(|most| one.priority <= most)
            });
            let (class, reason) = match (entitled, while_borrowing) {
                (true, _) => (Class::Entitled, Reason::InCohortReclamation),
                (false, false) => (Class::Priority, Reason::InCohortReclamation),
                (false, true) => (Class::Priority, Reason::InCohortReclaimWhileBorrowing),
            };
            found.push(Candidate {
                index,
                class,
                while_borrowing: entitled || while_borrowing,
                reason,
                common: Some(cohort),
            });
        }
        entitled = entitled || fits(cohort, &rest);
        rest_above(cohort, &mut rest);
        walked = cohort;
    }
    found
}

/// Whether nobody between the queue and the common cohort, the queue included, borrows any more.
fn gave_enough(tree: &Tree, queue: NodeId, common: NodeId, pairs: &[Pair]) -> bool {
    let path = std::iter::once(queue).chain(tree.ancestors(queue));
    let mut below = path.take_while(|id| *id != common);
    below.any(|id| tree.within_nominal(id, pairs))
}

fn attempt(
    tree: &Tree,
    admitted: &[Admitted],
    newcomer: &Newcomer,
    candidates: &[Candidate],
    may_borrow: bool,
) -> Option<Vec<Victim>> {
    let mut tree = tree.clone();
    let mut victims = Vec::new();
    for one in candidates {
        let work = &admitted[one.index];
        let skip = one.common.is_some_and(|common| {
            (may_borrow && !one.while_borrowing)
                || gave_enough(&tree, work.queue, common, &newcomer.contested)
        });
        if skip {
            continue;
        }
        tree.remove_all(work.queue, &work.usage);
        victims.push(Victim {
            index: one.index,
            reason: one.reason,
        });
        if tree.fits(newcomer.queue, &newcomer.request, may_borrow) {
            return Some(fill_back(
                &mut tree, admitted, newcomer, may_borrow, victims,
            ));
        }
    }
    None
}

/// Who is preempted so that the newcomer fits; nobody when it cannot be made to.
pub fn victims(tree: &Tree, admitted: &[Admitted], newcomer: &Newcomer) -> Vec<Victim> {
    let all = candidates(tree, admitted, newcomer);
    let some = |class| all.iter().any(|one| one.class == class);
    let may_lend = tree.preemption(newcomer.queue).borrow.is_some();
    let under_nominal = || {
        let mut pairs = newcomer.contested.iter();
        pairs.all(|pair| tree.used(newcomer.queue, *pair) < tree.quota(newcomer.queue, *pair))
    };
    let others = some(Class::Entitled) || some(Class::Priority);
    let borrowing: &[bool] = if !others || (!may_lend && !under_nominal()) {
        &[true]
    } else if !may_lend && !some(Class::Entitled) {
        &[false, true]
    } else {
        &[true, false]
    };
    let mut attempts = borrowing.iter();
    let found = attempts.find_map(|borrow| attempt(tree, admitted, newcomer, &all, *borrow));
    found.unwrap_or_default()
}
