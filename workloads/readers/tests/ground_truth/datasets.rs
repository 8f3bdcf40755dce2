//! Every data set in the folder, file by file: which format it is, and whether all that is known of
//! it is found. What this table does not name fails the test, so nothing is forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use expect_test::{Expect, expect};
use fairground_readers::Format;
use fairground_readers::canonical::account::{AccountLine, Reasons, Thing, sum};
use fairground_readers::canonical::import::{Report, import};
use fairground_readers::canonical::tables::{Load, Tasks};
use fairground_readers::canonical::{self, ImportAccount, Manifest, Opened};
use fairground_readers::formats::{head, validate};
use fairground_workloads::ReadError;
use serde_json::Value;

use crate::known::{known, paths};
use crate::{check, round, traces};

#[test]
fn every_dataset_is_read_exactly_and_comes_back_or_says_why_not() {
    let Some((folder, truth)) = traces() else {
        return;
    };
    let unpacked = tempfile::tempdir().unwrap();
    let mut table = String::from(HEADER);
    let mut settled = String::from(SETTLED);
    let mut columns: BTreeMap<Format, Columns> = BTreeMap::new();
    let mut not = Vec::new();
    for (set, names) in truth.as_object().unwrap() {
        let set: &'static str = set.clone().leak();
        let mut formats: BTreeMap<&str, (u64, usize, u64)> = BTreeMap::new();
        let mut accounts: BTreeMap<&str, Account> = BTreeMap::new();
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
                match imported(&format!("{set}/{name}"), &path, known.format) {
                    Ok((report, out)) => {
                        let account = accounts.entry(known.format.name()).or_default();
                        account.add(&report.account);
                        let columns = columns.entry(known.format).or_default();
                        columns.read = head(&path, known.format, 0).unwrap().header;
                        columns.out.extend(out);
                        columns.unread.extend(report.unread);
                        columns.unkept = report.unkept;
                    }
                    Err(problem) => not.push(format!("{set}/{name}: {}", problem.problem)),
                }
            }
        }
        for (format, account) in accounts {
            settled += &account.rows(set, format);
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
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../DATASETS.md");
    expect_test::expect_file![page].assert_eq(&(table + &settled + &page_of(&columns)));
    not_traces().assert_eq(&not.join("\n"));
}

/// Imports a file, and has the trace come back through text and parts; gives the account, which
/// holds against what stands in the tables.
fn imported(
    name: &str,
    path: &Path,
    format: Format,
) -> Result<(Report, BTreeSet<String>), ReadError> {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("trace");
    let (manifest, report) = import(path, format, &place, false)?;
    assert!(report.records() > 0, "{name}");
    assert!(manifest.rows.iter().any(|(_, rows)| *rows > 0), "{name}");
    let trace = Opened::open(&place).unwrap();
    balanced(name, &manifest, &report, &trace);
    let out = filled(&trace);
    println!("{}", round::check(name, trace, folder.path()).unwrap());
    Ok((report, out))
}

/// The columns of the form in which something stands.
fn filled(trace: &Opened) -> BTreeSet<String> {
    let mut filled = BTreeSet::new();
    for line in canonical::check::head(trace, 1000).unwrap() {
        let row: BTreeMap<String, BTreeMap<String, Value>> = serde_json::from_str(&line).unwrap();
        for (table, cells) in row {
            let cells = cells.into_iter().filter(|(_, cell)| {
                !cell.is_null() && cell.as_str() != Some("") && cell.as_u64() != Some(0)
            });
            filled.extend(cells.map(|(column, _)| format!("{table}.{column}")));
        }
    }
    filled
}

/// What goes in, what comes out and what is said of the rest, for one format.
#[derive(Default)]
struct Columns {
    read: Vec<&'static str>,
    out: BTreeSet<String>,
    unread: BTreeSet<String>,
    unkept: Vec<&'static str>,
}

fn page_of(columns: &BTreeMap<Format, Columns>) -> String {
    let mut text = String::from(COLUMNS);
    for (format, columns) in columns {
        let list = |names: Vec<&str>| names.join(", ");
        let (read, unkept) = (columns.read.join(", "), columns.unkept.join(", "));
        let out = list(columns.out.iter().map(String::as_str).collect());
        let unread = list(columns.unread.iter().map(String::as_str).collect());
        writeln!(
            text,
            "| `{format}` | {read} | {out} | {unread} | {unkept} |"
        )
        .unwrap();
    }
    text
}

const COLUMNS: &str = "
## Columns in, out and said

What `fairground trace head` shows of a format, the columns of the canonical form in which something
other than 0 stands (in the first thousand rows of each table), the columns and members that these data sets
have and the reader does not use, and those that it understands and the form has no place for. The last
two are said by `fairground trace import`, and by `trace stat` what is not read.

| format | in | out | not read | read and not kept |
|---|---|---|---|---|
";

/// The law of every import, against the tables themselves.
fn balanced(name: &str, manifest: &Manifest, report: &Report, trace: &Opened) {
    report.account.check().unwrap();
    assert_eq!(manifest.account.as_ref(), Some(&report.account), "{name}");
    let table = |table: &str| {
        let mut rows = manifest.rows.iter();
        rows.find(|(name, _)| name == table).unwrap().1
    };
    let rows = [
        (Thing::Jobs, table("jobs")),
        (Thing::Edges, table("edges")),
        (Thing::Machines, table("machines")),
        (Thing::Readings, table("usage")),
    ];
    for (thing, rows) in rows {
        assert_eq!(
            report.account.of(thing).imported,
            rows,
            "{name}: {}",
            thing.name()
        );
    }
    let tasks = trace.rows::<Tasks>().unwrap().map(|row| row.unwrap().count);
    assert_eq!(
        report.account.of(Thing::Tasks).imported,
        tasks.sum::<u64>(),
        "{name}: tasks"
    );
    let loads = trace
        .rows::<Load>()
        .unwrap()
        .map(|row| row.unwrap().requests);
    assert_eq!(
        report.account.of(Thing::Requests).imported,
        loads.sum::<u64>(),
        "{name}"
    );
}

/// The accounts of the files of one format together.
#[derive(Default)]
struct Account(BTreeMap<Thing, AccountLine>);

impl Account {
    fn add(&mut self, account: &ImportAccount) {
        for (thing, line) in account.lines() {
            let sums = self.0.entry(thing).or_default();
            sums.found += line.found;
            sums.imported += line.imported;
            merge(&mut sums.merged, &line.merged);
            merge(&mut sums.dropped, &line.dropped);
            merge(&mut sums.passed, &line.passed);
        }
    }

    /// Rows of the page.
    fn rows(&self, set: &str, format: &str) -> String {
        let mut text = String::new();
        for (thing, line) in &self.0 {
            let ways = [&line.merged, &line.dropped, &line.passed];
            let why = ways.into_iter().flatten();
            let why: Vec<String> = why.map(|(why, count)| format!("{count} {why}")).collect();
            let [merged, dropped, passed] = ways.map(sum);
            let (thing, found, imported) = (thing.name(), line.found, line.imported);
            writeln!(
                text,
                "| {set} | `{format}` | {thing} | {found} | {imported} | {merged} | {dropped} | \
                 {passed} | {} |",
                why.join("; ")
            )
            .unwrap();
        }
        text
    }
}

fn merge(sums: &mut Reasons, reasons: &Reasons) {
    for (why, count) in reasons {
        match sums.iter_mut().find(|(known, _)| known == why) {
            Some((_, sum)) => *sum += count,
            None => sums.push((why.clone(), *count)),
        }
    }
}

const SETTLED: &str = "
## What becomes of it

Found = imported + merged + dropped + passed over, of every kind: an import that cannot settle all that
its source has is an error. What a row tells of something that is known already (another event of a
task, another reading of a machine) is merged with it.

| data set | format | | found | imported | merged | dropped | passed over | why |
|---|---|---|--:|--:|--:|--:|--:|---|
";

const HEADER: &str = "\
# Data sets and what is checked of them

Public traces that the readers are tested against, with the format each is read as. A check is a
count, a sum or one figure of a distribution (number, smallest, median, 95th percentile, largest, sum)
that an independent script found and that the reader finds exactly. Odd rows can be used but are
told about by `fairground trace validate`. What is read becomes a canonical trace, goes through text
and back with the same digest, and its parts by time merge into the whole. The files are not part of
the project; this page is written by `UPDATE_EXPECT=1 cargo test -p fairground-readers --test
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

/// What is counted and is no trace by itself.
fn not_traces() -> Expect {
    expect![[r"
        azure-functions/iluvatar_metadata-trace.csv: function-profiles cannot become a trace: it holds needs of functions and no invocations
        gavel-msr/simulation_throughputs.json.zst: gavel-throughputs cannot become a trace: it holds speeds and no jobs; import the jobs
        google2019/borg_traces_data_4999.csv.zst: expected the number of a collection with all its digits, found `2.60698E+11`
        hadoop-rumen-sls/job_1526555215992_0001.jhist: jhist cannot become a trace: it holds single changes of jobs; Rumen's TraceBuilder makes a trace of them
        hadoop-rumen-sls/sample-job-tracker-logs.gz: jobtracker cannot become a trace: it holds single changes of jobs; Rumen's TraceBuilder makes a trace of them"]]
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
