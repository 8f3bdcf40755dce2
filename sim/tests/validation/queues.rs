//! Queues of one task a job: each start follows from a recursion, and the mean wait from theory.

use fairground_policies::resources::Resources;
use fairground_policies::share::Weight;
use fairground_policies::time::{Span, Time};
use fairground_sim::run::Run;
use fairground_workloads::rng;

use crate::common::Cluster;
use crate::{Plain, times, work};

const CORE: Resources = Resources::cores(1, 1);
const SERVICE: Span = Span::from_secs(10);

/// Poisson arrivals; what each takes is constant or exponential.
fn arrivals(count: usize, gap: Span, random: bool, purpose: &str) -> Vec<Plain> {
    let mut gaps = rng::stream(1, purpose);
    let mut lengths = rng::stream(2, purpose);
    let mut now = Time::ZERO;
    let mut next = || {
        now += gaps.exponential(gap);
        let run = if random {
            lengths.exponential(SERVICE)
        } else {
            SERVICE
        };
        Plain {
            submitted: now,
            needs: CORE,
            tasks: 1,
            run,
        }
    };
    (0..count).map(|_| next()).collect()
}

/// The time at which each starts on the first of `servers` that is free (Kiefer and Wolfowitz; for
/// one server Lindley's recursion).
fn starts(jobs: &[Plain], servers: usize) -> Vec<Time> {
    let mut free = vec![Time::ZERO; servers];
    let start = |job: &Plain| {
        let first = free.iter_mut().min().expect("a server");
        let start = job.submitted.max(*first);
        *first = start + job.run;
        start
    };
    jobs.iter().map(start).collect()
}

fn began(run: &Run, framework: u32) -> Vec<Time> {
    let times = times(run, framework).into_iter();
    times.map(|(start, _)| start).collect()
}

/// The mean wait in thousandths of a service time.
fn mean_wait(jobs: &[Plain], starts: &[Time]) -> u64 {
    let waits = jobs.iter().zip(starts);
    let waited: u64 = waits
        .map(|(job, start)| (*start - job.submitted).as_micros())
        .sum();
    waited / jobs.len() as u64 * 1000 / SERVICE.as_micros()
}

/// `policy` with `cores` cores on as many agents as `agents` says gives the recursion's starts, and a
/// mean wait within 10 % of `theory`.
fn check(policy: &str, agents: usize, cores: usize, jobs: &[Plain], theory: u64) {
    let agent = Resources::cores((cores / agents) as u64, 1000);
    let cluster = Cluster::new(policy, &vec![agent; agents]);
    let run = cluster.framework("fifo", work(jobs, false)).run_quickly();
    let expected = starts(jobs, cores);
    assert_eq!(
        began(&run, 0),
        expected,
        "{policy}, {cores} cores on {agents} agents"
    );
    let wait = mean_wait(jobs, &expected);
    let off = wait.abs_diff(theory) * 100;
    assert!(off <= theory * 10, "{cores} cores: {wait} and not {theory}");
}

#[test]
fn one_server_with_constant_service_is_lindleys_recursion() {
    // M/D/1 at a load of 0.8: rho / 2 (1 - rho) service times.
    let jobs = arrivals(20_000, Span::from_millis(12_500), false, "M/D/1");
    check("fifo", 1, 1, &jobs, 2000);
    check("drf[offers=task]", 1, 1, &jobs, 2000);
}

#[test]
fn several_servers_are_the_recursion_of_kiefer_and_wolfowitz() {
    // M/M/1 at 0.5: rho / (1 - rho). M/M/4 at 0.8: Erlang's C is 0.5964, over 4 (1 - rho).
    let jobs = arrivals(20_000, Span::from_secs(20), true, "M/M/1");
    check("drf", 1, 1, &jobs, 1000);
    let jobs = arrivals(40_000, Span::from_millis(3125), true, "M/M/4");
    for (policy, agents) in [("fifo", 1), ("drf", 4), ("drf[offers=task]", 2)] {
        check(policy, agents, 4, &jobs, 745);
    }
}

/// When each job of two classes starts on one server: of those that wait, the first class first, and
/// nobody is interrupted.
fn two_classes(high: &[Plain], low: &[Plain]) -> [Vec<Time>; 2] {
    let classes = [high, low];
    let mut starts = [Vec::new(), Vec::new()];
    let mut free = Time::ZERO;
    loop {
        let head = |class: usize| classes[class].get(starts[class].len());
        let waiting = [0, 1].map(|class| head(class).map(|job| job.submitted));
        let Some(first) = waiting.into_iter().flatten().min() else {
            return starts;
        };
        let now = free.max(first);
        let class = usize::from(waiting[0].is_none_or(|at| at > now));
        let job = classes[class][starts[class].len()];
        starts[class].push(now);
        free = now + job.run;
    }
}

#[test]
fn priority_is_the_queue_of_two_classes() {
    let high = arrivals(4000, Span::from_secs(25), true, "high");
    let low = arrivals(4000, Span::from_secs(25), true, "low");
    let expected = two_classes(&high, &low);
    for policy in ["priority", "priority[offers=task]"] {
        let mut cluster = Cluster::new(policy, &[CORE])
            .framework("fifo", work(&low, false))
            .framework("fifo", work(&high, false));
        cluster.frameworks[1].weight = Weight::from_thousandths(2000).expect("a weight");
        let run = cluster.run_quickly();
        assert_eq!(began(&run, 1), expected[0], "{policy}: the first class");
        assert_eq!(began(&run, 0), expected[1], "{policy}: the second class");
    }
    let [first, second] =
        [(&high, 0), (&low, 1)].map(|(jobs, class)| mean_wait(jobs, &expected[class]));
    assert!(first * 3 < second, "{first} and {second}");
}
