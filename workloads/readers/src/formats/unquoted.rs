//! Tables that quote nothing: the separator and line ends may stand in what people wrote.
//!
//! A row that has more columns than the first line is understood where it can be read in one way only; a line
//! that begins no record belongs to the one before.

use std::collections::BTreeSet;

use crate::error::ReadError;
use crate::formats::LONGEST_LINE;
use crate::formats::ahead::{Ahead, Lined, LinedRecords, TextLine};
use crate::formats::place::Place;
use crate::formats::seen::Seen;

/// Over how many lines one record may go; and how many are looked at in all before one is understood again, or
/// every line of a damaged file would be looked at with two hundred behind it.
const MOST_LINES: usize = 200;
/// In how many ways a row is read that has more columns than it should.
const MOST_WAYS: usize = 200;
/// How many cells are looked at for that, or damaged rows of thousands would take seconds.
const MOST_CELLS: usize = 10_000;

/// What the first line of such a table says.
pub(crate) trait FirstLine: Default {
    /// What is read.
    type Record;
    /// What a file is called inside an archive.
    const MEMBER: &'static str;
    /// One record in a word.
    const ONE: &'static str;
    /// What the table looks like.
    const ABOUT: &'static str;
    /// What to do where a row can be read in several ways.
    const SEVERAL: &'static str;

    /// Understands the names of the columns; gives those that are not read.
    fn read(line: &str) -> Result<(Self, Vec<String>), ReadError>;

    /// How many columns there are.
    fn width(&self) -> usize;

    /// What stands between them.
    fn between(&self) -> char;

    /// The positions of what people wrote.
    fn free(&self) -> &[usize];

    /// The cells of a text.
    fn split<'a>(&self, text: &'a str) -> Vec<&'a str> {
        text.split(self.between()).collect()
    }

    /// Whether a line begins a record.
    fn begins(&self, line: &str) -> bool;

    /// Understands the cells of a record.
    fn record(&self, cells: &[&str]) -> Result<Self::Record, ReadError>;

    /// Whether another understanding of a row differs in what people wrote alone.
    fn alike(one: &Self::Record, other: &Self::Record) -> bool;

    /// The same record, standing there, in the file of that number.
    fn at(record: Self::Record, place: Place, part: u64) -> Self::Record;
}

/// Such a table.
#[derive(Default)]
pub(crate) struct Unquoted<T> {
    table: T,
    unread: BTreeSet<String>,
    any: bool,
    /// Lines looked at in vain since a record was understood.
    vain: usize,
    /// Rows in which the separator stands in a text, and lines that belong to the one before.
    odd: [u64; 2],
}

/// The records of such a table.
pub(crate) type UnquotedRecords<T> = LinedRecords<Unquoted<T>>;

impl<T: FirstLine> Unquoted<T> {
    /// How often separators stood in texts, and lines belonged to the one before.
    pub(crate) const fn odd(&self) -> [u64; 2] {
        self.odd
    }

    /// Understands a record, whose texts may hold separators; also says whether they do.
    fn understand(&self, text: &str) -> Result<(T::Record, bool), ReadError> {
        let table = &self.table;
        let cells = table.split(text);
        let (width, free) = (table.width(), table.free());
        let expected = || format!("{width} columns, as the first line has");
        let more = match cells.len().checked_sub(width) {
            Some(0) => return Ok((table.record(&cells)?, false)),
            Some(more) if !free.is_empty() => more,
            _ => return Err(ReadError::uneven(expected(), cells.len())),
        };
        let (mut first, mut error) = (None, None);
        // A record of many lines is looked at again with each of them: all looks together are bounded.
        let lines = 1 + text.matches('\n').count();
        let most = (MOST_CELLS / (cells.len() * lines)).min(MOST_WAYS);
        for way in ways(free.len(), more, most) {
            let joined = self.joined(&cells, &way);
            let cells: Vec<&str> = joined.iter().map(String::as_str).collect();
            match (table.record(&cells), &first) {
                (Ok(record), None) => first = Some(record),
                (Ok(record), Some(known)) if !T::alike(&record, known) => {
                    return Err(ReadError::uneven(expected(), width + more).hint(T::SEVERAL));
                }
                (Ok(_), Some(_)) => {}
                (Err(problem), _) => error = error.or(Some(problem)),
            }
        }
        match (first, error) {
            (Some(record), _) => Ok((record, true)),
            (None, error) => {
                Err(error.unwrap_or_else(|| ReadError::uneven(expected(), width + more)))
            }
        }
    }

    /// The cells, when each text that people wrote has so many separators in it.
    fn joined(&self, cells: &[&str], way: &[usize]) -> Vec<String> {
        let mut cells = cells.iter();
        let mut joined = Vec::with_capacity(self.table.width());
        for at in 0..self.table.width() {
            let mut cell = cells
                .next()
                .map_or_else(String::new, |cell| (*cell).to_owned());
            let more = self.table.free().iter().position(|free| *free == at);
            for _ in 0..more.map_or(0, |free| way[free]) {
                cell.push(self.table.between());
                cell += cells.next().unwrap_or(&"");
            }
            joined.push(cell);
        }
        joined
    }
}

/// Ways to deal so many separators to so many texts: all to one of them, and then, up to `most` in all, to several.
fn ways(texts: usize, separators: usize, most: usize) -> Vec<Vec<usize>> {
    let alone = |text| {
        let mut way = vec![0; texts];
        way[text] = separators;
        way
    };
    let mut all: Vec<Vec<usize>> = (0..texts).map(alone).collect();
    let mut ways = vec![Vec::new()];
    for text in 0..texts {
        let mut longer = Vec::new();
        for way in &ways {
            let left = separators - way.iter().sum::<usize>();
            let least = if text + 1 == texts { left } else { 0 };
            for count in (least..=left).rev().take(most) {
                if longer.len() < most {
                    longer.push([way.as_slice(), &[count]].concat());
                }
            }
        }
        ways = longer;
    }
    let several = |way: &Vec<usize>| way.iter().filter(|count| **count > 0).count() > 1;
    let room = most.saturating_sub(all.len());
    all.extend(ways.into_iter().filter(several).take(room));
    all
}

impl<T: FirstLine> Lined for Unquoted<T> {
    type Record = T::Record;
    const MEMBER: &'static str = T::MEMBER;
    const ONE: &'static str = T::ONE;
    const ABOUT: &'static str = T::ABOUT;

    fn header(&mut self, line: &str) -> Result<bool, ReadError> {
        let (table, unread) = T::read(line)?;
        self.table = table;
        self.unread.extend(unread);
        Ok(true)
    }

    fn record(
        &mut self,
        line: TextLine,
        ahead: &mut Ahead,
    ) -> Result<Option<T::Record>, ReadError> {
        let TextLine {
            mut text,
            place,
            part,
        } = line;
        let last = self.table.width() - 1;
        if self.any && self.table.free().contains(&last) && !self.table.begins(&text) {
            // A text at the end of a row goes on: nothing of it is read.
            self.odd[1] += 1;
            return Ok(None);
        }
        self.any = true;
        let (mut more, mut alone) = (Vec::new(), None);
        loop {
            match self.understand(&text) {
                Ok((record, separators)) => {
                    self.odd[0] += u64::from(separators);
                    self.odd[1] += more.len() as u64;
                    self.vain = 0;
                    return Ok(Some(T::at(record, place, part)));
                }
                Err(problem) => alone = alone.or(Some(problem)),
            }
            let fits = self.vain + more.len() < MOST_LINES && text.len() < LONGEST_LINE;
            let next = ahead.peek().filter(|next| next.part == part);
            let goes_on = next.is_some_and(|next| !self.table.begins(&next.text));
            let next = if fits && goes_on && !self.table.free().is_empty() {
                ahead.next().and_then(Result::ok)
            } else {
                None
            };
            let Some(next) = next else {
                // What is wrong with the line alone is told.
                self.vain += more.len();
                ahead.give_back(more.into_iter());
                return alone.map_or(Ok(None), Err);
            };
            text.push('\n');
            text.push_str(&next.text);
            more.push(next);
        }
    }

    fn unread(&self) -> Vec<String> {
        self.unread.iter().cloned().collect()
    }

    fn end(&self, seen: &mut Seen) {
        seen.fill("columns", self.table.width());
        seen.set("rows_with_separators_in_texts", self.odd[0]);
        seen.set("lines_of_texts", self.odd[1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_dealt_in_every_way() {
        assert_eq!(ways(1, 2, MOST_WAYS), [[2]]);
        assert_eq!(ways(2, 1, MOST_WAYS), [[1, 0], [0, 1]]);
        assert_eq!(ways(3, 2, MOST_WAYS).len(), 6);
        assert_eq!(
            ways(3, 9_000, 1).len(),
            3,
            "each text alone, whatever there is room for"
        );
        assert!(ways(13, 40, MOST_WAYS).len() <= MOST_WAYS);
    }
}
