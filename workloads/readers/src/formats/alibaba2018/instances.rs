//! `batch_instance`: where the instances of tasks ran, how long, and what they used.
//!
//! Fourteen columns: instance, task, job, type, status, start, end, machine, sequence number, how
//! many there are, average and largest CPU, average and largest memory. The sample of `spar` has
//! seven: arrival of the job, job, task, instance, duration, average CPU, average memory.

use super::{ABOUT, CPU, MEMORY, MOST_INSTANCES};
use super::{millicores, percent, relative, run_of};
use crate::canonical::tables::Stage;
use crate::formats::cells::{split, width};
use crate::formats::prelude::*;

const COLUMNS: [&str; 14] = [
    "instance_name",
    "task_name",
    "job_name",
    "task_type",
    "status",
    "start_time",
    "end_time",
    "machine_id",
    "seq_no",
    "total_seq_no",
    "cpu_avg",
    "cpu_max",
    "mem_avg",
    "mem_max",
];
const SPAR: [&str; 7] = [
    "arrival",
    "job_name",
    "task_name",
    "instance_name",
    "duration",
    "cpu_avg",
    "mem_avg",
];

pub(crate) const FORM: Form = Form {
    about: "instances of batch tasks (Alibaba cluster-trace-v2018, batch_instance)",
    signs: &[Named("batch_instance"), Named("sample_instances")],
    units: relative,
    unkept: &["instance_name", "machine_id", "cpu_avg", "mem_avg"],
    import: Ok(import),
    samples: &[
        "\
i_1,M1,j_1,1,Terminated,100,160,m_2,1,1,74.5,99,0.1,0.2
,R2_1,j_1,1,Failed,160,0,,1,2,,,,
",
        "0,j_7,J3_1_2,ins_1,52,74.0,0.1\n",
    ],
    ..Form::of::<Rows<Record>>()
};

/// One instance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Its name; may be empty.
    pub instance: String,
    /// Its task.
    pub task: String,
    /// Its job.
    pub job: String,
    /// Terminated, Failed, ...; empty in a sample.
    pub status: String,
    /// The machine it ran on; empty in a sample.
    pub machine: String,
    /// When it started, in seconds; in a sample, when its job arrived.
    pub start: Option<u64>,
    /// When it ended, in seconds; 0 while it runs.
    pub end: Option<u64>,
    /// How long it took, in seconds; `None` when it did not end, or before it started.
    pub duration: Option<u64>,
    /// Which attempt it is, and of how many.
    pub attempt: Option<(u64, u64)>,
    /// CPU it used, average and most, in millionths of a percent of a core.
    pub cpu: [Option<u64>; 2],
    /// Memory it used, average and most, in millionths of a percent of a machine.
    pub memory: [Option<u64>; 2],
}

contents! { Record: |_| Jobs 1, Tasks 1; }

impl Row for Record {
    /// How many columns the first line has.
    type Layout = usize;
    const MEMBER: &'static str = "batch_instance.csv";
    const ONE: &'static str = "instance";
    const ABOUT: &'static str = ABOUT;
    const NAMES: &'static [&'static [&'static str]] = &[&COLUMNS, &SPAR];

    fn row(line: &str, columns: &mut usize) -> Result<Option<Self>, ReadError> {
        if *columns == 0 {
            *columns = width(line);
        }
        if *columns == SPAR.len() {
            sample(line).map(Some)
        } else {
            published(line).map(Some)
        }
    }

    fn end(columns: &usize, _: u64, seen: &mut Seen) {
        seen.fill("columns", columns);
    }
}

fn published(line: &str) -> Result<Record, ReadError> {
    let [
        instance,
        task,
        job,
        _,
        status,
        start,
        end,
        machine,
        rest @ ..,
    ] = split(line, ',', false, &COLUMNS)?;
    let [attempt, attempts, cpu, most_cpu, memory, most_memory] = rest;
    let start = start.maybe(|cell| cell.whole("seconds", LATEST))?;
    let end = end.maybe(|cell| cell.whole("seconds", LATEST))?;
    let attempt = attempt.maybe(|cell| cell.whole("attempts", MOST_INSTANCES))?;
    let attempts = attempts.maybe(|cell| cell.whole("attempts", MOST_INSTANCES))?;
    Ok(Record {
        instance: instance.text().to_owned(),
        task: task.word("a task name")?.to_owned(),
        job: job.word("a job name")?.to_owned(),
        status: status.text().to_owned(),
        machine: machine.text().to_owned(),
        start,
        end,
        duration: start
            .zip(end)
            .and_then(|(start, end)| end.checked_sub(start)),
        attempt: attempt.zip(attempts),
        cpu: [percent(cpu)?, percent(most_cpu)?],
        memory: [percent(memory)?, percent(most_memory)?],
    })
}

fn sample(line: &str) -> Result<Record, ReadError> {
    let [arrival, job, task, instance, duration, cpu, memory] = split(line, ',', false, &SPAR)?;
    Ok(Record {
        instance: instance.text().to_owned(),
        task: task.word("a task name")?.to_owned(),
        job: job.word("a job name")?.to_owned(),
        status: String::new(),
        machine: String::new(),
        start: Some(arrival.whole("seconds", LATEST)?),
        end: None,
        duration: Some(duration.whole("seconds", LATEST)?),
        attempt: None,
        cpu: [percent(cpu)?, None],
        memory: [percent(memory)?, None],
    })
}

shows! { Record: |one|
    "job": one.job, "task": one.task, "instance": one.instance, "status": one.status,
    "machine": one.machine, "start_s": one.start, "duration_s": one.duration,
    "cpu_percent": digits(one.cpu[0], MILLIONTHS), "mem_percent": digits(one.memory[0], MILLIONTHS),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let (duration, cpu) = (self.duration.unwrap_or(0), self.cpu[0].unwrap_or(0));
        let machine = Some(&self.machine).filter(|machine| !machine.is_empty());
        let used = u128::from(duration) * u128::from(cpu);
        seen.count("instances");
        seen.columns();
        seen.distinct("jobs", &self.job);
        seen.distinct("tasks", format!("{}/{}", self.job, self.task).as_str());
        seen.distinct("machines", machine);
        seen.tally("status", &self.status);
        seen.sum("used_core_s", used).written(MILLIONTHS + 2);
        seen.figures("duration_s", "seconds", self.duration);
        seen.figures("cpu_percent_of_core", CPU, self.cpu[0]);
        seen.figures("mem_percent_of_machine", MEMORY, self.memory[0]);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "requests",
        "the most that an instance used: requests are in the table of tasks",
    );
    let mut jobs = Scattered::default();
    import.each(Rows::open(path)?, |import, row: Record| {
        let tasks = Tasks {
            cpus: row.cpu[1].or(row.cpu[0]).map(millicores),
            memory: row.memory[1].or(row.memory[0]).map(|percent| percent * 10),
            attempts: row.attempt.map(|(_, all)| all),
            outcome: Some(row.status.clone()).filter(|status| !status.is_empty()),
            ..run_of(&row.status, row.start, row.end, row.duration)
        };
        let found = jobs.job(import, &row.job, row.start.map(seconds));
        let (stage, new) = found.stage(&row.task);
        let job = found.job;
        if new {
            let name = row.task;
            import.push(Stage { job, stage, name })?;
        }
        import.push(Tasks {
            job,
            stage,
            ..tasks
        })?;
        Ok(Became::Imported)
    })?;
    jobs.write(import)
}
