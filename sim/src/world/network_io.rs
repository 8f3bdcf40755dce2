//! Carrying messages: to the master, to frameworks, to agents, and back.

use fairground_policies::frameworks::{FrameworkAction, FrameworkEvent};
use fairground_policies::message::{Action, AgentId, Event, FrameworkId, GangPlace};
use fairground_policies::time::Time;

use super::{Item, Message, World};
use crate::network::Link;

impl World<'_> {
    /// Gives a fact to the master and sends its orders on their way.
    pub(super) fn tell_master(&mut self, event: &Event) {
        self.digest.fact(self.now, event);
        self.record.event(self.now, event);
        let mut actions = std::mem::take(&mut self.actions);
        self.master.hear(self.now, event, &mut actions);
        self.agenda.wake_master(self.master.wake_at());
        if self.scenario.check {
            self.master.check();
        }
        for action in &actions {
            self.digest.order(action);
            self.record.action(self.now, action);
            self.note_launch(action);
            self.carry_out(action);
        }
        actions.clear();
        self.actions = actions;
    }

    /// Sends a message that arrives at `at`.
    pub(super) fn send(&mut self, at: Time, message: Message) {
        self.agenda.send(self.now, at, message);
    }

    /// A message arrives.
    pub(super) fn receive(&mut self, message: Message) {
        match message {
            Message::Told(event) => self.tell_master(&event),
            Message::FrameworkEvent(framework, event) => self.tell_framework(framework, event),
            Message::Ordered(incarnation, action) => self.obey(incarnation, &action),
            Message::Gang(gang) => self.start_gang(&gang.0, &gang.1),
            Message::Work(framework, action) => self.begin_work(framework, &action),
        }
    }

    /// Sends an order of the master to whom it concerns.
    fn carry_out(&mut self, action: &Action) {
        let (framework, event) = match *action {
            Action::Launch { agent, .. }
            | Action::Kill { agent, .. }
            | Action::Preempt { agent, .. } => {
                let at = self.network.arrival(Link::ToAgent(agent), self.now);
                let incarnation = self.agents.known_incarnation(agent);
                self.send(at, Message::Ordered(incarnation, action.clone()));
                return;
            }
            Action::LaunchGang { ref gang, .. } => {
                let places = &gang.places;
                // Whoever starts it is on the first of its agents.
                let at = self
                    .network
                    .arrival(Link::ToAgent(places[0].agent), self.now);
                let known = |place: &GangPlace| self.agents.known_incarnation(place.agent);
                let incarnations = places.iter().map(known).collect();
                self.send(at, Message::Gang(Box::new((incarnations, action.clone()))));
                return;
            }
            // Whose tasks are all alike takes what it is offered, whatever it is made up of.
            Action::Parts { .. } => return,
            Action::Offer(offer) => (offer.framework, FrameworkEvent::Offered(offer)),
            Action::Rescind { framework, offer } => (framework, FrameworkEvent::Rescinded(offer)),
            Action::Report {
                framework,
                task,
                outcome,
            } => (framework, FrameworkEvent::Reported { task, outcome }),
        };
        let at = self.network.arrival(Link::ToFramework(framework), self.now);
        self.send(at, Message::FrameworkEvent(framework, event));
    }

    /// Tells a framework of an event and sends its orders on their way.
    pub(super) fn tell_framework(&mut self, framework: FrameworkId, event: FrameworkEvent) {
        self.follow(framework, &event);
        let mut actions = std::mem::take(&mut self.framework_actions);
        let page = &mut self.frameworks[framework.index()];
        page.step(self.now, event, &mut actions);
        let wake = page.wake_at();
        for action in actions.drain(..) {
            match action {
                FrameworkAction::Tell(event) => {
                    let thinks = matches!(
                        event,
                        Event::OffersAnswered { .. } | Event::GangsPlaced { .. }
                    );
                    let sent = if thinks {
                        self.now + self.network.think()
                    } else {
                        self.now
                    };
                    let at = self.network.arrival(Link::FromFramework(framework), sent);
                    self.send(at, Message::Told(event));
                }
                FrameworkAction::Work { executor, unit, .. } => {
                    match self.agents.agent_of(framework, executor) {
                        Some(agent) => {
                            let at = self.network.arrival(Link::ToAgent(agent), self.now);
                            self.send(at, Message::Work(framework, action));
                        }
                        None => self.work_never_began(framework, executor, unit),
                    }
                }
            }
        }
        self.framework_actions = actions;
        self.arrange_wake(framework, wake);
    }

    fn arrange_wake(&mut self, framework: FrameworkId, wake: Option<Time>) {
        let arranged = &mut self.wakes[framework.index()];
        if let Some(wake) = wake
            && arranged.is_none_or(|at| wake < at)
        {
            *arranged = Some(wake);
            self.agenda.push(wake, Item::Wake(framework));
        }
    }

    /// A fact an agent tells the master.
    pub(super) fn agent_tells(&mut self, agent: AgentId, event: Event) {
        let at = self.network.arrival(Link::FromAgent(agent), self.now);
        self.send(at, Message::Told(event));
    }

    /// An event from what runs on `agent` straight to its framework.
    pub(super) fn task_tells(
        &mut self,
        agent: AgentId,
        framework: FrameworkId,
        event: FrameworkEvent,
    ) {
        let at = self.network.arrival(Link::FromAgent(agent), self.now);
        self.send(at, Message::FrameworkEvent(framework, event));
    }
}
