//! What `HTCondor`, OAR and Batsim tell of jobs: ads in three forms, objects and lists, profiles and their run times.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use fairground_readers::Format;
use fairground_readers::canonical::Opened;
use fairground_readers::canonical::import::import;
use fairground_readers::canonical::tables::{Job, Machine};
use fairground_readers::formats::validate;

use crate::common::{folder, told, write};
use crate::{imported, jobs, rows};

fn check(format: Format, text: &str, expected: &Expect) {
    expected.assert_eq(&jobs(format, text));
}

fn wrong(format: Format, text: &str, expected: &Expect) {
    let folder = folder();
    let path = write(&folder, "file", text);
    let check = validate(&path, format, 20);
    let problems = check.problems.iter().map(|one| format!("{one}\n"));
    expected.assert_eq(&told(folder.path(), &problems.collect::<String>()));
}

#[test]
fn an_ad_tells_of_a_job() {
    let ad = |process: u64, rest: &str| {
        let rest = rest.replace(", ", "\n");
        format!("ClusterId = 7\nProcId = {process}\nOwner = \"ann\"\nQDate = 100\n{rest}\n\n")
    };
    let text = [
        ad(0, "JobStatus = 4, JobCurrentStartDate = 110, CompletionDate = 200, RequestCpus = 4, requestmemory = 2048"),
        ad(1, "JobStatus = 4, JobStartDate = 110, JobCurrentStartDate = 150, CompletionDate = 200, NumJobStarts = 3, ExitCode = 2"),
        ad(2, "JobStatus = 4, JobCurrentStartDate = 110, CompletionDate = 200, ExitBySignal = true, ExitSignal = 9"),
        // Removed while it ran, before it ran, and after runs of which only all together is told.
        ad(3, "JobStatus = 3, JobCurrentStartDate = 110, CompletionDate = 0, RemoteWallClockTime = 30.5, NumJobStarts = 1"),
        ad(4, "JobStatus = 3, CompletionDate = 0, EnteredCurrentStatus = 500"),
        ad(5, "JobStatus = 3, JobCurrentStartDate = 110, RemoteWallClockTime = 99.0, NumJobStarts = 2"),
        // In the queue.
        ad(6, "JobStatus = 2, JobCurrentStartDate = 110, ServerTime = 150, JobPrio = 5"),
        ad(7, "JobStatus = 5, JobCurrentStartDate = 110"),
        ad(8, "JobStatus = 4, JobUniverse = 7, CompletionDate = 200"),
        ad(9, "JobStatus = 4, JobUniverse = 11, MaxHosts = 4, JobCurrentStartDate = 110, CompletionDate = 200"),
        ad(10, "JobStatus = 4, JobCurrentStartDate = 300, CompletionDate = 200, RequestCpus = undefined, CpusProvisioned = 2"),
        ad(11, "JobStatus = 4, JobCurrentStartDate = 110, CompletionDate = 200, RequestGPUs = 2, MaxWallTimeMins = 60, RequestMemory = ifThenElse(a,b), MemoryProvisioned = 512"),
    ]
    .concat();
    check(
        Format::CondorJobs,
        &text,
        &expect![[r"
            7.0 of ann, submit 100000000, wait 10000000, tasks 1, run 90000000, cpus 4000, mem 2048, Completed
            7.1 of ann, submit 100000000, wait 50000000, tasks 1, run 50000000, exit 2
            7.2 of ann, submit 100000000, wait 10000000, tasks 1, run 90000000, signal 9
            7.3 of ann, submit 100000000, wait 10000000, tasks 1, run 30500000, Removed
            7.4 of ann, submit 100000000, tasks 1, unstarted, Removed
            7.5 of ann, submit 100000000, wait 10000000, tasks 1, Removed
            7.6 of ann, submit 100000000, wait 10000000, priority 5, tasks 1, run 40000000, censored
            7.7 of ann, submit 100000000, tasks 1, unstarted, Held
            7.9 of ann together, submit 100000000, wait 10000000, tasks 4, run 90000000, Completed
            7.10 of ann, submit 100000000, wait 200000000, tasks 1, cpus 2000, damaged, Completed
            7.11 of ann, submit 100000000, wait 10000000, estimate 3600000000, tasks 1, run 90000000, mem 512, gpus 2000, Completed
            merged: 2 records, an event of a job
            passed over: 1 records, jobs of the scheduler and local universes, which run where they are submitted
            earlier attempts: 2 jobs were started more than once, and nothing is told of the attempts before the last one
            job shape: a task a job; as many tasks as MaxHosts, all at the same time, in the parallel universe
            jobs without an end: 1 jobs began and have no end: they ran until the latest time at least
            priorities: JobPrio; below zero they are zero
            read and not kept: JobUniverse, JobStartDate
            records passed over: 1: jobs of the scheduler and local universes, which run where they are submitted
            run times: from the start of the last run to the completion; of removed jobs the wall clock time of the last run
            run times of which the trace holds a part: 1 of 14 tasks
            run times that are damaged: 1 of 14 tasks
            run times that the source does not tell: 1 of 14 tasks
            tasks that never started, and add no load: 2 of 14 tasks
            what a job asked for: RequestCpus, RequestMemory and RequestGpus where they are numbers; where they are expressions, what was provisioned
        "]],
    );
}

#[test]
fn ads_end_with_blank_lines_or_stars() {
    let epoch = |start: u64, end: u64, run: u64| {
        format!(
            "ClusterId = 1\nProcId = 0\nQDate = 100\nJobCurrentStartDate = {start}\nEpochWriteDate = {end}\nJobStatus = 2\n\
             *** EPOCH ClusterId=1 ProcId=0 RunInstanceId={run} CurrentTime={end}\n"
        )
    };
    // The newest first, as the command lists them.
    let text = format!(
        "{}{}ClusterId = 1\nProcId = 0\n*** SPAWN ClusterId=1\n\
         ClusterId = 2\nProcId = 0\nQDate = 5\nCompletionDate = 9\nJobCurrentStartDate = 6\n\
         *** Offset = 0 ClusterId = 2 ProcId = 0 Owner = \"x\"\n",
        epoch(200, 250, 1),
        epoch(110, 150, 0),
    );
    check(
        Format::CondorJobs,
        &text,
        &expect![[r"
        1.0 of nobody, submit 100000000, wait 100000000, tasks 1, run 50000000
        2.0 of nobody, submit 5000000, wait 1000000, tasks 1, run 3000000
        passed over: 1 records, transfers and other events of jobs
        merged: 1 jobs, an earlier attempt at the same job
        merged: 1 tasks, an earlier attempt at the same job
        attempts: 1 jobs were started again after 1 attempts that ran 40 s in all: the last one stands for the job, submitted when the first was
        job shape: a task a job; as many tasks as MaxHosts, all at the same time, in the parallel universe
        priorities: JobPrio; below zero they are zero
        read and not kept: JobUniverse, JobStartDate
        records passed over: 1: transfers and other events of jobs
        run times: from the start of the last run to the completion; of removed jobs the wall clock time of the last run
        what a job asked for: RequestCpus, RequestMemory and RequestGpus where they are numbers; where they are expressions, what was provisioned
    "]],
    );
    check(
        Format::CondorJobs,
        "[{\"ClusterId\": 1, \"ProcId\": 2, \"qdate\": 100, \"JobCurrentStartDate\": 110.0, \"CompletionDate\": 200, \
         \"RequestCpus\": \"/Expr(x)/\", \"Args\": [1, {}], \"Owner\": \"a \\\"b\\\"\"}, {\"ClusterId\": 1, \"ProcId\": 3}]",
        &expect![[r#"
            1.2 of a "b", submit 100000000, wait 10000000, tasks 1, run 90000000
            1.3 of nobody, tasks 1, unstarted
            job shape: a task a job; as many tasks as MaxHosts, all at the same time, in the parallel universe
            not read: Args
            priorities: JobPrio; below zero they are zero
            read and not kept: JobUniverse, JobStartDate
            run times: from the start of the last run to the completion; of removed jobs the wall clock time of the last run
            tasks that never started, and add no load: 1 of 2 tasks
            what a job asked for: RequestCpus, RequestMemory and RequestGpus where they are numbers; where they are expressions, what was provisioned
        "#]],
    );
    wrong(
        Format::CondorJobs,
        "ClusterId = 1\n\nClusterId = 1\nProcId = 0\nwhat is this\nOwner = \"x\"\n\nClusterId = 1\nProcId = 0\nQDate = 1e99\n\n\
         ClusterId = 1\nProcId = 1\n",
        &expect![[r"
            file:1: expected a job with ClusterId and ProcId, found an ad without
              hint: the output of condor_history -long or -json
            file:5: expected an attribute such as ClusterId = 7, found `what is this`
              hint: the output of condor_history -long or -json, or a history file: ClusterId = 7
            file:8: attribute qdate: expected at most 100000000000 qdate, found `1e99`
              hint: so large a number is taken for damage
        "]],
    );
    wrong(
        Format::CondorJobs,
        "[{\"ClusterId\": 1}, 5]",
        &expect![[r"
            file:1: expected a job with ClusterId and ProcId, found an ad without
              hint: the output of condor_history -long or -json
            file:1: expected a ad as JSON, found `5`
              hint: keys: ClusterId, ProcId, Owner, QDate, JobCurrentStartDate, CompletionDate, RequestCpus
        "]],
    );
}

#[test]
fn slots_are_of_machines() {
    let folder = folder();
    let text = Format::CondorMachines.samples()[0];
    let path = write(&folder, "condor_status.txt", text);
    assert_eq!(Format::detect(&path).unwrap(), Format::CondorMachines);
    let place = folder.path().join("form");
    let (_, report) = import(&path, None, &place, false).unwrap();
    report.account.check().unwrap();
    let mut shown = String::new();
    for one in rows::<Machine>(&Opened::open(&place).unwrap()) {
        writeln!(
            shown,
            "{}: {:?} {:?} {:?} {:?}",
            one.name, one.cpus, one.memory, one.gpus, one.platform
        )
        .unwrap();
    }
    expect![[r#"
        n1: Some(32000) Some(128000) Some(2000) Some("NVIDIA A100")
        n2: Some(8000) Some(16000) Some(0) None
    "#]]
    .assert_eq(&shown);
    wrong(
        Format::CondorMachines,
        "a = 1\n",
        &expect![[r"
        file:1: expected the ad of a slot, with Machine and Name, found none of them
          hint: the output of condor_status -long or -json
    "]],
    );
}

#[test]
fn oar_tells_jobs_in_an_object_or_in_a_list() {
    let job = |id: u64, rest: &str| {
        format!(
            "\"{id}\": {{\"Job_Id\": {id}, \"owner\": \"ann\", \"submissionTime\": \"100\", {rest}}}"
        )
    };
    let ran = "\"startTime\": 110, \"stopTime\": \"200\", \"assigned_resources\": [1, 2, 3], \
               \"assigned_network_address\": [\"a\", \"b\"]";
    let text = [
        job(
            1,
            &format!("\"state\": \"Terminated\", {ran}, \"walltime\": 3600, \"project\": \"p\""),
        ),
        job(
            2,
            &format!(
                "\"state\": \"Error\", {ran}, \"types\": [\"besteffort\"], \"dependencies\": [1]"
            ),
        ),
        job(
            3,
            "\"state\": \"Error\", \"startTime\": 0, \"stopTime\": 150",
        ),
        job(
            4,
            "\"state\": \"Running\", \"startTime\": 190, \"stopTime\": 0, \"walltime\": \"1:00:00\"",
        ),
        job(
            5,
            "\"state\": \"Waiting\", \"startTime\": 0, \"wanted_resources\": \"-l \\\"/nodes=2/core=4,walltime=2:0:0\\\" \"",
        ),
        job(
            6,
            "\"state\": \"Terminated\", \"startTime\": 200, \"stopTime\": 110, \"who\": 1",
        ),
    ];
    check(
        Format::Oar,
        &format!("{{{}}}", text.join(",\n")),
        &expect![[r"
            1 of ann together, submit 100000000, wait 10000000, estimate 3600000000, tasks 2, run 90000000, cpus 1500, Terminated
            2 of ann together, submit 100000000, wait 10000000, tasks 2, run 90000000, cpus 1500, Error
            3 of ann, submit 100000000, tasks 1, unstarted, Error
            4 of ann, submit 100000000, wait 90000000, estimate 3600000000, tasks 1, run 10000000, censored, Running
            5 of ann together, submit 100000000, estimate 7200000000, tasks 2, cpus 4000, unstarted, Waiting
            6 of ann, submit 100000000, wait 100000000, tasks 1, damaged, Terminated
            merged: 2 records, an event of a job
            dependencies: 1 jobs waited for others: the first that each names is kept as the one before it
            job shape: a task a host, all at the same time, with an equal part of the assigned resources, each a core; GPUs as many for each host as the request says
            jobs without an end: 1 jobs began and have no end: they ran until the latest time at least
            not read: who
            read and not kept: array_id, array_index, resubmit_job_id, properties, reservation, message, events, exit_code, launchingDirectory, launching_directory, stdout_file, stderr_file, jobType, type, cpuset_name, initial_request, scheduledStart, scheduled_start, reserved_resources
            run times of which the trace holds a part: 1 of 9 tasks
            run times that are damaged: 1 of 9 tasks
            tasks that never started, and add no load: 3 of 9 tasks
        "]],
    );
    wrong(
        Format::Oar,
        "{\"items\": [{\"id\": 1}, {\"owner\": \"x\"}, {\"id\": 2, \"start_time\": \"soon\"}, {\"id\": 3, \"walltime\": \"1:x\"}]}",
        &expect![[r#"
            file:1: expected a job with Job_Id or id, found none
              hint: keys: "42" { Job_Id, owner, state, submissionTime, startTime, stopTime }, or items
            file:1: job `2`, key startTime: expected a number of seconds since 1970, found `soon`
              hint: digits with at most one point and exponent: no sign, blank or unit
            file:1: job `3`, key walltime: expected a time such as 3600, 01:00:00 or 1:00:00:00, found `1:x`
        "#]],
    );
    wrong(
        Format::Oar,
        "{\"1\": {\"2\": {\"Job_Id\": 2}}}",
        &expect![[r#"
            file:1: column 27: expected a job; jobs within a job
              hint: keys: "42" { Job_Id, owner, state, submissionTime, startTime, stopTime }, or items
        "#]],
    );
}

#[test]
fn delays_and_sequences_of_them_have_run_times() {
    let text = r#"{"nb_res": 8, "jobs": [
        {"id": 1, "subtime": 0, "walltime": 100, "res": 1, "profile": "d"},
        {"id": 2, "subtime": 1.5, "walltime": 5, "res": 2, "profile": "d"},
        {"id": 3, "subtime": 2, "res": 4, "profile": "s"},
        {"id": 4, "subtime": 3, "walltime": -1, "res": 4, "profile": "p"},
        {"id": 5, "subtime": 4, "res": 4, "profile": "mixed"},
        {"id": 6, "subtime": 5, "res": 4, "profile": "loop", "dependencies": ["1", "2"]}],
      "profiles": {"d": {"type": "delay", "delay": 20.25}, "s": {"type": "composed", "nb": 3, "seq": ["d", "d"]},
        "p": {"type": "parallel_homogeneous", "cpu": 1e9, "com": 0}, "mixed": {"type": "sequence", "seq": ["d", "p"]},
        "loop": {"type": "SequentialCompositionProfile", "seq": ["loop"]}}}"#;
    check(
        Format::BatsimWorkload,
        text,
        &expect![[r"
            1 of nobody, submit 0, estimate 100000000, tasks 1, run 20250000, cpus 1000
            2 of nobody together, submit 1500000, estimate 5000000, tasks 2, run 5000000, cpus 1000
            3 of nobody together, submit 2000000, tasks 4, run 121500000, cpus 1000
            4 of nobody together, submit 3000000, tasks 4, cpus 1000
            5 of nobody together, submit 4000000, tasks 4, cpus 1000
            6 of nobody together, submit 5000000, tasks 4, cpus 1000
            dependencies: 1 jobs waited for others: the first that each names is kept as the one before it
            job shape: a task a resource, with one core, all at the same time
            read and not kept: amounts of computation and communication (cpu, com), ret
            run times: delays, and sequences of them, until the walltime; what computations, communications and replays of traces take follows from the platform and is not known
            run times that the source does not tell: 12 of 19 tasks
        "]],
    );
    let folder = folder();
    let trace = imported(&folder, "t", Format::BatsimWorkload, text);
    assert_eq!(trace.manifest.machine.unwrap().processors, Some(8));
    assert_eq!(rows::<Job>(&trace)[5].preceding.as_deref(), Some("1"));
    let job = |rest: &str| {
        format!("{{\"nb_res\": 1, \"jobs\": [{{\"id\": 1, \"subtime\": 0, \"res\": 1, {rest}}}]}}")
            .replace(
                "]}",
                "], \"profiles\": {\"d\": {\"type\": \"delay\", \"delay\": -1}}}",
            )
    };
    wrong(
        Format::BatsimWorkload,
        &job("\"profile\": \"x\""),
        &expect![[r"
            file:1: job `1`, key profile: expected a profile that is there, found `x`
              hint: every job and every sequence names profiles of the workload
        "]],
    );
    wrong(
        Format::BatsimWorkload,
        &job("\"profile\": \"d\""),
        &expect![[r"
            file:1: profile `d`, key delay: expected a number of seconds, found `-1`
              hint: digits with at most one point and exponent: no sign, blank or unit
        "]],
    );
    wrong(
        Format::BatsimWorkload,
        "{\"nb_res\": 1, \"jobs\": []}",
        &expect![[r"
            file:1: column 25: expected a workload; missing field `profiles`
              hint: keys: nb_res, jobs[{id, subtime, res, profile, walltime}], profiles{name: {type, delay}}
        "]],
    );
    for text in Format::BatsimJobs.samples() {
        let folder = self::folder();
        let path = write(&folder, "any.csv", text);
        assert_eq!(Format::detect(&path).unwrap(), Format::BatsimJobs);
    }
    check(
        Format::BatsimJobs,
        Format::BatsimJobs.samples()[0],
        &expect![[r"
            w0!a of w0, submit 0, wait 1500000, estimate 30000000, tasks 1, run 20250000, cpus 1000, COMPLETED_SUCCESSFULLY
            w0!b of w0 together, submit 1000000, wait 21000000, estimate 100000000, tasks 4, run 100000000, cpus 1000, COMPLETED_WALLTIME_REACHED
            w0!c of w0 together, submit 2000000, tasks 9, cpus 1000, unstarted, REJECTED
            job shape: a task a resource, with one core, all at the same time
            not read: consumed_energy, metadata, stretch, turnaround_time
            read and not kept: success, finish_time, waiting_time, allocated_resources
            run times: those of the simulation, which follow from its platform and its scheduler
            tasks that never started, and add no load: 9 of 14 tasks
        "]],
    );
}

#[test]
fn a_platform_has_hosts_and_clusters() {
    let folder = folder();
    let path = write(
        &folder,
        "platform.xml",
        Format::SimGridPlatform.samples()[0],
    );
    assert_eq!(Format::detect(&path).unwrap(), Format::SimGridPlatform);
    let place = folder.path().join("form");
    let (manifest, report) = import(&path, None, &place, false).unwrap();
    report.account.check().unwrap();
    let mut shown = String::new();
    for one in rows::<Machine>(&Opened::open(&place).unwrap()) {
        writeln!(shown, "{}: {:?} {:?}", one.name, one.cpus, one.platform).unwrap();
    }
    for assumed in manifest.assumptions {
        writeln!(shown, "{}: {}", assumed.about, assumed.model).unwrap();
    }
    expect![[r#"
        Jupiter: Some(4000) Some("76.296Mf")
        n-0.me: Some(8000) Some("1Gf")
        n-1.me: Some(8000) Some("1Gf")
        n-2.me: Some(8000) Some("1Gf")
        n-5.me: Some(8000) Some("1Gf")
        cores: one where a host says nothing; the speeds of hosts are their types and nothing else
        not read: link
        read and not kept: speed, but as the type of a machine
        records passed over: 1: hosts that run no jobs: Batsim's master, and storage
    "#]]
    .assert_eq(&shown);
    let text = "<platform><cluster id='m' prefix='x' suffix='' radical='0-0'><prop id='role' value='master'/></cluster>\n\
                <cluster id='c' prefix='n' suffix='' radical='8-10'/><host id='s'><prop id='role' value='storage'/></host>\n\
                <host id='h'><prop id='watts' value='5'/></host></platform>";
    let place = folder.path().join("more");
    let path = write(&folder, "more.xml", text);
    let (_, report) = import(&path, None, &place, false).unwrap();
    report.account.check().unwrap();
    let names = rows::<Machine>(&Opened::open(&place).unwrap())
        .into_iter()
        .map(|one| one.name);
    assert_eq!(names.collect::<Vec<_>>(), ["n8", "n9", "n10", "h"]);
    let inside = |elements: &str| format!("<platform>\n{elements}\n</platform>\n");
    let format = Format::SimGridPlatform;
    wrong(
        format,
        &inside(""),
        &expect![[r#"
        file:4: expected at least one host or cluster, found none
          hint: a platform of SimGrid: <host id="n1" speed="1Gf"/>
    "#]],
    );
    wrong(
        format,
        &inside("<host speed='1'/><host id='a' core='x'/><cluster radical='2-1'/>"),
        &expect![[r"
            file:2: host, attribute id: expected the name of a host, found nothing
            file:2: host, attribute core: expected a whole number of cores, at most 1000000000000, found `x`
            file:2: cluster, attribute radical: expected hosts such as n[001-128,140],gpu1, found `[2-1]`
              hint: at most 1000000 of them
        "]],
    );
    wrong(
        format,
        "<platform><host id='a'></zone>",
        &expect![[r#"
        file:1: expected a platform as XML; ill-formed document: expected `</host>`, but `</zone>` was found
          hint: a platform of SimGrid: <platform version="4.1"> <zone> <host ...>
    "#]],
    );
    wrong(
        format,
        "<platform><host id='a",
        &expect![[r#"
        file:1: expected a platform as XML; syntax error: attribute value not closed: `'` not found before end of input
          hint: a platform of SimGrid: <platform version="4.1"> <zone> <host ...>
    "#]],
    );
}
