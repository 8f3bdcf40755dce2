//! Drives the core's batch framework with the events of a real master: the same second-level
//! scheduler that the simulator drives.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use anyhow::bail;
use fairground_policies::frameworks::{Framework, Manners, News, Order, Piece, Role};
use fairground_policies::message::{
    AgentId, Event, FrameworkId, Offer, OfferId, Outcome, TaskId, TaskRequest,
};
use fairground_policies::registry::Registry;
use fairground_policies::time::{Span, Time};
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::job::Job;
use crate::wire::resources::{Resource, amounts};

/// The framework's own number for itself; its master has others.
const SELF: FrameworkId = FrameworkId(0);

/// A call to make.
pub(super) type Call = (&'static str, Value);

/// One job and its framework.
pub(super) struct Driver {
    job: Job,
    framework: Framework,
    begun: Instant,
    /// Offers and agents by the core's numbers, and back.
    offers: BTreeMap<OfferId, (String, String)>,
    offer_count: u64,
    agents: Vec<String>,
    tasks: BTreeMap<String, (TaskId, Piece)>,
    failures: BTreeMap<Piece, u32>,
    /// Tasks whose end the framework itself ordered.
    ordered: Vec<TaskId>,
    /// Tasks that finished.
    pub(super) finished: u64,
    /// All there are.
    pub(super) total: u64,
}

impl Driver {
    pub(super) fn new(job: Job) -> anyhow::Result<(Self, Vec<Call>)> {
        let spec = job.spec()?;
        let scheduler = Registry::default().scheduler(&job.scheduler)?;
        let mut driver = Self {
            framework: Framework::batch(SELF, Manners::default(), scheduler),
            begun: Instant::now(),
            offers: BTreeMap::new(),
            offer_count: 0,
            agents: Vec::new(),
            tasks: BTreeMap::new(),
            failures: BTreeMap::new(),
            ordered: Vec::new(),
            finished: 0,
            total: spec.tasks(),
            job,
        };
        let calls = driver.tell(News::JobSubmitted(Arc::new(spec)))?;
        Ok((driver, calls))
    }

    /// Until when nothing needs to be done, if no event comes.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        let at = self.framework.wake_at()?;
        Some(self.begun + std::time::Duration::from_micros(at.as_micros()))
    }

    /// The moment of `wake_at` has come.
    pub(super) fn wake(&mut self) -> anyhow::Result<Vec<Call>> {
        self.tell(News::TimePassed)
    }

    /// The stream broke: what was offered on it is gone.
    pub(super) fn disconnected(&mut self) -> anyhow::Result<()> {
        for offer in std::mem::take(&mut self.offers).into_keys() {
            // Nobody is there to hear what follows.
            self.tell(News::Rescinded(offer))?;
        }
        Ok(())
    }

    /// Takes in an event; the calls that follow.
    pub(super) fn event(&mut self, event: &Value) -> anyhow::Result<Vec<Call>> {
        match event["type"].as_str().unwrap_or_default() {
            "OFFERS" => self.offered(&event["offers"]["offers"]),
            "RESCIND" => {
                let id = &event["rescind"]["offer_id"]["value"];
                let found = self.offers.iter().find(|(_, (name, _))| id == name);
                match found.map(|(offer, _)| *offer) {
                    Some(offer) => {
                        self.offers.remove(&offer);
                        self.tell(News::Rescinded(offer))
                    }
                    None => Ok(Vec::new()),
                }
            }
            "UPDATE" => self.status(&event["update"]["status"]),
            "ERROR" => bail!("the master says: {}", event["error"]["message"]),
            _ => Ok(Vec::new()),
        }
    }

    fn offered(&mut self, offers: &Value) -> anyhow::Result<Vec<Call>> {
        let mut calls = Vec::new();
        for offer in offers.as_array().into_iter().flatten() {
            let text = |member: &str| {
                offer[member]["value"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            };
            let (name, agent_name) = (text("id"), text("agent_id"));
            let list = Vec::<Resource>::deserialize(&offer["resources"])?;
            let resources = amounts(&list).map_err(anyhow::Error::msg)?.counted();
            let id = OfferId(self.offer_count);
            self.offer_count += 1;
            let agent = self.agent(&agent_name);
            self.offers.insert(id, (name, agent_name));
            calls.extend(self.tell(News::Offered(Offer {
                id,
                framework: SELF,
                agent,
                resources,
            }))?);
        }
        Ok(calls)
    }

    fn agent(&mut self, name: &str) -> AgentId {
        let known = self.agents.iter().position(|agent| agent == name);
        let index = known.unwrap_or_else(|| {
            self.agents.push(name.to_owned());
            self.agents.len() - 1
        });
        AgentId(index as u32)
    }

    fn status(&mut self, status: &Value) -> anyhow::Result<Vec<Call>> {
        let mut calls = Vec::new();
        if let Some(uuid) = status.get("uuid") {
            let acknowledged = json!({
                "agent_id": status["agent_id"], "task_id": status["task_id"], "uuid": uuid,
            });
            calls.push(("ACKNOWLEDGE", acknowledged));
        }
        let id = status["task_id"]["value"].as_str().unwrap_or_default();
        let state = status["state"].as_str().unwrap_or_default();
        let message = status["message"].as_str().unwrap_or_default();
        let Some((task, piece)) = self.tasks.get(id).copied() else {
            return Ok(calls);
        };
        eprintln!(
            "{id} {} {message}",
            state.trim_start_matches("TASK_").to_lowercase()
        );
        let outcome = match state {
            "TASK_FINISHED" => Outcome::Finished,
            "TASK_FAILED" => Outcome::Failed,
            "TASK_KILLED" => Outcome::Killed,
            "TASK_ERROR" => bail!("{id} cannot run: {message}"),
            "TASK_LOST" | "TASK_DROPPED" | "TASK_GONE" | "TASK_UNREACHABLE" | "TASK_UNKNOWN" => {
                Outcome::Lost
            }
            _ => return Ok(calls),
        };
        self.tasks.remove(id);
        let was_ordered = self.ordered.contains(&task);
        self.ordered.retain(|ordered| *ordered != task);
        match outcome {
            Outcome::Finished => self.finished += 1,
            Outcome::Failed | Outcome::Killed if !was_ordered => {
                let failures = self.failures.entry(piece).or_default();
                *failures += 1;
                if *failures > self.job.retries {
                    bail!("{id} {state}: {message} (retries: {})", self.job.retries);
                }
            }
            Outcome::Failed | Outcome::Killed | Outcome::Lost => {}
        }
        calls.extend(self.tell(News::Reported { task, outcome })?);
        Ok(calls)
    }

    /// Tells the core's framework and turns what it orders into calls.
    fn tell(&mut self, news: News) -> anyhow::Result<Vec<Call>> {
        let now = Time::from_micros(self.begun.elapsed().as_micros() as u64);
        let mut orders = Vec::new();
        self.framework.step(now, news, &mut orders);
        let mut calls = Vec::new();
        for order in orders {
            match order {
                Order::Tell(event) => calls.extend(self.call(event)?),
                Order::Work { .. } => bail!("a batch job has no executors"),
            }
        }
        Ok(calls)
    }

    fn call(&mut self, event: Event) -> anyhow::Result<Option<Call>> {
        Ok(Some(match event {
            Event::OffersAnswered {
                offers,
                launch,
                refuse,
                ..
            } => return self.answer(&offers, &launch, refuse).map(Some),
            Event::Revived { .. } => ("REVIVE", Value::Null),
            Event::Suppressed { .. } => ("SUPPRESS", Value::Null),
            Event::KillRequested { task, .. } => {
                self.ordered.push(task);
                let id = self.tasks.iter().find(|(_, (number, _))| *number == task);
                let Some((id, _)) = id else {
                    return Ok(None);
                };
                ("KILL", json!({"task_id": {"value": id}}))
            }
            // Offers are not task-sized here, so nothing needs to be declared.
            _ => return Ok(None),
        }))
    }

    fn answer(
        &mut self,
        offers: &[OfferId],
        launch: &[TaskRequest],
        refuse: Span,
    ) -> anyhow::Result<Call> {
        let mut ids = Vec::new();
        let mut agent_id = String::new();
        for offer in offers {
            if let Some((name, agent)) = self.offers.remove(offer) {
                ids.push(json!({"value": name}));
                agent_id = agent;
            }
        }
        let mut infos = Vec::new();
        for request in launch {
            let Some(Role::Piece { piece, .. }) = self.framework.role(request.task) else {
                bail!("the scheduler launches a task it does not know");
            };
            let stage = &self.job.stage[piece.stage as usize];
            let id = format!("{}-{}.{}", stage.name, piece.index, request.task.0);
            infos.push(stage.task_info(&id, piece.index, &agent_id)?);
            self.tasks.insert(id, (request.task, piece));
        }
        let filters = json!({"refuse_seconds": refuse.as_micros() as f64 / 1e6});
        if infos.is_empty() {
            return Ok(("DECLINE", json!({"offer_ids": ids, "filters": filters})));
        }
        let operation = json!({"type": "LAUNCH", "launch": {"task_infos": infos}});
        Ok((
            "ACCEPT",
            json!({"offer_ids": ids, "operations": [operation], "filters": filters}),
        ))
    }
}
