//! Cases from the field: small inputs of the shapes that people stumbled over, with what is right.
//!
//! The inputs are not part of the project. They are looked for in `FAIRGROUND_CASES`, or in a folder
//! `shared/cases` beside the project; without them this test says so and passes. What each teaches
//! has a test of its own, on an input of the project's own, beside the code that it is about.

use std::fs;
use std::path::{Path, PathBuf};

use crate::place::Place;

/// What is run in a copy of a case's folder, and what it must say.
struct Step {
    /// The words after `fairground`; one with a blank in it stands in quotes.
    line: &'static str,
    /// What its output has in it, the first line with the exit code included.
    has: &'static [&'static str],
    /// What it has not.
    lacks: &'static [&'static str],
}

const fn says(line: &'static str, has: &'static [&'static str]) -> Step {
    Step {
        line,
        has,
        lacks: &[],
    }
}

/// Every case that this program can try: the folder, and the steps in order.
const CASES: &[(&str, &[Step])] = &[
    (
        "03-alibaba-loop",
        &[
            says(
                "trace import batch_task.csv --out t",
                &[
                    "exit 0",
                    "dropped: 1 jobs: a job whose stages wait for each other in a loop",
                    "\njobs: 2\n",
                ],
            ),
            says("trace stat t", &["exit 0"]),
        ],
    ),
    (
        "04-alibaba-end-zero",
        &[says(
            "trace import batch_task.csv --out t",
            &[
                "exit 0",
                "\njobs: 3\n",
                "assumed: run times of which the trace holds a part: 1 of 3 tasks",
                "assumed: run times that are damaged: 1 of 3 tasks",
            ],
        )],
    ),
    (
        "05-sls-job-count",
        &[
            says(
                "trace stat --format sls sls-jobs.json",
                &["jobs: 6\n", "containers: 11\n"],
            ),
            says(
                "trace import --format sls sls-jobs.json --out t",
                &[
                    "exit 0",
                    "\njobs: 6\n",
                    "not read: job.tasks.container.priority",
                ],
            ),
        ],
    ),
    (
        "06-swf-cancelled",
        &[
            says(
                "trace stat site.swf",
                &["proc_seconds_where_run_and_procs_positive: 600\n"],
            ),
            says(
                "trace import site.swf --out t",
                &[
                    "\njobs: 15\n",
                    "assumed: tasks that never started, and add no load: 320 of 330 tasks",
                ],
            ),
        ],
    ),
    (
        "07-swf-partial",
        &[
            says(
                "trace stat ckpt.swf",
                &[
                    "jobs: 2\n",
                    "proc_seconds_where_run_and_procs_positive: 1600\n",
                ],
            ),
            says("trace import ckpt.swf --out t", &["exit 0", "\njobs: 2\n"]),
        ],
    ),
    (
        "08-swf-fractions",
        &[
            says(
                "trace stat model.swf",
                &["jobs: 4\n", "submit_last: 800\n", "run_time_zero: 0\n"],
            ),
            says("trace import model.swf --out t", &["exit 0", "\njobs: 4\n"]),
            says("trace import nosci.swf --out n", &["exit 0", "\njobs: 3\n"]),
        ],
    ),
    (
        "09-spark-retry",
        &[says(
            "trace import eventlog --out t",
            &["exit 0", "\njobs: 1\n", "\nstages: 2\n", "\ntasks: 6\n"],
        )],
    ),
    (
        "11-spark-rolled",
        &[
            says(
                "trace import eventlog_v2_app-1 --out t1",
                &["exit 0", "\njobs: 2\n", "\ntasks: 12\n"],
            ),
            says(
                "trace import eventlog_v2_app-2 --out t2",
                &["exit 0", "\njobs: 2\n", "\ntasks: 12\n"],
            ),
            says(
                "trace import eventlog_v2_app-3 --out t3",
                &["exit 0", "\njobs: 2\n", "\ntasks: 12\n"],
            ),
            says(
                "trace import databricks --out t4",
                &["exit 0", "\njobs: 2\n", "\ntasks: 12\n"],
            ),
        ],
    ),
    (
        "13-wfcommons",
        &[
            says(
                "trace import zero.json --out zero",
                &["exit 0", "\ntasks: 4\n", "\nedges: 4\n"],
            ),
            says(
                "trace import missing.json --out missing",
                &[
                    "exit 0",
                    "\ntasks: 4\n",
                    "missing for 1 tasks that the execution",
                ],
            ),
            says(
                "trace import loop.json --out loop",
                &["exit 2", "workflow `w`", "a loop"],
            ),
            says(
                "trace import v14.json --out v14",
                &["exit 0", "\ntasks: 4\n", "\nedges: 4\n"],
            ),
        ],
    ),
    (
        "22-google-odd",
        &[
            says(
                "trace import machine_events.csv --out machines",
                &["exit 0", "another event of the same machine"],
            ),
            says("trace import task_events.csv --out tasks", &["exit 0"]),
            says(
                "trace import one_task_events.csv --out one",
                &["exit 0", "\njobs: 1\n"],
            ),
        ],
    ),
    (
        "24-bom-crlf",
        &[
            says("trace stat bom.swf", &["jobs: 2\n"]),
            says("trace stat nonl.swf", &["jobs: 2\n"]),
            says("trace stat plain.swf", &["jobs: 2\n"]),
            says("trace stat tabs.swf", &["jobs: 2\n"]),
            says("trace stat two.swf.gz", &["jobs: 2\n"]),
            says(
                "trace stat bom_batch_task.csv",
                &["jobs: 2\n", "dag_named_tasks: 3\n"],
            ),
            says("trace stat clean_batch_task.csv", &["jobs: 2\n"]),
            says("trace stat header_batch_task.csv", &["jobs: 2\n"]),
            says("trace stat quoted_batch_task.csv", &["jobs: 2\n"]),
            says("trace stat pods.csv", &["exit 0", "pods: 2\n"]),
        ],
    ),
    (
        "26-azure-vm",
        &[
            says("trace stat vmtable.csv", &["exit 0"]),
            says(
                "trace import vmtable.csv --out t",
                &[
                    "exit 0",
                    "\njobs: 3\n",
                    "merged: 1 records: another row of the same machine",
                    "assumed: open buckets: the lower end, for 1 machines",
                    "assumed: run times: 1 machines were created and deleted in one step",
                ],
            ),
        ],
    ),
    (
        "33-spark-ten-parts",
        &[says(
            "trace import eventlog_v2_app-9 --out t",
            &["exit 0", "\njobs: 2\n", "\ntasks: 3\n"],
        )],
    ),
    (
        "t-ali18-header",
        &[says("trace stat batch_task.csv", &["exit 0", "tasks: 1\n"])],
    ),
    (
        "t-anonymise-leak",
        &[
            says("trace import one.swf --out t", &["exit 0", "\njobs: 1\n"]),
            says(
                "trace slice t --tenant 'user 1' --out part",
                &["exit 0", "tenants user 1"],
            ),
            Step {
                line: "trace anonymise part --key k --out hidden",
                has: &["exit 0", "assumed: names: replaced by keyed hashes"],
                lacks: &["user 1"],
            },
            Step {
                line: "trace head hidden",
                has: &["exit 0"],
                lacks: &["user 1", "one.swf"],
            },
            says(
                "trace validate hidden",
                &["exit 0", "canonical trace", "0 problems"],
            ),
        ],
    ),
    (
        "t-bom",
        &[says("trace stat bom.swf", &["exit 0", "jobs: 1\n"])],
    ),
    // Formats that are not read, or not yet.
    ("t-nextflow", &[says("trace stat nextflow-trace.txt", &[])]),
    ("t-sacct", &[says("trace stat four.txt", &[])]),
    (
        "t-opendc-dag",
        &[says(
            "trace import tasks.parquet --out t",
            &[
                "exit 0",
                "\njobs: 1\n",
                "\nstages: 4\n",
                "\nedges: 4\n",
                "read and not kept: cpu_capacity",
            ],
        )],
    ),
    (
        "t-spark-retry",
        &[says(
            "trace import spark-retry_eventlog --out t",
            &["exit 0", "\njobs: 1\n", "\ntasks: 3\n"],
        )],
    ),
    (
        "t-swf21",
        &[says(
            "trace stat two.swf",
            &["jobs: 2\n", "rows_with_more_columns_than_18: 2\n"],
        )],
    ),
    (
        "t-swim9",
        &[
            says(
                "trace stat three.tsv",
                &["jobs: 3\n", "not_read: columns 7 to 9\n"],
            ),
            says(
                "trace import three.tsv --out t",
                &["\njobs: 3\n", "not read: columns 7 to 9"],
            ),
        ],
    ),
    (
        "t-txt-as-requests",
        &[says(
            "trace stat jobs.txt",
            &["exit 2", "it could be requests", "--format"],
        )],
    ),
];

/// The folder of the cases; nothing where it is not there.
fn folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases");
    let folder = std::env::var_os("FAIRGROUND_CASES").map_or(beside, PathBuf::from);
    if !folder.is_dir() {
        eprintln!("skipped: no cases in {}", folder.display());
        return None;
    }
    Some(folder)
}

/// Ten parts of one log are the log, in the order of their numbers: the same trace, and the same replay.
#[test]
fn ten_parts_of_a_log_are_the_log() {
    let Some(folder) = folder() else { return };
    let place = Place::empty();
    copy(&folder.join("t-spark-rolling"), "", &place);
    let digest = |source: &str| {
        let said = place.fairground(&format!("trace import {source} --out {source}-trace"));
        assert!(
            said.contains("\njobs: 10\n") && said.contains("\ntasks: 10\n"),
            "{said}"
        );
        let digest = said.lines().find(|line| line.starts_with("digest: "));
        let digest = digest.unwrap_or_else(|| panic!("{said}"));
        println!(
            "case t-spark-rolling: trace import {source}: {}",
            answer(&said, &["jobs: 10", "tasks: 10", digest])
        );
        digest.to_owned()
    };
    assert_eq!(digest("eventlog_v2_x"), digest("whole_eventlog"));
    let said = place.fairground("compare --trace eventlog_v2_x --out out");
    assert!(said.starts_with("exit 0\n"), "{said}");
    assert_eq!(crate::field::counts(&place), [10, 10, 0]);
}

#[test]
fn cases_from_the_field_hold() {
    let Some(folder) = folder() else { return };
    let mut wrong = Vec::new();
    for (name, steps) in CASES {
        let place = Place::empty();
        copy(&folder.join(name), "", &place);
        let mut answers = Vec::new();
        for step in *steps {
            let said = place.fairground_with(&words(step.line));
            answers.push(format!("{}: {}", step.line, answer(&said, step.has)));
            let missing = step.has.iter().filter(|text| !said.contains(**text));
            let leaked = step.lacks.iter().filter(|text| said.contains(**text));
            wrong.extend(missing.map(|text| format!("{name}: {}: no {text:?}", step.line)));
            wrong.extend(leaked.map(|text| format!("{name}: {}: {text:?}", step.line)));
        }
        println!("case {name}: {}", answers.join(" | "));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What was answered, as one line: how it ended, and the lines that have these texts; the first ones where
/// nothing is known.
fn answer(said: &str, has: &[&str]) -> String {
    let mut lines = said.lines().filter(|line| !line.starts_with("---"));
    let mut parts = vec![lines.next().unwrap_or("nothing").to_owned()];
    let told = |line: &&str| has.is_empty() || has.iter().any(|text| line.contains(text.trim()));
    let short = |line: &str| line.trim().chars().take(160).collect();
    parts.extend(lines.filter(told).take(has.len().max(1)).map(short));
    parts.join("; ")
}

/// Copies a folder, with what is in its folders.
fn copy(from: &Path, within: &str, place: &Place) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            fs::create_dir(place.path(&format!("{within}{name}"))).unwrap();
            copy(&path, &format!("{within}{name}/"), place);
        } else {
            place.write(&format!("{within}{name}"), fs::read(&path).unwrap());
        }
    }
}

/// The words of a line; quotes keep blanks.
fn words(line: &str) -> Vec<&str> {
    let parts = line.split('\'').enumerate();
    let words = parts.flat_map(|(at, part)| {
        let quoted = at % 2 == 1;
        let whole = quoted.then_some(part).into_iter();
        whole.chain(part.split_whitespace().filter(move |_| !quoted))
    });
    words.collect()
}
