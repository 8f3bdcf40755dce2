//! Rows of a database of `SQLite`, a page of them at a time, as texts.
//!
//! The file is opened for reading only, and nothing that is written in it is executed but the columns of a plain
//! table. A packed one is unpacked into a temporary file first.

use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, params};
use tempfile::NamedTempFile;

use crate::error::{ReadError, quoted};
use crate::formats::cells::Cell;
use crate::formats::place::Place;
use crate::formats::rows::{Row, Rows};
use crate::formats::source;
use crate::formats::stdin;
use crate::formats::survey::{Reader, Unread};

/// How every such file begins.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// How many rows are in memory.
const PAGE: i64 = 4096;
/// The most bytes that are unpacked.
const MOST_UNPACKED: u64 = 32 << 30;
/// The longest text in a cell, and the most memory of the library, in bytes.
const LONGEST: i32 = 1 << 20;

/// A row of a table of such a database, or of the same table as text.
pub(crate) trait StoredRow: Row {
    /// The name of the table.
    const STORED: &'static str;
    /// The columns that are read.
    const STORED_COLUMNS: &'static [&'static str];
    /// How many of them, from the first on, every table must have.
    const NEEDED: usize;

    /// Understands the cells of the columns.
    fn of(cells: &[Cell<'_>]) -> Result<Self, ReadError>;
}

/// The rows of a table, wherever it stands.
pub(crate) enum StoredRows<R: Row> {
    /// As text.
    Text(Box<Rows<R>>),
    /// In a database, which is this file.
    Database(Arc<Path>, Box<TableRows>),
}

impl<R: StoredRow> Reader for StoredRows<R> {
    type Record = R;

    fn open(path: &Path) -> Result<Self, ReadError> {
        if is_database(path)? {
            let rows = TableRows::open(path, R::STORED, R::STORED_COLUMNS, R::NEEDED)?;
            return Ok(Self::Database(Arc::from(path), Box::new(rows)));
        }
        Ok(Self::Text(Box::new(Rows::open(path)?)))
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Text(rows) => Some(rows.place()),
            Self::Database(file, rows) => Some(Place {
                file: Arc::clone(file),
                line: rows.row,
            }),
        }
    }
}

impl<R: StoredRow> Unread for StoredRows<R> {
    fn unread(&self) -> Vec<String> {
        match self {
            Self::Text(rows) => rows.unread(),
            Self::Database(_, rows) => rows.unread.clone(),
        }
    }
}

impl<R: StoredRow> Iterator for StoredRows<R> {
    type Item = Result<R, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Text(rows) => rows.next(),
            Self::Database(_, rows) => Some(rows.next()?.and_then(|texts| {
                let texts = R::STORED_COLUMNS.iter().zip(&texts).enumerate();
                let cells: Vec<Cell<'_>> = texts
                    .map(|(at, (name, text))| Cell::new(at, name, text))
                    .collect();
                R::of(&cells).map_err(|error| rows.here(error))
            })),
        }
    }
}

/// Whether a file is a database, perhaps a packed one.
pub(super) fn is_database(path: &Path) -> Result<bool, ReadError> {
    let mut start = Vec::new();
    let plain = source::decompressed(path);
    let read = plain.and_then(|plain| plain.take(MAGIC.len() as u64).read_to_end(&mut start));
    read.map_err(|error| ReadError::io(path, &error))?;
    Ok(start == MAGIC)
}

/// The rows of a table in the order in which they were written, with the texts of some of its columns.
pub(crate) struct TableRows {
    path: PathBuf,
    connection: Connection,
    table: &'static str,
    query: String,
    columns: usize,
    /// Where the columns that are read stand in the query; nothing for one that the table does not have.
    positions: Vec<Option<usize>>,
    /// Columns that are not read.
    pub(super) unread: Vec<String>,
    waiting: VecDeque<Vec<String>>,
    /// What stands behind the rows that wait.
    problem: Option<ReadError>,
    /// The number of the row read last.
    last: i64,
    /// How many rows were read.
    pub(super) row: u64,
    ended: bool,
    /// Of a packed file.
    _unpacked: Option<NamedTempFile>,
}

impl TableRows {
    /// Opens a table; the first `needed` columns must be there.
    pub(super) fn open(
        path: &Path,
        table: &'static str,
        columns: &'static [&'static str],
        needed: usize,
    ) -> Result<Self, ReadError> {
        let failed =
            |error: rusqlite::Error| wrong(&error).file(path).place(format!("table {table}"));
        let unpacked = unpacked(path).map_err(|error| ReadError::io(path, &error))?;
        let place = unpacked.as_ref().map_or(path, NamedTempFile::path);
        let connection = opened(place).map_err(failed)?;
        let names = names(&connection, table).map_err(failed)?;
        if names.is_empty() {
            let error = ReadError::expected(format!("the table `{table}`"), "none");
            return Err(error.file(path).place(format!("table {table}")));
        }
        let at = |column: &str| {
            names
                .iter()
                .position(|name| name.eq_ignore_ascii_case(column))
        };
        let found: Vec<Option<usize>> = columns.iter().map(|column| at(column)).collect();
        if let Some(missing) = found[..needed].iter().position(Option::is_none) {
            let expected = format!("the column `{}`", columns[missing]);
            let error = ReadError::expected(expected, quoted(&names.join(", ")));
            return Err(error.file(path).place(format!("table {table}")));
        }
        let mut query = String::from("SELECT rowid");
        let mut positions = Vec::new();
        let mut count = 1;
        for at in &found {
            positions.push(at.map(|at| {
                query += ", \"";
                query += &names[at].replace('"', "\"\"");
                query.push('"');
                count += 1;
                count - 1
            }));
        }
        query += " FROM \"";
        query += table;
        query += "\" WHERE rowid > ?1 ORDER BY rowid LIMIT ?2";
        let unread = names
            .iter()
            .enumerate()
            .filter(|(at, _)| !found.contains(&Some(*at)));
        let unread = unread.map(|(_, name)| name.clone()).collect();
        Ok(Self {
            path: path.to_owned(),
            connection,
            table,
            query,
            columns: columns.len(),
            positions,
            unread,
            waiting: VecDeque::new(),
            problem: None,
            last: i64::MIN,
            row: 0,
            ended: false,
            _unpacked: unpacked,
        })
    }

    /// `error`, at the row read last.
    pub(super) fn here(&self, error: ReadError) -> ReadError {
        let place = match &error.place {
            Some(place) => format!("table {}, row {}, {place}", self.table, self.row),
            None => format!("table {}, row {}", self.table, self.row),
        };
        error.file(&self.path).place(place)
    }

    /// The texts of the next row; those of missing columns and of nothing are empty.
    pub(super) fn next(&mut self) -> Option<Result<Vec<String>, ReadError>> {
        if self.waiting.is_empty() && !self.ended {
            let read = self.page();
            self.ended = read.is_err() || self.waiting.is_empty();
            self.problem = read.err();
        }
        match (self.waiting.pop_front(), self.problem.take()) {
            (Some(row), problem) => {
                self.problem = problem;
                self.row += 1;
                Some(Ok(row))
            }
            (None, Some(problem)) => {
                self.row += 1;
                Some(Err(self.here(problem)))
            }
            (None, None) => None,
        }
    }

    /// Reads the next page; what stands before a problem is kept.
    fn page(&mut self) -> Result<(), ReadError> {
        let failed = |error: rusqlite::Error| wrong(&error);
        let mut statement = self.connection.prepare(&self.query).map_err(failed)?;
        let mut rows = statement.query(params![self.last, PAGE]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let number: i64 = row.get(0).map_err(failed)?;
            if number <= self.last {
                // Of a damaged file one could read on for ever.
                let expected = format!("a row behind number {}", self.last);
                return Err(ReadError::expected(expected, number));
            }
            self.last = number;
            let mut texts = vec![String::new(); self.columns];
            for (text, position) in texts.iter_mut().zip(&self.positions) {
                if let Some(at) = position {
                    *text = text_of(row.get_ref(*at).map_err(failed)?);
                }
            }
            self.waiting.push_back(texts);
        }
        Ok(())
    }
}

/// A packed file or what came from standard input, as a file; nothing for what is one.
fn unpacked(path: &Path) -> io::Result<Option<NamedTempFile>> {
    let mut start = [0; MAGIC.len()];
    let plain = stdin::open(path)?.read_exact(&mut start).is_ok() && start == MAGIC;
    if plain && !stdin::is_it(path) {
        return Ok(None);
    }
    let mut plain = source::decompressed(path)?.take(MOST_UNPACKED);
    let mut unpacked = NamedTempFile::new()?;
    io::copy(&mut plain, &mut unpacked)?;
    unpacked.flush()?;
    Ok(Some(unpacked))
}

fn opened(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.execute_batch("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;")?;
    Ok(connection)
}

/// The names of the columns of a plain table with row numbers; none where there is no such table.
fn names(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let plain =
        "SELECT count(*) FROM pragma_table_list WHERE name = ?1 AND type = 'table' AND wr = 0";
    let there: i64 = connection.query_row(plain, params![table], |row| row.get(0))?;
    if there == 0 {
        return Ok(Vec::new());
    }
    // Columns that are computed are left out.
    let columns = "SELECT name FROM pragma_table_info(?1)";
    let mut statement = connection.prepare(columns)?;
    let names = statement.query_map(params![table], |row| row.get(0))?;
    names.collect()
}

/// A value as a text: a number as short as tells it from all others.
fn text_of(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) | ValueRef::Blob(text) => String::from_utf8_lossy(text).into_owned(),
    }
}

fn wrong(error: &rusqlite::Error) -> ReadError {
    let error = ReadError::expected("a database of SQLite", quoted(&error.to_string()));
    error.hint("the file may be truncated or damaged")
}
