//! Carrying messages: to the master, to frameworks, to agents, and back.

use fairground_policies::frameworks::{News, Order};
use fairground_policies::message::{Action, AgentId, Event, FrameworkId};

use super::{Item, World};
use crate::network::Link;

impl World<'_> {
    /// Gives a fact to the master and sends its orders on their way.
    pub(super) fn tell_master(&mut self, event: Event) {
        self.digest.add(&(self.now, &event));
        self.record.event(self.now, &event);
        let mut actions = std::mem::take(&mut self.actions);
        self.master.step(self.now, event, &mut actions);
        if self.scenario.check {
            self.master.check();
        }
        for action in actions.drain(..) {
            self.digest.add(&action);
            self.record.action(self.now, &action);
            self.send(action);
        }
        self.actions = actions;
    }

    fn send(&mut self, action: Action) {
        let (framework, news) = match action {
            Action::Launch { agent, .. } | Action::Kill { agent, .. } => {
                let at = self.network.arrival(Link::ToAgent(agent), self.now);
                self.queue
                    .push(at, Item::Ordered(self.agents.known_life(agent), action));
                return;
            }
            Action::Offer(offer) => (offer.framework, News::Offered(offer)),
            Action::Rescind { framework, offer } => (framework, News::Rescinded(offer)),
            Action::Report {
                framework,
                task,
                outcome,
            } => (framework, News::Reported { task, outcome }),
        };
        let at = self.network.arrival(Link::ToFramework(framework), self.now);
        self.queue.push(at, Item::News(framework, news));
    }

    /// Gives news to a framework and sends its orders on their way.
    pub(super) fn tell_framework(&mut self, framework: FrameworkId, news: News) {
        self.follow(framework, &news);
        let mut orders = std::mem::take(&mut self.orders);
        let page = &mut self.frameworks[framework.index()];
        page.step(self.now, news, &mut orders);
        let wake = page.wake_at();
        for order in orders.drain(..) {
            match order {
                Order::Tell(event) => {
                    let thinks = matches!(event, Event::OffersAnswered { .. });
                    let sent = if thinks {
                        self.now + self.network.think()
                    } else {
                        self.now
                    };
                    let at = self.network.arrival(Link::FromFramework(framework), sent);
                    self.queue.push(at, Item::Told(event));
                }
                Order::Work { executor, .. } => {
                    if let Some(agent) = self.agents.agent_of(framework, executor) {
                        let at = self.network.arrival(Link::ToAgent(agent), self.now);
                        self.queue.push(at, Item::Work(framework, order));
                    }
                }
            }
        }
        self.orders = orders;
        self.arrange_wake(framework, wake);
    }

    fn arrange_wake(
        &mut self,
        framework: FrameworkId,
        wake: Option<fairground_policies::time::Time>,
    ) {
        let arranged = &mut self.wakes[framework.index()];
        if let Some(wake) = wake
            && arranged.is_none_or(|at| wake < at)
        {
            *arranged = Some(wake);
            self.queue.push(wake, Item::Wake(framework));
        }
    }

    /// A fact an agent tells the master.
    pub(super) fn agent_tells(&mut self, agent: AgentId, event: Event) {
        let at = self.network.arrival(Link::FromAgent(agent), self.now);
        self.queue.push(at, Item::Told(event));
    }

    /// News from what runs on `agent` straight to its framework.
    pub(super) fn task_tells(&mut self, agent: AgentId, framework: FrameworkId, news: News) {
        let at = self.network.arrival(Link::FromAgent(agent), self.now);
        self.queue.push(at, Item::News(framework, news));
    }
}
