//! What LSF and Grid Engine tell of jobs: lists that move fields, versions, slots, requests, arrays, failures.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use fairground_readers::Format;
use fairground_readers::canonical::Opened;
use fairground_readers::canonical::import::import;
use fairground_readers::canonical::tables::{Job, Machine, Tasks};
use fairground_readers::formats::validate;

use crate::common::{folder, told, write};
use crate::{imported, jobs, rows};

/// What becomes of the tasks of a file: a line for each kind, behind the job's number, limit and more.
fn tasks(format: Format, text: &str) -> String {
    let folder = folder();
    let trace = imported(&folder, "t", format, text);
    let jobs = rows::<Job>(&trace);
    let amount = |amount: Option<u64>| amount.map_or("-".to_owned(), |n| n.to_string());
    let one = |one: Tasks| {
        let job = &jobs[usize::try_from(one.job).unwrap()];
        let [limit, asked] = [job.estimate, job.requested].map(amount);
        let words = [
            &job.group,
            &job.queue,
            &job.class,
            &job.preceding,
            &one.model,
        ];
        let words = words.map(|word| word.clone().unwrap_or_default());
        let amounts = [one.cpus, one.memory, one.used, one.gpus, one.busy].map(amount);
        let [cpus, memory, used, gpus, busy] = amounts;
        format!(
            "{}: {} x {cpus} cpus {memory} MiB {used} used {gpus} gpus {busy} busy; limit {limit} asked {asked} {}\n",
            job.name,
            one.count,
            words.join("/")
        )
    };
    rows::<Tasks>(&trace).into_iter().map(one).collect()
}

fn problems(format: Format, text: &str) -> String {
    let folder = folder();
    let path = write(&folder, "log", text);
    let check = validate(&path, format, 20);
    let problems = check.problems.iter().map(|one| format!("{one}\n"));
    told(folder.path(), &problems.collect::<String>())
}

/// A record of LSF: what stands before the lists of hosts, they, and what stands behind them.
fn lsf(job: u64, times: [u64; 3], asked: &str, hosts: &str, rest: &str) -> String {
    let [submit, start, end] = times;
    format!(
        "\"JOB_FINISH\" \"10.1\" {end} {job} 7 33 4 {submit} 0 0 {start} \"ann\" \"q\" \"rusage[mem=100]\" \
         \"ended(3)\" \"\" \"h\" \"/\" \"\" \"\" \"\" \"f\" {asked} {hosts} {rest}\n"
    )
}

/// From the status of a job to its memory, with its number in an array.
fn behind(status: u64, index: u64) -> String {
    format!(
        "{status} 60.0 \"a \"\"b\"\" c\" \"cmd\" 1.5 0.5 {}\"\" \"p\" 0 4 \"\" \"\" {index} 2048 0",
        "0 ".repeat(17)
    )
}

#[test]
fn lsf_lists_of_hosts_move_fields() {
    let more = |extra: &str, usage: &str, tail: &str| {
        let texts = "\"\" \"\" \"\" \"gold\" 0 \"\" 0 \"\" -1 \"\" \"\" \"\" \"\" -1 \"\" \"\" 0 \"\" 0 \"\" \"\"";
        format!("{} {texts} {extra} {usage} {tail}", behind(64, 0))
    };
    let tail = "3600 4194304 1024 \"rusage[mem=2G/task,ngpus_physical=1.00]\" \"\" -1";
    let text = [
        lsf(1, [100, 110, 200], "0", "2 \"n1\" \"n2\"", &behind(64, 0)),
        lsf(
            2,
            [100, 110, 200],
            "2 \"a\" \"b\"",
            "4 \"n1\" \"n1\" \"n1\" \"n2\"",
            &behind(32, 3),
        ),
        lsf(
            3,
            [100, 110, 200],
            "0",
            "2 \"2*n1\" \"2*n2\"",
            &more("0", "2 n1 1 2 3 4 n2 1 2 3 4", tail),
        ),
        lsf(
            4,
            [100, 110, 200],
            "0",
            "1 \"4*n1\"",
            &more("1 5 \"x y\"", "1 n1 1 2 3 4 0", tail),
        ),
        lsf(5, [100, 0, 200], "0", "0", &behind(32, 0)),
        "\"JOB_NEW\" \"10.1\" 5 6\n".to_owned(),
    ]
    .concat();
    expect![[r"
        1: 2 x 1000 cpus 100 MiB 1 used - gpus 1000000 busy; limit - asked 4000 p/q//3/
        2[3]: 1 x 3000 cpus 100 MiB 1 used - gpus 1000000 busy; limit - asked 4000 p/q//3/
        2[3]: 1 x 1000 cpus 100 MiB 1 used - gpus 1000000 busy; limit - asked 4000 p/q//3/
        3: 2 x 2000 cpus 4096 MiB 1 used 1000 gpus 1000000 busy; limit 3600000000 asked 4000 p/q/gold/3/
        4: 1 x 4000 cpus 8192 MiB 2 used 1000 gpus 2000000 busy; limit 3600000000 asked 4000 p/q/gold/3/
        5: 1 x 4000 cpus 100 MiB 2 used - gpus 2000000 busy; limit - asked 4000 p/q//3/
    "]].assert_eq(&tasks(Format::Lsf, &text));
    expect![[r"
        1 of ann together, submit 100000000, wait 10000000, tasks 2, run 90000000, cpus 1000, mem 100, used 1, DONE
        2[3] of ann together, submit 100000000, wait 10000000, tasks 1, run 90000000, cpus 3000, mem 100, used 1, tasks 1, run 90000000, cpus 1000, mem 100, used 1, EXIT
        3 of ann together, submit 100000000, wait 10000000, estimate 3600000000, tasks 2, run 90000000, cpus 2000, mem 4096, used 1, gpus 1000, DONE
        4 of ann, submit 100000000, wait 10000000, estimate 3600000000, tasks 1, run 90000000, cpus 4000, mem 8192, used 2, gpus 1000, DONE
        5 of ann, submit 100000000, tasks 1, cpus 4000, mem 100, used 2, unstarted, EXIT
        passed over: 1 records, records that are not of a job's end
        dependencies: 5 jobs waited for others: the first that each names is kept as the one before it
        job shape: a task a host, all at the same time, with its slots as cores; memory and GPUs of rusage count for each host, in MB where no unit is written (/task and /job as they say)
        read and not kept: exitStatus, exitInfo, beginTime, termTime, maxNumProcessors, maxRSwap, options, command, hostRusage, fields that are not named here
        records passed over: 1: records that are not of a job's end
        tasks that never started, and add no load: 1 of 8 tasks
        unequal tasks: 1 jobs have tasks of several sizes; what all of one used is shared equally by its tasks
    "]].assert_eq(&jobs(Format::Lsf, &text));
}

#[test]
fn what_is_wrong_with_lsf_is_told_with_its_place() {
    let text = [
        "JOB_FINISH\n",
        "\"JOB_FINISH\" \"10.1\n",
        "\"JOB_FINISH\" \"10.1\" soon\n",
        "\"JOB_FINISH\" \"10.1\" 5 6\n",
        &lsf(1, [100, 110, 200], "0", "9 \"n1\"", "64"),
        &lsf(1, [100, 110, 200], "x", "9 \"n1\"", "64"),
        &lsf(1, [100, 110, 200], "0", "0", &behind(64, 0)).replace("mem=100", "mem=1q"),
    ]
    .concat();
    expect![[r#"
        log:1: field 1 (type): expected a type of record such as "JOB_FINISH", found `JOB_FINISH`
          hint: a record a line: "JOB_FINISH" "10.1" 1767604200 404 ...
        log:2: field 2 (text): expected a text with a quote at its end, found `10.1`
        log:3: field 3 (eventTime): expected a number of eventTime, found `soon`
          hint: digits with at most one point and exponent: no sign, blank or unit
        log:4: field 6 (numProcessors): expected more fields, found the end
        log:5: field 27 (execHosts): expected more fields, found the end
        log:6: field 23 (askedHosts): expected a number of askedHosts, found `x`
          hint: digits with at most one point and exponent: no sign, blank or unit
        log:7: rusage mem: expected memory such as 4gb, 512mb, 1.5G or 2048kb, found `1q`
    "#]]
    .assert_eq(&problems(Format::Lsf, &text));
}

/// A record of Grid Engine by its number, its times, failure and exit status, and what stands from the project on.
fn sge(job: &str, times: &str, ends: &str, rest: &str) -> String {
    format!(
        "all.q:n1:staff:ann:net:{job}:sge:0:{times}:{ends}:{}{rest}\n",
        "0:".repeat(18)
    )
}

#[test]
fn grid_engine_has_slots_and_what_was_asked_for() {
    let rest = |pe: &str, slots: u64, task: u64, category: &str| {
        format!("NONE:bio:{pe}:{slots}:{task}:60.5:1:0:{category}:0:NONE:1048576.000:0:0")
    };
    let times = "100:110:200";
    let text = [
        sge(
            "1",
            times,
            "0:0",
            &rest("NONE", 1, 0, "-l h_rt=3600,mem_free=2G"),
        ),
        sge(
            "2",
            times,
            "0:1",
            &rest("mpi", 8, 0, "-u ann -l m_mem_free=1.5G,h_vmem=9G -pe mpi 8"),
        ),
        sge(
            "3",
            times,
            "0:0",
            &rest("smp", 8, 2, "-l gpu=2,gpu_type=a100,h_vmem=1G -pe smp 8"),
        ),
        sge(
            "4",
            times,
            "0:0",
            &rest("mpi", 8, 0, "-soft -l h_rt=5 -l gpu=2"),
        ),
        sge(
            "5",
            times,
            "0:0",
            &rest("mpi", 6, 0, "-l gpu=4,h_rt=INFINITY"),
        ),
        sge("6", times, "0:0", "vision:bio:NONE:1:0"),
    ]
    .concat();
    expect![[r"
        1: 1 x 1000 cpus 2048 MiB 1 used - gpus 60500000 busy; limit 3600000000 asked - bio/all.q///
        2: 8 x 1000 cpus 1536 MiB 1 used - gpus 7562500 busy; limit - asked - bio/all.q///
        3.2: 1 x 8000 cpus 8192 MiB 1 used 2000 gpus 60500000 busy; limit - asked - bio/all.q///a100
        4: 2 x 4000 cpus 1 MiB - used 1000 gpus 30250000 busy; limit - asked - bio/all.q///
        5: 6 x 1000 cpus 1 MiB - used 667 gpus 10083334 busy; limit - asked - bio/all.q///
        6: 1 x 1000 cpus - MiB - used - gpus - busy; limit - asked - vision/all.q///
    "]]
    .assert_eq(&tasks(Format::Sge, &text));
}

#[test]
fn grid_engine_tells_each_run() {
    let rest = "NONE:bio:NONE:1:0:60.5:1:0:NONE:0:NONE:0:0:0";
    let text = [
        "# Version: 6\n",
        &sge("1", "100:110:150", "25:0", rest),
        &sge("1", "100:160:200", "0:0", rest),
        &sge("2", "100:0:0", "21:0", rest),
        &sge("3", "100:110:105", "100:137", rest),
        &sge(
            "4",
            "1652111621288:1652111622875:1652124460193",
            "0:0",
            rest,
        ),
        &sge("1", "300:310:350", "0:0", rest),
        &sge(
            "5",
            "100:110:150",
            "0:0",
            &rest.replace("NONE:0:0:0", "1.n1:0:0:0"),
        ),
        "x\n",
    ]
    .concat();
    expect![[r"
        1 of ann, submit 100000000, wait 60000000, tasks 1, run 40000000, cpus 1000, 0
        2 of ann, submit 100000000, tasks 1, cpus 1000, unstarted, failed 21
        3 of ann, submit 100000000, wait 10000000, tasks 1, cpus 1000, damaged, failed 100
        4 of ann, submit 1652111621288000, wait 1587000, tasks 1, run 12837318000, cpus 1000, 0
        1 of ann, submit 300000000, wait 10000000, tasks 1, run 40000000, cpus 1000, 0
        passed over: 1 records, tasks of a parallel job, which has a record of its own
        passed over: 1 records, lines of one letter, which mean nothing
        merged: 1 jobs, an earlier attempt at the same job
        merged: 1 tasks, an earlier attempt at the same job
        attempts: 1 jobs were started again after 1 attempts that ran 40 s in all: the last one stands for the job, submitted when the first was
        job shape: a task a slot, all at the same time; slots of a parallel environment whose name tells of threads or shared memory are one task; of a job with GPUs as many tasks as those, where slots divide so
        memory used: maxrss where the account has it, or else maxvmem, which is virtual
        read and not kept: hostname, account, priority, the signal in exit_status, ru_wallclock, ru_*, mem, io, iow, arid, soft requests, fields behind the 45th but for maxrss
        records passed over: 1: lines of one letter, which mean nothing
        records passed over: 1: tasks of a parallel job, which has a record of its own
        requests of -l: memory (m_mem_free, mem_free, h_rss, h_vmem or virtual_free, the first that is there) for each slot, GPUs (gpu, gpus, ngpus, cuda or num_gpu) for the job
        run times that are damaged: 1 of 5 tasks
        tasks that never started, and add no load: 1 of 5 tasks
    "]].assert_eq(&jobs(Format::Sge, &text));
    let wrong = [
        "a:b\n".to_owned(),
        sge("x", "100:110:150", "0:0", rest),
        sge("1", "soon:110:150", "0:0", rest),
        sge(
            "1",
            "100:110:150",
            "0:0",
            &rest.replace(":NONE:0:NONE", ":-l mem_free=1q:0:NONE"),
        ),
        sge(
            "1",
            "100:110:150",
            "0:0",
            &rest.replace(":1:0:", ":many:0:"),
        ),
    ];
    expect![[r"
        log:1: expected at least 36 fields with colons between, found 2 fields
          hint: a line a job: qname:hostname:group:owner:job_name:job_number:...
        log:2: field 6 (job_number): expected the number of a job, found `x`
        log:3: field 9 (submission_time): expected a whole number of seconds or milliseconds since 1970, found `soon`
          hint: digits only: no sign, fraction, blank or unit
        log:4: field 40 (category), mem_free: expected memory such as 4gb, 512mb, 1.5G or 2048kb, found `1q`
        log:5: field 35 (slots): expected a whole number of slots, at most 1000000000000, found `many`
    "]]
    .assert_eq(&problems(Format::Sge, &wrong.concat()));
}

#[test]
fn lists_of_hosts_are_machines() {
    let mut shown = String::new();
    for text in Format::BatchHosts.samples() {
        let folder = folder();
        let path = write(&folder, "hosts", text);
        let place = folder.path().join("form");
        let (manifest, report) = import(&path, None, &place, false).unwrap();
        report.account.check().unwrap();
        for one in rows::<Machine>(&Opened::open(&place).unwrap()) {
            writeln!(
                shown,
                "{}: {:?} {:?} {:?}",
                one.name, one.cpus, one.memory, one.platform
            )
            .unwrap();
        }
        for assumed in manifest.assumptions {
            writeln!(shown, "  {}: {}", assumed.about, assumed.model).unwrap();
        }
    }
    expect![[r#"
        n1: Some(28000) Some(257536) Some("Intel_E5_2")
        n2: Some(28000) Some(257536) Some("Intel_E5_2")
          GPUs: not in the source
          not read: RESOURCES, cpuf, maxswp, type
          read and not kept: STATUS
          records passed over: 1: hosts that run no jobs, and the cluster as a whole
        n1: Some(16000) None None
        n2: Some(16000) None None
        n3: None None None
          GPUs: not in the source
          hosts: 1 do not say how many processors they have
          not read: JL/U, NJOBS, RSV, RUN, SSUSP, USUSP
          read and not kept: STATUS
        n1: Some(32000) Some(128716) None
        n2: None None None
          GPUs: not in the source
          hosts: 1 do not say how many processors they have
          not read: ARCH, LOAD, MEMUSE, NCOR, NSOC, NTHR, SWAPTO, SWAPUS
          read and not kept: STATUS
          records passed over: 1: hosts that run no jobs, and the cluster as a whole
    "#]]
    .assert_eq(&shown);
    let wrong =
        |text: &str, expected: &Expect| expected.assert_eq(&problems(Format::BatchHosts, text));
    wrong(
        "a b\n",
        &expect![[r"
        log:1: expected a first line that begins with HOST_NAME or HOSTNAME, found `a b`
          hint: the output of lshosts -w, bhosts -w or qhost, its first line included
    "]],
    );
    wrong(
        "HOST_NAME ncpus maxmem\nn1 x 5G\nn2 4\nn3 4 5q\n",
        &expect![[r"
            log:2: column ncpus: expected a whole number of processors, at most 1000000000000, found `x`
            log:3: expected at least 3 columns, as the first line has, found 2 columns
            log:4: column maxmem: expected memory such as 4gb, 512mb, 1.5G or 2048kb, found `5q`
        "]],
    );
}
