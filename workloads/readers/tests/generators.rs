//! What every workload promises, and digests that tell when one has moved.

mod common;

use common::{REQUESTS, SWIM, TPCH, folder, write};
use expect_test::{Expect, expect};
use fairground_policies::time::{Span, Time};
use fairground_readers::canonical::Imports;
use fairground_workloads::trace::{Job, Jobs, Runtimes, Work, Workload};
use fairground_workloads::{SpecContext, WorkloadSpec};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Recipe {
    work: WorkloadSpec,
}

const HOUR: Span = Span::from_secs(3600);

fn context(agents: u32, horizon: Span, seed: u64) -> SpecContext<'static> {
    SpecContext {
        agents,
        horizon,
        seed,
        name: "golden",
    }
}

/// The workload of a recipe; the files `swim`, `tpch` and `requests` are there.
fn built(recipe: &str, context: &SpecContext<'_>) -> Workload {
    let recipe: Recipe = toml::from_str(recipe).unwrap();
    let folder = folder();
    write(&folder, "swim", SWIM);
    write(&folder, "tpch", TPCH);
    write(&folder, "requests", REQUESTS.repeat(400));
    let source = recipe
        .work
        .load(folder.path(), &mut Imports::default())
        .unwrap();
    let workload = source.build(context).unwrap();
    assert_eq!(source.inputs(), workload.inputs);
    workload
}

fn jobs(workload: &Workload) -> Jobs {
    match &workload.work {
        Work::Batch(jobs) | Work::Executors { jobs, .. } => jobs.clone(),
        Work::Service(_) => Jobs::default(),
    }
}

/// Everything that must hold of any workload.
fn sound(workload: &Workload, context: &SpecContext<'_>) {
    assert!(!workload.assumptions.is_empty());
    let jobs = jobs(workload);
    assert!(jobs.iter().is_sorted_by_key(|job| job.submitted));
    for (position, job) in jobs.iter().enumerate() {
        assert!(job.submitted < Time::ZERO + context.horizon);
        assert_eq!(job.id.index(), position);
        assert!(!job.spec.stages.is_empty());
        sound_stages(&job, context.agents);
    }
    if let Work::Service(service) = &workload.work {
        let steps = context
            .horizon
            .as_micros()
            .div_ceil(service.step.as_micros());
        assert_eq!(service.load.len() as u64, steps);
    }
}

fn sound_stages(job: &Job<'_>, agents: u32) {
    for (position, (stage, runtimes)) in job.stages().enumerate() {
        let tasks = stage.tasks as usize;
        assert!(tasks > 0 && stage.start_after <= 1000);
        assert!(stage.parents.iter().all(|p| (*p as usize) < position));
        assert!(stage.parents.is_sorted_by(|one, next| one < next));
        assert_eq!(stage.preferred.len() % tasks, 0);
        assert!(stage.preferred.iter().all(|agent| agent.0 < agents));
        let times = if stage.rigid { 1 } else { tasks };
        assert!(!stage.rigid || (job.spec.gang && stage.preferred.is_empty()));
        match runtimes {
            Runtimes::Plain { local, away } => {
                assert_eq!(local.len(), times);
                assert!(away >= 1000);
            }
            Runtimes::Reduce { copy, work } => {
                assert!(copy.len() == tasks && work.len() == tasks);
                assert!(!stage.parents.is_empty());
            }
            Runtimes::Waves { fresh, first, rest } => {
                assert!([fresh, first, rest].iter().all(|t| t.len() == tasks));
            }
        }
    }
}

/// How much there is in an hour on 20 agents with seed 1, and the digest of its beginning.
fn check(recipe: &str, expected: &Expect) {
    let context = context(20, HOUR, 1);
    let workload = built(recipe, &context);
    sound(&workload, &context);
    assert_eq!(
        built(recipe, &context),
        workload,
        "a seed gives one workload"
    );
    let jobs = jobs(&workload);
    let (count, bytes) = if let Work::Service(service) = &workload.work {
        let beginning = &service.load[..service.load.len().min(100)];
        (service.load.iter().sum(), postcard::to_stdvec(beginning))
    } else {
        let tasks: u64 = jobs.iter().map(|job| job.spec.tasks()).sum();
        (
            tasks,
            postcard::to_stdvec(&jobs.iter().take(10).collect::<Vec<_>>()),
        )
    };
    let digest = blake3::hash(&bytes.unwrap()).to_hex();
    let told: Vec<String> = workload
        .assumptions
        .iter()
        .map(|a| format!("{}: {}\n", a.about, a.model))
        .collect();
    let shown = format!(
        "{} jobs, {count} tasks or requests, {}\n{}",
        jobs.len(),
        &digest[..16],
        told.concat()
    );
    expected.assert_eq(&shown);
}

#[test]
fn hadoop_has_not_moved() {
    check(
        "work.hadoop = {}",
        &expect![[r"
        245 jobs, 11899 tasks or requests, abbb07d5bbaf6d68
        arrivals: Poisson, 14s apart in the mean, times 1 + 0.3 * cos(time of day - 14h), started at 8h
        job sizes: 38 of 1 maps and 0 reduces; 18 of 2 maps and 0 reduces; 14 of 10 maps and 2 reduces; 12 of 50 maps and 0 reduces; 6 of 100 maps and 10 reduces; 6 of 200 maps and 0 reduces; 4 of 400 maps and 0 reduces; 2 of 400 maps and 30 reduces
        task durations: log-normal with spread 0.3; medians: map 23s, copy 15s, reduce 40s
        data placement: each block on 3 agents drawn uniformly; a map elsewhere takes 1.83 times as long
        start of reduces: after 0.05 of the maps, and not before the last one has started
    "]],
    );
}

#[test]
fn spark_has_not_moved() {
    check(
        "work.spark = {}",
        &expect![[r"
        133 jobs, 33234 tasks or requests, 3c222a223902bf35
        arrivals: Poisson, 25s apart in the mean, times 1 + 0.3 * cos(time of day - 14h), started at 8h
        job shapes: 2 to 8 stages in a chain, 0.3 of them joined to an earlier one; 4 to 200 tasks a stage, log-uniform
        task durations: log-normal, median 1500ms, spread 0.8 between and 0.3 within stages; first of a stage on an executor times 1.5, first of an executor plus 2s
        executors: cpus:1 mem:4096 each, one task at a time, at most 50, given back after 1m idle
    "]],
    );
}

#[test]
fn rails_has_not_moved() {
    check(
        "work.rails = {}",
        &expect![[r"
            0 jobs, 172184 tasks or requests, 423004a47b014fb2
            requests: 100 a second in the mean of a day; night 0.2, lunch at 12:30, evening at 20:00; started at 8h; log-normal noise 0.1 every 10s; flash crowds 1d apart in the mean, times 3, for 20m
            service: cpus:1 mem:1024 an instance, 5 workers, 150ms a request, up 20s after launch, at full speed from then on, objective 1s; requests go where they begin first, as from one perfect queue (better than any real balancer)
            autoscaler: 2 to 100 instances at a load of 0.6, every 15s, fewer after 5m
        "]],
    );
}

#[test]
fn mpi_has_not_moved() {
    check(
        "work.mpi = {}",
        &expect![[r"
            21 jobs, 504 tasks or requests, fd88f03cb3e2a03b
            arrivals: Poisson, 200s apart in the mean
            job sizes: 24 to 24 tasks, uniform, all at once or not at all
            task durations: log-normal, median 260s, spread 0.5, all tasks of a job alike
        "]],
    );
}

#[test]
fn swim_has_not_moved() {
    check(
        "work.swim.file = 'swim'",
        &expect![[r"
        3 jobs, 8 tasks or requests, 705c58c2ec03f53a
        task counts: a map per 64MiB of input, at least one; a reduce per 1GiB shuffled, none for none
        task durations: start 3s; a second: map 3200KiB, copy 20MiB, reduce 20MiB, write 20MiB
        task resources: map cpus:1 mem:1024; reduce cpus:1 mem:2048
        data placement: each block on 3 agents drawn uniformly; a map elsewhere takes 1.83 times as long
        start of reduces: after 0.05 of the maps, and not before the last one has started
    "]],
    );
    check(
        "[work.swim]\nfile = 'swim'\nmost_tasks = 2\nscale = 1.5\nfrom = '20s'",
        &expect![[r"
            1 jobs, 4 tasks or requests, 4f14c1030b0aad79
            task counts: a map per 64MiB of input, at least one; a reduce per 1GiB shuffled, none for none; at most 2 of each, which 1 jobs exceed
            task durations: start 3s; a second: map 3200KiB, copy 20MiB, reduce 20MiB, write 20MiB
            task resources: map cpus:1 mem:1024; reduce cpus:1 mem:2048
            data placement: each block on 3 agents drawn uniformly; a map elsewhere takes 1.83 times as long
            start of reduces: after 0.05 of the maps, and not before the last one has started
            data sizes: all bytes times 1.5
            part of the file: from 20s into the file
        "]],
    );
}

#[test]
fn tpch_has_not_moved() {
    check(
        "work.tpch.files = ['tpch', 'tpch']",
        &expect![[r"
        140 jobs, 560 tasks or requests, 77fb06f7da66aace
        arrivals: Poisson, 25s apart in the mean
        queries: uniform over 4 measured queries
        task durations: drawn from the measurements with 20 executors, or the nearest number with any; 1s more on a new executor where that was not measured
        executors: cpus:1 mem:4096 each, one task at a time, at most 50, given back after 1m idle
    "]],
    );
}

#[test]
fn requests_have_not_moved() {
    check(
        "[work.requests]\nfile = 'requests'\nfrom = '5s'\nscale = 1.5",
        &expect![[r"
            0 jobs, 9450 tasks or requests, 16b2171cf5aecb21
            requests: those of the file from 5s on, times 1.5, evenly spread over 10s
            service: cpus:1 mem:1024 an instance, 5 workers, 150ms a request, up 20s after launch, at full speed from then on, objective 1s; requests go where they begin first, as from one perfect queue (better than any real balancer)
            autoscaler: 2 to 100 instances at a load of 0.6, every 15s, fewer after 5m
        "]],
    );
}

#[test]
fn seeds_and_names_differ() {
    let one = built("work.mpi = {}", &context(20, HOUR, 1));
    let other = built("work.mpi = {}", &context(20, HOUR, 2));
    assert_ne!(one, other);
    let renamed = SpecContext {
        name: "other",
        ..context(20, HOUR, 1)
    };
    assert_ne!(one, built("work.mpi = {}", &renamed));
}

/// What `part` shows of the jobs is the same with and without the change.
fn unmoved<T: PartialEq + std::fmt::Debug>(
    kind: &str,
    change: &str,
    part: impl Fn(&Job) -> T + Copy,
) {
    let context = context(20, HOUR, 1);
    let plain = built(&format!("[work.{kind}]"), &context);
    let changed = built(&format!("[work.{kind}]\n{change}"), &context);
    assert_ne!(plain, changed, "{change} changes something");
    let parts = |workload: &Workload| {
        jobs(workload)
            .iter()
            .map(|job| part(&job))
            .collect::<Vec<_>>()
    };
    assert_eq!(parts(&plain), parts(&changed), "{kind}: {change}");
}

#[test]
fn one_parameter_does_not_shift_the_other_draws() {
    let submitted = |job: &Job<'_>| (job.submitted, job.label.to_owned());
    let shape = |job: &Job<'_>| (job.submitted, job.spec.clone());
    let times = |job: &Job<'_>| {
        let owned = |(_, times): (_, Runtimes<&[Span]>)| times.map(<[Span]>::to_vec);
        (job.submitted, job.stages().map(owned).collect::<Vec<_>>())
    };
    unmoved("hadoop", "map = '60s'", shape);
    unmoved("hadoop", "spread = 1", shape);
    unmoved("hadoop", "away = 3", shape);
    unmoved("hadoop", "replicas = 2", times);
    unmoved("hadoop", "cpus = 2", times);
    unmoved("spark", "task = '9s'", shape);
    unmoved("spark", "joins = 0.9", |job| job.submitted);
    unmoved("spark", "first = 2", shape);
    unmoved("mpi", "run = '9s'", shape);
    unmoved("mpi", "cpus = 2", times);
    unmoved("mpi", "tasks = [1, 64]", |job| job.submitted);
    unmoved(
        "hadoop",
        "bins = [{ name = 'one', jobs = 1, maps = 1 }]",
        |job| job.submitted,
    );
    unmoved("hadoop", "work = '9s'", submitted);
}

#[test]
fn a_deck_holds_the_mix_exactly() {
    let workload = built("work.hadoop.jobs = 100", &context(20, HOUR, 3));
    let jobs = jobs(&workload);
    assert_eq!(jobs.len(), 100);
    let maps: u32 = jobs.iter().map(|job| job.spec.stages[0].tasks).sum();
    assert_eq!(maps, 5014, "table 3 of the Mesos paper");
    let tasks: u64 = jobs.iter().map(|job| job.spec.tasks()).sum();
    assert_eq!(tasks - u64::from(maps), 148);
}

#[test]
fn data_may_lie_on_few_agents_or_none() {
    for agents in 0..4 {
        let context = context(agents, HOUR, 1);
        sound(&built("work.hadoop = {}", &context), &context);
        sound(&built("work.swim.file = 'swim'", &context), &context);
    }
}

/// A recipe of any kind with parameters within reason.
fn recipe() -> impl Strategy<Value = String> {
    let hadoop = (1..90_u32, 0..2000_u32, 1..9_u32, 0..50_u32, 0..9_u32).prop_map(
        |(gap, spread, maps, more, reduces)| {
            format!(
                "[work.hadoop]\ngap = '{gap}s'\nspread = {}\nslow_start = {}\n\
                 bins = [{{ name = 'x', jobs = 2, maps = {maps}, most = {}, reduces = {reduces} }}]",
                f64::from(spread) / 1000.0,
                f64::from(spread % 1001) / 1000.0,
                maps + more
            )
        },
    );
    let spark = (9..90_u32, 1..9_u32, 0..9_u32, 1..99_u32, 0..=1000_u32).prop_map(
        |(gap, stages, more, tasks, joins)| {
            format!(
                "[work.spark]\ngap = '{gap}s'\nstages = [{stages}, {}]\ntasks = [1, {tasks}]\n\
                 joins = {}\nday.swing = {}",
                stages + more,
                f64::from(joins) / 1000.0,
                f64::from(joins) / 1000.0
            )
        },
    );
    let rails = (0..9_000_u32, 1..99_u32, 0..=1000_u32, 0..99_u32).prop_map(
        |(rate, step, night, crowd)| {
            format!(
                "[work.rails]\nrate = {rate}\nstep = '{step}s'\nnight = {}\n\
                 crowd_gap = '{crowd}m'\nnoise = {}",
                f64::from(night) / 1000.0,
                f64::from(night) / 100.0
            )
        },
    );
    let mpi = (1..90_u32, 1..99_u32, 0..99_u32, 0..9_u32).prop_map(|(gap, tasks, more, spread)| {
        format!(
            "[work.mpi]\ngap = '{gap}s'\ntasks = [{tasks}, {}]\nspread = {spread}",
            tasks + more
        )
    });
    let swim = (1..99_u64, 1..9_u32, 1..9_000_u32).prop_map(|(block, most, scale)| {
        format!(
            "[work.swim]\nfile = 'swim'\nblock = '{block}MiB'\nmost_tasks = {most}\nscale = {}",
            f64::from(scale) / 1000.0
        )
    });
    let tpch = (1..90_u32, 1..200_u32).prop_map(|(gap, level)| {
        format!("[work.tpch]\nfiles = ['tpch']\ngap = '{gap}s'\nlevel = {level}")
    });
    let requests = (0..99_u32, 1..99_u32).prop_map(|(from, step)| {
        format!("[work.requests]\nfile = 'requests'\nfrom = '{from}s'\nstep = '{step}s'")
    });
    prop_oneof![hadoop, spark, rails, mpi, swim, tpch, requests]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_workload_is_sound(
        recipe in recipe(),
        agents in 1..50_u32,
        minutes in 0..70_u64,
        seed: u64,
    ) {
        let context = context(agents, Span::from_secs(minutes * 60), seed);
        sound(&built(&recipe, &context), &context);
    }
}
