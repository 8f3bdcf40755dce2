//! What each kind of work does, in small scenarios whose ends are computed by hand in the comments.

mod common;

use common::{Cluster, batch, cores, gang, job, maps, numbered, secs, service, shown};
use fairground_policies::job::StageSpec;
use fairground_policies::message::{AgentId, FrameworkId};
use fairground_policies::time::{Span, Time};
use fairground_sim::network::NetworkSpec;
use fairground_workloads::recipe::CostSpec;
use fairground_workloads::trace::{ColdStart, Routing, Runtimes, Work};

/// Runs a scenario and compares its jobs: `framework job: submitted started finished lost`.
fn check(cluster: &Cluster, jobs: &str) {
    assert_eq!(shown(&cluster.run().jobs), jobs);
}

fn stage(tasks: u32, parents: &[u32], start_after: u16) -> StageSpec {
    let parents = parents.to_vec();
    StageSpec {
        parents,
        start_after,
        ..StageSpec::new(cores(1), tasks)
    }
}

#[test]
fn a_reduce_copies_until_the_last_map_is_done() {
    // Maps end at 10 s and 60 s. The reduce may start after half of them, at 10 s; it has copied at
    // 25 s, waits for the second map until 60 s, then works 7 s.
    let reduce = Runtimes::Reduce {
        copy: vec![secs(15)],
        work: vec![secs(7)],
    };
    let half = vec![maps(&[10, 60]), (stage(1, &[0], 500), reduce.clone())];
    let two_cores = Cluster::new("drf", &[cores(2)]).framework("fifo", batch(vec![job(0, half)]));
    check(&two_cores, "f0 j0: 0s 0s 67s lost 0\n");
    // Behind a barrier it starts at 60 s, copies 15 s and works 7 s.
    let barrier = vec![maps(&[10, 60]), (stage(1, &[0], 1000), reduce)];
    let two_cores =
        Cluster::new("drf", &[cores(2)]).framework("fifo", batch(vec![job(0, barrier)]));
    check(&two_cores, "f0 j0: 0s 0s 82s lost 0\n");
}

#[test]
fn a_map_away_from_its_data_takes_longer_unless_it_waits() {
    // The data of the only map lies on agent 1, where another job runs for 100 s.
    let far = StageSpec {
        preferred: vec![AgentId(1)],
        ..StageSpec::new(cores(1), 1)
    };
    let far = (
        far,
        Runtimes::Plain {
            local: vec![secs(20)],
            away: 1500,
        },
    );
    let pinned = StageSpec {
        preferred: vec![AgentId(1)],
        ..StageSpec::new(cores(1), 1)
    };
    let pinned = (
        pinned,
        Runtimes::Plain {
            local: vec![secs(100)],
            away: 1000,
        },
    );
    let run = |scheduler: &str, first| {
        let jobs = batch(vec![job(0, vec![first]), job(1, vec![far.clone()])]);
        Cluster::new("drf", &[cores(1), cores(1)]).framework(scheduler, jobs)
    };
    // At once on agent 0: 20 s become 30 s. The first job found its own data on agent 1.
    check(
        &run("fifo[wait=1s]", pinned.clone()),
        "f0 j0: 0s 0s 100s lost 0\nf0 j1: 1s 2s 32s lost 0\n",
    );
    // It waits 50 s for its data, then gives up at 51 s.
    check(
        &run("fifo[wait=50s]", pinned),
        "f0 j0: 0s 0s 100s lost 0\nf0 j1: 1s 51s 81s lost 0\n",
    );
}

#[test]
fn an_executor_warms_up_and_is_given_back() {
    // One executor: the first task ever takes 9 s, the first of the second stage 5 s, others 2 s.
    let waves = |tasks: usize| Runtimes::Waves {
        fresh: vec![secs(9); tasks],
        first: vec![secs(5); tasks],
        rest: vec![secs(2); tasks],
    };
    let stages = vec![
        (stage(3, &[], 1000), waves(3)),
        (stage(2, &[0], 1000), waves(2)),
    ];
    let late = vec![(stage(1, &[], 1000), waves(1))];
    let executors = |idle| Work::Executors {
        jobs: numbered(vec![job(0, stages.clone()), job(50, late.clone())]),
        needs: cores(1),
        max: 1,
        idle,
    };
    // 9 + 2 + 2, then 5 + 2: 20 s. Kept for 60 s it is warm at 50 s (5 s); for 10 s it is new (9 s).
    for (idle, end, launched) in [(60, 55, 1), (10, 59, 2)] {
        let cluster = Cluster::new("drf", &[cores(1)]).framework("fifo", executors(secs(idle)));
        let run = cluster.run();
        assert_eq!(
            shown(&run.jobs),
            format!("f0 j0: 0s 0s 20s lost 0\nf0 j1: 50s 50s {end}s lost 0\n")
        );
        assert_eq!(
            (run.frameworks[0].launched, run.frameworks[0].tasks_killed),
            (launched, launched)
        );
        // The last executor is given back `idle` after its last work.
        assert_eq!(run.totals.end.to_string(), format!("{}", secs(end + idle)));
    }
}

#[test]
fn a_gang_starts_together() {
    // Two cores are free until 30 s, all four after it: the gang of three waits.
    let blocker = job(0, vec![maps(&[30, 30])]);
    let rigid = gang(job(5, vec![maps(&[10, 10, 10])]));
    let cluster = Cluster::new("drf", &[cores(2), cores(2)])
        .framework("fifo", batch(vec![blocker]))
        .framework("gang", batch(vec![rigid]));
    check(
        &cluster,
        "f0 j0: 0s 0s 30s lost 0\nf1 j0: 5s 30s 40s lost 0\n",
    );
}

#[test]
fn the_order_of_jobs_is_the_schedulers() {
    // One core, two jobs of three tasks of 10 s, submitted together: one after the other, or in turn.
    let jobs = || {
        batch(vec![
            job(0, vec![maps(&[10; 3])]),
            job(0, vec![maps(&[10; 3])]),
        ])
    };
    let one_core = |scheduler| Cluster::new("drf", &[cores(1)]).framework(scheduler, jobs());
    check(
        &one_core("fifo"),
        "f0 j0: 0s 0s 30s lost 0\nf0 j1: 0s 30s 1m lost 0\n",
    );
    check(
        &one_core("fair"),
        "f0 j0: 0s 0s 30s lost 0\nf0 j1: 0s 30s 1m lost 0\n",
    );
    // Two cores come free at 5 s: in order of submission the first job takes both, in fair order each
    // takes one.
    let two_cores = |scheduler| {
        let mut jobs = vec![job(0, vec![maps(&[5; 2])])];
        jobs.extend([1, 1].map(|at| job(at, vec![maps(&[10; 3])])));
        Cluster::new("drf", &[cores(2)]).framework(scheduler, batch(jobs))
    };
    check(
        &two_cores("fifo"),
        "f0 j0: 0s 0s 5s lost 0\nf0 j1: 1s 5s 25s lost 0\nf0 j2: 1s 15s 35s lost 0\n",
    );
    check(
        &two_cores("fair"),
        "f0 j0: 0s 0s 5s lost 0\nf0 j1: 1s 5s 35s lost 0\nf0 j2: 1s 5s 35s lost 0\n",
    );
}

#[test]
fn a_partition_is_only_its_owners() {
    // Four tasks of 10 s on a core of one's own, beside an idle neighbour: 40 s; shared: 20 s.
    let work = || batch(vec![job(0, vec![maps(&[10; 4])])]);
    let two = |policy| {
        Cluster::new(policy, &[cores(1), cores(1)])
            .framework("fifo", work())
            .framework("fifo", batch(Vec::new()))
    };
    check(&two("static"), "f0 j0: 0s 0s 40s lost 0\n");
    check(&two("static[split=2:0]"), "f0 j0: 0s 0s 20s lost 0\n");
    check(&two("drf"), "f0 j0: 0s 0s 20s lost 0\n");
}

#[test]
fn every_message_takes_its_time() {
    // A job at 10 s: the revive arrives 1 s later, the offer 1 s after that, the framework thinks 3 s,
    // the answer takes 1 s, the launch 1 s: it starts at 17 s and runs 5 s. Its end is known to the
    // master at 23 s, to the framework at 24 s.
    let network = NetworkSpec {
        latency: secs(1),
        think: secs(3),
        ..NetworkSpec::default()
    };
    let cluster = Cluster::new("drf", &[cores(1)])
        .framework("fifo", batch(vec![job(10, vec![maps(&[5])])]))
        .network(network);
    check(&cluster, "f0 j0: 10s 17s 24s lost 0\n");
}

#[test]
fn rounds_gather_offers() {
    // Offers at multiples of 4 s only: a job at 1 s starts at 4 s.
    let cluster = Cluster::new("drf[round=4s]", &[cores(1)])
        .framework("fifo", batch(vec![job(1, vec![maps(&[5])])]));
    check(&cluster, "f0 j0: 1s 4s 9s lost 0\n");
}

#[test]
fn instances_follow_the_load() {
    // Ten requests a second of 100 ms keep one worker busy: at half of capacity two instances. Eighty
    // a second ask for sixteen, and there may be ten. The load of a step is seen at its end.
    let load = [100, 100, 800, 800, 100, 100, 100];
    let cluster = Cluster::new("drf", &[cores(16)]).framework(
        "fifo",
        Work::Service(service(&load, 1, Span::from_millis(100))),
    );
    let run = cluster.run();
    let instances: Vec<u64> = run.services.iter().map(|row| row.instances).collect();
    assert_eq!(instances, [2000, 2000, 2000, 10_000, 10_000, 2000, 2000]);
    assert_eq!(run.frameworks[0].requests, 2100);
    // Two workers serve 20 of the 80 requests a second of the third step: after 0.3 s a request waits
    // longer than a second. 600 wait at its end, as many as have patience; ten workers serve 100 a
    // second and are never done in the fourth step; in the fifth 400 are left, 90 fewer every second,
    // so that those of the first 3.4 s are late.
    let missed: Vec<u64> = run.services.iter().map(|row| row.missed).collect();
    assert!((770..=780).contains(&missed[2]), "{missed:?}");
    assert_eq!(missed[3], 800);
    assert!((30..=40).contains(&missed[4]), "{missed:?}");
    assert_eq!(missed[5], 0);
    // M/M/2 at load 1: a request waits with probability 1/3, then takes Exp(10/s) more; the chance to
    // take longer than 1 s is e^-10 (1 + 10/3), two in ten thousand.
    assert_eq!(run.services[1].missed, 0);
}

#[test]
fn an_instance_that_is_still_cold_serves_less() {
    // One request a second of 800 ms at one instance of one worker, half as fast for its first 30 s:
    // three requests of eight a second too slow, so that after 30 s some wait that did not before.
    let backlogs = |cold| {
        let mut service = service(&[10, 10, 10, 10, 10, 10], 1, Span::from_millis(800));
        service.autoscaler.max = 1;
        service.cold = cold;
        let run = Cluster::new("drf", &[cores(1)])
            .framework("fifo", Work::Service(service))
            .run();
        let backlogs = run.services.iter().map(|row| row.backlog);
        backlogs.collect::<Vec<u64>>()
    };
    assert_eq!(backlogs(ColdStart::NONE), [0; 6]);
    let cold = ColdStart {
        lasts: secs(30),
        speed: 500,
    };
    // 0.625 requests a second are served of one that comes; then 1.25 of one.
    assert_eq!(backlogs(cold), [4, 8, 11, 9, 6, 4]);
}

#[test]
fn requests_routed_worse_are_late_more_often() {
    let missed = |routing| {
        let mut service = service(&[900; 20], 2, Span::from_millis(200));
        service.autoscaler.target = 900;
        service.routing = routing;
        let run = Cluster::new("drf", &[cores(16)])
            .framework("fifo", Work::Service(service))
            .run();
        run.frameworks[0].missed
    };
    let [one, turn, random] =
        [Routing::LeastWork, Routing::RoundRobin, Routing::Random].map(missed);
    assert!(
        3 * one < random && one < turn && turn < random,
        "{one} {turn} {random}"
    );
}

#[test]
fn a_job_that_fits_nowhere_is_named_and_counted() {
    let large = (
        StageSpec::new(cores(3), 1),
        Runtimes::Plain {
            local: vec![secs(1)],
            away: 1000,
        },
    );
    let jobs = batch(vec![job(0, vec![large]), job(0, vec![maps(&[1])])]);
    let cluster = Cluster::new("drf", &[cores(2), cores(2)]).framework("fifo", jobs);
    let run = cluster.run();
    assert_eq!(
        shown(&run.jobs),
        "f0 j0: 0s never never lost 0\nf0 j1: 0s 0s 1s lost 0\n"
    );
    assert_eq!(
        (run.frameworks[0].impossible, run.totals.stalled),
        (1, false)
    );
}

/// Three tasks on two cores: who starts them one by one ends, who must start them together never will,
/// and says so at once.
#[test]
fn a_stage_that_starts_together_and_has_no_room_is_impossible() {
    let wide = || job(0, vec![maps(&[1, 1, 1])]);
    for (scheduler, plan, impossible) in [
        ("fifo", wide(), 0),
        ("fair", wide(), 0),
        ("fifo", gang(wide()), 1),
        ("gang", gang(wide()), 1),
        ("gang", wide(), 1),
        ("gang[hold=1s]", wide(), 1),
    ] {
        let jobs = batch(vec![plan, job(5, vec![maps(&[1, 1])])]);
        let run = Cluster::new("drf", &[cores(1), cores(1)])
            .framework(scheduler, jobs)
            .run();
        let row = &run.frameworks[0];
        assert_eq!(
            (row.impossible, row.finished, run.totals.stalled),
            (impossible, 2 - impossible, false),
            "{scheduler}"
        );
    }
}

/// A job of a month in a replay of an hour: tables over time have some thousands of steps instead of a
/// quarter of a million, and nothing that ran is missing in them.
#[test]
fn a_long_job_makes_time_steps_longer_and_not_more() {
    let month = 30 * 86_400;
    let run = |long: u64| {
        let jobs = batch(vec![
            job(0, vec![maps(&[long])]),
            job(0, vec![maps(&[320])]),
        ]);
        Cluster::new("drf", &[cores(2)])
            .framework("fifo", jobs)
            .run()
    };
    let core_seconds = |run: &fairground_sim::run::Run| -> u64 {
        let step = run.step.as_micros() / 1_000_000;
        let rows = run.usage.iter();
        rows.map(|row| row.running.cpus().0 * step).sum::<u64>() / 1000
    };
    let mut short = run(640);
    assert_eq!((short.step, short.host_step), (secs(10), secs(10)));
    assert_eq!(core_seconds(&short), 960);
    let long = run(month);
    assert_eq!(long.step, secs(10 << 5));
    assert_eq!(long.host_step, secs(10 << 6));
    assert_eq!(long.usage.len(), 8100);
    assert_eq!(long.hosts.len(), 4050);
    assert_eq!(core_seconds(&long), month + 320);
    // What stands beside it has the same steps.
    short.coarsen(long.step, long.host_step);
    assert_eq!((short.step, short.host_step), (long.step, long.host_step));
    assert_eq!((short.usage.len(), short.hosts.len()), (2, 1));
    assert_eq!(core_seconds(&short), 960);
    assert_eq!(short.hosts[0].share, 750_000);
}

/// A map whose data the trace has on agent 1, in a framework that owns agent 0 of two.
fn reads_elsewhere() -> Vec<fairground_workloads::trace::Stage> {
    let stage = StageSpec {
        preferred: vec![AgentId(1)],
        ..StageSpec::new(cores(1), 1)
    };
    let runtimes = Runtimes::Plain {
        local: vec![secs(20)],
        away: 1500,
    };
    vec![(stage, runtimes)]
}

#[test]
fn a_partition_holds_the_data_of_its_framework_unless_told_otherwise() {
    for (policy, end) in [
        ("static", 20),
        ("static[data=own]", 20),
        ("static[data=all]", 30),
        // A pool has one agent's room for both: the first takes agent 0, away from its data.
        ("drf", 30),
    ] {
        let jobs = || batch(vec![job(0, vec![]), job(1, reads_elsewhere())]);
        let cluster = Cluster::new(policy, &[cores(1), cores(1)])
            .framework("fifo", jobs())
            .framework("fifo", batch(vec![]));
        let ended = cluster.run().jobs.iter().nth(1).unwrap().finished;
        assert_eq!(ended, Some(Time::from_secs(1 + end)), "{policy}");
    }
}

#[test]
fn what_a_start_costs_is_held_before_the_work() {
    let costs = CostSpec {
        start: secs(3),
        ..CostSpec::default()
    };
    // Two maps on one core: 3 + 10, then 3 + 5.
    let jobs = batch(vec![job(0, vec![maps(&[10, 5])])]);
    let cluster = Cluster::new("drf", &[cores(1)]).framework("fifo", jobs);
    check(&cluster.costs(costs), "f0 j0: 0s 0s 21s lost 0\n");
    // A reduce copies after its start: 10 (+ 3), then 3 + 15 + 7.
    let reduce = Runtimes::Reduce {
        copy: vec![secs(15)],
        work: vec![secs(7)],
    };
    let jobs = batch(vec![job(
        0,
        vec![maps(&[10]), (stage(1, &[0], 1000), reduce)],
    )]);
    let cluster = Cluster::new("drf", &[cores(1)]).framework("fifo", jobs);
    check(&cluster.costs(costs), "f0 j0: 0s 0s 38s lost 0\n");
    // An executor starts once for two tasks: 3 + 9 + 2.
    let waves = Runtimes::Waves {
        fresh: vec![secs(9); 2],
        first: vec![secs(5); 2],
        rest: vec![secs(2); 2],
    };
    let work = Work::Executors {
        jobs: numbered(vec![job(0, vec![(stage(2, &[], 1000), waves)])]),
        needs: cores(1),
        max: 1,
        idle: secs(60),
    };
    let cluster = Cluster::new("drf", &[cores(1)]).framework("fifo", work);
    check(&cluster.costs(costs), "f0 j0: 0s 3s 14s lost 0\n");
}

#[test]
fn stragglers_are_drawn_for_the_attempt_and_not_for_the_policy() {
    let costs = |stragglers| CostSpec {
        stragglers,
        slowdown: 4000,
        ..CostSpec::default()
    };
    let ends = |policy: &str, stragglers| {
        let tasks = vec![maps(&[10; 200])];
        let cluster = Cluster::new(policy, &[cores(200), cores(200)])
            .framework("fifo", batch(vec![job(0, tasks.clone())]))
            .framework("fifo", batch(vec![job(0, tasks)]));
        let mut cluster = cluster.costs(costs(stragglers));
        cluster.seed = 3;
        let mut ends = Vec::new();
        cluster.watched(&mut |ended| {
            ends.push((ended.framework, (ended.ended - ended.started).as_micros()));
        });
        ends.sort_unstable();
        ends
    };
    let slow = |ends: &[(FrameworkId, u64)]| ends.iter().filter(|one| one.1 == 40_000_000).count();
    assert_eq!(slow(&ends("drf", 0)), 0);
    assert_eq!(slow(&ends("drf", 1000)), 400);
    let pool = ends("drf", 100);
    assert!((25..=55).contains(&slow(&pool)), "{}", slow(&pool));
    assert_eq!(
        pool,
        ends("static", 100),
        "the same attempts are slow under every policy"
    );
}
