//! The Standard Workload Format 2.2: the logs of parallel machines, one job a row.
//!
//! Source: Feitelson's Parallel Workloads Archive, "The Standard Workload Format" (Chapin et al.,
//! JSSPP 1999). Lines that begin with `;` are comments; `; Key: value` before the jobs is the
//! header. Every other line has 18 numbers separated by blanks; -1 stands for what is not known. Newer
//! writers add columns of their own behind these, which are counted and not read, and write `#` for `;`
//! or `=` for `:`. Times are floating point and kept to the microsecond. All other numbers are whole:
//! fractions are cut off, and other negative numbers are taken for -1; both are counted.
//!
//! A job that was swapped out may have more lines than one: a summary with the status 0 or 1, and a
//! line for each part of its run with the status 2 (to be continued), 3 (the last, completed) or 4 (the
//! last, failed). Parts have the number of their job; only the first says when it was submitted.

mod header;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use crate::error::{ReadError, quoted};
use crate::formats::cells::{Cell, MILLIONTHS, written};
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
/// Where times stand, which may have fractions.
const TIMES: [usize; 6] = [1, 2, 3, 5, 8, 17];

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
    /// When it was submitted, in microseconds from the start of the log. Parts may not say.
    pub submit: Option<u64>,
    /// How long it waited, in microseconds.
    pub wait: Option<u64>,
    /// How long it ran, in microseconds of wall time.
    pub run: Option<u64>,
    /// How many processors it was given.
    pub processors: Option<u64>,
    /// The CPU time used, the average over its processors, in microseconds.
    pub cpu_time: Option<u64>,
    /// The memory used, the average over its processors, in kilobytes.
    pub memory: Option<u64>,
    /// How many processors it asked for.
    pub requested_processors: Option<u64>,
    /// The time it asked for, in microseconds.
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
    /// Microseconds between the end of that job and this submission.
    pub think_time: Option<u64>,
    /// How many columns stand behind the 18.
    pub extra: u32,
    /// How many fractions were cut off.
    pub cut: u32,
    /// How many negative numbers other than -1 were taken for it.
    pub negative: u32,
}

impl Record {
    /// Whether this is a part of a job's run and no job.
    pub const fn is_part(&self) -> bool {
        matches!(self.status, Some(2..=4))
    }

    /// The processors it was given, or else those it asked for, and whether these are the latter.
    pub fn width(&self) -> Option<(u64, bool)> {
        let some = |count: &u64| *count > 0;
        let given = self.processors.filter(some).map(|count| (count, false));
        given.or_else(|| {
            self.requested_processors
                .filter(some)
                .map(|count| (count, true))
        })
    }

    /// Whether it never ran: cancelled before it started, or nothing says that it was given anything.
    pub fn never_ran(&self) -> bool {
        let ran = self.run.is_some_and(|run| run > 0);
        let given = self.processors.is_some_and(|count| count > 0);
        !ran && match self.status {
            Some(5) => true,
            Some(_) => false,
            None => self.run.is_none() && !given,
        }
    }
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
        let field = fields.find(|(name, _)| same_key(name, key));
        field.map(|(_, value)| value.as_str())
    }

    /// Takes a comment, without its semicolon.
    fn comment(&mut self, text: &str) {
        self.lines += 1;
        self.kept = self.kept.saturating_add(text.len());
        if self.kept > LONGEST_HEADER || text.trim().is_empty() {
            return;
        }
        let with_equals = || text.split_once('=').filter(|(key, _)| is_known(key));
        let key = text.split_once(':').filter(|(key, _)| is_key(key));
        let key = key.or_else(with_equals);
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
    if is_known(word) {
        return true;
    }
    let indented = text.len() - text.trim_start().len() > 2 || text.starts_with('\t');
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !indented
}

/// Whether this is one of the standard's keys.
fn is_known(text: &str) -> bool {
    KEYS.iter().any(|key| same_key(key, text))
}

/// Newer writers have `max_procs` and `Max Procs` for `MaxProcs`.
fn same_key(one: &str, other: &str) -> bool {
    let letters = |text: &str| -> Vec<u8> {
        let letters = text.bytes().filter(|byte| !b" \t_-".contains(byte));
        letters.map(|byte| byte.to_ascii_lowercase()).collect()
    };
    letters(one) == letters(other)
}

impl Row for Record {
    type Layout = Header;
    const MEMBER: &'static str = "workload.swf";
    const ONE: &'static str = "job";
    const ABOUT: &'static str =
        "a job is a line of 18 numbers or more; lines that begin with ; are comments";

    fn row(line: &str, header: &mut Header) -> Result<Option<Self>, ReadError> {
        let line = line.trim_ascii_start();
        if let Some(comment) = line.strip_prefix([';', '#']) {
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
        let amount = Cell::new(position, name, amount).decimal(unit, 3, most)?;
        *negative += u32::from(amount != 1000);
        return Ok(None);
    }
    let cell = Cell::new(position, name, text);
    if TIMES.contains(&position) {
        return cell.decimal(unit, MILLIONTHS, most).map(Some);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return cell.whole(unit, most).map(Some);
    }
    let rounded = cell.decimal(unit, 0, most)?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.contains(['e', 'E']) || whole.contains(['e', 'E']) {
        return Ok(Some(rounded));
    }
    *cut += u32::from(fraction.bytes().any(|byte| byte != b'0'));
    cell.with(if whole.is_empty() { "0" } else { whole })
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
    if found < COLUMNS.len() {
        let numbers = if found == 1 { "number" } else { "numbers" };
        let error = ReadError::expected("18 numbers", format!("{found} {numbers}"));
        return Err(error.hint("the row is damaged, or the file is not in this format"));
    }
    let [job, submit, rest @ ..] = numbers;
    let [wait, run, processors, cpu_time, memory, rest @ ..] = rest;
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
    let record = Record {
        place: Place::nowhere(),
        job: needed(job, 0)?,
        submit,
        wait,
        run,
        processors,
        cpu_time,
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
        extra: u32::try_from(found - COLUMNS.len()).unwrap_or(u32::MAX),
        cut,
        negative,
    };
    if !record.is_part() {
        needed(submit, 1)?;
    }
    Ok(record)
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
    /// Rows with more columns than 18, and how many columns the widest has.
    wide: u64,
    columns: u64,
    /// Rows that are parts of jobs.
    parts: u64,
    /// The job whose summary was read last: its parts follow it.
    summary: Option<u64>,
    /// The work of jobs of which only parts are told.
    alone: BTreeMap<u64, u128>,
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
        let time = |time: Option<u64>| {
            time.map_or("-1".to_owned(), |time| written(time.into(), MILLIONTHS))
        };
        vec![
            record.job.to_string(),
            time(record.submit),
            time(record.wait),
            time(record.run),
            known(record.processors),
            known(record.requested_processors),
            time(record.requested_time),
            known(record.status),
            known(record.user),
            known(record.queue),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        self.oddities(record, warn);
        self.cut += u64::from(record.cut);
        self.negative += u64::from(record.negative);
        self.wide += u64::from(record.extra > 0);
        self.columns = self
            .columns
            .max(COLUMNS.len() as u64 + u64::from(record.extra));
        let status = record.status.map_or("-1".to_owned(), |s| s.to_string());
        *self.status.entry(status).or_default() += 1;
        let processors = record.processors.unwrap_or(0);
        let work = u128::from(processors) * u128::from(record.run.unwrap_or(0));
        if record.is_part() {
            self.parts += 1;
            if self.summary != Some(record.job) {
                *self.alone.entry(record.job).or_default() += work;
            }
            return;
        }
        self.summary = Some(record.job);
        self.alone.remove(&record.job);
        self.jobs += 1;
        self.work += work;
        if let Some(submit) = record.submit {
            self.first.get_or_insert(submit);
            self.last = submit;
        }
        match record.run {
            None => self.run_missing += 1,
            Some(0) => self.run_zero += 1,
            Some(run) => self.run.push(run),
        }
        if processors > 0 {
            self.processors.push(processors);
        }
        self.requested_processors += u64::from(record.requested_processors.is_none());
        self.requested_time += u64::from(record.requested_time.is_none());
        self.users.insert(record.user);
        self.user_missing += u64::from(record.user.is_none());
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.header.clone_from(records.layout());
        self.passed = records.passed();
        self.passed.tell(warn);
        let odd = self.header.odd().into_iter();
        warn.extend(odd.map(|error| error.hint("it is not used")));
    }

    fn stat(self) -> Stat {
        let key = |key: &str| self.header.get(key).unwrap_or("-").to_owned();
        let seconds = |time: u128| written(time, MILLIONTHS);
        let work = self.work + self.alone.values().sum::<u128>();
        let jobs = self.jobs + self.alone.len() as u64;
        let missing = self.jobs - self.processors.len() as u64;
        let mut facts = vec![
            ("computer", key("Computer")),
            ("installation", key("Installation")),
            ("max_procs", key("MaxProcs")),
            ("unix_start_time", key("UnixStartTime")),
            ("header_lines", self.header.lines.to_string()),
            ("jobs", jobs.to_string()),
            ("parts_of_jobs", self.parts.to_string()),
            ("columns", self.columns.to_string()),
            ("rows_with_more_columns_than_18", self.wide.to_string()),
            ("submit_first", seconds(self.first.unwrap_or(0).into())),
            ("submit_last", seconds(self.last.into())),
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
            ("proc_seconds_where_run_and_procs_positive", seconds(work)),
            ("fractions_cut_off", self.cut.to_string()),
            (
                "negative_numbers_taken_for_missing",
                self.negative.to_string(),
            ),
        ];
        facts.extend(self.passed.facts());
        let odd = self.header.odd();
        if !odd.is_empty() {
            let odd: Vec<String> = odd.iter().map(ToString::to_string).collect();
            facts.push(("header_not_understood", odd.join("; ")));
        }
        Stat {
            facts,
            columns: vec![
                Column::of("positive_run_time_s", "millionths of a second", self.run),
                Column::of("allocated_procs_positive", "processors", self.processors),
            ],
        }
    }
}

impl Counts {
    /// Tells what can be used but is odd.
    fn oddities(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        let mut say = |error: ReadError| warn.push(record.place.of(error));
        let before = record
            .submit
            .filter(|at| self.first.is_some() && *at < self.last);
        if let Some(before) = before.filter(|_| !record.is_part()) {
            self.unsorted += 1;
            let seconds = |time: u64| written(time.into(), MILLIONTHS);
            let expected = format!("a time not before the row above ({})", seconds(self.last));
            let error = ReadError::expected(expected, seconds(before)).place("column 2 (submit)");
            say(error.hint("a simulation sorts the jobs by submission"));
        }
        if record.cut > 0 {
            let error = ReadError::expected("whole numbers but for times", "a fraction");
            say(error.hint("the fraction is cut off"));
        }
        if record.negative > 0 {
            let error = ReadError::expected("-1 for what is not known", "another negative number");
            say(error.hint("it is taken for -1"));
        }
    }
}
