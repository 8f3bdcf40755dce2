//! Small files in the public formats, made by the tests themselves.

#![allow(dead_code, reason = "every test file uses a part of it")]

pub(crate) mod arrow;
pub(crate) mod avro;
pub(crate) mod database;
pub(crate) mod packing;
pub(crate) mod parquet;
pub(crate) mod published;
pub(crate) mod recent;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use fairground_readers::Format;
use fairground_readers::formats::{head, stat, validate};
use tempfile::TempDir;

/// Three SWIM jobs: map-only, with a reduce, and with two maps.
pub(crate) const SWIM: &str = Format::Swim.samples()[0];

/// Two queries: a chain of two stages, and a join of two into a third.
pub(crate) const TPCH: &str = Format::Tpch.samples()[0];

/// Twelve seconds of requests.
pub(crate) const REQUESTS: &str = Format::Requests.samples()[0];

/// Small good files of every format: those that the formats themselves have.
pub(crate) fn files() -> impl Iterator<Item = (Format, &'static str)> {
    let of = |format: Format| format.samples().iter().map(move |text| (format, *text));
    Format::ALL.into_iter().flat_map(of)
}

/// A folder that goes away with the test.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Writes a file into `folder`.
pub(crate) fn write(folder: &TempDir, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// What a message says about a file in `folder`, without where the folder is.
pub(crate) fn told(folder: &Path, message: &str) -> String {
    message.replace(&format!("{}/", folder.display()), "")
}

pub(crate) fn zstd(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    zstd::encode_all(bytes.as_ref(), 3).unwrap()
}

pub(crate) fn bzip2(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn xz(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// A tar archive of files.
pub(crate) fn tar(members: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, text) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, name, text.as_bytes())
            .unwrap();
    }
    archive.into_inner().unwrap()
}

/// The same of any bytes under any name of at most a hundred bytes, also one that no archive has.
pub(crate) fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        archive.append(&header, *bytes).unwrap();
    }
    archive.into_inner().unwrap()
}

/// The counts of a file of `bytes`.
pub(crate) fn counted(format: Format, bytes: impl AsRef<[u8]>) -> String {
    let folder = folder();
    let path = write(&folder, "file", bytes);
    let stat = stat(&path, format).unwrap_or_else(|error| panic!("{error}"));
    let mut shown = String::new();
    for (name, fact) in &stat.facts {
        writeln!(shown, "{name} {fact}").unwrap();
    }
    for c in &stat.columns {
        let (name, unit) = (c.name, c.unit);
        let row = [c.n.cast_signed(), c.min, c.p50, c.p95, c.max];
        writeln!(shown, "{name} [{unit}] {row:?} {}", c.sum).unwrap();
    }
    shown
}

/// The first two records of a file of `bytes`, as rows for people.
pub(crate) fn first_rows(format: Format, bytes: impl AsRef<[u8]>) -> String {
    let folder = folder();
    let path = write(&folder, "file", bytes);
    let head = head(&path, format, 2).unwrap();
    let rows: Vec<String> = head.rows.iter().map(|row| row.join(",")).collect();
    for row in &head.rows {
        assert_eq!(row.len(), head.header.len(), "{format}");
    }
    format!("{}\n{}\n", head.header.join(","), rows.join("\n"))
}

/// Everything that is said about a file of `bytes`.
pub(crate) fn said(format: Format, bytes: &[u8]) -> String {
    let folder = folder();
    let path = write(&folder, "file", bytes);
    let check = validate(&path, format, 4);
    let mut shown = format!("{} good\n", check.records);
    for problem in &check.problems {
        writeln!(shown, "{problem}").unwrap();
    }
    for warning in &check.warnings {
        writeln!(shown, "warning: {warning}").unwrap();
    }
    let listed = (check.problems.len() + check.warnings.len()) as u64;
    let more = check.problem_count + check.warning_count - listed;
    if more > 0 {
        writeln!(shown, "and {more} more").unwrap();
    }
    assert_eq!(check.is_ok(), stat(&path, format).is_ok(), "stat agrees");
    told(folder.path(), &shown)
}
