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

use crate::formats::prelude::*;

mod header;
mod import;

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

pub(crate) const FORM: Form = Form {
    about: "jobs of parallel machines, 18 numbers a row (Standard Workload Format 2.2)",
    signs: &[Begins(";"), Ends(".swf")],
    import: Ok(import::import),
    samples: &["\
; Version: 2.2
;Computer: Cray: the one of 1990
; Note: two lines
;       where: here
; MaxProcs: 64
;
   1   100    5   60   4  58.25 2048   4   90 4096 1 1 1 -1 0 1 -1 -1
   2   160   -1    0  -1     -1   -1   8   -1   -1 5 2 1 -1 0 1  1  60
   3   160    3   10  -1     -1   -1   2   20   -1 1 1 1  7 1 1 -1 -1
   4   170  2.5   30   3     -1   -1  -1   -2   -1 0 2 1  7 1 1 -1 -1
"],
    ..Form::by::<Rows<Record>, Counts>()
};

/// One job; `None` where the log says -1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
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

    fn end(header: &Header, _: u64, seen: &mut Seen) {
        let facts = [
            ("computer", "Computer"),
            ("installation", "Installation"),
            ("max_procs", "MaxProcs"),
            ("unix_start_time", "UnixStartTime"),
        ];
        for (fact, key) in facts {
            seen.fill(fact, header.get(key).unwrap_or("-"));
        }
        seen.add("header_lines", header.lines);
        let odd = header.odd();
        if !odd.is_empty() {
            let all: Vec<String> = odd.iter().map(ToString::to_string).collect();
            seen.first_text("header_not_understood", &all.join("; "));
        }
        for odd in odd {
            seen.warn(odd.hint("it is not used"));
        }
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

contents! { Record: |job| Jobs 1, Tasks job.width().map_or(0, |(processors, _)| processors); }

fn known(number: Option<u64>) -> String {
    number.map_or("-1".to_owned(), |number| number.to_string())
}

fn seconds_of(time: Option<u64>) -> String {
    time.map_or("-1".to_owned(), |time| written(time.into(), MILLIONTHS))
}

shows! { Record: |one|
    "job": one.job, "submit_s": seconds_of(one.submit), "wait_s": seconds_of(one.wait),
    "run_s": seconds_of(one.run), "processors": known(one.processors),
    "requested_processors": known(one.requested_processors),
    "requested_s": seconds_of(one.requested_time), "status": known(one.status),
    "user": known(one.user), "queue": known(one.queue),
}

/// The jobs that are told in parts.
#[derive(Default)]
struct Counts {
    /// The job whose summary was read last: its parts follow it.
    summary: Option<u64>,
    /// The work of jobs of which only parts are told.
    alone: BTreeMap<u64, u128>,
}

const WORK: &str = "proc_seconds_where_run_and_procs_positive";

impl Survey for Counts {
    type Record = Record;

    fn see(&mut self, record: &Record, seen: &mut Seen) {
        let job = Some(record).filter(|record| !record.is_part());
        let missing = |of: fn(&Record) -> bool| job.is_some_and(of);
        let processors = record.processors.unwrap_or(0);
        let mut work = u128::from(processors) * u128::from(record.run.unwrap_or(0));
        if job.is_some() {
            self.summary = Some(record.job);
            self.alone.remove(&record.job);
        } else {
            if self.summary != Some(record.job) {
                *self.alone.entry(record.job).or_default() += work;
            }
            work = 0;
        }
        let status = record
            .status
            .map_or("-1".to_owned(), |status| status.to_string());
        let user = job.map(|job| job.user.map_or((0, 0), |user| (user, 1)));
        for key in ["computer", "installation", "max_procs", "unix_start_time"] {
            seen.choice(key, None);
        }
        seen.count_if("header_lines", false);
        seen.count_if("jobs", job.is_some());
        seen.count_if("parts_of_jobs", job.is_none());
        seen.most("columns", COLUMNS.len() as u64 + u64::from(record.extra));
        seen.count_if("rows_with_more_columns_than_18", record.extra > 0);
        let submit = job.and_then(|job| job.submit);
        seen.first("submit_first", submit).written(MILLIONTHS);
        seen.last("submit_last", submit).written(MILLIONTHS);
        if let Some(last) = seen.sorted("submit_nondecreasing", submit) {
            let [last, found] =
                [Some(last), submit].map(|at| written(at.unwrap_or(0).into(), MILLIONTHS));
            let expected = format!("a time not before the row above ({last})");
            let odd = ReadError::expected(expected, found).place("column 2 (submit)");
            seen.warn(odd.hint("a simulation sorts the jobs by submission"));
        }
        if record.cut > 0 {
            let odd = ReadError::expected("whole numbers but for times", "a fraction");
            seen.warn(odd.hint("the fraction is cut off"));
        }
        if record.negative > 0 {
            let odd = ReadError::expected("-1 for what is not known", "another negative number");
            seen.warn(odd.hint("it is taken for -1"));
        }
        seen.count_if(
            "run_time_missing_or_negative",
            missing(|job| job.run.is_none()),
        );
        seen.count_if("run_time_zero", missing(|job| job.run == Some(0)));
        seen.count_if(
            "allocated_procs_missing",
            missing(|job| job.processors.unwrap_or(0) == 0),
        );
        seen.count_if(
            "requested_procs_missing",
            missing(|job| job.requested_processors.is_none()),
        );
        seen.count_if(
            "requested_time_missing",
            missing(|job| job.requested_time.is_none()),
        );
        seen.tally("status", &status);
        // Nobody knows who is a user as well.
        seen.distinct("users", user);
        seen.count_if("user_missing", missing(|job| job.user.is_none()));
        seen.sum(WORK, work).written(MILLIONTHS);
        seen.sum("fractions_cut_off", record.cut);
        seen.sum("negative_numbers_taken_for_missing", record.negative);
        let some = |number: &u64| *number > 0;
        let run = job.and_then(|job| job.run).filter(some);
        seen.figures("positive_run_time_s", "millionths of a second", run);
        let given = job.and_then(|job| job.processors).filter(some);
        seen.figures("allocated_procs_positive", "processors", given);
    }

    fn end(self, seen: &mut Seen) {
        seen.add("jobs", self.alone.len() as u64);
        seen.add(WORK, self.alone.into_values().sum::<u128>());
    }
}
