//! Access logs of web servers, in Apache's common or combined format: one request a line.
//!
//! Source: the Apache HTTP Server's `mod_log_config`. `host ident user [time zone] "request" status
//! bytes`, and in the combined format `"referer" "agent"`. Logs are in the order in which answers
//! ended, so not sorted by time. A last quote that is missing is added, and such lines are counted.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use crate::error::{ReadError, quoted};
use crate::formats::cells::Cell;
use crate::formats::clock;
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, tally, yes};
use crate::formats::swim::MOST_BYTES;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// One request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// Who asked.
    pub client: String,
    /// When, in seconds since 1970, UTC.
    pub time: u64,
    /// Method, path and protocol.
    pub request: String,
    /// The status of the answer.
    pub status: u16,
    /// The bytes of the answer; `None` for none.
    pub bytes: Option<u64>,
    /// Whether the last quote was missing.
    pub unterminated: bool,
}

/// The requests of a log; a bad line does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Row for Record {
    type Layout = ();
    const MEMBER: &'static str = "access.log";
    const ONE: &'static str = "request";
    const ABOUT: &'static str = "a line is: host ident user [time] \"request\" status bytes";

    fn row(line: &str, (): &mut ()) -> Result<Option<Self>, ReadError> {
        let (names, rest) = line
            .split_once('[')
            .ok_or_else(|| missing("a time in brackets"))?;
        let (written, rest) = rest
            .split_once(']')
            .ok_or_else(|| missing("the end of the time"))?;
        let client = names.split_ascii_whitespace().next().unwrap_or("");
        let client = Cell::new(0, "host", client).word("a host")?;
        let time = time(written).ok_or_else(|| {
            let expected = "a time of the form 17/May/2015:10:05:03 +0000";
            Cell::new(3, "time", written).wrong(ReadError::expected(expected, quoted(written)))
        })?;
        let rest = rest.trim_ascii_start().strip_prefix('"');
        let (request, rest) = rest
            .and_then(until_quote)
            .ok_or_else(|| missing("a request between quotes"))?;
        let mut words = rest.trim_ascii_start().splitn(3, ' ');
        let status = Cell::new(5, "status", words.next().unwrap_or(""));
        let bytes = Cell::new(6, "bytes", words.next().unwrap_or(""));
        let status = status.whole("statuses", 999)? as u16;
        let bytes = match bytes.text() {
            "-" => None,
            _ => Some(bytes.whole("bytes", MOST_BYTES)?),
        };
        Ok(Some(Self {
            place: Place::nowhere(),
            client: client.to_owned(),
            time,
            request: request.to_owned(),
            status,
            bytes,
            unterminated: !quotes_end(words.next().unwrap_or("")),
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

fn missing(what: &str) -> ReadError {
    let error = ReadError::expected(what, "none");
    error.hint("a line is: host ident user [time] \"request\" status bytes \"referer\" \"agent\"")
}

/// What stands before the next quote that is not escaped, and what after it.
fn until_quote(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (position, byte) in text.bytes().enumerate() {
        if byte == b'"' && !escaped {
            return Some((&text[..position], &text[position + 1..]));
        }
        escaped = byte == b'\\' && !escaped;
    }
    None
}

/// Whether every quote that is opened is closed.
fn quotes_end(mut text: &str) -> bool {
    while let Some((_, quoted)) = text.split_once('"') {
        match until_quote(quoted) {
            Some((_, rest)) => text = rest,
            None => return false,
        }
    }
    true
}

/// `17/May/2015:10:05:03 +0000` in seconds since 1970, UTC.
fn time(text: &str) -> Option<u64> {
    let (clock_time, zone) = text.split_once(' ')?;
    let (day, rest) = clock_time.split_once('/')?;
    let (month, rest) = rest.split_once('/')?;
    let (year, time) = rest.split_once(':')?;
    let month = MONTHS.iter().position(|name| *name == month)? as u32 + 1;
    let day = clock::day(year.parse().ok()?, month, day.parse().ok()?)?;
    let since_day = clock::seconds(&format!("1970-01-01 {time}"))?;
    let (sign, digits) = zone.split_at_checked(1)?;
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let zone: u64 = digits.parse().ok()?;
    let ahead = (zone / 100) * 3600 + (zone % 100) * 60;
    match sign {
        "+" => (day + since_day).checked_sub(ahead),
        "-" => Some(day + since_day + ahead),
        _ => None,
    }
}

/// What is counted over a whole log; repaired lines are only counted themselves.
#[derive(Default)]
pub(crate) struct Counts {
    lines: u64,
    good: u64,
    status: BTreeMap<u16, u64>,
    clients: HashSet<String>,
    bytes: Figures,
    first: Option<u64>,
    latest: u64,
    last: u64,
    unsorted: u64,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &["client", "unix_s", "request", "status", "bytes"];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.client.clone(),
            record.time.to_string(),
            record.request.clone(),
            record.status.to_string(),
            record
                .bytes
                .map_or("-".to_owned(), |bytes| bytes.to_string()),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        self.lines += 1;
        if record.unterminated {
            let error = ReadError::expected("a quote at the end", "none");
            warn.push(
                record
                    .place
                    .of(error)
                    .hint("the line is read as if it were there"),
            );
            return;
        }
        self.good += 1;
        *self.status.entry(record.status).or_default() += 1;
        if !self.clients.contains(&record.client) {
            self.clients.insert(record.client.clone());
        }
        self.bytes.extend(record.bytes);
        self.first = Some(
            self.first
                .map_or(record.time, |first| first.min(record.time)),
        );
        self.latest = self.latest.max(record.time);
        self.unsorted += u64::from(record.time < self.last);
        self.last = record.time;
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let bytes = self.bytes.sum();
        let mut facts = vec![
            ("lines", self.lines.to_string()),
            ("well_formed_combined_log_lines", self.good.to_string()),
            ("unterminated_lines", (self.lines - self.good).to_string()),
            ("status", tally(&self.status)),
            ("distinct_clients", self.clients.len().to_string()),
            ("bytes_sum", bytes.to_string()),
            ("min_unix", self.first.unwrap_or(0).to_string()),
            ("max_unix", self.latest.to_string()),
            ("sorted", yes(self.unsorted == 0)),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![Column::of("bytes", "bytes", self.bytes)],
        }
    }
}
