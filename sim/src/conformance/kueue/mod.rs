//! The cases of Kueue: shares, victims, orders and cycles of admission, fed to `fairground_policies::rules::kueue`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail, ensure};
use fairground_policies::rules::kueue::assign::{Fungibility, Offering, Pending, ResourceGroup};
use fairground_policies::rules::kueue::cycle::Cycle;
use fairground_policies::rules::kueue::fair::Targets;
use fairground_policies::rules::kueue::{self, DominantShare, Newcomer, Reason};
use serde::Deserialize as _;
use serde_json::Value;

use self::text::{Assigned, Case, GroupText, PodSet, QueueText, Work};
use self::world::{Ids, World, amount, policy};
use super::compared::Compared;
use super::{Case as AnyCase, CaseFile, Kind, System, Unreadable, Verdict};

mod text;
mod world;

pub(super) const SYSTEM: System = System {
    name: "kueue",
    about: "shares of what is borrowed, victims, and cycles of admission",
    kinds: &[
        Kind {
            name: "share",
            rule: "dominant resource share of what is borrowed (keps/1714)",
            check: decide,
        },
        Kind {
            name: "preempt",
            rule: "victims of fair or classical preemption",
            check: decide,
        },
        Kind {
            name: "admit",
            rule: "one cycle: flavors, the order of heads, who is admitted and who has to go",
            check: decide,
        },
        Kind {
            name: "order",
            rule: "who is a candidate, and the order of candidates and of queues",
            check: decide,
        },
    ],
    file: CaseFile::Json,
};

fn decide(case: &AnyCase<'_>) -> Result<Verdict, Unreadable> {
    let compared = compare(case.value).map_err(|error| Unreadable(format!("{error:#}")))?;
    Ok(compared.verdict())
}

fn compare(case: &Value) -> Result<Compared> {
    let case = Case::deserialize(case).context("a case of Kueue")?;
    let mut compared = Compared::default();
    let to = &mut compared;
    match (case.kind.as_str(), case.subject.as_deref()) {
        ("share", _) => World::of(&case)?.shares(&case, to)?,
        ("preempt", _) => World::of(&case)?.victims(&case, to)?,
        ("admit", _) => World::of(&case)?.cycle(&case, to)?,
        ("order", Some("policy")) => allowed(&case, to)?,
        ("order", _) => World::of(&case)?.order(&case, to)?,
        (other, _) => bail!("a kind of case that is not known: {other}"),
    }
    Ok(compared)
}

fn allowed(case: &Case, to: &mut Compared) -> Result<()> {
    let rule = policy(case.policy.as_deref().unwrap_or_default())?;
    let newcomer = case.incoming.as_ref().context("no newcomer")?;
    let victim = case.admitted.first().context("no candidate")?;
    let of = |one: &Work| (one.priority, one.created);
    let found = rule.allows(of(newcomer), of(victim));
    to.same("allowed", &case.expected.allowed, &Some(found));
    Ok(())
}

impl World {
    fn shares(&self, case: &Case, to: &mut Compared) -> Result<()> {
        let extra = self.amounts(&case.extra_request)?;
        let request = self.amounts(&case.request)?;
        for expected in &case.expected.shares {
            let nodes = match expected.node_kind.as_str() {
                "cohort" => &self.cohorts,
                _ => &self.queues,
            };
            let node = *nodes.get(&expected.node).context("no such node")?;
            let share = DominantShare::of(&self.tree, node, &extra);
            let name = &expected.node;
            if let Some(said) = &expected.share {
                let number = share.thousandths();
                let number = number.map_or("\"infinite\"".to_owned(), |n| n.to_string());
                to.same(&format!("share of {name}"), &said.to_string(), &number);
                let resource = share
                    .dominant
                    .map(|id| self.resources.0[id as usize].clone());
                to.same(
                    &format!("most of {name}"),
                    &expected.dominant_resource,
                    &resource,
                );
            }
            let borrows = share.borrows();
            to.same(&format!("{name} borrows"), &expected.borrowing, &borrows);
            if let Some(expected) = expected.borrowing_on_request {
                let what = format!("{name} borrows of the request");
                to.same(&what, &expected, &share.borrows_of(&request));
            }
        }
        Ok(())
    }

    fn victims(&self, case: &Case, to: &mut Compared) -> Result<()> {
        let one = case.incoming.as_ref().context("no newcomer")?;
        let contested = one
            .requests
            .iter()
            .filter(|part| part.mode.as_deref() == Some("preempt"));
        let newcomer = Newcomer {
            queue: self.queue(&one.cluster_queue)?,
            priority: one.priority,
            created: one.created,
            request: self.amounts(&one.requests)?,
            contested: contested
                .map(|part| self.pair(part))
                .collect::<Result<_>>()?,
        };
        let found = self
            .algorithm
            .victims(&self.tree, &self.admitted, &newcomer);
        compare_victims(case, &found, to);
        Ok(())
    }

    fn order(&self, case: &Case, to: &mut Compared) -> Result<()> {
        let own = self.queue(case.own_cluster_queue.as_deref().context("no queue")?)?;
        let found: Vec<String> = match case.subject.as_deref() {
            Some("candidates") => {
                let mut all: Vec<usize> = (0..self.admitted.len()).collect();
                kueue::victims::order(&self.admitted, own, &mut all);
                all.into_iter()
                    .map(|index| case.admitted[index].name.clone())
                    .collect()
            }
            Some("victim_queues") => {
                let mut candidates = Vec::new();
                for (index, one) in case.admitted.iter().enumerate() {
                    if case.candidate_cluster_queues.contains(&one.cluster_queue) {
                        candidates.push(index);
                    }
                }
                let mut targets = Targets::new(own, &self.admitted, &candidates);
                let mut names = Vec::new();
                while let Some(queue) = targets.next(&self.tree) {
                    ensure!(
                        targets.take(queue).is_some(),
                        "a queue with nothing to give"
                    );
                    let mut known = self.queues.iter();
                    let name = known
                        .find(|(_, id)| **id == queue)
                        .context("no such queue")?;
                    names.push(name.0.clone());
                }
                names
            }
            other => bail!("an order that is not known: {other:?}"),
        };
        to.same("order", &case.expected.order, &found);
        Ok(())
    }

    fn cycle(&self, case: &Case, to: &mut Compared) -> Result<()> {
        let mut offerings = BTreeMap::new();
        for one in &case.cluster_queues {
            offerings.insert(self.queue(&one.name)?, self.offering(one)?);
        }
        let mut pending = Vec::new();
        for one in &case.pending {
            let set = |set: &PodSet| {
                let asked = set.requests.iter();
                asked
                    .map(|(name, value)| Ok((self.resources.id(name)?, amount(value)?)))
                    .collect()
            };
            pending.push(Pending {
                queue: self.queue(&one.cluster_queue)?,
                priority: one.priority,
                created: one.created,
                pod_sets: one.pod_sets.iter().map(set).collect::<Result<_>>()?,
            });
        }
        let recomputes = case
            .gates
            .get("RecomputeAssignmentUponPreemptionTargetsOverlap");
        let decisions = Cycle {
            tree: &self.tree,
            offerings: &offerings,
            admitted: &self.admitted,
            pending: &pending,
            algorithm: &self.algorithm,
            recomputes: recomputes.copied().unwrap_or(true),
        }
        .run();
        let mut found: BTreeMap<String, BTreeSet<Assigned>> = BTreeMap::new();
        for (index, assignment) in &decisions.admitted {
            let work = &case.pending[*index];
            let mut all = BTreeSet::new();
            for (set, flavors) in work.pod_sets.iter().zip(&assignment.flavors) {
                for (resource, flavor) in flavors {
                    let resource = self.resources.0[*resource as usize].clone();
                    all.insert(Assigned {
                        pod_set: set.name.clone(),
                        flavor: self.flavors.0[*flavor as usize].clone(),
                        amount: amount(&set.requests[&resource])?.0,
                        resource,
                    });
                }
            }
            found.insert(work.name.clone(), all);
        }
        let said = case.expected.admitted.iter();
        let expected = said.map(|one| (one.name.clone(), one.assignment.iter().cloned().collect()));
        to.same("admitted", &expected.collect(), &found);
        compare_victims(case, &decisions.victims, to);
        Ok(())
    }

    fn offering(&self, queue: &QueueText) -> Result<Offering> {
        let ids = |ids: &Ids, names: &[String]| -> Result<Vec<u32>> {
            names.iter().map(|name| ids.id(name)).collect()
        };
        let group = |one: &GroupText| {
            Ok(ResourceGroup {
                resources: ids(&self.resources, &one.resources)?,
                flavors: ids(&self.flavors, &one.flavors)?,
            })
        };
        let said = queue.fungibility.as_ref();
        let fungibility = said.map(|one| Fungibility {
            try_next_before_borrowing: one.when_can_borrow == "TryNextFlavor",
            try_next_before_preempting: one.when_can_preempt == "TryNextFlavor",
            borrowing_is_worse: one.preference.as_deref() == Some("PreemptionOverBorrowing"),
        });
        Ok(Offering {
            groups: queue
                .resource_groups
                .iter()
                .map(group)
                .collect::<Result<_>>()?,
            fungibility: fungibility.unwrap_or_default(),
        })
    }
}

/// The victims as a set, with their reasons where the original shows one.
fn compare_victims(case: &Case, found: &[kueue::Victim], to: &mut Compared) {
    let said = &case.expected.victims;
    let unseen = |name: &str| {
        said.iter()
            .any(|one| one.name == name && one.reason.is_none())
    };
    let mut names: Vec<(String, Option<String>)> = Vec::new();
    for victim in found {
        let name = case.admitted[victim.index].name.clone();
        let reason = Some(reason(victim.reason)).filter(|_| !unseen(&name));
        names.push((name, reason));
    }
    let mut expected: Vec<_> = said
        .iter()
        .map(|one| (one.name.clone(), one.reason.clone()))
        .collect();
    names.sort();
    expected.sort();
    to.same("victims", &expected, &names);
}

fn reason(of: Reason) -> String {
    let text = match of {
        Reason::InClusterQueue => "InClusterQueue",
        Reason::InCohortReclamation => "InCohortReclamation",
        Reason::InCohortFairSharing => "InCohortFairSharing",
        Reason::InCohortReclaimWhileBorrowing => "InCohortReclaimWhileBorrowing",
    };
    text.to_owned()
}
