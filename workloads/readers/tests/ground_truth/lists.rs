//! Short lists: jobs of a year, machines, instances, training jobs, requests to language models.

use std::fs::File;

use fairground_readers::Format;
use fairground_readers::formats::validate;

use crate::{check, files, traces};

/// All files of a set that end so, read with the format that they tell.
fn exact(set: &str, suffix: &str, format: Format) {
    for (file, known) in files(set, suffix) {
        assert_eq!(Format::detect(&file).unwrap(), format);
        check(&file, format, &known, &[]);
        assert_eq!(
            validate(&file, format, 3).warnings,
            [],
            "{}",
            file.display()
        );
    }
}

#[test]
fn lists_are_read_exactly() {
    exact("lanl-mustang-2015", ".csv.zst", Format::Gaia);
    exact("alibaba-pai-2020", "100k.csv.zst", Format::Gaia);
    exact("alibaba-pai-2020", ".tar.gz", Format::PaiMachines);
    exact("alibaba-gpu-2025", ".csv.zst", Format::Dlrm);
    exact("mooncake", ".jsonl.zst", Format::Mooncake);
}

#[test]
fn coflows_are_read_exactly() {
    exact("coflow-fb2010", ".txt", Format::Coflow);
}

#[test]
fn an_access_log_is_read_exactly() {
    for (file, known) in files("web-requests", "apache_logs.zst") {
        assert_eq!(Format::detect(&file).unwrap(), Format::AccessLog);
        check(&file, Format::AccessLog, &known, &[]);
        // The one line without a last quote is read all the same.
        assert_eq!(validate(&file, Format::AccessLog, 3).warning_count, 1);
    }
}

#[test]
fn azure_llm_is_read_exactly() {
    for (file, known) in files("azure-llm-2023", ".csv.zst") {
        assert_eq!(Format::detect(&file).unwrap(), Format::AzureLlm);
        check(&file, Format::AzureLlm, &known, &[]);
        // The last row has no newline.
        assert_eq!(validate(&file, Format::AzureLlm, 3).warning_count, 1);
    }
}

#[test]
fn elasticflow_is_read_exactly() {
    let Some((traces, truth)) = traces() else {
        return;
    };
    let truth = &truth["elasticflow"];
    let folder = tempfile::tempdir().unwrap();
    let archive = File::open(traces.join("elasticflow/raw-traces.tar.gz")).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let Some(known) = truth.get(format!("raw-traces.tar.gz:{name}")) else {
            continue;
        };
        let path = folder.path().join(&name);
        entry.unpack(&path).unwrap();
        assert_eq!(Format::detect(&path).unwrap(), Format::ElasticFlow);
        check(&path, Format::ElasticFlow, known, &[]);
    }
    let known = &truth["raw-traces.tar.gz (all 10 clusters)"];
    check(folder.path(), Format::ElasticFlow, known, &[]);
}
