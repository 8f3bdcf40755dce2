//! The form of Volcano's cases; their file says what the members mean.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Number, Value};

/// Amounts by name: thousandths of cores, bytes, and counts.
pub(super) type Named = BTreeMap<String, Number>;

#[derive(Deserialize)]
pub(super) struct Case {
    #[serde(default)]
    pub(super) actions: Vec<String>,
    #[serde(default)]
    pub(super) tiers: Vec<Vec<PluginText>>,
    #[serde(default)]
    pub(super) action_arguments: Vec<ArgumentsText>,
    #[serde(default)]
    pub(super) priority_classes: Vec<ClassText>,
    pub(super) nodes: Vec<NodeText>,
    pub(super) queues: Vec<QueueText>,
    #[serde(default)]
    pub(super) groups: Vec<GroupText>,
    #[serde(default)]
    pub(super) pods: Vec<PodText>,
    #[serde(default)]
    pub(super) rejected_groups: Vec<String>,
    #[serde(default)]
    pub(super) hypernode_nodes: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(super) hypernodes_by_tier: BTreeMap<i64, Vec<String>>,
    #[serde(default)]
    pub(super) hypernodes: BTreeMap<String, HypernodeText>,
    #[serde(default)]
    pub(super) expect: Expected,
}

#[derive(Deserialize)]
pub(super) struct PluginText {
    pub(super) name: String,
    #[serde(default)]
    pub(super) on: Vec<String>,
    #[serde(default)]
    pub(super) arguments: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
pub(super) struct ArgumentsText {
    #[serde(rename = "Arguments")]
    pub(super) arguments: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
pub(super) struct ClassText {
    pub(super) name: String,
    pub(super) value: i64,
}

#[derive(Deserialize)]
pub(super) struct NodeText {
    pub(super) name: String,
    pub(super) allocatable: Named,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
pub(super) struct QueueText {
    pub(super) name: String,
    pub(super) weight: Number,
    #[serde(default)]
    pub(super) priority: i64,
    #[serde(default)]
    pub(super) capability: Named,
    #[serde(default)]
    pub(super) deserved: Named,
    #[serde(default)]
    pub(super) guarantee: Named,
    #[serde(default)]
    pub(super) parent: Option<String>,
    #[serde(default)]
    pub(super) state: Option<String>,
    #[serde(default)]
    pub(super) reclaimable: Option<bool>,
    #[serde(default)]
    pub(super) hierarchy: Option<String>,
    #[serde(default)]
    pub(super) hierarchy_weights: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct GroupText {
    pub(super) id: String,
    pub(super) queue: String,
    pub(super) min_member: usize,
    #[serde(default)]
    pub(super) min_task_member: BTreeMap<String, usize>,
    #[serde(default)]
    pub(super) priority_class: Option<String>,
    #[serde(default)]
    pub(super) min_resources: Option<Named>,
    pub(super) phase: String,
    #[serde(default)]
    pub(super) topology: Option<TopologyText>,
    #[serde(default)]
    pub(super) allocated_hypernode: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct TopologyText {
    pub(super) mode: String,
    #[serde(default)]
    pub(super) highest_tier: Option<i64>,
    #[serde(default)]
    pub(super) highest_tier_name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct HypernodeText {
    #[serde(default)]
    pub(super) tier: i64,
    #[serde(default)]
    pub(super) tier_name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct PodText {
    pub(super) id: String,
    pub(super) phase: String,
    #[serde(default)]
    pub(super) request: Named,
    pub(super) group: String,
    #[serde(default)]
    pub(super) node: Option<String>,
    #[serde(default)]
    pub(super) role: String,
    #[serde(default)]
    pub(super) preemptable: Option<bool>,
    #[serde(default)]
    pub(super) priority: i64,
    #[serde(default)]
    pub(super) preemption_policy: Option<String>,
    #[serde(default)]
    pub(super) node_selector: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) affinity: Option<AffinityText>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AffinityText {
    #[serde(default)]
    pub(super) pod_anti_affinity: Option<ApartText>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ApartText {
    #[serde(default)]
    pub(super) required_during_scheduling_ignored_during_execution: Vec<TermText>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TermText {
    pub(super) label_selector: SelectorText,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SelectorText {
    #[serde(default)]
    pub(super) match_labels: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
pub(super) struct Expected {
    #[serde(default)]
    pub(super) binds: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) bind_count: Option<usize>,
    #[serde(default)]
    pub(super) only_bind_count_checked: bool,
    #[serde(default)]
    pub(super) evicted: Vec<String>,
    #[serde(default)]
    pub(super) pipelined: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    pub(super) group_phase: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) task_status: BTreeMap<String, BTreeMap<String, usize>>,
    #[serde(default)]
    pub(super) allocated: BTreeMap<String, Named>,
}
