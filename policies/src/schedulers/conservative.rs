//! Conservative backfilling (Mu'alem and Feitelson, IEEE TPDS 12(6), 2001, section 2.2): every job that waits has a
//! start planned, and who comes later delays none of them.
//!
//! A job is planned at the first time at which there is room for it beside all others, when it comes or, if nothing
//! is free, when something is. After an end all are planned anew in order of submission until none moves, never later
//! than before. Where something runs longer than was said, all that is planned behind what no longer holds is planned
//! from the beginning. A job of which nothing is said runs for ever.
//!
//! Longer than other policies' files, because plans are kept from one look to the next.

use std::collections::BTreeMap;

use super::easy::{GATHER, gather};
use super::{OfferView, Scheduler, SchedulerEntry};
use crate::evidence::{Evidence, Proven};
use crate::job::JobSpec;
use crate::job_queue::{JobTie, WorkUnit};
use crate::message::{AgentId, JobId};
use crate::profile::CapacityProfile;
use crate::resources::Resources;
use crate::time::{Span, Time};

/// Serves rigid jobs in order of submission, for a framework that has the pool to itself.
#[derive(Debug)]
pub struct Conservative {
    gather: Span,
    tie: JobTie,
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
        let known = |job: &&JobId| self.planned.contains_key(job);
        let (old, new): (Vec<JobId>, Vec<JobId>) = jobs.iter().partition(known);
        let ended = std::mem::take(&mut self.ended);
        let asked = [if ended { old } else { Vec::new() }, new].concat();
        // Until nobody moves: every start is then at an end that is expected, when somebody looks again.
        loop {
            let plan = |moved, job: &JobId| self.plan(now, view, *job, &mut profile) | moved;
            if !asked.iter().fold(false, plan) || !ended {
                break;
            }
        }
        self.planned
            .retain(|job, one| one.at > now || !start(view, *job, one));
    }

    fn tie(&self) -> JobTie {
        self.tie
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
    /// Plans a job at the first time at which there is room for it beside all others; whether that is new.
    fn plan(
        &mut self,
        now: Time,
        view: &OfferView<'_>,
        job: JobId,
        free: &mut CapacityProfile,
    ) -> bool {
        let before = self.planned.get(&job).cloned();
        if let Some(one) = &before {
            if one.at <= now {
                return false;
            }
            free.give(one.needs, &one.places, one.at, one.until);
        }
        let next = earliest(now, view, job, free);
        if let Some(one) = &next {
            free.take(one.needs, &one.places, one.at, one.until);
            self.planned.insert(job, one.clone());
        }
        next != before
    }

    /// What is free beside what is planned, as far as that holds, in order of submission; the rest is forgotten.
    fn kept(&mut self, now: Time, view: &OfferView<'_>, jobs: &[JobId]) -> CapacityProfile {
        let mut profile = view.profile(now);
        let mut before = std::mem::take(&mut self.planned);
        for job in jobs {
            let Some(one) = before.remove(job) else {
                continue;
            };
            let tasks = one.places.iter().map(|(_, tasks)| tasks).sum();
            let same = view.next_stage(*job) == Some((one.stage, one.needs, tasks));
            if !same || one.at < now || !profile.has(one.needs, &one.places, one.at, one.until) {
                break;
            }
            profile.take(one.needs, &one.places, one.at, one.until);
            self.planned.insert(*job, one);
        }
        profile
    }
}

/// The first time at which there is room for the next stage of a job; none if there never is.
fn earliest(
    now: Time,
    view: &OfferView<'_>,
    job: JobId,
    profile: &CapacityProfile,
) -> Option<PlannedStage> {
    let (stage, needs, count) = view.next_stage(job)?;
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
    params: &[GATHER, JobTie::TIE],
    evidence: Evidence {
        source: "Mu'alem and Feitelson, IEEE TPDS 12(6), 2001, section 2.2",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:100 mem:100
framework a conservative
job a tasks=70 cpus:1 mem:1 run=100s
job a at=1s tasks=80 cpus:1 mem:1 run=100s
job a at=2s tasks=90 cpus:1 mem:1 run=100s
job a at=50s tasks=20 cpus:1 mem:1 run=250s
",
    },
    make: |name, rng| {
        Ok(Box::new(Conservative {
            gather: gather(name)?,
            tie: JobTie::from_name(name, rng)?,
            planned: BTreeMap::new(),
            ended: false,
        }))
    },
};
