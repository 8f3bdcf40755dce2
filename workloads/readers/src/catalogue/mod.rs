//! The catalogue of public traces: who published them, under which licence, where they are, how large,
//! with which checksum, and how to cite them. A file of facts for each, beside this page.
//!
//! What is not known is left out: no size or checksum is made up. Nothing here touches a network;
//! `fairground trace get` does.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::error::{ReadError, quoted};
use crate::formats::Format;

/// A trace that somebody published.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What it is called here: the name of its file of facts.
    #[serde(skip)]
    pub name: &'static str,
    /// What it is.
    pub title: String,
    /// Who published it.
    pub publisher: String,
    /// The name of its licence: SPDX's where there is one.
    pub licence: String,
    /// Where that can be read.
    pub terms: String,
    /// How to cite it.
    pub cite: String,
    /// Where it is described.
    pub page: String,
    /// What the files hold, and what is to be known about them.
    pub about: String,
    /// Its files, those that can be read; none where others must be made or unpacked first.
    #[serde(default, rename = "file")]
    pub files: Vec<File>,
}

/// One file of a trace.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its name.
    pub name: String,
    /// The format it is read as.
    pub format: Format,
    /// Where it is.
    pub address: String,
    /// How many bytes it has, if that is known.
    pub size: Option<u64>,
    /// Its SHA-256 in hexadecimal, if that is known.
    pub sha256: Option<String>,
}

macro_rules! entries {
    ($($name:literal),+ $(,)?) => {
        const TEXTS: &[(&str, &str)] = &[$(($name, include_str!(concat!($name, ".toml")))),+];
    };
}

entries!(
    "alibaba-2017",
    "alibaba-2018",
    "alibaba-dlrm-2025",
    "alibaba-genai-2026",
    "alibaba-openb-2023",
    "alibaba-pai-2020",
    "alibaba-spot-gpu-2026",
    "apache-logs",
    "azure-functions-2019",
    "azure-functions-2021",
    "azure-functions-samples",
    "azure-llm-2023",
    "azure-vm-2017",
    "bitbrains",
    "coflow-benchmark",
    "cook",
    "elasticflow",
    "function-replay",
    "gaia",
    "gavel",
    "google-2010",
    "google-2011",
    "google-2019",
    "gwa",
    "hadoop-sls",
    "lanl-mustang",
    "li-bcn",
    "mooncake",
    "muri",
    "opendc",
    "philly",
    "planetlab",
    "pwa-atlas",
    "pwa-copies",
    "pwa-curie",
    "pwa-hpc2n",
    "pwa-ipsc",
    "spark-events",
    "spark-joblogs",
    "swim",
    "tpch-decima",
    "web-requests",
    "wfcommons",
    "wta"
);

/// All of them, by name.
///
/// # Panics
/// Never: the tests read every file of facts.
pub fn entries() -> &'static [Entry] {
    static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
        let read = |&(name, text): &(&'static str, &str)| {
            let entry = toml::from_str::<Entry>(text).expect("a file of facts is well-formed");
            Entry { name, ..entry }
        };
        TEXTS.iter().map(read).collect()
    });
    &ENTRIES
}

/// The one called `name`.
///
/// # Errors
/// When there is none; lists those that are called alike, or all.
pub fn entry(name: &str) -> Result<&'static Entry, ReadError> {
    let found = entries().iter().find(|entry| entry.name == name);
    found.ok_or_else(|| {
        let names = || entries().iter().map(|entry| entry.name);
        let family = name.split('-').next().unwrap_or(name);
        let mut alike: Vec<&str> = names().filter(|known| known.contains(family)).collect();
        if alike.is_empty() || family.is_empty() {
            alike = names().collect();
        }
        let expected = format!("the name of a public trace ({})", alike.join(", "));
        ReadError::expected(expected, quoted(name)).hint("`fairground trace list` shows them all")
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_fact_is_there() {
        let mut names = BTreeSet::new();
        for entry in entries() {
            let name = entry.name;
            assert!(names.insert(name), "{name} is there twice");
            for fact in [&entry.title, &entry.publisher, &entry.cite, &entry.about] {
                assert!(!fact.is_empty(), "{name}");
            }
            for address in [&entry.terms, &entry.page] {
                assert!(address.starts_with("http"), "{name}: {address}");
            }
            let plain = |c: char| c.is_ascii_alphanumeric() || "-.+".contains(c);
            assert!(
                entry.licence.chars().all(plain),
                "{name}: {}",
                entry.licence
            );
            let files: BTreeSet<&str> = entry.files.iter().map(|f| f.name.as_str()).collect();
            assert_eq!(files.len(), entry.files.len(), "{name}: names of files");
            for file in &entry.files {
                let safe = |c: char| plain(c) || c == '_';
                assert!(file.name.chars().all(safe), "{name}: {}", file.name);
                assert!(!file.name.starts_with('.'), "{name}: {}", file.name);
                assert!(file.address.starts_with("http"), "{name}: {}", file.address);
                assert!(!file.address.contains(' '), "{name}: {}", file.address);
                if let Some(sha256) = &file.sha256 {
                    let hex = sha256
                        .bytes()
                        .all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
                    assert!(sha256.len() == 64 && hex, "{name}: {sha256}");
                }
            }
        }
        assert!(
            names.iter().eq(entries().iter().map(|entry| &entry.name)),
            "sorted"
        );
    }

    #[test]
    fn every_file_of_facts_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/catalogue");
        let files = std::fs::read_dir(folder).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let facts = names.filter_map(|name| name.strip_suffix(".toml").map(ToOwned::to_owned));
        let facts: BTreeSet<String> = facts.collect();
        assert!(facts.iter().eq(TEXTS.iter().map(|(name, _)| name)));
    }

    #[test]
    fn an_unknown_name_is_told_of_those_like_it() {
        let told = entry("google-2012").unwrap_err().to_string();
        assert!(told.contains("google-2011, google-2019"), "{told}");
        let told = entry("nonsense").unwrap_err().to_string();
        assert!(told.contains("mooncake"), "{told}");
    }
}
