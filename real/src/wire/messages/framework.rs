//! Frameworks as they describe themselves.

use std::collections::BTreeMap;

use super::{Labels, Scalar};
use crate::wire::proto::{enumeration, message};
use crate::wire::scalar::{Double, Id};

message! {
    /// A framework as it describes itself.
    FrameworkInfo "FrameworkInfo" {
        user: String, supported "whose account tasks have; may be empty; cannot change";
        name: String, supported "shown";
        id: Option<Id>, supported "for one that comes back";
        failover_timeout: Option<Double>, supported
            "seconds; 0 when absent or below, without end for `\"Infinity\"`; NaN is refused";
        checkpoint: Option<bool>, harmless
            "tasks outlive their agent's program anyway; shown, and cannot change";
        role: Option<String>, supported
            "`*` when absent; for frameworks without `MULTI_ROLE`; can change";
        roles: Vec<String>, supported "up to 1000, of a framework with `MULTI_ROLE`; can change";
        hostname: Option<String>, harmless "shown";
        principal: Option<String>, supported "shown; cannot change";
        webui_url: Option<String>, harmless "shown";
        capabilities: Vec<Capability>, supported "see `FrameworkInfo.Capability`";
        labels: Option<Labels>, harmless "shown";
        offer_filters: BTreeMap<String, OfferFilters>, refused
            "offers are not filtered by size; decline those that are too small";
    }
}

enumeration! {
    /// What a framework can do. One that nobody knows is none.
    CapabilityType open {
        Unknown = "UNKNOWN" 0,
        RevocableResources = "REVOCABLE_RESOURCES" 1,
        TaskKillingState = "TASK_KILLING_STATE" 2,
        GpuResources = "GPU_RESOURCES" 3,
        SharedResources = "SHARED_RESOURCES" 4,
        PartitionAware = "PARTITION_AWARE" 5,
        MultiRole = "MULTI_ROLE" 6,
        ReservationRefinement = "RESERVATION_REFINEMENT" 7,
        RegionAware = "REGION_AWARE" 8,
    }
}

message! {
    /// Something that a framework can do.
    Capability "FrameworkInfo.Capability" {
        r#type: Option<CapabilityType>, supported
            "`TASK_KILLING_STATE`, `PARTITION_AWARE`, `MULTI_ROLE` and `RESERVATION_REFINEMENT` change \
             what it is told; nothing revocable, shared or far away is offered, and accelerators to all; \
             unknown ones are ignored";
    }
}

message! {
    /// Which offers are wanted.
    OfferFilters "OfferFilters", all refused "offers are not filtered by size" {
        min_allocatable_resources: Option<MinAllocatableResources>;
    }
}

message! {
    /// How large an offer has to be.
    MinAllocatableResources "OfferFilters.MinAllocatableResources", all refused
    "offers are not filtered by size" {
        quantities: Vec<ResourceQuantities>;
    }
}

message! {
    /// So large.
    ResourceQuantities "OfferFilters.ResourceQuantities", all refused
    "offers are not filtered by size" {
        quantities: BTreeMap<String, Scalar>;
    }
}

impl FrameworkInfo {
    /// Whether it said it has a capability.
    pub fn can(&self, capability: CapabilityType) -> bool {
        self.capabilities
            .iter()
            .any(|entry| entry.r#type == Some(capability))
    }

    /// Its id, unless it has none yet.
    pub fn id(&self) -> Option<&str> {
        let id = self.id.as_ref()?;
        Some(id.value.as_str()).filter(|id| !id.is_empty())
    }
}
