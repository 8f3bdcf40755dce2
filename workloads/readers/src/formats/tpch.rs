//! TPC-H on Spark: the stages of each query and how long their tasks took.
//!
//! Source: github.com/hongzimao/decima-sim (Mao et al., SIGCOMM 2019), the measurements as JSON,
//! one query of one input size a line. A stage lists the run times of its tasks in milliseconds
//! for each number of executors the query was run with: first tasks of new executors
//! (`fresh_durations`), first tasks of the stage (`first_wave`, the fresh ones included) and later
//! ones (`rest_wave`).

use serde::Deserialize;

use crate::formats::prelude::*;
use crate::models::jobs::MOST_TASKS;

/// Run times in milliseconds by the number of executors.
pub type Levels = BTreeMap<u32, Vec<u32>>;

pub(crate) const FORM: Form = Form {
    about: "Spark queries: stages and task run times, JSON lines (TPC-H, Decima)",
    signs: &[MayEnd(".jsonl"), MayEnd(".ndjson")],
    unkept: &["fresh_durations"],
    import: Ok(import),
    samples: &[concat!(
        r#"{"size":"2g","query":1,"num_stages":2,"edges":[[0,1]],"nodes":["#,
        r#"{"id":0,"stage_id":0,"num_tasks":3,"first_executor_level":2,"#,
        r#""fresh_durations":{"2":[90,80]},"first_wave":{"2":[90,80]},"rest_wave":{"2":[40]}},"#,
        r#"{"id":1,"stage_id":4,"num_tasks":1,"first_executor_level":2,"#,
        r#""fresh_durations":{"2":[]},"first_wave":{"2":[30]},"rest_wave":{"2":[]}}]}"#,
        "\n",
        r#"{"size":"2g","query":2,"num_stages":3,"edges":[[0,2],[1,2]],"nodes":["#,
        r#"{"id":0,"stage_id":0,"num_tasks":1,"first_executor_level":2,"#,
        r#""fresh_durations":{"2":[5]},"first_wave":{"2":[5]},"rest_wave":{"2":[]}},"#,
        r#"{"id":1,"stage_id":1,"num_tasks":2,"first_executor_level":2,"#,
        r#""fresh_durations":{"2":[]},"first_wave":{"2":[7,8]},"rest_wave":{"2":[]}},"#,
        r#"{"id":2,"stage_id":2,"num_tasks":1,"first_executor_level":2,"#,
        r#""fresh_durations":{"2":[]},"first_wave":{"2":[9]},"rest_wave":{"2":[]}}]}"#,
        "\n"
    )],
    ..Form::of::<Rows<Record>>()
};

/// One query of one input size.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Record {
    /// The size of the input: "2g".
    pub size: String,
    /// The query's number in TPC-H.
    pub query: u32,
    /// How many stages there are.
    pub num_stages: u32,
    /// Pairs of stages: the second waits for the first.
    pub edges: Vec<(u32, u32)>,
    /// The stages.
    pub nodes: Vec<Operator>,
}

/// One stage.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Operator {
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

impl Operator {
    /// How many tasks were recorded with so many executors.
    pub fn recorded(&self, level: u32) -> usize {
        let count = |levels: &Levels| levels.get(&level).map_or(0, Vec::len);
        count(&self.first_wave) + count(&self.rest_wave)
    }
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

fn check_node(node: &Operator, position: usize) -> Result<(), ReadError> {
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

contents! {
    Record: |query| Jobs 1, Tasks query.nodes.iter().map(measured).sum(),
        Edges query.edges.len() as u64;
}

shows! { Record: |one|
    "size": one.size, "query": one.query, "stages": one.nodes.len(), "edges": one.edges.len(),
    "tasks": one.nodes.iter().map(|n| u64::from(n.num_tasks)).sum::<u64>(),
    "recorded_durations": durations(one).count(), "recorded_ms": durations(one).sum::<u64>(),
}

/// Tasks of a stage that were measured, with any number of executors.
fn measured(node: &Operator) -> u64 {
    let waves = node.first_wave.values().chain(node.rest_wave.values());
    waves.map(|wave| wave.len() as u64).sum()
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let named = format!("query {} of size {}", self.query, self.size);
        if !seen.distinct("queries", &named) {
            let odd = ReadError::expected("every query once", "it again").place(named.clone());
            seen.warn(odd.hint("a simulation draws it so much more often"));
        }
        for node in &self.nodes {
            let tasks = node.num_tasks as usize;
            let mut levels = node.first_wave.keys();
            if let Some(level) = levels.find(|level| node.recorded(**level) != tasks) {
                let odd = ReadError::expected(
                    format!("{tasks} run times at every number of executors"),
                    format!("{} with {level}", node.recorded(*level)),
                );
                let odd = odd.hint("the number at first_executor_level is used");
                seen.warn(odd.place(format!("{named}, key `nodes[{}]`", node.id)));
            }
        }
        let tasks = self.nodes.iter().map(|node| node.num_tasks);
        seen.sum("stages", self.nodes.len() as u64);
        seen.sum("edges", self.edges.len() as u64);
        seen.sum("tasks", tasks.clone().map(u64::from).sum::<u64>());
        seen.figures("tasks_per_stage", "tasks", tasks);
        seen.figures("all_recorded_durations_ms", "milliseconds", durations(self));
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

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "run times",
        "those measured with the first number of executors",
    );
    import.each(Rows::open(path)?, |import, query: Record| {
        let stages = query.nodes.iter().map(|node| {
            let level = node.first_executor_level;
            let waves = [&node.first_wave, &node.rest_wave];
            let times = waves
                .into_iter()
                .filter_map(|wave| wave.get(&level))
                .flatten();
            let tasks = times.map(|time| ran(Some(millis(u64::from(*time)))));
            let child = node.id;
            let edges = query.edges.iter().filter(|(_, to)| *to == child);
            let parents = edges.map(|(from, _)| u64::from(*from)).collect();
            stage(format!("stage {}", node.stage_id), parents, tasks.collect())
        });
        let stages: Vec<StageDraft> = stages.collect();
        let taken: usize = stages.iter().map(|stage| stage.tasks.len()).sum();
        let measured: u64 = query.nodes.iter().map(measured).sum();
        let others = measured - taken as u64;
        import.passed(
            Thing::Tasks,
            others,
            "measured with another number of executors",
        );
        let name = format!("query {} of {}", query.query, query.size);
        import.job(Draft {
            name,
            stages,
            ..Draft::default()
        })
    })
}
