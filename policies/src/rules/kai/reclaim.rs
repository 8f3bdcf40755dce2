//! Who may take back from whom (`reclaimable/reclaimable.go`, `reclaimable/strategies`).

use std::collections::BTreeMap;

use super::{Amounts, NOTHING, Queue, RESOURCES, exceeds, fork, minus, path, plus, within};
use crate::rules::ratio::Ratio;

/// Who wants to take back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reclaimer {
    /// Its queue.
    pub queue: usize,
    /// What it asks for.
    pub ask: Amounts,
    /// Whether it may itself not be taken back.
    pub fixed: bool,
}

impl Reclaimer {
    /// Whether it may try at all: its queue stays within its fair share, and with fixed work within its quota.
    pub fn may_try(&self, queues: &[Queue]) -> bool {
        let queue = &queues[self.queue];
        within(&plus(&queue.allocated, &self.ask), &queue.fair)
            && (!self.fixed || within(&plus(&queue.fixed, &self.ask), &queue.quota))
    }

    /// Whether a queue's work is a candidate, before anything is tried.
    pub fn may_take_from(&self, queues: &[Queue], victim: usize) -> bool {
        let (own, other) = fork(queues, self.queue, victim);
        let other = &queues[other];
        if !fits_quota(&queues[own], &self.ask) {
            return keeps_fair_share(other, &other.allocated);
        }
        quota_candidate(other, &self.ask)
    }

    /// Whether it may take these: of each victim's queue the bundles in their order. `multiplier`, at least 1, says how
    /// far below others' saturation the reclaimer has to stay.
    pub fn may_take(
        &self,
        queues: &[Queue],
        victims: &[(usize, Vec<Amounts>)],
        multiplier: Ratio,
    ) -> bool {
        let mut rest: BTreeMap<usize, Amounts> = BTreeMap::new();
        let mut taken = NOTHING;
        let held = |rest: &BTreeMap<usize, Amounts>, id: usize| {
            rest.get(&id).copied().unwrap_or(queues[id].allocated)
        };
        for (victim, bundles) in victims {
            let (own, other) = fork(queues, self.queue, *victim);
            for bundle in bundles {
                let remaining = held(&rest, other);
                let allowed = keeps_fair_share(&queues[other], &remaining)
                    || guarantees_quota(&queues[own], &self.ask, &queues[other], &remaining);
                if !allowed {
                    return false;
                }
                for id in path(queues, *victim) {
                    let less = minus(&held(&rest, id), bundle);
                    rest.insert(id, less);
                }
                taken = plus(&taken, bundle);
            }
        }
        let multiplier = multiplier.max(Ratio::ONE);
        let concerned = |i: &usize| self.ask[*i].is_positive() || taken[*i].is_positive();
        path(queues, self.queue).into_iter().all(|id| {
            let new = plus(&held(&rest, id), &self.ask);
            let siblings = rest
                .iter()
                .filter(|(other, _)| **other != id && queues[**other].parent == queues[id].parent);
            let mut fair = siblings.map(|(other, left)| {
                let resources = (0..RESOURCES).filter(concerned);
                let mut each = resources.map(|i| {
                    let own = Saturation::of(new[i], queues[id].fair[i]);
                    let theirs = Saturation::of(left[i], queues[*other].fair[i]);
                    let has_share = queues[*other].fair[i].is_some_and(Ratio::is_positive);
                    let full = own > Saturation::Of(Ratio::ONE);
                    !(full && has_share && own.times(multiplier) >= theirs)
                });
                each.all(|one| one)
            });
            let fixed =
                !self.fixed || within(&plus(&queues[id].fixed, &self.ask), &queues[id].quota);
            fixed && fair.all(|one| one)
        })
    }
}

/// What a queue holds of its fair share.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Saturation {
    Of(Ratio),
    Infinite,
}

impl Saturation {
    fn of(held: Ratio, fair: Option<Ratio>) -> Self {
        let Some(fair) = fair else {
            return Self::Of(Ratio::ZERO);
        };
        match held.checked_div(fair) {
            Some(ratio) => Self::Of(ratio),
            None if held.is_zero() => Self::Of(Ratio::ZERO),
            None => Self::Infinite,
        }
    }

    fn times(self, by: Ratio) -> Self {
        match self {
            Self::Of(ratio) => Self::Of(ratio * by),
            Self::Infinite => Self::Infinite,
        }
    }
}

/// Whether the victim's queue holds more of something than nobody can take from it, so that it keeps its share.
pub fn keeps_fair_share(victim: &Queue, remaining: &Amounts) -> bool {
    exceeds(remaining, &victim.allocatable())
}

/// Whether the reclaimer's queue stays within its quota of everything.
pub fn fits_quota(reclaimer: &Queue, ask: &Amounts) -> bool {
    within(&plus(&reclaimer.allocated, ask), &reclaimer.quota)
}

/// Whether the victim's queue holds more of something than its quota.
pub fn exceeds_quota(victim: &Queue, remaining: &Amounts) -> bool {
    exceeds(remaining, &victim.quota)
}

/// Whether quota is given to whom it belongs: the reclaimer within its own, the victim above its own.
pub fn guarantees_quota(
    reclaimer: &Queue,
    ask: &Amounts,
    victim: &Queue,
    remaining: &Amounts,
) -> bool {
    fits_quota(reclaimer, ask) && exceeds_quota(victim, remaining)
}

/// Of what is asked for: whether the victim's queue is above quota of something, or below it of nothing.
pub fn quota_candidate(victim: &Queue, ask: &Amounts) -> bool {
    let asked = || (0..RESOURCES).filter(|i| ask[*i].is_positive());
    let above = |i: usize| victim.quota[i].is_some_and(|quota| victim.allocated[i] > quota);
    let below = |i: usize| victim.quota[i].is_some_and(|quota| victim.allocated[i] < quota);
    asked().any(above) || !asked().any(below)
}
