//! What the file of a format needs: its declaration, its survey and its way into a canonical trace.

pub(crate) use std::collections::BTreeMap;
pub(crate) use std::path::Path;

pub(crate) use crate::canonical::WallClock;
pub(crate) use crate::canonical::account::{Became, Thing, contents};
pub(crate) use crate::canonical::import::gathered::{FIVE_MINUTES, Named, Scattered, TOKENS};
pub(crate) use crate::canonical::import::{
    Draft, Import, StageDraft, censored, ended, millis, ran, seconds, stage, unstarted, untold,
    workers,
};
pub(crate) use crate::canonical::tables::{Change, Load, Machine, Service, Tasks, Usage};
pub(crate) use crate::error::{ReadError, quoted};
pub(crate) use crate::formats::cells::{BILLIONTHS, Cell, MILLIONTHS, written};
pub(crate) use crate::formats::columns::{
    Blank, Code, Decimal, Event, Kind, Maybe, OneOf, Round, Signed, Stamp, Text, Time, Whole, Word,
    columns, digits, shows,
};
pub(crate) use crate::formats::documents::{Document, Documents, Members};
pub(crate) use crate::formats::form::{Done, Form, Sign::*};
pub(crate) use crate::formats::place::Place;
pub(crate) use crate::formats::rows::{Row, Rows};
pub(crate) use crate::formats::seen::Seen;
pub(crate) use crate::formats::survey::{Reader, Shown, Survey, Told};
pub(crate) use crate::formats::swim::{LATEST, MOST_BYTES};
