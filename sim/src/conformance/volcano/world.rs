//! Volcano's snapshots as the rules see them.

use std::collections::{BTreeMap, BTreeSet};

use fairground_policies::rules::ratio::Ratio;
use fairground_policies::rules::volcano::amounts::{CPU, MEMORY, PODS};
use fairground_policies::rules::volcano::session::{Action, Snapshot};
use fairground_policies::rules::volcano::{
    Amounts, Enabled, Job, Node, Phase, Plugin, Point, Queue, Status, Task, Topology,
};
use serde_json::{Number, Value};

use super::text::{Case, GroupText, Named, PluginText, PodText, QueueText};
use crate::conformance::Unreadable;

/// Names of dimensions as numbers.
#[derive(Default)]
pub(super) struct Names(Vec<String>);

fn wrong(what: &str, found: impl std::fmt::Display) -> Unreadable {
    Unreadable(format!("expected {what}, found {found}"))
}

/// A number of a case, exactly.
pub(super) fn ratio(number: &Number) -> Result<Ratio, Unreadable> {
    Ratio::from_decimal(&number.to_string()).ok_or_else(|| wrong("a number", number))
}

impl Names {
    /// Amounts, without the dimensions that the original does not know.
    pub(super) fn amounts(&mut self, named: &Named) -> Result<Amounts, Unreadable> {
        let mut all = Vec::new();
        for (name, number) in named {
            let number = ratio(number)?;
            match name.as_str() {
                "cpu_milli" => all.push((CPU, number)),
                "memory" => all.push((MEMORY, number)),
                "pods" => all.push((PODS, number)),
                name if name.contains('/') || name.starts_with("hugepages-") => {
                    all.push((self.dimension(name), number * Ratio::whole(1000)));
                }
                _ => {}
            }
        }
        Ok(Amounts::new(all))
    }

    fn dimension(&mut self, name: &str) -> u32 {
        let known = self.0.iter().position(|one| one == name);
        let place = known.unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        });
        PODS + 1 + place as u32
    }
}

pub(super) fn actions(names: &[String]) -> Result<Vec<Action>, Unreadable> {
    let action = |name: &String| {
        Ok(match name.as_str() {
            "enqueue" => Action::Enqueue,
            "allocate" => Action::Allocate,
            "reclaim" => Action::Reclaim,
            "preempt" => Action::Preempt,
            other => return Err(wrong("an action", other)),
        })
    };
    names.iter().map(action).collect()
}

fn point(name: &str) -> Result<Option<Point>, Unreadable> {
    Ok(Some(match name {
        "QueueOrder" => Point::QueueOrder,
        "JobOrder" => Point::JobOrder,
        "TaskOrder" => Point::TaskOrder,
        "JobReady" => Point::JobReady,
        "JobPipelined" => Point::JobPipelined,
        "JobStarving" => Point::JobStarving,
        "JobEnqueued" => Point::JobEnqueued,
        "Overused" => Point::Overused,
        "Allocatable" => Point::Allocatable,
        "Preemptive" => Point::Preemptive,
        "Reclaimable" => Point::Reclaimable,
        "Preemptable" => Point::Preemptable,
        "Predicate" => Point::Predicate,
        "NodeOrder" => Point::NodeOrder,
        "Hierarchy" => Point::Hierarchy,
        // Which group of nodes first is a rule of the job's topology here.
        "HyperNodeOrder" | "HyperNodeGradient" => return Ok(None),
        other => return Err(wrong("an extension point", other)),
    }))
}

fn enabled(text: &PluginText) -> Result<Option<Enabled>, Unreadable> {
    let plugin = match text.name.as_str() {
        "gang" => Plugin::Gang,
        "priority" => Plugin::Priority,
        "drf" => Plugin::Drf,
        "proportion" => Plugin::Proportion,
        "capacity" => Plugin::Capacity,
        "conformance" => Plugin::Conformance,
        "predicates" => Plugin::Predicates,
        "device-fit-after-eviction" => Plugin::Device,
        "test-rejecter" => Plugin::Rejecter,
        "binpack" => Plugin::Binpack,
        // Scores of nodes that no decision here hangs on.
        "nodeorder" | "networktopologyaware" => return Ok(None),
        other => return Err(wrong("a plugin", other)),
    };
    let mut on = BTreeSet::new();
    for name in &text.on {
        on.extend(point(name)?);
    }
    Ok(Some(Enabled { plugin, on }))
}

pub(super) fn snapshot(text: &Case, names: &mut Names) -> Result<Snapshot, Unreadable> {
    let mut snapshot = Snapshot::default();
    for tier in &text.tiers {
        let mut plugins = Vec::new();
        for plugin in tier {
            plugins.extend(enabled(plugin)?);
            let level = plugin
                .arguments
                .get("ancestorReclaimLevel")
                .and_then(Value::as_u64);
            snapshot.ancestor_level = level.map_or(snapshot.ancestor_level, |level| level as usize);
        }
        snapshot.tiers.push(plugins);
    }
    let mut arguments = text.action_arguments.iter();
    snapshot.gives_back = arguments.any(|one| {
        let said = one.arguments.get("enableTopologyAwarePreemption");
        said.and_then(Value::as_bool) == Some(true)
    });
    for node in &text.nodes {
        snapshot.nodes.push(Node {
            allocatable: names.amounts(&node.allocatable)?,
            labels: node.labels.clone(),
        });
    }
    for queue in &text.queues {
        snapshot.queues.push(self::queue(text, queue, names)?);
    }
    for group in &text.groups {
        snapshot.jobs.push(job(text, group, names)?);
    }
    for pod in &text.pods {
        snapshot.tasks.push(task(text, pod, names)?);
    }
    Ok(snapshot)
}

fn queue(text: &Case, one: &QueueText, names: &mut Names) -> Result<Queue, Unreadable> {
    let place = |name: &String| text.queues.iter().position(|other| other.name == *name);
    let parent = match &one.parent {
        Some(name) => Some(place(name).ok_or_else(|| wrong("a queue", name))?),
        None => None,
    };
    let mut path = Vec::new();
    if let (Some(steps), Some(weights)) = (&one.hierarchy, &one.hierarchy_weights) {
        for (step, weight) in steps.split('/').zip(weights.split('/')) {
            let weight = Ratio::from_decimal(weight).ok_or_else(|| wrong("a weight", weight))?;
            path.push((step.to_owned(), weight));
        }
    }
    Ok(Queue {
        name: one.name.clone(),
        weight: ratio(&one.weight)?,
        priority: one.priority,
        capability: names.amounts(&one.capability)?,
        deserved: names.amounts(&one.deserved)?,
        guarantee: names.amounts(&one.guarantee)?,
        parent,
        closed: one.state.as_deref().is_some_and(|state| state != "open"),
        keeps: one.reclaimable == Some(false),
        path,
    })
}

fn job(text: &Case, one: &GroupText, names: &mut Names) -> Result<Job, Unreadable> {
    let queue = text.queues.iter().position(|queue| queue.name == one.queue);
    let class = one.priority_class.as_ref();
    let class = class.and_then(|name| {
        text.priority_classes
            .iter()
            .find(|class| class.name == *name)
    });
    let needs = one
        .min_resources
        .as_ref()
        .map(|named| names.amounts(named))
        .transpose()?;
    let short = one.id.rsplit('/').next().unwrap_or_default();
    Ok(Job {
        name: one.id.clone(),
        queue: queue.ok_or_else(|| wrong("a queue", &one.queue))?,
        min_member: one.min_member,
        min_of_role: one.min_task_member.clone(),
        priority: class.map_or(0, |class| class.value),
        min_resources: needs,
        phase: match one.phase.as_str() {
            "pending" => Phase::Pending,
            "inqueue" => Phase::Inqueue,
            "running" => Phase::Running,
            other => return Err(wrong("a phase", other)),
        },
        topology: topology(text, one),
        refused: text.rejected_groups.iter().any(|name| name == short),
    })
}

/// The groups of nodes up to the tier that a job must stay in, those that hold where it already is.
fn topology(text: &Case, group: &GroupText) -> Option<Topology> {
    let said = group.topology.as_ref().filter(|one| one.mode == "hard")?;
    let place = |name: &String| text.nodes.iter().position(|node| node.name == *name);
    let nodes = |name: &String| -> BTreeSet<usize> {
        text.hypernode_nodes
            .get(name)
            .into_iter()
            .flatten()
            .filter_map(place)
            .collect()
    };
    let home = group.allocated_hypernode.as_ref().map(nodes);
    let top = text
        .hypernodes_by_tier
        .keys()
        .max()
        .copied()
        .unwrap_or_default();
    let named = said.highest_tier_name.as_ref().map(|name| {
        let of_name = text
            .hypernodes
            .values()
            .find(|one| one.tier_name.as_ref() == Some(name));
        of_name.map_or(top + 1, |one| one.tier)
    });
    let most = named.or(said.highest_tier).unwrap_or(top + 1);
    let tiers = text
        .hypernodes_by_tier
        .iter()
        .filter(|(tier, _)| **tier <= most);
    let holds = |group: &BTreeSet<usize>| home.as_ref().is_none_or(|home| home.is_subset(group));
    let mut groups: Vec<Vec<BTreeSet<usize>>> = tiers
        .map(|(_, names)| names.iter().map(nodes).filter(holds).collect())
        .collect();
    if most > top {
        groups.push(vec![(0..text.nodes.len()).collect()]);
    }
    Some(Topology { groups })
}

fn task(text: &Case, one: &PodText, names: &mut Names) -> Result<Task, Unreadable> {
    let namespace = one.id.split('/').next().unwrap_or_default();
    let id = format!("{namespace}/{}", one.group);
    let job = text.groups.iter().position(|group| group.id == id);
    let node = one
        .node
        .as_ref()
        .map(|name| text.nodes.iter().position(|node| node.name == *name));
    let apart = one
        .affinity
        .iter()
        .filter_map(|all| all.pod_anti_affinity.as_ref());
    let terms = apart.flat_map(|all| &all.required_during_scheduling_ignored_during_execution);
    let mut labels: BTreeMap<String, String> = one.labels.clone();
    if let Some(preemptable) = one.preemptable {
        labels.insert(
            "$schedulingv1beta1.PodPreemptable".to_owned(),
            preemptable.to_string(),
        );
    }
    Ok(Task {
        name: one.id.clone(),
        job: job.ok_or_else(|| wrong("a group", id))?,
        role: one.role.clone(),
        request: names
            .amounts(&one.request)?
            .plus(&Amounts::new([(PODS, Ratio::ONE)])),
        priority: one.priority,
        preemptable: one.preemptable.unwrap_or(true),
        never_preempts: one.preemption_policy.as_deref() == Some("PreemptNever"),
        critical: namespace == "kube-system",
        selector: one.node_selector.clone(),
        labels,
        apart_from: terms
            .map(|term| term.label_selector.match_labels.clone())
            .collect(),
        status: match one.phase.as_str() {
            "pending" => Status::Pending,
            "running" => Status::Running(node.flatten()),
            "succeeded" => Status::Succeeded,
            other => return Err(wrong("a phase of a pod", other)),
        },
    })
}
