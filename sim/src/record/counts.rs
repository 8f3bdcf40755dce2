//! What master and frameworks say to each other, counted.

use fairground_policies::message::{Action, Event, FrameworkId, OfferId, Outcome};
use fairground_policies::resources::Resources;
use fairground_policies::time::Time;

use super::Recorder;

impl Recorder {
    /// The master is told a fact. An answer ends its offers one way or another.
    pub fn event(&mut self, now: Time, event: &Event) {
        self.totals.events += 1;
        match event {
            Event::OffersAnswered {
                framework,
                offers,
                launch,
                ..
            } => self.answered(now, *framework, offers, launch.len() as u64),
            Event::GangsPlaced {
                framework,
                answers,
                gangs,
            } => {
                let offers: Vec<_> = answers.iter().flat_map(|one| &one.offers).collect();
                let places = gangs.iter().flat_map(|gang| &gang.places);
                let units = places.map(|place| u64::from(place.units)).sum();
                self.answered(now, *framework, offers, units);
            }
            _ => {}
        }
    }

    /// Offers end, so many tasks are to be launched on them.
    fn answered<'a>(
        &mut self,
        now: Time,
        framework: FrameworkId,
        offers: impl IntoIterator<Item = &'a OfferId>,
        launches: u64,
    ) {
        let ended = offers
            .into_iter()
            .map(|offer| self.offer_ended(*offer, now));
        let open = ended.filter(|open| *open).count();
        if launches > 0 {
            let page = self.framework(framework);
            page.accepted += open as u64;
            // Whatever is launched, as ordered next, was not refused.
            page.refused += launches;
        }
    }

    /// The master orders something.
    pub fn action(&mut self, now: Time, action: &Action) {
        self.totals.actions += 1;
        match action {
            Action::Offer(offer) => {
                self.framework(offer.framework).offers += 1;
                let held = if self.offers_hold {
                    offer.resources
                } else {
                    Resources::ZERO
                };
                self.open_offers
                    .insert(offer.id.0, (offer.framework, held, now));
            }
            Action::Rescind { framework, offer } => {
                self.framework(*framework).rescinded += 1;
                self.offer_ended(*offer, now);
            }
            Action::Launch { framework, .. } => self.launched(*framework, 1),
            Action::LaunchGang { framework, gang } => {
                let units = gang.places.iter().map(|place| u64::from(place.units));
                self.launched(*framework, units.sum());
            }
            Action::Kill { .. }
            | Action::Preempt { .. }
            | Action::Report { .. }
            | Action::Parts { .. } => {}
        }
    }

    fn launched(&mut self, framework: FrameworkId, tasks: u64) {
        let page = self.framework(framework);
        page.launched += tasks;
        page.refused -= tasks;
    }

    /// A framework learns how a task ended, or so many as one.
    pub fn reported(&mut self, framework: FrameworkId, outcome: Outcome, tasks: u32) {
        let page = self.framework(framework);
        let count = match outcome {
            Outcome::Finished => &mut page.tasks_finished,
            Outcome::Killed => &mut page.tasks_killed,
            Outcome::Preempted => &mut page.tasks_preempted,
            Outcome::Lost | Outcome::Failed => &mut page.tasks_lost,
        };
        *count += u64::from(tasks);
    }
}
