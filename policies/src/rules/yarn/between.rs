//! How much the capacity scheduler takes from which queue in a round
//! (`AbstractPreemptableResourceCalculator`, `PreemptableResourceCalculator`, `TempQueuePerPartition`).

use std::cmp::Reverse;

use super::amounts::{Amounts, Calculator, each_max, each_min, less, not_negative, single, sum};
use crate::rules::ratio::Ratio;

/// A queue as it is, one of a list in which parents come before their children.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Queue {
    /// Its parent's place in the list; `None` for the root.
    pub parent: Option<usize>,
    /// What it is guaranteed.
    pub guaranteed: Amounts,
    /// What it may not exceed.
    pub max: Amounts,
    /// What runs and is reserved in it.
    pub used: Amounts,
    /// What waits in it; of a parent it is counted again.
    pub pending: Amounts,
    /// What is reserved in it and does not run.
    pub reserved: Amounts,
    /// The larger, the more important.
    pub priority: i64,
    /// Whether nothing may be taken from it.
    pub disabled: bool,
}

/// The scheduler's settings, with the names of its manual.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Config {
    /// How amounts are compared.
    pub calculator: Calculator,
    /// How far above its guarantee a queue is left alone (`max_ignored_over_capacity`).
    pub max_ignored_over_capacity: Ratio,
    /// The part of what is to be taken that is taken in a round (`natural_termination_factor`).
    pub natural_termination_factor: Ratio,
    /// The part of the cluster that is taken in a round at most (`total_preemption_per_round`).
    pub total_preemption_per_round: Ratio,
}

/// What a round makes of a queue.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Share {
    /// What it should have.
    pub ideal: Amounts,
    /// What of it is above its guarantee and may be taken.
    pub takeable: Amounts,
    /// What of it is above its guarantee and may not be taken.
    pub untouchable: Amounts,
    /// What is taken from it before dead zone and damping.
    pub to_take: Amounts,
    /// What of it waits and is not reserved.
    wanted: Amounts,
    /// What of it waits.
    pending: Amounts,
    /// Its part of what its siblings that ask are guaranteed.
    norm: Vec<Ratio>,
}

/// What a round decides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Round {
    /// By queue.
    pub shares: Vec<Share>,
    /// What is taken from each leaf.
    pub take: Vec<Amounts>,
    /// Those that asked for more than they had, in the order in which they stood then.
    pub under_served: Vec<usize>,
}

struct Levels<'a> {
    queues: &'a [Queue],
    config: Config,
    /// Whether queues may be brought level above their guarantees.
    balance: bool,
    shares: Vec<Share>,
    under_served: Vec<usize>,
}

/// One round over `queues` on a cluster: what each should have, and what is taken from it. `balance` lets
/// leaves ask for more than they are guaranteed and have (`QueuePreemptionCandidatesSelector` of the balancing
/// kind).
///
/// Queues that stand equal are served in the order of the list; the original leaves it to a heap, and no case
/// of its tests can tell.
pub fn round(queues: &[Queue], cluster: &[i64], config: Config, balance: bool) -> Round {
    let none = vec![0; cluster.len()];
    let share = |queue: &Queue| Share {
        ideal: none.clone(),
        takeable: none.clone(),
        untouchable: none.clone(),
        to_take: none.clone(),
        wanted: not_negative(&less(&queue.pending, &queue.reserved)),
        pending: queue.pending.clone(),
        norm: vec![Ratio::ONE; cluster.len()],
    };
    let mut levels = Levels {
        queues,
        config,
        balance,
        shares: queues.iter().map(share).collect(),
        under_served: Vec::new(),
    };
    levels.sum_up(cluster);
    let allowed = config
        .calculator
        .down(cluster, config.total_preemption_per_round);
    for (place, queue) in queues.iter().enumerate() {
        if queue.parent.is_none() {
            levels.shares[place].ideal.clone_from(&queue.guaranteed);
        }
        levels.divide_among_children(place, &allowed);
    }
    let take = (0..queues.len()).map(|queue| levels.taken(queue, cluster));
    Round {
        take: take.collect(),
        shares: levels.shares,
        under_served: levels.under_served,
    }
}

impl Levels<'_> {
    fn children(&self, parent: usize) -> Vec<usize> {
        let all = self.queues.iter().enumerate();
        let children = all.filter(|(_, queue)| queue.parent == Some(parent));
        children.map(|(child, _)| child).collect()
    }

    /// From the leaves to the root: what waits, and what of the rest may be taken.
    fn sum_up(&mut self, cluster: &[i64]) {
        let by = self.config.calculator;
        let none = vec![0; cluster.len()];
        for queue in (0..self.queues.len()).rev() {
            let children = self.children(queue);
            let total = |of: fn(&Share) -> &Amounts| {
                let mut all = children.iter().map(|child| of(&self.shares[*child]));
                let first = all.next().cloned().unwrap_or_else(|| none.clone());
                all.fold(first, |a, b| sum(&a, b))
            };
            let it = &self.queues[queue];
            let mut extra = less(&it.used, &it.guaranteed);
            if by.compare(cluster, &extra, &none).is_lt() {
                extra.clone_from(&none);
            }
            let mut share = self.shares[queue].clone();
            if children.is_empty() {
                (share.untouchable, share.takeable) = if it.disabled {
                    (extra, none.clone())
                } else {
                    (none.clone(), extra)
                };
            } else {
                let below = total(|share| &share.takeable);
                (share.wanted, share.pending) =
                    (total(|share| &share.wanted), total(|share| &share.pending));
                if by.compare(cluster, &below, &extra).is_lt() {
                    share.untouchable = less(&extra, &below);
                }
                share
                    .takeable
                    .clone_from_slice(by.min(cluster, &below, &extra));
            }
            self.shares[queue] = share;
        }
    }

    /// What the children of `parent` should have of what it should have, and what is taken from them.
    fn divide_among_children(&mut self, parent: usize, allowed: &[i64]) {
        let by = self.config.calculator;
        let children = self.children(parent);
        if children.is_empty() {
            return;
        }
        let whole = self.shares[parent].ideal.clone();
        let guaranteed = |child: &usize| by.is_some(&whole, &self.queues[*child].guaranteed);
        let (some, none): (Vec<usize>, Vec<usize>) =
            children.iter().partition(|child| guaranteed(child));
        let rest = self.fill(&some, &whole, &whole, false);
        if by.is_some(&whole, &rest) {
            self.fill(&none, &whole, &rest, true);
        }
        let mut need = vec![0; whole.len()];
        for child in &children {
            let (used, ideal) = (&self.queues[*child].used, &self.shares[*child].ideal);
            if by.more(&whole, used, ideal) {
                need = sum(&need, &less(used, ideal));
            }
        }
        let scale = if by.more(&whole, &need, allowed) {
            by.divide(&whole, allowed, &need)
        } else {
            Ratio::ONE
        };
        for child in children {
            let (it, share) = (&self.queues[child], &self.shares[child]);
            let all = sum(&it.used, &share.pending);
            let keep = by.max(&whole, by.min(&whole, &all, &it.guaranteed), &share.ideal);
            let to_take = if by.more(&whole, &it.used, keep) {
                by.down(&less(&it.used, keep), scale)
            } else {
                vec![0; whole.len()]
            };
            self.shares[child].to_take = to_take;
        }
    }

    /// Gives `unassigned` of `whole` to `queues`, the most under-served first; what is left for those that are
    /// guaranteed nothing. It is what is left after the first grant: the original hands on a value that later
    /// grants no longer change.
    fn fill(
        &mut self,
        queues: &[usize],
        whole: &[i64],
        unassigned: &[i64],
        equally: bool,
    ) -> Amounts {
        let by = self.config.calculator;
        let mut left = unassigned.to_owned();
        let mut askers = Vec::new();
        for queue in queues {
            let (it, share) = (&self.queues[*queue], &mut self.shares[*queue]);
            share.ideal = if by.more(whole, &it.used, &it.guaranteed) {
                sum(&each_min(&it.guaranteed, &it.used), &share.untouchable)
            } else {
                it.used.clone()
            };
            left = less(&left, &share.ideal);
            if by
                .compare(whole, &share.ideal, &sum(&it.used, &share.pending))
                .is_lt()
            {
                askers.push(*queue);
            }
        }
        askers.sort_by_key(|queue| self.place(*queue, whole));
        for queue in &askers {
            if !self.under_served.contains(queue) {
                self.under_served.push(*queue);
            }
        }
        let mut handed_on = None;
        while !askers.is_empty() && by.is_some(whole, &left) {
            self.normalise(&askers, equally);
            let served = self.most_under_served(&askers, whole);
            askers.retain(|one| !served.contains(one));
            let at_start = left.clone();
            for queue in served {
                if !by.any(&left) {
                    break;
                }
                let offered = each_min(&by.up(&at_start, &self.shares[queue].norm), &left);
                let accepted = self.accepted(queue, whole, &offered);
                let share = &mut self.shares[queue];
                share.ideal = sum(&share.ideal, &accepted);
                if by.is_some(whole, &accepted) {
                    askers.push(queue);
                }
                left = less(&left, &accepted);
                handed_on.get_or_insert_with(|| left.clone());
                left = not_negative(&left);
            }
        }
        handed_on.unwrap_or(left)
    }

    fn normalise(&mut self, askers: &[usize], equally: bool) {
        for kind in 0..self.queues[askers[0]].guaranteed.len() {
            let of = |queue: usize| i128::from(self.queues[queue].guaranteed[kind]);
            let (total, count) = (askers.iter().map(|queue| of(*queue)).sum(), askers.len());
            for queue in askers {
                let part = of(*queue);
                if equally {
                    self.shares[*queue].norm[kind] = single(1, count as i128);
                } else if total != 0 {
                    self.shares[*queue].norm[kind] = single(part, total);
                }
            }
        }
    }

    /// Where a queue stands among those that ask: the least first.
    fn place(&self, queue: usize, whole: &[i64]) -> impl Ord + use<> {
        let by = self.config.calculator;
        let (it, ideal) = (&self.queues[queue], &self.shares[queue].ideal);
        let filled = by
            .is_some(whole, &it.guaranteed)
            .then(|| by.divide(whole, ideal, &it.guaranteed));
        // Who is guaranteed nothing has more than anybody.
        let above = filled.is_none_or(|filled| filled >= Ratio::ONE);
        (above, Reverse(it.priority), filled.is_none(), filled)
    }

    /// The first of `askers`, and all that stand where it stands.
    fn most_under_served(&self, askers: &[usize], whole: &[i64]) -> Vec<usize> {
        let first = askers.iter().map(|queue| self.place(*queue, whole)).min();
        let stands = |queue: &&usize| Some(self.place(**queue, whole)) == first;
        askers.iter().filter(stands).copied().collect()
    }

    /// What `queue` takes of what it is offered.
    fn accepted(&self, queue: usize, whole: &[i64], offered: &[i64]) -> Amounts {
        let by = self.config.calculator;
        let (it, share) = (&self.queues[queue], &self.shares[queue]);
        let room = not_negative(&less(&it.max, &share.ideal));
        let asked = less(&sum(&it.used, &share.wanted), &share.ideal);
        let mut accepted = each_min(&room, by.min(whole, offered, &asked));
        if self.children(queue).is_empty() && !self.balance {
            let none = vec![0; whole.len()];
            let most = less(by.max(whole, &it.used, &it.guaranteed), &share.ideal);
            accepted = by
                .min(whole, &accepted, by.max(whole, &most, &none))
                .to_owned();
        }
        each_min(&each_max(&accepted, &vec![0; whole.len()]), offered)
    }

    /// What is taken from a leaf: nothing in the dead zone, and a part of it in a round.
    fn taken(&self, queue: usize, cluster: &[i64]) -> Amounts {
        let by = self.config.calculator;
        let (it, share) = (&self.queues[queue], &self.shares[queue]);
        let zone = by.down(
            &it.guaranteed,
            self.config.max_ignored_over_capacity + Ratio::ONE,
        );
        if !self.children(queue).is_empty() || !by.more(cluster, &it.used, &zone) {
            return vec![0; cluster.len()];
        }
        let part = vec![self.config.natural_termination_factor; cluster.len()];
        by.up(&share.to_take, &part)
    }
}
