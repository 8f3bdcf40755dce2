//! The file `accounting`: a line for each run of a job or of a task of an array, fields with colons between.
//!
//! 45 fields at most before Univa 8.2, which has more at the end and times in milliseconds. What was asked for stands
//! in `category` as the options of `qsub`. Where the slots of a parallel job were is not told.

use crate::formats::batch::lines::{AccountLines, NamesUnread, RecordLine};
use crate::formats::batch::notation::{MOST, MOST_SECONDS, count, memory, span};
use crate::formats::batch::{self, Accounted, Chunk, RunPhase};
use crate::formats::cells::decimal;
use crate::formats::prelude::*;
use crate::formats::swim::number as number_of;

pub(crate) const FORM: Form = Form {
    about: "jobs of a Grid Engine cluster that are over, a line each (accounting)",
    signs: &[Headed(looks_so), Begins("# Version: ")],
    unkept: &[
        "hostname", "account", "priority", "the signal in exit_status", "ru_wallclock", "ru_*", "mem", "io", "iow",
        "arid", "soft requests", "fields behind the 45th but for maxrss",
    ],
    import: Ok(|import, path| {
        import.assume("memory used", "maxrss where the account has it, or else maxvmem, which is virtual");
        import.assume(
            "requests of -l",
            "memory (m_mem_free, mem_free, h_rss, h_vmem or virtual_free, the first that is there) for each slot, GPUs \
             (gpu, gpus, ngpus, cuda or num_gpu) for the job",
        );
        let shape = "a task a slot, all at the same time; slots of a parallel environment whose name tells of threads \
                     or shared memory are one task; of a job with GPUs as many tasks as those, where slots divide so";
        batch::import::<Records>(import, path, shape)
    }),
    samples: &[
        "\
# Version: 8.1.9
all.q:n1:staff:ann:train:22947:sge:0:1310761621:1311095354:1311095414:0:0:60:60.05:0.08:104188.0:0:0:0:0:28001:0:0:\
0.0:24:0:0:0:41:549:vision:defaultdepartment:mpi:4:0:60.13:7.33:0.000044:-u ann -l h_rt=36000,mem_free=2G -pe mpi 4:\
0.0:NONE:189153280.0:0:0
all.q:n1:staff:bob:a:22948:sge:0:1310761621:1311095354:1311095414:0:1:60:60.05:0.08:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:\
NONE:bio:NONE:1:3:60.13:7.33:0.0:-l s_rt=600:0.0:NONE:1048576:0:0
all.q:n1:staff:bob:a:22948:sge:0:1310761621:0:0:21:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:NONE:bio:NONE:1:4:0:0:0:NONE:\
0.0:NONE:0:0:0
",
        "\
gpu:g1:ml:ann:net:4437956:sge:0:1652111621288:1652111622875:1652124460193:25:0:12837.318:1:2:648376:0:0:0:0:0:0:0:0:8:\
0:0:0:0:0:NONE:research:threads:16:0:198790.352:1680849.5:0.49:-q gpu -l gpu=1,m_mem_free=1.000G -pe threads 16 \
-binding no_job_binding 0 0:0.0:NONE:9323855872:0:0:NONE:NONE:668106752:638583808:dev1:x:qsub a.sh:12838.83:954601
gpu:g1:ml:ann:net:4437956:sge:0:1652111621288:1652130000000:1652140000000:0:0:10000:1:2:648376:0:0:0:0:0:0:0:0:8:\
0:0:0:0:0:NONE:research:threads:16:0:198790.352:1680849.5:0.49:-q gpu -l gpu=1,m_mem_free=1.000G -pe threads 16 \
-binding no_job_binding 0 0:0.0:NONE:9323855872:0:0:NONE:NONE:668106752:638583808:dev1:x:qsub a.sh:12838.83:954601
",
    ],
    ..Form::of::<Records>()
};

/// The records of an account.
pub(crate) type Records = AccountLines<SgeLine>;

/// What is said of a line of the account.
#[derive(Default)]
pub(crate) struct SgeLine;

/// The fields that every version has: all up to the number of a task.
const LEAST: usize = 36;
/// Failures after which a job is started again: it was moved, or scheduled anew.
const AGAIN: [&str; 2] = ["24", "25"];
/// Words in names of parallel environments whose slots are on one host.
const SHARED: [&str; 7] = [
    "smp",
    "thread",
    "omp",
    "shm",
    "shared",
    "multicore",
    "serial",
];
/// Memory of a slot, by the names under which it is asked for.
const MEMORY: [&str; 5] = ["m_mem_free", "mem_free", "h_rss", "h_vmem", "virtual_free"];
/// GPUs, by the names under which they are asked for.
const GPUS: [&str; 5] = ["gpu", "gpus", "ngpus", "cuda", "num_gpu"];
/// Names under which a model of GPU is asked for.
const MODELS: [&str; 3] = ["gpu_type", "gpu_model", "gputype"];

/// Whether a line is one of an account.
fn looks_so(line: &str) -> bool {
    let fields: Vec<&str> = line.split(':').collect();
    let digits = |at: usize| {
        let field = fields.get(at).copied().unwrap_or_default();
        !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit())
    };
    fields.len() >= LEAST && [5, 8, 9, 10, 34, 35].into_iter().all(digits)
}

/// The fields of a line.
struct SgeFields<'a>(Vec<&'a str>);

impl<'a> SgeFields<'a> {
    /// The field of this number, counted from one; nothing where it says so.
    fn get(&self, number: usize) -> &'a str {
        let text = self.0.get(number - 1).copied().unwrap_or_default();
        if text == "NONE" { "" } else { text }
    }

    /// What is read of a field that says something.
    fn of<T>(
        &self,
        number: usize,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, ReadError>,
    ) -> Result<Option<T>, ReadError> {
        let text = Some(self.get(number)).filter(|text| !text.is_empty());
        let placed = |error: ReadError| error.place(format!("field {number} ({name})"));
        text.map(|text| read(text).map_err(placed)).transpose()
    }

    /// A time in microseconds: seconds since 1970, or milliseconds; nothing for zero.
    fn time(&self, number: usize, name: &str) -> Result<Option<u64>, ReadError> {
        let time = self.of(number, name, |text| match text.strip_prefix('-') {
            Some(_) => Ok(0),
            None => number_of(
                text,
                "seconds or milliseconds since 1970",
                MOST_SECONDS * 1000,
            ),
        })?;
        // No clock shows as many seconds.
        let micros = time.map(|time| {
            if time > MOST_SECONDS {
                millis(time)
            } else {
                seconds(time)
            }
        });
        Ok(micros.filter(|micros| *micros > 0))
    }

    /// An amount in millionths, of which there may be none.
    fn amount(&self, number: usize, name: &str, most: u64) -> Result<Option<u64>, ReadError> {
        let amount = self.of(number, name, |text| decimal(text, name, 6, most))?;
        Ok(amount.filter(|amount| *amount > 0))
    }
}

impl RecordLine for SgeLine {
    const MEMBER: &'static str = "accounting";
    const ABOUT: &'static str = "a line a job: qname:hostname:group:owner:job_name:job_number:...";
    const COMMENT: Option<char> = Some('#');

    fn read(&mut self, line: &str, _: &mut NamesUnread) -> Result<Accounted, ReadError> {
        if line.len() <= 1 {
            return Ok(Accounted::other(
                "-",
                "lines of one letter, which mean nothing",
            ));
        }
        let fields = SgeFields(line.split(':').collect());
        if fields.0.len() < LEAST {
            let expected = format!("at least {LEAST} fields with colons between");
            let found = format!("{} fields", fields.0.len());
            return Err(ReadError::expected(expected, found).hint(Self::ABOUT));
        }
        if !fields.get(42).is_empty() {
            let why = "tasks of a parallel job, which has a record of its own";
            return Ok(Accounted::other("pe_task", why));
        }
        record(&fields)
    }
}

/// A number that names something.
fn number_in(text: &str, what: &str) -> Result<u64, ReadError> {
    count(text, what).map_err(|_| ReadError::expected(what, quoted(text)))
}

fn record(fields: &SgeFields<'_>) -> Result<Accounted, ReadError> {
    let job = fields.of(6, "job_number", |text| {
        number_in(text, "the number of a job")
    })?;
    let job = job.ok_or_else(|| {
        ReadError::expected("the number of a job", "nothing").place("field 6 (job_number)")
    })?;
    let task = fields.of(36, "task_number", |text| {
        number_in(text, "the number of a task")
    })?;
    let slots = fields.of(35, "slots", |text| count(text, "slots"))?;
    let failed = fields
        .get(12)
        .split_ascii_whitespace()
        .next()
        .unwrap_or_default();
    let asked = Requests::read(fields.get(40))?;
    let (start, end) = (fields.time(10, "start_time")?, fields.time(11, "end_time")?);
    // Not every version with so many fields has this one there.
    let used = match fields.amount(48, "maxrss", MOST * 1000).unwrap_or_default() {
        Some(bytes) => Some(bytes),
        None => fields
            .of(43, "maxvmem", |text| memory(text, 1))?
            .map(|kib| kib.saturating_mul(1024 * 1_000_000)),
    };
    let department = Some(fields.get(33)).filter(|name| *name != "defaultdepartment");
    let project = Some(fields.get(32)).filter(|name| !name.is_empty());
    let word = |number: usize| fields.get(number).to_owned();
    let cpu = fields.of(37, "cpu", |text| decimal(text, "seconds", 6, MOST))?;
    Ok(Accounted {
        kind: if failed == "0" {
            "job".to_owned()
        } else {
            format!("failed {failed}")
        },
        phase: if AGAIN.contains(&failed) {
            RunPhase::Again
        } else {
            RunPhase::Over
        },
        id: match task.filter(|task| *task > 0) {
            Some(task) => format!("{job}.{task}"),
            None => job.to_string(),
        },
        name: word(5),
        user: word(4),
        group: project.or(department).unwrap_or_default().to_owned(),
        queue: word(1),
        submit: fields.time(9, "submission_time")?,
        start,
        end: end.filter(|_| start.is_some()),
        limit: asked.limit,
        chunks: asked.chunks(slots.unwrap_or(1).max(1), fields.get(34)),
        used: used.map(|bytes| (bytes / 1_000_000).div_ceil(1024)),
        busy: cpu,
        outcome: match failed {
            "0" | "" => word(13),
            failed => format!("failed {failed}"),
        },
        ..Accounted::default()
    })
}

/// What a job asked for, as its category tells.
#[derive(Default)]
struct Requests {
    /// In microseconds.
    limit: Option<u64>,
    /// Of a slot, in KiB.
    memory: Option<u64>,
    gpus: Option<u64>,
    model: String,
}

/// What is read of a request; nothing where there is no limit.
fn request(
    told: Option<(&str, &str)>,
    read: impl FnOnce(&str) -> Result<u64, ReadError>,
) -> Result<Option<u64>, ReadError> {
    let read = |(name, text): (&str, &str)| {
        read(text).map_err(|error| error.place(format!("field 40 (category), {name}")))
    };
    told.filter(|(_, text)| !text.eq_ignore_ascii_case("infinity"))
        .map(read)
        .transpose()
}

impl Requests {
    /// Understands `-q gpu -l gpu=1,h_rt=3600 -pe mpi 4`; what is softly asked for is passed over.
    fn read(category: &str) -> Result<Self, ReadError> {
        let mut told: BTreeMap<&str, &str> = BTreeMap::new();
        let mut words = category.split_ascii_whitespace();
        let mut soft = false;
        while let Some(word) = words.next() {
            match word {
                "-soft" => soft = true,
                "-hard" => soft = false,
                "-l" => {
                    let list = words.next().unwrap_or_default();
                    if !soft {
                        told.extend(list.split(',').filter_map(|one| one.split_once('=')));
                    }
                    soft = false;
                }
                _ => {}
            }
        }
        let first = |names: &'static [&'static str]| {
            let mut found = names
                .iter()
                .filter_map(|name| Some((*name, *told.get(name)?)));
            found.next()
        };
        let gpus = request(first(&GPUS), |text| decimal(text, "GPUs", 3, 1_000_000))?;
        Ok(Self {
            limit: request(first(&["h_rt", "s_rt"]), span)?,
            memory: request(first(&MEMORY), |text| memory(text, 1))?,
            gpus: gpus.filter(|gpus| *gpus > 0),
            model: first(&MODELS).map_or(String::new(), |(_, model)| model.to_owned()),
        })
    }

    /// The tasks of a job with so many slots of an environment.
    fn chunks(self, slots: u64, environment: &str) -> Vec<Chunk> {
        let name = environment.to_ascii_lowercase();
        let whole = self
            .gpus
            .filter(|gpus| gpus.is_multiple_of(1000))
            .map(|gpus| gpus / 1000);
        let count = match whole {
            _ if SHARED.iter().any(|word| name.contains(word)) => 1,
            Some(gpus) if gpus <= slots && slots.is_multiple_of(gpus) => gpus,
            _ => slots,
        };
        let each = slots / count;
        vec![Chunk {
            count,
            cpus: Some(each.saturating_mul(1000)),
            memory: self.memory.map(|memory| memory.saturating_mul(each)),
            gpus: batch::each_of(self.gpus, count),
            model: self.model,
        }]
    }
}
