//! Workflows of the Workflow Trace Archive: tasks, threads and who waits for whom.
//!
//! Source: wta.atlarge-research.com, `tasks/schema-1.0/*.parquet` (Versluis et al., TPDS 2020).
//! Parquet, or CSV with the same columns and `;` between parents: milliseconds from the beginning;
//! -1 is missing.

use crate::formats::prelude::*;
use crate::formats::sheets::{Item, SheetRow, Sheets};

/// The latest time, in milliseconds (the year 2262).
const LATEST_MILLIS: u64 = (i64::MAX / 1_000_000) as u64;
/// The most threads of one task.
const MOST_THREADS: u64 = 1 << 20;

pub(crate) const FORM: Form = Form {
    about: "tasks of workflows, Parquet or CSV (Workflow Trace Archive)",
    signs: &[Begins("id,workflow_id,ts_submit"), Column("ts_submit")],
    import: Ok(import),
    samples: &["\
id,workflow_id,ts_submit,runtime,resource_amount_requested,parents
0,0,0,7184,1.0,
1,0,5,9171,-1.0,0
2,0,5,9171,2,0;1
"],
    ..Form::of::<Sheets<Record>>()
};

/// One task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Its name.
    pub id: String,
    /// The workflow it belongs to.
    pub workflow: String,
    /// When it was submitted, in milliseconds.
    pub submit: u64,
    /// How long it ran, in milliseconds.
    pub run: u64,
    /// The threads it asked for, in millionths; nothing where that is not known.
    pub threads: Option<u64>,
    /// The tasks that it waits for.
    pub parents: Vec<String>,
}

impl SheetRow for Record {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "workflow_id",
        "ts_submit",
        "runtime",
        "parents",
        "resource_amount_requested",
    ];
    const REQUIRED: usize = 5;
    const ONE: &'static str = "task";
    const MEMBER: &'static str = "tasks.csv";

    fn row(items: &[Item]) -> Result<Self, ReadError> {
        let threads = &items[5];
        let unknown =
            threads.is_missing() || threads.name("").is_ok_and(|text| text.starts_with('-'));
        Ok(Self {
            id: items[0].name("a task")?,
            workflow: items[1].name("a workflow")?,
            submit: items[2].whole("milliseconds", LATEST_MILLIS)?,
            run: items[3].whole("milliseconds", LATEST_MILLIS)?,
            parents: items[4].names()?,
            threads: (!unknown)
                .then(|| threads.decimal("threads", MILLIONTHS, MOST_THREADS))
                .transpose()?,
        })
    }
}

contents! { Record: |row| Jobs 1, Tasks 1, Edges row.parents.len() as u64; }

shows! { Record: |one|
    "id": one.id, "workflow": one.workflow, "ts_submit_ms": one.submit, "runtime_ms": one.run,
    "threads": digits(one.threads, MILLIONTHS), "parents": one.parents.len(),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("tasks");
        seen.distinct("workflows", &self.workflow);
        seen.sum("edges", self.parents.len() as u64);
        seen.figures("ts_submit_ms", "milliseconds", [self.submit]);
        seen.figures("runtime_ms", "milliseconds", [self.run]);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "cores",
        "a thread asked for is one; stages are the tasks of the workflow",
    );
    let mut jobs = Scattered::default();
    import.each(Sheets::open(path)?, |import, row: Record| {
        let found = jobs.job(import, &row.workflow, Some(millis(row.submit)));
        let tasks = Tasks {
            cpus: row.threads.map(|threads| threads / 1000),
            ..ran(Some(millis(row.run)))
        };
        found.push(import, &row.id, None, row.parents, tasks)
    })?;
    jobs.write(import)
}
