//! A result folder is whole or absent, and the same comparison gives the same bytes.

mod output_fake;

use std::fs;
use std::path::Path;

use fairground_sim::output::{Digests, Gains, Options, OutputError, read_digests, write};

const QUICK: Options = Options {
    csv_rows: 20_000,
    png: false,
};

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Writes a day with twenty seeds to the folder named by `FAIRGROUND_LOOK`, to be looked at.
#[test]
fn a_day_to_look_at() {
    let Some(dir) = std::env::var_os("FAIRGROUND_LOOK") else {
        return;
    };
    let seeds = std::env::var("FAIRGROUND_SEEDS").map_or(20, |seeds| seeds.parse().unwrap());
    let day = output_fake::day(seeds);
    write(&day, Path::new(&dir), Options::default()).unwrap();
    print!("{}", Gains::of(&day).to_text());
}

#[test]
fn the_same_comparison_gives_the_same_bytes() {
    let place = tempfile::tempdir().unwrap();
    let (one, two) = (place.path().join("one"), place.path().join("two"));
    let day = output_fake::day(2);
    let first = write(&day, &one, Options::default()).unwrap();
    let second = write(&day, &two, Options::default()).unwrap();
    assert_eq!(first.digests, second.digests);
    assert_eq!(
        fs::read(one.join("DIGESTS")).unwrap(),
        fs::read(two.join("DIGESTS")).unwrap()
    );
    assert_eq!(names(place.path()), ["one", "two"]);
}

#[test]
fn digests_are_read_back_and_tell_differences() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("day");
    let day = output_fake::day(1);
    let written = write(&day, &dir, QUICK).unwrap();
    let digests = read_digests(&dir).unwrap();
    assert_eq!(digests, written.digests);
    assert!(digests.changed_files(&dir).unwrap().is_empty());
    assert!(digests.differences(&Digests::of_runs(&day)).is_empty());

    fs::write(dir.join("gains.csv"), "edited by hand").unwrap();
    fs::remove_file(dir.join("summary.csv")).unwrap();
    let changed = digests.changed_files(&dir).unwrap();
    assert_eq!(
        changed,
        ["gains.csv: was changed", "summary.csv: is missing"]
    );

    let mut again = day;
    again.policies[2].runs[0].digest = "other".to_owned();
    again.policies[1].runs.clear();
    let differences = digests.differences(&Digests::of_runs(&again));
    assert_eq!(differences.len(), 2, "{differences:?}");
}

#[test]
fn an_earlier_result_is_replaced_and_anything_else_is_not() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("day");
    write(&output_fake::day(1), &dir, QUICK).unwrap();
    fs::write(dir.join("stale.csv"), "").unwrap();
    write(&output_fake::day(1), &dir, QUICK).unwrap();
    assert!(!dir.join("stale.csv").exists());
    assert_eq!(names(place.path()), ["day"]);

    let thesis = place.path().join("thesis");
    fs::create_dir(&thesis).unwrap();
    fs::write(thesis.join("chapter.tex"), "").unwrap();
    let error = write(&output_fake::day(1), &thesis, QUICK).unwrap_err();
    assert!(matches!(error, OutputError::Foreign(_)), "{error}");
    assert!(error.to_string().contains("thesis"), "{error}");
    assert_eq!(names(place.path()), ["day", "thesis"]);
}

#[test]
fn a_failure_leaves_nothing_behind_and_names_the_path() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "").unwrap();
    let error = write(&output_fake::day(1), &file.join("day"), QUICK).unwrap_err();
    assert!(error.to_string().contains("file"), "{error}");

    let error = write(&output_fake::day(1), &file, QUICK).unwrap_err();
    assert!(error.to_string().starts_with("cannot look into"), "{error}");
    assert_eq!(names(place.path()), ["file"]);
}

#[test]
fn hostile_names_stay_text() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("day");
    let mut day = output_fake::day(1);
    let hostile = "</script><script>alert('x')</script>";
    day.title = hostile.to_owned();
    day.frameworks[0].name = hostile.to_owned();
    day.policies[1].name = hostile.to_owned();
    day.warnings.push(hostile.to_owned());
    day.recipe = hostile.to_owned();
    write(&day, &dir, QUICK).unwrap();
    let page = fs::read_to_string(dir.join("report.html")).unwrap();
    assert!(!page.contains("<script>alert"));
    assert_eq!(page.matches("</script>").count(), 3);
    for figure in names(&dir.join("figures")) {
        let svg = fs::read_to_string(dir.join("figures").join(&figure)).unwrap();
        assert!(!svg.contains("<script"), "{figure}");
    }
}

#[test]
fn a_page_asks_for_nothing_from_outside() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("day");
    write(&output_fake::day(1), &dir, QUICK).unwrap();
    let page = fs::read_to_string(dir.join("report.html")).unwrap();
    for reference in ["src=\"", "href=\"", "url(", "@import", "fetch("] {
        assert!(!page.contains(reference), "{reference}");
    }
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
}
