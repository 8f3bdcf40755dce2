//! `verify`: yes, no, and what no result is.

use std::fs;

use expect_test::expect;

use crate::place::Place;

/// A place with a result in `out`.
fn result() -> Place {
    let place = Place::tiny();
    let told = place.fairground("run tiny.toml --out out");
    assert!(told.starts_with("exit 0\n"), "{told}");
    place
}

fn edit(place: &Place, name: &str, from: &str, to: &str) {
    let text = place.read(name);
    assert!(text.contains(from), "{name} has no {from}");
    place.write(name, text.replacen(from, to, 1));
}

#[test]
fn a_fresh_result() {
    expect![[r#"
        exit 0
        --- stdout
        out: 1 run and 24 files are what the recipe gives
    "#]]
    .assert_eq(&result().fairground("verify out"));
}

#[test]
fn an_edited_table() {
    let place = result();
    edit(&place, "out/summary.csv", "hadoop", "hadoup");
    expect![[r#"
        exit 1
        --- stdout
        out: 1 difference
          summary.csv: was changed
    "#]]
    .assert_eq(&place.fairground("verify out"));
}

#[test]
fn a_missing_table() {
    let place = result();
    fs::remove_file(place.path("out/jobs.parquet")).unwrap();
    expect![[r#"
        exit 1
        --- stdout
        out: 1 difference
          jobs.parquet: is missing
    "#]]
    .assert_eq(&place.fairground("verify out"));
}

#[test]
fn a_changed_recipe() {
    let place = result();
    edit(&place, "out/recipe.toml", "rate = 20", "rate = 21");
    let told = place.fairground("verify out");
    assert!(told.starts_with("exit 1\n--- stdout\nout: "), "{told}");
    assert!(told.contains("  recipe.toml: was changed\n"), "{told}");
    assert!(
        told.contains("  summary.csv: is not what the recipe gives\n"),
        "{told}"
    );
    assert!(told.contains("  drf, seed 1: digest was "), "{told}");
}

#[test]
fn a_recipe_broken() {
    let place = result();
    place.write("out/recipe.toml", "name = 7\n");
    expect![[r#"
        exit 2
        --- stderr
        error: out/recipe.toml:1:8: invalid type: integer `7`, expected a string
    "#]]
    .assert_eq(&place.fairground("verify out"));
}

#[test]
fn digests_broken() {
    let place = result();
    edit(&place, "out/DIGESTS", "run drf", "ran drf");
    expect![[r#"
        exit 2
        --- stderr
        error: cannot read out/DIGESTS line 2: expected `run` or `file`
    "#]]
    .assert_eq(&place.fairground("verify out"));
}

#[test]
fn no_result_at_all() {
    let place = Place::with("letter.txt", "Dear all,\n");
    expect![[r#"
        exit 2
        --- stderr
        error: .: is not a result folder: it holds no DIGESTS
          hint: name a folder that `fairground compare` or `fairground run` wrote
    "#]]
    .assert_eq(&place.fairground("verify ."));
    expect![[r#"
        exit 2
        --- stderr
        error: nowhere: is not a result folder: it holds no DIGESTS
          hint: name a folder that `fairground compare` or `fairground run` wrote
    "#]]
    .assert_eq(&place.fairground("verify nowhere"));
}
