//! What operators say of roles, in the forms that Mesos has for its endpoints.

use std::collections::BTreeMap;

use super::Scalar;
use super::resource::Resource;
use crate::wire::proto::message;
use crate::wire::scalar::Double;

message! {
    /// How much a role counts.
    WeightInfo "WeightInfo" {
        weight: Double, supported "from 0.001 to 1e6";
        role: String, supported "whose";
    }
}

message! {
    /// What a role is to be guaranteed: `guarantee` is its limit, too, as in Mesos' `QuotaRequest`; with the
    /// other two, as in its `QuotaConfig`, each is said for itself.
    QuotaRequest "QuotaRequest" {
        force: Option<bool>, supported "also what the cluster does not have, or is held above the limit";
        role: String, supported "whose";
        guarantee: Vec<Resource>, supported "what is kept for it, and its limit";
        guarantees: BTreeMap<String, Scalar>, supported "what is kept for it";
        limits: BTreeMap<String, Scalar>, supported "the most it is offered";
    }
}
