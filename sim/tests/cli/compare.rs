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
        framework   hadoop (hadoop), share 3, weight 1, scheduler fair[speculate=1.5,wait=5s]: 211 jobs, 10456 tasks in the first seed
        framework   spark (spark), share 3, weight 1, scheduler fair: 186 jobs, 11904 tasks in the first seed
        framework   rails (rails), share 3, weight 1, scheduler fair: 26157324 requests in the first seed
        policies    static, static[data=all], static-best, drf
        seeds       20 (1 to 20)
        runs        80, and those that search for a split
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

        framework  policy  verdict        mean              change  median  95th pct   worse  unfinished
        hadoop     static  baseline   3.29 min                   –  59.6 s  14.3 min       –         0 %
                   drf     not shown  2.63 min  −18 % (−53 to +44)    58 s  10.9 min  4.76 %         0 %

        Services: response times and missed objectives

        framework  policy  verdict    median  95th pct  99th pct  missed                  change
        rails      static  baseline   106 ms    486 ms      30 s  1.24 %                       –
                   drf     not shown  106 ms    486 ms      30 s  1.24 %  0.00 pp (0.00 to 0.00)

        Changes are against static, on the same trace, the geometric mean over 2 seeds with its 95 %
        interval; not shown: the interval includes no change; pp: percentage points. Worse: jobs more than 1
        % later than under static, or never finished.

        drf instead of static (21 jobs, 2 seeds): nobody is shown to pay; no difference shown for hadoop
        (mean completion 18 % lower, 53 % lower to 44 % higher) and rails (1.24 % of requests late instead
        of 1.24 %, 0.00 pp, 0.00 to 0.00). All jobs together: mean completion time 18 % lower (53 % lower to
        44 % higher); the median job's 5 % lower (52 % lower to 89 % higher).

        report: fairground-out/tiny/report.html
    "#]].assert_eq(&place.fairground("compare tiny.toml"));
    expect![[r#"
        fairground-out/
        fairground-out/tiny/
        fairground-out/tiny/DIGESTS
        fairground-out/tiny/digests.csv
        fairground-out/tiny/digests.parquet
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
        fairground-out/tiny/gains.parquet
        fairground-out/tiny/hosts.parquet
        fairground-out/tiny/jobs.parquet
        fairground-out/tiny/provenance.json
        fairground-out/tiny/recipe.toml
        fairground-out/tiny/report.html
        fairground-out/tiny/services.parquet
        fairground-out/tiny/summary.csv
        fairground-out/tiny/summary.parquet
        fairground-out/tiny/table.txt
        fairground-out/tiny/usage.parquet
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

        framework  policy  verdict       mean  change  median  change  95th pct  change  worse  unfinished
        hadoop     drf     baseline  4.45 min       –    13 s       –  8.68 min       –      –         0 %

        Services: response times and missed objectives

        framework  policy  verdict   median  change  95th pct  change  99th pct  change  missed  change
        rails      drf     baseline  106 ms       –    485 ms       –      30 s       –  1.22 %       –

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

/// A recipe that names what a real run of it measured shows both, wherever its results go.
#[test]
fn a_recipe_can_name_what_was_measured() {
    let place = Place::tiny();
    let measured = "framework,job,label,tasks,submitted_s,started_s,finished_s,lost\n\
                    0,0,small,4,27.744,30.382,93.329,0\n0,1,small,4,30,,,0\n";
    fs::create_dir(place.path("run")).unwrap();
    place.write("run/jobs.csv", measured);
    let recipe = |policy: &str, seed: u32, file: &str| {
        let key = format!(
            "[measured]\nfile = \"{file}\"\npolicy = \"{policy}\"\nseed = {seed}\n\n[[framework]]"
        );
        place.write(
            "mine.toml",
            crate::place::TINY.replacen("[[framework]]", &key, 1),
        );
        place.fairground("compare mine.toml --out deep/down")
    };
    let told = recipe("drf", 2, "run/jobs.csv");
    assert!(told.starts_with("exit 0\n"), "{told}");
    let page = place.read("deep/down/report.html");
    assert!(
        page.contains("<td>1 of 2</td>") && page.contains("<td>65.6 s</td>"),
        "{page}"
    );
    assert!(
        place
            .read("deep/down/recipe.toml")
            .contains("\"../../run/jobs.csv\"")
    );
    let verified = place.fairground("verify deep/down");
    assert!(verified.starts_with("exit 0\n"), "{verified}");
    let refused = |told: String, part: &str| {
        assert!(
            told.starts_with("exit 2\n") && told.contains(part),
            "{told}"
        );
    };
    refused(
        recipe("fifo", 1, "run/jobs.csv"),
        "`measured.policy`: expected one of the policies",
    );
    refused(
        recipe("drf", 9, "run/jobs.csv"),
        "`measured.seed`: expected a seed from 1 to 2",
    );
    refused(recipe("drf", 1, "run/none.csv"), "none.csv");
    place.write("run/jobs.csv", measured.replace("93.329", "3"));
    refused(recipe("drf", 1, "run/jobs.csv"), "line 2");
    place.write("run/jobs.csv", measured.replace("0,1,", "7,1,"));
    refused(recipe("drf", 1, "run/jobs.csv"), "framework 7 of 2");
}

/// The best split is a parameter of what is best, and that is not one of the split itself.
#[test]
fn what_a_split_is_best_at_can_be_chosen() {
    let place = Place::tiny();
    let told = place
        .fairground("compare tiny.toml --policies static static-best[best=unharmed] --out out");
    assert!(told.starts_with("exit 0\n"), "{told}");
    assert!(
        told.contains("static-best[best=unharmed] was static[split="),
        "{told}"
    );
    let told = place.fairground("compare tiny.toml --policies static-best[best=all]");
    assert!(told.contains("expected mean or unharmed"), "{told}");
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
