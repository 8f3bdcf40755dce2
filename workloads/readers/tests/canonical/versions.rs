//! Traces of an older version, and what the columns are filled with that came later.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use expect_test::expect;
use fairground_readers::Format;
use fairground_readers::canonical::import::import;
use fairground_readers::canonical::tables::{Job, TABLES, Table, Tasks, Usage};
use fairground_readers::canonical::{OLDEST, Opened, check, edit, text};

use crate::common::{files, folder, write};
use crate::{imported, rows};

/// The columns that version 2 has not.
fn later() -> Vec<&'static str> {
    let columns = TABLES.iter().flat_map(|(_, _, columns)| columns.iter());
    let later = columns.filter(|column| column.since > OLDEST);
    later.map(|column| column.name).collect()
}

/// What version 2 made of two jobs, with the digest that it took.
#[test]
fn a_trace_of_an_older_version_is_read() {
    const LOG: &str = "\
; MaxProcs: 8
1 100 5 60 4 -1 -1 4 -1 -1 1 1 1 1 1 1 -1 -1
2 160 0 30 2 -1 -1 2 -1 -1 1 2 1 1 1 1 -1 -1
";
    const DIGEST: &str = "cf413102bbbef0cfcb55677c41117b678c34282328f6a6087abad4bcb2c7e9b7";
    let folder = folder();
    let new = imported(&folder, "new", Format::Swf, LOG);
    let path = folder.path().join("trace.jsonl");
    text::export(&new, &path).unwrap();
    let later = later();
    let lines = fs::read_to_string(&path).unwrap();
    let lines = lines.lines().map(|line| {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        if let Some(version) = line.get_mut("version") {
            *version = OLDEST.into();
            line["digest"] = DIGEST.into();
        } else if let Some(row) = line.as_object_mut().unwrap().values_mut().next() {
            row.as_object_mut()
                .unwrap()
                .retain(|name, value| !(value.is_null() && later.contains(&name.as_str())));
        }
        line.to_string()
    });
    let old = lines.collect::<Vec<_>>().join("\n");
    assert!(!old.contains("attempts"), "{old}");
    fs::write(&path, old).unwrap();
    let place = folder.path().join("old");
    let manifest = text::import(&path, &place).unwrap();
    assert_eq!(
        (manifest.version, manifest.digest.as_str()),
        (OLDEST, DIGEST)
    );
    let check = check::validate(&place, 10);
    assert!(check.is_ok(), "{:?}", check.problems);
    let old = Opened::open(&place).unwrap();
    assert_eq!(rows::<Job>(&old), rows::<Job>(&new));
    assert_eq!(rows::<Tasks>(&old), rows::<Tasks>(&new));
    assert_ne!(new.manifest.digest, DIGEST, "a digest is of its version");
    let merged = edit::merge(&[old], false, &folder.path().join("merged")).unwrap();
    assert_eq!(
        merged.digest, new.manifest.digest,
        "what is made of it is new"
    );
}

/// How many rows say something in a later column.
fn filled<T: Table>(trace: &Opened, counts: &mut BTreeMap<String, usize>) {
    for row in rows::<T>(trace) {
        let row = serde_json::to_value(row).unwrap();
        for column in T::TABLE.iter().filter(|column| column.since > OLDEST) {
            let name = column.name;
            if row.get(name).is_some_and(|value| !value.is_null()) {
                *counts.entry(format!("{}.{name}", T::NAME)).or_default() += 1;
            }
        }
    }
}

#[test]
fn later_columns_are_filled_where_a_source_has_them() {
    let mut shown = String::new();
    for (format, text) in files() {
        let folder = folder();
        let path = write(&folder, "file", text);
        let place = folder.path().join("trace");
        if import(&path, format, &place, false).is_err() {
            continue;
        }
        let trace = Opened::open(&place).unwrap();
        let mut counts = BTreeMap::new();
        filled::<Job>(&trace, &mut counts);
        filled::<Tasks>(&trace, &mut counts);
        filled::<Usage>(&trace, &mut counts);
        if !counts.is_empty() {
            let told: Vec<String> = counts
                .iter()
                .map(|(name, n)| format!("{name} {n}"))
                .collect();
            let _ = writeln!(shown, "{format}: {}", told.join(", "));
        }
    }
    expect![[r"
        swf: tasks.busy 1
        google2011-jobs: jobs.class 2
        google2011-tasks: jobs.class 3, tasks.attempts 3, tasks.wait 1
        alibaba2018-instances: tasks.attempts 2, tasks.outcome 2
        openb-pods: jobs.class 3, tasks.model 1, tasks.wait 2
        google2011-usage: usage.memory 1
        google2019-instances: jobs.class 1, tasks.attempts 1
        azure-vms: jobs.class 2
        rumen: tasks.attempts 2, tasks.outcome 1
        bitbrains: usage.memory 2
        pbs: tasks.attempts 1, tasks.busy 1
        pbs: tasks.busy 1
        lsf: jobs.class 1, tasks.busy 2
        lsf: tasks.busy 1
        sge: tasks.busy 3
        sge: tasks.attempts 1, tasks.busy 1
        condor: tasks.attempts 1, tasks.busy 1
        condor: tasks.busy 1
        oar: jobs.class 1
        nextflow: tasks.attempts 2, tasks.busy 1
        nextflow: tasks.attempts 2, tasks.busy 1, tasks.model 1
        philly-jobs: tasks.attempts 2
        pai-tasks: tasks.model 2, tasks.outcome 3
        pai-instances: tasks.outcome 2
        spot-gpu-jobs: jobs.class 3, tasks.model 3
        google2019-collections: jobs.class 1
        google2019-collections: jobs.class 1
        google2019-usage: usage.memory 1
        google2019-usage: usage.memory 1
        azure-packing: jobs.class 3
        huawei-requests: tasks.busy 1
        materna: usage.memory 2
        materna: usage.memory 1
        google2010: jobs.class 3, usage.memory 7
    "]]
    .assert_eq(&shown);
}

/// Submitted, started after 100 us, evicted, started again, failed.
#[test]
fn a_task_of_google_waits_starts_and_ends() {
    let folder = folder();
    let events = "\
600000000,,7,1,,0,u,2,0,0.5,0.25,0,1
600000100,,7,1,5,1,u,2,0,0.5,0.25,0,1
600500100,,7,1,5,2,u,2,0,0.5,0.25,0,1
600500200,,7,1,6,1,u,2,0,0.5,0.25,0,1
601500200,,7,1,6,3,u,2,0,0.5,0.25,0,1
";
    let trace = imported(&folder, "trace", Format::Google2011Tasks, events);
    let tasks = rows::<Tasks>(&trace);
    let task = &tasks[0];
    assert_eq!(tasks.len(), 1);
    assert_eq!(
        (task.wait, task.attempts, task.run),
        (Some(100), Some(2), Some(1_000_000))
    );
    assert_eq!(task.outcome.as_deref(), Some("fail"));
    assert_eq!(rows::<Job>(&trace)[0].class.as_deref(), Some("2"));
}
