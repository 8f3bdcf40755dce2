//! Azure Functions, 2019: how long the invocations of each function took on one day.
//!
//! Source: github.com/Azure/AzurePublicDataset, `AzureFunctionsDataset2019`,
//! `function_durations_percentiles.anon.d*.csv` (Shahrad et al., ATC 2020). CSV with a header;
//! milliseconds. Percentiles are weighted averages over the machines.

use std::collections::BTreeSet;
use std::path::Path;

use super::MOST_INVOCATIONS;
use crate::error::ReadError;
use crate::formats::cells::{MILLIONTHS, written};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey};
use crate::formats::swim::LATEST;
use crate::formats::table::Table;

const COLUMNS: [&str; 9] = [
    "HashOwner",
    "HashApp",
    "HashFunction",
    "Average",
    "Count",
    "Minimum",
    "Maximum",
    "percentile_Average_50",
    "percentile_Average_99",
];

/// One function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// Whose function it is.
    pub owner: String,
    /// The application it is part of.
    pub app: String,
    /// The function.
    pub function: String,
    /// The mean, in millionths of a millisecond.
    pub average: u64,
    /// How many invocations were measured.
    pub count: u64,
    /// The shortest, in millionths of a millisecond.
    pub minimum: u64,
    /// The longest, in millionths of a millisecond.
    pub maximum: u64,
    /// The median, in millionths of a millisecond.
    pub median: Option<u64>,
    /// The 99th percentile, in millionths of a millisecond.
    pub p99: Option<u64>,
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
    type Layout = Table<9>;
    const MEMBER: &'static str = "function_durations.csv";
    const ONE: &'static str = "function";
    const ABOUT: &'static str =
        "columns: HashOwner, HashApp, HashFunction, Average, Count, Minimum, Maximum, ...";
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &COLUMNS;

    fn header(line: &str, table: &mut Table<9>) -> Result<(), ReadError> {
        *table = Table::first(line, &COLUMNS, 7)?;
        Ok(())
    }

    fn row(line: &str, table: &mut Table<9>) -> Result<Option<Self>, ReadError> {
        let [
            hash_owner,
            hash_app,
            hash_function,
            average,
            count,
            minimum,
            maximum,
            percentile_average_50,
            percentile_average_99,
        ] = table.cells(line, ',', &COLUMNS)?;
        Ok(Some(Self {
            place: Place::nowhere(),
            owner: hash_owner.word("an owner")?.to_owned(),
            app: hash_app.word("an application")?.to_owned(),
            function: hash_function.word("a function")?.to_owned(),
            average: average.decimal("milliseconds", MILLIONTHS, LATEST)?,
            count: count.round("invocations", MOST_INVOCATIONS)?,
            minimum: minimum.decimal("milliseconds", MILLIONTHS, LATEST)?,
            maximum: maximum.decimal("milliseconds", MILLIONTHS, LATEST)?,
            median: percentile_average_50
                .maybe(|cell| cell.decimal("milliseconds", MILLIONTHS, LATEST))?,
            p99: percentile_average_99
                .maybe(|cell| cell.decimal("milliseconds", MILLIONTHS, LATEST))?,
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    columns: usize,
    owners: BTreeSet<String>,
    apps: BTreeSet<String>,
    averages: Figures,
    measured: Figures,
    crossed: u64,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "HashFunction",
        "Average_ms",
        "Count",
        "Minimum_ms",
        "Maximum_ms",
    ];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.function.clone(),
            written(u128::from(record.average), MILLIONTHS),
            record.count.to_string(),
            written(u128::from(record.minimum), MILLIONTHS),
            written(u128::from(record.maximum), MILLIONTHS),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        self.owners.insert(record.owner.clone());
        self.apps.insert(record.app.clone());
        self.averages.push(record.average);
        self.measured.push(record.count);
        if !(record.minimum..=record.maximum).contains(&record.average) {
            self.crossed += 1;
            let expected = "an average between minimum and maximum";
            let found = written(u128::from(record.average), MILLIONTHS);
            let error = ReadError::expected(expected, found);
            warn.push(record.place.of(error).place("column Average"));
        }
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.columns = records.layout().width();
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("functions", self.averages.len().to_string()),
            ("columns", self.columns.to_string()),
            ("owners", self.owners.len().to_string()),
            ("apps", self.apps.len().to_string()),
            ("averages_out_of_bounds", self.crossed.to_string()),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![
                Column::of("average_ms", "millionths of a millisecond", self.averages),
                Column::of("count", "invocations", self.measured),
            ],
        }
    }
}
