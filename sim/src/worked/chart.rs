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
            let _ = writeln!(text, "{:names$} {}", bar.name, cells.trim_end());
        }
        let sign = self
            .sign
            .map_or("a digit: so many of its tasks run".to_owned(), |sign| {
                format!("{sign} runs")
            });
        let _ = writeln!(text, "a column is {column}; {sign}, . waits");
        text
    }

    /// What stands for a job at a time.
    fn cell(&self, bar: &Bar, at: Time) -> char {
        let running = bar
            .runs
            .iter()
            .filter(|(from, to, _)| *from <= at && at < *to);
        let tasks: u32 = running.map(|(_, _, tasks)| *tasks).sum();
        let later = bar.runs.iter().any(|(from, ..)| *from > at);
        match tasks {
            0 if bar.submitted <= at && (later || bar.runs.is_empty()) => '.',
            0 => ' ',
            _ if self.sign.is_some() => self.sign.unwrap_or('#'),
            1..=9 => char::from_digit(tasks, 10).unwrap_or('+'),
            _ => '+',
        }
    }
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
