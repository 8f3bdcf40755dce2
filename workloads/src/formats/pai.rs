//! The machines of Alibaba's PAI, 2020: what kinds of GPU a training cluster has.
//!
//! Source: github.com/alibaba/clusterdata, `cluster-trace-gpu-v2020`, table `pai_machine_spec`. CSV
//! without a header: machine, type of GPU, cores, memory in GB, GPUs.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::ReadError;
use crate::formats::cells::split;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Stat, Survey, tally};

const COLUMNS: [&str; 5] = ["machine", "gpu_type", "cap_cpu", "cap_mem", "cap_gpu"];
/// The most of anything one machine may have.
const MOST: u64 = 1_000_000_000;

/// One machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// Its name, a hash.
    pub machine: String,
    /// The type of its GPUs; CPU for none.
    pub gpu_type: String,
    /// Its cores.
    pub cores: u64,
    /// Its memory, in GB.
    pub gigabytes: u64,
    /// Its GPUs.
    pub gpus: u64,
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
    const MEMBER: &'static str = "pai_machine_spec.csv";
    const ONE: &'static str = "machine";
    const ABOUT: &'static str = "columns: machine, gpu_type, cap_cpu, cap_mem, cap_gpu";
    const NAMES: &'static [&'static [&'static str]] = &[&COLUMNS];

    fn row(line: &str, (): &mut ()) -> Result<Option<Self>, ReadError> {
        let [machine, gpu_type, cores, memory, gpus] = split(line, &COLUMNS)?;
        Ok(Some(Self {
            place: Place::nowhere(),
            machine: machine.word("a machine")?.to_owned(),
            gpu_type: gpu_type.word("a type of GPU, or CPU")?.to_owned(),
            cores: cores.round("cores", MOST)?,
            gigabytes: memory.round("GB", MOST)?,
            gpus: gpus.round("GPUs", MOST)?,
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    machines: u64,
    sums: [u128; 3],
    shapes: BTreeMap<String, u64>,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &COLUMNS;

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.machine.clone(),
            record.gpu_type.clone(),
            record.cores.to_string(),
            record.gigabytes.to_string(),
            record.gpus.to_string(),
        ]
    }

    fn see(&mut self, record: &Record, _: &mut Vec<ReadError>) {
        self.machines += 1;
        let amounts = [record.cores, record.gigabytes, record.gpus];
        for (sum, amount) in self.sums.iter_mut().zip(amounts) {
            *sum += u128::from(amount);
        }
        let [cores, memory, gpus] = amounts;
        let shape = format!("{}/{cores}/{memory}/{gpus}", record.gpu_type);
        *self.shapes.entry(shape).or_default() += 1;
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let [cores, memory, gpus] = self.sums.map(|sum| sum.to_string());
        let mut facts = vec![
            ("machines", self.machines.to_string()),
            ("cpu_cores", cores),
            ("mem_GB", memory),
            ("gpus", gpus),
            ("shapes_type_cpu_mem_gpu", tally(&self.shapes)),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: Vec::new(),
        }
    }
}
