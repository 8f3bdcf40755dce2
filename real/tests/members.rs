//! The closed list of members: compared with what protobuf knows, and written into the README.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fairground_real::wire::members::{messages, table};

type Names = BTreeMap<String, BTreeSet<String>>;

/// What protobuf knows.
fn known() -> Names {
    let text = include_str!("data/mesos-v1-members.txt");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let split = lines.map(|line| line.split_once(':').expect("a message and its members"));
    split
        .map(|(message, members)| {
            let members = members.split_whitespace().map(str::to_owned);
            (message.to_owned(), members.collect())
        })
        .collect()
}

#[test]
fn every_member_that_protobuf_knows_is_judged_and_no_other() {
    let judged: Names = messages()
        .into_iter()
        .map(|shape| {
            let of_mesos = shape.members.iter().filter(|one| one.verdict != "own");
            let names = of_mesos.map(|member| member.name.to_owned());
            (shape.name.to_owned(), names.collect())
        })
        .collect();
    let known = known();
    for (message, members) in &known {
        let judged = judged.get(message);
        let missing = members
            .iter()
            .filter(|member| judged.is_none_or(|j| !j.contains(*member)));
        let missing: Vec<&String> = missing.collect();
        assert!(
            missing.is_empty(),
            "{message}: nothing is said about {missing:?}"
        );
    }
    assert_eq!(
        judged, known,
        "a member or message that protobuf does not know"
    );
}

#[test]
fn every_member_has_a_reason() {
    for shape in messages() {
        for member in shape.members {
            assert!(!member.note.is_empty(), "{}.{}", shape.name, member.name);
        }
    }
}

#[test]
fn the_readme_has_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (start, end) = (
        "<!-- members: made by a test -->\n",
        "<!-- end of members -->",
    );
    let (before, rest) = readme.split_once(start).expect("the table's start");
    let (_, after) = rest.split_once(end).expect("the table's end");
    let expected = format!("{before}{start}{}{end}{after}", table());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, expected).unwrap();
        return;
    }
    assert!(
        readme == expected,
        "real/README.md is out of date; UPDATE_EXPECT=1 cargo test -p fairground-real --test \
         members rewrites the table"
    );
}
