//! What Slurm's accounting tells: steps, arrays, attempts, texts with separators and line ends, odd rows.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use fairground_readers::Format;
use fairground_readers::canonical::import::import;
use fairground_readers::canonical::tables::Machine;
use fairground_readers::formats::validate;

use crate::common::{folder, told, write};
use crate::{jobs, rows};

/// What becomes of an account, its columns first.
fn check(columns: &str, lines: &[&str], expected: &Expect) {
    let text = format!("{columns}\n{}\n", lines.join("\n"));
    expected.assert_eq(&jobs(Format::Sacct, &text));
}

const COLUMNS: &str = "JobID|User|State|Submit|Start|End|NNodes|NCPUS";

#[test]
fn steps_belong_to_their_jobs() {
    check(
        "JobID|State|ElapsedRaw|Start|ReqMem|NCPUS|NNodes|MaxRSS",
        &[
            "1|COMPLETED|60|1000|2Gc|4|2|",
            "1.batch|COMPLETED|60|1000|2Gc|2|1|1500M",
            "1.extern|COMPLETED|60|1000|2Gc|4|2|5K",
            "1.0|COMPLETED|60|1000|2Gc|4|2|3G",
            "2|COMPLETED|5|1000|4000Mn|4|2|",
            "9.batch|COMPLETED|5|1000||4|2|7G",
        ],
        &expect![[r"
            1 of nobody together, submit 1000000000, tasks 2, run 60000000, cpus 2000, mem 4096, used 3072, COMPLETED
            2 of nobody together, submit 1000000000, tasks 2, run 5000000, cpus 2000, mem 4000, COMPLETED
            merged: 4 records, a step of a job
            clock: the times of the account, which are local to the cluster
            job shape: a task a node, all at the same time, each with an equal part of the job's cores, memory and GPUs
            memory used: MaxRSS of the largest process of a step, of 1 jobs
            read and not kept: ExitCode, Eligible, NodeList, JobIDRaw
        "]],
    );
}

#[test]
fn arrays_are_their_tasks_once_those_have_started() {
    check(
        COLUMNS,
        &[
            "5_1|ann|COMPLETED|100|110|120|1|2",
            "5_2|ann|RUNNING|100|115|Unknown|1|2",
            "5_[3-9%2]|ann|PENDING|100|Unknown|Unknown|2|2",
            "6_[1,3,...]|ann|PENDING|100|Unknown|Unknown|1|2",
            "7+0|ann|COMPLETED|100|110|120|1|2",
            "7+1|ann|COMPLETED|100|110|120|3|9",
        ],
        &expect![[r"
            5_1 of ann, submit 100000000, wait 10000000, tasks 1, run 10000000, cpus 2000, COMPLETED
            5_2 of ann, submit 100000000, wait 15000000, tasks 1, cpus 2000, censored, RUNNING
            5_[3-9%2] of ann together, submit 100000000, tasks 14, cpus 1000, unstarted, PENDING
            6_[1,3,...] of ann, submit 100000000, tasks 2, cpus 2000, unstarted, PENDING
            7+0 of ann, submit 100000000, wait 10000000, tasks 1, run 10000000, cpus 2000, COMPLETED
            7+1 of ann together, submit 100000000, wait 10000000, tasks 3, run 10000000, cpus 3000, COMPLETED
            arrays cut off: 1 lists of tasks end in points: those behind are not known
            clock: the times of the account, which are local to the cluster
            job shape: a task a node, all at the same time, each with an equal part of the job's cores, memory and GPUs
            read and not kept: ExitCode, Eligible, NodeList, JobIDRaw
            run times of which the trace holds a part: 1 of 22 tasks
            tasks of arrays: 2 rows stand for all that have not started, each for one job
            tasks that never started, and add no load: 16 of 22 tasks
        "]],
    );
}

#[test]
fn attempts_at_a_job_are_one_job() {
    check(
        COLUMNS,
        &[
            "1|ann|PREEMPTED|100|110|150|1|2",
            "2|bob|NODE_FAIL|100|110|150|1|2",
            "1|ann|NODE_FAIL|150|200|210|1|2",
            "3|ann|RUNNING|100|110|Unknown|1|2",
            "1|ann|COMPLETED|210|300|360|1|2",
            "3|ann|COMPLETED|100|110|400|1|2",
            "4|ann|FAILED|100|110|120|1|2",
            "4|ann|COMPLETED|150|160|170|1|2",
            "5|ann|REQUEUED|100|110|120|1|2",
            "5|ann|PENDING|120|Unknown|Unknown|1|2",
            "6|ann|COMPLETED|100|110|120|1|2",
            "6|ann|COMPLETED|100|110|120|1|2",
        ],
        &expect![[r"
            1 of ann, submit 100000000, wait 200000000, tasks 1, run 60000000, cpus 2000, COMPLETED
            2 of bob, submit 100000000, wait 10000000, tasks 1, run 40000000, cpus 2000, NODE_FAIL
            3 of ann, submit 100000000, wait 10000000, tasks 1, run 290000000, cpus 2000, COMPLETED
            4 of ann, submit 100000000, wait 10000000, tasks 1, run 10000000, cpus 2000, FAILED
            5 of ann, submit 100000000, tasks 1, cpus 2000, unstarted, PENDING
            6 of ann, submit 100000000, wait 10000000, tasks 1, run 10000000, cpus 2000, COMPLETED
            4 of ann, submit 150000000, wait 10000000, tasks 1, run 10000000, cpus 2000, COMPLETED
            merged: 3 jobs, an earlier attempt at the same job
            merged: 2 jobs, another row of the same job
            merged: 3 tasks, an earlier attempt at the same job
            merged: 2 tasks, another row of the same job
            attempts: 2 jobs were started again after 3 attempts that ran 60 s in all: the last one stands for the job, submitted when the first was
            clock: the times of the account, which are local to the cluster
            job shape: a task a node, all at the same time, each with an equal part of the job's cores, memory and GPUs
            read and not kept: ExitCode, Eligible, NodeList, JobIDRaw
            tasks that never started, and add no load: 1 of 7 tasks
        "]],
    );
}

#[test]
fn what_people_wrote_may_hold_separators_and_line_ends() {
    check(
        "JobID|JobName|SubmitLine|State|Submit|Start|End",
        &[
            "1|a|sbatch x|COMPLETED|1|2|3",
            "2|a|b|sbatch x|COMPLETED|1|2|3",
            "3|a|sbatch --wrap='x |",
            " sort",
            "",
            "| uniq'|COMPLETED|1|2|3",
            "4|a|sbatch x|FAILED|1|2|3",
        ],
        &expect![[r"
            1 of nobody, submit 1000000, wait 1000000, tasks 1, run 1000000, COMPLETED
            2 of nobody, submit 1000000, wait 1000000, tasks 1, run 1000000, COMPLETED
            3 of nobody, submit 1000000, wait 1000000, tasks 1, run 1000000, COMPLETED
            4 of nobody, submit 1000000, wait 1000000, tasks 1, run 1000000, FAILED
            clock: the times of the account, which are local to the cluster
            job shape: a task a node, all at the same time, each with an equal part of the job's cores, memory and GPUs
            not read: SubmitLine
            read and not kept: ExitCode, Eligible, NodeList, JobIDRaw
            records over several lines: 2 lines go on with what people wrote
            rows with more columns: 2 rows hold the separator in what people wrote
        "]],
    );
    check(
        "JobID|State|End|Start|Comment",
        &["1|FAILED|9|1|one", "two", "three | four", "2|FAILED|9|1|"],
        &expect![[r"
            1 of nobody, submit 1000000, tasks 1, run 8000000, FAILED
            2 of nobody, submit 1000000, tasks 1, run 8000000, FAILED
            clock: the times of the account, which are local to the cluster
            job shape: a task a node, all at the same time, each with an equal part of the job's cores, memory and GPUs
            not read: Comment
            read and not kept: ExitCode, Eligible, NodeList, JobIDRaw
            records over several lines: 2 lines go on with what people wrote
        "]],
    );
    // Two ways to read it that differ in more than names.
    check(
        "JobID|JobName|NCPUS|Comment|End|Start",
        &["1|a|2|3|4|9|1"],
        &expect![[r"
            file:2: expected 6 columns, as the first line has, found 7 columns
              hint: the separator stands in texts, and the row can be read in several ways; leave JobName or SubmitLine out, or use sacct --delimiter
        "]],
    );
}

#[test]
fn amounts_are_those_of_the_allocation() {
    check(
        "JobID|State|Start|End|NNodes|AllocCPUS|ReqCPUS|ReqMem|ReqTRES|AllocTRES|TimelimitRaw",
        &[
            "1|COMPLETED|1|2|2|8|4|0n||cpu=8,gres/gpu:a100=3,mem=5G,node=2|90",
            "2|PENDING|Unknown|Unknown|4|0|64|4Gc|cpu=64,gres/gpu=8,gres/gpu:t4=8,mem=256G,node=2||UNLIMITED",
            "3|CANCELLED by 5|7|7|1|0|1|1.5G|||Partition_Limit",
            "4|DEADLINE|None|9|1|1|1|100M|||5",
        ],
        &expect![[r"
            1 of nobody together, submit 1000000, estimate 5400000000, tasks 2, run 1000000, cpus 4000, mem 2560, gpus 1500, COMPLETED
            2 of nobody together, tasks 4, cpus 16000, mem 65536, gpus 2000, unstarted, PENDING
            3 of nobody, submit 7000000, tasks 1, cpus 1000, mem 1536, unstarted, CANCELLED
            4 of nobody, estimate 300000000, tasks 1, cpus 1000, mem 100, unstarted, DEADLINE
            clock: the times of the account, which are local to the cluster
            job shape: a task a node, all at the same time, each with an equal part of the job's cores, memory and GPUs
            read and not kept: ExitCode, Eligible, NodeList, JobIDRaw
            tasks that never started, and add no load: 6 of 8 tasks
        "]],
    );
    check(
        "JobID|State|Start|End|NNodes|NCPUS|ReqGRES|AllocGRES",
        &["1|COMPLETED|1|2|2|8|gpu:2|gpu:2", "2|COMPLETED|1|2|1|8||"],
        &expect![[r"
            1 of nobody together, submit 1000000, tasks 2, run 1000000, cpus 4000, gpus 2000, COMPLETED
            2 of nobody, submit 1000000, tasks 1, run 1000000, cpus 8000, COMPLETED
            clock: the times of the account, which are local to the cluster
            job shape: a task a node, all at the same time, each with an equal part of the job's cores, memory and GPUs
            read and not kept: ExitCode, Eligible, NodeList, JobIDRaw
        "]],
    );
}

#[test]
fn times_are_written_in_many_ways() {
    check(
        "JobID|State|Submit|Start|End|Elapsed",
        &[
            "1|TIMEOUT|2026-01-05T08:00:00|2026-01-05T08:00:30|2026-01-06T10:03:34|1-02:03:04",
            "2|OUT_OF_MEMORY|2026-01-05T08:00:00+0100|1767600000|1767600123|02:03",
            "3|COMPLETED|None|Unknown|Unknown|",
            "4|COMPLETED|5|9|7|",
            "5|SUSPENDED|5|9|Unknown|00:00:04",
            "6||5|9|Unknown|",
        ],
        &expect![[r"
            1 of nobody, submit 1767600000000000, wait 30000000, tasks 1, run 93784000000, TIMEOUT
            2 of nobody, submit 1767596400000000, wait 3600000000, tasks 1, run 123000000, OUT_OF_MEMORY
            3 of nobody, tasks 1, unstarted, COMPLETED
            4 of nobody, submit 5000000, wait 4000000, tasks 1, damaged, COMPLETED
            5 of nobody, submit 5000000, wait 4000000, tasks 1, run 4000000, censored, SUSPENDED
            6 of nobody, submit 5000000, wait 4000000, tasks 1, censored
            clock: the times of the account, which are local to the cluster
            job shape: a task a node, all at the same time, each with an equal part of the job's cores, memory and GPUs
            read and not kept: ExitCode, Eligible, NodeList, JobIDRaw
            run times of which the trace holds a part: 2 of 6 tasks
            run times that are damaged: 1 of 6 tasks
            tasks that never started, and add no load: 1 of 6 tasks
        "]],
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let wrong = |text: &str, expected: &Expect| {
        let folder = folder();
        let path = write(&folder, "log", text);
        let check = validate(&path, Format::Sacct, 9);
        let problems = check.problems.iter().map(|one| format!("{one}\n"));
        expected.assert_eq(&told(folder.path(), &problems.collect::<String>()));
    };
    wrong(
        "",
        &expect![[r"
        log:1: expected at least one job, found none
          hint: the output of sacct -P: JobID|State|Submit|Start|End|...
    "]],
    );
    wrong(
        "JobID|State\n",
        &expect![[r"
        log:1: expected at least one job, found none
          hint: the output of sacct -P: JobID|State|Submit|Start|End|...
    "]],
    );
    wrong(
        "1|COMPLETED\n",
        &expect![[r"
        log:1: expected a first line that names the columns, JobID among them, found `1|COMPLETED`
          hint: the output of sacct -P, without -n: JobID|State|Submit|Start|End|...
    "]],
    );
    wrong(
        "JobID      State\n1      COMPLETED\n",
        &expect![[r"
        log:1: expected columns with one separator between, found blanks
          hint: use sacct -P: without it, columns are cut off
    "]],
    );
    wrong(
        "JobID|State|Elapsed|ReqMem|Submit|JobName\n\
         x|COMPLETED|1:00|1G|1|a\n\
         1|completed|1:00|1G|1|a\n\
         1|COMPLETED|one|1G|1|a\n\
         1|COMPLETED|1:00|1X|1|a\n\
         1|COMPLETED|1:00|1G|soon|a\n\
         1|COMPLETED|1:00\n\
         2|COMPLETED|1:00|1G|1|a\n",
        &expect![[r"
            log:2: column 1 (JobID): expected the id of a job or step: 123, 123_4, 123_[5-9] or 123.batch, found `x`
            log:3: column 2 (State): expected the state of a job, such as COMPLETED or CANCELLED by 1001, found `completed`
            log:4: column 3 (Elapsed): expected a time of the form [days-]hours:minutes:seconds, found `one`
            log:5: column 4 (ReqMem): expected memory such as 4000Mn, 2Gc or 1.5G, found `1X`
            log:6: column 5 (Submit): expected a time such as 2026-01-05T08:00:30, seconds since 1970, Unknown or None, found `soon`
            log:7: expected 6 columns, as the first line has, found 3 columns
        "]],
    );
}

#[test]
fn parts_of_an_account_may_have_a_job_twice() {
    let folder = folder();
    let parts = folder.path().join("parts");
    std::fs::create_dir(&parts).unwrap();
    let january = "JobID|State|Start|End\n1|COMPLETED|1|2\n2|RUNNING|3|Unknown\n";
    let february = "JobID|State|Start|End|QOS\n2|COMPLETED|3|9|a\n3|COMPLETED|9|10|a\n";
    std::fs::write(parts.join("01.txt"), january).unwrap();
    std::fs::write(parts.join("02.txt"), february).unwrap();
    assert_eq!(Format::detect(&parts).unwrap(), Format::Sacct);
    let place = folder.path().join("form");
    let (manifest, report) = import(&parts, None, &place, false).unwrap();
    report.account.check().unwrap();
    assert!(manifest.rows.contains(&("jobs".to_owned(), 3)));
}

#[test]
fn nodes_are_machines() {
    let folder = folder();
    let mut shown = String::new();
    for text in Format::SlurmNodes.samples() {
        let path = write(&folder, "nodes", text);
        assert_eq!(Format::detect(&path).unwrap(), Format::SlurmNodes);
        let place = folder.path().join("form");
        let (manifest, report) = import(&path, Format::SlurmNodes, &place, false).unwrap();
        report.account.check().unwrap();
        let opened = fairground_readers::canonical::Opened::open(&place).unwrap();
        for one in rows::<Machine>(&opened) {
            writeln!(
                shown,
                "{}: {:?} cpus, {:?} mem, {:?} gpus, {}",
                one.name,
                one.cpus,
                one.memory,
                one.gpus,
                one.platform.unwrap_or_default()
            )
            .unwrap();
        }
        for assumed in manifest.assumptions {
            writeln!(shown, "{}: {}", assumed.about, assumed.model).unwrap();
        }
        std::fs::remove_dir_all(place).unwrap();
    }
    expect![[r"
        n001: Some(126000) cpus, Some(515000) mem, Some(4000) gpus, a100
        n002: Some(8000) cpus, Some(16000) mem, Some(0) gpus, 
        nodes: 1 that are down, drained or failed count as there
        not read: AllocMem, Arch, AvailableFeatures, CPUAlloc, CPULoad, FreeMem, OS, Owner, Reason, TmpDisk, Weight
        read and not kept: State, Partitions
        n01: Some(32000) cpus, Some(64000) mem, Some(0) gpus, 
        n02: Some(32000) cpus, Some(64000) mem, Some(0) gpus, 
        n03: Some(32000) cpus, Some(64000) mem, Some(0) gpus, 
        g1: Some(64000) cpus, Some(256000) mem, Some(2000) gpus, t4
        not read: Feature
        read and not kept: State, Partitions
        records passed over: 1: nodes that are not there yet
    "]].assert_eq(&shown);
    for (text, problem) in [
        (
            "NodeName=n[1-2 CPUs=4\n",
            "nodes:1: key `NodeName`: expected hosts such as",
        ),
        (
            "NodeName=n1\nNodeName=n2 CPUs=x\n",
            "nodes:2: key `cpus`: expected a whole number",
        ),
        (
            "NodeName=n1 Gres=gpu:a:b\n",
            "nodes:1: key `gres`: expected",
        ),
        (
            "PartitionName=a\n",
            "nodes:1: expected at least one node, found none",
        ),
    ] {
        let path = write(&folder, "nodes", text);
        let check = validate(&path, Format::SlurmNodes, 1);
        let said = told(folder.path(), &check.problems[0].to_string());
        assert!(said.starts_with(problem), "{said}");
    }
}
