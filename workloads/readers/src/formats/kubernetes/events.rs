//! What events tell of pods beside what the pods tell: when they were scheduled, that they could not be at first,
//! that others took their place.
//!
//! Source: the API reference (core/v1 Event) and the reasons that the scheduler and the kubelet give. A cluster
//! keeps events for an hour where nobody says otherwise.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::objects::{Record, identity};
use crate::formats::prelude::*;

/// What becomes of an event.
const OF_A_POD: &str = "an event of a pod";

/// Whom an event is of.
#[derive(Clone, PartialEq, Default, Debug, Deserialize)]
#[serde(default)]
pub(super) struct Involved {
    kind: String,
    namespace: String,
    name: String,
    uid: String,
}

/// An event that was again and again.
#[derive(Clone, PartialEq, Default, Debug, Deserialize)]
#[serde(default)]
pub(super) struct Series {
    count: u64,
}

/// What events tell of a pod.
#[derive(Clone, Copy, Default)]
pub(super) struct PodEvents {
    /// When the scheduler gave it a node for the first time.
    pub(super) scheduled: Option<u64>,
    /// When its first container was started.
    pub(super) started: Option<u64>,
    /// Whether its place was taken by a pod of a higher priority.
    pub(super) preempted: bool,
    /// How often no node was found for it.
    failed: u64,
}

/// What events tell of all pods, by their names and by their uids.
#[derive(Default)]
pub(super) struct Events {
    pods: BTreeMap<String, PodEvents>,
    /// Those that a pod of the file was asked about.
    asked: BTreeSet<String>,
    any: bool,
}

impl Events {
    /// Takes an event in.
    pub(super) fn see(&mut self, event: &Record) -> Became {
        let Some(pod) = event.pod_of_event() else {
            return Became::Passed("events of objects other than pods");
        };
        let known = ["Scheduled", "Started", "Preempted", "FailedScheduling"];
        if !known.contains(&event.reason()) {
            return Became::Passed("events that say what pods say, too");
        }
        self.any = true;
        let told = self.pods.entry(pod).or_default();
        let first = |known: Option<u64>| match (known, event.event_time()) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        match event.reason() {
            "Scheduled" => told.scheduled = first(told.scheduled),
            "Started" => told.started = first(told.started),
            "Preempted" => told.preempted = true,
            _ => told.failed = told.failed.saturating_add(event.event_count()),
        }
        Became::Merged(OF_A_POD)
    }

    /// What is told of a pod.
    pub(super) fn of(&mut self, pod: &str) -> PodEvents {
        let Some(told) = self.pods.get(pod) else {
            return PodEvents::default();
        };
        self.asked.insert(pod.to_owned());
        *told
    }

    /// Tells what was taken from events, and what they tell of pods that are not in the file.
    pub(super) fn tell(&self, import: &mut Import<'_>) {
        if !self.any {
            return;
        }
        let count = |of: fn(&PodEvents) -> bool| self.pods.values().filter(|pod| of(pod)).count();
        let mut assume = |count: usize, about: &str, model: String| {
            if count > 0 {
                import.assume(about, model);
            }
        };
        let scheduled = count(|pod| pod.scheduled.is_some());
        let model = format!(
            "of {scheduled} pods they end when the pod was scheduled, which is before its images came"
        );
        assume(scheduled, "waits", model);
        let preempted = count(|pod| pod.preempted);
        let model = format!(
            "{preempted} pods lost their place to others; what they did until then is lost"
        );
        assume(preempted, "preemption", model);
        let failed = count(|pod| pod.failed > 0);
        let often = self.pods.values().map(|pod| pod.failed);
        let often = often.fold(0, u64::saturating_add);
        let model = format!("no node was found for {failed} pods, {often} times in all");
        assume(failed, "scheduling that failed", model);
        let gone = self.pods.len() - self.asked.len();
        let model = format!(
            "{gone} pods that events tell of are not in the file: what they asked for is not known"
        );
        assume(gone, "pods that are gone", model);
    }
}

impl Record {
    /// Whether it is something that happened to another.
    pub fn is_event(&self) -> bool {
        self.kind == "Event"
    }

    /// What tells the pod that an event is of from all others.
    pub(super) fn pod_of_event(&self) -> Option<String> {
        let of = self.involved_object.as_ref()?;
        (of.kind == "Pod").then(|| identity(&of.uid, &of.namespace, &of.name))
    }

    /// What an event is: `Scheduled`.
    pub(super) fn reason(&self) -> &str {
        &self.reason
    }

    /// When it was first, in microseconds since 1970.
    pub(super) fn event_time(&self) -> Option<u64> {
        let time = self.first_timestamp.or(self.event_time);
        time.map(|time| time.0).or(self.created())
    }

    /// How often it was.
    pub(super) fn event_count(&self) -> u64 {
        let series = self.series.as_ref().map(|series| series.count);
        self.count.or(series).unwrap_or(1).max(1)
    }
}
