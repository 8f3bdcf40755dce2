//! Tables whose first line names the columns: in any order, with more of them than are read.

use crate::error::{ReadError, quoted};
use crate::formats::cells::{Cell, bare};

/// Where the columns of a file with a header stand.
#[derive(Clone, Copy, Debug)]
pub struct Table<const N: usize> {
    positions: [Option<usize>; N],
    width: usize,
}

impl<const N: usize> Default for Table<N> {
    fn default() -> Self {
        Self {
            positions: [None; N],
            width: 0,
        }
    }
}

impl<const N: usize> Table<N> {
    /// Understands a header; the names that are needed must be in it, in any order, others may.
    pub(crate) fn header(
        line: &str,
        between: char,
        names: &[&'static str; N],
        needed: [bool; N],
    ) -> Result<Self, ReadError> {
        let position = |name: &str| line.split(between).position(|cell| bare(cell) == name);
        let positions = names.map(position);
        let needed: Vec<usize> = (0..N).filter(|at| needed[*at]).collect();
        if let Some(missing) = needed.iter().find(|at| positions[**at].is_none()) {
            let expected = format!("a first line that names the column `{}`", names[*missing]);
            let needed: Vec<&str> = needed.iter().map(|at| names[*at]).collect();
            let hint = format!("columns: {}", needed.join(", "));
            return Err(ReadError::expected(expected, quoted(line)).hint(hint));
        }
        Ok(Self {
            positions,
            width: line.split(between).count(),
        })
    }

    /// A line of a file without a header has so many columns.
    pub(crate) fn widen(&mut self, columns: usize) {
        self.width = self.width.max(columns);
    }

    /// How many columns the file has, those that are not read included.
    pub(crate) const fn width(&self) -> usize {
        self.width
    }

    /// The cells of a line; those of a column that the file does not have are empty.
    pub(crate) fn cells<'a>(
        &self,
        line: &'a str,
        between: char,
        names: &[&'static str; N],
    ) -> Result<[Cell<'a>; N], ReadError> {
        let mut row = std::array::from_fn(|column| {
            Cell::new(self.positions[column].unwrap_or(0), names[column], "")
        });
        let mut found = 0;
        for (position, text) in line.split(between).enumerate() {
            found += 1;
            let column = self.positions.iter().position(|at| *at == Some(position));
            if let Some(column) = column {
                row[column] = Cell::new(position, names[column], bare(text));
            }
        }
        if found != self.width {
            let expected = format!("{} columns, as the first line has", self.width);
            return Err(ReadError::uneven(expected, found));
        }
        Ok(row)
    }
}
