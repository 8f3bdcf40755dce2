//! The readers on small files: what they give, packed or not, and how formats are told apart.

mod common;

use std::fmt::Write as _;
use std::path::Path;

use common::packing::{lz4_block, snappy_java, zip};
use common::{REQUESTS, SWIM, TPCH, bzip2, counted, files, folder, gzip, tar, write, xz, zstd};
use expect_test::expect;
use fairground_readers::Format;
use fairground_readers::formats::{head, input, stat};
use tempfile::TempDir;

#[test]
fn swim_is_counted() {
    expect![[r"
        jobs 3
        columns 6
        first_submit_s 10
        last_submit_s 70
        submit_nondecreasing yes
        gap_equals_submit_difference yes
        map_only_jobs_shuffle_eq_0 1
        jobs_with_zero_input 1
        jobs_with_zero_output 1
        blank_lines 0
        lines_not_utf8 0
        submit_s [seconds] [3, 10, 10, 70, 70] 90
        gap_s [seconds] [3, 0, 10, 60, 60] 70
        map_input_bytes [bytes] [3, 0, 1000, 100000000, 100000000] 100001000
        shuffle_bytes [bytes] [3, 0, 2000, 3000000000, 3000000000] 3000002000
        reduce_output_bytes [bytes] [3, 0, 5, 7, 7] 12
    "]]
    .assert_eq(&counted(Format::Swim, SWIM));
}

#[test]
fn tpch_is_counted() {
    expect![[r"
        queries 2
        stages 5
        edges 3
        tasks 8
        blank_lines 0
        lines_not_utf8 0
        tasks_per_stage [tasks] [5, 1, 1, 3, 3] 8
        all_recorded_durations_ms [milliseconds] [11, 5, 30, 90, 90] 444
    "]]
    .assert_eq(&counted(Format::Tpch, TPCH));
}

#[test]
fn requests_are_counted() {
    expect![[r"
        seconds 12
        seconds_without_requests 6
        requests_per_second [requests] [12, 0, 0, 6, 6] 21
    "]]
    .assert_eq(&counted(Format::Requests, REQUESTS));
}

#[test]
fn every_format_has_a_small_good_file() {
    for format in Format::ALL {
        assert!(!format.samples().is_empty(), "{format}");
    }
}

#[test]
fn packing_changes_nothing() {
    for (format, text) in files() {
        let plain = counted(format, text);
        assert_eq!(counted(format, zstd(text)), plain);
        assert_eq!(counted(format, bzip2(text)), plain);
        assert_eq!(counted(format, gzip(text)), plain);
        assert_eq!(counted(format, xz(text)), plain);
        assert_eq!(counted(format, zip(&[("a.txt", text.as_bytes())])), plain);
        assert_eq!(counted(format, zip(&[("x/b ", &gzip(text))])), plain);
        assert_eq!(counted(format, lz4_block(text)), plain);
        assert_eq!(counted(format, snappy_java(text)), plain);
        assert_eq!(
            counted(format, [lz4_block(text), lz4_block("")].concat()),
            plain
        );
        assert_eq!(counted(format, zstd(gzip(text))), plain);
        assert_eq!(counted(format, [zstd(text), zstd("")].concat()), plain);
    }
    let members = [("readme", "not a number"), ("x/workload.txt", REQUESTS)];
    let archive = tar(&members);
    let plain = counted(Format::Requests, REQUESTS);
    assert_eq!(counted(Format::Requests, &archive), plain);
    assert_eq!(counted(Format::Requests, bzip2(&archive)), plain);
    assert_eq!(counted(Format::Requests, gzip(&archive)), plain);
}

/// What is said of an archive, or its first jobs.
fn zipped(folder: &TempDir, path: &str) -> String {
    let path = folder.path().join(path);
    let said = match head(&path, Format::Sacct, 9) {
        Ok(head) => {
            let jobs: Vec<&str> = head.rows.iter().map(|row| row[0].as_str()).collect();
            jobs.join(" ")
        }
        Err(error) => error.to_string(),
    };
    common::told(folder.path(), &said)
}

#[test]
fn an_archive_of_several_files_is_a_folder() {
    let folder = folder();
    let job = |name: &str| format!("JobID|State\n{name}|COMPLETED\n").into_bytes();
    let parts = [
        ("logs/", b"".as_slice()),
        ("logs/part-10.tsv", &job("10")),
        ("__MACOSX/logs/._part-10.tsv", b"x"),
        ("logs/.DS_Store", b"x"),
        ("logs\\part-9.tsv ", &zstd(job("9"))),
    ];
    write(&folder, "a.zip", zip(&parts));
    let rows = "1 0 1 0\n";
    let tables = [
        ("jobs.tsv", job("1")),
        ("workload.txt", rows.as_bytes().to_vec()),
    ];
    let tables: Vec<(&str, &[u8])> = tables
        .iter()
        .map(|(name, rows)| (*name, &rows[..]))
        .collect();
    write(&folder, "b.zip", zip(&tables));
    write(&folder, "packed.zip.gz", gzip(zip(&tables[..1])));
    write(&folder, "empty.zip", zip(&[]));
    let whole = zip(&[("in/jobs.tsv", &job("1"))]);
    let with = |name: &str, from: &[u8], to: &[u8]| {
        let mut bytes = whole.clone();
        while let Some(at) = bytes.windows(from.len()).position(|bytes| bytes == from) {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
        write(&folder, name, bytes)
    };
    with("out.zip", b"in/jobs", b"../jobs");
    let crc = crc32fast::hash(&job("1")).to_le_bytes();
    with("damaged.zip", &crc, b"abcd");
    with("method.zip", b"\x08\0\x08\0", b"\x08\0\x09\0");
    write(&folder, "cut.zip", &whole[..whole.len() - 9]);
    let mut shown = String::new();
    for path in [
        "a.zip",
        "a.zip/logs/part-9.tsv",
        "a.zip/logs/part-1.tsv",
        "b.zip/jobs.tsv",
        "packed.zip.gz",
        "empty.zip",
        "out.zip",
        "damaged.zip",
        "method.zip",
        "cut.zip",
    ] {
        writeln!(shown, "{path}: {}", zipped(&folder, path)).unwrap();
    }
    let path = folder.path().join("b.zip");
    let counts = |format| match stat(&path, format) {
        Ok(stat) => stat.facts[0].1.clone(),
        Err(error) => common::told(folder.path(), &error.to_string()),
    };
    writeln!(shown, "requests: {}", counts(Format::Requests)).unwrap();
    writeln!(shown, "wfcommons: {}", counts(Format::WfCommons)).unwrap();
    expect![[r"
        a.zip: 9 10
        a.zip/logs/part-9.tsv: 9
        a.zip/logs/part-1.tsv: a.zip/logs/part-1.tsv: cannot be read: the archive has no logs/part-1.tsv
          hint: check the path; a path in a recipe is relative to the recipe's folder
        b.zip/jobs.tsv: 1
        packed.zip.gz: packed.zip.gz: after 0 unpacked bytes: cannot be read: a zip archive is in it, which can be read as a file alone; unpack what is around it
          hint: name another archive, or the unpacked file
        empty.zip: empty.zip: after 0 unpacked bytes: cannot be read: the archive has no file in it
          hint: the file looks damaged or truncated; fetch it again
        out.zip: out.zip: after 0 unpacked bytes: cannot be read: a file in the archive has a name that leaves it
          hint: the file looks damaged or truncated; fetch it again
        damaged.zip: damaged.zip: after 0 unpacked bytes: cannot be read: Invalid checksum: expected 0x64636261, got 0x4e4a2ad4
          hint: the file looks damaged or truncated; fetch it again
        method.zip: method.zip: after 0 unpacked bytes: cannot be read: in/jobs.tsv is packed with method 9 (DEFLATE64); unpack it
          hint: name another archive, or the unpacked file
        cut.zip: cut.zip: after 0 unpacked bytes: cannot be read: Unexpected end of file
          hint: the file looks damaged or truncated; fetch it again
        requests: 4
        wfcommons: b.zip/jobs.tsv:1: expected a workflow as JSON, found `J`
          hint: keys: schemaVersion, workflow { specification { tasks, files }, execution { tasks } }, or before 1.5 workflow { tasks }
    "]].assert_eq(&shown);
}

#[test]
fn a_table_in_parquet_may_be_packed() {
    let folder = folder();
    let path = folder.path().join("fragments.parquet");
    common::parquet::fragments(&path, &[300_000, 300_000], &[19.5, 0.25]);
    let bytes = std::fs::read(&path).unwrap();
    let count = |bytes: &[u8]| counted(Format::OpenDcFragments, bytes);
    let plain = count(&bytes);
    assert_eq!(count(&zip(&[("fragments.parquet", &bytes)])), plain);
    let packed = write(&folder, "fragments.zip", zip(&[("f", &bytes)]));
    assert_eq!(Format::detect(&packed).unwrap(), Format::OpenDcFragments);
}

#[test]
fn the_first_rows_can_be_seen() {
    let folder = folder();
    let shown = |format, text: &str| {
        let path = write(&folder, "file", text);
        let head = head(&path, format, 2).unwrap();
        let rows: Vec<String> = head.rows.iter().map(|row| row.join(",")).collect();
        format!("{}\n{}\n", head.header.join(","), rows.join("\n"))
    };
    expect![[r"
        job,submit_s,gap_s,map_input_bytes,shuffle_bytes,reduce_output_bytes
        job0,10,10,1000,0,5
        job1,10,0,0,2000,0
    "]]
    .assert_eq(&shown(Format::Swim, SWIM));
    expect![[r"
        size,query,stages,edges,tasks,recorded_durations,recorded_ms
        2g,1,2,1,4,6,410
        2g,2,3,2,4,5,34
    "]]
    .assert_eq(&shown(Format::Tpch, TPCH));
    expect![[r"
        second,requests
        0,1
        1,0
    "]]
    .assert_eq(&shown(Format::Requests, REQUESTS));
}

#[test]
fn files_are_named_by_their_hash() {
    let folder = folder();
    let path = write(&folder, "file", "abc");
    let input = input(&path, Path::new("../file")).unwrap();
    assert_eq!(input.path, Path::new("../file"));
    assert_eq!(input.blake3, blake3::hash(b"abc").to_hex().to_string());
}

#[test]
fn formats_are_known_by_name_and_by_suffix() {
    let detected = |name: &str| match Format::detect(Path::new(name)) {
        Ok(format) => format.to_string(),
        Err(error) => error.to_string(),
    };
    assert_eq!(detected("a/fb.tsv"), "swim");
    assert_eq!(detected("fb.TSV.zst"), "swim");
    assert_eq!(detected("tpch_2g.jsonl.zst"), "tpch");
    assert_eq!(detected("nasa.tbz2"), "requests");
    assert_eq!(detected("nasa.tar.gz"), "requests");
    assert_eq!(detected("web/workload.txt"), "requests");
    assert!(detected("series.txt").contains("does not tell"));
    assert_eq!(detected("SDSC-SP2-1998-4.2-cln.swf.gz"), "swf");
    assert_eq!(
        detected("task_events/part-00001-of-00500.csv.gz"),
        "google2011-tasks"
    );
    assert_eq!(detected("batch_instance.csv"), "alibaba2018-instances");
    assert_eq!(detected("FB2010-1Hr-150-0.txt"), "coflow");
    let folder = folder();
    let published = files().filter(|(format, _)| *format < Format::Google2011Usage);
    for (format, text) in published.filter(|(format, _)| *format >= Format::Swf) {
        let told = detected(&write(&folder, "data", zstd(text)).display().to_string());
        let by_first_line = told == format.name();
        let unknown = told.contains("tell the format") || told.contains("tells the format");
        assert!(by_first_line || unknown, "{told}");
    }
    let unknown = |text: &str| {
        let path = write(&folder, "unknown", text);
        let told = detected(&path.display().to_string());
        told.replace(&format!("{}/", folder.path().display()), "")
    };
    expect![[r"
        unknown: nothing tells the format
          hint: say which one it is with --format; the nearest are
            philly: line 1: expected a first line that names the column `duration`, found `timestamp,num_gpus,gpu_time,cluster` (columns: timestamp, duration, num_gpus, gpu_time, cluster)
            azure-llm: line 1: expected a first line that names the column `TIMESTAMP`, found `timestamp,num_gpus,gpu_time,cluster` (columns: TIMESTAMP, ContextTokens, GeneratedTokens)
            burstgpt: line 1: expected a first line that names the column `Timestamp`, found `timestamp,num_gpus,gpu_time,cluster` (columns: Timestamp, Model, Request tokens, Response tokens)
            table: any columns, where somebody says which is what (--columns)"]].assert_eq(&unknown("timestamp,num_gpus,gpu_time,cluster\n5,6,7,a\n"));
    expect![[r"
        unknown: nothing tells the format
          hint: say which one it is with --format; the nearest are
            cook-jobs: line 1: column 14: expected a job; invalid type: integer `1`, expected a string (keys: job/uuid, job/user, submit-time-ms, run-time-ms, job/resource[{type, amount}])
            sls: line 1: column 43: expected a job; missing field `job.tasks` (keys: job.start.ms, job.user, job.queue.name, job.tasks[{container.start.ms, container.end.ms}])
            google2019-collections: line 1: column 3 (collection_id): expected a collection, found nothing"]].assert_eq(&unknown(
        "{\"job/uuid\": 1, \"job/user\": \"a\", \"when\": 5}\n",
    ));
    expect![[r"
        unknown: nothing tells the format
          hint: say which one it is with --format; the nearest are
            swim: line 1: expected at least 6 columns separated by tabs, found 5 columns (job, submit_s, gap_s, map_input_bytes, shuffle_bytes, reduce_output_bytes)
            requests: line 1: number 1: expected a whole number of requests, found `job0` (digits only: no sign, fraction, blank or unit)
            table: any columns, where somebody says which is what (--columns)"]]
    .assert_eq(&unknown("job0\t10\t10\t1000\tx\n"));
    expect![[r"
        unknown: the name does not tell the format
          hint: say which one it is with --format (`trace stat --help` lists them)"]]
    .assert_eq(&unknown("\0\u{1}\n"));
    let numbers = write(&folder, "numbers.txt", "0 0 10 2\n1 7 99 4\n");
    let told = detected(&numbers.display().to_string());
    assert!(told.contains("it could be requests"), "{told}");
    let row = "ResNet-18 (batch size 64)\tpython3 main.py\t--steps\t0\t100\t0.5\t1\n";
    let told = detected(&write(&folder, "jobs.tsv", row).display().to_string());
    assert!(told.contains("it could be gavel-jobs"), "{told}");
    let lines = write(&folder, "lines.jsonl", "{\"a\": 1}\n");
    assert_eq!(
        detected(&lines.display().to_string()),
        "tpch",
        "whose reader says why not"
    );
    expect![[r"
        a/trace.bin: the name does not tell the format
          hint: say which one it is with --format (`trace stat --help` lists them)"]]
    .assert_eq(&detected("a/trace.bin"));
    for name in Format::NAMES {
        assert_eq!(Format::by_name(name).unwrap().name(), name);
        assert!(!Format::by_name(name).unwrap().about().is_empty());
    }
    let unknown = "google".parse::<Format>().unwrap_err();
    expect!["format: expected one of swim, tpch, requests, swf, google2011-machines, google2011-jobs, google2011-tasks, alibaba2017, alibaba2018-tasks, alibaba2018-instances, alibaba2018-machines, philly, openb-nodes, openb-pods, gaia, pai-machines, dlrm, elasticflow, azure-llm, mooncake, coflow, accesslog, google2011-usage, google2019-instances, alibaba-genai, spot-gpu-nodes, azure-functions-2021, azure-functions-2019, azure-functions-2019-durations, azure-functions-2019-memory, function-replay, function-profiles, azure-vms, azure-vm-readings, cook-jobs, cook-hosts, gavel-jobs, gavel-throughputs, muri, philly-runtimes, rumen, sls, hadoop-topology, jhist, jobtracker, spark-events, spark-joblog, wfcommons, opendc-tasks, opendc-fragments, wta, gwf, bitbrains, planetlab, loads, burstgpt, sacct, slurm-nodes, kubernetes, pbs, pbs-nodes, lsf, sge, batch-hosts, condor, condor-machines, oar, batsim, batsim-jobs, simgrid-platform, nextflow, dax, pegasus, philly-jobs, philly-machines, philly-cpu, philly-gpu, philly-memory, helios, helios-gpus, acme, pai-jobs, pai-tasks, pai-instances, pai-tags, pai-sensors, pai-metrics, spot-gpu-jobs, google2019-collections, google2019-machines, google2019-usage, azure-packing, azure-packing-types, huawei-functions, huawei-requests, materna, google2010, table, found `google`"]
        .assert_eq(&unknown.to_string());
}
