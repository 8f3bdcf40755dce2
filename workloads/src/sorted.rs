//! Rows in order, however many: what does not fit into memory is sorted in runs that go to temporary
//! files and are merged as they are read.

use std::fmt;
use std::io::{self, Read as _, Write as _};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::aside::{self, Aside};
use crate::error::ReadError;

/// How much is in memory at once, in small rows.
pub const ROWS_IN_MEMORY: usize = 1 << 16;

/// What rows are sorted by; those that are equal in it keep their order.
type Place = (u64, u64);

/// Rows by what `place` says of them.
pub struct Sorted<T> {
    place: fn(&T) -> Place,
    fresh: Vec<T>,
    /// What the fresh rows weigh, in small rows.
    weight: usize,
    runs: Aside,
}

impl<T> fmt::Debug for Sorted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} runs and {} rows", self.runs.len(), self.fresh.len())
    }
}

impl<T: Serialize + DeserializeOwned + Clone> Sorted<T> {
    /// None yet.
    pub const fn by(place: fn(&T) -> Place) -> Self {
        Self {
            place,
            fresh: Vec::new(),
            weight: 0,
            runs: Aside::new(),
        }
    }

    /// Adds a row that takes as much memory as `weight` small ones.
    ///
    /// # Errors
    /// When it cannot be put aside.
    pub fn push(&mut self, row: T, weight: usize) -> Result<(), ReadError> {
        self.fresh.push(row);
        self.weight += weight;
        if self.weight >= ROWS_IN_MEMORY {
            self.spill().map_err(|error| not_put_aside(&error))?;
        }
        Ok(())
    }

    /// No more rows will come; whether there is none.
    ///
    /// # Errors
    /// When the last ones cannot be put aside.
    pub fn finish(&mut self) -> Result<bool, ReadError> {
        self.fresh.sort_by_key(self.place);
        if !self.runs.is_empty() && !self.fresh.is_empty() {
            self.spill().map_err(|error| not_put_aside(&error))?;
        }
        Ok(self.runs.is_empty() && self.fresh.is_empty())
    }

    fn spill(&mut self) -> io::Result<()> {
        self.fresh.sort_by_key(self.place);
        self.weight = 0;
        let rows = self.fresh.drain(..);
        self.runs.put(|writer| {
            for row in rows {
                let bytes = postcard::to_stdvec(&row).map_err(io::Error::other)?;
                writer.write_all(&(bytes.len() as u32).to_le_bytes())?;
                writer.write_all(&bytes)?;
            }
            Ok(())
        })
    }
}

impl<T: Serialize + DeserializeOwned + Clone> Sorted<T> {
    /// All rows in order, once no more will come; as often as they are wanted.
    pub fn rows(&self) -> Merged<'_, T> {
        let mut runs: Vec<_> = self.runs.runs().map(Run).collect();
        let heads = runs.iter_mut().map(Run::next).collect();
        Merged {
            place: self.place,
            fresh: self.fresh.iter(),
            runs,
            heads,
        }
    }
}

/// All rows in order: those of memory, or those of all runs.
pub struct Merged<'a, T> {
    place: fn(&T) -> Place,
    fresh: std::slice::Iter<'a, T>,
    runs: Vec<Run<'a>>,
    heads: Vec<Option<io::Result<T>>>,
}

impl<T> fmt::Debug for Merged<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} runs", self.runs.len())
    }
}

impl<T: DeserializeOwned + Clone> Iterator for Merged<'_, T> {
    type Item = Result<T, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.runs.is_empty() {
            return self.fresh.next().cloned().map(Ok);
        }
        let place = |head: &Option<io::Result<T>>| match head.as_ref()? {
            Ok(row) => Some((self.place)(row)),
            // A run that cannot be read is told of at once.
            Err(_) => Some((0, 0)),
        };
        let heads = self.heads.iter().enumerate();
        let heads = heads.filter_map(|(run, head)| Some((place(head)?, run)));
        let (_, run) = heads.min()?;
        let next = self.runs[run].next();
        let row = std::mem::replace(&mut self.heads[run], next)?;
        Some(row.map_err(|error| not_put_aside(&error)))
    }
}

/// The rows of one run.
struct Run<'a>(aside::Run<'a>);

impl Run<'_> {
    fn next<T: DeserializeOwned>(&mut self) -> Option<io::Result<T>> {
        let mut length = [0; 4];
        match self.0.read_exact(&mut length) {
            Ok(()) => Some(self.row(u32::from_le_bytes(length))),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(error) => Some(Err(error)),
        }
    }

    fn row<T: DeserializeOwned>(&mut self, length: u32) -> io::Result<T> {
        let mut bytes = vec![0; length as usize];
        self.0.read_exact(&mut bytes)?;
        postcard::from_bytes(&bytes).map_err(io::Error::other)
    }
}

fn not_put_aside(error: &io::Error) -> ReadError {
    ReadError::said(format!("cannot be put aside: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_order_from_memory_and_from_files() {
        for rows in [0_u64, 1, 1000, 3 * ROWS_IN_MEMORY as u64 + 7] {
            let mut sorted = Sorted::by(|row: &(u64, u64)| (row.0, 0));
            for row in 0..rows {
                sorted.push((row * 7919 % 1000, row), 1).unwrap();
            }
            assert_eq!(sorted.finish().unwrap(), rows == 0);
            let mut expected: Vec<_> = (0..rows).map(|row| (row * 7919 % 1000, row)).collect();
            expected.sort_by_key(|row| row.0);
            for _ in 0..2 {
                let rows: Vec<_> = sorted.rows().map(Result::unwrap).collect();
                assert!(rows == expected, "equal ones in the order they came");
            }
        }
    }
}
