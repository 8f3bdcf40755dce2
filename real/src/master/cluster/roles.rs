//! Roles, and who is in them.
//!
//! To the core a framework is in one role; one that subscribes with several is as many to it. So what the
//! core calls a framework is a client here: a framework in one of its roles, for good. Whose a task, an
//! offer or a refusal is in the core follows from the role it was offered to.

use std::collections::{BTreeMap, BTreeSet};

use fairground_policies::message::{Event, FrameworkId, RoleId, TaskId};
use fairground_policies::resources::{QuotaLimit, Resources};
use fairground_policies::share::Weight;
use serde::{Deserialize, Serialize};

use super::statuses::Cause;
use super::{Cluster, Task, TaskKey};

/// The most roles that frameworks can name, those above them included: the core keeps each for good.
const MOST_NAMED: usize = 100_000;

/// A framework, counted from zero in the order of first subscriptions; the core counts clients instead.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FrameworkNumber(pub u32);

impl FrameworkNumber {
    /// Its position among the frameworks.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What everything below a role is guaranteed and may not exceed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RoleQuota {
    /// What is kept for it.
    pub guarantee: Resources,
    /// The most it is offered.
    pub limit: QuotaLimit,
}

impl RoleQuota {
    /// That of a role of which nothing was said.
    pub const NONE: Self = Self {
        guarantee: Resources::ZERO,
        limit: QuotaLimit::NONE,
    };
}

/// A framework in one of its roles: what the core calls a framework.
#[derive(Debug)]
struct RoleClient {
    framework: FrameworkNumber,
    role: RoleId,
    /// Whether the core was told that it wants no offers.
    suppressed: bool,
    /// The number of its next task.
    next_task: u64,
}

/// Who is in which role, and what was said about roles.
#[derive(Debug)]
pub(super) struct RoleBook {
    /// The names of the roles that the core knows, by its numbers.
    names: Vec<String>,
    numbers: BTreeMap<String, RoleId>,
    /// By the core's numbers.
    clients: Vec<RoleClient>,
    pub(super) weights: BTreeMap<String, Weight>,
    pub(super) quotas: BTreeMap<String, RoleQuota>,
}

impl RoleBook {
    pub(super) const fn new(weights: BTreeMap<String, Weight>) -> Self {
        Self {
            names: Vec::new(),
            numbers: BTreeMap::new(),
            clients: Vec::new(),
            weights,
            quotas: BTreeMap::new(),
        }
    }

    /// The core's number of a role, once somebody needed one.
    pub(super) fn number(&self, name: &str) -> Option<RoleId> {
        self.numbers.get(name).copied()
    }

    /// How much a role counts.
    pub(super) fn weight(&self, name: &str) -> Weight {
        self.weights.get(name).copied().unwrap_or_default()
    }

    /// What a role is guaranteed and may not exceed.
    pub(super) fn quota(&self, name: &str) -> RoleQuota {
        self.quotas.get(name).copied().unwrap_or(RoleQuota::NONE)
    }

    /// Whose client this is.
    pub(super) fn framework_of(&self, client: FrameworkId) -> FrameworkNumber {
        self.clients[client.index()].framework
    }

    /// In which role it is.
    pub(super) fn role_of(&self, client: FrameworkId) -> &str {
        &self.names[self.clients[client.index()].role.index()]
    }

    /// Its next task.
    pub(super) fn next_task(&mut self, client: FrameworkId) -> TaskKey {
        let number = &mut self.clients[client.index()].next_task;
        let task = TaskId(*number);
        *number += 1;
        (client, task)
    }
}

impl Cluster {
    /// A task by what the core calls it.
    pub(super) fn task(&self, key: TaskKey) -> Option<&Task> {
        let framework = self.roles.framework_of(key.0);
        self.frameworks[framework.index()].task_by_key(key)
    }

    /// What a framework is to the core: in each of its roles, those it has left included.
    pub(super) fn clients_of(&self, framework: FrameworkNumber) -> Vec<FrameworkId> {
        let page = &self.frameworks[framework.index()];
        page.clients.values().copied().collect()
    }

    /// What it is in those of these roles that it has; in all of its roles when none is named.
    pub(super) fn clients_in(
        &self,
        framework: FrameworkNumber,
        roles: &[String],
    ) -> Vec<FrameworkId> {
        let page = &self.frameworks[framework.index()];
        let named: BTreeSet<&String> = roles.iter().collect();
        let own = page.roles.iter();
        let meant = own.filter(|role| named.is_empty() || named.contains(role));
        let numbers = meant.filter_map(|role| self.roles.number(role));
        let clients = numbers.filter_map(|role| page.clients.get(&role).copied());
        clients.collect()
    }

    /// Whether a framework may have these roles: names cost it little, and everybody the memory.
    pub(super) fn check_names(&self, roles: &[String]) -> Result<(), String> {
        let mut new: BTreeSet<&str> = BTreeSet::new();
        for role in roles {
            let mut next = Some(role.as_str());
            while let Some(name) = next
                && self.roles.number(name).is_none()
                && new.insert(name)
            {
                next = name.rsplit_once('/').map(|(above, _)| above);
            }
        }
        let known = self.roles.names.len();
        if !new.is_empty() && known + new.len() > MOST_NAMED {
            return Err(format!(
                "the cluster knows {known} roles, and {MOST_NAMED} are the most; these would be {} more",
                new.len()
            ));
        }
        Ok(())
    }

    /// The core's number of a role. When it is named first, the core is told of it and of all above it.
    pub(super) fn name_role(&mut self, name: &str) -> RoleId {
        if let Some(known) = self.roles.number(name) {
            return known;
        }
        if let Some((above, _)) = name.rsplit_once('/') {
            self.name_role(above);
        }
        let role = RoleId(self.roles.names.len() as u32);
        self.roles.names.push(name.to_owned());
        self.roles.numbers.insert(name.to_owned(), role);
        self.tell_role(role);
        role
    }

    /// Tells the core where a role stands and how much it counts.
    pub(super) fn tell_role(&mut self, role: RoleId) {
        let name = self.roles.names[role.index()].as_str();
        let above = name.rsplit_once('/').map(|(above, _)| above);
        let event = Event::RoleSet {
            role,
            parent: above.and_then(|above| self.roles.number(above)),
            weight: self.roles.weight(name),
        };
        self.tell(event, Cause::Core);
    }

    /// Puts a framework into the roles that it has now, and out of others: it is offered nothing there,
    /// and its tasks go on. For those among `suppressed` it wants no offers yet.
    pub(super) fn enter_roles(&mut self, framework: FrameworkNumber, suppressed: &[String]) {
        let roles = self.frameworks[framework.index()].roles.clone();
        let suppressed: BTreeSet<&String> = suppressed.iter().collect();
        let now: BTreeSet<FrameworkId> = self.clients_in(framework, &roles).into_iter().collect();
        let mut left = BTreeSet::new();
        for client in self.clients_of(framework) {
            if !now.contains(&client) && self.suppress(client, true) {
                left.insert(client);
            }
        }
        if !left.is_empty() {
            self.take_offers_back(|offered| left.contains(&offered.client));
        }
        for name in &roles {
            let role = self.name_role(name);
            let known = self.frameworks[framework.index()].clients.get(&role);
            let client = known.copied();
            let client = client.unwrap_or_else(|| self.join(framework, role));
            self.suppress(client, suppressed.contains(name));
        }
    }

    /// A framework is in a role for the first time.
    fn join(&mut self, framework: FrameworkNumber, role: RoleId) -> FrameworkId {
        let client = FrameworkId(self.roles.clients.len() as u32);
        self.roles.clients.push(RoleClient {
            framework,
            role,
            suppressed: false,
            next_task: 0,
        });
        let page = &mut self.frameworks[framework.index()];
        page.clients.insert(role, client);
        // It counts by its role.
        let event = Event::FrameworkJoined {
            framework: client,
            weight: Weight::ONE,
            role: Some(role),
        };
        self.tell(event, Cause::Core);
        client
    }

    /// Tells the core whether a client wants offers; whether that was news.
    fn suppress(&mut self, client: FrameworkId, suppressed: bool) -> bool {
        let known = &mut self.roles.clients[client.index()].suppressed;
        if std::mem::replace(known, suppressed) == suppressed {
            return false;
        }
        let event = if suppressed {
            Event::Suppressed { framework: client }
        } else {
            Event::Revived { framework: client }
        };
        self.tell(event, Cause::Core);
        true
    }

    /// A framework is offered nothing in all of its roles.
    pub(super) fn suppress_all(&mut self, framework: FrameworkNumber) {
        for client in self.clients_of(framework) {
            self.suppress(client, true);
        }
    }

    /// A framework wants no offers for these of its roles; for all when none is named.
    pub(super) fn suppressed(&mut self, framework: FrameworkNumber, roles: &[String]) {
        for client in self.clients_in(framework, roles) {
            self.suppress(client, true);
        }
    }

    /// A framework wants offers again; what it refused is forgotten.
    pub(super) fn revived(&mut self, framework: FrameworkNumber, roles: &[String]) {
        for client in self.clients_in(framework, roles) {
            self.roles.clients[client.index()].suppressed = false;
            self.tell(Event::Revived { framework: client }, Cause::Core);
        }
    }
}

#[cfg(test)]
mod tests {
    use fairground_policies::registry::Registry;
    use fairground_policies::time::{Span, Time};
    use serde_json::json;

    use super::*;
    use crate::master::cluster::{Answer, Input, Settings};

    fn cluster() -> Cluster {
        let settings = Settings {
            master_id: "m".to_owned(),
            allocator: "drf".parse().unwrap(),
            seed: 0,
            weights: BTreeMap::new(),
            images: BTreeMap::new(),
            recovery: Span::ZERO,
            started_unix_micros: 0,
        };
        Cluster::new(settings, &Registry::default()).unwrap()
    }

    /// Subscribes with these roles: what the core was told, and why it was refused.
    fn subscribe(cluster: &mut Cluster, roles: &[String]) -> Result<Vec<Event>, String> {
        let info = json!({"user": "u", "name": "n", "roles": roles,
                          "capabilities": [{"type": "MULTI_ROLE"}]});
        let input = Input::Subscribed {
            framework_info: serde_json::from_value(info).unwrap(),
            suppressed_roles: Vec::new(),
        };
        match cluster.step(Time::ZERO, input) {
            (Answer::Refused(why), _) => Err(why),
            (_, turn) => Ok(turn.steps.into_iter().map(|step| step.event).collect()),
        }
    }

    fn names(names: impl IntoIterator<Item = &'static str>) -> Vec<String> {
        names.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_role_is_told_once_and_after_those_above() {
        let mut cluster = cluster();
        let set = |role, parent| Event::RoleSet {
            role: RoleId(role),
            parent: Option::map(parent, RoleId),
            weight: Weight::ONE,
        };
        let join = |client, role| Event::FrameworkJoined {
            framework: FrameworkId(client),
            weight: Weight::ONE,
            role: Some(RoleId(role)),
        };
        let told = subscribe(&mut cluster, &names(["a/b/c", "*"]));
        let expected = vec![
            set(0, None),
            set(1, Some(0)),
            set(2, Some(1)),
            join(0, 2),
            set(3, None),
            join(1, 3),
        ];
        assert_eq!(told, Ok(expected));
        let told = subscribe(&mut cluster, &names(["a/d", "a"]));
        assert_eq!(told, Ok(vec![set(4, Some(0)), join(2, 4), join(3, 0)]));
        let clients = (0..4).map(|client| cluster.roles.framework_of(FrameworkId(client)).0);
        assert_eq!(clients.collect::<Vec<_>>(), [0, 0, 1, 1]);
    }

    #[test]
    fn roles_are_not_without_number() {
        let mut cluster = cluster();
        let many = |of: usize| -> Vec<String> { (0..999).map(|i| format!("{of}/{i}")).collect() };
        // With the one above each thousand.
        for of in 0..100 {
            assert!(subscribe(&mut cluster, &many(of)).is_ok());
        }
        let why = subscribe(&mut cluster, &names(["b/c"])).unwrap_err();
        let expected = "knows 100000 roles, and 100000 are the most; these would be 2 more";
        assert!(why.contains(expected), "{why}");
        assert!(subscribe(&mut cluster, &many(7)).is_ok(), "known ones");
        assert!(subscribe(&mut cluster, &[]).is_ok());
    }
}
