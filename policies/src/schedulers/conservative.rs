//! Conservative backfilling (Mu'alem and Feitelson, IEEE TPDS 12(6), 2001, section 2.2): every job that waits has a
//! start planned, and who comes later delays none of them.
//!
//! A job that comes is planned at the first time at which there is room for it beside all others. After an end all
//! are planned anew, one by one in order of submission, and never later than before. Where something runs longer
//! than was said, what was planned may not hold any more: then all that follows is planned from the beginning.
//! A job of which nothing is said runs for ever.

use std::collections::BTreeMap;

use super::easy::{GATHER, gather};
use super::{OfferView, Scheduler, SchedulerEntry};
use crate::evidence::{Evidence, Proven};
use crate::job::JobSpec;
use crate::job_queue::WorkUnit;
use crate::message::{AgentId, JobId};
use crate::profile::CapacityProfile;
use crate::resources::Resources;
use crate::time::{Span, Time};

/// Serves rigid jobs in order of submission, for a framework that has the pool to itself.
#[derive(Debug)]
pub struct Conservative {
    gather: Span,
    planned: BTreeMap<JobId, PlannedStage>,
    /// Whether a task ended since it was asked last.
    ended: bool,
}

/// When and where the next stage of a job is to run.
#[derive(Clone, PartialEq, Eq, Debug)]
struct PlannedStage {
    stage: u32,
    needs: Resources,
    at: Time,
    until: Time,
    places: Vec<(AgentId, u64)>,
}

impl Scheduler for Conservative {
    fn place(&mut self, now: Time, view: &mut OfferView<'_>) {
        let jobs: Vec<JobId> = view.queue().ready().collect();
        let mut profile = self.kept(now, view, &jobs);
        let compress = std::mem::take(&mut self.ended);
        // Those that were planned come first: who is new delays none of them.
        let (old, new): (Vec<_>, Vec<_>) =
            jobs.iter().partition(|job| self.planned.contains_key(job));
        for job in old.into_iter().filter(|_| compress).chain(new) {
            if let Some(before) = self.planned.remove(&job).filter(|one| one.at > now) {
                profile.give(before.needs, &before.places, before.at, before.until);
            }
            if let Some(next) = plan(now, view, job, &profile) {
                profile.take(next.needs, &next.places, next.at, next.until);
                self.planned.insert(job, next);
            }
        }
        self.planned
            .retain(|job, one| one.at > now || !start(view, *job, one));
    }

    fn ended(&mut self, _: WorkUnit) {
        self.ended = true;
    }

    fn starts_together(&self, _: &JobSpec) -> bool {
        true
    }

    fn reads_estimates(&self) -> bool {
        true
    }

    fn gathers(&self) -> Option<Span> {
        Some(self.gather)
    }
}

impl Conservative {
    /// What is free beside what is planned, as far as that holds, in order of submission; the rest is forgotten.
    fn kept(&mut self, now: Time, view: &OfferView<'_>, jobs: &[JobId]) -> CapacityProfile {
        let mut profile = view.profile(now);
        let mut before = std::mem::take(&mut self.planned);
        for job in jobs {
            let Some(one) = before.remove(job) else {
                continue;
            };
            let tasks = one.places.iter().map(|(_, tasks)| tasks).sum();
            let same = next(view, *job) == Some((one.stage, one.needs, tasks));
            if !same || one.at < now || !profile.has(one.needs, &one.places, one.at, one.until) {
                break;
            }
            profile.take(one.needs, &one.places, one.at, one.until);
            self.planned.insert(*job, one);
        }
        profile
    }
}

/// The next stage of a job, what a task of it takes, and how many wait.
fn next(view: &OfferView<'_>, job: JobId) -> Option<(u32, Resources, u64)> {
    let (stage, _) = view.queue().ready_stages(job).next()?;
    let (needs, count) = view.waiting(job, stage);
    Some((stage, needs, count))
}

/// The first time at which there is room for the next stage of a job; none if there never is.
fn plan(
    now: Time,
    view: &OfferView<'_>,
    job: JobId,
    profile: &CapacityProfile,
) -> Option<PlannedStage> {
    let (stage, needs, count) = next(view, job)?;
    let lasts = view.queue().spec(job).stages[stage as usize].estimate;
    let at = profile.earliest(needs, count, lasts.unwrap_or(Span::FOREVER), now)?;
    let until = view.expected_end(at, job, stage);
    let places = profile.places(needs, count, at, until);
    Some(PlannedStage {
        stage,
        needs,
        at,
        until,
        places,
    })
}

/// Starts what is due, if it can: after a loss, the rest of a gang is being ended.
fn start(view: &mut OfferView<'_>, job: JobId, due: &PlannedStage) -> bool {
    let on = |(agent, tasks): &(AgentId, u64)| Some((view.position(agent.0 as usize)?, *tasks));
    let places: Option<Vec<_>> = due.places.iter().map(on).collect();
    let places = places.filter(|_| view.queue().running(job, due.stage) == 0);
    if let Some(places) = &places {
        view.launch_whole(job, due.stage, places);
    }
    places.is_some()
}

pub(super) const ENTRY: SchedulerEntry = SchedulerEntry {
    name: "conservative",
    about: "conservative backfilling: stages start whole, each at the time that was planned for it or earlier; for a \
            framework that has the pool to itself",
    params: &[GATHER],
    evidence: Evidence {
        source: "Mu'alem and Feitelson, IEEE TPDS 12(6), 2001, section 2.2",
        proven: Proven::Scripts,
        example: crate::pool::CONSERVATIVE_EXAMPLE,
    },
    make: |name| {
        Ok(Box::new(Conservative {
            gather: gather(name)?,
            planned: BTreeMap::new(),
            ended: false,
        }))
    },
};
