//! Worked answers, a line each.

use super::cycle::Cycle;
use super::order::Rules;
use super::pass::{Limits, Pool};
use super::shares::{Claim, Shares, cost, fairness_error, shares, theoretical};
use super::*;
use crate::rules::ratio::Ratio;

fn number(text: &str) -> Ratio {
    Ratio::from_decimal(text).unwrap()
}

/// What weights and demands out of 100 come to.
fn shared(said: &[(i64, i64)]) -> Vec<Shares> {
    let claim = |(weight, demand): &(i64, i64)| Claim {
        weight: Ratio::from(*weight),
        demand: Ratio::from(*demand) / Ratio::whole(100),
    };
    shares(&said.iter().map(claim).collect::<Vec<_>>())
}

/// Weights and demands out of 100: the shares capped by demand.
fn capped(said: &[(i64, i64)], expected: &[&str]) {
    let found: Vec<Ratio> = shared(said).iter().map(|one| one.capped).collect();
    let expected: Vec<Ratio> = expected.iter().map(|text| number(text)).collect();
    assert_eq!(found, expected, "{said:?}");
}

/// The same if each wanted without end, in parts of 100,000 and cut.
fn uncapped(said: &[(i64, i64)], expected: &[i128]) {
    let parts = |one: &Shares| (one.uncapped * Ratio::whole(100_000)).floor();
    let found: Vec<i128> = shared(said).iter().map(parts).collect();
    assert_eq!(found, expected, "{said:?}");
}

#[test]
fn shares_are_capped_by_demand() {
    capped(&[(1, 1), (1, 1000)], &["0.01", "0.99"]);
    capped(&[(1, 1000), (3, 1)], &["0.99", "0.01"]);
    capped(&[(1, 1), (1, 40), (1, 1000)], &["0.01", "0.4", "0.59"]);
    uncapped(&[(1, 1), (1, 1000)], &[50_000, 99_000]);
    uncapped(&[(1, 1000), (3, 1)], &[99_000, 75_000]);
    uncapped(&[(1, 1), (1, 40), (1, 1000)], &[38_083, 49_500, 59_000]);
    capped(&[(1, 1000), (3, 1000)], &["0.25", "0.75"]);
    capped(&[(1, 0), (1, 10)], &["0", "0.1"]);
    let one = Claim {
        weight: Ratio::ONE,
        demand: number("0.01"),
    };
    assert_eq!(theoretical(&[one], Ratio::ONE), number("0.99"));
    assert_eq!(
        fairness_error(&[(number("0.5"), number("0.4")), (number("0.5"), Ratio::ONE)]),
        number("0.1")
    );
    let factors = [Ratio::ONE, Ratio::whole(4)];
    assert_eq!(cost(&[5, 1], &[10, 10], &factors), number("0.5"));
    assert_eq!(cost(&[0, 2], &[10, 10], &factors), number("0.8"));
    assert_eq!(cost(&[1, 9], &[10, 0], &factors), number("0.1"));
}

fn job(queue: usize, amount: i64, run: Option<u64>) -> Job {
    Job {
        queue: Some(queue),
        shape: Shape {
            request: vec![amount],
            ..Shape::default()
        },
        floating: Vec::new(),
        priority: 0,
        gang: None,
        run: run.map(|since| Run {
            node: 0,
            priority: 0,
            since,
        }),
        from_elsewhere: false,
    }
}

/// One node of 8: how many jobs of one each queue runs and how many wait; how many of each start, and go.
fn round(protected: &str, said: &[(i64, i64)], expected: &[(usize, usize)]) {
    let class = Class {
        priority: 0,
        preemptible: true,
        away: Vec::new(),
    };
    let mut jobs = Vec::new();
    let mut queues = Vec::new();
    for (id, (runs, waits)) in said.iter().enumerate() {
        jobs.extend((0..*runs).map(|since| job(id, 1, Some(since as u64))));
        jobs.extend((0..*waits).map(|_| job(id, 1, None)));
        queues.push(Queue {
            name: format!("{id}"),
            weight: Ratio::ONE,
            closed: false,
            demand: vec![runs + waits],
            held: vec![0],
        });
    }
    let node = Node {
        total: vec![8],
        ..Node::default()
    };
    let pool = Pool {
        queues: &queues,
        classes: &[class],
        jobs: &jobs,
        total: vec![8],
        factors: &[Ratio::ONE],
        rules: Rules::default(),
        limits: &Limits::default(),
    };
    let decisions = Cycle {
        pool: &pool,
        nodes: &[node],
        index: &[(0, 1)],
        used: &[],
        protected: number(protected),
        by_uncapped: false,
    }
    .run();
    let count =
        |of: &dyn Fn(usize) -> bool, jobs: &[usize]| jobs.iter().filter(|job| of(**job)).count();
    let started: Vec<usize> = decisions.started.iter().map(|(job, _)| *job).collect();
    let found: Vec<(usize, usize)> = (0..said.len())
        .map(|id| {
            let of = |job: usize| jobs[job].queue == Some(id);
            (count(&of, &started), count(&of, &decisions.preempted))
        })
        .collect();
    assert_eq!(found, expected, "{said:?}");
}

#[test]
fn a_cycle_evicts_what_is_above_its_share() {
    round("1", &[(8, 0), (0, 8)], &[(0, 4), (4, 0)]);
    round("0", &[(8, 0), (0, 8)], &[(0, 4), (4, 0)]);
    round("1", &[(4, 0), (4, 0), (0, 3)], &[(0, 1), (0, 1), (2, 0)]);
    round("2", &[(8, 0), (0, 8)], &[(0, 0), (0, 0)]);
    round("1", &[(2, 3), (2, 3)], &[(2, 0), (2, 0)]);
    round("1", &[(8, 0), (0, 1)], &[(0, 1), (1, 0)]);
}
