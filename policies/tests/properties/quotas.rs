//! What quotas allow, found the slow way: by trying amounts.

use std::collections::{BTreeMap, BTreeSet};

use fairground_policies::ledger::{Earmark, Ledger, Node};
use fairground_policies::message::{AgentId, FrameworkId, Offer, RoleId};
use fairground_policies::part::Portion;
use fairground_policies::resources::{Kind, QuotaLimit, Resources};

use crate::parts::aside;

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
                    let consumed = consumed(ledger, *role, before).of(kind) + more;
                    limit.of(kind).is_none_or(|most| consumed <= most)
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

    /// How much of what is for anybody it may be offered before others who lack nothing, if it lacks anything.
    pub(crate) fn before_others(
        &self,
        ledger: &Ledger,
        framework: FrameworkId,
        before: Before<'_>,
    ) -> Option<Resources> {
        let mut lacks = false;
        let part = Kind::ALL.map(|kind| {
            let guarantees = self.above(ledger, framework).into_iter().map(|role| {
                let guaranteed = self.of[&role].0.of(kind);
                let consumed = consumed(ledger, role, before).of(kind);
                (guaranteed, guaranteed.saturating_sub(consumed))
            });
            let guarantees: Vec<_> = guarantees
                .filter(|(guaranteed, _)| *guaranteed > 0)
                .collect();
            let lacking = guarantees.iter().map(|(_, lacking)| *lacking).max();
            lacks |= lacking.is_some_and(|lacking| lacking > 0);
            lacking.unwrap_or(u64::MAX)
        });
        lacks.then(|| Resources::from_units(part))
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
        let for_anybody = |offer: &Offer| offer.resources - aside_of(ledger, offer);
        let offered: Resources = before.later.iter().map(for_anybody).sum();
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
        let consumed = consumed(ledger, role, before).of(kind) + if mine { more.1 } else { 0 };
        let guaranteed = self
            .of
            .get(&role)
            .map_or(0, |(guarantee, _)| guarantee.of(kind));
        below.max(guaranteed.saturating_sub(consumed))
    }
}

/// What counted against the quota of a role before that, counted from single offers and tasks.
fn consumed(ledger: &Ledger, role: RoleId, before: Before<'_>) -> Resources {
    let up = |node: &Node| ledger.parent(*node);
    let is_below = |node: Node| std::iter::successors(Some(node), up).any(|one| one == role.into());
    let mut consumed = Resources::ZERO;
    for offer in ledger.offers() {
        let later = before.later.iter().any(|later| later.id == offer.id);
        if !later && is_below(offer.framework.into()) {
            consumed += offer.resources - aside_of(ledger, &offer);
        }
    }
    for agent in ledger.agents() {
        for task in ledger.started(agent) {
            if is_below(task.framework.into()) {
                let portions = ledger.portions_of(task.framework, task.task, agent);
                consumed += task.needs - aside(ledger, agent, task.needs, portions);
            }
        }
        let shared = ledger.shared(agent).map(|one| (one.part, one.amount));
        let parts = ledger.parts(agent).map(|(part, total, _)| (part, total));
        for (part, total) in parts.chain(shared) {
            // What is reserved for one framework is outside of all quotas.
            let of_role = matches!(part.reserved, Some(Node::Role(_) | Node::Members(_)));
            if of_role && part.reserved.is_some_and(is_below) {
                consumed += total;
            }
        }
    }
    consumed
}

fn aside_of(ledger: &Ledger, offer: &Offer) -> Resources {
    let portions = ledger.portions(offer.id);
    aside(ledger, offer.agent, offer.resources, portions)
}

/// What of what was free for anybody on all agents before the offers in `later` is kept for somebody.
pub(crate) fn kept_of(ledger: &Ledger, earmarks: &[Earmark], later: &[Offer]) -> Resources {
    let agents: BTreeSet<AgentId> = earmarks.iter().map(|one| one.agent).collect();
    let kept = agents.into_iter().map(|agent| {
        let here = earmarks.iter().filter(|one| one.agent == agent);
        let offered = later.iter().filter(|offer| offer.agent == agent);
        let for_anybody = |offer: &Offer| offer.resources - aside_of(ledger, offer);
        let offered: Resources = offered.map(for_anybody).sum();
        let all = ledger.free(agent);
        let portion = |(part, _, amount)| Portion { part, amount };
        let portions: Vec<Portion> = ledger.parts(agent).map(portion).collect();
        let free = all - aside(ledger, agent, all, &portions) + offered;
        free.min(here.map(|one| one.needs).sum())
    });
    kept.sum()
}
