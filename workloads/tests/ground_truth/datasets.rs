//! Every data set in the folder, file by file: which format it is, and whether all that is known of
//! it is found. What this table does not name fails the test, so nothing is forgotten.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};

use fairground_workloads::Format;
use fairground_workloads::canonical::import::import;
use fairground_workloads::formats::{head, validate};
use serde_json::Value;

use crate::{check, traces};

/// What is known under one name: where the files are, their format, and the facts that are checked
/// by a test of their own.
pub(crate) struct Known {
    set: &'static str,
    name: &'static str,
    files: &'static [&'static str],
    format: Format,
    elsewhere: &'static [&'static str],
}

const fn whole(set: &'static str, name: &'static str, format: Format) -> Known {
    but(set, name, format, &[])
}

const fn but(
    set: &'static str,
    name: &'static str,
    format: Format,
    elsewhere: &'static [&'static str],
) -> Known {
    let files = &[];
    Known {
        set,
        name,
        files,
        format,
        elsewhere,
    }
}

const fn files(
    set: &'static str,
    name: &'static str,
    files: &'static [&'static str],
    format: Format,
    elsewhere: &'static [&'static str],
) -> Known {
    Known {
        set,
        name,
        files,
        format,
        elsewhere,
    }
}

const LISTS: &[&str] = &["submit_times_ms", "finish_times_ms"];
const BYTES: &[&str] = &["uncompressed_bytes"];

/// Files of one format that are known under their own names, by how the names end.
const ALIKE: &[(&str, &str, Format, &[&str])] = &[
    (
        "alibaba-openb-2023",
        "openb_node_list",
        Format::OpenbNodes,
        &[],
    ),
    (
        "alibaba-openb-2023",
        "openb_pod_list",
        Format::OpenbPods,
        &[],
    ),
    ("decima-tpch", "tpch_", Format::Tpch, &[]),
    ("gavel-msr", "seed0_", Format::GavelJobs, &[]),
    ("muri-philly", "muri_trace", Format::Muri, &[]),
    (
        "spark-eventlogs",
        "bdb-joblogger/",
        Format::SparkJobLog,
        &[],
    ),
    ("swf", "", Format::Swf, &["header"]),
    ("swim", "FB-2009", Format::Swim, &[]),
    ("wfcommons", "", Format::WfCommons, &[]),
    ("hadoop-rumen-sls", "2jobs2min", Format::Rumen, LISTS),
    ("hadoop-rumen-sls", "gridmix", Format::Rumen, LISTS),
    (
        "hadoop-rumen-sls",
        "job-tracker-logs-topology",
        Format::Topology,
        &[],
    ),
    (
        "hadoop-rumen-sls",
        "job-tracker-logs-trace",
        Format::Rumen,
        LISTS,
    ),
    ("hadoop-rumen-sls", "truncated-trace", Format::Rumen, LISTS),
    (
        "hadoop-rumen-sls",
        "zombie-input-trace",
        Format::Rumen,
        LISTS,
    ),
    (
        "hadoop-rumen-sls",
        "zombie-input-topology",
        Format::Topology,
        &[],
    ),
    ("hadoop-rumen-sls", "job_", Format::Jhist, &[]),
    (
        "hadoop-rumen-sls",
        "sample-job-tracker",
        Format::JobTracker,
        &[],
    ),
    (
        "elasticflow",
        "raw-traces.tar.gz:",
        Format::ElasticFlow,
        &[],
    ),
    (
        "web-requests",
        "nasa",
        Format::Requests,
        &["member", "first_10"],
    ),
    (
        "web-requests",
        "twitter",
        Format::Requests,
        &["member", "first_10"],
    ),
];

/// The others.
const KNOWN: &[Known] = &[
    whole(
        "alibaba-genai-2026",
        "lora_request_trace.csv.zst",
        Format::GenAi,
    ),
    whole(
        "alibaba-gpu-2025",
        "disaggregated_DLRM_trace.csv.zst",
        Format::Dlrm,
    ),
    whole("alibaba-pai-2020", "pai-100k.csv.zst", Format::Gaia),
    whole(
        "alibaba-pai-2020",
        "pai_machine_spec.tar.gz",
        Format::PaiMachines,
    ),
    whole(
        "alibaba-spot-gpu-2026",
        "node_info_df.csv",
        Format::SpotGpuNodes,
    ),
    but(
        "alibaba2017",
        "batch_task.csv.zst",
        Format::Alibaba2017,
        &["terminated_duration_s"],
    ),
    whole(
        "alibaba2018",
        "machine_meta.csv.zst",
        Format::Alibaba2018Machines,
    ),
    whole(
        "alibaba2018",
        "spar_sample_tasks.csv.zst",
        Format::Alibaba2018Tasks,
    ),
    but(
        "alibaba2018",
        "spar_sample_instances_arrival_lt_600s.csv.zst",
        Format::Alibaba2018Instances,
        &["equals_sum_of_task_instances_with_arrival_lt_600"],
    ),
    whole(
        "azure-functions",
        "iluvatar_metadata-trace.csv",
        Format::FunctionProfiles,
    ),
    whole(
        "azure-functions",
        "iluvatar_trace.csv",
        Format::FunctionReplay,
    ),
    whole(
        "azure-functions",
        "invitro_Azure2021_200.csv",
        Format::AzureInvocations,
    ),
    but(
        "azure-functions",
        "invitro_invocations.csv",
        Format::AzureMinutes,
        &["per_function"],
    ),
    whole(
        "azure-llm-2023",
        "AzureLLMInferenceTrace_code.csv.zst",
        Format::AzureLlm,
    ),
    whole("azure-vm", "azure-100k.csv.zst", Format::Gaia),
    whole(
        "azure-vm",
        "format-samples/vm_cpu_readings-file-1-of-125.csv.gz",
        Format::AzureReadings,
    ),
    whole(
        "azure-vm",
        "format-samples/vmtable.csv.gz",
        Format::AzureVms,
    ),
    whole("coflow-fb2010", "FB2010-1Hr-150-0.txt", Format::Coflow),
    whole("cook-simulator", "example-hosts.json", Format::CookHosts),
    whole("cook-simulator", "example-trace.json", Format::CookJobs),
    files(
        "elasticflow",
        "raw-traces.tar.gz (all 10 clusters)",
        &["raw-traces.tar.gz"],
        Format::ElasticFlow,
        &[],
    ),
    whole(
        "gavel-msr",
        "simulation_throughputs.json.zst",
        Format::GavelThroughputs,
    ),
    files(
        "google2011",
        "job_events/part-00000..00017 (concatenated)",
        &["job_events"],
        Format::Google2011Jobs,
        &["rows_per_part"],
    ),
    whole(
        "google2011",
        "machine_events/part-00000-of-00001.csv.gz",
        Format::Google2011Machines,
    ),
    but(
        "google2011",
        "samples/machine-events-sample-1.csv",
        Format::Google2011Machines,
        SAMPLE,
    ),
    but(
        "google2011",
        "samples/task-events-sample-1.csv",
        Format::Google2011Tasks,
        SAMPLE,
    ),
    but(
        "google2011",
        "samples/task-usage-sample-1.csv",
        Format::Google2011Usage,
        SAMPLE,
    ),
    whole(
        "google2011",
        "task_events/part-00000-of-00500.csv.gz",
        Format::Google2011Tasks,
    ),
    whole(
        "google2019",
        "borg_traces_data_4999.csv.zst",
        Format::Google2019Instances,
    ),
    whole(
        "lanl-mustang-2015",
        "mustang-trace-2015-100k.csv.zst",
        Format::Gaia,
    ),
    whole("mooncake", "conversation_trace.jsonl.zst", Format::Mooncake),
    whole(
        "opendc",
        "bitbrains-gwa-t-12/bitbrains.csv.zst",
        Format::Bitbrains,
    ),
    whole(
        "opendc",
        "bitbrains-small/fragments.parquet",
        Format::OpenDcFragments,
    ),
    files(
        "opendc",
        "bitbrains-small/tasks.{parquet,csv.zst}",
        &[
            "bitbrains-small/tasks.parquet",
            "bitbrains-small/tasks.csv.zst",
        ],
        Format::OpenDcTasks,
        &[],
    ),
    whole("opendc", "gwf/trace.gwf", Format::Gwf),
    files(
        "opendc",
        "surf_month/tasks.{parquet,csv.zst}",
        &["surf_month/tasks.parquet", "surf_month/tasks.csv.zst"],
        Format::OpenDcTasks,
        &[],
    ),
    whole(
        "opendc",
        "surf_week/fragments.parquet",
        Format::OpenDcFragments,
    ),
    files(
        "opendc",
        "surf_week/tasks.{parquet,csv.zst}",
        &["surf_week/tasks.parquet", "surf_week/tasks.csv.zst"],
        Format::OpenDcTasks,
        &[],
    ),
    files(
        "opendc",
        "wtf-shell/tasks.{parquet,csv.zst}",
        &["wtf-shell/tasks.parquet", "wtf-shell/tasks.csv.zst"],
        Format::Wta,
        &[],
    ),
    whole("philly", "philly.csv.zst", Format::Philly),
    whole("philly", "philly_runtime.csv.zst", Format::PhillyRuntimes),
    whole("planetlab", "planetlab_20110303.tar.zst", Format::PlanetLab),
    whole("web-requests", "elastic_apache_logs.zst", Format::AccessLog),
    files(
        "web-requests",
        "li-bcn:workload/http-ecommerce.logs-2010-11-10.load",
        &["li-bcn_cloud-milp_workload.tar.zst:workload/http-ecommerce.logs-2010-11-10.load"],
        Format::Loads,
        &[],
    ),
    but(
        "web-requests",
        "li-bcn_cloud-milp_workload.tar.zst",
        Format::Loads,
        &["files"],
    ),
];

const SAMPLE: &[&str] = &["data_rows", "lines_including_1_comment_header"];

/// What is said here about `name` of `set`.
fn known(set: &'static str, name: &str) -> Option<Known> {
    let named = KNOWN
        .iter()
        .find(|known| known.set == set && known.name == name);
    if let Some(k) = named {
        return Some(files(k.set, k.name, k.files, k.format, k.elsewhere));
    }
    let json = set == "spark-eventlogs" && !name.starts_with("bdb-joblogger");
    if json {
        return Some(but(set, "", Format::SparkEvents, BYTES));
    }
    let mut alike = ALIKE.iter();
    let alike = alike.find(|(of, start, ..)| *of == set && name.starts_with(start));
    alike.map(|&(set, _, format, elsewhere)| but(set, "", format, elsewhere))
}

/// The files known as `name`, unpacked into `folder` where they are members of an archive.
fn paths(set: &Path, name: &str, known: &Known, folder: &Path) -> Vec<PathBuf> {
    let names: Vec<&str> = match known.files {
        [] => vec![name],
        files => files.to_vec(),
    };
    let in_folder = |name: &&str| match name.split_once(".tar.") {
        Some((archive, rest)) if rest.contains(':') => {
            let (packing, member) = rest.split_once(':').unwrap();
            let archive = std::fs::read(set.join(format!("{archive}.tar.{packing}"))).unwrap();
            let plain: Box<dyn Read> = match packing {
                "gz" => Box::new(flate2::read::GzDecoder::new(&archive[..])),
                _ => Box::new(zstd::Decoder::new(&archive[..]).unwrap()),
            };
            let mut archive = tar::Archive::new(plain);
            let mut entries = archive.entries().unwrap().map(Result::unwrap);
            let wanted = |entry: &tar::Entry<'_, _>| entry.path().unwrap() == Path::new(member);
            let mut entry = entries.find(wanted).unwrap();
            let path = folder.join(member.replace('/', "_"));
            entry.unpack(&path).unwrap();
            path
        }
        _ if known.set == "spark-eventlogs" && !name.contains('/') => set.join("json").join(name),
        _ => set.join(name),
    };
    names.iter().map(in_folder).collect()
}

#[test]
fn every_dataset_is_read_exactly_or_refused() {
    let Some((folder, truth)) = traces() else {
        return;
    };
    let unpacked = tempfile::tempdir().unwrap();
    let mut table = String::from(HEADER);
    for (set, names) in truth.as_object().unwrap() {
        let set: &'static str = set.clone().leak();
        let mut formats: BTreeMap<&str, (u64, usize, u64)> = BTreeMap::new();
        for (name, facts) in names.as_object().unwrap() {
            let known = known(set, name).unwrap_or_else(|| panic!("{set}/{name} is not named"));
            for path in paths(&folder.join(set), name, &known, unpacked.path()) {
                assert_eq!(
                    Format::detect(&path).unwrap(),
                    known.format,
                    "{}",
                    path.display()
                );
                let truth = truth_for(facts, set);
                check(&path, known.format, &truth, known.elsewhere);
                let warnings = validate(&path, known.format, 0).warning_count;
                let row = formats.entry(known.format.name()).or_default();
                row.0 += 1;
                row.1 += checks(&truth, known.elsewhere);
                row.2 += warnings;
            }
        }
        for (format, (files, checks, warnings)) in formats {
            let verdict = match refused(set) {
                Some(why) => format!("counted; an import refuses it: {why}"),
                None => "read".to_owned(),
            };
            let row =
                format!("| {set} | `{format}` | {files} | {checks} | {warnings} | {verdict} |");
            writeln!(table, "{row}").unwrap();
        }
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("DATASETS.md");
    expect_test::expect_file![page].assert_eq(&table);
}

const HEADER: &str = "\
# Data sets and what is checked of them

Public traces that the readers are tested against, with the format each is read as. A check is a
count, a sum or one figure of a distribution (number, smallest, median, 95th percentile, largest, sum)
that an independent script found and that the reader finds exactly. Odd rows can be used but are
told about by `fairground trace validate`. The files are not part of the project; this page is
written by `UPDATE_EXPECT=1 cargo test -p fairground-workloads --test ground_truth` beside them.

| data set | format | files | checks | odd rows | verdict |
|---|---|---|---|---|---|
";

/// Why a data set can be counted but not replayed.
fn refused(set: &str) -> Option<&'static str> {
    (set == "google2019").then_some("a spreadsheet rounded the numbers of its jobs")
}

/// What is known, without what the corpus counts otherwise.
fn truth_for(facts: &Value, set: &str) -> Value {
    let mut facts = facts.clone();
    if set == "alibaba2017" {
        // One task ends a second before it was created: it is counted, but has no duration.
        let mut durations = facts["terminated_duration_s"].clone();
        durations["n"] = 67_012.into();
        durations["min"] = 0.into();
        durations["sum"] = (12_838_776 + 1).into();
        facts["terminated_duration_not_negative_s"] = durations;
    }
    if facts.get("MapAttempt").is_some() {
        // The script took the eight form feeds between the packed files for ends of lines.
        facts["lines"] = (facts["lines"].as_u64().unwrap() - 8).into();
    }
    if let Some(rows) = facts.get("data_rows").cloned() {
        facts["rows"] = rows;
    }
    facts
}

/// How many numbers are checked here.
fn checks(facts: &Value, elsewhere: &[&str]) -> usize {
    let facts = facts.as_object().unwrap().iter();
    let here = facts.filter(|(name, _)| !elsewhere.contains(&name.as_str()));
    let count = |fact: &Value| fact.as_object().map_or(1, serde_json::Map::len);
    here.map(|(_, fact)| count(fact)).sum()
}

#[test]
fn every_dataset_imports_or_says_why_not() {
    let Some((folder, truth)) = traces() else {
        return;
    };
    let unpacked = tempfile::tempdir().unwrap();
    let mut refused = Vec::new();
    for (set, names) in truth.as_object().unwrap() {
        let set: &'static str = set.clone().leak();
        for name in names.as_object().unwrap().keys() {
            let known = known(set, name).unwrap();
            for path in paths(&folder.join(set), name, &known, unpacked.path()) {
                let place = unpacked.path().join("trace");
                match import(&path, known.format, &place, false) {
                    Ok((manifest, report)) => {
                        assert!(report.records > 0, "{set}/{name}");
                        assert!(
                            manifest.rows.iter().any(|(_, rows)| *rows > 0),
                            "{set}/{name}"
                        );
                        std::fs::remove_dir_all(&place).unwrap();
                    }
                    Err(problem) => refused.push(format!("{set}/{name}: {}", problem.problem)),
                }
            }
        }
    }
    expect_test::expect![[r"
        azure-functions/iluvatar_metadata-trace.csv: function-profiles cannot become a trace: it holds needs of functions and no invocations
        gavel-msr/simulation_throughputs.json.zst: gavel-throughputs cannot become a trace: it holds speeds and no jobs; import the jobs
        google2019/borg_traces_data_4999.csv.zst: expected the number of a collection with all its digits, found `2.60698E+11`
        hadoop-rumen-sls/job_1526555215992_0001.jhist: jhist cannot become a trace: it holds single changes of jobs; Rumen's TraceBuilder makes a trace of them
        hadoop-rumen-sls/sample-job-tracker-logs.gz: jobtracker cannot become a trace: it holds single changes of jobs; Rumen's TraceBuilder makes a trace of them"]].assert_eq(&refused.join("\n"));
}

/// The rows of a file, as `trace head` shows them.
fn rows(set: &str, name: &str, format: Format) -> Option<(Vec<Vec<String>>, Value)> {
    let (folder, truth) = traces()?;
    let head = head(&folder.join(set).join(name), format, usize::MAX).unwrap();
    Some((head.rows, truth[set][name].clone()))
}

#[test]
fn lists_of_numbers_are_found() {
    let jobs = [
        "2jobs2min-rumen-jh.json",
        "zombie-input-trace.json",
        "gridmix-wordcount2.json",
    ];
    for name in jobs {
        let Some((rows, known)) = rows("hadoop-rumen-sls", name, Format::Rumen) else {
            return;
        };
        for (column, list) in [(3, "submit_times_ms"), (4, "finish_times_ms")] {
            let found: Vec<i64> = rows
                .iter()
                .map(|row| row[column].parse().unwrap())
                .collect();
            assert_eq!(Value::from(found), known[list], "{list} of {name}");
        }
    }
    let name = "invitro_invocations.csv";
    let (rows, known) = rows("azure-functions", name, Format::AzureMinutes).unwrap();
    let found: Vec<u64> = rows.iter().map(|row| row[5].parse().unwrap()).collect();
    assert_eq!(Value::from(found), known["per_function"]);
}
