//! `compare --trace --feedback`: jobs of a log that are submitted when others end.

use std::fmt::Write as _;

use expect_test::expect;

use super::check;
use crate::place::Place;

/// Two users; the second job of each follows the first.
const LOG: &str = "\
; Version: 2.2
; MaxProcs: 4
1 0 0 600 4 -1 -1 4 900 -1 1 7 1 -1 1 -1 -1 -1
2 0 600 300 2 -1 -1 2 900 -1 1 8 1 -1 1 -1 -1 -1
3 660 240 300 4 -1 -1 4 900 -1 1 7 1 -1 1 -1 1 60
4 960 0 60 1 -1 -1 1 900 -1 1 8 1 -1 1 -1 2 60
";

/// When the jobs of a replay were submitted and ended under its last policy, in seconds.
fn times(arguments: &str) -> String {
    let place = Place::with("log.swf", LOG);
    let dry = format!("compare --trace log.swf {arguments} --dry-run");
    let recipe = place.fairground(&dry);
    let recipe = recipe.split("--- stdout\n").nth(1).expect("a recipe");
    let recipe = recipe.split("--- stderr").next().expect("a recipe");
    place.write("log.toml", recipe);
    let told = place.fairground("stream log.toml --rows rows.csv");
    assert!(told.starts_with("exit 0\n"), "{told}");
    let rows = place.read("rows.csv");
    let mut rows = csv::Reader::from_reader(rows.as_bytes());
    let mut shown = String::new();
    for row in rows.records().map(Result::unwrap) {
        let seconds = |column: usize| row[column].parse::<u64>().unwrap() / 1_000_000;
        let (user, job) = (&row[0], &row[2]);
        let _ = writeln!(shown, "{user} job {job}: {} to {}", seconds(3), seconds(5));
    }
    shown
}

#[test]
fn jobs_come_as_logged_or_when_those_before_them_end() {
    expect![[r#"
        user 7 job 1: 0 to 900
        user 7 job 3: 660 to 1200
        user 8 job 2: 0 to 300
        user 8 job 4: 960 to 1260
    "#]]
    .assert_eq(&times(""));
    expect![[r#"
        user 7 job 1: 0 to 900
        user 7 job 3: 960 to 1260
        user 8 job 2: 0 to 300
        user 8 job 4: 360 to 960
    "#]]
    .assert_eq(&times("--feedback logged"));
    expect![[r#"
        user 7 job 1: 0 to 900
        user 7 job 3: 960 to 1260
        user 8 job 2: 0 to 300
        user 8 job 4: 360 to 960
    "#]]
    .assert_eq(&times("--feedback user"));
}

#[test]
fn the_recipe_says_so() {
    let place = Place::with("log.swf", LOG);
    let told = place.fairground("compare --trace log.swf --feedback logged --out out");
    assert!(told.starts_with("exit 0\n"), "{told}");
    let recipe = place.read("out/recipe.toml");
    assert!(recipe.contains("feedback = \"logged\""), "{recipe}");
    assert!(
        recipe.contains("its think time after that one's end"),
        "{recipe}"
    );
    let told = place.fairground("verify out");
    assert!(told.starts_with("exit 0\n"), "{told}");
}

#[test]
fn mistakes_are_told() {
    let log = ("log.swf", LOG);
    check(
        &[log],
        "compare --trace log.swf --feedback users",
        &expect![[r#"
            exit 2
            --- stderr
            error: invalid value 'users' for '--feedback <FROM>': expected `logged` or `user`

            For more information, try '--help'.
        "#]],
    );
    check(
        &[log],
        "compare --feedback user",
        &expect![[r#"
        exit 2
        --- stderr
        error: the following required arguments were not provided:
          --trace <PATH>

        Usage: fairground compare --trace <PATH> --feedback <FROM> [RECIPE]

        For more information, try '--help'.
    "#]],
    );
}
