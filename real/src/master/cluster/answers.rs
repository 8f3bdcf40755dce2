//! Offers and what frameworks answer to them.

use std::collections::BTreeMap;

use fairground_policies::few::Few;
use fairground_policies::message::{AgentId, Event, FrameworkId, Offer, OfferId, TaskRequest};
use fairground_policies::resources::Resources;
use fairground_policies::time::Span;
use serde_json::{Value, json};

use super::statuses::{Cause, Notice};
use super::{Cluster, FrameworkNumber, State, Task, TaskKey};
use crate::protocol::{Amounts, FromMaster, RunTask};
use crate::wire::messages::framework::CapabilityType;
use crate::wire::messages::task::TaskInfo;
use crate::wire::order::Order;
use crate::wire::ports::Ports;

/// An open offer. Whatever ports are free go with it; the core knows nothing of them.
#[derive(Debug)]
pub(super) struct Offered {
    pub(super) framework: FrameworkNumber,
    /// What it is to the core, in the role that it is offered to.
    pub(super) client: FrameworkId,
    pub(super) agent: AgentId,
    pub(super) resources: Resources,
    pub(super) ports: Ports,
}

/// The offer id that no offer has: for names that are none of this master's.
const NO_OFFER: OfferId = OfferId(u64::MAX);

/// What the offers of one answer hold together.
struct Hand {
    /// Whether all are open, the framework's own, of one agent and of one role.
    valid: bool,
    client: Option<FrameworkId>,
    agent: Option<AgentId>,
    ports: Ports,
    /// Those of other roles than the first: the core does not take them for its client's.
    astray: Vec<(FrameworkId, OfferId)>,
}

impl Cluster {
    pub(super) fn make_offer(&mut self, offer: &Offer) -> Value {
        self.counts.offers += 1;
        let page = &mut self.agents[offer.agent.index()];
        let ports = std::mem::take(&mut page.free_ports);
        let amounts = Amounts::of(offer.resources, &ports);
        let number = self.roles.framework_of(offer.framework);
        let framework = &self.frameworks[number.index()];
        let shape = framework.shape(self.roles.role_of(offer.framework));
        let mut shown = json!({
            "id": {"value": format!("{}-O{}", self.settings.master_id, offer.id.0)},
            "framework_id": {"value": framework.id},
            "agent_id": {"value": page.id},
            "hostname": page.subscribe.hostname,
            "url": {"scheme": "http", "path": "/slave(1)", "address": address(&page.subscribe.address)},
            "resources": amounts.to_api(&shape),
        });
        let attributes = page.subscribe.attributes.iter();
        let attributes: Vec<Value> = attributes
            .map(|(name, value)| json!({"name": name, "type": "TEXT", "text": {"value": value}}))
            .collect();
        if !attributes.is_empty() {
            shown["attributes"] = Value::Array(attributes);
        }
        if let Some(role) = shape.allocated_to {
            shown["allocation_info"] = json!({"role": role});
        }
        let offered = Offered {
            framework: number,
            client: offer.framework,
            agent: offer.agent,
            resources: offer.resources,
            ports,
        };
        self.offers.insert(offer.id, offered);
        shown
    }

    /// What those of the open offers hold that are meant.
    pub(super) fn offered(&self, are_meant: impl Fn(&Offered) -> bool) -> Amounts {
        let mut ports = Ports::default();
        let mut sum = Resources::ZERO;
        for offered in self.offers.values().filter(|offered| are_meant(offered)) {
            sum += offered.resources;
            ports.add(&offered.ports);
        }
        Amounts::of(sum, &ports)
    }

    pub(super) fn answered(
        &mut self,
        framework: FrameworkNumber,
        offer_ids: &[String],
        tasks: Vec<TaskInfo>,
        refuse: Span,
    ) {
        let offers: Vec<OfferId> = offer_ids.iter().map(|id| self.offer_by_name(id)).collect();
        if tasks.is_empty() {
            return self.declined(framework, &offers, refuse);
        }
        let mut hand = self.take_in_hand(framework, &offers);
        // Without any offer of its own its tasks are lost, in whichever role.
        let any = || self.clients_of(framework).first().copied();
        let Some(client) = hand.client.or_else(any) else {
            for info in &tasks {
                self.refuse_task(framework, &hand, info, "");
            }
            return;
        };
        let mut requests = Vec::with_capacity(tasks.len());
        for info in tasks {
            match self.check_task(client, &info, &hand) {
                Ok(order) => requests.push(self.stage(client, &info, order, &mut hand)),
                Err(why) => self.refuse_task(framework, &hand, &info, &why),
            }
        }
        // What is left is the agent's again before the core may offer it anew.
        if let Some(agent) = hand.agent {
            self.agents[agent.index()].free_ports.add(&hand.ports);
        }
        let event = Event::OffersAnswered {
            framework: client,
            offers: offers.into(),
            launch: requests.into(),
            refuse,
        };
        let cause = if hand.valid {
            Cause::DoesNotFit
        } else {
            Cause::OffersInvalid
        };
        self.tell(event, cause);
        for (client, offer) in hand.astray {
            self.give_back(client, vec![offer], Span::ZERO);
        }
    }

    /// Offers that are not used are given back, those of one role and agent together.
    fn declined(&mut self, framework: FrameworkNumber, offers: &[OfferId], refuse: Span) {
        let mut alike: BTreeMap<(FrameworkId, AgentId), Vec<OfferId>> = BTreeMap::new();
        for id in offers {
            if let Some(offered) = self.take_own(framework, *id) {
                let ports = &mut self.agents[offered.agent.index()].free_ports;
                ports.add(&offered.ports);
                let of = (offered.client, offered.agent);
                alike.entry(of).or_default().push(*id);
            }
        }
        for ((client, _), offers) in alike {
            self.give_back(client, offers, refuse);
        }
    }

    /// Tells the core that nothing is launched on these offers.
    pub(super) fn give_back(&mut self, client: FrameworkId, offers: Vec<OfferId>, refuse: Span) {
        let event = Event::OffersAnswered {
            framework: client,
            offers: offers.into(),
            launch: Few::new(),
            refuse,
        };
        self.tell(event, Cause::Core);
    }

    fn offer_by_name(&self, name: &str) -> OfferId {
        let rest = name.strip_prefix(&self.settings.master_id);
        let number = rest.and_then(|rest| rest.strip_prefix("-O")?.parse().ok());
        number.map_or(NO_OFFER, OfferId)
    }

    /// Takes an open offer of the framework's own out of the books.
    fn take_own(&mut self, framework: FrameworkNumber, id: OfferId) -> Option<Offered> {
        let is_own = |offered: &Offered| offered.framework == framework;
        self.offers.get(&id).filter(|offered| is_own(offered))?;
        self.offers.remove(&id)
    }

    /// Takes the offers of an answer out of the books; their ports too. Offers that spoil the
    /// answer give their ports back.
    fn take_in_hand(&mut self, framework: FrameworkNumber, offers: &[OfferId]) -> Hand {
        let mut hand = Hand {
            valid: !offers.is_empty(),
            client: None,
            agent: None,
            ports: Ports::default(),
            astray: Vec::new(),
        };
        for id in offers {
            let Some(offered) = self.take_own(framework, *id) else {
                hand.valid = false;
                continue;
            };
            let client = *hand.client.get_or_insert(offered.client);
            let agent = *hand.agent.get_or_insert(offered.agent);
            if (client, agent) == (offered.client, offered.agent) {
                hand.ports.add(&offered.ports);
                continue;
            }
            hand.valid = false;
            let ports = &mut self.agents[offered.agent.index()].free_ports;
            ports.add(&offered.ports);
            if client != offered.client {
                hand.astray.push((offered.client, *id));
            }
        }
        hand
    }

    /// What only the API knows to be wrong with a task; amounts are the core's to judge.
    fn check_task(
        &self,
        client: FrameworkId,
        info: &TaskInfo,
        hand: &Hand,
    ) -> Result<Order, String> {
        let page = &self.frameworks[self.roles.framework_of(client).index()];
        let task = Order::of(info, self.roles.role_of(client))?;
        let problem = if page.tasks.contains_key(&task.task_id) {
            Some("Task has duplicate ID".to_owned())
        } else if let Some(image) = &task.image
            && !self.settings.images.contains_key(image)
        {
            Some(format!(
                "image `{image}` stands for no directory; start the master with --image {image}=DIR"
            ))
        } else if let Some(agent) = hand.agent.filter(|_| hand.valid) {
            let on = &self.agents[agent.index()].id;
            if task.agent_id != *on {
                Some(format!(
                    "Task uses agent {} while the offers are of {on}",
                    task.agent_id
                ))
            } else if !hand.ports.contains(&task.needs.port_set()) {
                Some(format!(
                    "Task uses ports {} while {} are offered",
                    task.needs.port_set(),
                    hand.ports
                ))
            } else {
                None
            }
        } else {
            None
        };
        match problem {
            None => Ok(task),
            Some(why) => Err(why),
        }
    }

    /// Writes a task into the books, so that the core can be asked to launch it.
    fn stage(
        &mut self,
        client: FrameworkId,
        info: &TaskInfo,
        task: Order,
        hand: &mut Hand,
    ) -> TaskRequest {
        let ports = task.needs.port_set();
        if hand.valid {
            hand.ports.remove(&ports);
        }
        let named = self.agent_by_id(&task.agent_id);
        let agent = hand.agent.or(named).unwrap_or(AgentId(u32::MAX));
        let key = self.roles.next_task(client);
        let framework = self.roles.framework_of(client);
        let page = &mut self.frameworks[framework.index()];
        page.keys.insert(key, task.task_id.clone());
        let needs = task.needs.counted();
        let staged = Task::staged(key, agent, task, info, self.now);
        page.tasks.insert(staged.info.task_id.clone(), staged);
        TaskRequest { task: key.1, needs }
    }

    /// Tells of a task that cannot be asked of the core. What is wrong with it does not matter when
    /// its offers are not valid.
    fn refuse_task(&mut self, framework: FrameworkNumber, hand: &Hand, info: &TaskInfo, why: &str) {
        let (state, reason, message) = if hand.valid {
            self.counts.ended[4] += 1;
            (State::Error, "REASON_TASK_INVALID", why)
        } else {
            self.counts.ended[3] += 1;
            let page = &self.frameworks[framework.index()];
            Cause::OffersInvalid.explain(page.can(CapabilityType::PartitionAware))
        };
        let notice = Notice {
            task_id: &info.task_id.value,
            agent_id: Some(&info.agent_id.value),
            state,
            reason,
            message,
        };
        let event = notice.event(self.now_secs());
        self.send_framework(framework, event);
    }

    /// The core ordered a launch.
    pub(super) fn launch(&mut self, key: TaskKey) {
        let agent = self.task(key).expect("a staged task").agent;
        self.agents[agent.index()].tasks.insert(key);
        self.send_task(agent, key);
    }

    /// Sends a task to its agent, for the first time or again.
    pub(super) fn send_task(&mut self, agent: AgentId, key: TaskKey) {
        let page = &self.frameworks[self.roles.framework_of(key.0).index()];
        let task = page.task_by_key(key).expect("a staged task");
        let info = &task.info;
        let image = info
            .image
            .as_ref()
            .and_then(|image| self.settings.images.get(image));
        let framework_user = Some(&page.info.user).filter(|user| !user.is_empty());
        let message = FromMaster::RunTask(Box::new(RunTask {
            framework_id: page.id.clone(),
            task_id: info.task_id.clone(),
            launch: self.launch_name(key),
            name: info.name.clone(),
            command: info.command.clone(),
            user: info.user.clone().or_else(|| framework_user.cloned()),
            resources: info.needs.clone(),
            limits: info.limits,
            kill_grace_millis: info.kill_grace_millis,
            max_completion_millis: info.max_completion_millis,
            root: image.filter(|root| *root != "/").cloned(),
            wants_killing_state: page.can(CapabilityType::TaskKillingState),
        }));
        self.send_agent(agent, message);
    }
}

/// `host:port` as the API writes an address.
fn address(text: &str) -> Value {
    let (host, port) = text.rsplit_once(':').unwrap_or((text, "0"));
    let port: u16 = port.parse().unwrap_or(0);
    json!({"hostname": host, "ip": host, "port": port})
}
