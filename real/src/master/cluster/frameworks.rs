//! Frameworks: who they are, how they come back, how they leave.

use std::collections::{BTreeMap, VecDeque};

use fairground_policies::message::{Event, FrameworkId, TaskId};
use fairground_policies::share::Weight;
use fairground_policies::time::{Span, Time};
use serde_json::json;

use super::answers::Offered;
use super::statuses::Cause;
use super::{Answer, Cluster, Output, Task};
use crate::protocol::Command;
use crate::wire::messages::framework::{CapabilityType, FrameworkInfo};
use crate::wire::proto::Wire as _;
use crate::wire::resources::Shape;
use crate::wire::{Id, bad_id, bad_role};

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
    /// Its role.
    pub role: String,
    /// How much it counts.
    pub weight: Weight,
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
    /// The ids of `tasks` by the core's numbers.
    pub(super) numbers: BTreeMap<TaskId, String>,
    /// The number of its next task.
    pub(super) next_task: u64,
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

    /// What its capabilities change about the resources it is shown.
    pub(super) fn shape(&self) -> Shape<'_> {
        Shape {
            refined: self.can(CapabilityType::ReservationRefinement),
            allocated_to: self
                .can(CapabilityType::MultiRole)
                .then_some(self.role.as_str()),
        }
    }

    pub(super) fn task_by_number(&self, number: TaskId) -> Option<&Task> {
        self.tasks.get(self.numbers.get(&number)?)
    }

    /// Takes a task out of the running ones.
    pub(super) fn complete(&mut self, task_id: &str) {
        let Some(mut task) = self.tasks.remove(task_id) else {
            return;
        };
        self.numbers.remove(&task.number);
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

/// How long a framework may stay away; longer than any cluster lives is for ever.
fn failover(info: &FrameworkInfo) -> Span {
    let seconds = info.failover_timeout.map_or(0.0, |timeout| timeout.0);
    Span::from_micros((seconds.max(0.0) * 1e6) as u64)
}

/// The role of a framework, checked with everything else that is wrong with a `FrameworkInfo`.
///
/// # Errors
/// The sentence for the ERROR event.
pub fn check_framework_info(info: &FrameworkInfo) -> Result<String, String> {
    if let Some(refused) = info.refused() {
        return Err(format!("FrameworkInfo: {refused}"));
    }
    if let Some(id) = info.id()
        && let Some(why) = bad_id(id)
    {
        return Err(format!("FrameworkInfo.id `{id}`: {why}"));
    }
    if info
        .failover_timeout
        .is_some_and(|seconds| seconds.0.is_nan())
    {
        return Err("FrameworkInfo.failover_timeout is NaN; expected seconds".into());
    }
    let multi = info.can(CapabilityType::MultiRole);
    let role = match (multi, &info.role, info.roles.as_slice()) {
        (true, Some(_), _) => {
            return Err(
                "FrameworkInfo.role is not for frameworks with MULTI_ROLE; use `roles`".into(),
            );
        }
        (false, _, [_, ..]) => {
            return Err("FrameworkInfo.roles needs the capability MULTI_ROLE; use `role`".into());
        }
        (true, None, []) => {
            return Err("FrameworkInfo.roles is empty; expected one role".into());
        }
        (true, None, [_, _, ..]) => {
            return Err("FrameworkInfo.roles has several; a framework here has one role".into());
        }
        (true, None, [role]) => role.as_str(),
        (false, role, []) => role.as_deref().unwrap_or("*"),
    };
    match bad_role(role) {
        Some(why) => Err(format!("FrameworkInfo.role `{role}`: {why}")),
        None => Ok(role.to_owned()),
    }
}

/// What may not change when a framework comes back, and has. What is absent is what stands for it.
fn changed(before: &FrameworkInfo, now: &FrameworkInfo) -> Option<&'static str> {
    let principal = |info: &FrameworkInfo| info.principal.clone().unwrap_or_default();
    if before.user != now.user {
        Some("user")
    } else if principal(before) != principal(now) {
        Some("principal")
    } else if before.checkpoint.unwrap_or(false) != now.checkpoint.unwrap_or(false) {
        Some("checkpoint")
    } else {
        None
    }
}

impl Cluster {
    /// The frameworks, by number.
    pub fn frameworks(&self) -> &[Framework] {
        &self.frameworks
    }

    /// The number of the framework with this id.
    pub fn framework_by_id(&self, id: &str) -> Option<FrameworkId> {
        // Ids of this master tell their number; others were taken over from an earlier one.
        let rest = id.strip_prefix(&self.settings.master_id);
        let number = rest.and_then(|rest| rest.strip_prefix('-')?.parse::<usize>().ok());
        if let Some(number) = number
            && self
                .frameworks
                .get(number)
                .is_some_and(|page| page.id == id)
        {
            return Some(FrameworkId(number as u32));
        }
        let position = self.frameworks.iter().position(|page| page.id == id);
        position.map(|index| FrameworkId(index as u32))
    }

    pub(super) fn subscribed(&mut self, info: FrameworkInfo, suppressed: bool) -> Answer {
        let role = match check_framework_info(&info) {
            Ok(role) => role,
            Err(why) => return Answer::Refused(why),
        };
        let weight = self
            .settings
            .weights
            .get(&role)
            .copied()
            .unwrap_or_default();
        let id = info.id();
        let known = id.and_then(|id| self.framework_by_id(id));
        let framework = if let Some(framework) = known {
            let page = &self.frameworks[framework.index()];
            if page.removed {
                return Answer::Refused("Framework has been removed".to_owned());
            }
            if let Some(member) = changed(&page.info, &info) {
                return Answer::Refused(format!("FrameworkInfo.{member} cannot be changed"));
            }
            if page.weight != weight {
                return Answer::Refused(format!(
                    "role `{role}` has another weight than `{}`; a framework's weight cannot change",
                    page.role
                ));
            }
            self.give_offers_back(framework);
            self.fail_over(framework);
            framework
        } else if let Some(id) = id.filter(|id| id.starts_with(&self.settings.master_id)) {
            // Whoever took it would be mistaken for the framework that gets it one day.
            return Answer::Refused(format!(
                "FrameworkInfo.id `{id}` was never given by this master"
            ));
        } else {
            FrameworkId(self.frameworks.len() as u32)
        };
        let id = self.remember(framework, info, role, weight);
        let event = if known.is_some() {
            Event::Revived { framework }
        } else {
            Event::FrameworkJoined {
                framework,
                weight,
                role: None,
            }
        };
        if suppressed {
            // Said first, so that no offer is made in between.
            if known.is_none() {
                self.tell(event, Cause::Core);
            }
            self.tell(Event::Suppressed { framework }, Cause::Core);
        } else {
            self.tell(event, Cause::Core);
        }
        Answer::FrameworkSubscribed { framework, id }
    }

    fn remember(
        &mut self,
        framework: FrameworkId,
        mut info: FrameworkInfo,
        role: String,
        weight: Weight,
    ) -> String {
        let id = info.id().map_or_else(
            || format!("{}-{:04}", self.settings.master_id, framework.0),
            str::to_owned,
        );
        info.id = Some(Id { value: id.clone() });
        if let Some(page) = self.frameworks.get_mut(framework.index()) {
            page.info = info;
            page.role = role;
            page.connected = true;
            page.reregistered = self.now;
            self.leaves(framework, None);
        } else {
            self.frameworks.push(Framework {
                id: id.clone(),
                info,
                role,
                weight,
                connected: true,
                removed: false,
                forgotten: false,
                leaves_at: None,
                tasks: BTreeMap::new(),
                numbers: BTreeMap::new(),
                next_task: 0,
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
            self.disconnected(FrameworkId(index as u32), self.settings.recovery);
        }
    }

    /// A framework's stream broke: its offers are given back and it has its failover timeout, at
    /// least `least`, to come back.
    pub(super) fn disconnected(&mut self, framework: FrameworkId, least: Span) {
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
    fn give_offers_back(&mut self, framework: FrameworkId) {
        self.tell(Event::Suppressed { framework }, Cause::Core);
        self.take_offers_back(|offered| offered.framework == framework);
    }

    /// Rescinds the open offers that `are_meant`.
    pub(super) fn take_offers_back(&mut self, are_meant: impl Fn(&Offered) -> bool) {
        let open = self.offers.iter().filter(|(_, offered)| are_meant(offered));
        let meant: Vec<_> = open.map(|(id, offered)| (*id, offered.framework)).collect();
        for (offer, framework) in meant {
            self.rescind(framework, offer);
            let event = Event::OffersAnswered {
                framework,
                offers: vec![offer],
                launch: Vec::new(),
                refuse: Span::ZERO,
            };
            self.tell(event, Cause::Core);
        }
    }

    /// The end of what a framework hears on its older stream, if there is one.
    fn fail_over(&mut self, framework: FrameworkId) {
        if self.frameworks[framework.index()].connected {
            let event = json!({"type": "ERROR", "error": {"message": "Framework failed over"}});
            self.send_framework(framework, event);
            self.turn.outputs.push(Output::CloseFramework(framework));
        }
    }

    pub(super) fn torn_down(&mut self, framework: FrameworkId) {
        self.framework_left(framework);
        self.turn.outputs.push(Output::CloseFramework(framework));
    }

    pub(super) fn framework_left(&mut self, framework: FrameworkId) {
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
        self.tell(Event::FrameworkLeft { framework }, Cause::Core);
        // Nobody is left to acknowledge what has already ended.
        let page = &self.frameworks[framework.index()];
        let ended: Vec<_> = page
            .tasks
            .values()
            .filter(|task| task.state.is_terminal())
            .map(|task| {
                let task_id = task.info.task_id.clone();
                (task.agent, task_id, task.number, task.uuid())
            })
            .collect();
        for (agent, task_id, number, uuid) in ended {
            if let Some(uuid) = uuid {
                self.acknowledge(agent, framework, &task_id, number, uuid);
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
    fn leaves(&mut self, framework: FrameworkId, at: Option<Time>) {
        let page = &mut self.frameworks[framework.index()];
        if let Some(before) = std::mem::replace(&mut page.leaves_at, at) {
            self.leaving.remove(&(before, framework));
        }
        self.leaving.extend(at.map(|at| (at, framework)));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn info(change: &Value) -> FrameworkInfo {
        let mut info = json!({"user": "u", "name": "n"});
        for (key, value) in change.as_object().unwrap() {
            info[key] = value.clone();
        }
        serde_json::from_value(info).unwrap()
    }

    #[test]
    fn a_framework_info_is_checked() {
        let check = |change: Value| check_framework_info(&info(&change));
        assert_eq!(check(json!({})), Ok("*".to_owned()));
        assert_eq!(check(json!({"role": "eng/web"})), Ok("eng/web".to_owned()));
        let multi = json!([{"type": "MULTI_ROLE"}, {"type": "OF_TOMORROW"}]);
        assert_eq!(
            check(json!({"roles": ["a"], "capabilities": multi})),
            Ok("a".to_owned())
        );
        for (change, word) in [
            (json!({"role": "-x"}), "begin"),
            (json!({"roles": ["a"]}), "MULTI_ROLE"),
            (
                json!({"roles": ["a", "b"], "capabilities": multi}),
                "several",
            ),
            (json!({"capabilities": multi}), "empty"),
            (json!({"role": "a", "capabilities": multi}), "roles"),
            (json!({"id": {"value": "a/b"}}), "no `/`"),
            (
                json!({"failover_timeout": "NaN"}),
                "failover_timeout is NaN",
            ),
            (
                json!({"offer_filters": {"*": {}}}),
                "`offer_filters` is not supported",
            ),
        ] {
            let error = check(change.clone()).unwrap_err();
            assert!(error.contains(word), "{change}: {error}");
        }
    }

    #[test]
    fn what_is_absent_is_what_stands_for_it() {
        let check = |before: Value, now: Value, expected| {
            assert_eq!(
                changed(&info(&before), &info(&now)),
                expected,
                "{before} {now}"
            );
        };
        check(json!({"checkpoint": false}), json!({}), None);
        check(json!({}), json!({"checkpoint": "false"}), None);
        check(json!({}), json!({"principal": ""}), None);
        check(
            json!({"role": "a"}),
            json!({"name": "m", "role": "b"}),
            None,
        );
        check(json!({}), json!({"checkpoint": true}), Some("checkpoint"));
        check(json!({"principal": "p"}), json!({}), Some("principal"));
        check(json!({}), json!({"user": ""}), Some("user"));
    }

    #[test]
    fn a_failover_timeout_may_be_text_and_long() {
        let year = 365 * 86_400;
        for (timeout, least) in [
            (json!(604_800), 604_800),
            (json!("604800"), 604_800),
            (json!(1e18), 1000 * year),
            (json!("Infinity"), 1000 * year),
        ] {
            let span = failover(&info(&json!({"failover_timeout": timeout})));
            assert!(span >= Span::from_secs(least), "{timeout}: {span:?}");
        }
        for timeout in [json!(null), json!(0), json!(-5), json!("-Infinity")] {
            assert!(failover(&info(&json!({"failover_timeout": timeout}))).is_zero());
        }
    }
}
