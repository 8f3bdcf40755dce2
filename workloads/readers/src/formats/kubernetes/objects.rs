//! The objects that the API of Kubernetes gives, as far as they are read.

use serde::Deserialize;

use super::events::{Involved, Series};
use super::quantity::{ApiTime, Quantity};
use crate::formats::prelude::*;

/// What is asked for of each resource.
type Amounts = BTreeMap<String, Quantity>;

/// An object: a pod, a node, or any other that says nothing here.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Record {
    /// What it is: `Pod`.
    pub kind: String,
    /// Its name and whose it is.
    #[serde(default)]
    pub metadata: Metadata,
    /// What it asks for.
    #[serde(default)]
    pub spec: ObjectSpec,
    /// What became of it.
    #[serde(default)]
    pub status: ObjectStatus,
    #[serde(default, rename = "involvedObject", alias = "regarding")]
    pub(super) involved_object: Option<Involved>,
    #[serde(default)]
    pub(super) reason: String,
    #[serde(default, rename = "firstTimestamp", alias = "deprecatedFirstTimestamp")]
    pub(super) first_timestamp: Option<ApiTime>,
    #[serde(default, rename = "eventTime")]
    pub(super) event_time: Option<ApiTime>,
    #[serde(default, alias = "deprecatedCount")]
    pub(super) count: Option<u64>,
    #[serde(default)]
    pub(super) series: Option<Series>,
}

/// The name of an object and whose it is.
#[derive(Clone, PartialEq, Default, Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    name: String,
    namespace: String,
    uid: String,
    creation_timestamp: Option<ApiTime>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
    owner_references: Option<Vec<Owner>>,
}

/// Whom an object belongs to.
#[derive(Clone, PartialEq, Default, Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Owner {
    kind: String,
    name: String,
    controller: bool,
}

/// What a pod or a node is to be.
#[derive(Clone, PartialEq, Default, Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectSpec {
    containers: Option<Vec<ContainerSpec>>,
    init_containers: Option<Vec<ContainerSpec>>,
    overhead: Option<Amounts>,
    resources: Option<Needs>,
    priority: Option<i64>,
    node_name: String,
    active_deadline_seconds: Option<u64>,
    unschedulable: bool,
}

/// A container of a pod.
#[derive(Clone, PartialEq, Default, Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContainerSpec {
    image: String,
    resources: Needs,
    restart_policy: Option<String>,
}

/// What it needs.
#[derive(Clone, PartialEq, Default, Debug, Deserialize)]
#[serde(default)]
struct Needs {
    requests: Option<Amounts>,
    limits: Option<Amounts>,
}

/// What became of a pod, or what a node has.
#[derive(Clone, PartialEq, Default, Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectStatus {
    phase: String,
    reason: String,
    start_time: Option<ApiTime>,
    container_statuses: Option<Vec<ContainerStatus>>,
    init_container_statuses: Option<Vec<ContainerStatus>>,
    allocatable: Option<Amounts>,
    capacity: Option<Amounts>,
}

/// What became of a container.
#[derive(Clone, PartialEq, Default, Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContainerStatus {
    restart_count: u64,
    state: ContainerState,
    last_state: ContainerState,
}

/// Whether it runs or ended; neither while it waits.
#[derive(Clone, PartialEq, Default, Debug, Deserialize)]
#[serde(default)]
struct ContainerState {
    running: Option<ContainerRun>,
    terminated: Option<ContainerRun>,
}

/// When it ran.
#[derive(Clone, PartialEq, Default, Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContainerRun {
    started_at: Option<ApiTime>,
    finished_at: Option<ApiTime>,
}

impl Document for Record {
    const ONE: &'static str = "pod or node";
    const MEMBER: &'static str = "pods.json";
    const KEYS: &'static str =
        "the output of kubectl get pods,nodes -A -o json: items[{kind, metadata, spec, status}]";
    const INSIDE: Option<&'static str> = Some("items");
}

/// Labels and annotations that name the gang of a pod: of Volcano, of the coscheduling plugin in its newer
/// and its older form, and of Kueue.
const GANGS: [&str; 4] = [
    "scheduling.k8s.io/group-name",
    "scheduling.x-k8s.io/pod-group",
    "pod-group.scheduling.sigs.k8s.io",
    "kueue.x-k8s.io/pod-group-name",
];
/// The older form may also have the name behind a slash.
const OLDER_GANG: &str = "pod-group.scheduling.sigs.k8s.io/name";
/// Those that name its queue.
const QUEUES: [&str; 4] = [
    "kueue.x-k8s.io/queue-name",
    "scheduling.volcano.sh/queue-name",
    "volcano.sh/queue-name",
    "yunikorn.apache.org/queue",
];
/// Those of a node that say what it is.
const TYPES: [&str; 3] = [
    "nvidia.com/gpu.product",
    "node.kubernetes.io/instance-type",
    "beta.kubernetes.io/instance-type",
];

impl Needs {
    /// What is asked for of a resource: what is requested, or else the limit.
    fn of(&self, resource: &str) -> Quantity {
        let of = |amounts: &Option<Amounts>| amounts.as_ref()?.get(resource).copied();
        of(&self.requests).or(of(&self.limits)).unwrap_or_default()
    }

    fn names(&self) -> impl Iterator<Item = &String> {
        [&self.requests, &self.limits]
            .into_iter()
            .flatten()
            .flat_map(BTreeMap::keys)
    }
}

/// Whether it counts GPUs: `nvidia.com/gpu`.
fn is_gpu(resource: &str) -> bool {
    resource.ends_with("/gpu")
}

/// All GPUs of some amounts.
fn gpus(amounts: &Amounts) -> Quantity {
    let of = amounts.iter().filter(|(name, _)| is_gpu(name));
    of.fold(Quantity(0), |sum, (_, amount)| sum.and(*amount))
}

impl Metadata {
    fn said(&self, names: &[&str]) -> Option<&str> {
        let maps = [&self.annotations, &self.labels];
        let find = |name: &&str| maps.iter().find_map(|map| map.as_ref()?.get(*name));
        let said = names.iter().find_map(find);
        said.map(String::as_str).filter(|said| !said.is_empty())
    }
}

/// What tells an object from all others.
pub(super) fn identity(uid: &str, namespace: &str, name: &str) -> String {
    match uid {
        "" => format!("{namespace}/{name}"),
        uid => uid.to_owned(),
    }
}

impl Record {
    /// Whether it is a pod.
    pub fn is_pod(&self) -> bool {
        self.kind == "Pod"
    }

    /// Whether it is a node.
    pub fn is_node(&self) -> bool {
        self.kind == "Node"
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        &self.metadata.namespace
    }

    /// What tells it from all others.
    pub(super) fn identity(&self) -> String {
        identity(&self.metadata.uid, self.namespace(), self.name())
    }

    /// The gang that it is part of.
    pub fn gang(&self) -> Option<&str> {
        let older = || self.metadata.said(&[OLDER_GANG]);
        self.metadata.said(&GANGS).or_else(older)
    }

    /// The kind and the name of what it belongs to.
    pub(super) fn owner(&self) -> Option<(&str, &str)> {
        let owners = self.metadata.owner_references.as_ref()?;
        let controller = owners.iter().find(|owner| owner.controller);
        let owner = controller.or(owners.first())?;
        Some((&owner.kind, &owner.name))
    }

    pub(super) fn queue(&self) -> Option<&str> {
        self.metadata.said(&QUEUES)
    }

    pub(super) fn platform(&self) -> Option<&str> {
        self.metadata.said(&TYPES)
    }

    pub(super) fn image(&self) -> Option<&str> {
        let containers = self.spec.containers.as_ref()?;
        let image = containers.first()?.image.as_str();
        Some(image).filter(|image| !image.is_empty())
    }

    /// Its priority; those below zero are as low as can be.
    pub(super) fn priority(&self) -> Option<u64> {
        let priority = self.spec.priority?;
        Some(u64::try_from(priority).unwrap_or(0))
    }

    pub(super) fn has_priority_below_zero(&self) -> bool {
        self.spec.priority.is_some_and(|priority| priority < 0)
    }

    /// How long it may run, in microseconds.
    pub(super) fn deadline(&self) -> Option<u64> {
        self.spec.active_deadline_seconds.map(seconds)
    }

    /// Whether no pods are put on it.
    pub(super) const fn is_cordoned(&self) -> bool {
        self.spec.unschedulable
    }

    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub fn phase(&self) -> &str {
        &self.status.phase
    }

    /// When it was created, in microseconds since 1970.
    pub fn created(&self) -> Option<u64> {
        self.metadata.creation_timestamp.map(|time| time.0)
    }

    /// What a pod needs of a resource, as the scheduler counts it.
    fn need(&self, of: impl Fn(&Needs) -> Quantity) -> Quantity {
        let more = self.spec.overhead.as_ref().map_or(Quantity(0), |overhead| {
            of(&Needs {
                requests: Some(overhead.clone()),
                limits: None,
            })
        });
        let whole = self.spec.resources.as_ref().map(&of);
        if let Some(whole) = whole.filter(|whole| whole.0 > 0) {
            return whole.and(more);
        }
        let (mut sidecars, mut first) = (Quantity(0), Quantity(0));
        for init in self.spec.init_containers.iter().flatten() {
            let need = of(&init.resources);
            if init.restart_policy.as_deref() == Some("Always") {
                sidecars = sidecars.and(need);
                first.0 = first.0.max(sidecars.0);
            } else {
                first.0 = first.0.max(sidecars.and(need).0);
            }
        }
        let containers = self.spec.containers.iter().flatten();
        let rest = containers.fold(sidecars, |sum, one| sum.and(of(&one.resources)));
        Quantity(rest.0.max(first.0)).and(more)
    }

    /// Cores that a pod needs, or a node has, in thousandths.
    pub fn cpus(&self) -> Option<u64> {
        self.amount("cpu").map(|amount| amount.0)
    }

    /// Memory that a pod needs, or a node has, in MiB.
    pub fn memory(&self) -> Option<u64> {
        self.amount("memory").map(Quantity::mebibytes)
    }

    /// GPUs that a pod needs, or a node has, in thousandths.
    pub fn gpus(&self) -> Option<u64> {
        if self.is_node() {
            return self.has().map(|has| gpus(has).0);
        }
        let mut names: Vec<&String> = self.resources().filter(|name| is_gpu(name)).collect();
        names.sort();
        names.dedup();
        let needs = names.iter().map(|name| self.need(|needs| needs.of(name)).0);
        Some(needs.fold(0, u64::saturating_add))
    }

    fn amount(&self, resource: &str) -> Option<Quantity> {
        if self.is_node() {
            return self.has()?.get(resource).copied();
        }
        let asked = self.need(|needs| needs.of(resource));
        Some(asked).filter(|asked| asked.0 > 0)
    }

    /// What a node has for pods.
    fn has(&self) -> Option<&Amounts> {
        let status = &self.status;
        status.allocatable.as_ref().or(status.capacity.as_ref())
    }

    /// The names of all resources that a pod asks for.
    pub(super) fn resources(&self) -> impl Iterator<Item = &String> {
        let spec = &self.spec;
        let containers = spec.containers.iter().chain(&spec.init_containers);
        let of_containers = containers.flatten().flat_map(|one| one.resources.names());
        of_containers.chain(spec.resources.iter().flat_map(Needs::names))
    }

    /// The states of its containers, those that come first as well.
    fn states(&self) -> impl Iterator<Item = &ContainerStatus> {
        let status = &self.status;
        let all = [&status.init_container_statuses, &status.container_statuses];
        all.into_iter().flatten().flatten()
    }

    /// When the first of its containers began; one that was started again holds what it has since the pod
    /// came to its node.
    pub fn begun(&self) -> Option<u64> {
        let again = self.states().any(|one| one.restart_count > 0);
        let of = |state: &ContainerState| {
            let ran = state.running.as_ref().or(state.terminated.as_ref());
            ran.and_then(|ran| ran.started_at)
        };
        let states = self.states().flat_map(|one| [&one.state, &one.last_state]);
        let first = states.filter_map(of).min();
        let arrived = self.status.start_time.filter(|_| again || first.is_none());
        let waits = self.phase() == "Pending" && first.is_none();
        let begun = first.into_iter().chain(arrived).min();
        begun.map(|time| time.0).filter(|_| !waits)
    }

    /// When the last of its containers ended, if all have.
    pub fn ended(&self) -> Option<u64> {
        if !matches!(self.phase(), "Succeeded" | "Failed") {
            return None;
        }
        let all = self.status.container_statuses.iter().flatten();
        let ends = all.filter_map(|one| one.state.terminated.as_ref()?.finished_at);
        ends.max().map(|time| time.0)
    }

    /// The latest time that is told of it.
    pub(super) fn latest(&self) -> Option<u64> {
        let ends = self
            .states()
            .filter_map(|one| one.state.terminated.as_ref()?.finished_at);
        let ends = ends.map(|time| time.0).max();
        ends.into_iter()
            .chain(self.begun())
            .chain(self.created())
            .max()
    }

    /// How it ended or how it is: the reason, where there is one.
    pub(super) fn outcome(&self) -> &str {
        match self.status.reason.as_str() {
            "" => self.phase(),
            reason => reason,
        }
    }
}

contents! { Record: |one|
    Jobs u64::from(one.is_pod()), Tasks u64::from(one.is_pod()), Machines u64::from(one.is_node());
}

shows! { Record: |one|
    "kind": one.kind, "namespace": one.metadata.namespace, "name": one.metadata.name,
    "owner": one.owner().map_or(String::new(), |(kind, name)| format!("{kind}/{name}")),
    "gang": one.gang().unwrap_or(""), "phase": one.status.phase,
    "created_s": digits(one.created(), MILLIONTHS), "started_s": digits(one.begun(), MILLIONTHS),
    "ended_s": digits(one.ended(), MILLIONTHS), "cpus": digits(one.cpus(), 3),
    "mem_mib": one.memory(), "gpus": digits(one.gpus(), 3),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let (pod, node) = (self.is_pod(), self.is_node());
        seen.count_if("pods", pod);
        seen.count_if("nodes", node);
        seen.count_if("events", self.is_event());
        seen.count_if("other_objects", !pod && !node && !self.is_event());
        if node {
            seen.sum("node_cpus", self.cpus().unwrap_or(0)).written(3);
            seen.sum("node_mem_mib", self.memory().unwrap_or(0));
            seen.sum("node_gpus", self.gpus().unwrap_or(0)).written(3);
        }
        if !pod {
            return;
        }
        seen.distinct("namespaces", Some(self.namespace()));
        seen.tally(
            "phases",
            Some(self.phase()).filter(|phase| !phase.is_empty()),
        );
        seen.tally("owners", self.owner().map(|(kind, _)| kind));
        seen.count_if("pods_in_gangs", self.gang().is_some());
        seen.least("first_s", self.created()).written(MILLIONTHS);
        seen.most("last_s", self.created()).written(MILLIONTHS);
        let times = self.ended().zip(self.begun());
        let run = times.and_then(|(end, begin)| end.checked_sub(begin));
        if let (Some((end, begin)), None) = (times, run) {
            let expected = format!(
                "an end not before the start ({})",
                digits(begin, MILLIONTHS)
            );
            seen.warn(ReadError::expected(expected, digits(end, MILLIONTHS)));
        }
        seen.figures("run_s", "millionths of a second", run);
        seen.figures("cpus", "thousandths of a core", self.cpus());
        seen.figures("mem", "MiB", self.memory());
        seen.figures(
            "gpus",
            "thousandths of a GPU",
            self.gpus().filter(|gpus| *gpus > 0),
        );
    }
}
