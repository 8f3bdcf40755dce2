//! `openb_pod_list`: what every pod asks for, and when it came and went.
//!
//! Columns: `name`, `cpu_milli`, `memory_mib`, `num_gpu`, `gpu_milli` (of each GPU; less than 1000
//! when one GPU is shared), and in most lists `gpu_spec` (models that will do, separated by `|`),
//! `qos`, `pod_phase`, `creation_time`, `deletion_time`, `scheduled_time` in seconds; the last one is
//! empty for a pod that was never scheduled. The deletion of a pod that outlived the trace is the
//! end of the trace.

use std::collections::BTreeMap;
use std::path::Path;

use super::{MOST_GPUS, MOST_MEBIBYTES, MOST_MILLICORES};
use crate::error::ReadError;
use crate::formats::cells::Cell;
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, tally, yes};
use crate::formats::swim::LATEST;
use crate::formats::table::Table;

const COLUMNS: [&str; 11] = [
    "name",
    "cpu_milli",
    "memory_mib",
    "num_gpu",
    "gpu_milli",
    "gpu_spec",
    "qos",
    "pod_phase",
    "creation_time",
    "deletion_time",
    "scheduled_time",
];
/// How many columns every list has.
const REQUIRED: usize = 5;

/// One pod.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// Requested CPU, in thousandths of a core.
    pub millicores: u64,
    /// Requested memory, in MiB; some pods ask for none.
    pub mebibytes: u64,
    /// How many GPUs it asks for.
    pub gpus: u64,
    /// How much of each, in thousandths.
    pub milligpus: u64,
    /// The models that will do; any if there are none.
    pub models: Vec<String>,
    /// LS, BE, Burstable or Guaranteed.
    pub qos: String,
    /// Running, Succeeded, Failed or Pending.
    pub phase: String,
    /// When it was created, in seconds.
    pub creation: Option<u64>,
    /// When it was deleted, in seconds.
    pub deletion: Option<u64>,
    /// When it was scheduled, in seconds.
    pub scheduled: Option<u64>,
}

/// The pods of a list; a bad row does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Row for Record {
    type Layout = Table<11>;
    const MEMBER: &'static str = "openb_pod_list_default.csv";
    const ONE: &'static str = "pod";
    const ABOUT: &'static str = "columns: name, cpu_milli, memory_mib, num_gpu, gpu_milli";
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &COLUMNS;

    fn header(line: &str, table: &mut Table<11>) -> Result<(), ReadError> {
        *table = Table::header(line, &COLUMNS, REQUIRED)?;
        Ok(())
    }

    fn row(line: &str, table: &mut Table<11>) -> Result<Option<Self>, ReadError> {
        let [name, cpu, memory, gpus, share, rest @ ..] = table.cells(line, &COLUMNS)?;
        let [models, qos, phase, creation, deletion, scheduled] = rest;
        let time = |cell: Cell<'_>| cell.maybe(|cell| cell.round("seconds", LATEST));
        let models = models.text().split('|').filter(|model| !model.is_empty());
        Ok(Some(Self {
            place: Place::nowhere(),
            name: name.word("the name of a pod")?.to_owned(),
            millicores: cpu.whole("thousandths of a core", MOST_MILLICORES)?,
            mebibytes: memory.whole("MiB", MOST_MEBIBYTES)?,
            gpus: gpus.whole("GPUs", MOST_GPUS)?,
            milligpus: share.whole("thousandths of a GPU", 1000)?,
            models: models.map(str::to_owned).collect(),
            qos: qos.text().to_owned(),
            phase: phase.text().to_owned(),
            creation: time(creation)?,
            deletion: time(deletion)?,
            scheduled: time(scheduled)?,
        }))
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// What is counted over a whole list.
#[derive(Default)]
pub(crate) struct Counts {
    columns: usize,
    millicores: Figures,
    mebibytes: Figures,
    gpus: BTreeMap<u64, u64>,
    milligpus: u128,
    partial: u64,
    phases: BTreeMap<String, u64>,
    qos: BTreeMap<String, u64>,
    picky: u64,
    created: Option<[u64; 2]>,
    last: u64,
    unsorted: u64,
    deleted: u64,
    unscheduled: u64,
    lives: Figures,
    runs: Figures,
    backwards: u64,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &COLUMNS;

    fn row(record: &Record) -> Vec<String> {
        let time = |time: Option<u64>| time.map_or(String::new(), |time| time.to_string());
        vec![
            record.name.clone(),
            record.millicores.to_string(),
            record.mebibytes.to_string(),
            record.gpus.to_string(),
            record.milligpus.to_string(),
            record.models.join("|"),
            record.qos.clone(),
            record.phase.clone(),
            time(record.creation),
            time(record.deletion),
            time(record.scheduled),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        self.millicores.push(record.millicores);
        self.mebibytes.push(record.mebibytes);
        *self.gpus.entry(record.gpus).or_default() += 1;
        self.milligpus += u128::from(record.gpus) * u128::from(record.milligpus);
        let partial = record.gpus > 0 && record.milligpus < 1000;
        self.partial += u64::from(partial);
        if partial && record.gpus > 1 {
            let error = ReadError::expected("1000 with several GPUs", record.milligpus);
            warn.push(record.place.of(error).place("column gpu_milli"));
        }
        *self.phases.entry(record.phase.clone()).or_default() += 1;
        *self.qos.entry(record.qos.clone()).or_default() += 1;
        self.picky += u64::from(!record.models.is_empty());
        self.unscheduled += u64::from(record.scheduled.is_none());
        self.deleted = self.deleted.max(record.deletion.unwrap_or(0));
        if let Some(creation) = record.creation {
            let [first, last] = self.created.unwrap_or([creation; 2]);
            self.created = Some([first.min(creation), last.max(creation)]);
            self.unsorted += u64::from(creation < self.last);
            self.last = creation;
        }
        for (from, spans) in [
            (record.creation, &mut self.lives),
            (record.scheduled, &mut self.runs),
        ] {
            let Some((from, deletion)) = from.zip(record.deletion) else {
                continue;
            };
            if let Some(span) = deletion.checked_sub(from) {
                spans.push(span);
            } else {
                self.backwards += 1;
                let expected = format!("a time not before the pod ({from})");
                let error = ReadError::expected(expected, deletion);
                warn.push(record.place.of(error).place("column deletion_time"));
            }
        }
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.columns = records.layout().width();
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let [first, last] = self.created.unwrap_or_default();
        let mut facts = vec![
            ("pods", self.millicores.len().to_string()),
            ("columns", self.columns.to_string()),
            ("pods_by_num_gpu", tally(&self.gpus)),
            ("sum_num_gpu_x_gpu_milli", self.milligpus.to_string()),
            ("partial_gpu_pods", self.partial.to_string()),
            ("pod_phase", tally(&self.phases)),
            ("qos", tally(&self.qos)),
            ("pods_with_gpu_spec", self.picky.to_string()),
            ("creation_min_s", first.to_string()),
            ("creation_max_s", last.to_string()),
            ("deletion_max_s", self.deleted.to_string()),
            ("rows_blank_scheduled_time", self.unscheduled.to_string()),
            ("sorted_by_creation", yes(self.unsorted == 0)),
            ("deletions_before_the_pod", self.backwards.to_string()),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![
                Column::of("cpu_milli", "thousandths of a core", self.millicores),
                Column::of("memory_mib", "MiB", self.mebibytes),
                Column::of("deletion_minus_creation_s", "seconds", self.lives),
                Column::of("deletion_minus_scheduled_s", "seconds", self.runs),
            ],
        }
    }
}
