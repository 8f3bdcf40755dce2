//! What the documents quote is what the project says and does.

mod output_fake;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use fairground_policies::message::{AgentId, FrameworkId, TaskId};
use fairground_policies::resources::Resources;
use fairground_policies::time::Time;
use fairground_sim::output::{Options, write};
use fairground_sim::run::{TaskEnd, TaskKind, TaskRow};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The code block that begins with `opening`, without its fences.
fn block<'a>(text: &'a str, opening: &str) -> &'a str {
    let (_, rest) = text.split_once(opening).expect("the block begins");
    let (block, _) = rest.split_once("```").expect("the block ends");
    block.trim()
}

#[test]
fn contributing_quotes_the_example() {
    let example = read("sim/examples/own_allocator.rs");
    let code = example
        .lines()
        .skip_while(|line| line.starts_with("//!"))
        .collect::<Vec<_>>();
    assert_eq!(
        block(&read("CONTRIBUTING.md"), "```rust"),
        code.join("\n").trim()
    );
    assert!(
        example.lines().count() < 40,
        "a policy of one's own is a small file"
    );
}

/// Of the other policies what they decide is enough.
#[test]
fn contributing_quotes_the_policy_of_every_example() {
    let said = read("CONTRIBUTING.md");
    for entry in fs::read_dir(root().join("sim/examples")).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|end| end != "rs") {
            continue;
        }
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.expect("a name");
        let example = read(&format!("sim/examples/{name}"));
        let mut kinds = ["\nimpl Allocator for ", "\nimpl Scheduler for "].into_iter();
        let policy = kinds.find_map(|kind| example.split_once(kind));
        let (_, policy) = policy.expect(name);
        let (policy, _) = policy.split_once("\n}\n").expect(name);
        assert!(
            said.contains(policy),
            "CONTRIBUTING.md does not quote {name}"
        );
        assert!(
            example.lines().count() < 64,
            "{name}: a policy of one's own is a small file"
        );
    }
}

/// The sentences at the end of a comparison: what follows the legend of its tables.
fn sentences(table: &str) -> &str {
    let (_, rest) = table.split_once("\nChanges are against").expect("a legend");
    let (_, sentences) = rest.split_once("\n\n").expect("sentences");
    sentences.trim()
}

/// `UPDATE_EXPECT=1` puts them into the README as they are.
#[test]
fn the_readme_quotes_the_committed_result() {
    let said = read("results/nine-hosts/table.txt");
    let mut readme = read("README.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let quoted = block(&readme, "```text").to_owned();
        readme = readme.replace(&quoted, sentences(&said));
        fs::write(root().join("README.md"), &readme).expect("the README is written");
    }
    let quoted = block(&readme, "```text");
    assert!(quoted.lines().count() >= 2, "the README quotes something");
    for line in quoted.lines() {
        assert!(
            said.lines().any(|other| other.trim() == line.trim()),
            "`{line}` is not the result"
        );
    }
}

/// Every file of the project's packages, from the root on.
fn files(folder: &Path, all: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, all);
        } else {
            let path = path.strip_prefix(root()).expect("below the root");
            all.push(path.to_str().expect("a name").to_owned());
        }
    }
}

/// Whether a line gives a name: an item, a field or a variant.
fn gives(line: &str, name: &str) -> bool {
    let is_inner = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + name.len()..]);
        if before.ends_with(is_inner) || after.starts_with(is_inner) {
            return false;
        }
        let items = [
            "const ", "static ", "fn ", "struct ", "enum ", "trait ", "type ", "mod ",
        ];
        let member = before.trim().is_empty() || before.trim().starts_with("pub");
        items.iter().any(|item| before.ends_with(item))
            || (member && after.starts_with([':', '(', '{', ',', ' ']))
    })
}

/// Where the guides say "`this` in `that file`", the file is there and gives it.
#[test]
fn what_the_guides_name_is_where_they_say() {
    let mut all = Vec::new();
    for package in ["policies", "workloads", "sim", "real", "results"] {
        files(&root().join(package), &mut all);
    }
    let mut named = 0;
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = read(document);
        let prose: String = text.split("```").step_by(2).collect();
        let parts: Vec<&str> = prose.split('`').collect();
        for (at, path) in parts.iter().enumerate().skip(1).step_by(2) {
            let is_code = Path::new(path).extension().is_some_and(|end| end == "rs");
            if !is_code || path.contains(char::is_whitespace) {
                continue;
            }
            let mut found = all
                .iter()
                .filter(|file| *file == path || file.ends_with(&format!("/{path}")))
                .peekable();
            assert!(found.peek().is_some(), "{document}: there is no {path}");
            if at < 3 || parts[at - 1].trim() != "in" {
                continue;
            }
            let name = parts[at - 2].rsplit("::").next().expect("a name");
            named += 1;
            assert!(
                found.any(|file| read(file).lines().any(|line| gives(line, name))),
                "{document}: {path} has no {name}"
            );
        }
    }
    assert!(named > 10, "only {named} names were looked up");
}

#[test]
fn every_link_in_the_documents_leads_somewhere() {
    for document in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "results/README.md",
        "workloads/WORKLOADS.md",
    ] {
        let text = read(document);
        let folder = root().join(document).parent().expect("a folder").to_owned();
        for (_, rest) in text
            .match_indices("](")
            .map(|(at, _)| text.split_at(at + 2))
        {
            let target = rest.split(')').next().expect("a target");
            let target = target.split('#').next().expect("a path");
            if !target.is_empty() && !target.contains("://") {
                assert!(
                    folder.join(target).exists(),
                    "{document}: {target} does not exist"
                );
            }
        }
    }
}

#[test]
fn the_recipe_of_the_nine_hosts_is_the_built_in_one() {
    use fairground_sim::recipe::Recipe;
    let built_in = Recipe::load(None, &[])
        .expect("the built-in recipe reads")
        .recipe;
    let path = root().join("results/nine-hosts/recipe.toml");
    let kept = Recipe::load(Some(&path), &[])
        .expect("the kept recipe reads")
        .recipe;
    assert_eq!(built_in.text(), kept.text());
}

/// A line of the list of replayed traces: what the folder says of itself.
fn replayed(name: &str) -> String {
    let folder = format!("results/traces/{name}");
    let provenance = read(&format!("{folder}/provenance.json"));
    let told: serde_json::Value = serde_json::from_str(&provenance).expect("JSON");
    let summary = read(&format!("{folder}/summary.csv"));
    let mut lines = summary
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>());
    let head = lines.next().expect("a header");
    let column = |name: &str| head.iter().position(|column| *column == name);
    let (policy, seed) = (column("policy").unwrap(), column("seed").unwrap());
    let jobs = column("jobs").unwrap();
    let rows: Vec<_> = lines.collect();
    let first = |row: &&Vec<&str>| row[policy] == rows[0][policy] && row[seed] == rows[0][seed];
    let jobs: u64 = rows
        .iter()
        .filter(first)
        .filter_map(|row| row[jobs].parse::<u64>().ok())
        .sum();
    let jobs = if jobs == 0 {
        "requests".to_owned()
    } else {
        jobs.to_string()
    };
    let page = read(&format!("{folder}/README.md"));
    let sentence = page.lines().find_map(|line| line.strip_prefix("> "));
    // Who gains and who pays; the numbers of all jobs together are on the page.
    let sentence = sentence.map(|said| {
        said.split_once(" All jobs together")
            .map_or(said, |(who, _)| who)
    });
    let hours = told["horizon_us"].as_u64().expect("a time") as f64 / 3.6e9;
    let sentence = sentence.expect("a sentence");
    let agents = &told["agents"];
    format!("| [`{name}`]({name}) | {jobs} | {hours:.1} h | {agents} | {sentence} |\n")
}

#[test]
fn the_replayed_traces_are_listed() {
    let mut names: Vec<String> = fs::read_dir(root().join("results/traces"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let mut text = "\
# Replayed traces

One public trace a folder, as `fairground compare --trace` replays it: its own tenants, or made-up ones,
in static partitions against one pool. Each page has the picture, the sentence and all that was
assumed; each recipe says how to run it again. One seed means that nothing was drawn: the trace is what
it is. This list is made from the folders by the tests.

`slurm` is of an account that comes with the project, so that it is checked everywhere:
`fairground compare --trace workloads/assets/slurm --policies fifo drf`.

| trace | jobs | replayed | agents | what came of it |
|---|---|---|---|---|
"
    .to_owned();
    text.extend(names.iter().map(|name| replayed(name)));
    expect_test::expect_file!["../../results/traces/README.md"].assert_eq(&text);
}

/// What a file of a result folder is, by its name without the ending; a new one has to be explained here.
fn what(name: &str) -> &'static str {
    match name {
        "report" => "the report: open it",
        "README" => "a page for where the folder is stored, of a recipe with `about`",
        "table" => "the tables and sentences of the terminal",
        "recipe" => "all that the rest follows from",
        "summary" => "totals, a row a policy, seed and framework",
        "gains" => "changes against the first policy, with intervals and verdicts",
        "digests" => "a row a run: its digest and totals",
        "jobs" => "a row a job",
        "tasks" => "a row an attempt at a task, with `--tasks` only",
        "usage" => "what frameworks used over time",
        "services" => "how services did over time",
        "hosts" => {
            "what ran on each agent over time, of the first seed; two hundred rows of as many agents \
                    each where there are more than a thousand"
        }
        "figures" => "the figures, as SVG and PNG",
        "provenance" => "versions, inputs with their digests, assumptions, warnings",
        "DIGESTS" => "BLAKE3 of every run and file, which `fairground verify` compares",
        other => panic!("what is {other}?"),
    }
}

/// The list in `results/README.md` is that of what is written, with everything that can be asked for.
#[test]
fn the_files_of_a_result_are_listed() {
    let place = tempfile::tempdir().expect("a folder");
    let mut day = output_fake::day(1);
    day.about = "A day.".to_owned();
    day.policies[0].runs[0].tasks = vec![TaskRow {
        framework: FrameworkId(0),
        kind: TaskKind::Task,
        task: TaskId(0),
        unit: None,
        tasks: 1,
        attempt: None,
        agent: AgentId(0),
        needs: Resources::cores(1, 1),
        submitted: None,
        ready: None,
        started: Time::ZERO,
        ended: Time::ZERO,
        outcome: TaskEnd::Finished,
        local: None,
    }];
    write(&day, &place.path().join("day"), Options { png: false }).expect("a result");
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in fs::read_dir(place.path().join("day")).expect("a folder") {
        let name = entry.expect("an entry").file_name().into_string().unwrap();
        let stem = name.split('.').next().unwrap_or(&name).to_owned();
        files.entry(stem).or_default().push(name);
    }
    let mut list = "| file | what |\n|---|---|\n".to_owned();
    for (stem, mut names) in files {
        names.sort();
        let slash = if stem == "figures" { "/" } else { "" };
        let names: Vec<String> = names
            .iter()
            .map(|name| format!("`{name}{slash}`"))
            .collect();
        let (names, what) = (names.join(", "), what(&stem));
        writeln!(list, "| {names} | {what} |").expect("a text");
    }
    let mut readme = read("results/README.md");
    let opening = "cargo test -p fairground-sim --test docs -->\n\n";
    let (before, rest) = readme.split_once(opening).expect("the list begins");
    let (_, after) = rest.split_once("`measured.csv`").expect("the list ends");
    let expected = format!("{before}{opening}{list}\n`measured.csv`{after}");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(root().join("results/README.md"), &expected).expect("the page is written");
        readme = expected.clone();
    }
    assert_eq!(readme, expected);
}
