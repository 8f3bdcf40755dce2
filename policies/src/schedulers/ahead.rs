//! What will be free when, as far as a framework knows: what schedulers look ahead with.

use super::OfferView;
use crate::attributes::AgentAttributes;
use crate::message::{AgentId, JobId};
use crate::profile::CapacityProfile;
use crate::time::{Span, Time};

impl OfferView<'_> {
    /// What is free when, as far as this framework knows: what is left of the offers in hand from now on, and
    /// what its tasks hold from their expected ends on. One of which nothing is said never ends; one that
    /// runs longer than was said may end at any moment, but not now.
    pub fn profile(&self, now: Time) -> CapacityProfile {
        self.profile_where(now, |_| true)
    }

    /// The same of those agents on which the tasks of a stage may run.
    pub fn profile_for(&self, now: Time, job: JobId, stage: u32) -> CapacityProfile {
        let spec = &self.queue.spec(job).stages[stage as usize];
        self.profile_where(now, |agent| {
            spec.asks.is_none() || spec.may_run_on(AgentAttributes::of(self.described, agent))
        })
    }

    fn profile_where(&self, now: Time, may: impl Fn(AgentId) -> bool) -> CapacityProfile {
        let mut profile = CapacityProfile::new();
        let mut give = |needs, places: &[(AgentId, u64)], from, to| {
            for place in places.iter().filter(|(agent, _)| may(*agent)) {
                profile.give(needs, std::slice::from_ref(place), from, to);
            }
        };
        let never = CapacityProfile::NEVER;
        let soonest = now + Span::from_micros(1);
        for one in self.running() {
            give(one.needs, &one.places, one.end.max(soonest), never);
        }
        for held in self.offers.iter() {
            let agent = [(held.offer.agent, 1)];
            give(held.left, &agent, now, never);
            for unit in &held.launch {
                let end = self.expected_end(now, unit.job, unit.stage);
                let needs = self.queue.spec(unit.job).stages[unit.stage as usize].needs;
                give(needs, &agent, end.max(soonest), never);
            }
        }
        for (unit, places) in self.gangs.iter() {
            let end = self.expected_end(now, unit.job, unit.stage);
            let needs = self.queue.spec(unit.job).stages[unit.stage as usize].needs;
            let agents = places
                .iter()
                .map(|(position, tasks)| (self.agent(*position), *tasks));
            let agents: Vec<_> = agents.collect();
            give(needs, &agents, end.max(soonest), never);
        }
        profile
    }

    /// When a task of a stage ends that starts now, as far as its user says: never if nothing is said.
    pub fn expected_end(&self, now: Time, job: JobId, stage: u32) -> Time {
        let estimate = self.queue.spec(job).stages[stage as usize].estimate;
        estimate.map_or(CapacityProfile::NEVER, |run| now + run)
    }
}
