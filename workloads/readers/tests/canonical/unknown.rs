//! Why a run time is not known: what each format says of tasks that never started, whose times cannot
//! be right, and of which the trace holds a part.

use expect_test::expect;
use fairground_readers::Format;
use fairground_readers::canonical::tables::Tasks;

use crate::common::{folder, published, recent};
use crate::{imported, jobs, rows};

/// The run times of all tasks in seconds, each with why it is not known.
fn check(format: Format, text: &str, expected: &str) {
    let folder = folder();
    let trace = imported(&folder, "trace", format, text);
    let shown: Vec<String> = rows::<Tasks>(&trace)
        .iter()
        .map(|tasks| {
            let run = tasks.run.map(|run| format!("{}", run as f64 / 1e6));
            let why = tasks.unknown.map(|why| why.word().to_owned());
            let parts: Vec<String> = run.into_iter().chain(why).collect();
            if parts.is_empty() {
                "untold".to_owned()
            } else {
                parts.join(" ")
            }
        })
        .collect();
    assert_eq!(shown.join(", "), expected, "{format}");
}

#[test]
fn pods_that_wait_never_ran_and_those_that_outlive_the_trace_are_censored() {
    let pods = format!(
        "{}c,1,1,0,0,,LS,Running,12902900,12902960,12902950\nd,1,1,0,0,,LS,Failed,9,8,9\n",
        published::OPENB_PODS
    );
    check(
        Format::OpenbPods,
        &pods,
        "12537491, unstarted, 99, 10 censored, damaged",
    );
    check(Format::OpenbPods, published::OPENB_BRIEF, "untold");
    check(Format::Dlrm, published::DLRM, "9000 censored, 8523.5");
}

#[test]
fn tasks_of_alibaba_that_run_or_wait_when_the_trace_ends() {
    let tasks = "M1,1,j_1,1,Terminated,1000,1100,100,0.5\n\
                 M1,1,j_2,1,Running,1300,0,100,0.5\n\
                 M1,1,j_3,1,Failed,1900,1800,100,0.5\n\
                 M1,1,j_4,1,Waiting,0,0,100,0.5\n\
                 M1,1,j_5,1,Terminated,1900,0,100,0.5\n\
                 M1,1,j_6,1,Failed,0,0,100,0.5\n";
    let expected = "100, censored, damaged, unstarted, censored, damaged";
    check(Format::Alibaba2018Tasks, tasks, expected);
    let instances = "i_1,M1,j_1,1,Terminated,100,160,m_2,1,1,74.5,99,0.1,0.2\n\
                     i_2,M1,j_1,1,Running,160,0,m_2,1,1,74.5,99,0.1,0.2\n\
                     i_3,M1,j_1,1,Failed,160,,,1,2,,,,\n\
                     i_4,M1,j_1,1,Ready,,,,1,2,,,,\n\
                     i_5,M1,j_1,1,Terminated,160,150,m_2,1,1,74.5,99,0.1,0.2\n";
    check(
        Format::Alibaba2018Instances,
        instances,
        "60, censored, censored, unstarted, damaged",
    );
    let old = "task_create_time,task_end_time,job_id,task_id,instances,status,cpus,memory\n\
               10,20,1,1,1,Terminated,50,0.1\n\
               10,25,1,2,1,Failed,50,0.1\n\
               10,11,2,3,1,Waiting,50,0.1\n\
               10,12,3,4,1,Running,50,0.1\n\
               10,9,4,5,1,Terminated,50,0.1\n";
    check(
        Format::Alibaba2017,
        old,
        "10, 15, unstarted, censored, damaged",
    );
}

#[test]
fn tasks_of_google_from_before_the_trace_and_behind_its_end() {
    let row = |time: &str, job: u64, event: u64| {
        format!("{time},,{job},0,1,{event},u,0,0,0.1,0.1,0.1,0\n")
    };
    let never = i64::MAX.to_string();
    let rows = [
        ("0", 1, 1),
        ("600000000", 2, 0),
        ("600000000", 3, 0),
        ("601000000", 3, 1),
        ("602000000", 4, 0),
        ("602000000", 4, 1),
        ("603000000", 3, 4),
        ("603500000", 5, 4),
        ("604000000", 6, 0),
        ("604000001", 6, 1),
        ("605000000", 6, 2),
        ("606000000", 7, 0),
        ("606000000", 7, 5),
        ("607000000", 8, 0),
        ("608000000", 8, 1),
        ("609000000", 1, 4),
        (never.as_str(), 8, 4),
    ];
    let text: String = rows
        .iter()
        .map(|(time, job, event)| row(time, *job, *event))
        .collect();
    // 1 ran before the trace, 2 waits, 3 ends, 4 and 8 run on, 5 is told by its end only, 6 was evicted, 7 was
    // called off while it waited.
    check(
        Format::Google2011Tasks,
        &text,
        "censored, unstarted, 2, 7 censored, censored, unstarted, unstarted, 1 censored",
    );
}

#[test]
fn tasks_of_google_by_the_intervals_in_which_they_are_seen() {
    let row = |time: u64, job: u64, task: u64| format!("{time} {job} {task} 1 0.5 0.25\n");
    let rows = [
        // 1 was there before and runs on, 2 was there before, 3 comes and goes, and comes again.
        (0, 7, 1),
        (0, 7, 2),
        (300, 7, 1),
        (300, 7, 3),
        (600, 7, 1),
        (600, 7, 3),
        (600, 7, 3),
        (900, 7, 1),
        (1200, 7, 1),
        (1200, 7, 3),
        // Two tasks of another job have the numbers of the first; then an interval is left out.
        (1200, 8, 1),
        (1500, 7, 1),
        (1500, 8, 1),
        (2100, 7, 1),
        (2100, 8, 2),
    ];
    let rows = rows.map(|(time, job, task)| row(time, job, task)).concat();
    let text = format!("Time ParentID TaskID JobType NrmlTaskCores NrmlTaskMem\n{rows}");
    check(
        Format::Google2010,
        &text,
        "300 censored, 600, 300, 1800 censored, 300 censored, 600, 300 censored",
    );
    let late = text + &row(1800, 7, 1);
    expect![[r"
        file:17: column Time: expected a time not before the row above (2100), found 1800
          hint: such a file can be counted but not imported: sort its rows by time
    "]]
    .assert_eq(&jobs(Format::Google2010, &late));
}

#[test]
fn attempts_of_hadoop_and_requests() {
    check(Format::Rumen, recent::RUMEN, "17.043, censored");
    let never = recent::RUMEN.replace("{ \"startTime\" : 1371222061163 }", "");
    assert_ne!(never, recent::RUMEN);
    check(Format::Rumen, &never, "17.043, unstarted");
    let waits = recent::GENAI.replace("FAILED,0.0", "PENDING,0.0")
        + "2024-11-15 16:57:52,IMG_2_IMG,PROCESSING,5.0,G0001,,\n";
    check(Format::GenAi, &waits, "32, unstarted, 5 censored");
}
