//! Google `ClusterData` 2019 (version 3): eight Borg cells in May 2019.
//!
//! Source: github.com/google/cluster-data, `clusterdata_trace_format_v3.proto` (Tirmazi et al., `EuroSys` 2020), as
//! `BigQuery` exports the tables: JSON lines or CSV with a header, times in microseconds. Extracts that went
//! around the world are read too: there the request is a Python dictionary in quotes and the type is
//! called `instance_events_type`. Amounts are relative to the largest machine and kept in trillionths of it.
//! A folder with the events of instances, and perhaps those of collections and machines, is one trace.
//!
//! A collection is a job, or an alloc set: room in which the tasks of jobs run. Both ask for it, so that only
//! jobs are replayed.
//!
//! A spreadsheet rounds long numbers to six digits (`4.54521E+11`). Rows with such a collection can
//! be counted, but belong to nothing: an import refuses them.

use crate::formats::cells::decimal;
use crate::formats::prelude::*;

pub mod collections;
pub mod export;
pub mod instances;
pub mod machines;
pub mod usage;

/// What can happen to a collection or an instance, by its code. They are not those of 2011.
pub const EVENTS: [&str; 11] = [
    "submit",
    "queue",
    "enable",
    "schedule",
    "evict",
    "fail",
    "finish",
    "kill",
    "lost",
    "update_pending",
    "update_running",
];
/// The latest time: what happened after the trace.
pub const AFTER: u64 = i64::MAX as u64;
/// How many digits of an amount are kept.
const DIGITS: u32 = 12;
/// The most of an amount, relative to the largest machine.
const MOST_MACHINES: u64 = 1000;
/// The unit of amounts for people.
const UNIT: &str = "trillionths of the largest machine";
/// What becomes of alloc sets.
const ALLOC_SETS: &str = "alloc sets: what runs in them asks for itself";

/// An event's code, or its name where the export has names.
fn code(cell: Cell<'_>) -> Result<u8, ReadError> {
    let named = |name: &str| name.eq_ignore_ascii_case(cell.text());
    match EVENTS.iter().position(|name| named(name)) {
        Some(position) => Ok(position as u8),
        None => cell.code("the code of an event", EVENTS.len() as u8 - 1),
    }
}

/// A code, or one of these names for it.
fn named(cell: Cell<'_>, what: &str, names: &[&str]) -> Result<Option<u8>, ReadError> {
    match names.iter().position(|name| *name == cell.text()) {
        Some(position) => Ok(Some(position as u8)),
        None => cell.maybe(|cell| cell.code(what, names.len() as u8 - 1)),
    }
}

/// 0 for a job, 1 for an alloc set.
fn kind_of(cell: Cell<'_>) -> Result<Option<u8>, ReadError> {
    named(cell, "a type of collection", &["JOB", "ALLOC_SET"])
}

/// How much it minds to wait, 0 to 3.
fn class_of(cell: Cell<'_>) -> Result<Option<u8>, ReadError> {
    let names = [
        "MOST_INSENSITIVE",
        "INSENSITIVE",
        "SENSITIVE",
        "MOST_SENSITIVE",
    ];
    named(cell, "a scheduling class", &names)
}

/// The number of a collection, as written, and whether a spreadsheet rounded it.
fn collection_of(cell: Cell<'_>) -> Result<(String, bool), ReadError> {
    let text = cell.word("a collection")?;
    if decimal(text, "a number", 0, AFTER).is_err() {
        let error = ReadError::expected("the number of a collection", quoted(text));
        return Err(cell.wrong(error));
    }
    let rounded = text.bytes().any(|byte| !byte.is_ascii_digit());
    Ok((text.to_owned(), rounded))
}

/// An amount, of a column of its own or else of a dictionary.
fn amount(
    cell: Cell<'_>,
    request: &BTreeMap<String, String>,
    name: &str,
) -> Result<Option<u64>, ReadError> {
    let text = match cell.text() {
        "" => request.get(name).map_or("", String::as_str),
        text => text,
    };
    cell.with(text)
        .maybe(|cell| cell.decimal("the largest machine", DIGITS, MOST_MACHINES))
}

/// Trillionths as billionths.
const fn billionths(amount: u64) -> u64 {
    amount / 1000
}

/// Warns of a collection whose number is rounded.
fn see_rounded(seen: &mut Seen, collection: &str) {
    let expected = "the number of a collection with all its digits";
    let odd = ReadError::expected(expected, quoted(collection));
    let hint = "a spreadsheet rounded it: the row can be counted, but not replayed";
    seen.warn(odd.place("column collection_id").hint(hint));
}

/// Refuses it.
fn refused(place: &Place, collection: &str) -> ReadError {
    let expected = "the number of a collection with all its digits";
    let error = ReadError::expected(expected, quoted(collection)).place("column collection_id");
    let hint = "a spreadsheet rounded it: the events of a job cannot be told apart, so \
                the file can be counted but not replayed";
    place.of(error).hint(hint)
}
