//! An agent that ends every task at once.

use std::sync::Arc;

use uuid::Uuid;

use super::line::{Line, Records};
use super::tally::Tally;
use crate::protocol::{
    AgentCall, AgentMessage, Amounts, FromMaster, MESSAGE_PATH, RunTask, SUBSCRIBE_PATH, Source,
    StatusUpdate, Subscribe, TaskState, VERSION,
};

struct Agent {
    line: Line,
    id: String,
    key: Uuid,
    tally: Arc<Tally>,
}

/// Subscribes and obeys until the stream ends.
///
/// # Errors
/// Whatever goes wrong.
pub(super) async fn live(master: String, index: u32, tally: Arc<Tally>) -> anyhow::Result<()> {
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
    let mut records = Records::open(&master, SUBSCRIBE_PATH, &subscribe).await?;
    let mut agent = Agent {
        line: Line::new(&master),
        id: String::new(),
        key: subscribe.key,
        tally,
    };
    loop {
        let record = records.next().await?;
        match serde_json::from_slice(&record)? {
            FromMaster::Registered { agent_id, .. } => agent.id = agent_id,
            FromMaster::RunTask(task) => agent.run(&task).await?,
            FromMaster::Ping => agent.say(AgentMessage::Pong).await?,
            FromMaster::AcknowledgeStatus { .. } => {}
            FromMaster::KillTask { .. } | FromMaster::Refused { .. } => {
                anyhow::bail!("what the master says makes no sense here: {record:?}")
            }
        }
    }
}

impl Agent {
    async fn run(&mut self, task: &RunTask) -> anyhow::Result<()> {
        self.tally.launched(&task.task_id);
        self.say(AgentMessage::Status(Box::new(StatusUpdate {
            uuid: Uuid::new_v4(),
            framework_id: task.framework_id.clone(),
            task_id: task.task_id.clone(),
            launch: task.launch.clone(),
            state: TaskState::Finished,
            source: Source::Executor,
            reason: None,
            message: None,
            unix_micros: 0,
            container: None,
            usage: None,
        })))
        .await
    }

    async fn say(&mut self, message: AgentMessage) -> anyhow::Result<()> {
        let agent_id = self.id.clone();
        let key = self.key;
        let call = AgentCall {
            agent_id,
            key,
            message,
        };
        self.line.say(MESSAGE_PATH, None, &call).await
    }
}
