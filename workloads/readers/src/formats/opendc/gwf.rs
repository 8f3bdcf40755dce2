//! Workflows of the Grid Workloads Archive: tasks, processors and who waits for whom.
//!
//! Source: gwa.ewi.tudelft.nl, the Grid Workflow Format, as `OpenDC` reads it. Columns separated by
//! commas and padded with blanks, named by the first line; seconds. The tasks that one waits for
//! stand behind each other, separated by blanks, in the last column. -1 is missing.

use crate::formats::prelude::*;

/// The largest number of a job and the most processors.
const MOST_NUMBER: u64 = 1 << 40;

pub(crate) const FORM: Form = Form {
    about: "tasks of workflows (Grid Workflow Format)",
    signs: &[Begins("WorkflowID,"), Ends(".gwf")],
    unkept: &["ReqNProcs where NProcs is known"],
    import: Ok(import),
    samples: &["\
WorkflowID, JobID     , SubmitTime, RunTime   , NProcs    , ReqNProcs , Dependencies
0         , 1         , 16        , 11        , 1         , 1         ,
0         , 2         , 40        , 11.5      , -1        , 1         ,
0         , 3         , 64        , -1        , 2         , 2         , 1 2
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One task.
    pub struct Record: "task" in "trace.gwf", headed;
    /// The workflow it belongs to.
    workflow: u64 = "WorkflowID" as "workflow", Round("a number", MOST_NUMBER);
    /// Its number.
    job: u64 = "JobID" as "job", Round("a number", MOST_NUMBER);
    /// When it was submitted, in seconds.
    submit: u64 = "SubmitTime" as "submit_s", Round("seconds", LATEST);
    /// How long it ran, in microseconds.
    run: Option<u64> = "RunTime" as "run_s", Known(Decimal("seconds", MILLIONTHS, LATEST));
    /// The processors it had.
    processors: Option<u64> = "NProcs" as "processors", Known(Round("processors", MOST_NUMBER));
    /// The processors it asked for.
    requested: Option<u64> = "ReqNProcs" as _, Known(Round("processors", MOST_NUMBER));
    /// The tasks that it waits for.
    parents: Vec<u64> = "Dependencies" as "dependencies", Numbers;
}

contents! { Record: |row| Jobs 1, Tasks 1, Edges row.parents.len() as u64; }

/// Nothing where nothing or -1 is written.
struct Known<K>(K);

impl<K: Kind> Kind for Known<K> {
    type Value = Option<K::Value>;

    fn read(&self, cell: Cell<'_>) -> Result<Self::Value, ReadError> {
        match cell.text() {
            "-1" | "-1.0" => Ok(None),
            _ => cell.maybe(|cell| self.0.read(cell)),
        }
    }

    fn show(&self, value: &Self::Value) -> String {
        value
            .as_ref()
            .map_or(String::new(), |value| self.0.show(value))
    }
}

/// Numbers with blanks between; people see how many there are.
struct Numbers;

impl Kind for Numbers {
    type Value = Vec<u64>;

    fn read(&self, cell: Cell<'_>) -> Result<Vec<u64>, ReadError> {
        let texts = cell.text().split_ascii_whitespace();
        let texts = texts.filter(|text| *text != "-1");
        let number = |text| cell.with(text).round("a number", MOST_NUMBER);
        texts.map(number).collect()
    }

    fn show(&self, value: &Vec<u64>) -> String {
        value.len().to_string()
    }
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("rows");
        seen.distinct("workflows", self.workflow);
        seen.sum("edges", self.parents.len() as u64);
        seen.figures("submit_s", "seconds", [self.submit]);
        seen.figures("run_s", "millionths of a second", self.run);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "cores",
        "a processor is one; stages are the tasks of the workflow",
    );
    let mut jobs = Scattered::default();
    import.each(Rows::open(path)?, |import, row: Record| {
        let found = jobs.job(import, &row.workflow.to_string(), Some(seconds(row.submit)));
        let parents = row.parents.iter().map(u64::to_string);
        let cpus = row.processors.or(row.requested).map(|cores| cores * 1000);
        let tasks = Tasks {
            cpus,
            ..ran(row.run)
        };
        found.push(import, &row.job.to_string(), None, parents, tasks)
    })?;
    jobs.write(import)
}
