//! What the page for people at `/` is made of.

use fairground_policies::message::AgentId;
use serde_json::{Value, json};

use super::{Cluster, Framework};
use crate::master::request::Habits;

/// Rows of a table at most: the endpoints have all.
const ROWS: usize = 200;

impl Cluster {
    pub(super) fn front(&self, habits: &Habits) -> Value {
        let numbered = self.agents.iter().enumerate();
        let agents: Vec<Value> = numbered
            .take(ROWS)
            .map(|(index, agent)| {
                let mut shown = self.agent_shown(AgentId(index as u32), agent);
                shown["tasks"] = json!(agent.tasks.len());
                shown
            })
            .collect();
        let live = || self.frameworks.iter().filter(|page| !page.removed);
        let frameworks: Vec<Value> = live().take(ROWS).map(framework).collect();
        let mut roles = self.roles_shown()["roles"].take();
        let roles_count = roles.as_array_mut().map(|roles| {
            let count = roles.len();
            roles.truncate(ROWS);
            count
        });
        let joined = self.agents.iter().filter(|agent| agent.joined).count();
        json!({
            "cluster": habits.cluster,
            "master_id": self.settings.master_id,
            "allocator": self.settings.allocator.to_string(),
            "start_time": self.settings.started_unix_micros / 1_000_000,
            "agents": agents,
            "agents_active": joined,
            "agents_count": self.agents.len(),
            "frameworks": frameworks,
            "frameworks_count": live().count(),
            "roles": roles,
            "roles_count": roles_count,
            "tasks": self.agents.iter().map(|agent| agent.tasks.len()).sum::<usize>(),
        })
    }
}

fn framework(page: &Framework) -> Value {
    let ended = page.tasks.values().filter(|task| task.state.is_terminal());
    let ended = ended.count();
    json!({
        "id": page.id,
        "name": page.info.name,
        "role": page.roles.join(", "),
        "connected": page.connected,
        "running": page.tasks.len() - ended,
        "ended": page.completed.len() + ended,
    })
}
