//! The cases of Kueue: shares, victims, orders and cycles of admission, fed to `fairground_policies::rules::kueue`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail, ensure};
use fairground_policies::rules::kueue::assign::{Fungibility, Offering, Pending, ResourceGroup};
use fairground_policies::rules::kueue::cycle::Cycle;
use fairground_policies::rules::kueue::fair::Targets;
use fairground_policies::rules::kueue::{
    self, Admitted, Algorithm, Amount, BorrowWithin, DominantShare, Newcomer, Node, NodeId, Pair,
    Policy, Preemption, Quota, Reason, Strategy, Tree,
};
use fairground_policies::rules::ratio::Ratio;
use serde::Deserialize as _;
use serde_json::{Number, Value};

use self::text::{Assigned, Case, GroupText, Part, PodSet, QueueText, QuotaText, Work};
use super::compared::Compared;
use super::{Case as AnyCase, Kind, System, Unreadable, Verdict};

mod text;

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

fn amount(value: &Value) -> Result<Amount> {
    match value {
        Value::String(text) if text == "unlimited" => Ok(Amount::UNLIMITED),
        other => Ok(Amount(
            other
                .as_i64()
                .with_context(|| format!("an amount: {other}"))?,
        )),
    }
}

fn policy(text: &str) -> Result<Policy> {
    Ok(match text {
        "Never" => Policy::Never,
        "Unset" => Policy::Unset,
        "LowerPriority" => Policy::LowerPriority,
        "LowerOrNewerEqualPriority" => Policy::LowerOrNewerEqualPriority,
        "Any" => Policy::Any,
        other => bail!("a policy of preemption: {other}"),
    })
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

/// Names as numbers, in the order of the names.
#[derive(Default)]
struct Ids(Vec<String>);

impl Ids {
    fn of<'a>(names: impl Iterator<Item = &'a String>) -> Self {
        let sorted: BTreeSet<&String> = names.collect();
        Self(sorted.into_iter().cloned().collect())
    }

    fn id(&self, name: &str) -> Result<u32> {
        let found = self.0.binary_search_by(|one| one.as_str().cmp(name));
        let place = found.ok().with_context(|| format!("not known: {name}"))?;
        Ok(u32::try_from(place)?)
    }
}

/// A case as the rules see it.
struct World {
    flavors: Ids,
    resources: Ids,
    cohorts: BTreeMap<String, NodeId>,
    queues: BTreeMap<String, NodeId>,
    tree: Tree,
    admitted: Vec<Admitted>,
    algorithm: Algorithm,
}

impl World {
    fn of(case: &Case) -> Result<Self> {
        let parts = || {
            let works = case.admitted.iter().chain(&case.incoming);
            let held = works.flat_map(|one| one.usage.iter().chain(&one.requests));
            let used = case.usage.iter().map(|one| &one.part);
            held.chain(used)
                .chain(&case.extra_request)
                .chain(&case.request)
        };
        let quotas = || {
            let cohorts = case.cohorts.iter().flat_map(|one| &one.quotas);
            cohorts.chain(case.cluster_queues.iter().flat_map(|one| &one.quotas))
        };
        let groups = || {
            case.cluster_queues
                .iter()
                .flat_map(|one| &one.resource_groups)
        };
        let sets = case.pending.iter().flat_map(|one| &one.pod_sets);
        let flavors = parts()
            .map(|one| &one.flavor)
            .chain(quotas().map(|one| &one.flavor));
        let resources = parts()
            .map(|one| &one.resource)
            .chain(quotas().map(|one| &one.resource));
        let mut world = Self {
            flavors: Ids::of(flavors.chain(groups().flat_map(|one| &one.flavors))),
            resources: Ids::of(
                resources
                    .chain(groups().flat_map(|one| &one.resources))
                    .chain(sets.flat_map(|set| set.requests.keys())),
            ),
            cohorts: BTreeMap::new(),
            queues: BTreeMap::new(),
            tree: Tree::default(),
            admitted: Vec::new(),
            algorithm: algorithm(case)?,
        };
        world.grow(case)?;
        let mut uids: Vec<&Option<String>> = case.admitted.iter().map(|one| &one.uid).collect();
        uids.sort();
        for one in &case.admitted {
            let uid = uids.partition_point(|other| *other < &one.uid);
            // A workload may stand in no queue that is known.
            let queue = world.queues.get(&one.cluster_queue).copied();
            let admitted = Admitted {
                queue: queue.unwrap_or(NodeId(usize::MAX)),
                priority: one.priority,
                usage: world.amounts(&one.usage)?,
                created: one.created,
                reserved: one.quota_reserved.unwrap_or(0),
                evicted: one.evicted,
                uid: uid as u64,
            };
            if let Some(queue) = queue {
                world.tree.add_all(queue, &admitted.usage);
            }
            world.admitted.push(admitted);
        }
        for one in &case.usage {
            let (pair, amount) = (world.pair(&one.part)?, amount(&one.part.amount)?);
            world
                .tree
                .add(world.queue(&one.cluster_queue)?, pair, amount);
        }
        Ok(world)
    }

    fn grow(&mut self, case: &Case) -> Result<()> {
        for (id, one) in case.cohorts.iter().enumerate() {
            self.cohorts.insert(one.name.clone(), NodeId(id));
        }
        for (place, one) in case.cluster_queues.iter().enumerate() {
            self.queues
                .insert(one.name.clone(), NodeId(case.cohorts.len() + place));
        }
        // Orders of candidates name queues of which nothing else is said.
        let mut nodes = Vec::new();
        let weight = |number: &Number| Ratio::from_decimal(&number.to_string()).context("a weight");
        for one in &case.cohorts {
            nodes.push(Node {
                parent: self.parent(one.parent.as_ref())?,
                queue: None,
                weight: weight(&one.weight)?,
                quotas: self.quotas(&one.quotas)?,
            });
        }
        for one in &case.cluster_queues {
            let said = &one.preemption;
            let borrow = said.borrow_within_cohort.as_ref();
            nodes.push(Node {
                parent: self.parent(one.cohort.as_ref())?,
                queue: Some(Preemption {
                    within: policy(&said.within_cluster_queue)?,
                    reclaim: policy(&said.reclaim_within_cohort)?,
                    borrow: borrow
                        .filter(|one| one.policy != "Never")
                        .map(|one| BorrowWithin {
                            threshold: one.max_priority_threshold,
                        }),
                }),
                weight: weight(&one.weight)?,
                quotas: self.quotas(&one.quotas)?,
            });
        }
        let names = case
            .own_cluster_queue
            .iter()
            .chain(case.admitted.iter().map(|one| &one.cluster_queue));
        for name in names.filter(|_| case.cluster_queues.is_empty()) {
            self.queues.entry(name.clone()).or_insert_with(|| {
                nodes.push(Node {
                    parent: None,
                    queue: Some(Preemption::default()),
                    weight: Ratio::ONE,
                    quotas: BTreeMap::new(),
                });
                NodeId(nodes.len() - 1)
            });
        }
        self.tree = Tree::new(nodes).context("cohorts that are no tree")?;
        Ok(())
    }

    fn parent(&self, name: Option<&String>) -> Result<Option<NodeId>> {
        let Some(name) = name else { return Ok(None) };
        let found = self.cohorts.get(name).copied();
        Ok(Some(found.with_context(|| format!("no cohort {name}"))?))
    }

    fn queue(&self, name: &str) -> Result<NodeId> {
        let found = self.queues.get(name).copied();
        found.with_context(|| format!("no cluster queue {name}"))
    }

    fn pair(&self, part: &Part) -> Result<Pair> {
        Ok(Pair {
            flavor: self.flavors.id(&part.flavor)?,
            resource: self.resources.id(&part.resource)?,
        })
    }

    fn amounts(&self, parts: &[Part]) -> Result<BTreeMap<Pair, Amount>> {
        let mut sum: BTreeMap<Pair, Amount> = BTreeMap::new();
        for part in parts {
            let all = sum.entry(self.pair(part)?).or_default();
            *all = *all + amount(&part.amount)?;
        }
        Ok(sum)
    }

    fn quotas(&self, said: &[QuotaText]) -> Result<BTreeMap<Pair, Quota>> {
        let limit = |value: &Option<Value>| value.as_ref().map(amount).transpose();
        let quota = |one: &QuotaText| {
            let pair = Pair {
                flavor: self.flavors.id(&one.flavor)?,
                resource: self.resources.id(&one.resource)?,
            };
            let quota = Quota {
                nominal: amount(&one.nominal)?,
                borrowing_limit: limit(&one.borrowing_limit)?,
                lending_limit: limit(&one.lending_limit)?,
            };
            Ok((pair, quota))
        };
        said.iter().map(quota).collect()
    }

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

fn algorithm(case: &Case) -> Result<Algorithm> {
    if case.algorithm.as_deref() != Some("fair") {
        return Ok(Algorithm::Classical);
    }
    let strategy = |text: &String| {
        Ok(match text.as_str() {
            "LessThanOrEqualToFinalShare" => Strategy::LessThanOrEqualToFinalShare,
            "LessThanInitialShare" => Strategy::LessThanInitialShare,
            other => bail!("a strategy of preemption: {other}"),
        })
    };
    let gate = |name: &str| case.gates.get(name).copied().unwrap_or(true);
    Ok(Algorithm::Fair {
        strategies: case
            .strategies
            .iter()
            .map(strategy)
            .collect::<Result<_>>()?,
        within_nominal: gate("FairSharingPreemptWithinNominal"),
        prefer_non_borrowing: gate("FairSharingPrioritizeNonBorrowing"),
    })
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
