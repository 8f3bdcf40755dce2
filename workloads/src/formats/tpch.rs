//! TPC-H on Spark: the stages of each query and how long their tasks took.
//!
//! Source: github.com/hongzimao/decima-sim (Mao et al., SIGCOMM 2019), the measurements as JSON,
//! one query of one input size a line. A stage lists the run times of its tasks in milliseconds
//! for each number of executors the query was run with: first tasks of new executors
//! (`fresh_durations`), first tasks of the stage (`first_wave`, the fresh ones included) and later
//! ones (`rest_wave`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use crate::error::ReadError;
use crate::formats::documents::Members;
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::rows::{Passed, Row, Rows};
use crate::formats::survey::{Column, Stat, Survey};

/// The most tasks one stage may have.
pub const MOST_TASKS: u32 = 10_000_000;

/// Run times in milliseconds by the number of executors.
pub type Levels = BTreeMap<u32, Vec<u32>>;

/// One query of one input size.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Record {
    /// Where it stands.
    #[serde(skip, default = "Place::nowhere")]
    pub place: Place,
    /// The size of the input: "2g".
    pub size: String,
    /// The query's number in TPC-H.
    pub query: u32,
    /// How many stages there are.
    pub num_stages: u32,
    /// Pairs of stages: the second waits for the first.
    pub edges: Vec<(u32, u32)>,
    /// The stages.
    pub nodes: Vec<Node>,
}

/// One stage.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Node {
    /// Its position.
    pub id: u32,
    /// What Spark called it.
    pub stage_id: u32,
    /// How many tasks it has.
    pub num_tasks: u32,
    /// The number of executors at which `num_tasks` was counted.
    pub first_executor_level: u32,
    /// The first task a new executor runs.
    pub fresh_durations: Levels,
    /// The first task of this stage on any executor, fresh ones included.
    pub first_wave: Levels,
    /// Later tasks.
    pub rest_wave: Levels,
}

impl Node {
    /// How many tasks were recorded with so many executors.
    pub fn recorded(&self, level: u32) -> usize {
        let count = |levels: &Levels| levels.get(&level).map_or(0, Vec::len);
        count(&self.first_wave) + count(&self.rest_wave)
    }
}

/// The queries of a file; a bad one does not end them.
pub type Records = Rows<Record>;

/// Opens a file of this format.
///
/// # Errors
/// When it cannot be opened or unpacked.
pub fn records(path: &Path) -> Result<Records, ReadError> {
    Rows::open(path)
}

impl Row for Record {
    /// The members that are not read.
    type Layout = Members;
    const MEMBER: &'static str = "tpch.jsonl";
    const ONE: &'static str = "query";
    const ABOUT: &'static str = "a TPC-H profile has one query a line, as JSON";

    fn row(line: &str, members: &mut Members) -> Result<Option<Self>, ReadError> {
        parse(line, members).map(Some)
    }

    fn unread(members: &Members) -> Vec<String> {
        members.names()
    }

    fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

fn parse(line: &str, members: &mut Members) -> Result<Record, ReadError> {
    let record: Record = members
        .parse(line.as_bytes())
        .map_err(|error| not_a_query(&error))?;
    check(&record)?;
    Ok(record)
}

/// What serde says about a line, with the place as a column of the line.
fn not_a_query(error: &serde_json::Error) -> ReadError {
    let (expected, hint) = match error.classify() {
        serde_json::error::Category::Data => (
            "a query",
            "keys: size, query, num_stages, edges, nodes[{id, stage_id, num_tasks, \
             first_executor_level, fresh_durations, first_wave, rest_wave}]",
        ),
        _ => (
            "JSON",
            "every line is one JSON object; the file may be truncated",
        ),
    };
    ReadError::json(expected, error).hint(hint)
}

fn check(record: &Record) -> Result<(), ReadError> {
    let stages = record.nodes.len();
    if stages == 0 {
        return Err(ReadError::expected("at least one stage", "none").place("key `nodes`"));
    }
    if record.num_stages as usize != stages {
        let error = ReadError::expected(format!("{stages}, as many as nodes"), record.num_stages);
        return Err(error.place("key `num_stages`"));
    }
    for (position, &(parent, child)) in record.edges.iter().enumerate() {
        let found = format!("[{parent}, {child}]");
        let expected = if parent as usize >= stages || child as usize >= stages {
            format!("stages below {stages}")
        } else if parent >= child {
            "a parent before its child (anything else could be a cycle)".to_owned()
        } else {
            continue;
        };
        let error = ReadError::expected(expected, found).place(format!("key `edges[{position}]`"));
        return Err(error.hint("an edge is [parent, child], positions in `nodes`"));
    }
    for (position, node) in record.nodes.iter().enumerate() {
        check_node(node, position)?;
    }
    Ok(())
}

fn check_node(node: &Node, position: usize) -> Result<(), ReadError> {
    let place = |key: &str| format!("key `nodes[{position}].{key}`");
    if node.id as usize != position {
        let error = ReadError::expected(format!("{position}, its position"), node.id);
        return Err(error.place(place("id")));
    }
    if node.num_tasks == 0 {
        let error = ReadError::expected("at least one task", 0);
        return Err(error.place(place("num_tasks")));
    }
    if node.num_tasks > MOST_TASKS {
        let error = ReadError::expected(format!("at most {MOST_TASKS} tasks"), node.num_tasks);
        return Err(error.place(place("num_tasks")));
    }
    let level = node.first_executor_level;
    let recorded = node.recorded(level);
    if recorded != node.num_tasks as usize {
        let expected = format!("{recorded}, the run times recorded with {level} executors");
        let error = ReadError::expected(expected, node.num_tasks)
            .hint("num_tasks counts first_wave and rest_wave at first_executor_level");
        return Err(error.place(place("num_tasks")));
    }
    Ok(())
}

/// What is counted over a whole file.
#[derive(Default)]
pub(crate) struct Counts {
    queries: BTreeSet<(String, u32)>,
    edges: usize,
    tasks: Figures,
    durations: Figures,
    passed: Passed,
}

impl Survey for Counts {
    type Record = Record;
    type Records = Records;
    const HEADER: &'static [&'static str] = &[
        "size",
        "query",
        "stages",
        "edges",
        "tasks",
        "recorded_durations",
        "recorded_ms",
    ];

    fn row(record: &Record) -> Vec<String> {
        let tasks: u64 = record.nodes.iter().map(|n| u64::from(n.num_tasks)).sum();
        let sum: u64 = durations(record).sum();
        vec![
            record.size.clone(),
            record.query.to_string(),
            record.nodes.len().to_string(),
            record.edges.len().to_string(),
            tasks.to_string(),
            durations(record).count().to_string(),
            sum.to_string(),
        ]
    }

    fn see(&mut self, record: &Record, warn: &mut Vec<ReadError>) {
        let named = format!("query {} of size {}", record.query, record.size);
        if !self.queries.insert((record.size.clone(), record.query)) {
            let error = ReadError::expected("every query once", "it again").place(named.clone());
            let error = error.hint("a simulation draws it so much more often");
            warn.push(record.place.of(error));
        }
        for node in &record.nodes {
            let tasks = node.num_tasks as usize;
            let mut levels = node.first_wave.keys();
            if let Some(level) = levels.find(|level| node.recorded(**level) != tasks) {
                let error = ReadError::expected(
                    format!("{tasks} run times at every number of executors"),
                    format!("{} with {level}", node.recorded(*level)),
                );
                let place = format!("{named}, key `nodes[{}]`", node.id);
                let error = error.hint("the number at first_executor_level is used");
                warn.push(record.place.of(error).place(place));
            }
            self.tasks.push(u64::from(node.num_tasks));
        }
        self.edges += record.edges.len();
        self.durations.extend(durations(record));
    }

    fn close(&mut self, records: &Records, warn: &mut Vec<ReadError>) {
        self.passed = records.passed();
        self.passed.tell(warn);
    }

    fn stat(self) -> Stat {
        let tasks = self.tasks.sum();
        let mut facts = vec![
            ("queries", self.queries.len().to_string()),
            ("stages", self.tasks.len().to_string()),
            ("edges", self.edges.to_string()),
            ("tasks", tasks.to_string()),
        ];
        facts.extend(self.passed.facts());
        Stat {
            facts,
            columns: vec![
                Column::of("tasks_per_stage", "tasks", self.tasks),
                Column::of("all_recorded_durations_ms", "milliseconds", self.durations),
            ],
        }
    }
}

/// Every run time of a query, in milliseconds.
fn durations(record: &Record) -> impl Iterator<Item = u64> {
    let lists = record.nodes.iter().flat_map(|node| {
        let waves = [&node.fresh_durations, &node.first_wave, &node.rest_wave];
        waves.into_iter().flat_map(BTreeMap::values)
    });
    lists.flatten().map(|ms| u64::from(*ms))
}
