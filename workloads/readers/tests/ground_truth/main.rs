//! The readers against counts that an independent script made of the real public files.
//!
//! The files are not part of the project. They are looked for in `FAIRGROUND_TRACES`, or in a
//! folder `shared/traces` beside the project; without them these tests say so and pass.

mod alibaba;
mod datasets;
mod google;
mod gpus;
mod known;
mod lists;
mod logs;
mod looks;
mod round;

use std::path::{Path, PathBuf};

use fairground_policies::time::Span;
use fairground_readers::Format;
use fairground_readers::canonical::Imports;
use fairground_readers::formats::{Column, Stat, head, stat, validate};
use fairground_workloads::trace::Work;
use fairground_workloads::{SpecContext, WorkloadSpec};
use serde_json::Value;

/// The folder of traces and what is known about them.
fn traces() -> Option<(PathBuf, Value)> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/traces");
    let folder = std::env::var_os("FAIRGROUND_TRACES").map_or(beside, PathBuf::from);
    match std::fs::read(folder.join("GROUND-TRUTH.json")) {
        Ok(text) => Some((folder, serde_json::from_slice(&text).unwrap())),
        Err(error) => {
            eprintln!("skipped: no public traces in {}: {error}", folder.display());
            None
        }
    }
}

/// Every file of a data set that ends with `suffix`, with what is known about it.
fn files(set: &str, suffix: &str) -> Vec<(PathBuf, Value)> {
    let Some((folder, truth)) = traces() else {
        return Vec::new();
    };
    let known = truth[set].as_object().unwrap().iter();
    let known = known.filter(|(name, _)| name.ends_with(suffix));
    let files: Vec<_> = known
        .map(|(name, known)| (folder.join(set).join(name), known.clone()))
        .collect();
    assert!(!files.is_empty(), "{set}");
    files
}

/// A known fact as the readers write it.
fn written(known: &Value) -> String {
    match known {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Object(counts) => {
            let mut counts: Vec<_> = counts.iter().collect();
            if counts.iter().all(|(name, _)| name.parse::<i64>().is_ok()) {
                counts.sort_by_key(|(name, _)| name.parse::<i64>().ok());
            }
            let counts = counts
                .iter()
                .map(|(name, count)| format!("{name}: {count}"));
            counts.collect::<Vec<_>>().join(", ")
        }
        Value::Number(number) if !number.is_u64() => {
            let text = number.to_string();
            text.strip_suffix(".0").unwrap_or(&text).to_owned()
        }
        other => other.to_string(),
    }
}

/// Numbers with a fraction are known to six digits, and columns count them in small units.
fn check_column(column: &Column, known: &Value, file: &Path) {
    let small = match column.unit {
        unit if unit.starts_with("trillionths") => 1_000_000_000_000,
        unit if unit.starts_with("billionths") => 1_000_000_000,
        unit if unit.starts_with("millionths") => 1_000_000,
        _ => 1,
    };
    let name = format!("{} of {}", column.name, file.display());
    let same = |part: &str, found: i128| {
        let known = &known[part];
        let micros = match known.as_i64() {
            Some(whole) => i128::from(whole) * 1_000_000,
            None => (known.as_f64().unwrap() * 1e6).round() as i128,
        };
        let found = (found * 1_000_000 * 2 + small).div_euclid(small * 2);
        assert_eq!(found, micros, "{part} of {name}");
    };
    assert_eq!(column.n, known["n"].as_u64().unwrap(), "{name}");
    for (part, found) in [
        ("min", column.min),
        ("p50", column.p50),
        ("p95", column.p95),
        ("max", column.max),
    ] {
        same(part, i128::from(found));
    }
    same("sum", column.sum);
}

/// Every known count is found, and the file has no problem.
fn check(file: &Path, format: Format, known: &Value, elsewhere: &[&str]) -> Stat {
    let stat = stat(file, format).unwrap_or_else(|error| panic!("{error}"));
    for (name, known) in known.as_object().unwrap() {
        if let Some(column) = stat.columns.iter().find(|column| column.name == name) {
            check_column(column, known, file);
        } else if let Some((_, fact)) = stat.facts.iter().find(|(fact, _)| fact == name) {
            assert_eq!(*fact, written(known), "{name} of {}", file.display());
        } else {
            assert!(elsewhere.contains(&name.as_str()), "{name} is not counted");
        }
    }
    let check = validate(file, format, 3);
    assert_eq!(check.problems, [], "{}", file.display());
    stat
}

#[test]
fn swim_files_are_read_exactly() {
    for (file, known) in files("swim", ".tsv") {
        check(&file, Format::Swim, &known, &[]);
        assert_eq!(Format::detect(&file).unwrap(), Format::Swim);
        assert_eq!(validate(&file, Format::Swim, 1).warning_count, 0);
    }
}

#[test]
fn tpch_files_are_read_exactly() {
    for (file, known) in files("decima-tpch", ".jsonl.zst") {
        check(&file, Format::Tpch, &known, &[]);
        assert_eq!(Format::detect(&file).unwrap(), Format::Tpch);
        // The only oddity: query 15, stage 6, has one task in some runs and two in others.
        let warnings = validate(&file, Format::Tpch, 9).warnings;
        assert_eq!(warnings.len(), 1);
        let place = warnings[0].place.clone().unwrap();
        assert!(place.starts_with("query 15 of size "), "{place}");
        assert!(place.ends_with("key `nodes[6]`"), "{place}");
    }
}

#[test]
fn request_series_are_read_exactly() {
    for (file, known) in files("web-requests", "req_per_sec.tbz2") {
        check(&file, Format::Requests, &known, &["member", "first_10"]);
        assert_eq!(Format::detect(&file).unwrap(), Format::Requests);
        let rows = head(&file, Format::Requests, 10).unwrap().rows;
        let first: Vec<String> = rows.into_iter().map(|row| row[1].clone()).collect();
        let known = known["first_10"].as_array().unwrap();
        assert_eq!(first, known.iter().map(written).collect::<Vec<_>>());
    }
}

/// The work that a recipe makes of real files in `horizon`.
fn built(folder: &Path, recipe: &str, horizon: Span) -> Work {
    #[derive(serde::Deserialize)]
    struct Recipe {
        work: WorkloadSpec,
    }
    let recipe: Recipe = toml::from_str(recipe).unwrap();
    let context = SpecContext {
        agents: 600,
        horizon,
        seed: 1,
        name: "real",
    };
    let source = recipe.work.load(folder, &mut Imports::default()).unwrap();
    assert!(source.inputs().iter().all(|input| input.blake3.len() == 64));
    source.build(&context).unwrap().work
}

#[test]
fn a_whole_day_of_hadoop_is_built() {
    let Some((folder, _)) = traces() else { return };
    let recipe = "work.swim.file = 'swim/FB-2009_samples_24_times_1hr_0.tsv'";
    let Work::Batch(jobs) = built(&folder, recipe, Span::from_secs(90_000)) else {
        panic!("Hadoop jobs are a batch");
    };
    assert_eq!(jobs.len(), 5894);
    let reduces = jobs.iter().filter(|job| job.spec.stages.len() == 2);
    assert_eq!(reduces.count(), 5894 - 4448, "map-only jobs have one stage");
    let largest = jobs.iter().map(|job| job.spec.stages[0].tasks).max();
    assert_eq!(
        u64::from(largest.unwrap()),
        7_551_263_722_208_u64.div_ceil(64 << 20)
    );
}

#[test]
fn an_hour_of_measured_queries_is_built() {
    let Some((folder, _)) = traces() else { return };
    let recipe = "work.tpch.files = ['decima-tpch/tpch_2g.jsonl.zst', \
                  'decima-tpch/tpch_100g.jsonl.zst']";
    let Work::Executors { jobs, .. } = built(&folder, recipe, Span::from_secs(3600)) else {
        panic!("Spark jobs run in executors");
    };
    assert!((110..180).contains(&jobs.len()), "{}", jobs.len());
}

#[test]
fn all_requests_of_a_series_arrive() {
    let Some((folder, _)) = traces() else { return };
    let recipe = "[work.requests]\nfile = 'web-requests/nasa-http-1995_req_per_sec.tbz2'\n\
                  scale = 2\nstep = '60s'";
    let Work::Service(service) = built(&folder, recipe, Span::from_secs(5_059_950)) else {
        panic!("requests go to a service");
    };
    assert_eq!(service.load.iter().sum::<u64>(), 2 * 3_461_610);
    assert_eq!(service.load.len(), 5_059_950_usize.div_ceil(60));
}
