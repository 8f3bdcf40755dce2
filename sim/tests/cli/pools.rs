//! `fairground pool`, `fairground pack` and `fairground policies NAME`.

use expect_test::{Expect, expect};

use crate::place::Place;

/// The four jobs that tell EASY and conservative backfilling apart, on 100 processors.
const FOUR: &str = "\
; MaxProcs: 100
1 0 -1 100 70 -1 -1 70 100 -1 1 1 -1 -1 -1 -1 -1 -1
2 1 -1 100 80 -1 -1 80 100 -1 1 2 -1 -1 -1 -1 -1 -1
3 2 -1 100 90 -1 -1 90 100 -1 1 3 -1 -1 -1 -1 -1 -1
4 50 -1 250 20 -1 -1 20 250 -1 1 4 -1 -1 -1 -1 -1 -1
5 60 -1 250 20 -1 -1 20 -1 -1 1 4 -1 -1 -1 -1 -1 -1
6 70 -1 250 101 -1 -1 101 250 -1 1 4 -1 -1 -1 -1 -1 -1
";

fn check(words: &str, expected: &Expect) {
    expected.assert_eq(&Place::with("four.swf", FOUR).fairground(words));
}

#[test]
fn a_log_on_a_pool() {
    let place = Place::with("four.swf", FOUR);
    let words = ["pool", "four.swf", "--processors", "100", "--policies"];
    let all: Vec<&str> = words
        .into_iter()
        .chain(["list easy conservative easy[order=laf]"])
        .collect();
    expect![""].assert_eq(&place.fairground_with(&all));
    check("pool four.swf --processors 100 --rows", &expect![""]);
    check(
        "pool four.swf --processors 100 --json --policies conservative",
        &expect![""],
    );
    check(
        "pool four.swf --processors 100 --unsaid-exact --skip 2 --count 3 --rows",
        &expect![""],
    );
}

#[test]
fn a_pool_that_cannot_be() {
    check(
        "pool four.swf --processors 100 --policies easyy",
        &expect![""],
    );
    check(
        "pool four.swf --processors 100 --policies easy[order=fair]",
        &expect![""],
    );
    check(
        "pool four.swf --processors 100 --policies easy[among=wfp3]",
        &expect![""],
    );
    check(
        "pool four.swf --processors 100 --policies conservative --estimates last-two",
        &expect![""],
    );
    check("pool four.swf --processors 10", &expect![""]);
}

const NODES: &str = "\
sn,cpu_milli,memory_mib,gpu,model
n1,8000,1000,2,P100
n2,8000,1000,2,T4
";

const PODS: &str = "\
name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time
p1,1000,10,1,600,,LS,Running,0,10,0
p2,1000,10,1,300,,LS,Running,0,10,0
p3,1000,10,2,1000,T4,LS,Running,0,10,0
p4,1000,10,0,0,,LS,Running,0,10,0
";

#[test]
fn pods_on_nodes() {
    let place = Place::with("nodes.csv", NODES);
    place.write("pods.csv", PODS);
    expect![""].assert_eq(&place.fairground("pack nodes.csv pods.csv --load 72 --seeds 3"));
    expect![""].assert_eq(
        &place.fairground(
            "pack nodes.csv pods.csv --load 72 --seeds 1 --policies fgd[types=95] --json",
        ),
    );
    expect![""].assert_eq(&place.fairground("pack nodes.csv pods.csv --policies easy"));
    expect![""].assert_eq(&place.fairground("pack pods.csv nodes.csv"));
}

#[test]
fn a_policy_explained() {
    check("policies conservative", &expect![""]);
    check("policies lottery", &expect![""]);
}

/// A line a policy, every one with a source.
#[test]
fn policies_as_json() {
    let told = Place::empty().fairground("policies --json");
    let lines: Vec<_> = told.lines().filter(|line| line.starts_with('{')).collect();
    assert!(lines.len() > 25, "{told}");
    for line in lines {
        assert!(
            line.contains("\"proven\":\"") && !line.contains("\"source\":\"\""),
            "{line}"
        );
    }
}
