//! `compare` and `run` where nothing is wrong.

use std::fs;

use expect_test::expect;

use crate::place::Place;

#[test]
fn the_plan_of_the_built_in_recipe() {
    expect![[r#"
        exit 0
        --- stdout
        nine-hosts (the built-in recipe nine-hosts)
        Nine hosts for Hadoop, Spark and Rails: three each, or one pool for all

        cluster     9 agents, cpus:72 mem:294912 MiB
        duration    1d
        failures    0 in the first seed
        framework   hadoop (hadoop), share 3, weight 1, scheduler fair[wait=5s]: 211 jobs, 10456 tasks in the first seed
        framework   spark (spark), share 3, weight 1, scheduler fair: 186 jobs, 11904 tasks in the first seed
        framework   rails (rails), share 3, weight 1, scheduler fair: 26157324 requests in the first seed
        policies    static, static-best, drf
        seeds       20 (1 to 20)
        runs        60, and those that search for a split
        results     fairground-out/nine-hosts
    "#]].assert_eq(&Place::empty().fairground("compare --dry-run"));
}

#[test]
fn a_plan_leaves_nothing() {
    let place = Place::tiny();
    place.fairground("compare tiny.toml --dry-run");
    assert_eq!(place.names("."), "tiny.toml\n");
}

#[test]
fn a_comparison() {
    let place = Place::tiny();
    expect![[r#"
        exit 0
        --- stdout
        Jobs: time from submission to the end

        framework  policy  verdict                  mean      change  95th pct      change   worse  unfinished  work lost    CPUs  memory
        hadoop     static  baseline             3.29 min           –  14.3 min           –       –         0 %        0 s  25.7 %  14.1 %
                   drf     no difference shown  2.63 min  −18 ± 46 %  10.9 min  −23 ± 27 %  4.76 %         0 %        0 s  28.1 %  15.3 %

        Services: response times and missed objectives

        framework  policy  verdict              95th pct      change  99th pct      change  missed       change    CPUs  memory
        rails      static  baseline               486 ms           –      30 s           –  1.24 %            –  16.7 %  8.33 %
                   drf     no difference shown    486 ms  0.00 ± 0 %      30 s  0.00 ± 0 %  1.24 %  0.00 ± 0 pp  16.7 %  8.33 %

        Changes are against static, on the same trace, with its 95 % interval over 2 seeds; pp: percentage points. Completion changes count jobs that finished under both. Worse: jobs more than 1 % later than under static, or never finished.

        No difference shown between drf and static: jobs finished 1.2 (0.69 to 2.15) times as soon, an interval that includes 1 (mean over 1 framework's jobs, 2 seeds).
        No difference shown in rails's missed requests: 1.24 % under drf, 1.24 % under static (0.00 ± 0 pp, 2 seeds).

        report: fairground-out/tiny/report.html
    "#]].assert_eq(&place.fairground("compare tiny.toml"));
    expect![[r#"
        fairground-out/
        fairground-out/tiny/
        fairground-out/tiny/DIGESTS
        fairground-out/tiny/digests.csv
        fairground-out/tiny/figures/
        fairground-out/tiny/figures/change.png
        fairground-out/tiny/figures/change.svg
        fairground-out/tiny/figures/completion.png
        fairground-out/tiny/figures/completion.svg
        fairground-out/tiny/figures/dominant-shares.png
        fairground-out/tiny/figures/dominant-shares.svg
        fairground-out/tiny/figures/hosts.png
        fairground-out/tiny/figures/hosts.svg
        fairground-out/tiny/figures/latency.png
        fairground-out/tiny/figures/latency.svg
        fairground-out/tiny/figures/utilisation.png
        fairground-out/tiny/figures/utilisation.svg
        fairground-out/tiny/gains.csv
        fairground-out/tiny/hosts.csv
        fairground-out/tiny/jobs.csv
        fairground-out/tiny/provenance.json
        fairground-out/tiny/recipe.toml
        fairground-out/tiny/report.html
        fairground-out/tiny/services.csv
        fairground-out/tiny/summary.csv
        fairground-out/tiny/table.txt
        fairground-out/tiny/usage.csv
        tiny.toml
    "#]]
    .assert_eq(&place.names("."));
}

#[test]
fn a_run() {
    let place = Place::tiny();
    expect![[r#"
        exit 0
        --- stdout
        Jobs: time from submission to the end

        framework  policy  verdict       mean  change  95th pct  change  worse  unfinished  work lost    CPUs  memory
        hadoop     drf     baseline  4.45 min       –  8.68 min       –      –         0 %        0 s  23.6 %  11.8 %

        Services: response times and missed objectives

        framework  policy  verdict   95th pct  change  99th pct  change  missed  change    CPUs  memory
        rails      drf     baseline    485 ms       –      30 s       –  1.22 %       –  16.7 %  8.33 %

        report: seven/report.html
    "#]].assert_eq(&place.fairground("run tiny.toml --seed 7 --out seven"));
    assert!(place.path("seven/report.html").is_file());
}

#[test]
fn a_plan_with_everything_replaced() {
    let place = Place::tiny();
    let words = "compare tiny.toml --set framework.rails.weight=2.5 --set cluster.0.agents=5 \
                 --duration 90m --seeds 3 --policies drf[round=2s] fair --dry-run --out elsewhere";
    expect![[r#"
        exit 0
        --- stdout
        tiny (tiny.toml)
        Two share three

        cluster     5 agents, cpus:20 mem:40960 MiB
        duration    90m
        failures    0 in the first seed
        framework   hadoop (hadoop), share 2, weight 1, scheduler fair: 25 jobs, 1317 tasks in the first seed
        framework   rails (rails), share 1, weight 2.5, scheduler fair: 52059 requests in the first seed
        policies    drf[round=2s], fair
        seeds       3 (1 to 3)
        runs        6
        results     elsewhere
    "#]].assert_eq(&place.fairground(words));
}

/// The recipe in the results is run from there: its files are found again.
#[test]
fn a_result_is_a_recipe_with_paths_that_still_lead_somewhere() {
    let recipe = crate::place::TINY.replace("hadoop]\ngap = \"5m\"", "swim]\nfile = \"jobs.tsv\"");
    let place = Place::empty();
    fs::create_dir(place.path("mine")).unwrap();
    place.write("mine/tiny.toml", recipe);
    place.write("mine/jobs.tsv", "one\t0\t0\t1000000\t0\t1000\n");
    place.fairground("run mine/tiny.toml --out deep/down");
    assert!(
        place
            .read("deep/down/recipe.toml")
            .contains("\"../../mine/jobs.tsv\"")
    );
    assert!(
        place
            .read("deep/down/provenance.json")
            .contains("\"../../mine/jobs.tsv\"")
    );
    let told = place.fairground("verify deep/down");
    assert!(told.starts_with("exit 0\n"), "{told}");
}

#[test]
fn results_do_not_depend_on_the_number_of_jobs() {
    let place = Place::tiny();
    place.fairground("compare tiny.toml --seeds 3 --jobs 1 --out one");
    place.fairground("compare tiny.toml --seeds 3 --jobs 8 --out eight");
    let names = place.names("one");
    assert_eq!(names, place.names("eight"));
    assert!(names.contains("figures/hosts.png\n"), "{names}");
    for name in names.lines().filter(|name| !name.ends_with('/')) {
        let bytes = |folder| fs::read(place.path(folder).join(name)).unwrap();
        assert!(bytes("one") == bytes("eight"), "{name} differs");
    }
}

#[test]
fn a_result_is_replaced_by_the_next() {
    let place = Place::tiny();
    place.fairground("run tiny.toml --out out");
    let before = place.read("out/DIGESTS");
    let told = place.fairground("run tiny.toml --out out --seed 2");
    assert!(told.starts_with("exit 0\n"), "{told}");
    assert_ne!(before, place.read("out/DIGESTS"));
    assert!(!place.names(".").contains("partial"));
}
