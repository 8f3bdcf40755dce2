//! The law of every import: found = imported + merged + dropped + passed over, of every kind of thing;
//! what is not read is named; one bad job does not end a trace.

use std::fmt::Write as _;
use std::fs;

use fairground_readers::Format;
use fairground_readers::canonical::account::Reasons;
use fairground_readers::canonical::anonymise::anonymise;
use fairground_readers::canonical::edit::{Slice, slice};
use fairground_readers::canonical::import::{import, refusal};
use fairground_readers::canonical::tables::{Edge, Job, Load, Tasks};
use fairground_readers::canonical::{Opened, check, text};
use fairground_readers::formats::stat;

use crate::common::{files, folder, write};
use crate::rows;

/// The account and the assumptions of an import, a line each.
fn told(format: Format, content: impl AsRef<[u8]>) -> String {
    let folder = folder();
    let path = write(&folder, "file", content);
    let (manifest, report) = import(&path, format, &folder.path().join("trace"), false).unwrap();
    report.account.check().unwrap();
    let mut told = String::new();
    for (thing, line) in report.account.lines() {
        let (thing, found, imported) = (thing.name(), line.found, line.imported);
        writeln!(told, "{thing}: {imported} of {found}").unwrap();
        let mut why = |way: &str, reasons: &Reasons| {
            for (why, count) in reasons {
                writeln!(told, "{way}: {count} {thing}, {why}").unwrap();
            }
        };
        why("merged", &line.merged);
        why("dropped", &line.dropped);
        why("passed over", &line.passed);
    }
    for assumed in manifest.assumptions {
        writeln!(told, "{}: {}", assumed.about, assumed.model).unwrap();
    }
    told
}

/// An import tells these lines.
fn says(format: Format, content: &str, lines: &[&str]) {
    let told = told(format, content);
    for line in lines {
        assert!(
            told.lines().any(|known| known == *line),
            "{format}: no {line:?} in\n{told}"
        );
    }
}

const DAG: &str = "\
M1,2,j_1,1,Terminated,1000,1010,100,0.5
R2_1,1,j_1,1,Terminated,1010,1030,100,0.5
M5_1,3,j_2,1,Terminated,1100,1140,50,0.3
R1_5,1,j_2,1,Terminated,1100,1144,50,0.2
J3_9,1,j_3,1,Terminated,2000,2010,100,0.5
";

#[test]
fn a_job_that_waits_for_itself_is_left_out_and_counted() {
    let lines = [
        "records: 5 of 5",
        "jobs: 2 of 5",
        "merged: 2 jobs, another row of the same job",
        "dropped: 1 jobs, a job whose stages wait for each other in a loop",
        "tasks: 4 of 8",
        "dropped: 4 tasks, a job whose stages wait for each other in a loop",
        "edges: 1 of 4",
        "dropped: 1 edges, the stage that is waited for is not in the trace",
        "dropped: 2 edges, a job whose stages wait for each other in a loop",
        "jobs dropped: 1: a job whose stages wait for each other in a loop",
    ];
    says(Format::Alibaba2018Tasks, DAG, &lines);
}

#[test]
fn a_job_of_impossible_size_is_left_out_and_counted() {
    let job = |id: u8, count: u64| {
        format!(
            "{{\"am.type\":\"mapreduce\",\"job.id\":\"{id}\",\"job.start.ms\":0,\"job.tasks\":\
             [{{\"count\":{count},\"duration.ms\":5}}]}}\n"
        )
    };
    let lines = [
        "jobs: 1 of 2",
        "dropped: 1 jobs, a job with more tasks in a stage than can be",
        "tasks: 7 of 1099511627783",
    ];
    says(Format::Sls, &(job(1, 7) + &job(2, 1 << 40)), &lines);
}

#[test]
fn a_job_that_is_submitted_several_times_is_as_many() {
    let text = "{\"am.type\":\"mapreduce\",\"job.id\":\"a\",\"job.start.ms\":0,\"job.count\":5,\
                \"job.tasks\":[{\"count\":2,\"duration.ms\":30,\"container.priority\":20}]}";
    let lines = [
        "jobs: 5 of 5",
        "tasks: 10 of 10",
        "not read: job.tasks.container.priority",
    ];
    says(Format::Sls, text, &lines);
}

/// A diamond, told by parents and by children, and a task alone.
const DIAMOND: &str = "\
id,submission_time,duration,cpu_count,cpu_capacity,mem_capacity,parents,children,gpu_count,gpu_capacity
1,0,1000,1,1000,10,,2;3,1,9
2,5,1000,1,1000,10,1,4,0,9
3,5,1000,1,1000,10,1,4,0,9
4,9,1000,1,1000,10,2;3,,0,9
7,9,1000,1,1000,10,99,,0,9
";

#[test]
fn tasks_that_wait_for_one_another_are_a_workflow() {
    let lines = [
        "jobs: 2 of 5",
        "merged: 3 jobs, another task of the same workflow",
        "tasks: 5 of 5",
        "edges: 4 of 9",
        "merged: 4 edges, told by both of their ends",
        "passed over: 1 edges, whose other end is not in the table",
        "not read: gpu_capacity",
    ];
    says(Format::OpenDcTasks, DIAMOND, &lines);
    let folder = folder();
    let path = write(&folder, "file", DIAMOND);
    let place = folder.path().join("trace");
    import(&path, Format::OpenDcTasks, &place, false).unwrap();
    let trace = Opened::open(&place).unwrap();
    let edges: Vec<_> = rows::<Edge>(&trace)
        .iter()
        .map(|e| (e.stage, e.parent))
        .collect();
    assert_eq!(edges, [(1, 0), (2, 0), (3, 1), (3, 2)]);
    assert_eq!(rows::<Tasks>(&trace)[0].gpus, Some(1000));
    assert_eq!(rows::<Job>(&trace)[0].submit, Some(0));
}

#[test]
fn more_columns_than_are_read_are_named() {
    let row = "job0\t1\t1\t5\t0\t7\tinputPath1\t\t\n";
    says(
        Format::Swim,
        row,
        &["jobs: 1 of 1", "not read: columns 7 to 9"],
    );
    says(
        Format::Swim,
        "job0\t1\t1\t5\t0\t7\tx\n",
        &["not read: column 7"],
    );
    let table = "timestamp,duration,num_gpus,gpu_time,cluster,colour\n\
                 2017-10-03 23:03:44,5,1,5,a,red\n";
    says(
        Format::Philly,
        table,
        &["not read: colour", "read and not kept: gpu_time"],
    );
    let request =
        r#"{"timestamp": 0, "input_length": 1, "output_length": 2, "hash_ids": [], "x": {"y": 1}}"#;
    says(Format::Mooncake, request, &["not read: x"]);
    let folder = folder();
    let facts = stat(&write(&folder, "file", row), Format::Swim)
        .unwrap()
        .facts;
    assert!(
        facts.contains(&("not_read", "columns 7 to 9".to_owned())),
        "{facts:?}"
    );
}

#[test]
fn workflows_of_all_versions_are_read() {
    let old = r#"{"name": "w", "schemaVersion": "1.0", "workflow": {"makespan": 30, "jobs": [
        {"name": "a", "type": "compute", "runtime": 10, "memory": 2048,
         "files": [{"link": "output", "name": "f", "size": 3}]},
        {"name": "b", "parents": ["a"], "runtime": 20, "files": [{"link": "input", "name": "f", "size": 3}]}]}}"#;
    let lines = [
        "tasks: 2 of 2",
        "edges: 1 of 1",
        "version of the format: 1.4 and before: KB where a size or a memory has no unit in its name",
    ];
    says(Format::WfCommons, old, &lines);
    let folder = folder();
    let path = write(&folder, "old", old);
    let place = folder.path().join("trace");
    import(&path, Format::WfCommons, &place, false).unwrap();
    let tasks = rows::<Tasks>(&Opened::open(&place).unwrap());
    let told = tasks
        .iter()
        .map(|task| (task.run, task.memory, task.read, task.write));
    let expected = [
        (Some(10_000_000), Some(2), None, Some(3072)),
        (Some(20_000_000), None, Some(3072), None),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let newer = |version: &str, parents: &str, done: &str| {
        format!(
            "{{\"name\": \"w\", \"schemaVersion\": \"{version}\", \"workflow\": {{\
             \"specification\": {{\"tasks\": [{{\"id\": \"a\", \"parents\": [{parents}]}}, \
             {{\"id\": \"b\", \"parents\": [\"a\"]}}]}}, \"execution\": {{\"tasks\": [{done}]}}}}}}"
        )
    };
    let one = r#"{"id": "a", "runtimeInSeconds": 0}"#;
    let lines = [
        "tasks: 2 of 2",
        "run times: missing for 1 tasks that the execution does not tell of",
    ];
    says(Format::WfCommons, &newer("1.5", "", one), &lines);
    let problem = |text: String| {
        let path = write(&folder, "bad", text);
        import(
            &path,
            Format::WfCommons,
            &folder.path().join("bad.trace"),
            false,
        )
        .unwrap_err()
        .to_string()
    };
    assert!(problem(newer("1.5", "\"b\"", one)).contains("workflow `w`"));
    assert!(problem(newer("1.4", "", one)).contains("`workflow.tasks`"));
    assert!(problem(newer("2.0", "", one)).contains("expected version 1.0 to 1.5, found `2.0`"));
}

#[test]
fn a_machine_told_twice_is_one() {
    let table = "\
vmA,s,d,0,300,99,3,9,Interactive,2,4
vmB,s,d,300,300,50,1,2,Unknown,>24,>64
vmA,s,d,0,300,99,3,9,Interactive,2,4
";
    let lines = [
        "records: 2 of 3",
        "merged: 1 records, another row of the same machine",
        "open buckets: the lower end, for 1 machines: one of more than 24 cores has 24, one of more \
         than 64 GB has 64",
    ];
    says(Format::AzureVms, table, &lines);
}

#[test]
fn requests_to_language_models_stay_single() {
    let table = "TIMESTAMP,ContextTokens,GeneratedTokens\n\
                 2023-11-16 18:15:46.680590,10,5\n2023-11-16 18:15:46.690000,20,6\n";
    let folder = folder();
    let path = write(&folder, "file", table);
    let place = folder.path().join("trace");
    import(&path, Format::AzureLlm, &place, false).unwrap();
    let loads = rows::<Load>(&Opened::open(&place).unwrap());
    let told = loads
        .iter()
        .map(|load| (load.requests, load.length, load.read, load.write));
    let expected = [(1, 1, Some(10), Some(5)), (1, 1, Some(20), Some(6))];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert_eq!(loads[1].start - loads[0].start, 9410);
}

/// Rows that come twice, not at all or in another order: whatever an import makes of them, it settles.
#[test]
fn every_account_balances() {
    let mut tried = 0;
    for (format, content) in files().filter(|(format, _)| refusal(*format).is_none()) {
        let lines: Vec<&str> = content.split_inclusive('\n').collect();
        for (at, line) in lines.iter().enumerate() {
            let (before, after) = lines.split_at(at);
            let (before, after) = (before.concat(), after[1..].concat());
            let changed = [
                format!("{before}{line}{line}{after}"),
                format!("{before}{after}"),
                format!("{line}{before}{after}"),
            ];
            for content in changed {
                let folder = folder();
                let path = write(&folder, "file", content);
                match import(&path, format, &folder.path().join("trace"), true) {
                    Ok((_, report)) => report.account.check().unwrap(),
                    Err(problem) => {
                        assert!(!problem.problem.contains("balance"), "{format}: {problem}");
                    }
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "{tried}");
}

/// What spreadsheets and `cat` make of a text is the same text.
#[test]
fn marks_and_ends_of_lines_are_part_of_no_field() {
    for (format, content) in files().filter(|(format, _)| refusal(*format).is_none()) {
        let folder = folder();
        let digest = |name: &str, content: &str| {
            let path = write(&folder, name, content);
            let place = folder.path().join(format!("{name}.trace"));
            import(&path, format, &place, false).map(|(manifest, _)| manifest.digest)
        };
        let Ok(whole) = digest("file", content) else {
            continue;
        };
        // A usage's machine is its file's name.
        if matches!(
            format,
            Format::Bitbrains
                | Format::PlanetLab
                | Format::ElasticFlow
                | Format::Loads
                | Format::Materna
        ) {
            continue;
        }
        let marked = digest("marked", &format!("\u{feff}{content}"));
        assert_eq!(marked.as_ref(), Ok(&whole), "{format}: a byte order mark");
        let windows = digest(
            "windows",
            &content.replace("\r\n", "\n").replace('\n', "\r\n"),
        );
        assert_eq!(windows.as_ref(), Ok(&whole), "{format}: CRLF");
        let cut = digest("cut", content.trim_end_matches('\n'));
        assert_eq!(cut.as_ref(), Ok(&whole), "{format}: no last newline");
    }
}

#[test]
fn a_header_that_somebody_put_there_is_no_record() {
    let header =
        "task_name,instance_num,job_name,task_type,status,start_time,end_time,plan_cpu,plan_mem\n";
    for header in [
        header.to_owned(),
        header.to_uppercase(),
        header.replace('_', " "),
    ] {
        let lines = ["records: 5 of 5", "jobs: 2 of 5"];
        says(Format::Alibaba2018Tasks, &(header + DAG), &lines);
    }
    let quoted = DAG
        .lines()
        .map(|line| format!("\"{}\"\n", line.replace(',', "\",\"")));
    says(
        Format::Alibaba2018Tasks,
        &quoted.collect::<String>(),
        &["jobs: 2 of 5"],
    );
}

#[test]
fn no_name_is_left_anywhere() {
    let folder = folder();
    let rows = "1 0 0 10 2 -1 -1 2 20 -1 1 4711 1 -1 1 -1 -1 -1\n";
    let path = write(&folder, "secret.swf", rows);
    let place = |name: &str| folder.path().join(name);
    import(&path, Format::Swf, &place("whole"), false).unwrap();
    let part = Slice {
        tenants: vec!["user 4711".to_owned()],
        ..Slice::default()
    };
    slice(
        &Opened::open(&place("whole")).unwrap(),
        &part,
        &place("part"),
    )
    .unwrap();
    anonymise(
        &Opened::open(&place("part")).unwrap(),
        "key",
        &place("hidden"),
    )
    .unwrap();
    text::export(&Opened::open(&place("hidden")).unwrap(), &place("text")).unwrap();
    let shown = fs::read_to_string(place("text")).unwrap();
    assert!(
        !shown.contains("4711") && !shown.contains("secret"),
        "{shown}"
    );
    assert!(shown.contains("part of the trace"), "{shown}");
    let checked = check::validate(&place("hidden"), 9);
    assert!(checked.is_ok(), "{:?}", checked.problems);
    let lines = check::head(&Opened::open(&place("hidden")).unwrap(), 1).unwrap();
    assert!(
        lines.iter().any(|line| line.starts_with("{\"job\":")),
        "{lines:?}"
    );
    let manifest = place("hidden").join("manifest.json");
    let changed = fs::read_to_string(&manifest)
        .unwrap()
        .replace("\"digest\": \"", "\"digest\": \"0");
    fs::write(&manifest, changed).unwrap();
    assert!(!check::validate(&place("hidden"), 9).is_ok());
}
