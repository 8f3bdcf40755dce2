//! A framework that launches small tasks on everything it is offered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

use super::Tally;
use crate::recordio::Decoder;

struct Framework {
    client: reqwest::Client,
    url: String,
    id: String,
    stream: String,
    tasks: u32,
    next: u64,
    /// When the offer of each task came.
    offered: BTreeMap<String, Instant>,
    tally: Arc<Tally>,
    latencies: UnboundedSender<Duration>,
}

/// Subscribes and answers every offer until the stream ends.
pub(super) async fn live(
    client: reqwest::Client,
    master: String,
    index: u32,
    tasks: u32,
    tally: Arc<Tally>,
    latencies: UnboundedSender<Duration>,
) {
    let url = format!("http://{master}/api/v1/scheduler");
    let info = json!({"user": "bench", "name": format!("framework-{index}")});
    let call = json!({"type": "SUBSCRIBE", "subscribe": {"framework_info": info}});
    let Ok(mut answer) = client.post(&url).json(&call).send().await else {
        tally.errors.fetch_add(1, Ordering::Relaxed);
        return;
    };
    let stream = answer.headers().get("Mesos-Stream-Id");
    let stream = stream.and_then(|id| id.to_str().ok()).unwrap_or_default();
    let mut framework = Framework {
        client,
        url,
        id: String::new(),
        stream: stream.to_owned(),
        tasks,
        next: 0,
        offered: BTreeMap::new(),
        tally,
        latencies,
    };
    let mut decoder = Decoder::default();
    while let Ok(Some(chunk)) = answer.chunk().await {
        decoder.push(&chunk);
        while let Ok(Some(record)) = decoder.next_record() {
            if let Ok(event) = serde_json::from_slice(&record) {
                framework.event(&event).await;
            }
        }
    }
}

impl Framework {
    async fn event(&mut self, event: &Value) {
        match event["type"].as_str().unwrap_or_default() {
            "SUBSCRIBED" => {
                let id = event["subscribed"]["framework_id"]["value"].as_str();
                id.unwrap_or_default().clone_into(&mut self.id);
            }
            "OFFERS" => {
                let came = Instant::now();
                for offer in event["offers"]["offers"].as_array().into_iter().flatten() {
                    self.accept(offer, came).await;
                }
            }
            "UPDATE" => self.status(&event["update"]["status"]).await,
            "HEARTBEAT" | "RESCIND" => {}
            _ => {
                self.tally.errors.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    async fn accept(&mut self, offer: &Value, came: Instant) {
        let mut infos = Vec::new();
        // No more than a tenth of a processor each.
        let resources = offer["resources"].as_array().into_iter().flatten();
        let cpus = resources.filter(|resource| resource["name"] == "cpus");
        let cpus: f64 = cpus.filter_map(|r| r["scalar"]["value"].as_f64()).sum();
        let room = (cpus * 10.0 + 1e-6) as u32;
        for _ in 0..self.tasks.min(room) {
            let id = format!("t{}", self.next);
            self.next += 1;
            infos.push(json!({
                "name": id, "task_id": {"value": id}, "agent_id": offer["agent_id"],
                "resources": [{"name": "cpus", "type": "SCALAR", "scalar": {"value": 0.1}},
                              {"name": "mem", "type": "SCALAR", "scalar": {"value": 32}}],
                "command": {"value": "true"},
            }));
            self.offered.insert(id, came);
        }
        let operation = json!({"type": "LAUNCH", "launch": {"task_infos": infos}});
        let accept = json!({"offer_ids": [offer["id"]], "operations": [operation],
                            "filters": {"refuse_seconds": 0}});
        self.call("ACCEPT", accept).await;
    }

    async fn status(&mut self, status: &Value) {
        let id = status["task_id"]["value"].as_str().unwrap_or_default();
        if status["state"] == "TASK_FINISHED" {
            self.tally.finished.fetch_add(1, Ordering::Relaxed);
            if let Some(came) = self.offered.remove(id) {
                // Nobody listens when the measurement is over.
                let _ = self.latencies.send(came.elapsed());
            }
        }
        if status.get("uuid").is_none() {
            self.tally.errors.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let acknowledged = json!({"agent_id": status["agent_id"], "task_id": status["task_id"],
                                  "uuid": status["uuid"]});
        self.call("ACKNOWLEDGE", acknowledged).await;
    }

    async fn call(&self, kind: &str, member: Value) {
        let mut call = json!({"type": kind, "framework_id": {"value": self.id}});
        call[kind.to_ascii_lowercase()] = member;
        let request = self.client.post(&self.url).json(&call);
        let answer = request.header("Mesos-Stream-Id", &self.stream).send().await;
        if !answer.is_ok_and(|answer| answer.status().is_success()) {
            self.tally.errors.fetch_add(1, Ordering::Relaxed);
        }
    }
}
