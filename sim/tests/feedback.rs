//! Jobs of a log that wait for others: when each is submitted, and what is said of those that do not.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "UPDATE_EXPECT writes them"
)]

mod common;

use std::fmt::Write as _;

use common::{Cluster, cores, job, maps, numbered, secs, shown, with_log};
use expect_test::{Expect, expect};
use fairground_policies::message::JobId;
use fairground_policies::registry::Registry;
use fairground_sim::experiment::{Experiment, Unwatched};
use fairground_workloads::feedback::{After, Feedback};
use fairground_workloads::trace::Work;

/// One agent of two cores.
const RECIPE: &str = r#"
name = "feedback"
duration = "3h"
policies = ["drf"]

[[cluster]]
agents = 1
cpus = 2
mem = "64GiB"

[[framework]]
name = "log"
scheduler = "fifo"
workload.swf = { file = "log.swf" }
"#;

/// Rows of `job submit wait run processors status user preceding think` as the format has them.
fn log(rows: &str) -> String {
    let mut text = "; Version: 2.2\n".to_owned();
    for row in rows.lines().filter(|row| !row.trim().is_empty()) {
        let cells: Vec<&str> = row.split_whitespace().collect();
        let [job, submit, wait, run, cpus, status, user, preceding, think] = cells[..] else {
            panic!("nine columns: {row}");
        };
        let _ = writeln!(
            text,
            "{job} {submit} {wait} {run} {cpus} -1 -1 {cpus} -1 -1 {status} {user} 1 1 1 1 {preceding} {think}"
        );
    }
    text
}

/// The experiment of a log, with settings of its framework's workload.
fn experiment(rows: &str, settings: &[&str]) -> Experiment {
    let (_folder, loaded) = with_log(RECIPE, &log(rows), settings);
    Experiment::load(&loaded.expect("a recipe"), Registry::default()).expect("it loads")
}

/// The jobs of a run, and what is assumed of submissions.
fn check(rows: &str, feedback: &str, expected: &Expect) {
    let setting = format!("framework.log.workload.swf.feedback={feedback:?}");
    let settings = [setting.as_str()];
    let experiment = experiment(rows, if feedback.is_empty() { &[] } else { &settings });
    let trace = experiment.trace(1).expect("a trace");
    let run = experiment.run(&"drf".parse().expect("a name"), &trace, 1, false);
    let mut told = shown(&run.jobs);
    for one in &trace.workloads[0].assumptions {
        let words = ["wait", "feedback", "think", "session", "whose end"];
        if words.iter().any(|word| one.about.contains(word)) {
            let _ = writeln!(told, "{}: {}", one.about, one.model);
        }
    }
    expected.assert_eq(&told);
}

#[test]
fn a_job_follows_the_end_of_the_one_it_names() {
    let rows = "
        1   0 0 100 1 1 1 -1 -1
        2 500 0  50 1 1 1  1 20
        3 510 0  50 1 1 1  2 -1
        4 600 0  50 1 1 1 -1 -1";
    check(
        rows,
        "logged",
        &expect![[r#"
        f0 j0: 0s 0s 100s lost 0
        f0 j1: 2m 2m 170s lost 0
        f0 j2: 170s 170s 220s lost 0
        f0 j3: 10m 10m 650s lost 0
        feedback: jobs that name a preceding one are submitted their think time after its end in the replay, whether it finished or could never run (of 2 jobs)
        think times that are not told: none (of 1 job)
    "#]],
    );
    check(
        rows,
        "",
        &expect![[r#"
        f0 j0: 0s 0s 100s lost 0
        f0 j1: 500s 500s 550s lost 0
        f0 j2: 510s 510s 560s lost 0
        f0 j3: 10m 10m 650s lost 0
        jobs that wait for another in the log: submitted at their logged times all the same (of 2 jobs)
    "#]],
    );
}

#[test]
fn two_may_follow_one_that_ends_later_than_logged() {
    // The cluster is busy for 300 s: who waited for the second job waits for it here, too.
    let rows = "
        1   0 0 300 2 1 2 -1 -1
        2   0 0 100 1 1 1 -1 -1
        3 130 0  10 1 1 1  2 30
        4 140 0  10 1 1 1  2 40";
    check(
        rows,
        "logged",
        &expect![[r#"
        f0 j0: 0s 0s 5m lost 0
        f0 j1: 0s 5m 400s lost 0
        f0 j2: 430s 430s 440s lost 0
        f0 j3: 440s 440s 450s lost 0
        feedback: jobs that name a preceding one are submitted their think time after its end in the replay, whether it finished or could never run (of 2 jobs)
    "#]],
    );
}

#[test]
fn a_job_that_can_never_run_has_ended_when_it_came() {
    let rows = "
        1   0 0 100 3 1 1 -1 -1
        2 500 0  50 1 1 1  1 20";
    check(
        rows,
        "logged",
        &expect![[r#"
        f0 j0: 0s never never lost 0
        f0 j1: 20s 20s 70s lost 0
        feedback: jobs that name a preceding one are submitted their think time after its end in the replay, whether it finished or could never run (of 1 job)
    "#]],
    );
}

#[test]
fn what_cannot_be_waited_for_is_counted_and_told() {
    // Job 9 is not there, 2 was cancelled before it ran, 4 and 5 wait for each other, two are called 7.
    let rows = "
        1   0  0 10 1 1 1  9 5
        2  10 -1 -1 1 5 1 -1 -1
        3  20  0 10 1 1 1  2 5
        4  30  0 10 1 1 1  5 5
        5  40  0 10 1 1 1  4 5
        6  50  0 10 1 1 1  5 5
        7  60  0 10 1 1 1 -1 -1
        7  70  0 10 1 1 1 -1 -1
        8  90  0 10 1 1 1  7 5";
    check(
        rows,
        "logged",
        &expect![[r#"
        f0 j0: 0s 0s 10s lost 0
        f0 j1: 20s 20s 30s lost 0
        f0 j2: 30s 30s 40s lost 0
        f0 j3: 40s 40s 50s lost 0
        f0 j4: 55s 55s 65s lost 0
        f0 j5: 1m 1m 70s lost 0
        f0 j6: 70s 70s 80s lost 0
        f0 j7: 90s 90s 100s lost 0
        feedback: jobs that name a preceding one are submitted their think time after its end in the replay, whether it finished or could never run (of 1 job)
        jobs that wait for a name which several jobs have: submitted at their logged times (of 1 job)
        jobs that wait for each other in a circle: submitted at their logged times (of 2 jobs)
        jobs that wait for one which is not replayed, or of another framework: submitted at their logged times (of 2 jobs)
    "#]],
    );
}

#[test]
fn users_behave_as_they_did() {
    // User 1 thinks 30 s after the first job and submits two; after the last of them ended comes a pause
    // of more than 20 min. Job 4 has no end in the log, so nothing follows it.
    let rows = "
        1    0  0 300 2 1 2 -1 -1
        2    0  0 100 1 1 1 -1 -1
        3  130  0  50 1 1 1 -1 -1
        4  140 -1  10 1 1 1 -1 -1
        5  190  0  20 1 1 1 -1 -1
        6 1500  0  20 1 1 1 -1 -1";
    check(
        rows,
        "user",
        &expect![[r#"
        f0 j0: 0s 0s 5m lost 0
        f0 j1: 0s 5m 400s lost 0
        f0 j2: 430s 430s 8m lost 0
        f0 j3: 440s 440s 450s lost 0
        f0 j4: 490s 490s 510s lost 0
        f0 j5: 25m 25m 1520s lost 0
        a new session, at its logged time: after a pause of more than 20m
        feedback: a job is submitted so long after the end of its user's last job that had ended before as in the log, whether that finished or could never run (of 3 jobs)
        jobs whose end the log does not tell: no job of their users waits for them (of 1 job)
    "#]],
    );
}

/// Jobs that wait for one that never ends are not submitted, which is no reason to lose count of them.
#[test]
fn what_waits_for_ever_is_counted_as_not_submitted() {
    let jobs = || {
        let plan = vec![job(0, vec![maps(&[100])]), job(5, vec![maps(&[7])])];
        numbered(plan)
    };
    let after = |job| {
        let think = secs(20);
        Some(After { job, think })
    };
    let waits = jobs().with_feedback(Feedback::Preceding(vec![None, after(JobId(0))]));
    // The only agent is gone for ever at 50 s.
    let cluster = Cluster::new("drf", &[cores(1)])
        .framework("fifo", Work::Batch(waits))
        .fault(0, secs(50), None);
    let run = cluster.run();
    assert_eq!(
        shown(&run.jobs),
        "f0 j0: 0s 0s never lost 1\nf0 j1: 5s never never lost 0\n"
    );
    let page = &run.frameworks[0];
    assert_eq!((page.jobs, page.finished, page.unsubmitted), (1, 0, 1));
    let came: Vec<bool> = run.jobs.iter().map(|row| row.came).collect();
    assert_eq!(came, [true, false]);
    assert!(run.totals.stalled);
}

/// A user who thinks for longer than a cluster may stand still is not taken for a cluster that does.
#[test]
fn long_thoughts_are_no_stall() {
    let plan = vec![job(0, vec![maps(&[10])]), job(5, vec![maps(&[7])])];
    let day = Some(After {
        job: JobId(0),
        think: secs(86_400),
    });
    let jobs = numbered(plan).with_feedback(Feedback::Preceding(vec![None, day]));
    // The agent of another job is gone for ever: that job keeps the run open.
    let stuck = job(5, vec![maps(&[1])]);
    let cluster = Cluster::new("static", &[cores(1), cores(1)])
        .framework("fifo", Work::Batch(jobs))
        .framework("fifo", common::batch(vec![stuck]))
        .fault(1, secs(1), None);
    let run = cluster.run();
    assert!(
        shown(&run.jobs).contains("f0 j1: 86410s 86410s 86417s lost 0\n"),
        "{}",
        shown(&run.jobs)
    );
}

/// Chains of jobs of nobody in particular are dealt as a whole.
#[test]
fn who_waits_for_each_other_is_dealt_together() {
    let mut rows = String::new();
    for job in 1..=60 {
        let preceding = if job > 6 { job - 6 } else { -1 };
        let _ = writeln!(rows, "{job} {job} 0 10 1 1 -1 {preceding} 3");
    }
    let part = |part: u32| {
        let recipe = format!(
            "framework.log.workload.trace={{file=\"log.swf\", feedback=\"logged\", dealt={{part={part}, of=2}}}}"
        );
        let text = RECIPE.replace("workload.swf = { file = \"log.swf\" }", "");
        let text = text.replace(
            "[[framework]]",
            "[[framework]]\nworkload.trace = { file = \"log.swf\" }",
        );
        let (_folder, loaded) = with_log(&text, &log(&rows), &[&recipe]);
        let experiment = Experiment::load(&loaded.expect("a recipe"), Registry::default());
        experiment.expect("it loads").trace(1).expect("a trace")
    };
    let mut all = 0;
    for trace in [part(1), part(2)] {
        let Work::Batch(jobs) = &trace.workloads[0].work else {
            panic!("jobs");
        };
        all += jobs.len();
        assert!(
            jobs.len() % 10 == 0,
            "chains of ten jobs are whole: {}",
            jobs.len()
        );
        let outside = "not replayed";
        let said = &trace.workloads[0].assumptions;
        assert!(
            !said.iter().any(|one| one.about.contains(outside)),
            "{said:?}"
        );
    }
    assert_eq!(all, 60);
}

/// Two policies under which jobs come at different times are compared job by job.
#[test]
fn jobs_are_compared_by_their_numbers_in_the_log() {
    let rows = "
        1   0 0 100 2 1 1 -1 -1
        2   1 0 100 1 1 2 -1 -1
        3   9 0  40 1 1 1  1 10
        4  10 0  40 1 1 2  2 10";
    let settings = [
        "framework.log.workload.swf.feedback=\"logged\"",
        "policies=[\"drf\", \"fifo\", \"static\"]",
        "framework.log.scheduler=\"fair\"",
    ];
    let experiment = experiment(rows, &settings);
    let comparison = experiment
        .compare(&Unwatched::default())
        .expect("a comparison");
    for policy in &comparison.policies {
        let rows = policy.runs[0].jobs.iter();
        let labels: Vec<String> = rows
            .map(|row| format!("{} {}", row.job, row.label))
            .collect();
        assert_eq!(labels, ["j0 1", "j1 2", "j2 3", "j3 4"], "{}", policy.name);
    }
    assert!(comparison.warnings.is_empty(), "{:?}", comparison.warnings);
    assert!(comparison.sheets.is_empty());
}
