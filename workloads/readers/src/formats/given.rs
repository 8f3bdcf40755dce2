//! What whoever names a file says of it: its format, and which of a plain table's columns is what.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{ReadError, quoted};
use crate::formats::Format;
use crate::formats::mixed::Mixed;
use crate::formats::plain::names::{ColumnUnit, Meaning};

/// How a file is to be read, as far as somebody says.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct ReadAs {
    /// Its format, where file and name do not tell.
    pub format: Option<Format>,
    /// Which column of a plain table is what.
    pub columns: ColumnMap,
}

impl From<Format> for ReadAs {
    fn from(format: Format) -> Self {
        Some(format).into()
    }
}

impl From<Option<Format>> for ReadAs {
    fn from(format: Option<Format>) -> Self {
        Self {
            format,
            columns: ColumnMap::default(),
        }
    }
}

impl ReadAs {
    /// What a recipe says: the name of a format, and which column is what.
    ///
    /// # Errors
    /// A format that is not known, columns that mean nothing.
    pub fn said(format: Option<&str>, columns: &str) -> Result<Self, ReadError> {
        let named = |name: &str| {
            name.parse()
                .map_err(|error: ReadError| error.place("parameter `format`"))
        };
        let columns = match columns {
            "" => ColumnMap::default(),
            columns => columns
                .parse()
                .map_err(|error: ReadError| error.place("parameter `columns`"))?,
        };
        let format = format.map(named).transpose()?;
        Ok(Self { format, columns })
    }

    /// The format of the file at `path`: what was said, or else what it looks like. Whose columns are
    /// named is a plain table.
    ///
    /// # Errors
    /// When nothing tells it, or columns are named that a format knows by itself.
    pub fn format(&self, path: &Path) -> Result<Format, ReadError> {
        match self.format {
            Some(format) if !self.columns.is_empty() && format != Format::Plain => {
                let why = format!("{format} has columns of its own");
                let place = "parameter `columns`";
                Err(ReadError::ignored(place, why, &self.columns).file(path))
            }
            Some(format) => Ok(format),
            None if !self.columns.is_empty() => Ok(Format::Plain),
            None => Format::detect(path),
        }
    }
}

impl ReadAs {
    /// The same with the format of the file at `path`; a folder of several formats has none of its own.
    ///
    /// # Errors
    /// As [`ReadAs::format`].
    pub fn known(self, path: &Path) -> Result<Self, ReadError> {
        let format = self.format(path)?;
        if self.mixed(path)?.is_some() {
            return Ok(self);
        }
        let format = Some(format);
        Ok(Self { format, ..self })
    }

    /// What a folder holds, where its files are of several formats and nobody says otherwise.
    pub(crate) fn mixed(&self, path: &Path) -> Result<Option<Mixed>, ReadError> {
        if self.format.is_some() || !self.columns.is_empty() {
            return Ok(None);
        }
        Mixed::of(path)
    }

    /// The format and the place of the work that is at `path`.
    pub(crate) fn work(&self, path: &Path) -> Result<(Format, PathBuf), ReadError> {
        match self.mixed(path)? {
            Some(mixed) if !mixed.groups.is_empty() => {
                let format = mixed.groups[0].0;
                Ok((format, mixed.path_of(path, format)))
            }
            _ => Ok((self.format(path)?, path.to_owned())),
        }
    }
}

/// Which column of a plain table is what, and in which unit: `submit=arrival:s, run=seconds`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ColumnMap(BTreeMap<Meaning, (String, Option<ColumnUnit>)>);

impl ColumnMap {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The column that is said to be this, and its unit if that is said, too.
    pub(crate) fn of(&self, meaning: Meaning) -> Option<(&str, Option<ColumnUnit>)> {
        let said = self.0.get(&meaning)?;
        Some((&said.0, said.1))
    }
}

impl fmt::Display for ColumnMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (meaning, (column, scale))) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{}={column}", meaning.name())?;
            if let Some(scale) = scale {
                write!(f, ":{}", scale.name())?;
            }
        }
        Ok(())
    }
}

impl FromStr for ColumnMap {
    type Err = ReadError;

    fn from_str(text: &str) -> Result<Self, ReadError> {
        let mut map = BTreeMap::new();
        for one in text.split(',') {
            let Some((name, column)) = one.split_once('=') else {
                let error = ReadError::expected("WHAT=COLUMN or WHAT=COLUMN:UNIT", quoted(one));
                return Err(error.hint("as in submit=arrival:s,run=seconds,cpus=cores"));
            };
            let name = name.trim_ascii();
            let meaning = Meaning::by_name(name).ok_or_else(|| {
                let known = Meaning::ALL.map(Meaning::name).join(", ");
                ReadError::expected(format!("one of {known}"), quoted(name))
            })?;
            // A colon that no unit follows is part of the name.
            let unit = column.rsplit_once(':').and_then(|(column, unit)| {
                let scale = meaning.kind().scale(unit.trim_ascii())?;
                Some((column, Some(scale)))
            });
            let (column, scale) = unit.unwrap_or((column, None));
            let column = column.trim_ascii();
            if column.is_empty() {
                return Err(ReadError::expected("the name of a column", quoted(one)));
            }
            if map.insert(meaning, (column.to_owned(), scale)).is_some() {
                let error = ReadError::expected(format!("`{name}` once"), "it twice");
                return Err(error.hint("what is several columns is none"));
            }
        }
        Ok(Self(map))
    }
}

impl TryFrom<String> for ColumnMap {
    type Error = ReadError;

    fn try_from(text: String) -> Result<Self, ReadError> {
        text.parse()
    }
}

impl From<ColumnMap> for String {
    fn from(map: ColumnMap) -> Self {
        map.to_string()
    }
}
