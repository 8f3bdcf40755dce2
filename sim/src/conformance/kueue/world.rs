//! Kueue's cases as the rules see them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};
use fairground_policies::rules::kueue::{
    Admitted, Algorithm, Amount, BorrowWithin, Node, NodeId, Pair, Policy, Preemption, Quota,
    Strategy, Tree,
};
use fairground_policies::rules::ratio::Ratio;
use serde_json::{Number, Value};

use super::text::{Case, Part, QuotaText};

pub(super) fn amount(value: &Value) -> Result<Amount> {
    match value {
        Value::String(text) if text == "unlimited" => Ok(Amount::UNLIMITED),
        other => Ok(Amount(
            other
                .as_i64()
                .with_context(|| format!("an amount: {other}"))?,
        )),
    }
}

pub(super) fn policy(text: &str) -> Result<Policy> {
    Ok(match text {
        "Never" => Policy::Never,
        "Unset" => Policy::Unset,
        "LowerPriority" => Policy::LowerPriority,
        "LowerOrNewerEqualPriority" => Policy::LowerOrNewerEqualPriority,
        "Any" => Policy::Any,
        other => bail!("a policy of preemption: {other}"),
    })
}

/// Names as numbers, in the order of the names.
#[derive(Default)]
pub(super) struct Ids(pub(super) Vec<String>);

impl Ids {
    fn of<'a>(names: impl Iterator<Item = &'a String>) -> Self {
        let sorted: BTreeSet<&String> = names.collect();
        Self(sorted.into_iter().cloned().collect())
    }

    pub(super) fn id(&self, name: &str) -> Result<u32> {
        let found = self.0.binary_search_by(|one| one.as_str().cmp(name));
        let place = found.ok().with_context(|| format!("not known: {name}"))?;
        Ok(u32::try_from(place)?)
    }
}

/// A case as the rules see it.
pub(super) struct World {
    pub(super) flavors: Ids,
    pub(super) resources: Ids,
    pub(super) cohorts: BTreeMap<String, NodeId>,
    pub(super) queues: BTreeMap<String, NodeId>,
    pub(super) tree: Tree,
    pub(super) admitted: Vec<Admitted>,
    pub(super) algorithm: Algorithm,
}

impl World {
    pub(super) fn of(case: &Case) -> Result<Self> {
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

    pub(super) fn queue(&self, name: &str) -> Result<NodeId> {
        let found = self.queues.get(name).copied();
        found.with_context(|| format!("no cluster queue {name}"))
    }

    pub(super) fn pair(&self, part: &Part) -> Result<Pair> {
        Ok(Pair {
            flavor: self.flavors.id(&part.flavor)?,
            resource: self.resources.id(&part.resource)?,
        })
    }

    pub(super) fn amounts(&self, parts: &[Part]) -> Result<BTreeMap<Pair, Amount>> {
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
