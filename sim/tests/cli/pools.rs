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
    expect![[r#"
        exit 0
        --- stdout
        policy                            bounded slowdown      largest  mean wait s  mean flow s     used
        list                                  1.9925000000          3.0       136.75       274.25   52.73%
        easy                                  1.9925000000          4.0        99.25       236.75   72.50%
        conservative                          1.9925000000          3.0       136.75       274.25   52.73%
        easy[order=laf]                       1.8925000000          3.0       111.75       249.25   64.44%
        --- stderr
        2 rows passed over: not run, larger than the pool, or without a size or a requested time
    "#]].assert_eq(&place.fairground_with(&all));
    check(
        "pool four.swf --processors 100 --rows",
        &expect![[r#"
        exit 0
        --- stdout
        policy,job,processors,submitted_s,started_s,ended_s
        "easy",1,70,0,0,100
        "easy",2,80,1,100,200
        "easy",3,90,2,300,400
        "easy",4,20,50,50,300
        --- stderr
        2 rows passed over: not run, larger than the pool, or without a size or a requested time
    "#]],
    );
    check(
        "pool four.swf --processors 100 --json --policies conservative",
        &expect![[r#"
            exit 0
            --- stdout
            {"policy":"conservative","jobs":4,"mean_bounded_slowdown":1.9925000000000002,"largest_bounded_slowdown":2.98,"mean_wait_s":136.75,"mean_flow_s":274.25,"largest_flow_s":500.0,"makespan_s":550.0,"utilization":0.5272727272727272}
            --- stderr
            2 rows passed over: not run, larger than the pool, or without a size or a requested time
        "#]],
    );
    check(
        "pool four.swf --processors 100 --unsaid-exact --skip 2 --count 3 --rows",
        &expect![[r#"
            exit 0
            --- stdout
            policy,job,processors,submitted_s,started_s,ended_s
            "easy",3,90,2,2,102
            "easy",4,20,50,102,352
            "easy",5,20,60,102,352
            --- stderr
            1 row passed over: not run, larger than the pool, or without a size or a requested time
        "#]],
    );
}

#[test]
fn a_pool_that_cannot_be() {
    check(
        "pool four.swf --processors 100 --policies easyy",
        &expect![[r#"
            exit 2
            --- stderr
            error: no policy of a pool is called `easyy`; known are list, easy, conservative, pick
        "#]],
    );
    check(
        "pool four.swf --processors 100 --policies easy[order=fair]",
        &expect![[r#"
            exit 2
            --- stderr
            error: `easy`: parameter `order` is `fair`; expected one of fcfs, sjf, ljf, smallest, largest, saf, laf, srtf, critical, edf, expansion, wfp3, unicep, wfp3-published, unicep-published, f1, f2, f3, f4
        "#]],
    );
    check(
        "pool four.swf --processors 100 --policies easy[among=wfp3]",
        &expect![[r#"
            exit 2
            --- stderr
            error: `easy`: parameter `among` is `wfp3`; expected an order whose scores do not change
        "#]],
    );
    check(
        "pool four.swf --processors 100 --policies conservative --estimates last-two",
        &expect![[r#"
            exit 2
            --- stderr
            error: conservative: plans starts by estimates that hold, and those of the last two jobs may be too short; expected --estimates requested or exact
        "#]],
    );
    check(
        "pool four.swf --processors 10",
        &expect![[r#"
        exit 2
        --- stderr
        6 rows passed over: not run, larger than the pool, or without a size or a requested time
        error: four.swf: no job is left to run; expected one that ran, with its processors and its requested time (--unsaid-exact if none is requested)
    "#]],
    );
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
    expect![[r#"
        exit 0
        --- stdout
        placement                                GPUs held deviation      lost
        first                                       65.00%     7.50%       0.0
        best                                        65.00%     7.50%       0.0
        fgd                                         65.00%     7.50%       0.0
    "#]]
    .assert_eq(&place.fairground("pack nodes.csv pods.csv --load 72 --seeds 3"));
    expect![[r#"
        exit 0
        --- stdout
        {"policy":"fgd[types=95]","gpus":0.725,"deviation":0.0,"seeds":1,"lost":0.0}
    "#]]
    .assert_eq(
        &place.fairground(
            "pack nodes.csv pods.csv --load 72 --seeds 1 --policies fgd[types=95] --json",
        ),
    );
    expect![[r#"
        exit 2
        --- stderr
        error: no placement is called `easy`; known are first, random, best, worst, dot, tetris, fgd, binpack, spread
    "#]].assert_eq(&place.fairground("pack nodes.csv pods.csv --policies easy"));
    expect![[r#"
        exit 2
        --- stderr
        error: pods.csv:1: expected a first line that names the column `sn`, found `name,cpu_milli,memory_mib,num_gpu,gpu_mi…`
          hint: columns: sn, cpu_milli, memory_mib, gpu
    "#]].assert_eq(&place.fairground("pack pods.csv nodes.csv"));
}

#[test]
fn a_policy_explained() {
    check(
        "policies conservative",
        &expect![[r#"
            exit 0
            --- stdout
            conservative: a scheduler

              conservative backfilling: stages start whole, each at the time that was planned for it or earlier;
              for a framework that has the pool to itself

                  gather  how long offers are gathered before it decides on all of them (default 0s, enough
                          where messages take no time, or all as long)
                  tie     equal jobs: first, last or random (default first)

              decides  which of its tasks a framework runs on what it is offered
              source   Mu'alem and Feitelson, IEEE TPDS 12(6), 2001, section 2.2
              proven   own scripts: it gives the answers that the project's own tests work out

            Worked example, run as it is shown:

              agents 1 cpus:100 mem:100
              framework a conservative
              job a tasks=70 cpus:1 mem:1 run=100s
              job a at=1s tasks=80 cpus:1 mem:1 run=100s
              job a at=2s tasks=90 cpus:1 mem:1 run=100s
              job a at=50s tasks=20 cpus:1 mem:1 run=250s

                 0s        100s      200s      5m        400s      500s
              a1 ++++++++++
              a2  .........++++++++++
              a3  ...................++++++++++
              a4      .........................kkkkkkkkkkkkkkkkkkkkkkkkk
              a column is 10s; a digit: so many of its tasks run, a is 10, b 11, and + more than z, . waits

            conservative: a policy of a pool

              conservative backfilling: every job has a start planned, and whoever comes later delays none of
              them

                  instant  together: all of an instant happens, and then who starts (default); each: a look
                           after every fact, as published numbers have it

              decides  which rigid job starts next on one pool of processors (fairground pool)
              source   Mu'alem and Feitelson, IEEE TPDS 12(6), 2001, section 2.2
              proven   exact with instant=each: so told it gives what the original publishes, to the last digit
                       or every decision

            Worked example, run as it is shown:

              pool 100 conservative
              job processors=70 run=100s
              job at=1s processors=80 run=100s
              job at=2s processors=90 run=100s
              job at=50s processors=20 run=250s
              job at=60s processors=20 run=30s
              job at=70s processors=40 run=30s

                     0s        100s      200s      5m        400s      500s
              1 (70) ##########
              2 (80)  .........##########
              3 (90)  ...................##########
              4 (20)      .........................#########################
              5 (20)       ###
              6 (40)        .......................###
              a column is 10s; # runs, . waits

        "#]],
    );
    check(
        "policies raffle",
        &expect![[r#"
            exit 2
            --- stderr
            error: no policy is called `raffle`; known are static, static-best, drf, fair, fifo, priority, borg, random, lottery, slots, asset, choosy, hdrf, karma, slurm, tiresias, yarn-fair, yarn-capacity, kueue, kai, armada, volcano, ceei, gavel, sjf, gang, easy, conservative, fit, tetris, carbyne, themis, list, pick, fcfs, ljf, smallest, largest, saf, laf, srtf, critical, edf, expansion, wfp3, unicep, wfp3-published, unicep-published, f1, f2, f3, f4, first, best, worst, dot, fgd, binpack, spread, per-task, batch, late, central, mesos-like, omega-like, slurm-like, yarn-capacity-like, yarn-fair-like, kueue-like, kai-like, armada-like, volcano-like
        "#]],
    );
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
