//! Closed workloads as a recipe says them: what a recipe may say, what comes of it, and how policies are
//! compared that let users do more or less.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "UPDATE_EXPECT writes them"
)]

use std::path::{Path, PathBuf};

use expect_test::expect;
use fairground_policies::message::FrameworkId;
use fairground_policies::registry::Registry;
use fairground_policies::time::{Span, Time};
use fairground_sim::experiment::{Experiment, Unwatched};
use fairground_sim::output::Changes;
use fairground_sim::recipe::Recipe;
use fairground_sim::run::Run;

fn experiment(text: &str, settings: &[&str]) -> Experiment {
    let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
    let loaded = Recipe::of_text(text, &settings, "test".into(), PathBuf::new());
    Experiment::load(&loaded.expect("a recipe"), Registry::default()).expect("it loads")
}

fn run(experiment: &Experiment) -> Run {
    let policy = experiment.recipe().policies[0].clone();
    let trace = experiment.trace(1).expect("a trace");
    experiment.run(&policy, &trace, 1, false)
}

const ONE_SERVER: &str = r#"
name = "closed"
duration = "10m"
policies = ["fifo"]

[[cluster]]
agents = 1
cpus = 1
mem = "4GiB"

[[framework]]
name = "users"
scheduler = "fifo"

[framework.workload.mpi]
closed = { users = 3, think = "5s", times = "fixed" }
tasks = [1, 1]
run = "10s"
spread = 0
"#;

#[test]
fn a_recipe_says_how_many_users_there_are_and_how_they_think() {
    let run = run(&experiment(ONE_SERVER, &[]));
    // One server that is never idle from 5 s on: a job ends every 10 s, and all but the first three have
    // waited 15 s of their cycle of 30.
    let mut rows: Vec<_> = run.jobs.of(FrameworkId(0)).collect();
    rows.sort_by_key(|row| row.finished);
    for (at, row) in (0..).zip(&rows) {
        assert_eq!(row.finished, Some(Time::from_secs(15 + 10 * at)));
        let response = if at < 3 { 10 + 10 * at } else { 25 };
        assert_eq!(row.completion(), Some(Span::from_secs(response)));
        assert!(row.submitted < Time::from_secs(600));
    }
    // Those that are submitted before 600 s: of a job that ended at 595 s its user comes back too late.
    assert_eq!(rows.len(), 61);
    assert_eq!(run.frameworks[0].jobs, 61);
}

/// Whoever submits what can never run is answered at once, but does not go on before such a job could have
/// been done: all users have jobs until the end, whatever becomes of them.
#[test]
fn impossible_jobs_do_not_use_up_a_users_jobs() {
    let tasks = "framework.users.workload.mpi.tasks";
    let gangs = |tasks: &str| run(&experiment(ONE_SERVER, &[tasks]));
    // Gangs of two on one core: every 15 s, 5 s of thinking and the 10 s that a job takes.
    let never = gangs(&format!("{tasks}=[2,2]"));
    let mut times: Vec<u64> = never
        .jobs
        .iter()
        .map(|row| row.submitted.as_secs())
        .collect();
    times.sort_unstable();
    let each = (0..40).flat_map(|turn| [5 + 15 * turn; 3]);
    assert_eq!(times, each.collect::<Vec<_>>());
    assert_eq!(never.frameworks[0].impossible, 120);
    // One task or two: two thirds of three users' time is work at least, and nobody is done early.
    let some = gangs(&format!("{tasks}=[1,2]"));
    let page = &some.frameworks[0];
    assert!(page.impossible > 10 && page.finished > 10, "{page:?}");
    let mut last: Vec<u64> = some
        .jobs
        .iter()
        .map(|row| row.submitted.as_secs())
        .collect();
    last.sort_unstable();
    assert!(last[last.len() - 3] > 540, "{last:?}");
    assert_eq!((some.totals.stalled, never.totals.stalled), (false, false));
}

/// A limit of jobs holds for each phase: who has no more in one thinks again when the next begins.
#[test]
fn users_go_on_in_the_next_phase() {
    let phases = "\n[[framework.phases]]\nstart = \"5m\"\nrun = \"20s\"\n";
    let recipe = format!("{ONE_SERVER}{phases}");
    let run = run(&experiment(
        &recipe,
        &["framework.users.workload.mpi.jobs=2"],
    ));
    let mut times: Vec<_> = run
        .jobs
        .iter()
        .map(|row| (row.submitted.as_secs(), row.finished))
        .collect();
    times.sort();
    let submitted: Vec<u64> = times.iter().map(|(at, _)| *at).collect();
    assert_eq!(
        submitted,
        [5, 5, 5, 20, 30, 40, 305, 305, 305, 330, 350, 370]
    );
    let last = times.iter().filter_map(|(_, end)| *end).max();
    assert_eq!(last, Some(Time::from_secs(305 + 6 * 20)));
}

#[test]
fn users_who_are_more_leave_the_others_as_they_were() {
    let exponential = "framework.users.workload.mpi.closed.times=\"exponential\"";
    let jobs = |users: &str| {
        let users = format!("framework.users.workload.mpi.closed.users={users}");
        let settings = ["cluster.0.cpus=99", exponential, users.as_str()];
        let run = run(&experiment(ONE_SERVER, &settings));
        let rows = run.jobs.iter();
        let mut times: Vec<Time> = rows.map(|row| row.submitted).collect();
        times.sort();
        times
    };
    // Nobody ever waits on so many cores: what two users do is part of what three do.
    let (two, three) = (jobs("2"), jobs("3"));
    assert!(two.len() * 3 / 2 > three.len() / 2 && two.len() < three.len());
    assert!(two.iter().all(|at| three.binary_search(at).is_ok()));
}

#[test]
fn think_times_have_their_mean_and_the_response_time_law_holds() {
    let settings = [
        "cluster.0.cpus=99",
        "cluster.0.mem=\"99GiB\"",
        "framework.users.workload.mpi.closed={users=40, think=\"30s\"}",
        "duration=\"10h\"",
    ];
    let run = run(&experiment(ONE_SERVER, &settings));
    // N = X (R + Z): 40 = X (10 s + 30 s), a job a second; 36 000 of them, in which the mean of the think
    // times has a standard error of half a per cent.
    let jobs = run.frameworks[0].jobs;
    assert!((35_280..36_720).contains(&jobs), "{jobs}");
}

#[test]
fn policies_are_compared_by_jobs_that_all_of_them_met() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/closed.toml");
    let loaded = Recipe::load(Some(&example), &["seeds=2".to_owned()]).expect("a recipe");
    let experiment = Experiment::load(&loaded, Registry::default()).expect("it loads");
    let comparison = experiment
        .compare(&Unwatched::default())
        .expect("a comparison");
    let jobs = |policy: usize| {
        let runs = comparison.policies[policy].runs.iter();
        runs.map(|run| run.frameworks[0].jobs).sum::<u64>()
    };
    assert_ne!(
        jobs(0),
        jobs(1),
        "the pool lets users do another number of jobs"
    );
    let changes = Changes::of(&comparison);
    let unfinished = |jobs: usize| assert_eq!(jobs, 0, "{}", changes.to_text());
    changes
        .overall
        .iter()
        .for_each(|one| unfinished(one.jobs.unfinished));
    // Fewer than the users of either policy submitted.
    assert!(changes.lines.iter().any(|line| line.jobs.all > 100));
    assert!(
        changes
            .lines
            .iter()
            .all(|line| (line.jobs.all as u64) < jobs(0).max(jobs(1)))
    );
    assert!(comparison.warnings.is_empty(), "{:?}", comparison.warnings);
    let [sheet] = &comparison.sheets[..] else {
        panic!("a table of what users got done");
    };
    assert_eq!(sheet.rows.len(), 2);
    for (row, policy) in sheet.rows.iter().zip(["static", "drf"]) {
        assert_eq!(row[0], format!("analysts, {policy}"));
        assert_eq!(row[1], "12");
    }
}

#[test]
fn static_best_is_found_for_users_too() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/closed.toml");
    let settings = [
        "policies=[\"static\", \"static-best\"]",
        "duration=\"30m\"",
        "cluster.0.agents=4",
        "framework.analysts.share=2",
        "framework.solvers.share=2",
        "framework.solvers.phases=[]",
    ];
    let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
    let loaded = Recipe::load(Some(&example), &settings).expect("a recipe");
    let experiment = Experiment::load(&loaded, Registry::default()).expect("it loads");
    let comparison = experiment
        .compare(&Unwatched::default())
        .expect("a comparison");
    assert!(comparison.policies[1].resolved.starts_with("static[split="));
}

#[test]
fn mistakes_are_told() {
    let refused = |settings: &[&str]| {
        let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
        let loaded = Recipe::of_text(ONE_SERVER, &settings, "test".into(), PathBuf::new());
        match loaded {
            Err(error) => error.to_string(),
            Ok(loaded) => {
                let experiment = Experiment::load(&loaded, Registry::default());
                experiment.expect_err("a mistake").to_string()
            }
        }
    };
    let key = "framework.users.workload.mpi.closed";
    let mut told = String::new();
    for value in [
        "={users=0}",
        "={think=\"1s\"}",
        "={users=1, thinks=\"1s\"}",
        ".times=\"normal\"",
        "={users=4000000000, think=\"0s\"}",
    ] {
        told += &refused(&[&format!("{key}{value}")]);
        told += "\n";
    }
    expect![[r#"
        test: framework `users`: parameter `closed.users`: expected more than zero, found 0
        --set framework.users.workload.mpi.closed={think="1s"}: missing field `users`
        --set framework.users.workload.mpi.closed={users=1, thinks="1s"}: unknown field `thinks`, expected one of `users`, `think`, `times`
        --set framework.users.workload.mpi.closed.times="normal": unknown variant `normal`, expected `exponential` or `fixed`
        recipe closed: framework `users`: parameter `closed`: expected at most 10000000 jobs and 50000000 tasks, found more
          hint: shorten the duration, or let users be fewer or think longer
    "#]].assert_eq(&told);
}
