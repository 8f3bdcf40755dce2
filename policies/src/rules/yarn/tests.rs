//! Worked answers, a line each.

use super::amounts::Calculator;
use super::between::{Config, Queue, round};
use super::fair::{Schedulable, shares};
use crate::rules::ratio::Ratio;

/// Without a maximum.
const ANY: i64 = i32::MAX as i64;

/// What `total` is divided into, of whom these are the minima, the maxima and the weights in halves.
fn fair(total: i64, min: [i64; 4], max: [i64; 4], halves: [i64; 4], expected: [i64; 4]) {
    let all = [0, 1, 2, 3].map(|one| Schedulable {
        min: min[one],
        max: max[one],
        weight: halves[one] * 500,
        active: true,
    });
    assert_eq!(shares(total, &all), expected, "{total} {min:?} {max:?}");
}

/// `TestComputeFairShares` of the fair scheduler.
#[test]
fn fair_shares() {
    let (none, any, one) = ([0; 4], [ANY; 4], [2; 4]);
    let (weights, max) = ([4, 2, 2, 1], [10, 11, 30, 20]);
    fair(40, none, any, one, [10, 10, 10, 10]);
    fair(40, none, [100, 50, 11, 3], one, [13, 13, 11, 3]);
    fair(40, [20, 18, 0, 2], any, one, [20, 18, 0, 2]);
    fair(45, none, any, weights, [20, 10, 10, 5]);
    fair(45, none, max, weights, [10, 11, 16, 8]);
    fair(45, [20, 0, 5, 15], any, weights, [20, 5, 5, 15]);
}

/// Queues below a root of all that is guaranteed, a parent before its children: the parent's place among them (0 is the
/// root, the first is 1), what each is guaranteed, may have at most, uses, waits for. `kept` is the one of which nothing may be
/// taken. What is taken from each that is taken from.
fn capacity(said: &[(usize, i64, i64, i64, i64)], kept: Option<usize>, expected: &[(usize, i64)]) {
    let top = || said.iter().filter(|one| one.0 == 0);
    let total: i64 = top().map(|one| one.1).sum();
    let queue = |(place, one): (usize, &(usize, i64, i64, i64, i64))| Queue {
        parent: Some(one.0),
        guaranteed: vec![one.1],
        max: vec![one.2],
        used: vec![one.3],
        pending: vec![one.4],
        reserved: vec![0],
        priority: 0,
        disabled: kept == Some(place + 1),
    };
    let root = Queue {
        parent: None,
        guaranteed: vec![total],
        max: vec![total],
        used: vec![top().map(|one| one.3).sum()],
        pending: vec![top().map(|one| one.4).sum()],
        reserved: vec![0],
        priority: 0,
        disabled: false,
    };
    let below = said.iter().enumerate().map(queue);
    let queues: Vec<Queue> = std::iter::once(root).chain(below).collect();
    let config = Config {
        calculator: Calculator::Memory,
        max_ignored_over_capacity: Ratio::quotient(1, 10),
        natural_termination_factor: Ratio::ONE,
        total_preemption_per_round: Ratio::ONE,
    };
    let take = round(&queues, &[total], config, false).take;
    let found = take.iter().map(|one| one[0]).enumerate();
    let found: Vec<(usize, i64)> = found.filter(|(_, take)| *take > 0).collect();
    assert_eq!(found, expected, "{said:?}");
}

/// Queues at the top, of 100: guaranteed, used, waiting.
fn flat(said: &[(i64, i64, i64)], kept: Option<usize>, expected: &[(usize, i64)]) {
    let all = said.iter().map(|one| (0, one.0, 100, one.1, one.2));
    capacity(&all.collect::<Vec<_>>(), kept, expected);
}

/// `TestProportionalCapacityPreemptionPolicy` of the capacity scheduler.
#[test]
fn between_queues() {
    let waits = [(10, 30, 20), (40, 60, 10), (20, 10, 20), (30, 0, 0)];
    flat(&waits, None, &[(1, 10)]);
    flat(&[(40, 0, 10), (40, 60, 0), (20, 40, 0)], None, &[(3, 10)]);
    // The second may not have more than 45.
    let most = [
        (0, 40, 100, 55, 10),
        (0, 40, 45, 45, 10),
        (0, 20, 100, 0, 0),
    ];
    capacity(&most, None, &[]);
    // Within a tenth of what is guaranteed nothing is taken.
    flat(&[(40, 39, 10), (40, 43, 0), (20, 21, 0)], None, &[]);
    let two = [(55, 0, 10), (25, 54, 0), (20, 46, 0)];
    flat(&two, None, &[(2, 4), (3, 6)]);
    flat(&two, Some(2), &[(3, 10)]);
}

/// What a queue is guaranteed, and those below it: guaranteed, used, waiting.
type Parent<'a> = (i64, &'a [(i64, i64, i64)]);

#[test]
fn between_queues_of_queues() {
    let of = |parents: &[Parent<'_>]| {
        let total: i64 = parents.iter().map(|parent| parent.0).sum();
        let mut all = Vec::new();
        for (guaranteed, children) in parents {
            let parent = all.len() + 1;
            let used = children.iter().map(|one| one.1).sum();
            let waits = children.iter().map(|one| one.2).sum();
            all.push((0, *guaranteed, total, used, waits));
            all.extend(
                children
                    .iter()
                    .map(|one| (parent, one.0, total, one.1, one.2)),
            );
        }
        all
    };
    let two = of(&[
        (100, &[(50, 60, 0), (50, 50, 0)]),
        (100, &[(10, 90, 0), (90, 0, 10)]),
    ]);
    capacity(&two, None, &[(2, 10)]);
    let three = of(&[
        (350, &[(150, 200, 0), (200, 200, 0)]),
        (400, &[(200, 250, 0), (200, 150, 50)]),
        (250, &[(100, 150, 0), (150, 50, 0)]),
    ]);
    capacity(&three, None, &[(2, 27), (5, 23)]);
    let six = of(&[
        (500, &[(200, 0, 0), (200, 350, 0), (100, 350, 0)]),
        (500, &[(200, 0, 200), (200, 200, 0), (100, 100, 0)]),
    ]);
    capacity(&six, None, &[(3, 17), (4, 183)]);
}
