//! Spark's event logs: what counts as a task of a job, whose a stage is, and logs in parts.

use std::fmt::Write as _;
use std::fs;

use expect_test::{Expect, expect};
use fairground_readers::Format;
use fairground_readers::canonical::Opened;
use fairground_readers::canonical::import::import;
use fairground_readers::canonical::tables::{Job, Stage, Tasks};
use serde_json::{Value, json};

use crate::common::packing::{lz4_block, snappy_java};
use crate::common::{folder, zstd};
use crate::rows;

/// A job that lists stages as number, tasks and parents.
fn job(id: u64, at: u64, stages: &[(u64, u64, &[u64])]) -> Value {
    let infos = stages.iter().map(|(id, tasks, parents)| {
        json!({"Stage ID": id, "Stage Attempt ID": 0, "Number of Tasks": tasks, "Parent IDs": parents})
    });
    let infos: Vec<Value> = infos.collect();
    json!({"Event": "SparkListenerJobStart", "Job ID": id, "Submission Time": at, "Stage Infos": infos})
}

/// The end of a task of a stage and its attempt, after so many milliseconds.
fn end([stage, attempt, index]: [u64; 3], [from, to]: [u64; 2], reason: &str) -> Value {
    json!({
        "Event": "SparkListenerTaskEnd", "Stage ID": stage, "Stage Attempt ID": attempt,
        "Task End Reason": {"Reason": reason},
        "Task Info": {
            "Index": index, "Launch Time": from, "Finish Time": to,
            "Failed": reason.contains("Fail"), "Killed": reason == "TaskKilled",
        },
    })
}

fn with(mut event: Value, key: &str, value: u64) -> Value {
    event["Task Info"][key] = value.into();
    event
}

fn lines(events: &[Value]) -> String {
    let mut text = String::new();
    for event in events {
        writeln!(text, "{event}").unwrap();
    }
    text
}

/// The jobs of a log in these files, and what was said about it.
fn made(files: &[(&str, Vec<u8>)]) -> String {
    let folder = folder();
    let log = folder.path().join("log");
    fs::create_dir(&log).unwrap();
    for (name, content) in files {
        fs::write(log.join(name), content).unwrap();
    }
    assert_eq!(Format::detect(&log).unwrap(), Format::SparkEvents);
    let place = folder.path().join("form");
    let imported = import(&log, Format::SparkEvents, &place, false);
    let (manifest, report) = imported.unwrap_or_else(|error| panic!("{error}"));
    let trace = Opened::open(&place).unwrap();
    let (stages, tasks) = (rows::<Stage>(&trace), rows::<Tasks>(&trace));
    let mut shown = String::new();
    for job in rows::<Job>(&trace) {
        write!(shown, "{} at {}", job.name, job.submit.unwrap_or(0) / 1000).unwrap();
        for stage in stages.iter().filter(|stage| stage.job == job.id) {
            write!(shown, "; {}:", stage.name).unwrap();
            let of = |row: &&Tasks| (row.job, row.stage) == (stage.job, stage.stage);
            for row in tasks.iter().filter(of) {
                let run = row
                    .run
                    .map_or("?".to_owned(), |run| (run / 1000).to_string());
                let why = row.unknown.map_or("", |why| why.word());
                write!(shown, " {run}{why}").unwrap();
            }
        }
        shown.push('\n');
    }
    for assumed in manifest
        .assumptions
        .iter()
        .filter(|a| a.about != "stages" && a.about != "tasks")
    {
        writeln!(shown, "{}: {}", assumed.about, assumed.model).unwrap();
    }
    assert!(report.dropped() == 0);
    shown
}

fn check(events: &[Value], expected: &Expect) {
    expected.assert_eq(&made(&[("eventlog", lines(events).into_bytes())]));
}

#[test]
fn a_partition_counts_once_with_its_first_success() {
    let events = [
        job(0, 1000, &[(0, 3, &[]), (1, 2, &[0])]),
        end([0, 0, 0], [1000, 1010], "Success"),
        end([0, 0, 1], [1000, 1020], "Success"),
        end([0, 0, 1], [1005, 1021], "TaskKilled"),
        end([0, 0, 0], [1000, 1030], "Success"),
        end([0, 0, 2], [1000, 1030], "ExecutorLostFailure"),
        with(end([0, 0, 2], [1030, 1070], "Success"), "Attempt", 1),
        // The executor with the results of two partitions is lost.
        end([0, 0, 0], [1000, 1010], "Resubmitted"),
        end([1, 0, 0], [1070, 1075], "Success"),
        end([1, 0, 1], [1070, 1072], "FetchFailed"),
        end([0, 1, 0], [1080, 1190], "Success"),
        end([0, 1, 1], [1080, 1191], "Success"),
        // A log of an old version does not tell that this is the second partition.
        end([1, 1, 0], [1191, 1197], "Success"),
    ];
    check(
        &events,
        &expect![[r"
            job 0 at 1000; stage 0: 10 20 40; stage 1: 5 6
            merged: 3 attempts of partitions that had succeeded before
            read and not kept: executors
            records passed over: 1: ends of tasks told again, as the executor with their result was lost
            records passed over: 3: attempts that failed or were killed
        "]],
    );
    let partitions = events.map(|event| {
        let index = event["Task Info"]["Index"].as_u64();
        let second = event["Stage ID"] == 1 && event["Stage Attempt ID"] == 1;
        match index {
            Some(index) => with(event, "Partition ID", if second { 1 } else { index }),
            None => event,
        }
    });
    check(
        &partitions,
        &expect![[r"
            job 0 at 1000; stage 0: 10 20 40; stage 1: 5 6
            merged: 3 attempts of partitions that had succeeded before
            read and not kept: executors
            records passed over: 1: ends of tasks told again, as the executor with their result was lost
            records passed over: 3: attempts that failed or were killed
        "]],
    );
}

#[test]
fn a_stage_is_that_of_the_first_job_that_lists_it() {
    check(
        &[
            job(0, 1000, &[(0, 2, &[])]),
            end([0, 0, 0], [1000, 1060], "Success"),
            end([0, 0, 1], [1000, 1060], "Success"),
            job(1, 7000, &[(0, 2, &[]), (1, 1, &[0])]),
            end([1, 0, 2], [7000, 7005], "Success"),
        ],
        &expect![[r"
            job 0 at 1000; stage 0: 60 60
            job 1 at 7000; stage 1: 5
            edges passed over: 1: of stages that ran in another job
            read and not kept: executors
        "]],
    );
}

#[test]
fn stages_of_jobs_that_the_log_does_not_tell_are_jobs() {
    check(
        &[
            end([3, 0, 0], [900, 950], "Success"),
            job(4, 1000, &[(5, 1, &[])]),
            end([5, 0, 0], [1000, 1060], "Success"),
            json!({"Event": "SparkListenerStageSubmitted", "Stage Info": {
                "Stage ID": 8, "Stage Attempt ID": 0, "Number of Tasks": 2, "Parent IDs": [7]}}),
            json!({"Event": "SparkListenerStageCompleted", "Stage Info": {
                "Stage ID": 7, "Stage Attempt ID": 0, "Number of Tasks": 1, "Parent IDs": []}}),
            end([7, 0, 0], [1100, 1110], "Success"),
            end([8, 0, 0], [1110, 1120], "Success"),
            end([8, 0, 1], [1110, 1130], "Success"),
        ],
        &expect![[r"
            job 4 at 1000; stage 5: 60
            stages 3 at 900; stage 3: 50
            stages 7 8 at 1100; stage 7: 10; stage 8: 10 20
            read and not kept: executors
            stages without a job: 3 are in the list of no job that the log tells: those that wait for one another are a job each, 2 in all, submitted when its first task began
        "]],
    );
}

#[test]
fn what_ran_on_when_the_log_ends_is_censored() {
    let start = |index: u64, id: u64, at: u64| {
        json!({"Event": "SparkListenerTaskStart", "Stage ID": 0, "Stage Attempt ID": 0,
            "Task Info": {"Task ID": id, "Index": index, "Launch Time": at, "Finish Time": 0}})
    };
    check(
        &[
            job(0, 1000, &[(0, 4, &[])]),
            start(0, 10, 1000),
            start(1, 11, 1000),
            start(0, 12, 1050),
            with(end([0, 0, 0], [1000, 1060], "Success"), "Task ID", 10),
            with(end([0, 0, 2], [1070, 1060], "Success"), "Task ID", 13),
        ],
        &expect![[r"
            job 0 at 1000; stage 0: 60 ?damaged 60censored ?unstarted
            merged: 1 attempts of partitions that had succeeded before
            read and not kept: executors
            run times of which the trace holds a part: 1 of 4 tasks
            run times that are damaged: 1 of 4 tasks
            tasks that never started, and add no load: 1 of 4 tasks
        "]],
    );
}

/// The same log whole and in parts, which is read so by its writer's rules.
fn parts(files: &[(&str, &[Value])]) {
    let parts: Vec<(&str, Vec<u8>)> = files
        .iter()
        .map(|(name, events)| {
            let text = lines(events);
            let packed = name.contains(".zst");
            (
                *name,
                if packed {
                    zstd(&text)
                } else {
                    text.into_bytes()
                },
            )
        })
        .collect();
    let whole = log();
    let whole = made(&[("eventlog", lines(&whole).into_bytes())]);
    assert_eq!(made(&parts), whole);
}

/// Two jobs that share a stage.
fn log() -> Vec<Value> {
    vec![
        json!({"Event": "SparkListenerLogStart", "Spark Version": "4.0.0"}),
        json!({"Event": "SparkListenerApplicationStart", "App Name": "x", "Timestamp": 900, "User": "u"}),
        job(0, 1000, &[(0, 2, &[])]),
        end([0, 0, 0], [1000, 1060], "Success"),
        end([0, 0, 1], [1000, 1060], "Success"),
        job(1, 7000, &[(0, 2, &[]), (1, 2, &[0])]),
        end([1, 0, 0], [7000, 7005], "Success"),
        end([1, 0, 1], [7000, 7006], "Success"),
        json!({"Event": "SparkListenerApplicationEnd", "Timestamp": 8000}),
    ]
}

#[test]
fn parts_of_a_log_are_read_by_the_rules_of_their_writers() {
    let all = log();
    parts(&[
        ("appstatus_x", &[]),
        ("events_1_x", &all[..2]),
        ("events_2_x", &all[2..5]),
        ("events_10_x", &all[5..]),
    ]);
    parts(&[
        ("appstatus_x.inprogress", &[]),
        ("events_1_x", &all[..4]),
        ("events_2_x", &all[4..5]),
        ("events_2_x.compact", &all[..5]),
        ("events_3_x", &all[5..]),
    ]);
    parts(&[
        ("events_1_x.zstd", &all[..5]),
        ("events_2_x.zstd", &all[5..]),
    ]);
    parts(&[
        ("eventlog", &all[5..]),
        ("eventlog-2024-05-01--10-00.zst", &all[3..5]),
        ("eventlog-2024-05-01--09-00", &all[..3]),
    ]);
    // Every format in parts: twelve of them, in which only the order of numbers is right.
    let names: Vec<String> = (1..=9).map(|part| format!("part-{part}")).collect();
    let split: Vec<(&str, &[Value])> = names
        .iter()
        .zip(all.chunks(1))
        .map(|(name, part)| (name.as_str(), part))
        .collect();
    parts(&split);
    let names: Vec<String> = (3..=11).map(|part| format!("log.{part}")).collect();
    let split: Vec<(&str, &[Value])> = names
        .iter()
        .zip(all.chunks(1))
        .map(|(name, part)| (name.as_str(), part))
        .collect();
    parts(&split);
}

#[test]
fn logs_are_packed_as_spark_packs_them() {
    let all = log();
    let whole = made(&[("eventlog", lines(&all).into_bytes())]);
    let flushed = |pack: fn(&str) -> Vec<u8>| {
        let halves = [&all[..4], &all[4..]].map(|part| pack(&lines(part)));
        made(&[("app-1.lz4", halves.concat())])
    };
    for pack in [
        |text: &str| lz4_block(text),
        |text: &str| snappy_java(text),
        |text: &str| zstd(text),
    ] {
        assert_eq!(flushed(pack), whole);
    }
    let folder = folder();
    let path = folder.path().join("eventlog");
    let mut shown = String::new();
    let mut torn = lz4_block(lines(&all));
    torn.truncate(700);
    let others = [b"ZV\x01\0\x10".to_vec(), b"ARROW1\0\0".to_vec()];
    for bytes in [torn].iter().chain(&others) {
        fs::write(&path, bytes).unwrap();
        let place = folder.path().join("form");
        let problem = import(&path, Format::SparkEvents, &place, false);
        let problem = problem.unwrap_err().to_string();
        writeln!(shown, "{}", crate::told(folder.path(), &problem)).unwrap();
    }
    expect![[r#"
        eventlog:5: after 688 unpacked bytes: cannot be read: unexpected end of file
          hint: the file looks truncated; fetch it again
        eventlog: after 0 unpacked bytes: cannot be read: it is packed with LZF in a framing of Java's own; unpack it with Spark, or write logs with spark.eventLog.compression.codec=zstd
          hint: name another archive, or the unpacked file
        eventlog: after 0 unpacked bytes: cannot be read: it is a table of Arrow, which is read as a plain table (--format table, --columns) and as nothing else; write it as Parquet, as in pandas.read_feather("jobs.arrow").to_parquet("jobs.parquet")
          hint: name another archive, or the unpacked file
    "#]].assert_eq(&shown);
}
