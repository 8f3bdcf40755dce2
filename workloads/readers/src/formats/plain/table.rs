//! The rows of a plain table: cells quoted or not, whatever stands between, or Parquet, or Arrow.

use std::borrow::Cow;
use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use parquet::record::reader::RowIter;

use super::cells::{self, PlainCell};
use super::names::{Meaning, TableColumn, guessed, said};
use crate::error::{ReadError, quoted};
use crate::formats::ahead::{Ahead, TextLine};
use crate::formats::arrow::{self, Batches};
use crate::formats::cells::quoted_cells;
use crate::formats::place::Place;
use crate::formats::rows::Passed;
use crate::formats::seen::Seen;
use crate::formats::{ColumnMap, LONGEST_LINE, sheets, source};

/// What may stand between cells.
const BETWEEN: [char; 4] = [',', ';', '\t', '|'];
/// Over how many lines a quoted cell may go.
const MOST_LINES: usize = 100;
/// One of these must be known, or nothing is known of how long a job ran.
const TIMES: [Meaning; 2] = [Meaning::Run, Meaning::End];

/// A row and where it begins.
pub(super) struct PlainRow {
    pub(super) cells: Vec<PlainCell>,
    pub(super) place: Place,
}

/// What the first line says.
#[derive(Default)]
struct TableHeader {
    names: Vec<String>,
    between: char,
    columns: [Option<TableColumn>; Meaning::ALL.len()],
}

enum TableSource {
    /// With how many files' headers are behind us.
    Text(Box<Ahead>, u64),
    Parquet(Box<RowIter<'static>>),
    Arrow(Box<ArrowRows>),
}

/// The rows of a table of Arrow: those of a batch, from one on.
struct ArrowRows {
    batches: Batches,
    batch: RecordBatch,
    row: usize,
    /// Where the columns stand that are read.
    columns: Vec<usize>,
}

/// A table on its way.
pub(super) struct PlainTable {
    source: TableSource,
    /// What comes after this file.
    parts: VecDeque<PathBuf>,
    /// What was passed over in files of text before it.
    passed: Option<Passed>,
    map: ColumnMap,
    header: TableHeader,
    place: Place,
    unread: BTreeSet<String>,
    any: bool,
    ended: bool,
}

/// Whether a first line names columns of a job: how long it ran, and what else there is of it.
pub(crate) fn looks_so(line: &str) -> bool {
    let names = header_names(line).1;
    let mut header = TableHeader {
        names,
        ..TableHeader::default()
    };
    header.guess();
    let known = header.columns.iter().flatten().count();
    known >= 3 && known * 2 > header.names.len() && header.times()
}

/// What stands between the names of a first line, and the names.
fn header_names(line: &str) -> (char, Vec<String>) {
    let mut most = (',', Vec::new());
    for between in BETWEEN {
        let (names, _) = quoted_cells(line, between);
        if names.len() > most.1.len() {
            most = (between, names.into_iter().map(Cow::into_owned).collect());
        }
    }
    most
}

impl TableHeader {
    /// Finds out what the columns mean by their names.
    fn guess(&mut self) {
        let mut taken: Vec<usize> = self.positions().collect();
        for meaning in Meaning::ALL {
            let column = &mut self.columns[meaning as usize];
            if column.is_none() {
                *column = guessed(&self.names, meaning, &taken);
                taken.extend(column.map(|column| column.position));
            }
        }
    }

    fn positions(&self) -> impl Iterator<Item = usize> {
        self.columns.iter().flatten().map(|column| column.position)
    }

    /// Whether it is told how long jobs ran.
    fn times(&self) -> bool {
        let has = |meaning: &Meaning| self.columns[*meaning as usize].is_some();
        TIMES.iter().any(has)
    }

    /// Understands the names of the columns.
    fn read(names: Vec<String>, between: char, map: &ColumnMap) -> Result<Self, ReadError> {
        let mut header = Self {
            names,
            between,
            ..Self::default()
        };
        for meaning in Meaning::ALL {
            let Some((name, scale)) = map.of(meaning) else {
                continue;
            };
            let found = said(&header.names, meaning, name, scale);
            header.columns[meaning as usize] = Some(found.ok_or_else(|| {
                let expected =
                    format!("the column `{name}`, which is the job's {}", meaning.name());
                header.missing(&expected)
            })?);
        }
        header.guess();
        if !header.times() {
            let expected = "a column that tells how long a job ran (run_s), or when it ended (end)";
            return Err(header.missing(expected).hint(
                "say which column is what: --columns 'run=COLUMN:s,submit=COLUMN:s'; \
                 workloads/FORMATS.md has all names",
            ));
        }
        Ok(header)
    }

    fn missing(&self, expected: &str) -> ReadError {
        ReadError::expected(expected, quoted(&self.names.join(", ")))
    }
}

/// The files of a folder of which some are no text. Where all are, one reader of lines reads them.
fn parts_of(path: &Path) -> Result<VecDeque<PathBuf>, ReadError> {
    if !source::is_folder(path) {
        return Ok(VecDeque::new());
    }
    let mut parts = source::parts(path)?;
    // What cannot be opened is told when its turn comes.
    let is_text = |part: &PathBuf| {
        let is = [arrow::is_arrow(part), sheets::is_parquet(part)];
        !is.into_iter().any(Result::unwrap_or_default)
    };
    if parts.iter().all(is_text) {
        parts.clear();
    }
    Ok(parts)
}

fn opened(path: &Path, map: &ColumnMap) -> Result<(TableSource, TableHeader), ReadError> {
    let is_file = !source::is_folder(path);
    let opened = if is_file && arrow::is_arrow(path)? {
        ArrowRows::open(path, map)
    } else if is_file && sheets::is_parquet(path)? {
        parquet_rows(path, map)
    } else {
        let lines = Box::new(Ahead::open(path, "jobs.csv")?);
        Ok((TableSource::Text(lines, 0), TableHeader::default()))
    };
    opened.map_err(|error| error.file(path))
}

impl PlainTable {
    pub(super) fn open(path: &Path, map: &ColumnMap) -> Result<Self, ReadError> {
        let mut parts = parts_of(path)?;
        let first = parts.pop_front();
        let path = first.as_deref().unwrap_or(path);
        let (source, header) = opened(path, map)?;
        let mut table = Self {
            source,
            parts,
            passed: None,
            map: map.clone(),
            header: TableHeader::default(),
            place: Place {
                file: Arc::from(path),
                line: 0,
            },
            unread: BTreeSet::new(),
            any: false,
            ended: false,
        };
        table.head(header);
        Ok(table)
    }

    /// Goes on to the next file, if there is one.
    fn turn(&mut self) -> Option<Result<(), ReadError>> {
        let path = self.parts.pop_front()?;
        self.passed = self.passed();
        let opened = opened(&path, &self.map).inspect_err(|_| self.ended = true);
        Some(opened.map(|(source, header)| {
            self.source = source;
            self.place = Place {
                file: Arc::from(path),
                line: 0,
            };
            self.head(header);
        }))
    }

    /// What was passed over so far, where any file is text.
    fn passed(&self) -> Option<Passed> {
        let TableSource::Text(lines, _) = &self.source else {
            return self.passed;
        };
        Some(lines.passed().and(self.passed.unwrap_or_default()))
    }

    /// Behind all rows: what is wrong where there were none.
    fn last(&mut self) -> Option<Result<PlainRow, ReadError>> {
        self.ended = true;
        let empty = ReadError::expected("at least one job", "none");
        let hint = "a first line that names the columns, then a row a job";
        let mut place = self.place.clone();
        place.line = place.line.max(1);
        (!self.any).then(|| Err(place.of(empty.hint(hint))))
    }

    fn head(&mut self, header: TableHeader) {
        let taken: Vec<usize> = header.positions().collect();
        let names = header.names.iter().enumerate();
        let unread = names.filter(|(position, _)| !taken.contains(position));
        let unread = unread.map(|(_, name)| match name.trim_ascii() {
            "" => "a column without a name".to_owned(),
            name => name.to_owned(),
        });
        self.unread.extend(unread);
        self.header = header;
    }

    /// The column that means this.
    pub(super) const fn column(&self, meaning: Meaning) -> Option<TableColumn> {
        self.header.columns[meaning as usize]
    }

    /// Where a column stands, and its name.
    pub(super) fn place_of(&self, column: TableColumn) -> String {
        let name = self.header.names[column.position].trim_ascii();
        format!("column {} ({name})", column.position + 1)
    }

    /// What each column is taken for, in words.
    pub(super) fn told(&self) -> String {
        let columns = Meaning::ALL.into_iter().zip(&self.header.columns);
        let told = columns.filter_map(|(meaning, column)| {
            let column = column.as_ref()?;
            let name = self.header.names[column.position].trim_ascii();
            let unit = column.scale.map(|scale| format!(" ({})", scale.name()));
            let (meaning, unit) = (meaning.name(), unit.unwrap_or_default());
            Some(format!("{meaning} = {name}{unit}"))
        });
        told.collect::<Vec<_>>().join(", ")
    }

    pub(super) fn place(&self) -> Place {
        self.place.clone()
    }

    pub(super) fn unread(&self) -> Vec<String> {
        self.unread.iter().cloned().collect()
    }

    pub(super) fn end(&self, seen: &mut Seen) {
        seen.fill("columns", self.header.names.len());
        if let Some(passed) = self.passed() {
            for (name, count) in passed.facts() {
                seen.set(name, count);
            }
            passed.tell(seen);
        }
    }

    /// The next row of text; the first line of a file is its header.
    fn text(&mut self) -> Option<Result<PlainRow, ReadError>> {
        loop {
            let TableSource::Text(lines, headed) = &mut self.source else {
                return None;
            };
            let line = match lines.next()? {
                Ok(line) => line,
                Err(error) => return Some(Err(error)),
            };
            self.place = line.place.clone();
            if line.part > *headed {
                *headed = line.part;
                let (between, names) = header_names(&line.text);
                match TableHeader::read(names, between, &self.map) {
                    Ok(known) => self.head(known),
                    Err(error) => {
                        self.ended = true;
                        return Some(Err(line.place.of(error)));
                    }
                }
                continue;
            }
            let row = row(lines, line, &self.header);
            return Some(row);
        }
    }

    fn parquet_row(&mut self) -> Option<Result<PlainRow, ReadError>> {
        let TableSource::Parquet(rows) = &mut self.source else {
            return None;
        };
        self.place.line += 1;
        let place = self.place.clone();
        let next = sheets::guarded("the row", || rows.next()).transpose()?;
        let read = next.and_then(|row| row.map_err(|error| sheets::damaged(&error)));
        self.ended |= read.is_err();
        let row = read.map(|row| PlainRow {
            cells: row
                .get_column_iter()
                .map(|(_, field)| PlainCell::of_field(field))
                .collect(),
            place: place.clone(),
        });
        Some(row.map_err(|error| place.of(error)))
    }

    fn arrow_row(&mut self) -> Option<Result<PlainRow, ReadError>> {
        let TableSource::Arrow(rows) = &mut self.source else {
            return None;
        };
        self.place.line += 1;
        let place = self.place.clone();
        let read = rows.next(self.header.names.len())?;
        self.ended |= read.is_err();
        let row = read.map(|cells| PlainRow {
            cells,
            place: place.clone(),
        });
        Some(row.map_err(|error| place.of(error)))
    }
}

fn parquet_rows(path: &Path, map: &ColumnMap) -> Result<(TableSource, TableHeader), ReadError> {
    let file = sheets::seekable(path)?;
    let names = sheets::columns(path)?;
    let header = TableHeader::read(names, ',', map);
    let header = header.map_err(|error| error.place("the schema"))?;
    let rows = sheets::guarded(sheets::FOOTER, || {
        let reader = sheets::footer(file)?;
        let rows = RowIter::from_file_into(Box::new(reader)).project(None);
        rows.map_err(|error| sheets::damaged(&error).place("the schema"))
    })??;
    Ok((TableSource::Parquet(Box::new(rows)), header))
}

impl ArrowRows {
    fn open(path: &Path, map: &ColumnMap) -> Result<(TableSource, TableHeader), ReadError> {
        let batches = Batches::open(path)?;
        let names = batches.fields().map(|field| field.name().clone());
        let header = TableHeader::read(names.collect(), ',', map);
        let header = header.map_err(|error| error.place("the schema"))?;
        let columns: Vec<usize> = header.positions().collect();
        for (position, field) in batches.fields().enumerate() {
            if columns.contains(&position) && !cells::reads(field.data_type()) {
                let found = quoted(&field.data_type().to_string());
                let error = ReadError::expected("a column of numbers, times or text", found);
                let place = format!("column {} ({})", position + 1, field.name());
                return Err(error.place(place));
            }
        }
        let rows = Self {
            batch: RecordBatch::new_empty(Arc::new(Schema::empty())),
            batches,
            row: 0,
            columns,
        };
        Ok((TableSource::Arrow(Box::new(rows)), header))
    }

    /// The cells of the next row, as many as there are columns; those that are not read are empty.
    fn next(&mut self, width: usize) -> Option<Result<Vec<PlainCell>, ReadError>> {
        while self.row == self.batch.num_rows() {
            match self.batches.next(&self.columns)? {
                Ok(batch) => (self.batch, self.row) = (batch, 0),
                Err(error) => return Some(Err(error)),
            }
        }
        let mut cells = vec![PlainCell::default(); width];
        for (position, array) in self.columns.iter().zip(self.batch.columns()) {
            cells[*position] = PlainCell::of_array(array, self.row);
        }
        self.row += 1;
        Some(Ok(cells))
    }
}

/// Understands a line, and those that belong to it.
fn row(lines: &mut Ahead, line: TextLine, header: &TableHeader) -> Result<PlainRow, ReadError> {
    let TextLine {
        mut text, place, ..
    } = line;
    let mut more: Vec<TextLine> = Vec::new();
    let cells = loop {
        let (cells, open) = quoted_cells(&text, header.between);
        if !open {
            break cells;
        }
        drop(cells);
        let fits = more.len() < MOST_LINES && text.len() < LONGEST_LINE;
        if fits
            && lines.peek().is_some()
            && let Some(Ok(next)) = lines.next()
        {
            text.push('\n');
            text.push_str(&next.text);
            more.push(next);
            continue;
        }
        // What looked like a part of it is read as rows of its own.
        lines.give_back(more.into_iter());
        let error = ReadError::expected("the end of a quoted cell", "none");
        let hint = format!("a cell may go over {MOST_LINES} lines at most");
        return Err(place.of(error.hint(hint)));
    };
    let (found, width) = (cells.len(), header.names.len());
    if found != width {
        let expected = format!("{width} columns, as the first line has");
        return Err(place.of(ReadError::uneven(expected, found)));
    }
    let cells = cells.into_iter();
    let cells = cells.map(|text| PlainCell::text(text.into_owned()));
    Ok(PlainRow {
        cells: cells.collect(),
        place,
    })
}

impl Iterator for PlainTable {
    type Item = Result<PlainRow, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            let next = match &self.source {
                TableSource::Text(..) => self.text(),
                TableSource::Parquet(_) => self.parquet_row(),
                TableSource::Arrow(_) => self.arrow_row(),
            };
            if let Some(row) = next {
                self.any = true;
                if let Ok(row) = &row {
                    self.place = row.place.clone();
                }
                return Some(row);
            }
            match self.turn() {
                Some(Ok(())) => {}
                Some(Err(error)) => return Some(Err(error)),
                None => return self.last(),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_jobs_are_known_by_their_names() {
        for (line, known) in [
            ("job,submit_s,run_s,cpus", true),
            ("User;Arrived At;Finished;Cores", true),
            ("submitTime\trunTime\tnumGpus", true),
            ("time,value", false),
            ("id,name,colour,size,run", false),
            ("arrival,seconds,cores", false),
            ("", false),
        ] {
            assert_eq!(looks_so(line), known, "{line}");
        }
    }
}
