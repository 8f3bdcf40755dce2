//! Cases from the field, where their folder is there: what is right is said beside each of them. The
//! project's own tests hold the same on inputs of their own.

use std::fs;
use std::path::{Path, PathBuf};

use crate::place::Place;

/// A case: its folder, what is run, how it ends, the jobs submitted, finished and impossible under the last
/// policy, and what else must be said.
type Case = (
    &'static str,
    &'static str,
    u8,
    Option<[u64; 3]>,
    &'static [&'static str],
);

const CASES: &[Case] = &[
    (
        "01-all-at-zero",
        "compare --trace batch.swf --out out",
        0,
        Some([3, 3, 0]),
        &[],
    ),
    (
        "02-last-on-minute",
        "compare --trace hourly.swf --out out",
        0,
        Some([13, 13, 0]),
        &[],
    ),
    (
        "02-last-on-minute",
        "compare --trace burst.swf --out out",
        0,
        Some([11, 11, 0]),
        &[],
    ),
    (
        "03-alibaba-loop",
        "compare --trace batch_task.csv --out out",
        0,
        Some([2, 2, 0]),
        &["wait for each other in a loop"],
    ),
    (
        "04-alibaba-end-zero",
        "compare --trace batch_task.csv --out out",
        0,
        Some([3, 3, 0]),
        &[],
    ),
    (
        "05-sls-job-count",
        "compare --trace sls-jobs.json --out out",
        0,
        Some([6, 6, 0]),
        &[],
    ),
    (
        "06-swf-cancelled",
        "compare --trace site.swf --out out",
        0,
        Some([10, 10, 0]),
        &["never started"],
    ),
    (
        "06-swf-cancelled",
        "compare recipe.toml --out out",
        0,
        Some([10, 10, 0]),
        &[],
    ),
    (
        "08-swf-fractions",
        "compare --trace model.swf --out out",
        0,
        Some([4, 4, 0]),
        &[],
    ),
    (
        "12-names",
        "compare --trace sls-jobs.json --out out",
        0,
        None,
        &[],
    ),
    (
        "13-wfcommons",
        "compare --trace zero.json --out out",
        0,
        Some([1, 1, 0]),
        &[],
    ),
    (
        "13-wfcommons",
        "compare --trace missing.json --out out",
        0,
        Some([1, 1, 0]),
        &[],
    ),
    (
        "13-wfcommons",
        "compare --trace loop.json --out out",
        2,
        None,
        &["loop"],
    ),
    (
        "14-too-wide",
        "compare recipe.toml --out out",
        0,
        Some([4, 3, 1]),
        &["can never run"],
    ),
    (
        "14-too-wide",
        "compare r2.toml --out out",
        0,
        Some([2, 1, 1]),
        &["can never run"],
    ),
    (
        "22-google-odd",
        "compare --trace task_events.csv --trace machine_events.csv --out out",
        0,
        Some([3, 2, 1]),
        &[
            "can never run",
            "machines without capacity",
            "2 in the trace; nothing is placed there",
        ],
    ),
    (
        "22-google-odd",
        "compare --trace one_task_events.csv --out out",
        0,
        Some([1, 1, 0]),
        &[],
    ),
    (
        "25-edge-times",
        "compare r-swf.toml --out out",
        0,
        Some([5, 5, 0]),
        &[],
    ),
    (
        "25-edge-times",
        "compare r-trace.toml --out out",
        0,
        Some([5, 5, 0]),
        &[],
    ),
    (
        "29-auto-cluster",
        "compare --trace mix.swf --out out",
        0,
        None,
        &["64 agents of cpus:1"],
    ),
];

/// The folder of the cases; nothing where it is not there.
fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases");
    if !folder.is_dir() {
        eprintln!("skipped: the folder of the cases is not there");
        return None;
    }
    Some(folder)
}

/// A place with the files of a case.
fn place_of(case: &Path) -> Place {
    let place = Place::empty();
    for entry in fs::read_dir(case).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_file() {
            place.write(&name, fs::read(entry.path()).unwrap());
        }
    }
    place
}

/// The sums of jobs, finished and impossible under the last policy.
pub(crate) fn counts(place: &Place) -> [u64; 3] {
    let summary = place.read("out/summary.csv");
    let mut reader = csv::Reader::from_reader(summary.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    let columns = ["jobs", "finished", "impossible"].map(column);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let last = rows.last().unwrap()[0].to_owned();
    let rows = rows.iter().filter(|row| row[0] == last && &row[1] == "1");
    let counts = rows.map(|row| columns.map(|column| row[column].parse::<u64>().unwrap()));
    let sum = |sum: [u64; 3], row: [u64; 3]| std::array::from_fn(|i| sum[i] + row[i]);
    counts.fold([0; 3], sum)
}

#[test]
fn cases_of_comparisons_hold() {
    let Some(folder) = folder() else { return };
    let mut wrong = Vec::new();
    for (case, line, code, expected, told) in CASES {
        let place = place_of(&folder.join(case));
        let mut said = place.fairground(line);
        if said.starts_with("exit 0\n") {
            said += &place.read("out/recipe.toml");
            said += &place.read("out/report.html");
        }
        let found = expected.map(|_| said.starts_with("exit 0\n").then(|| counts(&place)));
        println!(
            "case {case}: {line}: {}",
            answer(&said, found.flatten(), told)
        );
        let holds = said.starts_with(&format!("exit {code}\n"))
            && found.is_none_or(|found| found == *expected)
            && told.iter().all(|told| said.contains(told));
        if !holds {
            let short: String = said.chars().take(1500).collect();
            wrong.push(format!(
                "{case}: {line}: {found:?}, expected {expected:?} {told:?}\n{short}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// A machine that does not say what it has, and one without processors, get no task; a job that only what a
/// machine was could hold is told.
#[test]
fn machines_without_capacity_get_no_task() {
    let place = Place::empty();
    place.write(
        "machine_events.csv",
        "0,5,0,p,0.5,0.5\n0,6,0,p,,\n0,7,0,p,0,0.5\n300000000,5,2,p,0.2,0.2\n",
    );
    let ran = |job: u64, begin: u64, user: &str, size: &str| {
        let row = |kind: u64| {
            format!(
                "{},,{job},0,5,{kind},{user},0,1,{size},{size},0,\n",
                (begin + kind * 20) * 1_000_000
            )
        };
        [0, 1, 4].map(row).concat()
    };
    place.write(
        "task_events.csv",
        ran(1, 0, "u", "0.1") + &ran(2, 400, "u", "0.1") + &ran(3, 600, "v", "0.3"),
    );
    let said =
        place.fairground("compare --trace task_events.csv --trace machine_events.csv --out out");
    assert!(
        said.starts_with("exit 0\n") && said.contains("drf: 1 jobs of v can never run"),
        "{said}"
    );
    assert_eq!(counts(&place), [3, 2, 1]);
    let report = place.read("out/report.html");
    assert!(
        report.contains("2 in the trace; nothing is placed there"),
        "they are counted"
    );
}

/// What was answered, as one line.
fn answer(said: &str, counts: Option<[u64; 3]>, told: &[&str]) -> String {
    let mut parts = vec![said.lines().next().unwrap_or("nothing").to_owned()];
    parts.extend(counts.map(|[jobs, finished, impossible]| {
        format!("{jobs} jobs, {finished} finished, {impossible} can never run")
    }));
    let says = told.iter().filter(|told| said.contains(**told));
    parts.extend(says.map(|told| format!("says \"{told}\"")));
    parts.join("; ")
}

/// Names are free text: rows keep their columns, and the report is one page.
#[test]
fn names_break_nothing() {
    let Some(folder) = folder() else { return };
    let place = place_of(&folder.join("12-names"));
    place.fairground("compare --trace sls-jobs.json --out out");
    for table in ["summary", "gains", "digests"] {
        let text = place.read(&format!("out/{table}.csv"));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert!(reader.records().all(|row| row.is_ok()), "{table}");
    }
    let page = place.read("out/report.html");
    assert_eq!(
        page.matches("<script").count(),
        page.matches("</script>").count()
    );
    println!("case 12-names: the tables keep their columns, and the report is one page");
}

/// What is not of the result is kept, and no table of the earlier, larger one stays.
#[test]
fn a_rerun_keeps_the_files_of_others() {
    let Some(folder) = folder() else { return };
    let place = place_of(&folder.join("23-same-folder"));
    place.fairground("compare a.toml --out out");
    place.write("out/notes.txt", "hello\n");
    let said = place.fairground("compare b.toml --out out");
    assert!(said.starts_with("exit 0\n"), "{said}");
    assert_eq!(place.read("out/notes.txt"), "hello\n");
    let fresh = place_of(&folder.join("23-same-folder"));
    fresh.fairground("compare b.toml --out out");
    let names = place.names("out").replace("notes.txt\n", "");
    assert_eq!(names, fresh.names("out"));
    println!("case 23-same-folder: notes.txt stays, and no table of the earlier result");
}
