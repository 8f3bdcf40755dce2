//! What assumptions are worth: rows of a comparison with one thing changed.

use std::path::PathBuf;

use fairground_policies::registry::Registry;
use fairground_readers::formats::bytes_read;
use fairground_sim::experiment::{Experiment, Unwatched};
use fairground_sim::recipe::Recipe;
use fairground_sim::run::{Comparison, Sheet};

const RECIPE: &str = r#"
name = "small"
duration = "2h"
seeds = 4
policies = ["static", "static-best", "drf"]
cluster = [{ agents = 4, cpus = 2, mem = "8GiB" }]

[[framework]]
name = "hadoop"
workload.hadoop = { gap = "3m", map = "60s", jobs = 20 }

[[framework]]
name = "rails"
workload.rails = { rate = 20, step = "5m" }
"#;

fn sheet(vary: &str) -> Result<Option<Sheet>, String> {
    sheet_with(vary, &[])
}

fn sheet_with(vary: &str, settings: &[String]) -> Result<Option<Sheet>, String> {
    compared(vary, settings).map(|comparison| comparison.sheets.into_iter().next())
}

fn compared(vary: &str, settings: &[String]) -> Result<Comparison, String> {
    let text = format!("{RECIPE}\n[sensitivity]\nseeds = 2\nvary = [{vary}]\n");
    let loaded = Recipe::of_text(&text, settings, "small".to_owned(), PathBuf::from("."));
    let loaded = loaded.map_err(|error| error.to_string())?;
    let experiment = Experiment::load(&loaded, Registry::default());
    let experiment = experiment.map_err(|error| error.to_string())?;
    let comparison = experiment.compare(&Unwatched::default()).expect("runs");
    assert_eq!(
        comparison.seeds.len(),
        4,
        "the comparison itself has all seeds"
    );
    Ok(comparison)
}

#[test]
fn a_row_is_the_comparison_with_one_thing_changed() {
    let rows = r#"
        { what = "away", set = ["framework.hadoop.workload.hadoop.away=4"] },
        { what = "both", set = ["network.latency=1s", "network.think=1s"] },
    "#;
    let sheet = sheet(rows).unwrap().expect("a sheet");
    assert_eq!(sheet.heads, ["changed", "drf: jobs", "drf: rails"]);
    let names: Vec<&str> = sheet.rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(names, ["as it is", "away", "both"]);
    assert_ne!(sheet.rows[0][1], sheet.rows[1][1]);
    assert_ne!(sheet.rows[0][1], sheet.rows[2][1]);
    assert!(sheet.note.contains("2 seeds"), "{}", sheet.note);
}

#[test]
fn a_change_that_does_not_apply_is_refused_before_anything_runs() {
    for (set, told) in [
        ("framework.spark.weight=2", "--set framework.spark.weight=2"),
        ("costs.begin=1s", "unknown field `begin`"),
        ("costs.stragglers=7", "costs.stragglers"),
        ("framework.hadoop.scheduler=far", "the row `x`"),
        ("policies=[\"static\", \"dfr\", \"drf\"]", "the row `x`"),
        // Of other policies, or of none, the table has nothing to show.
        ("policies=[\"fifo\"]", "the table compares drf with static"),
        ("policies=[\"static\", \"fifo\"]", "found policies="),
        // What changes nothing that the table shows.
        ("seeds=7", "no effect: the rows have the seeds"),
        ("first_seed=7", "found `first_seed=7`"),
        ("title=Other", "found `title=Other`"),
        ("tasks=true", "found `tasks=true`"),
        (
            "costs.start=0s",
            "no effect: it says what stands there already",
        ),
        ("costs.start=1s', 'seeds=3", "found `seeds=3`"),
    ] {
        let error = sheet(&format!("{{ what = \"x\", set = ['{set}'] }}")).unwrap_err();
        assert!(
            error.contains("sensitivity") && error.contains(told),
            "{error}"
        );
    }
}

#[test]
fn rows_that_say_nothing_are_refused() {
    let row = "{ what = \"x\", set = [\"costs.start=1s\"] }";
    for (vary, told) in [
        (
            row.replace('x', " "),
            "expected what row 0 says of the world",
        ),
        (
            row.replace("\"costs.start=1s\"", ""),
            "the row `x`: small: `set`: no effect",
        ),
        (format!("{row}, {row}"), "found `x` twice"),
        (
            format!("{row}, {}", row.replace('x', "y")),
            "the row `y`: small: `set`: no effect: it is the row `x` again",
        ),
    ] {
        let error = sheet(&vary).unwrap_err();
        assert!(error.contains(told), "{error}");
    }
    let none = sheet_with(row, &["sensitivity.seeds=0".to_owned()]).unwrap_err();
    assert!(
        none.contains("`sensitivity.seeds`: expected at least one"),
        "{none}"
    );
}

/// Which parameters mean the same is known when it was run.
#[test]
fn policies_that_do_the_same_are_told() {
    for (policies, told) in [
        ("'drf', 'drf[round=0s]'", true),
        ("'fair', 'fair[on=cpus]'", true),
        ("'drf', 'drf[round=20s]'", false),
        ("'drf', 'fair'", false),
    ] {
        let row = "{ what = \"x\", set = [\"costs.start=1s\"] }";
        let comparison = compared(row, &[format!("policies=[{policies}]")]).unwrap();
        let mut said = comparison.warnings.iter();
        assert_eq!(
            said.any(|said| said.contains("did the same in every run")),
            told,
            "{policies}"
        );
    }
}

/// Whatever a row does to policies and frameworks, what stands below a heading is of its kind.
#[test]
fn cells_stand_below_their_headings() {
    let web = "framework.rails.workload={ hadoop = { gap = \"4m\", map = \"30s\" } }";
    let rows = format!(
        "{{ what = 'more', set = ['policies=[\"static\", \"fifo\", \"drf\"]'] }},
         {{ what = 'turned', set = ['policies=[\"static\", \"drf\", \"fifo\"]'] }},
         {{ what = 'no web', set = ['{web}'] }},
         {{ what = 'no jobs', set = ['framework.hadoop.workload={{ rails = {{ rate = 9 }} }}'] }}"
    );
    let sheet = sheet(&rows).unwrap().expect("a sheet");
    assert_eq!(sheet.heads, ["changed", "drf: jobs", "drf: rails"]);
    let [plain, more, turned, no_web, no_jobs] = &sheet.rows[..] else {
        panic!("{:?}", sheet.rows);
    };
    for row in [more, turned] {
        assert_eq!(row[1..], plain[1..], "drf is drf, whatever runs beside it");
    }
    assert_eq!(
        (no_web[1].as_str() == "-", no_web[2].as_str()),
        (false, "-")
    );
    assert_eq!(
        (no_jobs[1].as_str(), no_jobs[2].as_str() == "-"),
        ("-", false)
    );
}

#[test]
fn without_a_comparison_nothing_is_varied() {
    for policies in [
        "[\"drf\"]",
        "[\"drf\", \"static-best\"]",
        "[\"static-best\", \"drf\", \"fair\"]",
        "[\"static-best\"]",
    ] {
        let settings = [format!("policies={policies}")];
        let vary = "{ what = \"slow\", set = [\"costs.start=1s\"] }";
        let comparison = compared(vary, &settings).unwrap();
        assert!(comparison.sheets.is_empty(), "{policies}");
        let said = comparison.warnings.iter();
        let said: Vec<_> = said
            .filter(|said| said.contains("no table of `sensitivity`"))
            .collect();
        assert_eq!(said.len(), 1, "{policies}");
    }
}

/// The default scenario: each row is accepted and changes something, and what a launch, a loss, a refusal,
/// a wait, an executor or an autoscaler is assumed to be is among them.
#[test]
fn the_nine_hosts_vary_what_they_assume() {
    let plain = Recipe::load(None, &[]).unwrap();
    let rows = plain.recipe.sensitivity.clone().expect("rows").vary;
    for row in &rows {
        let varied = Recipe::load(None, &row.set);
        let varied = varied.unwrap_or_else(|error| panic!("{}: {error}", row.what));
        assert_ne!(varied.recipe, plain.recipe, "{}", row.what);
        let opened = Experiment::open(&varied, Registry::default());
        opened.unwrap_or_else(|error| panic!("{}: {error}", row.what));
    }
    for (key, least) in [
        ("costs.start=", 2),
        ("network.latency=", 2),
        ("network.detection=", 2),
        (".refuse=", 2),
        (".scheduler=", 2),
        (".executors.idle=", 2),
        (".autoscaler.", 2),
        ("faults", 2),
    ] {
        let has = |set: &[String]| set.iter().any(|setting| setting.contains(key));
        let found = rows.iter().filter(|row| has(&row.set)).count();
        assert!(found >= least, "{key}: {found} rows");
    }
}

/// Work from files of every kind: each framework asks for some.
const FILES: &str = r#"
name = "files"
duration = "10m"
seeds = 2
policies = ["static", "drf"]
cluster = [{ agents = 4, cpus = 4, mem = "8GiB" }]

[[framework]]
name = "log"
workload.trace = { file = "log.swf", format = "swf" }

[[framework]]
name = "hadoop"
workload.swim = { file = "jobs.tsv" }

[[framework]]
name = "web"
workload.requests = { file = "requests.txt" }
"#;

/// What the rows change is how jobs are made of a trace, not the trace: it is read once, and no more when
/// they are run, even where it is no longer there.
#[test]
fn rows_read_no_trace_again() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let log = |folder: &std::path::Path, rows: &str| {
        let text = format!("{FILES}\n{rows}");
        let loaded = Recipe::of_text(&text, &[], "files".to_owned(), folder.to_owned());
        let loaded = loaded.unwrap_or_else(|error| panic!("{error}"));
        let before = bytes_read();
        let experiment = Experiment::load(&loaded, Registry::default());
        (
            experiment.unwrap_or_else(|error| panic!("{error}")),
            bytes_read() - before,
        )
    };
    write("log.swf", "1 0 0 300 4 -1 -1 4 -1 -1 1 1 1 -1 1 -1 -1 -1\n");
    write(
        "jobs.tsv",
        "job0\t1\t0\t64000000\t0\t0\njob1\t90\t89\t640000000\t0\t0\n",
    );
    write("requests.txt", &"9 ".repeat(600));
    let rows = r#"
[sensitivity]
seeds = 1
vary = [
    { what = "latency", set = ["network.latency=1s"] },
    { what = "memory", set = ["framework.log.workload.trace.mem=4GiB"] },
    { what = "far", set = ["framework.hadoop.workload.swim.away=4"] },
    { what = "more", set = ["framework.web.workload.requests.scale=200"] },
]
"#;
    let (_, once) = log(folder.path(), "");
    let (experiment, with_rows) = log(folder.path(), rows);
    assert!(
        once > 0 && with_rows == once,
        "{with_rows} bytes, not {once}"
    );
    for name in ["log.swf", "jobs.tsv", "requests.txt"] {
        std::fs::remove_file(folder.path().join(name)).unwrap();
    }
    let comparison = experiment.compare(&Unwatched::default());
    let comparison = comparison.unwrap_or_else(|error| panic!("{error}"));
    let sheet = &comparison.sheets[0];
    let names: Vec<&str> = sheet.rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(names, ["as it is", "latency", "memory", "far", "more"]);
    assert_ne!(
        sheet.rows[0][1..],
        sheet.rows[4][1..],
        "a change changes something"
    );
}

/// An example with one seed for less time than it is meant for.
fn example(name: &str) -> Comparison {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(name);
    let settings = ["seeds=1", "sensitivity.seeds=1", "duration=30m"].map(str::to_owned);
    let loaded = Recipe::load(Some(&path), &settings).unwrap_or_else(|error| panic!("{error}"));
    let experiment = Experiment::load(&loaded, Registry::default()).expect("names and files");
    experiment.compare(&Unwatched::default()).expect("runs")
}

#[test]
fn the_example_of_overcommit_shows_what_is_used_and_what_it_costs() {
    let comparison = example("overcommit.toml");
    assert_eq!(
        comparison.sheets[0].rows.len(),
        4,
        "as it is, and three changes"
    );
    let drf = comparison
        .policies
        .iter()
        .find(|policy| policy.name == "drf");
    let run = &drf.expect("drf").runs[0];
    let [maps, solvers] = &run.frameworks[..] else {
        panic!("two frameworks");
    };
    assert_eq!((maps.finished, solvers.finished), (maps.jobs, solvers.jobs));
    let [allocated, used] = [maps.mean_usage.cpus().0, maps.mean_used.expect("known")];
    assert!(used * 3 < allocated, "{used} of {allocated}");
    let told = comparison
        .assumptions
        .iter()
        .map(|(_, one)| one.about.as_str());
    let told: Vec<&str> = told.collect();
    for about in ["overcommit", "what a task uses", "machines that are shared"] {
        assert!(told.contains(&about), "{about}: {told:?}");
    }
}

#[test]
fn the_example_of_speculation_has_copies_that_win() {
    let comparison = example("speculation.toml");
    assert_eq!(
        comparison.sheets[0].rows.len(),
        4,
        "as it is, and three changes"
    );
    let said = comparison.assumptions.iter();
    let said = said.filter(|(_, said)| said.about == "copies of slow tasks");
    let whose: Vec<_> = said
        .map(|(framework, _)| framework.map(|id| id.0))
        .collect();
    assert_eq!(whose, [Some(0)], "the report says when a task has a copy");
    assert!(comparison.frameworks[0].scheduler.contains("speculate"));
    for policy in &comparison.policies {
        let [maps, others] = &policy.runs[0].frameworks[..] else {
            panic!("two frameworks");
        };
        assert_eq!((maps.finished, others.finished), (maps.jobs, others.jobs));
        // Tasks are uneven of themselves: a copy of a long one is as long, and loses.
        assert!(
            maps.copies_won > 10 && maps.copies_won < maps.copies,
            "{maps:?}"
        );
        assert_eq!(others.copies, 0);
        assert!(
            maps.work_lost > others.work_lost,
            "what is beaten was for nothing"
        );
    }
}
