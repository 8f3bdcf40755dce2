//! The form of Armada's cases; their file says what the members mean.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Number;

/// Amounts by name: cores, GiB of memory, devices.
pub(super) type Named = BTreeMap<String, Number>;

#[derive(Deserialize, Default)]
pub(super) struct Config {
    #[serde(default)]
    pub(super) protected_fraction_of_fair_share: Option<Number>,
    #[serde(default)]
    pub(super) maximum_resource_fraction_to_schedule: Named,
    #[serde(default)]
    pub(super) per_class_queue_fraction_limits: BTreeMap<String, Named>,
    #[serde(default)]
    pub(super) global_rate_and_burst: Option<(Number, i128)>,
    #[serde(default)]
    pub(super) queue_rate_and_burst: Option<(Number, i128)>,
    #[serde(default, rename = "MaximumPerQueueSchedulingRate")]
    pub(super) queue_rate: Option<Number>,
    #[serde(default, rename = "MaximumPerQueueSchedulingBurst")]
    pub(super) queue_burst: Option<i128>,
    #[serde(default)]
    pub(super) max_queue_lookback: Option<usize>,
    #[serde(default)]
    pub(super) indexed_node_labels: Vec<String>,
    #[serde(default)]
    pub(super) indexed_resources: Option<Vec<IndexedText>>,
    #[serde(default, rename = "EnablePreferLargeJobOrdering")]
    pub(super) prefer_large: Option<bool>,
    #[serde(default, rename = "PriorityClasses")]
    pub(super) classes: BTreeMap<String, ClassText>,
    #[serde(default, rename = "WellKnownNodeTypes")]
    pub(super) node_types: Option<Vec<NodeTypeText>>,
    #[serde(default, rename = "FloatingResources")]
    pub(super) floating: Vec<FloatingText>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct IndexedText {
    pub(super) name: String,
    pub(super) resolution: Number,
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ClassText {
    pub(super) priority: i64,
    #[serde(default)]
    pub(super) preemptible: bool,
    #[serde(default)]
    pub(super) away_node_types: Vec<AwayText>,
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AwayText {
    pub(super) priority: i64,
    pub(super) well_known_node_type_name: String,
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NodeTypeText {
    pub(super) name: String,
    pub(super) taints: Vec<TypeTaintText>,
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TypeTaintText {
    pub(super) key: String,
    pub(super) value: String,
}

#[derive(Deserialize)]
pub(super) struct FloatingText {
    pub(super) name: String,
    pub(super) pools: Named,
}

#[derive(Deserialize)]
pub(super) struct NodesText {
    pub(super) n: usize,
    pub(super) total: Named,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) taints: Vec<TaintText>,
    #[serde(default)]
    pub(super) used: Vec<UsedText>,
}

#[derive(Deserialize, Clone)]
pub(super) struct TaintText {
    pub(super) key: String,
    pub(super) value: String,
}

#[derive(Deserialize)]
pub(super) struct UsedText {
    pub(super) priority: i64,
    pub(super) resources: Named,
}

#[derive(Deserialize, Clone)]
pub(super) struct JobsText {
    pub(super) n: usize,
    pub(super) queue: String,
    pub(super) class: String,
    pub(super) req: Named,
    #[serde(default)]
    pub(super) priority: Option<i64>,
    #[serde(default)]
    pub(super) gang: Option<GangText>,
    #[serde(default)]
    pub(super) tolerations: Vec<TolerationText>,
    #[serde(default)]
    pub(super) node_selector: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) node_affinity_terms: Vec<TermText>,
    #[serde(default)]
    pub(super) run: Option<RunText>,
}

#[derive(Deserialize, Clone)]
pub(super) struct GangText {
    pub(super) id: String,
    pub(super) cardinality: usize,
    #[serde(default)]
    pub(super) uniformity_label: Option<String>,
}

#[derive(Deserialize, Clone)]
pub(super) struct TolerationText {
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: Option<String>,
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TermText {
    pub(super) match_expressions: Vec<ExpressionText>,
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ExpressionText {
    pub(super) key: String,
    pub(super) operator: String,
    #[serde(default)]
    pub(super) values: Vec<String>,
}

#[derive(Deserialize, Clone)]
pub(super) struct RunText {
    pub(super) pool: String,
}

#[derive(Deserialize)]
pub(super) struct QueueText {
    pub(super) name: String,
    pub(super) priority_factor: Number,
}

#[derive(Deserialize)]
pub(super) struct RoundText {
    pub(super) submit: BTreeMap<String, Vec<JobsText>>,
    #[serde(default)]
    pub(super) unbind_before: BTreeMap<String, BTreeMap<String, Vec<usize>>>,
    #[serde(default)]
    pub(super) cordon_before: Vec<usize>,
    #[serde(default)]
    pub(super) optimiser: bool,
    #[serde(default)]
    pub(super) expect_scheduled: BTreeMap<String, Vec<usize>>,
    #[serde(default)]
    pub(super) expect_preempted: BTreeMap<String, BTreeMap<String, Vec<usize>>>,
}

#[derive(Deserialize)]
pub(super) struct ItemText {
    pub(super) queue: String,
    #[serde(default = "zero")]
    pub(super) proposed_cost: Number,
    #[serde(default = "zero")]
    pub(super) current_cost: Number,
    #[serde(default = "zero")]
    pub(super) budget: Number,
    #[serde(default = "zero")]
    pub(super) item_size: Number,
    #[serde(default)]
    pub(super) priority_class_priority: i64,
    #[serde(default)]
    pub(super) scheduling_priority: i64,
}

fn zero() -> Number {
    Number::from(0)
}
