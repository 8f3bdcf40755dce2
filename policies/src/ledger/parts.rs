//! The parts of agents: what is reserved for whom, may be taken back, is given whole.
//!
//! An agent is of one common part, of which nobody speaks; what is different stands in a list beside it.
//! Who holds something of a special part is noted by offer and by task, so that it goes back where it
//! came from; where there are none, nothing is noted.

use super::Ledger;
use super::part_entries::{Bounds, PartEntry};
use crate::message::{AgentId, FrameworkId, Node, OfferId, RoleId, TaskId};
use crate::part::{AgentPart, Portion};
use crate::resources::Resources;

/// What policies read.
impl Ledger {
    /// The special parts of `agent`, in the order in which they are given, and what there is and stands free
    /// of each.
    pub fn parts(&self, agent: AgentId) -> impl Iterator<Item = (AgentPart, Resources, Resources)> {
        let entry = self.agents.get(agent.index()).into_iter();
        let parts = entry.flat_map(|entry| &entry.parts);
        parts.map(|one| (one.part, one.total, one.free))
    }

    /// What an open offer holds of special parts.
    pub fn portions(&self, offer: OfferId) -> &[Portion] {
        self.parted
            .offers
            .get(&offer)
            .map_or(&[], |portions| portions)
    }

    /// What a task uses of special parts of `agent`, on which it runs.
    pub fn portions_of(&self, framework: FrameworkId, task: TaskId, agent: AgentId) -> &[Portion] {
        let mut elsewhere = self.elsewhere(framework, task).iter();
        if let Some(part) = elsewhere.find(|part| part.agent == agent) {
            return &part.portions;
        }
        self.parted
            .tasks
            .get(&(framework, task))
            .map_or(&[], |portions| portions)
    }

    /// Whether `framework` may use a part: it stands below whom it is reserved for, and knows what is asked.
    pub fn may_use(&self, framework: FrameworkId, part: AgentPart) -> bool {
        let knows = || {
            let entry = self.entry(framework);
            entry.is_some_and(|entry| entry.capabilities.includes(part.asks))
        };
        let is_for_it = match part.reserved {
            None => true,
            Some(Node::Framework(one)) => one == framework,
            Some(Node::Members(role)) => self.role(framework) == Some(role),
            Some(Node::Role(role)) => self.roles_above(framework).any(|above| above == role),
        };
        is_for_it && (part.asks == AgentPart::PLAIN.asks || knows())
    }

    /// What of `agent` is free and `framework` may use, but for what is kept for somebody.
    ///
    /// Of an agent of several parts, what is kept may be of any of them: so much of what the framework may use
    /// is left.
    pub fn usable(&self, framework: FrameworkId, agent: AgentId) -> Resources {
        if self.is_uniform(agent) {
            let bounds = Bounds::total(self.unkept(agent));
            return self.offerable(framework, agent, bounds);
        }
        let bounds = Bounds::total(self.free(agent));
        let usable = self.offerable(framework, agent, bounds);
        usable.saturating_sub(self.earmarked(agent))
    }

    /// What of what a task uses of `agent` could be `framework`'s once it is over.
    pub fn usable_of(
        &self,
        framework: FrameworkId,
        agent: AgentId,
        (owner, task): (FrameworkId, TaskId),
    ) -> Resources {
        let needs = self.held_on(owner, task, agent);
        let Some(needs) = needs.filter(|_| !self.is_excluded(framework, agent)) else {
            return Resources::ZERO;
        };
        let special = self.portions_of(owner, task, agent);
        let common = needs - special.iter().map(|one| one.amount).sum();
        let mine = special
            .iter()
            .filter(|one| self.may_use(framework, one.part));
        let mine: Resources = mine.map(|one| one.amount).sum();
        if self.may_use(framework, self.agents[agent.index()].common) {
            mine + common
        } else {
            mine
        }
    }
}

/// What the master asks and writes.
impl Ledger {
    /// Whether all that is free on `agent` is of one part, anybody's or not.
    pub(crate) fn is_uniform(&self, agent: AgentId) -> bool {
        self.agents[agent.index()].parts.is_empty()
    }

    /// Whether all of an agent is anybody's, and nobody holds anything that is not.
    pub(super) fn has_only_plain(&self, agent: AgentId) -> bool {
        let entry = &self.agents[agent.index()];
        let is_anybodys = entry.parts.is_empty() && entry.common.is_for_anybody();
        is_anybodys && self.parted.offers.is_empty() && !self.has_shared()
    }

    /// How much of what is free on `agent` may be given to `framework` within bounds.
    pub(crate) fn offerable(
        &self,
        framework: FrameworkId,
        agent: AgentId,
        bounds: Bounds,
    ) -> Resources {
        if self.is_excluded(framework, agent) {
            return Resources::ZERO;
        }
        let entry = &self.agents[agent.index()];
        if entry.parts.is_empty() {
            if !self.may_use(framework, entry.common) {
                return Resources::ZERO;
            }
            let all = entry.free.min(bounds.all);
            return if entry.common.is_for_anybody() {
                all.min(bounds.for_anybody)
            } else {
                all
            };
        }
        self.compose(framework, agent, bounds).0
    }

    /// The same, with what of it is of which special part. What is for anybody comes last: a bound on
    /// it holds for whoever takes the same amount without one.
    pub(super) fn compose(
        &self,
        framework: FrameworkId,
        agent: AgentId,
        bounds: Bounds,
    ) -> (Resources, Vec<Portion>) {
        let entry = &self.agents[agent.index()];
        if entry.parts.is_empty() {
            return (bounds.all, Vec::new());
        }
        let (mut left, mut for_anybody) = (bounds.all, bounds.for_anybody);
        let mut all = Resources::ZERO;
        let mut give = |part: AgentPart, free: Resources| {
            let most = if part.is_for_anybody() {
                left.min(for_anybody)
            } else {
                left
            };
            let amount = match part.volume {
                None => free.min(most),
                Some(_) if bounds.disks && free.fits_in(most) => free,
                Some(_) => Resources::ZERO,
            };
            left -= amount;
            all += amount;
            if part.is_for_anybody() {
                for_anybody -= amount;
            }
            amount
        };
        let mut portions = Vec::new();
        for PartEntry { part, free, .. } in &entry.parts {
            if self.may_use(framework, *part) {
                let amount = give(*part, *free);
                if !amount.is_zero() {
                    portions.push(Portion {
                        part: *part,
                        amount,
                    });
                }
            }
        }
        if self.may_use(framework, entry.common) {
            give(entry.common, entry.common_free());
        }
        (all, portions)
    }

    /// Whether the cluster's total shrank since this was asked last.
    pub(crate) const fn take_shrunk(&mut self) -> bool {
        std::mem::replace(&mut self.has_shrunk, false)
    }

    /// How much of a part of `agent` is free.
    pub(crate) fn free_of(&self, agent: AgentId, part: AgentPart) -> Resources {
        let entry = &self.agents[agent.index()];
        if part == entry.common {
            return entry.common_free();
        }
        let one = entry.parts.iter().find(|one| one.part == part);
        one.map_or(Resources::ZERO, |one| one.free)
    }

    /// How much there is of a special part of `agent`, or of a shared volume.
    pub(crate) fn part(&self, agent: AgentId, part: AgentPart) -> Resources {
        let parts = self.parts(agent).map(|(one, total, _)| (one, total));
        let shared = self.shared(agent).map(|one| (one.part, one.amount));
        let mut all = parts.chain(shared);
        let one = all.find(|(one, _)| *one == part);
        one.map_or(Resources::ZERO, |(_, total)| total)
    }

    /// How much of a part of its agent an offer holds.
    pub(crate) fn offered_of(&self, offer: OfferId, part: AgentPart) -> Resources {
        let open = self.offers.get(offer.0);
        let Some(open) = open.filter(|open| open.optimistic.is_none()) else {
            return Resources::ZERO;
        };
        let special = self.portions(offer);
        if part == self.agents[open.offer.agent.index()].common {
            return open.offer.resources - special.iter().map(|one| one.amount).sum();
        }
        let mine = special.iter().filter(|one| one.part == part);
        mine.map(|one| one.amount).sum()
    }

    /// Makes another part out of what is free of one.
    pub(crate) fn change_part(
        &mut self,
        agent: AgentId,
        from: AgentPart,
        to: AgentPart,
        amount: Resources,
    ) {
        self.resize(agent, from, amount, Resize::Take);
        self.resize(agent, to, amount, Resize::Give);
        if self.has_quota {
            match (from.is_for_anybody(), to.is_for_anybody()) {
                (true, false) => self.shared_free -= amount,
                (false, true) => self.shared_free += amount,
                _ => {}
            }
        }
    }

    /// An agent has more of a part.
    pub(super) fn grow(&mut self, agent: AgentId, part: AgentPart, amount: Resources) {
        self.resize(agent, part, amount, Resize::Give);
        let entry = &mut self.agents[agent.index()];
        entry.total += amount;
        entry.free += amount;
        self.total += amount;
        self.changed(agent);
    }

    /// An agent has less of a part, which is free.
    pub(super) fn shrink(&mut self, agent: AgentId, part: AgentPart, amount: Resources) {
        self.resize(agent, part, amount, Resize::Take);
        let entry = &mut self.agents[agent.index()];
        entry.total -= amount;
        entry.free -= amount;
        self.total -= amount;
        self.changed(agent);
    }

    /// Makes another part out of what an open offer holds of one.
    pub(crate) fn change_offered(
        &mut self,
        offer: OfferId,
        from: AgentPart,
        to: AgentPart,
        amount: Resources,
    ) {
        let open = self.offers.get(offer.0).expect("an open offer").offer;
        let mut portions = self.parted.close_offer(offer);
        self.take_down(open.framework);
        let before = self.give_back(open.agent, open.resources, &portions);
        self.change_part(open.agent, from, to, amount);
        let common = self.agents[open.agent.index()].common;
        if from != common {
            let mut one = portions.iter_mut().filter(|one| one.part == from);
            one.next().expect("held by the offer").amount -= amount;
        }
        if to != common {
            match portions.iter_mut().find(|one| one.part == to) {
                Some(one) => one.amount += amount,
                None => portions.push(Portion { part: to, amount }),
            }
        }
        portions.retain(|one| !one.amount.is_zero());
        let after = self.take(open.agent, open.resources, &portions);
        self.parted.hold_offer(offer, portions);
        let entry = &mut self.frameworks[open.framework.index()];
        entry.aside = entry.aside - before + after;
        let role = entry.role;
        self.change_roles(role, |holding| {
            holding.aside = holding.aside - before + after;
        });
        self.changed(open.agent);
    }

    /// Lends so much of what an agent's tasks do not use.
    pub(crate) fn lend(&mut self, agent: AgentId, amount: Resources) {
        let entry = &mut self.agents[agent.index()];
        let lent = entry
            .parts
            .iter()
            .find(|one| one.part == AgentPart::REVOCABLE);
        let (total, free) = lent.map_or((Resources::ZERO, Resources::ZERO), |one| {
            (one.total, one.free)
        });
        let used = total - free;
        let now = amount.max(used);
        entry.total = entry.total + now - total;
        entry.free = entry.free + now - total;
        self.total = self.total + now - total;
        self.resize(agent, AgentPart::REVOCABLE, total, Resize::Forget);
        self.resize(agent, AgentPart::REVOCABLE, now, Resize::Give);
        let entry = &mut self.agents[agent.index()];
        if !now.is_zero() {
            let part = entry.part_mut(AgentPart::REVOCABLE);
            part.free = now - used;
            part.surplus = now - amount.min(now);
        }
        self.changed(agent);
    }

    /// Makes a part larger or smaller, and the common one nothing: it is what the others leave.
    fn resize(&mut self, agent: AgentId, part: AgentPart, amount: Resources, how: Resize) {
        let depth = self.depth(part);
        let entry = &mut self.agents[agent.index()];
        if part == entry.common || amount.is_zero() {
            return;
        }
        let position = entry.parts.iter().position(|one| one.part == part);
        let position = position.unwrap_or_else(|| {
            entry.parts.push(PartEntry {
                part,
                depth,
                total: Resources::ZERO,
                free: Resources::ZERO,
                surplus: Resources::ZERO,
            });
            entry.parts.len() - 1
        });
        let one = &mut entry.parts[position];
        match how {
            Resize::Give => {
                one.total += amount;
                one.free += amount;
            }
            Resize::Take => {
                one.total -= amount;
                one.free -= amount;
            }
            Resize::Forget => {
                (one.total, one.free) = (Resources::ZERO, Resources::ZERO);
            }
        }
        entry.parts.retain(|one| !one.total.is_zero());
        entry.parts.sort_by_key(PartEntry::order);
        match how {
            Resize::Give => self.reserve(part, amount),
            Resize::Take | Resize::Forget => self.unreserve(part, amount),
        }
    }

    /// What is reserved for a role counts for it and all above it.
    pub(super) fn reserve(&mut self, part: AgentPart, amount: Resources) {
        self.change_reserved(part, |reserved| *reserved += amount);
    }

    pub(super) fn unreserve(&mut self, part: AgentPart, amount: Resources) {
        self.change_reserved(part, |reserved| *reserved -= amount);
    }

    fn change_reserved(&mut self, part: AgentPart, change: impl Fn(&mut Resources)) {
        let Some(first) = role_of(part) else { return };
        let mut next = Some(first);
        while let Some(role) = next {
            let entry = &mut self.roles[role.index()];
            change(&mut entry.quota.reserved);
            next = entry.parent;
        }
        if self.has_quota {
            self.count_needs(first);
        }
    }

    fn depth(&self, part: AgentPart) -> usize {
        let up = |node: &Node| self.parent(*node);
        std::iter::successors(part.reserved, up).count()
    }
}

/// The role that a part is reserved for.
pub(super) const fn role_of(part: AgentPart) -> Option<RoleId> {
    match part.reserved {
        Some(Node::Role(role) | Node::Members(role)) if !part.is_revocable() => Some(role),
        _ => None,
    }
}

#[derive(Clone, Copy)]
enum Resize {
    Give,
    Take,
    Forget,
}
