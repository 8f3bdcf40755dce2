//! Looking at a canonical trace: its first rows, and whether all of it is as the manifest says.

use std::path::Path;

use super::store::{Opened, digest_of};
use super::tables::{
    AnyRow, Change, Edge, Job, Load, Machine, Service, Stage, Table, Tasks, Tenant, Usage,
};
use crate::error::ReadError;
use crate::formats::Check;

/// The first rows of every table, as lines of the text form.
///
/// # Errors
/// The first problem among them.
pub fn head(trace: &Opened, count: usize) -> Result<Vec<String>, ReadError> {
    let mut lines = Vec::new();
    macro_rules! first_rows {
        ($row:ident) => {
            for row in trace.rows::<$row>()?.take(count) {
                lines.push(serde_json::to_string(&AnyRow::$row(row?)).unwrap_or_default());
            }
        };
    }
    each_table!(first_rows);
    Ok(lines)
}

/// Reads all of the trace that is the folder `path`.
pub fn validate(path: &Path, limit: usize) -> Check {
    let mut check = Check::default();
    if let Err(problem) = read(path, &mut check) {
        check.problem_count += 1;
        check.problems.push(problem);
        check.problems.truncate(limit.max(1));
    }
    check
}

fn read(path: &Path, check: &mut Check) -> Result<(), ReadError> {
    let trace = Opened::open(path)?;
    let manifest = &trace.manifest;
    let mut hasher = digest_of(
        manifest.version,
        &manifest.units,
        manifest.machine.as_ref(),
        manifest.clock.as_ref(),
    );
    macro_rules! read_table {
        ($row:ident) => {
            let rows = read_table::<$row>(&trace, &mut hasher)?;
            check.records += rows;
        };
    }
    each_table!(read_table);
    let digest = hasher.finalize().to_hex().to_string();
    if digest != manifest.digest {
        let expected = format!("rows with the digest {}", manifest.digest);
        let error = ReadError::expected(expected, digest).file(&trace.manifest_path());
        return Err(error
            .place("key `digest`")
            .hint("the rows were changed since"));
    }
    if let Some(account) = &manifest.account {
        account
            .check()
            .map_err(|error| error.file(&trace.manifest_path()))?;
    }
    Ok(())
}

fn read_table<T: Table>(trace: &Opened, hasher: &mut blake3::Hasher) -> Result<u64, ReadError> {
    hasher.update(T::NAME.as_bytes());
    let mut count = 0_u64;
    for row in trace.rows::<T>()? {
        row?.digest(hasher, trace.manifest.version);
        count += 1;
    }
    hasher.update(&u64::to_le_bytes(count));
    let mut told = trace.manifest.rows.iter();
    match told.find(|(name, _)| name == T::NAME) {
        Some((_, rows)) if *rows == count => Ok(count),
        told => {
            let told = told.map_or(0, |(_, rows)| *rows);
            let error = ReadError::expected(format!("{told} rows in the table {}", T::NAME), count);
            Err(error.file(&trace.manifest_path()).place("key `rows`"))
        }
    }
}
