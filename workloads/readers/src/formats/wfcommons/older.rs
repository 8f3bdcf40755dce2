//! The shape of `WfFormat` 1.0 to 1.4, in which a task says by itself what it did: as 1.5 tells it.
//!
//! Tasks were called jobs at first, times and sizes had no unit in their names (seconds and KB, as the
//! format's own pages say), and parents were named by what people call a task.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Execution, File, Ran, Record, Specification, Task, Workflow};

/// Bytes of a KB.
const KB: f64 = 1024.0;

/// A workflow in any version.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Any {
    #[serde(default)]
    name: String,
    schema_version: String,
    workflow: AnyWorkflow,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnyWorkflow {
    specification: Option<Specification>,
    execution: Option<Execution>,
    #[serde(alias = "jobs")]
    tasks: Option<Vec<Older>>,
    #[serde(alias = "makespan", default)]
    makespan_in_seconds: f64,
    #[serde(default)]
    machines: Vec<Value>,
}

/// A task before 1.5.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Older {
    name: String,
    id: Option<String>,
    #[serde(default)]
    parents: Vec<String>,
    #[serde(default)]
    files: Vec<OlderFile>,
    runtime_in_seconds: Option<f64>,
    runtime: Option<f64>,
    cores: Option<f64>,
    #[serde(rename = "avgCPU")]
    avg_cpu: Option<f64>,
    memory_in_bytes: Option<f64>,
    memory: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OlderFile {
    #[serde(alias = "id")]
    name: String,
    #[serde(default)]
    link: String,
    size_in_bytes: Option<u64>,
    size: Option<f64>,
}

impl OlderFile {
    fn bytes(&self) -> u64 {
        let kilobytes = self.size.unwrap_or(0.0).clamp(0.0, 1e15);
        self.size_in_bytes
            .unwrap_or(libm::round(kilobytes * KB) as u64)
    }
}

impl Older {
    fn id(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.name)
    }

    fn ran(&self) -> Option<Ran> {
        Some(Ran {
            id: self.id().to_owned(),
            runtime_in_seconds: self.runtime_in_seconds.or(self.runtime)?,
            core_count: self.cores,
            avg_cpu: self.avg_cpu,
            memory_in_bytes: self
                .memory_in_bytes
                .or(self.memory.map(|memory| memory * KB)),
            read_bytes: None,
            written_bytes: None,
        })
    }
}

impl From<Any> for Record {
    fn from(any: Any) -> Self {
        let older = any.workflow.tasks.is_some();
        let workflow = match any.workflow {
            AnyWorkflow {
                specification: Some(specification),
                execution,
                ..
            } => Workflow {
                specification,
                execution,
            },
            AnyWorkflow {
                tasks: Some(tasks),
                makespan_in_seconds,
                machines,
                ..
            } => newer(&tasks, makespan_in_seconds, machines),
            _ => Workflow::default(),
        };
        Self {
            name: any.name,
            schema_version: any.schema_version,
            older,
            workflow,
        }
    }
}

fn newer(tasks: &[Older], makespan_in_seconds: f64, machines: Vec<Value>) -> Workflow {
    let ids: BTreeMap<&str, &str> = tasks.iter().map(|task| (task.id(), task.id())).collect();
    let names: BTreeMap<&str, &str> = tasks
        .iter()
        .map(|task| (task.name.as_str(), task.id()))
        .collect();
    let parent = |name: &String| {
        let known = ids.get(name.as_str()).or_else(|| names.get(name.as_str()));
        known.map_or_else(|| name.clone(), |id| (*id).to_owned())
    };
    let linked = |task: &Older, link: &str| -> Vec<String> {
        let files = task.files.iter().filter(|file| file.link == link);
        files.map(|file| file.name.clone()).collect()
    };
    let mut files: BTreeMap<&str, u64> = BTreeMap::new();
    for file in tasks.iter().flat_map(|task| &task.files) {
        files.insert(&file.name, file.bytes());
    }
    let done: Vec<Ran> = tasks.iter().filter_map(Older::ran).collect();
    let specified = tasks.iter().map(|task| Task {
        id: task.id().to_owned(),
        name: task.name.clone(),
        parents: task.parents.iter().map(parent).collect(),
        children: Vec::new(),
        input_files: linked(task, "input"),
        output_files: linked(task, "output"),
    });
    let files = files.into_iter().map(|(id, size_in_bytes)| File {
        id: id.to_owned(),
        size_in_bytes,
    });
    Workflow {
        specification: Specification {
            tasks: specified.collect(),
            files: files.collect(),
        },
        execution: Some(Execution {
            makespan_in_seconds,
            tasks: done,
            machines,
        }),
    }
}
