//! The canonical trace: what becomes of each format, the round trip through text, and that slices
//! merge into the whole.

mod accounts;
mod alibaba;
mod cases;
mod clouds;
mod edit;
mod gpu_clusters;
mod kubernetes;
mod law;
mod mixed;
mod nextflow;
mod pbs;
mod pegasus;
mod plain;
mod pools;
mod slurm;
mod spark;
mod swf;
mod unknown;
mod versions;
#[path = "../common/mod.rs"]
mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use common::published::SWF;
use common::{files, folder, published, recent, told, write};
use expect_test::{expect, expect_file};
use fairground_readers::Format;
use fairground_readers::canonical::import::{import, refusal};
use fairground_readers::canonical::tables::{Edge, Job, TABLES, Table, Tasks, Tenant};
use fairground_readers::canonical::{OLDEST, Opened, VERSION, text};
use fairground_readers::formats::ReadAs;
use tempfile::TempDir;

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

/// What becomes of a file: a line a job with the tasks of its first stage, the account where something is
/// not imported, then what is assumed; or why not.
fn jobs(format: Format, content: &str) -> String {
    let folder = folder();
    let path = write(&folder, "file", content);
    shown(&folder, &path, format.into())
}

fn shown(folder: &TempDir, path: &Path, how: ReadAs) -> String {
    let place = folder.path().join("form");
    let (manifest, report) = match import(path, how, &place, false) {
        Ok(made) => made,
        Err(error) => return told(folder.path(), &error.to_string()) + "\n",
    };
    report.account.check().unwrap();
    let trace = Opened::open(&place).unwrap();
    let (tasks, tenants) = (rows::<Tasks>(&trace), rows::<Tenant>(&trace));
    let mut shown = String::new();
    for job in rows::<Job>(&trace) {
        let whose = job.tenant.map_or("nobody", |id| &tenants[id as usize].name);
        let gang = if job.gang == 1 { " together" } else { "" };
        write!(shown, "{} of {whose}{gang}", job.name).unwrap();
        let amounts = |shown: &mut String, amounts: &[(&str, Option<u64>)]| {
            for (name, amount) in amounts {
                if let Some(amount) = amount {
                    write!(shown, ", {name} {amount}").unwrap();
                }
            }
        };
        let more = [
            ("submit", job.submit),
            ("wait", job.wait),
            ("estimate", job.estimate),
            ("priority", job.priority),
        ];
        amounts(&mut shown, &more);
        for of in tasks.iter().filter(|of| of.job == job.id) {
            let more = [
                ("tasks", Some(of.count)),
                ("run", of.run),
                ("cpus", of.cpus),
                ("mem", of.memory),
                ("used", of.used),
                ("gpus", of.gpus),
            ];
            amounts(&mut shown, &more);
            if let Some(unknown) = of.unknown {
                write!(shown, ", {}", unknown.word()).unwrap();
            }
        }
        let outcome = job.outcome.map(|outcome| format!(", {outcome}"));
        writeln!(shown, "{}", outcome.unwrap_or_default()).unwrap();
    }
    for (thing, line) in report.account.lines() {
        for (way, reasons) in [("merged", &line.merged), ("passed over", &line.passed)] {
            for (why, count) in reasons {
                writeln!(shown, "{way}: {count} {}, {why}", thing.name()).unwrap();
            }
        }
    }
    for assumed in manifest.assumptions {
        writeln!(shown, "{}: {}", assumed.about, assumed.model).unwrap();
    }
    shown
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
                assert!(report.records() > 0 && report.dropped() == 0);
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
        whole.replace("\"version\":3", "\"version\":9"),
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
        changed:1: column 12: expected the manifest of a canonical trace; its version is 9, not one from 2 to 3
        changed:11: column 203: expected a row of a canonical trace; EOF while parsing a string
        changed:1: column 0: expected the manifest of a canonical trace; EOF while parsing a value
    "]]
    .assert_eq(&shown);
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
    assert_eq!((report.records(), report.dropped()), (1, 1));
    assert_eq!(report.problems, [problem]);
    let told = manifest
        .assumptions
        .iter()
        .any(|told| told.about == "records dropped");
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
    fs::write(&path, manifest.replace("\"version\": 3", "\"version\": 4")).unwrap();
    let problem = Opened::open(&folder.path().join("trace")).unwrap_err();
    expect!["expected a manifest; its version is 4, not one from 2 to 3"]
        .assert_eq(&problem.problem);
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
                column.about.trim().to_owned()
                    + &match column.since {
                        OLDEST => String::new(),
                        since => format!(" Since version {since}."),
                    }
            )
            .unwrap();
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../CANONICAL.md");
    expect_file![path].assert_eq(&page);
}

const PAGE: &str = "\
# The canonical trace, version 3

One form that every public format becomes: `fairground trace import`. This page is written by a test
from the code (`workloads/readers/src/canonical/tables.rs`).

A trace is a folder with a Parquet file for each table and `manifest.json`. Rows are sorted by the
number of the machine, job, tenant or service that they belong to, load then by time; other rows of
one number keep the order of the source. What a source does not say is missing: nothing is made up on import, and what
had to be decided stands in the manifest.

- **Times** are whole microseconds on the source's own clock; `units.origin` in the manifest is the
  earliest of them. **Amounts** are whole units that `units` names: thousandths of a core and MiB, or, for
  traces that hide the size of their machines, billionths of the largest (`relative`).
- **`machine`** is how large the source says that its cluster is, where it lists no machines: processors,
  nodes, queues, partitions, the longest run and the most memory that were allowed.
- **`clock`** is what clocks showed, where the source says so: `zero` is the trace's time 0 in microseconds since 1970
  in UTC, and `zone` a name (`Europe/Paris`), a distance (`+01:00`), or `local` for times that are local ones of a place
  that the source does not name; `zero` is then as if it were UTC.
- A task's `run` may be **`unknown`** for three reasons. `unstarted`: it never ran, and adds no load.
  `damaged`: it ended, but its times cannot be right. `censored`: the trace does not hold all of its run, since
  it was still running at the end or had begun before; `run` is then what the trace holds of it, if that is
  known. Where neither is there, the source tells no run times.
- **`sources`** are the files it was made of with their BLAKE3, **`assumptions`** what was decided or
  changed, **`rows`** the rows of each table.
- **`digest`** is BLAKE3 over version, units, machine, clock and all rows: equal for equal traces, whatever wrote them.
- A trace of **version** 2 is read as it is and keeps its digest, which is over the columns that it has; what is
  made of it is of version 3. Of any other version a trace is refused: import it again.
- As text (`fairground trace export`) a trace is JSON lines: the manifest, then each row under the name of
  its table.
";
