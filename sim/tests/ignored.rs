//! Keys that nobody would ever look at are told, wherever they stand: what stands in a recipe is in its runs.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "UPDATE_EXPECT writes them"
)]

mod common;

use std::fmt::Write as _;

use common::with_log;
use expect_test::expect;
use fairground_policies::registry::Registry;
use fairground_sim::experiment::Experiment;
use fairground_sim::recipe::Recipe;

const RECIPE: &str = r#"
name = "ignored"
duration = "1h"
policies = ["static", "drf"]

[[cluster]]
agents = 2
cpus = 4
mem = "16GiB"

[[framework]]
name = "one"
workload.hadoop = { closed = { users = 2 } }

[[framework.phases]]
start = "30m"
map = "10s"

[[framework]]
name = "other"
workload.hadoop = {}
"#;

const LOG: &str = "\
; Version: 2.2
1 0 0 60 2 -1 -1 2 -1 -1 1 1 1 1 1 1 -1 -1
2 9 0 60 2 -1 -1 2 -1 -1 1 1 1 1 1 1 -1 -1
";

/// What is told of the recipe with these settings; nothing if it may be run.
fn told(settings: &[&str]) -> String {
    let (_folder, loaded) = with_log(RECIPE, LOG, settings);
    let loaded = match loaded {
        Err(error) => return error.to_string(),
        Ok(loaded) => loaded,
    };
    // What is written of a recipe can be read again, and is the same recipe.
    let again = Recipe::of_text(
        &loaded.recipe.text(),
        &[],
        "again".into(),
        loaded.folder.clone(),
    );
    let again = again.map(|again| again.recipe.text());
    assert_eq!(again, Ok(loaded.recipe.text()));
    let experiment = Experiment::load(&loaded, Registry::default());
    experiment.map_or_else(|error| error.to_string(), |_| String::new())
}

/// What is set, a list a try.
const SETTINGS: &[&[&str]] = &[
    &["seeds=1"],
    // Users of a closed workload know no gap and no day.
    &["framework.one.workload.hadoop.gap=10s"],
    &["framework.one.workload.hadoop.day={ swing = 0.5 }"],
    &["framework.one.phases.0.gap=10s"],
    &[
        "framework.one.workload={ spark = { closed = { users = 2 }, day = {} } }",
        "framework.one.phases=[]",
    ],
    &[
        "framework.one.workload={ mpi = { closed = { users = 2 }, gap = \"1m\" } }",
        "framework.one.phases=[]",
    ],
    // Sessions.
    &[
        "framework.one.workload={ swf = { file = \"log.swf\", session = \"1h\" } }",
        "framework.one.phases=[]",
    ],
    &[
        "framework.one.workload={ trace = { file = \"log.swf\", session = \"20m\", feedback = \"logged\" } }",
        "framework.one.phases=[]",
    ],
    &[
        "framework.one.workload={ trace = { file = \"log.swf\", session = \"20m\", feedback = \"user\" } }",
        "framework.one.phases=[]",
    ],
    // After the end.
    &["framework.one.phases.0.start=1h"],
    &["duration=20m"],
    &["faults.list=[{ at = \"1h\", agent = 0, lasts = \"1m\" }]"],
    // The same twice.
    &["policies=[\"drf\", \"fair\", \"drf\"]"],
    &["policies=[\"drf[tie=last,round=1s]\", \"drf[round=1s,tie=last]\"]"],
    // Schedulers.
    &[
        "framework.other.workload={ rails = {} }",
        "framework.other.scheduler=fair[speculate=1.5]",
    ],
    &[
        "framework.other.workload={ spark = {} }",
        "framework.other.scheduler=fair[wait=5s]",
    ],
    &[
        "framework.other.workload={ spark = {} }",
        "framework.other.scheduler=fifo",
    ],
    &[
        "framework.other.workload={ spark = {} }",
        "framework.other.scheduler=fair[speculate=1.5]",
    ],
    &[
        "framework.other.workload={ mpi = {} }",
        "framework.other.scheduler=fair[speculate=1.5]",
    ],
    &[
        "framework.other.workload={ swf = { file = \"log.swf\" } }",
        "framework.other.scheduler=fair[speculate=1.5]",
    ],
    &[
        "framework.other.workload={ trace = { file = \"log.swf\" } }",
        "framework.other.scheduler=fair[speculate=1.5]",
    ],
    &["framework.other.scheduler=fair[speculate=1.5]"],
    &[
        "framework.other.workload={ spark = {} }",
        "framework.other.scheduler=easy",
    ],
    // What users say of how long tasks run.
    &["framework.other.estimate=2"],
    &[
        "framework.other.estimate=2",
        "framework.other.scheduler=sjf",
    ],
    &[
        "framework.other.estimate=none",
        "framework.other.scheduler=easy",
    ],
    &[
        "framework.other.estimate=0",
        "framework.other.scheduler=sjf",
    ],
    &[
        "framework.other.workload={ rails = {} }",
        "framework.other.estimate=2",
    ],
];

#[test]
fn every_key_that_would_be_ignored_is_told() {
    let mut all = String::new();
    for settings in SETTINGS {
        let said = told(settings);
        let said = if said.is_empty() { "it is run" } else { &said };
        let _ = writeln!(
            all,
            "{}\n  {}",
            settings.join(" "),
            said.replace('\n', "\n  ")
        );
    }
    expect![[r#"
        seeds=1
          it is run
        framework.one.workload.hadoop.gap=10s
          test: framework `one`: parameter `gap`: no effect: the users of `closed` submit when they have thought; found 10s
            hint: leave it out
        framework.one.workload.hadoop.day={ swing = 0.5 }
          test: framework `one`: parameter `day`: no effect: the users of `closed` submit when they have thought; found one
            hint: leave it out
        framework.one.phases.0.gap=10s
          test: framework `one`: `phases.0` parameter `gap`: no effect: the users of `closed` submit when they have thought; found 10s
            hint: leave it out
        framework.one.workload={ spark = { closed = { users = 2 }, day = {} } } framework.one.phases=[]
          test: framework `one`: parameter `day`: no effect: the users of `closed` submit when they have thought; found one
            hint: leave it out
        framework.one.workload={ mpi = { closed = { users = 2 }, gap = "1m" } } framework.one.phases=[]
          test: framework `one`: parameter `gap`: no effect: the users of `closed` submit when they have thought; found 1m
            hint: leave it out
        framework.one.workload={ swf = { file = "log.swf", session = "1h" } } framework.one.phases=[]
          test: framework `one`: parameter `session`: no effect: only `feedback = "user"` has sessions; found 1h
            hint: leave it out
        framework.one.workload={ trace = { file = "log.swf", session = "20m", feedback = "logged" } } framework.one.phases=[]
          test: framework `one`: parameter `session`: no effect: only `feedback = "user"` has sessions; found 20m
            hint: leave it out
        framework.one.workload={ trace = { file = "log.swf", session = "20m", feedback = "user" } } framework.one.phases=[]
          it is run
        framework.one.phases.0.start=1h
          test: `framework.one.phases.0.start`: no effect: the run is over by then, as its `duration` is 1h; found 1h
            hint: leave the phase out, or make the duration longer
        duration=20m
          test: `framework.one.phases.0.start`: no effect: the run is over by then, as its `duration` is 20m; found 30m
            hint: leave the phase out, or make the duration longer
        faults.list=[{ at = "1h", agent = 0, lasts = "1m" }]
          test: `faults.list.0.at`: no effect: the run is over by then, as its `duration` is 1h; found 1h
            hint: leave the outage out, or make the duration longer
        policies=["drf", "fair", "drf"]
          test: `policies`: no effect: a policy has the same runs however often it is named; found `drf` twice
            hint: name it once
        policies=["drf[tie=last,round=1s]", "drf[round=1s,tie=last]"]
          test: `policies`: no effect: a policy has the same runs however often it is named; found `drf[round=1s,tie=last]` twice
            hint: name it once
        framework.other.workload={ rails = {} } framework.other.scheduler=fair[speculate=1.5]
          test: `framework.other.scheduler`: no effect: a `rails` workload has instances and no jobs; found fair[speculate=1.5]
            hint: leave it out
        framework.other.workload={ spark = {} } framework.other.scheduler=fair[wait=5s]
          test: `framework.other.scheduler`: `fair[wait=5s]`: its parameters say how tasks are placed on offers, and those of `spark` workloads run inside executors; expected `fair`
            hint: `fairground policies` lists all names and parameters
        framework.other.workload={ spark = {} } framework.other.scheduler=fifo
          it is run
        framework.other.workload={ spark = {} } framework.other.scheduler=fair[speculate=1.5]
          test: `framework.other.scheduler`: `fair`: parameter `speculate` makes copies of tasks that run directly on the cluster, each for itself, and those of `spark` workloads run inside executors; leave it out here
            hint: `fairground policies` lists all names and parameters
        framework.other.workload={ mpi = {} } framework.other.scheduler=fair[speculate=1.5]
          test: `framework.other.scheduler`: `fair`: parameter `speculate` makes copies of tasks that run directly on the cluster, each for itself, and those of `mpi` workloads start together; leave it out here
            hint: `fairground policies` lists all names and parameters
        framework.other.workload={ swf = { file = "log.swf" } } framework.other.scheduler=fair[speculate=1.5]
          test: `framework.other.scheduler`: `fair`: parameter `speculate` makes copies of tasks that run directly on the cluster, each for itself, and those of `swf` workloads start together; leave it out here
            hint: `fairground policies` lists all names and parameters
        framework.other.workload={ trace = { file = "log.swf" } } framework.other.scheduler=fair[speculate=1.5]
          test: `framework.other.scheduler`: `fair`: parameter `speculate` makes copies of tasks that run directly on the cluster, each for itself, and those of all jobs here start together; leave it out here
            hint: `fairground policies` lists all names and parameters
        framework.other.scheduler=fair[speculate=1.5]
          it is run
        framework.other.workload={ spark = {} } framework.other.scheduler=easy
          test: `framework.other.scheduler`: `easy`: decides which tasks run on which offers, and those of `spark` workloads run inside executors; expected whose tasks go first, as fifo, fair or sjf
            hint: `fairground policies` lists all names and parameters
        framework.other.estimate=2
          test: `framework.other.scheduler`: `fair`: asks nobody how long tasks run, so `estimate` would have no effect; expected it left out, or a scheduler that asks, as sjf or easy
            hint: `fairground policies` lists all names and parameters
        framework.other.estimate=2 framework.other.scheduler=sjf
          it is run
        framework.other.estimate=none framework.other.scheduler=easy
          it is run
        framework.other.estimate=0 framework.other.scheduler=sjf
          test: `framework.other.estimate`: expected how many times as long as it runs a task is said to run, more than 0 and at most 1000, as in 1 for exact estimates
        framework.other.workload={ rails = {} } framework.other.estimate=2
          test: `framework.other.estimate`: no effect: a `rails` workload has instances and no jobs; found estimates
            hint: leave it out
    "#]].assert_eq(&all);
}

/// A number that switches something off may stand beside the keys of what is off: the next setting
/// switches it on again.
#[test]
fn what_is_off_keeps_its_keys() {
    for setting in [
        "costs={ stragglers = 0, slowdown = 8 }",
        "network.detection=75s",
        "framework.other.workload.hadoop.day={ swing = 0, peak = \"9h\" }",
    ] {
        assert_eq!(told(&[setting]), "", "{setting}");
    }
}
