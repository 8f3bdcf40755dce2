//! `compare --trace`: recipes made of public traces, on small files in their formats.

#![expect(clippy::too_many_lines, reason = "a recipe is long, and shown whole")]

mod about;
mod dealt;
mod feedback;
mod headers;
mod machines;
mod once;
mod parts;
mod tables;

use expect_test::{Expect, expect};

use crate::place::Place;
use machines::MACHINES;

/// Three users of a parallel machine: jobs of four, two and one processors.
const LOG: &str = "\
; Version: 2.2
; MaxProcs: 8
1 0 0 600 4 -1 -1 4 900 -1 1 7 1 -1 1 -1 -1 -1
2 60 0 300 2 -1 -1 2 900 -1 1 8 1 -1 1 -1 -1 -1
3 120 0 1200 1 -1 -1 1 1800 -1 1 9 1 -1 1 -1 -1 -1
4 180 0 900 4 -1 -1 4 900 -1 1 7 1 -1 1 -1 -1 -1
";

fn check(files: &[(&str, &str)], arguments: &str, expected: &Expect) {
    let place = Place::empty();
    for (name, content) in files {
        place.write(name, content);
    }
    expected.assert_eq(&place.fairground(arguments));
}

#[test]
fn a_log_becomes_a_recipe_of_its_users() {
    let arguments = "compare --trace log.swf --tenants 2 --dry-run";
    check(
        &[("log.swf", LOG)],
        arguments,
        &expect![[r#"
            exit 0
            --- stdout
            name = "log"
            title = "log: static partitions against one pool"
            about = "log.swf holds jobs of parallel machines, 18 numbers a row (Standard Workload Format 2.2), 4 jobs of 3 tenants. Replayed: 3m from its beginning, all 4 jobs. The trace tells 8 processors, and not their memory: 8 agents of cpus:1 mem:1024, with memory for a task on every processor. Over the recipe's 10m, the work asks for 107.5 % of their CPUs and 107.5 % of their memory. A partition has agents in proportion to the load of its framework."
            duration = "10m"
            seeds = 1
            first_seed = 1
            policies = ["static", "drf"]

            [[cluster]]
            agents = 8
            cpus = 1
            mem = "1GiB"
            disk = "0B"
            gpus = 0

            [network]
            latency = "0s"
            jitter = "0s"
            think = "0s"
            detection = "0s"

            [costs]
            start = "0s"
            stragglers = 0
            slowdown = 10

            [faults]

            [[framework]]
            name = "user 7"
            share = 5
            weight = 1
            scheduler = "gang"
            refuse = "5m"

            [framework.workload.trace]
            file = "log.swf"
            from = "0s"
            tenants = ["user 7"]
            cpus = 1
            mem = "1GiB"
            largest_cpus = 64
            largest_mem = "256GiB"
            run = "10m"
            every = "1m"
            step = "1m"

            [[framework]]
            name = "user 8"
            share = 2
            weight = 1
            scheduler = "gang"
            refuse = "5m"

            [framework.workload.trace]
            file = "log.swf"
            from = "0s"
            tenants = ["user 8"]
            cpus = 1
            mem = "1GiB"
            largest_cpus = 64
            largest_mem = "256GiB"
            run = "10m"
            every = "1m"
            step = "1m"

            [[framework]]
            name = "user 9"
            share = 1
            weight = 1
            scheduler = "gang"
            refuse = "5m"

            [framework.workload.trace]
            file = "log.swf"
            from = "0s"
            tenants = ["user 9"]
            cpus = 1
            mem = "1GiB"
            largest_cpus = 64
            largest_mem = "256GiB"
            run = "10m"
            every = "1m"
            step = "1m"
            --- stderr
            log (the recipe of the traces)
            log: static partitions against one pool

            cluster     8 agents, cpus:8 mem:8192 MiB
            duration    10m
            failures    0 in the first seed
            framework   user 7 (trace), share 5, weight 1, scheduler gang: 2 jobs, 8 tasks in the first seed
            framework   user 8 (trace), share 2, weight 1, scheduler gang: 1 jobs, 2 tasks in the first seed
            framework   user 9 (trace), share 1, weight 1, scheduler gang: 1 jobs, 1 tasks in the first seed
            policies    static, drf
            seeds       1 (1 to 1)
            runs        2
            results     fairground-out/log
        "#]],
    );
}

#[test]
fn a_log_runs_and_the_folder_has_a_page() {
    let place = Place::with("log.swf", LOG);
    let told = place.fairground("compare --trace log.swf --tenants 2 --out out");
    expect![[r#"
        exit 0
        --- stdout
        Jobs: time from submission to the end

        framework  policy  verdict     mean  change  median  change  95th pct  change  worse  unfinished
        user 7     static  baseline  16 min       –  10 min       –    22 min       –      –         0 %
                   drf     one seed  16 min   0.0 %  10 min   0.0 %    22 min   0.0 %    0 %         0 %
        user 8     static  baseline   5 min       –   5 min       –     5 min       –      –         0 %
                   drf     one seed   5 min   0.0 %   5 min   0.0 %     5 min   0.0 %    0 %         0 %
        user 9     static  baseline  20 min       –  20 min       –    20 min       –      –         0 %
                   drf     one seed  20 min   0.0 %  20 min   0.0 %    20 min   0.0 %    0 %         0 %

        Changes are against static, on the same trace, from one seed, so without an interval; pp: percentage
        points. Worse: jobs more than 1 % later than under static, or never finished.

        drf instead of static (4 jobs, one seed, which says nothing about chance): nobody is worse off; no
        difference for user 7 (mean completion the same), user 8 (mean completion the same) and user 9 (mean
        completion the same). All jobs together: mean completion time the same; the median job's the same.

        report: out/report.html
    "#]].assert_eq(&told);
    expect![[r#"
        # log: static partitions against one pool

        log.swf holds jobs of parallel machines, 18 numbers a row (Standard Workload Format 2.2), 4 jobs of 3 tenants. Replayed: 3m from its beginning, all 4 jobs. The trace tells 8 processors, and not their memory: 8 agents of cpus:1 mem:1024, with memory for a task on every processor. Over the recipe's 10m, the work asks for 107.5 % of their CPUs and 107.5 % of their memory. A partition has agents in proportion to the load of its framework.

        > drf instead of static (4 jobs, one seed, which says nothing about chance): nobody is worse off; no difference for user 7 (mean completion the same), user 8 (mean completion the same) and user 9 (mean completion the same). All jobs together: mean completion time the same; the median job's the same.

        ![What ran on each agent over time](figures/hosts.png)

        What ran on each agent over time. The stronger the colour, the more of the agent was in use; blank is idle. An agent that ran several frameworks is split between them. Seed 1.

        8 agents with 8 CPUs, 8 GiB of memory; 10 min; 1 seed.

        ## Jobs: time from submission to the end

        ```text
        framework  policy  verdict     mean  change  median  change  95th pct  change  worse  unfinished
        user 7     static  baseline  16 min       –  10 min       –    22 min       –      –         0 %
                   drf     one seed  16 min   0.0 %  10 min   0.0 %    22 min   0.0 %    0 %         0 %
        user 8     static  baseline   5 min       –   5 min       –     5 min       –      –         0 %
                   drf     one seed   5 min   0.0 %   5 min   0.0 %     5 min   0.0 %    0 %         0 %
        user 9     static  baseline  20 min       –  20 min       –    20 min       –      –         0 %
                   drf     one seed  20 min   0.0 %  20 min   0.0 %    20 min   0.0 %    0 %         0 %
        ```

        Changes are against static, on the same trace, from one seed, so without an interval; pp: percentage points. Worse: jobs more than 1 % later than under static, or never finished.

        ## What was assumed

        - **job shape**: rigid: as many tasks of a core as it had processors, all at the same time
        - **memory of tasks that do not say**: mem:1024 a task (of 2 to 8 tasks) (user 7, user 8)
        - **memory of tasks that do not say**: mem:1024 a task (of 1 task) (user 9)
        - **start of a task**: no time: a task works from the moment its agent is ordered to
        - **stragglers**: none beyond the spread of the tasks' own times
        - **use of resources**: a running task uses all it was given, from launch to end
        - **output of finished tasks**: survives the loss of the agent that made it
        - **data of a partition**: lies on the partition's own agents, drawn as elsewhere; with data=all on anybody's

        ## Files

        `recipe.toml` is all of it; `fairground verify` runs it again and compares every file. `report.html` has the other pictures.

        Read, with their BLAKE3:

        - `log.swf` 660ec6482444eaafacd54ee9c6ab94f5ad92864829087dcc7bf480ce97c5e313
    "#]].assert_eq(&place.read("out/README.md"));
    let again = place.fairground("verify out");
    expect![[r#"
        exit 0
        --- stdout
        out: 2 runs and 25 files are what the recipe gives
    "#]]
    .assert_eq(&again);
    place.fairground("compare --trace log.swf --tenants 2 --out again");
    assert_eq!(place.read("out/DIGESTS"), place.read("again/DIGESTS"));
}

#[test]
fn mistakes_are_told() {
    let log = ("log.swf", LOG);
    let machines = ("machine_events.csv", MACHINES);
    let only = "compare --trace machine_events.csv";
    check(
        &[machines],
        only,
        &expect![[r#"
        exit 2
        --- stderr
        error: machine_events.csv: machines only: there is nothing to run
          hint: name a trace with jobs or requests beside it: --trace FILE
    "#]],
    );
    let twice = "compare --trace machine_events.csv --trace machine_events.csv";
    check(
        &[machines],
        twice,
        &expect![[r#"
        exit 2
        --- stderr
        error: machine_events.csv: --trace: the same trace is named twice
          hint: name it once
    "#]],
    );
    check(
        &[],
        "compare --trace nothing.swf",
        &expect![[r#"
        exit 2
        --- stderr
        error: nothing.swf: cannot be read: No such file or directory (os error 2)
          hint: check the path; a path in a recipe is relative to the recipe's folder
    "#]],
    );
    check(
        &[("odd", "what\n")],
        "compare --trace odd",
        &expect![[r#"
            exit 2
            --- stderr
            error: odd: the name does not tell the format
              hint: say which one it is with --format (`trace stat --help` lists them)
        "#]],
    );
    check(
        &[("none.swf", "; no jobs\n")],
        "compare --trace none.swf",
        &expect![[r#"
            exit 2
            --- stderr
            error: none.swf:1: expected at least one job, found none
              hint: a job is a line of 18 numbers or more; lines that begin with ; are comments
        "#]],
    );
    check(
        &[log],
        "compare --trace log.swf --from 1h",
        &expect![[r#"
            exit 2
            --- stderr
            error: --from: expected at most 3m, found 1h
        "#]],
    );
}
