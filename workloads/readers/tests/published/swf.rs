//! The Standard Workload Format.

use std::fmt::Write as _;

use expect_test::expect;
use fairground_policies::message::JobId;
use fairground_policies::time::Span;
use fairground_readers::Format;
use fairground_readers::canonical::Imports;
use fairground_readers::formats::rows::Rows;
use fairground_readers::formats::swf::Record;
use fairground_workloads::trace::{Runtimes, Work};
use fairground_workloads::{SpecContext, WorkloadSpec};

use crate::check;
use crate::common::published::SWF;
use crate::common::{counted, first_rows, folder, write};

#[test]
fn a_log_is_counted() {
    expect![[r"
        computer Cray: the one of 1990
        installation -
        max_procs 64
        unix_start_time -
        header_lines 6
        jobs 4
        parts_of_jobs 0
        columns 18
        rows_with_more_columns_than_18 0
        submit_first 100
        submit_last 170
        submit_nondecreasing yes
        run_time_missing_or_negative 0
        run_time_zero 1
        allocated_procs_missing 2
        requested_procs_missing 1
        requested_time_missing 2
        status 0: 1, 1: 2, 5: 1
        users 2
        user_missing 0
        proc_seconds_where_run_and_procs_positive 330
        fractions_cut_off 0
        negative_numbers_taken_for_missing 1
        blank_lines 0
        lines_not_utf8 0
        positive_run_time_s [millionths of a second] [3, 10000000, 30000000, 60000000, 60000000] 100000000
        allocated_procs_positive [processors] [2, 3, 3, 4, 4] 7
    "]]
    .assert_eq(&counted(Format::Swf, SWF));
    expect![[r"
        job,submit_s,wait_s,run_s,processors,requested_processors,requested_s,status,user,queue
        1,100,5,60,4,4,90,1,1,0
        2,160,-1,0,-1,8,-1,5,2,0
    "]]
    .assert_eq(&first_rows(Format::Swf, SWF));
}

#[test]
fn the_header_is_kept() {
    let folder = folder();
    let mut records = Rows::<Record>::open(&write(&folder, "log.swf", SWF)).unwrap();
    let first = records.next().unwrap().unwrap();
    assert_eq!(first.cpu_time, Some(58_250_000));
    let header = records.layout();
    assert_eq!(header.get("Computer"), Some("Cray: the one of 1990"));
    assert_eq!(header.get("Note"), Some("two lines\nwhere: here"));
    assert_eq!(header.get("maxprocs"), Some("64"));
    assert_eq!(header.get("Queue"), None);
}

/// Column 9 is what users say of how long their jobs run; of -1 and 0 nothing.
#[test]
fn the_requested_time_is_the_estimate() {
    let row = |job: u64, requested: i64| {
        format!("{job} {job} -1 60 4 -1 -1 4 {requested} -1 1 1 1 1 1 1 -1 -1\n")
    };
    let log = row(1, 90) + &row(2, -1) + &row(3, 0) + &row(4, 20) + &row(5, 90);
    let folder = folder();
    write(&folder, "log.swf", log);
    let spec: WorkloadSpec = toml::from_str("[swf]\nfile = 'log.swf'").unwrap();
    let context = SpecContext {
        agents: 1,
        horizon: Span::from_secs(1000),
        seed: 1,
        name: "log",
    };
    let source = spec.load(folder.path(), &mut Imports::default()).unwrap();
    let Work::Batch(jobs) = source.build(&context).unwrap().work else {
        panic!("a log is batch work");
    };
    let said: Vec<_> = jobs.iter().map(|job| job.spec.estimate()).collect();
    let expected = [Some(90), None, None, Some(20), Some(90)];
    assert_eq!(said, expected.map(|secs| secs.map(Span::from_secs)));
    let (_, stream) = source.stream(&context).unwrap().unwrap();
    let streamed: Vec<_> = stream
        .map(|job| job.unwrap().numbered(JobId(0)).spec.estimate())
        .collect();
    assert_eq!(streamed, said);
}

#[test]
fn damage_is_named() {
    let row = "1 0 5 60 4 -1 -1 4 90 -1 1 1 1 -1 1 1 -1 -1";
    let files = [
        String::new(),
        "; MaxProcs: 4\n".to_owned(),
        format!("{row} 7\n{row}\n{}\n", row.replace(" -1 -1", "")),
        "1 0 5 60\n\nnonsense\n".to_owned(),
        row.replace(" 60 ", " 6O "),
        row.replace(" 4 ", " 9999999999999 "),
        row.replace("1 0 5", "1 -1 5"),
        row.replace(" 90 ", " 1.5x "),
        row.replace(" 90 ", " --1 "),
    ];
    check(
        Format::Swf,
        &files,
        &expect![[r"
            0 good
            file:1: expected at least one job, found none
              hint: a job is a line of 18 numbers or more; lines that begin with ; are comments

            0 good
            file:1: expected at least one job, found none
              hint: a job is a line of 18 numbers or more; lines that begin with ; are comments

            2 good
            file:3: expected 18 numbers, found 14 numbers
              hint: the row is damaged, or the file is not in this format

            0 good
            file:1: expected 18 numbers, found 4 numbers
              hint: the row is damaged, or the file is not in this format
            file:3: column 1 (job): expected a number of jobs, found `nonsense`
              hint: digits with at most one point and exponent: no sign, blank or unit

            0 good
            file:1: column 4 (run): expected a number of seconds, found `6O`
              hint: digits with at most one point and exponent: no sign, blank or unit
            warning: file: expected a newline after the last line, found the end of the file
              hint: the file may be truncated, even in the middle of a number

            0 good
            file:1: column 5 (processors): expected at most 1073741824 processors, found `9999999999999`
              hint: so large a number is taken for damage
            warning: file: expected a newline after the last line, found the end of the file
              hint: the file may be truncated, even in the middle of a number

            0 good
            file:1: column 2 (submit): expected a number, found `-1`
            warning: file: expected a newline after the last line, found the end of the file
              hint: the file may be truncated, even in the middle of a number

            0 good
            file:1: column 9 (requested_time): expected a number of seconds, found `1.5x`
              hint: digits with at most one point and exponent: no sign, blank or unit
            warning: file: expected a newline after the last line, found the end of the file
              hint: the file may be truncated, even in the middle of a number

            0 good
            file:1: column 9 (requested_time): expected a number of seconds, found `-1`
              hint: digits with at most one point and exponent: no sign, blank or unit
            warning: file: expected a newline after the last line, found the end of the file
              hint: the file may be truncated, even in the middle of a number
        "]],
    );
}

#[test]
fn oddities_are_told() {
    let unsorted = format!("{SWF}5 3 -1 1 1 -1 -1 1 1 -1 1 1 1 -1 1 1 -1 -1\n");
    let mut bytes = b"; Note: \xe9t\xe9\n".to_vec();
    bytes.extend(unsorted.as_bytes());
    check(
        Format::Swf,
        &[bytes],
        &expect![[r"
            5 good
            warning: file:11: expected -1 for what is not known, found another negative number
              hint: it is taken for -1
            warning: file:12: column 2 (submit): expected a time not before the row above (170), found 3
              hint: a simulation sorts the jobs by submission
            warning: file: expected text in UTF-8, found 1 other lines
              hint: bytes that are not UTF-8 are read as U+FFFD
        "]],
    );
}

/// What a recipe makes of the log.
fn built(parameters: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Recipe {
        work: WorkloadSpec,
    }
    let folder = folder();
    write(&folder, "log.swf", SWF);
    let text = format!("[work.swf]\nfile = 'log.swf'\n{parameters}");
    let recipe: Recipe = toml::from_str(&text).unwrap();
    let context = SpecContext {
        agents: 5,
        horizon: Span::from_secs(1000),
        seed: 1,
        name: "log",
    };
    let source = recipe.work.load(folder.path(), &mut Imports::default());
    let workload = match source.and_then(|source| source.build(&context)) {
        Ok(workload) => workload,
        Err(error) => return error.to_string(),
    };
    let Work::Batch(jobs) = &workload.work else {
        panic!("jobs of a log are a batch");
    };
    let mut shown = String::new();
    for job in jobs.iter() {
        let stage = &job.spec.stages[0];
        let Runtimes::Plain { local, .. } = job.runtimes(0) else {
            panic!("tasks of a log are plain");
        };
        let at = job.submitted.since(fairground_policies::time::Time::ZERO);
        let run = local[0];
        writeln!(
            shown,
            "{} at {at}: {} x {} for {run}",
            job.label, stage.tasks, stage.needs
        )
        .unwrap();
    }
    for assumption in &workload.assumptions {
        writeln!(shown, "{}: {}", assumption.about, assumption.model).unwrap();
    }
    shown
}

#[test]
fn jobs_are_rigid_gangs() {
    expect![[r"
        1 at 0s: 4 x cpus:1 mem:4 for 1m
        3 at 1m: 2 x cpus:1 mem:1024 for 10s
        4 at 70s: 3 x cpus:1 mem:1024 for 30s
        job shape: rigid: as many tasks of a core as it had processors, all at the same time
        job that never started: left out (1 job)
        jobs that never started: without a run time or a processor, so they add no load (1 in the log)
        memory of tasks that do not say: mem:1024 a task (of 5 tasks)
        processors: a processor is 1 cores; a task has 1 of them
        processors not logged: as many as requested (2 in the log)
        tasks that never started, and add no load: 8 of 17 tasks
    "]].assert_eq(&built(""));
    expect![[r"
        3 at 0s: 1 x cpus:2 mem:4096 for 10s
        job shape: rigid: as many tasks of a core as it had processors, all at the same time
        jobs that never started: without a run time or a processor, so they add no load (1 in the log)
        memory of tasks that do not say: mem:4096 a task (of 1 task)
        part of the trace: from 1m after its beginning
        processors: a processor is 1 cores; a task has 2 of them
        processors not logged: as many as requested (2 in the log)
        tasks that never started, and add no load: 8 of 17 tasks
    "]].assert_eq(&built("width = 2\nusers = [1]\nfrom = '60s'\nmem = '2GiB'"));
    expect!["parameter `width`: expected more than zero, found 0"].assert_eq(&built("width = 0"));
}
