//! What is known of every data set, by the names of its files: which format each is, and which facts a
//! test of its own checks.

use std::io::Read;
use std::path::{Path, PathBuf};

use fairground_readers::Format;

/// What is known under one name: where the files are, their format, and the facts that are checked
/// by a test of their own.
pub(crate) struct Known {
    set: &'static str,
    name: &'static str,
    files: &'static [&'static str],
    pub(crate) format: Format,
    pub(crate) elsewhere: &'static [&'static str],
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
pub(crate) fn known(set: &'static str, name: &str) -> Option<Known> {
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
pub(crate) fn paths(set: &Path, name: &str, known: &Known, folder: &Path) -> Vec<PathBuf> {
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
