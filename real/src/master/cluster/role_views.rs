//! What is shown of roles: who is in them, what they hold, their weights and quotas.

use std::collections::{BTreeMap, BTreeSet};

use fairground_policies::ledger::Node;
use fairground_policies::message::RoleId;
use fairground_policies::resources::{Kind, QuotaLimit, Resources};
use fairground_policies::share::Weight;
use serde_json::{Map, Value, json};

use super::Cluster;
use super::roles::RoleBook;
use crate::protocol::Amounts;
use crate::wire::ports::Ports;
use crate::wire::resources::{Shape, number};

/// What is open or runs in a role itself.
#[derive(Default)]
struct RoleMembers<'a> {
    frameworks: BTreeSet<&'a str>,
    used: Resources,
    offered: Resources,
    ports: Ports,
}

impl Cluster {
    /// Those that somebody is in or holds something in, or of which something was said, and all above them.
    pub(super) fn roles_shown(&self) -> Value {
        let members = self.members();
        let mut names: BTreeSet<&str> = members.keys().copied().collect();
        names.extend(self.roles.weights.keys().map(String::as_str));
        names.extend(self.roles.quotas.keys().map(String::as_str));
        names.insert("*");
        let above = names.iter().flat_map(|name| {
            let ends = name.match_indices('/').map(|(end, _)| end);
            ends.map(|end| &name[..end])
        });
        let above: Vec<&str> = above.collect();
        names.extend(above);
        let nobody = RoleMembers::default();
        let role = |name| self.role_shown(name, members.get(name).unwrap_or(&nobody));
        json!({"roles": names.into_iter().map(role).collect::<Vec<_>>()})
    }

    /// What belongs to roles themselves, without those below them.
    fn members(&self) -> BTreeMap<&str, RoleMembers<'_>> {
        let mut members: BTreeMap<&str, RoleMembers<'_>> = BTreeMap::new();
        for page in &self.frameworks {
            for role in page.roles.iter().filter(|_| !page.removed) {
                let entry = members.entry(role).or_default();
                entry.frameworks.insert(&page.id);
            }
            for client in page.clients.values() {
                let used = self.core.ledger().running(*client);
                if !used.is_zero() {
                    let role = self.roles.role_of(*client);
                    let entry = members.entry(role).or_default();
                    entry.frameworks.insert(&page.id);
                    entry.used += used;
                }
            }
        }
        for offered in self.offers.values() {
            let role = self.roles.role_of(offered.client);
            let entry = members.entry(role).or_default();
            entry.offered += offered.resources;
            entry.ports.add(&offered.ports);
        }
        members
    }

    fn role_shown(&self, name: &str, members: &RoleMembers<'_>) -> Value {
        let amounts = |resources| Amounts::of(resources, &Ports::default()).to_endpoint();
        let quota = self.roles.quota(name);
        let consumed = |role: RoleId| self.core.ledger().held(Node::Role(role));
        let consumed = self.roles.number(name).map_or(Resources::ZERO, consumed);
        json!({
            "name": name,
            "weight": shown_weight(self.roles.weight(name)),
            "frameworks": members.frameworks,
            "resources": amounts(members.used + members.offered),
            "allocated": amounts(members.used),
            "offered": Amounts::of(members.offered, &members.ports).to_endpoint(),
            "reserved": {},
            "quota": {
                "role": name,
                "guarantee": guaranteed(quota.guarantee, |value| json!(value)),
                "limit": limited(quota.limit, |value| json!(value)),
                "consumed": amounts(consumed),
            },
        })
    }
}

impl RoleBook {
    /// The weights that somebody said.
    pub(super) fn weights_shown(&self) -> Value {
        let weights = self.weights.iter();
        let weights =
            weights.map(|(role, weight)| json!({"role": role, "weight": shown_weight(*weight)}));
        Value::Array(weights.collect())
    }

    /// The quotas: the guarantees once more in their older form.
    pub(super) fn quotas_shown(&self) -> Value {
        let plain = Shape {
            refined: true,
            allocated_to: None,
        };
        let info = |(role, quota): (&String, &super::RoleQuota)| {
            let guarantee = Amounts::of(quota.guarantee, &Ports::default());
            json!({"role": role, "guarantee": guarantee.to_api(&plain)})
        };
        let config = |(role, quota): (&String, &super::RoleQuota)| {
            let scalar = |value| json!({"value": value});
            json!({
                "role": role,
                "guarantees": guaranteed(quota.guarantee, scalar),
                "limits": limited(quota.limit, scalar),
            })
        };
        json!({
            "infos": self.quotas.iter().map(info).collect::<Vec<_>>(),
            "configs": self.quotas.iter().map(config).collect::<Vec<_>>(),
        })
    }
}

/// A weight as the API has it.
pub(super) fn shown_weight(weight: Weight) -> f64 {
    f64::from(weight.thousandths()) / 1000.0
}

/// The kinds of which something is guaranteed.
fn guaranteed(guarantee: Resources, write: impl Fn(f64) -> Value) -> Value {
    let kinds = Kind::ALL.into_iter().filter(|kind| guarantee.of(*kind) > 0);
    let members = kinds.map(|kind| {
        let value = write(number(kind, guarantee.of(kind)));
        (kind.name().to_owned(), value)
    });
    Value::Object(members.collect::<Map<_, _>>())
}

/// The kinds that have a limit.
fn limited(limit: QuotaLimit, write: impl Fn(f64) -> Value) -> Value {
    let members = Kind::ALL.into_iter().filter_map(|kind| {
        let value = write(number(kind, limit.of(kind)?));
        Some((kind.name().to_owned(), value))
    });
    Value::Object(members.collect::<Map<_, _>>())
}
