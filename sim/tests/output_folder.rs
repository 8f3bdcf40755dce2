//! A result folder is whole or absent, and the same comparison gives the same bytes.

mod output_fake;

use std::fs;
use std::path::Path;

use fairground_policies::message::FrameworkId;
use fairground_policies::time::Span;
use fairground_sim::measured::{Measured, MeasuredJob};
use fairground_sim::output::{Changes, Digests, Options, OutputError, read_digests, write};
use fairground_sim::run::Comparison;
use fairground_workloads::trace::Assumption;

const QUICK: Options = Options { png: false };

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
    print!("{}", Changes::of(&day).to_text());
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

/// What is not of the result stays as it is, wherever it is; of the result nothing stays.
#[test]
fn an_earlier_result_is_replaced_and_anything_else_is_not() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("day");
    let mut day = output_fake::day(1);
    day.about = "A page.".to_owned();
    write(&day, &dir, Options::default()).unwrap();
    fs::write(dir.join("notes.txt"), "mine").unwrap();
    fs::write(dir.join("figures/mine.svg"), "mine").unwrap();
    fs::create_dir_all(dir.join("deep/er")).unwrap();
    fs::write(dir.join("deep/er/table.csv"), "mine").unwrap();
    let before = fs::metadata(dir.join("figures/hosts.png")).is_ok();
    assert!(before && dir.join("README.md").is_file());
    write(&output_fake::day(1), &dir, QUICK).unwrap();
    for kept in ["notes.txt", "figures/mine.svg", "deep/er/table.csv"] {
        assert_eq!(
            fs::read_to_string(dir.join(kept)).unwrap(),
            "mine",
            "{kept}"
        );
    }
    assert!(
        !dir.join("README.md").exists(),
        "a page of the earlier result"
    );
    assert!(!dir.join("figures/hosts.png").exists(), "a picture of it");
    assert_eq!(names(place.path()), ["day"]);

    // What the next result would overwrite is somebody's.
    fs::write(dir.join("README.md"), "mine").unwrap();
    let error = write(&day, &dir, QUICK).unwrap_err();
    assert!(matches!(error, OutputError::InTheWay(_)), "{error}");
    assert_eq!(fs::read_to_string(dir.join("README.md")).unwrap(), "mine");
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

/// The report of `day`.
fn report(day: &Comparison) -> String {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("day");
    write(day, &dir, QUICK).unwrap();
    fs::read_to_string(dir.join("report.html")).unwrap()
}

#[track_caller]
fn in_order(page: &str, parts: &[&str]) {
    let mut from = 0;
    for part in parts {
        let at = page[from..].find(part);
        from += at.unwrap_or_else(|| panic!("{part} is not there, or too early"));
    }
}

#[test]
fn a_report_opens_with_a_picture_and_who_gains_and_pays() {
    let page = report(&output_fake::day(3));
    let first = [
        "<h1>",
        "drf instead of static</h2>",
        "class=\"sides\"",
        "<b>hadoop</b> <span class=\"word\">gains</span>",
        "class=\"bar base\"",
        "class=\"finding\"",
        "drf instead of static (",
        "What ran on each agent over time</h2>",
        "Who gains, who pays</h2>",
        "What the assumptions are worth</h2>",
        "What was assumed</h2>",
    ];
    in_order(&page, &first);
    assert!(
        page.contains("one task at a time (Ghodsi et al., NSDI 2011)"),
        "drf is said"
    );
}

/// Who pays is red, by its own class, and is seen as such.
#[test]
fn payers_are_marked() {
    let mut day = output_fake::day(3);
    day.policies.swap(0, 2);
    day.policies.truncate(2);
    let page = report(&day);
    in_order(
        &page,
        &["static-best instead of drf</h2>", "class=\"side pays\""],
    );
}

#[test]
fn other_seeds_can_be_chosen_and_the_one_drawn_is_named() {
    let page = report(&output_fake::day(3));
    for part in [
        "\"seeds\":[{\"seed\":1,",
        "{\"seed\":2,",
        "{\"seed\":3,",
        "Seed 1, the first of 3.</span>",
        "Agents are recorded for it alone.",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(report(&output_fake::day(1)).contains("Seed 1.</span>"));
}

/// Fifteen frameworks with the same assumption but for its numbers are one row.
#[test]
fn near_equal_assumptions_are_one_row() {
    let mut day = output_fake::day(1);
    let info = day.frameworks[0].clone();
    for number in 3..15 {
        let mut info = info.clone();
        info.name = format!("user-{number}");
        day.frameworks.push(info);
    }
    day.assumptions = (0..15)
        .map(|number| {
            let about = "tasks".to_owned();
            let model = format!("{} tasks of {}.5 s each", number + 2, number);
            (Some(FrameworkId(number)), Assumption { about, model })
        })
        .collect();
    let page = report(&day);
    assert!(page.contains("2 to 16 tasks of 0.5 to 14.5 s each"));
    assert_eq!(
        page.matches(" tasks of ").count(),
        16,
        "one row, and each in its details"
    );
    assert!(page.contains("all frameworks</td>"));
}

#[test]
fn what_was_measured_stands_beside_what_was_simulated() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("day");
    let mut day = output_fake::day(1);
    day.about = "A day.".to_owned();
    let job = |framework, seconds| MeasuredJob {
        framework: FrameworkId(framework),
        wait: Some(Span::from_secs(1)),
        completion: Some(Span::from_secs(seconds)),
    };
    day.measured = Some(Measured {
        input: day.inputs[0].clone(),
        policy: "drf".to_owned(),
        seed: 1,
        jobs: vec![job(0, 100), job(0, 300), job(1, 50)],
    });
    write(&day, &dir, QUICK).unwrap();
    assert!(dir.join("figures/measured.svg").is_file());
    let report = fs::read_to_string(dir.join("report.html")).unwrap();
    in_order(
        &report,
        &[
            "Mean completion under drf, seed 1: hadoop ",
            "measured</h2>",
            "<th scope=\"row\">hadoop</th><td>completion, mean</td>",
            "<td>3.33 min</td>",
        ],
    );
    let page = fs::read_to_string(dir.join("README.md")).unwrap();
    in_order(
        &page,
        &[
            "figures/measured.png",
            "## Simulated and measured",
            "| hadoop | completion, mean |",
        ],
    );
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
