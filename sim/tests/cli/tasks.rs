//! The table of tasks.

use std::fs::File;

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;

use crate::place::Place;

/// A map and two reduces that wait for it, and a service.
const RECIPE: &str = r#"name = "tasks"
duration = "10m"
seeds = 1
policies = ["drf"]
[[cluster]]
agents = 2
cpus = 2
mem = "8GiB"
[[framework]]
name = "flow"
[framework.workload.trace]
file = "batch_task.csv"
"#;
const TASKS: &str = "\
M1,2,j1,1,Terminated,100,160,100,0.01
R2_1,1,j1,1,Terminated,160,190,100,0.01
";

/// The columns of a row as text, by name.
fn rows(place: &Place, columns: &[&str]) -> Vec<String> {
    let reader = SerializedFileReader::new(File::open(place.path("out/tasks.parquet")).unwrap());
    let reader = reader.unwrap();
    let rows = reader.get_row_iter(None).unwrap().map(Result::unwrap);
    let text = |field: &Field| match field {
        Field::Str(text) => text.clone(),
        Field::Long(number) => number.to_string(),
        Field::Null => "-".to_owned(),
        other => panic!("{other}"),
    };
    rows.map(|row| {
        let cell = |name: &&str| {
            let mut all = row.get_column_iter();
            text(all.find(|(column, _)| column == name).unwrap().1)
        };
        columns.iter().map(cell).collect::<Vec<_>>().join(" ")
    })
    .collect()
}

#[test]
fn every_attempt_has_a_row() {
    let place = Place::with("tasks.toml", RECIPE);
    place.write("batch_task.csv", TASKS);
    let said = place.fairground("compare tasks.toml --tasks --out out");
    assert!(said.starts_with("exit 0\n"), "{said}");
    let columns = [
        "framework",
        "kind",
        "job",
        "stage",
        "index",
        "attempt",
        "ready_us",
        "started_us",
        "ended_us",
        "outcome",
        "local",
    ];
    let expected = [
        "flow task 0 0 0 1 0 0 60000000 finished -",
        "flow task 0 0 1 1 0 0 60000000 finished -",
        "flow task 0 1 0 1 60000000 60000000 90000000 finished -",
    ];
    assert_eq!(rows(&place, &columns), expected);
    assert!(place.read("out/recipe.toml").contains("tasks = true"));
    let verified = place.fairground("verify out");
    assert!(verified.starts_with("exit 0\n"), "{verified}");
    let said = place.fairground("compare tasks.toml --out out");
    assert!(said.starts_with("exit 0\n"), "{said}");
    assert!(
        !place.path("out/tasks.parquet").exists(),
        "nobody asked for it"
    );
}

/// Attempts are counted, executors and instances told apart, and what is local is.
#[test]
fn attempts_executors_and_instances() {
    let recipe = crate::place::TINY.replace("hadoop]\ngap", "spark]\ngap")
        + "\n[[framework]]\nname = \"maps\"\n[framework.workload.hadoop]\ngap = \"5m\"\n\
           [faults]\nmtbf = \"10m\"\nmttr = \"1m\"\n";
    let place = Place::with("tiny.toml", recipe);
    let said = place.fairground("run tiny.toml --tasks --out out");
    assert!(said.starts_with("exit 0\n"), "{said}");
    let all = rows(&place, &["kind", "attempt", "outcome", "local", "job"]);
    let any = |what: &dyn Fn(&[&str]) -> bool| {
        all.iter()
            .any(|row| what(&row.split(' ').rev().collect::<Vec<_>>()))
    };
    assert!(
        any(&|row| row[2] == "finished" && row[1] == "1"),
        "a local task"
    );
    assert!(
        any(&|row| row[2] == "lost" && row[3] == "1"),
        "a first attempt that was lost"
    );
    assert!(
        any(&|row| row[2] == "finished" && row[3] == "2"),
        "a second attempt"
    );
    for kind in ["task ", "in executor ", "executor ", "instance "] {
        assert!(all.iter().any(|row| row.starts_with(kind)), "{kind}");
    }
    assert_eq!(all, {
        place.fairground("run tiny.toml --tasks --out out");
        rows(&place, &["kind", "attempt", "outcome", "local", "job"])
    });
}
