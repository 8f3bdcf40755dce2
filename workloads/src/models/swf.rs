//! Jobs of a Standard Workload Format log: rigid gangs, as many tasks as the job had processors.
//!
//! The log says when a job came, how many processors it had and how long it ran; what a processor
//! is in cores and, in most logs, how much memory it takes is this model. It is the kind `trace` with a
//! few words more: the log becomes a canonical trace, and jobs are made of that, so that both kinds
//! make the same jobs of a log.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fairground_policies::resources::{Mebibytes, Millicores, Resources};
use fairground_policies::time::Span;
use serde::{Deserialize, Serialize};

use crate::canonical::tables::{Job, Tasks, Tenant};
use crate::canonical::{Imports, Opened};
use crate::error::ReadError;
use crate::formats::Format;
use crate::models::arrivals::assumption;
use crate::models::parts::{named, positive, some};
use crate::models::trace::{FeedbackMode, Loaded, Reading, TraceSpec, heeds_sessions};
use crate::units::{self, Thousandths};

/// A log and the model of what it does not say.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SwfSpec {
    /// The log, relative to the recipe.
    pub file: PathBuf,
    /// How long after the first submission in the log the cluster starts.
    pub from: Span,
    /// Only the first so many jobs from there on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<u32>,
    /// Only jobs of these users, by number; of all if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<u64>,
    /// Only jobs of these groups; of all if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<u64>,
    /// Only jobs of these queues; of all if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<u64>,
    /// Only jobs of these partitions; of all if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partitions: Vec<u64>,
    /// Where it is known from which job waits for which: `logged` (columns 17 and 18) or `user`; without
    /// it, all come at their logged times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback: Option<FeedbackMode>,
    /// With `feedback = "user"`: after a longer pause, 20 min if nothing is said, a job begins a session, at
    /// its logged time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Span>,
    /// Processors of one task; a job gets whole tasks.
    pub width: u32,
    /// Cores of one processor.
    #[serde(with = "units::cores")]
    pub cpus: Millicores,
    /// Memory of one processor, where the log does not say.
    #[serde(with = "units::memory")]
    pub mem: Mebibytes,
    /// How long a job runs whose run time is damaged.
    #[serde(skip_serializing_if = "is_default")]
    pub run: Span,
}

/// What a trace assumes of a run time that is not known.
fn default_run() -> Span {
    TraceSpec::default().run
}

/// Whether nothing else is assumed.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_default(run: &Span) -> bool {
    *run == default_run()
}

impl Default for SwfSpec {
    /// A task a processor and a core a processor; the memory is a guess.
    fn default() -> Self {
        Self {
            file: PathBuf::new(),
            from: Span::ZERO,
            jobs: None,
            users: Vec::new(),
            groups: Vec::new(),
            queues: Vec::new(),
            partitions: Vec::new(),
            feedback: None,
            session: None,
            width: 1,
            cpus: Millicores(1000),
            mem: Mebibytes(1024),
            run: default_run(),
        }
    }
}

impl SwfSpec {
    fn check(&self) -> Result<(), ReadError> {
        named(&self.file)?;
        positive(u64::from(self.width), "width")?;
        positive(self.cpus.0, "cpus")?;
        heeds_sessions(self.feedback, self.session)?;
        some(self.task(self.mem), "cpus")
    }

    /// What a task takes whose processors take `mem` each.
    fn task(&self, mem: Mebibytes) -> Resources {
        let width = u64::from(self.width);
        let most = |units: u64| units.saturating_mul(width).min(Resources::MAX_UNITS);
        Resources::new(Millicores(most(self.cpus.0)), Mebibytes(most(mem.0)))
    }

    /// The same as a trace of any format.
    fn as_trace(&self) -> TraceSpec {
        let task = self.task(self.mem);
        TraceSpec {
            file: self.file.clone(),
            format: Some(Format::Swf),
            from: self.from,
            jobs: self.jobs,
            feedback: self.feedback,
            session: self.session,
            cpus: task.cpus(),
            mem: task.mem(),
            run: self.run,
            ..TraceSpec::default()
        }
    }

    /// Reads the log.
    pub(crate) fn load(&self, folder: &Path, imports: &mut Imports) -> Result<Loaded, ReadError> {
        self.check()?;
        let spec = self.as_trace();
        let (log, inputs) = imports.open(folder, &self.file, spec.format)?;
        let users = users(&log)?;
        let wider = Cell::new(0);
        let reading = Reading {
            wants: &|job| self.wants(job, &users),
            task: &|tasks| self.widened(&tasks, &wider),
        };
        let mut loaded = spec.loaded(&log, inputs, &reading)?;
        let processor = format!(
            "a processor is {} cores; a task has {} of them",
            Thousandths(self.cpus.0),
            self.width
        );
        loaded.assumptions.push(assumption("processors", processor));
        if wider.get() > 0 {
            let model = format!(
                "the last task of {} jobs is made as wide as the others",
                wider.get()
            );
            loaded
                .assumptions
                .push(assumption("processors left over", model));
        }
        Ok(loaded)
    }

    /// Whether the recipe asks for this job.
    fn wants(&self, job: &Job, users: &BTreeMap<u64, u64>) -> bool {
        let number = |text: &Option<String>| text.as_ref().and_then(|text| text.parse().ok());
        let user = job.tenant.and_then(|tenant| users.get(&tenant).copied());
        let filters = [
            (&self.users, user),
            (&self.groups, number(&job.group)),
            (&self.queues, number(&job.queue)),
            (&self.partitions, number(&job.partition)),
        ];
        let mut filters = filters.into_iter();
        filters.all(|(list, number)| {
            list.is_empty() || number.is_some_and(|number| list.contains(&number))
        })
    }

    /// Tasks of a processor as tasks of the width asked for.
    fn widened(&self, tasks: &Tasks, wider: &Cell<u64>) -> Tasks {
        let width = u64::from(self.width);
        wider.set(wider.get() + u64::from(!tasks.count.is_multiple_of(width)));
        let task = self.task(Mebibytes(tasks.memory.unwrap_or(0)));
        Tasks {
            count: tasks.count.div_ceil(width),
            cpus: Some(task.cpus().0),
            memory: tasks.memory.map(|_| task.mem().0),
            ..tasks.clone()
        }
    }
}

/// The numbers of users by those of the trace's tenants.
fn users(log: &Opened) -> Result<BTreeMap<u64, u64>, ReadError> {
    let mut users = BTreeMap::new();
    for tenant in log.rows::<Tenant>()? {
        let tenant = tenant?;
        let number = tenant
            .name
            .strip_prefix("user ")
            .and_then(|number| number.parse().ok());
        users.extend(number.map(|number| (tenant.id, number)));
    }
    Ok(users)
}
