//! The canonical trace: what becomes of each format, the round trip through text, and that slices
//! merge into the whole.

#[path = "../common/mod.rs"]
mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use common::published::SWF;
use common::{REQUESTS, SWIM, TPCH, folder, published, recent, told, write};
use expect_test::{expect, expect_file};
use fairground_workloads::Format;
use fairground_workloads::canonical::edit::{Scale, Slice, anonymise, merge, scale, slice};
use fairground_workloads::canonical::import::{import, refusal};
use fairground_workloads::canonical::tables::{
    Edge, Job, Load, Machine, Stage, TABLES, Table, Tasks, Tenant,
};
use fairground_workloads::canonical::{Opened, VERSION, text};
use tempfile::TempDir;

/// Small good files of every format.
fn files() -> impl Iterator<Item = (Format, &'static str)> {
    let first = [
        (Format::Swim, SWIM),
        (Format::Tpch, TPCH),
        (Format::Requests, REQUESTS),
    ];
    let others = published::FILES.iter().chain(recent::FILES).copied();
    first.into_iter().chain(others)
}

fn imported(folder: &TempDir, name: &str, format: Format, text: &str) -> Opened {
    let path = write(folder, &format!("{name}.in"), text);
    let place = folder.path().join(name);
    let (manifest, _) = import(&path, format, &place, false).unwrap();
    let opened = Opened::open(&place).unwrap();
    assert_eq!(opened.manifest, manifest);
    opened
}

fn rows<T: Table>(trace: &Opened) -> Vec<T> {
    trace.rows().unwrap().map(Result::unwrap).collect()
}

#[test]
fn every_format_becomes_a_trace_or_says_why_not() {
    let mut shown = String::new();
    for (format, text) in files() {
        let folder = folder();
        let path = write(&folder, "file", text);
        let place = folder.path().join("trace");
        match import(&path, format, &place, false) {
            Ok((manifest, report)) => {
                let counts = manifest.rows.iter().filter(|(_, count)| *count > 0);
                let counts: Vec<String> = counts
                    .map(|(table, count)| format!("{table} {count}"))
                    .collect();
                writeln!(shown, "== {format}: {}", counts.join(", ")).unwrap();
                for assumed in &manifest.assumptions {
                    writeln!(shown, "   {}: {}", assumed.about, assumed.model).unwrap();
                }
                assert!(report.records > 0 && report.dropped == 0);
                assert!(!counts.is_empty(), "{format} says something");
            }
            Err(problem) => {
                assert!(!place.exists(), "{format} leaves nothing behind");
                let problem = told(folder.path(), &problem.to_string());
                writeln!(shown, "== {format}: {problem}").unwrap();
                let damaged = format == Format::Google2019Instances;
                assert!(refusal(format).is_some() || damaged, "{format}");
            }
        }
    }
    expect_file!["imported.txt"].assert_eq(&shown);
}

#[test]
fn text_and_back_is_the_same() {
    for (format, content) in files().filter(|(format, _)| refusal(*format).is_none()) {
        let folder = folder();
        let path = write(&folder, "file", content);
        let place = folder.path().join("trace");
        let Ok((manifest, _)) = import(&path, format, &place, false) else {
            continue;
        };
        let first = Opened::open(&place).unwrap();
        for name in ["text.jsonl", "text.jsonl.zst"] {
            let exported = folder.path().join(name);
            text::export(&first, &exported).unwrap();
            assert!(text::is_text(&exported), "{format}");
            let again = folder.path().join(format!("{name}.trace"));
            assert_eq!(
                text::import(&exported, &again).unwrap(),
                manifest,
                "{format}"
            );
        }
    }
}

#[test]
fn changed_text_is_refused() {
    let folder = folder();
    let trace = imported(&folder, "trace", Format::Swf, SWF);
    let exported = folder.path().join("text");
    text::export(&trace, &exported).unwrap();
    let whole = fs::read_to_string(&exported).unwrap();
    let place = folder.path().join("again");
    let mut shown = String::new();
    for changed in [
        whole.replace("\"run\":60000000", "\"run\":61000000"),
        whole.replace("\"gang\":1", "\"gang\":yes"),
        whole.replace("\"version\":1", "\"version\":9"),
        whole[..whole.len() - 10].to_owned(),
        String::new(),
    ] {
        assert_ne!(changed, whole);
        let path = write(&folder, "changed", changed);
        let problem = text::import(&path, &place).unwrap_err();
        assert!(!place.exists(), "nothing half-made is left");
        let digests = trace.manifest.digest.as_str();
        let problem = problem.to_string().replace(digests, "<digest>");
        let found = problem
            .split("found ")
            .nth(1)
            .filter(|found| found.len() > 60);
        let problem = found.map_or(problem.clone(), |found| {
            problem.replace(&found[..64], "<other>")
        });
        writeln!(shown, "{}", told(folder.path(), &problem)).unwrap();
    }
    expect![[r"
        changed:1: key `digest`: expected rows with the digest <digest>, found <other>
          hint: the rows were changed or truncated since the digest was taken
        changed:4: column 80: expected a row of a canonical trace; expected value
        changed:1: column 12: expected the manifest of a canonical trace; its version is 9, not 1
        changed:11: column 108: expected a row of a canonical trace; EOF while parsing a string
        changed:1: column 0: expected the manifest of a canonical trace; EOF while parsing a value
    "]]
    .assert_eq(&shown);
}

/// A list of many jobs of three clusters, more than are held in memory at once.
fn many(folder: &TempDir, jobs: u64) -> PathBuf {
    let mut text = String::from("timestamp,duration,num_gpus,gpu_time,cluster\n");
    for job in 0..jobs {
        let (hour, minute, second) = (job / 3600 % 24, job / 60 % 60, job % 60);
        let (day, gpus, length) = (job / 86_400 + 1, job % 8, job % 977 + 1);
        writeln!(
            text,
            "2017-10-{day:02} {hour:02}:{minute:02}:{second:02},{length},{gpus},{},vc{}",
            gpus * length,
            job % 3
        )
        .unwrap();
    }
    write(folder, "many", text)
}

fn sliced(folder: &TempDir, trace: &Opened, name: &str, part: &Slice) -> Opened {
    let place = folder.path().join(name);
    slice(trace, part, &place).unwrap();
    Opened::open(&place).unwrap()
}

/// A part and the rest of it, merged again.
fn check_whole(folder: &TempDir, trace: &Opened, name: &str, part: &Slice) -> [Opened; 2] {
    let rest = Slice {
        rest: true,
        ..part.clone()
    };
    let one = sliced(folder, trace, &format!("{name}-part"), part);
    let other = sliced(folder, trace, &format!("{name}-rest"), &rest);
    let place = folder.path().join(name);
    let merged = merge(&[other.clone(), one.clone()], false, &place).unwrap();
    assert_eq!(merged.digest, trace.manifest.digest, "{name}");
    let place = folder.path().join(format!("{name}-turned"));
    let merged = merge(&[one.clone(), other.clone()], false, &place).unwrap();
    assert_eq!(
        merged.digest, trace.manifest.digest,
        "{name}, the other way round"
    );
    [one, other]
}

#[test]
fn slices_merge_into_the_whole() {
    let folder = folder();
    let place = folder.path().join("whole");
    import(&many(&folder, 200_000), Format::Philly, &place, false).unwrap();
    let whole = Opened::open(&place).unwrap();
    let day = rows::<Job>(&whole)[0].submit.unwrap() + 86_400_000_000;
    let time = Slice {
        to: Some(day),
        ..Slice::default()
    };
    let [first, rest] = check_whole(&folder, &whole, "time", &time);
    assert_eq!(rows::<Job>(&first).len(), 86_400);
    assert_eq!(rows::<Job>(&rest).len(), 200_000 - 86_400);
    let tenants = Slice {
        tenants: vec!["vc1".to_owned()],
        ..Slice::default()
    };
    let [one, _] = check_whole(&folder, &whole, "tenant", &tenants);
    assert_eq!(rows::<Job>(&one).len(), 66_667);
    assert_eq!(rows::<Tenant>(&one).len(), 3, "tenants stay whole");
    let sample = Slice {
        sample: Some(100),
        seed: 7,
        ..Slice::default()
    };
    let [drawn, _] = check_whole(&folder, &whole, "sample", &sample);
    let drawn = rows::<Job>(&drawn).len();
    assert!((19_000..21_000).contains(&drawn), "{drawn}");
    let other = Slice {
        seed: 8,
        ..sample.clone()
    };
    let other = sliced(&folder, &whole, "other", &other);
    assert_ne!(other.manifest.digest, whole.manifest.digest);
    let unknown = Slice {
        tenants: vec!["vc9".to_owned()],
        ..Slice::default()
    };
    let problem = slice(&whole, &unknown, &folder.path().join("none")).unwrap_err();
    expect!["option `tenant`: expected the name of a tenant, found `vc9`"]
        .assert_eq(&problem.to_string());
}

#[test]
fn slices_of_every_format_merge_into_the_whole() {
    for (format, content) in files() {
        let folder = folder();
        let path = write(&folder, "file", content);
        let place = folder.path().join("trace");
        if import(&path, format, &place, false).is_err() {
            continue;
        }
        let trace = Opened::open(&place).unwrap();
        let middle = trace.manifest.units.origin + 5_000_000;
        let time = Slice {
            from: Some(middle),
            ..Slice::default()
        };
        check_whole(&folder, &trace, "time", &time);
        let sample = Slice {
            sample: Some(500),
            seed: 3,
            ..Slice::default()
        };
        check_whole(&folder, &trace, "sample", &sample);
    }
}

#[test]
fn overlapping_slices_of_load_are_taken_once() {
    let folder = folder();
    let whole = imported(&folder, "whole", Format::Requests, REQUESTS);
    assert_eq!(rows::<Load>(&whole).len(), 6, "seconds with requests");
    let part = |name: &str, from: u64, to: u64| {
        let part = Slice {
            from: Some(from * 1_000_000),
            to: Some(to * 1_000_000),
            ..Slice::default()
        };
        sliced(&folder, &whole, name, &part)
    };
    let [a, b, c] = [part("a", 0, 7), part("b", 3, 10), part("c", 5, 12)];
    for (name, order) in [("abc", [&a, &b, &c]), ("cab", [&c, &a, &b])] {
        let slices = order.map(Clone::clone);
        let merged = merge(&slices, false, &folder.path().join(name)).unwrap();
        assert_eq!(merged.digest, whole.manifest.digest, "{name}");
    }
}

#[test]
fn different_traces_merge_with_new_numbers() {
    let folder = folder();
    let swf = imported(&folder, "swf", Format::Swf, SWF);
    let muri = imported(&folder, "muri", Format::Muri, recent::MURI);
    let both = [swf.clone(), muri.clone()];
    let problem = merge(&both, false, &folder.path().join("no")).unwrap_err();
    expect![[r"
        table `jobs`, number 0: expected the same in all traces, found something else
          hint: these are no slices of one trace: use --renumber"]]
    .assert_eq(&problem.to_string());
    let place = folder.path().join("both");
    merge(&both, true, &place).unwrap();
    let merged = Opened::open(&place).unwrap();
    let jobs = rows::<Job>(&merged);
    assert_eq!(
        jobs.len(),
        rows::<Job>(&swf).len() + rows::<Job>(&muri).len()
    );
    assert!(jobs.iter().map(|job| job.id).eq(0..jobs.len() as u64));
    let google = imported(
        &folder,
        "google",
        Format::Google2011Jobs,
        published::GOOGLE_JOBS,
    );
    let problem = merge(&[swf, google], true, &folder.path().join("no")).unwrap_err();
    assert!(
        problem
            .problem
            .contains("billionths of the largest machine"),
        "{problem}"
    );
}

#[test]
fn scaling_stretches_time_load_and_cluster() {
    let folder = folder();
    let whole = imported(&folder, "whole", Format::Swf, SWF);
    let by = Scale {
        time: 1000,
        load: 1000,
        cluster: 1000,
        seed: 1,
    };
    let same = scale(&whole, by, &folder.path().join("same")).unwrap();
    assert_eq!(same.digest, whole.manifest.digest, "nothing is stretched");
    let place = folder.path().join("twice");
    scale(
        &whole,
        Scale {
            time: 500,
            load: 2000,
            ..by
        },
        &place,
    )
    .unwrap();
    let twice = Opened::open(&place).unwrap();
    assert_eq!(rows::<Job>(&twice).len(), 2 * rows::<Job>(&whole).len());
    let (first, scaled) = (rows::<Job>(&whole), rows::<Job>(&twice));
    assert_eq!(scaled[0].submit.unwrap(), first[0].submit.unwrap() / 2);
    let tasks = |trace: &Opened| {
        rows::<Tasks>(trace)
            .iter()
            .map(|row| row.count)
            .sum::<u64>()
    };
    assert_eq!(tasks(&twice), 2 * tasks(&whole));
    let load = imported(&folder, "load", Format::Requests, REQUESTS);
    let place = folder.path().join("more");
    scale(&load, Scale { load: 3000, ..by }, &place).unwrap();
    let sum = |trace: &Opened| {
        rows::<Load>(trace)
            .iter()
            .map(|row| row.requests)
            .sum::<u64>()
    };
    assert_eq!(sum(&Opened::open(&place).unwrap()), 3 * sum(&load));
    let nodes = imported(&folder, "nodes", Format::OpenbNodes, published::OPENB_NODES);
    let place = folder.path().join("larger");
    scale(
        &nodes,
        Scale {
            cluster: 5000,
            ..by
        },
        &place,
    )
    .unwrap();
    assert_eq!(rows::<Machine>(&Opened::open(&place).unwrap()).len(), 10);
}

#[test]
fn anonymous_traces_have_no_names() {
    let folder = folder();
    let whole = imported(&folder, "whole", Format::Rumen, recent::RUMEN);
    let place = folder.path().join("hidden");
    anonymise(&whole, "key", &place).unwrap();
    let hidden = Opened::open(&place).unwrap();
    let exported = folder.path().join("text");
    text::export(&hidden, &exported).unwrap();
    let shown = fs::read_to_string(&exported).unwrap();
    for name in ["job_1", "jenkins", "\"map\"", "whole.in"] {
        assert!(!shown.contains(name), "{name} is hidden");
    }
    assert_eq!(rows::<Tasks>(&hidden), rows::<Tasks>(&whole));
    let names = |trace: &Opened| rows::<Stage>(trace).into_iter().map(|stage| stage.name);
    let (open, closed): (Vec<_>, Vec<_>) = (names(&whole).collect(), names(&hidden).collect());
    assert_eq!(
        open[0] == open[1],
        closed[0] == closed[1],
        "equal names stay equal"
    );
    anonymise(&whole, "other", &folder.path().join("other")).unwrap();
    let other = Opened::open(&folder.path().join("other")).unwrap();
    assert_ne!(
        other.manifest.digest, hidden.manifest.digest,
        "another key, other names"
    );
}

#[test]
fn graphs_keep_their_edges() {
    let folder = folder();
    let trace = imported(&folder, "fork", Format::WfCommons, recent::WORKFLOW);
    let edges: Vec<_> = rows::<Edge>(&trace)
        .iter()
        .map(|e| (e.stage, e.parent))
        .collect();
    assert_eq!(edges, [(1, 0), (2, 0)]);
    let runs: Vec<_> = rows::<Tasks>(&trace)
        .iter()
        .map(|tasks| tasks.run)
        .collect();
    assert_eq!(runs, [Some(471_000), Some(10_000_000), Some(0)]);
    let trace = imported(
        &folder,
        "dag",
        Format::Alibaba2018Tasks,
        published::ALIBABA_TASKS,
    );
    assert_eq!(rows::<Edge>(&trace).len(), 1);
}

#[test]
fn bad_records_end_an_import_or_are_dropped() {
    let folder = folder();
    let path = write(&folder, "file", recent::MURI.replace("4472936000", "long"));
    let place = folder.path().join("trace");
    let problem = import(&path, Format::Muri, &place, false).unwrap_err();
    assert_eq!(problem.line, Some(3));
    assert!(!place.exists());
    let (manifest, report) = import(&path, Format::Muri, &place, true).unwrap();
    assert_eq!((report.records, report.dropped), (1, 1));
    assert_eq!(report.problems, [problem]);
    let told = manifest
        .assumptions
        .iter()
        .any(|told| told.about == "damaged records");
    assert!(told, "{:?}", manifest.assumptions);
    let problem = import(&path, Format::Muri, &place, true).unwrap_err();
    assert!(problem.problem.contains("a new folder"), "{problem}");
}

#[test]
fn a_trace_of_another_version_is_refused() {
    let folder = folder();
    let trace = imported(&folder, "trace", Format::Swf, SWF);
    let path = folder.path().join("trace/manifest.json");
    let manifest = fs::read_to_string(&path).unwrap();
    fs::write(&path, manifest.replace("\"version\": 1", "\"version\": 2")).unwrap();
    let problem = Opened::open(&folder.path().join("trace")).unwrap_err();
    expect!["expected a manifest; its version is 2, not 1"].assert_eq(&problem.problem);
    assert!(trace.manifest.version == VERSION);
    let problem = Opened::open(folder.path()).unwrap_err();
    assert!(problem.hint.contains("trace import"), "{problem}");
}

#[test]
fn the_page_tells_every_column() {
    let mut page = String::from(PAGE);
    for (name, about, columns) in TABLES {
        writeln!(
            page,
            "\n## `{name}`\n\n{}\n\n| column | type | |\n|---|---|---|",
            about.trim()
        )
        .unwrap();
        for column in *columns {
            let kind = if column.text { "UTF-8" } else { "INT64" };
            let optional = if column.optional {
                ", may be missing"
            } else {
                ""
            };
            writeln!(
                page,
                "| `{}` | {kind}{optional} | {} |",
                column.name,
                column.about.trim()
            )
            .unwrap();
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("CANONICAL.md");
    expect_file![path].assert_eq(&page);
}

const PAGE: &str = "\
# The canonical trace, version 1

One form that every public format becomes: `fairground trace import`. This page is written by a test
from the code (`workloads/src/canonical/tables.rs`).

A trace is a folder with a Parquet file for each table and `manifest.json`. Rows are sorted by the
number of the machine, job, tenant or service that they belong to, load then by time; other rows of
one number keep the order of the source. What a source does not say is missing: nothing is made up on import, and what
had to be decided stands in the manifest.

- **Times** are whole microseconds on the source's own clock; `units.origin` in the manifest is the
  earliest of them. **Amounts** are whole units that `units` names: thousandths of a core and MiB, or, for
  traces that hide the size of their machines, billionths of the largest (`relative`).
- **`sources`** are the files it was made of with their BLAKE3, **`assumptions`** what was decided or
  changed, **`rows`** the rows of each table.
- **`digest`** is BLAKE3 over version, units and all rows: equal for equal traces, whatever wrote them.
- As text (`fairground trace export`) a trace is JSON lines: the manifest, then each row under the name of
  its table.
";
