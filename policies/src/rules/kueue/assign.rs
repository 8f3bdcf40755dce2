//! Which flavors a workload gets, and whether others would have to go for it
//! (`pkg/scheduler/flavorassigner`).

use std::collections::BTreeMap;

use super::{Admitted, Algorithm, Amount, Newcomer, NodeId, Pair, Policy, Tree, Victim};

/// When the search for a flavor goes on although one would do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fungibility {
    /// The next flavor is tried before this one is borrowed.
    pub try_next_before_borrowing: bool,
    /// The next flavor is tried before anybody is preempted for this one.
    pub try_next_before_preempting: bool,
    /// Of flavors of which none ends the search, the one that needs the least borrowing counts before how it
    /// is had (preference `PreemptionOverBorrowing`).
    pub borrowing_is_worse: bool,
}

/// Resources that are given by the same flavor, and the flavors to try, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ResourceGroup {
    /// Which resources.
    pub resources: Vec<u32>,
    /// Which flavors.
    pub flavors: Vec<u32>,
}

/// What a cluster queue offers its workloads.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Offering {
    /// By resource.
    pub groups: Vec<ResourceGroup>,
    /// When a search for flavors ends.
    pub fungibility: Fungibility,
}

/// A workload that waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pending {
    /// Its cluster queue.
    pub queue: NodeId,
    /// The higher the more important.
    pub priority: i64,
    /// When it was created; what is not known was before everything else.
    pub created: Option<i64>,
    /// What each set of its pods asks for in all, by resource.
    pub pod_sets: Vec<BTreeMap<u32, Amount>>,
}

/// How a flavor could be had, the worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Mode {
    /// Not at all.
    NoFit,
    /// If somebody were gone, but nobody may be made to go.
    NoCandidates,
    /// If some of the same queue go.
    Preempt,
    /// If some of other queues go.
    Reclaim,
    /// As it is.
    Fit,
}

/// How something could be had, and how far up the tree is borrowed for it (0: not at all).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Value {
    /// How.
    pub mode: Mode,
    /// The height of the subtree that has it.
    pub distance: u32,
}

impl Value {
    const BEST: Self = Self {
        mode: Mode::Fit,
        distance: 0,
    };

    fn better(self, other: Self, fungibility: Fungibility) -> bool {
        let useless = |mode| mode <= Mode::NoCandidates;
        if useless(self.mode) || useless(other.mode) {
            return (self.mode, other.distance) > (other.mode, self.distance);
        }
        if fungibility.borrowing_is_worse {
            (other.distance, self.mode) > (self.distance, other.mode)
        } else {
            (self.mode, other.distance) > (other.mode, self.distance)
        }
    }
}

/// The flavors that a workload would get.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Assignment {
    /// By set of pods and resource.
    pub flavors: Vec<BTreeMap<u32, u32>>,
    /// What it then uses.
    pub usage: BTreeMap<Pair, Amount>,
    /// What of it does not fit as it is.
    pub contested: Vec<Pair>,
    /// The farthest that is borrowed.
    pub distance: u32,
    /// Who has to go.
    pub victims: Vec<Victim>,
}

/// What a flavor gives of each resource, and how.
type Chosen = Vec<(Pair, Value)>;

/// The state that a decision is made on.
#[derive(Clone, Copy, Debug)]
pub struct State<'a> {
    /// Quotas and what is used.
    pub tree: &'a Tree,
    /// Who uses it.
    pub admitted: &'a [Admitted],
    /// How victims are searched.
    pub algorithm: &'a Algorithm,
}

impl Pending {
    /// This with the flavors given, of which some do not fit.
    fn newcomer(&self, usage: &BTreeMap<Pair, Amount>, contested: &[Pair]) -> Newcomer {
        Newcomer {
            queue: self.queue,
            priority: self.priority,
            created: self.created,
            request: usage.clone(),
            contested: contested.to_vec(),
        }
    }
}

impl State<'_> {
    /// How far up is borrowed for this, and whether it is below the top of the tree.
    fn distance(&self, queue: NodeId, pair: Pair, amount: Amount) -> (u32, bool) {
        let tree = self.tree;
        let Some(parent) = tree.parent(queue) else {
            return (0, false);
        };
        if !tree.borrows(queue, pair, amount) {
            return (0, true);
        }
        let mut rest = amount - tree.local_free(queue, pair);
        for cohort in std::iter::once(parent).chain(tree.ancestors(parent)) {
            if !tree.borrows(cohort, pair, rest) {
                return (tree.height(cohort), tree.parent(cohort).is_some());
            }
            rest = rest - tree.local_free(cohort, pair);
        }
        (tree.height(tree.root(queue)), false)
    }

    fn victims(&self, newcomer: &Newcomer) -> Vec<Victim> {
        self.algorithm.victims(self.tree, self.admitted, newcomer)
    }

    /// How `amount` of a pair could be had.
    fn value(&self, of: &Pending, pair: Pair, amount: Amount) -> Value {
        let (tree, queue) = (self.tree, of.queue);
        let (distance, below_top) = self.distance(queue, pair, amount);
        let value = |mode, distance| Value { mode, distance };
        if amount > tree.potential(queue, pair) {
            return value(Mode::NoFit, distance);
        }
        if amount <= tree.available(queue, pair).at_least_zero() {
            return value(Mode::Fit, distance);
        }
        let policies = tree.preemption(queue);
        let fair = matches!(self.algorithm, Algorithm::Fair { .. });
        let may_preempt = amount <= tree.quota(queue, pair)
            || below_top
            || policies.borrow.is_some()
            || (fair && policies.reclaim != Policy::Never);
        if !may_preempt {
            return value(Mode::NoFit, distance);
        }
        let request = BTreeMap::from([(pair, amount)]);
        let victims = self.victims(&of.newcomer(&request, &[pair]));
        if victims.is_empty() {
            return value(Mode::NoCandidates, distance);
        }
        let mut after = tree.clone();
        for victim in &victims {
            let one = &self.admitted[victim.index];
            after.remove_all(one.queue, &one.usage);
        }
        let own = |victim: &Victim| self.admitted[victim.index].queue == queue;
        let mode = if victims.iter().any(own) {
            Mode::Preempt
        } else {
            Mode::Reclaim
        };
        let without = State {
            tree: &after,
            ..*self
        };
        value(mode, without.distance(queue, pair, amount).0)
    }

    /// The flavor for some resources of one group, each with what is asked for in all of this pair.
    fn flavor(
        &self,
        of: &Pending,
        (offering, group): (&Offering, &ResourceGroup),
        only: Option<u32>,
        asked: impl Fn(u32) -> Vec<(Pair, Amount)>,
    ) -> Option<Chosen> {
        let fungibility = offering.fungibility;
        let mut best: Option<(Value, Chosen)> = None;
        let flavors = group.flavors.iter().copied();
        for flavor in flavors.filter(|flavor| only.is_none_or(|only| only == *flavor)) {
            let values: Vec<(Pair, Value)> = asked(flavor)
                .into_iter()
                .map(|(pair, v)| (pair, self.value(of, pair, v)))
                .collect();
            let worse = |worst: Value, (_, value): &(Pair, Value)| {
                if worst.better(*value, fungibility) {
                    *value
                } else {
                    worst
                }
            };
            let value = values.iter().fold(Value::BEST, worse);
            if best
                .as_ref()
                .is_none_or(|(most, _)| value.better(*most, fungibility))
            {
                best = Some((value, values));
            }
            let preempts = matches!(value.mode, Mode::Preempt | Mode::Reclaim);
            let goes_on = value.mode <= Mode::NoCandidates
                || (preempts && fungibility.try_next_before_preempting)
                || (value.distance > 0 && fungibility.try_next_before_borrowing);
            if !goes_on {
                break;
            }
        }
        let (value, values) = best?;
        (value.mode > Mode::NoFit).then_some(values)
    }

    /// The flavors of a workload, and who has to go for it; `None` where it cannot be had. `only` holds it to flavors
    /// that were chosen before.
    pub fn assign(
        &self,
        offering: &Offering,
        of: &Pending,
        only: Option<&Assignment>,
    ) -> Option<Assignment> {
        let mut assignment = Assignment::default();
        for (set, requests) in of.pod_sets.iter().enumerate() {
            let mut flavors = BTreeMap::new();
            for (resource, amount) in requests {
                if flavors.contains_key(resource) {
                    continue;
                }
                let mut groups = offering.groups.iter();
                let Some(group) = groups.find(|group| group.resources.contains(resource)) else {
                    if *amount > Amount::ZERO {
                        return None;
                    }
                    continue;
                };
                let usage = &assignment.usage;
                let asked = |flavor| {
                    let of_group = requests
                        .iter()
                        .filter(|(id, _)| group.resources.contains(id));
                    let pair = |resource| Pair { flavor, resource };
                    let sum = |(id, amount): (&u32, &Amount)| {
                        let before = usage.get(&pair(*id)).copied().unwrap_or_default();
                        (pair(*id), before + *amount)
                    };
                    of_group.map(sum).collect()
                };
                let chosen = only.and_then(|only| only.flavors[set].get(resource).copied());
                for (pair, value) in self.flavor(of, (offering, group), chosen, asked)? {
                    flavors.insert(pair.resource, pair.flavor);
                    assignment.distance = assignment.distance.max(value.distance);
                    if value.mode < Mode::Fit && !assignment.contested.contains(&pair) {
                        assignment.contested.push(pair);
                    }
                }
            }
            for (resource, flavor) in &flavors {
                let pair = Pair {
                    flavor: *flavor,
                    resource: *resource,
                };
                let used = assignment.usage.entry(pair).or_default();
                *used = *used + requests[resource];
            }
            assignment.flavors.push(flavors);
        }
        if !assignment.contested.is_empty() {
            let newcomer = of.newcomer(&assignment.usage, &assignment.contested);
            assignment.victims = self.victims(&newcomer);
        }
        Some(assignment)
    }
}
