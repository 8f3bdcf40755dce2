//! SWIM: one Hadoop job a row, with its bytes but without tasks or durations.
//!
//! Source: github.com/SWIMProjectUCB/SWIM, `workloadSuite/*.tsv` (Facebook 2009 and 2010). Six
//! columns separated by tabs, no header: job name; submission in seconds from the start of the
//! sample; seconds since the previous submission; bytes read by maps; bytes shuffled; bytes
//! written. What stands behind them is not read: the files with input paths (Facebook 2010,
//! `withInputPaths`) have nine columns.

use std::path::Path;

use crate::error::{ReadError, quoted};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, yes};

/// The largest amount of data one job may claim, in bytes (one exbibyte).
pub const MOST_BYTES: u64 = 1 << 60;
/// The latest submission, in seconds (a hundred years).
pub const LATEST: u64 = 3_155_760_000;

const COLUMNS: [(&str, &str, u64); 5] = [
    ("submit_s", "seconds", LATEST),
    ("gap_s", "seconds", LATEST),
    ("map_input_bytes", "bytes", MOST_BYTES),
    ("shuffle_bytes", "bytes", MOST_BYTES),
    ("reduce_output_bytes", "bytes", MOST_BYTES),
];

/// One row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// The job's name.
    pub name: String,
    /// When it was submitted, in seconds from the start of the sample.
    pub submit: u64,
    /// Seconds since the previous submission, as the file says.
    pub gap: u64,
    /// Bytes read by the maps.
    pub input: u64,
    /// Bytes carried from maps to reduces; zero for a job without reduces.
    pub shuffle: u64,
    /// Bytes the job wrote.
    pub output: u64,
}

/// The rows of a file; a bad row does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Row for Record {
    /// How many columns the widest row has.
    type Layout = usize;
    const MEMBER: &'static str = "workload.tsv";
    const ONE: &'static str = "job";
    const ABOUT: &'static str =
        "a SWIM file has one job a row: name, submit, gap and three byte counts";

    fn row(line: &str, columns: &mut usize) -> Result<Option<Self>, ReadError> {
        *columns = line.split('\t').count().max(*columns);
        parse(line).map(Some)
    }

    fn unread(columns: &usize) -> Vec<String> {
        match columns.checked_sub(COLUMNS.len() + 1) {
            None | Some(0) => Vec::new(),
            Some(1) => vec!["column 7".to_owned()],
            Some(_) => vec![format!("columns 7 to {columns}")],
        }
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

fn parse(line: &str) -> Result<Record, ReadError> {
    let mut cells = line.split('\t');
    let name = cells.next().unwrap_or("");
    let mut numbers = [0_u64; COLUMNS.len()];
    let found = line.split('\t').count();
    if found < COLUMNS.len() + 1 {
        let hint = "name, submit_s, gap_s, map_input_bytes, shuffle_bytes, reduce_output_bytes";
        return Err(ReadError::uneven("at least 6 columns separated by tabs", found).hint(hint));
    }
    if name.is_empty() {
        return Err(ReadError::expected("a job name", "nothing").place("column 1 (job)"));
    }
    for (position, (column, unit, most)) in COLUMNS.into_iter().enumerate() {
        let cell = cells.next().unwrap_or("");
        numbers[position] = number(cell, unit, most)
            .map_err(|error| error.place(format!("column {} ({column})", position + 2)))?;
    }
    let [submit, gap, input, shuffle, output] = numbers;
    Ok(Record {
        place: Place::nowhere(),
        name: name.to_owned(),
        submit,
        gap,
        input,
        shuffle,
        output,
    })
}

/// A whole number of `unit` up to `most`.
pub(crate) fn number(text: &str, unit: &str, most: u64) -> Result<u64, ReadError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        let error = ReadError::expected(format!("a whole number of {unit}"), quoted(text));
        return Err(error.hint("digits only: no sign, fraction, blank or unit"));
    }
    match text.parse() {
        Ok(value) if value <= most => Ok(value),
        _ => {
            let error = ReadError::expected(format!("at most {most} {unit}"), quoted(text));
            Err(error.hint("so large a number is taken for damage"))
        }
    }
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    columns: [Figures; COLUMNS.len()],
    first: Option<u64>,
    last: u64,
    unsorted: u64,
    wrong_gaps: u64,
    map_only: u64,
    no_input: u64,
    no_output: u64,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "job",
        "submit_s",
        "gap_s",
        "map_input_bytes",
        "shuffle_bytes",
        "reduce_output_bytes",
    ];

    fn row(record: &Record) -> Vec<String> {
        let mut row = vec![record.name.clone()];
        row.extend(numbers(record).map(|number| number.to_string()));
        row
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        let mut say = |place: &str, error: ReadError| {
            warn.push(record.place.of(error).place(place));
        };
        if self.first.is_some() && record.submit < self.last {
            self.unsorted += 1;
            let error = ReadError::expected(
                format!("a time not before the row above ({})", self.last),
                record.submit,
            );
            say(
                "column 2 (submit_s)",
                error.hint("a simulation sorts the jobs by submission"),
            );
        }
        let gap = record.submit.checked_sub(self.last);
        if gap != Some(record.gap) {
            self.wrong_gaps += 1;
            let expected = gap.map_or("no gap".to_owned(), |gap| gap.to_string());
            let error = ReadError::expected(
                format!("{expected}, the difference to the row above"),
                record.gap,
            );
            say(
                "column 3 (gap_s)",
                error.hint("a simulation uses submit_s and ignores gap_s"),
            );
        }
        self.first.get_or_insert(record.submit);
        self.last = record.submit;
        self.map_only += u64::from(record.shuffle == 0);
        self.no_input += u64::from(record.input == 0);
        self.no_output += u64::from(record.output == 0);
        for (column, number) in self.columns.iter_mut().zip(numbers(record)) {
            column.push(number);
        }
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let jobs = self.columns[0].len();
        let mut facts = vec![
            ("jobs", jobs.to_string()),
            ("columns", (COLUMNS.len() + 1).to_string()),
            ("first_submit_s", self.first.unwrap_or(0).to_string()),
            ("last_submit_s", self.last.to_string()),
            ("submit_nondecreasing", yes(self.unsorted == 0)),
            ("gap_equals_submit_difference", yes(self.wrong_gaps == 0)),
            ("map_only_jobs_shuffle_eq_0", self.map_only.to_string()),
            ("jobs_with_zero_input", self.no_input.to_string()),
            ("jobs_with_zero_output", self.no_output.to_string()),
        ];
        facts.extend(self.passed.facts());
        let columns = self.columns.into_iter().zip(COLUMNS);
        Stat {
            facts,
            columns: columns
                .map(|(values, (name, unit, _))| Column::of(name, unit, values))
                .collect(),
        }
    }
}

fn numbers(record: &Record) -> [u64; COLUMNS.len()] {
    [
        record.submit,
        record.gap,
        record.input,
        record.shuffle,
        record.output,
    ]
}
