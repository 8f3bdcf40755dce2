//! Google `ClusterData` 2019 (version 3): what happens to the instances of eight Borg cells.
//!
//! Source: github.com/google/cluster-data, table `instance_events` (Tirmazi et al., `EuroSys` 2020), as
//! `BigQuery` exports it: JSON lines or CSV with a header, times in microseconds. Extracts that went
//! around the world are read too: there the request is a Python dictionary in quotes and the type is
//! called `instance_events_type`. Requests are relative to the largest machine and kept in
//! trillionths of it.
//!
//! A spreadsheet rounds long numbers to six digits (`4.54521E+11`). Rows with such a collection can
//! be counted, but belong to nothing: an import refuses them ([`Record::rounded`]).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::error::{ReadError, quoted};
use crate::formats::cells::{Cell, decimal, rounded, written};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, tally};

/// What can happen to an instance, by its code. They are not those of 2011.
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
/// How many digits of a request are kept.
const DIGITS: u32 = 12;
/// The most of a request, relative to the largest machine.
const MOST_MACHINES: u64 = 1000;
/// More members that are not read are not told.
const MOST_UNREAD: usize = 200;
/// The unit of requests for people.
const UNIT: &str = "trillionths of the largest machine";

const COLUMNS: [&str; 12] = [
    "time",
    "type",
    "collection_id",
    "scheduling_class",
    "collection_type",
    "priority",
    "alloc_collection_id",
    "instance_index",
    "machine_id",
    "resource_request",
    "resource_request.cpus",
    "resource_request.memory",
];

/// Where the columns that are read stand.
type Positions = [Option<usize>; COLUMNS.len()];

/// One event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// When, in microseconds; 0 is before the trace.
    pub time: u64,
    /// What happened: a position in [`EVENTS`].
    pub event: u8,
    /// The job or alloc set, as written.
    pub collection: String,
    /// Whether a spreadsheet rounded the collection's number: then nobody knows which it is.
    pub rounded: bool,
    /// How much it minds to wait, 0 to 3.
    pub class: Option<u8>,
    /// 0 for a job, 1 for an alloc set.
    pub kind: Option<u8>,
    /// Its priority.
    pub priority: Option<u64>,
    /// Which instance of the collection.
    pub index: String,
    /// Where it is or was, as written; empty for nowhere.
    pub machine: String,
    /// CPU asked for, in trillionths of the largest machine.
    pub cpus: Option<u64>,
    /// Memory asked for, in trillionths of the largest machine.
    pub memory: Option<u64>,
}

/// How a file is written.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Layout {
    /// Nothing was read yet.
    #[default]
    Unknown,
    /// A JSON object a line, with the members that are not read.
    Json(BTreeSet<String>),
    /// CSV: the header, how many columns it has, and where those that are read stand.
    Csv(String, usize, Box<Positions>),
}

/// The events of a file; a bad row does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format, or a folder of its parts.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Row for Record {
    type Layout = Layout;
    const MEMBER: &'static str = "instance_events.csv";
    const ONE: &'static str = "event";
    const ABOUT: &'static str = "columns: time, type, collection_id, instance_index, ...";
    const PARTS: bool = true;

    fn row(line: &str, layout: &mut Layout) -> Result<Option<Self>, ReadError> {
        if *layout == Layout::Unknown {
            *layout = begin(line)?;
        }
        match layout {
            Layout::Csv(header, ..) if header == line => Ok(None),
            Layout::Csv(_, width, positions) => csv(line, *width, positions).map(Some),
            Layout::Json(unread) => json(line, unread).map(Some),
            Layout::Unknown => Ok(None),
        }
    }

    fn unread(layout: &Layout) -> Vec<String> {
        match layout {
            Layout::Unknown => Vec::new(),
            Layout::Json(unread) => unread.iter().cloned().collect(),
            Layout::Csv(header, _, positions) => {
                let names = cells(header).into_iter().enumerate();
                let unread =
                    names.filter(|(at, name)| !name.is_empty() && !positions.contains(&Some(*at)));
                unread.map(|(_, name)| name.into_owned()).collect()
            }
        }
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// Understands the first line.
fn begin(line: &str) -> Result<Layout, ReadError> {
    if line.trim_ascii_start().starts_with('{') {
        return Ok(Layout::Json(BTreeSet::new()));
    }
    let names = cells(line);
    let position = |wanted: &str| {
        let same = |name: &Cow<'_, str>| {
            **name == *wanted
                || (wanted == "type" && *name == "instance_events_type")
                || name.replacen("request_", "request.", 1) == wanted
        };
        names.iter().position(same)
    };
    let positions = COLUMNS.map(position);
    if let Some(missing) = positions[..3].iter().position(Option::is_none) {
        let expected = format!("a first line that names the column `{}`", COLUMNS[missing]);
        return Err(ReadError::expected(expected, quoted(line)).hint(Record::ABOUT));
    }
    Ok(Layout::Csv(
        line.to_owned(),
        names.len(),
        Box::new(positions),
    ))
}

/// The cells of a line of CSV in which cells may be quoted.
fn cells(line: &str) -> Vec<Cow<'_, str>> {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut end = 0;
            let close = loop {
                match quoted[end..].find('"') {
                    Some(at) if quoted[end + at + 1..].starts_with('"') => end += at + 2,
                    Some(at) => break end + at,
                    None => break quoted.len(),
                }
            };
            let cell = &quoted[..close];
            cells.push(if cell.contains("\"\"") {
                Cow::Owned(cell.replace("\"\"", "\""))
            } else {
                Cow::Borrowed(cell)
            });
            match quoted
                .get(close + 1..)
                .and_then(|rest| rest.split_once(','))
            {
                Some((_, after)) => rest = after,
                None => return cells,
            }
        } else if let Some((cell, after)) = rest.split_once(',') {
            cells.push(Cow::Borrowed(cell.trim_ascii()));
            rest = after;
        } else {
            cells.push(Cow::Borrowed(rest.trim_ascii()));
            return cells;
        }
    }
}

fn csv(line: &str, width: usize, positions: &Positions) -> Result<Record, ReadError> {
    let texts = cells(line);
    if texts.len() != width {
        let expected = format!("{width} columns, as the first line has");
        return Err(ReadError::uneven(expected, texts.len()));
    }
    let row = std::array::from_fn(|column| {
        let position = positions[column];
        let text = position.map_or("", |position| &texts[position]);
        Cell::new(position.unwrap_or(0), COLUMNS[column], text)
    });
    event(&row)
}

fn json(line: &str, unread: &mut BTreeSet<String>) -> Result<Record, ReadError> {
    let value: Value = serde_json::from_str(line)
        .map_err(|error| ReadError::json("an event as JSON", &error).hint(Record::ABOUT))?;
    for name in value
        .as_object()
        .into_iter()
        .flat_map(serde_json::Map::keys)
    {
        if !COLUMNS.contains(&name.as_str()) && !unread.contains(name) && unread.len() < MOST_UNREAD
        {
            unread.insert(name.clone());
        }
    }
    let text = |column: &str| {
        let found = match column.split_once('.') {
            Some((outer, inner)) => value.get(outer).and_then(|outer| outer.get(inner)),
            None => value.get(column),
        };
        match found {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        }
    };
    let texts = COLUMNS.map(text);
    event(&std::array::from_fn(|column| {
        Cell::new(column, COLUMNS[column], &texts[column])
    }))
}

fn event(row: &[Cell<'_>; COLUMNS.len()]) -> Result<Record, ReadError> {
    let [
        time,
        kind,
        collection,
        class,
        of,
        priority,
        _,
        index,
        machine,
        request,
        cpus,
        memory,
    ] = *row;
    let request = dictionary(request.text());
    let amount = |cell: Cell<'_>, name: &str| {
        let text = if cell.text().is_empty() {
            request.get(name).map_or("", String::as_str)
        } else {
            cell.text()
        };
        cell.with(text)
            .maybe(|cell| cell.decimal("the largest machine", DIGITS, MOST_MACHINES))
    };
    let text = collection.word("a collection")?;
    if decimal(text, "a number", 0, AFTER).is_err() {
        let error = ReadError::expected("the number of a collection", quoted(text));
        return Err(collection.wrong(error));
    }
    Ok(Record {
        place: Place::nowhere(),
        time: time.decimal("microseconds", 0, AFTER)?,
        event: code(kind)?,
        collection: text.to_owned(),
        rounded: text.bytes().any(|byte| !byte.is_ascii_digit()),
        class: class.maybe(|cell| cell.code("a scheduling class", 3))?,
        kind: of.maybe(|cell| cell.code("a type of collection", 1))?,
        priority: priority.maybe(|cell| cell.whole("priority", 1000))?,
        index: index.text().to_owned(),
        machine: machine.text().to_owned(),
        cpus: amount(cpus, "cpus")?,
        memory: amount(memory, "memory")?,
    })
}

/// An event's code, or its name where the export has names.
fn code(cell: Cell<'_>) -> Result<u8, ReadError> {
    let named = |name: &str| name.eq_ignore_ascii_case(cell.text());
    match EVENTS.iter().position(|name| named(name)) {
        Some(position) => Ok(position as u8),
        None => cell.code("the code of an event", EVENTS.len() as u8 - 1),
    }
}

/// What a Python or JSON dictionary of numbers says; nothing for one that cannot be read, of which
/// the published extracts have a few.
fn dictionary(text: &str) -> BTreeMap<String, String> {
    let numbers = serde_json::from_str::<BTreeMap<String, serde_json::Number>>;
    let read = numbers(&text.replace('\'', "\"")).unwrap_or_default();
    read.into_iter()
        .map(|(key, number)| (key, number.to_string()))
        .collect()
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    rows: u64,
    columns: usize,
    events: BTreeMap<u8, u64>,
    kinds: BTreeMap<u8, u64>,
    classes: BTreeMap<u8, u64>,
    collections: BTreeSet<String>,
    instances: BTreeSet<(String, String)>,
    at_start: u64,
    last: u64,
    rounded: u64,
    without: u64,
    cpus: Figures,
    memory: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "time_us",
        "event",
        "collection",
        "instance",
        "machine",
        "cpus",
        "memory",
    ];

    fn row(record: &Record) -> Vec<String> {
        let amount = |amount: Option<u64>| {
            amount.map_or(String::new(), |amount| written(u128::from(amount), DIGITS))
        };
        vec![
            record.time.to_string(),
            EVENTS[usize::from(record.event)].to_owned(),
            record.collection.clone(),
            record.index.clone(),
            record.machine.clone(),
            amount(record.cpus),
            amount(record.memory),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        self.rows += 1;
        *self.events.entry(record.event).or_default() += 1;
        self.kinds.extend_count(record.kind);
        self.classes.extend_count(record.class);
        self.collections.insert(record.collection.clone());
        self.instances
            .insert((record.collection.clone(), record.index.clone()));
        self.at_start += u64::from(record.time == 0);
        self.last = self.last.max(record.time);
        self.without += u64::from(record.cpus.is_none() || record.memory.is_none());
        self.cpus.extend(record.cpus);
        self.memory.extend(record.memory);
        if record.rounded {
            self.rounded += 1;
            let expected = "the number of a collection with all its digits";
            let error = ReadError::expected(expected, quoted(&record.collection));
            let error = error.place("column collection_id");
            let hint = "a spreadsheet rounded it: the row can be counted, but not replayed";
            warn.push(record.place.of(error).hint(hint));
        }
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.columns = match records.layout() {
            Layout::Csv(_, width, _) => *width,
            Layout::Json(_) | Layout::Unknown => COLUMNS.len(),
        };
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("rows", self.rows.to_string()),
            ("columns", self.columns.to_string()),
            ("instance_events_type", tally(&self.events)),
            ("collection_type", tally(&self.kinds)),
            ("scheduling_class", tally(&self.classes)),
            (
                "distinct_collection_id_text",
                self.collections.len().to_string(),
            ),
            (
                "distinct_collection_instance_text",
                self.instances.len().to_string(),
            ),
            ("rows_time_0", self.at_start.to_string()),
            ("max_time_us", rounded(u128::from(self.last), 0)),
            (
                "rows_collection_id_in_scientific_notation",
                self.rounded.to_string(),
            ),
            ("rows_without_parsable_request", self.without.to_string()),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![
                Column::of("cpus", UNIT, self.cpus),
                Column::of("memory", UNIT, self.memory),
            ],
        }
    }
}

/// Counting what may be missing.
trait ExtendCount {
    fn extend_count(&mut self, code: Option<u8>);
}

impl ExtendCount for BTreeMap<u8, u64> {
    fn extend_count(&mut self, code: Option<u8>) {
        if let Some(code) = code {
            *self.entry(code).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::cells;

    #[test]
    fn quotes_hold_commas() {
        assert_eq!(cells(r#"a,"b,c",d"#), ["a", "b,c", "d"]);
        assert_eq!(cells(r#""a ""b""",,"#), [r#"a "b""#, "", ""]);
        assert_eq!(cells(r#""a"#), ["a"]);
        assert_eq!(cells(""), [""]);
    }
}
