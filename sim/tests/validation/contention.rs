//! Machines that are shared: worked answers to the microsecond, the law of conservation, and the mean of
//! processor sharing in theory.

use fairground_policies::job::StageSpec;
use fairground_policies::message::FrameworkId;
use fairground_policies::resources::{Mebibytes, Millicores, Resources};
use fairground_policies::time::{Span, Time};
use fairground_sim::run::Run;
use fairground_workloads::rng;
use fairground_workloads::trace::{Autoscaler, Jobs, Runtimes, Work};
use fairground_workloads::usage::UseSpec;
use proptest::prelude::*;

use crate::common::{Cluster, batch, cores, job, maps, secs, service};
use crate::{Plain, times, work};

/// Agents of so many cores that offer `times` times that, and all memory anybody could ask for.
fn shared(agents: &[u64], times: u32) -> Cluster {
    let agent = |cores: &u64| Resources::cores(*cores, 1 << 40);
    let agents: Vec<Resources> = agents.iter().map(agent).collect();
    let mut cluster = Cluster::new("fifo", &agents);
    cluster.overcommit = vec![times * 1000; agents.len()];
    cluster
}

/// One more framework, whose tasks use so much.
fn with(cluster: Cluster, uses: Option<UseSpec>, work: Work) -> Cluster {
    let mut cluster = cluster.framework("fifo", work);
    cluster.frameworks.last_mut().expect("a framework").uses = uses;
    cluster
}

/// A job of one task of one core, in seconds.
fn one(submitted: u64, run: u64) -> Plain {
    Plain {
        submitted: Time::from_secs(submitted),
        needs: Resources::cores(1, 1),
        tasks: 1,
        run: secs(run),
    }
}

fn ends(run: &Run, framework: u32) -> Vec<u64> {
    let times = times(run, framework).into_iter();
    times.map(|(_, end)| end.as_micros()).collect()
}

const ALL: Option<UseSpec> = Some(UseSpec::Part(1000));

#[test]
fn three_tasks_on_one_core_share_it_to_the_microsecond() {
    // From 0 s one of 10 s; from 4 s a second of 3 s, both at half the speed; from 6 s a third of 1 s,
    // all at a third. At 6 s the first has 5 s left, the second 2 s. The third is done at 9 s; the
    // second has 1 s left then and is done at 11 s; the first has 3 s left and is done at 14 s.
    let jobs = [one(0, 10), one(4, 3), one(6, 1)];
    let run = with(shared(&[1], 3), ALL, work(&jobs, false)).run();
    assert_eq!(ends(&run, 0), [14_000_000, 11_000_000, 9_000_000]);
    // One core was used all the time.
    let used: Vec<_> = run.usage.iter().map(|row| row.used).collect();
    assert_eq!(used, [Some(1000), Some(400)], "steps of 10 s");
    assert_eq!(run.frameworks[0].mean_used, Some(14 * 1000 / 3600));
}

#[test]
fn a_third_of_a_microsecond_is_not_lost() {
    // Seven tasks of a microsecond share a core: all are done after seven.
    let jobs = vec![
        Plain {
            run: Span::from_micros(1),
            ..one(0, 0)
        };
        7
    ];
    let run = with(shared(&[1], 7), ALL, work(&jobs, false)).run();
    assert_eq!(ends(&run, 0), [7; 7]);
    // Three tasks of 10 s on two cores: all of them at 2/3, done at 15 s.
    let run = with(
        shared(&[2], 2),
        ALL,
        batch(vec![job(0, vec![maps(&[10; 3])])]),
    );
    assert_eq!(ends(&run.run(), 0), [15_000_000]);
}

#[test]
fn who_uses_less_than_it_asks_for_leaves_room() {
    // Two tasks of a core each on one that offers two: at 0.4 of their requests there is room for both,
    // at 0.6 each runs at 1 / 1.2, at 2 at a quarter.
    for (part, end) in [(400, 12), (600, 14_400), (2000, 48)] {
        let spec = Some(UseSpec::Part(part));
        let run = with(shared(&[1], 2), spec, work(&[one(0, 12); 2], false)).run();
        let end = if end > 1000 {
            end * 1000
        } else {
            end * 1_000_000
        };
        assert_eq!(ends(&run, 0), [end; 2], "{part}");
        let used: u64 = run.usage.iter().filter_map(|row| row.used).sum();
        assert_eq!(
            used,
            2 * u64::from(part) * 12 / 10,
            "{part}: work is conserved"
        );
    }
}

#[test]
fn a_task_that_uses_more_than_it_asked_for_slows_its_neighbour() {
    // On two cores that are not overcommitted: one uses 3 cores, the other 1, both run at half the speed
    // until the small one is done, after 10 s; the large one at 2/3 from then on: 15 s are left.
    let mut cluster = with(
        shared(&[2], 1),
        Some(UseSpec::Part(3000)),
        work(&[one(0, 15)], false),
    );
    cluster.overcommit = Vec::new();
    cluster = with(cluster, ALL, work(&[one(0, 5)], false));
    let run = cluster.run();
    assert_eq!(ends(&run, 1), [10_000_000]);
    assert_eq!(ends(&run, 0), [25_000_000]);
}

#[test]
fn what_nobody_knows_is_taken_for_all_and_told_as_nothing() {
    let cluster = with(shared(&[1], 2), ALL, work(&[one(0, 10)], false));
    let run = with(cluster, None, work(&[one(0, 10)], false)).run();
    assert_eq!(
        (ends(&run, 0), ends(&run, 1)),
        (vec![20_000_000], vec![20_000_000])
    );
    let used = |framework| {
        let rows = run.usage.iter();
        let mine = rows.filter(move |row| row.framework == FrameworkId(framework));
        mine.map(|row| row.used).collect::<Vec<_>>()
    };
    assert_eq!(used(0), [Some(500), Some(500)]);
    assert_eq!(used(1), [None, None]);
    assert_eq!(run.frameworks[1].mean_used, None);
}

#[test]
fn a_trace_that_measured_some_of_its_jobs_is_known_where_only_they_run() {
    // The first job used half of what it had; of the second, from 20 s on, nobody knows.
    let mut jobs = Jobs::default();
    let stage = || {
        let local = vec![secs(10)];
        let spec = StageSpec::new(Resources::cores(1, 1), 1);
        vec![(spec, Runtimes::Plain { local, away: 1000 })]
    };
    jobs.push("measured", Time::ZERO, false, stage());
    jobs.measured(Some(500_000));
    jobs.push("unknown", Time::from_secs(20), false, stage());
    let run = with(shared(&[1], 1), Some(UseSpec::Trace), Work::Batch(jobs)).run();
    let used: Vec<_> = run.usage.iter().map(|row| row.used).collect();
    assert_eq!(used, [Some(500), Some(0), None]);
    assert_eq!(run.frameworks[0].mean_used, None);
}

#[test]
fn what_ends_early_gives_its_part_back() {
    // Two machines of one core; on the second 20 s of work share it with another's 20 s. The first is
    // lost at 5 s with a task of 20 s, which starts again on the second: three share it from then on.
    // Each of the two had done 2.5 s and has 17.5 s left: done 52.5 s later, at 57.5 s, when the third has
    // 2.5 s left: done at 60 s.
    let stage = |needs: u64, tasks: u32| {
        let local = vec![secs(20); tasks as usize];
        let spec = StageSpec::new(Resources::cores(needs, 1), tasks);
        (spec, Runtimes::Plain { local, away: 1000 })
    };
    let mut cluster = Cluster::new("fifo", &[Resources::cores(1, 9), Resources::cores(1, 9)]);
    cluster.overcommit = vec![1000, 3000];
    let cluster = with(cluster, ALL, batch(vec![job(0, vec![stage(1, 3)])]));
    let run = cluster.fault(0, secs(5), None).run();
    assert_eq!(ends(&run, 0), [60_000_000]);
    assert_eq!(run.frameworks[0].work_lost, secs(5));
}

#[test]
fn a_shared_run_is_over_when_its_work_is() {
    // Ten cores of work for 100 s on a core: done after 1000 s. The machine is lost at 5 s, and the second
    // has ten cores. Nobody waits for the look at the first at 1000 s.
    let uses = Some(UseSpec::Part(10_000));
    let cluster = with(shared(&[1, 10], 1), uses, work(&[one(0, 100)], false));
    let run = cluster.fault(0, secs(5), None).run();
    assert_eq!(ends(&run, 0), [105_000_000]);
    assert_eq!(run.totals.end, Time::from_secs(105));
}

#[test]
fn an_executor_uses_nothing_while_it_waits() {
    // An executor and a task of another framework on one core that offers two. The executor's two units
    // of 5 s come at 0 s and at 20 s: each shares the core with the task of 20 s.
    let stage = || {
        let times = vec![secs(5)];
        let (fresh, first, rest) = (times.clone(), times.clone(), times);
        let spec = StageSpec::new(Resources::cores(1, 1), 1);
        vec![(spec, Runtimes::Waves { fresh, first, rest })]
    };
    let mut jobs = Jobs::default();
    jobs.push("a", Time::ZERO, false, stage());
    jobs.push("b", Time::from_secs(20), false, stage());
    let executors = Work::Executors {
        jobs,
        needs: Resources::cores(1, 1),
        max: 1,
        idle: secs(60),
    };
    let cluster = with(shared(&[1], 2), ALL, executors);
    let run = with(cluster, ALL, work(&[one(0, 20)], false)).run();
    // 0 to 10 s together, 10 to 20 s alone: 5 s are left, which take 10 s with the second unit.
    assert_eq!(ends(&run, 0), [10_000_000, 30_000_000]);
    assert_eq!(ends(&run, 1), [30_000_000]);
}

#[test]
fn a_reduce_that_waits_for_its_maps_uses_nothing() {
    // A map of 30 s and, from the start, a reduce that copies: it has copied when the map ends, and
    // works for 5 s. Meanwhile another's task of 10 s shares the core with the map only.
    let map = maps(&[30]);
    let reduce = StageSpec {
        parents: vec![0],
        start_after: 0,
        ..StageSpec::new(cores(1), 1)
    };
    let times = Runtimes::Reduce {
        copy: vec![secs(1)],
        work: vec![secs(5)],
    };
    let cluster = with(
        shared(&[1], 3),
        ALL,
        batch(vec![job(0, vec![map, (reduce, times)])]),
    );
    let run = with(cluster, ALL, work(&[one(0, 10)], false)).run();
    assert_eq!(ends(&run, 1), [20_000_000]);
    assert_eq!(ends(&run, 0), [45_000_000]);
}

#[test]
fn instances_are_slower_on_a_machine_that_is_full() {
    // One instance of one worker on a core, 0.2 requests a second of 1 s. Beside it two tasks that use
    // 1.5 cores each: it runs at a quarter of its speed, where half the load is 0.8 of what it can do.
    let one_instance = || {
        let mut service = service(&[2; 30], 1, secs(1));
        service.autoscaler = Autoscaler {
            max: 1,
            ..service.autoscaler
        };
        Work::Service(service)
    };
    let alone = with(shared(&[1], 3), ALL, one_instance()).run();
    let beside = with(shared(&[1], 3), ALL, one_instance());
    let beside = with(
        beside,
        Some(UseSpec::Part(1500)),
        work(&[one(0, 300); 2], false),
    )
    .run();
    let median = |run: &Run| run.frameworks[0].latency_p50.as_micros();
    // M/M/1: ln 2 / (mu - lambda), of which mu is 1 or 1/4 a second and lambda 0.2.
    assert!(
        (866_000..868_000).contains(&median(&alone)),
        "{}",
        median(&alone)
    );
    let slow = median(&beside);
    assert!((13_850_000..13_880_000).contains(&slow), "{slow}");
    assert_eq!(beside.usage[0].used, Some(250));
}

/// Poisson arrivals of tasks of one core that take a second on average.
fn arrivals(count: usize, load: u64, random: bool) -> Vec<Plain> {
    let mut gaps = rng::stream(1, "gaps");
    let mut lengths = rng::stream(2, "lengths");
    let mut now = Time::ZERO;
    let mut next = || {
        now += gaps.exponential(Span::from_micros(100_000_000 / load));
        Plain {
            submitted: now,
            run: if random {
                lengths.exponential(secs(1))
            } else {
                secs(1)
            },
            ..one(0, 0)
        }
    };
    (0..count).map(|_| next()).collect()
}

/// Processor sharing by the book, in fractions: who has the least left is done next, unless another
/// comes before.
fn plain_sharing(jobs: &[Plain]) -> Vec<f64> {
    let mut done = vec![0.0; jobs.len()];
    let mut left: Vec<(usize, f64)> = Vec::new();
    let (mut now, mut next) = (0.0, 0);
    while next < jobs.len() || !left.is_empty() {
        let least = left
            .iter()
            .copied()
            .min_by(|one, other| one.1.total_cmp(&other.1));
        let end = least.map_or(f64::INFINITY, |(_, work)| now + work * left.len() as f64);
        let comes = jobs.get(next);
        let comes = comes.map_or(f64::INFINITY, |job| job.submitted.as_micros() as f64);
        let until = end.min(comes);
        let served = (until - now) / left.len().max(1) as f64;
        for (_, work) in &mut left {
            *work -= served;
        }
        now = until;
        if comes <= end {
            left.push((next, jobs[next].run.as_micros() as f64));
            next += 1;
        } else if let Some((first, _)) = least {
            done[first] = now;
            left.retain(|(job, _)| *job != first);
        }
    }
    done
}

/// One core under `load` hundredths: every end is that of the book to a microsecond, and the mean
/// response time within a tenth of 1 / (1 - load), whatever the distribution (Kleinrock, Queueing Systems
/// II, section 4.4).
fn check_theory(count: usize, load: u64, random: bool) {
    let jobs = arrivals(count, load, random);
    let run = with(shared(&[1], 1000), ALL, work(&jobs, false)).run_quickly();
    let ends = ends(&run, 0);
    for (end, plain) in ends.iter().zip(plain_sharing(&jobs)) {
        assert!((*end as f64 - plain).abs() < 1.5, "{end} and not {plain}");
    }
    let came = jobs.iter().map(|job| job.submitted.as_micros());
    let all: u64 = ends.iter().zip(came).map(|(end, came)| end - came).sum();
    let (mean, theory) = (all / count as u64, 100_000_000 / (100 - load));
    assert!(
        mean.abs_diff(theory) * 10 < theory,
        "{mean} and not {theory} at {load}"
    );
}

#[test]
fn one_core_is_an_egalitarian_processor_sharing_queue() {
    for load in [30, 50, 80] {
        check_theory(20_000, load, false);
        check_theory(20_000, load, true);
    }
}

prop_compose! {
    /// When it comes in ms, how many cores it asks for in tenths, and how long it takes in microseconds.
    fn task()(at in 0_u64..20_000, tenths in 1_u64..30, run in 0_u64..9_000_000) -> (u64, u64, u64) {
        (at, tenths, run)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn work_is_conserved(
        tasks in prop::collection::vec(task(), 1..40),
        sizes in prop::collection::vec(1_u64..4, 1..4),
        part in 1_u32..3000,
        lost in prop::option::of(0_u64..20),
    ) {
        let plain = |(at, tenths, run): &(u64, u64, u64)| Plain {
            submitted: Time::from_micros(at * 1000),
            needs: Resources::new(Millicores(tenths * 100), Mebibytes(1)),
            tasks: 1,
            run: Span::from_micros(*run),
        };
        let mut jobs: Vec<Plain> = tasks.iter().map(plain).collect();
        jobs.sort_by_key(|job| job.submitted);
        let mut cluster = with(shared(&sizes, 20), Some(UseSpec::Part(part)), work(&jobs, false));
        cluster.policy = "drf".to_owned();
        if let Some(at) = lost {
            cluster = cluster.fault(0, secs(at), Some(secs(1)));
        }
        // One step for all: no row is rounded.
        cluster.step = secs(100_000);
        let run = cluster.run();
        let row = &run.frameworks[0];
        prop_assert_eq!(row.finished, jobs.len() as u64);
        if row.tasks_lost > 0 {
            return Ok(());
        }
        // What was used is what there was to do, to a microsecond a change of the mix.
        let (mut all, mut longest) = (0_u128, 0);
        for (job, (start, end)) in jobs.iter().zip(times(&run, 0)) {
            let uses = u128::from(job.needs.cpus().0) * u128::from(part);
            let uses = ((uses + 500) / 1000).max(1);
            all += uses * u128::from(job.run.as_micros());
            longest = longest.max(uses);
            prop_assert!(end - start >= job.run, "nobody is faster than alone");
        }
        let step = u128::from(cluster.step.as_micros());
        let used = u128::from(run.usage[0].used.expect("known"));
        let slack = longest * 2 * jobs.len() as u128 + step;
        prop_assert!(used * step <= all + slack, "{} of {}", used * step, all);
        prop_assert!(used * step + slack >= all, "{} of {}", used * step, all);
        prop_assert!(run == cluster.run(), "the same twice is the same");
    }
}
