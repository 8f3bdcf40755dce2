//! The worked examples of all policies are run, drawn, and about the policy that they stand beside.

use std::fmt::Write as _;
use std::path::Path;

use expect_test::{expect, expect_file};
use fairground_policies::evidence::Evidence;
use fairground_policies::registry::Registry;
use fairground_policies::{job_order, personality, placement, pool, sampling};
use fairground_sim::worked::drawn;

/// Every policy there is, with its level.
fn entries(registry: &Registry) -> Vec<(&'static str, &'static str, Evidence)> {
    let mut entries = Vec::new();
    entries.extend(
        registry
            .allocators()
            .iter()
            .map(|one| ("policy", one.name, one.evidence)),
    );
    entries.extend(
        registry
            .schedulers()
            .iter()
            .map(|one| ("framework", one.name, one.evidence)),
    );
    entries.extend(
        pool::ENTRIES
            .iter()
            .map(|one| ("pool", one.name, one.evidence)),
    );
    entries.extend(
        placement::ENTRIES
            .iter()
            .map(|one| ("place", one.name, one.evidence)),
    );
    entries.extend(
        sampling::ENTRIES
            .iter()
            .map(|one| ("workers", one.name, one.evidence)),
    );
    entries.extend(
        job_order::ORDERS
            .iter()
            .map(|one| ("pool", one.name, one.evidence)),
    );
    entries.extend(
        personality::STANDARD
            .iter()
            .map(|one| ("policy", one.name, one.evidence)),
    );
    entries
}

#[test]
fn every_policy_has_an_example_that_is_drawn() {
    let registry = fairground_solvers::with_solvers(Registry::default());
    let mut all = String::new();
    for (verb, name, evidence) in entries(&registry) {
        let example = evidence.example;
        let about = example.lines().any(|line| {
            let mut words = line.split_whitespace();
            let named = |word: &str| {
                let order = word.rsplit_once("order=").map(|(_, order)| order);
                word.split('[').next() == Some(name)
                    || order.and_then(|order| order.strip_suffix(']')) == Some(name)
            };
            words.next() == Some(verb) && words.any(named)
        });
        assert!(about, "the example of {name} is not about it:\n{example}");
        let drawn = drawn(example, &registry).unwrap_or_else(|error| panic!("{name}: {error}"));
        writeln!(all, "{verb} {name}\n\n{example}\n{drawn}").expect("a text");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/worked.txt");
    expect_file![path].assert_eq(&all);
}

/// What is wrong with a line is said with its number.
#[track_caller]
fn check_error(example: &str, expected: &str) {
    let error = drawn(example, &Registry::default()).expect_err("a bad example");
    assert_eq!(error.to_string(), expected);
}

#[test]
fn lines_that_mean_nothing_are_named() {
    check_error("", "worked example, line 1: there is none");
    check_error(
        "agents 1 cpus:1\n\nwork a",
        "worked example, line 3: `work`; expected agents, policy, role, framework, job, then or column",
    );
    check_error(
        "job a run=1s",
        "worked example, line 1: no framework `a` before it",
    );
    check_error(
        "framework a\njob a",
        "worked example, line 2: `job` lacks `run=`",
    );
    check_error(
        "framework a\njob a cpus:x run=1s",
        "worked example, line 2: `cpus:x` is no amount, as in cpus:1.5",
    );
    check_error(
        "pool 4 easy\njob processors=5 run=1s",
        "worked example, line 1: a job is larger than the 4 processors",
    );
    check_error(
        "column 0s\nnode 1 cpus:1",
        "worked example, line 1: `column`; expected node, task or place",
    );
}

#[test]
fn what_never_starts_is_said_to() {
    let example = "agents 2 cpus:2\nframework a gang\njob a tasks=5 cpus:1 run=2s\njob a tasks=1 cpus:1 run=3s\n";
    let picture = drawn(example, &Registry::default()).expect("an example");
    expect![[r"
           0s
        a1 ... never starts
        a2 111
        a column is 1s; a digit: so many of its tasks run, . waits
    "]]
    .assert_eq(&picture);
}

/// A GPU is drawn with the tasks that share it, whatever CPUs they take.
#[test]
fn gpus_and_cores_have_no_common_scale() {
    let example =
        "node 1 cpus:8 gpus:3\nnode 1 cpus:4\nplace first\ntask 3 cpus:2 gpus:0.5\ntask 2 cpus:2\n";
    let picture = drawn(example, &Registry::default()).expect("an example");
    expect![[r"
        node 0 [aa][a.][.] b  free gpus:1.5
        node 1 |bb..|  free cpus:2
        [] a GPU, in | | a letter is a core, . is free; tasks in order are a, b, ...
    "]]
    .assert_eq(&picture);
}
