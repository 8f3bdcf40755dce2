//! Tables as `BigQuery` exports them: JSON lines, or CSV with a header, in which cells may be quoted.
//!
//! What is nested in JSON is a column of its own in CSV, with a point or an underscore between, or, in extracts
//! that went around the world, a Python dictionary in quotes.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::error::{ReadError, quoted};
use crate::formats::cells::{Cell, quoted_cells};

/// More members that are not read are not told.
const MOST_UNREAD: usize = 200;

/// A table and the columns of it that are read.
pub(super) struct Exported<const N: usize> {
    /// What it is called: `instance_events`.
    pub(super) name: &'static str,
    pub(super) columns: &'static [&'static str; N],
    /// How many of them, from the first on, every file must have.
    pub(super) needed: usize,
    /// What a file of it looks like.
    pub(super) about: &'static str,
}

/// How a file is written.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum ExportLayout<const N: usize> {
    /// Nothing was read yet.
    #[default]
    Unknown,
    /// A JSON object a line, with the members that are not read.
    Json(BTreeSet<String>),
    /// CSV: the header, how many columns it has, and where those that are read stand.
    Csv(String, usize, [Option<usize>; N]),
}

impl<const N: usize> Exported<N> {
    /// Understands a line; nothing for one that names the columns.
    pub(super) fn read<T>(
        &self,
        line: &str,
        layout: &mut ExportLayout<N>,
        make: impl FnOnce(&[Cell<'_>; N]) -> Result<T, ReadError>,
    ) -> Result<Option<T>, ReadError> {
        if *layout == ExportLayout::Unknown {
            *layout = self.begin(line)?;
        }
        match layout {
            ExportLayout::Csv(header, ..) if header == line => Ok(None),
            ExportLayout::Csv(_, width, positions) => {
                let texts = quoted_cells(line, ',').0;
                if texts.len() != *width {
                    let expected = format!("{width} columns, as the first line has");
                    return Err(ReadError::uneven(expected, texts.len()));
                }
                let row = std::array::from_fn(|column| {
                    let position = positions[column];
                    let text = position.map_or("", |position| &texts[position]);
                    Cell::new(position.unwrap_or(0), self.columns[column], text)
                });
                make(&row).map(Some)
            }
            ExportLayout::Json(unread) => {
                let texts = self.json(line, unread)?;
                let row = std::array::from_fn(|column| {
                    Cell::new(column, self.columns[column], &texts[column])
                });
                make(&row).map(Some)
            }
            ExportLayout::Unknown => Ok(None),
        }
    }

    /// Understands the first line.
    fn begin(&self, line: &str) -> Result<ExportLayout<N>, ReadError> {
        if line.trim_ascii_start().starts_with('{') {
            return Ok(ExportLayout::Json(BTreeSet::new()));
        }
        let names = quoted_cells(line, ',').0;
        let position = |wanted: &str| {
            let same = |name: &Cow<'_, str>| {
                **name == *wanted
                    || **name == *wanted.replace('.', "_")
                    || (wanted == "type" && name.strip_suffix("_type") == Some(self.name))
            };
            names.iter().position(same)
        };
        let positions = self.columns.map(position);
        let missing = positions[..self.needed].iter().position(Option::is_none);
        if let Some(missing) = missing {
            let missing = self.columns[missing];
            let expected = format!("a first line that names the column `{missing}`");
            return Err(ReadError::expected(expected, quoted(line)).hint(self.about));
        }
        Ok(ExportLayout::Csv(line.to_owned(), names.len(), positions))
    }

    /// The texts of the columns in a JSON object.
    fn json(&self, line: &str, unread: &mut BTreeSet<String>) -> Result<[String; N], ReadError> {
        let value: Value = serde_json::from_str(line)
            .map_err(|error| ReadError::json("a row as JSON", &error).hint(self.about))?;
        let members = value.as_object().into_iter();
        for name in members.flat_map(serde_json::Map::keys) {
            let read = self.columns.iter().any(|column| {
                let outer = column.split('.').next();
                column == name || outer == Some(name)
            });
            if !read && !unread.contains(name) && unread.len() < MOST_UNREAD {
                unread.insert(name.clone());
            }
        }
        Ok(self.columns.map(|column| {
            let found = match column.split_once('.') {
                Some((outer, inner)) => value.get(outer).and_then(|outer| outer.get(inner)),
                None => value.get(column),
            };
            found.map_or(String::new(), text_of)
        }))
    }

    /// What of a file is not read.
    pub(super) fn unread(layout: &ExportLayout<N>) -> Vec<String> {
        match layout {
            ExportLayout::Unknown => Vec::new(),
            ExportLayout::Json(unread) => unread.iter().cloned().collect(),
            ExportLayout::Csv(header, _, positions) => {
                let names = quoted_cells(header, ',').0.into_iter().enumerate();
                let unread =
                    names.filter(|(at, name)| !name.is_empty() && !positions.contains(&Some(*at)));
                unread.map(|(_, name)| name.into_owned()).collect()
            }
        }
    }

    /// How many columns a file has.
    pub(super) fn width(&self, layout: &ExportLayout<N>) -> usize {
        match layout {
            ExportLayout::Csv(_, width, _) => *width,
            ExportLayout::Json(_) | ExportLayout::Unknown => self.columns.len(),
        }
    }
}

/// A value as a cell; a list has commas between.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(values) => {
            let texts = values.iter().filter(|one| !one.is_array()).map(text_of);
            texts.collect::<Vec<_>>().join(",")
        }
        _ => String::new(),
    }
}

/// What a Python or JSON dictionary of numbers says; nothing for one that cannot be read, of which
/// the published extracts have a few.
pub(super) fn dictionary(text: &str) -> BTreeMap<String, String> {
    let numbers = serde_json::from_str::<BTreeMap<String, serde_json::Number>>;
    let read = numbers(&text.replace('\'', "\"")).unwrap_or_default();
    read.into_iter()
        .map(|(key, number)| (key, number.to_string()))
        .collect()
}

/// The row of a table that is described by the `TABLE` and the `COLUMNS` beside it; with `placed`, the record
/// knows where it stands.
macro_rules! exported_row {
    ($record:ident $(, $placed:ident)?, $one:literal in $member:literal, $make:path) => {
        impl Row for $record {
            type Layout = ExportLayout<{ COLUMNS.len() }>;
            const MEMBER: &'static str = $member;
            const TABLE: &'static str = TABLE.name;
            const ONE: &'static str = $one;
            const ABOUT: &'static str = TABLE.about;
            const PARTS: bool = true;

            fn row(line: &str, layout: &mut Self::Layout) -> Result<Option<Self>, ReadError> {
                TABLE.read(line, layout, $make)
            }

            fn unread(layout: &Self::Layout) -> Vec<String> {
                Exported::unread(layout)
            }

            $(fn at(self, $placed: impl FnOnce() -> Place) -> Self {
                let place = $placed();
                Self { place, ..self }
            })?

            fn end(layout: &Self::Layout, _: u64, seen: &mut Seen) {
                seen.fill("columns", TABLE.width(layout));
            }
        }
    };
}
pub(super) use exported_row;
