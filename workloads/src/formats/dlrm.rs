//! Alibaba's disaggregated recommendation services, 2025: instances on CPU and on GPU nodes.
//!
//! Source: github.com/alibaba/clusterdata, `cluster-trace-gpu-v2025` (Prism, NSDI 2025). CSV with a
//! header of 17 columns: requests and limits in cores, GPUs, percent of a network card, GiB of
//! memory and of disk; times in seconds. An empty creation is before the trace, an empty deletion
//! after it. Amounts and times are kept in millionths.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use crate::error::{ReadError, quoted};
use crate::formats::cells::{Cell, MILLIONTHS, written};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, tally};
use crate::formats::swim::LATEST;
use crate::formats::table::Table;

const COLUMNS: [&str; 17] = [
    "instance_sn",
    "role",
    "app_name",
    "cpu_request",
    "cpu_limit",
    "gpu_request",
    "gpu_limit",
    "rdma_request",
    "rdma_limit",
    "memory_request",
    "memory_limit",
    "disk_request",
    "disk_limit",
    "max_instance_per_node",
    "creation_time",
    "scheduled_time",
    "deletion_time",
];
/// The most of any resource one instance may ask for.
const MOST: u64 = 1_000_000_000;

/// What is asked for and what is allowed, in millionths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Amount {
    /// Asked for.
    pub request: u64,
    /// Allowed.
    pub limit: u64,
}

/// One instance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// CN on a CPU node, HN on a GPU node.
    pub role: String,
    /// The service it belongs to.
    pub app: String,
    /// Cores.
    pub cpu: Amount,
    /// GPUs.
    pub gpu: Amount,
    /// Percent of a network card.
    pub rdma: Amount,
    /// Memory in GiB.
    pub memory: Amount,
    /// Disk in GiB.
    pub disk: Amount,
    /// The most instances of the service on one node; `None` for any number.
    pub most_per_node: Option<u64>,
    /// When it was created, in microseconds.
    pub creation: Option<u64>,
    /// When it was scheduled, in microseconds.
    pub scheduled: Option<u64>,
    /// When it was deleted, in microseconds.
    pub deletion: Option<u64>,
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
    type Layout = Table<17>;
    const MEMBER: &'static str = "disaggregated_DLRM_trace.csv";
    const ONE: &'static str = "instance";
    const ABOUT: &'static str = "columns: instance_sn, role, app_name, requests, limits, times";
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &COLUMNS;

    fn header(line: &str, table: &mut Table<17>) -> Result<(), ReadError> {
        *table = Table::header(line, &COLUMNS, COLUMNS.len())?;
        Ok(())
    }

    fn row(line: &str, table: &mut Table<17>) -> Result<Option<Self>, ReadError> {
        let [name, role, app, cpu, cpu_limit, gpu, gpu_limit, rest @ ..] =
            table.cells(line, &COLUMNS)?;
        let [
            rdma,
            rdma_limit,
            memory,
            memory_limit,
            disk,
            disk_limit,
            rest @ ..,
        ] = rest;
        let [most, creation, scheduled, deletion] = rest;
        if !["CN", "HN"].contains(&role.text()) {
            return Err(role.wrong(ReadError::expected("CN or HN", quoted(role.text()))));
        }
        Ok(Some(Self {
            place: Place::nowhere(),
            name: name.word("the name of an instance")?.to_owned(),
            role: role.text().to_owned(),
            app: app.word("the name of a service")?.to_owned(),
            cpu: amount("cores", cpu, cpu_limit)?,
            gpu: amount("GPUs", gpu, gpu_limit)?,
            rdma: amount("percent", rdma, rdma_limit)?,
            memory: amount("GiB", memory, memory_limit)?,
            disk: amount("GiB", disk, disk_limit)?,
            most_per_node: u64::try_from(most.signed("instances", MOST)?).ok(),
            creation: time(creation)?,
            scheduled: time(scheduled)?,
            deletion: time(deletion)?,
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

fn amount(unit: &str, request: Cell<'_>, limit: Cell<'_>) -> Result<Amount, ReadError> {
    Ok(Amount {
        request: request.decimal(unit, MILLIONTHS, MOST)?,
        limit: limit.decimal(unit, MILLIONTHS, MOST)?,
    })
}

fn time(cell: Cell<'_>) -> Result<Option<u64>, ReadError> {
    cell.maybe(|cell| cell.decimal("seconds", MILLIONTHS, LATEST))
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    columns: usize,
    roles: BTreeMap<String, u64>,
    apps: HashSet<String>,
    cpu: Figures,
    gpu: u128,
    memory: Figures,
    no_creation: u64,
    no_deletion: u64,
    creations: Figures,
    both: u64,
    lives: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "instance",
        "role",
        "app",
        "cpus",
        "gpus",
        "rdma",
        "mem_gib",
        "disk_gib",
        "created_s",
        "deleted_s",
    ];

    fn row(record: &Record) -> Vec<String> {
        let shown = |amount: u64| written(u128::from(amount), MILLIONTHS);
        vec![
            record.name.clone(),
            record.role.clone(),
            record.app.clone(),
            shown(record.cpu.request),
            shown(record.gpu.request),
            shown(record.rdma.request),
            shown(record.memory.request),
            shown(record.disk.request),
            record.creation.map_or(String::new(), shown),
            record.deletion.map_or(String::new(), shown),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        *self.roles.entry(record.role.clone()).or_default() += 1;
        if !self.apps.contains(&record.app) {
            self.apps.insert(record.app.clone());
        }
        self.cpu.push(record.cpu.request);
        self.gpu += u128::from(record.gpu.request);
        self.memory.push(record.memory.request);
        self.no_creation += u64::from(record.creation.is_none());
        self.no_deletion += u64::from(record.deletion.is_none());
        self.creations.extend(record.creation);
        let Some((creation, deletion)) = record.creation.zip(record.deletion) else {
            return;
        };
        self.both += 1;
        if let Some(life) = deletion.checked_sub(creation) {
            self.lives.push(life);
        } else {
            let [creation, deletion] = [creation, deletion].map(u128::from);
            let expected = format!("a time not before {}", written(creation, MILLIONTHS));
            let error = ReadError::expected(expected, written(deletion, MILLIONTHS));
            warn.push(record.place.of(error).place("column 17 (deletion_time)"));
        }
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.columns = records.layout().width();
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("instances", self.cpu.len().to_string()),
            ("columns", self.columns.to_string()),
            ("role", tally(&self.roles)),
            ("apps", self.apps.len().to_string()),
            ("gpu_request_sum", written(self.gpu, MILLIONTHS)),
            ("blank_creation_time", self.no_creation.to_string()),
            ("blank_deletion_time", self.no_deletion.to_string()),
            ("both_times_present", self.both.to_string()),
        ];
        facts.extend(self.passed.facts());
        let seconds = "millionths of a second";
        Stat {
            facts,
            columns: vec![
                Column::of("cpu_request", "millionths of a core", self.cpu),
                Column::of("memory_request_GiB", "millionths of a GiB", self.memory),
                Column::of("creation_time_s", seconds, self.creations),
                Column::of("lifetime_s_both_present", seconds, self.lives),
            ],
        }
    }
}
