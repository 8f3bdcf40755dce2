//! Jobs as YARN's scheduler load simulator writes them down for itself: containers with times.
//!
//! Source: Hadoop's `hadoop-sls`, `-inputsls` (`rumen2sls.sh` makes such files of Rumen's). JSON
//! objects one after the other, a job each; milliseconds from the beginning. Memory and cores of a
//! container may be given; the simulator's own settings supply them where they are not.

use serde::Deserialize;
use serde_json::Value;

use super::LATEST_MILLIS;
use crate::formats::prelude::*;

/// The most containers that one line may stand for, and the most memory or cores of one.
const MOST: u64 = 1 << 40;

/// How often a job may be submitted.
const MOST_COPIES: u64 = 100_000;

pub(crate) const FORM: Form = Form {
    about: "jobs with their containers, JSON objects (YARN scheduler load simulator)",
    signs: &[
        Holds("\"job.tasks\""),
        Holds("\"job.start.ms\""),
        Holds("\"am.type\""),
    ],
    unkept: &[
        "am.type",
        "job.end.ms",
        "container.host",
        "container.start.ms",
    ],
    import: Ok(import),
    samples: &[
        r#"{ "am.type" : "mapreduce", "job.start.ms" : 0, "job.end.ms" : "95375",
  "job.queue.name" : "q", "job.id" : "job_1", "job.user" : "default",
  "job.tasks" : [
    { "container.host" : "/rack/a", "container.start.ms" : 6664, "container.end.ms" : 23707,
      "container.type" : "map" },
    { "duration.ms" : 5000, "count" : 2, "container.type" : "reduce" } ] }
"#,
    ],
    ..Form::of::<Documents<Record>>()
};

/// One job.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Record {
    /// The kind of its application master: `mapreduce`.
    #[serde(rename = "am.type", default)]
    pub kind: Option<String>,
    /// Its name; the simulator makes one where it is missing.
    #[serde(rename = "job.id", default)]
    pub id: Option<String>,
    /// Who submitted it.
    #[serde(rename = "job.user", default)]
    pub user: Option<String>,
    /// Where it waited.
    #[serde(rename = "job.queue.name", default)]
    pub queue: Option<String>,
    /// How often the simulator submits it, all at once.
    #[serde(rename = "job.count", default)]
    pub count: Option<u64>,
    /// When it begins, in milliseconds: some tools write numbers as text.
    #[serde(rename = "job.start.ms", default)]
    pub start: Option<Value>,
    /// When it ends.
    #[serde(rename = "job.end.ms", default)]
    pub end: Option<Value>,
    /// Its containers.
    #[serde(rename = "job.tasks")]
    pub tasks: Vec<Container>,
}

/// One container, or several that are alike.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Container {
    /// Where it ran: `/rack/host`.
    #[serde(rename = "container.host", default)]
    pub host: Option<String>,
    /// When it began, in milliseconds.
    #[serde(rename = "container.start.ms", default)]
    pub start: Option<Value>,
    /// When it ended.
    #[serde(rename = "container.end.ms", default)]
    pub end: Option<Value>,
    /// How long it ran, where begin and end are not told.
    #[serde(rename = "duration.ms", default)]
    pub lasting: Option<Value>,
    /// How many there are of it.
    #[serde(rename = "count", default)]
    pub count: Option<u64>,
    /// What it does: `map`.
    #[serde(rename = "container.type", default)]
    pub kind: Option<String>,
    /// Its memory in MB.
    #[serde(rename = "container.memory", alias = "memory-mb", default)]
    pub megabytes: Option<u64>,
    /// Its cores.
    #[serde(rename = "container.vcores", alias = "vcores", default)]
    pub cores: Option<u64>,
}

/// A number of milliseconds, written as a number or as text.
pub fn told(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::String(text) => text.trim().parse().ok(),
        number => number.as_i64(),
    }
}

impl Container {
    /// How long it ran, in milliseconds.
    pub fn duration(&self) -> Option<u64> {
        let lasting = told(self.lasting.as_ref());
        let between = || told(self.end.as_ref())?.checked_sub(told(self.start.as_ref())?);
        u64::try_from(lasting.or_else(between)?).ok()
    }
}

impl Record {
    /// How often it is submitted.
    pub fn copies(&self) -> u64 {
        self.count.unwrap_or(1)
    }

    /// The sum of its parts, in all its copies.
    fn in_all(&self, parts: impl Iterator<Item = u64>) -> u64 {
        parts
            .fold(0, u64::saturating_add)
            .saturating_mul(self.copies())
    }

    /// Whether its reduces wait for its maps.
    fn waits(&self) -> u64 {
        let kinds = |kind: &str| {
            self.tasks
                .iter()
                .any(|task| task.kind.as_deref() == Some(kind))
        };
        u64::from(kinds("map") && kinds("reduce"))
    }
}

impl Document for Record {
    const ONE: &'static str = "job";
    const MEMBER: &'static str = "sls-jobs.json";
    const KEYS: &'static str = "keys: job.start.ms, job.user, job.queue.name, \
                                job.tasks[{container.start.ms, container.end.ms}]";

    fn check(&self) -> Result<(), ReadError> {
        if self.copies() > MOST_COPIES {
            let expected = format!("at most {MOST_COPIES} times the same job");
            return Err(ReadError::expected(expected, self.copies()).place("key `job.count`"));
        }
        for (position, task) in self.tasks.iter().enumerate() {
            let place = format!("key `job.tasks[{position}]`");
            let times = [&task.start, &task.end, &task.lasting];
            let times = times.map(|time| told(time.as_ref()).unwrap_or(0));
            let late = times
                .iter()
                .any(|time| !(-LATEST_MILLIS..=LATEST_MILLIS).contains(time));
            if late || task.duration().is_none() {
                let expected = "container.end.ms after container.start.ms, or duration.ms";
                return Err(ReadError::expected(expected, "neither").place(place));
            }
            let amounts = [task.count, task.megabytes, task.cores];
            if let Some(much) = amounts.into_iter().flatten().find(|amount| *amount > MOST) {
                let expected = format!("amounts up to {MOST}");
                return Err(ReadError::expected(expected, much).place(place));
            }
        }
        Ok(())
    }
}

contents! {
    Record: |job| Jobs job.copies(),
        Tasks job.in_all(job.tasks.iter().map(|task| task.count.unwrap_or(1))),
        Edges job.in_all([job.waits()].into_iter());
}

shows! { Record: |one|
    "job": one.id, "user": one.user, "queue": one.queue, "start_ms": told(one.start.as_ref()),
    "containers": one.tasks.len(),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        fn name(text: Option<&String>) -> &str {
            text.map_or("-", String::as_str)
        }
        let copies = self.copies();
        seen.sum("jobs", copies);
        let count = |task: &Container| task.count.unwrap_or(1).saturating_mul(copies);
        let all = self.tasks.iter().map(count).fold(0, u64::saturating_add);
        seen.sum("containers", all);
        for task in &self.tasks {
            seen.tally_by("containers_by_type", name(task.kind.as_ref()), count(task));
        }
        seen.tally("containers_by_type", None::<&str>);
        seen.tally_by("jobs_by_queue", name(self.queue.as_ref()), copies);
        for task in &self.tasks {
            seen.distinct("hosts", task.host.as_ref());
        }
        seen.distinct("hosts", None::<&str>);
        let durations = self.tasks.iter().filter_map(Container::duration);
        seen.figures("container_duration_ms", "milliseconds", durations);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.each(Documents::open(path)?, |import, job: Record| {
        let mut kinds: BTreeMap<&str, Vec<Tasks>> = BTreeMap::new();
        for task in &job.tasks {
            let row = Tasks {
                count: task.count.unwrap_or(1),
                cpus: task.cores.map(|cores| cores * 1000),
                memory: task.megabytes,
                ..ran(task.duration().map(millis))
            };
            kinds
                .entry(task.kind.as_deref().unwrap_or("task"))
                .or_default()
                .push(row);
        }
        // A reduce waits for the maps; of anything else the source says nothing.
        let first = kinds
            .keys()
            .position(|kind| *kind == "map")
            .map(|at| at as u64);
        let stages = kinds.into_iter().map(|(kind, tasks)| {
            let parents = first.filter(|_| kind == "reduce").into_iter().collect();
            stage(kind, parents, tasks)
        });
        let stages: Vec<StageDraft> = stages.collect();
        let submit = told(job.start.as_ref());
        let submit = submit.and_then(|start| u64::try_from(start).ok());
        let tenant = job.queue.clone().or(job.user.clone()).unwrap_or_default();
        for copy in 0..job.copies() {
            let name = job.id.clone().unwrap_or_default();
            let name = if copy > 0 && !name.is_empty() {
                format!("{name}_{copy}")
            } else {
                name
            };
            let number = import.number();
            let draft = Draft {
                stages: stages.clone(),
                submit: submit.map(millis),
                tenant: tenant.clone(),
                name,
                ..Draft::default()
            };
            import.numbered(number, draft)?;
        }
        Ok(Became::Imported)
    })
}
