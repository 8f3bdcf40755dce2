//! One cycle: the heads of all queues, in the order of fair or classical admission
//! (`pkg/scheduler/scheduler.go`, `fair_sharing_iterator.go`).

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::assign::{Assignment, Offering, Pending, State};
use super::{Admitted, Algorithm, Amount, DominantShare, NodeId, Pair, Policy, Tree, Victim};

/// What a cycle decides on.
#[derive(Clone, Copy, Debug)]
pub struct Cycle<'a> {
    /// Quotas and what is used.
    pub tree: &'a Tree,
    /// What each cluster queue offers.
    pub offerings: &'a BTreeMap<NodeId, Offering>,
    /// Who uses it.
    pub admitted: &'a [Admitted],
    /// Who waits.
    pub pending: &'a [Pending],
    /// How victims are searched, and heads ordered.
    pub algorithm: &'a Algorithm,
    /// Gate `RecomputeAssignmentUponPreemptionTargetsOverlap`: who would take victims of another looks again.
    pub recomputes: bool,
}

/// What a cycle decided.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Decisions {
    /// Who is admitted, by the place among the pending, with its flavors.
    pub admitted: Vec<(usize, Assignment)>,
    /// Who is preempted; they keep their quota until they are gone.
    pub victims: Vec<Victim>,
}

struct Head {
    index: usize,
    assignment: Option<Assignment>,
}

impl Head {
    fn usage(&self) -> BTreeMap<Pair, Amount> {
        let usage = self.assignment.as_ref().map(|one| one.usage.clone());
        usage.unwrap_or_default()
    }
}

impl Cycle<'_> {
    /// The decisions of the cycle.
    pub fn run(&self) -> Decisions {
        let mut heads: Vec<Head> = Vec::new();
        let state = self.state(self.tree);
        for index in self.heads() {
            let one = &self.pending[index];
            let offering = self.offerings.get(&one.queue);
            let assignment = offering.and_then(|offering| state.assign(offering, one, None));
            heads.push(Head { index, assignment });
        }
        let mut running = Running {
            cycle: *self,
            tree: self.tree.clone(),
            decisions: Decisions::default(),
        };
        match self.algorithm {
            Algorithm::Classical => {
                heads.sort_by_key(|head| {
                    let one = &self.pending[head.index];
                    let distance = head.assignment.as_ref().map_or(0, |one| one.distance);
                    (distance, -one.priority, one.created, head.index)
                });
                for head in heads {
                    running.process(head);
                }
            }
            Algorithm::Fair {
                prefer_non_borrowing,
                ..
            } => {
                let first = |heads: &[Head], tree: &Tree| {
                    let top = heads
                        .first()
                        .map(|head| tree.root(self.pending[head.index].queue))?;
                    self.winner(tree, heads, top, *prefer_non_borrowing)
                };
                while let Some(next) = first(&heads, &running.tree) {
                    running.process(heads.remove(next));
                }
            }
        }
        running.decisions
    }

    fn state<'a>(&'a self, tree: &'a Tree) -> State<'a> {
        State {
            tree,
            admitted: self.admitted,
            algorithm: self.algorithm,
        }
    }

    /// The head of each queue: the highest priority, then the oldest.
    fn heads(&self) -> Vec<usize> {
        let mut by_queue: BTreeMap<NodeId, usize> = BTreeMap::new();
        for (index, one) in self.pending.iter().enumerate() {
            let head = by_queue.entry(one.queue).or_insert(index);
            if self.older(index, *head).is_lt() {
                *head = index;
            }
        }
        by_queue.into_values().collect()
    }

    /// The place among `heads` of the one that wins the tournament below `node`.
    fn winner(&self, tree: &Tree, heads: &[Head], node: NodeId, prefer: bool) -> Option<usize> {
        if tree.is_queue(node) {
            return heads
                .iter()
                .position(|head| self.pending[head.index].queue == node);
        }
        let below = tree.children(node).iter();
        let entries =
            below.filter_map(|child| Some((*child, self.winner(tree, heads, *child, prefer)?)));
        let mut ranked: Vec<_> = entries
            .map(|(child, place)| {
                let head = &heads[place];
                let usage = head.usage();
                let mut with = tree.clone();
                with.add_all(self.pending[head.index].queue, &usage);
                let share = DominantShare::now(&with, child);
                let borrows = prefer && share.borrows_of(&usage);
                (borrows, share, place)
            })
            .collect();
        ranked.sort_by(
            |(borrows, share, place), (other_borrows, other_share, other)| {
                let by_share = borrows
                    .cmp(other_borrows)
                    .then_with(|| share.compare(other_share));
                by_share.then_with(|| self.older(heads[*place].index, heads[*other].index))
            },
        );
        ranked.first().map(|(.., place)| *place)
    }

    fn older(&self, one: usize, two: usize) -> Ordering {
        let key = |index: usize| {
            (
                -self.pending[index].priority,
                self.pending[index].created,
                index,
            )
        };
        key(one).cmp(&key(two))
    }
}

struct Running<'a> {
    cycle: Cycle<'a>,
    tree: Tree,
    decisions: Decisions,
}

impl Running<'_> {
    fn process(&mut self, head: Head) {
        let pending = &self.cycle.pending[head.index];
        let Some(mut assignment) = head.assignment else {
            return;
        };
        let gone: BTreeSet<usize> = self.decisions.victims.iter().map(|one| one.index).collect();
        if assignment
            .victims
            .iter()
            .any(|one| gone.contains(&one.index))
        {
            let Some(again) = self.again(pending, &assignment, &gone) else {
                return;
            };
            if again.contested.is_empty() {
                self.tree.add_all(pending.queue, &again.usage);
                return;
            }
            assignment = again;
        }
        if !assignment.contested.is_empty() && assignment.victims.is_empty() {
            self.hold_back(pending, &assignment);
            return;
        }
        let mut without = self.tree.clone();
        let mine = assignment.victims.iter().map(|one| one.index);
        for index in gone.iter().copied().chain(mine).collect::<BTreeSet<_>>() {
            let one = &self.cycle.admitted[index];
            without.remove_all(one.queue, &one.usage);
        }
        if !without.fits(pending.queue, &assignment.usage, true) {
            return;
        }
        self.tree.add_all(pending.queue, &assignment.usage);
        if assignment.contested.is_empty() {
            self.decisions.admitted.push((head.index, assignment));
        } else {
            self.decisions.victims.extend(assignment.victims);
        }
    }

    /// The assignment with the same flavors as if all who are to go were gone; `None` where it is not looked for.
    fn again(
        &self,
        pending: &Pending,
        first: &Assignment,
        gone: &BTreeSet<usize>,
    ) -> Option<Assignment> {
        if !self.cycle.recomputes {
            return None;
        }
        let mut tree = self.tree.clone();
        let mut admitted = self.cycle.admitted.to_vec();
        for index in gone {
            let one = &mut admitted[*index];
            tree.remove_all(one.queue, &one.usage);
            // Holding nothing, it is nobody's candidate.
            one.usage.clear();
        }
        let state = State {
            tree: &tree,
            admitted: &admitted,
            algorithm: self.cycle.algorithm,
        };
        let offering = self.cycle.offerings.get(&pending.queue)?;
        state.assign(offering, pending, Some(first))
    }

    /// Keeps for a head that finds no victims what it would have, so that nobody less important takes it; not
    /// where it may reclaim from anybody.
    fn hold_back(&mut self, pending: &Pending, assignment: &Assignment) {
        if self.tree.preemption(pending.queue).reclaim == Policy::Any {
            return;
        }
        for (pair, amount) in &assignment.usage {
            let used = self.tree.used(pending.queue, *pair);
            let kept = if assignment.distance == 0 {
                let nominal = self.tree.quota(pending.queue, *pair);
                (*amount).min(nominal - used).at_least_zero()
            } else {
                let most = self.tree.most(pending.queue, *pair);
                most.map_or(*amount, |most| (*amount).min(most - used))
            };
            self.tree.add(pending.queue, *pair, kept);
        }
    }
}
