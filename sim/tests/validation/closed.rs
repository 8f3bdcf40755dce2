//! Closed systems: users who wait for their last job. Each time follows from a plain re-implementation,
//! means from the theory of the machine repairman, and the response-time law holds for all of them.

use fairground_policies::job::StageSpec;
use fairground_policies::message::FrameworkId;
use fairground_policies::resources::Resources;
use fairground_policies::time::{Span, Time};
use fairground_sim::run::{JobRow, Run};
use fairground_workloads::feedback::Turn;
use fairground_workloads::rng;
use fairground_workloads::trace::{Jobs, Runtimes, Work};

use crate::common::{Cluster, secs};

const CORE: Resources = Resources::cores(1, 1);

/// Jobs of one task each: by user, the think times and run times of their turns.
type Plan = Vec<Vec<(Span, Span)>>;

fn jobs(plan: &Plan, end: Time) -> Jobs {
    let turns = (0..).zip(plan).flat_map(|(user, turns)| {
        let mut now = Time::ZERO;
        turns.iter().map(move |(think, run)| {
            let earliest = now + *think;
            now = earliest + *run;
            let local = vec![*run];
            Turn {
                user,
                phase: 0,
                earliest,
                think: *think,
                label: format!("{user}"),
                gang: false,
                stages: vec![(
                    StageSpec::new(CORE, 1),
                    Runtimes::Plain { local, away: 1000 },
                )],
            }
        })
    });
    Jobs::closed(plan.len() as u32, vec![end], turns.collect())
}

/// Random turns: enough that no user runs out of them before `end`.
fn drawn(users: u32, think: Span, service: Span, end: Time) -> Plan {
    let user = |user: u32| {
        let mut draws = rng::stream(7, &format!("closed/{user}"));
        let (mut turns, mut now) = (Vec::new(), Time::ZERO);
        while now < end {
            let turn = (draws.exponential(think), draws.exponential(service));
            now += turn.0;
            now += turn.1;
            turns.push(turn);
        }
        turns
    };
    (0..users).map(user).collect()
}

/// A queue of `servers` in so many words: by user, when each turn is submitted, starts and ends.
fn plain(plan: &Plan, servers: usize, end: Time) -> Vec<Vec<[Time; 3]>> {
    let mut free = vec![Time::ZERO; servers];
    let mut done: Vec<Vec<[Time; 3]>> = vec![Vec::new(); plan.len()];
    loop {
        // Whoever comes next, first come first served; ended turns come back after their think time.
        let next = (0..plan.len()).filter_map(|user| {
            let (think, _) = *plan[user].get(done[user].len())?;
            let back = done[user].last().map_or(Time::ZERO, |turn| turn[2]);
            let at = back + think;
            (back < end && at < end).then_some((at, user))
        });
        let Some((at, user)) = next.min() else {
            return done;
        };
        let server = free.iter_mut().min().expect("a server");
        let start = at.max(*server);
        let over = start + plan[user][done[user].len()].1;
        *server = over;
        done[user].push([at, start, over]);
    }
}

/// By user: what became of the turns, in order.
fn found(run: &Run, users: usize) -> Vec<Vec<[Time; 3]>> {
    let mut found = vec![Vec::new(); users];
    let mut rows: Vec<JobRow<'_>> = run.jobs.of(FrameworkId(0)).collect();
    rows.sort_by_key(|row| row.submitted);
    for row in rows {
        let user: usize = row.label.parse().expect("a user");
        let end = |at: Option<Time>| at.expect("a job that is done");
        found[user].push([row.submitted, end(row.started), end(row.finished)]);
    }
    found
}

fn simulated(policy: &str, agents: usize, servers: usize, jobs: Jobs, end: Time) -> Run {
    let agent = Resources::cores((servers / agents) as u64, 1000);
    let mut cluster = Cluster::new(policy, &vec![agent; agents]);
    cluster.trace.horizon = end;
    cluster.framework("fifo", Work::Batch(jobs)).run_quickly()
}

#[test]
fn three_users_take_turns_at_one_server() {
    // All think 5 s; a task takes 10 s. From the second turn on the server is never idle, and everybody
    // has a cycle of 30 s: 5 s of thinking, 15 s of waiting, 10 s of work.
    let plan = vec![vec![(secs(5), secs(10)); 4]; 3];
    let end = Time::from_secs(85);
    let run = simulated("drf", 1, 1, jobs(&plan, end), end);
    let times = |list: &[[u64; 3]]| -> Vec<[Time; 3]> {
        list.iter().map(|turn| turn.map(Time::from_secs)).collect()
    };
    let expected = vec![
        times(&[[5, 5, 15], [20, 35, 45], [50, 65, 75], [80, 95, 105]]),
        times(&[[5, 15, 25], [30, 45, 55], [60, 75, 85]]),
        // At 85 s nobody submits any more.
        times(&[[5, 25, 35], [40, 55, 65], [70, 85, 95]]),
    ];
    assert_eq!(found(&run, 3), expected);
    assert_eq!(
        (run.frameworks[0].jobs, run.frameworks[0].finished),
        (10, 10)
    );
    assert_eq!(run.frameworks[0].unsubmitted, 0);
}

/// Every submission, start and end is that of the plain queue, to the microsecond.
#[test]
fn users_at_several_servers_are_the_plain_queue() {
    let end = Time::from_secs(200_000);
    for (policy, users, agents, servers) in [
        ("fifo", 1, 1, 1),
        ("drf", 5, 1, 1),
        ("drf[offers=task]", 10, 2, 4),
        ("fifo", 40, 3, 3),
    ] {
        let plan = drawn(users, secs(50), secs(10), end);
        let run = simulated(policy, agents, servers, jobs(&plan, end), end);
        let expected = plain(&plan, servers, end);
        assert!(expected.iter().all(|turns| turns.len() > 100));
        assert!(
            found(&run, users as usize) == expected,
            "{policy}: {users} users, {servers} servers"
        );
        response_time_law(&plan, &expected);
    }
}

/// `N = X (R + Z)`, exactly: until the end of a user's last job, all of the time was thinking or response.
fn response_time_law(plan: &Plan, found: &[Vec<[Time; 3]>]) {
    let (mut spent, mut length) = (0, 0);
    for (turns, times) in plan.iter().zip(found) {
        let thought = turns
            .iter()
            .take(times.len())
            .map(|turn| turn.0.as_micros());
        let response = times.iter().map(|[at, _, over]| (*over - *at).as_micros());
        spent += thought.sum::<u64>() + response.sum::<u64>();
        length += times.last().map_or(0, |turn| turn[2].as_micros());
    }
    // N T = sum of all cycles = X T (R + Z), with T as long as each user was there.
    assert_eq!(spent, length);
}

/// Throughput and response time of M/M/m//N: `users` who think `think` and are served in `service`
/// seconds on the mean (Kleinrock, Queueing Systems I, section 3.8, for m = 1).
fn repairmen(users: u32, servers: u32, think: f64, service: f64) -> (f64, f64) {
    let mut weights = vec![1.0];
    for waiting in 0..users {
        let come = f64::from(users - waiting) / think;
        let go = f64::from((waiting + 1).min(servers)) / service;
        let last: f64 = *weights.last().expect("a weight");
        weights.push(last * come / go);
    }
    let all: f64 = weights.iter().sum();
    let busy = (0..).zip(&weights);
    let busy: f64 = busy
        .map(|(n, weight)| f64::from(servers.min(n)) * weight / all)
        .sum();
    let throughput = busy / service;
    (throughput, f64::from(users) / throughput - think)
}

#[test]
fn means_are_those_of_the_machine_repairman() {
    // One machine and one repairman never wait: 1 / (Z + S), S.
    let (throughput, response) = repairmen(1, 1, 50.0, 10.0);
    assert!((throughput * 60.0 - 1.0).abs() < 1e-9 && (response - 10.0).abs() < 1e-9);
    // 10 000 jobs of one user, ten to twenty times as many of the others: the standard errors of the means
    // are at most one per cent, and the bound is three of them.
    let end = Time::from_secs(600_000);
    for (users, servers) in [(1, 1), (5, 1), (12, 2), (30, 4)] {
        let plan = drawn(users, secs(50), secs(10), end);
        let run = simulated("fifo", 1, servers as usize, jobs(&plan, end), end);
        let mut done = 0_u32;
        let mut responses = 0.0;
        for row in run.jobs.of(FrameworkId(0)) {
            if row.finished.is_some_and(|at| at < end) {
                done += 1;
                responses += row.completion().expect("it finished").as_micros() as f64 / 1e6;
            }
        }
        let (throughput, response) = repairmen(users, servers, 50.0, 10.0);
        let found = f64::from(done) / 600_000.0;
        let mean = responses / f64::from(done);
        assert!(
            (found / throughput - 1.0).abs() < 0.03,
            "{users}: {found} and not {throughput}"
        );
        assert!(
            (mean / response - 1.0).abs() < 0.03,
            "{users}: {mean} and not {response}"
        );
    }
}
