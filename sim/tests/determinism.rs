//! Same inputs, same bytes: twice, with any number of threads, in debug and release, wherever the
//! program lies in memory; and different policies do differ.
//!
//! `data/golden.txt` holds digests that every build must give. A change of them is a change of what
//! is simulated: it is committed with the sentence that explains it (`UPDATE_EXPECT=1` rewrites).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use expect_test::expect_file;
use fairground_policies::registry::Registry;
use fairground_sim::experiment::{Experiment, Unwatched};
use fairground_sim::recipe::Recipe;
use fairground_sim::run::Run;

const POLICIES: [&str; 34] = [
    "static",
    "static[data=all]",
    "static[split=5:2:2]",
    "drf",
    "drf[tie=last]",
    "drf[round=1s]",
    "drf[offers=task]",
    "drf[offers=task,round=1s]",
    "drf[timeout=2s]",
    "drf[offers=shared]",
    "fifo[offers=shared,conflict=sequence,commit=all]",
    "fair[on=cpus]",
    "fair[on=mem]",
    "fifo",
    "random",
    "random[offers=task]",
    "lottery",
    "asset",
    "choosy",
    "karma[on=cpus,slices=60]",
    "slurm",
    "borg",
    "tiresias[queues=10m]",
    "yarn-fair",
    "yarn-fair[preempt=10s]",
    "yarn-fair[on=dominant]",
    "kueue",
    "kai",
    "armada",
    "volcano",
    "priority[tie=last]",
    "slots[per-agent=3]",
    "hdrf",
    "yarn-capacity[calculator=dominant,preempt=10s]",
];

#[test]
fn every_policy_has_a_golden_digest() {
    for entry in Registry::default().allocators() {
        assert!(
            POLICIES.iter().any(|name| name.starts_with(entry.name)),
            "{} has no golden digest",
            entry.name
        );
    }
}

/// The nine hosts for six hours, with weights, failures and slow messages, so that nothing that a
/// policy could decide is without effect.
fn experiment(settings: &[&str]) -> Experiment {
    let common = [
        "duration=\"6h\"",
        "seeds=2",
        "framework.hadoop.weight=2",
        "framework.hadoop.workload.hadoop.gap=\"4m\"",
        "faults.mtbf=\"12h\"",
        "faults.mttr=\"10m\"",
        "network.latency=\"20ms\"",
        "network.jitter=\"30ms\"",
        "network.think=\"2500ms\"",
    ];
    let settings: Vec<String> = common
        .iter()
        .chain(settings)
        .map(ToString::to_string)
        .collect();
    let loaded = Recipe::load(None, &settings).expect("the built-in recipe");
    Experiment::load(&loaded, Registry::default()).expect("known names")
}

/// Those that look at everything whenever anything happens: a run of theirs takes as long as all others together.
const SLOW: [&str; 4] = ["kueue", "kai", "armada", "volcano"];

fn runs(
    experiment: &Experiment,
    policies: impl IntoIterator<Item = &'static str>,
) -> BTreeMap<&'static str, Run> {
    let trace = experiment.trace(1).expect("a trace");
    let run = |policy: &'static str| {
        let name = policy.parse().expect("a name");
        (policy, experiment.run(&name, &trace, 1, true))
    };
    policies.into_iter().map(run).collect()
}

#[test]
fn digests_are_golden_and_tell_policies_apart() {
    let experiment = experiment(&[]);
    let first = runs(&experiment, POLICIES);
    // Of the slow ones the digest that stands in the file says as much.
    let quick = POLICIES.into_iter().filter(|name| !SLOW.contains(name));
    for (policy, second) in runs(&experiment, quick) {
        assert_eq!(
            first[policy], second,
            "{policy}: the same twice is the same"
        );
    }
    let mut golden = String::new();
    for policy in POLICIES {
        let _ = writeln!(golden, "{policy} {}", first[policy].digest);
    }
    expect_file!["data/golden.txt"].assert_eq(&golden);
    let mut seen = BTreeMap::new();
    for (policy, run) in &first {
        if let Some(other) = seen.insert(&run.digest, policy) {
            panic!("{policy} and {other} have one digest on a workload made to tell them apart");
        }
    }
}

#[test]
fn another_policy_meets_the_same_work() {
    let quick = POLICIES.into_iter().filter(|name| !SLOW.contains(name));
    let runs = runs(&experiment(&[]), quick);
    let submitted = |run: &Run| -> Vec<_> {
        let job = |job: fairground_sim::run::JobRow<'_>| (job.framework, job.submitted, job.tasks);
        run.jobs.iter().map(job).collect()
    };
    let requests =
        |run: &Run| -> Vec<u64> { run.services.iter().map(|row| row.requests).collect() };
    let (_, one) = runs.first_key_value().expect("a run");
    for (policy, run) in &runs {
        assert_eq!(submitted(run), submitted(one), "{policy}");
        assert_eq!(requests(run), requests(one), "{policy}");
    }
}

#[test]
fn threads_change_nothing() {
    let experiment = experiment(&[
        "policies=[\"static\", \"static-best\", \"drf\"]",
        "duration=\"2h\"",
    ]);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let compare = || {
            experiment
                .compare(&Unwatched::default())
                .expect("a comparison")
        };
        format!("{:?}", pool.expect("threads").install(compare))
    };
    assert_eq!(with(1), with(8));
}

#[test]
fn the_place_in_memory_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |out: &Path, randomised: bool| {
        let binary = env!("CARGO_BIN_EXE_fairground");
        let mut command = if randomised {
            Command::new(binary)
        } else {
            let mut command = Command::new("setarch");
            command.args(["-R", binary]);
            command
        };
        let done = command
            .args(["run", "--duration", "2h", "--out"])
            .arg(out)
            .output();
        done.is_ok_and(|done| done.status.success())
    };
    let (with, without) = (folder.path().join("with"), folder.path().join("without"));
    assert!(run(&with, true));
    if !run(&without, false) {
        eprintln!("skipped: this machine cannot switch address randomisation off (setarch -R)");
        return;
    }
    let read = |folder: &Path| std::fs::read(folder.join("DIGESTS")).expect("digests");
    assert_eq!(read(&with), read(&without));
}
