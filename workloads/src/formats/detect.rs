//! Which format a file probably has: by its first line, or else by its name.

use std::io::{BufRead, Read};
use std::path::Path;

use crate::formats::{Format, source};

/// How much of the first line is looked at, in bytes.
const ENOUGH: u64 = 4096;

/// Formats by how their first line begins.
const BEGINNINGS: [(&str, Format); 10] = [
    (";", Format::Swf),
    ("task_create_time", Format::Alibaba2017),
    ("timestamp,duration,num_gpus", Format::Philly),
    ("sn,cpu_milli,", Format::OpenbNodes),
    ("name,cpu_milli,", Format::OpenbPods),
    ("arrival_time,length,cpus", Format::Gaia),
    ("instance_sn,role,app_name", Format::Dlrm),
    ("job_id,submission_time,duration", Format::ElasticFlow),
    ("TIMESTAMP,ContextTokens", Format::AzureLlm),
    ("{\"timestamp\":", Format::Mooncake),
];

/// The format that the first line of the file tells, if it can be read and tells one.
pub(crate) fn by_first_line(path: &Path) -> Option<Format> {
    let mut line = Vec::new();
    let plain = source::decompressed(path).ok()?;
    plain.take(ENOUGH).read_until(b'\n', &mut line).ok()?;
    let line = String::from_utf8_lossy(&line);
    let line = line.trim_start_matches('\u{feff}').trim_ascii_start();
    let mut known = BEGINNINGS.into_iter();
    known
        .find(|(beginning, _)| line.starts_with(beginning))
        .map(|(_, format)| format)
}

/// Formats by a word in the name of the file or of the folder around it.
const WORDS: [(&str, Format); 16] = [
    ("machine_events", Format::Google2011Machines),
    ("machine-events", Format::Google2011Machines),
    ("job_events", Format::Google2011Jobs),
    ("job-events", Format::Google2011Jobs),
    ("task_events", Format::Google2011Tasks),
    ("task-events", Format::Google2011Tasks),
    ("FB2010", Format::Coflow),
    ("coflow", Format::Coflow),
    ("access_log", Format::AccessLog),
    ("apache_logs", Format::AccessLog),
    ("pai_machine_spec", Format::PaiMachines),
    ("machine_meta", Format::Alibaba2018Machines),
    ("batch_instance", Format::Alibaba2018Instances),
    ("sample_instances", Format::Alibaba2018Instances),
    ("sample_tasks", Format::Alibaba2018Tasks),
    ("batch_task", Format::Alibaba2018Tasks),
];

/// The format that the name tells, if it tells one.
pub(crate) fn by_name(path: &Path) -> Option<Format> {
    let around = path.parent().and_then(Path::file_name);
    for name in path.file_name().into_iter().chain(around) {
        let name = name.to_string_lossy();
        if let Some((_, format)) = WORDS.iter().find(|(word, _)| name.contains(word)) {
            return Some(*format);
        }
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut name = name.to_ascii_lowercase();
    for packed in [".zst", ".bz2", ".gz", ".xz"] {
        if let Some(inner) = name.strip_suffix(packed) {
            name = inner.to_owned();
        }
    }
    let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
    if ends(&[".tsv"]) {
        Some(Format::Swim)
    } else if ends(&[".jsonl", ".ndjson"]) {
        Some(Format::Tpch)
    } else if ends(&[".tbz2", ".tbz", ".tgz", ".tzst", ".tar", ".txt"]) {
        Some(Format::Requests)
    } else if ends(&[".swf"]) {
        Some(Format::Swf)
    } else {
        None
    }
}
