//! The rows of a table in Parquet, read column by column.
//!
//! A trace has millions of rows, and their types are known: whole columns are decoded at once, and a
//! row takes a value of each. Not more than a batch of rows is in memory.

use std::fs::File;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use parquet::basic::Type as Physical;
use parquet::column::reader::ColumnReader;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader};

use super::OLDEST;
use super::tables::{MOST, Table};
use crate::error::{ReadError, quoted};
use crate::formats::sheets::{FOOTER, damaged, footer, guarded};

/// How many rows are decoded at once.
const BATCH: usize = 8192;

/// The values of a column in a batch of rows.
pub struct Column {
    name: &'static str,
    /// Where the column stands in the file; nowhere in one of an older version.
    position: Option<usize>,
    /// Whether the file may leave it out.
    optional: bool,
    open: Option<ColumnReader>,
    whole: Vec<i64>,
    text: Vec<ByteArray>,
    defined: Vec<i16>,
    row: usize,
    value: usize,
}

impl Column {
    /// `expected`, in this column.
    pub(crate) fn wrong(&self, expected: &str, found: impl std::fmt::Display) -> ReadError {
        ReadError::expected(expected, found).place(format!("column {}", self.name))
    }

    /// Goes to the next row and tells where its value stands, if it has one.
    fn next(&mut self) -> Option<usize> {
        let defined = !self.optional || self.defined.get(self.row).is_some_and(|level| *level > 0);
        self.row += 1;
        if !defined {
            return None;
        }
        self.value += 1;
        Some(self.value - 1)
    }

    /// The whole number of the next row.
    pub(crate) fn whole(&mut self) -> Result<Option<u64>, ReadError> {
        let value = self.next().and_then(|at| self.whole.get(at).copied());
        let Some(value) = value else {
            return Ok(None);
        };
        let expected = || format!("a number from 0 to {MOST}");
        let found = || quoted(&value.to_string());
        let whole = u64::try_from(value).map_err(|_| self.wrong(&expected(), found()))?;
        Ok(Some(whole))
    }

    /// The text of the next row.
    pub(crate) fn text(&mut self) -> Result<Option<String>, ReadError> {
        let Some(value) = self.next().and_then(|at| self.text.get(at)) else {
            return Ok(None);
        };
        match value.as_utf8() {
            Ok(text) => Ok(Some(text.to_owned())),
            Err(_) => Err(self.wrong("text in UTF-8", "other bytes")),
        }
    }

    /// Decodes the next rows, and tells how many.
    fn read(&mut self) -> Result<usize, ParquetError> {
        (self.row, self.value) = (0, 0);
        self.whole.clear();
        self.text.clear();
        self.defined.clear();
        let levels = self.optional.then_some(&mut self.defined);
        let read = match &mut self.open {
            Some(ColumnReader::Int64ColumnReader(open)) => {
                open.read_records(BATCH, levels, None, &mut self.whole)?
            }
            Some(ColumnReader::ByteArrayColumnReader(open)) => {
                open.read_records(BATCH, levels, None, &mut self.text)?
            }
            _ => return Ok(0),
        };
        Ok(read.0)
    }
}

/// The rows of a table. After a bad one there are no more.
pub struct Rows<T> {
    path: PathBuf,
    file: Box<dyn FileReader>,
    columns: Vec<Column>,
    /// Which group of rows comes next.
    group: usize,
    /// Rows that are decoded and not yet taken.
    held: usize,
    row: u64,
    ended: bool,
    kind: PhantomData<T>,
}

impl<T: Table> Rows<T> {
    /// Opens a table.
    pub(crate) fn open(path: &Path) -> Result<Self, ReadError> {
        let file = File::open(path).map_err(|error| ReadError::io(path, &error))?;
        Self::of(file, path)
    }

    /// Opens a table that is in `file`, called `path`.
    pub(crate) fn of(file: impl ChunkReader + 'static, path: &Path) -> Result<Self, ReadError> {
        let opened = guarded(FOOTER, || {
            let file: Box<dyn FileReader> = Box::new(footer(file)?);
            let columns = columns::<T>(&*file).map_err(|error| error.place("the schema"))?;
            Ok((file, columns))
        });
        let (file, columns) = opened.and_then(|opened| opened).map_err(|e| e.file(path))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            columns,
            group: 0,
            held: 0,
            row: 0,
            ended: false,
            kind: PhantomData,
        })
    }

    /// Decodes the next rows; none after the last.
    fn fill(&mut self) -> Result<(), ReadError> {
        while self.held == 0 {
            let mut rows = None;
            let there = |column: &&mut Column| column.position.is_some();
            for column in self.columns.iter_mut().filter(there) {
                let place = format!("row group {}, column {}", self.group, column.name);
                let read = guarded(&place, || column.read())?;
                let read = read.map_err(|error| damaged(&error).place(place))?;
                if *rows.get_or_insert(read) != read {
                    let hint = "the file is damaged; import it again";
                    return Err(column.wrong("as many values as before", read).hint(hint));
                }
            }
            self.held = rows.unwrap_or(0);
            if self.held == 0 {
                if self.group == self.file.num_row_groups() {
                    return Ok(());
                }
                let group = self.file.get_row_group(self.group);
                self.group += 1;
                let place = format!("row group {}", self.group);
                let unread = |error: ParquetError| damaged(&error).place(&place);
                let group = group.map_err(unread)?;
                for column in &mut self.columns {
                    if let Some(position) = column.position {
                        let open = group.get_column_reader(position);
                        column.open = Some(open.map_err(unread)?);
                    }
                }
            }
        }
        Ok(())
    }

    fn take(&mut self) -> Result<Option<T>, ReadError> {
        if self.held == 0 {
            guarded("the row", || self.fill())??;
        }
        if self.held == 0 {
            return Ok(None);
        }
        self.held -= 1;
        T::take(&mut self.columns).map(Some)
    }
}

/// Where the columns of a table stand in a file.
fn columns<T: Table>(file: &dyn FileReader) -> Result<Vec<Column>, ReadError> {
    let schema = file.metadata().file_metadata().schema_descr();
    let column = |told: &super::tables::Column| {
        let mut all = schema.columns().iter().enumerate();
        let found = all.find(|(_, column)| column.path().string() == told.name);
        let column = |position, optional| Column {
            name: told.name,
            position,
            optional,
            open: None,
            whole: Vec::new(),
            text: Vec::new(),
            defined: Vec::new(),
            row: 0,
            value: 0,
        };
        if found.is_none() && told.since > OLDEST {
            return Ok(column(None, true));
        }
        let (position, found) = found.ok_or_else(|| {
            let names = schema.columns().iter().map(|column| column.path().string());
            let names = names.collect::<Vec<_>>().join(", ");
            ReadError::expected(format!("the column `{}`", told.name), quoted(&names))
        })?;
        let kind = if told.text {
            Physical::BYTE_ARRAY
        } else {
            Physical::INT64
        };
        if found.physical_type() != kind || found.max_rep_level() > 0 || found.max_def_level() > 1 {
            let expected = format!("the column `{}` of the type {kind}", told.name);
            let shape = format!("{}, perhaps in a list", found.physical_type());
            return Err(ReadError::expected(expected, shape));
        }
        Ok(column(Some(position), found.max_def_level() > 0))
    };
    T::TABLE.iter().map(column).collect()
}

impl<T: Table> Iterator for Rows<T> {
    type Item = Result<T, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let taken = self.take();
        self.ended = !matches!(taken, Ok(Some(_)));
        self.row += 1;
        taken
            .map_err(|error| error.file(&self.path).line(self.row))
            .transpose()
    }
}
