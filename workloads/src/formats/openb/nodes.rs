//! `openb_node_list`: what every node has.
//!
//! Columns: `sn`, `cpu_milli`, `memory_mib`, `gpu` (how many), `model` (of its GPUs).

use std::collections::BTreeMap;
use std::path::Path;

use super::{MOST_GPUS, MOST_MEBIBYTES, MOST_MILLICORES};
use crate::error::ReadError;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Stat, Survey, tally};
use crate::formats::table::Table;

const COLUMNS: [&str; 5] = ["sn", "cpu_milli", "memory_mib", "gpu", "model"];

/// One node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// Its CPU, in thousandths of a core.
    pub millicores: u64,
    /// Its memory, in MiB.
    pub mebibytes: u64,
    /// Its GPUs.
    pub gpus: u64,
    /// Their model; empty without GPUs.
    pub model: String,
}

/// The nodes of a list; a bad row does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Row for Record {
    type Layout = Table<5>;
    const MEMBER: &'static str = "openb_node_list_all_node.csv";
    const ONE: &'static str = "node";
    const ABOUT: &'static str = "columns: sn, cpu_milli, memory_mib, gpu, model";
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &COLUMNS;

    fn header(line: &str, table: &mut Table<5>) -> Result<(), ReadError> {
        *table = Table::header(line, &COLUMNS, 4)?;
        Ok(())
    }

    fn row(line: &str, table: &mut Table<5>) -> Result<Option<Self>, ReadError> {
        let [name, cpu, memory, gpus, model] = table.cells(line, &COLUMNS)?;
        Ok(Some(Self {
            place: Place::nowhere(),
            name: name.word("the name of a node")?.to_owned(),
            millicores: cpu.whole("thousandths of a core", MOST_MILLICORES)?,
            mebibytes: memory.whole("MiB", MOST_MEBIBYTES)?,
            gpus: gpus.whole("GPUs", MOST_GPUS)?,
            model: model.text().to_owned(),
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// What is counted over a whole list.
#[derive(Default)]
pub(crate) struct Counts {
    nodes: u64,
    millicores: u128,
    mebibytes: u128,
    gpus: u128,
    models: BTreeMap<String, u64>,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &COLUMNS;

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.name.clone(),
            record.millicores.to_string(),
            record.mebibytes.to_string(),
            record.gpus.to_string(),
            record.model.clone(),
        ]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        self.nodes += 1;
        self.millicores += u128::from(record.millicores);
        self.mebibytes += u128::from(record.mebibytes);
        self.gpus += u128::from(record.gpus);
        let model = match record.model.as_str() {
            "" => "(none)",
            model => model,
        };
        *self.models.entry(model.to_owned()).or_default() += 1;
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("nodes", self.nodes.to_string()),
            ("cpu_milli", self.millicores.to_string()),
            ("memory_mib", self.mebibytes.to_string()),
            ("gpus", self.gpus.to_string()),
            ("model", tally(&self.models)),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: Vec::new(),
        }
    }
}
