//! A typed table, defined once and written as CSV or Parquet.
//!
//! A column is a name, a unit, a sentence and a function from a row to a cell, so the files and
//! their documentation cannot drift apart. Cells are text or whole numbers: a float would be
//! printed differently by different tools.

use std::fmt::Write as _;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type as SchemaType;

/// Rows in one row group of a Parquet file.
const GROUP_ROWS: usize = 1 << 18;

/// One value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cell<'a> {
    /// Text.
    Text(&'a str),
    /// A whole number.
    Int(i64),
    /// Nothing: an empty field in CSV, a null in Parquet.
    Empty,
}

impl From<u64> for Cell<'_> {
    fn from(number: u64) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Cell<'_> {
    fn from(number: u32) -> Self {
        Self::Int(i64::from(number))
    }
}

impl From<i64> for Cell<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(cell: Option<T>) -> Self {
        cell.map_or(Self::Empty, Into::into)
    }
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holds {
    /// Text.
    Text,
    /// Whole numbers.
    Int,
}

/// What readers have to know about a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Column {
    /// Its name in the file, ending with the unit where there is one.
    pub name: &'static str,
    /// The unit in words; empty for names and plain counts.
    pub unit: &'static str,
    /// What it means, in a phrase.
    pub doc: &'static str,
    /// What it holds.
    pub holds: Holds,
}

/// Takes a cell out of a row.
type Get<R> = fn(&R) -> Cell<'_>;

/// A table: what it is, its columns, its rows.
pub struct Table<R> {
    /// The file's name without its extension.
    pub name: &'static str,
    /// What one row is, in a sentence.
    pub doc: &'static str,
    columns: Vec<(Column, Get<R>)>,
    rows: Vec<R>,
}

impl<R> Table<R> {
    /// A table without columns.
    pub fn new(name: &'static str, doc: &'static str, rows: Vec<R>) -> Self {
        Self {
            name,
            doc,
            columns: Vec::new(),
            rows,
        }
    }

    /// Adds a column of text.
    pub fn text(mut self, name: &'static str, doc: &'static str, get: fn(&R) -> Cell<'_>) -> Self {
        let column = Column {
            name,
            unit: "",
            doc,
            holds: Holds::Text,
        };
        self.columns.push((column, get));
        self
    }

    /// Adds a column of whole numbers in `unit`.
    pub fn int(
        mut self,
        name: &'static str,
        unit: &'static str,
        doc: &'static str,
        get: fn(&R) -> Cell<'_>,
    ) -> Self {
        let column = Column {
            name,
            unit,
            doc,
            holds: Holds::Int,
        };
        self.columns.push((column, get));
        self
    }

    /// The columns in order.
    pub fn columns(&self) -> impl Iterator<Item = Column> + '_ {
        self.columns.iter().map(|(column, _)| *column)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// As CSV with a header line, fields separated by commas, lines ended by a newline.
    pub fn to_csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut record = csv::ByteRecord::new();
        for (column, _) in &self.columns {
            record.push_field(column.name.as_bytes());
        }
        let into_memory = "writing to memory does not fail";
        writer.write_byte_record(&record).expect(into_memory);
        for row in &self.rows {
            record.clear();
            for (_, get) in &self.columns {
                match get(row) {
                    Cell::Text(text) => record.push_field(text.as_bytes()),
                    Cell::Int(number) => record.push_field(number.to_string().as_bytes()),
                    Cell::Empty => record.push_field(b""),
                }
            }
            writer.write_byte_record(&record).expect(into_memory);
        }
        writer.into_inner().expect(into_memory)
    }

    /// As Parquet, compressed with Zstandard; whole numbers are signed 64-bit.
    ///
    /// # Errors
    /// When the encoder fails.
    pub fn to_parquet(&self) -> Result<Vec<u8>, ParquetError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
            .set_created_by("fairground".to_owned())
            .build();
        let schema = Arc::new(self.schema()?);
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
        for rows in self.rows.chunks(GROUP_ROWS) {
            let mut group = writer.next_row_group()?;
            for (column, get) in &self.columns {
                match column.holds {
                    Holds::Text => write_text(&mut group, rows, *get)?,
                    Holds::Int => write_ints(&mut group, rows, *get)?,
                }
            }
            group.close()?;
        }
        writer.into_inner()
    }

    fn schema(&self) -> Result<SchemaType, ParquetError> {
        let field = |column: &Column| {
            let builder = match column.holds {
                Holds::Int => SchemaType::primitive_type_builder(column.name, Physical::INT64),
                Holds::Text => {
                    SchemaType::primitive_type_builder(column.name, Physical::BYTE_ARRAY)
                        .with_logical_type(Some(LogicalType::String))
                }
            };
            let field = builder.with_repetition(Repetition::OPTIONAL).build()?;
            Ok(Arc::new(field))
        };
        let fields: Result<Vec<_>, ParquetError> = self
            .columns
            .iter()
            .map(|(column, _)| field(column))
            .collect();
        SchemaType::group_type_builder(self.name)
            .with_fields(fields?)
            .build()
    }

    /// The table's section in `COLUMNS.md`.
    pub fn to_markdown(&self) -> String {
        let mut page = format!(
            "## {}\n\n{}\n\n| column | unit | meaning |\n|---|---|---|\n",
            self.name, self.doc
        );
        for column in self.columns() {
            let _ = writeln!(
                page,
                "| `{}` | {} | {} |",
                column.name, column.unit, column.doc
            );
        }
        page
    }
}

type Group<'a> = SerializedRowGroupWriter<'a, Vec<u8>>;

fn write_text<R>(
    group: &mut Group<'_>,
    rows: &[R],
    get: fn(&R) -> Cell<'_>,
) -> Result<(), ParquetError> {
    let mut levels = Vec::with_capacity(rows.len());
    let mut values = Vec::with_capacity(rows.len());
    for row in rows {
        if let Cell::Text(text) = get(row) {
            values.push(ByteArray::from(text));
            levels.push(1);
        } else {
            levels.push(0);
        }
    }
    let mut column = group.next_column()?.ok_or_else(missing)?;
    column
        .typed::<ByteArrayType>()
        .write_batch(&values, Some(&levels), None)?;
    column.close()
}

fn write_ints<R>(
    group: &mut Group<'_>,
    rows: &[R],
    get: fn(&R) -> Cell<'_>,
) -> Result<(), ParquetError> {
    let mut levels = Vec::with_capacity(rows.len());
    let mut values = Vec::with_capacity(rows.len());
    for row in rows {
        if let Cell::Int(number) = get(row) {
            values.push(number);
            levels.push(1);
        } else {
            levels.push(0);
        }
    }
    let mut column = group.next_column()?.ok_or_else(missing)?;
    column
        .typed::<Int64Type>()
        .write_batch(&values, Some(&levels), None)?;
    column.close()
}

fn missing() -> ParquetError {
    ParquetError::General("the schema has fewer columns than the table".to_owned())
}
