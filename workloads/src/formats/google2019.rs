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
use std::collections::BTreeSet;

use serde_json::Value;

use crate::canonical::Units;
use crate::canonical::tables::Job;
use crate::formats::cells::decimal;
use crate::formats::google2011::{Live, RUNS, SAME_JOB, SAME_TASK};
use crate::formats::prelude::*;

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

pub(crate) const FORM: Form = Form {
    about: "what happens to instances, JSON lines or CSV (Google ClusterData 2019, instance_events)",
    signs: &[
        Begins(",time,instance_events_type"),
        Holds("\"instance_index\""),
        Named("instance_events"),
    ],
    units: Units::relative,
    unkept: &["collection_type", "machine_id"],
    import: Ok(import),
    samples: &[
        r#",time,instance_events_type,collection_id,scheduling_class,collection_type,priority,alloc_collection_id,instance_index,machine_id,resource_request
0,0,2,94591244395,3,1,200,0,144,168846,"{'cpus': 0.0206, 'memory': 0.0144}"
1,2.5E+12,3,2.60698E+11,2,0,360,0,335,,
"#,
        concat!(
            r#"{"time":"0","type":"SUBMIT","collection_id":"94591244395","instance_index":"1","#,
            r#""scheduling_class":3,"resource_request":{"cpus":0.5,"memory":0.25}}"#,
            "\n"
        ),
    ],
    ..Form::of::<Rows<Record>>()
};

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

    fn at(self, place: impl FnOnce() -> Place) -> Self {
        let place = place();
        Self { place, ..self }
    }

    fn end(layout: &Layout, _: u64, seen: &mut Seen) {
        let columns = match layout {
            Layout::Csv(_, width, _) => *width,
            Layout::Json(_) | Layout::Unknown => COLUMNS.len(),
        };
        seen.fill("columns", columns);
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

contents! { Record: |_| Jobs 1, Tasks 1; }

shows! { Record: |one|
    "time_us": one.time, "event": EVENTS[usize::from(one.event)], "collection": one.collection,
    "instance": one.index, "machine": one.machine, "cpus": digits(one.cpus, DIGITS),
    "memory": digits(one.memory, DIGITS),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        if self.rounded {
            let expected = "the number of a collection with all its digits";
            let odd = ReadError::expected(expected, quoted(&self.collection));
            let hint = "a spreadsheet rounded it: the row can be counted, but not replayed";
            seen.warn(odd.place("column collection_id").hint(hint));
        }
        seen.count("rows");
        seen.columns();
        seen.tally("instance_events_type", self.event);
        seen.tally("collection_type", self.kind);
        seen.tally("scheduling_class", self.class);
        seen.distinct("distinct_collection_id_text", &self.collection);
        let instance = format!("{}/{}", self.collection, self.index);
        seen.distinct("distinct_collection_instance_text", &instance);
        seen.count_if("rows_time_0", self.time == 0);
        seen.most("max_time_us", self.time);
        seen.count_if("rows_collection_id_in_scientific_notation", self.rounded);
        let without = self.cpus.is_none() || self.memory.is_none();
        seen.count_if("rows_without_parsable_request", without);
        seen.figures("cpus", UNIT, self.cpus);
        seen.figures("memory", UNIT, self.memory);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let mut known: BTreeMap<String, (u64, Draft)> = BTreeMap::new();
    let mut live: BTreeMap<(u64, String), Live> = BTreeMap::new();
    let billionths = |amount: u64| amount / 1000;
    let mut last = 0;
    import.each(Rows::open(path)?, |import, row: Record| {
        if row.rounded {
            let found = quoted(&row.collection);
            let expected = "the number of a collection with all its digits";
            let error = ReadError::expected(expected, found).place("column collection_id");
            let hint = "a spreadsheet rounded it: the events of a job cannot be told apart, so \
                        the file can be counted but not replayed";
            return Err(row.place.of(error).hint(hint));
        }
        if known.contains_key(&row.collection) {
            import.merged(Thing::Jobs, 1, SAME_JOB);
        } else {
            let draft = Draft {
                name: row.collection.clone(),
                submit: Some(row.time),
                priority: row.priority,
                more: Job {
                    class: row.class.map(|class| class.to_string()),
                    ..Job::default()
                },
                ..Draft::default()
            };
            known.insert(row.collection.clone(), (import.number(), draft));
        }
        let job = known[&row.collection].0;
        let key = (job, row.index);
        let became = import.told_of(live.contains_key(&key), Thing::Tasks, SAME_TASK);
        let task = live.entry(key.clone()).or_default();
        task.cpus = row.cpus.map(billionths).or(task.cpus);
        task.memory = row.memory.map(billionths).or(task.memory);
        let in_trace = row.time < AFTER;
        if in_trace {
            last = last.max(row.time);
        }
        match EVENTS[usize::from(row.event)] {
            "submit" | "queue" | "enable" => task.submit(row.time),
            "schedule" => task.start(row.time),
            "evict" => (task.started, task.before, task.waited) = (None, false, true),
            end @ ("fail" | "finish" | "kill" | "lost") => {
                let gone = live.remove(&key).unwrap_or_default();
                let time = if in_trace { row.time } else { last };
                import.push(Tasks {
                    outcome: Some(end.to_owned()),
                    ..gone.ran(job, time, in_trace)
                })?;
            }
            _ => {}
        }
        Ok(became)
    })?;
    for ((job, _), task) in live {
        import.push(task.ran(job, last, false))?;
    }
    import.assume("run times", RUNS);
    known
        .into_values()
        .try_for_each(|(id, draft)| import.numbered(id, draft))
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
