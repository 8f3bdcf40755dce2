//! Numbers for Prometheus: what the decision thread does, and what the cluster looks like.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use serde_json::Value;

/// The thread's own numbers.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Counter,
    sent_bytes: Counter,
    turn_seconds: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("fairground_master");
        let requests = Counter::default();
        let sent_bytes = Counter::default();
        let turn_seconds = Histogram::new(exponential_buckets(1e-5, 4.0, 10));
        registry.register("requests", "Requests taken in", requests.clone());
        registry.register("sent_bytes", "Bytes queued on streams", sent_bytes.clone());
        registry.register(
            "turn_seconds",
            "Time to step through the requests taken together",
            turn_seconds.clone(),
        );
        Self {
            registry: Arc::new(registry),
            requests,
            sent_bytes,
            turn_seconds,
        }
    }
}

impl Metrics {
    /// Counts a batch of requests.
    pub fn turn(&self, requests: usize, took: Duration) {
        self.requests.inc_by(requests as u64);
        self.turn_seconds.observe(took.as_secs_f64());
    }

    /// Counts bytes sent.
    pub fn sent(&self, bytes: usize) {
        self.sent_bytes.inc_by(bytes as u64);
    }

    /// Everything as text: the thread's numbers, then `snapshot` as gauges.
    pub fn text(&self, snapshot: &Value) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("text can be written");
        let end = "# EOF\n";
        text.truncate(text.len() - end.len());
        for (name, value) in snapshot.as_object().into_iter().flatten() {
            let name = format!("fairground_{}", name.replace('/', "_"));
            writeln!(text, "# TYPE {name} gauge\n{name} {value}").expect("text can be written");
        }
        text.push_str(end);
        text
    }
}
