//! Recipes that cannot be run, and what is said of them.

use std::fs;

use expect_test::{Expect, expect};

use crate::place::{Place, TINY};

/// The tiny recipe with `from` replaced is refused with this message.
fn bad(from: &str, to: &str, message: &Expect) {
    assert!(TINY.contains(from), "no {from} in the recipe");
    let place = Place::with("bad.toml", TINY.replacen(from, to, 1));
    let told = place.fairground("compare bad.toml --jobs 1");
    message.assert_eq(told.strip_prefix("exit 2\n--- stderr\n").expect(&told));
    assert_eq!(place.names("."), "bad.toml\n");
}

#[test]
fn an_unknown_policy() {
    bad(
        "\"drf\"",
        "\"dfr\"",
        &expect![[r#"
            error: bad.toml: `policies`: no policy is called `dfr`; did you mean `drf`? known are static, drf, fair, fifo, priority, borg, random, lottery, slots, asset, choosy, hdrf, karma, slurm, tiresias, yarn-fair, yarn-capacity, kueue, kai, armada, volcano, ceei, gavel, static-best, mesos-like, omega-like, slurm-like, yarn-capacity-like, yarn-fair-like, kueue-like, kai-like, armada-like, volcano-like
              hint: `fairground policies` lists all names and parameters
        "#]],
    );
}

#[test]
fn an_unknown_parameter_of_a_policy() {
    bad(
        "\"drf\"",
        "\"drf[rounds=1s]\"",
        &expect![[r#"
            error: bad.toml: `policies`: `drf` has no parameter `rounds`; it has tie, exclude, round, offers, conflict, commit, timeout
              hint: `fairground policies` lists all names and parameters
        "#]],
    );
}

#[test]
fn a_bad_value_of_a_parameter() {
    bad(
        "\"drf\"",
        "\"drf[round=fast]\"",
        &expect![[r#"
        error: bad.toml: `policies`: `drf`: parameter `round` is `fast`; expected a length of time, as in 1s
          hint: `fairground policies` lists all names and parameters
    "#]],
    );
}

#[test]
fn a_bracket_left_open() {
    bad(
        "\"drf\"",
        "\"drf[round=1s\"",
        &expect![[r#"
        error: bad.toml:5:12: `drf[round=1s` is not a name: the bracket is not closed; expected `name` or `name[key=value,...]`
    "#]],
    );
}

#[test]
fn no_policies() {
    bad(
        "[\"static\", \"drf\"]",
        "[]",
        &expect![[r#"
        error: bad.toml: `policies`: expected at least one
    "#]],
    );
}

#[test]
fn an_unknown_scheduler() {
    bad(
        "share = 2",
        "scheduler = \"fairer\"",
        &expect![[r#"
            error: bad.toml: `framework.hadoop.scheduler`: no scheduler is called `fairer`; did you mean `fair`? known are fifo, fair, sjf, gang, easy, conservative, fit, tetris, carbyne, themis
              hint: `fairground policies` lists all names and parameters
        "#]],
    );
}

#[test]
fn an_unknown_field_of_a_workload() {
    bad(
        "gap =",
        "gape =",
        &expect![[r#"
            error: bad.toml:17:1: unknown field `gape`, expected one of `gap`, `jobs`, `closed`, `cpus`, `mem`, `reduce_cpus`, `reduce_mem`, `map`, `copy`, `work`, `spread`, `away`, `replicas`, `slow_start`, `day`, `bins`
        "#]],
    );
}

#[test]
fn an_unknown_field() {
    bad(
        "title =",
        "titel =",
        &expect![[r#"
            error: bad.toml:2:1: unknown field `titel`, expected one of `name`, `title`, `about`, `duration`, `seeds`, `first_seed`, `step`, `tasks`, `policies`, `cluster`, `machines`, `network`, `costs`, `faults`, `measured`, `sensitivity`, `role`, `framework`
        "#]],
    );
}

#[test]
fn an_unknown_kind_of_workload() {
    bad(
        "workload.rails",
        "workload.django",
        &expect![[r#"
        error: bad.toml:22:21: unknown variant `django`, expected one of `hadoop`, `spark`, `rails`, `mpi`, `swim`, `tpch`, `requests`, `swf`, `trace`
    "#]],
    );
}

#[test]
fn a_value_of_the_wrong_type() {
    bad(
        "agents = 3",
        "agents = \"three\"",
        &expect![[r#"
        error: bad.toml:8:10: invalid type: string "three", expected u32
    "#]],
    );
}

#[test]
fn no_toml() {
    bad(
        "[[cluster]]",
        "[[cluster",
        &expect![[r#"
        error: bad.toml:7:10: unclosed array table, expected `]]`
    "#]],
    );
}

#[test]
fn no_agents() {
    bad(
        "agents = 3",
        "agents = 0",
        &expect![[r#"
            error: bad.toml: `cluster`: expected 1 to 1000000 agents in all, found 0
        "#]],
    );
}

#[test]
fn agents_with_nothing() {
    bad(
        "cpus = 4\nmem = \"8GiB\"",
        "cpus = 0\nmem = 0",
        &expect![[r#"
        error: bad.toml: `cluster`: expected agents that have something
    "#]],
    );
}

#[test]
fn two_frameworks_of_one_name() {
    bad(
        "\"rails\"",
        "\"hadoop\"",
        &expect![[r#"
        error: bad.toml: `framework.hadoop`: two frameworks have this name
    "#]],
    );
}

#[test]
fn no_weight() {
    bad(
        "share = 2",
        "weight = 0",
        &expect![[r#"
        error: bad.toml: `framework.hadoop.weight`: expected more than zero
    "#]],
    );
}

#[test]
fn no_seeds() {
    bad(
        "seeds = 2",
        "seeds = 0",
        &expect![[r#"
        error: bad.toml: `seeds`: expected at least one
    "#]],
    );
}

#[test]
fn a_duration_that_is_none() {
    bad(
        "\"30m\"",
        "\"a while\"",
        &expect![[r#"
        error: bad.toml:3:12: `a while` is not a length of time; expected a number and a unit (us, ms, s, m, h, d), as in `250ms` or `1.5h`
    "#]],
    );
    bad(
        "\"30m\"",
        "\"0s\"",
        &expect![[r#"
        error: bad.toml: `duration`: expected more than nothing and less than 20 years
    "#]],
    );
    bad(
        "\"30m\"",
        "\"9000d\"",
        &expect![[r#"
        error: bad.toml: `duration`: expected more than nothing and less than 20 years
    "#]],
    );
}

#[test]
fn a_name_that_is_no_folder() {
    bad(
        "name = \"tiny\"",
        "name = \"../tiny\"",
        &expect![[r#"
        error: bad.toml: `name`: expected letters, digits, `-`, `_` and `.`: it names a folder
    "#]],
    );
}

#[test]
fn a_trace_that_is_missing() {
    bad(
        "hadoop]\ngap = \"5m\"",
        "swim]\nfile = \"jobs.tsv\"",
        &expect![[r#"
            error: bad.toml: framework `hadoop`: jobs.tsv: cannot be read: No such file or directory (os error 2)
              hint: check the path; a path in a recipe is relative to the recipe's folder
    "#]],
    );
}

#[test]
fn missing() {
    expect![[r#"
        exit 2
        --- stderr
        error: nowhere.toml: cannot be read: No such file or directory (os error 2)
          hint: name a recipe file, or none for the built-in one
    "#]]
    .assert_eq(&Place::empty().fairground("compare nowhere.toml"));
}

#[test]
fn a_folder() {
    let place = Place::empty();
    fs::create_dir(place.path("recipes")).unwrap();
    expect![[r#"
        exit 2
        --- stderr
        error: recipes: cannot be read: Is a directory (os error 21)
          hint: name a recipe file, or none for the built-in one
    "#]]
    .assert_eq(&place.fairground("compare recipes"));
}

#[test]
fn empty() {
    expect![[r#"
        exit 2
        --- stderr
        error: empty.toml:1:1: missing field `name`
    "#]]
    .assert_eq(&Place::with("empty.toml", "").fairground("compare empty.toml"));
}

#[test]
fn no_text() {
    let place = Place::with("noise.toml", [0xff, 0xfe, 0x00]);
    expect![[r#"
        exit 2
        --- stderr
        error: noise.toml: cannot be read: stream did not contain valid UTF-8
          hint: name a recipe file, or none for the built-in one
    "#]]
    .assert_eq(&place.fairground("compare noise.toml"));
}

/// The recipe is known to be good before its traces are read, row by row.
#[test]
fn a_trace_with_a_bad_row() {
    let recipe = TINY.replace("hadoop]\ngap = \"5m\"", "swim]\nfile = \"jobs.tsv\"");
    let place = Place::with("tiny.toml", recipe);
    place.write("jobs.tsv", "one\t0\t0\t1\t1\t1\ntwo\tsoon\t0\t1\t1\t1\n");
    expect![[r#"
        exit 2
        --- stderr
        error: tiny.toml: framework `hadoop`: jobs.tsv:2: column 2 (submit_s): expected a whole number of seconds, found `soon`
          hint: digits only: no sign, fraction, blank or unit
    "#]].assert_eq(&place.fairground("compare tiny.toml"));
}

#[test]
fn fewer_cores_than_an_agent_has_are_no_overcommit() {
    bad(
        "mem = \"8GiB\"",
        "mem = \"8GiB\"\novercommit = 0.5",
        &expect![[r#"
            error: bad.toml: `cluster.0.overcommit`: expected how many times its cores an agent offers, from 1 to 1000: for fewer than it has, make `cpus` smaller
        "#]],
    );
}

#[test]
fn memory_is_not_overcommitted() {
    bad(
        "mem = \"8GiB\"",
        "mem = \"8GiB\"\novercommit = { mem = 1.5 }",
        &expect![[r#"
            error: bad.toml:11:14: invalid type: map, expected how many times its processors an agent offers, with at most three decimal places, as in 1.5; memory cannot be had in turns and is never offered twice
        "#]],
    );
}

#[test]
fn a_synthetic_workload_was_not_measured() {
    bad(
        "share = 2",
        "share = 2\nuse = \"trace\"",
        &expect![[r#"
        error: bad.toml: `framework.hadoop.use`: only a workload of the kind `trace` has measurements: expected a part of what a task asked for, as in 0.6, or a distribution, as in { median = 0.4, spread = 0.5 }
    "#]],
    );
}

#[test]
fn no_task_works_without_a_processor() {
    bad(
        "share = 2",
        "share = 2\nuse = 0",
        &expect![[r#"
        error: bad.toml: `framework.hadoop.use`: expected parts of what a task asked for, more than 0 and at most 1000, as in 0.6
    "#]],
    );
}

#[test]
fn use_is_a_part_or_a_distribution() {
    bad(
        "share = 2",
        "share = 2\nuse = { mean = 0.5 }",
        &expect![[r#"
            error: bad.toml:15:9: unknown field `mean`, expected one of `median`, `spread`, `most`
        "#]],
    );
}

#[test]
fn instances_have_no_copies() {
    bad(
        "name = \"rails\"",
        "name = \"rails\"\nscheduler = \"fair[speculate=1.5]\"",
        &expect![[r#"
            error: bad.toml: `framework.rails.scheduler`: no effect: a `rails` workload has instances and no jobs; found fair[speculate=1.5]
              hint: leave it out
        "#]],
    );
}

#[test]
fn copies_are_asked_for_with_a_rule() {
    bad(
        "share = 2",
        "share = 2\nscheduler = \"fair[quantile=0.9]\"",
        &expect![[r#"
            error: bad.toml: `framework.hadoop.scheduler`: `fair`: parameter `quantile` says when slow tasks are looked for, and without `speculate` nobody looks; expected both, as in speculate=1.5,quantile=0.75
              hint: `fairground policies` lists all names and parameters
        "#]],
    );
}

/// The tiny recipe with `hadoop` in a role, and what is said of roles, is refused with this message.
fn bad_roles(said: &str, message: &Expect) {
    let moved = format!("{said}\n[[framework]]\nname = \"hadoop\"\nrole = \"batch/etl\"");
    bad("[[framework]]\nname = \"hadoop\"", &moved, message);
}

#[test]
fn roles_that_make_no_sense() {
    bad(
        "share = 2",
        "role = \"batch//etl\"",
        &expect![[r#"
        error: bad.toml: `framework.hadoop.role`: expected a path, as in research/vision
    "#]],
    );
    let role = |name: &str, more: &str| format!("[[role]]\nname = \"{name}\"\n{more}\n");
    bad_roles(
        &role("bacth", ""),
        &expect![[r#"
        error: bad.toml: `role.bacth`: no framework is in it or below it
          hint: there is `batch/etl`
    "#]],
    );
    bad_roles(
        &role("batch", "weight = 0"),
        &expect![[r#"
        error: bad.toml: `role.batch.weight`: expected more than zero
    "#]],
    );
    bad_roles(
        &role("batch", "wieght = 2"),
        &expect![[r#"
        error: bad.toml:14:1: unknown field `wieght`, expected one of `name`, `weight`, `guarantee`, `limit`
    "#]],
    );
    let twice = role("batch", "") + &role("batch", "weight = 2");
    bad_roles(
        &twice,
        &expect![[r#"
        error: bad.toml: `role.batch`: two roles have this name
    "#]],
    );
    let little = role("batch", "guarantee = { cpus = 4 }\nlimit = { cpus = 2 }");
    bad_roles(
        &little,
        &expect![[r#"
        error: bad.toml: `role.batch.limit`: less cpus than is guaranteed
    "#]],
    );
    let much = role("batch/etl", "guarantee = { cpus = 4 }");
    bad_roles(
        &(role("batch", "limit = { cpus = 2 }") + &much),
        &expect![[r#"
        error: bad.toml: `role.batch/etl.guarantee`: more than `batch` above it may hold
    "#]],
    );
    let much = role("batch/etl", "guarantee = { cpus = 13, mem = \"1GiB\" }");
    bad_roles(
        &much,
        &expect![[r#"
        error: bad.toml: `role`: cpus:13 mem:1024 is guaranteed in all, and all agents have cpus:12 mem:24576
    "#]],
    );
}
