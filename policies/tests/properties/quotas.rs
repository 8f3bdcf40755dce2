//! What quotas allow, found the slow way: by trying amounts.

use std::collections::{BTreeMap, BTreeSet};

use fairground_policies::ledger::{Earmark, Ledger, Node};
use fairground_policies::message::{AgentId, FrameworkId, Offer, RoleId};
use fairground_policies::resources::{Kind, QuotaLimit, Resources};

/// The moment that is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Before<'a> {
    /// The offers that were made after it.
    pub(crate) later: &'a [Offer],
    /// What of what is free then is kept for somebody.
    pub(crate) kept: Resources,
}

/// The quotas that were set.
#[derive(Default)]
pub(crate) struct Quotas {
    pub(crate) of: BTreeMap<RoleId, (Resources, QuotaLimit)>,
}

impl Quotas {
    /// The most of `free` that `framework` may be offered before that: no
    /// limit is exceeded, and there is not less free for what is guaranteed to others than before.
    pub(crate) fn most(
        &self,
        ledger: &Ledger,
        framework: FrameworkId,
        free: Resources,
        before: Before<'_>,
    ) -> Resources {
        let most = Kind::ALL.map(|kind| {
            let shortfall = self.shortfall(ledger, kind, framework, 0, before);
            let may = |more: u64| {
                let within = |role: &RoleId| {
                    let (_, limit) = self.of[role];
                    let held = held(ledger, (*role).into(), before).of(kind) + more;
                    limit.of(kind).is_none_or(|most| held <= most)
                };
                let mut above = self.above(ledger, framework).into_iter();
                more == 0
                    || above.all(|role| within(&role))
                        && self.shortfall(ledger, kind, framework, more, before) <= shortfall
            };
            // The largest that may be, by halves: a larger amount is never better.
            let (mut low, mut high) = (0, free.of(kind));
            while low < high {
                let middle = low + (high - low).div_ceil(2);
                if may(middle) {
                    low = middle;
                } else {
                    high = middle - 1;
                }
            }
            low
        });
        Resources::from_units(most)
    }

    /// How much of `most` it may be offered before others who lack nothing, if it lacks anything.
    pub(crate) fn before_others(
        &self,
        ledger: &Ledger,
        framework: FrameworkId,
        most: Resources,
        before: Before<'_>,
    ) -> Option<Resources> {
        let mut lacks = false;
        let part = Kind::ALL.map(|kind| {
            let guarantees = self.above(ledger, framework).into_iter().map(|role| {
                let guaranteed = self.of[&role].0.of(kind);
                let held = held(ledger, role.into(), before).of(kind);
                (guaranteed, guaranteed.saturating_sub(held))
            });
            let guarantees: Vec<_> = guarantees
                .filter(|(guaranteed, _)| *guaranteed > 0)
                .collect();
            let lacking = guarantees.iter().map(|(_, lacking)| *lacking).max();
            lacks |= lacking.is_some_and(|lacking| lacking > 0);
            lacking.unwrap_or(u64::MAX)
        });
        lacks.then(|| Resources::from_units(part).min(most))
    }

    /// The roles with quotas that `framework` is in.
    fn above(&self, ledger: &Ledger, framework: FrameworkId) -> Vec<RoleId> {
        let up = |node: &Node| ledger.parent(*node);
        let above = std::iter::successors(ledger.parent(framework), up);
        let roles = above.filter_map(|node| match node {
            Node::Role(role) => Some(role),
            _ => None,
        });
        roles.filter(|role| self.of.contains_key(role)).collect()
    }

    /// How much more is guaranteed and not held than is free, once `framework` holds `more`.
    fn shortfall(
        &self,
        ledger: &Ledger,
        kind: Kind,
        framework: FrameworkId,
        more: u64,
        before: Before<'_>,
    ) -> u64 {
        let offered: Resources = before.later.iter().map(|offer| offer.resources).sum();
        let free = (ledger.shared_free() + offered).of(kind);
        let top = ledger.roles().filter(|role| ledger.parent(*role).is_none());
        let needs = top.map(|role| self.need(ledger, role, kind, (framework, more), before));
        let missing = needs.sum::<u64>() + more;
        missing.saturating_sub(free - before.kept.of(kind))
    }

    fn need(
        &self,
        ledger: &Ledger,
        role: RoleId,
        kind: Kind,
        more: (FrameworkId, u64),
        before: Before<'_>,
    ) -> u64 {
        let children = ledger
            .roles()
            .filter(|child| ledger.parent(*child) == Some(Node::Role(role)));
        let below: u64 = children
            .map(|child| self.need(ledger, child, kind, more, before))
            .sum();
        let mine = ledger.below(role).any(|framework| framework == more.0);
        let held = held(ledger, role.into(), before).of(kind) + if mine { more.1 } else { 0 };
        let guaranteed = self
            .of
            .get(&role)
            .map_or(0, |(guarantee, _)| guarantee.of(kind));
        below.max(guaranteed.saturating_sub(held))
    }
}

/// What was held below a node before that.
fn held(ledger: &Ledger, node: Node, before: Before<'_>) -> Resources {
    let up = |node: &Node| ledger.parent(*node);
    let mine = before.later.iter().filter(|offer| {
        let mut above = std::iter::successors(Some(Node::Framework(offer.framework)), up);
        above.any(|above| above == node)
    });
    ledger.held(node) - mine.map(|offer| offer.resources).sum()
}

/// What of what was free on all agents before the offers in `later` is kept for somebody.
pub(crate) fn kept_of(ledger: &Ledger, earmarks: &[Earmark], later: &[Offer]) -> Resources {
    let agents: BTreeSet<AgentId> = earmarks.iter().map(|one| one.agent).collect();
    let kept = agents.into_iter().map(|agent| {
        let here = earmarks.iter().filter(|one| one.agent == agent);
        let offered = later.iter().filter(|offer| offer.agent == agent);
        let offered: Resources = offered.map(|offer| offer.resources).sum();
        let free = ledger.free(agent) + offered;
        free.min(here.map(|one| one.needs).sum())
    });
    kept.sum()
}
