//! Executors and checks: known, and refused.

use super::command::CommandInfo;
use super::container::ContainerInfo;
use super::resource::Resource;
use super::task::DiscoveryInfo;
use super::{DurationInfo, Labels};
use crate::wire::proto::message;
use crate::wire::scalar::{Bytes, Double, Id, Word};

message! {
    /// A program that runs tasks.
    ExecutorInfo "ExecutorInfo", all refused "executors of one's own are not started" {
        r#type: Option<Word>;
        executor_id: Option<Id>;
        framework_id: Option<Id>;
        command: Option<CommandInfo>;
        container: Option<Box<ContainerInfo>>;
        resources: Vec<Resource>;
        name: Option<String>;
        source: Option<String>;
        data: Option<Bytes>;
        discovery: Option<Box<DiscoveryInfo>>;
        shutdown_grace_period: Option<DurationInfo>;
        labels: Option<Labels>;
    }
}

message! {
    /// Whether a task is healthy.
    HealthCheck "HealthCheck", all refused "nothing looks whether a task is healthy" {
        delay_seconds: Option<Double>;
        interval_seconds: Option<Double>;
        timeout_seconds: Option<Double>;
        consecutive_failures: Option<u32>;
        grace_period_seconds: Option<Double>;
        r#type: Option<Word>;
        command: Option<CommandInfo>;
        http: Option<HealthHttp>;
        tcp: Option<HealthTcp>;
    }
}

message! {
    /// Asked over HTTP.
    HealthHttp "HealthCheck.HTTPCheckInfo", all refused
    "nothing looks whether a task is healthy" {
        protocol: Option<Word>;
        scheme: Option<String>;
        port: u32;
        path: Option<String>;
        statuses: Vec<u32>;
    }
}

message! {
    /// Asked by a connection.
    HealthTcp "HealthCheck.TCPCheckInfo", all refused "nothing looks whether a task is healthy" {
        protocol: Option<Word>;
        port: u32;
    }
}

message! {
    /// A check that is only reported.
    CheckInfo "CheckInfo", all refused "nothing checks on tasks" {
        r#type: Option<Word>;
        command: Option<CheckCommand>;
        http: Option<CheckHttp>;
        tcp: Option<CheckTcp>;
        delay_seconds: Option<Double>;
        interval_seconds: Option<Double>;
        timeout_seconds: Option<Double>;
    }
}

message! {
    /// By a command.
    CheckCommand "CheckInfo.Command", all refused "nothing checks on tasks" {
        command: CommandInfo;
    }
}

message! {
    /// Over HTTP.
    CheckHttp "CheckInfo.Http", all refused "nothing checks on tasks" {
        port: u32;
        path: Option<String>;
    }
}

message! {
    /// By a connection.
    CheckTcp "CheckInfo.Tcp", all refused "nothing checks on tasks" {
        port: u32;
    }
}
