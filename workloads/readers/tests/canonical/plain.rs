//! Plain tables: columns known by their names or by what somebody says of them, units, and rows that are
//! odd.

use std::path::Path;

use expect_test::{Expect, expect};
use fairground_readers::Format;
use fairground_readers::canonical::import::import;
use fairground_readers::formats::{ColumnMap, ReadAs, stat};

use tempfile::TempDir;

use crate::common::{folder, parquet, write};
use crate::shown;

/// What becomes of a table, read with these columns: a line a job, then what is assumed; or why not.
fn made(columns: &str, table: &str) -> String {
    let folder = folder();
    let path = write(&folder, "jobs.csv", table);
    imported(&folder, &path, columns)
}

fn imported(folder: &TempDir, path: &Path, columns: &str) -> String {
    let columns = match columns {
        "" => ColumnMap::default(),
        columns => match columns.parse() {
            Ok(columns) => columns,
            Err(error) => return format!("{error}\n"),
        },
    };
    let how = ReadAs {
        format: None,
        columns,
    };
    shown(folder, path, how)
}

fn check(columns: &str, table: &str, expected: &Expect) {
    expected.assert_eq(&made(columns, table));
}

#[test]
fn columns_are_known_by_their_names() {
    check(
        "",
        "Job ID,Arrival Time (ms),runtime_min,NCPUs,RAM (GiB),num_gpus,time limit_h,owner,note\n\
         7,1500,1.5,2.5,0.1,1,2,ann,x\n",
        &expect![[r"
            7 of ann, submit 1500000, estimate 7200000000, tasks 1, run 90000000, cpus 2500, mem 103, gpus 1000
            columns: job = Job ID, submit = Arrival Time (ms) (ms), run = runtime_min (min), estimate = time limit_h (h), cpus = NCPUs (cores), mem = RAM (GiB) (gib), gpus = num_gpus (gpus), user = owner
            not read: note
        "]],
    );
}

#[test]
fn columns_are_what_somebody_says() {
    let table = "arrival,seconds,cores,id\n5,60,2,a\n7,.5,1,b\n";
    check(
        "submit=arrival:s,run=seconds",
        table,
        &expect![[r"
            a of nobody, submit 5000000, tasks 1, run 60000000, cpus 2000
            b of nobody, submit 7000000, tasks 1, run 500000, cpus 1000
            columns: job = id, submit = arrival (s), run = seconds (s), cpus = cores (cores)
        "]],
    );
    check(
        "submit=arrival:ms, run=seconds:min",
        table,
        &expect![[r"
            a of nobody, submit 5000, tasks 1, run 3600000000, cpus 2000
            b of nobody, submit 7000, tasks 1, run 30000000, cpus 1000
            columns: job = id, submit = arrival (ms), run = seconds (min), cpus = cores (cores)
        "]],
    );
    check(
        "submit=when,run=seconds",
        table,
        &expect![[r"
        jobs.csv:1: expected the column `when`, which is the job's submit, found `arrival, seconds, cores, id`
    "]],
    );
    check(
        "submit=arrival",
        table,
        &expect![[r"
        jobs.csv:1: expected a column that tells how long a job ran (run_s), or when it ended (end), found `arrival, seconds, cores, id`
          hint: say which column is what: --columns 'run=COLUMN:s,submit=COLUMN:s'; workloads/FORMATS.md has all names
    "]],
    );
    check(
        "submit=arrival:s,run=seconds,run=id",
        table,
        &expect![[r"
        expected `run` once, found it twice
          hint: what is several columns is none
    "]],
    );
    check(
        "submitted=arrival:s,ran=seconds",
        table,
        &expect![[r"
            expected one of job, submit, start, end, run, wait, estimate, tasks, cpus, mem, used, gpus, gpu_model, read, write, user, group, queue, partition, priority, gang, outcome, executable, preceding, think, found `ran`
        "]],
    );
    check(
        "run",
        table,
        &expect![[r"
        expected WHAT=COLUMN or WHAT=COLUMN:UNIT, found `run`
          hint: as in submit=arrival:s,run=seconds,cpus=cores
    "]],
    );
}

/// What other programs write needs few words: Nextflow's `trace.txt`.
#[test]
fn percentages_are_of_something_else() {
    check(
        "job=task_id,run=realtime",
        "task_id\tname\tstatus\tsubmit\tduration\trealtime\t%cpu\tpeak_rss\n\
         1\talign\tCOMPLETED\t2018-11-07 10:12:06.477\t273ms\t1.1s\t98.3%\t3 GB\n",
        &expect![[r"
            1 of nobody, submit 1541585526477000, tasks 1, run 1100000, COMPLETED
            columns: job = task_id, submit = submit, run = realtime, outcome = status
            not read: %cpu, duration, name, peak_rss
        "]],
    );
}

#[test]
fn a_number_without_a_unit_is_refused() {
    check(
        "",
        "submit_s,run,cpus\n0,5,1\n",
        &expect![[r"
        jobs.csv:2: column 2 (run): expected a time such as 1:02:03 or 90s, or a number and its unit, found `5`
          hint: say the unit in the column's name (run_s) or with --columns
    "]],
    );
    check(
        "",
        "submit,run_s,cpus\n0,5,1\n",
        &expect![[r"
        jobs.csv:2: column 1 (submit): expected a date such as 2026-01-05T08:00:30, or a number and its unit, found `0`
          hint: say the unit in the column's name (submit_s) or with --columns (submit=arrival:s)
    "]],
    );
    check(
        "",
        "submit_s,run_s,mem\n0,5,1\n",
        &expect![[r"
        jobs.csv:2: column 3 (mem): expected memory such as 16GiB, or a number and its unit, found `1`
          hint: say the unit in the column's name (mem_gib) or with --columns
    "]],
    );
    check(
        "",
        "submit_s,run,mem\n0,1:30,1GB\n",
        &expect![[r"
        jobs.csv:2: column 2 (run): expected a time such as 1:02:03 or 90s, or a number and its unit, found `1:30`
          hint: say the unit in the column's name (run_s) or with --columns
    "]],
    );
}

#[test]
fn cells_have_units_and_dates_zones() {
    check(
        "",
        "submit,run,mem,wait\n\
         2026-01-05T08:00:00Z,1-02:03:04,16GiB,90 s\n\
         2026-01-05T09:00:00+01:00,0:01:30,1500MB,2min\n\
         \"2026-01-05 08:00:00.25\",1.5h,,\n",
        &expect![[r"
             of nobody, submit 1767600000000000, wait 90000000, tasks 1, run 93784000000, mem 16384
             of nobody, submit 1767600000000000, wait 120000000, tasks 1, run 90000000, mem 1431
             of nobody, submit 1767600000250000, tasks 1, run 5400000000
            columns: submit = submit, run = run, wait = wait, mem = mem
        "]],
    );
}

#[test]
fn a_table_may_be_parquet() {
    let folder = folder();
    let path = folder.path().join("jobs.parquet");
    parquet::jobs(&path);
    expect![[r"
         of ann, submit 1767600000000000, tasks 1, run 60500000, mem 1024
         of bob, submit 1767600000250000, tasks 1, mem 1
        columns: submit = submitted, run = run_s (s), mem = memory_bytes (b), user = owner
        not read: colour
        run times that the source does not tell: 1 of 2 tasks
    "]]
    .assert_eq(&imported(&folder, &path, ""));
}

#[test]
fn starts_and_ends_tell_run_times() {
    check(
        "",
        "start_s;end_s;tasks;gang\n0;10;4;yes\n5;;1;no\n;;2;no\n9;8;1;no\n4;5;0;no\n",
        &expect![[r"
             of nobody together, submit 0, tasks 4, run 10000000
             of nobody, submit 5000000, tasks 1, censored
             of nobody, tasks 2, unstarted
             of nobody, submit 9000000, tasks 1, damaged
            columns: start = start_s (s), end = end_s (s), tasks = tasks, gang = gang
            records dropped: 1: a job without tasks
            run times: from start to end; jobs without a start did not run, those without an end still ran
            run times of which the trace holds a part: 1 of 8 tasks
            run times that are damaged: 1 of 8 tasks
            submissions: the start, of 3 jobs without a submission
            tasks that never started, and add no load: 2 of 8 tasks
        "]],
    );
}

#[test]
fn cells_may_be_quoted_and_go_over_lines() {
    check(
        "",
        "job\trun_s\tuser\n\"a \"\"b\"\",\nc\"\t5\tann\n5\" disk\t6\t\n",
        &expect![[r#"
            a "b",
            c of ann, tasks 1, run 5000000
            5" disk of nobody, tasks 1, run 6000000
            columns: job = job, run = run_s (s), user = user
        "#]],
    );
    check(
        "",
        "job,run_s,user\na,5,ann\n\"b,6,bob\nc,7,cid\n",
        &expect![[r"
        jobs.csv:3: expected the end of a quoted cell, found none
          hint: a cell may go over 100 lines at most
    "]],
    );
}

#[test]
fn what_is_no_table_of_jobs_is_told() {
    check(
        "",
        "job,colour,user\n",
        &expect![[r"
            jobs.csv: nothing tells the format
              hint: say which one it is with --format; the nearest are
                table: line 1: expected a column that tells how long a job ran (run_s), or when it ended (end), found `job, colour, user`
                helios: line 1: expected a first line that names the column `job_id`, found `job,colour,user` (columns: job_id, submit_time, start_time, end_time)
                acme: line 1: expected a first line that names the column `job_id`, found `job,colour,user` (columns: job_id, submit_time, start_time, end_time)
        "]],
    );
    check(
        "run=seconds",
        "",
        &expect![[r"
        jobs.csv:1: expected at least one job, found none
          hint: a first line that names the columns, then a row a job
    "]],
    );
    check(
        "run=run_s",
        "run_s,job\n",
        &expect![[r"
        jobs.csv:1: expected at least one job, found none
          hint: a first line that names the columns, then a row a job
    "]],
    );
    check(
        "",
        "run_s,end_s,job\n5,6\n",
        &expect![[r"
        jobs.csv:2: expected 3 columns, as the first line has, found 2 columns
    "]],
    );
    check(
        "",
        "run_s,end_s,job\n5,-6,a\n",
        &expect![[r"
            jobs.csv:2: column 2 (end_s): expected a number of seconds, found `-6`
              hint: digits with at most one point and exponent: no sign, blank or unit
        "]],
    );
    check(
        "",
        "run_s,cpus,job\n5,99999999999,a\n",
        &expect![[r"
        jobs.csv:2: column 2 (cpus): expected at most 1000000000 cores, found `99999999999`
          hint: so large a number is taken for damage
    "]],
    );
}

#[test]
fn one_bad_row_can_be_dropped() {
    let folder = folder();
    let table = "job,run_s,user\na,5,ann\n\"b,6,bob\nc,x,cid\nd,8,dan\n";
    let path = write(&folder, "jobs.csv", table);
    let (manifest, report) =
        import(&path, Format::Plain, &folder.path().join("form"), true).unwrap();
    report.account.check().unwrap();
    assert_eq!((report.records(), report.damaged()), (2, 2));
    assert!(manifest.rows.contains(&("jobs".to_owned(), 2)));
    let told: Vec<u64> = report.problems.iter().filter_map(|one| one.line).collect();
    assert_eq!(told, [3, 4]);
}

#[test]
fn parts_are_one_table() {
    let folder = folder();
    let parts = folder.path().join("parts");
    std::fs::create_dir(&parts).unwrap();
    std::fs::write(parts.join("2.csv"), "run_s,cpus,user,colour\n7,2,bob,red\n").unwrap();
    std::fs::write(parts.join("1.csv"), "user,cpus,run_s\nann,1,5\n").unwrap();
    assert_eq!(Format::detect(&parts).unwrap(), Format::Plain);
    let facts = stat(&parts, None).unwrap().facts;
    let fact = |name: &str| {
        facts
            .iter()
            .find(|(known, _)| *known == name)
            .unwrap()
            .1
            .as_str()
    };
    assert_eq!(
        (fact("jobs"), fact("users"), fact("not_read")),
        ("2", "2", "colour")
    );
}
