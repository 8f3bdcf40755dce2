//! Work that changes with time: rates, sizes and run times from a time on, what is wrong with a recipe
//! that says so, and the dynamic sharing of the DRF paper as one recipe.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "UPDATE_EXPECT writes them"
)]

use std::path::{Path, PathBuf};

use expect_test::{Expect, expect};
use fairground_policies::registry::Registry;
use fairground_policies::resources::Kind;
use fairground_policies::time::{Span, Time};
use fairground_sim::experiment::Experiment;
use fairground_sim::recipe::Recipe;
use fairground_workloads::trace::{Jobs, Work};

fn example(name: &str, settings: &[&str]) -> Experiment {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(name);
    let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
    let loaded = Recipe::load(Some(&path), &settings).expect("a recipe");
    Experiment::load(&loaded, Registry::default()).expect("known names")
}

/// The shares of memory and CPUs of both jobs in the last ten seconds of each phase, in thousandths.
///
/// The sizes are those of `policies/tests/dynamic_sharing.rs`, where tasks of a phase replace those of
/// the one before at once; here the users first finish what they have.
#[test]
fn shares_follow_the_demand_as_in_the_paper() {
    let experiment = example("dynamic-sharing.toml", &[]);
    let trace = experiment.trace(1).expect("a trace");
    let policy = &experiment.recipe().policies[0].clone();
    let run = experiment.run(policy, &trace, 1, false);
    let capacity: fairground_policies::resources::Resources = trace.agents.iter().copied().sum();
    let share = |framework: u32, minute: u64, kind: Kind| {
        let start = Time::from_secs(minute * 60 - 10);
        let mut rows = run.usage.iter();
        let row = rows.find(|row| row.start == start && row.framework.0 == framework);
        row.expect("a row").running.of(kind) * 1000 / capacity.of(kind)
    };
    let near = |found: u64, expected: u64, by: u64, what: &str| {
        assert!(
            found.abs_diff(expected) <= by,
            "{what}: {found} and not {expected}"
        );
    };
    // The script's shares at the end of each phase, and how far the paper's figure may be off.
    let [cpus, mem] = [Kind::Cpus, Kind::Mem];
    near(share(0, 2, mem), 714, 30, "phase 1, job 1, memory");
    near(share(1, 2, cpus), 750, 30, "phase 1, job 2, CPUs");
    near(share(0, 4, cpus), 500, 60, "phase 2, job 1, CPUs");
    near(share(1, 4, cpus), 500, 60, "phase 2, job 2, CPUs");
    let (one, two) = (share(0, 6, mem), share(1, 6, mem));
    near(one, two, 80, "phase 3, both, memory");
    near(one, 395, 45, "phase 3, job 1, memory");
    near(two, 404, 45, "phase 3, job 2, memory");
    // The dominant shares are equalised in every phase, never the other kind.
    assert!(share(0, 2, cpus) < 300 && share(1, 2, mem) < 300);
}

/// A small recipe of one framework with these lines behind its name.
fn recipe(lines: &str) -> String {
    format!(
        "name = \"phases\"\nduration = \"3h\"\npolicies = [\"drf\"]\n[[cluster]]\nagents = 4\ncpus = 8\n\
         mem = \"64GiB\"\n[[framework]]\nname = \"one\"\n{lines}"
    )
}

fn jobs(lines: &str) -> Jobs {
    let loaded =
        Recipe::of_text(&recipe(lines), &[], "test".into(), PathBuf::new()).expect("reads");
    let experiment = Experiment::load(&loaded, Registry::default()).expect("loads");
    let trace = experiment.trace(1).expect("a trace");
    match &trace.workloads[0].work {
        Work::Batch(jobs) | Work::Executors { jobs, .. } => jobs.clone(),
        Work::Service(_) => panic!("jobs"),
    }
}

const MPI: &str = "workload.mpi = { gap = \"10s\", tasks = [1, 1], run = \"20s\", spread = 0 }\n";

#[test]
fn a_phase_changes_what_it_names_from_its_start_on() {
    let plain = jobs(MPI);
    let phased = jobs(&format!(
        "{MPI}[[framework.phases]]\nstart = \"1h\"\ngap = \"40s\"\n\
         [[framework.phases]]\nstart = \"2h\"\ncpus = 3\nrun = \"7s\"\n"
    ));
    let in_hour = |jobs: &Jobs, hour: u64| {
        let hours = jobs
            .iter()
            .filter(move |job| job.submitted.as_secs() / 3600 == hour);
        hours.count()
    };
    // Before the first change it is the workload without phases, job by job.
    let count = in_hour(&plain, 0);
    assert_eq!(in_hour(&phased, 0), count);
    let same = plain.iter().zip(phased.iter()).take(count);
    assert!(same.clone().all(|(one, other)| one == other));
    // Then a quarter as many an hour: 90 on average, within four standard deviations.
    assert!((300..420).contains(&count), "{count}");
    for hour in [1, 2] {
        let count = in_hour(&phased, hour);
        assert!((52..128).contains(&count), "{count} in hour {hour}");
    }
    for job in phased.iter() {
        let (stage, times) = job.stages().next().expect("a stage");
        let late = job.submitted >= Time::from_secs(7200);
        let (cores, run) = if late { (3000, 7) } else { (1000, 20) };
        assert_eq!(stage.needs.of(Kind::Cpus), cores);
        let mut runs = Vec::new();
        let _ = times.map(|list| runs.extend_from_slice(list));
        assert_eq!(runs, [Span::from_secs(run)]);
    }
}

#[test]
fn executors_have_phases_and_days_go_on() {
    // A day whose rate is nothing at midnight and highest at noon: the second phase begins at noon.
    let spark = "workload.spark = { gap = \"1m\", stages = [1, 1], tasks = [1, 1], day = { swing = 1, \
                 peak = \"12h\", start = \"11h\" } }\n";
    let phased = format!("{spark}[[framework.phases]]\nstart = \"1h\"\ntask = \"9s\"\n");
    let (plain, phased) = (jobs(spark).len(), jobs(&phased).len());
    assert!(
        plain > 300 && phased > 300,
        "{plain} and {phased}: near the peak twice the mean"
    );
}

fn refused(lines: &str, expected: &Expect) {
    let error = Recipe::of_text(&recipe(lines), &[], "my.toml".into(), PathBuf::new());
    expected.assert_eq(&error.expect_err("a mistake").to_string());
}

#[test]
fn mistakes_in_phases_are_told_with_their_key() {
    let phase = |text: &str| format!("{MPI}[[framework.phases]]\n{text}\n");
    refused(
        &phase("start = \"1h\"\nmen = \"1GiB\""),
        &expect![[r#"
        my.toml: `framework.one.phases.0.men`: unknown key, expected one of `gap`, `jobs`, `closed`, `tasks`, `cpus`, `mem`, `run`, `spread`
          hint: did you mean `mem`?"#]],
    );
    refused(
        &phase("start = \"1h\"\nexecutable = 1"),
        &expect![
            "my.toml: `framework.one.phases.0.executable`: unknown key, expected one of `gap`, `jobs`, `closed`, `tasks`, `cpus`, `mem`, `run`, `spread`"
        ],
    );
    refused(
        &phase("start = \"1h\"\ncpus = \"many\""),
        &expect![[
            r#"my.toml: `framework.one.phases.0.cpus`: invalid type: string "many", expected a number of cores of at most three decimal places, as in 0.5"#
        ]],
    );
    refused(
        &phase("start = \"1h\"\nclosed = { users = 1, tink = \"1s\" }"),
        &expect![[r#"
            my.toml: `framework.one.phases.0.closed`: unknown key, expected one of `users`, `think`, `times`
              hint: did you mean `think`?"#]],
    );
    refused(
        &phase("start = \"0s\"\ncpus = 2"),
        &expect!["my.toml: `framework.one.phases.0.start`: expected later than 0s, found 0s"],
    );
    refused(
        &phase("start = \"1h\""),
        &expect![[
            r#"my.toml: `framework.one.phases.0`: expected a key of the workload that changes, as gap = "1m""#
        ]],
    );
    refused(
        &phase("cpus = 2"),
        &expect!["my.toml:11:1: missing field `start`"],
    );
    refused(
        &phase("start = \"1h\"\nclosed = { users = 3 }"),
        &expect![
            "my.toml: `framework.one.phases.0`: `executors` and the users of `closed` stay the same in all phases"
        ],
    );
    let rails = "workload.rails = {}\n[[framework.phases]]\nstart = \"1h\"\nrate = 5\n";
    refused(
        rails,
        &expect![[r#"
        my.toml: `framework.one.phases`: expected a workload whose jobs are drawn: hadoop, spark, mpi or tpch; found rails
          hint: the load of `rails` has a day and crowds, that of `requests` and of traces is in their files"#]],
    );
    let spark =
        "workload.spark = {}\n[[framework.phases]]\nstart = \"1h\"\nexecutors = { max = 5 }\n";
    refused(
        spark,
        &expect![
            "my.toml: `framework.one.phases.0`: `executors` and the users of `closed` stay the same in all phases"
        ],
    );
}
