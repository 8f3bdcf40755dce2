//! What becomes of tasks that a policy takes back.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "UPDATE_EXPECT writes them"
)]

use std::fmt::Write as _;
use std::path::PathBuf;

use expect_test::{Expect, expect};
use fairground_policies::registry::Registry;
use fairground_sim::experiment::{Experiment, Unwatched};
use fairground_sim::recipe::Recipe;

#[allow(dead_code, reason = "its `main` is not called here")]
#[path = "../examples/preempt.rs"]
mod preempt;

/// One machine of four cores; a job of three tasks that last 300 s from the start, and after 100 s two tasks
/// of 10 s of a framework that counts more, of which a first one says when its log begins.
const TWO: &str = r#"
name = "preemption"
duration = "10m"

[[cluster]]
agents = 1
cpus = 4
mem = "4GiB"

[[framework]]
name = "long"
preempted = "WORK"

[framework.workload.trace]
file = "long.swf"

[[framework]]
name = "urgent"
weight = 2

[framework.workload.trace]
file = "urgent.swf"
"#;

/// The rows of all attempts: whose, from when to when, and how each ended; and the time lost.
fn check(policy: &str, work: &str, expected: &Expect) {
    let folder = tempfile::tempdir().expect("a folder");
    let header = "; MaxProcs: 4\n";
    let row = |at: u64, run: u64, cores: u64| {
        format!("1 {at} -1 {run} {cores} -1 -1 {cores} -1 -1 1 1 1 1 1 -1 -1 -1\n")
    };
    let write = |name: &str, row: String| {
        std::fs::write(folder.path().join(name), header.to_owned() + &row).expect("a file");
    };
    write("long.swf", row(0, 300, 3));
    write("urgent.swf", row(0, 1, 1) + &row(100, 10, 2));
    let text = TWO.replace("WORK", work);
    let settings = ["tasks=true".to_owned()];
    let folder = PathBuf::from(folder.path());
    let loaded = Recipe::of_text(&text, &settings, "test".into(), folder).expect("a recipe");
    let registry = Registry::default().with_allocator(preempt::PREEMPT);
    let experiment = Experiment::load(&loaded, registry)
        .expect("it loads")
        .checked();
    let trace = experiment.trace(1).expect("a trace");
    let run = experiment.run(&policy.parse().expect("a name"), &trace, 1, false);
    let mut shown = String::new();
    for row in &run.tasks {
        let (from, to) = (row.started, row.ended);
        let (whose, how) = (row.framework, row.outcome.word());
        writeln!(shown, "{whose} {from} to {to} {how}").unwrap();
    }
    for (i, row) in run.frameworks.iter().enumerate() {
        let (tasks, lost) = (row.tasks_preempted, row.work_lost);
        writeln!(shown, "f{i}: preempted {tasks}, in vain {lost}").unwrap();
    }
    expected.assert_eq(&shown);
}

#[test]
fn work_is_lost_kept_or_kept_to_the_last_checkpoint() {
    check(
        "priority[offers=task]",
        "lost",
        &expect![[r#"
            f1 0s to 1s finished
            f0 0s to 5m finished
            f1 5m to 310s finished
            f0: preempted 0, in vain 0s
            f1: preempted 0, in vain 0s
        "#]],
    );
    check(
        "preempt[offers=task]",
        "lost",
        &expect![[r#"
            f1 0s to 1s finished
            f0 0s to 100s preempted
            f1 100s to 110s finished
            f0 110s to 410s finished
            f0: preempted 3, in vain 5m
            f1: preempted 0, in vain 0s
        "#]],
    );
    check(
        "preempt[offers=task]",
        "kept",
        &expect![[r#"
            f1 0s to 1s finished
            f0 0s to 100s preempted
            f1 100s to 110s finished
            f0 110s to 310s finished
            f0: preempted 3, in vain 0s
            f1: preempted 0, in vain 0s
        "#]],
    );
    check(
        "preempt[offers=task]",
        "40s",
        &expect![[r#"
            f1 0s to 1s finished
            f0 0s to 100s preempted
            f1 100s to 110s finished
            f0 110s to 330s finished
            f0: preempted 3, in vain 1m
            f1: preempted 0, in vain 0s
        "#]],
    );
    check(
        "preempt[offers=task,grace=30s]",
        "40s",
        &expect![[r#"
            f1 0s to 1s finished
            f0 0s to 130s preempted
            f1 130s to 140s finished
            f0 140s to 320s finished
            f0: preempted 3, in vain 30s
            f1: preempted 0, in vain 0s
        "#]],
    );
}

/// What stands for nothing said is an assumption, too, where a policy takes anything back.
#[test]
fn that_work_is_lost_is_told_where_a_policy_preempts() {
    for (policy, told) in [("preempt", true), ("priority", false)] {
        let text = include_str!("../../workloads/assets/nine-hosts.toml");
        let settings = [
            format!("policies=[\"{policy}\"]"),
            "seeds=1".to_owned(),
            "duration=10m".to_owned(),
        ];
        let loaded = Recipe::of_text(text, &settings, "test".into(), PathBuf::new());
        let registry = Registry::default().with_allocator(preempt::PREEMPT);
        let experiment = Experiment::load(&loaded.expect("a recipe"), registry).expect("it loads");
        let comparison = experiment.compare(&Unwatched::default()).expect("it runs");
        let mut assumptions = comparison.assumptions.iter();
        let found = assumptions.any(|(_, one)| one.about == "a preempted task");
        assert_eq!(found, told, "{policy}");
    }
}
