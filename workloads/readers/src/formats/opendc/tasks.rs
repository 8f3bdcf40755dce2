//! `OpenDC`'s tables of tasks: jobs of a cluster or virtual machines with their sizes.
//!
//! Source: github.com/atlarge-research/opendc, `workloadTraces/*/tasks.parquet`: SURF's Lisa cluster
//! and Bitbrains' machines. Parquet, or CSV with the same columns: milliseconds since 1970, the speed
//! of all cores together in MHz, memory in the unit of whoever published it. Deadlines were made up.
//! Tables of workflows have parents and children, some have GPUs.

use std::collections::BTreeSet;

use crate::formats::prelude::*;
use crate::formats::sheets::{Item, SheetRow, Sheets};

/// The latest time, in milliseconds since 1970 (the year 2262).
const LATEST_MILLIS: u64 = (i64::MAX / 1_000_000) as u64;
/// The most cores of one task.
const MOST_CORES: u64 = 1 << 20;
/// The most speed or memory of one task.
const MOST: u64 = 1_000_000_000_000;

pub(crate) const FORM: Form = Form {
    about: "tasks or virtual machines with their sizes, Parquet or CSV (OpenDC)",
    signs: &[
        Begins("id,submission_time,duration,cpu_count"),
        Column("submission_time"),
    ],
    unkept: &["cpu_capacity", "mem_capacity"],
    import: Ok(import),
    samples: &["\
id,submission_time,duration,cpu_count,cpu_capacity,mem_capacity
2132819,1665093600000,2100000,16,33600.0,100000
2132820,1665093600001,870000,1,2100.5,100000
"],
    ..Form::of::<Sheets<Record>>()
};

/// One task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Its name.
    pub id: String,
    /// When it was submitted, in milliseconds since 1970.
    pub submit: u64,
    /// How long it ran, in milliseconds.
    pub duration: u64,
    /// Its cores.
    pub cores: u64,
    /// The speed of all its cores together, in millionths of a MHz.
    pub speed: u64,
    /// Its memory, in the unit of whoever published it.
    pub memory: u64,
    /// The tasks that it waits for.
    pub parents: Vec<String>,
    /// The tasks that wait for it.
    pub children: Vec<String>,
    /// Its GPUs, where the table has them.
    pub gpus: Option<u64>,
}

impl SheetRow for Record {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "submission_time",
        "duration",
        "cpu_count",
        "cpu_capacity",
        "mem_capacity",
        "parents",
        "children",
        "gpu_count",
    ];
    const REQUIRED: usize = 6;
    const ONE: &'static str = "task";
    const MEMBER: &'static str = "tasks.csv";

    fn row(items: &[Item]) -> Result<Self, ReadError> {
        Ok(Self {
            id: items[0].name("a task")?,
            submit: items[1].whole("milliseconds", LATEST_MILLIS)?,
            duration: items[2].whole("milliseconds", LATEST_MILLIS)?,
            cores: items[3].whole("cores", MOST_CORES)?,
            speed: items[4].decimal("MHz", MILLIONTHS, MOST)?,
            memory: items[5].whole("units of memory", MOST)?,
            parents: items[6].names()?,
            children: items[7].names()?,
            gpus: match &items[8] {
                missing if missing.is_missing() => None,
                item => Some(item.whole("GPUs", MOST_CORES)?),
            },
        })
    }
}

contents! {
    Record: |row| Jobs 1, Tasks 1,
        Edges (row.parents.len() + row.children.len()) as u64;
}

shows! { Record: |one|
    "id": one.id, "submission_time_ms": one.submit, "duration_ms": one.duration,
    "cpu_count": one.cores, "cpu_capacity_mhz": digits(one.speed, MILLIONTHS),
    "mem_capacity": one.memory,
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("tasks");
        seen.columns();
        seen.tally("cpu_count", self.cores);
        seen.sum(
            "core_ms",
            u128::from(self.duration) * u128::from(self.cores),
        );
        seen.figures("submission_time_ms", "milliseconds", [self.submit]);
        seen.figures("duration_ms", "milliseconds", [self.duration]);
        seen.figures("mem_capacity", "units of memory", [self.memory]);
    }
}

/// A task until all that name it are known.
struct Held {
    id: String,
    submit: u64,
    tasks: Tasks,
}

/// Tasks and who waits for whom.
#[derive(Default)]
struct Linked {
    tasks: Vec<Held>,
    numbers: BTreeMap<String, usize>,
    /// Who waits and for whom, as the rows say it.
    links: Vec<(String, String)>,
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "job shape",
        "a virtual machine or task asks for all of its size",
    );
    import.assume("memory", "left out: every publisher has another unit");
    let mut rows = Sheets::<Record>::open(path)?;
    if !rows.has("parents") && !rows.has("children") {
        return import.each(rows.by_ref(), |import, row| {
            let tasks = size(&row);
            import.job(Draft::simple(row.id, Some(millis(row.submit)), tasks))
        });
    }
    let mut linked = Linked::default();
    import.each(rows.by_ref(), |_, row| Ok(linked.add(row)))?;
    linked.write(import)
}

fn size(row: &Record) -> Tasks {
    Tasks {
        cpus: Some(row.cores * 1000),
        gpus: row.gpus.map(|gpus| gpus * 1000),
        ..ran(Some(millis(row.duration)))
    }
}

impl Linked {
    fn add(&mut self, row: Record) -> Became {
        if self.numbers.contains_key(&row.id) {
            return Became::Merged("another row of the same task");
        }
        let links = row
            .parents
            .iter()
            .map(|parent| (row.id.clone(), parent.clone()));
        self.links.extend(links);
        let links = row
            .children
            .iter()
            .map(|child| (child.clone(), row.id.clone()));
        self.links.extend(links);
        self.numbers.insert(row.id.clone(), self.tasks.len());
        self.tasks.push(Held {
            submit: millis(row.submit),
            tasks: size(&row),
            id: row.id,
        });
        Became::Imported
    }

    /// Edges between tasks that are there, each once.
    fn edges(&mut self, import: &mut Import<'_>) -> BTreeSet<(usize, usize)> {
        let mut edges = BTreeSet::new();
        for (child, parent) in std::mem::take(&mut self.links) {
            match (self.numbers.get(&child), self.numbers.get(&parent)) {
                (Some(child), Some(parent)) => {
                    if !edges.insert((*child, *parent)) {
                        import.merged(Thing::Edges, 1, "told by both of their ends");
                    }
                }
                _ => import.passed(Thing::Edges, 1, "whose other end is not in the table"),
            }
        }
        edges
    }

    fn write(mut self, import: &mut Import<'_>) -> Done {
        let edges = self.edges(import);
        let mut root: Vec<usize> = (0..self.tasks.len()).collect();
        for (child, parent) in &edges {
            let (one, other) = (find(&mut root, *child), find(&mut root, *parent));
            root[one.max(other)] = one.min(other);
        }
        let mut workflows: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for task in 0..self.tasks.len() {
            workflows
                .entry(find(&mut root, task))
                .or_default()
                .push(task);
        }
        if workflows.len() < self.tasks.len() {
            import.assume(
                "workflows",
                "tasks that wait for one another are a job, submitted with its first task",
            );
        }
        for members in workflows.into_values() {
            let more = members.len() as u64 - 1;
            import.merged(Thing::Jobs, more, "another task of the same workflow");
            let number = import.number();
            let draft = self.draft(&members, &edges);
            import.numbered(number, draft)?;
        }
        Ok(())
    }

    fn draft(&self, members: &[usize], edges: &BTreeSet<(usize, usize)>) -> Draft {
        let first = &self.tasks[members[0]];
        if members.len() == 1 {
            return Draft::simple(first.id.clone(), Some(first.submit), first.tasks.clone());
        }
        let place = |task: &usize| members.binary_search(task).unwrap_or(0) as u64;
        let stages = members.iter().map(|member| {
            let parents = edges.range((*member, 0)..=(*member, usize::MAX));
            let parents = parents.map(|(_, parent)| place(parent)).collect();
            let task = &self.tasks[*member];
            stage(task.id.clone(), parents, vec![task.tasks.clone()])
        });
        let submits = members.iter().map(|member| self.tasks[*member].submit);
        Draft {
            name: format!("workflow of {}", first.id),
            submit: submits.min(),
            stages: stages.collect(),
            ..Draft::default()
        }
    }
}

/// What stands for all tasks that wait for one another.
fn find(root: &mut [usize], mut task: usize) -> usize {
    while root[task] != task {
        root[task] = root[root[task]];
        task = root[task];
    }
    task
}
