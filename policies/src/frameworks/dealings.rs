//! A framework's dealings with the master: when it wants offers, and how it answers them.

use super::{Manners, Order};
use crate::master::OfferSize;
use crate::message::{Event, FrameworkId, Offer, TaskId, TaskRequest};
use crate::resources::Resources;
use crate::time::Span;

/// One framework's side of the talk.
#[derive(Debug)]
pub(super) struct Dealings {
    id: FrameworkId,
    manners: Manners,
    next_task: u64,
    suppressed: bool,
    /// What the master believes of the demand.
    declared: (Resources, u32),
    /// Whether something was refused that later news could make welcome.
    refused: bool,
}

impl Dealings {
    pub(super) const fn new(id: FrameworkId, manners: Manners) -> Self {
        Self {
            id,
            manners,
            next_task: 0,
            suppressed: false,
            declared: (Resources::ZERO, 0),
            refused: false,
        }
    }

    /// A fresh id for one more attempt.
    pub(super) fn next_task(&mut self) -> TaskId {
        self.next_task += 1;
        TaskId(self.next_task - 1)
    }

    /// Answers an offer. What is left of it is refused for `refuse`, or the usual time.
    pub(super) fn answer(
        &mut self,
        offer: &Offer,
        launch: Vec<TaskRequest>,
        refuse: Option<Span>,
        orders: &mut Vec<Order>,
    ) {
        self.declared.1 = self.declared.1.saturating_sub(launch.len() as u32);
        self.refused = true;
        orders.push(Order::Tell(Event::OffersAnswered {
            framework: self.id,
            offers: vec![offer.id],
            launch,
            refuse: refuse.unwrap_or(self.manners.refuse),
        }));
    }

    pub(super) fn kill(&self, task: TaskId, orders: &mut Vec<Order>) {
        orders.push(Order::Tell(Event::KillRequested {
            framework: self.id,
            task,
        }));
    }

    /// Says what is wanted: `count` more tasks of `needs`. `news` tells whether there is work that
    /// earlier refusals did not know of.
    pub(super) fn want(
        &mut self,
        needs: Resources,
        count: u32,
        news: bool,
        orders: &mut Vec<Order>,
    ) {
        let framework = self.id;
        if count == 0 {
            if !self.suppressed {
                self.suppressed = true;
                orders.push(Order::Tell(Event::Suppressed { framework }));
            }
            return;
        }
        if self.manners.offers == OfferSize::Task && self.declared != (needs, count) {
            self.declared = (needs, count);
            orders.push(Order::Tell(Event::DemandDeclared {
                framework,
                needs,
                count,
            }));
        }
        if self.suppressed || (news && self.refused) {
            self.suppressed = false;
            self.refused = false;
            orders.push(Order::Tell(Event::Revived { framework }));
        }
    }
}
