//! The Standard Workload Format 2.2: the logs of parallel machines, one job a row.
//!
//! Source: Feitelson's Parallel Workloads Archive, "The Standard Workload Format" (Chapin et al.,
//! JSSPP 1999). Lines that begin with `;` are comments; `; Key: value` before the jobs is the
//! header. Every other line has 18 numbers separated by blanks; -1 stands for what is not known.
//! All are whole but the CPU time; other fractions are cut off, and other negative numbers are
//! taken for -1: both are counted.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use crate::error::{ReadError, quoted};
use crate::formats::cells::Cell;
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, tally, yes};
use crate::formats::swim::LATEST;

/// The most processors one job may claim.
pub const MOST_PROCESSORS: u64 = 1 << 30;
/// The most memory one processor may claim, in kilobytes (one pebibyte).
pub const MOST_KILOBYTES: u64 = 1 << 40;
/// The largest number of a job, user, group, application, queue or partition.
pub const MOST_NUMBER: u64 = 1 << 60;
/// How many bytes of header are kept.
const LONGEST_HEADER: usize = 1 << 20;

const COLUMNS: [(&str, &str, u64); 18] = [
    ("job", "jobs", MOST_NUMBER),
    ("submit", "seconds", LATEST),
    ("wait", "seconds", LATEST),
    ("run", "seconds", LATEST),
    ("processors", "processors", MOST_PROCESSORS),
    ("cpu_time", "seconds", LATEST),
    ("memory", "kilobytes", MOST_KILOBYTES),
    ("requested_processors", "processors", MOST_PROCESSORS),
    ("requested_time", "seconds", LATEST),
    ("requested_memory", "kilobytes", MOST_KILOBYTES),
    ("status", "statuses", MOST_NUMBER),
    ("user", "users", MOST_NUMBER),
    ("group", "groups", MOST_NUMBER),
    ("application", "applications", MOST_NUMBER),
    ("queue", "queues", MOST_NUMBER),
    ("partition", "partitions", MOST_NUMBER),
    ("preceding_job", "jobs", MOST_NUMBER),
    ("think_time", "seconds", LATEST),
];
/// Where the CPU time stands, the only column with fractions.
const CPU_TIME: usize = 5;

/// The keys of the standard's header.
const KEYS: [&str; 26] = [
    "Version",
    "Computer",
    "Installation",
    "Acknowledge",
    "Information",
    "Conversion",
    "MaxJobs",
    "MaxRecords",
    "Preemption",
    "UnixStartTime",
    "TimeZone",
    "TimeZoneString",
    "StartTime",
    "EndTime",
    "MaxNodes",
    "MaxProcs",
    "MaxRuntime",
    "MaxMemory",
    "AllowOveruse",
    "MaxQueues",
    "Queues",
    "Queue",
    "MaxPartitions",
    "Partitions",
    "Partition",
    "Note",
];

/// One job; `None` where the log says -1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// Its number.
    pub job: u64,
    /// When it was submitted, in seconds from the start of the log.
    pub submit: u64,
    /// How long it waited, in seconds.
    pub wait: Option<u64>,
    /// How long it ran, in seconds of wall time.
    pub run: Option<u64>,
    /// How many processors it was given.
    pub processors: Option<u64>,
    /// The CPU time used, the average over its processors, in milliseconds.
    pub cpu_millis: Option<u64>,
    /// The memory used, the average over its processors, in kilobytes.
    pub memory: Option<u64>,
    /// How many processors it asked for.
    pub requested_processors: Option<u64>,
    /// The time it asked for, in seconds.
    pub requested_time: Option<u64>,
    /// The memory it asked for, in kilobytes a processor.
    pub requested_memory: Option<u64>,
    /// 0 failed, 1 completed, 2 to be continued, 3 the last part completed, 4 the last part
    /// failed, 5 cancelled before or after it started.
    pub status: Option<u64>,
    /// Who submitted it.
    pub user: Option<u64>,
    /// The user's group.
    pub group: Option<u64>,
    /// What it executed.
    pub application: Option<u64>,
    /// The queue it was submitted to; 0 for interactive jobs.
    pub queue: Option<u64>,
    /// The partition it ran in.
    pub partition: Option<u64>,
    /// The job it waited for.
    pub preceding_job: Option<u64>,
    /// Seconds between the end of that job and this submission.
    pub think_time: Option<u64>,
    /// How many fractions were cut off.
    pub cut: u32,
    /// How many negative numbers other than -1 were taken for it.
    pub negative: u32,
}

/// What the comments before the jobs say.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Header {
    /// How many comment lines there are, wherever they stand.
    pub lines: u64,
    /// Keys with their values, in the order of the file; some keys come more than once.
    pub fields: Vec<(String, String)>,
    kept: usize,
}

/// The jobs of a log; a bad row does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Header {
    /// The first value of `key`: "`MaxProcs`", "`UnixStartTime`".
    pub fn get(&self, key: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let field = fields.find(|(name, _)| name.eq_ignore_ascii_case(key));
        field.map(|(_, value)| value.as_str())
    }

    /// Takes a comment, without its semicolon.
    fn comment(&mut self, text: &str) {
        self.lines += 1;
        self.kept = self.kept.saturating_add(text.len());
        if self.kept > LONGEST_HEADER || text.trim().is_empty() {
            return;
        }
        let key = text.split_once(':').filter(|(key, _)| is_key(key));
        match (key, self.fields.last_mut()) {
            (Some((key, value)), _) => {
                let field = (key.trim().to_owned(), value.trim().to_owned());
                self.fields.push(field);
            }
            // A line without a key goes on with the value of the one above.
            (None, Some((_, value))) => {
                value.push('\n');
                value.push_str(text.trim());
            }
            (None, None) => {}
        }
    }
}

/// A key is one of the standard's, or another word near the semicolon: farther away stands what
/// goes on with the value above, and that may hold colons as well.
fn is_key(text: &str) -> bool {
    let word = text.trim();
    if KEYS.iter().any(|key| key.eq_ignore_ascii_case(word)) {
        return true;
    }
    let indented = text.len() - text.trim_start().len() > 2 || text.starts_with('\t');
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !indented
}

impl Row for Record {
    type Layout = Header;
    const MEMBER: &'static str = "workload.swf";
    const ONE: &'static str = "job";
    const ABOUT: &'static str =
        "a job is a line of 18 numbers; lines that begin with ; are comments";

    fn row(line: &str, header: &mut Header) -> Result<Option<Self>, ReadError> {
        let line = line.trim_ascii_start();
        if let Some(comment) = line.strip_prefix(';') {
            header.comment(comment);
            return Ok(None);
        }
        parse(line).map(Some)
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// One number of a row; `None` for a negative one.
fn read(
    position: usize,
    text: &str,
    cut: &mut u32,
    negative: &mut u32,
) -> Result<Option<u64>, ReadError> {
    let (name, unit, most) = COLUMNS[position];
    if let Some(amount) = text.strip_prefix('-') {
        let amount = Cell::new(position, name, amount).decimal(unit, 0, most)?;
        *negative += u32::from(amount != 1);
        return Ok(None);
    }
    let cell = Cell::new(position, name, text);
    if position == CPU_TIME {
        return cell.decimal(unit, 3, most).map(Some);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    *cut += u32::from(fraction.bytes().any(|byte| byte != b'0'));
    Cell::new(position, name, if digits { whole } else { text })
        .whole(unit, most)
        .map(Some)
}

fn parse(line: &str) -> Result<Record, ReadError> {
    let mut numbers = [None; COLUMNS.len()];
    let (mut cut, mut negative) = (0, 0);
    let mut found = 0;
    for (position, text) in line.split_ascii_whitespace().enumerate() {
        found += 1;
        if let Some(number) = numbers.get_mut(position) {
            *number = read(position, text, &mut cut, &mut negative)?;
        }
    }
    if found != COLUMNS.len() {
        let numbers = if found == 1 { "number" } else { "numbers" };
        let error = ReadError::expected("18 numbers", format!("{found} {numbers}"));
        return Err(error.hint("the row is damaged, or the file is not in this format"));
    }
    let [job, submit, rest @ ..] = numbers;
    let [wait, run, processors, cpu_millis, memory, rest @ ..] = rest;
    let [
        requested_processors,
        requested_time,
        requested_memory,
        rest @ ..,
    ] = rest;
    let [
        status,
        user,
        group,
        application,
        queue,
        partition,
        preceding_job,
        think_time,
    ] = rest;
    let needed = |number: Option<u64>, column: usize| {
        let cell = Cell::new(column, COLUMNS[column].0, "");
        number.ok_or_else(|| cell.wrong(ReadError::expected("a number", quoted("-1"))))
    };
    Ok(Record {
        place: Place::nowhere(),
        job: needed(job, 0)?,
        submit: needed(submit, 1)?,
        wait,
        run,
        processors,
        cpu_millis,
        memory,
        requested_processors,
        requested_time,
        requested_memory,
        status,
        user,
        group,
        application,
        queue,
        partition,
        preceding_job,
        think_time,
        cut,
        negative,
    })
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    header: Header,
    passed: Passed,
    first: Option<u64>,
    last: u64,
    unsorted: u64,
    run: Figures,
    run_missing: u64,
    run_zero: u64,
    processors: Figures,
    jobs: u64,
    requested_processors: u64,
    requested_time: u64,
    status: BTreeMap<String, u64>,
    /// Nobody knows who is a user as well.
    users: HashSet<Option<u64>>,
    user_missing: u64,
    work: u128,
    cut: u64,
    negative: u64,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "job",
        "submit_s",
        "wait_s",
        "run_s",
        "processors",
        "requested_processors",
        "requested_s",
        "status",
        "user",
        "queue",
    ];

    fn row(record: &Record) -> Vec<String> {
        let known = |number: Option<u64>| number.map_or("-1".to_owned(), |n| n.to_string());
        vec![
            record.job.to_string(),
            record.submit.to_string(),
            known(record.wait),
            known(record.run),
            known(record.processors),
            known(record.requested_processors),
            known(record.requested_time),
            known(record.status),
            known(record.user),
            known(record.queue),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        self.oddities(record, warn);
        self.jobs += 1;
        self.first.get_or_insert(record.submit);
        self.last = record.submit;
        self.cut += u64::from(record.cut);
        self.negative += u64::from(record.negative);
        match record.run {
            None => self.run_missing += 1,
            Some(0) => self.run_zero += 1,
            Some(run) => self.run.push(run),
        }
        let processors = record.processors.unwrap_or(0);
        if processors > 0 {
            self.processors.push(processors);
        }
        self.work += u128::from(processors) * u128::from(record.run.unwrap_or(0));
        self.requested_processors += u64::from(record.requested_processors.is_none());
        self.requested_time += u64::from(record.requested_time.is_none());
        self.users.insert(record.user);
        self.user_missing += u64::from(record.user.is_none());
        let status = record.status.map_or("-1".to_owned(), |s| s.to_string());
        *self.status.entry(status).or_default() += 1;
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.header.clone_from(records.layout());
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let key = |key: &str| self.header.get(key).unwrap_or("-").to_owned();
        let missing = self.jobs - self.processors.len() as u64;
        let mut facts = vec![
            ("computer", key("Computer")),
            ("installation", key("Installation")),
            ("max_procs", key("MaxProcs")),
            ("unix_start_time", key("UnixStartTime")),
            ("header_lines", self.header.lines.to_string()),
            ("jobs", self.jobs.to_string()),
            ("columns", COLUMNS.len().to_string()),
            ("submit_first", self.first.unwrap_or(0).to_string()),
            ("submit_last", self.last.to_string()),
            ("submit_nondecreasing", yes(self.unsorted == 0)),
            ("run_time_missing_or_negative", self.run_missing.to_string()),
            ("run_time_zero", self.run_zero.to_string()),
            ("allocated_procs_missing", missing.to_string()),
            (
                "requested_procs_missing",
                self.requested_processors.to_string(),
            ),
            ("requested_time_missing", self.requested_time.to_string()),
            ("status", tally(&self.status)),
            ("users", self.users.len().to_string()),
            ("user_missing", self.user_missing.to_string()),
            (
                "proc_seconds_where_run_and_procs_positive",
                self.work.to_string(),
            ),
            ("fractions_cut_off", self.cut.to_string()),
            (
                "negative_numbers_taken_for_missing",
                self.negative.to_string(),
            ),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![
                Column::of("positive_run_time_s", "seconds", self.run),
                Column::of("allocated_procs_positive", "processors", self.processors),
            ],
        }
    }
}

impl Counts {
    /// Tells what can be used but is odd.
    fn oddities(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        let mut say = |error: ReadError| warn.push(record.place.of(error));
        if self.first.is_some() && record.submit < self.last {
            self.unsorted += 1;
            let expected = format!("a time not before the row above ({})", self.last);
            let error = ReadError::expected(expected, record.submit).place("column 2 (submit)");
            say(error.hint("a simulation sorts the jobs by submission"));
        }
        if record.cut > 0 {
            let error = ReadError::expected("whole numbers but for the CPU time", "a fraction");
            say(error.hint("the fraction is cut off"));
        }
        if record.negative > 0 {
            let error = ReadError::expected("-1 for what is not known", "another negative number");
            say(error.hint("it is taken for -1"));
        }
    }
}
