//! Abstract workflows of Pegasus: tasks, files and who waits for whom, in XML (DAX 2 and 3) and in YAML
//! (Pegasus 5).
//!
//! Source: the schemas of Pegasus (`dax-2.1` to `dax-3.6`, `wf-5.0`) and its documentation of profiles; the workflow
//! generator (Bharathi et al., WORKS 2008), whose files give each task a `runtime` in seconds and each file a `size`
//! in bytes, and WRENCH, whose files add `numcores`. One workflow is one job without an arrival. What planning
//! adds (transfers, registration, clusters of tasks) is not in it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;

use crate::canonical::graphs::waits_for_itself;
use crate::formats::cells::decimal;
use crate::formats::prelude::*;
use crate::formats::source::{self, Plain};
use crate::formats::survey::Unread;

pub mod dax;
pub mod yaml;

/// The most cores, nodes or GPUs of a task.
const MOST: u64 = 1_000_000;
/// The most memory of a task, in MiB.
const MOST_MEMORY: u64 = 1 << 40;
/// More than so many different names are data.
const MOST_NAMES: usize = 200;

/// One workflow.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Record {
    /// What people call it.
    pub name: String,
    /// The version of the format.
    pub version: String,
    /// Its tasks.
    pub tasks: Vec<FlowTask>,
}

/// A task of it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct FlowTask {
    /// Its name within the workflow.
    pub id: String,
    /// What it executes.
    pub name: String,
    /// Whether it is a workflow of its own, whose tasks are in another file.
    pub nested: bool,
    /// How long it runs, in microseconds.
    pub runtime: Option<u64>,
    /// How long a profile says that it runs.
    pub expected: Option<u64>,
    /// Its cores, in thousandths.
    pub cores: Option<u64>,
    /// Its nodes.
    pub nodes: Option<u64>,
    /// Cores of each node.
    pub per_node: Option<u64>,
    /// Its memory, in MiB.
    pub memory: Option<u64>,
    /// Its GPUs.
    pub gpus: Option<u64>,
    /// The bytes of the files that it reads, where any size is told.
    pub read: Option<u64>,
    /// The bytes of the files that it writes.
    pub written: Option<u64>,
    /// The tasks that it waits for, by their positions.
    pub parents: BTreeSet<u64>,
}

impl FlowTask {
    /// Counts a file that it uses.
    fn uses(&mut self, link: &str, size: Option<u64>) {
        let Some(size) = size else { return };
        let add = |sum: &mut Option<u64>| *sum = Some(sum.unwrap_or(0).saturating_add(size));
        if matches!(link, "input" | "inout") {
            add(&mut self.read);
        }
        if matches!(link, "output" | "inout") {
            add(&mut self.written);
        }
    }

    /// Takes a profile in; says whether it is one that is read.
    fn profile(&mut self, namespace: &str, key: &str, text: &str) -> Result<bool, ReadError> {
        let text = text.trim_ascii();
        let place = |error: ReadError| error.place(format!("profile {namespace}.{key}"));
        // HTCondor's are expressions, of which a number is the simplest.
        let number = text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
        let whole = |what: &str, most| decimal(text, what, 0, most).map(Some).map_err(place);
        match (namespace, key) {
            ("pegasus", "runtime") => self.expected = Some(seconds_of(text).map_err(place)?),
            ("pegasus", "cores") => self.cores = Some(cores_of(text).map_err(place)?),
            ("pegasus", "nodes") => self.nodes = whole("nodes", MOST)?,
            ("pegasus", "ppn") => self.per_node = whole("cores of a node", MOST)?,
            ("pegasus", "memory") => self.memory = whole("MB", MOST_MEMORY)?,
            ("pegasus", "gpus") => self.gpus = whole("GPUs", MOST)?,
            ("condor", "request_cpus") if number => {
                self.cores = self.cores.or(Some(cores_of(text).map_err(place)?));
            }
            ("condor", "request_memory") if number => {
                self.memory = self.memory.or(whole("MB", MOST_MEMORY)?);
            }
            ("condor", "request_gpus") if number => self.gpus = self.gpus.or(whole("GPUs", MOST)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The tasks of the canonical trace: one, or as many as it has nodes.
    fn tasks(&self) -> Tasks {
        let nodes = self.nodes.unwrap_or(1).max(1);
        let each = |amount: u64| amount.div_ceil(nodes);
        let of_nodes = self.per_node.map(|cores| cores * nodes * 1000);
        Tasks {
            count: nodes,
            cpus: self.cores.or(of_nodes).map(each),
            memory: self.memory.map(each),
            gpus: self.gpus.map(|gpus| each(gpus * 1000)),
            read: self.read,
            write: self.written,
            ..ran(self.runtime.or(self.expected))
        }
    }
}

/// Seconds, in microseconds.
fn seconds_of(text: &str) -> Result<u64, ReadError> {
    decimal(text, "seconds", MILLIONTHS, LATEST)
}

fn cores_of(text: &str) -> Result<u64, ReadError> {
    decimal(text, "cores", 3, MOST)
}

/// Bytes, perhaps with a fraction, as generators write them.
fn bytes_of(text: &str) -> Result<u64, ReadError> {
    decimal(text, "bytes", 0, MOST_BYTES)
}

/// A workflow while it is read.
#[derive(Default)]
pub(super) struct Flow {
    /// What is known of it.
    pub(super) record: Record,
    /// The task that is being read.
    pub(super) task: FlowTask,
    positions: BTreeMap<String, u64>,
    /// Who waits for whom, by the names of tasks.
    edges: Vec<(String, String)>,
}

impl Flow {
    /// The task is whole.
    pub(super) fn push(&mut self) -> Result<(), ReadError> {
        let task = std::mem::take(&mut self.task);
        if task.id.is_empty() {
            let error = ReadError::expected("the id of a task", "none");
            return Err(error.place(format!("task {}", quoted(&task.name))));
        }
        let position = self.record.tasks.len() as u64;
        if self.positions.insert(task.id.clone(), position).is_some() {
            let error = ReadError::expected("every task once", "it twice");
            return Err(error.place(format!("task {}", quoted(&task.id))));
        }
        self.record.tasks.push(task);
        Ok(())
    }

    /// A task waits for another.
    pub(super) fn waits(&mut self, child: &str, parent: &str) -> Result<(), ReadError> {
        if self.edges.len() as u64 >= MOST_EDGES {
            return Err(ReadError::expected("fewer dependencies", MOST_EDGES));
        }
        self.edges.push((child.to_owned(), parent.to_owned()));
        Ok(())
    }

    /// The workflow is whole.
    pub(super) fn finish(mut self) -> Result<Record, ReadError> {
        if self.record.tasks.is_empty() {
            return Err(ReadError::expected("at least one task", "none").place("the workflow"));
        }
        for (child, parent) in self.edges {
            let at = |name: &str| {
                self.positions.get(name).copied().ok_or_else(|| {
                    let error = ReadError::expected("the id of a task", quoted(name));
                    error.place("dependencies")
                })
            };
            let (child, parent) = (at(&child)?, at(&parent)?);
            self.record.tasks[child as usize].parents.insert(parent);
        }
        let tasks = self.record.tasks.iter().zip(0..);
        let edges = tasks.flat_map(|(task, child)| {
            let parents = task.parents.iter();
            parents.map(move |parent| (child, *parent))
        });
        if waits_for_itself(&edges.collect::<Vec<_>>()) {
            let expected = "tasks that wait for others, and not for themselves";
            return Err(ReadError::expected(expected, "a loop").place("dependencies"));
        }
        Ok(self.record)
    }
}

/// The most dependencies that one workflow names.
const MOST_EDGES: u64 = 10_000_000;

/// What was read of a file: its workflows, and what of them was not read.
#[derive(Default)]
pub(super) struct Flows {
    pub(super) done: VecDeque<(u64, Record)>,
    unread: BTreeSet<String>,
}

impl Flows {
    /// Something of this name is not read.
    pub(super) fn pass(&mut self, name: impl FnOnce() -> String) {
        if self.unread.len() < MOST_NAMES {
            self.unread.insert(name());
        }
    }
}

/// How workflows are written.
pub(super) trait Notation {
    /// What a file of it is called inside an archive.
    const MEMBER: &'static str;

    /// Reads a file; what is wrong has a line.
    fn read(plain: Plain, flows: &mut Flows) -> Result<(), ReadError>;
}

/// The workflows of a file, or of those of a folder.
pub(crate) struct Workflows<N> {
    parts: VecDeque<PathBuf>,
    flows: Flows,
    place: Place,
    any: bool,
    kind: std::marker::PhantomData<N>,
}

impl<N: Notation> Reader for Workflows<N> {
    type Record = Record;

    fn open(path: &Path) -> Result<Self, ReadError> {
        let parts = if source::is_folder(path) {
            source::parts(path)?
        } else {
            VecDeque::from([path.to_owned()])
        };
        Ok(Self {
            parts,
            flows: Flows::default(),
            place: Place {
                file: path.into(),
                line: 1,
            },
            any: false,
            kind: std::marker::PhantomData,
        })
    }

    fn place(&self) -> Option<Place> {
        Some(self.place.clone())
    }
}

impl<N: Notation> Iterator for Workflows<N> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((line, record)) = self.flows.done.pop_front() {
                self.any = true;
                self.place.line = line;
                return Some(Ok(record));
            }
            let Some(part) = self.parts.pop_front() else {
                let error = ReadError::expected("at least one workflow", "none");
                let missing = !std::mem::replace(&mut self.any, true);
                return missing.then(|| Err(self.place.of(error)));
            };
            self.place.file = part.as_path().into();
            let plain = source::open(&part, N::MEMBER);
            let read = plain.and_then(|plain| N::read(plain, &mut self.flows));
            if let Err(error) = read {
                self.any = true;
                return Some(Err(error.file(&part)));
            }
        }
    }
}

impl<N> Unread for Workflows<N> {
    fn unread(&self) -> Vec<String> {
        self.flows.unread.iter().cloned().collect()
    }
}

impl Record {
    fn edges(&self) -> u64 {
        let tasks = self.tasks.iter();
        tasks.map(|task| task.parents.len() as u64).sum()
    }

    fn runs(&self) -> impl Iterator<Item = u64> {
        let tasks = self.tasks.iter();
        tasks.filter_map(|task| task.runtime.or(task.expected))
    }

    /// All tasks of the canonical trace.
    fn parts(&self) -> u64 {
        let tasks = self.tasks.iter();
        tasks.map(|task| task.nodes.unwrap_or(1).max(1)).sum()
    }
}

contents! {
    Record: |one| Jobs 1, Tasks one.parts(), Edges one.edges();
}

shows! { Record: |one|
    "name": one.name, "version": one.version, "tasks": one.tasks.len(), "edges": one.edges(),
    "runtime_s": digits(one.runs().fold(0, u64::saturating_add), MILLIONTHS),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let some = |amount: fn(&FlowTask) -> bool| {
            self.tasks.iter().filter(|task| amount(task)).count() as u64
        };
        seen.tally(
            "versions",
            Some(self.version.as_str()).filter(|text| !text.is_empty()),
        )
        .keys();
        seen.sum("tasks", self.tasks.len() as u64);
        seen.sum("parent_edges", self.edges());
        seen.sum("nested_workflows", some(|task| task.nested));
        seen.sum("tasks_with_runtime", some(|task| task.runtime.is_some()));
        seen.sum(
            "tasks_with_expected_runtime",
            some(|task| task.expected.is_some()),
        );
        seen.sum("tasks_with_cores", some(|task| task.cores.is_some()));
        seen.sum("tasks_with_memory", some(|task| task.memory.is_some()));
        seen.figures("runtime_s", "millionths of a second", self.runs());
        let read = self.tasks.iter().filter_map(|task| task.read);
        seen.figures("read", "bytes", read);
        let written = self.tasks.iter().filter_map(|task| task.written);
        seen.figures("written", "bytes", written);
    }
}

/// Workflows as canonical jobs.
fn import<N: Notation>(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume("stages", "every task of the workflow is one");
    let (mut expected, mut nested, mut wide) = (0_u64, 0_u64, 0_u64);
    import.each(Workflows::<N>::open(path)?, |import, record: Record| {
        let stages = record.tasks.iter().map(|task| {
            expected += u64::from(task.runtime.is_none() && task.expected.is_some());
            nested += u64::from(task.nested);
            wide += u64::from(task.nodes.is_some_and(|nodes| nodes > 1));
            let parents = task.parents.iter().copied().collect();
            stage(task.id.clone(), parents, vec![task.tasks()])
        });
        let stages = stages.collect();
        import.job(Draft {
            name: record.name,
            stages,
            ..Draft::default()
        })
    })?;
    let mut assume = |count: u64, about: &str, model: &str| {
        if count > 0 {
            import.assume(about, format!("{count} {model}"));
        }
    };
    let model = "tasks run as long as their profiles (pegasus.runtime) expect";
    assume(expected, "run times", model);
    let model =
        "tasks are workflows of their own in other files: their tasks are not in the source";
    assume(nested, "nested workflows", model);
    let model = "tasks that ask for several nodes are one task a node, each with an equal part";
    assume(wide, "tasks over nodes", model);
    Ok(())
}
