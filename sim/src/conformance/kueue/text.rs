//! The form of Kueue's cases; their file says what the members mean.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Number, Value};

#[derive(Deserialize)]
pub(super) struct Case {
    pub(super) kind: String,
    #[serde(default)]
    pub(super) subject: Option<String>,
    #[serde(default)]
    pub(super) policy: Option<String>,
    #[serde(default)]
    pub(super) algorithm: Option<String>,
    #[serde(default)]
    pub(super) strategies: Vec<String>,
    #[serde(default)]
    pub(super) gates: BTreeMap<String, bool>,
    #[serde(default)]
    pub(super) cohorts: Vec<CohortText>,
    #[serde(default)]
    pub(super) cluster_queues: Vec<QueueText>,
    #[serde(default)]
    pub(super) usage: Vec<Used>,
    #[serde(default)]
    pub(super) extra_request: Vec<Part>,
    #[serde(default)]
    pub(super) request: Vec<Part>,
    #[serde(default)]
    pub(super) admitted: Vec<Work>,
    #[serde(default)]
    pub(super) incoming: Option<Work>,
    #[serde(default)]
    pub(super) pending: Vec<Work>,
    #[serde(default)]
    pub(super) own_cluster_queue: Option<String>,
    #[serde(default)]
    pub(super) candidate_cluster_queues: Vec<String>,
    pub(super) expected: Expected,
}

#[derive(Deserialize)]
pub(super) struct CohortText {
    pub(super) name: String,
    pub(super) parent: Option<String>,
    pub(super) weight: Number,
    pub(super) quotas: Vec<QuotaText>,
}

#[derive(Deserialize)]
pub(super) struct QueueText {
    pub(super) name: String,
    pub(super) cohort: Option<String>,
    pub(super) weight: Number,
    pub(super) resource_groups: Vec<GroupText>,
    pub(super) quotas: Vec<QuotaText>,
    pub(super) preemption: PreemptionText,
    #[serde(default)]
    pub(super) fungibility: Option<FungibilityText>,
}

#[derive(Deserialize)]
pub(super) struct GroupText {
    pub(super) resources: Vec<String>,
    pub(super) flavors: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct QuotaText {
    pub(super) flavor: String,
    pub(super) resource: String,
    pub(super) nominal: Value,
    pub(super) borrowing_limit: Option<Value>,
    pub(super) lending_limit: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct PreemptionText {
    pub(super) within_cluster_queue: String,
    pub(super) reclaim_within_cohort: String,
    pub(super) borrow_within_cohort: Option<BorrowText>,
}

#[derive(Deserialize)]
pub(super) struct BorrowText {
    pub(super) policy: String,
    pub(super) max_priority_threshold: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct FungibilityText {
    pub(super) when_can_borrow: String,
    pub(super) when_can_preempt: String,
    pub(super) preference: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Used {
    pub(super) cluster_queue: String,
    #[serde(flatten)]
    pub(super) part: Part,
}

#[derive(Deserialize)]
pub(super) struct Part {
    pub(super) flavor: String,
    pub(super) resource: String,
    pub(super) amount: Value,
    #[serde(default)]
    pub(super) mode: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Work {
    pub(super) name: String,
    #[serde(default)]
    pub(super) cluster_queue: String,
    #[serde(default)]
    pub(super) priority: i64,
    pub(super) created: Option<i64>,
    #[serde(default)]
    pub(super) quota_reserved: Option<i64>,
    #[serde(default)]
    pub(super) evicted: bool,
    #[serde(default)]
    pub(super) uid: Option<String>,
    #[serde(default)]
    pub(super) usage: Vec<Part>,
    #[serde(default)]
    pub(super) requests: Vec<Part>,
    #[serde(default)]
    pub(super) pod_sets: Vec<PodSet>,
}

#[derive(Deserialize)]
pub(super) struct PodSet {
    pub(super) name: String,
    pub(super) requests: BTreeMap<String, Value>,
}

#[derive(Deserialize, Default)]
pub(super) struct Expected {
    #[serde(default)]
    pub(super) shares: Vec<ShareText>,
    #[serde(default)]
    pub(super) victims: Vec<VictimText>,
    #[serde(default)]
    pub(super) admitted: Vec<AdmittedText>,
    #[serde(default)]
    pub(super) order: Vec<String>,
    #[serde(default)]
    pub(super) allowed: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct ShareText {
    pub(super) node: String,
    pub(super) node_kind: String,
    #[serde(default)]
    pub(super) share: Option<Value>,
    #[serde(default)]
    pub(super) dominant_resource: Option<String>,
    pub(super) borrowing: bool,
    #[serde(default)]
    pub(super) borrowing_on_request: Option<bool>,
}

#[derive(Deserialize, Clone)]
pub(super) struct VictimText {
    pub(super) name: String,
    pub(super) reason: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct AdmittedText {
    pub(super) name: String,
    pub(super) assignment: Vec<Assigned>,
}

#[derive(Deserialize, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Assigned {
    pub(super) pod_set: String,
    pub(super) resource: String,
    pub(super) flavor: String,
    pub(super) amount: i64,
}
