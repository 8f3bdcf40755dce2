//! The tables of a canonical trace. What is said here once is the rows, the Parquet columns, the text
//! form, the digest and the page that describes them (`workloads/CANONICAL.md`).

use parquet::data_type::ByteArray;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::OLDEST;
use super::columns::Column as Cells;
use crate::error::{ReadError, quoted};

/// The largest number in any column: Parquet's whole numbers have 63 bits.
pub const MOST: u64 = i64::MAX as u64;

/// What stands in a column.
pub trait Cell: Sized {
    /// `whole number` or `text`.
    const TEXT: bool;
    /// Whether it may be missing.
    const OPTIONAL: bool;
    /// Puts it into a column.
    fn put(&self, column: &mut Buffer);
    /// Takes the next one of a table's column, where there is one.
    ///
    /// # Errors
    /// When something else stands there.
    fn maybe(cells: &mut Cells) -> Result<Option<Self>, ReadError>;
    /// Takes the next one.
    ///
    /// # Errors
    /// When something else or nothing stands there.
    fn take(cells: &mut Cells) -> Result<Self, ReadError> {
        Self::maybe(cells)?.ok_or_else(|| cells.wrong("a value", "nothing"))
    }
    /// Adds it to a digest.
    fn digest(&self, hasher: &mut blake3::Hasher);
}

/// A column on its way to Parquet.
#[derive(Default)]
pub struct Buffer {
    pub(crate) whole: Vec<i64>,
    pub(crate) text: Vec<ByteArray>,
    pub(crate) defined: Vec<i16>,
}

impl Cell for u64 {
    const TEXT: bool = false;
    const OPTIONAL: bool = false;
    fn put(&self, column: &mut Buffer) {
        column.whole.push(self.cast_signed());
    }
    fn maybe(cells: &mut Cells) -> Result<Option<Self>, ReadError> {
        cells.whole()
    }
    fn digest(&self, hasher: &mut blake3::Hasher) {
        hasher.update(&self.to_le_bytes());
    }
}

impl Cell for String {
    const TEXT: bool = true;
    const OPTIONAL: bool = false;
    fn put(&self, column: &mut Buffer) {
        column.text.push(self.as_str().into());
    }
    fn maybe(cells: &mut Cells) -> Result<Option<Self>, ReadError> {
        cells.text()
    }
    fn digest(&self, hasher: &mut blake3::Hasher) {
        hasher.update(&(self.len() as u64).to_le_bytes());
        hasher.update(self.as_bytes());
    }
}

/// Why it is not known how long a task ran.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unknown {
    /// It never started: it adds no load.
    Unstarted,
    /// It ended, but the times that are told cannot be right.
    Damaged,
    /// The trace does not hold all of its run: it was still running at the end, or had begun before.
    Censored,
}

impl Unknown {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unstarted, Self::Damaged, Self::Censored];

    /// The word that stands in a column.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unstarted => "unstarted",
            Self::Damaged => "damaged",
            Self::Censored => "censored",
        }
    }
}

impl Cell for Unknown {
    const TEXT: bool = true;
    const OPTIONAL: bool = false;
    fn put(&self, column: &mut Buffer) {
        column.text.push(self.word().into());
    }
    fn maybe(cells: &mut Cells) -> Result<Option<Self>, ReadError> {
        let Some(text) = cells.text()? else {
            return Ok(None);
        };
        let known = Self::ALL.into_iter().find(|one| one.word() == text);
        let expected = "`unstarted`, `damaged` or `censored`";
        known
            .map(Some)
            .ok_or_else(|| cells.wrong(expected, quoted(&text)))
    }
    fn digest(&self, hasher: &mut blake3::Hasher) {
        self.word().to_owned().digest(hasher);
    }
}

impl<T: Cell> Cell for Option<T> {
    const TEXT: bool = T::TEXT;
    const OPTIONAL: bool = true;
    fn put(&self, column: &mut Buffer) {
        column.defined.push(i16::from(self.is_some()));
        if let Some(cell) = self {
            cell.put(column);
        }
    }
    fn maybe(cells: &mut Cells) -> Result<Option<Self>, ReadError> {
        T::maybe(cells).map(Some)
    }
    fn take(cells: &mut Cells) -> Result<Self, ReadError> {
        T::maybe(cells)
    }
    fn digest(&self, hasher: &mut blake3::Hasher) {
        hasher.update(&[u8::from(self.is_some())]);
        if let Some(cell) = self {
            cell.digest(hasher);
        }
    }
}

/// One column for people and for Parquet.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Whether it is text; otherwise it is a whole number.
    pub text: bool,
    /// Whether it may be missing.
    pub optional: bool,
    /// The version of the form since which it is there: older traces have none.
    pub since: u32,
    /// What it says.
    pub about: &'static str,
}

/// A table of the trace by its rows.
pub trait Table: Serialize + DeserializeOwned + Clone + PartialEq {
    /// Its name, which is also that of its file.
    const NAME: &'static str;
    /// What it holds.
    const ABOUT: &'static str;
    /// Its columns.
    const TABLE: &'static [Column];
    /// What its rows are sorted by first.
    fn key(&self) -> u64;
    /// What they are sorted by then; rows that are equal in both keep their order.
    fn then(&self) -> u64 {
        0
    }
    /// Puts a row into columns.
    fn put(&self, columns: &mut [Buffer]);
    /// Takes the next row of columns.
    ///
    /// # Errors
    /// When something stands there that the table cannot have.
    fn take(columns: &mut [Cells]) -> Result<Self, ReadError>;
    /// Adds a row to the digest of a trace of a version.
    fn digest(&self, hasher: &mut blake3::Hasher, version: u32);
}

/// The version of a column that says none.
macro_rules! since {
    () => {
        OLDEST
    };
    ($since:literal) => {
        $since
    };
}

/// Tables by their columns; one that came later says with which version.
macro_rules! tables {
    ($(
        #[doc = $about:literal]
        $row:ident, $name:literal, by $key:ident $(then $then:ident)? {
            $(#[doc = $told:literal] $field:ident: $type:ty $(= $since:literal)?,)+
        }
    )+) => {
        $(
            #[doc = $about]
            #[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            pub struct $row {
                $(#[doc = $told] pub $field: $type,)+
            }

            impl Table for $row {
                const NAME: &'static str = $name;
                const ABOUT: &'static str = $about;
                const TABLE: &'static [Column] = &[$(Column {
                    name: stringify!($field),
                    text: <$type as Cell>::TEXT,
                    optional: <$type as Cell>::OPTIONAL,
                    since: since!($($since)?),
                    about: $told,
                }),+];

                fn key(&self) -> u64 {
                    self.$key
                }

                $(fn then(&self) -> u64 {
                    self.$then
                })?

                fn put(&self, columns: &mut [Buffer]) {
                    let mut columns = columns.iter_mut();
                    $(if let Some(column) = columns.next() {
                        self.$field.put(column);
                    })+
                }

                fn take(columns: &mut [Cells]) -> Result<Self, ReadError> {
                    let mut columns = columns.iter_mut();
                    let mut next = || columns.next().ok_or_else(|| ReadError::said("a short row"));
                    Ok(Self { $($field: Cell::take(next()?)?,)+ })
                }

                fn digest(&self, hasher: &mut blake3::Hasher, version: u32) {
                    $(if since!($($since)?) <= version {
                        self.$field.digest(hasher);
                    })+
                }
            }
        )+

        /// One row of any table: a line of the text form.
        #[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum AnyRow {
            $(#[doc = $about] $row($row),)+
        }

        /// Every table's name, what it holds, and its columns.
        pub const TABLES: &[(&str, &str, &[Column])] =
            &[$(($name, $about, <$row as Table>::TABLE)),+];
    };
}

tables! {
    /// The machines of the clusters, with what they have at first.
    Machine, "machines", by id {
        /// Its number.
        id: u64,
        /// The cluster it belongs to.
        cluster: String,
        /// Its name in the source.
        name: String,
        /// Its type; of a machine with GPUs often their model.
        platform: Option<String>,
        /// Processors, in the trace's unit.
        cpus: Option<u64>,
        /// Memory, in the trace's unit.
        memory: Option<u64>,
        /// GPUs, in thousandths.
        gpus: Option<u64>,
    }
    /// Machines that go (`down`), come back (`up`) or change.
    Change, "changes", by machine {
        /// The machine's number.
        machine: u64,
        /// When, in microseconds.
        time: u64,
        /// `up`, `down` or `change`.
        kind: String,
        /// Processors from then on, in the trace's unit.
        cpus: Option<u64>,
        /// Memory from then on, in the trace's unit.
        memory: Option<u64>,
    }
    /// Who submits work: users, virtual clusters, queues, applications.
    Tenant, "tenants", by id {
        /// Its number.
        id: u64,
        /// Its name in the source.
        name: String,
    }
    /// The jobs.
    Job, "jobs", by id {
        /// Its number: the order in which jobs first appear.
        id: u64,
        /// Its name in the source.
        name: String,
        /// Who submitted it.
        tenant: Option<u64>,
        /// When it was submitted, in microseconds; missing where the source has no arrivals.
        submit: Option<u64>,
        /// Its priority, larger for more urgent.
        priority: Option<u64>,
        /// 1 for a job whose tasks must all run at the same time, 0 for any other.
        gang: u64,
        /// How it ended, in the words of the source.
        outcome: Option<String>,
        /// How long it waited for its start in the source, in microseconds.
        wait: Option<u64>,
        /// How long its user said it would run at most, in microseconds.
        estimate: Option<u64>,
        /// Processors it asked for, in the trace's unit, where its tasks have those it was given.
        requested: Option<u64>,
        /// The group of its tenant.
        group: Option<String>,
        /// What it executed.
        executable: Option<String>,
        /// The queue it was submitted to.
        queue: Option<String>,
        /// The part of the cluster it was for.
        partition: Option<String>,
        /// The name of the job that had to end before this one was submitted.
        preceding: Option<String>,
        /// How long after that job's end it was submitted, in microseconds.
        think: Option<u64>,
        /// Its class of service in the words of the source: how sensitive to latency it is, or how it is treated.
        class: Option<String> = 3,
    }
    /// The stages of the jobs. A job without stages is one stage.
    Stage, "stages", by job {
        /// The job.
        job: u64,
        /// Its number within the job.
        stage: u64,
        /// Its name in the source.
        name: String,
    }
    /// Which stage waits for which.
    Edge, "edges", by job {
        /// The job.
        job: u64,
        /// The stage that waits.
        stage: u64,
        /// The stage that it waits for.
        parent: u64,
    }
    /// The tasks: a row stands for as many as are alike.
    Tasks, "tasks", by job {
        /// The job.
        job: u64,
        /// The stage within the job; 0 where the job has none.
        stage: u64,
        /// How many tasks.
        count: u64,
        /// How long each runs, in microseconds; of a `censored` one, how much of it the trace holds.
        run: Option<u64>,
        /// Why `run` is not how long each ran: `unstarted`, `damaged` or `censored`.
        unknown: Option<Unknown>,
        /// Processors of each, in the trace's unit.
        cpus: Option<u64>,
        /// Memory of each, in the trace's unit: what it asked for, or else what it used.
        memory: Option<u64>,
        /// Memory that each used, in the trace's unit, where `memory` is what it asked for.
        used: Option<u64>,
        /// GPUs of each, in thousandths.
        gpus: Option<u64>,
        /// Bytes that all of them read together.
        read: Option<u64>,
        /// Bytes that all of them write together.
        write: Option<u64>,
        /// How long each waited for its first start, in microseconds, where tasks of a job wait apart.
        wait: Option<u64> = 3,
        /// How often each was started.
        attempts: Option<u64> = 3,
        /// How each ended, in the words of the source.
        outcome: Option<String> = 3,
        /// The models of GPU that will do, in the words of the source.
        model: Option<String> = 3,
        /// Processor time that each used, in microseconds, over all of its processors.
        busy: Option<u64> = 3,
    }
    /// Services that answer requests.
    Service, "services", by id {
        /// Its number.
        id: u64,
        /// Its name in the source.
        name: String,
        /// Whose it is.
        tenant: Option<u64>,
        /// Memory of one instance, in the trace's unit.
        memory: Option<u64>,
    }
    /// The load of the services.
    Load, "loads", by service then start {
        /// The service.
        service: u64,
        /// When the step begins, in microseconds.
        start: u64,
        /// How long it is, in microseconds; a request that is told alone has a step of 1.
        length: u64,
        /// Requests that arrive in it.
        requests: u64,
        /// How long these take together, in microseconds.
        work: Option<u64>,
        /// What they read: tokens or bytes.
        read: Option<u64>,
        /// What they write: tokens or bytes.
        write: Option<u64>,
    }
    /// What jobs used while they ran.
    Usage, "usage", by job {
        /// The job.
        job: u64,
        /// When the period begins, in microseconds.
        start: u64,
        /// How long it is, in microseconds.
        length: u64,
        /// Processors used, in millionths of what the job has.
        cpus: u64,
        /// Memory used, in the trace's unit.
        memory: Option<u64> = 3,
    }
}
