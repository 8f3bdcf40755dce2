//! Azure's virtual machines, 2017 (V1) and 2019 (V2): who had which, how large, from when to when.
//!
//! Source: github.com/Azure/AzurePublicDataset, `vmtable.csv` (Cortez et al., SOSP 2017; Hadary et
//! al., OSDI 2020). CSV without a header, 11 columns: hashes of machine, subscription and
//! deployment, created and deleted in seconds from the beginning, CPU use in percent, category,
//! cores, memory in GB. Version 2 gives cores and memory as buckets, the largest of them open:
//! `>24`. A machine that was there at the beginning is created at 0; one that outlived the trace is
//! deleted at its end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use crate::error::ReadError;
use crate::formats::cells::{Cell, MILLIONTHS, split, written};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, tally};
use crate::formats::swim::LATEST;

const COLUMNS: [&str; 11] = [
    "vm_id",
    "subscription_id",
    "deployment_id",
    "vm_created",
    "vm_deleted",
    "max_cpu",
    "avg_cpu",
    "p95_max_cpu",
    "vm_category",
    "core_count",
    "memory",
];
/// The most cores or GB of one machine.
const MOST: u64 = 1_000_000;

/// One machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// The machine.
    pub vm: String,
    /// Whose it is.
    pub subscription: String,
    /// What it was deployed with.
    pub deployment: String,
    /// When it was created, in seconds.
    pub created: u64,
    /// When it was deleted, in seconds.
    pub deleted: u64,
    /// The most CPU it used, in millionths of a percent.
    pub max_cpu: u64,
    /// The mean CPU it used.
    pub avg_cpu: u64,
    /// The 95th percentile of the most CPU in five minutes.
    pub p95_cpu: u64,
    /// What the publisher takes it for: `Interactive`.
    pub category: String,
    /// Its virtual cores, in millionths.
    pub cores: Bucket,
    /// Its memory, in millionths of a GB.
    pub gigabytes: Bucket,
}

/// An amount, or the lower end of a bucket without an upper one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bucket {
    /// The amount, in millionths.
    pub amount: u64,
    /// Whether it may be more.
    pub more: bool,
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.more { ">" } else { "" })?;
        f.write_str(&written(u128::from(self.amount), MILLIONTHS))
    }
}

fn bucket(cell: Cell<'_>, unit: &str) -> Result<Bucket, ReadError> {
    let (text, more) = match cell.text().strip_prefix('>') {
        Some(rest) => (rest, true),
        None => (cell.text(), false),
    };
    let amount = cell.with(text).decimal(unit, MILLIONTHS, MOST)?;
    Ok(Bucket { amount, more })
}

fn percent(cell: Cell<'_>) -> Result<u64, ReadError> {
    cell.decimal("percent", MILLIONTHS, 100_000)
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
    type Layout = ();
    const MEMBER: &'static str = "vmtable.csv";
    const ONE: &'static str = "machine";
    const ABOUT: &'static str =
        "11 columns without a header: machine, subscription, deployment, created, deleted, ...";
    const NAMES: &'static [&'static [&'static str]] = &[&COLUMNS];

    fn row(line: &str, (): &mut ()) -> Result<Option<Self>, ReadError> {
        let [
            vm_id,
            subscription_id,
            deployment_id,
            vm_created,
            vm_deleted,
            max_cpu,
            avg_cpu,
            p95_max_cpu,
            vm_category,
            core_count,
            memory,
        ] = split(line, &COLUMNS)?;
        Ok(Some(Self {
            place: Place::nowhere(),
            vm: vm_id.word("a machine")?.to_owned(),
            subscription: subscription_id.word("a subscription")?.to_owned(),
            deployment: deployment_id.word("a deployment")?.to_owned(),
            created: vm_created.round("seconds", LATEST)?,
            deleted: vm_deleted.round("seconds", LATEST)?,
            max_cpu: percent(max_cpu)?,
            avg_cpu: percent(avg_cpu)?,
            p95_cpu: percent(p95_max_cpu)?,
            category: vm_category.word("a category")?.to_owned(),
            cores: bucket(core_count, "cores")?,
            gigabytes: bucket(memory, "GB")?,
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    rows: u64,
    subscriptions: BTreeSet<String>,
    deployments: BTreeSet<String>,
    categories: BTreeMap<String, u64>,
    open: u64,
    backwards: u64,
    cores: Figures,
    memory: Figures,
    lives: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "vm",
        "subscription",
        "created_s",
        "deleted_s",
        "category",
        "cores",
        "memory_gb",
    ];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.vm.clone(),
            record.subscription.clone(),
            record.created.to_string(),
            record.deleted.to_string(),
            record.category.clone(),
            record.cores.to_string(),
            record.gigabytes.to_string(),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        self.rows += 1;
        self.subscriptions.insert(record.subscription.clone());
        self.deployments.insert(record.deployment.clone());
        *self.categories.entry(record.category.clone()).or_default() += 1;
        self.open += u64::from(record.cores.more || record.gigabytes.more);
        self.cores.push(record.cores.amount);
        self.memory.push(record.gigabytes.amount);
        if let Some(life) = record.deleted.checked_sub(record.created) {
            self.lives.push(life);
        } else {
            self.backwards += 1;
            let expected = format!("a time not before its creation ({})", record.created);
            let error = ReadError::expected(expected, record.deleted);
            warn.push(record.place.of(error).place("column 5 (vm_deleted)"));
        }
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("rows", self.rows.to_string()),
            ("columns", COLUMNS.len().to_string()),
            ("subscriptions", self.subscriptions.len().to_string()),
            ("deployments", self.deployments.len().to_string()),
            ("category", tally(&self.categories)),
            ("rows_in_an_open_bucket", self.open.to_string()),
            ("rows_deleted_before_created", self.backwards.to_string()),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![
                Column::of("cores", "millionths of a core", self.cores),
                Column::of("memory_gb", "millionths of a GB", self.memory),
                Column::of("life_s", "seconds", self.lives),
            ],
        }
    }
}
