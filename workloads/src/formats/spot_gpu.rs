//! The nodes of Alibaba's cluster of spot GPUs.
//!
//! Source: github.com/alibaba/clusterdata, `cluster-trace-v2026-spot-gpu`, `node_info_df.csv`. CSV
//! with a header: model of GPU, how many, virtual cores, name. Memory is not in it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::ReadError;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Stat, Survey, tally};
use crate::formats::table::Table;

const COLUMNS: [&str; 4] = ["gpu_model", "gpu_capacity_num", "cpu_num", "node_name"];
/// The most cores or GPUs of one node.
const MOST: u64 = 1_000_000;

/// One node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// The model of its GPUs.
    pub model: String,
    /// How many it has.
    pub gpus: u64,
    /// Its virtual cores.
    pub cores: u64,
    /// Its name.
    pub name: String,
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
    type Layout = Table<4>;
    const MEMBER: &'static str = "node_info_df.csv";
    const ONE: &'static str = "node";
    const ABOUT: &'static str = "columns: gpu_model, gpu_capacity_num, cpu_num, node_name";
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &COLUMNS;

    fn header(line: &str, table: &mut Table<4>) -> Result<(), ReadError> {
        *table = Table::header(line, &COLUMNS, COLUMNS.len())?;
        Ok(())
    }

    fn row(line: &str, table: &mut Table<4>) -> Result<Option<Self>, ReadError> {
        let [gpu_model, gpu_capacity_num, cpu_num, node_name] = table.cells(line, &COLUMNS)?;
        Ok(Some(Self {
            place: Place::nowhere(),
            model: gpu_model.word("a model of GPU")?.to_owned(),
            gpus: gpu_capacity_num.round("GPUs", MOST)?,
            cores: cpu_num.round("cores", MOST)?,
            name: node_name.word("a node")?.to_owned(),
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    nodes: u64,
    gpus: u128,
    cores: u128,
    models: BTreeMap<String, u64>,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &COLUMNS;

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.model.clone(),
            record.gpus.to_string(),
            record.cores.to_string(),
            record.name.clone(),
        ]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        self.nodes += 1;
        self.gpus += u128::from(record.gpus);
        self.cores += u128::from(record.cores);
        let model = format!("{} x{}", record.model, record.gpus);
        *self.models.entry(model).or_default() += 1;
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let mut facts = vec![
            ("nodes", self.nodes.to_string()),
            ("gpus", self.gpus.to_string()),
            ("cpu_cores", self.cores.to_string()),
            ("model_x_gpus", tally(&self.models)),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![],
        }
    }
}
