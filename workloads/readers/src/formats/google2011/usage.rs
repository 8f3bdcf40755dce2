//! The table `task_usage`: what tasks used, in periods of five minutes.
//!
//! Source and form are those of the other tables; 20 columns, older versions of the trace have 19.
//! Rates of CPU are in cores of the largest machine, memory is relative to the largest machine.
//! They are measurements, not requests, and a simulation does not read them.

use super::{AFTER, MOST_MACHINES, TIME, UNIT};
use crate::canonical::NO_PARTS;
use crate::canonical::Units;
use crate::formats::cells::{bare, width};
use crate::formats::prelude::*;

const COLUMNS: [&str; 20] = [
    "start",
    "end",
    "job",
    "task",
    "machine",
    "cpu",
    "memory",
    "assigned",
    "unmapped_cache",
    "page_cache",
    "max_memory",
    "disk_io_time",
    "disk_space",
    "max_cpu",
    "max_disk_io_time",
    "cpi",
    "mai",
    "sample_portion",
    "aggregation",
    "sampled_cpu",
];

pub(crate) const FORM: Form = Form {
    about: "what tasks used in five minutes (Google ClusterData 2011, task_usage)",
    signs: &[
        Begins("#start time of the measurement"),
        Named("task_usage"),
        Named("task-usage"),
    ],
    units: Units::relative,
    unkept: &["task", "machine", "max_memory", "max_cpu"],
    import: Ok(import),
    samples: &["\
#start time of the measurement period,end
600000000,900000000,3418309,0,4155527081,0.001562,0.06787,0.07568,0.001156,0.001503,0.06787,\
2.861e-06,0.0001869,0.03967,0.0003567,2.445,0.007243,0,1,0
600000000,900000000,3418309,1,,,,,,,,,,,,,,0,1,0
"],
    ..Form::of::<Rows<Record>>()
};

/// One row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// When the period begins, in microseconds.
    pub start: u64,
    /// When it ends.
    pub end: u64,
    /// The job.
    pub job: u64,
    /// The task within the job.
    pub task: u64,
    /// Where it ran.
    pub machine: Option<u64>,
    /// The mean rate of CPU, in billionths.
    pub cpu: Option<u64>,
    /// Memory used, in billionths.
    pub memory: Option<u64>,
    /// The most memory, in billionths.
    pub max_memory: Option<u64>,
    /// The highest rate of CPU, in billionths.
    pub max_cpu: Option<u64>,
}

contents! { Record: |_| Jobs 1, Readings 1; }

impl Row for Record {
    type Layout = ();
    const MEMBER: &'static str = "part.csv";
    const ONE: &'static str = "row";
    const ABOUT: &'static str =
        "a row of this table has 20 columns: start, end, job, task, machine, CPU, memory, ...";
    const PARTS: bool = true;
    const NAMES: &'static [&'static [&'static str]] = &[&COLUMNS];

    fn row(line: &str, (): &mut ()) -> Result<Option<Self>, ReadError> {
        if line.starts_with('#') {
            return Ok(None);
        }
        let mut texts = line.split(',');
        let cells: [Cell<'_>; COLUMNS.len()] = std::array::from_fn(|position| {
            let text = bare(texts.next().unwrap_or(""));
            Cell::new(position, COLUMNS[position], text)
        });
        let found = width(line);
        if !(19..=20).contains(&found) {
            let error = ReadError::uneven("19 or 20 columns separated by commas", found);
            return Err(error.hint(Self::ABOUT));
        }
        let relative = |cell: Cell<'_>| {
            cell.maybe(|cell| cell.decimal("the largest machine", BILLIONTHS, MOST_MACHINES))
        };
        Ok(Some(Self {
            start: TIME.read(cells[0])?,
            end: TIME.read(cells[1])?,
            job: cells[2].whole("a job", AFTER)?,
            task: cells[3].whole("a task", AFTER)?,
            machine: cells[4].maybe(|cell| cell.whole("a machine", AFTER))?,
            cpu: relative(cells[5])?,
            memory: relative(cells[6])?,
            max_memory: relative(cells[10])?,
            max_cpu: relative(cells[13])?,
        }))
    }
}

shows! { Record: |one|
    "start": one.start, "end": one.end, "job": one.job, "task": one.task,
    "cpu": digits(one.cpu, BILLIONTHS), "memory": digits(one.memory, BILLIONTHS),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let backwards = self.end < self.start;
        if backwards {
            let expected = format!("a time not before the start ({})", self.start);
            seen.warn(ReadError::expected(expected, self.end).place("column 2 (end)"));
        }
        seen.count("rows");
        seen.distinct("distinct_jobs", self.job);
        seen.least("first_time_us", self.start);
        seen.most("last_time_us", self.end);
        seen.count_if("periods_that_end_before_they_start", backwards);
        seen.figures("cpu_rate", UNIT, self.cpu);
        seen.figures("memory", UNIT, self.memory);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let mut known: BTreeMap<u64, u64> = BTreeMap::new();
    import.assume("usage", NO_PARTS[0]);
    import.each(Rows::open(path)?, |import, row: Record| {
        let job = if let Some(job) = known.get(&row.job) {
            import.merged(Thing::Jobs, 1, "another reading of the same job");
            *job
        } else {
            let job = import.number();
            let name = row.job.to_string();
            import.numbered(
                job,
                Draft {
                    name,
                    ..Draft::default()
                },
            )?;
            known.insert(row.job, job);
            job
        };
        let Some(cpus) = row.cpu else {
            return Ok(Became::Passed("without a rate of CPU"));
        };
        let length = row.end.saturating_sub(row.start);
        import.push(Usage {
            job,
            start: row.start,
            length,
            cpus: cpus / 1000,
            memory: row.memory,
        })?;
        Ok(Became::Imported)
    })
}
