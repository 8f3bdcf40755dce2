//! Jobs of a Standard Workload Format log: rigid gangs, as many tasks as the job had processors.
//!
//! The log says when a job came, how many processors it had and how long it ran; what a processor
//! is in cores and, in most logs, how much memory it takes is this model. It is the kind `trace` with a
//! few words more: the log becomes a canonical trace, and jobs are made of that, so that both kinds
//! make the same jobs of a log.

use std::path::PathBuf;

use fairground_policies::resources::{Mebibytes, Millicores, Resources};
use fairground_policies::time::Span;
use serde::{Deserialize, Serialize};

use crate::error::ReadError;
use crate::models::parts::{named, positive, some};
use crate::models::trace::{FeedbackMode, TraceSpec, heeds_sessions};
use crate::units;

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
    pub(crate) fn check(&self) -> Result<(), ReadError> {
        named(&self.file)?;
        positive(u64::from(self.width), "width")?;
        positive(self.cpus.0, "cpus")?;
        heeds_sessions(self.feedback, self.session)?;
        some(self.task(self.mem), "cpus")
    }

    /// What a task takes whose processors take `mem` each.
    pub fn task(&self, mem: Mebibytes) -> Resources {
        let width = u64::from(self.width);
        let most = |units: u64| units.saturating_mul(width).min(Resources::MAX_UNITS);
        Resources::new(Millicores(most(self.cpus.0)), Mebibytes(most(mem.0)))
    }
}
