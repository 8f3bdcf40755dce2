//! What the program says of one policy, and of a name that is none.

use expect_test::expect;

use crate::place::Place;

fn check(arguments: &str, expected: &expect_test::Expect) {
    expected.assert_eq(&Place::empty().fairground(&format!("policies {arguments}")));
}

#[test]
fn parameters_and_orders_are_known() {
    check(
        "drf[tie=last]",
        &expect![[r#"
        exit 0
        --- stdout
        drf: a policy

          shared pool; the framework with the smallest weighted dominant share goes first

              tie      equals: first, last, allocations (Mesos) or random (default first)
              exclude  kinds whose shares do not count, as in gpus or disk:gpus (default none)

          with every policy
              round     offers at multiples of this; 0s when something happens (default 0s, Mesos 1s)
              offers    agent: all that is free, as Mesos; task: what one task takes, as the DRF paper;
                        shared: all that is free, to everybody at once, as Omega (default agent)
              conflict  of shared offers, fit: refused is what no longer fits; sequence: whatever comes
                        after another start or end on the agent (default fit)
              commit    of shared offers, each: refused is what is in conflict; all: everything launched by
                        the same answer (default each)
              timeout   unanswered offers are taken back after this (default never)

          decides  which framework is offered free resources
          source   Ghodsi et al., Dominant Resource Fairness, NSDI 2011, section 4.1, with weights of
                   section 4.3; Mesos' sorter
          proven   exact: it gives what the original publishes, to the last digit or every decision

        Worked example, run as it is shown:

          agents 1 cpus:9 mem:18
          policy drf[offers=task]
          framework a
          framework b
          job a tasks=6 cpus:1 mem:4 run=10s
          job b tasks=4 cpus:3 mem:1 run=10s

             0s        10s
          a1 33333333333333333333
          b1 22222222222222222222
          a column is 1s; a digit: so many of its tasks run, . waits

    "#]],
    );
    check(
        "srtf",
        &expect![[r#"
        exit 0
        --- stdout
        srtf: an order of jobs

          the least time expected until all stages are done; sjf where there is one

          decides  whose turn it is: order= of list, easy and pick, and of the schedulers easy and fit
          source   shortest remaining time first: Schrage, Operations Research 16(3), 1968
          proven   own scripts: it gives the answers that the project's own tests work out

        Worked example, run as it is shown:

          pool 8 list[order=srtf]
          job processors=8 run=100s
          job at=10s processors=5 run=40s
          job at=30s processors=8 run=30s
          job at=50s processors=6 run=50s
          job at=70s processors=7 run=20s

                0s        50s       100s      150s      200s
          1 (8) ####################
          2 (5)   ............................########
          3 (8)       ..................######
          4 (6)           ............................##########
          5 (7)               ......####
          a column is 5s; # runs, . waits

    "#]],
    );
}

#[test]
fn who_takes_back_and_what_chooses_are_told_otherwise() {
    // What takes back refuses to share, and has no parameters of shared offers.
    check(
        "kueue",
        &expect![[r#"
            exit 0
            --- stdout
            kueue: a policy

              cohorts of queues; who borrows the least beyond its quota (by weight) goes first, and reclaims

                  grace  how long a victim is left (default 0s)
                  tie    equals: first, last, allocations (Mesos) or random (default first)

              with every policy
                  round    offers at multiples of this; 0s when something happens (default 0s, Mesos 1s)
                  offers   agent: all that is free, as Mesos; task: what one task takes, as the DRF paper
                           (default agent); shared is refused, because it takes back for one what shared offers
                           hold for nobody
                  timeout  unanswered offers are taken back after this (default never)

              decides  which framework is offered free resources
              source   kubernetes-sigs/kueue ff69552e, fair sharing with preemption, keps/1714
              proven   own scripts: it gives the answers that the project's own tests work out

            Worked example, run as it is shown:

              agents 1 cpus:9 mem:9
              policy kueue[offers=task]
              framework a
              framework b
              framework c
              job a tasks=8 cpus:1 mem:1 run=20s
              job c tasks=1 cpus:1 mem:1 run=20s
              job b at=5s tasks=3 cpus:1 mem:1 run=10s
              job c at=10s tasks=4 cpus:1 mem:1 run=10s

                 0s        10s       20s       30s
              a1 88888555553333355555555555555511111
              b1      3333333333
              c1 11111111111111111111
              c2           22222333332222211111
              a column is 1s; a digit: so many of its tasks run, . waits

        "#]],
    );
    check(
        "kueue-like[grace=5s]",
        &expect![[r#"
            exit 0
            --- stdout
            kueue-like: a personality

              workloads are admitted whole within nominal quotas, what others leave is borrowed and taken back

                  policy  kueue[offers=task]
                  inside  gang
                  more    parameters are those of its policy

              decides  what another system chooses together: a policy and the scheduler of every framework, by
                       one name (--policies)
              source   Kueue: fair sharing with preemption, both off unless switched on
              proven   prototype: it runs; nothing says that it is right

            Worked example, run as it is shown:

              agents 3 cpus:2 mem:2
              policy kueue-like
              framework a
              framework b
              job a tasks=4 cpus:1 mem:1 run=10s
              job a tasks=4 cpus:1 mem:1 run=10s
              job b at=3s tasks=3 cpus:1 mem:1 run=10s
              job b at=4s tasks=2 cpus:1 mem:1 run=5s gang

                 0s        10s       20s
              a1 44411111113333333
              a2 .................4444444444
              b1    3333333333
              b2     .........22222
              a column is 1s; a digit: so many of its tasks run, . waits

        "#]],
    );
}

#[test]
fn names_that_are_none() {
    let check = |arguments: &str, expected: expect_test::Expect| {
        let told = Place::empty().fairground(&format!("policies {arguments}"));
        let first = told.lines().filter(|line| !line.starts_with("---"));
        let cut = first.map(|line| line.split(" known are").next().unwrap_or_default());
        expected.assert_eq(&cut.collect::<Vec<_>>().join("\n"));
    };
    check(
        "drff",
        expect![[r#"
            exit 2
            error: no policy is called `drff`; did you mean `drf`?"#]],
    );
    check(
        "drf[wait=5s]",
        expect![[r#"
        exit 2
        error: `drf` has no parameter `wait`; it has tie, exclude, round, offers, conflict, commit, timeout"#]],
    );
    // The policy has no such parameter, the scheduler has.
    check(
        "fair[wait=5s] --json",
        expect![[r#"
        exit 0
        {"level":"Schedulers","name":"fair","about":"the job with the fewest running tasks first, first fit; with `wait`, delay scheduling","params":[{"key":"wait","about":"how long a job lets offers pass that do not hold its data (default 0s)"},{"key":"hold","about":"how long offers are held for tasks that start together, up to twice that (default 30s)"},{"key":"speculate","about":"a task that runs so many times as long as the median of its stage's tasks that are done has a copy on another agent; the first to be done counts (Spark: 1.5, since its version 4 3; default never)"},{"key":"quantile","about":"what part of a stage must be done before that (default 0.75 as Spark, since its version 4 0.9)"},{"key":"tie","about":"equal jobs: first, last or random (default first)"}],"source":"Zaharia et al., Delay Scheduling, EuroSys 2010, section 4","proven":"own scripts"}"#]],
    );
    check(
        "delay",
        expect![[r#"
            exit 2
            error: no policy is called `delay`
              hint: parameter wait of the schedulers fifo, fair and sjf, as in fair[wait=5s]"#]],
    );
    check(
        "fair-tree",
        expect![[r#"
            exit 2
            error: no policy is called `fair-tree`
              hint: the policy slurm"#]],
    );
    check(
        "slurm-like[tie=last] --json",
        expect![[r#"
            exit 0
            {"level":"Personalities","name":"slurm-like","about":"fair tree over accounts with a half-life of a week; jobs start whole, backfilled by their time limits","params":[],"source":"Slurm 284c3b9: priority/multifactor (of its factors fair share alone), sched/backfill","proven":"prototype","policy":"slurm[offers=agent]","scheduler":"conservative"}"#]],
    );
}
