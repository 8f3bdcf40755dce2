//! `fairground gap`: the smallest perturbation, and the same by hand.

use std::fmt::Write as _;

use expect_test::expect;

use crate::place::Place;

/// Two users on two agents. One pool is better as it is: ann's jobs come at once, bob's are few.
pub(crate) fn jobs() -> Place {
    let mut jobs = String::from("job,user,submit_s,run_s,cpus,mem_gib\n");
    for i in 0..8 {
        let _ = writeln!(jobs, "a{i},ann,{},{},1,1", i * 10, 200 + 10 * i);
    }
    for i in 0..4 {
        let _ = writeln!(jobs, "b{i},bob,{},250,1,1", 100 + i * 300);
    }
    Place::with("jobs.csv", &jobs)
}

const GAP: &str = "gap drf static --trace jobs.csv --budget 400";

#[test]
fn a_gap_that_is_found_is_one_by_hand() {
    let place = jobs();
    expect![[r#"
        exit 0
        --- stdout
        drf against static on jobs (seed 1, 12 jobs that can be perturbed), by mean completion time of all jobs

        as it is     drf 5.54 min, static 5.81 min: drf is 1.048 times better
        perturbed    drf 7.35 min, static 7.33 min: drf is 1.002 times worse

        1 change, which cannot be a step smaller (found as 1 change after 128 tries, shrunk in 6):
          a2 of ann: 4 tasks instead of 1 task

        by hand: fairground compare fairground-out/jobs-gap/recipe.toml
    "#]].assert_eq(&place.fairground(GAP));
    expect![[r#"
        before.csv
        before.toml
        gap.txt
        jobs.csv
        recipe.toml
    "#]]
    .assert_eq(&place.names("fairground-out/jobs-gap"));
    expect![[r#"
        job,user,submit_s,run_s,tasks,cpus,mem_mib
        a0,ann,0,200,1,1,1024
        a1,ann,10,210,1,1,1024
        a2,ann,20,220,4,1,1024
        a3,ann,30,230,1,1,1024
        a4,ann,40,240,1,1,1024
        a5,ann,50,250,1,1,1024
        a6,ann,60,260,1,1,1024
        a7,ann,70,270,1,1,1024
        b0,bob,100,250,1,1,1024
        b1,bob,400,250,1,1,1024
        b2,bob,700,250,1,1,1024
        b3,bob,1000,250,1,1,1024
    "#]]
    .assert_eq(&place.read("fairground-out/jobs-gap/jobs.csv"));
    let told = place.fairground("compare fairground-out/jobs-gap/recipe.toml");
    let (_, told) = told
        .rsplit_once("drf instead of static")
        .unwrap_or_default();
    expect![[r#"
         (12 jobs, one seed, which says nothing about chance): ann is better off (mean
        completion 3.3 % lower); bob is worse off (mean completion 15.0 % higher). All jobs together: mean
        completion time 0.2 % higher; the median job's 1.5 % higher, 1.02 times later.
    "#]].assert_eq(told.split_once("\nreport").unwrap_or_default().0);
}

#[test]
fn threads_change_nothing() {
    let place = jobs();
    let all = place.fairground(&format!("{GAP} --jobs 2"));
    assert_eq!(all, place.fairground(&format!("{GAP} --jobs 1")));
}

#[test]
fn what_is_worse_to_begin_with() {
    expect![[r#"
        exit 0
        --- stdout
        static against drf on jobs (seed 1, 12 jobs that can be perturbed), by mean completion time of all jobs

        as it is     static 5.81 min, drf 5.54 min: static is 1.048 times worse

        static is worse to begin with: there is nothing to perturb.
    "#]].assert_eq(&jobs().fairground("gap static drf --trace jobs.csv"));
}

#[test]
fn nothing_is_found_within_no_budget() {
    expect![[r#"
        exit 1
        --- stdout
        drf against static on jobs (seed 1, 12 jobs that can be perturbed), by mean completion time of all jobs

        as it is     drf 5.54 min, static 5.81 min: drf is 1.048 times better

        No perturbation was found that makes drf worse than static: 1 set tried; the closest, of 1 change, left it 1.075 times better.
    "#]]
        .assert_eq(&jobs().fairground("gap drf static --trace jobs.csv --budget 1 --by 500"));
}

#[test]
fn what_cannot_be() {
    let place = Place::tiny();
    expect![[r#"
        exit 2
        --- stderr
        not perturbed: hadoop: aggregation-3 has several stages
        not perturbed: rails: it is a service
        error: tiny.toml: no job can be perturbed: expected a framework whose jobs have one stage with tasks that are all alike
    "#]].assert_eq(&place.fairground("gap drf static tiny.toml"));
    expect![[r#"
        exit 2
        --- stderr
        error: the following required arguments were not provided:
          <B>

        Usage: fairground gap <A> <B> [RECIPE]

        For more information, try '--help'.
    "#]]
    .assert_eq(&place.fairground("gap drf"));
    expect![[r#"
        exit 2
        --- stderr
        error: A and B: no policy is called `statik`; did you mean `static`? known are static, drf, fair, fifo, priority, borg, random, lottery, slots, asset, choosy, hdrf, karma, slurm, tiresias, yarn-fair, yarn-capacity, kueue, kai, armada, volcano, ceei, gavel, static-best, mesos-like, omega-like, slurm-like, yarn-capacity-like, yarn-fair-like, kueue-like, kai-like, armada-like, volcano-like
          hint: `fairground policies` lists all names and parameters
    "#]].assert_eq(&place.fairground("gap drf statik tiny.toml"));
    expect![[r#"
        exit 2
        --- stderr
        error: A and B and --set policies=drf: two values for `policies`
          hint: leave one of them out
    "#]]
    .assert_eq(&place.fairground("gap drf static tiny.toml --set policies=drf"));
    let place = jobs();
    expect![[r#"
        exit 2
        --- stderr
        error: --measure: expected mean, p95, makespan or one of mean:ann, mean:bob, found `median`
    "#]]
    .assert_eq(&place.fairground("gap drf static --trace jobs.csv --measure median"));
    expect![[r#"
        exit 2
        --- stderr
        error: invalid value 'much' for '--by <PERCENT>': expected a percentage, as in 2.5

        For more information, try '--help'.
    "#]]
    .assert_eq(&place.fairground("gap drf static --trace jobs.csv --by much"));
    std::fs::create_dir(place.path("out")).unwrap();
    place.write("out/mine.txt", "");
    expect![[r#"
        exit 2
        --- stderr
        error: out: expected an empty folder or one of an earlier gap, found `mine.txt` in it
    "#]]
    .assert_eq(&place.fairground("gap drf static --trace jobs.csv --out out"));
}
