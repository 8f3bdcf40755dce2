//! Worked answers, a line each.

use super::division::{Claim, divide};
use super::reclaim::Reclaimer;
use super::*;

/// A queue's quota, weight, request, priority and past use in hundredths.
type Said = (i64, i64, i64, i64, i64);

fn claim((id, (quota, weight, request, priority, usage)): (usize, &Said)) -> Claim {
    Claim {
        name: format!("{id}"),
        priority: *priority,
        created: 0,
        quota: Some(Ratio::from(*quota)),
        limit: None,
        weight: Ratio::from(*weight),
        request: Ratio::from(*request),
        usage: Ratio::from(*usage) / Ratio::whole(100),
        fair: Ratio::ZERO,
    }
}

fn shares(total: i64, k: i64, said: &[Said], expected: &[i64], left: i64) {
    let claims: Vec<Claim> = said.iter().enumerate().map(claim).collect();
    shares_of(total, k, claims, expected, left);
}

fn shares_of(total: i64, k: i64, mut claims: Vec<Claim>, expected: &[i64], left: i64) {
    let rest = divide(Ratio::from(total), Ratio::from(k), &mut claims);
    let found: Vec<Ratio> = claims.iter().map(|claim| claim.fair).collect();
    let expected: Vec<Ratio> = expected.iter().map(|one| Ratio::from(*one)).collect();
    assert_eq!(
        (found, rest),
        (expected, Ratio::from(left)),
        "{total} over {claims:?}"
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
    // Of 12, the first may have no more than 5.
    let mut limited = [(2, 1, 6, 0, 0); 2].each_ref().map(|said| claim((0, said)));
    limited[0].limit = Some(Ratio::whole(5));
    shares_of(12, 0, limited.into(), &[5, 6], 1);
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

/// KAI's example of time-based shares with two queues (16 GPUs, each has jobs of 16, k 1, half-life 128, window 256,
/// 1024 cycles): they alternate. The fair share is all 16 for whom less than a 32nd of the past is (15 whole ones, and the last by
/// the larger remainder): of a window full of the other's, (2^(-n/128) - 1/4) / (3/4) < 1/32, after 240 cycles.
#[test]
fn two_queues_alternate() {
    const GPUS: i64 = 16;
    const WINDOW: usize = 256;
    let gpus = |amount: i64| [Ratio::ZERO, Ratio::ZERO, Ratio::from(amount)];
    let (mut past, mut holder, mut changes): (Vec<usize>, _, _) = (Vec::new(), None, Vec::new());
    // What an age counts in billionths: half of it for every 128 cycles.
    let mut counts = vec![1_000_000_000_i64];
    for age in 1..WINDOW {
        counts.push(counts[age - 1] * 994_599_423 / 1_000_000_000);
    }
    for cycle in 0..1024 {
        let recent = || past.iter().rev().zip(&counts);
        let all: i64 = recent().map(|(_, count)| count).sum();
        let used = |queue: usize| {
            let of = recent().filter(|(one, _)| **one == queue);
            let sum: i64 = of.map(|(_, count)| count).sum();
            Ratio::quotient(sum.into(), all.max(1).into())
        };
        let mut claims: Vec<Claim> = [(0, 1, GPUS, 0, 0); 2]
            .iter()
            .enumerate()
            .map(claim)
            .collect();
        for (queue, claim) in claims.iter_mut().enumerate() {
            claim.usage = used(queue);
        }
        divide(Ratio::from(GPUS), Ratio::ONE, &mut claims);
        let queue = |(id, claim): (usize, &Claim)| Queue {
            quota: gpus(0).map(Some),
            fair: [Some(Ratio::ZERO), Some(Ratio::ZERO), Some(claim.fair)],
            allocated: gpus(if holder == Some(id) { GPUS } else { 0 }),
            ..Queue::default()
        };
        let queues: Vec<Queue> = claims.iter().enumerate().map(queue).collect();
        let next = holder.map_or(0, |one: usize| 1 - one);
        let reclaimer = Reclaimer {
            queue: next,
            ask: gpus(GPUS),
            fixed: false,
        };
        let takes = holder.is_none_or(|one| {
            let victims = [(one, vec![gpus(GPUS)])];
            reclaimer.may_try(&queues) && reclaimer.may_take(&queues, &victims, Ratio::ONE)
        });
        if takes {
            holder = Some(next);
            changes.push(cycle);
        }
        past.extend(holder);
    }
    assert_eq!(changes, [0, 1, 30, 270, 510, 750, 990]);
}
