//! A run whose jobs come one by one is the run with all of them in memory: same digest, same rows.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use fairground_policies::registry::Registry;
use fairground_sim::experiment::Experiment;
use fairground_sim::recipe::Recipe;
use fairground_sim::run::{JobLine, JobTable, each_job};
use fairground_workloads::ReadError;
use fairground_workloads::rng;
use fairground_workloads::sorted::Sorted;

/// A log of parallel machines; jobs of one to four processors of ten users.
fn log(jobs: u32) -> String {
    let mut draws = rng::stream(1, "streams");
    let mut text = "; Version: 2.2\n".to_owned();
    let mut now = 0;
    for job in 1..=jobs {
        now += draws.below(3);
        let (run, cpus, user) = (1 + draws.below(99), 1 + draws.below(4), 1 + draws.below(10));
        let _ = writeln!(
            text,
            "{job} {now} 0 {run} {cpus} -1 -1 {cpus} -1 -1 1 {user} 1 1 1 1 -1 -1"
        );
    }
    text
}

const RECIPE: &str = r#"
name = "streams"
duration = "1d"
policies = ["drf"]

[[cluster]]
agents = 40
cpus = 16
mem = "32GiB"

[[framework]]
name = "first"
share = 20
scheduler = "fair"
workload.trace = { file = "log.swf", tenants = ["user 1", "user 2"] }

[[framework]]
name = "others"
share = 20
scheduler = "fifo"
workload.trace = { file = "log.swf", except = ["user 1", "user 2"] }
"#;

/// Runs both ways; `settings` change the recipe.
fn check(jobs: u32, policy: &str, settings: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("log.swf"), log(jobs)).unwrap();
    check_in(folder.path(), RECIPE, policy, settings);
}

fn check_in(folder: &Path, recipe: &str, policy: &str, settings: &[&str]) {
    let mut settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
    settings.push(format!("policies=[{policy:?}]"));
    let loaded = Recipe::of_text(recipe, &settings, "test".into(), folder.to_owned()).unwrap();
    let experiment = Experiment::load(&loaded, Registry::default()).unwrap();
    let policy = policy.parse().unwrap();
    let trace = experiment.trace(1).unwrap();
    let whole = experiment.run(&policy, &trace, 1, false);
    let streams = experiment.stream(&policy, 1).unwrap();
    let (streamed, lines) = (streams.run, streams.lines);
    assert!(!streams.assumptions.is_empty());
    assert!(whole.totals.events > 0);
    assert_eq!(streamed.digest, whole.digest, "{policy} {settings:?}");
    assert_eq!(streamed.frameworks, whole.frameworks);
    assert_eq!(streamed.totals, whole.totals);
    let expected = rows(&whole.jobs, &Sorted::by(|_| (0, 0)));
    let found = rows(&streamed.jobs, &lines);
    assert!(found == expected, "rows of {policy} {settings:?}");
    assert!(!found.is_empty());
}

fn rows(jobs: &JobTable, lines: &Sorted<JobLine>) -> Vec<String> {
    let mut rows = Vec::new();
    let told = each_job::<ReadError>(jobs, lines, |row| {
        rows.push(format!("{row:?}"));
        Ok(())
    });
    told.unwrap();
    rows
}

#[test]
fn a_streamed_run_is_the_run() {
    check(2000, "drf", &[]);
    check(2000, "fifo[offers=task]", &[]);
    check(2000, "static", &["network.latency=\"20ms\""]);
    check(
        2000,
        "drf[round=1s]",
        &["framework.first.scheduler=\"gang\""],
    );
    check(2000, "drf", &["faults.mtbf=\"10m\"", "faults.mttr=\"5m\""]);
    check(
        2000,
        "drf",
        &[
            "framework.others.workload.trace.sample=0.5",
            "duration=\"20m\"",
        ],
    );
    // Those that wait for others are in memory.
    check(
        2000,
        "drf",
        &["framework.first.workload.trace.feedback=\"user\""],
    );
    check(
        2000,
        "drf",
        &["framework.others.workload.trace.from=\"5m\""],
    );
}

#[test]
fn jobs_that_never_run_have_their_rows() {
    // No agent has room for two processors, and what waits for ever stalls.
    check(300, "drf", &["cluster.0.cpus=1"]);
    check(300, "static[split=40:0]", &[]);
}

/// More jobs than are kept in memory while they are sorted.
#[test]
fn jobs_are_put_aside_and_read_again() {
    check(
        150_000,
        "fifo[offers=task]",
        &["duration=\"3d\"", "cluster.0.agents=200"],
    );
}
