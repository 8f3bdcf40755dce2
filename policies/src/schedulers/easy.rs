//! EASY backfilling (Mu'alem and Feitelson, IEEE TPDS 12(6), 2001): jobs start whole and in order; later
//! ones start before their turn if by all estimates the first that waits starts no later for it.
//!
//! When that one can start follows from the expected ends of what runs: the shadow time. A job may pass that
//! ends by then, or that fits into what is left beside the first one then. A job of which nothing is said
//! never ends: it passes only into what is left. While it is not known when the first one starts, nobody
//! passes. Nobody is ended at their estimate.
//!
//! Offers come at the end of an instant, so all that ends at one counts together. It sees all that is free
//! where offers are whole agents; where they are made for tasks, only what those in front can use.

use super::{OfferView, Scheduler, SchedulerEntry};
use crate::evidence::{Evidence, Proven};
use crate::job::JobSpec;
use crate::job_order::{self, ORDER, ScoreOrder};
use crate::job_queue::JobTie;
use crate::message::JobId;
use crate::name::{BadName, Name, Param};
use crate::pool::{AMONG, among};
use crate::time::{Span, Time};

/// Serves rigid jobs in an order, that of submission if nothing is said, for a framework that has the pool to itself.
#[derive(Debug)]
pub struct Easy {
    gather: Span,
    /// Whose turn it is.
    order: &'static ScoreOrder,
    /// In which order those behind the first are looked through.
    among: &'static ScoreOrder,
    tie: JobTie,
}

impl Scheduler for Easy {
    fn place(&mut self, now: Time, view: &mut OfferView<'_>) {
        let mut jobs = view.sorted(now, self.order).into_iter();
        if let Some(first) = jobs.find_map(|job| start(view, job)) {
            let mut behind = jobs.collect::<Vec<_>>();
            if self.among != self.order {
                behind = view.sorted(now, self.among);
                behind.retain(|job| *job != first.0);
            }
            let _ = pass(now, view, first, behind.into_iter());
        }
    }

    fn heeds_asks(&self) -> bool {
        true
    }

    fn tie(&self) -> JobTie {
        self.tie
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

/// Starts what there is room for of a job, stage by stage; the one that there is none for, if one waits.
fn start(view: &mut OfferView<'_>, job: JobId) -> Option<(JobId, u32)> {
    while let Some((stage, places)) = view.next_whole(job) {
        let Some(places) = places else {
            return Some((job, stage));
        };
        view.launch_whole(job, stage, &places);
    }
    None
}

/// Starts those of `jobs` that may pass the first one, which has no room yet. `None` once nobody can.
fn pass(
    now: Time,
    view: &mut OfferView<'_>,
    (first, in_front): (JobId, u32),
    jobs: impl Iterator<Item = JobId>,
) -> Option<()> {
    let (needs, count) = view.waiting(first, in_front);
    let mut profile = view.profile_for(now, first, in_front);
    let shadow = profile.earliest(needs, count, Span::ZERO, now)?;
    let after = shadow + Span::from_micros(1);
    profile.forget(shadow);
    let left = |view: &OfferView<'_>| (0..view.len()).find(|position| view.may_fit(*position));
    left(view)?;
    for job in jobs {
        while let Some((stage, Some(places))) = view.next_whole(job) {
            if view.expected_end(now, job, stage) > shadow {
                let on = |(position, tasks): &(usize, u64)| (view.agent(*position), *tasks);
                let matters =
                    |(position, _): &&(usize, u64)| view.suits(*position, first, in_front);
                let held: Vec<_> = places.iter().filter(matters).map(on).collect();
                let (each, _) = view.waiting(job, stage);
                profile.take(each, &held, shadow, after);
                if profile.room(needs, shadow, after) < count {
                    profile.give(each, &held, shadow, after);
                    break;
                }
            }
            view.launch_whole(job, stage, &places);
            left(view)?;
        }
    }
    Some(())
}

pub(super) const GATHER: Param = Param {
    key: "gather",
    about: "how long offers are gathered before it decides on all of them (default 0s, enough where messages \
            take no time, or all as long)",
};

/// Parameter `gather`.
pub(super) fn gather(name: &mut Name) -> Result<Span, BadName> {
    let gather = name.take_as(GATHER.key, "a length of time, as in 1s")?;
    Ok(gather.unwrap_or(Span::ZERO))
}

pub(super) const ENTRY: SchedulerEntry = SchedulerEntry {
    name: "easy",
    about: "EASY backfilling: stages start whole and in order; later ones pass if by their estimates the first \
            that waits starts no later; for a framework that has the pool to itself",
    params: &[ORDER, AMONG, GATHER, JobTie::TIE],
    evidence: Evidence {
        source: "Mu'alem and Feitelson, IEEE TPDS 12(6), 2001, section 2.1; SJBF: Tsafrir et al., IEEE TPDS 18(6), 2007",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:100 mem:100
framework a easy
job a tasks=70 cpus:1 mem:1 run=100s
job a at=1s tasks=80 cpus:1 mem:1 run=100s
job a at=2s tasks=90 cpus:1 mem:1 run=100s
job a at=50s tasks=20 cpus:1 mem:1 run=250s
",
    },
    make: |name, rng| {
        Ok(Box::new(Easy {
            gather: gather(name)?,
            order: job_order::from_name(name, ORDER.key)?,
            among: among(name)?,
            tie: JobTie::from_name(name, rng)?,
        }))
    },
};
