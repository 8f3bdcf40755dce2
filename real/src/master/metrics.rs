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
        // Sorted, so that what differs only in a role stands together.
        let mut last = String::new();
        for (name, value) in snapshot.as_object().into_iter().flatten() {
            let (name, role) = family(name);
            if name != last {
                writeln!(text, "# TYPE {name} gauge").expect("text can be written");
            }
            writeln!(text, "{name}{role} {value}").expect("text can be written");
            last = name;
        }
        text.push_str(end);
        text
    }
}

/// A name of the snapshot as Prometheus has names: roles, which may have any character, are labels.
fn family(name: &str) -> (String, String) {
    let of_roles = [
        ("allocator/mesos/roles", "/shares/dominant"),
        ("allocator/mesos/offer_filters/roles", "/active"),
    ];
    let role = of_roles.into_iter().find_map(|(before, behind)| {
        let role = name.strip_prefix(before)?.strip_prefix('/')?;
        Some((format!("{before}{behind}"), role.strip_suffix(behind)?))
    });
    let (name, label) = role.map_or((name.to_owned(), String::new()), |(name, role)| {
        let role = role.replace('\\', r"\\").replace('"', "\\\"");
        (name, format!("{{role=\"{role}\"}}"))
    });
    (format!("fairground_{}", name.replace('/', "_")), label)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn roles_are_labels() {
        let metrics = Metrics::default();
        let text = metrics.text(&json!({
            "allocator/mesos/roles/*/shares/dominant": 0.5,
            "allocator/mesos/roles/a/\"b/shares/dominant": 0.25,
            "allocator/mesos/offer_filters/roles/*/active": 1.0,
            "master/elected": 1.0,
        }));
        let expected = r#"# TYPE fairground_allocator_mesos_offer_filters_roles_active gauge
fairground_allocator_mesos_offer_filters_roles_active{role="*"} 1.0
# TYPE fairground_allocator_mesos_roles_shares_dominant gauge
fairground_allocator_mesos_roles_shares_dominant{role="*"} 0.5
fairground_allocator_mesos_roles_shares_dominant{role="a/\"b"} 0.25
# TYPE fairground_master_elected gauge
fairground_master_elected 1.0
# EOF
"#;
        assert!(text.ends_with(expected), "{text}");
    }
}
