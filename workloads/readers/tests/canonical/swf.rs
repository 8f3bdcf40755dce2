//! Logs of parallel machines: what is a job of them, how long it runs, and what is kept; and that the
//! kinds `swf` and `trace` of workload make the same jobs.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use fairground_policies::time::{Span, Time};
use fairground_readers::Format;
use fairground_readers::canonical::Imports;
use fairground_readers::canonical::import::import;
use fairground_readers::canonical::tables::{Job, Tasks};
use fairground_readers::canonical::{MachineSize, Opened};
use fairground_workloads::trace::{Work, Workload};
use fairground_workloads::{SpecContext, WorkloadSpec};
use tempfile::TempDir;

use crate::common::{folder, write};
use crate::rows;

fn imported(folder: &TempDir, text: &str) -> Opened {
    let path = write(folder, "log.swf", text);
    let place = folder.path().join("form");
    import(&path, Format::Swf, &place, false).unwrap_or_else(|error| panic!("{error}"));
    Opened::open(&place).unwrap()
}

/// Jobs with their tasks, and what was assumed.
fn check(text: &str, expected: &Expect) {
    let folder = folder();
    let trace = imported(&folder, text);
    let mut shown = String::new();
    for (job, tasks) in rows::<Job>(&trace).iter().zip(rows::<Tasks>(&trace)) {
        assert_eq!(job.id, tasks.job);
        let submit = job.submit.map_or("?".to_owned(), |at| at.to_string());
        write!(shown, "{} at {submit}: {} x ", job.name, tasks.count).unwrap();
        match tasks.run {
            Some(run) => write!(shown, "{run}").unwrap(),
            None => shown.push('?'),
        }
        if let Some(why) = tasks.unknown {
            write!(shown, " {}", why.word()).unwrap();
        }
        for (name, memory) in [("memory", tasks.memory), ("used", tasks.used)] {
            if let Some(memory) = memory {
                write!(shown, ", {name} {memory}").unwrap();
            }
        }
        shown.push('\n');
    }
    for assumed in &trace.manifest.assumptions {
        writeln!(shown, "{}: {}", assumed.about, assumed.model).unwrap();
    }
    expected.assert_eq(&shown);
}

#[test]
fn what_was_cancelled_before_it_started_adds_no_load() {
    check(
        "; MaxProcs: 64\n\
         1 0 0 60 1 -1 -1 1 60 -1 1 1 1 -1 1 -1 -1 -1\n\
         2 50 500 -1 -1 -1 -1 64 3600 -1 5 1 1 -1 1 -1 -1 -1\n\
         3 60 500 0 32 -1 -1 64 3600 -1 5 1 1 -1 1 -1 -1 -1\n\
         4 70 5 30 2 -1 -1 64 3600 -1 5 1 1 -1 1 -1 -1 -1\n\
         5 80 -1 -1 -1 -1 -1 8 3600 -1 -1 1 1 -1 1 -1 -1 -1\n\
         6 90 5 -1 4 -1 -1 4 3600 -1 1 1 1 -1 1 -1 -1 -1\n\
         7 95 5 -1 -1 -1 -1 4 3600 -1 0 1 1 -1 1 -1 -1 -1\n\
         8 99 5 0 4 -1 -1 4 3600 -1 1 1 1 -1 1 -1 -1 -1\n\
         9 99 5 9 0 -1 -1 -1 3600 -1 1 1 1 -1 1 -1 -1 -1\n",
        &expect![[r"
            1 at 0: 1 x 60000000
            2 at 50000000: 64 x ? unstarted
            3 at 60000000: 32 x ? unstarted
            4 at 70000000: 2 x 30000000
            5 at 80000000: 8 x ? unstarted
            6 at 90000000: 4 x ? damaged
            7 at 95000000: 4 x ? damaged
            8 at 99000000: 4 x 0
            job shape: rigid: as many tasks of a core as it had processors, all at the same time
            jobs that never started: without a run time or a processor, so they add no load (3 in the log)
            processors not logged: as many as requested (3 in the log)
            records passed over: 1: jobs without processors, given or requested
            run times of zero: kept: the log counts whole seconds (1 in the log)
            run times that are damaged: 8 of 119 tasks
            tasks that never started, and add no load: 104 of 119 tasks
        "]],
    );
}

#[test]
fn parts_of_a_job_are_merged_into_its_summary() {
    check(
        "1 0 0 300 4 -1 -1 4 900 -1 1 1 1 -1 1 -1 -1 -1\n\
         1 0 0 100 4 -1 -1 4 900 -1 2 1 1 -1 1 -1 -1 -1\n\
         1 -1 50 200 4 -1 -1 4 900 -1 3 1 1 -1 1 -1 -1 -1\n\
         2 1000 0 200 2 -1 -1 2 900 -1 1 2 1 -1 1 -1 -1 -1\n\
         1 -1 50 1 4 -1 -1 4 900 -1 4 1 1 -1 1 -1 -1 -1\n\
         3 1100 0 20 2 -1 -1 2 900 -1 2 2 1 -1 1 -1 -1 -1\n\
         3 -1 9 7 2 -1 -1 2 900 -1 4 2 1 -1 1 -1 -1 -1\n\
         3 1100 0 27 2 -1 -1 2 900 -1 0 2 1 -1 1 -1 -1 -1\n",
        &expect![[r"
            1 at 0: 4 x 300000000
            2 at 1000000000: 2 x 200000000
            3 at 1100000000: 2 x 27000000
            job shape: rigid: as many tasks of a core as it had processors, all at the same time
            rows with the status 2, 3 or 4: parts of one job: merged into the row that sums them up (5 in the log)
        "]],
    );
}

#[test]
fn jobs_told_in_parts_only_are_one_job_each() {
    check(
        "1 0 0 10 1 -1 -1 1 900 -1 1 1 1 -1 1 -1 -1 -1\n\
         7 5 0 100 4 -1 2048 4 900 -1 2 1 1 -1 1 -1 -1 -1\n\
         7 -1 50 0.5 8 -1 1024 4 900 -1 3 1 1 -1 1 -1 -1 -1\n\
         8 6 0 40 2 -1 -1 2 900 -1 2 2 1 -1 1 -1 -1 -1\n\
         9 7 0 -1 2 -1 -1 2 900 -1 4 2 1 -1 1 -1 -1 -1\n",
        &expect![[r"
            1 at 0: 1 x 10000000
            7 at 5000000: 8 x 100500000, memory 2
            8 at 6000000: 2 x 40000000 censored
            9 at 7000000: 2 x ? damaged
            job shape: rigid: as many tasks of a core as it had processors, all at the same time
            jobs in parts only: 3 jobs are told by 4 parts and no summary: each runs as long as its parts together, on as many processors as the widest
            memory not requested: what was used (1 in the log)
            rows with the status 2, 3 or 4: parts of one job: merged into the row that sums them up (1 in the log)
            run times of which the trace holds a part: 2 of 13 tasks
            run times that are damaged: 2 of 13 tasks
        "]],
    );
}

#[test]
fn times_are_kept_to_the_microsecond() {
    check(
        "1 0 0 0.6 2 -1 -1 2 5 -1 1 1 1 -1 1 -1 -1 -1\n\
         2 0.9 .25 0.0000004 2 0.1 -1 2 5 -1 1 2 1 -1 1 -1 -1 -1\n\
         3 7.005e2 0 10.75 1 -1 -1 1 20 -1 1 1 1 -1 1 -1 -1 -1\n\
         4 800 0 1.5e2 1.5 -1 -1 1e0 200 -1 1 2 1 -1 1 -1 -1 -1\n",
        &expect![[r"
            1 at 0: 2 x 600000
            2 at 900000: 2 x 0
            3 at 700500000: 1 x 10750000
            4 at 800000000: 1 x 150000000
            fractions in other columns than times: cut off (1 in the log)
            job shape: rigid: as many tasks of a core as it had processors, all at the same time
            run times of zero: kept: the log counts whole seconds (1 in the log)
        "]],
    );
}

#[test]
fn columns_of_newer_writers_and_memory_are_said() {
    check(
        "# Version: 2.3\n\
         0 5 0 56 64 1 1024 64 86400 2048000 1 62 1 1 -1 1 -1 -1 {1,2} q_1d 1:ppn=64\n\
         1 1 71 116 12 1 1024 12 1209600 -1 1 101 1 1 -1 1 -1 -1 {1} q_2w\n\
         2 9 71 116 12 1 0 12 1209600 0 1 101 1 1 -1 1 -1 -1\n",
        &expect![[r"
            0 at 5000000: 64 x 56000000, memory 2000, used 1
            1 at 1000000: 12 x 116000000, memory 1
            2 at 9000000: 12 x 116000000
            columns behind the 18th: not read (2 in the log)
            job shape: rigid: as many tasks of a core as it had processors, all at the same time
            memory not requested: what was used (1 in the log)
            order of jobs: by submission; the log is not in that order (1 in the log)
        "]],
    );
}

#[test]
fn what_a_scheduler_may_know_is_kept() {
    let folder = folder();
    let trace = imported(
        &folder,
        ";MaxNodes = 16\n; Max_Procs: 5,208 (with those of the login nodes)\n; MaxQueues: 3\n\
         ; MaxRuntime: 3600\n; MaxMemory: 2048000\n\
         7 1 2.5 60 4 -1 -1 8 90.5 -1 1 11 12 13 14 15 6 30\n\
         8 2 -1 60 4 -1 -1 -1 -1 -1 1 -1 -1 -1 -1 -1 -1 -1\n",
    );
    let size = MachineSize {
        processors: Some(5208),
        nodes: Some(16),
        queues: Some(3),
        longest: Some(3_600_000_000),
        memory: Some(2000),
        ..MachineSize::default()
    };
    assert_eq!(trace.manifest.machine, Some(size));
    assert_eq!(size.agents(), [(8, 326), (8, 325)]);
    let text = |text: &str| Some(text.to_owned());
    let full = Job {
        id: 0,
        name: "7".to_owned(),
        tenant: Some(0),
        submit: Some(1_000_000),
        priority: None,
        gang: 1,
        outcome: text("1"),
        wait: Some(2_500_000),
        estimate: Some(90_500_000),
        requested: Some(8000),
        group: text("12"),
        executable: text("13"),
        queue: text("14"),
        partition: text("15"),
        preceding: text("6"),
        think: Some(30_000_000),
        class: None,
    };
    let empty = Job {
        id: 1,
        name: "8".to_owned(),
        submit: Some(2_000_000),
        gang: 1,
        outcome: text("1"),
        ..Job::default()
    };
    assert_eq!(rows::<Job>(&trace), [full, empty]);
}

/// A log with everything that is odd in one.
const ODD: &str = "\
; MaxProcs: 64
1 10 0 60 4 -1 2048 4 90 4096 1 1 1 -1 0 1 -1 -1
2 20 0 0.6 2 -1 4096 2 5 -1 1 2 1 -1 1 -1 -1 -1
3 30 500 -1 -1 -1 -1 64 3600 -1 5 1 1 -1 1 -1 -1 -1
4 25 0 300 4 -1 -1 4 900 -1 1 1 1 -1 1 -1 -1 -1
4 25 0 100 4 -1 -1 4 900 -1 2 1 1 -1 1 -1 -1 -1
4 -1 0 200 4 -1 -1 4 900 -1 3 1 1 -1 1 -1 -1 -1
5 40 0 10 -1 -1 -1 2 20 -1 1 1 1 7 1 1 -1 -1
6 50 0 -1 3 -1 -1 3 20 -1 1 1 1 7 1 1 -1 -1
7 60 0 0 3 -1 -1 3 20 0 1 1 1 7 1 1 -1 -1
8 70 0 1.5e2 3 -1 -1 3 20 -1 -1 -1 1 7 1 1 -1 -1
9 80 0 5 -1 -1 -1 -1 20 -1 1 1 1 7 1 1 -1 -1
10 90 0 5 2 -1 -1 2 20 -1 2 1 1 7 1 1 -1 -1 more
";

fn built(folder: &TempDir, work: &str) -> Workload {
    #[derive(serde::Deserialize)]
    struct Recipe {
        work: WorkloadSpec,
    }
    let recipe: Recipe = toml::from_str(work).unwrap();
    let context = SpecContext {
        agents: 5,
        horizon: Span::from_secs(1000),
        seed: 1,
        name: "log",
    };
    recipe
        .work
        .load(folder.path(), &mut Imports::default())
        .unwrap()
        .build(&context)
        .unwrap()
}

#[test]
fn both_kinds_make_the_same_jobs_of_a_log() {
    let folder = folder();
    write(&folder, "log", ODD);
    let mut labels = Vec::new();
    for (swf, trace) in [
        ("", ""),
        ("from = '15s'", "from = '15s'"),
        ("jobs = 3\nmem = '2GiB'", "jobs = 3\nmem = '2GiB'"),
        ("users = [1]", "tenants = ['user 1']"),
        ("run = '3h'", "run = '3h'"),
    ] {
        let swf = built(&folder, &format!("[work.swf]\nfile = 'log'\n{swf}"));
        let trace = format!("[work.trace]\nfile = 'log'\nformat = 'swf'\n{trace}");
        let trace = built(&folder, &trace);
        let (Work::Batch(one), Work::Batch(other)) = (&swf.work, &trace.work) else {
            panic!("jobs of a log are a batch");
        };
        assert_eq!(one.len(), other.len());
        for (one, other) in one.iter().zip(other.iter()) {
            assert_eq!(one, other);
        }
        for assumed in &trace.assumptions {
            assert!(swf.assumptions.contains(assumed), "{assumed:?}");
        }
        labels.push(
            one.iter()
                .map(|job| job.label)
                .collect::<Vec<_>>()
                .join(" "),
        );
    }
    expect![[r"
        1 2 4 5 6 7 8 10
        4 5 6 7 8 10
        1 2 4
        1 4 5 6 7 10
        1 2 4 5 6 7 8 10"]]
    .assert_eq(&labels.join("\n"));
}

#[test]
fn unknown_run_times_are_told_by_their_cause() {
    let folder = folder();
    write(&folder, "log", ODD);
    let workload = built(&folder, "[work.swf]\nfile = 'log'\nrun = '5m'");
    let Work::Batch(jobs) = &workload.work else {
        panic!("jobs of a log are a batch");
    };
    let mut shown = String::new();
    for job in jobs.iter() {
        let stage = &job.spec.stages[0];
        let at = job.submitted.since(Time::ZERO);
        let fairground_workloads::trace::Runtimes::Plain { local, .. } = job.runtimes(0) else {
            panic!("tasks of a log are plain");
        };
        let (label, run) = (job.label, local[0]);
        writeln!(
            shown,
            "{label} at {at}: {} x {} for {run}",
            stage.tasks, stage.needs
        )
        .unwrap();
    }
    for assumed in &workload.assumptions {
        writeln!(shown, "{}: {}", assumed.about, assumed.model).unwrap();
    }
    expect![[r"
        1 at 0s: 4 x cpus:1 mem:4 for 1m
        2 at 10s: 2 x cpus:1 mem:4 for 600ms
        4 at 15s: 4 x cpus:1 mem:1024 for 5m
        5 at 30s: 2 x cpus:1 mem:1024 for 10s
        6 at 40s: 3 x cpus:1 mem:1024 for 5m
        7 at 50s: 3 x cpus:1 mem:1024 for 1us
        8 at 1m: 3 x cpus:1 mem:1024 for 150s
        10 at 80s: 2 x cpus:1 mem:1024 for 5s
        columns behind the 18th: not read (1 in the log)
        job shape: rigid: as many tasks of a core as it had processors, all at the same time
        job that never started: left out (1 job)
        jobs in parts only: 1 jobs are told by 1 parts and no summary: each runs as long as its parts together, on as many processors as the widest
        jobs that never started: without a run time or a processor, so they add no load (1 in the log)
        memory not requested: what was used (1 in the log)
        memory of tasks that do not say: mem:1024 a task (of 17 tasks)
        order of jobs: by submission; the log is not in that order (1 in the log)
        processors: a processor is 1 cores; a task has 1 of them
        processors not logged: as many as requested (2 in the log)
        records passed over: 1: jobs without processors, given or requested
        rows with the status 2, 3 or 4: parts of one job: merged into the row that sums them up (2 in the log)
        run times of which the trace holds a part: 2 of 87 tasks
        run times of zero: a microsecond: the clock of the trace is coarser (of 3 tasks)
        run times of zero: kept: the log counts whole seconds (1 in the log)
        run times that are damaged: 3 of 87 tasks
        run times that are damaged: 5m (of 3 tasks)
        tasks that never started, and add no load: 64 of 87 tasks
        tasks that were still running, or ran before: as long as the trace holds of it (of 2 tasks)
    "]].assert_eq(&shown);
}
