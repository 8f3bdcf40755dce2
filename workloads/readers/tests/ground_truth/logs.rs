//! Logs of parallel machines.

use fairground_policies::time::Span;
use fairground_readers::Format;
use fairground_readers::canonical::Opened;
use fairground_readers::canonical::import::import;
use fairground_readers::canonical::tables::{Job, Stage, Tasks, Unknown};
use fairground_readers::formats::rows::Rows;
use fairground_readers::formats::{swf, validate};
use fairground_workloads::trace::Work;

use crate::{built, check, files, traces};

#[test]
fn swf_logs_are_read_exactly() {
    let mut logs = files("swf", ".gz");
    logs.extend(files("swf", ".zst"));
    for (file, known) in logs {
        check(&file, Format::Swf, &known, &["header"]);
        assert_eq!(Format::detect(&file).unwrap(), Format::Swf);
        assert_eq!(validate(&file, Format::Swf, 3).warnings, []);
        let mut records = Rows::<swf::Record>::open(&file).unwrap();
        records.next().unwrap().unwrap();
        for (key, value) in known["header"].as_object().unwrap() {
            assert_eq!(records.layout().get(key), value.as_str(), "{key}");
        }
    }
}

#[test]
fn a_log_becomes_gangs() {
    let Some((folder, _)) = traces() else { return };
    let recipe = "work.swf.file = 'swf/NASA-iPSC-1993-3.1-cln.swf.gz'";
    let Work::Batch(jobs) = built(&folder, recipe, Span::from_secs(7_948_937)) else {
        panic!("jobs of a log are a batch");
    };
    assert_eq!(jobs.len(), 18_239, "all, and 173 for less than a second");
    assert!(
        jobs.iter()
            .all(|job| job.spec.gang && job.spec.stages.len() == 1)
    );
}

/// Every stage that ran has as many tasks as it declares, in a log with lost executors, retries,
/// tasks told again as resubmitted, and five jobs whose start it does not tell.
#[test]
fn a_log_of_failures_has_the_tasks_that_its_stages_declare() {
    let Some((folder, _)) = traces() else { return };
    let log = folder.join("spark-eventlogs/json/tasks_executors_fail_eventlog.zst");
    let beside = tempfile::tempdir().unwrap();
    let place = beside.path().join("trace");
    import(&log, Format::SparkEvents, &place, false).unwrap();
    let trace = Opened::open(&place).unwrap();
    // 8,630 ends: 3 failures, 50 told again, 27 retries, 8,550 partitions of which 299 are in the five.
    assert_eq!(trace.rows::<Tasks>().unwrap().count(), 8550);
    let jobs: Vec<Job> = trace.rows().unwrap().map(Result::unwrap).collect();
    let (told, others): (Vec<_>, Vec<_>) = jobs.iter().partition(|job| job.name.starts_with("job"));
    assert_eq!((told.len(), others.len()), (75, 5));
    let own: Vec<u64> = others.iter().map(|job| job.id).collect();
    let tasks = trace.rows::<Tasks>().unwrap().map(Result::unwrap);
    assert_eq!(tasks.filter(|tasks| own.contains(&tasks.job)).count(), 299);
    let stages = trace.rows::<Stage>().unwrap().map(Result::unwrap);
    let alone: Vec<String> = stages
        .filter(|stage| own.contains(&stage.job))
        .map(|s| s.name)
        .collect();
    assert_eq!(
        alone,
        [
            "stage 62",
            "stage 68",
            "stage 143",
            "stage 155",
            "stage 212"
        ]
    );
    let log = folder.join("spark-eventlogs/json/truncated_eventlog.zst");
    let place = beside.path().join("cut");
    import(&log, Format::SparkEvents, &place, false).unwrap();
    let tasks = Opened::open(&place).unwrap().rows::<Tasks>().unwrap();
    let unknown: Vec<_> = tasks.filter_map(|tasks| tasks.unwrap().unknown).collect();
    assert_eq!(unknown, [Unknown::Censored; 3]);
}
