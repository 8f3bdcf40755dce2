//! Google's first cluster trace, of January 2010: what tasks of a cell used in seven hours.
//!
//! Source: github.com/google/cluster-data, `TraceVersion1.md`: `google-cluster-data-1.csv.gz`. Columns
//! separated by blanks under a header, sorted by time; a row is a task in five minutes in which it
//! ran. Seconds count from the start of the collection and begin with 90000. Cores and memory are
//! averages, each normalised by a linear transformation that is not told. The type is a class of
//! jobs, which nothing explains. Requests, users, machines, and when tasks came, began and ended
//! within five minutes are not in it.

use crate::canonical::tables::Job;
use crate::canonical::{NO_PARTS, Units};
use crate::formats::google2011::MOST_MACHINES;
use crate::formats::prelude::*;

/// The length of an interval, in seconds.
const INTERVAL: u64 = 300;
const ID: Whole = Whole("an identifier", u64::MAX);
/// The unit of amounts in tables for people.
const UNIT: &str = "billionths of a whole that is not told";

/// What the source leaves unsaid.
const ASSUMED: [(&str, &str); 6] = [
    (
        "arrivals",
        "a job comes with all of its tasks when the interval begins in which it is seen first; \
         those of the first interval may have been there before",
    ),
    (
        "intervals",
        "300 s that begin at the time of a row, which may be their end",
    ),
    (
        "run times",
        "all of each interval in which a task is seen, so that up to two intervals are too much; \
         one that is seen again after an interval without it is another task",
    ),
    (
        "requests",
        "the most that a task used in an interval on average: they are not in the source",
    ),
    (
        "amounts",
        "normalised, nobody knows by what: 1 is taken for the largest machine",
    ),
    ("usage", NO_PARTS[0]),
];

pub(crate) const FORM: Form = Form {
    about: "tasks by what they used in five minutes (Google cluster data of 2010, TraceVersion1)",
    signs: &[
        Begins("Time ParentID TaskID"),
        Named("google-cluster-data-1"),
    ],
    units: Units::relative,
    unkept: &["TaskID"],
    import: Ok(import),
    samples: &["\
Time ParentID TaskID JobType NrmlTaskCores NrmlTaskMem
90000 757745334 1488529826 0 0.0 0.03113
90000 975992247 1488529821 1 0.015625 0.002353
90300 757745334 1488529826 0 0.003125 0.03113
90300 1164728954 1488529835 3 0.021875 3.815e-06
90300 1164728954 1488529836 3 0 0.0016384
90600 757745334 1488529826 0 0.0 0.031
90600 1164728954 1488529835 3 0.025 0.0016384
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One task in one interval.
    pub struct Record at place: "row" in "google-cluster-data-1.csv", headed {
        const BETWEEN: char = ' ';
    };
    /// When the interval begins, in seconds.
    time: u64 = "Time" as "time_s", Whole("seconds", LATEST);
    /// The job.
    job: u64 = "ParentID" as "job", ID;
    /// The task.
    task: u64 = "TaskID" as "task", ID;
    /// The class of the job.
    class: u8 = "JobType" as "type", Code("a type of jobs", 3);
    /// Cores used on average, in billionths of a whole that is not told.
    cores: u64 = "NrmlTaskCores" as "cores", Decimal("normalised cores", BILLIONTHS, MOST_MACHINES);
    /// Memory used on average, in billionths of another such whole.
    memory: u64 = "NrmlTaskMem" as "memory",
        Decimal("normalised memory", BILLIONTHS, MOST_MACHINES);
}

contents! { Record: |_| Jobs 1, Tasks 1, Readings 1; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let last = seen.previous("last_time_s");
        seen.count("rows");
        seen.columns();
        seen.distinct("distinct_jobs", self.job);
        seen.distinct("distinct_tasks", (self.job, self.task));
        seen.tally("rows_by_job_type", self.class);
        seen.distinct("intervals", self.time);
        let left_out = last.is_some_and(|last| self.time > last + INTERVAL);
        seen.count_if("gaps_between_intervals", left_out);
        seen.first("first_time_s", self.time);
        seen.last("last_time_s", self.time);
        seen.in_order("time_nondecreasing", self.time, "column Time");
        seen.count_if("rows_without_cores", self.cores == 0);
        seen.figures("cores", UNIT, [self.cores]);
        seen.figures("memory", UNIT, [self.memory]);
    }
}

/// A task that runs.
struct OpenTask {
    /// When its first interval began, in seconds.
    since: u64,
    /// The most that it used in an interval.
    cores: u64,
    memory: u64,
}

/// Tasks by the number of their job and their own.
type ByNumber = BTreeMap<(u64, u64), OpenTask>;

/// The tasks that run: those of two intervals and no more.
#[derive(Default)]
struct Running {
    /// When the first interval of the trace began, in seconds.
    first: Option<u64>,
    /// When this one began.
    now: u64,
    /// Seen in this interval.
    seen: ByNumber,
    /// Seen in the one before, and not in this one so far.
    before: ByNumber,
}

impl Running {
    /// An interval begins. What the last one lacks is over; where it is not the one right before, all is.
    fn begin(&mut self, import: &mut Import<'_>, time: u64) -> Done {
        let last = std::mem::replace(&mut self.now, time);
        let over = std::mem::replace(&mut self.before, std::mem::take(&mut self.seen));
        self.write(import, over, last, ended)?;
        if time != last + INTERVAL {
            let over = std::mem::take(&mut self.before);
            self.write(import, over, last + INTERVAL, ended)?;
        }
        Ok(())
    }

    /// Writes tasks that ran until then. Of those of the first interval nobody knows since when.
    fn write(
        &self,
        import: &mut Import<'_>,
        tasks: ByNumber,
        end: u64,
        ran: fn(Option<u64>) -> Tasks,
    ) -> Done {
        for ((job, _), task) in tasks {
            let first = self.first == Some(task.since);
            let run = Some(seconds(end - task.since));
            import.push(Tasks {
                job,
                cpus: Some(task.cores),
                memory: Some(task.memory),
                ..if first { censored(run) } else { ran(run) }
            })?;
        }
        Ok(())
    }

    /// The trace ends, and what is seen in its last interval may run on.
    fn end(mut self, import: &mut Import<'_>) -> Done {
        let before = std::mem::take(&mut self.before);
        let seen = std::mem::take(&mut self.seen);
        self.write(import, before, self.now, ended)?;
        self.write(import, seen, self.now + INTERVAL, censored)
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    for (about, model) in ASSUMED {
        import.assume(about, model);
    }
    // A job may have tasks again at any time, so that its number is kept.
    let mut jobs: BTreeMap<u64, u64> = BTreeMap::new();
    let mut running = Running::default();
    import.each(Rows::open(path)?, |import, row: Record| {
        running.first.get_or_insert(row.time);
        if row.time < running.now {
            let expected = format!("a time not before the row above ({})", running.now);
            let error = ReadError::expected(expected, row.time).place("column Time");
            let hint = "such a file can be counted but not imported: sort its rows by time";
            return Err(row.place.of(error).hint(hint));
        }
        if row.time > running.now {
            running.begin(import, row.time)?;
        }
        let start = seconds(row.time);
        let job = if let Some(job) = jobs.get(&row.job) {
            import.merged(Thing::Jobs, 1, "another row of the same job");
            *job
        } else {
            let job = import.number();
            jobs.insert(row.job, job);
            let draft = Draft {
                name: row.job.to_string(),
                submit: Some(start),
                more: Job {
                    class: Some(row.class.to_string()),
                    ..Job::default()
                },
                ..Draft::default()
            };
            import.numbered(job, draft)?;
            job
        };
        let task = (job, row.task);
        if let Some(known) = running.before.remove(&task) {
            running.seen.insert(task, known);
        }
        if running.seen.contains_key(&task) {
            import.merged(Thing::Tasks, 1, "another row of the same task");
        }
        let task = running.seen.entry(task).or_insert(OpenTask {
            since: row.time,
            cores: 0,
            memory: 0,
        });
        task.cores = task.cores.max(row.cores);
        task.memory = task.memory.max(row.memory);
        import.push(Usage {
            job,
            start,
            length: seconds(INTERVAL),
            cpus: row.cores / 1000,
            memory: Some(row.memory),
        })?;
        Ok(Became::Imported)
    })?;
    running.end(import)
}
