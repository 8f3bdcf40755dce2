//! A framework that launches small tasks on everything it is offered.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::line::{Line, Records};
use super::tally::Tally;

const PATH: &str = "/api/v1/scheduler";

/// What it needs of the events it is told.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "UPPERCASE")]
enum Event {
    Subscribed { subscribed: Subscribed },
    Offers { offers: Offers },
    Update { update: Update },
    Heartbeat,
    Rescind,
}

#[derive(Deserialize)]
struct Subscribed {
    framework_id: Value,
}

#[derive(Deserialize)]
struct Offers {
    offers: Vec<Offer>,
}

#[derive(Deserialize)]
struct Offer {
    id: Value,
    agent_id: Value,
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    name: String,
    #[serde(default)]
    scalar: Scalar,
}

#[derive(Default, Deserialize)]
struct Scalar {
    value: f64,
}

#[derive(Deserialize)]
struct Update {
    status: Status,
}

#[derive(Deserialize)]
struct Status {
    task_id: Id,
    agent_id: Value,
    state: String,
    uuid: String,
}

#[derive(Deserialize)]
struct Id {
    value: String,
}

struct Framework {
    line: Line,
    stream: String,
    id: Value,
    habits: Habits,
    /// Tasks launched so far.
    launched: u64,
    tally: Arc<Tally>,
}

/// What it launches.
#[derive(Clone, Copy)]
pub(super) struct Habits {
    /// Tasks on every offer, at most.
    pub(super) tasks: u32,
    /// Tasks a second, at most.
    pub(super) rate: Option<f64>,
}

/// Seconds for which it refuses what it may not use.
const REFUSE: f64 = 0.5;

/// Subscribes and answers every offer until the stream ends.
///
/// # Errors
/// Whatever goes wrong.
pub(super) async fn live(
    master: String,
    index: u32,
    habits: Habits,
    tally: Arc<Tally>,
) -> anyhow::Result<()> {
    let info = json!({"user": "bench", "name": format!("framework-{index}")});
    let call = json!({"type": "SUBSCRIBE", "subscribe": {"framework_info": info}});
    let mut records = Records::open(&master, PATH, &call).await?;
    let mut framework = Framework {
        line: Line::new(&master),
        stream: records.stream.clone(),
        id: Value::Null,
        habits,
        launched: 0,
        tally,
    };
    loop {
        match serde_json::from_slice(&records.next().await?)? {
            Event::Subscribed { subscribed } => framework.id = subscribed.framework_id,
            Event::Offers { offers } => {
                framework.offered(&offers.offers).await?;
            }
            Event::Update { update } => framework.status(&update.status).await?,
            Event::Heartbeat | Event::Rescind => {}
        }
    }
}

impl Framework {
    async fn offered(&mut self, offers: &[Offer]) -> anyhow::Result<()> {
        let came = self.tally.now();
        let mut refused = Vec::new();
        for offer in offers {
            match self.may_launch() {
                0 => refused.push(&offer.id),
                tasks => self.accept(offer, tasks, came).await?,
            }
        }
        if refused.is_empty() {
            return Ok(());
        }
        let decline = json!({"offer_ids": refused, "filters": {"refuse_seconds": REFUSE}});
        self.call("DECLINE", "decline", decline).await
    }

    /// How many tasks it may launch on an offer now.
    fn may_launch(&self) -> u32 {
        let Some(rate) = self.habits.rate else {
            return self.habits.tasks;
        };
        let allowed = (rate * self.tally.now() as f64 / 1e6) as u64;
        let left = allowed.saturating_sub(self.launched);
        left.min(self.habits.tasks.into()) as u32
    }

    async fn accept(&mut self, offer: &Offer, tasks: u32, came: u64) -> anyhow::Result<()> {
        // No more than a tenth of a processor each.
        let cpus = offer.resources.iter().filter(|one| one.name == "cpus");
        let cpus: f64 = cpus.map(|one| one.scalar.value).sum();
        let room = (cpus * 10.0 + 1e-6) as u32;
        let task = |_| {
            let id = self.tally.name(came);
            json!({
                "name": id, "task_id": {"value": id}, "agent_id": offer.agent_id,
                "resources": [{"name": "cpus", "type": "SCALAR", "scalar": {"value": 0.1}},
                              {"name": "mem", "type": "SCALAR", "scalar": {"value": 32}}],
                "command": {"value": "true"},
            })
        };
        let infos: Vec<Value> = (0..tasks.min(room)).map(task).collect();
        self.launched += infos.len() as u64;
        let operation = json!({"type": "LAUNCH", "launch": {"task_infos": infos}});
        let accept = json!({"offer_ids": [offer.id], "operations": [operation],
                            "filters": {"refuse_seconds": 0}});
        self.call("ACCEPT", "accept", accept).await
    }

    async fn status(&mut self, status: &Status) -> anyhow::Result<()> {
        anyhow::ensure!(
            status.state == "TASK_FINISHED",
            "a task is {}",
            status.state
        );
        self.tally.finished(&status.task_id.value);
        let acknowledged = json!({"agent_id": status.agent_id, "uuid": status.uuid,
                                  "task_id": {"value": status.task_id.value}});
        self.call("ACKNOWLEDGE", "acknowledge", acknowledged).await
    }

    async fn call(&mut self, kind: &str, key: &str, member: Value) -> anyhow::Result<()> {
        let call = json!({"type": kind, "framework_id": self.id, key: member});
        self.line.say(PATH, Some(&self.stream), &call).await
    }
}
