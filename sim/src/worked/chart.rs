//! Jobs over time, in letters.

use std::fmt::Write as _;

use fairground_policies::time::{Span, Time};

/// A row: a job, and what ran of it when.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) submitted: Time,
    /// From, to, how many tasks.
    pub(super) runs: Vec<(Time, Time, u32)>,
}

/// Rows on one scale.
pub(super) struct Chart {
    /// How long a column is; the next round length with which all fits if nothing is said.
    pub(super) column: Option<Span>,
    pub(super) bars: Vec<Bar>,
    /// What stands where something runs; how many tasks if nothing is said.
    pub(super) sign: Option<char>,
}

/// The widest that a picture is, in columns.
const WIDTH: u64 = 60;
/// A time stands over every so many columns.
const EVERY: usize = 10;

impl Chart {
    pub(super) fn drawn(&self) -> String {
        let runs = self.bars.iter().flat_map(|bar| &bar.runs);
        let end = runs.map(|(_, end, _)| *end).max().unwrap_or(Time::ZERO);
        let column = self.column.unwrap_or_else(|| fitting(end));
        let columns = end
            .as_micros()
            .div_ceil(column.as_micros())
            .clamp(1, 2 * WIDTH) as usize;
        let names = self
            .bars
            .iter()
            .map(|bar| bar.name.len())
            .max()
            .unwrap_or(0);
        let mut text = format!("{:names$} ", "");
        for at in (0..columns).step_by(EVERY) {
            let _ = write!(text, "{:<EVERY$}", column.scaled(at as u64, 1).to_string());
        }
        let mut text = text.trim_end().to_owned() + "\n";
        for bar in &self.bars {
            let cells: String = (0..columns)
                .map(|at| self.cell(bar, Time::ZERO + column.scaled(at as u64, 1)))
                .collect();
            let never = if bar.runs.is_empty() {
                " never starts"
            } else {
                ""
            };
            let _ = writeln!(text, "{:names$} {}{never}", bar.name, cells.trim_end());
        }
        let many = self.bars.iter().any(|bar| most(bar) > 9);
        let sign = match self.sign {
            Some(sign) => format!("{sign} runs"),
            None if many => {
                "a digit: so many of its tasks run, a is 10, b 11, and + more than z".into()
            }
            None => "a digit: so many of its tasks run".into(),
        };
        let _ = writeln!(text, "a column is {column}; {sign}, . waits");
        text
    }

    /// What stands for a job at a time.
    fn cell(&self, bar: &Bar, at: Time) -> char {
        let tasks = running(bar, at);
        let later = bar.runs.iter().any(|(from, ..)| *from > at);
        match tasks {
            0 if bar.submitted <= at && (later || bar.runs.is_empty()) => '.',
            0 => ' ',
            _ if self.sign.is_some() => self.sign.unwrap_or('#'),
            _ => Some(tasks)
                .filter(|tasks| *tasks < 36)
                .and_then(|tasks| char::from_digit(tasks, 36))
                .unwrap_or('+'),
        }
    }
}

/// How many tasks run at once, at most.
fn most(bar: &Bar) -> u32 {
    let starts = bar.runs.iter().map(|(from, ..)| running(bar, *from));
    starts.max().unwrap_or(0)
}

/// How many tasks run at a time.
fn running(bar: &Bar, at: Time) -> u32 {
    let now = bar.runs.iter();
    let now = now.filter(|(from, to, _)| *from <= at && at < *to);
    now.map(|(.., tasks)| *tasks).sum()
}

/// The shortest of 1, 2 and 5 times a power of ten seconds with which all fits.
fn fitting(end: Time) -> Span {
    let mut unit = 1;
    loop {
        for times in [1, 2, 5] {
            let column = Span::from_secs(unit * times);
            if end.as_micros() <= column.as_micros().saturating_mul(WIDTH) {
                return column;
            }
        }
        unit *= 10;
    }
}
