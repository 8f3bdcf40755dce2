//! Which queue is served next (`queue_order/queue_order.go`).

use std::cmp::Ordering;

use super::{Amounts, Bounds, Queue, RESOURCES, minus, plus, within};
use crate::rules::ratio::Ratio;

/// A queue with what it would do next.
#[derive(Clone, Copy, Debug)]
pub struct Next<'a> {
    /// The queue.
    pub queue: &'a Queue,
    /// What its next job asks for.
    pub job: Amounts,
    /// What would be taken from it, where victims are ordered.
    pub victims: Amounts,
}

impl Next<'_> {
    fn with(&self) -> Amounts {
        minus(&plus(&self.queue.allocated, &self.job), &self.victims)
    }

    fn over(&self) -> bool {
        let queue = self.queue;
        (0..RESOURCES).all(|i| queue.fair[i].is_some_and(|fair| queue.allocated[i] > fair))
    }

    fn violates(&self, allocatable: &Bounds) -> bool {
        let with = plus(&self.queue.allocated, &self.job);
        (0..RESOURCES).any(|i| allocatable[i] == Some(Ratio::ZERO) && with[i].is_positive())
    }
}

/// The dominant share of what nobody can take; where nothing is its own, a thousand times what is held.
fn share(held: &Amounts, allocatable: &Bounds, total: &Amounts) -> Ratio {
    let part = |i: usize| {
        let of = allocatable[i].unwrap_or(total[i]);
        held[i]
            .checked_div(of)
            .unwrap_or_else(|| held[i] * Ratio::whole(1000))
    };
    (0..RESOURCES).map(part).fold(Ratio::ZERO, Ratio::max)
}

/// Whether `one` has at most the other's of everything, and less of something.
fn less(one: &Bounds, two: &Bounds) -> bool {
    let most = |bounds: &Bounds, i: usize| bounds[i].unwrap_or(Ratio::MAX);
    (0..RESOURCES).all(|i| most(one, i) <= most(two, i)) && one != two
}

/// Which of two is served first; the second where all is equal.
pub fn compare(left: &Next<'_>, right: &Next<'_>, total: &Amounts) -> Ordering {
    let (one, two) = (left.queue.allocatable(), right.queue.allocatable());
    let in_quota =
        |next: &Next<'_>| within(&plus(&next.queue.allocated, &next.job), &next.queue.quota);
    let shares = share(&left.with(), &one, total).cmp(&share(&right.with(), &two, total));
    let held = |next: &Next<'_>, of: &Bounds| share(&next.queue.allocated, of, total);
    left.over()
        .cmp(&right.over())
        .then_with(|| in_quota(right).cmp(&in_quota(left)))
        .then_with(|| right.queue.priority.cmp(&left.queue.priority))
        .then_with(|| left.violates(&one).cmp(&right.violates(&two)))
        .then(shares)
        .then_with(|| held(left, &one).cmp(&held(right, &two)))
        .then_with(|| less(&two, &one).cmp(&less(&one, &two)))
        .then_with(|| left.queue.created.cmp(&right.queue.created))
        .then(Ordering::Greater)
}
