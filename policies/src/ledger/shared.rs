//! Volumes that several may use at once.
//!
//! A shared volume is never taken: it stands beside what its agent has, and goes along with every
//! offer to whoever may use it. It counts once for everybody who holds it, however often (Mesos'
//! `sorter_tests.cpp`, `SharedResources`).

use std::collections::BTreeMap;

use super::Ledger;
use crate::message::{AgentId, FrameworkId, OfferId, TaskId};
use crate::part::{AgentPart, Portion};
use crate::resources::Resources;

/// One volume, and how many offers and tasks of whom hold it.
#[derive(Clone, Debug)]
struct SharedVolume {
    agent: AgentId,
    part: AgentPart,
    amount: Resources,
    holders: BTreeMap<FrameworkId, u32>,
}

/// The shared volumes of all agents, and what holds which.
#[derive(Clone, Default, Debug)]
pub(super) struct Shared {
    volumes: Vec<SharedVolume>,
    offers: BTreeMap<OfferId, Vec<AgentPart>>,
    tasks: BTreeMap<(FrameworkId, TaskId, AgentId), Vec<AgentPart>>,
}

impl Shared {
    fn is_empty(&self) -> bool {
        self.volumes.is_empty()
    }

    fn find(&mut self, agent: AgentId, part: AgentPart) -> Option<&mut SharedVolume> {
        let mut volumes = self.volumes.iter_mut();
        volumes.find(|one| (one.agent, one.part) == (agent, part))
    }
}

/// What policies read.
impl Ledger {
    /// The shared volumes on `agent`: they stand beside what it has.
    pub fn shared(&self, agent: AgentId) -> impl Iterator<Item = Portion> {
        let mine = self
            .shared
            .volumes
            .iter()
            .filter(move |one| one.agent == agent);
        mine.map(|one| Portion {
            part: one.part,
            amount: one.amount,
        })
    }

    /// What an open offer holds of special parts, and the shared volumes that go along with it, which are
    /// not in its amount.
    pub(crate) fn described(&self, agent: AgentId, offer: OfferId) -> Vec<Portion> {
        if self.parted.offers.is_empty() && self.shared.is_empty() {
            return Vec::new();
        }
        let mut portions = self.portions(offer).to_vec();
        if let Some(along) = self.shared.offers.get(&offer) {
            portions.extend(self.shared(agent).filter(|one| along.contains(&one.part)));
        }
        portions
    }
}

/// What the master writes.
impl Ledger {
    /// Makes a shared volume of one that nobody holds, or the other way.
    pub(crate) fn change_shared(
        &mut self,
        agent: AgentId,
        (from, to): (AgentPart, AgentPart),
        amount: Resources,
    ) {
        if from.is_shared() {
            if self.unshare_volume(agent, from) {
                self.grow(agent, to, amount);
            }
        } else {
            self.shrink(agent, from, amount);
            self.share_volume(agent, to, amount);
        }
    }

    /// Whether there is any volume that several use.
    pub(super) fn has_shared(&self) -> bool {
        !self.shared.is_empty()
    }

    fn share_volume(&mut self, agent: AgentId, part: AgentPart, amount: Resources) {
        self.reserve(part, amount);
        self.total += amount;
        self.shared.volumes.push(SharedVolume {
            agent,
            part,
            amount,
            holders: BTreeMap::new(),
        });
    }

    /// A shared volume that nobody holds is no more; whether it was.
    fn unshare_volume(&mut self, agent: AgentId, part: AgentPart) -> bool {
        let unused = |one: &SharedVolume| one.holders.is_empty();
        let mut volumes = self.shared.volumes.iter();
        let found = volumes.position(|one| (one.agent, one.part) == (agent, part) && unused(one));
        let Some(position) = found else { return false };
        let gone = self.shared.volumes.remove(position);
        self.total -= gone.amount;
        self.unreserve(part, gone.amount);
        true
    }

    /// Those of an agent that is gone.
    pub(super) fn forget_shared(&mut self, agent: AgentId) {
        let parts: Vec<AgentPart> = self.shared(agent).map(|one| one.part).collect();
        for part in parts {
            self.unshare_volume(agent, part);
        }
    }

    /// An offer goes along with all that `framework` may use on its agent.
    pub(super) fn share_with_offer(&mut self, framework: FrameworkId, agent: AgentId, id: OfferId) {
        if self.shared.is_empty() {
            return;
        }
        let may = |one: &Portion| self.may_use(framework, one.part);
        let parts: Vec<AgentPart> = self.shared(agent).filter(may).map(|one| one.part).collect();
        if !parts.is_empty() {
            self.hold_shared(framework, agent, &parts);
            self.shared.offers.insert(id, parts);
        }
    }

    /// An offer ends; what went along with it.
    pub(super) fn end_shared_offer(
        &mut self,
        framework: FrameworkId,
        agent: AgentId,
        id: OfferId,
    ) -> Vec<AgentPart> {
        if self.shared.offers.is_empty() {
            return Vec::new();
        }
        let parts = self.shared.offers.remove(&id).unwrap_or_default();
        self.release_shared(framework, agent, &parts);
        parts
    }

    /// A task uses what went along with its offers.
    pub(crate) fn share_with_task(
        &mut self,
        framework: FrameworkId,
        agent: AgentId,
        task: TaskId,
        parts: &[AgentPart],
    ) {
        if !parts.is_empty() {
            self.hold_shared(framework, agent, parts);
            self.shared
                .tasks
                .insert((framework, task, agent), parts.to_vec());
        }
    }

    pub(super) fn end_shared_task(&mut self, framework: FrameworkId, agent: AgentId, task: TaskId) {
        if !self.shared.tasks.is_empty()
            && let Some(parts) = self.shared.tasks.remove(&(framework, task, agent))
        {
            self.release_shared(framework, agent, &parts);
        }
    }

    /// Whoever holds a volume for the first time is counted for it.
    fn hold_shared(&mut self, framework: FrameworkId, agent: AgentId, parts: &[AgentPart]) {
        for part in parts {
            let volume = self.shared.find(agent, *part).expect("a shared volume");
            let count = volume.holders.entry(framework).or_default();
            *count += 1;
            if *count == 1 {
                let amount = volume.amount;
                self.count_shared_by(framework, |held| *held += amount);
            }
        }
    }

    fn release_shared(&mut self, framework: FrameworkId, agent: AgentId, parts: &[AgentPart]) {
        for part in parts {
            let volume = self.shared.find(agent, *part).expect("a shared volume");
            let count = volume.holders.get_mut(&framework).expect("a holder");
            *count -= 1;
            if *count == 0 {
                volume.holders.remove(&framework);
                let amount = volume.amount;
                self.count_shared_by(framework, |held| *held -= amount);
            }
        }
    }

    fn count_shared_by(&mut self, framework: FrameworkId, change: impl Fn(&mut Resources)) {
        let entry = &mut self.frameworks[framework.index()];
        change(&mut entry.offered);
        change(&mut entry.aside);
        let role = entry.role;
        self.change_roles(role, |holding| {
            change(&mut holding.held);
            change(&mut holding.aside);
        });
    }
}

/// The laws.
impl Ledger {
    /// What a framework is counted for, and whether holders are those of offers and tasks.
    pub(super) fn check_shared(&self) -> Vec<Resources> {
        let mut holders: BTreeMap<(AgentId, AgentPart, FrameworkId), u32> = BTreeMap::new();
        for offer in self.offers() {
            for part in self.shared.offers.get(&offer.id).into_iter().flatten() {
                let holder = (offer.agent, *part, offer.framework);
                *holders.entry(holder).or_default() += 1;
            }
        }
        for ((framework, task, agent), parts) in &self.shared.tasks {
            let runs = self.held_on(*framework, *task, *agent).is_some();
            assert!(runs, "{task} of {framework} shares a volume of {agent}");
            for part in parts {
                *holders.entry((*agent, *part, *framework)).or_default() += 1;
            }
        }
        let mut counted = vec![Resources::ZERO; self.frameworks.len()];
        for volume in &self.shared.volumes {
            for (framework, count) in &volume.holders {
                let found = holders.remove(&(volume.agent, volume.part, *framework));
                assert_eq!(found, Some(*count), "holders of a shared volume");
                counted[framework.index()] += volume.amount;
            }
        }
        assert!(holders.is_empty(), "shared and not there: {holders:?}");
        counted
    }

    pub(super) fn all_shared(&self) -> Resources {
        self.shared.volumes.iter().map(|one| one.amount).sum()
    }
}
