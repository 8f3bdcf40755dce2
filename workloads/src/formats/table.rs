//! Tables whose first line names the columns: in any order, with more of them than are read.

use crate::error::{ReadError, quoted};
use crate::formats::cells::{Cell, bare, width};

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
    /// Understands a header; the first `required` names must be in it, in any order, others may.
    pub(crate) fn header(
        line: &str,
        names: &[&'static str; N],
        required: usize,
    ) -> Result<Self, ReadError> {
        let position = |name: &str| line.split(',').position(|cell| bare(cell) == name);
        let positions = names.map(position);
        if let Some(missing) = positions[..required].iter().position(Option::is_none) {
            let expected = format!("a first line that names the column `{}`", names[missing]);
            let hint = format!("columns: {}", names[..required].join(", "));
            return Err(ReadError::expected(expected, quoted(line)).hint(hint));
        }
        Ok(Self {
            positions,
            width: width(line),
        })
    }

    /// How many columns the file has, those that are not read included.
    pub(crate) const fn width(&self) -> usize {
        self.width
    }

    /// The cells of a line; those of a column that the file does not have are empty.
    pub(crate) fn cells<'a>(
        &self,
        line: &'a str,
        names: &[&'static str; N],
    ) -> Result<[Cell<'a>; N], ReadError> {
        let mut row = std::array::from_fn(|column| {
            Cell::new(self.positions[column].unwrap_or(0), names[column], "")
        });
        let mut found = 0;
        for (position, text) in line.split(',').enumerate() {
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
