//! Rules of other schedulers against their cases: a selection written for the project, always; the originals' own
//! where the folder of them is there.

use std::fmt::Write as _;
use std::path::Path;

use fairground_sim::conformance::{SYSTEMS, System, Table, VARIABLE, folder};

/// How many cases of a hundred may differ, each of them listed: none of those whose decisions are exact, and of Mesos' further
/// ones three, where a rule of the core is another on purpose (a quota holds for all below its role; whatever
/// stands free is looked at, not the agent alone that came).
fn allowed(system: &System) -> usize {
    match system.name {
        "kai" | "armada" | "volcano" => 3,
        "mesos-extra" => 9,
        _ => 0,
    }
}

fn check(system: &System, table: &Table) {
    let differ = table.differ.len();
    assert!(table.cases > 0, "{}: no cases", system.name);
    assert!(
        differ * 100 <= allowed(system) * table.cases as usize,
        "{}: {differ} of {} differ: {:#?}",
        system.name,
        table.cases,
        table.differ
    );
}

#[test]
fn the_selection_agrees() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/conformance");
    for name in ["yarn", "slurm", "nomad", "karma", "mesos-extra"] {
        let system = System::by_name(name).expect("a system");
        let table = system.hold(&here).expect("cases that can be read");
        assert_eq!(
            table.agree, table.cases,
            "{name}: {:#?} {:#?}",
            table.differ, table.not_offered
        );
    }
}

#[test]
fn the_originals_cases_agree() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance");
    let asked = if std::env::var_os(VARIABLE).is_some() {
        None
    } else {
        Some(beside.as_path())
    };
    let folder = match folder(asked) {
        Ok(folder) => folder,
        Err(missing) => return eprintln!("skipped: {missing}"),
    };
    for system in &SYSTEMS {
        if system.path(&folder).is_file() {
            check(
                system,
                &system.hold(&folder).expect("cases that can be read"),
            );
        } else {
            eprintln!("skipped: {} is not there", system.path(&folder).display());
        }
    }
}

/// The committed table is what the originals' cases come to: `UPDATE_EXPECT=1 cargo test --workspace --test conformance`
/// makes it anew.
#[test]
fn the_committed_table_is_as_it_is_made() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = here.join("../../shared/conformance");
    let there = |system: &&System| system.path(&folder).is_file();
    if !SYSTEMS.iter().all(|system| there(&system)) {
        return eprintln!("skipped: {} has not all systems", folder.display());
    }
    let tables = SYSTEMS.iter().map(|system| system.hold(&folder));
    let tables: Vec<Table> = tables
        .collect::<Result<_, _>>()
        .expect("cases that can be read");
    let json = serde_json::to_string_pretty(&tables).expect("tables as JSON") + "\n";
    let results = here.join("../results/conformance");
    expect_test::expect_file![results.join("table.json")].assert_eq(&json);
    expect_test::expect_file![results.join("README.md")].assert_eq(&page(&tables));
}

/// The tables for people.
fn page(tables: &[Table]) -> String {
    let mut text = PAGE.to_owned();
    for table in tables {
        let (differ, not_offered) = (table.differ.len(), table.not_offered.len());
        let counts = format!(
            "{} | {} | {differ} | {not_offered}",
            table.cases, table.agree
        );
        let _ = writeln!(text, "| {} | {counts} |", table.system);
    }
    for table in tables {
        for one in &table.differ {
            let _ = write!(
                text,
                "\n`{}` ({}), {}:\n\n```text\nexpected {}\nfound    {}\n```\n",
                one.id, table.system, one.rule, one.expected, one.found
            );
        }
        for (kind, why, ids) in table.not_offered_together() {
            let ids = ids.join("`, `");
            let system = table.system;
            let _ = write!(text, "\nNot offered of {system}, {kind}: `{ids}`: {why}.\n");
        }
        for one in &table.both {
            let _ = write!(
                text,
                "\n`{}` ({}): the original is wrong by its own rules, which say: {}.\n",
                one.id, table.system, one.by_its_rules
            );
        }
    }
    text
}

const PAGE: &str = "\
# Conformance

The rules of policies against the test cases of the systems they come from, which are data beside the project. Made and
checked by a test where they are there; `fairground conformance` prints the same, `--json` as `table.json`.

```sh
fairground conformance
UPDATE_EXPECT=1 cargo test --workspace --test conformance
```

| system | cases | agree | differ | not offered |
|---|---|---|---|---|
";

/// A wrong answer is found: what agrees with anything would prove nothing.
#[test]
fn a_wrong_expectation_differs() {
    let place = tempfile::tempdir().expect("a folder");
    let case = r#"{"cases": [
        {"id": "right", "kind": "fair_shares", "total": 9, "expect": {"shares": [9]},
         "schedulables": [{"min": 0, "max": 99, "weight": 1}]},
        {"id": "wrong", "kind": "fair_shares", "total": 9, "expect": {"shares": [8]},
         "schedulables": [{"min": 0, "max": 99, "weight": 1}]},
        {"id": "half", "kind": "fair_shares", "total": 9},
        {"id": "other", "kind": "unheard of"}
    ]}"#;
    std::fs::write(place.path().join("yarn.json"), case).expect("a file");
    let system = System::by_name("yarn").expect("a system");
    let table = system.hold(place.path()).expect("cases that can be read");
    let differ: Vec<&str> = table.differ.iter().map(|one| one.id.as_str()).collect();
    assert_eq!((table.agree, differ), (1, vec!["wrong", "half"]));
    assert_eq!(table.not_offered[0].id, "other");
}
