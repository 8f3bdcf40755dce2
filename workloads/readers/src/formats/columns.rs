//! How a format declares its columns: a name, a kind, and what people see of it.
//!
//! ```text
//! columns! {
//!     /// One node.
//!     pub struct Record: "node" in "openb_node_list_all_node.csv", headed;
//!     /// Its name.
//!     name: String = "sn", Word("the name of a node");
//!     /// Its GPUs.
//!     gpus: u64 = "gpu", Whole("GPUs", MOST_GPUS);
//!     /// Their model; empty without GPUs.
//!     model: String = "model", Text;
//! }
//! ```
//!
//! makes the record, its reader, and the row that `trace head` shows. A table is `headed`, its first
//! line names the columns in any order, or `bare`, with the columns in this order. `as "x_s"` shows a
//! column under another name, `as _` not at all. `at place` keeps where a record stands. Whatever else
//! is to be said to [`Row`](super::rows::Row) follows in braces: parts, separators, comments.

use crate::error::{ReadError, quoted};
use crate::formats::cells::{Cell, written};
use crate::formats::clock;

/// What stands in a column.
pub(crate) trait Kind {
    /// What becomes of a cell.
    type Value;

    /// Understands a cell.
    fn read(&self, cell: Cell<'_>) -> Result<Self::Value, ReadError>;

    /// Writes it for people.
    fn show(&self, value: &Self::Value) -> String;

    /// Whether a file may be without the column.
    fn optional(&self) -> bool {
        false
    }
}

/// A text that is there, called so.
pub(crate) struct Word(pub(crate) &'static str);
/// A text that may be empty or missing.
pub(crate) struct Text;
/// One of these words.
pub(crate) struct OneOf(pub(crate) &'static [&'static str]);
/// A whole number of a unit, up to the most.
pub(crate) struct Whole(pub(crate) &'static str, pub(crate) u64);
/// The same, perhaps with a fraction of zero.
pub(crate) struct Round(pub(crate) &'static str, pub(crate) u64);
/// A whole number of a unit, at most so far from zero.
pub(crate) struct Signed(pub(crate) &'static str, pub(crate) u64);
/// A number of a unit, kept with so many digits behind the point, up to the most.
pub(crate) struct Decimal(pub(crate) &'static str, pub(crate) u32, pub(crate) u64);
/// A code from 0 to the most.
pub(crate) struct Code(pub(crate) &'static str, pub(crate) u8);
/// A code for one of these events.
pub(crate) struct Event(pub(crate) &'static [&'static str]);
/// A date and a time of day, for instance this one.
pub(crate) struct Time(pub(crate) &'static str);
/// Anything, or nothing where nothing is written; a file may be without the column.
pub(crate) struct Maybe<K>(pub(crate) K);
/// The same, and the column must be there.
pub(crate) struct Blank<K>(pub(crate) K);

/// A time as it is written, and in seconds since 1970.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// As it is written.
    pub text: String,
    /// In seconds since 1970, in whatever zone it is.
    pub seconds: u64,
}

/// Kinds whose value is a number that is shown as it is.
macro_rules! numbers {
    ($($kind:ident: $value:ty, |$this:ident, $cell:ident| $read:expr;)+) => {$(
        impl Kind for $kind {
            type Value = $value;

            fn read(&self, $cell: Cell<'_>) -> Result<$value, ReadError> {
                let $this = self;
                $read
            }

            fn show(&self, value: &$value) -> String {
                value.to_string()
            }
        }
    )+};
}

numbers! {
    Word: String, |this, cell| cell.word(this.0).map(str::to_owned);
    Whole: u64, |this, cell| cell.whole(this.0, this.1);
    Round: u64, |this, cell| cell.round(this.0, this.1);
    Signed: i64, |this, cell| cell.signed(this.0, this.1);
    Code: u8, |this, cell| cell.code(this.0, this.1);
    OneOf: String, |this, cell| match cell.text() {
        text if this.0.contains(&text) => Ok(text.to_owned()),
        text => Err(cell.wrong(ReadError::expected(this.0.join(" or "), quoted(text)))),
    };
}

impl Kind for Text {
    type Value = String;

    fn read(&self, cell: Cell<'_>) -> Result<String, ReadError> {
        Ok(cell.text().to_owned())
    }

    fn show(&self, value: &String) -> String {
        value.clone()
    }

    fn optional(&self) -> bool {
        true
    }
}

impl Kind for Decimal {
    type Value = u64;

    fn read(&self, cell: Cell<'_>) -> Result<u64, ReadError> {
        cell.decimal(self.0, self.1, self.2)
    }

    fn show(&self, value: &u64) -> String {
        written(u128::from(*value), self.1)
    }
}

impl Kind for Event {
    type Value = u8;

    fn read(&self, cell: Cell<'_>) -> Result<u8, ReadError> {
        cell.code("an event", self.0.len() as u8 - 1)
    }

    fn show(&self, value: &u8) -> String {
        self.0[usize::from(*value)].to_owned()
    }
}

impl Kind for Time {
    type Value = Stamp;

    fn read(&self, cell: Cell<'_>) -> Result<Stamp, ReadError> {
        let seconds = clock::seconds(cell.text()).ok_or_else(|| {
            let expected = format!("a time of the form {}", self.0);
            cell.wrong(ReadError::expected(expected, quoted(cell.text())))
        })?;
        let text = cell.text().to_owned();
        Ok(Stamp { text, seconds })
    }

    fn show(&self, value: &Stamp) -> String {
        value.text.clone()
    }
}

impl<K: Kind> Kind for Blank<K> {
    type Value = Option<K::Value>;

    fn read(&self, cell: Cell<'_>) -> Result<Self::Value, ReadError> {
        cell.maybe(|cell| self.0.read(cell))
    }

    fn show(&self, value: &Self::Value) -> String {
        value
            .as_ref()
            .map_or(String::new(), |value| self.0.show(value))
    }
}

impl<K: Kind> Kind for Maybe<K> {
    type Value = Option<K::Value>;

    fn read(&self, cell: Cell<'_>) -> Result<Self::Value, ReadError> {
        cell.maybe(|cell| self.0.read(cell))
    }

    fn show(&self, value: &Self::Value) -> String {
        value
            .as_ref()
            .map_or(String::new(), |value| self.0.show(value))
    }

    fn optional(&self) -> bool {
        true
    }
}

/// The record of a table, its reader and its row for people.
macro_rules! columns {
    (
        $(#[$doc:meta])*
        pub struct $record:ident $(at $place:ident)?: $one:literal in $member:literal, $head:ident
        $({ $($more:item)* })?;
        $(
            $(#[$about:meta])*
            $field:ident: $type:ty = $column:literal $(as $shown:tt)?, $kind:expr;
        )+
    ) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub struct $record {
            $(
                /// Where it stands.
                pub $place: $crate::formats::Place,
            )?
            $($(#[$about])* pub $field: $type,)+
        }

        impl $record {
            const COLUMNS: [&'static str; [$($column),+].len()] = [$($column),+];

            /// Which of them a file must have.
            fn needed() -> [bool; Self::COLUMNS.len()] {
                [$(!Self::HEADED || !$crate::formats::columns::Kind::optional(&$kind)),+]
            }
        }

        impl $crate::formats::survey::Shown for $record {
            const HEADER: &'static [&'static str] =
                &[$($crate::formats::columns::shown!($column $(as $shown)?)),+];

            fn row(&self) -> Vec<String> {
                let mut row = Vec::new();
                $(if !$crate::formats::columns::shown!($column $(as $shown)?).is_empty() {
                    row.push($crate::formats::columns::Kind::show(&$kind, &self.$field));
                })+
                row
            }
        }

        impl $crate::formats::rows::Row for $record {
            type Layout = $crate::formats::Table<{ [$($column),+].len() }>;
            const MEMBER: &'static str = $member;
            const ONE: &'static str = $one;
            const HEADED: bool = $crate::formats::columns::headed!($head);
            const READ: &'static [&'static str] = &Self::COLUMNS;
            const NAMES: &'static [&'static [&'static str]] = &[&Self::COLUMNS];
            $($($more)*)?

            fn header(
                line: &str,
                table: &mut Self::Layout,
            ) -> Result<(), $crate::error::ReadError> {
                *table = $crate::formats::Table::header(
                    line, Self::BETWEEN, &Self::COLUMNS, Self::needed(),
                )?;
                Ok(())
            }

            fn about() -> String {
                if !Self::ABOUT.is_empty() {
                    return Self::ABOUT.to_owned();
                }
                let columns = Self::COLUMNS.into_iter().zip(Self::needed());
                let needed = columns.filter_map(|(name, needed)| needed.then_some(name));
                format!("columns: {}", needed.collect::<Vec<_>>().join(", "))
            }

            fn row(
                line: &str,
                table: &mut Self::Layout,
            ) -> Result<Option<Self>, $crate::error::ReadError> {
                if Self::COMMENT.is_some_and(|mark| line.starts_with(mark)) {
                    return Ok(None);
                }
                let [$($field),+] = if Self::HEADED {
                    table.cells(line, Self::BETWEEN, &Self::COLUMNS)?
                } else {
                    if Self::MORE {
                        table.widen(line.split(Self::BETWEEN).count());
                    }
                    $crate::formats::cells::split(
                        line, Self::BETWEEN, Self::MORE, &Self::COLUMNS,
                    )?
                };
                Ok(Some(Self {
                    $($place: $crate::formats::Place::nowhere(),)?
                    $($field: $crate::formats::columns::Kind::read(&$kind, $field)?,)+
                }))
            }

            $(fn at(self, $place: impl FnOnce() -> $crate::formats::Place) -> Self {
                Self { $place: $place(), ..self }
            })?

            fn unread(table: &Self::Layout) -> Vec<String> {
                let first = Self::COLUMNS.len() + 1;
                match table.width() {
                    last if Self::HEADED || last < first => Vec::new(),
                    last if last == first => vec![format!("column {first}")],
                    last => vec![format!("columns {first} to {last}")],
                }
            }

            fn end(table: &Self::Layout, _: u64, seen: &mut $crate::formats::seen::Seen) {
                let least = if Self::HEADED { 0 } else { Self::COLUMNS.len() };
                seen.fill("columns", table.width().max(least));
            }
        }
    };
}

/// What may stand in a row for people.
pub(crate) trait Cellular {
    /// As it is written; nothing for what is missing.
    fn text(&self) -> String;
}

macro_rules! written_as_they_are {
    ($($type:ty)+) => {$(
        impl Cellular for $type {
            fn text(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

written_as_they_are! { String &str u16 u32 u64 i64 usize }

impl<T: Cellular> Cellular for Option<T> {
    fn text(&self) -> String {
        self.as_ref().map_or(String::new(), T::text)
    }
}

/// An amount in units of `10^-digits` as people write it.
pub(crate) fn digits(amount: impl Into<Option<u64>>, digits: u32) -> String {
    let amount = amount.into();
    amount.map_or(String::new(), |amount| written(amount.into(), digits))
}

/// The row for people of a record whose columns are not declared: names and what stands there.
macro_rules! shows {
    ($record:ty: |$one:ident| $($name:literal: $value:expr),+ $(,)?) => {
        impl $crate::formats::survey::Shown for $record {
            const HEADER: &'static [&'static str] = &[$($name),+];

            fn row(&self) -> Vec<String> {
                let $one = self;
                vec![$($crate::formats::columns::Cellular::text(&$value)),+]
            }
        }
    };
}

/// The name under which a column is shown; none where it is not.
macro_rules! shown {
    ($column:literal) => {
        $column
    };
    ($column:literal as _) => {
        ""
    };
    ($column:literal as $shown:literal) => {
        $shown
    };
}

macro_rules! headed {
    (headed) => {
        true
    };
    (bare) => {
        false
    };
}

pub(crate) use {columns, headed, shown, shows};
