//! The house's own limits, as a ratchet: what is beyond them may become less, never more.
//!
//! `tidy.txt` lists what is: files that are too long, type names that several types have. Where it became
//! less, `UPDATE_EXPECT=1 cargo test --workspace --test tidy` writes it down, so that it stays. Functions
//! of more than a hundred lines are refused by the lints.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Lines of a file, from where on it is listed.
const LONG: usize = 500;

/// Names that every format has of its own, in a module of its own.
const OF_FORMATS: [&str; 3] = ["Record", "Records", "Counts"];

/// Where rules of other schedulers and their cases are read: what is what there is called as each of them calls it.
const OF_OTHERS: [&str; 2] = ["policies/src/rules/", "sim/src/conformance/"];

/// What the field has a term for, or no term should be: words that no type and no file of the core and
/// the simulator has in its name.
const NOT_USED: [&str; 22] = [
    "bodies", "body", "dealings", "desk", "eager", "fate", "gains", "handler", "helper", "life",
    "manager", "manners", "news", "piece", "rooms", "slave", "supply", "turns", "utils", "warmth",
    "window", "wish",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All of the project's Rust files, with their places below the root.
fn sources() -> Vec<(String, String)> {
    let root = root();
    let mut all = Vec::new();
    let mut folders: Vec<PathBuf> = ["policies", "workloads", "sim", "real"]
        .map(|room| root.join(room))
        .into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let place = path.strip_prefix(&root).unwrap();
            let place = place.to_str().unwrap().replace('\\', "/");
            if path.is_dir() && !place.ends_with("/target") {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                all.push((place, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    all.sort();
    all
}

/// The names of the types that a file defines.
fn types(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let mut word = words.next()?;
        if word.starts_with("pub") {
            word = words.next()?;
        }
        if word == "in" || word.ends_with(')') {
            word = words.next()?;
        }
        if !["struct", "enum", "trait", "union"].contains(&word) {
            return None;
        }
        let name = words.next()?;
        let end = name.find(|c: char| !c.is_alphanumeric());
        let name = &name[..end.unwrap_or(name.len())];
        name.starts_with(char::is_uppercase).then_some(name)
    })
}

/// `HeldOffer` and `held_offer` are held and offer.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in name.chars() {
        if letter == '_' || letter == '/' || letter == '.' || letter.is_uppercase() {
            words.push(String::new());
        }
        if letter.is_alphanumeric() {
            words.last_mut().unwrap().extend(letter.to_lowercase());
        }
    }
    words
}

/// What is beyond the limits: how much of it.
fn beyond() -> BTreeMap<String, usize> {
    let sources = sources();
    let mut beyond = BTreeMap::new();
    for (place, text) in &sources {
        let lines = text.lines().count();
        if lines > LONG {
            beyond.insert(format!("lines of {place}"), lines);
        }
    }
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let written = sources
        .iter()
        .filter(|(place, _)| place.contains("/src/"))
        .filter(|(place, _)| !OF_OTHERS.iter().any(|room| place.starts_with(room)));
    for name in written.flat_map(|(_, text)| types(text)) {
        *names.entry(name).or_default() += 1;
    }
    names.retain(|name, count| *count > 1 && !OF_FORMATS.contains(name));
    let names = names.into_iter();
    beyond.extend(names.map(|(name, count)| (format!("types called {name}"), count)));
    beyond
}

#[test]
fn nothing_grows_beyond_the_limits() {
    let path = root().join("sim/tests/data/tidy.txt");
    let listed = fs::read_to_string(&path).unwrap();
    let entry = |line: &str| {
        let (what, count) = line.rsplit_once(' ').expect("what, and how much of it");
        (what.to_owned(), count.parse().expect("a number"))
    };
    let listed: BTreeMap<String, usize> = listed.lines().map(entry).collect();
    let now = beyond();
    let more = now
        .iter()
        .filter(|(what, count)| listed.get(*what).is_none_or(|old| *count > old));
    let more: Vec<String> = more
        .map(|(what, count)| match listed.get(what) {
            Some(old) => format!("{what}: {count}, at most {old}"),
            None => format!("{what}: {count}, beyond the limit"),
        })
        .collect();
    assert!(
        more.is_empty(),
        "names are to be new in the project, files shorter than {LONG} lines, or {} to list them with a reason in the commit:\n{}",
        path.display(),
        more.join("\n")
    );
    if now != listed {
        let lines = now
            .iter()
            .map(|(what, count)| [what, " ", &count.to_string(), "\n"].concat());
        let text: String = lines.collect();
        assert!(
            std::env::var_os("UPDATE_EXPECT").is_some(),
            "less is beyond the limits than tidy.txt lists: hold it with UPDATE_EXPECT=1, as in\n{text}"
        );
        fs::write(path, text).unwrap();
    }
}

#[test]
fn words_are_the_fields() {
    let rooms = ["policies/src/", "sim/src/"];
    let mut found = Vec::new();
    for (place, text) in sources() {
        let Some(file) = rooms.iter().find_map(|room| place.strip_prefix(room)) else {
            continue;
        };
        for name in types(&text).chain([file]) {
            let words = words(name);
            for word in NOT_USED
                .iter()
                .filter(|word| words.iter().any(|one| one == *word))
            {
                found.push(format!("{place}: {name} has the word {word}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn names_are_found_and_taken_apart() {
    let text =
        "pub(crate) struct HeldOffer {\nenum A<T> {\n// struct No\npub trait B: C {\nstructure X\n";
    assert_eq!(types(text).collect::<Vec<_>>(), ["HeldOffer", "A", "B"]);
    assert_eq!(
        words("world/held_offer.rs"),
        ["world", "held", "offer", "rs"]
    );
    assert_eq!(words("HeldOffer"), ["", "held", "offer"]);
}
