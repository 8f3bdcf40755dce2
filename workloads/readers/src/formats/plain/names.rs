//! What a column of a plain table can mean, the names by which each meaning is known, and units.

use crate::error::{ReadError, quoted};
use crate::formats::cells::{MILLIONTHS, decimal};
use crate::formats::clock;
use crate::formats::swim::{LATEST, MOST_BYTES};

/// The most cores, GPUs or tasks of one job.
pub(super) const MOST: u64 = 1_000_000_000;

/// What the cells of a column are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Content {
    /// Text.
    Words,
    /// A point in time.
    Moment,
    /// A length of time.
    Span,
    /// Memory or bytes.
    Bytes,
    /// Cores.
    Cores,
    /// GPUs.
    Gpus,
    /// How many, without a unit.
    Count,
    /// Yes or no.
    Flag,
}

/// The meanings: the name in `--columns`, what the cells are, and other names of such columns.
macro_rules! meanings {
    ($($(#[doc = $about:literal])+ $meaning:ident $name:literal $content:ident [$($other:literal)*];)+) => {
        /// What a column of a plain table means.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub(crate) enum Meaning {
            $($(#[doc = $about])+ $meaning,)+
        }

        impl Meaning {
            /// Every meaning.
            pub(crate) const ALL: [Self; [$($name),+].len()] = [$(Self::$meaning),+];

            /// Its name.
            pub(crate) const fn name(self) -> &'static str {
                [$($name),+][self as usize]
            }

            /// What the cells of such a column are.
            pub(crate) const fn kind(self) -> Content {
                [$(Content::$content),+][self as usize]
            }

            /// The names by which such a column is known, the likeliest first.
            pub(crate) const fn known(self) -> &'static [&'static str] {
                match self {
                    $(Self::$meaning => &[$name $(, $other)*],)+
                }
            }

            /// What it means, in words.
            pub(crate) const fn about(self) -> &'static str {
                match self {
                    $(Self::$meaning => concat!($($about),+),)+
                }
            }
        }
    };
}

impl Meaning {
    /// What is called so.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        let name = plain(name);
        let exactly = Self::ALL.into_iter().find(|one| one.name() == name);
        exactly.or_else(|| {
            let mut all = Self::ALL.into_iter();
            all.find(|one| one.known().contains(&name.as_str()))
        })
    }
}

meanings! {
    /// the name of the job
    Job "job" Words ["job_id" "jobid" "job_name" "jobname" "id" "name"];
    /// when it was submitted
    Submit "submit" Moment ["submitted" "submit_time" "submit_at" "submitted_at" "submission"
        "submission_time" "arrival" "arrival_time" "arrived" "arrived_at" "created" "created_at"
        "creation_time" "queued_at" "timestamp" "time"];
    /// when it began to run
    Start "start" Moment ["started" "start_time" "started_at" "start_at" "begin" "begin_time"];
    /// when it ended
    End "end" Moment ["ended" "end_time" "ended_at" "end_at" "finish" "finished" "finish_time"
        "finished_at" "completed" "completed_at" "completion_time"];
    /// how long it ran
    Run "run" Span ["run_time" "runtime" "duration" "elapsed" "elapsed_time" "service_time"
        "execution_time"];
    /// how long it waited for its start
    Wait "wait" Span ["wait_time" "waited" "waiting_time" "queue_time" "queued"];
    /// how long its user said it would run at most
    Estimate "estimate" Span ["time_limit" "timelimit" "requested_time" "req_time" "walltime"
        "wall_time" "max_run_time"];
    /// how many tasks it has, all alike; cores, memory and GPUs are of each
    Tasks "tasks" Count ["num_tasks" "ntasks" "task_count" "instances" "instance_num" "replicas"
        "workers" "num_workers"];
    /// cores
    Cpus "cpus" Cores ["cpu" "cores" "ncpus" "num_cpus" "cpu_count" "num_cores" "ncores"
        "processors" "procs" "num_procs" "vcpus" "req_cpus" "requested_cpus"];
    /// memory
    Mem "mem" Bytes ["memory" "ram" "req_mem" "requested_memory" "mem_request" "memory_request"];
    /// memory that was used
    Used "used" Bytes ["mem_used" "memory_used" "used_memory" "used_mem" "max_rss" "maxrss"
        "peak_memory"];
    /// GPUs
    Gpus "gpus" Gpus ["gpu" "ngpus" "num_gpus" "num_gpu" "gpu_count" "gpu_num" "accelerators"];
    /// the models of GPU that will do, bars between
    Model "gpu_model" Words ["gpu_type" "gpu_spec" "accelerator_type"];
    /// bytes that all of it read
    Read "read" Bytes ["bytes_read" "input"];
    /// bytes that all of it wrote
    Write "write" Bytes ["bytes_written" "written" "output"];
    /// who submitted it
    User "user" Words ["username" "user_name" "user_id" "uid" "owner" "submitter" "tenant"];
    /// the group or account of its user
    Group "group" Words ["account" "project" "team" "group_name" "group_id" "gid" "organisation"
        "organization" "vc"];
    /// the queue it was submitted to
    Queue "queue" Words ["queue_name" "qos"];
    /// the part of the cluster it was for
    Partition "partition" Words ["cluster" "pool" "partition_name"];
    /// larger for more urgent
    Priority "priority" Count ["prio"];
    /// whether its tasks must run at the same time: yes or no
    Gang "gang" Flag ["gang_scheduled" "all_at_once"];
    /// how it ended
    Outcome "outcome" Words ["state" "status" "exit_state" "result" "exit_status"];
    /// what it executed
    Executable "executable" Words ["command" "application" "app" "program"];
    /// the job that had to end before it
    Preceding "preceding" Words ["depends_on" "dependency" "after" "parent" "preceding_job"];
    /// how long after that job's end it was submitted
    Think "think" Span ["think_time"];
}

/// A unit of what the cells of a column are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct ColumnUnit {
    of: Content,
    at: usize,
}

/// Times: microseconds.
const TIMES: [(u64, &[&str]); 6] = [
    (1, &["us", "usec", "micros", "microseconds"]),
    (1000, &["ms", "msec", "millis", "milliseconds"]),
    (1_000_000, &["s", "sec", "secs", "second", "seconds"]),
    (60_000_000, &["min", "mins", "minute", "minutes"]),
    (3_600_000_000, &["h", "hr", "hrs", "hour", "hours"]),
    (86_400_000_000, &["d", "day", "days"]),
];

/// Memory: bytes.
const SIZES: [(u64, &[&str]); 9] = [
    (1, &["b", "byte", "bytes"]),
    (1000, &["kb"]),
    (1 << 10, &["kib", "ki"]),
    (1_000_000, &["mb"]),
    (1 << 20, &["mib", "mi"]),
    (1_000_000_000, &["gb"]),
    (1 << 30, &["gib", "gi"]),
    (1_000_000_000_000, &["tb"]),
    (1 << 40, &["tib", "ti"]),
];

/// Cores: thousandths.
const CORES: [(u64, &[&str]); 2] = [
    (
        1000,
        &["cores", "core", "cpus", "cpu", "processors", "vcpus"],
    ),
    (
        1,
        &[
            "milli",
            "millis",
            "millicores",
            "millicore",
            "millicpus",
            "m",
        ],
    ),
];

/// GPUs: thousandths.
const GPUS: [(u64, &[&str]); 2] = [
    (1000, &["gpus", "gpu"]),
    (1, &["milli", "millis", "milligpus", "milligpu"]),
];

impl Content {
    const fn units(self) -> &'static [(u64, &'static [&'static str])] {
        match self {
            Self::Moment | Self::Span => &TIMES,
            Self::Bytes => &SIZES,
            Self::Cores => &CORES,
            Self::Gpus => &GPUS,
            Self::Words | Self::Count | Self::Flag => &[],
        }
    }

    /// How its cells are written, for people.
    pub(super) fn told(self) -> String {
        let units: Vec<&str> = self.units().iter().map(|(_, names)| names[0]).collect();
        let units = units.join(", ");
        match self {
            Self::Words => "text".to_owned(),
            Self::Moment => format!("a date; {units}"),
            Self::Span => format!("1-02:03:04, 02:03:04; {units}"),
            Self::Bytes | Self::Cores | Self::Gpus => units,
            Self::Count => "a whole number".to_owned(),
            Self::Flag => "yes or no".to_owned(),
        }
    }

    /// The unit called so, whatever its case.
    pub(crate) fn scale(self, name: &str) -> Option<ColumnUnit> {
        let name = name.to_ascii_lowercase();
        let mut units = self.units().iter();
        let at = units.position(|(_, names)| names.contains(&name.as_str()))?;
        Some(ColumnUnit { of: self, at })
    }

    /// The unit of numbers in a column of which nobody says one: only what is counted has one.
    const fn plain(self) -> Option<ColumnUnit> {
        match self {
            Self::Cores | Self::Gpus => Some(ColumnUnit { of: self, at: 0 }),
            _ => None,
        }
    }
}

impl ColumnUnit {
    const fn told(self) -> (u64, &'static [&'static str]) {
        self.of.units()[self.at]
    }

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        self.told().1[0]
    }

    /// Microseconds, as columns of Parquet and Arrow say by their type.
    pub(super) const MICROSECONDS: Self = Self::of_time(0);
    /// Milliseconds.
    pub(super) const MILLISECONDS: Self = Self::of_time(1);
    /// Seconds.
    pub(super) const SECONDS: Self = Self::of_time(2);
    /// Days.
    pub(super) const DAYS: Self = Self::of_time(5);

    /// A unit of [`TIMES`].
    const fn of_time(at: usize) -> Self {
        let of = Content::Moment;
        Self { of, at }
    }
}

/// The name of a column as it is compared: `Run Time (s)` is `run_time_s`.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    let mut before = 'a';
    for letter in name.trim_ascii().chars() {
        // `submitTime` is `submit_time`, but `GPUs` are `gpus` and `GiB` are `gib`.
        let hump = letter.is_ascii_uppercase() && before.is_ascii_lowercase();
        if hump && !(before == 'i' && letter == 'B') {
            plain.push('_');
        }
        if letter.is_alphanumeric() {
            plain.extend(letter.to_lowercase());
        } else if !plain.ends_with('_') {
            plain.push('_');
        }
        before = letter;
    }
    plain.trim_matches('_').to_owned()
}

/// What a column means by its name, and the unit that its name tells; the lower the number, the
/// likelier it is.
fn guess(name: &str, meaning: Meaning) -> Option<(usize, Option<ColumnUnit>)> {
    // A percentage is of something else.
    let name = Some(plain(name)).filter(|_| !name.contains('%'))?;
    let at = |name: &str| meaning.known().iter().position(|known| *known == name);
    if let Some(at) = at(&name) {
        return Some((at, None));
    }
    let (name, unit) = name.rsplit_once('_')?;
    let scale = meaning.kind().scale(unit)?;
    Some((at(name)?, Some(scale)))
}

/// The unit that a column's name ends with, or is.
fn unit_of(name: &str, content: Content) -> Option<ColumnUnit> {
    let name = plain(name);
    let end = name.rsplit_once('_').map_or(name.as_str(), |pair| pair.1);
    content.scale(end)
}

/// Where a column stands that means something, and the unit of its numbers, if that is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TableColumn {
    pub(super) position: usize,
    pub(super) scale: Option<ColumnUnit>,
}

/// The column of that name; it is what somebody says it is.
pub(super) fn said(
    names: &[String],
    meaning: Meaning,
    name: &str,
    scale: Option<ColumnUnit>,
) -> Option<TableColumn> {
    let position = names.iter().position(|known| known.trim_ascii() == name)?;
    let scale = scale.or_else(|| unit_of(name, meaning.kind()));
    Some(TableColumn {
        position,
        scale: scale.or(meaning.kind().plain()),
    })
}

/// The column that looks most like it, of those that are not taken.
pub(super) fn guessed(names: &[String], meaning: Meaning, taken: &[usize]) -> Option<TableColumn> {
    let columns = names.iter().enumerate();
    let free = columns.filter(|(position, _)| !taken.contains(position));
    let told = free.filter_map(|(position, name)| {
        let (likely, scale) = guess(name, meaning)?;
        Some((likely, position, scale))
    });
    let (_, position, scale) = told.min_by_key(|(likely, position, _)| (*likely, *position))?;
    Some(TableColumn {
        position,
        scale: scale.or(meaning.kind().plain()),
    })
}

/// A point in time in microseconds: a date, or a number where the unit is known.
pub(super) fn moment(text: &str, scale: Option<ColumnUnit>) -> Result<u64, ReadError> {
    match scale {
        Some(scale) => amount(text, scale, "seconds", LATEST * 1_000_000),
        None => clock::moment(text).ok_or_else(|| {
            let expected = "a date such as 2026-01-05T08:00:30, or a number and its unit";
            let error = ReadError::expected(expected, quoted(text));
            error.hint(
                "say the unit in the column's name (submit_s) or with --columns \
                 (submit=arrival:s)",
            )
        }),
    }
}

/// A length of time in microseconds: `1-02:03:04`, or a number where the unit is known.
pub(super) fn span(text: &str, scale: Option<ColumnUnit>) -> Result<u64, ReadError> {
    // `1:30` could be minutes or hours.
    let clear = text.contains('-') || text.bytes().filter(|byte| *byte == b':').count() == 2;
    if let Some(span) = clock::span(text).filter(|_| clear) {
        return Ok(span);
    }
    match scale.or_else(|| own_unit(text, Content::Span)) {
        Some(scale) => amount(number_of(text, scale), scale, "seconds", LATEST * 1_000_000),
        None => Err(unstated("a time such as 1:02:03 or 90s", "run_s", text)),
    }
}

/// Bytes: `16GiB`, or a number where the unit is known.
pub(super) fn bytes(text: &str, scale: Option<ColumnUnit>) -> Result<u64, ReadError> {
    match own_unit(text, Content::Bytes).or(scale) {
        Some(scale) => amount(number_of(text, scale), scale, "bytes", MOST_BYTES),
        None => Err(unstated("memory such as 16GiB", "mem_gib", text)),
    }
}

fn unstated(expected: &str, name: &str, found: &str) -> ReadError {
    let error = ReadError::expected(
        format!("{expected}, or a number and its unit"),
        quoted(found),
    );
    error.hint(format!(
        "say the unit in the column's name ({name}) or with --columns"
    ))
}

/// The unit that stands behind a number.
fn own_unit(text: &str, content: Content) -> Option<ColumnUnit> {
    let end = text.rfind(|c: char| c.is_ascii_digit() || c == '.')?;
    content.scale(text[end + 1..].trim_ascii())
}

/// The number without the unit behind it.
fn number_of(text: &str, scale: ColumnUnit) -> &str {
    let end = text.rfind(|c: char| c.is_ascii_digit() || c == '.');
    let (number, unit) = text.split_at(end.map_or(0, |end| end + 1));
    let same = scale
        .told()
        .1
        .contains(&unit.trim_ascii().to_ascii_lowercase().as_str());
    if same { number } else { text }
}

/// Cores or GPUs in thousandths.
pub(super) fn thousandths(text: &str, scale: ColumnUnit, what: &str) -> Result<u64, ReadError> {
    amount(text, scale, what, MOST * 1000)
}

/// A number of a unit in the smallest one of its kind, at most so many.
fn amount(text: &str, scale: ColumnUnit, what: &str, most: u64) -> Result<u64, ReadError> {
    let (factor, names) = scale.told();
    // Digits behind the point, as long as they can count.
    let digits = match factor {
        1 => 0,
        _ => MILLIONTHS.min(factor.ilog10() + 1),
    };
    let unit = match scale.of {
        Content::Moment | Content::Span => names.last().unwrap_or(&what),
        _ => what,
    };
    let amount = decimal(text, unit, digits, most.div_ceil(factor))?;
    let parts = 10_u128.pow(digits);
    let whole = (u128::from(amount) * u128::from(factor) + parts / 2) / parts;
    u64::try_from(whole).map_err(|_| ReadError::expected(format!("fewer {unit}"), quoted(text)))
}

/// Yes or no.
pub(super) fn flag(text: &str) -> Result<bool, ReadError> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "yes" | "true" | "y" => Ok(true),
        "0" | "no" | "false" | "n" | "" => Ok(false),
        _ => Err(ReadError::expected("yes or no", quoted(text))),
    }
}
