//! Armada's pools as the rules see them.

use std::collections::BTreeMap;

use fairground_policies::rules::armada::cycle::Cycle;
use fairground_policies::rules::armada::nodes::Indexed;
use fairground_policies::rules::armada::order::Rules;
use fairground_policies::rules::armada::pass::{Limits, Pool};
use fairground_policies::rules::armada::{
    Amounts, AwayNodes, Class, Expression, Gang, Job, Node, Queue, Shape, Taint,
};
use fairground_policies::rules::ratio::Ratio;
use serde_json::Number;

use super::text::{ClassText, Config, JobsText, Named, NodesText};
use super::{ratio, thousandths};
use crate::conformance::{Case, Unreadable};

/// Resources of nodes, in the order in which they are searched, by their names in the cases.
const RESOURCES: [&str; 3] = ["cpu", "memory_gi", "gpu"];
/// What one core, 128 MiB and one device are in thousandths of what the cases count in.
const STEPS: [i64; 3] = [1000, 125, 1000];
/// The class of a job that names none.
const DEFAULT_CLASS: &str = "priority-3";

/// A pool as the rules see it.
pub(super) struct World {
    pub(super) classes: Vec<Class>,
    pub(super) class_names: Vec<String>,
    pub(super) nodes: Vec<Node>,
    pub(super) used: Vec<(usize, i64, Amounts)>,
    pub(super) index: Vec<Indexed>,
    pub(super) total: Amounts,
    pub(super) factors: Vec<Ratio>,
    pub(super) floating: Vec<String>,
    pub(super) limits: Limits,
    pub(super) rules: Rules,
    /// Jobs that may start a unit of time later, and the queues'.
    pub(super) rates: [Option<(Ratio, i128)>; 2],
    pub(super) protected: Ratio,
}

pub(super) fn wrong(what: &str, found: impl std::fmt::Display) -> Unreadable {
    Unreadable(format!("expected {what}, found {found}"))
}

pub(super) fn amounts(named: &Named) -> Result<Amounts, Unreadable> {
    let amount = |name: &&str| named.get(*name).map_or(Ok(0), thousandths);
    RESOURCES.iter().map(amount).collect()
}

/// Fractions by the place of their resource.
fn fractions(named: &Named) -> Result<BTreeMap<usize, Ratio>, Unreadable> {
    let place = |name: &String| {
        let found = RESOURCES
            .iter()
            .position(|one| one.split('_').next() == Some(name));
        found.ok_or_else(|| wrong("a resource of nodes", name))
    };
    named
        .iter()
        .map(|(name, number)| Ok((place(name)?, ratio(number)?)))
        .collect()
}

/// The classes that tests have when they name none.
fn default_classes() -> BTreeMap<String, ClassText> {
    let away = |priority| {
        ["gpu", "largeJobsOnly"].map(|name| super::text::AwayText {
            priority,
            well_known_node_type_name: name.to_owned(),
        })
    };
    let class = |priority, preemptible| ClassText {
        priority,
        preemptible,
        away_node_types: Vec::new(),
    };
    let lower = |priority| ClassText {
        away_node_types: away(priority).to_vec(),
        ..class(30_000, true)
    };
    let classes = [
        ("priority-0", class(0, true)),
        ("priority-1", class(1, true)),
        ("priority-2", class(2, true)),
        ("priority-2-non-preemptible", class(2, false)),
        ("priority-3", class(3, false)),
        ("armada-preemptible-away", lower(29_000)),
        ("armada-preemptible-away-lower", lower(28_000)),
        ("armada-preemptible", class(30_000, true)),
    ];
    classes
        .into_iter()
        .map(|(name, class)| (name.to_owned(), class))
        .collect()
}

/// The taints of a kind of node; what is not listed is tainted by its own name.
fn taints_of(config: &Config, kind: &str) -> Vec<Taint> {
    let listed = config
        .node_types
        .iter()
        .flatten()
        .find(|one| one.name == kind);
    let own = || {
        vec![Taint {
            key: kind.to_owned(),
            value: "true".to_owned(),
        }]
    };
    listed.map_or_else(own, |listed| {
        let taint = |one: &super::text::TypeTaintText| Taint {
            key: one.key.clone(),
            value: one.value.clone(),
        };
        listed.taints.iter().map(taint).collect()
    })
}

impl World {
    pub(super) fn of(case: &Case<'_>) -> Result<Self, Unreadable> {
        let config: Config = case.maybe("input.config")?.unwrap_or_default();
        let said = if config.classes.is_empty() {
            default_classes()
        } else {
            config.classes.clone()
        };
        let class = |one: &ClassText| Class {
            priority: one.priority,
            preemptible: one.preemptible,
            away: one
                .away_node_types
                .iter()
                .map(|away| AwayNodes {
                    taints: taints_of(&config, &away.well_known_node_type_name),
                    priority: away.priority,
                })
                .collect(),
        };
        let mut world = Self {
            classes: said.values().map(class).collect(),
            class_names: said.into_keys().collect(),
            nodes: Vec::new(),
            used: Vec::new(),
            index: RESOURCES
                .iter()
                .enumerate()
                .map(|(i, _)| (i, STEPS[i]))
                .collect(),
            total: vec![0; RESOURCES.len()],
            factors: vec![Ratio::ONE; RESOURCES.len()],
            floating: config.floating.iter().map(|one| one.name.clone()).collect(),
            limits: Limits::default(),
            rules: Rules {
                prefer_large: config.prefer_large.unwrap_or(true),
                home_first: false,
            },
            rates: [None, None],
            protected: config
                .protected_fraction_of_fair_share
                .as_ref()
                .map_or(Ok(Ratio::ZERO), ratio)?,
        };
        world.limits(&config)?;
        if let Some(indexed) = &config.indexed_resources {
            world.index = indexed
                .iter()
                .map(indexed_resource)
                .collect::<Result<_, _>>()?;
        }
        for group in case.read::<Vec<NodesText>>("input.nodes")? {
            let total = amounts(&group.total)?;
            for _ in 0..group.n {
                for used in &group.used {
                    world
                        .used
                        .push((world.nodes.len(), used.priority, amounts(&used.resources)?));
                }
                world.total = world.total.iter().zip(&total).map(|(a, b)| a + b).collect();
                let taint = |one: &super::text::TaintText| Taint {
                    key: one.key.clone(),
                    value: one.value.clone(),
                };
                world.nodes.push(Node {
                    total: total.clone(),
                    taints: group.taints.iter().map(taint).collect(),
                    labels: group.labels.clone(),
                    cordoned: false,
                });
            }
        }
        Ok(world)
    }

    fn limits(&mut self, config: &Config) -> Result<(), Unreadable> {
        let pair = |said: &Option<(Number, i128)>| {
            said.as_ref()
                .map(|(rate, burst)| Ok((ratio(rate)?, *burst)))
                .transpose()
        };
        let by_queue = config.queue_rate.as_ref().zip(config.queue_burst);
        let by_queue = by_queue
            .map(|(rate, burst)| Ok((ratio(rate)?, burst)))
            .transpose()?;
        self.rates = [
            pair(&config.global_rate_and_burst)?,
            pair(&config.queue_rate_and_burst)?.or(by_queue),
        ];
        let full =
            |rate: Option<(Ratio, i128)>| rate.map(|(_, burst)| (Ratio::whole(burst), burst));
        let mut by_class = BTreeMap::new();
        for (class, most) in &config.per_class_queue_fraction_limits {
            by_class.insert(self.class(class)?, fractions(most)?);
        }
        let floating =
            |one: &super::text::FloatingText| one.pools.get("pool").map_or(Ok(0), thousandths);
        self.limits = Limits {
            per_cycle: fractions(&config.maximum_resource_fraction_to_schedule)?,
            by_class,
            tokens: full(self.rates[0]),
            queue_tokens: full(self.rates[1]),
            look_back: config.max_queue_lookback,
            floating: config
                .floating
                .iter()
                .map(floating)
                .collect::<Result<_, _>>()?,
            labels: config.indexed_node_labels.iter().cloned().collect(),
        };
        Ok(())
    }

    fn class(&self, name: &str) -> Result<usize, Unreadable> {
        let name = if name.is_empty() { DEFAULT_CLASS } else { name };
        let found = self.class_names.iter().position(|one| one == name);
        found.ok_or_else(|| wrong("a priority class", name))
    }

    /// The jobs of one line, their queue by its place.
    pub(super) fn jobs(&self, of: &JobsText, queue: Option<usize>) -> Result<Vec<Job>, Unreadable> {
        let affinity = of.node_affinity_terms.iter().map(|term| {
            let all = term.match_expressions.iter();
            all.map(|one| {
                let key = one.key.clone();
                Ok(match one.operator.as_str() {
                    "In" => Expression::In(key, one.values.clone()),
                    "NotIn" => Expression::NotIn(key, one.values.clone()),
                    "Exists" => Expression::Exists(key),
                    "DoesNotExist" => Expression::DoesNotExist(key),
                    other => return Err(wrong("an operator on labels", other)),
                })
            })
            .collect()
        });
        let tolerations = of
            .tolerations
            .iter()
            .map(|one| (one.key.clone(), one.value.clone()));
        let floating = self
            .floating
            .iter()
            .map(|name| of.req.get(name).map_or(Ok(0), thousandths));
        let job = Job {
            queue,
            shape: Shape {
                class: self.class(&of.class)?,
                request: amounts(&of.req)?,
                tolerations: tolerations.collect(),
                selector: of.node_selector.clone(),
                affinity: affinity.collect::<Result<_, _>>()?,
            },
            floating: floating.collect::<Result<_, _>>()?,
            priority: of.priority.unwrap_or(1000),
            gang: of.gang.as_ref().map(|gang| Gang {
                id: gang.id.clone(),
                cardinality: gang.cardinality,
                uniformity: gang.uniformity_label.clone(),
            }),
            run: None,
            from_elsewhere: of.run.as_ref().is_some_and(|run| run.pool == "away"),
        };
        Ok(vec![job; of.n])
    }

    pub(super) fn pool<'a>(&'a self, queues: &'a [Queue], jobs: &'a [Job]) -> Pool<'a> {
        Pool {
            queues,
            classes: &self.classes,
            jobs,
            total: self.total.clone(),
            factors: &self.factors,
            rules: self.rules,
            limits: &self.limits,
        }
    }

    pub(super) fn cycle<'a>(&'a self, pool: &'a Pool<'a>) -> Cycle<'a> {
        Cycle {
            pool,
            nodes: &self.nodes,
            index: &self.index,
            used: &self.used,
            protected: self.protected,
            by_uncapped: false,
        }
    }

    /// What jobs of a queue ask for, each class's at most what the queue may hold of it.
    pub(super) fn demand<'a>(&self, jobs: impl Iterator<Item = &'a Job>) -> Amounts {
        let mut by_class: BTreeMap<usize, Amounts> = BTreeMap::new();
        for job in jobs {
            let all = by_class
                .entry(job.shape.class)
                .or_insert_with(|| vec![0; RESOURCES.len()]);
            *all = all
                .iter()
                .zip(&job.shape.request)
                .map(|(a, b)| a + b)
                .collect();
        }
        let mut sum = vec![0; RESOURCES.len()];
        for (class, all) in by_class {
            for (resource, amount) in all.into_iter().enumerate() {
                let most = self
                    .limits
                    .by_class
                    .get(&class)
                    .and_then(|most| most.get(&resource));
                let most = most.map(|most| (*most * Ratio::from(self.total[resource])).floor());
                let most = most
                    .and_then(|most| i64::try_from(most).ok())
                    .unwrap_or(i64::MAX);
                sum[resource] += amount.min(most);
            }
        }
        sum
    }
}

fn indexed_resource(one: &super::text::IndexedText) -> Result<Indexed, Unreadable> {
    let by_name = |name: &str| {
        RESOURCES
            .iter()
            .position(|other| other.split('_').next() == Some(name))
    };
    let place = by_name(&one.name).ok_or_else(|| wrong("a resource of nodes", &one.name))?;
    // Memory is counted in bytes there, all else in its unit.
    let unit = if RESOURCES[place] == "memory_gi" {
        1 << 30
    } else {
        1
    };
    let step = ratio(&one.resolution)? * Ratio::whole(1000) / Ratio::whole(unit);
    let step = i64::try_from(step.floor()).ok().filter(|step| *step > 0);
    Ok((
        place,
        step.ok_or_else(|| wrong("a resolution", &one.resolution))?,
    ))
}
