//! Worked answers, a line each.

use super::division::{Claim, divide};
use super::reclaim::Reclaimer;
use super::*;

/// A queue's quota, weight, request, priority and past use in hundredths.
type Said = (i64, i64, i64, i64, i64);

fn shares(total: i64, k: i64, said: &[Said], expected: &[i64], left: i64) {
    let claim = |(id, (quota, weight, request, priority, usage)): (usize, &Said)| Claim {
        name: format!("{id}"),
        priority: *priority,
        created: 0,
        quota: Some(Ratio::from(*quota)),
        limit: None,
        weight: Ratio::from(*weight),
        request: Ratio::from(*request),
        usage: Ratio::from(*usage) / Ratio::whole(100),
        fair: Ratio::ZERO,
    };
    let mut claims: Vec<Claim> = said.iter().enumerate().map(claim).collect();
    let rest = divide(Ratio::from(total), Ratio::from(k), &mut claims);
    let found: Vec<Ratio> = claims.iter().map(|claim| claim.fair).collect();
    let expected: Vec<Ratio> = expected.iter().map(|one| Ratio::from(*one)).collect();
    assert_eq!(
        (found, rest),
        (expected, Ratio::from(left)),
        "{total} over {said:?}"
    );
}

#[test]
fn division() {
    shares(15, 0, &[(2, 1, 6, 0, 0), (2, 1, 6, 0, 0)], &[6, 6], 3);
    shares(8, 0, &[(2, 1, 6, 0, 0), (2, 3, 6, 0, 0)], &[3, 5], 0);
    shares(11, 0, &[(2, 1, 10, 0, 0), (2, 4, 10, 0, 0)], &[3, 8], 0);
    shares(11, 0, &[(2, 1, 10, 0, 0), (2, 1, 10, 0, 0)], &[6, 5], 0);
    shares(6, 0, &[(2, 9, 6, 1, 0), (2, 1, 6, 2, 0)], &[2, 4], 0);
    shares(1, 0, &[(2, 1, 6, 0, 0), (2, 1, 6, 0, 0)], &[2, 2], 0);
    shares(4, 0, &[(0, 0, 6, 0, 0), (0, 1, 3, 0, 0)], &[0, 3], 1);
    shares(10, 1, &[(0, 1, 10, 0, 100), (0, 1, 10, 0, 0)], &[0, 10], 0);
    shares(10, 1, &[(0, 1, 10, 0, 50), (0, 1, 10, 0, 50)], &[5, 5], 0);
    shares(10, 1, &[(4, 1, 10, 0, 100), (0, 1, 10, 0, 0)], &[4, 6], 0);
}

/// Two queues of GPUs: quota, fair share, what they hold; whether the first may take these for one of `ask`.
fn takes(queues: [(i64, i64, i64); 2], ask: i64, bundles: &[i64], expected: bool) {
    let gpus = |amount: i64| [Ratio::ZERO, Ratio::ZERO, Ratio::from(amount)];
    let queue = |(quota, fair, held): (i64, i64, i64)| Queue {
        quota: gpus(quota).map(Some),
        fair: gpus(fair).map(Some),
        allocated: gpus(held),
        ..Queue::default()
    };
    let queues = queues.map(queue);
    let reclaimer = Reclaimer {
        queue: 0,
        ask: gpus(ask),
        fixed: false,
    };
    let victims = [(1, bundles.iter().map(|one| gpus(*one)).collect())];
    let may = reclaimer.may_try(&queues) && reclaimer.may_take(&queues, &victims, Ratio::ONE);
    assert_eq!(may, expected, "{queues:?} {ask} {bundles:?}");
}

#[test]
fn reclaim() {
    // The victim's queue is above its share, or the reclaimer within its quota and the victim's above its own.
    takes([(2, 2, 0), (2, 2, 4)], 2, &[1, 1], true);
    takes([(2, 2, 0), (2, 2, 4)], 3, &[1, 1, 1], false);
    takes([(2, 2, 1), (2, 2, 3)], 1, &[1], true);
    takes([(2, 2, 2), (2, 2, 2)], 1, &[1], false);
    takes([(2, 2, 1), (1, 3, 3)], 1, &[1], true);
    takes([(0, 2, 1), (1, 3, 3)], 1, &[1], false);
}
