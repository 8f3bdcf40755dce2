//! A framework that keeps as many instances of a service as its load asks for: Rails.

use std::collections::{BTreeSet, VecDeque};

use super::master_client::MasterClient;
use super::message::{FrameworkAction, FrameworkEvent, OfferPolicy, TaskPurpose};
use crate::few::Few;
use crate::framework_kind::Autoscaler;
use crate::message::{FrameworkId, Offer, TaskId, TaskRequest};
use crate::resources::Resources;
use crate::time::Time;

pub(super) struct ServiceFramework {
    pub(super) master: MasterClient,
    needs: Resources,
    autoscaler: Autoscaler,
    /// Instances that the loads of the last window asked for, highest first; a measurement hides
    /// the lower ones before it.
    recent: VecDeque<(Time, u32)>,
    ended: bool,
    instances: BTreeSet<TaskId>,
    ending: BTreeSet<TaskId>,
}

impl ServiceFramework {
    pub(super) fn new(
        id: FrameworkId,
        offer_policy: OfferPolicy,
        needs: Resources,
        autoscaler: Autoscaler,
    ) -> Self {
        Self {
            master: MasterClient::new(id, offer_policy),
            needs,
            autoscaler,
            recent: VecDeque::new(),
            ended: false,
            instances: BTreeSet::new(),
            ending: BTreeSet::new(),
        }
    }

    pub(super) fn step(
        &mut self,
        now: Time,
        event: &FrameworkEvent,
        actions: &mut Vec<FrameworkAction>,
    ) {
        let before = self.missing();
        match event {
            FrameworkEvent::Offered(offer) => self.launch(offer, actions),
            FrameworkEvent::Reported { task, .. } => {
                self.master.ended(*task);
                self.instances.remove(task);
                self.ending.remove(task);
            }
            FrameworkEvent::LoadMeasured(load) => self.measured(now, *load),
            FrameworkEvent::LoadEnded => self.ended = true,
            FrameworkEvent::JobSubmitted(..)
            | FrameworkEvent::Rescinded(_)
            | FrameworkEvent::ExecutorStarted(_)
            | FrameworkEvent::WorkFinished { .. }
            | FrameworkEvent::TimePassed => {}
        }
        self.end_surplus(actions);
        let missing = self.missing();
        self.master
            .want_one_size(self.needs, missing, missing > before, actions);
    }

    pub(super) fn purpose(&self, task: TaskId) -> Option<TaskPurpose> {
        let known = self.instances.contains(&task) || self.ending.contains(&task);
        known.then_some(TaskPurpose::Instance)
    }

    fn target(&self) -> u32 {
        if self.ended {
            return 0;
        }
        self.recent
            .front()
            .map_or(self.autoscaler.min, |(_, instances)| *instances)
    }

    fn missing(&self) -> u32 {
        self.target().saturating_sub(self.instances.len() as u32)
    }

    fn measured(&mut self, now: Time, load: u64) {
        let instances = self.autoscaler.instances(load);
        while self
            .recent
            .back()
            .is_some_and(|(_, lower)| *lower <= instances)
        {
            self.recent.pop_back();
        }
        self.recent.push_back((now, instances));
        let window = self.autoscaler.window;
        while self.recent.len() > 1
            && self
                .recent
                .front()
                .is_some_and(|(at, _)| *at + window <= now)
        {
            self.recent.pop_front();
        }
    }

    fn launch(&mut self, offer: &Offer, actions: &mut Vec<FrameworkAction>) {
        let mut launch = Few::new();
        let mut left = offer.resources;
        for _ in 0..self.missing() {
            if !self.master.allows(offer.agent, self.missing().into()) {
                break;
            }
            let Some(rest) = left.checked_sub(self.needs) else {
                break;
            };
            left = rest;
            let task = self.master.place_next(offer.agent);
            self.instances.insert(task);
            launch.push(TaskRequest {
                task,
                needs: self.needs,
            });
        }
        let ids = Few::one(offer.id);
        self.master.answer(ids, offer, launch, None, actions);
    }

    /// Gives back the youngest instances that are too many.
    fn end_surplus(&mut self, actions: &mut Vec<FrameworkAction>) {
        while self.instances.len() as u32 > self.target() {
            let Some(task) = self.instances.pop_last() else {
                return;
            };
            self.ending.insert(task);
            self.master.kill(task, actions);
        }
    }
}
