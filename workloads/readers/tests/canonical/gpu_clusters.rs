//! What clusters of GPUs tell of their jobs: attempts, times that are not there, tables of one folder.

use std::fmt::Write as _;
use std::path::Path;

use expect_test::{Expect, expect};
use fairground_readers::Format;
use fairground_readers::canonical::Opened;
use fairground_readers::canonical::tables::Machine;
use fairground_readers::formats::validate;

use crate::common::{folder, told, write};
use crate::{jobs, rows, shown};

/// What becomes of a file.
pub(crate) fn check(format: Format, text: &str, expected: &Expect) {
    expected.assert_eq(&jobs(format, text));
}

/// What becomes of a folder of tables, the format of which it tells by itself.
pub(crate) fn together(format: Format, files: &[(&str, &str)], expected: &Expect) {
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
pub(crate) fn wrong(format: Format, text: &str, expected: &Expect) {
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
        &expect![[r"
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
        "]],
    );
    // One value a line is read as well.
    check(
        Format::PhillyJobs,
        &philly("line", T0, &[(T1, T2, 2)]),
        &expect![[r"
            line of v together, submit 1507338000000000, wait 600000000, tasks 2, run 1200000000, gpus 1000, Pass
            job shape: a task a GPU, all at the same time; CPU and memory are not in the source
            read and not kept: user, attempts.detail.ip
            run times: all attempts at a job one after the other, without the waits between them; a job that still runs has run until the latest time in the log
        "]],
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
        &expect![[r"
        one of v together, submit 1507338000000000, wait 600000000, tasks 2, run 1200000000, gpus 1000, Pass
        job shape: a task a GPU, all at the same time; CPU and memory are not in the source
        read and not kept: user, attempts.detail.ip
        run times: all attempts at a job one after the other, without the waits between them; a job that still runs has run until the latest time in the log
        machine m1 -/-/8000 24GB
        machine m2 -/-/2000 12GB
        of cluster_job_log, cluster_machine_list
    "]],
    );
}

#[test]
fn what_is_wrong_with_the_log_is_told() {
    wrong(
        Format::PhillyJobs,
        "[{\"jobid\": 5}]",
        &expect![[r"
        file:1: column 11: expected a job; invalid type: integer `5`, expected a string
          hint: keys: status, vc, jobid, submitted_time, user, attempts[{start_time, end_time, detail[{ip, gpus}]}]
    "]],
    );
    wrong(
        Format::PhillyJobs,
        &philly("a", "\"soon\"", &[]),
        &expect![[r"
            file:1: column 84: expected a job; expected a time such as 2017-10-07 01:12:09 or None, found `soon`
              hint: keys: status, vc, jobid, submitted_time, user, attempts[{start_time, end_time, detail[{ip, gpus}]}]
        "]],
    );
    wrong(
        Format::PhillyJobs,
        &philly("a", T0, &[(T2, T1, 1)]),
        &expect![[r"
            warning: file:1: key attempts: expected an end not before the start, found an earlier one
              hint: how long such a job ran is not known
        "]],
    );
    wrong(
        Format::PhillyGpu,
        "time,machineId,gpu0_util\n1,m\n",
        &expect![[r"
            file:2: expected 3 columns, perhaps with a comma behind the last, found 2 columns
              hint: columns: time, machineId, gpu0_util, gpu1_util, ...
        "]],
    );
    let glued =
        "time,machineId,gpu0_util\n2017-10-03 00:08:00 PDT,m,1,2017-10-03 00:09:00 PDT,m,2\n";
    wrong(
        Format::PhillyGpu,
        glued,
        &expect![[r"
        warning: file:2: expected one reading a row, found more
          hint: what stands behind the first is not read
    "]],
    );
    wrong(
        Format::PhillyMemory,
        "time,machine_id,mem_total,mem_free\n2017-10-03 00:06:00 PDT,m,1,2\n",
        &expect![[r"
            warning: file:2: column mem_free: expected at most mem_total, found more
        "]],
    );
    wrong(
        Format::PhillyCpu,
        "time,machine_id,cpu_util\n2017-10-03 00:06:00,m,1\n",
        &expect![[r"
            file:2: column 1 (time): expected a time of the form 2017-10-03 00:08:00 PDT, found `2017-10-03 00:06:00`
        "]],
    );
}

const HELIOS: &str = "job_id,user,vc,jobname,gpu_num,cpu_num,node_num,state,submit_time,start_time,end_time,duration,queue";

#[test]
fn jobs_of_helios_are_tasks_a_node() {
    let rows = [
        "1,ua,v1,train,16,65,2,COMPLETED,2020-06-09 18:00:00,2020-06-09 18:00:10,2020-06-09 18:01:10,60,10",
        "2,ua,v1,x,0,4,1,CANCELLED,2020-06-09 18:00:00,None,2020-06-09 18:00:05,0,5",
        "3,ub,v2,,8,8,1,FAILED,2020-06-09 18:00:00,2020-06-09 18:00:10,2020-06-09 18:00:05,-5,10",
        "4,ub,v2,,8,8,1,RUNNING,2020-06-09 18:00:00,2020-06-09 18:00:10,,,10",
        "5,ub,,,1,,,NODE_FAIL,2020-06-09 18:00:00,2020-06-09 18:00:10,2020-06-09 18:00:40,40,10",
        "6,ub,v2,,1,1,0,TIMEOUT,,2020-06-09 18:00:10,2020-06-09 18:00:40,30,",
    ];
    check(
        Format::Helios,
        &format!("{HELIOS}\n{}\n", rows.join("\n")),
        &expect![[r"
            1 of v1 together, submit 1591725600000000, wait 10000000, tasks 2, run 60000000, cpus 32500, gpus 8000, COMPLETED
            2 of v1, submit 1591725600000000, tasks 1, cpus 4000, gpus 0, unstarted, CANCELLED
            3 of v2, submit 1591725600000000, wait 10000000, tasks 1, cpus 8000, gpus 8000, damaged, FAILED
            4 of v2, submit 1591725600000000, wait 10000000, tasks 1, cpus 8000, gpus 8000, censored, RUNNING
            5 of ub, submit 1591725600000000, wait 10000000, tasks 1, run 30000000, gpus 1000, NODE_FAIL
            6 of v2, submit 1591725610000000, tasks 1, run 30000000, cpus 1000, gpus 1000, TIMEOUT
            durations: 1 are not from start to end, and not used: some count the wait
            job shape: a task a node, all at the same time, each with an equal part of the job's CPUs and GPUs
            read and not kept: user, duration, queue
            run times: from start to end; a job without a start never ran
            run times of which the trace holds a part: 1 of 7 tasks
            run times that are damaged: 1 of 7 tasks
            tasks that never started, and add no load: 1 of 7 tasks
        "]],
    );
    // As the first release has it, without names and in another order.
    let text = "state,vc,user,job_id,gpu_num,cpu_num,node_num,submit_time,start_time,end_time\n\
                COMPLETED,v1,ua,1,1,1,1,2020-06-09 18:00:00,2020-06-09 18:00:10,2020-06-09 18:01:10\n";
    check(
        Format::Helios,
        text,
        &expect![[r"
        1 of v1, submit 1591725600000000, wait 10000000, tasks 1, run 60000000, cpus 1000, gpus 1000, COMPLETED
        job shape: a task a node, all at the same time, each with an equal part of the job's CPUs and GPUs
        read and not kept: user, duration, queue
        run times: from start to end; a job without a start never ran
    "]],
    );
}

#[test]
fn servers_of_helios_come_and_go_with_their_cluster() {
    let job = "1,ua,v1,train,16,64,2,COMPLETED,2020-06-09 18:00:00,2020-06-09 18:00:10,2020-06-09 18:01:10,60,10";
    let log = format!("{HELIOS}\n{job}\n");
    let gpus = "date,v1,v2,total\n2020-06-09,16,4,20\n2020-06-10,8,12,20\n2020-06-11,24,0,24\n";
    let files = [("cluster_gpu_number.csv", gpus), ("cluster_log.csv", &log)];
    together(
        Format::Helios,
        &files,
        &expect![[r"
            1 of v1 together, submit 1591725600000000, wait 10000000, tasks 2, run 60000000, cpus 32000, gpus 8000, COMPLETED
            job shape: a task a node, all at the same time, each with an equal part of the job's CPUs and GPUs
            machines: servers with eight GPUs, as the publisher has; those of a virtual cluster come and go at midnight
            numbers of GPUs: of 2 numbers that are no multiple of eight, the last server counts in full
            read and not kept: user, duration, queue
            read and not kept of cluster_gpu_number: total
            run times: from start to end; a job without a start never ran
            machine v1-1 -/-/8000 
            machine v1-2 -/-/8000 
            machine v2-1 -/-/8000 
            machine v2-2 -/-/8000 
            machine v1-3 -/-/8000 
            of cluster_gpu_number.csv, cluster_log.csv
        "]],
    );
    wrong(
        Format::HeliosGpus,
        "date,v1,total\n2020-06-09,16,20\n09.06.2020,1,1\n",
        &expect![[r"
            file:3: column 1 (date): expected a date such as 2020-09-01, found `09.06.2020`
            warning: file:2: column total: expected 16, the sum of the others, found another
              hint: total is not used
        "]],
    );
    wrong(
        Format::HeliosGpus,
        "day,v1,total\n2020-06-09,16,20\n",
        &expect![[r"
            file:1: expected a first line `date`, virtual clusters, `total`, found `day,v1,total`
              hint: columns: date, a virtual cluster each, total
        "]],
    );
    check(
        Format::HeliosGpus,
        "date,v1\n2020-06-09,1\n2020-06-08,1\n",
        &expect![[r"
            file:3: column 1 (date): expected a date not before that of the row above, found 2020-06-08
        "]],
    );
    check(
        Format::HeliosGpus,
        "date,a,b\n2020-06-09,999999,999999\n",
        &expect![[r"
            file:2: expected at most 1000000 GPUs in all, found more
        "]],
    );
}

#[test]
fn jobs_of_acme_have_zones_and_memory() {
    let text = "\
job_id,user,node_num,gpu_num,cpu_num,mem_per_pod_GB,shared_mem_per_pod,type,state,submit_time,start_time,\
end_time,fail_time,stop_time,duration,queue,gpu_time
a,u1,8,64,960,1000,100.0,Pretrain,FAILED,2023-05-17 11:00:58+00:00,2023-05-17 11:01:08+00:00,\
2023-05-17 11:01:16+00:00,2023-05-17 11:01:16+00:00,,18,10.0,1152.0
b,u1,1,0,2,0.5,,Other,RUNNING,2023-05-17 11:00:58+00:00,2023-05-17 11:01:08+00:00,,,,,,
c,u1,1,8,2,,,Other,CANCELLED,2023-05-17 11:00:58+00:00,NaT,NaT,,,,,
";
    check(
        Format::Acme,
        text,
        &expect![[r"
        a of u1 together, submit 1684321258000000, wait 10000000, tasks 8, run 8000000, cpus 120000, mem 1024000, gpus 8000, FAILED
        b of u1, submit 1684321258000000, wait 10000000, tasks 1, cpus 2000, mem 512, gpus 0, censored, RUNNING
        c of u1, submit 1684321258000000, tasks 1, cpus 2000, gpus 8000, unstarted, CANCELLED
        durations: 1 are not from start to end, and not used: some count the wait
        job shape: a task a node, all at the same time, each with an equal part of the job's CPUs and GPUs
        memory: of each node; a GB is 1024 MiB
        read and not kept: shared_mem_per_pod, fail_time, stop_time, duration, queue, gpu_time
        run times: from start to end; a job without a start never ran
        run times of which the trace holds a part: 1 of 10 tasks
        tasks that never started, and add no load: 1 of 10 tasks
    "]],
    );
    let text = "\
job_id,user,node_num,gpu_num,cpu_num,type,state,submit_time,start_time,end_time,duration,queue,gpu_time
1,u1,1,8,128,Other,COMPLETED,2023-03-01 00:00:00+08:00,2023-03-01 00:00:32+08:00,2023-03-01 00:01:32+08:00,60,32,480.0
";
    check(
        Format::Acme,
        text,
        &expect![[r"
        1 of u1, submit 1677600000000000, wait 32000000, tasks 1, run 60000000, cpus 128000, gpus 8000, COMPLETED
        job shape: a task a node, all at the same time, each with an equal part of the job's CPUs and GPUs
        read and not kept: shared_mem_per_pod, fail_time, stop_time, duration, queue, gpu_time
        run times: from start to end; a job without a start never ran
    "]],
    );
    wrong(
        Format::Acme,
        &text.replace("00:01:32+08:00", "00:00:02+08:00"),
        &expect![[r"
            warning: file:2: column end_time: expected an end not before the start, found an earlier one
              hint: how long such a job ran is not known
        "]],
    );
    wrong(
        Format::Acme,
        &text.replace("2023-03-01 00:00:32+08:00", "yesterday"),
        &expect![[r"
            file:2: column 9 (start_time): expected a time such as 2020-06-09 18:41:01 or 2023-03-01 00:18:22+08:00, found `yesterday`
        "]],
    );
}
