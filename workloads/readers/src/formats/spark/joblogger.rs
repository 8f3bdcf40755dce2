//! The job logs of Spark 0.8 (`JobLogger`): the plan of a query and the run time of every task.
//!
//! Source: github.com/kayousterhout/trace-analysis (Ousterhout et al., NSDI 2015). Text: the query,
//! then `STAGE_ID=5 RDD_DEP=(..) STAGE_DEP=(6,2)` for the plan, where a pair is a stage and a shuffle,
//! then lines with a time in front for jobs, stages and tasks. Everything else explains the plan.

use super::LATEST_MILLIS;
use crate::canonical::account::{Contains, Contents};
use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "plan and tasks of a query (Spark 0.8 JobLogger)",
    signs: &[Named("job_log")],
    unkept: &["executor", "status of jobs and stages"],
    import: Ok(import),
    samples: &["\
CREATE TABLE result AS SELECT x: y FROM t
STAGE_ID=4 RDD_DEP=(26,25) STAGE_DEP=(5,1)
STAGE_ID=5 RDD_DEP=(21) STAGE_DEP=
STAGE_ID=4 RESULT_STAGE
2014/04/16 04:52:38: JOB_ID=1 STATUS=STARTED
2014/04/16 04:52:38: STAGE_ID=5 STATUS=SUBMITTED TASK_SIZE=1
2014/04/16 04:52:42: TASK_TYPE=SHUFFLE_MAP_TASK STATUS=SUCCESS TID=1 STAGE_ID=5 \
START_TIME=1397623958667 FINISH_TIME=1397623962029 EXECUTOR_ID=2 HOST=h METRICS=
2014/04/16 04:52:49: JOB_ID=1 STATUS=SUCCES
"],
    ..Form::of::<Rows<Record>>()
};

/// One line that tells something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// What it tells.
    pub said: Said,
}

/// What a line tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// A stage of the plan and the stages it waits for.
    Plan(u64, Vec<u64>),
    /// A job begins or ends: its number and status.
    Job(u64, String),
    /// A stage begins or ends: its number, its status, and how many tasks it has where it begins.
    Stage(u64, String, Option<u64>),
    /// A task ends.
    Task(Task),
}

/// A task that ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Task {
    /// What it does: `RESULT_TASK`.
    pub kind: String,
    /// How it ended: `SUCCESS`.
    pub status: String,
    /// The number of its stage.
    pub stage: u64,
    /// When it began, in milliseconds since 1970.
    pub started: u64,
    /// When it ended.
    pub finished: u64,
    /// Which executor it ran in.
    pub executor: String,
}

impl Row for Record {
    type Layout = u64;
    const MEMBER: &'static str = "job_log";
    const ONE: &'static str = "line about a job, stage or task";
    const ABOUT: &'static str = "lines like: 2014/04/16 04:52:38: STAGE_ID=2 STATUS=SUBMITTED";

    fn row(line: &str, others: &mut u64) -> Result<Option<Self>, ReadError> {
        let said = match line.split_once(": ") {
            Some((time, rest)) if dated(time) => {
                // A value may be empty, and one may have blanks in it; the keys that count have none.
                let pairs = rest.split(' ').filter_map(|pair| pair.split_once('='));
                event(&pairs.collect())?
            }
            _ => plan(line)?,
        };
        *others += u64::from(said.is_none());
        Ok(said.map(|said| Self { said }))
    }

    fn end(others: &u64, blank: u64, seen: &mut Seen) {
        seen.add("lines", others + blank);
    }
}

/// Whether text is a time such as `2014/04/16 04:52:38`.
fn dated(text: &str) -> bool {
    let shape = b"0000/00/00 00:00:00";
    text.len() == shape.len()
        && text.bytes().zip(shape).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            other => byte == *other,
        })
}

fn number(key: &'static str, text: &str) -> Result<u64, ReadError> {
    let cell = Cell::new(0, key, text);
    let number = cell.whole("a number", LATEST_MILLIS);
    number.map_err(|error| error.place(format!("key {key}")))
}

fn plan(line: &str) -> Result<Option<Said>, ReadError> {
    let Some((stage, parents)) = line
        .strip_prefix("STAGE_ID=")
        .and_then(|rest| rest.split_once(" RDD_DEP="))
        .and_then(|(stage, rest)| Some((stage, rest.split_once(" STAGE_DEP=")?.1)))
    else {
        return Ok(None);
    };
    let parents = parents.trim_ascii().split_inclusive(')').map(|pair| {
        let first = pair.strip_prefix('(').and_then(|pair| pair.split_once(','));
        let Some((stage, _)) = first else {
            let error = ReadError::expected("pairs (stage,shuffle)", quoted(pair));
            return Err(error.place("key STAGE_DEP"));
        };
        number("STAGE_DEP", stage)
    });
    let parents = parents.collect::<Result<_, _>>()?;
    Ok(Some(Said::Plan(number("STAGE_ID", stage)?, parents)))
}

fn event(pairs: &BTreeMap<&str, &str>) -> Result<Option<Said>, ReadError> {
    let needed = |key: &'static str| {
        let missing = || ReadError::expected(format!("the key {key}"), "none");
        pairs.get(key).copied().ok_or_else(missing)
    };
    let status = || needed("STATUS").map(ToOwned::to_owned);
    if let Some(kind) = pairs.get("TASK_TYPE") {
        let task = Task {
            kind: (*kind).to_owned(),
            status: status()?,
            stage: number("STAGE_ID", needed("STAGE_ID")?)?,
            started: number("START_TIME", needed("START_TIME")?)?,
            finished: number("FINISH_TIME", needed("FINISH_TIME")?)?,
            executor: needed("EXECUTOR_ID")?.to_owned(),
        };
        return Ok(Some(Said::Task(task)));
    }
    if let Some(stage) = pairs.get("STAGE_ID") {
        let tasks = pairs
            .get("TASK_SIZE")
            .map(|tasks| number("TASK_SIZE", tasks));
        let stage = number("STAGE_ID", stage)?;
        return Ok(Some(Said::Stage(stage, status()?, tasks.transpose()?)));
    }
    match pairs.get("JOB_ID") {
        Some(job) => Ok(Some(Said::Job(number("JOB_ID", job)?, status()?))),
        None => Ok(None),
    }
}

impl Shown for Record {
    const HEADER: &'static [&'static str] = &["what", "id", "status", "duration_ms"];

    fn row(&self) -> Vec<String> {
        let (what, id, status, lasted) = match &self.said {
            Said::Plan(stage, _) => ("plan", *stage, "-", None),
            Said::Job(job, status) => ("job", *job, status.as_str(), None),
            Said::Stage(stage, status, _) => ("stage", *stage, status.as_str(), None),
            Said::Task(task) => {
                let lasted = task.finished.checked_sub(task.started);
                ("task", task.stage, task.status.as_str(), lasted)
            }
        };
        let lasted = lasted.map_or(String::new(), |lasted| lasted.to_string());
        vec![what.to_owned(), id.to_string(), status.to_owned(), lasted]
    }
}

impl Contains for Record {
    fn contents(&self) -> Contents {
        let none = Contents::default();
        match &self.said {
            Said::Plan(_, parents) => none.and(Thing::Edges, parents.len() as u64),
            Said::Task(_) => none.and(Thing::Tasks, 1),
            _ => none,
        }
    }
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let task = match &self.said {
            Said::Task(task) => Some(task),
            _ => None,
        };
        let submitted = matches!(&self.said, Said::Stage(_, status, _) if status == "SUBMITTED");
        let lasted = task.and_then(|task| task.finished.checked_sub(task.started));
        if task.is_some() && lasted.is_none() {
            let odd = ReadError::expected("an end after the begin", "one before");
            seen.warn(odd.place("key FINISH_TIME"));
        }
        seen.count("lines");
        seen.count_if("stages_submitted", submitted);
        seen.tally("tasks", task.map(|task| &task.kind));
        seen.tally("task_statuses", task.map(|task| &task.status));
        seen.distinct("executors", task.map(|task| &task.executor));
        seen.figures("task_duration_ms", "milliseconds", lasted);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "jobs",
        "a log is one job: its plan does not say which stage is whose",
    );
    let mut plan: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    let mut tasks: BTreeMap<u64, Vec<Tasks>> = BTreeMap::new();
    let mut begun: Option<u64> = None;
    import.each(Rows::open(path)?, |import, record: Record| {
        match record.said {
            Said::Plan(stage, parents) => {
                if let Some(before) = plan.insert(stage, parents) {
                    let count = before.len() as u64;
                    import.merged(Thing::Edges, count, "of a stage that is planned again");
                }
            }
            Said::Task(task) => {
                begun = Some(begun.map_or(task.started, |begun| begun.min(task.started)));
                let run = task.finished.checked_sub(task.started).map(millis);
                tasks.entry(task.stage).or_default().push(ended(run));
            }
            _ => return Ok(Became::Passed("of another kind than plans and tasks")),
        }
        Ok(Became::Imported)
    })?;
    let planned: usize = plan.values().map(Vec::len).sum();
    let ids: Vec<u64> = tasks.keys().copied().collect();
    let stages = tasks.into_iter().map(|(id, tasks)| {
        let parents = plan.get(&id).into_iter().flatten();
        let parents = parents.filter_map(|parent| ids.iter().position(|id| id == parent));
        let parents = parents.map(|parent| parent as u64).collect();
        stage(format!("stage {id}"), parents, tasks)
    });
    let stages: Vec<StageDraft> = stages.collect();
    let kept: usize = stages.iter().map(|stage| stage.parents.len()).sum();
    let skipped = (planned - kept) as u64;
    import.passed(Thing::Edges, skipped, "of stages that did not run");
    let submit = begun.map(millis);
    import.find(Thing::Jobs, 1);
    let job = import.number();
    import.numbered(
        job,
        Draft {
            submit,
            stages,
            ..Draft::default()
        },
    )
}
