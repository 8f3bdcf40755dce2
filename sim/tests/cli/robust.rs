//! `fairground robust`: planted comparisons, one that survives, one that hangs on ties, one that shows nothing.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use crate::place::{Place, TINY};

/// Two nodes that are equal to tasks that ask for any GPU.
const NODES: &str = "\
sn,cpu_milli,memory_mib,gpu,model
n1,8000,1000,2,T4
n2,8000,1000,2,P100
";

/// Nine tasks with a tenth of a GPU, and one that wants two whole ones of a model, or of any. Best fit keeps a node
/// free for it, worst fit hardly ever.
fn packing(model: &str, words: &str) -> String {
    packing_case(model, words, "")
}

/// The same, only the case of a name if there is one.
fn packing_case(model: &str, words: &str, case: &str) -> String {
    let mut pods = String::from(
        "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time\n",
    );
    for i in 0..9 {
        let _ = writeln!(pods, "p{i},100,10,1,100,,LS,Running,0,10,0");
    }
    let _ = writeln!(pods, "whole,1000,10,2,1000,{model},LS,Running,0,10,0");
    let place = Place::with("nodes.csv", NODES);
    place.write("pods.csv", pods);
    let line = format!("robust --pack nodes.csv pods.csv --asked 73 {words}");
    let mut words: Vec<&str> = line.split_whitespace().collect();
    if !case.is_empty() {
        words.extend(["--case", case]);
    }
    place.fairground_with(&words)
}

/// Best fit leaves the node free that the large task wants, as the other one stands first in the list.
#[test]
fn a_win_that_hangs_on_a_tie_rule() {
    expect![[r#"
        exit 1
        --- stdout
        conclusion                              as it stands                      in any case              verdict
        best packs more GPUs than worst         +33.33 points (+17.69 to +48.98)  −12.50 to +45.83 points  hangs on the tie rule of best (from +33.33 to −12.50 points: no longer shown) and the order of agents (from +33.33 to 0.00 points: no longer shown)
        best leaves fewer tasks out than worst  +0.7 (+0.4 to +1.0)               −0.2 to +0.9             hangs on the tie rule of best (from +0.7 to −0.2: no longer shown) and the order of agents (from +0.7 to 0.0: no longer shown)

        The worst case of each by itself:
          tie of best: last
            fairground pack nodes.csv pods.csv --load 73 --seeds 12 --policies 'worst best[tie=last]'
          agents 3
            fairground robust --pack nodes.csv pods.csv --asked 73 --policies worst best --draws 4 --seeds 12 --case 'agents 3'
        --- stderr
        18 cases beside the comparison as it stands
        not switched: frameworks: there are none where tasks fill nodes
        not switched: numbers of jobs that come at one instant: tasks come one after the other, in an order drawn by seed
        changed nothing: the rounding of worst's scores
        changed nothing: the rounding of best's scores
    "#]].assert_eq(&packing(
        "P100",
        "--policies worst best --draws 4 --seeds 12",
    ));
}

#[test]
fn a_win_that_survives() {
    expect![[r#"
        exit 0
        --- stdout
        conclusion                              as it stands                      in any case              verdict
        best packs more GPUs than worst         +33.33 points (+17.69 to +48.98)  +20.83 to +50.00 points  survives
        best leaves fewer tasks out than worst  +0.7 (+0.4 to +1.0)               +0.4 to +1.0             survives
        --- stderr
        18 cases beside the comparison as it stands
        not switched: frameworks: there are none where tasks fill nodes
        not switched: numbers of jobs that come at one instant: tasks come one after the other, in an order drawn by seed
        changed nothing: the tie rule of worst
        changed nothing: the rounding of worst's scores
        changed nothing: the tie rule of best
        changed nothing: the rounding of best's scores
        changed nothing: the order of agents
    "#]].assert_eq(&packing("", "--policies worst best --draws 4 --seeds 12"));
}

#[test]
fn nothing_that_could_survive() {
    expect![[r#"
        exit 0
        --- stdout
        {"conclusion":"first packs more GPUs than best","measure":"GPUs held, points","scale":"points","standing":{"mean":0.0,"interval":[0.0,0.0]},"range":[0.0,0.0],"verdict":"not shown","hangs_on":[],"cases":[["tie of best: last",{"mean":0.0,"interval":[0.0,0.0]}],["tie of best: random",{"mean":0.0,"interval":[0.0,0.0]}],["rounding of best: 100",{"mean":0.0,"interval":[0.0,0.0]}],["agents 1",{"mean":0.0,"interval":[0.0,0.0]}],["seeds 1",{"mean":0.0,"interval":[0.0,0.0]}],["together 1",{"mean":0.0,"interval":[0.0,0.0]}]]}
        {"conclusion":"first leaves fewer tasks out than best","measure":"tasks that fitted nowhere","scale":"count","standing":{"mean":0.0,"interval":[0.0,0.0]},"range":[0.0,0.0],"verdict":"not shown","hangs_on":[],"cases":[["tie of best: last",{"mean":0.0,"interval":[0.0,0.0]}],["tie of best: random",{"mean":0.0,"interval":[0.0,0.0]}],["rounding of best: 100",{"mean":0.0,"interval":[0.0,0.0]}],["agents 1",{"mean":0.0,"interval":[0.0,0.0]}],["seeds 1",{"mean":0.0,"interval":[0.0,0.0]}],["together 1",{"mean":0.0,"interval":[0.0,0.0]}]]}
        --- stderr
        6 cases beside the comparison as it stands
        not switched: frameworks: there are none where tasks fill nodes
        not switched: numbers of jobs that come at one instant: tasks come one after the other, in an order drawn by seed
        not switched: the tie rule of first: it gives every node the same score, so that its tie rule is all there is
        changed nothing: the tie rule of best
        changed nothing: the rounding of best's scores
        changed nothing: the order of agents
        changed nothing: the seeds
        changed nothing: all of these together
    "#]].assert_eq(&packing(
        "",
        "--policies best first --draws 1 --seeds 2 --json",
    ));
}

/// A case is the same by itself as among all.
#[test]
fn cases_by_themselves() {
    let words = "--policies worst best --draws 3 --seeds 4 --json";
    let of_case = |told: &str| {
        let rows = told.lines().filter(|line| line.starts_with('{'));
        let rows = rows.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let case = |row: serde_json::Value| {
            let cases = row["cases"].as_array().unwrap().clone();
            cases
                .into_iter()
                .find(|case| case[0] == "together 2")
                .unwrap()
        };
        rows.map(case).collect::<Vec<_>>()
    };
    let all = of_case(&packing("P100", words));
    assert_eq!(all.len(), 2);
    let alone = packing_case("P100", words, "together 2");
    assert_eq!(all, of_case(&alone));
}

/// The four jobs that tell EASY and conservative backfilling apart, on 100 processors.
const FOUR: &str = "\
; MaxProcs: 100
1 0 -1 100 70 -1 -1 70 100 -1 1 1 -1 -1 -1 -1 -1 -1
2 1 -1 100 80 -1 -1 80 100 -1 1 2 -1 -1 -1 -1 -1 -1
3 2 -1 100 90 -1 -1 90 100 -1 1 3 -1 -1 -1 -1 -1 -1
4 50 -1 250 20 -1 -1 20 250 -1 1 4 -1 -1 -1 -1 -1 -1
";

fn pool(log: &str, words: &str, expected: &Expect) {
    let place = Place::with("four.swf", log);
    expected.assert_eq(&place.fairground(&format!("robust --pool four.swf {words}")));
}

#[test]
fn a_log_on_a_machine_that_may_be_another() {
    pool(
        FOUR,
        "--policies list easy --draws 2",
        &expect![[r#"
            exit 1
            --- stdout
            conclusion                                        as it stands  in any case             verdict
            easy has a lower mean bounded slowdown than list  1.0000 times  1.0000 to 1.0000 times  not shown even as it stands
            easy has jobs wait less than list                 1.378 times   1.0000 to 1.378 times   hangs on the number of processors (from 1.378 to 1.0000 times: no longer shown)
            easy finishes jobs sooner than list               1.158 times   1.0000 to 1.158 times   hangs on the number of processors (from 1.158 to 1.0000 times: no longer shown)
            easy is done with all jobs sooner than list       1.375 times   1.0000 to 1.375 times   hangs on the number of processors (from 1.375 to 1.0000 times: no longer shown)

            The worst case of each by itself:
              processors 95
                fairground pool four.swf --processors 95 --policies 'list easy'
            --- stderr
            12 cases beside the comparison as it stands
            not switched: agents and frameworks: a pool has neither
            not switched: rounding of scores: no policy of a pool rounds its scores
            not switched: seeds: a log is what it is; only random ties are drawn, and they are tried as tie rules
            not switched: numbers of jobs that come at one instant: no two jobs do
            changed nothing: the tie rule of list
            changed nothing: the tie rule of easy
        "#]],
    );
    pool(
        FOUR,
        "--policies list easy --draws 1 --processors 100,120 --json",
        &expect![[r#"
            exit 1
            --- stdout
            {"conclusion":"easy has a lower mean bounded slowdown than list","measure":"mean bounded slowdown","scale":"times","standing":{"mean":1.0,"interval":null},"range":[1.0,1.0860833846392786],"verdict":"not shown","hangs_on":[],"cases":[["tie of list: last",{"mean":1.0,"interval":null}],["tie of list: random 1",{"mean":1.0,"interval":null}],["tie of easy: last",{"mean":1.0,"interval":null}],["tie of easy: random 1",{"mean":1.0,"interval":null}],["processors 95",{"mean":1.0,"interval":null}],["processors 98",{"mean":1.0,"interval":null}],["processors 102",{"mean":1.0,"interval":null}],["processors 105",{"mean":1.0,"interval":null}],["processors 120",{"mean":1.0860833846392786,"interval":null}],["together 1",{"mean":1.0,"interval":null}]]}
            {"conclusion":"easy has jobs wait less than list","measure":"mean wait, s","scale":"times","standing":{"mean":1.3778344121187205,"interval":null},"range":[1.0,1.5050498190322825],"verdict":"hangs","hangs_on":[{"nuisance":"the number of processors","case":"processors 95","advantage":{"mean":1.0,"interval":null},"reversed":false,"again":"fairground pool four.swf --processors 95 --policies 'list easy'"}],"cases":[["tie of list: last",{"mean":1.3778344121187205,"interval":null}],["tie of list: random 1",{"mean":1.3778344121187205,"interval":null}],["tie of easy: last",{"mean":1.3778344121187205,"interval":null}],["tie of easy: random 1",{"mean":1.3778344121187205,"interval":null}],["processors 95",{"mean":1.0,"interval":null}],["processors 98",{"mean":1.0,"interval":null}],["processors 102",{"mean":1.3778344121187205,"interval":null}],["processors 105",{"mean":1.3778344121187205,"interval":null}],["processors 120",{"mean":1.5050498190322825,"interval":null}],["together 1",{"mean":1.3778344121187205,"interval":null}]]}
            {"conclusion":"easy finishes jobs sooner than list","measure":"mean flow, s","scale":"times","standing":{"mean":1.1583945061280614,"interval":null},"range":[1.0,1.1770955429942718],"verdict":"hangs","hangs_on":[{"nuisance":"the number of processors","case":"processors 95","advantage":{"mean":1.0,"interval":null},"reversed":false,"again":"fairground pool four.swf --processors 95 --policies 'list easy'"}],"cases":[["tie of list: last",{"mean":1.1583945061280614,"interval":null}],["tie of list: random 1",{"mean":1.1583945061280614,"interval":null}],["tie of easy: last",{"mean":1.1583945061280614,"interval":null}],["tie of easy: random 1",{"mean":1.1583945061280614,"interval":null}],["processors 95",{"mean":1.0,"interval":null}],["processors 98",{"mean":1.0,"interval":null}],["processors 102",{"mean":1.1583945061280614,"interval":null}],["processors 105",{"mean":1.1583945061280614,"interval":null}],["processors 120",{"mean":1.1770955429942718,"interval":null}],["together 1",{"mean":1.1583945061280614,"interval":null}]]}
            {"conclusion":"easy is done with all jobs sooner than list","measure":"makespan, s","scale":"times","standing":{"mean":1.3750003697120645,"interval":null},"range":[1.0,1.4999998378377621],"verdict":"hangs","hangs_on":[{"nuisance":"the number of processors","case":"processors 95","advantage":{"mean":1.0,"interval":null},"reversed":false,"again":"fairground pool four.swf --processors 95 --policies 'list easy'"}],"cases":[["tie of list: last",{"mean":1.3750003697120645,"interval":null}],["tie of list: random 1",{"mean":1.3750003697120645,"interval":null}],["tie of easy: last",{"mean":1.3750003697120645,"interval":null}],["tie of easy: random 1",{"mean":1.3750003697120645,"interval":null}],["processors 95",{"mean":1.0,"interval":null}],["processors 98",{"mean":1.0,"interval":null}],["processors 102",{"mean":1.3750003697120645,"interval":null}],["processors 105",{"mean":1.3750003697120645,"interval":null}],["processors 120",{"mean":1.4999998378377621,"interval":null}],["together 1",{"mean":1.3750003697120645,"interval":null}]]}
            --- stderr
            10 cases beside the comparison as it stands
            not switched: agents and frameworks: a pool has neither
            not switched: rounding of scores: no policy of a pool rounds its scores
            not switched: seeds: a log is what it is; only random ties are drawn, and they are tried as tie rules
            not switched: numbers of jobs that come at one instant: no two jobs do
            changed nothing: the tie rule of list
            changed nothing: the tie rule of easy
            changed nothing: all of these together
        "#]],
    );
}

#[test]
fn what_cannot_be_compared() {
    pool(
        FOUR,
        "--policies easy",
        &expect![[r#"
        exit 2
        --- stderr
        error: expected at least two policies to compare, found 1
    "#]],
    );
    pool(
        FOUR,
        "--policies easy easyy",
        &expect![[r#"
        exit 2
        --- stderr
        error: no policy of a pool is called `easyy`; known are list, easy, conservative, pick
    "#]],
    );
    pool(
        FOUR,
        "--policies easy list --seeds 3",
        &expect![[r#"
        exit 2
        --- stderr
        error: the argument '--pool <LOG>' cannot be used with '--seeds <N>'

        Usage: fairground robust --pool <LOG> --policies <NAMES>... [RECIPE]

        For more information, try '--help'.
    "#]],
    );
    pool(
        &FOUR[16..],
        "--policies easy list",
        &expect![[r#"
        exit 2
        --- stderr
        error: four.swf: its header does not say how many processors there are; expected --processors
    "#]],
    );
    pool(
        FOUR,
        "--policies easy list --case agents",
        &expect![[r#"
        exit 2
        --- stderr
        error: --case: there is no case `agents`; expected one of: tie of easy: last; tie of easy: random 1; tie of easy: random 2; tie of easy: random 3; tie of easy: random 4; tie of easy: random 5; tie of list: last; tie of list: random 1; tie of list: random 2; tie of list: random 3; tie of list: random 4; tie of list: random 5; processors 95; processors 98; processors 102; processors 105; together 1; together 2; together 3; together 4; together 5
    "#]],
    );
}

fn recipe(words: &str, expected: &Expect) {
    expected.assert_eq(&Place::tiny().fairground(&format!("robust tiny.toml {words}")));
}

#[test]
fn a_recipe() {
    recipe(
        "--draws 1 --seeds 3",
        &expect![[r#"
        exit 0
        --- stdout
        conclusion                                            as it stands                  in any case           verdict
        drf finishes jobs sooner than static                  1.170 times (0.943 to 1.451)  1.163 to 1.518 times  not shown even as it stands
        drf finishes the median job sooner than static        1.037 times (0.887 to 1.211)  1.037 to 1.141 times  not shown even as it stands
        drf finishes jobs of hadoop sooner than static        1.170 times (0.943 to 1.451)  1.163 to 1.518 times  not shown even as it stands
        drf answers fewer requests of rails late than static  0.00 points (0.00 to 0.00)    0.00 to 0.00 points   not shown even as it stands
        --- stderr
        9 cases beside the comparison as it stands
        not switched: rounding of scores: policies of frameworks have exact shares
        not switched: the tie rule of static: it has none
        not switched: numbers of jobs that come at one instant: no two jobs of a framework do, or they wait for others by number
        changed nothing: the tie rule of drf
        changed nothing: the order of agents
        changed nothing: the order of frameworks
    "#]],
    );
    recipe(
        "--tasks",
        &expect![[r#"
        exit 2
        --- stderr
        error: --tasks: it has no effect here, where no tables are written
          hint: leave it out
    "#]],
    );
    recipe(
        "--policies drf",
        &expect![[r#"
        exit 2
        --- stderr
        error: expected at least two policies to compare, found 1
    "#]],
    );
    recipe(
        "--policies static drff",
        &expect![[r#"
        exit 2
        --- stderr
        error: tiny.toml: `policies`: no policy is called `drff`; did you mean `drf`? known are static, drf, fair, fifo, priority, borg, random, lottery, slots, asset, choosy, hdrf, karma, slurm, tiresias, yarn-fair, yarn-capacity, kueue, kai, armada, volcano, ceei, gavel, static-best, mesos-like, omega-like, slurm-like, yarn-capacity-like, yarn-fair-like, kueue-like, kai-like, armada-like, volcano-like
          hint: `fairground policies` lists all names and parameters
    "#]],
    );
}

/// The same bytes, whatever the number of threads; and a case by itself is the case among all.
#[test]
fn threads_change_nothing() {
    let place = Place::with("tiny.toml", TINY);
    let told = |words: &[&str]| {
        let common = ["robust", "tiny.toml", "--draws", "1", "--json"];
        place.fairground_with(&[&common, words].concat())
    };
    let all = told(&["--jobs", "2"]);
    assert_eq!(all, told(&["--jobs", "1"]));
    for case in ["agents 1", "frameworks 1", "together 1"] {
        let rows = |told: &str| {
            let rows = told.lines().filter(|line| line.starts_with('{'));
            let rows = rows.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
            let of_case = |row: serde_json::Value| {
                let cases = row["cases"].as_array().unwrap().clone();
                cases.into_iter().find(|one| one[0] == case).unwrap()
            };
            rows.map(of_case).collect::<Vec<_>>()
        };
        let alone = rows(&told(&["--case", case]));
        assert_eq!(alone.len(), 4, "{case}");
        assert_eq!(alone, rows(&all), "{case}");
    }
}

/// A replayed table, of which nothing is drawn: one seed, and no interval.
#[test]
fn a_replay() {
    let mut jobs = String::from("job,user,submit_s,run_s,cpus,mem_gib\n");
    for i in 0..24 {
        let user = ["ann", "bob", "cid"][i % 3];
        let (at, run) = (i / 2 * 60, 300 + 100 * (i % 5));
        let _ = writeln!(jobs, "j{i},{user},{at},{run},{},1", 1 + i % 3);
    }
    let place = Place::with("jobs.csv", &jobs);
    expect![[r#"
        exit 0
        --- stdout
        conclusion                                      as it stands  in any case             verdict
        drf finishes jobs sooner than static            1.048 times   1.012 to 1.063 times    survives
        drf finishes the median job sooner than static  1.0000 times  1.0000 to 1.0000 times  not shown even as it stands
        drf finishes jobs of ann sooner than static     1.142 times   1.142 to 1.142 times    survives
        drf finishes jobs of bob sooner than static     1.075 times   1.070 to 1.091 times    survives
        static finishes jobs of cid sooner than drf     1.061 times   1.023 to 1.178 times    survives
        --- stderr
        11 cases beside the comparison as it stands
        not switched: rounding of scores: policies of frameworks have exact shares
        not switched: the tie rule of static: it has none
        not switched: the order of agents: they are all alike, and nothing happens to one of them
        not switched: numbers of jobs that come at one instant: no two jobs of a framework do, or they wait for others by number
        changed nothing: the tie rule inside frameworks
        changed nothing: the seeds
    "#]].assert_eq(&place.fairground("robust --trace jobs.csv --draws 2"));
}

/// Two users with a job each that takes the whole cluster, one ten times as long as the other: who goes first is a
/// tie, and it is all that the two policies differ in.
#[test]
fn a_recipe_whose_conclusion_is_a_tie() {
    let jobs = "job,user,submit_s,run_s,cpus,mem_gib\na,ann,0,100,4,1\nb,bob,0,1000,4,1\n";
    let place = Place::with("jobs.csv", jobs);
    let mut recipe = String::from(
        r#"name = "tie"
duration = "1h"
policies = ["drf[tie=last]", "drf"]
cluster = [{ agents = 1, cpus = 4, mem = "8GiB" }]
"#,
    );
    for user in ["ann", "bob"] {
        let _ = writeln!(
            recipe,
            "[[framework]]\nname = \"{user}\"\nworkload.trace = {{ file = \"jobs.csv\", tenants = [\"{user}\"] }}"
        );
    }
    place.write("tie.toml", recipe);
    expect![[r#"
        exit 1
        --- stdout
        conclusion                                             as it stands  in any case            verdict
        drf finishes jobs sooner than drf[tie=last]            1.750 times   0.571 to 1.750 times   hangs on the tie rule of drf[tie=last] (from 1.750 to 1.0000 times: no longer shown) and the tie rule of drf (from 1.750 to 1.0000 times: no longer shown) and the order of frameworks (from 1.750 to 0.571 times: the other way round)
        drf finishes the median job sooner than drf[tie=last]  3.162 times   0.316 to 3.162 times   hangs on the tie rule of drf[tie=last] (from 3.162 to 1.0000 times: no longer shown) and the tie rule of drf (from 3.162 to 1.0000 times: no longer shown) and the order of frameworks (from 3.162 to 0.316 times: the other way round)
        drf finishes jobs of ann sooner than drf[tie=last]     11.000 times  0.091 to 11.000 times  hangs on the tie rule of drf[tie=last] (from 11.000 to 1.0000 times: no longer shown) and the tie rule of drf (from 11.000 to 1.0000 times: no longer shown) and the order of frameworks (from 11.000 to 0.091 times: the other way round)
        drf[tie=last] finishes jobs of bob sooner than drf     1.100 times   0.909 to 1.100 times   hangs on the tie rule of drf[tie=last] (from 1.100 to 1.0000 times: no longer shown) and the tie rule of drf (from 1.100 to 1.0000 times: no longer shown) and the order of frameworks (from 1.100 to 0.909 times: the other way round)

        The worst case of each by itself:
          tie of drf[tie=last]: first
            fairground compare tie.toml --policies 'drf[tie=first] drf'
          tie of drf: last
            fairground robust tie.toml --draws 3 --case 'tie of drf: last'
          frameworks 3
            fairground robust tie.toml --draws 3 --case 'frameworks 3'
        --- stderr
        17 cases beside the comparison as it stands
        not switched: rounding of scores: policies of frameworks have exact shares
        not switched: the order of agents: they are all alike, and nothing happens to one of them
        not switched: numbers of jobs that come at one instant: no two jobs of a framework do, or they wait for others by number
        changed nothing: the tie rule inside frameworks
        changed nothing: the seeds
    "#]].assert_eq(&place.fairground("robust tie.toml --draws 3"));
}
