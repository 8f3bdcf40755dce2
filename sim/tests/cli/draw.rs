//! A recipe of traces, drawn for whoever reads none.

use std::fs;

use fairground_readers::canonical::Imports;
use fairground_sim::recipe::Recipe;
use fairground_workloads::drawn;

use crate::place::{FAIRGROUND, Place};

/// Jobs of a log, machines of a list, requests of a file, and jobs that are drawn.
const MIXED: &str = r#"name = "mixed"
duration = "10m"
machines = { file = "nodes.csv" }

[[framework]]
name = "log"
workload.swf = { file = "jobs.swf", feedback = "user" }

[[framework]]
name = "made"
workload.spark = { gap = "1m" }

[[framework]]
name = "web"
workload.requests = { file = "requests" }
"#;

fn mixed() -> Place {
    let place = Place::with("mixed.toml", MIXED);
    let jobs = "1 0 0 60 2 -1 -1 2 90 -1 1 7 1 -1 1 -1 -1 -1\n2 90 5 30 1 -1 -1 1 90 -1 1 7 1 -1 1 -1 -1 -1\n";
    place.write("jobs.swf", jobs);
    place.write(
        "nodes.csv",
        "sn,cpu_milli,memory_mib,gpu,model\na,32000,65536,0,\nb,64000,65536,0,\n",
    );
    place.write("requests", "3\n1\n4\n".repeat(300));
    place
}

#[test]
fn what_is_drawn_is_the_trace_of_the_recipe_and_the_seed() {
    let place = mixed();
    let mut command = place.command(FAIRGROUND);
    let output = command
        .args(["draw", "mixed.toml", "--seed", "5"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let file = place.path("drawn.json");
    fs::write(&file, output.stdout).unwrap();

    let loaded = Recipe::load(Some(&place.path("mixed.toml")), &[]).unwrap();
    let sources = loaded.sources(&mut Imports::default()).unwrap();
    let trace = loaded.recipe.trace(&sources, 5).unwrap();
    assert_eq!(trace.agents.len(), 2);
    assert_eq!(drawn::read(&file, &loaded.recipe, 5).unwrap(), trace);
    assert_ne!(loaded.recipe.trace(&sources, 6).unwrap(), trace);
}
