//! TPC-H queries on Spark as they were measured, arriving at random.
//!
//! As in Decima's simulator (Mao et al., SIGCOMM 2019): queries and sizes are uniform, arrivals
//! are Poisson 25 s apart, and a task's time is drawn from the measurements of its stage for its
//! wave. Decima picks the measurements by the number of executors the job has at that moment;
//! here it is one number, `level`, because how many executors there are is the policy's doing. A
//! wave without measurements at that number takes those of the nearest lower one that has some,
//! then of the nearest higher one, then of the wave it resembles most.

use std::path::PathBuf;

use fairground_policies::time::Span;
use serde::{Deserialize, Serialize};

use crate::error::ReadError;
use crate::models::arrivals::Day;
use crate::models::parts::{ExecutorSpec, positive};
use crate::models::submissions::{ClosedSpec, Submissions};

/// The mean time between two submissions of which nothing else is said.
pub const GAP: Span = Span::from_secs(25);

/// TPC-H profiles and the model of what they do not say.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TpchSpec {
    /// The files, relative to the recipe; every query in them is as likely.
    pub files: Vec<PathBuf>,
    /// The mean time between two submissions; 25 s if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<Span>,
    /// At most so many jobs; of a closed workload, so many of each user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<u32>,
    /// Users who wait for their last job, in place of `gap`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<ClosedSpec>,
    /// The number of executors whose measurements are used.
    pub level: u32,
    /// What a new executor adds to a task, where that was not measured.
    pub warmup: Span,
    /// The executors.
    pub executors: ExecutorSpec,
}

impl Default for TpchSpec {
    /// Gap and warm-up as in Decima's `param.py`.
    fn default() -> Self {
        Self {
            files: Vec::new(),
            gap: None,
            jobs: None,
            closed: None,
            level: 20,
            warmup: Span::from_secs(1),
            executors: ExecutorSpec::default(),
        }
    }
}

impl TpchSpec {
    pub(crate) fn check(&self) -> Result<(), ReadError> {
        positive(u64::from(self.level), "level")?;
        if self.files.is_empty() {
            let error = ReadError::expected("at least one file", "none");
            return Err(error.place("parameter `files`"));
        }
        self.submissions().check()?;
        self.executors.check()
    }

    /// How its jobs are submitted.
    pub const fn submissions(&self) -> Submissions {
        Submissions {
            gap: self.gap,
            day: None,
            usual: (GAP, Day::FLAT),
            jobs: self.jobs,
            closed: self.closed,
        }
    }
}
