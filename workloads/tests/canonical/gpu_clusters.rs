//! What clusters of GPUs tell of their jobs: attempts, times that are not there, tables of one folder.

use std::fmt::Write as _;
use std::path::Path;

use expect_test::{Expect, expect};
use fairground_workloads::Format;
use fairground_workloads::canonical::Opened;
use fairground_workloads::canonical::tables::Machine;
use fairground_workloads::formats::validate;

use crate::common::{folder, told, write};
use crate::{jobs, rows, shown};

/// What becomes of a file.
fn check(format: Format, text: &str, expected: &Expect) {
    expected.assert_eq(&jobs(format, text));
}

/// What becomes of a folder of tables, the format of which it tells by itself.
fn together(format: Format, files: &[(&str, &str)], expected: &Expect) {
    let folder = folder();
    let path = folder.path().join("tables");
    std::fs::create_dir(&path).unwrap();
    for (name, text) in files {
        std::fs::write(path.join(name), text).unwrap();
    }
    assert_eq!(Format::detect(&path).unwrap(), format);
    let mut said = shown(&folder, &path, format.into());
    if let Ok(trace) = Opened::open(&folder.path().join("form")) {
        said += &machines(&trace);
        let sources = trace.manifest.sources.iter();
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        let sources: Vec<String> = sources.map(|one| name(&one.path)).collect();
        writeln!(said, "of {}", sources.join(", ")).unwrap();
    }
    expected.assert_eq(&said);
}

fn machines(trace: &Opened) -> String {
    let mut said = String::new();
    for one in rows::<Machine>(trace) {
        let platform = one.platform.unwrap_or_default();
        let amounts = [one.cpus, one.memory, one.gpus];
        let amounts = amounts.map(|amount| amount.map_or("-".to_owned(), |some| some.to_string()));
        writeln!(
            said,
            "machine {} {} {platform}",
            one.name,
            amounts.join("/")
        )
        .unwrap();
    }
    said
}

/// What is wrong with a file.
fn wrong(format: Format, text: &str, expected: &Expect) {
    let folder = folder();
    let path = write(&folder, "file", text);
    let check = validate(&path, format, 9);
    let problems = check.problems.iter().map(|one| format!("{one}\n"));
    let odd = check.warnings.iter().map(|one| format!("warning: {one}\n"));
    let said: String = problems.chain(odd).collect();
    expected.assert_eq(&told(folder.path(), &said));
}

/// A job of Philly's log.
fn philly(name: &str, submit: &str, attempts: &[(&str, &str, u64)]) -> String {
    let attempts = attempts.iter().map(|(start, end, gpus)| {
        let gpus: Vec<String> = (0..*gpus).map(|gpu| format!("\"gpu{gpu}\"")).collect();
        let detail = format!("[{{\"ip\": \"m1\", \"gpus\": [{}]}}]", gpus.join(", "));
        format!("{{\"start_time\": {start}, \"end_time\": {end}, \"detail\": {detail}}}")
    });
    let attempts: Vec<String> = attempts.collect();
    format!(
        "{{\"status\": \"Pass\", \"vc\": \"v\", \"jobid\": \"{name}\", \"attempts\": [{}], \
         \"submitted_time\": {submit}, \"user\": \"u\"}}",
        attempts.join(", ")
    )
}

const T0: &str = "\"2017-10-07 01:00:00\"";
const T1: &str = "\"2017-10-07 01:10:00\"";
const T2: &str = "\"2017-10-07 01:30:00\"";
const T3: &str = "\"2017-10-07 02:00:00\"";
const T4: &str = "\"2017-10-07 02:00:01 PDT\"";

#[test]
fn attempts_of_philly_follow_each_other() {
    let log = [
        philly("once", T0, &[(T1, T2, 2)]),
        philly("again", T0, &[(T1, T2, 8), (T3, T4, 4)]),
        philly("runs", T0, &[(T0, T1, 1), (T2, "null", 1)]),
        philly("never", T0, &[]),
        philly("no_gpus", T0, &[(T1, T1, 0)]),
        philly("no_start", T0, &[("\"None\"", T2, 1)]),
        philly("nothing", "\"\"", &[("null", "null", 1)]),
        philly("backwards", T0, &[(T2, T1, 1)]),
        philly("lost_between", T0, &[(T1, "\"None\"", 1), (T2, T3, 1)]),
        philly("no_submission", "null", &[(T1, T2, 1)]),
        "{\"jobid\": \"bare\", \"attempts\": null}".to_owned(),
    ];
    check(
        Format::PhillyJobs,
        &format!("[{}]", log.join(",\n")),
        &expect![[r#"
            once of v together, submit 1507338000000000, wait 600000000, tasks 2, run 1200000000, gpus 1000, Pass
            again of v together, submit 1507338000000000, wait 600000000, tasks 8, run 1201000000, gpus 1000, Pass
            runs of v together, submit 1507338000000000, wait 0, tasks 1, run 2401000000, gpus 1000, censored, Pass
            never of v together, submit 1507338000000000, tasks 1, unstarted, Pass
            no_gpus of v together, submit 1507338000000000, wait 600000000, tasks 1, run 0, gpus 0, Pass
            no_start of v together, submit 1507338000000000, tasks 1, gpus 1000, damaged, Pass
            nothing of v together, tasks 1, gpus 1000, damaged, Pass
            backwards of v together, submit 1507338000000000, wait 1800000000, tasks 1, gpus 1000, damaged, Pass
            lost_between of v together, submit 1507338000000000, wait 600000000, tasks 1, gpus 1000, damaged, Pass
            no_submission of v together, submit 1507338600000000, tasks 1, run 1200000000, gpus 1000, Pass
            bare of nobody together, tasks 1, unstarted
            GPUs: of 1 jobs attempts had other numbers of GPUs than the first that had some, which counts
            attempts: 3 jobs were tried again after 3 attempts that ran 1800 s in all, which is part of how long they run
            job shape: a task a GPU, all at the same time; CPU and memory are not in the source
            read and not kept: user, attempts.detail.ip
            run times: all attempts at a job one after the other, without the waits between them; a job that still runs has run until the latest time in the log
            run times of which the trace holds a part: 1 of 19 tasks
            run times that are damaged: 4 of 19 tasks
            tasks that never started, and add no load: 2 of 19 tasks
        "#]],
    );
    // One value a line is read as well.
    check(
        Format::PhillyJobs,
        &philly("line", T0, &[(T1, T2, 2)]),
        &expect![[r#"
            line of v together, submit 1507338000000000, wait 600000000, tasks 2, run 1200000000, gpus 1000, Pass
            job shape: a task a GPU, all at the same time; CPU and memory are not in the source
            read and not kept: user, attempts.detail.ip
            run times: all attempts at a job one after the other, without the waits between them; a job that still runs has run until the latest time in the log
        "#]],
    );
}

#[test]
fn servers_of_philly_stand_beside_its_log() {
    let log = philly("one", T0, &[(T1, T2, 2)]);
    let servers = "machineId, number of GPUs, single GPU mem\nm1,8, 24GB\nm2,2, 12GB\n";
    let busy = "time,machine_id,cpu_util\n2017-11-27 00:04:00 PST,m1,31.845\n";
    let files = [
        ("cluster_cpu_util", busy),
        ("cluster_job_log", &log),
        ("cluster_machine_list", servers),
    ];
    together(
        Format::PhillyJobs,
        &files,
        &expect![[r#"
        one of v together, submit 1507338000000000, wait 600000000, tasks 2, run 1200000000, gpus 1000, Pass
        job shape: a task a GPU, all at the same time; CPU and memory are not in the source
        read and not kept: user, attempts.detail.ip
        run times: all attempts at a job one after the other, without the waits between them; a job that still runs has run until the latest time in the log
        machine m1 -/-/8000 24GB
        machine m2 -/-/2000 12GB
        of cluster_job_log, cluster_machine_list
    "#]],
    );
}

#[test]
fn what_is_wrong_with_the_log_is_told() {
    wrong(
        Format::PhillyJobs,
        "[{\"jobid\": 5}]",
        &expect![[r#"
        file:1: column 11: expected a job; invalid type: integer `5`, expected a string
          hint: keys: status, vc, jobid, submitted_time, user, attempts[{start_time, end_time, detail[{ip, gpus}]}]
    "#]],
    );
    wrong(
        Format::PhillyJobs,
        &philly("a", "\"soon\"", &[]),
        &expect![[r#"
            file:1: column 84: expected a job; expected a time such as 2017-10-07 01:12:09 or None, found `soon`
              hint: keys: status, vc, jobid, submitted_time, user, attempts[{start_time, end_time, detail[{ip, gpus}]}]
        "#]],
    );
    wrong(
        Format::PhillyJobs,
        &philly("a", T0, &[(T2, T1, 1)]),
        &expect![[r#"
            warning: file:1: key attempts: expected an end not before the start, found an earlier one
              hint: how long such a job ran is not known
        "#]],
    );
    wrong(
        Format::PhillyGpu,
        "time,machineId,gpu0_util\n1,m\n",
        &expect![[r#"
            file:2: expected 3 columns, perhaps with a comma behind the last, found 2 columns
              hint: columns: time, machineId, gpu0_util, gpu1_util, ...
        "#]],
    );
    let glued =
        "time,machineId,gpu0_util\n2017-10-03 00:08:00 PDT,m,1,2017-10-03 00:09:00 PDT,m,2\n";
    wrong(
        Format::PhillyGpu,
        glued,
        &expect![[r#"
        warning: file:2: expected one reading a row, found more
          hint: what stands behind the first is not read
    "#]],
    );
    wrong(
        Format::PhillyMemory,
        "time,machine_id,mem_total,mem_free\n2017-10-03 00:06:00 PDT,m,1,2\n",
        &expect![[r#"
            warning: file:2: column mem_free: expected at most mem_total, found more
        "#]],
    );
    wrong(
        Format::PhillyCpu,
        "time,machine_id,cpu_util\n2017-10-03 00:06:00,m,1\n",
        &expect![[r#"
            file:2: column 1 (time): expected a time of the form 2017-10-03 00:08:00 PDT, found `2017-10-03 00:06:00`
        "#]],
    );
}
