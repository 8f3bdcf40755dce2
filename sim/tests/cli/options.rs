//! Options that cannot be followed, and what is said of them.

use std::fs;

use expect_test::{Expect, expect};

use crate::place::Place;

/// `compare` of the tiny recipe is refused with this message.
fn bad(words: &[&str], message: &Expect) {
    let place = Place::tiny();
    let told = place.fairground_with(&[&["compare", "tiny.toml"], words].concat());
    message.assert_eq(told.strip_prefix("exit 2\n--- stderr\n").expect(&told));
    assert_eq!(place.names("."), "tiny.toml\n");
}

#[test]
fn a_setting_without_a_value() {
    bad(
        &["--set", "seeds"],
        &expect![[r#"
        error: --set seeds: expected key=value, as in cluster.0.agents=12
    "#]],
    );
}

#[test]
fn a_setting_of_an_unknown_key() {
    bad(
        &["--set", "sedes=3"],
        &expect![[r#"
            error: --set sedes=3: unknown field `sedes`, expected one of `name`, `title`, `about`, `duration`, `seeds`, `first_seed`, `step`, `tasks`, `policies`, `cluster`, `machines`, `network`, `costs`, `faults`, `measured`, `sensitivity`, `role`, `framework`
        "#]],
    );
    bad(
        &["--set", "framework.hadoop.workload.hadoop.gape=1m"],
        &expect![[r#"
            error: --set framework.hadoop.workload.hadoop.gape=1m: unknown field `gape`, expected one of `gap`, `jobs`, `closed`, `cpus`, `mem`, `reduce_cpus`, `reduce_mem`, `map`, `copy`, `work`, `spread`, `away`, `replicas`, `slow_start`, `day`, `bins`
        "#]],
    );
}

#[test]
fn a_setting_of_a_member_that_is_not_there() {
    bad(
        &["--set", "framework.spark.weight=2"],
        &expect![[r#"
        error: --set framework.spark.weight=2: the list has no `spark`; it has hadoop, rails
    "#]],
    );
    bad(
        &["--set", "cluster.1.agents=2"],
        &expect![[r#"
        error: --set cluster.1.agents=2: the list has no `1`; it has 0
    "#]],
    );
}

#[test]
fn a_setting_inside_a_number() {
    bad(
        &["--set", "seeds.first=2"],
        &expect![[r#"
        error: --set seeds.first=2: `first` is inside something that has no parts
    "#]],
    );
}

#[test]
fn a_setting_of_the_wrong_type() {
    bad(
        &["--set", "cluster.0.agents=many"],
        &expect![[r#"
        error: --set cluster.0.agents=many: invalid type: string "many", expected u32
    "#]],
    );
}

#[test]
fn a_setting_that_makes_no_sense() {
    bad(
        &["--set", "cluster.0.agents=0"],
        &expect![[r#"
            error: tiny.toml: `cluster`: expected 1 to 1000000 agents in all, found 0
        "#]],
    );
}

#[test]
fn the_setting_at_fault_is_named_among_good_ones() {
    let words = [
        "--set",
        "seeds=3",
        "--set",
        "step=often",
        "--set",
        "title=x",
    ];
    bad(
        &words,
        &expect![[r#"
        error: --set step=often: `often` is not a length of time; expected a number and a unit (us, ms, s, m, h, d), as in `250ms` or `1.5h`
    "#]],
    );
}

#[test]
fn no_seeds() {
    bad(
        &["--seeds", "0"],
        &expect![[r#"
        error: invalid value '0' for '--seeds <N>': 0 is not in 1..=4294967295

        For more information, try '--help'.
    "#]],
    );
    bad(
        &["--seeds", "few"],
        &expect![[r#"
        error: invalid value 'few' for '--seeds <N>': invalid digit found in string

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn no_jobs() {
    bad(
        &["--jobs", "0"],
        &expect![[r#"
        error: invalid value '0' for '--jobs <N>': 0 is not in 1..=65535

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn no_policies() {
    bad(
        &["--policies", ""],
        &expect![[r#"
        error: invalid value '' for '--policies <NAMES>...': `` is not a name: letters, digits and `-` only; expected `name` or `name[key=value,...]`

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn a_policy_that_is_no_name() {
    bad(
        &["--policies", "static drf[round"],
        &expect![[r#"
        error: invalid value 'drf[round' for '--policies <NAMES>...': `drf[round` is not a name: the bracket is not closed; expected `name` or `name[key=value,...]`

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn an_unknown_policy() {
    bad(
        &["--policies", "static raffle"],
        &expect![[r#"
            error: --policies: no policy is called `raffle`; known are static, drf, fair, fifo, priority, borg, random, lottery, slots, asset, choosy, hdrf, karma, slurm, tiresias, yarn-fair, yarn-capacity, kueue, kai, armada, volcano, ceei, gavel, static-best, mesos-like, omega-like, slurm-like, yarn-capacity-like, yarn-fair-like, kueue-like, kai-like, armada-like, volcano-like
              hint: `fairground policies` lists all names and parameters
        "#]],
    );
}

/// A stream searches for no split, so it names none that would be searched for.
#[test]
fn what_a_stream_does_not_do() {
    for (words, message) in [
        (
            &["--policy", "raffle"][..],
            expect![[r#"
                error: --policy: no policy is called `raffle`; known are static, drf, fair, fifo, priority, borg, random, lottery, slots, asset, choosy, hdrf, karma, slurm, tiresias, yarn-fair, yarn-capacity, kueue, kai, armada, volcano, ceei, gavel, mesos-like, omega-like, slurm-like, yarn-capacity-like, yarn-fair-like, kueue-like, kai-like, armada-like, volcano-like
                  hint: `fairground policies` lists all names and parameters
            "#]],
        ),
        (
            &["--set", "tasks=true"],
            expect![[r#"
            error: tiny.toml: `tasks`: no effect: a stream keeps no row a task; found true
              hint: leave it out, or add --set tasks=false
        "#]],
        ),
    ] {
        let told = Place::tiny().fairground_with(&[&["stream", "tiny.toml"], words].concat());
        message.assert_eq(told.strip_prefix("exit 2\n--- stderr\n").expect(&told));
    }
}

#[test]
fn a_duration_that_is_none() {
    bad(
        &["--duration", "soon"],
        &expect![[r#"
        error: invalid value 'soon' for '--duration <SPAN>': `soon` is not a length of time; expected a number and a unit (us, ms, s, m, h, d), as in `250ms` or `1.5h`

        For more information, try '--help'.
    "#]],
    );
    bad(
        &["--duration", "-1h"],
        &expect![[r#"
        error: invalid value '-1h' for '--duration <SPAN>': `-1h` is not a length of time; expected a number and a unit (us, ms, s, m, h, d), as in `250ms` or `1.5h`

        For more information, try '--help'.
    "#]],
    );
    bad(
        &["--duration", "99999999999999999999h"],
        &expect![[r#"
        error: invalid value '99999999999999999999h' for '--duration <SPAN>': `99999999999999999999h` is not a length of time; expected a number and a unit (us, ms, s, m, h, d), as in `250ms` or `1.5h`

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn an_unknown_option() {
    bad(
        &["--seed", "3"],
        &expect![[r#"
        error: unexpected argument '--seed' found

          tip: a similar argument exists: '--seeds'

        Usage: fairground compare --seeds <N> <RECIPE>

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn a_seed_that_no_recipe_can_hold() {
    let told = Place::tiny().fairground("run tiny.toml --seed 18446744073709551615");
    expect![[r#"
        exit 2
        --- stderr
        error: invalid value '18446744073709551615' for '--seed <N>': 18446744073709551615 is not in 0..=9223372036854775807

        For more information, try '--help'.
    "#]].assert_eq(&told);
}

#[test]
fn a_folder_of_somebody_else() {
    let place = Place::tiny();
    fs::create_dir(place.path("letters")).unwrap();
    place.write("letters/first.txt", "Dear all,\n");
    expect![[r#"
        exit 2
        --- stderr
        error: will not replace letters: it holds no provenance.json, so it is not a result folder; choose another folder or remove this one
    "#]].assert_eq(&place.fairground("compare tiny.toml --out letters"));
    assert_eq!(place.names("letters"), "first.txt\n");
}

#[test]
fn a_file_in_the_place_of_the_results() {
    let place = Place::tiny();
    expect![[r#"
        exit 2
        --- stderr
        error: cannot look into tiny.toml: Not a directory (os error 20)
    "#]]
    .assert_eq(&place.fairground("compare tiny.toml --out tiny.toml"));
    expect![[r#"
        exit 2
        --- stderr
        error: cannot look into tiny.toml/results: Not a directory (os error 20)
    "#]]
    .assert_eq(&place.fairground("compare tiny.toml --out tiny.toml/results"));
}

#[test]
fn an_amount_without_a_unit() {
    bad(
        &["--set", "cluster.0.mem=32"],
        &expect![[r#"
        error: --set cluster.0.mem=32: expected memory as text with a unit, as in "4GiB", found the number 32 without a unit: write "32MiB" or "32GiB"
    "#]],
    );
    bad(
        &["--set", "cluster.0.mem=1.5"],
        &expect![[r#"
        error: --set cluster.0.mem=1.5: expected memory as text with a unit, as in "4GiB", found the number 1.5 without a unit: write "1.5MiB" or "1.5GiB"
    "#]],
    );
    bad(
        &["--set", "framework.rails.workload.rails.service.slo=1"],
        &expect![[r#"
        error: --set framework.rails.workload.rails.service.slo=1: expected a length of time as text with a unit (us, ms, s, m, h, d), found the number 1 without one: write "1s" or "1ms"
    "#]],
    );
}

#[test]
fn policies_with_a_comma() {
    bad(
        &["--policies", "static,drf"],
        &expect![[r#"
        error: invalid value 'static,drf' for '--policies <NAMES>...': `static,drf` is not a name: these are several, which are separated by spaces: `static drf`; expected `name` or `name[key=value,...]`

        For more information, try '--help'.
    "#]],
    );
}

/// Factors and parts of nothing, or of no number: what was expected is said, and of which flag.
#[test]
fn factors_that_are_none() {
    let place = Place::with("log.swf", "1 0 0 60 1 -1 -1 1 100 -1 1 1 1 -1 1 -1 -1 -1\n");
    for (flag, expected) in [
        ("load", "a number above 0 of at most three decimal places"),
        (
            "interarrival",
            "a number above 0 of at most three decimal places",
        ),
        (
            "sample",
            "a number above 0 and at most 1, of at most three decimal places",
        ),
    ] {
        for value in [
            "0",
            "0.000",
            "-1",
            "inf",
            "nan",
            "1e3",
            "0.0001",
            "99999999999",
        ] {
            let said = place.fairground(&format!("compare --trace log.swf --{flag} {value}"));
            let told = format!("error: invalid value '{value}' for '--{flag} <");
            let told = said.contains(&told) && said.contains(&format!("expected {expected}"));
            assert!(said.starts_with("exit 2\n") && told, "{said}");
        }
    }
}

/// Nobody wrote the keys that flags set: what is wrong is said of the flag.
#[test]
fn flags_are_named_and_not_the_keys_that_they_set() {
    let place = Place::tiny();
    let job = "1 0 0 60 1 -1 -1 1 100 -1 1 1 1 -1 1 -1 -1 -1\n";
    place.write(
        "log.swf",
        format!("{job}{}", job.replacen("1 0", "2 600", 1)),
    );
    place.write("workload.txt", "1 2 3\n");
    let requests = "compare --trace workload.txt --format requests";
    for (command, told) in [
        (
            "compare --trace log.swf --interarrival 4000000",
            "--interarrival: expected a factor that makes less than 20 years of the trace, found 4000000",
        ),
        (
            "compare --trace log.swf --duration 99999d",
            "--duration: expected more than nothing and less than 20 years, found 99999d",
        ),
        (
            "compare --trace log.swf --duration 0s",
            "--duration: expected more than nothing and less than 20 years, found 0s",
        ),
        (
            "compare --trace log.swf --policies raffle drf",
            "--policies: no policy is called `raffle`",
        ),
        (
            "compare --trace log.swf --feedback user --interarrival 0.5",
            "--interarrival: expected 1, as pauses are those of the log, found 0.5\n  \
             hint: leave it or --feedback user out",
        ),
        (
            "compare --trace log.swf --set duration=0s",
            "the recipe of the traces: `duration`: expected more than nothing",
        ),
        (
            &format!("{requests} --feedback user"),
            "--feedback: expected a trace of jobs",
        ),
        (
            &format!("{requests} --interarrival 2"),
            "--interarrival: expected at most 1, as requests are told by steps, found 2",
        ),
        (
            "compare tiny.toml --duration 0s",
            "--duration: expected more than nothing and less than 20 years",
        ),
        (
            "run tiny.toml --duration 99999d",
            "--duration: expected more than nothing and less than 20 years",
        ),
        (
            "run tiny.toml --policy raffle",
            "--policy: no policy is called `raffle`",
        ),
        (
            "stream tiny.toml --policy raffle",
            "--policy: no policy is called `raffle`",
        ),
    ] {
        let said = place.fairground(command);
        let said = said.replace(" workload.txt:", "").replace(" log.swf:", "");
        let told = format!("error: {told}");
        assert!(
            said.starts_with("exit 2\n") && said.contains(&told),
            "{told}: {said}"
        );
    }
}

/// A flag and a setting, or two settings, of one key: neither wins in silence.
#[test]
fn two_values_for_one_key() {
    let place = Place::tiny();
    for (command, flag, setting) in [
        (
            "compare tiny.toml --duration 1h",
            "--duration",
            "duration=2h",
        ),
        ("compare tiny.toml --seeds 3", "--seeds", "seeds=4"),
        (
            "compare tiny.toml --policies drf",
            "--policies",
            "policies.0=fifo",
        ),
        ("compare tiny.toml --tasks", "--tasks", "tasks=false"),
        (
            "compare tiny.toml --set seeds=3",
            "--set seeds=3",
            "seeds=4",
        ),
        ("run tiny.toml --seed 3", "--seed", "first_seed=4"),
        ("run tiny.toml", "--seed", "seeds=4"),
        ("run tiny.toml", "--policy", "policies.0=fifo"),
        ("stream tiny.toml", "--seed", "seeds=5"),
        ("stream tiny.toml", "--policy", "policies.0=fifo"),
    ] {
        let said = place.fairground(&format!("{command} --set {setting}"));
        let told = format!("error: {flag}");
        assert!(
            said.starts_with("exit 2\n")
                && said.contains(&told)
                && said.contains(&format!(" and --set {setting}: two values for "))
                && said.contains("hint: leave one of them out"),
            "{told}: {said}"
        );
    }
    let said = place.fairground("stream tiny.toml --set step=9s");
    let told = "error: --set step: no effect: a stream has no tables by time; found 9s";
    assert!(said.contains(told), "{said}");
}
