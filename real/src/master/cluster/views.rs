//! What the read-only endpoints show.

use std::collections::BTreeMap;
use std::net::IpAddr;

use fairground_policies::message::AgentId;
use fairground_policies::resources::{Kind, Resources};
use fairground_policies::time::Time;
use serde_json::{Map, Value, json};

use super::role_views::shown_weight;
use super::{Agent, Cluster, Framework, FrameworkNumber, State, Task};
use crate::master::request::Habits;
use crate::protocol::{Amounts, TaskState};
pub use crate::wire::API_VERSION;
use crate::wire::ports::Ports;

/// What is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum View {
    /// Everything.
    State,
    /// Counts of tasks by state.
    StateSummary,
    /// Agents.
    Agents,
    /// Frameworks with their tasks.
    Frameworks,
    /// Tasks.
    Tasks {
        /// At most so many.
        limit: usize,
        /// After leaving out so many.
        offset: usize,
        /// The oldest first.
        ascending: bool,
        /// Only of this framework.
        framework_id: Option<String>,
        /// Only this one.
        task_id: Option<String>,
    },
    /// Roles.
    Roles,
    /// Their weights.
    Weights,
    /// Their quotas.
    Quotas,
    /// Numbers by name.
    Metrics,
    /// What the page for people at `/` says.
    Front,
}

impl Cluster {
    /// Shows what is asked for.
    pub fn view(&self, view: &View, habits: &Habits) -> Value {
        match view {
            View::State => self.state(habits),
            View::StateSummary => self.state_summary(habits),
            View::Agents => json!({"slaves": self.agents_shown(), "recovered_slaves": []}),
            View::Frameworks => self.frameworks_shown(),
            View::Tasks {
                limit,
                offset,
                ascending,
                framework_id,
                task_id,
            } => {
                let mut tasks = self.all_tasks(framework_id.as_deref(), task_id.as_deref());
                if !ascending {
                    tasks.reverse();
                }
                let chosen = tasks.into_iter().skip(*offset).take(*limit);
                let shown: Vec<_> = chosen
                    .map(|(page, task)| self.task_shown(page, task))
                    .collect();
                json!({"tasks": shown})
            }
            View::Roles => self.roles_shown(),
            View::Weights => self.roles.weights_shown(),
            View::Quotas => self.roles.quotas_shown(),
            View::Metrics => self.metrics(),
            View::Front => self.front(habits),
        }
    }

    /// What frameworks are told about this master.
    pub fn master_info(&self, habits: &Habits) -> Value {
        let (host, port) = (habits.address.ip(), habits.address.port());
        let ip = match host {
            // The API writes the four bytes as they lie in memory.
            IpAddr::V4(ip) => u32::from_le_bytes(ip.octets()),
            IpAddr::V6(_) => 0,
        };
        json!({
            "id": self.settings.master_id,
            "ip": ip, "port": port, "hostname": host,
            "pid": format!("master@{}", habits.address),
            "version": API_VERSION,
            "address": {"hostname": host, "ip": host, "port": port},
        })
    }

    fn state(&self, habits: &Habits) -> Value {
        let mut shown = self.frameworks_shown();
        let start = self.settings.started_unix_micros as f64 / 1e6;
        let pid = format!("master@{}", habits.address);
        let active = self.agents.iter().filter(|agent| agent.joined).count();
        let more = json!({
            "version": API_VERSION,
            "id": self.settings.master_id,
            "pid": pid,
            "hostname": habits.address.ip(),
            "cluster": habits.cluster,
            "leader": pid,
            "leader_info": self.master_info(habits),
            "start_time": start,
            "elected_time": start,
            "activated_slaves": active,
            "deactivated_slaves": 0,
            "unreachable_slaves": self.agents.len() - active,
            "flags": {"allocator": self.settings.allocator.to_string()},
            "slaves": self.agents_shown(),
            "recovered_slaves": [],
            "orphan_tasks": [],
        });
        merge(&mut shown, more);
        shown
    }

    fn state_summary(&self, habits: &Habits) -> Value {
        let live = self.frameworks.iter().filter(|page| !page.removed);
        let frameworks: Vec<Value> = live
            .map(|page| {
                let mut shown = json!({
                    "id": page.id, "name": page.info.name, "active": page.connected,
                });
                merge(
                    &mut shown,
                    counted(page.tasks.values().chain(&page.completed)),
                );
                shown
            })
            .collect();
        let agents: Vec<Value> = self
            .agents
            .iter()
            .map(|agent| {
                let tasks = agent.tasks.iter();
                let tasks = tasks.filter_map(|key| self.task(*key));
                let mut shown = json!({"id": agent.id, "hostname": agent.subscribe.hostname});
                merge(&mut shown, counted(tasks));
                shown
            })
            .collect();
        json!({
            "hostname": habits.address.ip(), "cluster": habits.cluster,
            "frameworks": frameworks, "slaves": agents,
        })
    }

    pub(super) fn seconds(&self, at: Time) -> f64 {
        self.unix_micros(at) as f64 / 1e6
    }

    fn agents_shown(&self) -> Vec<Value> {
        let numbered = self.agents.iter().enumerate();
        numbered
            .map(|(index, agent)| self.agent_shown(AgentId(index as u32), agent))
            .collect()
    }

    pub(super) fn agent_shown(&self, number: AgentId, agent: &Agent) -> Value {
        let offered = self.offered(|offered| offered.agent == number);
        let used = agent.tasks.iter();
        let used = used_by(used.filter_map(|key| self.task(*key)));
        let port = agent
            .subscribe
            .address
            .rsplit_once(':')
            .map_or("0", |(_, port)| port);
        let capacity = agent.subscribe.capacity.to_endpoint();
        json!({
            "id": agent.id,
            "hostname": agent.subscribe.hostname,
            "port": port.parse::<u16>().unwrap_or(0),
            "pid": format!("slave(1)@{}", agent.subscribe.address),
            "active": agent.joined,
            "deactivated": false,
            "version": API_VERSION,
            "registered_time": self.seconds(agent.registered),
            "reregistered_time": self.seconds(agent.reregistered),
            "attributes": agent.subscribe.attributes,
            "resources": capacity,
            "used_resources": used.to_endpoint(),
            "offered_resources": offered.to_endpoint(),
            "reserved_resources": {},
            "unreserved_resources": capacity,
            "capabilities": [],
        })
    }

    fn frameworks_shown(&self) -> Value {
        let shown = |removed: bool| -> Vec<Value> {
            let numbered = self.frameworks.iter().enumerate();
            let chosen = numbered.filter(|(_, page)| page.removed == removed && !page.forgotten);
            chosen
                .map(|(index, page)| self.framework_shown(FrameworkNumber(index as u32), page))
                .collect()
        };
        json!({
            "frameworks": shown(false),
            "completed_frameworks": shown(true),
            "unregistered_frameworks": [],
        })
    }

    fn framework_shown(&self, number: FrameworkNumber, page: &Framework) -> Value {
        let (ended, running): (Vec<&Task>, Vec<&Task>) = page
            .tasks
            .values()
            .partition(|task| task.shown().is_terminal());
        let used = used_by(page.tasks.values());
        let offered = self.offered(|offered| offered.framework == number);
        let list = |tasks: &[&Task]| -> Vec<Value> {
            tasks
                .iter()
                .map(|task| self.task_shown(page, task))
                .collect()
        };
        let mut all_ended: Vec<&Task> = page.completed.iter().collect();
        all_ended.extend(ended);
        let mut shown = json!({
            "id": page.id,
            "name": page.info.name,
            "user": page.info.user,
            "roles": page.roles,
            "failover_timeout": page.info.failover_timeout.unwrap_or_default(),
            "checkpoint": page.info.checkpoint.unwrap_or(false),
            "hostname": page.info.hostname.as_deref().unwrap_or_default(),
            "active": page.connected,
            "connected": page.connected,
            "recovered": false,
            "registered_time": self.seconds(page.registered),
            "reregistered_time": self.seconds(page.reregistered),
            "unregistered_time": page.unregistered.map_or(0.0, |at| self.seconds(at)),
            "resources": used.to_endpoint(),
            "used_resources": used.to_endpoint(),
            "offered_resources": offered.to_endpoint(),
            "tasks": list(&running),
            "completed_tasks": list(&all_ended),
            "unreachable_tasks": [],
        });
        let info = &page.info;
        let more = [
            ("role", json!(page.only_role())),
            ("principal", json!(info.principal)),
            ("webui_url", json!(info.webui_url)),
            ("capabilities", json!(info.capabilities)),
            ("labels", json!(info.labels)),
        ];
        for (member, value) in more {
            if !value.is_null() {
                shown[member] = value;
            }
        }
        shown
    }

    fn task_shown(&self, page: &Framework, task: &Task) -> Value {
        let mut shown = json!({
            "id": task.info.task_id,
            "name": task.info.name,
            "framework_id": page.id,
            "executor_id": "",
            "slave_id": task.info.agent_id,
            "state": task.shown().api_name(),
            "role": self.roles.role_of(task.key.0),
            "launched_time": self.seconds(task.launched),
            "resources": task.info.needs.to_endpoint(),
            "statuses": task.history,
        });
        for (member, value) in &task.described {
            shown[member] = value.clone();
        }
        shown
    }

    /// The tasks that fit, the oldest first.
    fn all_tasks(
        &self,
        framework_id: Option<&str>,
        task_id: Option<&str>,
    ) -> Vec<(&Framework, &Task)> {
        let mut found = Vec::new();
        let fits = |page: &&Framework| framework_id.is_none_or(|id| page.id == id);
        for page in self.frameworks.iter().filter(fits) {
            for task in page.completed.iter().chain(page.tasks.values()) {
                if task_id.is_none_or(|id| task.info.task_id == id) {
                    found.push((page, task));
                }
            }
        }
        found.sort_by_key(|(_, task)| task.launched);
        found
    }

    /// Tasks that run, by state.
    pub fn running_tasks(&self) -> [(&'static str, usize); 4] {
        let count = |state: State| {
            let pages = self.frameworks.iter();
            let of_page =
                |page: &Framework| page.tasks.values().filter(|t| t.state == state).count();
            pages.map(of_page).sum()
        };
        [
            ("staging", count(State::Staging)),
            ("starting", count(State::Agent(TaskState::Starting))),
            ("running", count(State::Agent(TaskState::Running))),
            ("killing", count(State::Agent(TaskState::Killing))),
        ]
    }

    fn metrics(&self) -> Value {
        let mut numbers = Map::new();
        let mut put = |name: &str, value: f64| numbers.insert(name.to_owned(), json!(value));
        let active = self.agents.iter().filter(|agent| agent.joined).count();
        let live = self.frameworks.iter().filter(|page| !page.removed);
        let connected = live.clone().filter(|page| page.connected).count();
        put("master/elected", 1.0);
        put("master/uptime_secs", self.now.as_micros() as f64 / 1e6);
        put("master/slaves_active", active as f64);
        put("master/slaves_connected", active as f64);
        put(
            "master/slaves_unreachable",
            (self.agents.len() - active) as f64,
        );
        put("master/frameworks_active", connected as f64);
        put("master/frameworks_connected", connected as f64);
        put(
            "master/frameworks_disconnected",
            (live.count() - connected) as f64,
        );
        put("master/outstanding_offers", self.offers.len() as f64);
        put("master/offers_made", self.counts.offers as f64);
        put("master/offers_rescinded", self.counts.rescinded as f64);
        for (state, count) in self.running_tasks() {
            put(&format!("master/tasks_{state}"), count as f64);
        }
        let ended = ["finished", "failed", "killed", "lost", "error"];
        for (name, count) in ended.into_iter().zip(self.counts.ended) {
            put(&format!("master/tasks_{name}"), count as f64);
        }
        let invalid = self.counts.invalid_acknowledgements as f64;
        put("master/invalid_status_update_acknowledgements", invalid);
        put("allocator/mesos/allocation_runs", self.counts.rounds as f64);
        let ledger = self.core.ledger();
        let total = Amounts::of(ledger.total(), &Ports::default()).to_endpoint();
        let frameworks = ledger.frameworks();
        let (mut used, mut held) = (Resources::ZERO, Resources::ZERO);
        let mut roles: BTreeMap<&str, (Resources, usize)> = BTreeMap::new();
        for client in frameworks {
            used += ledger.running(client);
            held += ledger.held(client);
            let role = roles.entry(self.roles.role_of(client)).or_default();
            role.0 += ledger.held(client);
            role.1 += self.core.refusals(client);
        }
        for (role, (held, refusals)) in roles {
            let share = |kind| held.of(kind) as f64 / ledger.total().of(kind).max(1) as f64;
            let shares = Kind::ALL.into_iter().map(share);
            let dominant = shares.fold(0.0, f64::max) / shown_weight(self.roles.weight(role));
            put(
                &format!("allocator/mesos/roles/{role}/shares/dominant"),
                dominant,
            );
            let active = format!("allocator/mesos/offer_filters/roles/{role}/active");
            put(&active, refusals as f64);
        }
        let held = Amounts::of(held, &Ports::default()).to_endpoint();
        let used = Amounts::of(used, &Ports::default()).to_endpoint();
        for name in ["cpus", "mem", "disk", "gpus"] {
            let (all, some) = (total[name].as_f64(), used[name].as_f64());
            let (all, some) = (all.unwrap_or(0.0), some.unwrap_or(0.0));
            put(&format!("master/{name}_total"), all);
            put(&format!("master/{name}_used"), some);
            let resource = format!("allocator/mesos/resources/{name}");
            put(&format!("{resource}/total"), all);
            let held = held[name].as_f64().unwrap_or(0.0);
            put(&format!("{resource}/offered_or_allocated"), held);
            put(
                &format!("master/{name}_percent"),
                if all > 0.0 { some / all } else { 0.0 },
            );
        }
        Value::Object(numbers)
    }
}

/// How many tasks are in which state, as members of an object.
fn counted<'a>(tasks: impl Iterator<Item = &'a Task>) -> Value {
    let mut counts = Map::new();
    for task in tasks {
        let count = counts.entry(task.shown().api_name()).or_insert(json!(0));
        *count = json!(count.as_u64().unwrap_or(0) + 1);
    }
    Value::Object(counts)
}

fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}

fn used_by<'a>(tasks: impl Iterator<Item = &'a Task>) -> Amounts {
    let mut ports = Ports::default();
    let mut sum = Resources::ZERO;
    for task in tasks.filter(|task| !task.state.is_terminal()) {
        sum += task.info.needs.counted();
        ports.add(&task.info.needs.port_set());
    }
    Amounts::of(sum, &ports)
}
