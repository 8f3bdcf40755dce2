//! `batch_task`: tasks, named so that their dependencies can be read from the names.
//!
//! Nine columns: task, instances, job, type, status, start, end, CPU, memory. The sample of `spar`
//! has seven: arrival of the job, job, task, duration, CPU, memory, instances.

use std::collections::{HashMap, HashSet};

use super::{ABOUT, CPU, DagName, MEMORY, MOST_INSTANCES, percent};
use super::{millicores, relative, run_of};
use crate::formats::cells::{split, width};
use crate::formats::prelude::*;

const COLUMNS: [&str; 9] = [
    "task_name",
    "instance_num",
    "job_name",
    "task_type",
    "status",
    "start_time",
    "end_time",
    "plan_cpu",
    "plan_mem",
];
const SPAR: [&str; 7] = [
    "arrival",
    "job_name",
    "task_name",
    "duration",
    "plan_cpu",
    "plan_mem",
    "instance_num",
];

pub(crate) const FORM: Form = Form {
    about: "batch tasks with their dependencies (Alibaba cluster-trace-v2018, batch_task)",
    signs: &[Named("sample_tasks"), Named("batch_task")],
    units: relative,
    unkept: &["task_type"],
    import: Ok(import),
    samples: &[
        "\
M1,10,j_1,1,Terminated,100,160,100.0,0.3
R2_1,1,j_1,1,Terminated,160,161,50,0.39
task_Nzg=,3,j_2,2,Running,170,,,
",
        "\
0,j_7,J3_1_2,382,50.0,0.39,9
0,j_7,M1,5,100.0,0.3,2
",
    ],
    ..Form::by::<Rows<Record>, Counts>()
};

/// One task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Its name.
    pub task: String,
    /// Its job.
    pub job: String,
    /// How many instances it has.
    pub instances: u64,
    /// Its kind, a number; empty in a sample.
    pub kind: String,
    /// Terminated, Failed, Waiting, Running, ...; empty in a sample.
    pub status: String,
    /// When it started, in seconds; in a sample, when its job arrived.
    pub start: Option<u64>,
    /// When it ended, in seconds.
    pub end: Option<u64>,
    /// How long it took, in seconds; `None` when it did not end, or before it started.
    pub duration: Option<u64>,
    /// Requested CPU of an instance in millionths of a percent of a core.
    pub cpu: Option<u64>,
    /// Requested memory of an instance in millionths of a percent of a machine.
    pub memory: Option<u64>,
}

contents! { Record: |row| Jobs 1, Tasks row.instances, Edges DagName::waits(&row.task); }

impl Row for Record {
    /// How many columns the first line has.
    type Layout = usize;
    const MEMBER: &'static str = "batch_task.csv";
    const ONE: &'static str = "task";
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
    let [task, count, job, kind, status, start, end, cpu, memory] =
        split(line, ',', false, &COLUMNS)?;
    let start = start.maybe(|cell| cell.whole("seconds", LATEST))?;
    let end = end.maybe(|cell| cell.whole("seconds", LATEST))?;
    let duration = start
        .zip(end)
        .and_then(|(start, end)| end.checked_sub(start));
    Ok(Record {
        task: task.word("a task name")?.to_owned(),
        job: job.word("a job name")?.to_owned(),
        instances: count.whole("instances", MOST_INSTANCES)?,
        kind: kind.text().to_owned(),
        status: status.text().to_owned(),
        start,
        end,
        duration,
        cpu: percent(cpu)?,
        memory: percent(memory)?,
    })
}

fn sample(line: &str) -> Result<Record, ReadError> {
    let [arrival, job, task, duration, cpu, memory, count] = split(line, ',', false, &SPAR)?;
    Ok(Record {
        task: task.word("a task name")?.to_owned(),
        job: job.word("a job name")?.to_owned(),
        instances: count.whole("instances", MOST_INSTANCES)?,
        kind: String::new(),
        status: String::new(),
        start: Some(arrival.whole("seconds", LATEST)?),
        end: None,
        duration: Some(duration.whole("seconds", LATEST)?),
        cpu: percent(cpu)?,
        memory: percent(memory)?,
    })
}

shows! { Record: |one|
    "job": one.job, "task": one.task, "instances": one.instances, "status": one.status,
    "start_s": one.start, "duration_s": one.duration, "cpu_percent": digits(one.cpu, MILLIONTHS),
    "mem_percent": digits(one.memory, MILLIONTHS),
}

/// The tasks of each job: how many, their numbers, and those that they wait for.
#[derive(Default)]
struct Counts(HashMap<String, Graph>);

#[derive(Default)]
struct Graph {
    tasks: u64,
    numbers: HashSet<u32>,
    parents: Vec<u32>,
}

const DANGLING: &str = "dangling_dependencies";

impl Survey for Counts {
    type Record = Record;

    fn see(&mut self, record: &Record, seen: &mut Seen) {
        let jobs = self.0.len();
        if !self.0.contains_key(&record.job) {
            self.0.insert(record.job.clone(), Graph::default());
        }
        let Some(job) = self.0.get_mut(&record.job) else {
            return;
        };
        job.tasks += 1;
        let dag = DagName::of(&record.task);
        let named = dag.is_some();
        let edges = dag.as_ref().map_or(0, |dag| dag.parents.len() as u64);
        if let Some(dag) = dag {
            job.numbers.insert(dag.number);
            job.parents.extend(dag.parents);
        }
        let both = record.end.is_some() && record.start.is_some();
        let backwards = both && record.duration.is_none();
        if backwards {
            let odd = ReadError::expected("an end not before the start", "an earlier one");
            let odd = odd.hint("such a task counts as one without an end");
            seen.warn(odd.place("column 7 (end_time)"));
        }
        let (duration, cpu) = (record.duration.unwrap_or(0), record.cpu.unwrap_or(0));
        let work = u128::from(duration) * u128::from(cpu) * u128::from(record.instances);
        seen.count("tasks");
        seen.columns();
        seen.count_if("jobs", self.0.len() > jobs);
        seen.tally("status", &record.status);
        seen.least("arrival_min_s", record.start);
        seen.most("arrival_max_s", record.start);
        seen.count_if("ends_before_starts", backwards);
        seen.count_if("dag_named_tasks", named);
        seen.count_if("independent_named_task_", !named);
        seen.sum("dependency_edges", edges);
        seen.count_if(DANGLING, false);
        seen.sum("sum_duration_x_cpu_x_instances_core_s", work)
            .written(MILLIONTHS + 2);
        seen.figures("tasks_per_job", "tasks", None::<u64>);
        seen.figures("duration_s", "seconds", record.duration);
        seen.figures("plan_cpu_percent_of_core", CPU, record.cpu);
        seen.figures("plan_mem_percent_of_machine", MEMORY, record.memory);
        seen.figures("instances", "instances", [record.instances]);
    }

    fn end(self, seen: &mut Seen) {
        let dangling = self.0.values().flat_map(|job| {
            let parents = job.parents.iter();
            parents.filter(|parent| !job.numbers.contains(parent))
        });
        seen.add(DANGLING, dangling.count() as u64);
        let tasks = self.0.into_values().map(|job| job.tasks);
        seen.figures("tasks_per_job", "tasks", tasks);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "run times",
        "of a task, its instances one after another included",
    );
    let mut jobs = Scattered::default();
    import.each(Rows::open(path)?, |import, row: Record| {
        let tasks = Tasks {
            count: row.instances,
            cpus: row.cpu.map(millicores),
            memory: row.memory.map(|percent| percent * 10),
            ..run_of(&row.status, row.start, row.end, row.duration)
        };
        let found = jobs.job(import, &row.job, row.start.map(seconds));
        found.outcome = row.status;
        // A task of the graph is known by its number, others by their name.
        let dag = DagName::of(&row.task);
        let key = dag.as_ref().map(|dag| dag.number.to_string());
        let parents = dag.iter().flat_map(|dag| &dag.parents);
        found.push(
            import,
            &row.task,
            key.as_deref(),
            parents.map(u32::to_string),
            tasks,
        )
    })?;
    jobs.write(import)
}
