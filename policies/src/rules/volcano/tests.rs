//! Worked answers, a line each.

use super::proportion::{Claim, deserved, victims};
use super::session::{Action, Session, Snapshot};
use super::*;

fn cpu(amount: i64) -> Amounts {
    Amounts::new([(amounts::CPU, Ratio::from(amount))])
}

/// What 8000 are divided into, of queues with weight, request, capability (0 is none) and guarantee.
fn divides(said: &[(i64, i64, i64, i64)], expected: &[i64]) {
    let claim = |(weight, request, capability, guarantee): &(i64, i64, i64, i64)| Claim {
        weight: Ratio::from(*weight),
        request: cpu(*request),
        capability: cpu(*capability),
        guarantee: cpu(*guarantee),
    };
    let claims: Vec<Claim> = said.iter().map(claim).collect();
    let reserved: Amounts = claims.iter().map(|claim| &claim.guarantee).sum();
    let found = deserved(&cpu(8000), &reserved, &claims);
    let found: Vec<Ratio> = found.iter().map(|one| one.get(amounts::CPU)).collect();
    let expected: Vec<Ratio> = expected.iter().map(|one| Ratio::from(*one)).collect();
    assert_eq!(found, expected, "{said:?}");
}

#[test]
fn proportion_divides_by_weight_and_request() {
    divides(&[(1, 9000, 0, 0), (3, 9000, 0, 0)], &[2000, 6000]);
    divides(&[(1, 9000, 0, 0), (3, 1000, 0, 0)], &[7000, 1000]);
    divides(&[(1, 9000, 3000, 0), (1, 9000, 0, 0)], &[3000, 5000]);
    divides(&[(1, 9000, 0, 0), (1, 1000, 0, 3000)], &[5000, 3000]);
    divides(&[(0, 9000, 0, 0)], &[0]);
}

#[test]
fn proportion_takes_until_a_queue_is_not_above() {
    let of = |amounts: &[i64]| -> Vec<Amounts> { amounts.iter().map(|one| cpu(*one)).collect() };
    let candidates: Vec<(usize, Amounts)> = [0, 0, 1, 1].map(|queue| (queue, cpu(1000))).into();
    assert_eq!(
        victims(&candidates, &of(&[3000, 1000]), &of(&[2000, 2000])),
        [0]
    );
    assert_eq!(
        victims(&candidates, &of(&[3500, 2500]), &of(&[2000, 2000])),
        [0, 1, 2]
    );
}

fn enabled(plugin: Plugin, on: &[Point]) -> Enabled {
    Enabled {
        plugin,
        on: on.iter().copied().collect(),
    }
}

/// One node of 4000; of two queues with deserved amounts how many tasks of 1000 run and wait; what a session of
/// capacity and gangs binds and takes back of each.
fn session(said: [(i64, usize, usize, usize); 2], expected: [(usize, usize); 2]) {
    let mut snapshot = Snapshot {
        nodes: vec![Node {
            allocatable: cpu(4000).plus(&Amounts::new([(amounts::PODS, Ratio::whole(100))])),
            ..Node::default()
        }],
        tiers: vec![vec![
            enabled(
                Plugin::Gang,
                &[Point::JobReady, Point::JobPipelined, Point::JobStarving],
            ),
            enabled(
                Plugin::Capacity,
                &[
                    Point::QueueOrder,
                    Point::Allocatable,
                    Point::Preemptive,
                    Point::Reclaimable,
                ],
            ),
        ]],
        ..Snapshot::default()
    };
    for (id, (deserved, runs, waits, min_member)) in said.into_iter().enumerate() {
        snapshot.queues.push(Queue {
            name: format!("q{id}"),
            weight: Ratio::ONE,
            deserved: cpu(deserved),
            ..Queue::default()
        });
        for (job, (count, status, min_member)) in [
            (runs, Status::Running(Some(0)), 0),
            (waits, Status::Pending, min_member),
        ]
        .into_iter()
        .enumerate()
        {
            snapshot.jobs.push(Job {
                name: format!("q{id}j{job}"),
                queue: id,
                min_member,
                phase: Phase::Inqueue,
                ..Job::default()
            });
            for task in 0..count {
                snapshot.tasks.push(Task {
                    name: format!("q{id}j{job}t{task}"),
                    job: snapshot.jobs.len() - 1,
                    role: String::new(),
                    request: cpu(1000).plus(&Amounts::new([(amounts::PODS, Ratio::ONE)])),
                    priority: 0,
                    preemptable: true,
                    never_preempts: false,
                    critical: false,
                    selector: BTreeMap::new(),
                    labels: BTreeMap::new(),
                    apart_from: Vec::new(),
                    status,
                });
            }
        }
    }
    let mut session = Session::new(&snapshot);
    session.run(&[Action::Allocate, Action::Reclaim]);
    let mut found = [(0, 0); 2];
    for (task, status) in session.decided() {
        let queue = snapshot.jobs[snapshot.tasks[task].job].queue;
        found[queue].0 += usize::from(matches!(status, Status::Bound(_)));
        found[queue].1 += usize::from(matches!(status, Status::Releasing(_)));
    }
    assert_eq!(found, expected, "{said:?}");
}

#[test]
fn sessions() {
    // Deserved, running, waiting, and how many of these must start together.
    session([(2000, 0, 2, 2), (2000, 2, 0, 0)], [(2, 0), (0, 0)]);
    session([(2000, 0, 3, 3), (2000, 2, 0, 0)], [(0, 0), (0, 0)]);
    session([(2000, 0, 2, 2), (2000, 4, 0, 0)], [(0, 0), (0, 2)]);
    session([(2000, 0, 3, 3), (2000, 4, 0, 0)], [(0, 0), (0, 0)]);
    session([(2000, 0, 3, 1), (2000, 4, 0, 0)], [(0, 0), (0, 1)]);
    session([(2000, 2, 2, 2), (2000, 2, 0, 0)], [(0, 0), (0, 0)]);
}
