//! Cases from the field, which lie beside the project: logs of parallel machines, of Slurm and of Spark. Without
//! them this says so and passes; inputs of the project's own are in `swf.rs` and `spark.rs`.

use std::path::{Path, PathBuf};

use fairground_policies::time::Span;
use fairground_readers::Format;
use fairground_readers::canonical::Imports;
use fairground_readers::canonical::Opened;
use fairground_readers::canonical::import::import;
use fairground_readers::canonical::tables::{Job, Tasks};
use fairground_workloads::trace::Work;
use fairground_workloads::{SpecContext, WorkloadSpec};

use crate::common::folder;
use crate::rows;

fn cases() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases");
    let folder = std::env::var_os("FAIRGROUND_CASES").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no cases in {}", folder.display());
    None
}

/// The tasks of every job, and the processor-milliseconds of all.
fn made(path: &Path) -> String {
    let folder = folder();
    let place = folder.path().join("form");
    let format = Format::detect(path).unwrap_or_else(|error| panic!("{error}"));
    import(path, format, &place, false).unwrap_or_else(|error| panic!("{error}"));
    let trace = Opened::open(&place).unwrap();
    let tasks = rows::<Tasks>(&trace);
    let all = |job: &Job| {
        let of = tasks.iter().filter(|tasks| tasks.job == job.id);
        of.map(|tasks| tasks.count).sum::<u64>().to_string()
    };
    let jobs: Vec<String> = rows::<Job>(&trace).iter().map(all).collect();
    let work = tasks
        .iter()
        .map(|tasks| tasks.count * tasks.run.unwrap_or(0));
    let work = work.sum::<u64>();
    format!("{}: {} ms", jobs.join(" "), work / 1000)
}

fn check(case: &str, expected: &str) {
    if let Some(cases) = cases() {
        let found = made(&cases.join(case));
        println!("case {case}: imported, tasks a job and processor time: {found}");
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn jobs_that_were_cancelled_add_no_load() {
    check(
        "06-swf-cancelled/site.swf",
        "1 1 1 1 1 1 1 1 1 1 64 64 64 64 64: 600000 ms",
    );
    replayed("06-swf-cancelled/site.swf", &[60_000_000; 10]);
}

#[test]
fn parts_of_a_job_are_no_jobs() {
    check("07-swf-partial/ckpt.swf", "4 2: 1600000 ms");
}

#[test]
fn fractions_of_seconds_are_kept() {
    check("08-swf-fractions/model.swf", "2 2 1 1: 163150 ms");
    check("08-swf-fractions/nosci.swf", "2 2 1: 13150 ms");
    let runs = [600_000, 600_000, 10_750_000, 150_000_000];
    replayed("08-swf-fractions/model.swf", &runs);
}

/// The run times of the jobs that both kinds of workload make of a log, in microseconds.
fn replayed(case: &str, expected: &[u64]) {
    #[derive(serde::Deserialize)]
    struct Recipe {
        work: WorkloadSpec,
    }
    let Some(cases) = cases() else { return };
    let runs = |kind: &str| {
        let recipe: Recipe = toml::from_str(&format!("work.{kind}.file = '{case}'")).unwrap();
        let context = SpecContext {
            agents: 1,
            horizon: Span::from_secs(100_000),
            seed: 1,
            name: "case",
        };
        let workload = recipe
            .work
            .load(&cases, &mut Imports::default())
            .unwrap()
            .build(&context)
            .unwrap();
        let Work::Batch(jobs) = workload.work else {
            panic!("jobs of a log are a batch");
        };
        let run = |job: fairground_workloads::trace::Job<'_>| {
            let fairground_workloads::trace::Runtimes::Plain { local, .. } = job.runtimes(0) else {
                panic!("tasks of a log are plain");
            };
            local[0].as_micros()
        };
        jobs.iter().map(run).collect::<Vec<u64>>()
    };
    let found = runs("swf");
    println!("case {case}: replayed, run times in microseconds: {found:?}");
    assert_eq!(found, expected);
    assert_eq!(runs("trace"), expected);
}

#[test]
fn rows_may_have_more_columns() {
    check("t-swf21/two.swf", "64 12: 17556268000 ms");
}

#[test]
fn the_account_of_slurm_is_its_jobs() {
    // A task a node: one of 48,000 MiB; two of each of the seven that wait; one that never was.
    check("t-sacct/four.txt", "1 14 1: 3600000 ms");
}

#[test]
fn jobs_of_spark_have_the_tasks_of_their_stages() {
    check("09-spark-retry/eventlog", "6: 50000 ms");
    check("t-spark-retry/spark-retry_eventlog", "3: 3000 ms");
}

#[test]
fn logs_of_spark_in_parts() {
    for folder in [
        "eventlog_v2_app-1",
        "eventlog_v2_app-2",
        "eventlog_v2_app-3",
        "databricks",
    ] {
        check(&format!("11-spark-rolled/{folder}"), "6 6: 100000 ms");
    }
    check("33-spark-ten-parts/eventlog_v2_app-9", "2 1: 125000 ms");
    let Some(cases) = cases() else { return };
    let digest = |name: &str| {
        let folder = folder();
        let path = cases.join("t-spark-rolling").join(name);
        let made = import(
            &path,
            Format::SparkEvents,
            &folder.path().join("form"),
            false,
        );
        made.unwrap().0.digest
    };
    let (parts, whole) = (digest("eventlog_v2_x"), digest("whole_eventlog"));
    println!("case t-spark-rolling: ten parts {parts}, the whole log {whole}");
    assert_eq!(parts, whole);
}
