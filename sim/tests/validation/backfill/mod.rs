//! EASY backfilling: cases worked by hand, a plain re-implementation, and the numbers that others published.

mod plain;
mod pool;
mod published;

use fairground_policies::job::StageSpec;
use fairground_policies::resources::Resources;
use fairground_policies::time::Time;
use fairground_sim::run::JobTable;
use fairground_workloads::rng;
use fairground_workloads::trace::{Jobs, Runtimes, Work};

use self::plain::{Instant, plain};
use self::published::replayed;
use crate::common::{Cluster, cores, secs};

/// A rigid job, times in seconds.
#[derive(Clone, Copy, Debug)]
struct Rigid {
    submitted: u64,
    width: u32,
    estimate: Option<u64>,
    run: u64,
}

/// As work of a framework: a task of a core for each processor, or one task of all of them, which is the same
/// on one agent whose offers are whole.
fn work(jobs: &[Rigid], one_task: bool) -> Work {
    let mut all = Jobs::default();
    for job in jobs {
        let (size, tasks) = if one_task {
            (cores(job.width.into()), 1)
        } else {
            (cores(1), job.width)
        };
        let stage = StageSpec {
            estimate: job.estimate.map(secs),
            ..StageSpec::new(size, tasks)
        };
        let local = vec![secs(job.run); tasks as usize];
        let stages = vec![(stage, Runtimes::Plain { local, away: 1000 })];
        all.push("", Time::from_secs(job.submitted), true, stages);
    }
    Work::Batch(all)
}

/// When each starts, in seconds, on agents with so many cores.
fn starts(scheduler: &str, policy: &str, agents: &[u64], jobs: &[Rigid]) -> Vec<u64> {
    let work = work(jobs, agents.len() == 1 && jobs.len() > 100_000);
    let agents: Vec<Resources> = agents.iter().map(|agent| cores(*agent)).collect();
    let cluster = Cluster::new(policy, &agents).framework(scheduler, work);
    let run = if jobs.len() > 1000 {
        cluster.run_quickly()
    } else {
        cluster.run()
    };
    started(&run.jobs)
}

/// When each of the jobs started, in seconds.
fn started(jobs: &JobTable) -> Vec<u64> {
    let starts = jobs
        .iter()
        .map(|row| row.started.expect("a job that starts"));
    starts.map(Time::as_secs).collect()
}

/// Jobs as `submitted width estimate run start`, with `-` where nothing is said.
fn check(scheduler: &str, agents: &[u64], told: &str) {
    let (mut jobs, mut expected) = (Vec::new(), Vec::new());
    for line in told.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let numbers: Vec<Option<u64>> = line.split(' ').map(|n| n.parse().ok()).collect();
        let [submitted, width, estimate, run, start] = numbers[..] else {
            panic!("five numbers: {line}");
        };
        jobs.push(Rigid {
            submitted: submitted.expect("a time"),
            width: width.expect("a width") as u32,
            estimate,
            run: run.expect("a time"),
        });
        expected.push(start.expect("a time"));
    }
    for policy in ["drf", "fifo", "drf[offers=task]"] {
        let found = starts(scheduler, policy, agents, &jobs);
        assert_eq!(
            found, expected,
            "{scheduler} under {policy}, {agents:?}:\n{told}"
        );
    }
}

#[test]
fn later_jobs_pass_if_the_first_starts_no_later() {
    // The second waits for the first to end at 100 s and leaves 2 of 10 processors beside it then. The third
    // is done by then, the fourth finds no room, the fifth fits beside the second.
    let told = "
        0 6 100 100 0
        10 8 50 50 100
        20 3 80 80 20
        30 2 200 200 150
        40 1 500 500 40";
    check("easy", &[10], told);
    check("easy", &[4, 4, 2], told);
    check("easy", &[1; 10], told);
    // One second longer, and the third would be in the way.
    let told = "
        0 6 100 100 0
        10 8 50 50 100
        20 3 81 81 150";
    check("easy", &[10], told);
    // Without a look at others, in order; without any, whoever fits.
    let strict = told.replace("81 81 150", "80 80 150");
    check("gang[hold=1d]", &[10], &strict);
}

#[test]
fn what_ends_early_brings_the_first_forward() {
    // The last one finds no room at 30 s, and fits beside the second once the first has ended.
    check(
        "easy",
        &[10],
        "
        0 6 100 40 0
        10 8 50 50 50
        20 4 80 30 20
        30 1 500 500 40",
    );
}

#[test]
fn of_a_job_that_says_nothing_no_end_is_known() {
    // Nobody passes while it is not known when the first one starts.
    check(
        "easy",
        &[10],
        "
        0 6 - 100 0
        10 8 50 50 100
        20 3 10 10 150",
    );
    // And it passes only beside the first one.
    check(
        "easy",
        &[10],
        "
        0 6 100 100 0
        10 8 50 50 100
        20 3 - 10 150
        21 2 - 10 21",
    );
}

#[test]
fn what_runs_longer_than_it_said_may_end_at_any_moment() {
    // At 60 s the first is over by its estimate: only who fits beside the second passes.
    check(
        "easy",
        &[10],
        "
        0 6 50 100 0
        10 8 50 50 100
        60 3 1 1 150
        61 2 1 1 61",
    );
}

/// Jobs of up to so many processors, some at one second, that are told to run up to four times as long.
fn drawn(count: usize, most: u64, gap: u64, purpose: &str) -> Vec<Rigid> {
    let mut draw = rng::stream(3, purpose);
    let mut submitted = 0;
    let mut next = || {
        submitted += draw.below(gap).saturating_sub(gap / 4);
        let run = draw.between(1, 60) * if draw.below(8) == 0 { 20 } else { 1 };
        let estimate = Some(run * draw.between(10, 40) / 10);
        Rigid {
            submitted,
            width: draw.between(1, most) as u32,
            estimate,
            run,
        }
    };
    (0..count).map(|_| next()).collect()
}

#[test]
fn easy_is_the_plain_one() {
    for (most, gap) in [(4, 20), (12, 60), (16, 150)] {
        let jobs = drawn(500, most, gap, &format!("easy {most}"));
        let expected = plain(&jobs, 16, Instant::Together);
        let both = jobs.iter().zip(&expected);
        let waits: u64 = both.map(|(job, start)| start - job.submitted).sum();
        assert!(waits > 10_000, "nobody waits");
        assert!(!expected.is_sorted(), "nobody passes");
        for policy in ["drf", "fifo", "drf[offers=task]"] {
            for agents in [&[16][..], &[1; 16], &[7, 4, 5]] {
                let found = starts("easy", policy, agents, &jobs);
                for (job, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    assert_eq!(found, expected, "job {job}, {policy}, {agents:?}, {most}");
                }
            }
        }
    }
}

/// From column 9 of a log to the scheduler; and what a recipe says in its place.
#[test]
fn a_log_is_replayed_by_what_its_users_said() {
    let jobs = drawn(300, 12, 60, "log");
    let times = |times: u64| -> Vec<Rigid> {
        let said = |job: &Rigid| Rigid {
            estimate: Some(times * job.run),
            ..*job
        };
        jobs.iter().map(said).collect()
    };
    let (exact, triple) = (times(1), times(3));
    let expected = [&jobs, &exact, &triple].map(|jobs| plain(jobs, 16, Instant::Together));
    assert!(expected[0] != expected[1] && expected[1] != expected[2]);
    let found = ["", "framework.log.estimate=1", "framework.log.estimate=3"]
        .map(|setting| replayed(&jobs, 16, &[setting][usize::from(setting.is_empty())..]));
    assert_eq!(found, expected);
    // Where nobody says anything nobody passes.
    let silent = replayed(&jobs, 16, &["framework.log.estimate=none"]);
    assert!(silent.is_sorted() && silent != expected[0]);
}
