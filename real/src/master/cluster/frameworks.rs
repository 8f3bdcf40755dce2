//! Frameworks: who they are, how they come back, how they leave.

use std::collections::{BTreeMap, VecDeque};

use fairground_policies::message::{Event, FrameworkId, RoleId};
use fairground_policies::time::{Span, Time};
use serde_json::json;

use super::answers::Offered;
use super::descriptions::{changed, check_framework_info, failover};
use super::statuses::Cause;
use super::{Answer, Cluster, FrameworkNumber, Output, Task, TaskKey};
use crate::protocol::Command;
use crate::wire::Id;
use crate::wire::messages::framework::{CapabilityType, FrameworkInfo};
use crate::wire::resources::Shape;

/// How many ended tasks of a framework are remembered.
const COMPLETED_TASKS: usize = 1000;
/// How many frameworks that are over are remembered with their tasks.
const COMPLETED_FRAMEWORKS: usize = 50;

/// One framework.
#[derive(Debug)]
pub struct Framework {
    /// Its id in the API.
    pub id: String,
    /// What it said about itself, with its id.
    pub info: FrameworkInfo,
    /// The roles that it has.
    pub roles: Vec<String>,
    /// What it is to the core, by role: in those that it has, and in those that it had.
    pub(super) clients: BTreeMap<RoleId, FrameworkId>,
    /// Whether its stream is open.
    pub connected: bool,
    /// Whether it is over; its tasks may still be ending.
    pub removed: bool,
    /// Whether it is over for so long that only its id is remembered.
    pub(super) forgotten: bool,
    /// When it is over unless it comes back.
    leaves_at: Option<Time>,
    /// Tasks that run, and ended ones whose last status is not acknowledged.
    pub tasks: BTreeMap<String, Task>,
    /// The ids of `tasks` by what the core calls them.
    pub(super) keys: BTreeMap<TaskKey, String>,
    /// Ended tasks, the oldest first.
    pub completed: VecDeque<Task>,
    /// When it first subscribed.
    pub registered: Time,
    /// When it last subscribed.
    pub reregistered: Time,
    /// When it was over.
    pub unregistered: Option<Time>,
}

impl Framework {
    /// Whether it said it has a capability.
    pub fn can(&self, capability: CapabilityType) -> bool {
        self.info.can(capability)
    }

    /// Its role, if it is one that cannot have several.
    pub(super) fn only_role(&self) -> Option<&str> {
        let only = self
            .roles
            .first()
            .filter(|_| !self.can(CapabilityType::MultiRole));
        only.map(String::as_str)
    }

    /// What its capabilities change about the resources it is shown, in one of its roles.
    pub(super) fn shape<'a>(&self, role: &'a str) -> Shape<'a> {
        Shape {
            refined: self.can(CapabilityType::ReservationRefinement),
            allocated_to: self.can(CapabilityType::MultiRole).then_some(role),
        }
    }

    pub(super) fn task_by_key(&self, key: TaskKey) -> Option<&Task> {
        self.tasks.get(self.keys.get(&key)?)
    }

    /// Takes a task out of the running ones.
    pub(super) fn complete(&mut self, task_id: &str) {
        let Some(mut task) = self.tasks.remove(task_id) else {
            return;
        };
        self.keys.remove(&task.key);
        if self.forgotten {
            return;
        }
        // It is not sent again.
        task.info.command = Command::default();
        self.completed.push_back(task);
        if self.completed.len() > COMPLETED_TASKS {
            self.completed.pop_front();
        }
    }

    fn forget(&mut self) {
        self.forgotten = true;
        // Whose it was: its sandboxes are still read.
        let principal = self.info.principal.take();
        self.info = FrameworkInfo {
            principal,
            ..FrameworkInfo::default()
        };
        self.completed = VecDeque::new();
    }
}

impl Cluster {
    /// The frameworks, by number.
    pub fn frameworks(&self) -> &[Framework] {
        &self.frameworks
    }

    /// The number of the framework with this id.
    pub fn framework_by_id(&self, id: &str) -> Option<FrameworkNumber> {
        // Ids of this master tell their number; others were taken over from an earlier one.
        let rest = id.strip_prefix(&self.settings.master_id);
        let number = rest.and_then(|rest| rest.strip_prefix('-')?.parse::<usize>().ok());
        if let Some(number) = number
            && self
                .frameworks
                .get(number)
                .is_some_and(|page| page.id == id)
        {
            return Some(FrameworkNumber(number as u32));
        }
        let position = self.frameworks.iter().position(|page| page.id == id);
        position.map(|index| FrameworkNumber(index as u32))
    }

    pub(super) fn subscribed(&mut self, info: FrameworkInfo, suppressed: &[String]) -> Answer {
        let roles = match self.check(&info, suppressed) {
            Ok(roles) => roles,
            Err(why) => return Answer::Refused(why),
        };
        let id = info.id();
        let framework = if let Some(known) = id.and_then(|id| self.framework_by_id(id)) {
            if let Err(why) = self.check_change(known, &info) {
                return Answer::Refused(why);
            }
            self.give_offers_back(known);
            self.fail_over(known);
            known
        } else if let Some(id) = id.filter(|id| id.starts_with(&self.settings.master_id)) {
            // Whoever took it would be mistaken for the framework that gets it one day.
            return Answer::Refused(format!(
                "FrameworkInfo.id `{id}` was never given by this master"
            ));
        } else {
            FrameworkNumber(self.frameworks.len() as u32)
        };
        let id = self.remember(framework, info, roles);
        // Said together, so that no offer is made in between.
        self.enter_roles(framework, suppressed);
        Answer::FrameworkSubscribed { framework, id }
    }

    /// A framework describes itself anew on the stream that it has.
    pub(super) fn updated(
        &mut self,
        framework: FrameworkNumber,
        info: FrameworkInfo,
        suppressed: &[String],
    ) -> Answer {
        let checked = self.check(&info, suppressed).and_then(|roles| {
            self.check_change(framework, &info)?;
            Ok(roles)
        });
        let roles = match checked {
            Ok(roles) => roles,
            Err(why) => return Answer::Refused(why),
        };
        let page = &mut self.frameworks[framework.index()];
        let id = page.info.id.clone();
        page.info = FrameworkInfo { id, ..info };
        page.roles = roles;
        self.enter_roles(framework, suppressed);
        Answer::Done
    }

    /// The roles of a framework that describes itself so.
    fn check(&self, info: &FrameworkInfo, suppressed: &[String]) -> Result<Vec<String>, String> {
        let roles = check_framework_info(info, suppressed)?;
        self.check_names(&roles)?;
        Ok(roles)
    }

    /// Whether a framework that is known may describe itself so.
    fn check_change(&self, framework: FrameworkNumber, info: &FrameworkInfo) -> Result<(), String> {
        let page = &self.frameworks[framework.index()];
        if page.removed {
            return Err("Framework has been removed".to_owned());
        }
        match changed(&page.info, info) {
            Some(member) => Err(format!("FrameworkInfo.{member} cannot be changed")),
            None => Ok(()),
        }
    }

    fn remember(
        &mut self,
        framework: FrameworkNumber,
        mut info: FrameworkInfo,
        roles: Vec<String>,
    ) -> String {
        let id = info.id().map_or_else(
            || format!("{}-{:04}", self.settings.master_id, framework.0),
            str::to_owned,
        );
        info.id = Some(Id { value: id.clone() });
        if let Some(page) = self.frameworks.get_mut(framework.index()) {
            page.info = info;
            page.roles = roles;
            page.connected = true;
            page.reregistered = self.now;
            self.leaves(framework, None);
        } else {
            self.frameworks.push(Framework {
                id: id.clone(),
                info,
                roles,
                clients: BTreeMap::new(),
                connected: true,
                removed: false,
                forgotten: false,
                leaves_at: None,
                tasks: BTreeMap::new(),
                keys: BTreeMap::new(),
                completed: VecDeque::new(),
                registered: self.now,
                reregistered: self.now,
                unregistered: None,
            });
        }
        id
    }

    /// Nobody is connected to a master that has just started. Whoever was has time to come back.
    pub(super) fn started(&mut self) {
        for index in 0..self.frameworks.len() {
            self.disconnected(FrameworkNumber(index as u32), self.settings.recovery);
        }
    }

    /// A framework's stream broke: its offers are given back and it has its failover timeout, at
    /// least `least`, to come back.
    pub(super) fn disconnected(&mut self, framework: FrameworkNumber, least: Span) {
        let now = self.now;
        let page = &mut self.frameworks[framework.index()];
        if page.removed {
            return;
        }
        page.connected = false;
        let wait = failover(&page.info).max(least);
        self.leaves(framework, Some(now + wait));
        if wait.is_zero() {
            self.framework_left(framework);
        } else {
            self.give_offers_back(framework);
        }
    }

    /// Takes everything out of a framework's hands and stops offering to it.
    fn give_offers_back(&mut self, framework: FrameworkNumber) {
        self.suppress_all(framework);
        self.take_offers_back(|offered| offered.framework == framework);
    }

    /// Rescinds the open offers that `are_meant`.
    pub(super) fn take_offers_back(&mut self, are_meant: impl Fn(&Offered) -> bool) {
        let open = self.offers.iter().filter(|(_, offered)| are_meant(offered));
        let meant: Vec<_> = open.map(|(id, offered)| (*id, offered.client)).collect();
        for (offer, client) in meant {
            self.rescind(client, offer);
            self.give_back(client, vec![offer], Span::ZERO);
        }
    }

    /// The end of what a framework hears on its older stream, if there is one.
    fn fail_over(&mut self, framework: FrameworkNumber) {
        if self.frameworks[framework.index()].connected {
            let event = json!({"type": "ERROR", "error": {"message": "Framework failed over"}});
            self.send_framework(framework, event);
            self.turn.outputs.push(Output::CloseFramework(framework));
        }
    }

    pub(super) fn torn_down(&mut self, framework: FrameworkNumber) {
        self.framework_left(framework);
        self.turn.outputs.push(Output::CloseFramework(framework));
    }

    pub(super) fn framework_left(&mut self, framework: FrameworkNumber) {
        let now_secs = self.now_secs();
        let page = &mut self.frameworks[framework.index()];
        if page.removed {
            return;
        }
        page.removed = true;
        page.connected = false;
        page.unregistered = Some(self.now);
        for task in page
            .tasks
            .values_mut()
            .filter(|task| !task.state.is_terminal())
        {
            task.note(json!({
                "state": "TASK_KILLED",
                "timestamp": now_secs,
                "reason": "REASON_FRAMEWORK_REMOVED",
                "source": "SOURCE_MASTER",
            }));
            task.orphaned = true;
        }
        self.leaves(framework, None);
        for framework in self.clients_of(framework) {
            self.tell(Event::FrameworkLeft { framework }, Cause::Core);
        }
        // Nobody is left to acknowledge what has already ended.
        let page = &self.frameworks[framework.index()];
        let ended: Vec<_> = page
            .tasks
            .values()
            .filter(|task| task.state.is_terminal())
            .map(|task| {
                let task_id = task.info.task_id.clone();
                (task.agent, task_id, task.key, task.uuid())
            })
            .collect();
        for (agent, task_id, key, uuid) in ended {
            if let Some(uuid) = uuid {
                self.acknowledge(agent, framework, &task_id, key, uuid);
            }
            self.frameworks[framework.index()].complete(&task_id);
        }
        self.gone.push_back(framework);
        if self.gone.len() > COMPLETED_FRAMEWORKS
            && let Some(oldest) = self.gone.pop_front()
        {
            self.frameworks[oldest.index()].forget();
        }
    }

    /// Sets when a framework is over unless it comes back.
    fn leaves(&mut self, framework: FrameworkNumber, at: Option<Time>) {
        let page = &mut self.frameworks[framework.index()];
        if let Some(before) = std::mem::replace(&mut page.leaves_at, at) {
            self.leaving.remove(&(before, framework));
        }
        self.leaving.extend(at.map(|at| (at, framework)));
    }
}
