//! The tasks of a workflow as Nextflow's trace file has them (`nextflow run -with-trace`): any columns
//! in any order, for people or raw.
//!
//! Source: the documentation of Nextflow (trace file; `trace.fields`, `trace.raw`, `trace.sep`). A row is
//! an attempt at a task, written when it ends; of a run that was broken off the tasks under way come last.
//! Times for people are local to whoever ran it and lengths of time are rounded there, raw ones are milliseconds
//! since 1970; memory is in bytes and powers of 1024, 100 % of CPU is a core. Who waits for whom is in
//! no trace file: a task comes when Nextflow submitted it, which is when all that it waits for was done.

mod import;
mod notation;
mod rows;

use crate::canonical::tables::Job;
use crate::formats::prelude::*;
use notation::{moment, percent, size, span};
use rows::{Records, looks_so};

/// The most cores, attempts or accelerators of a task.
const MOST: u64 = 1_000_000;

pub(crate) const FORM: Form = Form {
    about: "tasks of a Nextflow workflow, any columns in any order (-with-trace)",
    signs: &[
        Begins("task_id\thash\t"),
        Begins("task_id,hash,"),
        Headed(looks_so),
    ],
    unkept: &["exit"],
    import: Ok(import::import),
    samples: &[
        "\
task_id\thash\tnative_id\tname\tstatus\texit\tsubmit\tduration\trealtime\t%cpu\tpeak_rss\tpeak_vmem\trchar\twchar
1\tdd/eb5b0d\t21609\tALIGN (a)\tFAILED\t137\t2026-01-05 08:00:00.125\t1m 3s\t1m\t187.5%\t4.5 GB\t9 GB\t1.2 GB\t0
2\tb3/ef8b23\t21620\tINDEX\tCACHED\t0\t2026-01-04 08:00:00.000\t1.1s\t33ms\t0.0%\t0\t0\t0\t0
3\t1a/000000\t-\tQC (b\tc)\tABORTED\t-\t-\t-\t-\t-\t-\t-\t-\t-
4\t0c/4f2a11\t21700\tALIGN (a)\tCOMPLETED\t0\t2026-01-05 08:01:05.000\t1h 2m 3s\t1h 2m\t95.0%\t6 GB\t9 GB\t1.2 GB\t512 MB
",
        "\
task_id,process,name,status,attempt,submit,start,complete,realtime,cpus,memory,time,queue,%cpu,rss,script,accelerator,accelerator_type
7,TRAIN,TRAIN (1),FAILED,1,1767600000000,1767600010000,1767600070000,60000,4,8589934592,3600000,gpu,390.1,4294967296,python a.py,1,nvidia-a100
8,TRAIN,TRAIN (1),COMPLETED,2,1767600080000,1767600081000,1767603681000,3600000,4,17179869184,7200000,gpu,388,8589934592,cd x
python a.py, b.py,1,nvidia-a100
9,REPORT,REPORT,RUNNING,1,1767600080000,1767600081000,-,-,1,-,-,-,-,-,-,-,-
",
    ],
    ..Form::of::<Records>()
};

/// An attempt at a task.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Option<Place>,
    /// Which of the files it stands in, each of one run of a workflow.
    pub run: u64,
    /// Its number within the run.
    pub id: u64,
    /// Its process and what tells it from others of that.
    pub name: String,
    /// The process.
    pub process: String,
    /// `COMPLETED`, `FAILED`, `ABORTED`, `CACHED`, or what a task under way is.
    pub status: String,
    /// Which attempt it is.
    pub attempt: Option<u64>,
    /// The exit status of its script.
    pub exit: Option<u64>,
    /// When it was submitted, in microseconds since 1970.
    pub submit: Option<u64>,
    /// When it began to run.
    pub start: Option<u64>,
    /// When it was over.
    pub complete: Option<u64>,
    /// From its submission to its end.
    pub duration: Option<u64>,
    /// How long it ran.
    pub realtime: Option<u64>,
    /// CPU that it used, in thousandths of a percent of a core.
    pub cpu: Option<u64>,
    /// The cores that it asked for, in thousandths.
    pub cpus: Option<u64>,
    /// The memory that it asked for, in bytes.
    pub memory: Option<u64>,
    /// The memory that it used, in bytes.
    pub used: Option<u64>,
    /// How long it may run.
    pub limit: Option<u64>,
    /// The queue of the executor.
    pub queue: String,
    /// Bytes that it read.
    pub read: Option<u64>,
    /// Bytes that it wrote.
    pub written: Option<u64>,
    /// Its accelerators.
    pub gpus: Option<u64>,
    /// Their model.
    pub model: String,
    /// Whether any of its times was told raw.
    pub raw: bool,
}

/// A cell of a row by its column, where something is written.
type Row<'a> = dyn Fn(&'static str) -> Option<Cell<'a>> + 'a;

impl Record {
    fn read(row: &Row<'_>) -> Result<Self, ReadError> {
        let of = |column: &'static str, read: fn(&str) -> Result<u64, ReadError>| {
            let cell = row(column);
            cell.map(|cell| read(cell.text()).map_err(|error| cell.wrong(error)))
                .transpose()
        };
        let whole = |column: &'static str, unit: &str| {
            row(column).map(|cell| cell.whole(unit, MOST)).transpose()
        };
        let word = |column: &'static str| row(column).map_or("", Cell::text).to_owned();
        let id = row("task_id").unwrap_or_else(|| Cell::new(0, "task_id", ""));
        let status = word("status");
        if !status.bytes().all(|byte| byte.is_ascii_uppercase()) {
            let error = ReadError::expected(
                "the status of a task, such as COMPLETED or FAILED",
                quoted(&status),
            );
            return Err(
                row("status").map_or_else(|| error.clone(), |cell| cell.wrong(error.clone()))
            );
        }
        let exit = row("exit").map(|cell| cell.signed("exit status", u64::from(u32::MAX)));
        let cores = row("cpus").map(|cell| cell.decimal("cores", 3, MOST));
        let raw = |column| row(column).is_some_and(|cell| !cell.text().contains('-'));
        Ok(Self {
            place: None,
            run: 0,
            id: id.whole("the number of a task", u64::MAX)?,
            name: word("name"),
            process: word("process"),
            status,
            attempt: whole("attempt", "attempts")?,
            exit: exit.transpose()?.map(i64::unsigned_abs),
            submit: of("submit", moment)?,
            start: of("start", moment)?,
            complete: of("complete", moment)?,
            duration: of("duration", span)?,
            realtime: of("realtime", span)?,
            cpu: of("%cpu", percent)?,
            cpus: cores.transpose()?,
            memory: of("memory", size)?,
            used: of("peak_rss", size)?.or(of("rss", size)?),
            limit: of("time", span)?,
            queue: word("queue"),
            read: of("rchar", size)?.or(of("read_bytes", size)?),
            written: of("wchar", size)?.or(of("write_bytes", size)?),
            gpus: whole("accelerator", "accelerators")?,
            model: word("accelerator_type"),
            raw: ["submit", "start", "complete"].into_iter().any(raw),
        })
    }

    /// Whether another understanding of a row differs in what people wrote alone.
    fn is_like(&self, other: &Self) -> bool {
        Self {
            name: other.name.clone(),
            process: other.process.clone(),
            ..self.clone()
        } == *other
    }

    /// What people call it.
    fn label(&self) -> String {
        if self.name.is_empty() {
            return format!("{} {}", self.process, self.id)
                .trim_start()
                .to_owned();
        }
        self.name.clone()
    }

    /// The process: what stands in front of the tag in a name, where no column tells it.
    fn process(&self) -> &str {
        if !self.process.is_empty() {
            return &self.process;
        }
        let name = self.name.split_once(" (");
        name.map_or(self.name.as_str(), |(process, _)| process)
    }

    /// Whether an earlier run did it.
    fn is_cached(&self) -> bool {
        self.status == "CACHED"
    }

    fn failed(&self) -> bool {
        self.status == "FAILED"
    }

    /// How long it ran; of times that cannot be right an error.
    fn ran(&self) -> Result<Option<u64>, ()> {
        let end = self.end();
        match (self.realtime, self.start, end) {
            (_, Some(start), Some(end)) if end < start => Err(()),
            (Some(run), ..) => Ok(Some(run)),
            (None, Some(start), Some(end)) => Ok(Some(end - start)),
            _ => Ok(None),
        }
    }

    /// When it was over.
    fn end(&self) -> Option<u64> {
        let told = self.submit.zip(self.duration);
        self.complete
            .or_else(|| told.map(|(submit, duration)| submit.saturating_add(duration)))
    }

    /// How long it waited for its start.
    fn waited(&self) -> Option<u64> {
        match (self.submit, self.start) {
            (Some(submit), Some(start)) => start.checked_sub(submit),
            _ => self.duration?.checked_sub(self.realtime?),
        }
    }

    /// Its run as far as the file tells it.
    fn task(&self) -> Tasks {
        let ran = self.ran();
        match self.status.as_str() {
            "RUNNING" => censored(ran.unwrap_or_default()),
            "NEW" | "SUBMITTED" => unstarted(),
            "COMPLETED" | "" => match ran {
                Ok(None) => untold(),
                ran => ended(ran.unwrap_or_default()),
            },
            // What failed or was broken off before it began has no times of a run.
            _ => match ran {
                Ok(None) if self.start.is_none() => unstarted(),
                Ok(None) => untold(),
                ran => ended(ran.unwrap_or_default()),
            },
        }
    }

    /// The task of a job, and how it ended.
    fn tasks(&self, attempts: u64) -> Tasks {
        let mebibytes = |bytes: u64| bytes.div_ceil(1 << 20);
        let used = self.used.filter(|bytes| *bytes > 0).map(mebibytes);
        let asked = self.memory.map(mebibytes);
        let run = self.task();
        let busy = |run: u64, cpu: u64| u128::from(run) * u128::from(cpu) / 100_000;
        let busy = run.run.zip(self.cpu).map(|(run, cpu)| busy(run, cpu));
        Tasks {
            cpus: self.cpus,
            memory: asked.or(used),
            used: asked.and(used),
            gpus: self.gpus.map(|gpus| gpus * 1000),
            model: Some(self.model.clone()).filter(|model| !model.is_empty()),
            read: self.read,
            write: self.written,
            busy: busy.and_then(|busy| u64::try_from(busy).ok()),
            attempts: self
                .attempt
                .map(|known| known.max(attempts))
                .or(Some(attempts)),
            ..run
        }
    }

    /// The job of it, submitted then at first.
    fn draft(self, first: Option<u64>, attempts: u64) -> Draft {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let earlier = first.zip(self.submit);
        let again = earlier.and_then(|(first, submit)| submit.checked_sub(first));
        let waited = self.waited();
        let waited = waited.map(|waited| waited.saturating_add(again.unwrap_or(0)));
        let task = self.tasks(attempts);
        let started = task.unknown != Some(crate::canonical::tables::Unknown::Unstarted);
        let more = Job {
            wait: waited.filter(|_| started),
            estimate: self.limit,
            executable: some(self.process()),
            queue: some(&self.queue),
            ..Job::default()
        };
        let submit = first.or(self.submit).or(self.start);
        let mut draft = Draft::simple(self.label(), submit, task).ended(self.status);
        draft.more = more;
        draft
    }
}

contents! { Record: |_| Jobs 1, Tasks 1; }

shows! { Record: |one|
    "task_id": one.id, "name": one.label(), "status": one.status,
    "attempt": one.attempt, "submit_s": digits(one.submit, MILLIONTHS),
    "realtime_s": digits(one.realtime, MILLIONTHS), "cpus": digits(one.cpus, 3),
    "memory_bytes": one.memory, "used_bytes": one.used,
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let one = self;
        seen.count("tasks");
        seen.columns();
        seen.distinct(
            "processes",
            Some(one.process()).filter(|name| !name.is_empty()),
        );
        seen.tally(
            "status",
            Some(one.status.as_str()).filter(|status| !status.is_empty()),
        );
        seen.count_if(
            "later_attempts",
            one.attempt.is_some_and(|attempt| attempt > 1),
        );
        seen.least("first_s", one.submit).written(MILLIONTHS);
        seen.most("last_s", one.submit).written(MILLIONTHS);
        if one.ran().is_err() {
            let odd = ReadError::expected("an end not before the start", "one before");
            seen.warn(odd.place("columns start and complete"));
        }
        seen.figures("realtime_s", "millionths of a second", one.realtime);
        seen.figures("duration_s", "millionths of a second", one.duration);
        seen.figures("cpus", "thousandths of a core", one.cpus);
        seen.figures("memory", "bytes", one.memory);
        seen.figures("used", "bytes", one.used);
        seen.figures("cpu", "thousandths of a percent", one.cpu);
        seen.figures("read", "bytes", one.read);
        seen.figures("written", "bytes", one.written);
    }
}
