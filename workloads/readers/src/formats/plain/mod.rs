//! A plain table: one job a row, the columns known by their names or named by whoever reads it.
//!
//! What people make themselves: CSV with commas, semicolons, tabs or bars between, cells quoted or not,
//! or Parquet, or Arrow. `--columns 'submit=arrival:s,run=seconds'` says which column is what, and in which unit
//! (`workloads/FORMATS.md`). Units are stated, by a column's name (`mem_gib`), in the mapping, or in the
//! cell (`16GiB`): a number that could be hours or seconds is refused.

mod cells;
pub(crate) mod names;
mod table;

use self::names::{MOST, Meaning, TableColumn, bytes, flag, moment, span, thousandths};
use self::table::{PlainRow, PlainTable};
use crate::canonical::tables::Job;
use crate::formats::ColumnMap;
use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "a plain table: one job a row, columns by their names (CSV, Parquet or Arrow)",
    signs: &[Headed(table::looks_so)],
    import: Ok(import),
    samples: &[
        "\
job,submit_s,run_s,cpus,mem_gib,gpus,user,queue,state
a,0,60.5,4,1.5,0,ann,short,COMPLETED
\"b, again\",30,10,1,,2,bob,,FAILED
c,31,,1,0.25,0,ann,long,CANCELLED
",
        "\
User;Arrived At;Start Time;Finished;Cores;Memory;Tasks;Gang;Colour
ann;2026-01-05 08:00:00;2026-01-05T08:00:30.5;2026-01-05T08:10:30.5;8;16 GiB;2;yes;red
bob;2026-01-05 08:01:00;;;1;512MiB;1;no;
ann;2026-01-05 08:02:00;2026-01-05 08:03:00;;2;1GiB;;no;blue
",
    ],
    ..Form::of::<Records>()
};

/// What columns can mean, for people: the name, what it is, the names by which it is known, and the units of
/// its numbers.
pub fn meanings() -> Vec<[String; 4]> {
    let row = |meaning: Meaning| {
        let known = meaning.known()[1..].join(", ");
        let name = meaning.name().to_owned();
        let about = meaning.about().trim_ascii().to_owned();
        [name, about, known, meaning.kind().told()]
    };
    Meaning::ALL.into_iter().map(row).collect()
}

/// One job.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Record {
    /// Its name; empty where none is told.
    pub job: String,
    /// When it was submitted, in microseconds.
    pub submit: Option<u64>,
    /// When it began to run.
    pub start: Option<u64>,
    /// When it ended.
    pub end: Option<u64>,
    /// How long it ran.
    pub run: Option<u64>,
    /// How many tasks it has.
    pub tasks: u64,
    /// Cores of each, in thousandths.
    pub cpus: Option<u64>,
    /// Memory of each, in MiB.
    pub memory: Option<u64>,
    /// Memory that each used.
    pub used: Option<u64>,
    /// GPUs of each, in thousandths.
    pub gpus: Option<u64>,
    /// The models of GPU that will do; empty for any.
    pub model: String,
    /// Bytes read.
    pub read: Option<u64>,
    /// Bytes written.
    pub write: Option<u64>,
    /// Who submitted it; empty for nobody.
    pub user: String,
    /// Whether its tasks run at the same time.
    pub gang: bool,
    /// How it ended; empty where that is not told.
    pub outcome: String,
    /// What else is told of it.
    pub more: Job,
    /// Whether the table tells of starts and ends, and not of run times.
    pub by_times: bool,
}

/// The jobs of a table.
pub struct Records {
    table: PlainTable,
}

/// A row with what its columns mean.
struct Cells<'a> {
    row: &'a PlainRow,
    table: &'a PlainTable,
}

impl<'a> Cells<'a> {
    /// What is read of the column of that meaning; nothing where there is none, or nothing in it.
    fn of<T>(
        &self,
        meaning: Meaning,
        read: impl FnOnce(&'a str, TableColumn) -> Result<T, ReadError>,
    ) -> Result<Option<T>, ReadError> {
        let Some(column) = self.table.column(meaning) else {
            return Ok(None);
        };
        let cell = &self.row.cells[column.position];
        let text = cell.text.trim_ascii();
        if text.is_empty() {
            return Ok(None);
        }
        // What a type says is so, whatever a name says.
        let scale = cell.scale.or(column.scale);
        let read = read(text, TableColumn { scale, ..column });
        let place = || self.table.place_of(column);
        read.map(Some).map_err(|error| error.place(place()))
    }

    fn word(&self, meaning: Meaning) -> Result<Option<String>, ReadError> {
        self.of(meaning, |text, _| Ok(text.to_owned()))
    }

    fn moment(&self, meaning: Meaning) -> Result<Option<u64>, ReadError> {
        self.of(meaning, |text, column| moment(text, column.scale))
    }

    fn span(&self, meaning: Meaning) -> Result<Option<u64>, ReadError> {
        self.of(meaning, |text, column| span(text, column.scale))
    }

    fn bytes(&self, meaning: Meaning) -> Result<Option<u64>, ReadError> {
        self.of(meaning, |text, column| bytes(text, column.scale))
    }

    fn mebibytes(&self, meaning: Meaning) -> Result<Option<u64>, ReadError> {
        Ok(self.bytes(meaning)?.map(|bytes| bytes.div_ceil(1 << 20)))
    }

    fn thousandths(&self, meaning: Meaning, what: &str) -> Result<Option<u64>, ReadError> {
        self.of(meaning, |text, column| match column.scale {
            Some(scale) => thousandths(text, scale, what),
            None => Err(ReadError::expected(what, quoted(text))),
        })
    }

    fn count(&self, meaning: Meaning, what: &'static str) -> Result<Option<u64>, ReadError> {
        self.of(meaning, |text, _| {
            Cell::new(0, "", text)
                .round(what, MOST)
                .map_err(|error| ReadError {
                    place: None,
                    ..error
                })
        })
    }

    fn record(&self) -> Result<Record, ReadError> {
        Ok(Record {
            job: self.word(Meaning::Job)?.unwrap_or_default(),
            submit: self.moment(Meaning::Submit)?,
            start: self.moment(Meaning::Start)?,
            end: self.moment(Meaning::End)?,
            run: self.span(Meaning::Run)?,
            tasks: self.count(Meaning::Tasks, "tasks")?.unwrap_or(1),
            cpus: self.thousandths(Meaning::Cpus, "cores")?,
            memory: self.mebibytes(Meaning::Mem)?,
            used: self.mebibytes(Meaning::Used)?,
            gpus: self.thousandths(Meaning::Gpus, "GPUs")?,
            model: self.word(Meaning::Model)?.unwrap_or_default(),
            read: self.bytes(Meaning::Read)?,
            write: self.bytes(Meaning::Write)?,
            user: self.word(Meaning::User)?.unwrap_or_default(),
            gang: self
                .of(Meaning::Gang, |text, _| flag(text))?
                .unwrap_or_default(),
            outcome: self.word(Meaning::Outcome)?.unwrap_or_default(),
            more: Job {
                priority: self.count(Meaning::Priority, "a priority")?,
                wait: self.span(Meaning::Wait)?,
                estimate: self.span(Meaning::Estimate)?,
                group: self.word(Meaning::Group)?,
                executable: self.word(Meaning::Executable)?,
                queue: self.word(Meaning::Queue)?,
                partition: self.word(Meaning::Partition)?,
                preceding: self.word(Meaning::Preceding)?,
                think: self.span(Meaning::Think)?,
                ..Job::default()
            },
            by_times: self.table.column(Meaning::Run).is_none(),
        })
    }
}

impl Iterator for Records {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = match self.table.next()? {
            Ok(row) => row,
            Err(error) => return Some(Err(error)),
        };
        let table = &self.table;
        let cells = Cells { row: &row, table };
        Some(cells.record().map_err(|error| row.place.of(error)))
    }
}

impl Reader for Records {
    type Record = Record;

    fn open(path: &Path) -> Result<Self, ReadError> {
        Self::mapped(path, &ColumnMap::default())
    }

    fn mapped(path: &Path, columns: &ColumnMap) -> Result<Self, ReadError> {
        let table = PlainTable::open(path, columns)?;
        Ok(Self { table })
    }

    fn place(&self) -> Option<Place> {
        Some(self.table.place())
    }

    fn end(&self, seen: &mut Seen) {
        seen.set("read_as", self.table.told());
        self.table.end(seen);
    }
}

impl crate::formats::survey::Unread for Records {
    fn unread(&self) -> Vec<String> {
        self.table.unread()
    }
}

shows! { Record: |one|
    "job": one.job, "submit_s": digits(one.submit, MILLIONTHS),
    "run_s": digits(one.ran(), MILLIONTHS), "tasks": one.tasks, "cpus": digits(one.cpus, 3),
    "mem_mib": one.memory, "gpus": digits(one.gpus, 3), "user": one.user, "queue": one.more.queue,
    "outcome": one.outcome,
}

contents! { Record: |job| Jobs 1, Tasks job.tasks; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("jobs");
        seen.sum("tasks", self.tasks);
        seen.columns();
        seen.least("first_s", self.submit).written(MILLIONTHS);
        seen.most("last_s", self.submit).written(MILLIONTHS);
        seen.sorted("sorted_by_submission", self.submit);
        seen.distinct(
            "users",
            Some(self.user.as_str()).filter(|user| !user.is_empty()),
        );
        seen.tally("queues", self.more.queue.as_deref());
        seen.tally(
            "gpu_models",
            Some(self.model.as_str()).filter(|model| !model.is_empty()),
        );
        seen.tally(
            "outcomes",
            Some(self.outcome.as_str()).filter(|one| !one.is_empty()),
        );
        if let (Some(start), Some(end)) = (self.start, self.end)
            && end < start
        {
            let found = digits(end, MILLIONTHS);
            let expected = format!(
                "an end not before the start ({})",
                digits(start, MILLIONTHS)
            );
            seen.warn(ReadError::expected(expected, found));
        }
        seen.figures("run_s", "millionths of a second", self.ran());
        seen.figures("cpus", "thousandths of a core", self.cpus);
        seen.figures("mem", "MiB", self.memory);
        seen.figures("gpus", "thousandths of a GPU", self.gpus);
    }
}

impl Record {
    /// How long it ran, if that is told in any way.
    fn ran(&self) -> Option<u64> {
        let times = self.end.zip(self.start);
        let between = times.and_then(|(end, start)| end.checked_sub(start));
        self.run.or(between)
    }

    /// One of its tasks, as far as its run goes.
    fn task(&self) -> Tasks {
        if !self.by_times {
            return match self.run {
                None => untold(),
                run => ended(run),
            };
        }
        match (self.start, self.end) {
            (Some(_), Some(_)) => ended(self.ran()),
            (Some(_), None) => censored(None),
            (None, _) => unstarted(),
        }
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let columns = import.columns().clone();
    let mut records = Records::mapped(path, &columns)?;
    let mut told = Untold::default();
    import.each(&mut records, |import, job| told.job(import, job))?;
    import.assume("columns", records.table.told());
    told.tell(import);
    Ok(())
}

/// What a table leaves unsaid.
#[derive(Default)]
struct Untold {
    by_start: u64,
    by_times: bool,
}

impl Untold {
    fn job(&mut self, import: &mut Import<'_>, job: Record) -> Result<Became, ReadError> {
        if job.tasks == 0 {
            return Ok(Became::Dropped("a job without tasks"));
        }
        self.by_times |= job.by_times;
        self.by_start += u64::from(job.submit.is_none() && job.start.is_some());
        let submit = job.submit.or(job.start);
        let waited = submit.zip(job.start);
        let waited = waited.and_then(|(submit, start)| start.checked_sub(submit));
        let tasks = Tasks {
            count: job.tasks,
            cpus: job.cpus,
            memory: job.memory.or(job.used),
            used: job.memory.and(job.used),
            gpus: job.gpus,
            model: Some(job.model.clone()).filter(|model| !model.is_empty()),
            read: job.read,
            write: job.write,
            ..job.task()
        };
        let mut draft = Draft::simple(job.job, submit, tasks)
            .by(job.user)
            .ended(job.outcome);
        draft.priority = job.more.priority;
        draft.gang = job.gang;
        draft.more = Job {
            wait: job.more.wait.or(waited.filter(|_| job.submit.is_some())),
            ..job.more
        };
        import.job(draft)
    }

    fn tell(&self, import: &mut Import<'_>) {
        if self.by_times {
            let model = "from start to end; jobs without a start did not run, those without an end still ran";
            import.assume("run times", model);
        }
        if self.by_start > 0 {
            let model = format!("the start, of {} jobs without a submission", self.by_start);
            import.assume("submissions", model);
        }
    }
}
