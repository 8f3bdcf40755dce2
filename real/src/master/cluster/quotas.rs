//! Weights and quotas at run time: what may be said of them, and what follows.

use std::collections::BTreeMap;

use fairground_policies::ledger::Node;
use fairground_policies::message::Event;
use fairground_policies::resources::{Kind, Resources};
use fairground_policies::share::Weight;

use super::roles::RoleQuota;
use super::statuses::Cause;
use super::{Cluster, Input};
use crate::wire::operator::QuotaWish;
use crate::wire::resources::number;

/// What an operator says of roles.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RoleOrder {
    /// How much they count.
    Weights(BTreeMap<String, Weight>),
    /// What one is guaranteed and may not exceed.
    Quota(QuotaWish),
    /// That this one is guaranteed nothing, and has no limit.
    NoQuota(String),
}

/// Why an order is not followed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BadOrder {
    /// It makes no sense.
    Senseless(String),
    /// It does not go with how the cluster is; it is followed when forced.
    Unlikely(String),
}

impl Cluster {
    /// The input that an order amounts to.
    ///
    /// # Errors
    /// Why it is not followed.
    pub fn input_of(&self, order: RoleOrder) -> Result<Input, BadOrder> {
        match order {
            RoleOrder::Weights(weights) => Ok(Input::WeightsSet { weights }),
            RoleOrder::Quota(wish) => {
                self.check_quota(&wish)?;
                let QuotaWish {
                    role,
                    guarantee,
                    limit,
                    ..
                } = wish;
                let quota = Some(RoleQuota { guarantee, limit });
                Ok(Input::QuotaSet { role, quota })
            }
            RoleOrder::NoQuota(role) => {
                if !self.roles.quotas.contains_key(&role) {
                    let text = format!("role `{role}` has no quota");
                    return Err(BadOrder::Senseless(text));
                }
                self.check_tree(&role, Resources::ZERO)?;
                let quota = None;
                Ok(Input::QuotaSet { role, quota })
            }
        }
    }

    fn check_quota(&self, wish: &QuotaWish) -> Result<(), BadOrder> {
        let QuotaWish {
            role, guarantee, ..
        } = wish;
        if !wish.replaces && self.roles.quotas.contains_key(role) {
            return Err(BadOrder::Senseless(format!(
                "role `{role}` already has a quota; DELETE /quota/{role} first, or say `guarantees` and \
                 `limits`"
            )));
        }
        let all = self.check_tree(role, *guarantee)?;
        if wish.force {
            return Ok(());
        }
        let total = self.core.ledger().total();
        if let Some(kind) = exceeding(all, total) {
            return Err(BadOrder::Unlikely(format!(
                "quotas would guarantee {} and the cluster has {}; `force` takes it all the same",
                amount(kind, all),
                amount(kind, total)
            )));
        }
        let used = self.used_below(role);
        let beyond = |kind: &Kind| {
            wish.limit
                .of(*kind)
                .is_some_and(|most| used.of(*kind) > most)
        };
        match Kind::ALL.into_iter().find(beyond) {
            None => Ok(()),
            Some(kind) => Err(BadOrder::Unlikely(format!(
                "tasks of role `{role}` use {}, more than the limit; `force` takes it all the same, and \
                 ends none",
                amount(kind, used)
            ))),
        }
    }

    /// All that would be guaranteed if this were guaranteed to a role. What is guaranteed to a role is for
    /// all below it, so that it holds what is guaranteed to them.
    fn check_tree(&self, role: &str, guarantee: Resources) -> Result<Resources, BadOrder> {
        let mut guarantees: BTreeMap<&str, Resources> = BTreeMap::new();
        for (role, quota) in &self.roles.quotas {
            guarantees.insert(role, quota.guarantee);
        }
        guarantees.insert(role, guarantee);
        let mut below: BTreeMap<&str, Resources> = BTreeMap::new();
        let mut top = Resources::ZERO;
        for (role, guarantee) in &guarantees {
            match role.rsplit_once('/') {
                Some((above, _)) => *below.entry(above).or_default() += *guarantee,
                None => top += *guarantee,
            }
        }
        for (above, sum) in below {
            let own = guarantees.get(above).copied().unwrap_or_default();
            if let Some(kind) = exceeding(sum, own) {
                return Err(BadOrder::Senseless(format!(
                    "role `{above}` is guaranteed {}, and those right below it would be {}; what is \
                     guaranteed to a role includes those below it",
                    amount(kind, own),
                    amount(kind, sum)
                )));
            }
        }
        Ok(top)
    }

    /// What runs below a role.
    fn used_below(&self, role: &str) -> Resources {
        let ledger = self.core.ledger();
        let number = self.roles.number(role).into_iter();
        let clients = number.flat_map(|number| ledger.below(Node::Role(number)));
        clients.map(|client| ledger.running(client)).sum()
    }

    /// Offers that were made by older weights are taken back, as in Mesos.
    pub(super) fn weights_set(&mut self, weights: BTreeMap<String, Weight>) {
        let mut known = false;
        for (role, weight) in weights {
            let number = self.roles.number(&role);
            self.roles.weights.insert(role, weight);
            if let Some(number) = number {
                self.tell_role(number);
                known = true;
            }
        }
        if known {
            self.take_offers_back(|_| true);
        }
    }

    /// Whatever is offered may be what is guaranteed now, or beyond a limit: all of it is taken back.
    pub(super) fn quota_set(&mut self, name: &str, quota: Option<RoleQuota>) {
        let role = self.name_role(name);
        match quota {
            Some(quota) => self.roles.quotas.insert(name.to_owned(), quota),
            None => self.roles.quotas.remove(name),
        };
        let RoleQuota { guarantee, limit } = self.roles.quota(name);
        let event = Event::QuotaSet {
            role,
            guarantee,
            limit,
        };
        self.tell(event, Cause::Core);
        if quota.is_some() {
            self.take_offers_back(|_| true);
        }
    }
}

/// A kind of which there is more in one than in the other.
fn exceeding(one: Resources, other: Resources) -> Option<Kind> {
    let mut kinds = Kind::ALL.into_iter();
    kinds.find(|kind| one.of(*kind) > other.of(*kind))
}

fn amount(kind: Kind, of: Resources) -> String {
    format!("{} {}", number(kind, of.of(kind)), kind.name())
}
