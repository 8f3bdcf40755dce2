//! Azure Functions, 2019: how often each function was invoked in each minute of a day.
//!
//! Source: github.com/Azure/AzurePublicDataset, `AzureFunctionsDataset2019`,
//! `invocations_per_function_md.anon.d*.csv` (Shahrad et al., ATC 2020). CSV with a header: owner,
//! application, function (hashes), what triggers it, and a column for each minute, named by its
//! number. Files cut for experiments have fewer or more minutes than a day's 1440.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::MOST_INVOCATIONS;
use crate::error::ReadError;
use crate::formats::cells::{Cell, bare};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, tally};
use crate::formats::table::Table;

const COLUMNS: [&str; 4] = ["HashOwner", "HashApp", "HashFunction", "Trigger"];
/// The most minutes of one file: a year.
const MOST_MINUTES: usize = 366 * 1440;

/// One function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// Whose it is.
    pub owner: String,
    /// The application it is part of.
    pub app: String,
    /// The function.
    pub function: String,
    /// What triggers it: `http`, `timer`, `queue`; empty where the file does not say.
    pub trigger: String,
    /// Invocations in each minute.
    pub minutes: Vec<u64>,
}

/// Where the columns of a file stand.
#[derive(Default)]
pub struct Layout {
    table: Table<4>,
    /// The position of each minute's column, in the order of the minutes.
    minutes: Vec<usize>,
}

/// The records of a file; a bad row does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Row for Record {
    type Layout = Layout;
    const MEMBER: &'static str = "invocations_per_function.csv";
    const ONE: &'static str = "function";
    const ABOUT: &'static str = "columns: HashOwner, HashApp, HashFunction, Trigger, 1, 2, ...";
    const HEADED: bool = true;

    /// The columns of minutes have numbers for names.
    fn reads(name: &str) -> bool {
        COLUMNS.contains(&name) || name.parse::<usize>().is_ok()
    }

    fn header(line: &str, layout: &mut Layout) -> Result<(), ReadError> {
        layout.table = Table::first(line, &COLUMNS, 3)?;
        let numbered = |(position, name): (usize, &str)| {
            let minute = bare(name).parse::<usize>().ok()?;
            Some((minute, position))
        };
        let minutes: BTreeMap<usize, usize> =
            line.split(',').enumerate().filter_map(numbered).collect();
        let first = minutes.keys().next().copied();
        let whole = minutes.keys().copied().eq(1..=minutes.len());
        if !whole || minutes.is_empty() || minutes.len() > MOST_MINUTES {
            let found = match first {
                None => "none".to_owned(),
                Some(first) => format!("{} from {first}", minutes.len()),
            };
            let error = ReadError::expected("a column for each minute from 1 on", found);
            return Err(error.hint(Self::ABOUT));
        }
        layout.minutes = minutes.into_values().collect();
        Ok(())
    }

    fn row(line: &str, layout: &mut Layout) -> Result<Option<Self>, ReadError> {
        let [owner, app, function, trigger] = layout.table.cells(line, ',', &COLUMNS)?;
        let texts: Vec<&str> = line.split(',').collect();
        let count = |position: &usize| {
            let cell = Cell::new(*position, "invocations in a minute", bare(texts[*position]));
            cell.round("invocations", MOST_INVOCATIONS)
        };
        Ok(Some(Self {
            place: Place::nowhere(),
            owner: owner.word("an owner")?.to_owned(),
            app: app.word("an application")?.to_owned(),
            function: function.word("a function")?.to_owned(),
            trigger: trigger.text().to_owned(),
            minutes: layout.minutes.iter().map(count).collect::<Result<_, _>>()?,
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

impl Record {
    /// Invocations in all minutes.
    pub fn invocations(&self) -> u64 {
        self.minutes.iter().sum()
    }
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    columns: usize,
    minutes: usize,
    owners: BTreeSet<String>,
    apps: BTreeSet<String>,
    triggers: BTreeMap<String, u64>,
    invocations: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "owner",
        "app",
        "function",
        "trigger",
        "minutes",
        "invocations",
    ];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.owner.clone(),
            record.app.clone(),
            record.function.clone(),
            record.trigger.clone(),
            record.minutes.len().to_string(),
            record.invocations().to_string(),
        ]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        self.owners.insert(record.owner.clone());
        self.apps.insert(record.app.clone());
        *self.triggers.entry(record.trigger.clone()).or_default() += 1;
        self.invocations.push(record.invocations());
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.columns = records.layout().table.width();
        self.minutes = records.layout().minutes.len();
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("functions", self.invocations.len().to_string()),
            ("columns", self.columns.to_string()),
            ("minutes", self.minutes.to_string()),
            ("owners", self.owners.len().to_string()),
            ("apps", self.apps.len().to_string()),
            ("triggers", tally(&self.triggers)),
            ("total_invocations", self.invocations.sum().to_string()),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![Column::of(
                "invocations_per_function",
                "invocations",
                self.invocations,
            )],
        }
    }
}
