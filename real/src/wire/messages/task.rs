//! Tasks, and what is said about them to people.

use std::collections::BTreeMap;

use super::check::{CheckInfo, ExecutorInfo, HealthCheck};
use super::command::CommandInfo;
use super::container::ContainerInfo;
use super::resource::Resource;
use super::{DurationInfo, KillPolicy, Labels, Scalar};
use crate::wire::proto::{enumeration, message};
use crate::wire::scalar::{Bytes, Id};

message! {
    /// A task as its framework describes it.
    TaskInfo "TaskInfo" {
        name: String, supported "shown; names the task to people";
        task_id: Id, supported "names the task; 1 to 255 characters, no `/` or `\\`";
        agent_id: Id, supported "has to be the agent of the offers";
        resources: Vec<Resource>, apart "see `Resource`; amounts of nothing are dropped";
        executor: Option<Box<ExecutorInfo>>, refused
            "executors of one's own are not started; give a `command`";
        command: Option<CommandInfo>, supported "what is run; a task without one is refused";
        container: Option<Box<ContainerInfo>>, supported "see `ContainerInfo`";
        health_check: Option<Box<HealthCheck>>, refused "nothing looks whether a task is healthy";
        check: Option<Box<CheckInfo>>, refused "nothing checks on tasks";
        kill_policy: Option<KillPolicy>, supported "3 s, or the agent's `--kill-grace`, without it";
        data: Option<Bytes>, harmless "is for executors; a command does not get to see it";
        labels: Option<Labels>, harmless "shown";
        discovery: Option<Box<DiscoveryInfo>>, harmless
            "shown; who finds services by it reads it there";
        max_completion_time: Option<DurationInfo>, supported
            "after it the task is ended and has failed";
        limits: BTreeMap<String, Scalar>, supported
            "of `cpus` and `mem`, other than in Mesos also below `resources`; less memory than 32 MiB is \
             held as 32 MiB; `\"Infinity\"` is none";
    }
}

enumeration! {
    /// Who may find a service.
    Visibility {
        Framework = "FRAMEWORK" 0,
        Cluster = "CLUSTER" 1,
        External = "EXTERNAL" 2,
    }
}

message! {
    /// How a task is found.
    DiscoveryInfo "DiscoveryInfo", all harmless "shown" {
        visibility: Visibility;
        name: Option<String>;
        environment: Option<String>;
        location: Option<String>;
        version: Option<String>;
        ports: Option<Ports>;
        labels: Option<Labels>;
    }
}

message! {
    /// Where a task is found.
    Ports "Ports", all harmless "shown" {
        ports: Vec<Port>;
    }
}

message! {
    /// One of [`Ports`].
    Port "Port", all harmless "shown; ports are asked for as `resources`" {
        number: u32;
        name: Option<String>;
        protocol: Option<String>;
        visibility: Option<Visibility>;
        labels: Option<Labels>;
    }
}
