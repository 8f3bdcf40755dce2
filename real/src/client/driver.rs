//! Drives the core's batch framework with the events of a real master: the same second-level
//! scheduler that the simulator drives.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use anyhow::bail;
use fairground_policies::frameworks::{
    Framework, FrameworkAction, FrameworkEvent, OfferPolicy, TaskPurpose, WorkUnit,
};
use fairground_policies::message::{
    AgentId, Event, FrameworkId, JobId, OfferId, Outcome, TaskId, TaskRequest,
};
use fairground_policies::registry::Registry;
use fairground_policies::resources::Resources;
use fairground_policies::time::{Span, Time};
use fairground_workloads::say;
use serde_json::{Value, json};

use super::Call;
use super::job::Job;
use super::offers::{Offers, acknowledged, outcome};
use super::waiting::misfit;

/// The framework's own number for itself; its master has others.
const SELF: FrameworkId = FrameworkId(0);

/// One job and its framework.
pub(super) struct Driver {
    job: Job,
    framework: Framework,
    begun: Instant,
    offers: Offers,
    /// Agents by the core's numbers.
    agents: Vec<String>,
    tasks: BTreeMap<String, (TaskId, WorkUnit)>,
    failures: BTreeMap<WorkUnit, u32>,
    /// Tasks whose end the framework itself ordered.
    ordered: Vec<TaskId>,
    /// What a task of each stage needs, and how many of them have not finished.
    stages: Vec<(Resources, u64)>,
    /// Tasks that finished.
    pub(super) finished: u64,
    /// All there are.
    pub(super) total: u64,
}

impl Driver {
    pub(super) fn new(job: Job, registry: &Registry) -> anyhow::Result<(Self, Vec<Call>)> {
        let spec = job.spec()?;
        let scheduler = registry.scheduler(&job.scheduler)?;
        let stages = spec.stages.iter();
        let stages = stages.map(|stage| (stage.needs, stage.tasks.into()));
        let mut driver = Self {
            framework: Framework::batch(SELF, OfferPolicy::default(), scheduler),
            begun: Instant::now(),
            offers: Offers::default(),
            agents: Vec::new(),
            tasks: BTreeMap::new(),
            failures: BTreeMap::new(),
            ordered: Vec::new(),
            stages: stages.collect(),
            finished: 0,
            total: spec.tasks(),
            job,
        };
        let calls = driver.tell(FrameworkEvent::JobSubmitted(JobId(0), Arc::new(spec)))?;
        Ok((driver, calls))
    }

    /// Until when nothing needs to be done, if no event comes.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        let at = self.framework.wake_at()?;
        Some(self.begun + std::time::Duration::from_micros(at.as_micros()))
    }

    /// The moment of `wake_at` has come.
    pub(super) fn wake(&mut self) -> anyhow::Result<Vec<Call>> {
        self.tell(FrameworkEvent::TimePassed)
    }

    /// The stream broke: what was offered on it is gone.
    pub(super) fn disconnected(&mut self) -> anyhow::Result<()> {
        for offer in self.offers.take_all() {
            // Nobody is there to hear what follows.
            self.tell(FrameworkEvent::Rescinded(offer))?;
        }
        Ok(())
    }

    /// What to say to a master that was away. It may never have heard of a launch or of an order to
    /// end a task: it is asked for every task by name, and told again.
    pub(super) fn came_back(&self) -> Vec<Call> {
        let id = |id: &String| json!({"task_id": {"value": id}});
        let tasks: Vec<Value> = self.tasks.keys().map(id).collect();
        let ordered = self.tasks.iter();
        let ordered = ordered.filter(|(_, (task, _))| self.ordered.contains(task));
        let kills = ordered.map(|(name, _)| ("KILL", id(name)));
        std::iter::once(("RECONCILE", json!({"tasks": tasks})))
            .chain(kills)
            .collect()
    }

    /// The stages that no agent has room for, and why.
    pub(super) fn waits_in_vain(&self, agents: &[Resources]) -> Vec<String> {
        let stages = self.job.stage.iter().zip(&self.stages);
        let left = stages.filter(|(_, (_, left))| *left > 0);
        left.filter_map(|(stage, (needs, _))| {
            let why = misfit(*needs, agents)?;
            Some(format!("stage `{}` waits: {why}", stage.name))
        })
        .collect()
    }

    /// Takes in an event; the calls that follow.
    pub(super) fn event(&mut self, event: &Value) -> anyhow::Result<Vec<Call>> {
        match event["type"].as_str().unwrap_or_default() {
            "OFFERS" => self.offered(event),
            "RESCIND" => match self.offers.rescinded(event) {
                Some(offer) => self.tell(FrameworkEvent::Rescinded(offer)),
                None => Ok(Vec::new()),
            },
            "UPDATE" => self.status(&event["update"]["status"]),
            "ERROR" => bail!("the master says: {}", event["error"]["message"]),
            _ => Ok(Vec::new()),
        }
    }

    fn offered(&mut self, event: &Value) -> anyhow::Result<Vec<Call>> {
        let agents = &mut self.agents;
        let number = |offer: &Value| {
            let name = offer["agent_id"]["value"].as_str().unwrap_or_default();
            let known = agents.iter().position(|agent| agent == name);
            let index = known.unwrap_or_else(|| {
                agents.push(name.to_owned());
                agents.len() - 1
            });
            AgentId(index as u32)
        };
        let mut calls = Vec::new();
        for offer in self.offers.offered(event, SELF, number)? {
            calls.extend(self.tell(FrameworkEvent::Offered(offer))?);
        }
        Ok(calls)
    }

    fn status(&mut self, status: &Value) -> anyhow::Result<Vec<Call>> {
        let mut calls = Vec::from_iter(acknowledged(status));
        let id = status["task_id"]["value"].as_str().unwrap_or_default();
        let state = status["state"].as_str().unwrap_or_default();
        let message = status["message"].as_str().unwrap_or_default();
        let Some((task, unit)) = self.tasks.get(id).copied() else {
            return Ok(calls);
        };
        say!(
            "{id} {} {message}",
            state.trim_start_matches("TASK_").to_lowercase()
        );
        if state == "TASK_ERROR" {
            bail!("{id} cannot run: {message}");
        }
        let Some(outcome) = outcome(state) else {
            return Ok(calls);
        };
        self.tasks.remove(id);
        let was_ordered = self.ordered.contains(&task);
        self.ordered.retain(|ordered| *ordered != task);
        match outcome {
            Outcome::Finished => {
                self.finished += 1;
                self.stages[unit.stage as usize].1 -= 1;
            }
            Outcome::Failed | Outcome::Killed if !was_ordered => {
                let failures = self.failures.entry(unit).or_default();
                *failures += 1;
                if *failures > self.job.retries {
                    bail!("{id} {state}: {message} (retries: {})", self.job.retries);
                }
            }
            Outcome::Failed | Outcome::Killed | Outcome::Lost | Outcome::Preempted => {}
        }
        calls.extend(self.tell(FrameworkEvent::Reported { task, outcome })?);
        Ok(calls)
    }

    /// Tells the core's framework and turns what it orders into calls.
    fn tell(&mut self, event: FrameworkEvent) -> anyhow::Result<Vec<Call>> {
        let now = Time::from_micros(self.begun.elapsed().as_micros() as u64);
        let mut actions = Vec::new();
        self.framework.step(now, event, &mut actions);
        let mut calls = Vec::new();
        for action in actions {
            match action {
                FrameworkAction::Tell(event) => calls.extend(self.call(event)?),
                FrameworkAction::Work { .. } => bail!("a batch job has no executors"),
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
        let agent = offers.first().and_then(|offer| self.offers.agent(*offer));
        let agent_id = agent.map_or("", |(_, name)| name).to_owned();
        let mut infos = Vec::new();
        for request in launch {
            let Some(TaskPurpose::WorkUnit(unit)) = self.framework.purpose(request.task) else {
                bail!("the scheduler launches a task it does not know");
            };
            let stage = &self.job.stage[unit.stage as usize];
            let id = format!("{}-{}.{}", stage.name, unit.index, request.task.0);
            infos.push(stage.task_info(&id, unit.index, &agent_id)?);
            self.tasks.insert(id, (request.task, unit));
        }
        Ok(self.offers.answer(offers, &infos, refuse))
    }
}
