//! A trace is read once, whatever asks for it, and a comparison writes none of it anywhere.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use fairground_policies::registry::Registry;
use fairground_sim::experiment::{Experiment, Unwatched};
use fairground_sim::recipe::Recipe;
use fairground_sim::replay::Replay;

use crate::place::{FAIRGROUND, Place, told};

/// `compare --trace` runs where there is no folder for temporary files; and once the recipe is made of the
/// trace, everything else is made of what was read, though the file is gone.
#[track_caller]
fn check(name: &str, trace: &str, tenants: Option<usize>) {
    let place = Place::with(name, trace);
    let mut command = place.command(FAIRGROUND);
    command.args(["compare", "--trace", name, "--out", "out"]);
    if let Some(tenants) = tenants {
        command.args(["--tenants", &tenants.to_string()]);
    }
    command.env("TMPDIR", place.path("no-such-folder"));
    let said = told(&command.output().unwrap());
    assert!(said.starts_with("exit 0\n"), "{said}");
    assert_eq!(
        place
            .names(".")
            .lines()
            .filter(|name| !name.starts_with("out/"))
            .count(),
        1
    );

    let file = place.path(name);
    let replay = Replay {
        traces: vec![file.clone()],
        read: None.into(),
        from: None,
        duration: None,
        tenants,
        sample: 1000,
        interarrival: 1000,
        load: None,
        feedback: None,
    };
    let mut replayed = replay.recipe().unwrap();
    fs::remove_file(file).unwrap();
    let text = toml::to_string(&replayed.recipe).unwrap();
    let loaded = Recipe::of_text(&text, &[], "the trace".to_owned(), PathBuf::from(".")).unwrap();
    let experiment = Experiment::load_with(&loaded, Registry::default(), &mut replayed.imports);
    let comparison = experiment.unwrap().compare(&Unwatched::default()).unwrap();
    let runs = comparison.policies.iter().flat_map(|policy| &policy.runs);
    for run in runs {
        let jobs: u64 = run.frameworks.iter().map(|row| row.jobs).sum();
        assert_eq!(Some(jobs), replayed.jobs, "{name}");
    }
}

#[test]
fn a_trace_is_read_once_and_written_nowhere() {
    check("log.swf", super::LOG, Some(2));
}

/// A row of two hundred of Alibaba's batch tasks of 2017, where the trace is there.
#[test]
fn a_sample_of_alibaba_is_read_once_and_written_nowhere() {
    let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/traces");
    let Ok(file) = fs::File::open(traces.join("alibaba2017/batch_task.csv.zst")) else {
        eprintln!("skipped: the trace Alibaba 2017 is not there");
        return;
    };
    let mut text = String::new();
    let mut rows = zstd::Decoder::new(file).unwrap();
    rows.read_to_string(&mut text).unwrap();
    let mut lines = text.lines();
    let header = lines.next().unwrap();
    let some = lines.step_by(200).filter(|line| {
        // A stage of thousands of instances makes a slow test and no other one.
        let instances = line
            .split(',')
            .nth(4)
            .and_then(|count| count.parse::<u32>().ok());
        instances.is_some_and(|count| count <= 50)
    });
    let sample: Vec<&str> = std::iter::once(header).chain(some).collect();
    assert!(sample.len() > 100, "{} rows", sample.len());
    check("batch_task.csv", &(sample.join("\n") + "\n"), None);
}
