//! Google `ClusterData` 2011.

use expect_test::expect;
use fairground_readers::Format;
use fairground_readers::formats::rows::Rows;
use fairground_readers::formats::{google2011, stat, validate};

use crate::check;
use crate::common::published::{GOOGLE_JOBS, GOOGLE_MACHINES, GOOGLE_TASKS};
use crate::common::{counted, first_rows, folder, gzip, told};

#[test]
fn machines_are_counted() {
    expect![[r"
        rows 4
        columns 6
        events_ADD0_REMOVE1_UPDATE2 0: 2, 1: 1, 2: 1
        distinct_machines 2
        machines_added_at_t0 2
        t0_cpu_capacity_sum 1.5
        t0_mem_capacity_sum 1.2493
        t0_shapes_cpu_mem 0.5/0.2493: 1, 1/1: 1
        rows_with_blank_capacity 1
        platforms 1
        last_time_us 700000000
        time_nondecreasing yes
        blank_lines 0
        lines_not_utf8 0
    "]]
    .assert_eq(&counted(Format::Google2011Machines, GOOGLE_MACHINES));
    expect![[r"
        time_us,machine,event,platform,cpus,memory
        0,5,add,HofLGzk1Or/8=,0.5,0.2493
        0,6,add,HofLGzk1Or/8=,1,1
    "]]
    .assert_eq(&first_rows(Format::Google2011Machines, GOOGLE_MACHINES));
}

#[test]
fn jobs_are_counted() {
    expect![[r"
        rows 5
        columns 8
        event_codes 0: 3, 1: 1, 5: 1
        distinct_jobs 2
        distinct_users 2
        submits_by_scheduling_class -: 1, 0: 1, 3: 1
        jobs_with_submit 2
        submits_at_t0 1
        first_time_us 0
        last_time_us 600500009
        time_nondecreasing yes
        rows_with_missing_info 1
        jobs_submitted_after_t0_with_end_in_window 1
        blank_lines 0
        lines_not_utf8 0
        submit_to_last_end_s [millionths of a second] [1, 500001, 500001, 500001, 500001] 500001
    "]]
    .assert_eq(&counted(Format::Google2011Jobs, GOOGLE_JOBS));
    expect![[r"
        time_us,missing,job,event,user,class,name,logical_name
        0,,3418309,submit,70s3v5q/w+5CK=,3,IHgtoxEBuU=,wAmgn2H74c=
        600000000,,3418310,submit,userB=,0,nameB=,logicalB=
    "]]
    .assert_eq(&first_rows(Format::Google2011Jobs, GOOGLE_JOBS));
}

#[test]
fn tasks_are_counted() {
    expect![[r"
        rows 6
        columns 13
        event_codes 0: 3, 1: 2, 2: 1
        distinct_tasks 3
        distinct_jobs 3
        distinct_machines 3
        rows_at_t0 2
        tasks_running_at_t0 1
        t0_cpu_request_sum 0.125
        t0_mem_request_sum 0.07446
        last_time_us 601500101
        time_nondecreasing yes
        rows_missing_info_2 1
        rows_blank_cpu_request 1
        submit_rows 3
        submits_by_priority 0: 2, 9: 1
        tasks_scheduled_and_not_ended_in_window 1
        blank_lines 0
        lines_not_utf8 0
        submit_cpu_request [billionths of the largest machine] [2, 3815, 3815, 3815, 3815] 7630
        submit_mem_request [billionths of the largest machine] [2, 15900000, 15900000, 15900000, 15900000] 31800000
        completed_runs_scheduled_after_t0_s [millionths of a second] [1, 1500000, 1500000, 1500000, 1500000] 1500000
    "]].assert_eq(&counted(Format::Google2011Tasks, GOOGLE_TASKS));
    expect![[r"
        time_us,job,index,machine,event,user,class,priority,cpus,memory,disk
        0,3418309,0,4155527081,submit,70s3v5q=,3,9,,,
        0,3418314,0,3938719206,schedule,70s3v5q=,3,9,0.125,0.07446,0.0004244
    "]]
    .assert_eq(&first_rows(Format::Google2011Tasks, GOOGLE_TASKS));
}

#[test]
fn damage_is_named() {
    let row = "0,,7,0,9,1,u,3,9,0.1,0.2,0.3,0\n";
    let files = [
        "# nothing else\n".to_owned(),
        "0,,7,0,9,1,u,3,9,0.1,0.2,0.3\n".to_owned(),
        row.replace(",9,1,", ",9,11,"),
        row.replace("0.2", "0,2").replace(",0.3", ""),
        row.replace("0.2", "lots"),
        row.replace("0.2", "1e9"),
        row.replace(",3,9,", ",4,9,"),
        row.replace("0,,7", "-5,3,7"),
        row.replace("0,,7", "0,3,7"),
    ];
    check(
        Format::Google2011Tasks,
        &files,
        &expect![[r"
            0 good
            file:1: expected at least one task event, found none
              hint: columns: time, missing, job, index, machine, event, user, class, priority, cpus, memory, disk, different_machines

            0 good
            file:1: expected 13 columns separated by commas, found 12 columns
              hint: time, missing, job, index, machine, event, user, class, priority, cpus, memory, disk, different_machines

            0 good
            file:1: column 6 (event): expected an event, 0 to 8, found `11`

            1 good

            0 good
            file:1: column 11 (memory): expected a number of times the largest machine, found `lots`
              hint: digits with at most one point and exponent: no sign, blank or unit

            0 good
            file:1: column 11 (memory): expected at most 1000 times the largest machine, found `1e9`
              hint: so large a number is taken for damage

            0 good
            file:1: column 8 (class): expected a scheduling class, 0 to 3, found `4`

            0 good
            file:1: column 1 (time): expected a whole number of microseconds, found `-5`
              hint: digits only: no sign, fraction, blank or unit

            0 good
            file:1: column 2 (missing): expected a reason why something is missing, 0 to 2, found `3`
        "]],
    );
    check(
        Format::Google2011Jobs,
        &["0,,1,0,u,3,n"],
        &expect![[r"
        0 good
        file:1: expected 8 columns separated by commas, found 7 columns
          hint: time, missing, job, event, user, class, name, logical_name
        warning: file: expected a newline after the last line, found the end of the file
          hint: the file may be truncated, even in the middle of a number
    "]],
    );
    check(
        Format::Google2011Machines,
        &["0,1,3,p,1,1\n"],
        &expect![[r"
            0 good
            file:1: column 3 (event): expected an event, 0 to 2, found `3`
        "]],
    );
}

#[test]
fn a_folder_is_read_as_its_parts() {
    let folder = folder();
    let [first, rest] = [0, 1].map(|half| {
        let lines: Vec<&str> = GOOGLE_TASKS.lines().collect();
        let half = &lines[half * 3..half * 3 + 3];
        format!("{}\n", half.join("\n"))
    });
    let parts = folder.path().join("task_events");
    std::fs::create_dir(&parts).unwrap();
    std::fs::write(parts.join("part-00001-of-00002.csv.gz"), gzip(rest)).unwrap();
    std::fs::write(parts.join("part-00000-of-00002.csv.gz"), gzip(first)).unwrap();
    std::fs::write(parts.join(".hidden"), "nothing to read").unwrap();
    assert_eq!(Format::detect(&parts).unwrap(), Format::Google2011Tasks);
    let facts = stat(&parts, Format::Google2011Tasks).unwrap().facts;
    let whole = counted(Format::Google2011Tasks, GOOGLE_TASKS);
    assert!(
        facts
            .iter()
            .all(|(name, fact)| whole.contains(&format!("{name} {fact}\n")))
    );
    let mut records = Rows::<google2011::tasks::Record>::open(&parts).unwrap();
    let mut lines = Vec::new();
    while let Some(record) = records.next() {
        record.unwrap();
        lines.push(records.place().line);
    }
    assert_eq!(lines, [1, 2, 3, 1, 2, 3]);

    std::fs::write(parts.join("part-00001-of-00002.csv.gz"), "\n1,2\n").unwrap();
    let problems = validate(&parts, Format::Google2011Tasks, 9).problems;
    let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
    expect![[r"
        task_events/part-00001-of-00002.csv.gz:2: expected 13 columns separated by commas, found 2 columns
          hint: time, missing, job, index, machine, event, user, class, priority, cpus, memory, disk, different_machines"]].assert_eq(&told(folder.path(), &said.join("\n")));

    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let error = stat(&empty, Format::Google2011Tasks).unwrap_err();
    expect!["empty: expected a file or a folder of parts, found an empty folder"]
        .assert_eq(&told(folder.path(), &error.to_string()));

    for inner in ["task_events", "part-10", "part-2", ".hidden", "more"] {
        std::fs::create_dir(empty.join(inner)).unwrap();
    }
    let error = stat(&empty, Format::Google2011Tasks).unwrap_err();
    expect![[r"
        empty: expected a file or a folder of parts, found a folder of folders alone (more, part-2, part-10, ...)
          hint: name one of them"]].assert_eq(&told(folder.path(), &error.to_string()));
    std::fs::write(empty.join("README.md"), "# What is here\n").unwrap();
    let error = Format::detect(&empty).unwrap_err();
    expect![[r"
        empty: nothing in this folder tells the format
          hint: folders in it are not looked into (more, part-2, part-10, ...): name one of them if that is the trace, or say which format it is with --format (`trace stat --help` lists them)"]].assert_eq(&told(folder.path(), &error.to_string()));
}
