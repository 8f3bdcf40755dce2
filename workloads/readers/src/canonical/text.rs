//! A canonical trace as text: JSON lines, the manifest first and then every row with its table.
//!
//! Made for tools that cannot read Parquet, and to look at. Import gives the same digest again.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::Manifest;
use super::store::{Opened, Writer};
use super::tables::{
    AnyRow, Change, Edge, Job, Load, Machine, Service, Stage, Tasks, Tenant, Usage,
};
use crate::error::ReadError;
use crate::formats::lines::Lines;

/// Writes a trace as text; packed with zstd if the name ends so.
///
/// # Errors
/// When the trace cannot be read or the text not written.
pub fn export(trace: &Opened, path: &Path) -> Result<u64, ReadError> {
    let failed =
        |error: io::Error| ReadError::said(format!("cannot be written: {error}")).file(path);
    let file = File::create(path).map_err(failed)?;
    let packed = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("zst"));
    if packed {
        let mut encoder = zstd::Encoder::new(BufWriter::new(file), 3).map_err(failed)?;
        let lines = lines(trace, &mut encoder, path)?;
        encoder
            .finish()
            .and_then(|mut file| file.flush())
            .map_err(failed)?;
        return Ok(lines);
    }
    let mut writer = BufWriter::new(file);
    let lines = lines(trace, &mut writer, path)?;
    writer.flush().map_err(failed)?;
    Ok(lines)
}

fn lines(trace: &Opened, out: &mut dyn Write, path: &Path) -> Result<u64, ReadError> {
    let mut lines = 1;
    let mut line = |value: &dyn erased::Line| -> Result<(), ReadError> {
        let written = value.json().and_then(|json| writeln!(out, "{json}"));
        lines += 1;
        written.map_err(|error| ReadError::said(format!("cannot be written: {error}")).file(path))
    };
    line(&trace.manifest)?;
    macro_rules! write_rows {
        ($row:ident) => {
            for row in trace.rows::<$row>()? {
                line(&AnyRow::$row(row?))?;
            }
        };
    }
    each_table!(write_rows);
    Ok(lines - 1)
}

/// What can be written as a line.
mod erased {
    use std::io;

    pub(super) trait Line {
        fn json(&self) -> io::Result<String>;
    }

    impl<T: serde::Serialize> Line for T {
        fn json(&self) -> io::Result<String> {
            serde_json::to_string(self).map_err(io::Error::other)
        }
    }
}

/// Whether a file begins like exported text.
pub fn is_text(path: &Path) -> bool {
    let first = Lines::open(path, "trace.jsonl").ok();
    let first = first.and_then(|mut lines| lines.next().and_then(Result::ok).map(parse_manifest));
    matches!(first, Some(Ok(_)))
}

fn parse_manifest(line: &str) -> Result<Manifest, serde_json::Error> {
    serde_json::from_str(line)
}

/// Makes a trace of exported text.
///
/// # Errors
/// The first bad line, or a digest that is not the manifest's.
pub fn import(path: &Path, place: &Path) -> Result<Manifest, ReadError> {
    let mut lines = Lines::open(path, "trace.jsonl")?;
    let wrong = |error| ReadError::json("a row of a canonical trace", &error);
    let first = lines.next().unwrap_or(Ok(""))?;
    let manifest = parse_manifest(first).map_err(|error| {
        let error = ReadError::json("the manifest of a canonical trace", &error);
        lines.here(error)
    })?;
    let told = lines.place();
    let mut writer = Writer::new(place, manifest.units.clone())?;
    // The digest that is told is that of its version.
    writer.version = manifest.version;
    writer.machine = manifest.machine;
    writer.clock.clone_from(&manifest.clock);
    writer.sources.clone_from(&manifest.sources);
    writer.assumptions.clone_from(&manifest.assumptions);
    writer.account.clone_from(&manifest.account);
    while let Some(line) = lines.next() {
        let row = serde_json::from_str(line?).map_err(wrong);
        match row.map_err(|error| lines.here(error))? {
            AnyRow::Machine(row) => writer.push(row),
            AnyRow::Change(row) => writer.push(row),
            AnyRow::Tenant(row) => writer.push(row),
            AnyRow::Job(row) => writer.push(row),
            AnyRow::Stage(row) => writer.push(row),
            AnyRow::Edge(row) => writer.push(row),
            AnyRow::Tasks(row) => writer.push(row),
            AnyRow::Service(row) => writer.push(row),
            AnyRow::Load(row) => writer.push(row),
            AnyRow::Usage(row) => writer.push(row),
        }?;
    }
    writer.expected = Some((manifest.digest, told));
    writer.finish()
}
