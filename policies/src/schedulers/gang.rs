//! All or nothing, whatever the job: offers are held until a whole stage fits on them.

use super::together::{HOLD, Manner, Together};
use super::{OfferView, Scheduler, SchedulerEntry};
use crate::evidence::{Evidence, Proven};
use crate::job::JobSpec;
use crate::job_queue::JobTie;
use crate::message::JobId;
use crate::time::Time;

/// Serves jobs in order of submission; a stage starts when all its waiting tasks can.
#[derive(Debug)]
pub struct Gang {
    together: Together,
    tie: JobTie,
}

/// Every job is a gang, and nobody passes one that waits.
struct Strict;

impl Manner for Strict {
    fn is_gang(&self, _: &JobSpec) -> bool {
        true
    }

    fn lets_pass(&self) -> bool {
        false
    }

    fn start_one(&self, _: Time, _: JobId, _: &mut OfferView<'_>) -> bool {
        false
    }
}

impl Scheduler for Gang {
    fn place(&mut self, now: Time, view: &mut OfferView<'_>) {
        self.together.place(now, view, &Strict);
    }

    fn heeds_asks(&self) -> bool {
        true
    }

    fn tie(&self) -> JobTie {
        self.tie
    }

    fn starts_together(&self, job: &JobSpec) -> bool {
        Strict.is_gang(job)
    }
}

pub(super) const ENTRY: SchedulerEntry = SchedulerEntry {
    name: "gang",
    about: "all tasks of a stage start together or not at all; offers are held until they can",
    params: &[HOLD, JobTie::TIE],
    evidence: Evidence {
        source: "all or nothing: Feitelson and Rudolph, JPDC 16, 1992; Mesos' holding of offers, NSDI 2011, section 3.3",
        proven: Proven::Scripts,
        example: "\
agents 2 cpus:2 mem:2
framework a gang
job a tasks=3 cpus:1 mem:1 run=10s
job a at=1s tasks=2 cpus:1 mem:1 run=10s
job a at=2s tasks=1 cpus:1 mem:1 run=5s
",
    },
    make: |name, rng| {
        Ok(Box::new(Gang {
            together: Together::from_name(name)?,
            tie: JobTie::from_name(name, rng)?,
        }))
    },
};
