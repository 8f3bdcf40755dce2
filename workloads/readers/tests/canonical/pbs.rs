//! What the log of PBS and Torque tells: events of jobs, attempts, arrays, chunks, odd values.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use fairground_readers::Format;
use fairground_readers::canonical::Opened;
use fairground_readers::canonical::import::import;
use fairground_readers::canonical::tables::{Job, Machine, Tasks};
use fairground_readers::formats::validate;

use crate::common::{folder, told, write};
use crate::{imported, jobs, rows};

/// What becomes of a log: each line is behind a date that is an hour ahead of the end that it tells.
fn check(lines: &[&str], expected: &Expect) {
    let dated = |line: &&str| format!("01/05/2026 09:00:00;{line}\n");
    let text: String = lines.iter().map(dated).collect();
    expected.assert_eq(&jobs(Format::PbsJobs, &text));
}

#[test]
fn events_of_a_job_are_one_job() {
    check(
        &[
            "Q;1.a;queue=q",
            "S;1.a;user=ann ctime=1767599000 start=1767599100 Resource_List.ncpus=2",
            "E;1.a;user=ann ctime=1767599000 start=1767599100 end=1767600000 Resource_List.ncpus=2 Exit_status=0",
            // Deleted before it began, while it ran, and after its end.
            "Q;2.a;user=ann ctime=1767599000",
            "D;2.a;requestor=ann@login",
            "S;3.a;user=bob ctime=1767599000 start=1767599100",
            "D;3.a;requestor=root@login",
            "E;4.a;user=bob ctime=1767599000 start=1767599100 end=1767599200 Exit_status=271",
            "D;4.a;requestor=root@login",
            // Only told to go.
            "A;5.a;",
            // Still running, still waiting.
            "S;6.a;user=bob ctime=1767599000 start=1767599500",
            "Q;7.a;queue=q",
            // Never started, told twice, times that cannot be.
            "E;8.a;user=bob ctime=1767599000 Exit_status=-1",
            "E;9.a;user=bob ctime=1767599000 start=1767599500 end=1767599600",
            "E;9.a;user=bob ctime=1767599000 start=1767599500 end=1767599600",
            "E;10.a;user=bob ctime=1767599000 start=1767599500 end=1767599400",
            "E;11.a;user=bob ctime=1767599000 start=1767599500 end=1767599400 resources_used.walltime=00:01:00",
            // A number that is used again.
            "E;9.a;user=ann ctime=1767599700 start=1767599800 end=1767599900",
            "L;license;floating license hour:0",
            "B;R12.a;owner=ann",
            "z;6.a;",
            // Brackets of the server's name are no array's.
            "E;12.[a];user=ann ctime=1767599700 start=1767599800 end=1767599900",
        ],
        &expect![[r"
            1.a of ann, submit 1767599000000000, wait 100000000, tasks 1, run 900000000, cpus 2000, 0
            2.a of ann, submit 1767599000000000, tasks 1, unstarted, deleted
            3.a of bob, submit 1767599000000000, wait 100000000, tasks 1, run 900000000, censored, deleted
            4.a of bob, submit 1767599000000000, wait 100000000, tasks 1, run 100000000, 271
            6.a of bob, submit 1767599000000000, wait 500000000, tasks 1, run 500000000, censored
            7.a of nobody, submit 1767600000000000, tasks 1, unstarted
            8.a of bob, submit 1767599000000000, tasks 1, unstarted, -1
            9.a of bob, submit 1767599000000000, wait 500000000, tasks 1, run 100000000
            10.a of bob, submit 1767599000000000, wait 500000000, tasks 1, damaged
            11.a of bob, submit 1767599000000000, wait 500000000, tasks 1, run 60000000
            12.[a] of ann, submit 1767599700000000, wait 100000000, tasks 1, run 100000000
            9.a of ann, submit 1767599700000000, wait 100000000, tasks 1, run 100000000
            merged: 10 records, an event of a job
            passed over: 1 records, licences
            passed over: 1 records, reservations
            passed over: 1 records, suspended and resumed: counted as running
            merged: 1 jobs, another record of the same job
            merged: 1 tasks, another record of the same job
            job shape: a task a chunk (select), node (nodes) or host, all at the same time, each with what it asked for or else an equal part of the job's processors, memory and GPUs
            jobs that were taken away, of which nothing else is told: 1 are left out
            jobs without an end: 2 jobs began and have no end: they ran until the latest time at least
            read and not kept: qtime, etime, eligible_time, owner, session, exec_host, exec_vnode, place, vmem, cpupercent, mpiprocs, total_execution_slots, unique_node_count, alt_id, the signal in Exit_status
            records passed over: 1: licences
            records passed over: 1: reservations
            records passed over: 1: suspended and resumed: counted as running
            run times of which the trace holds a part: 2 of 12 tasks
            run times that are damaged: 1 of 12 tasks
            tasks that never started, and add no load: 3 of 12 tasks
        "]],
    );
}

#[test]
fn attempts_at_a_job_are_one_job() {
    check(
        &[
            "S;1.a;user=ann ctime=1767599000 start=1767599100",
            "R;1.a;user=ann ctime=1767599000 start=1767599100 end=1767599150 run_count=1",
            "S;1.a;user=ann ctime=1767599000 start=1767599200",
            "R;1.a;user=ann ctime=1767599000 start=1767599200 end=1767599260 run_count=2",
            "S;1.a;user=ann ctime=1767599000 start=1767599300",
            "E;1.a;user=ann ctime=1767599000 start=1767599300 end=1767600000 run_count=3",
            // An end that was not the last one.
            "E;2.a;user=ann ctime=1767599000 start=1767599100 end=1767599200 Exit_status=99",
            "Q;2.a;user=ann ctime=1767599000",
            "E;2.a;user=ann ctime=1767599000 start=1767599300 end=1767599400 Exit_status=0",
            // Started again, and waits or runs.
            "R;3.a;user=bob ctime=1767599000 start=1767599100 end=1767599150",
            "R;4.a;user=bob ctime=1767599000 start=1767599100 end=1767599150",
            "S;4.a;user=bob ctime=1767599000 start=1767599200",
        ],
        &expect![[r"
            1.a of ann, submit 1767599000000000, wait 300000000, tasks 1, run 700000000
            2.a of ann, submit 1767599000000000, wait 300000000, tasks 1, run 100000000, 0
            3.a of bob, submit 1767599000000000, wait 100000000, tasks 1, run 50000000
            4.a of bob, submit 1767599000000000, wait 200000000, tasks 1, run 800000000, censored
            merged: 5 records, an event of a job
            merged: 4 jobs, an earlier attempt at the same job
            merged: 4 tasks, an earlier attempt at the same job
            attempts: 3 jobs were started again after 4 attempts that ran 260 s in all: the last one stands for the job, submitted when the first was
            job shape: a task a chunk (select), node (nodes) or host, all at the same time, each with what it asked for or else an equal part of the job's processors, memory and GPUs
            jobs without an end: 1 jobs began and have no end: they ran until the latest time at least
            read and not kept: qtime, etime, eligible_time, owner, session, exec_host, exec_vnode, place, vmem, cpupercent, mpiprocs, total_execution_slots, unique_node_count, alt_id, the signal in Exit_status
            run times of which the trace holds a part: 1 of 4 tasks
        "]],
    );
}

#[test]
fn arrays_are_their_jobs() {
    check(
        &[
            "Q;5[].a;user=ann ctime=1767599000 array_indices=1-10:3 Resource_List.select=2:ncpus=4",
            "S;5[].a;user=ann ctime=1767599000 start=1767599100",
            "S;5[1].a;user=ann ctime=1767599000 start=1767599100",
            "E;5[1].a;user=ann ctime=1767599000 start=1767599100 end=1767600000",
            "S;5[4].a;user=ann ctime=1767599000 start=1767599100",
            "D;5[7-10].a;requestor=ann",
            "E;5[].a;user=ann ctime=1767599000 end=1767600000",
        ],
        &expect![[r"
            5[1].a of ann, submit 1767599000000000, wait 100000000, tasks 1, run 900000000
            5[4].a of ann, submit 1767599000000000, wait 100000000, tasks 1, run 900000000, censored
            5[].a of ann, submit 1767599000000000, tasks 4, cpus 4000, unstarted
            merged: 3 records, an event of a job
            passed over: 3 records, arrays as a whole, whose jobs have records of their own
            arrays: 1 stand for all jobs of an array that did not begin, each as one job with the tasks of all of them
            job shape: a task a chunk (select), node (nodes) or host, all at the same time, each with what it asked for or else an equal part of the job's processors, memory and GPUs
            jobs without an end: 1 jobs began and have no end: they ran until the latest time at least
            read and not kept: qtime, etime, eligible_time, owner, session, exec_host, exec_vnode, place, vmem, cpupercent, mpiprocs, total_execution_slots, unique_node_count, alt_id, the signal in Exit_status
            records passed over: 3: arrays as a whole, whose jobs have records of their own
            run times of which the trace holds a part: 1 of 6 tasks
            tasks that never started, and add no load: 4 of 6 tasks
        "]],
    );
}

#[test]
fn tasks_are_what_was_asked_for() {
    let asked = |resources: &str| format!("E;1.a;user=u ctime=9 start=10 end=20 {resources}");
    let shown = |resources: &str| {
        let text = format!("01/05/2026 09:00:00;{}\n", asked(resources));
        let folder = folder();
        let trace = imported(&folder, "t", Format::PbsJobs, &text);
        let shown = rows::<Tasks>(&trace).into_iter().map(|one| {
            let amount = |amount: Option<u64>| amount.map_or("-".to_owned(), |n| n.to_string());
            let [cpus, memory, used, gpus] = [one.cpus, one.memory, one.used, one.gpus].map(amount);
            let model = one.model.unwrap_or_default();
            format!(
                "{} x {cpus} cpus {memory} MiB {used} used {gpus} gpus {model};\n",
                one.count
            )
        });
        format!("{resources}\n{}", shown.collect::<String>())
    };
    let all: String = [
        "",
        "Resource_List.select=2:ncpus=8:mem=16gb:ngpus=1+4:ncpus=4 Resource_List.ncpus=32",
        "Resource_List.nodes=2:ppn=8:gpus=1 Resource_List.mem=4gb resources_used.mem=1048576kb",
        "Resource_List.nodes=1:ppn=4:avx Resource_List.ncpus=1 Resource_List.pmem=500mb",
        "Resource_List.nodes=4 Resource_List.ncpus=16 Resource_List.gpu_type=a100 Resource_List.ngpus=4",
        "Resource_List.nodect=1:ppn=24:gpu=4:gpu",
        "Resource_List.ncpus=12 Resource_List.nodect=2 exec_host=c1/0-3+c2/0-7",
        "exec_vnode=(c1:ncpus=13:mem=5kb)+(c2:ncpus=13:mem=5kb)",
        "Resource_List.ncpus=3000 Resource_List.nodect=3000 exec_host=\"0-4,6-7\"",
        "Resource_List.procs=16 Resource_List.nodes=1",
        "Resource_List.mem=1000 resources_used.mem=12.27M",
    ]
    .map(shown)
    .concat();
    expect![[r#"

        1 x - cpus - MiB - used - gpus ;
        Resource_List.select=2:ncpus=8:mem=16gb:ngpus=1+4:ncpus=4 Resource_List.ncpus=32
        2 x 8000 cpus 16384 MiB - used 1000 gpus ;
        4 x 4000 cpus - MiB - used - gpus ;
        Resource_List.nodes=2:ppn=8:gpus=1 Resource_List.mem=4gb resources_used.mem=1048576kb
        2 x 8000 cpus 2048 MiB 512 used 1000 gpus ;
        Resource_List.nodes=1:ppn=4:avx Resource_List.ncpus=1 Resource_List.pmem=500mb
        1 x 4000 cpus 2000 MiB - used - gpus ;
        Resource_List.nodes=4 Resource_List.ncpus=16 Resource_List.gpu_type=a100 Resource_List.ngpus=4
        4 x 4000 cpus - MiB - used 1000 gpus a100;
        Resource_List.nodect=1:ppn=24:gpu=4:gpu
        1 x 24000 cpus - MiB - used 4000 gpus ;
        Resource_List.ncpus=12 Resource_List.nodect=2 exec_host=c1/0-3+c2/0-7
        1 x 4000 cpus - MiB - used - gpus ;
        1 x 8000 cpus - MiB - used - gpus ;
        exec_vnode=(c1:ncpus=13:mem=5kb)+(c2:ncpus=13:mem=5kb)
        2 x 13000 cpus 1 MiB - used - gpus ;
        Resource_List.ncpus=3000 Resource_List.nodect=3000 exec_host="0-4,6-7"
        3000 x 1000 cpus - MiB - used - gpus ;
        Resource_List.procs=16 Resource_List.nodes=1
        16 x 1000 cpus - MiB - used - gpus ;
        Resource_List.mem=1000 resources_used.mem=12.27M
        1 x - cpus 13 MiB - used - gpus ;
    "#]].assert_eq(&all);
}

#[test]
fn values_may_have_blanks_and_jobs_wait_for_others() {
    let folder = folder();
    let text = "\
01/05/2026 09:00:10;Q;7.a;user=ann account=\"deep learning\" jobname=\"a =b\" queue=q ctime=1767600010 depend=beforeok:9.a,afterok:5.a@b:6.a
01/05/2026 09:00:20;E;7.a;user=ann account='the \"x\"' jobname=my long name queue=q ctime=1767600010.5 start=1767600015 end=1767600020.25 what=1 Exit_status=0
";
    let trace = imported(&folder, "t", Format::PbsJobs, text);
    let job = rows::<Job>(&trace).remove(0);
    let told = [job.group, job.executable, job.preceding, job.queue];
    assert_eq!(
        told.map(Option::unwrap),
        ["the \"x\"", "my long name", "5.a", "q"]
    );
    assert_eq!(
        (job.submit, job.wait),
        (Some(1_767_600_010_000_000), Some(5_000_000))
    );
    assert_eq!(trace.manifest.clock.as_ref().unwrap().zone, "+01:00");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let folder = folder();
    let text = "\
1;E;1.a;
13/05/2026 09:00:00;E;1.a;
01/05/2026 09:00:00;E
01/05/2026 09:00:00;EE;1.a;
01/05/2026 09:00:00;E;;
01/05/2026 09:00:00;E;1.a;start=soon
01/05/2026 09:00:00;E;1.a;Resource_List.select=2:mem=5q
01/05/2026 09:00:00;E;1.a;Resource_List.walltime=1:x
01/05/2026 09:00:00;Q;1[].a;array_indices=5-1
";
    let path = write(&folder, "log", text);
    let check = validate(&path, Format::PbsJobs, 20);
    let problems = check.problems.iter().map(|one| format!("{one}\n"));
    let shown = told(folder.path(), &problems.collect::<String>());
    expect![[r"
        log:1: part 1 (date): expected a time such as 01/05/2026 09:00:00, found `1`
          hint: a line an event: 01/05/2026 09:00:00;E;123.server;user=... queue=... start=... end=...
        log:2: part 1 (date): expected a time such as 01/05/2026 09:00:00, found `13/05/2026 09:00:00`
          hint: a line an event: 01/05/2026 09:00:00;E;123.server;user=... queue=... start=... end=...
        log:3: expected four parts with semicolons between: date, type, id, and what is told, found `01/05/2026 09:00:00;E`
          hint: a line an event: 01/05/2026 09:00:00;E;123.server;user=... queue=... start=... end=...
        log:4: part 2 (type): expected a type of record, one letter, found `EE`
        log:5: part 3 (id): expected the id of a job, found nothing
        log:6: key start: expected a number of seconds since 1970, found `soon`
          hint: digits with at most one point and exponent: no sign, blank or unit
        log:7: key Resource_List.select: expected memory such as 4gb, 512mb, 1.5G or 2048kb, found `5q`
        log:8: key Resource_List.walltime: expected a time such as 3600, 01:00:00 or 1:00:00:00, found `1:x`
        log:9: key array_indices: expected numbers such as 1-100:2, found `5-1`
    "]].assert_eq(&shown);
}

#[test]
fn nodes_are_machines() {
    let folder = folder();
    let mut shown = String::new();
    for text in Format::PbsNodes.samples() {
        let path = write(&folder, "pbsnodes.txt", text);
        assert_eq!(Format::detect(&path).unwrap(), Format::PbsNodes);
        let place = folder.path().join(format!("form{}", shown.len()));
        let (manifest, report) = import(&path, None, &place, false).unwrap();
        report.account.check().unwrap();
        for one in rows::<Machine>(&Opened::open(&place).unwrap()) {
            writeln!(
                shown,
                "{}: {:?} {:?} {:?} {:?}",
                one.name, one.cpus, one.memory, one.gpus, one.platform
            )
            .unwrap();
        }
        for assumed in manifest.assumptions {
            writeln!(shown, "{}: {}", assumed.about, assumed.model).unwrap();
        }
    }
    expect![[r#"
        n1: Some(128000) Some(515612) Some(4000) Some("a100")
        n2: Some(8000) None Some(0) None
        nodes: 1 that are down, offline or unknown count as there
        not read: resources_assigned.ncpus
        read and not kept: state, queue, properties
        baktum-2: Some(32000) Some(517018) Some(2000) None
        read and not kept: state, queue, properties
    "#]]
    .assert_eq(&shown);
    let path = write(
        &folder,
        "pbsnodes.bad",
        "a b\n     np = 4\nn1\n     np = x\nn2\n     np = 3\n",
    );
    let check = validate(&path, Format::PbsNodes, 9);
    let problems = check.problems.iter().map(|one| format!("{one}\n"));
    let shown = told(folder.path(), &problems.collect::<String>());
    expect![[r"
        pbsnodes.bad:1: expected the name of a node, found `a b`
          hint: the output of pbsnodes -a: a name on a line, key = value on indented ones
        pbsnodes.bad:2: expected the name of a node, found `np = 4`
          hint: the output of pbsnodes -a: a name on a line, key = value on indented ones
        pbsnodes.bad:4: key np: expected a whole number of processors, at most 1000000000000, found `x`
    "]].assert_eq(&shown);
}
