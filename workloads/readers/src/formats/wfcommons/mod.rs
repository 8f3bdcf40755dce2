//! Executions of scientific workflows in `WfFormat` 1.0 to 1.5: tasks, files and who waits for whom.
//!
//! Source: wfcommons.org, github.com/wfcommons/WfInstances (Coleman et al., FGCS 2022). One JSON
//! object: the specification has tasks with parents and files, the execution has their run times and
//! the machines. Cores and memory of a task are often missing. One workflow is one job without an
//! arrival.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::canonical::graphs::waits_for_itself;
use crate::formats::prelude::*;

mod older;

pub(crate) const FORM: Form = Form {
    about: "an executed workflow, JSON (WfCommons, WfFormat 1.0 to 1.5)",
    signs: &[Holds("\"schemaVersion\"")],
    unkept: &["machines", "avgCPU", "makespanInSeconds"],
    import: Ok(import),
    samples: &[r#"{ "name": "fork", "schemaVersion": "1.5", "workflow": {
  "specification": {
    "tasks": [ { "id": "a", "children": ["b", "c"], "parents": [] },
      { "id": "b", "parents": ["a"], "inputFiles": ["f"] }, { "id": "c", "parents": ["a"] } ],
    "files": [ { "id": "f", "sizeInBytes": 1371 } ] },
  "execution": { "makespanInSeconds": 12.5,
    "tasks": [ { "id": "a", "runtimeInSeconds": 0.471, "coreCount": 1, "memoryInBytes": 3000000 },
      { "id": "b", "runtimeInSeconds": 10, "avgCPU": 166.4 }, { "id": "c", "runtimeInSeconds": 0 } ],
    "machines": [ { "nodeName": "w" } ] } } }
"#],
    ..Form::of::<Documents<Record>>()
};

/// One workflow.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(from = "older::Any")]
pub struct Record {
    /// What people call it.
    pub name: String,
    /// The version of the format.
    pub schema_version: String,
    /// Whether it has the shape of 1.0 to 1.4.
    pub older: bool,
    /// The workflow.
    pub workflow: Workflow,
}

/// What was to be done, and what was.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Workflow {
    /// What was to be done.
    pub specification: Specification,
    /// What was done; missing where the workflow never ran.
    pub execution: Option<Execution>,
}

/// What was to be done.
#[derive(Clone, PartialEq, Default, Debug, Deserialize)]
pub struct Specification {
    /// The tasks.
    pub tasks: Vec<Task>,
    /// The files that they read and write.
    #[serde(default)]
    pub files: Vec<File>,
}

/// One task.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Its name within the workflow.
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// The tasks that it waits for.
    #[serde(default)]
    pub parents: Vec<String>,
    /// The tasks that wait for it: the same edges as those of parents.
    #[serde(default)]
    pub children: Vec<String>,
    /// The files that it reads.
    #[serde(default)]
    pub input_files: Vec<String>,
    /// The files that it writes.
    #[serde(default)]
    pub output_files: Vec<String>,
}

/// One file.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct File {
    /// Its name.
    pub id: String,
    /// Its size.
    #[serde(default)]
    pub size_in_bytes: u64,
}

/// What was done.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Execution {
    /// From the first task's begin to the last one's end, in seconds.
    #[serde(default)]
    pub makespan_in_seconds: f64,
    /// The run times.
    #[serde(default)]
    pub tasks: Vec<Ran>,
    /// Where it ran.
    #[serde(default)]
    pub machines: Vec<serde_json::Value>,
}

/// How one task ran.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ran {
    /// Its name within the workflow.
    pub id: String,
    /// How long it ran, in seconds.
    pub runtime_in_seconds: f64,
    /// The cores it had, perhaps not whole ones.
    #[serde(default)]
    pub core_count: Option<f64>,
    /// CPU it used, in percent of a core.
    #[serde(rename = "avgCPU", default)]
    pub avg_cpu: Option<f64>,
    /// Its memory.
    #[serde(default)]
    pub memory_in_bytes: Option<f64>,
    /// The bytes that it read, where they are told beside its files.
    #[serde(default)]
    pub read_bytes: Option<f64>,
    /// The bytes that it wrote.
    #[serde(default)]
    pub written_bytes: Option<f64>,
}

impl Ran {
    /// How long it ran, in microseconds.
    pub fn micros(&self) -> u64 {
        micros(self.runtime_in_seconds)
    }
}

fn micros(seconds: f64) -> u64 {
    libm::round(seconds * 1e6) as u64
}

impl Document for Record {
    const ONE: &'static str = "workflow";
    const MEMBER: &'static str = "workflow.json";
    const KEYS: &'static str = "keys: schemaVersion, workflow { specification { tasks, files }, execution { tasks } }, or \
         before 1.5 workflow { tasks }";

    fn check(&self) -> Result<(), ReadError> {
        let minor = self.schema_version.strip_prefix("1.");
        let minor = minor.and_then(|minor| minor.split('.').next());
        let minor = minor.and_then(|minor| minor.parse::<u32>().ok());
        let Some(minor) = minor.filter(|minor| *minor <= 5) else {
            let error = ReadError::expected("version 1.0 to 1.5", quoted(&self.schema_version));
            return Err(error.place("key `schemaVersion`"));
        };
        if (minor < 5) != self.older || self.workflow.specification.tasks.is_empty() {
            let expected = if minor < 5 {
                "tasks under the key `workflow.tasks`, as version 1.4 and before has them"
            } else {
                "tasks under the key `workflow.specification.tasks`, as version 1.5 has them"
            };
            return Err(ReadError::expected(expected, "none").hint(Self::KEYS));
        }
        self.fits()
    }
}

impl Record {
    /// How often a task waits for another.
    fn edges(&self) -> u64 {
        let tasks = self.workflow.specification.tasks.iter();
        tasks.map(|task| task.parents.len() as u64).sum()
    }

    /// Whether its parts fit together.
    fn fits(&self) -> Result<(), ReadError> {
        let tasks = &self.workflow.specification.tasks;
        let known: BTreeSet<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
        if known.len() < tasks.len() {
            let expected = "every task once";
            return Err(ReadError::expected(expected, "one twice").place("key `tasks`"));
        }
        for task in tasks {
            let stranger = task
                .parents
                .iter()
                .find(|parent| !known.contains(parent.as_str()));
            if let Some(stranger) = stranger {
                let error = ReadError::expected("parents that are tasks", quoted(stranger));
                return Err(error.place(format!("task {}, key `parents`", quoted(&task.id))));
            }
        }
        let files = &self.workflow.specification.files;
        if let Some(large) = files.iter().find(|file| file.size_in_bytes > MOST_BYTES) {
            let expected = format!("at most {MOST_BYTES} bytes");
            let error = ReadError::expected(expected, large.size_in_bytes);
            return Err(error.place(format!("file {}", quoted(&large.id))));
        }
        let most = LATEST as f64;
        let execution = self.workflow.execution.iter();
        for ran in execution.flat_map(|execution| &execution.tasks) {
            let amounts = [
                ran.core_count,
                ran.avg_cpu,
                ran.memory_in_bytes,
                ran.read_bytes,
                ran.written_bytes,
            ];
            let sound = (0.0..=most).contains(&ran.runtime_in_seconds)
                && amounts
                    .iter()
                    .flatten()
                    .all(|amount| (0.0..=1e15).contains(amount));
            if !sound || !known.contains(ran.id.as_str()) {
                let expected = "a task of the specification with a run time and amounts above zero";
                return Err(ReadError::expected(expected, quoted(&ran.id)).place("execution"));
            }
        }
        self.acyclic()
    }

    /// Whether its tasks can be done one after the other.
    fn acyclic(&self) -> Result<(), ReadError> {
        let tasks = &self.workflow.specification.tasks;
        let numbers = tasks.iter().map(|task| task.id.as_str()).zip(0_u64..);
        let numbers: BTreeMap<&str, u64> = numbers.collect();
        let edges = tasks.iter().zip(0..).flat_map(|(task, number)| {
            let parents = task.parents.iter().map(String::as_str);
            parents
                .filter_map(|parent| numbers.get(parent))
                .map(move |parent| (number, *parent))
        });
        if waits_for_itself(&edges.collect::<Vec<_>>()) {
            let expected = "tasks that wait for others, and not for themselves";
            let error = ReadError::expected(expected, "a loop");
            return Err(error.place(format!("workflow {}", quoted(&self.name))));
        }
        Ok(())
    }

    /// The bytes that a task reads and writes: what it is told to have, or else its files.
    pub(crate) fn bytes(&self) -> impl Fn(&Task, Option<&Ran>) -> [Option<u64>; 2] {
        let files = self.workflow.specification.files.iter();
        let sizes: BTreeMap<&str, u64> = files
            .map(|file| (file.id.as_str(), file.size_in_bytes))
            .collect();
        move |task, ran| {
            let told = [
                ran.and_then(|ran| ran.read_bytes),
                ran.and_then(|ran| ran.written_bytes),
            ];
            let told = told.map(|bytes| bytes.map(|bytes| libm::round(bytes) as u64));
            let sum = |names: &[String]| {
                let sizes = names.iter().filter_map(|name| sizes.get(name.as_str()));
                (!names.is_empty())
                    .then(|| sizes.fold(0, |sum: u64, size| sum.saturating_add(*size)))
            };
            [
                told[0].or_else(|| sum(&task.input_files)),
                told[1].or_else(|| sum(&task.output_files)),
            ]
        }
    }
}

contents! {
    Record: |one| Jobs 1, Tasks one.workflow.specification.tasks.len() as u64,
        Edges one.edges();
}

shows! { Record: |one|
    "name": one.name, "version": one.schema_version,
    "tasks": one.workflow.specification.tasks.len(), "edges": one.edges(),
    "files": one.workflow.specification.files.len(),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let Specification { tasks, files } = &self.workflow.specification;
        let execution = self.workflow.execution.as_ref();
        if execution.is_none() {
            let odd = ReadError::expected("an execution", "none");
            seen.warn(odd.hint("the workflow never ran: there are no run times"));
        }
        let done = execution.map_or(&[][..], |execution| &execution.tasks);
        let bytes = files.iter().map(|file| u128::from(file.size_in_bytes));
        let makespan = execution.map_or(0.0, |execution| execution.makespan_in_seconds);
        let machines = execution.map_or(0, |execution| execution.machines.len());
        let cores = done.iter().filter(|ran| ran.core_count.is_some());
        let memory = done.iter().filter(|ran| ran.memory_in_bytes.is_some());
        seen.tally("schemaVersion", &self.schema_version).keys();
        seen.sum("tasks", tasks.len() as u64);
        seen.sum("parent_edges", self.edges());
        seen.sum("files", files.len() as u64);
        seen.sum("file_bytes", bytes.sum::<u128>());
        seen.sum("machines", machines as u64);
        seen.sum("makespan_s", micros(makespan.clamp(0.0, 1e12)))
            .rounded(MILLIONTHS);
        seen.sum("tasks_with_cores", cores.count() as u64);
        seen.sum("tasks_with_memory", memory.count() as u64);
        let runs = done.iter().map(Ran::micros);
        seen.figures("runtime_s", "millionths of a second", runs);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume("stages", "every task of the workflow is one");
    let (mut unknown, mut older) = (0_u64, false);
    import.each(Documents::open(path)?, |import, record: Record| {
        let specification = &record.workflow.specification;
        older |= record.older;
        let numbers = specification.tasks.iter().zip(0_u64..);
        let numbers: BTreeMap<&str, u64> = numbers
            .map(|(task, number)| (task.id.as_str(), number))
            .collect();
        let execution = record
            .workflow
            .execution
            .iter()
            .flat_map(|done| &done.tasks);
        let executed: BTreeMap<&str, &Ran> = execution.map(|ran| (ran.id.as_str(), ran)).collect();
        let bytes_of = record.bytes();
        let stages = specification.tasks.iter().map(|task| {
            let done = executed.get(task.id.as_str()).copied();
            unknown += u64::from(done.is_none());
            let cores = done.and_then(|done| done.core_count);
            let bytes = done.and_then(|done| done.memory_in_bytes);
            let [read, write] = bytes_of(task, done);
            let tasks = Tasks {
                cpus: cores.map(|cores| libm::round(cores * 1000.0) as u64),
                memory: bytes.map(|bytes| libm::ceil(bytes / 1_048_576.0) as u64),
                read,
                write,
                ..ran(done.map(Ran::micros))
            };
            let parents = task
                .parents
                .iter()
                .filter_map(|name| numbers.get(name.as_str()));
            stage(task.id.clone(), parents.copied().collect(), vec![tasks])
        });
        let stages = stages.collect();
        import.job(Draft {
            name: record.name.clone(),
            stages,
            ..Draft::default()
        })
    })?;
    if unknown > 0 {
        let model = format!("missing for {unknown} tasks that the execution does not tell of");
        import.assume("run times", model);
    }
    if older {
        let model = "1.4 and before: KB where a size or a memory has no unit in its name";
        import.assume("version of the format", model);
    }
    Ok(())
}
