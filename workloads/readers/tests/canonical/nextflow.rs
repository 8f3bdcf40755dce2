//! What Nextflow's trace files tell: attempts, the cache, runs that were broken off, texts, odd rows.

use expect_test::{Expect, expect};
use fairground_readers::Format;
use fairground_readers::formats::validate;

use crate::common::{folder, told, write};
use crate::{jobs, shown};

fn check(columns: &str, lines: &[&str], expected: &Expect) {
    let text = format!("{columns}\n{}\n", lines.join("\n"));
    expected.assert_eq(&jobs(Format::Nextflow, &text));
}

/// What ran, for people.
const COLUMNS: &str = "task_id\tname\tstatus\tsubmit\tduration\trealtime\tcpus\tmemory\tpeak_rss";

#[test]
fn a_task_is_a_job_that_comes_when_it_was_submitted() {
    check(
        COLUMNS,
        &[
            "2\tA (x)\tCOMPLETED\t2026-01-05 08:00:00.500\t1h 2m 3s\t1h\t4\t8 GB\t1.5 GB",
            "1\tB\tABORTED\t2026-01-05 08:00:01.000\t1m\t58.5s\t1\t-\t700 MB",
            "3\tC\tABORTED\t-\t-\t-\t1\t1 GB\t-",
            "4\tD\tRUNNING\t2026-01-05 08:00:02.000\t-\t-\t-\t-\t-",
            "5\tE\tSUBMITTED\t2026-01-05 08:00:02.000\t-\t-\t2\t-\t-",
            "6\tF\tCACHED\t2025-01-05 08:00:02.000\t1m\t1m\t2\t-\t-",
            "7\tG\tCOMPLETED\t2026-01-05 08:00:02.000\t-\t-\t2\t-\t0",
        ],
        &expect![[r"
            A (x) of nobody, submit 1767600000500000, wait 123000000, tasks 1, run 3600000000, cpus 4000, mem 8192, used 1536, COMPLETED
            B of nobody, submit 1767600001000000, wait 1500000, tasks 1, run 58500000, cpus 1000, mem 700, ABORTED
            C of nobody, tasks 1, cpus 1000, mem 1024, unstarted, ABORTED
            D of nobody, submit 1767600002000000, tasks 1, censored, RUNNING
            E of nobody, submit 1767600002000000, tasks 1, cpus 2000, unstarted, SUBMITTED
            G of nobody, submit 1767600002000000, tasks 1, cpus 2000, COMPLETED
            passed over: 1 records, a result of an earlier run, found in the cache
            passed over: 1 jobs, a result of an earlier run, found in the cache
            passed over: 1 tasks, a result of an earlier run, found in the cache
            arrivals: each task is a job that comes when Nextflow submitted it, which is when all that it waits for was done: who waits for whom is not in the source
            read and not kept: exit
            records passed over: 1: a result of an earlier run, found in the cache
            run times of which the trace holds a part: 1 of 6 tasks
            run times that the source does not tell: 1 of 6 tasks
            tasks that never started, and add no load: 2 of 6 tasks
            waits: of 2 tasks the part of their duration in which they did not run, which is also that in which their files came and went
        "]],
    );
    check(
        "task_id,process,status,submit,start,complete,%cpu,cpus,time,queue,accelerator",
        &[
            "1,A,COMPLETED,1767600000000,1767600005000,1767600065000,350.0,4,3600000,gpu,2",
            "2,A,COMPLETED,1767600000000,1767600005000,1767600004000,350.0,4,-,gpu,0",
        ],
        &expect![[r"
            A 1 of nobody, submit 1767600000000000, wait 5000000, estimate 3600000000, tasks 1, run 60000000, cpus 4000, gpus 2000, COMPLETED
            A 2 of nobody, submit 1767600000000000, wait 5000000, tasks 1, cpus 4000, gpus 0, damaged, COMPLETED
            arrivals: each task is a job that comes when Nextflow submitted it, which is when all that it waits for was done: who waits for whom is not in the source
            read and not kept: exit
            run times that are damaged: 1 of 2 tasks
        "]],
    );
}

#[test]
fn attempts_at_a_task_are_one_job() {
    let row = |id: u32, status: &str, attempt: &str, minute: u32, run: &str| {
        format!("{id}\tA (1)\t{status}\t{attempt}\t2026-01-05 08:{minute:02}:00.000\t{run}\t{run}")
    };
    let columns = "task_id\tname\tstatus\tattempt\tsubmit\tduration\trealtime";
    let lines = [
        row(1, "FAILED", "1", 0, "1m"),
        row(2, "FAILED", "2", 2, "2m"),
        row(3, "COMPLETED", "3", 5, "4m"),
        row(4, "COMPLETED", "1", 6, "5m"),
        row(5, "FAILED", "1", 7, "5s"),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    check(
        columns,
        &lines,
        &expect![[r"
        A (1) of nobody, submit 1767600000000000, wait 300000000, tasks 1, run 240000000, COMPLETED
        A (1) of nobody, submit 1767600360000000, wait 0, tasks 1, run 300000000, COMPLETED
        A (1) of nobody, submit 1767600420000000, wait 0, tasks 1, run 5000000, FAILED
        merged: 2 jobs, an earlier attempt at the same task
        merged: 2 tasks, an earlier attempt at the same task
        arrivals: each task is a job that comes when Nextflow submitted it, which is when all that it waits for was done: who waits for whom is not in the source
        attempts: 1 tasks were tried again after 2 attempts that ran 180 s in all: the last one stands for the task, submitted when the first was
        read and not kept: exit
        waits: of 5 tasks the part of their duration in which they did not run, which is also that in which their files came and went
    "]],
    );
    // Where no attempts are told, times say what follows what.
    check(
        "task_id\tname\tstatus\tsubmit\tduration\trealtime",
        &[
            "1\tA\tFAILED\t2026-01-05 08:00:00.000\t1m\t50s",
            "2\tA\tCOMPLETED\t2026-01-05 08:00:30.000\t1m\t50s",
            "3\tA\tCOMPLETED\t2026-01-05 08:01:00.125\t1m\t50s",
        ],
        &expect![[r"
            A of nobody, submit 1767600000000000, wait 70125000, tasks 1, run 50000000, COMPLETED
            A of nobody, submit 1767600030000000, wait 10000000, tasks 1, run 50000000, COMPLETED
            merged: 1 jobs, an earlier attempt at the same task
            merged: 1 tasks, an earlier attempt at the same task
            arrivals: each task is a job that comes when Nextflow submitted it, which is when all that it waits for was done: who waits for whom is not in the source
            attempts: 1 tasks were tried again after 1 attempts that ran 50 s in all: the last one stands for the task, submitted when the first was
            read and not kept: exit
            waits: of 3 tasks the part of their duration in which they did not run, which is also that in which their files came and went
        "]],
    );
}

#[test]
fn what_people_wrote_may_hold_separators_and_line_ends() {
    check(
        "task_id,name,status,realtime,script",
        &[
            "1,A (x, y),COMPLETED,1500,cat a",
            "",
            "sort, b",
            "2,B,FAILED,2s,echo 1",
        ],
        &expect![[r"
            A (x, y) of nobody, tasks 1, run 1500000, COMPLETED
            B of nobody, tasks 1, run 2000000, FAILED
            arrivals: each task is a job that comes when Nextflow submitted it, which is when all that it waits for was done: who waits for whom is not in the source
            not read: script
            read and not kept: exit
            records over several lines: 1 lines go on with what people wrote
            rows with more columns: 1 rows hold the separator in what people wrote
        "]],
    );
    check(
        "task_id\tscript\trealtime\tstatus",
        &[
            "1\tcat a |",
            "  sort\t1s\tCOMPLETED",
            "2\techo\t2s\tCOMPLETED",
        ],
        &expect![[r"
            1 of nobody, tasks 1, run 1000000, COMPLETED
            2 of nobody, tasks 1, run 2000000, COMPLETED
            arrivals: each task is a job that comes when Nextflow submitted it, which is when all that it waits for was done: who waits for whom is not in the source
            not read: script
            read and not kept: exit
            records over several lines: 1 lines go on with what people wrote
        "]],
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let folder = folder();
    let path = write(
        &folder,
        "log",
        "task_id\tstatus\tsubmit\trealtime\tmemory\t%cpu\tcpus\n\
         x\tCOMPLETED\t-\t1s\t-\t-\t-\n\
         1\tdone\t-\t1s\t-\t-\t-\n\
         2\tCOMPLETED\tsoon\t1s\t-\t-\t-\n\
         3\tCOMPLETED\t-\t1 fortnight\t-\t-\t-\n\
         4\tCOMPLETED\t-\t1s\t1 GiB\t-\t-\n\
         5\tCOMPLETED\t-\t1s\t1 GB\tmuch\t-\n\
         6\tCOMPLETED\t-\t1s\t1 GB\t1\tone\n\
         7\tCOMPLETED\t-\t1s\n",
    );
    let check = validate(&path, Format::Nextflow, 9);
    let problems = check.problems.iter().map(|one| format!("{one}\n"));
    expect![[r"
        log:2: column 1 (task_id): expected a whole number of the number of a task, found `x`
          hint: digits only: no sign, fraction, blank or unit
        log:3: column 2 (status): expected the status of a task, such as COMPLETED or FAILED, found `done`
        log:4: column 3 (submit): expected a time such as 2026-01-05 08:00:00.125, milliseconds since 1970 or -, found `soon`
        log:5: column 4 (realtime): expected a time such as 1h 2m 3s, 1.1s, 22ms, milliseconds or -, found `1 fortnight`
        log:6: column 5 (memory): expected memory such as 4.5 GB or 512 MB, bytes or -, found `1 GiB`
        log:7: column 6 (%cpu): expected a number of percent, found `much`
          hint: digits with at most one point and exponent: no sign, blank or unit
        log:8: column 7 (cpus): expected a number of cores, found `one`
          hint: digits with at most one point and exponent: no sign, blank or unit
        log:9: expected 7 columns, as the first line has, found 4 columns
    "]].assert_eq(&told(folder.path(), &problems.collect::<String>()));
    for (text, known) in [
        ("task_id\thash\n", true),
        ("name;task_id;realtime\n", true),
        ("task_id\tstart\n", false),
    ] {
        let path = write(&folder, "other", text);
        let detected = Format::detect(&path).is_ok_and(|format| format == Format::Nextflow);
        assert_eq!(detected, known, "{text}");
    }
}

#[test]
fn files_of_a_folder_are_runs_each() {
    let folder = folder();
    let parts = folder.path().join("parts");
    std::fs::create_dir(&parts).unwrap();
    let run = |day: u32, status: &str| {
        format!(
            "task_id\thash\tname\tstatus\tsubmit\trealtime\n1\ta\tA\t{status}\t2026-01-0{day} 08:00:00.000\t1m\n"
        )
    };
    std::fs::write(parts.join("trace.txt"), run(1, "FAILED")).unwrap();
    std::fs::write(parts.join("trace.txt.1"), run(2, "COMPLETED")).unwrap();
    expect![[r"
        A of nobody, submit 1767254400000000, tasks 1, run 60000000, FAILED
        A of nobody, submit 1767340800000000, tasks 1, run 60000000, COMPLETED
        arrivals: each task is a job that comes when Nextflow submitted it, which is when all that it waits for was done: who waits for whom is not in the source
        not read: hash
        read and not kept: exit
        runs of workflows: 2 files, each with the tasks of one run
    "]].assert_eq(&shown(&folder, &parts, Format::Nextflow.into()));
}
