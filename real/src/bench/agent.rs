//! An agent that ends every task at once.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use uuid::Uuid;

use super::Tally;
use crate::protocol::{
    AgentCall, AgentMessage, Amounts, FromMaster, MESSAGE_PATH, RunTask, SUBSCRIBE_PATH, Source,
    StatusUpdate, Subscribe, TaskState, VERSION,
};
use crate::recordio::Decoder;

struct Agent {
    client: reqwest::Client,
    url: String,
    id: String,
    tally: Arc<Tally>,
}

/// Subscribes and obeys until the stream ends.
pub(super) async fn live(client: reqwest::Client, master: String, index: u32, tally: Arc<Tally>) {
    let subscribe = Subscribe {
        protocol: VERSION,
        agent_id: None,
        key: Uuid::new_v4(),
        count: 1,
        hostname: format!("agent-{index}"),
        address: format!("bench-{index}:5051"),
        capacity: Amounts {
            millicores: 8000,
            mem_mib: 16_384,
            ..Amounts::default()
        },
        attributes: std::collections::BTreeMap::new(),
        tasks: Vec::new(),
    };
    let url = format!("http://{master}");
    let request = client
        .post(format!("{url}{SUBSCRIBE_PATH}"))
        .json(&subscribe);
    let Ok(mut answer) = request.send().await else {
        tally.errors.fetch_add(1, Ordering::Relaxed);
        return;
    };
    let mut agent = Agent {
        client,
        url,
        id: String::new(),
        tally,
    };
    let mut decoder = Decoder::default();
    while let Ok(Some(chunk)) = answer.chunk().await {
        decoder.push(&chunk);
        while let Ok(Some(record)) = decoder.next_record() {
            match serde_json::from_slice(&record) {
                Ok(FromMaster::Registered { agent_id, .. }) => agent.id = agent_id,
                Ok(FromMaster::RunTask(task)) => agent.run(&task).await,
                Ok(FromMaster::Ping) => agent.say(AgentMessage::Pong).await,
                Ok(FromMaster::AcknowledgeStatus { .. }) => {}
                Ok(FromMaster::KillTask { .. } | FromMaster::Refused { .. }) | Err(_) => {
                    agent.tally.errors.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }
}

impl Agent {
    async fn run(&self, task: &RunTask) {
        self.tally.launched.fetch_add(1, Ordering::Relaxed);
        self.say(AgentMessage::Status(Box::new(StatusUpdate {
            uuid: Uuid::new_v4(),
            framework_id: task.framework_id.clone(),
            task_id: task.task_id.clone(),
            state: TaskState::Finished,
            source: Source::Executor,
            reason: None,
            message: None,
            unix_micros: 0,
            container: None,
            usage: None,
        })))
        .await;
    }

    async fn say(&self, message: AgentMessage) {
        let call = AgentCall {
            agent_id: self.id.clone(),
            message,
        };
        let request = self.client.post(format!("{}{MESSAGE_PATH}", self.url));
        let answer = request.json(&call).send().await;
        if !answer.is_ok_and(|answer| answer.status().is_success()) {
            self.tally.errors.fetch_add(1, Ordering::Relaxed);
        }
    }
}
