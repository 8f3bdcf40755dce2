//! `compare --trace` of every format: its own small sample, what it becomes, and that all of it is run.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::ensure;
use expect_test::expect_file;
use fairground_policies::registry::Registry;
use fairground_readers::Format;
use fairground_sim::experiment::{Experiment, Unwatched};
use fairground_sim::recipe::Recipe;
use fairground_sim::replay::Replay;

/// What comes of a sample, in a line; an error is why it cannot be run.
fn compared(format: Format, sample: &str) -> anyhow::Result<String> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("sample");
    fs::write(&file, sample)?;
    let replay = Replay {
        traces: vec![file],
        read: format.into(),
        from: None,
        duration: None,
        tenants: None,
        sample: 1000,
        interarrival: 1000,
        load: None,
        feedback: None,
    };
    let mut replayed = replay.recipe()?;
    // What is run is the recipe that people get.
    let text = toml::to_string(&replayed.recipe)?;
    let loaded = Recipe::of_text(&text, &[], "the sample".to_owned(), PathBuf::new())?;
    let experiment = Experiment::load_with(&loaded, Registry::default(), &mut replayed.imports)?;
    let comparison = experiment.compare(&Unwatched::default())?;
    let mut line = String::new();
    for policy in &comparison.policies {
        for run in &policy.runs {
            let jobs: u64 = run.frameworks.iter().map(|row| row.jobs).sum();
            ensure!(
                jobs == replayed.jobs.unwrap_or(0),
                "{jobs} jobs were run, not {:?}",
                replayed.jobs
            );
        }
        let run = &policy.runs[0];
        let name = &policy.name;
        let frameworks = run.frameworks.len();
        let s = if frameworks == 1 { "" } else { "s" };
        let finished: u64 = run.frameworks.iter().map(|row| row.finished).sum();
        let what = match replayed.jobs {
            None | Some(0) => "requests".to_owned(),
            Some(jobs) => format!("{finished} of {jobs} jobs"),
        };
        let _ = write!(line, "; {name}: {what} of {frameworks} framework{s}");
    }
    Ok(line.trim_start_matches("; ").to_owned())
}

#[test]
fn every_format_with_work_is_run_as_it_is() {
    let mut table = String::new();
    for format in Format::ALL {
        for (number, sample) in (1..).zip(format.samples()) {
            let line = compared(format, sample).unwrap_or_else(|error| {
                let said = error.to_string();
                let said = said.lines().next().unwrap_or_default();
                let place = said.split_once("/sample:").map_or(said, |pair| pair.1);
                let problem = place.trim_start();
                format!("no: {problem}")
            });
            let _ = writeln!(table, "{format} {number}: {line}");
        }
    }
    expect_file!["data/formats.txt"].assert_eq(&table);
}
