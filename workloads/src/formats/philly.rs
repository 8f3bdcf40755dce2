//! Microsoft Philly, 2017: deep learning jobs of 15 virtual clusters.
//!
//! Source: the job list that Pollux (Qiao et al., OSDI 2021) made of msr-fiddle/philly-traces
//! (Jeon et al., ATC 2019). CSV with a header: local time of submission, run time in seconds, GPUs,
//! their product, virtual cluster. Waiting, failed attempts, CPU and memory are not in it, and it is
//! not sorted by time.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{ReadError, quoted};
use crate::formats::cells::{MILLIONTHS, written};
use crate::formats::clock;
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey, tally, yes};
use crate::formats::swim::LATEST;
use crate::formats::table::Table;

const COLUMNS: [&str; 5] = ["timestamp", "duration", "num_gpus", "gpu_time", "cluster"];
/// The most GPUs one job may have.
pub const MOST_GPUS: u64 = 1_000_000;
/// The most GPU time one job may claim, in seconds.
const MOST_GPU_TIME: u64 = 10_000_000_000_000;

/// One job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// When it was submitted, as written.
    pub timestamp: String,
    /// The same in seconds since 1970, in whatever zone the cluster was.
    pub submit: u64,
    /// How long it ran, in microseconds.
    pub duration: u64,
    /// How many GPUs it had.
    pub gpus: u64,
    /// GPUs times run time, in microseconds, as the file says.
    pub gpu_time: u64,
    /// The virtual cluster it was submitted to.
    pub cluster: String,
}

/// The jobs of a list; a bad row does not end them.
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
    const MEMBER: &'static str = "philly.csv";
    const ONE: &'static str = "job";
    const ABOUT: &'static str = "columns: timestamp, duration, num_gpus, gpu_time, cluster";
    const HEADED: bool = true;
    const READ: &'static [&'static str] = &COLUMNS;

    fn header(line: &str, table: &mut Table<5>) -> Result<(), ReadError> {
        *table = Table::header(line, &COLUMNS, COLUMNS.len())?;
        Ok(())
    }

    fn row(line: &str, table: &mut Table<5>) -> Result<Option<Self>, ReadError> {
        let [time, duration, gpus, gpu_time, cluster] = table.cells(line, &COLUMNS)?;
        let submit = clock::seconds(time.text()).ok_or_else(|| {
            let error = ReadError::expected(
                "a time of the form 2017-10-09 07:01:55",
                quoted(time.text()),
            );
            time.wrong(error)
        })?;
        Ok(Some(Self {
            place: Place::nowhere(),
            timestamp: time.text().to_owned(),
            submit,
            duration: duration.decimal("seconds", MILLIONTHS, LATEST)?,
            gpus: gpus.whole("GPUs", MOST_GPUS)?,
            gpu_time: gpu_time.decimal("seconds", MILLIONTHS, MOST_GPU_TIME)?,
            cluster: cluster.word("a virtual cluster")?.to_owned(),
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
    first: Option<(u64, String)>,
    latest: Option<(u64, String)>,
    last: u64,
    unsorted: u64,
    clusters: BTreeMap<String, u64>,
    gpus: BTreeMap<u64, u64>,
    durations: Figures,
    gpu_time: u128,
    wrong: u64,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &["timestamp", "duration_s", "gpus", "cluster"];

    fn row(record: &Record) -> Vec<String> {
        vec![
            record.timestamp.clone(),
            written(u128::from(record.duration), MILLIONTHS),
            record.gpus.to_string(),
            record.cluster.clone(),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        let at = || (record.submit, record.timestamp.clone());
        if self
            .first
            .as_ref()
            .is_none_or(|first| record.submit < first.0)
        {
            self.first = Some(at());
        }
        if self
            .latest
            .as_ref()
            .is_none_or(|last| record.submit > last.0)
        {
            self.latest = Some(at());
        }
        self.unsorted += u64::from(record.submit < self.last);
        self.last = record.submit;
        *self.clusters.entry(record.cluster.clone()).or_default() += 1;
        *self.gpus.entry(record.gpus).or_default() += 1;
        self.durations.push(record.duration);
        self.gpu_time += u128::from(record.gpu_time);
        let product = u128::from(record.duration) * u128::from(record.gpus);
        if product != u128::from(record.gpu_time) {
            self.wrong += 1;
            let expected = format!("{}, duration times GPUs", written(product, MILLIONTHS));
            let found = written(u128::from(record.gpu_time), MILLIONTHS);
            let error = ReadError::expected(expected, found).hint("gpu_time is not used");
            warn.push(record.place.of(error).place("column gpu_time"));
        }
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.columns = records.layout().width();
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let text = |time: Option<(u64, String)>| time.map_or("-".to_owned(), |(_, text)| text);
        let mut facts = vec![
            ("jobs", self.durations.len().to_string()),
            ("columns", self.columns.to_string()),
            ("first", text(self.first)),
            ("last", text(self.latest)),
            ("sorted_by_time", yes(self.unsorted == 0)),
            ("virtual_clusters", tally(&self.clusters)),
            ("jobs_by_num_gpus", tally(&self.gpus)),
            ("gpu_time_s_sum", written(self.gpu_time, MILLIONTHS)),
            ("gpu_times_not_duration_x_gpus", self.wrong.to_string()),
        ];
        facts.extend(self.passed.facts());
        let unit = "millionths of a second";
        Stat {
            facts,
            columns: vec![Column::of("duration_s", unit, self.durations)],
        }
    }
}
