//! Tables that come as Parquet or as CSV with the same columns: named, typed, one record a row.
//!
//! Which of the two a file is, its first bytes tell. In Parquet there are no lines: what is wrong
//! stands in a row, counted from one.

use std::fs::File;
use std::io::BufRead as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader as _, SerializedFileReader};
use parquet::record::Field;
use parquet::record::reader::RowIter;
use parquet::schema::types::Type;

use crate::error::{ReadError, quoted};
use crate::formats::cells::{bare, decimal, width};
use crate::formats::lines::Lines;
use crate::formats::place::Place;
use crate::formats::seen::Seen;
use crate::formats::survey::{Reader, Unread};
use crate::formats::{source, zipped};

/// The first and the last bytes of a Parquet file.
pub(crate) const MAGIC: &[u8] = b"PAR1";
/// Where a Parquet file says what is in it, for messages.
pub(crate) const FOOTER: &str = "the footer";

/// Whether a file is one.
pub(crate) fn is_parquet(path: &Path) -> Result<bool, ReadError> {
    let plain = source::decompressed(path);
    let begins = plain.and_then(|mut plain| Ok(plain.fill_buf()?.starts_with(MAGIC)));
    begins.map_err(|error| ReadError::io(path, &error))
}

/// A Parquet file of which any part can be read at once.
pub(crate) fn seekable(path: &Path) -> Result<File, ReadError> {
    let file = source::decompressed(path).and_then(|plain| zipped::seekable(path, MAGIC, plain));
    file.map_err(|error| ReadError::io(path, &error))
}

/// The names of the columns of a Parquet file.
pub(crate) fn columns(path: &Path) -> Result<Vec<String>, ReadError> {
    let file = seekable(path)?;
    guarded(FOOTER, || {
        let reader = footer(file)?;
        let schema = reader
            .metadata()
            .file_metadata()
            .schema_descr()
            .root_schema_ptr();
        let fields = schema.get_fields().iter();
        Ok(fields.map(|field| field.name().to_owned()).collect())
    })?
}

/// A record that is a row of such a table.
pub trait SheetRow: Sized {
    /// The columns that are read.
    const COLUMNS: &'static [&'static str];
    /// How many of them, from the first on, every table must have.
    const REQUIRED: usize;
    /// One record in a word: "task".
    const ONE: &'static str;
    /// What a file of this format is called inside an archive.
    const MEMBER: &'static str;

    /// Understands a row; an item for each of the columns, in their order.
    ///
    /// # Errors
    /// When the row is damaged.
    fn row(items: &[Item]) -> Result<Self, ReadError>;
}

/// What stands in one place of a table.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    name: &'static str,
    value: Value,
}

#[derive(Clone, PartialEq, Debug)]
enum Value {
    Missing,
    Whole(i64),
    Real(f64),
    Text(String),
    List(Vec<Self>),
}

impl Item {
    /// `error`, in this column.
    fn wrong(&self, expected: &str, found: impl std::fmt::Display) -> ReadError {
        ReadError::expected(expected, found).place(format!("column {}", self.name))
    }

    fn shown(&self) -> String {
        match &self.value {
            Value::Missing => "nothing".to_owned(),
            Value::Whole(number) => quoted(&number.to_string()),
            Value::Real(number) => quoted(&number.to_string()),
            Value::Text(text) => quoted(text),
            Value::List(_) => "a list".to_owned(),
        }
    }

    /// Whether nothing stands here.
    pub(crate) fn is_missing(&self) -> bool {
        match &self.value {
            Value::Missing => true,
            Value::Text(text) => text.is_empty(),
            _ => false,
        }
    }

    /// A name or a number taken for one.
    pub(crate) fn name(&self, what: &str) -> Result<String, ReadError> {
        match &self.value {
            Value::Text(text) if !text.is_empty() => Ok(text.clone()),
            Value::Whole(number) => Ok(number.to_string()),
            _ => Err(self.wrong(what, self.shown())),
        }
    }

    /// A whole number of `unit` up to `most`, perhaps written with a fraction of zero.
    pub(crate) fn whole(&self, unit: &str, most: u64) -> Result<u64, ReadError> {
        let amount = self.decimal(unit, 0, most)?;
        let fraction = match &self.value {
            Value::Real(number) => (number - amount as f64).abs() > 0.0,
            Value::Text(text) => decimal(text, unit, 6, most)? != amount * 1_000_000,
            _ => false,
        };
        if fraction {
            let expected = format!("a whole number of {unit}");
            return Err(self.wrong(&expected, self.shown()));
        }
        Ok(amount)
    }

    /// A number of `unit` in units of `10^-digits`, up to `most` whole ones.
    pub(crate) fn decimal(&self, unit: &str, digits: u32, most: u64) -> Result<u64, ReadError> {
        let scale = 10_u64.pow(digits);
        let amount = match &self.value {
            Value::Whole(number) => u64::try_from(*number).ok().filter(|n| *n <= most),
            Value::Real(number) if (0.0..=most as f64).contains(number) => {
                return Ok(libm::round(number * scale as f64) as u64);
            }
            Value::Text(text) => {
                let place = format!("column {}", self.name);
                return decimal(text, unit, digits, most).map_err(|error| error.place(place));
            }
            _ => None,
        };
        let expected = format!("a number of {unit} from 0 to {most}");
        let amount = amount.ok_or_else(|| self.wrong(&expected, self.shown()))?;
        amount
            .checked_mul(scale)
            .ok_or_else(|| self.wrong(&expected, self.shown()))
    }

    /// Several names or numbers: a list, or text with `;` between.
    pub(crate) fn names(&self) -> Result<Vec<String>, ReadError> {
        let one = |value: &Value| match value {
            Value::Whole(number) => Ok(number.to_string()),
            // Tables that went through Python have numbers with a fraction of zero in lists.
            Value::Real(number) if libm::floor(*number) >= *number => Ok(format!("{number:.0}")),
            Value::Text(text) => Ok(text.clone()),
            _ => Err(self.wrong("a list of names or whole numbers", "something else")),
        };
        match &self.value {
            Value::Missing => Ok(Vec::new()),
            Value::Text(text) => {
                let texts = text.split(';').map(str::trim_ascii);
                Ok(texts
                    .filter(|t| !t.is_empty())
                    .map(ToOwned::to_owned)
                    .collect())
            }
            Value::List(values) => values.iter().map(one).collect(),
            value => one(value).map(|name| vec![name]),
        }
    }
}

/// The records of a table; in CSV a bad row does not end them.
pub struct Sheets<R> {
    path: Arc<Path>,
    inner: Inner,
    columns: usize,
    /// The names of those that are not read.
    unread: Vec<String>,
    row: u64,
    ended: bool,
    kind: std::marker::PhantomData<R>,
}

enum Inner {
    Text(Box<Lines>, Vec<Option<usize>>),
    Parquet(Box<RowIter<'static>>, Vec<Option<usize>>),
}

impl<R: SheetRow> Sheets<R> {
    /// Opens a table.
    pub(crate) fn open(path: &Path) -> Result<Self, ReadError> {
        let (inner, names) = if is_parquet(path)? {
            parquet_rows::<R>(seekable(path)?).map_err(|error| error.file(path))?
        } else {
            text_rows::<R>(path)?
        };
        Ok(Self {
            path: Arc::from(path),
            inner,
            columns: names.len(),
            unread: names
                .into_iter()
                .filter(|name| !R::COLUMNS.contains(&name.as_str()))
                .collect(),
            row: 0,
            ended: false,
            kind: std::marker::PhantomData,
        })
    }

    /// How many columns the table has, those that are not read included.
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// Whether the table has this column of those that are read.
    pub(crate) fn has(&self, name: &str) -> bool {
        let (Inner::Text(_, positions) | Inner::Parquet(_, positions)) = &self.inner;
        let mut columns = R::COLUMNS.iter().zip(positions);
        columns.any(|(column, position)| *column == name && position.is_some())
    }

    fn items(&mut self) -> Option<Result<(Vec<Item>, u64), ReadError>> {
        match &mut self.inner {
            Inner::Text(lines, positions) => loop {
                let line = match lines.next()? {
                    Ok(line) if line.trim_ascii().is_empty() => continue,
                    Ok(line) => line,
                    Err(error) => return Some(Err(error)),
                };
                let found = width(line);
                if found != self.columns {
                    let expected = format!("{} columns, as the first line has", self.columns);
                    return Some(Err(lines.here(ReadError::uneven(expected, found))));
                }
                let texts: Vec<&str> = line.split(',').map(bare).collect();
                let value = |position: &Option<usize>| match position {
                    Some(position) => Value::Text(texts[*position].to_owned()),
                    None => Value::Missing,
                };
                let items = named::<R>(positions.iter().map(value));
                return Some(Ok((items, lines.line())));
            },
            Inner::Parquet(rows, positions) => {
                self.row += 1;
                let row = self.row;
                let next = guarded("the row", || rows.next()).transpose()?;
                let read = next.and_then(|row| row.map_err(|error| damaged(&error)));
                if read.is_err() {
                    self.ended = true;
                }
                let items = read.map(|read| {
                    let fields: Vec<Value> = read
                        .get_column_iter()
                        .map(|(_, field)| value(field))
                        .collect();
                    let at = |position: &Option<usize>| {
                        position.map_or(Value::Missing, |position| fields[position].clone())
                    };
                    (named::<R>(positions.iter().map(at)), row)
                });
                Some(items.map_err(|error| error.file(&self.path).line(row)))
            }
        }
    }
}

fn named<R: SheetRow>(values: impl Iterator<Item = Value>) -> Vec<Item> {
    let pairs = R::COLUMNS.iter().zip(values);
    pairs.map(|(name, value)| Item { name, value }).collect()
}

/// The library panics on some damaged files; here that is one more kind of damage. What panicked is
/// not used again.
pub(crate) fn guarded<T>(
    place: impl std::fmt::Display,
    read: impl FnOnce() -> T,
) -> Result<T, ReadError> {
    catch_unwind(AssertUnwindSafe(read)).map_err(|_| {
        let error = ReadError::said("the Parquet file is damaged").hint("fetch it again");
        error.place(place.to_string())
    })
}

pub(crate) fn damaged(error: &ParquetError) -> ReadError {
    ReadError::said(format!("the Parquet file cannot be read: {error}"))
        .hint("the file is damaged or truncated; fetch it again")
}

/// What a Parquet file says of itself at its end.
pub(crate) fn footer<R: ChunkReader + 'static>(
    file: R,
) -> Result<SerializedFileReader<R>, ReadError> {
    SerializedFileReader::new(file).map_err(|error| damaged(&error).place(FOOTER))
}

fn missing<R: SheetRow>(name: &str, found: &str) -> ReadError {
    let hint = format!("columns: {}", R::COLUMNS[..R::REQUIRED].join(", "));
    ReadError::expected(format!("the column `{name}`"), quoted(found)).hint(hint)
}

fn parquet_rows<R: SheetRow>(file: File) -> Result<(Inner, Vec<String>), ReadError> {
    guarded(FOOTER, || {
        let reader = footer(file)?;
        let schema = reader
            .metadata()
            .file_metadata()
            .schema_descr()
            .root_schema_ptr();
        let fields = schema.get_fields();
        let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
        if let Some(name) = R::COLUMNS[..R::REQUIRED]
            .iter()
            .find(|name| !names.contains(name))
        {
            return Err(missing::<R>(name, &names.join(", ")).place("the schema"));
        }
        let wanted: Vec<_> = fields
            .iter()
            .filter(|field| R::COLUMNS.contains(&field.name()))
            .cloned()
            .collect();
        let position = |name: &&str| wanted.iter().position(|field| field.name() == *name);
        let positions = R::COLUMNS.iter().map(position).collect();
        let unread = |error: ParquetError| damaged(&error).place("the schema");
        let projection = Type::group_type_builder(schema.name())
            .with_fields(wanted.clone())
            .build()
            .map_err(unread)?;
        let names = names.into_iter().map(ToOwned::to_owned).collect();
        let rows = RowIter::from_file_into(Box::new(reader))
            .project(Some(projection))
            .map_err(unread)?;
        Ok((Inner::Parquet(Box::new(rows), positions), names))
    })?
}

fn text_rows<R: SheetRow>(path: &Path) -> Result<(Inner, Vec<String>), ReadError> {
    let mut lines = Lines::lenient(path, R::MEMBER, false)?;
    let header = match lines.next() {
        Some(Ok(header)) => header.to_owned(),
        Some(Err(error)) => return Err(error),
        None => String::new(),
    };
    let names: Vec<&str> = header.split(',').map(bare).collect();
    if let Some(name) = R::COLUMNS[..R::REQUIRED]
        .iter()
        .find(|name| !names.contains(name))
    {
        return Err(lines.here(missing::<R>(name, &header)));
    }
    let position = |name: &&str| names.iter().position(|known| known == name);
    let positions = R::COLUMNS.iter().map(position).collect();
    let names = names.into_iter().map(ToOwned::to_owned).collect();
    Ok((Inner::Text(Box::new(lines), positions), names))
}

fn value(field: &Field) -> Value {
    match field {
        Field::Bool(yes) => Value::Whole(i64::from(*yes)),
        Field::Byte(n) => Value::Whole(i64::from(*n)),
        Field::Short(n) => Value::Whole(i64::from(*n)),
        Field::Int(n) | Field::Date(n) | Field::TimeMillis(n) => Value::Whole(i64::from(*n)),
        Field::Long(n)
        | Field::TimestampMillis(n)
        | Field::TimestampMicros(n)
        | Field::TimeMicros(n) => Value::Whole(*n),
        Field::UByte(n) => Value::Whole(i64::from(*n)),
        Field::UShort(n) => Value::Whole(i64::from(*n)),
        Field::UInt(n) => Value::Whole(i64::from(*n)),
        Field::ULong(n) => i64::try_from(*n).map_or(Value::Real(*n as f64), Value::Whole),
        Field::Float(n) => Value::Real(f64::from(*n)),
        Field::Double(n) => Value::Real(*n),
        Field::Str(text) => Value::Text(text.clone()),
        Field::Bytes(bytes) => Value::Text(String::from_utf8_lossy(bytes.data()).into_owned()),
        Field::ListInternal(list) => Value::List(list.elements().iter().map(value).collect()),
        _ => Value::Missing,
    }
}

impl<R: SheetRow> Reader for Sheets<R> {
    type Record = R;

    fn open(path: &Path) -> Result<Self, ReadError> {
        Self::open(path)
    }

    fn place(&self) -> Option<Place> {
        let (file, line) = (Arc::clone(&self.path), self.row);
        Some(Place { file, line })
    }

    fn end(&self, seen: &mut Seen) {
        seen.fill("columns", self.columns);
    }
}

impl<R: SheetRow> Unread for Sheets<R> {
    fn unread(&self) -> Vec<String> {
        self.unread.clone()
    }
}

impl<R: SheetRow> Iterator for Sheets<R> {
    type Item = Result<R, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.items();
        let Some(next) = next else {
            self.ended = true;
            return None;
        };
        Some(next.and_then(|(items, line)| {
            self.row = line;
            let at = |error: ReadError| error.file(&self.path).line(line);
            R::row(&items).map_err(at)
        }))
    }
}
