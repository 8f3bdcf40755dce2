//! All that there is to say of a format beside its records: what it holds, how a file of it is known,
//! and what becomes of it.

use std::path::Path;

use crate::canonical::Units;
use crate::canonical::import::Import;
use crate::error::ReadError;
use crate::formats::ColumnMap;
use crate::formats::survey::{self, Check, Head, Plain, Reader, Shown, Stat, Survey, Told};

/// What a step of an import comes to.
pub(crate) type Done = Result<(), ReadError>;

/// All that there is to say of a format.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    /// What it holds, in one line.
    pub(crate) about: &'static str,
    /// What tells a file of it.
    pub(crate) signs: &'static [Sign],
    /// How it becomes a canonical trace, or why it cannot.
    pub(crate) import: Result<fn(&mut Import<'_>, &Path) -> Done, &'static str>,
    /// Whether it lists machines, and no work.
    pub(crate) machines: bool,
    /// What its amounts mean in a canonical trace.
    pub(crate) units: fn() -> Units,
    /// Columns and members that are read and that the canonical form has no place for.
    pub(crate) unkept: &'static [&'static str],
    /// What the names of those files of a folder have in them that it reads, where a folder is several
    /// tables of which it joins some.
    pub(crate) tables: &'static [&'static str],
    /// Small good files of it, which the tests read whole, damaged and packed.
    pub(crate) samples: &'static [&'static str],
    pub(crate) stat: fn(&Path, &ColumnMap) -> Result<Stat, ReadError>,
    pub(crate) head: fn(&Path, &ColumnMap, usize) -> Result<Head, ReadError>,
    pub(crate) check: fn(&Path, &ColumnMap, usize) -> Check,
}

/// What tells which format a file has. Of several signs the longest is believed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sign {
    /// Its first line begins so.
    Begins(&'static str),
    /// It is JSON or XML with this near its beginning.
    Holds(&'static str),
    /// It is a Parquet table with this column.
    Column(&'static str),
    /// Its first line names columns, and this knows them; nothing else tells what it is.
    Headed(fn(&str) -> bool),
    /// This is in its name, or in that of the folder around it.
    Named(&'static str),
    /// It is a folder in which the name of a file has this in it.
    Holding(&'static str),
    /// Its name ends so.
    Ends(&'static str),
    /// The same, and those of other formats do, too: it must look like it.
    MayEnd(&'static str),
}

impl Form {
    /// The form of records that say by themselves what they are counted as.
    pub(crate) const fn of<R: Reader<Record: Told>>() -> Self {
        Self::by::<R, Plain<R::Record>>()
    }

    /// The form of records that `S` counts.
    pub(crate) const fn by<R: Reader<Record: Shown>, S: Survey<Record = R::Record>>() -> Self {
        Self {
            about: "",
            signs: &[],
            import: Err("it has no converter"),
            machines: false,
            units: Units::absolute,
            unkept: &[],
            tables: &[],
            samples: &[],
            stat: survey::stat::<R, S>,
            head: survey::head::<R>,
            check: survey::check::<R, S>,
        }
    }
}
