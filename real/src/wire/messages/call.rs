//! Calls of schedulers. What a type of call that is not served would hold is not looked at.

use super::KillPolicy;
use super::framework::FrameworkInfo;
use super::resource::Resource;
use super::task::TaskInfo;
use crate::wire::proto::message;
use crate::wire::scalar::{Anything, Bytes, Double, Id, Word};

message! {
    /// A call.
    Call "Call" {
        framework_id: Option<Id>, supported "whose call it is";
        r#type: Word, supported "which call it is";
        subscribe: Option<Box<Subscribe>>, supported "of SUBSCRIBE";
        accept: Option<Accept>, supported "of ACCEPT";
        decline: Option<Decline>, supported "of DECLINE";
        revive: Option<Roles>, supported "of REVIVE";
        suppress: Option<Roles>, supported "of SUPPRESS";
        kill: Option<Kill>, supported "of KILL";
        acknowledge: Option<Acknowledge>, supported "of ACKNOWLEDGE";
        reconcile: Option<Reconcile>, supported "of RECONCILE";
        request: Option<Requests>, supported "of REQUEST";
        update_framework: Option<Box<UpdateFramework>>, supported "of `UPDATE_FRAMEWORK`";
    }
}

/// The types of calls that are served, with their numbers.
pub const CALL_TYPES: &[(&str, i64)] = &[
    ("SUBSCRIBE", 1),
    ("TEARDOWN", 2),
    ("ACCEPT", 3),
    ("DECLINE", 4),
    ("REVIVE", 5),
    ("SUPPRESS", 12),
    ("KILL", 6),
    ("ACKNOWLEDGE", 8),
    ("RECONCILE", 9),
    ("REQUEST", 11),
    ("UPDATE_FRAMEWORK", 17),
];

message! {
    /// A framework introduces itself.
    Subscribe "Call.Subscribe" {
        framework_info: FrameworkInfo, apart "answered by an event";
        suppressed_roles: Vec<String>, supported "for which no offers are wanted yet";
        offer_constraints: Option<Anything>, refused
            "offers are not filtered by attributes; decline those that do not fit";
    }
}

message! {
    /// A framework describes itself anew.
    UpdateFramework "Call.UpdateFramework" {
        framework_info: FrameworkInfo, apart "judged with what it was before";
        suppressed_roles: Vec<String>, supported "for which no offers are wanted";
        offer_constraints: Option<Anything>, refused
            "offers are not filtered by attributes; decline those that do not fit";
    }
}

message! {
    /// Offers are used.
    Accept "Call.Accept" {
        offer_ids: Vec<Id>, supported "which offers";
        operations: Vec<Operation>, supported "what for";
        filters: Option<Filters>, supported "for how long what is left is refused";
    }
}

message! {
    /// Offers are not used.
    Decline "Call.Decline" {
        offer_ids: Vec<Id>, supported "which offers";
        filters: Option<Filters>, supported "for how long they are refused";
    }
}

message! {
    /// What is done with offers.
    Operation "Offer.Operation" {
        r#type: Word, supported "LAUNCH";
        id: Option<Id>, refused "LAUNCH gives no feedback of its own; leave the id out";
        launch: Option<Launch>, supported "of LAUNCH";
    }
}

/// The types of operations that are served, with their numbers.
pub const OPERATION_TYPES: &[(&str, i64)] = &[("LAUNCH", 1)];

message! {
    /// Tasks are started.
    Launch "Offer.Operation.Launch" {
        task_infos: Vec<TaskInfo>, apart "answered one by one";
    }
}

message! {
    /// For how long something is refused.
    Filters "Filters" {
        refuse_seconds: Option<Double>, supported "5 when absent, below zero or NaN; at most a year";
    }
}

message! {
    /// Roles; none stands for all.
    Roles "Call.Revive" {
        roles: Vec<String>, supported "none stands for all";
    }
}

message! {
    /// A task is to end.
    Kill "Call.Kill" {
        task_id: Id, supported "which task";
        agent_id: Option<Id>, supported "where it is thought to be";
        kill_policy: Option<KillPolicy>, supported "how";
    }
}

message! {
    /// A status arrived.
    Acknowledge "Call.Acknowledge" {
        agent_id: Id, supported "from which agent";
        task_id: Id, supported "about which task";
        uuid: Bytes, supported "which status";
    }
}

message! {
    /// States of tasks are asked for.
    Reconcile "Call.Reconcile" {
        tasks: Vec<TaskQuestion>, supported "none stands for all";
    }
}

message! {
    /// A task whose state is asked for.
    TaskQuestion "Call.Reconcile.Task" {
        task_id: Id, supported "which task";
        agent_id: Option<Id>, supported "where it is thought to be";
    }
}

message! {
    /// What could be started.
    Requests "Call.Request" {
        requests: Vec<Request>, supported "one for each task";
    }
}

message! {
    /// One task that could be started.
    Request "Request" {
        agent_id: Option<Id>, harmless "a demand is of no agent";
        resources: Vec<Resource>, apart "what it takes";
    }
}
