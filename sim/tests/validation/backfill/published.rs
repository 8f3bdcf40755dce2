//! Logs and small cases whose answers others published.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use fairground_policies::registry::Registry;
use fairground_readers::formats::rows::Rows;
use fairground_readers::formats::swf::Record;
use fairground_sim::conformance::instances;
use fairground_sim::experiment::Experiment;
use fairground_sim::pool::LogJob;

use super::plain::{Instant, plain};
use super::{Rigid, started, starts};
use crate::common::with_log;

/// A file whose answers others published; they are not part of the project. They are looked for in
/// `FAIRGROUND_TRACES`, or in a folder `shared/traces` beside the project.
pub(super) fn anchor(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/traces");
    let folder = std::env::var_os("FAIRGROUND_TRACES").map_or(beside, PathBuf::from);
    let path = folder.join(name);
    if !path.is_file() {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

/// The jobs of a log as the published numbers take them (the artefact of Gaussier et al., SC 2015): those
/// that ran, on as many processors as they asked for, for no longer than they said.
fn strong(log: &Path, processors: u64) -> Vec<Rigid> {
    let rows = Rows::<Record>::open(log).expect("a log");
    let rows = rows.map(|row| row.expect("a row")).filter_map(|row| {
        let some = |number: Option<u64>| number.filter(|number| *number > 0);
        let (given, asked) = (some(row.processors), some(row.requested_processors));
        let width = asked.or(given)?;
        let [run, estimate] = [some(row.run)?, some(row.requested_time)?];
        let fits = given.max(asked) <= Some(processors);
        fits.then_some(Rigid {
            submitted: row.submit? / 1_000_000,
            width: width as u32,
            estimate: Some(estimate / 1_000_000),
            run: run.min(estimate) / 1_000_000,
        })
    });
    rows.collect()
}

/// Average bounded slowdown, mean wait in seconds, and the largest bounded slowdown.
fn measures(jobs: &[Rigid], starts: &[u64]) -> (f64, f64, f64) {
    let (mut slowdowns, mut waits, mut largest) = (0.0, 0, 1.0_f64);
    for (job, start) in jobs.iter().zip(starts) {
        let wait = start - job.submitted;
        let slowdown = (wait + job.run) as f64 / job.run.max(10) as f64;
        slowdowns += slowdown.max(1.0);
        waits += wait;
        largest = largest.max(slowdown);
    }
    let count = jobs.len() as f64;
    (slowdowns / count, waits as f64 / count, largest)
}

fn check_measures(jobs: &[Rigid], starts: &[u64], (slowdown, wait, largest): (f64, f64, f64)) {
    let found = measures(jobs, starts);
    let near = |found: f64, known: f64, digits: f64| (found / known - 1.0).abs() < digits;
    assert!(
        near(found.0, slowdown, 1e-13) && near(found.1, wait, 1e-6) && near(found.2, largest, 1e-5),
        "found {found:?}, known {:?}",
        (slowdown, wait, largest)
    );
}

/// The log of jobs, and its replay by a recipe: the road of the estimate from column 9 to the scheduler.
pub(super) fn replayed(jobs: &[Rigid], processors: u64, settings: &[&str]) -> Vec<u64> {
    let mut log = "; Version: 2.2\n".to_owned();
    for (number, job) in (1..).zip(jobs) {
        let (submitted, run, width) = (job.submitted, job.run, job.width);
        let estimate = job.estimate.expect("an estimate");
        let _ = writeln!(
            log,
            "{number} {submitted} -1 {run} {width} -1 -1 {width} {estimate} -1 1 1 1 1 1 1 -1 -1"
        );
    }
    let recipe = format!(
        "name = 'log'\nduration = '1000d'\npolicies = ['fifo']\n[[cluster]]\nagents = 1\ncpus = \
         {processors}\nmem = '1000GiB'\n[[framework]]\nname = 'log'\nscheduler = 'easy'\n\
         workload.swf = {{ file = 'log.swf' }}\n"
    );
    let (_folder, loaded) = with_log(&recipe, &log, settings);
    let experiment = Experiment::load(&loaded.expect("a recipe"), Registry::default());
    let experiment = experiment.expect("it loads");
    let trace = experiment.trace(1).expect("a trace");
    let run = experiment.run(&"fifo".parse().expect("a name"), &trace, 1, false);
    let first = jobs[0].submitted;
    started(&run.jobs)
        .iter()
        .map(|start| start + first)
        .collect()
}

/// 28,481 jobs of the KTH's SP2. With exact estimates, the published number to its last digit. With those of
/// its users, the plain one gives the published number when it looks after each end for itself, and so it is
/// the plain one. A master offers at the end of an instant: of several jobs that end in one second, all
/// processors are there before anybody starts, and who then passes is now and then another. So 456 jobs start
/// at another time, the first of them when two others end at 1,062,652 s, and it is 92.688 and not 92.577.
#[test]
fn the_published_numbers_of_the_kth_log() {
    let Some(log) = anchor("batch-anchors/KTH-SP2-unfiltered.swf.zst") else {
        return;
    };
    let jobs = strong(&log, 100);
    assert_eq!(jobs.len(), 28_481);
    let published = (92.576_539_733_629_5, 6836.87, 14805.2);
    let alone = plain(&jobs, 100, Instant::OneByOne);
    check_measures(&jobs, &alone, published);
    let together = plain(&jobs, 100, Instant::Together);
    check_measures(
        &jobs,
        &together,
        (92.687_653_742_707_71, 6_834.587_269, 14805.2),
    );
    let others = alone
        .iter()
        .zip(&together)
        .filter(|(one, other)| one != other);
    assert_eq!(others.count(), 456);
    assert_eq!(replayed(&jobs, 100, &[]), together);
    let exact = exact(&jobs);
    let clairvoyant = (71.722_385_112_441_8, 6_327.681_612, 10017.2);
    check_measures(&jobs, &plain(&exact, 100, Instant::OneByOne), clairvoyant);
    let found = replayed(&jobs, 100, &["framework.log.estimate=1"]);
    check_measures(&jobs, &found, clairvoyant);
}

/// Jobs that know how long they run.
pub(super) fn exact(jobs: &[Rigid]) -> Vec<Rigid> {
    let exact = jobs.iter().map(|job| Rigid {
        estimate: Some(job.run),
        ..*job
    });
    exact.collect()
}

/// The same for 295,540 jobs of Curie, on the 80,640 processors of its thin nodes. What counts together is
/// worth more there than many a policy: 202.1 one by one, 183.4 if of those that end in one second the one that
/// was submitted first ends first, and 228.5 if all of them do.
#[test]
#[ignore = "takes minutes, and needs the public traces: by hand, `.ci/long`"]
fn the_published_numbers_of_the_curie_log() {
    let Some(log) = anchor("swf/CEA-Curie-2011-2.1-cln.swf.gz") else {
        return;
    };
    let jobs = strong(&log, 80_640);
    assert_eq!(jobs.len(), 295_540);
    let alone = plain(&jobs, 80_640, Instant::OneByOne);
    check_measures(&jobs, &alone, (202.133_161_662_561, 6_369.101_912, 23315.3));
    let together = plain(&jobs, 80_640, Instant::Together);
    check_measures(
        &jobs,
        &together,
        (228.512_012_456_374, 7_063.701_421, 27837.0),
    );
    assert_eq!(starts("easy", "fifo", &[80_640], &jobs), together);
    let exact = exact(&jobs);
    let found = starts("easy", "fifo", &[80_640], &exact);
    check_measures(&exact, &found, (69.925_934_707_381, 4_946.118_921, 17747.8));
}

/// Small cases with the end of each job (`fairground conformance batch` holds the pool to them): the scheduler of frameworks
/// ends each then, too.
#[test]
fn the_small_cases_of_others() {
    let Some(archive) = anchor("batch-anchors/tiny-instances.tar.zst") else {
        return;
    };
    let mut tried = 0;
    for instance in instances(&archive).expect("an archive") {
        if !matches!(instance.family(), "bf_input" | "easy_bf_input") {
            continue;
        }
        let (jobs, ends) = instance.jobs().expect("jobs");
        let rigid = |job: &LogJob| Rigid {
            submitted: job.rigid.submitted.as_secs(),
            estimate: Some(job.rigid.estimate.as_micros() / 1_000_000),
            width: job.rigid.processors,
            run: job.run.as_micros() / 1_000_000,
        };
        let jobs: Vec<Rigid> = jobs.iter().map(rigid).collect();
        for agents in [&[100][..], &[1; 100]] {
            let starts = starts("easy", "fifo", agents, &jobs).into_iter();
            let found: Vec<u64> = starts
                .zip(&jobs)
                .map(|(start, job)| start + job.run)
                .collect();
            let count = agents.len();
            assert_eq!(found, ends, "{} on {count} agents", instance.name);
        }
        tried += 1;
    }
    assert_eq!(tried, 13);
}
