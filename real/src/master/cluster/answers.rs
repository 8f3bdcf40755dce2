//! Offers and what frameworks answer to them.

use fairground_policies::message::{
    AgentId, Event, FrameworkId, Offer, OfferId, TaskId, TaskRequest,
};
use fairground_policies::resources::Resources;
use fairground_policies::time::Span;
use serde_json::{Value, json};

use super::statuses::{Cause, Notice};
use super::{Cluster, State, Task};
use crate::protocol::{Amounts, FromMaster, RunTask};
use crate::wire::messages::framework::CapabilityType;
use crate::wire::messages::task::TaskInfo;
use crate::wire::order::Order;
use crate::wire::ports::Ports;

/// An open offer. Whatever ports are free go with it; the core knows nothing of them.
#[derive(Debug)]
pub(super) struct Offered {
    pub(super) framework: FrameworkId,
    pub(super) agent: AgentId,
    pub(super) resources: Resources,
    pub(super) ports: Ports,
}

/// The offer id that no offer has: for names that are none of this master's.
const NO_OFFER: OfferId = OfferId(u64::MAX);

/// What the offers of one answer hold together.
struct Hand {
    /// Whether all are open, the framework's own, and of one agent.
    valid: bool,
    agent: Option<AgentId>,
    ports: Ports,
}

impl Cluster {
    pub(super) fn make_offer(&mut self, offer: &Offer) -> Value {
        self.counts.offers += 1;
        let page = &mut self.agents[offer.agent.index()];
        let ports = std::mem::take(&mut page.free_ports);
        let amounts = Amounts::of(offer.resources, &ports);
        let framework = &self.frameworks[offer.framework.index()];
        let shape = framework.shape();
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
            framework: offer.framework,
            agent: offer.agent,
            resources: offer.resources,
            ports,
        };
        self.offers.insert(offer.id, offered);
        shown
    }

    /// What the open offers hold: amounts by framework or agent for the endpoints.
    pub fn offered(&self, of: impl Fn(FrameworkId, AgentId) -> bool) -> Amounts {
        let mine = self.offers.values().filter(|o| of(o.framework, o.agent));
        let mut ports = Ports::default();
        let mut sum = Resources::ZERO;
        for offered in mine {
            sum += offered.resources;
            ports.add(&offered.ports);
        }
        Amounts::of(sum, &ports)
    }

    pub(super) fn answered(
        &mut self,
        framework: FrameworkId,
        offer_ids: &[String],
        tasks: Vec<TaskInfo>,
        refuse: Span,
    ) {
        let offers: Vec<OfferId> = offer_ids.iter().map(|id| self.offer_by_name(id)).collect();
        if offers.is_empty() && tasks.is_empty() {
            return;
        }
        let mut hand = self.take_in_hand(framework, &offers);
        let mut requests = Vec::with_capacity(tasks.len());
        for info in tasks {
            match self.check_task(framework, &info, &hand) {
                Ok(order) => requests.push(self.stage(framework, &info, order, &mut hand)),
                Err(why) => self.refuse_task(framework, &hand, &info, &why),
            }
        }
        // What is left is the agent's again before the core may offer it anew.
        if let Some(agent) = hand.agent {
            self.agents[agent.index()].free_ports.add(&hand.ports);
        }
        let event = Event::OffersAnswered {
            framework,
            offers,
            launch: requests,
            refuse,
        };
        let cause = if hand.valid {
            Cause::DoesNotFit
        } else {
            Cause::OffersInvalid
        };
        self.tell(event, cause);
    }

    fn offer_by_name(&self, name: &str) -> OfferId {
        let rest = name.strip_prefix(&self.settings.master_id);
        let number = rest.and_then(|rest| rest.strip_prefix("-O")?.parse().ok());
        number.map_or(NO_OFFER, OfferId)
    }

    /// Takes the offers of an answer out of the books; their ports too. Offers that spoil the
    /// answer give their ports back.
    fn take_in_hand(&mut self, framework: FrameworkId, offers: &[OfferId]) -> Hand {
        let mut hand = Hand {
            valid: !offers.is_empty(),
            agent: None,
            ports: Ports::default(),
        };
        for id in offers {
            let is_own = |offered: &Offered| offered.framework == framework;
            if !self.offers.get(id).is_some_and(is_own) {
                hand.valid = false;
                continue;
            }
            let offered = self.offers.remove(id).expect("an open offer");
            if *hand.agent.get_or_insert(offered.agent) == offered.agent {
                hand.ports.add(&offered.ports);
            } else {
                hand.valid = false;
                self.agents[offered.agent.index()]
                    .free_ports
                    .add(&offered.ports);
            }
        }
        hand
    }

    /// What only the API knows to be wrong with a task; amounts are the core's to judge.
    fn check_task(
        &self,
        framework: FrameworkId,
        info: &TaskInfo,
        hand: &Hand,
    ) -> Result<Order, String> {
        let page = &self.frameworks[framework.index()];
        let task = Order::of(info, &page.role)?;
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
        framework: FrameworkId,
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
        let page = &mut self.frameworks[framework.index()];
        let number = TaskId(page.next_task);
        page.next_task += 1;
        page.numbers.insert(number, task.task_id.clone());
        let needs = task.needs.counted();
        let staged = Task::staged(number, agent, task, info, self.now);
        page.tasks.insert(staged.info.task_id.clone(), staged);
        TaskRequest {
            task: number,
            needs,
        }
    }

    /// Tells of a task that cannot be asked of the core. What is wrong with it does not matter when
    /// its offers are not valid.
    fn refuse_task(&mut self, framework: FrameworkId, hand: &Hand, info: &TaskInfo, why: &str) {
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
    pub(super) fn launch(&mut self, framework: FrameworkId, number: TaskId) {
        let page = &self.frameworks[framework.index()];
        let task = page.task_by_number(number).expect("a staged task");
        let agent = task.agent;
        self.agents[agent.index()].tasks.insert((framework, number));
        self.send_task(agent, framework, number);
    }

    /// Sends a task to its agent, for the first time or again.
    pub(super) fn send_task(&mut self, agent: AgentId, framework: FrameworkId, number: TaskId) {
        let page = &self.frameworks[framework.index()];
        let task = page.task_by_number(number).expect("a staged task");
        let info = &task.info;
        let image = info
            .image
            .as_ref()
            .and_then(|image| self.settings.images.get(image));
        let framework_user = Some(&page.info.user).filter(|user| !user.is_empty());
        let message = FromMaster::RunTask(Box::new(RunTask {
            framework_id: page.id.clone(),
            task_id: info.task_id.clone(),
            launch: self.launch_name(number),
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
