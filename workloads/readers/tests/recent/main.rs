//! Readers of functions, virtual machines, training jobs, Hadoop, Spark and workflows on small files:
//! what they count, what they refuse and how they say it, and tables as Parquet.

#[path = "../common/mod.rs"]
mod common;

use std::fmt::Write as _;
use std::path::Path;

use common::parquet::fragments;
use common::recent::*;
use common::{counted, files, first_rows, folder, gzip, said, tar, write, zstd};
use expect_test::{expect, expect_file};
use fairground_readers::Format;
use fairground_readers::formats::{head, stat, validate};

#[test]
fn small_files_are_counted() {
    let mut shown = String::new();
    for (format, text) in files().filter(|(format, _)| *format >= Format::Google2011Usage) {
        let (counted, rows) = (counted(format, text), first_rows(format, text));
        writeln!(
            shown,
            "== {format}\n{counted}{rows}{}",
            said(format, text.as_bytes())
        )
        .unwrap();
    }
    expect_file!["counted.txt"].assert_eq(&shown);
}

/// Damage to a good file: what is replaced by what.
const DAMAGE: &[(Format, &str, &str, &str)] = &[
    (
        Format::Google2019Instances,
        GOOGLE_2019,
        "94591244395",
        "9459x",
    ),
    (
        Format::Google2019Instances,
        GOOGLE_2019,
        ",collection_id,",
        ",collection,",
    ),
    (
        Format::Google2019Instances,
        GOOGLE_2019_JSON,
        "\"SUBMIT\"",
        "99",
    ),
    (Format::GenAi, GENAI, "2024-11-15 16:57:51", "yesterday"),
    (Format::SpotGpuNodes, SPOT_NODES, "H800,8", ",8"),
    (Format::AzureInvocations, INVOCATIONS, "0.078", "-0.078"),
    (
        Format::AzureMinutes,
        MINUTES,
        "Trigger,1,2,3",
        "Trigger,2,3,4",
    ),
    (Format::AzureMinutes, MINUTES, "0,5,1", "0,5"),
    (Format::AzureVms, VMS, ">24", "many"),
    (
        Format::CookJobs,
        COOK_JOBS,
        "\"job/user\" : \"b\"",
        "\"job/user\" : 7",
    ),
    (Format::CookJobs, COOK_JOBS, "} ]\n", "}\n"),
    (Format::CookJobs, COOK_JOBS, "-855", "99999999999999"),
    (Format::GavelJobs, GAVEL, "\t6.5\t4", ""),
    (Format::GavelThroughputs, THROUGHPUTS, "[2.5, 3.1]", "[2.5]"),
    (Format::Muri, MURI, "num_gpu", "gpus"),
    (
        Format::Rumen,
        RUMEN,
        "\"submitTime\" : 1371222159703",
        "\"submitTime\" : null",
    ),
    (Format::Rumen, RUMEN, "{ \"jobID\" : \"job_2\"", "x"),
    (Format::Sls, SLS, "\"duration.ms\"", "\"duration\""),
    (Format::Jhist, JHIST, "Avro-Json", "Avro-Binary"),
    (Format::Jhist, JHIST, "\"type\":\"JOB_F", "\"typ\":\"JOB_F"),
    (Format::JobTracker, JOBTRACKER, "MapAttempt", "Attempt"),
    (
        Format::JobTracker,
        JOBTRACKER,
        "USER=\"geek1\"",
        "USER=geek1",
    ),
    (
        Format::SparkEvents,
        SPARK,
        "\"Stage ID\":1,\"Task Info\"",
        "\"Task Info\"",
    ),
    (
        Format::SparkEvents,
        SPARK,
        "\"Timestamp\":2000}",
        "\"Timest",
    ),
    (
        Format::SparkJobLog,
        JOBLOG,
        "FINISH_TIME=1397623962029",
        "FINISH_TIME=later",
    ),
    (Format::SparkJobLog, JOBLOG, "EXECUTOR_ID=2 ", ""),
    (Format::WfCommons, WORKFLOW, "\"1.5\"", "\"1.4\""),
    (
        Format::WfCommons,
        WORKFLOW,
        "\"parents\": [\"a\"] }",
        "\"parents\": [\"z\"] }",
    ),
    (Format::OpenDcTasks, TASKS, "2100000", "2100000.5"),
    (Format::OpenDcTasks, TASKS, "cpu_count", "cpus"),
    (Format::Gwf, GWF, "1 2", "1 x"),
    (Format::Bitbrains, BITBRAINS, "0.73;", "0,73;"),
    (Format::PlanetLab, PLANETLAB, "38", "38%"),
    (Format::Loads, LOAD, "req/s", "requests"),
];

#[test]
fn damage_is_told_with_its_place() {
    let mut shown = String::new();
    for &(format, text, good, bad) in DAMAGE {
        assert!(text.contains(good), "{format}: {good}");
        let damaged = text.replacen(good, bad, 1);
        let told = said(format, damaged.as_bytes());
        assert!(told.contains("file:"), "{format} tells the place: {told}");
        writeln!(
            shown,
            "== {format}: {} for {}\n{told}",
            bad.trim(),
            good.trim()
        )
        .unwrap();
    }
    expect_file!["damage.txt"].assert_eq(&shown);
}

#[test]
fn formats_are_told_by_content() {
    let folder = folder();
    let by_name = [
        Format::AzureVms,
        Format::AzureReadings,
        Format::GavelJobs,
        Format::PlanetLab,
        Format::SparkJobLog,
        Format::PbsNodes,
        Format::PaiJobs,
        Format::PaiTasks,
        Format::PaiInstances,
        Format::PaiTags,
        Format::PaiSensors,
        Format::PaiMetrics,
    ];
    let mut untold = Vec::new();
    for (format, text) in files().filter(|(format, _)| *format >= Format::Google2011Usage) {
        if !by_name.contains(&format) {
            let path = write(&folder, "data", zstd(text));
            let told = Format::detect(&path).map_err(|error| error.to_string());
            if told != Ok(format) {
                untold.push((format, told, text));
            }
        }
    }
    assert_eq!(untold, [], "not told by what is in them");
    for (name, format) in [
        ("vmtable.csv.gz", Format::AzureVms),
        (
            "vm_cpu_readings-file-1-of-125.csv.gz",
            Format::AzureReadings,
        ),
        ("seed0.trace", Format::GavelJobs),
        ("planetlab_20110303.tar.zst", Format::PlanetLab),
        ("1a_disk_job_log", Format::SparkJobLog),
        ("pai_job_table.tar.gz", Format::PaiJobs),
        ("pai_task_table.csv", Format::PaiTasks),
        ("pai_instance_table.csv", Format::PaiInstances),
        ("pai_group_tag_table.csv", Format::PaiTags),
        ("pai_sensor_table.csv", Format::PaiSensors),
        ("pai_machine_metric.csv", Format::PaiMetrics),
    ] {
        assert_eq!(Format::detect(Path::new(name)).unwrap(), format);
    }
}

#[test]
fn archives_are_read_as_their_files() {
    let folder = folder();
    let long = format!("day/{}/long", "x".repeat(150));
    let files = [
        ("day/a", "47\n4\n"),
        (long.as_str(), "5\n6"),
        ("day/c", "7\n8\n"),
    ];
    let path = write(&folder, "planetlab.tar.zst", zstd(tar(&files)));
    let counts = stat(&path, Format::PlanetLab).unwrap();
    assert!(
        counts.facts.contains(&("vm_files", "3".to_owned())),
        "{:?}",
        counts.facts
    );
    assert!(counts.facts.contains(&("samples_per_vm", "2".to_owned())));
    let rows = head(&path, Format::PlanetLab, 9).unwrap().rows;
    let machines: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(machines, ["a", "a", "long", "long", "c", "c"]);
    let bad = [("a", "1\n"), ("b", "2\nx\n")];
    let path = write(&folder, "bad.tar.gz", gzip(tar(&bad)));
    let check = validate(&path, Format::PlanetLab, 9);
    assert_eq!((check.records, check.problem_count), (2, 1));
    let said = check.problems[0].to_string();
    assert!(said.contains("bad.tar.gz/b:2:"), "{said}");
    let whole = tar(&files);
    for end in [600, 1100, 1500] {
        let path = write(&folder, "cut.tar", &whole[..end]);
        let check = validate(&path, Format::PlanetLab, 9);
        assert_eq!(check.problem_count, 1, "cut at {end}");
        let reached = format!("after {end} unpacked bytes");
        assert_eq!(check.problems[0].place, Some(reached));
    }
    let mut damaged = whole;
    damaged[3] ^= 1;
    let path = write(&folder, "damaged.tar", &damaged);
    let check = validate(&path, Format::PlanetLab, 9);
    let said = check.problems[0].to_string();
    let header = "damaged.tar: after 512 unpacked bytes: cannot be read: the header of a file in the \
                  archive is damaged";
    assert!(said.contains(header), "{said}");
}

#[test]
fn parquet_and_csv_are_the_same() {
    let folder = folder();
    let path = folder.path().join("data");
    fragments(&path, &[300_000, 300_000], &[19.5, 0.25]);
    assert_eq!(Format::detect(&path).unwrap(), Format::OpenDcFragments);
    let csv = write(&folder, "csv", FRAGMENTS);
    let format = Format::OpenDcFragments;
    assert_eq!(stat(&path, format).unwrap(), stat(&csv, format).unwrap());
    fragments(&path, &[300_000, -1], &[19.5, f64::NAN]);
    let problem = stat(&path, format).unwrap_err();
    assert_eq!(problem.line, Some(2));
    expect!["expected a number of milliseconds from 0 to 3155760000000, found `-1`"]
        .assert_eq(&problem.problem);
    let wrong = stat(&path, Format::OpenDcTasks).unwrap_err();
    expect!["expected the column `submission_time`, found `id, duration, cpu_usage`"]
        .assert_eq(&wrong.problem);
}

#[test]
fn damaged_parquet_is_an_error() {
    let folder = folder();
    let path = folder.path().join("data");
    fragments(&path, &vec![300_000; 500], &vec![19.5; 500]);
    let whole = std::fs::read(&path).unwrap();
    // Thousands of damages would print as many backtraces where the library panics.
    let (here, others) = (std::thread::current().id(), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().id() != here {
            others(panic);
        }
    }));
    for position in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[position] = damaged[position].wrapping_add(101);
        let path = write(&folder, "damaged", &damaged);
        let check = validate(&path, Format::OpenDcFragments, 1);
        assert_eq!(check.is_ok(), stat(&path, Format::OpenDcFragments).is_ok());
        assert!(check.records <= 500);
        let path = write(&folder, "cut", &whole[..position]);
        assert!(!validate(&path, Format::OpenDcFragments, 1).is_ok());
    }
}
