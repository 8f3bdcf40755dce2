//! Azure Functions, 2019: how much memory each application had on one day.
//!
//! Source: github.com/Azure/AzurePublicDataset, `AzureFunctionsDataset2019`,
//! `app_memory_percentiles.anon.d*.csv` (Shahrad et al., ATC 2020). CSV with a header; MB. Samples
//! cut out of the data set by others also name the function.

use std::collections::BTreeSet;
use std::path::Path;

use super::MOST_INVOCATIONS;
use crate::error::ReadError;
use crate::formats::cells::{MILLIONTHS, written};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey};
use crate::formats::table::Table;

const COLUMNS: [&str; 7] = [
    "HashOwner",
    "HashApp",
    "SampleCount",
    "AverageAllocatedMb",
    "HashFunction",
    "AverageAllocatedMb_pct50",
    "AverageAllocatedMb_pct99",
];
/// The most memory of one application.
const MOST_MEGABYTES: u64 = 1_000_000_000;

/// One application.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// Whose application it is.
    pub owner: String,
    /// The application.
    pub app: String,
    /// The function; empty where the row is for all of the application.
    pub function: String,
    /// How often it was measured.
    pub samples: u64,
    /// The mean memory allocated, in millionths of a MB.
    pub average: u64,
    /// The median, in millionths of a MB.
    pub median: Option<u64>,
    /// The 99th percentile, in millionths of a MB.
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
    type Layout = Table<7>;
    const MEMBER: &'static str = "app_memory.csv";
    const ONE: &'static str = "application";
    const ABOUT: &'static str = "columns: HashOwner, HashApp, SampleCount, AverageAllocatedMb, ...";
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &COLUMNS;

    fn header(line: &str, table: &mut Table<7>) -> Result<(), ReadError> {
        *table = Table::first(line, &COLUMNS, 4)?;
        Ok(())
    }

    fn row(line: &str, table: &mut Table<7>) -> Result<Option<Self>, ReadError> {
        let [
            hash_owner,
            hash_app,
            sample_count,
            average_allocated_mb,
            hash_function,
            average_allocated_mb_pct50,
            average_allocated_mb_pct99,
        ] = table.cells(line, ',', &COLUMNS)?;
        Ok(Some(Self {
            place: Place::nowhere(),
            owner: hash_owner.word("an owner")?.to_owned(),
            app: hash_app.word("an application")?.to_owned(),
            function: hash_function.text().to_owned(),
            samples: sample_count.round("samples", MOST_INVOCATIONS)?,
            average: average_allocated_mb.decimal("MB", MILLIONTHS, MOST_MEGABYTES)?,
            median: average_allocated_mb_pct50
                .maybe(|cell| cell.decimal("MB", MILLIONTHS, MOST_MEGABYTES))?,
            p99: average_allocated_mb_pct99
                .maybe(|cell| cell.decimal("MB", MILLIONTHS, MOST_MEGABYTES))?,
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
    samples: Figures,
    averages: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "HashApp",
        "HashFunction",
        "SampleCount",
        "AverageAllocatedMb",
    ];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.app.clone(),
            record.function.clone(),
            record.samples.to_string(),
            written(u128::from(record.average), MILLIONTHS),
        ]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        self.owners.insert(record.owner.clone());
        self.apps.insert(record.app.clone());
        self.samples.push(record.samples);
        self.averages.push(record.average);
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.columns = records.layout().width();
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("rows", self.samples.len().to_string()),
            ("columns", self.columns.to_string()),
            ("owners", self.owners.len().to_string()),
            ("apps", self.apps.len().to_string()),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![
                Column::of("sample_count", "samples", self.samples),
                Column::of("average_allocated_mb", "millionths of a MB", self.averages),
            ],
        }
    }
}
