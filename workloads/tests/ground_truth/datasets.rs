//! Every data set in the folder, file by file: which format it is, and whether all that is known of
//! it is found. What this table does not name fails the test, so nothing is forgotten.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use fairground_workloads::Format;
use fairground_workloads::canonical::Opened;
use fairground_workloads::canonical::import::import;
use fairground_workloads::formats::{head, validate};
use serde_json::Value;

use crate::known::{known, paths};
use crate::{check, round, traces};

#[test]
fn every_dataset_is_read_exactly_or_refused() {
    let Some((folder, truth)) = traces() else {
        return;
    };
    let unpacked = tempfile::tempdir().unwrap();
    let mut table = String::from(HEADER);
    for (set, names) in truth.as_object().unwrap() {
        let set: &'static str = set.clone().leak();
        let mut formats: BTreeMap<&str, (u64, usize, u64)> = BTreeMap::new();
        for (name, facts) in names.as_object().unwrap() {
            let known = known(set, name).unwrap_or_else(|| panic!("{set}/{name} is not named"));
            for path in paths(&folder.join(set), name, &known, unpacked.path()) {
                assert_eq!(
                    Format::detect(&path).unwrap(),
                    known.format,
                    "{}",
                    path.display()
                );
                let truth = truth_for(facts, set);
                check(&path, known.format, &truth, known.elsewhere);
                let warnings = validate(&path, known.format, 0).warning_count;
                let row = formats.entry(known.format.name()).or_default();
                row.0 += 1;
                row.1 += checks(&truth, known.elsewhere);
                row.2 += warnings;
            }
        }
        for (format, (files, checks, warnings)) in formats {
            let verdict = match refused(set) {
                Some(why) => format!("counted; an import refuses it: {why}"),
                None => "read".to_owned(),
            };
            let row =
                format!("| {set} | `{format}` | {files} | {checks} | {warnings} | {verdict} |");
            writeln!(table, "{row}").unwrap();
        }
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("DATASETS.md");
    expect_test::expect_file![page].assert_eq(&table);
}

const HEADER: &str = "\
# Data sets and what is checked of them

Public traces that the readers are tested against, with the format each is read as. A check is a
count, a sum or one figure of a distribution (number, smallest, median, 95th percentile, largest, sum)
that an independent script found and that the reader finds exactly. Odd rows can be used but are
told about by `fairground trace validate`. What is read becomes a canonical trace, goes through text
and back with the same digest, and its parts by time merge into the whole. The files are not part of
the project; this page is written by `UPDATE_EXPECT=1 cargo test -p fairground-workloads --test
ground_truth` beside them.

| data set | format | files | checks | odd rows | verdict |
|---|---|---|---|---|---|
";

/// Why a data set can be counted but not replayed.
fn refused(set: &str) -> Option<&'static str> {
    (set == "google2019").then_some("a spreadsheet rounded the numbers of its jobs")
}

/// What is known, without what the corpus counts otherwise.
fn truth_for(facts: &Value, set: &str) -> Value {
    let mut facts = facts.clone();
    if set == "alibaba2017" {
        // One task ends a second before it was created: it is counted, but has no duration.
        let mut durations = facts["terminated_duration_s"].clone();
        durations["n"] = 67_012.into();
        durations["min"] = 0.into();
        durations["sum"] = (12_838_776 + 1).into();
        facts["terminated_duration_not_negative_s"] = durations;
    }
    if facts.get("MapAttempt").is_some() {
        // The script took the eight form feeds between the packed files for ends of lines.
        facts["lines"] = (facts["lines"].as_u64().unwrap() - 8).into();
    }
    if let Some(rows) = facts.get("data_rows").cloned() {
        facts["rows"] = rows;
    }
    facts
}

/// How many numbers are checked here.
fn checks(facts: &Value, elsewhere: &[&str]) -> usize {
    let facts = facts.as_object().unwrap().iter();
    let here = facts.filter(|(name, _)| !elsewhere.contains(&name.as_str()));
    let count = |fact: &Value| fact.as_object().map_or(1, serde_json::Map::len);
    here.map(|(_, fact)| count(fact)).sum()
}

#[test]
fn every_dataset_imports_and_comes_back_or_says_why_not() {
    let Some((folder, truth)) = traces() else {
        return;
    };
    let unpacked = tempfile::tempdir().unwrap();
    let mut refused = Vec::new();
    for (set, names) in truth.as_object().unwrap() {
        let set: &'static str = set.clone().leak();
        for name in names.as_object().unwrap().keys() {
            let known = known(set, name).unwrap();
            for path in paths(&folder.join(set), name, &known, unpacked.path()) {
                let folder = tempfile::tempdir().unwrap();
                let place = folder.path().join("trace");
                match import(&path, known.format, &place, false) {
                    Ok((manifest, report)) => {
                        assert!(report.records > 0, "{set}/{name}");
                        assert!(
                            manifest.rows.iter().any(|(_, rows)| *rows > 0),
                            "{set}/{name}"
                        );
                        let trace = Opened::open(&place).unwrap();
                        let name = format!("{set}/{name}");
                        println!("{}", round::check(&name, trace, folder.path()).unwrap());
                    }
                    Err(problem) => refused.push(format!("{set}/{name}: {}", problem.problem)),
                }
            }
        }
    }
    expect_test::expect![[r"
        azure-functions/iluvatar_metadata-trace.csv: function-profiles cannot become a trace: it holds needs of functions and no invocations
        gavel-msr/simulation_throughputs.json.zst: gavel-throughputs cannot become a trace: it holds speeds and no jobs; import the jobs
        google2019/borg_traces_data_4999.csv.zst: expected the number of a collection with all its digits, found `2.60698E+11`
        hadoop-rumen-sls/job_1526555215992_0001.jhist: jhist cannot become a trace: it holds single changes of jobs; Rumen's TraceBuilder makes a trace of them
        hadoop-rumen-sls/sample-job-tracker-logs.gz: jobtracker cannot become a trace: it holds single changes of jobs; Rumen's TraceBuilder makes a trace of them"]].assert_eq(&refused.join("\n"));
}

/// The rows of a file, as `trace head` shows them.
fn rows(set: &str, name: &str, format: Format) -> Option<(Vec<Vec<String>>, Value)> {
    let (folder, truth) = traces()?;
    let head = head(&folder.join(set).join(name), format, usize::MAX).unwrap();
    Some((head.rows, truth[set][name].clone()))
}

#[test]
fn lists_of_numbers_are_found() {
    let jobs = [
        "2jobs2min-rumen-jh.json",
        "zombie-input-trace.json",
        "gridmix-wordcount2.json",
    ];
    for name in jobs {
        let Some((rows, known)) = rows("hadoop-rumen-sls", name, Format::Rumen) else {
            return;
        };
        for (column, list) in [(3, "submit_times_ms"), (4, "finish_times_ms")] {
            let found: Vec<i64> = rows
                .iter()
                .map(|row| row[column].parse().unwrap())
                .collect();
            assert_eq!(Value::from(found), known[list], "{list} of {name}");
        }
    }
    let name = "invitro_invocations.csv";
    let (rows, known) = rows("azure-functions", name, Format::AzureMinutes).unwrap();
    let found: Vec<u64> = rows.iter().map(|row| row[5].parse().unwrap()).collect();
    assert_eq!(Value::from(found), known["per_function"]);
}
