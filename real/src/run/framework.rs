//! One framework of a recipe against a real master: the core's second-level scheduler, its jobs at
//! their times, its tasks as burners.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use fairground_policies::frameworks::{
    Framework, FrameworkAction, FrameworkEvent, TaskPurpose, WorkUnit,
};
use fairground_policies::message::{
    AgentId, Event, FrameworkId, OfferId, Outcome, TaskId, TaskRequest,
};
use fairground_policies::resources::Resources;
use fairground_policies::time::{Span, Time};
use fairground_workloads::measured::MeasuredJob;
use fairground_workloads::say;
use fairground_workloads::trace::Work;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::calibrate::Calibration;
use super::jobs::{BurnPlan, Progress};
use super::link::Mail;
use super::load::Load;
use crate::client::Call;
use crate::client::offers::{Offers, acknowledged, outcome};
use crate::client::stream::Subscription;
use crate::protocol::Amounts;
use crate::wire::ports::Ports;
use crate::wire::resources::Shape;

/// Tasks that fail by themselves before the run is given up: burners do not fail.
const FAILURES: u32 = 3;
/// Requests in one call: more tasks than a machine that plays a cluster runs at once.
const MOST_REQUESTS: usize = 10_000;
/// A framework to which nothing happens for so long, all work having arrived, waits in vain.
const PATIENCE: Duration = Duration::from_mins(2);

/// The clock of the trace, which runs faster than the wall's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) begun: Instant,
    pub(super) scale: u32,
}

impl Pace {
    /// Now, by the trace's clock.
    pub(super) fn now(self) -> Time {
        let passed = self.begun.elapsed().as_micros() as u64;
        Time::from_micros(passed * u64::from(self.scale))
    }

    fn instant(self, at: Time) -> Instant {
        self.begun + Duration::from_micros(at.as_micros() / u64::from(self.scale))
    }

    /// A length of time on the wall's clock.
    fn real(self, span: Span) -> Span {
        span.scaled(1, u64::from(self.scale))
    }
}

/// How burners are started.
#[derive(Clone, Debug)]
pub(super) struct Burners {
    /// The program that burns, where every task may run it.
    pub(super) program: PathBuf,
    /// Where tasks reach their frameworks.
    pub(super) driver: String,
    pub(super) calibration: Calibration,
}

/// A framework and all it runs.
pub(super) struct Live<'a> {
    id: FrameworkId,
    core: Framework,
    pace: Pace,
    burners: Burners,
    offers: Offers,
    progress: Progress,
    load: Option<Load<'a>>,
    /// Tasks that are not reported, by the core's numbers.
    tasks: BTreeMap<TaskId, String>,
    /// Tasks that reached us and take work.
    reached: BTreeMap<TaskId, UnboundedSender<u64>>,
    /// What executors work on.
    working: BTreeMap<TaskId, WorkUnit>,
    failures: u32,
    moved: Instant,
    horizon: Time,
}

impl<'a> Live<'a> {
    pub(super) fn new(
        id: FrameworkId,
        core: Framework,
        work: &'a Work,
        (pace, horizon): (Pace, Time),
        burners: Burners,
    ) -> Self {
        let load = match work {
            Work::Service(service) => Some(Load::new(service)),
            Work::Batch(_) | Work::Executors { .. } => None,
        };
        Self {
            id,
            core,
            pace,
            burners,
            offers: Offers::default(),
            progress: Progress::new(id, work),
            load,
            tasks: BTreeMap::new(),
            reached: BTreeMap::new(),
            working: BTreeMap::new(),
            failures: 0,
            moved: Instant::now(),
            horizon,
        }
    }

    /// Runs until all work is done; its jobs are counted in `done` as they are.
    ///
    /// # Errors
    /// When the master goes away, tasks fail, or nothing happens any more.
    pub(super) async fn run(
        mut self,
        mut subscription: Subscription,
        mut mail: UnboundedReceiver<Mail>,
        done: &AtomicU64,
    ) -> anyhow::Result<Vec<MeasuredJob>> {
        let mut told = 0;
        while !self.is_over() {
            let wake = tokio::time::sleep_until(self.wake_at()?.into());
            let calls = tokio::select! {
                event = subscription.next() => self.event(&event?)?,
                Some(mail) = mail.recv() => self.mail(mail)?,
                () = wake => self.due()?,
            };
            for (kind, member) in calls {
                subscription.call(kind, member).await?;
            }
            let now = self.progress.done_jobs();
            done.fetch_add(now - told, Ordering::Relaxed);
            told = now;
        }
        subscription.call("TEARDOWN", Value::Null).await?;
        Ok(self.progress.finish())
    }

    fn is_over(&self) -> bool {
        let served = self.load.as_ref().is_none_or(Load::is_over);
        self.progress.is_over() && served && self.tasks.is_empty()
    }

    /// When something is to be done although nothing happened.
    fn wake_at(&self) -> anyhow::Result<Instant> {
        if self.pace.now() > self.horizon && self.moved.elapsed() > PATIENCE {
            bail!(
                "nothing has happened for {} s; jobs wait in vain",
                PATIENCE.as_secs()
            );
        }
        let load = self.load.as_ref().and_then(Load::next);
        let times = [self.core.wake_at(), self.progress.next_submission(), load];
        let soonest = times.into_iter().flatten().min();
        let soonest = soonest.map(|at| self.pace.instant(at));
        let look = Instant::now() + Duration::from_secs(10);
        Ok(soonest.map_or(look, |at| at.min(look)))
    }

    /// Does whatever is due by now.
    fn due(&mut self) -> anyhow::Result<Vec<Call>> {
        let now = self.pace.now();
        let mut calls = Vec::new();
        while self.progress.next_submission().is_some_and(|at| at <= now) {
            self.moved = Instant::now();
            if let Some(job) = self.progress.submit(now) {
                let event = FrameworkEvent::JobSubmitted(job.id, Arc::clone(job.spec));
                calls.extend(self.tell(event)?);
            }
        }
        while let Some(load) = &mut self.load
            && load.next().is_some_and(|at| at <= now)
        {
            let event = load.measure();
            calls.extend(self.tell(event)?);
        }
        if self.core.wake_at().is_some_and(|at| at <= now) {
            calls.extend(self.tell(FrameworkEvent::TimePassed)?);
        }
        Ok(calls)
    }

    fn event(&mut self, event: &Value) -> anyhow::Result<Vec<Call>> {
        match event["type"].as_str().unwrap_or_default() {
            "OFFERS" => {
                let mut calls = Vec::new();
                for offer in self.offers.offered(event, self.id, agent_of)? {
                    calls.extend(self.tell(FrameworkEvent::Offered(offer))?);
                }
                Ok(calls)
            }
            "RESCIND" => match self.offers.rescinded(event) {
                Some(offer) => self.tell(FrameworkEvent::Rescinded(offer)),
                None => Ok(Vec::new()),
            },
            "UPDATE" => self.status(&event["update"]["status"]),
            "ERROR" => bail!("the master says: {}", event["error"]["message"]),
            _ => Ok(Vec::new()),
        }
    }

    fn status(&mut self, status: &Value) -> anyhow::Result<Vec<Call>> {
        let mut calls = Vec::from_iter(acknowledged(status));
        let id = status["task_id"]["value"].as_str().unwrap_or_default();
        let state = status["state"].as_str().unwrap_or_default();
        let Some(task) = number_of(id).filter(|task| self.tasks.contains_key(task)) else {
            return Ok(calls);
        };
        self.moved = Instant::now();
        let now = self.pace.now();
        let unit = match self.core.purpose(task) {
            Some(TaskPurpose::WorkUnit(unit)) => Some(unit),
            _ => self.working.get(&task).copied(),
        };
        // What another attempt has done is not done, or lost, a second time.
        let unit = unit.filter(|_| !self.core.is_beaten(task));
        let Some(outcome) = outcome(state) else {
            if let (Some(TaskPurpose::WorkUnit(unit)), "TASK_RUNNING") =
                (self.core.purpose(task), state)
            {
                self.progress.started(unit, now);
            }
            return Ok(calls);
        };
        self.tasks.remove(&task);
        self.reached.remove(&task);
        self.working.remove(&task);
        if outcome == Outcome::Failed {
            self.failed(id, state, status)?;
        }
        match (unit, outcome, self.core.purpose(task)) {
            (Some(unit), Outcome::Finished, Some(TaskPurpose::WorkUnit(_))) => self.done(unit, now),
            (Some(unit), ..) => self.progress.lost(unit),
            (None, ..) => {}
        }
        calls.extend(self.tell(FrameworkEvent::Reported { task, outcome })?);
        Ok(calls)
    }

    fn failed(&mut self, id: &str, state: &str, status: &Value) -> anyhow::Result<()> {
        let message = status["message"].as_str().unwrap_or_default();
        say!("{id}: {state}: {message}");
        self.failures += 1;
        if self.failures > FAILURES {
            bail!(
                "{} tasks failed by themselves, the last with: {message}",
                self.failures
            );
        }
        Ok(())
    }

    fn done(&mut self, unit: WorkUnit, now: Time) {
        for task in self.progress.done(unit, now) {
            self.go_on(task);
        }
    }

    /// Lets a reduce task begin the rest of its work.
    fn go_on(&mut self, task: TaskId) {
        let Some(TaskPurpose::WorkUnit(unit)) = self.core.purpose(task) else {
            return;
        };
        // Its agent plays no part: a reduce task has no data of its own.
        if let BurnPlan::Reduce(_, work) = self.progress.burn_plan(unit, AgentId(0)) {
            self.order(task, work);
        }
    }

    /// Tells a task to work for so long by the trace's clock.
    fn order(&mut self, task: TaskId, work: Span) {
        if let Some(orders) = self.reached.get(&task) {
            // A task that ended meanwhile is reported by its agent.
            let _ = orders.send(self.pace.real(work).as_micros());
        }
    }

    fn mail(&mut self, mail: Mail) -> anyhow::Result<Vec<Call>> {
        self.moved = Instant::now();
        let (Mail::Reached(id, _) | Mail::Done(id)) = &mail;
        let Some(task) = number_of(id).filter(|task| self.tasks.contains_key(task)) else {
            return Ok(Vec::new());
        };
        match (mail, self.core.purpose(task)) {
            (Mail::Reached(_, orders), Some(TaskPurpose::WorkUnit(unit))) => {
                self.reached.insert(task, orders);
                if self.progress.copied(task, unit) {
                    self.go_on(task);
                }
                Ok(Vec::new())
            }
            (Mail::Reached(_, orders), _) => {
                self.reached.insert(task, orders);
                self.tell(FrameworkEvent::ExecutorStarted(task))
            }
            (Mail::Done(_), _) => {
                let Some(unit) = self.working.remove(&task) else {
                    return Ok(Vec::new());
                };
                let now = self.pace.now();
                self.done(unit, now);
                self.tell(FrameworkEvent::WorkFinished {
                    executor: task,
                    unit,
                })
            }
        }
    }

    /// Tells the core's framework and turns what it orders into calls.
    fn tell(&mut self, event: FrameworkEvent) -> anyhow::Result<Vec<Call>> {
        let now = self.pace.now();
        let mut actions = Vec::new();
        self.core.step(now, event, &mut actions);
        let mut calls = Vec::new();
        for action in actions {
            match action {
                FrameworkAction::Tell(event) => calls.extend(self.call(event)?),
                FrameworkAction::Work {
                    executor,
                    unit,
                    cache,
                } => {
                    self.working.insert(executor, unit);
                    self.progress.started(unit, now);
                    self.order(executor, self.progress.work(unit, cache));
                }
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
                let Some(id) = self.tasks.get(&task) else {
                    return Ok(None);
                };
                ("KILL", json!({"task_id": {"value": id}}))
            }
            Event::DemandDeclared { demand, .. } => {
                // The API has no number beside a request.
                let requests = demand.iter().flat_map(|one| {
                    let request = json!({"resources": to_api(one.needs)});
                    std::iter::repeat_n(request, one.count as usize)
                });
                let requests: Vec<Value> = requests.take(MOST_REQUESTS).collect();
                ("REQUEST", json!({"requests": requests}))
            }
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
        let (agent, name) = agent.context("the scheduler answers an offer it does not have")?;
        let name = name.to_owned();
        let mut infos = Vec::new();
        for request in launch {
            let (id, info) = self.describe(request, agent, &name)?;
            self.tasks.insert(request.task, id);
            infos.push(info);
        }
        Ok(self.offers.answer(offers, &infos, self.pace.real(refuse)))
    }

    /// A task's id and its description: a burner for what it is to do.
    fn describe(
        &self,
        request: &TaskRequest,
        agent: AgentId,
        agent_name: &str,
    ) -> anyhow::Result<(String, Value)> {
        let purpose = self.core.purpose(request.task);
        let purpose = purpose.context("the scheduler launches a task it does not know")?;
        let micros = |span: Span| self.pace.real(span).as_micros().to_string();
        let (name, what) = match purpose {
            TaskPurpose::WorkUnit(unit) => {
                let name = format!("{}-s{}-{}", unit.job, unit.stage, unit.index);
                let what = match self.progress.burn_plan(unit, agent) {
                    BurnPlan::Plain(span) => vec!["task".to_owned(), micros(span)],
                    BurnPlan::Reduce(copy, work) => {
                        vec!["reduce".to_owned(), micros(copy), micros(work)]
                    }
                };
                (name, what)
            }
            TaskPurpose::Executor => ("executor".to_owned(), vec!["executor".to_owned()]),
            TaskPurpose::Instance => ("instance".to_owned(), vec!["instance".to_owned()]),
        };
        let id = format!("{name}.{}", request.task.0);
        let calibration = &self.burners.calibration;
        let mut rate = calibration.rate(request.needs);
        let limit = rate;
        if let (TaskPurpose::Instance, Some(load)) = (purpose, &self.load) {
            rate = (rate * load.target() / 1000).max(1);
        }
        let program = self.burners.program.display().to_string();
        let mut arguments = vec![program.clone(), "burn".to_owned()];
        arguments.extend(["--rate".to_owned(), rate.to_string()]);
        arguments.extend([
            "--hold".to_owned(),
            calibration.hold(request.needs).to_string(),
        ]);
        let own_name = format!("{} {id}", self.id.0);
        arguments.extend(["--driver".to_owned(), self.burners.driver.clone(), own_name]);
        arguments.extend(what);
        let info = json!({
            "name": name,
            "task_id": {"value": id},
            "agent_id": {"value": agent_name},
            "resources": to_api(request.needs),
            "limits": {"cpus": {"value": limit as f64 / 1000.0}},
            "command": {"shell": false, "value": program, "arguments": arguments},
        });
        Ok((id, info))
    }
}

fn to_api(needs: Resources) -> Value {
    Amounts::of(needs, &Ports::default()).to_api(&Shape::default())
}

/// The number at the end of a task's id.
fn number_of(id: &str) -> Option<TaskId> {
    id.rsplit('.').next()?.parse().ok().map(TaskId)
}

/// The trace's agent that an offer is of: they are named by their numbers.
fn agent_of(offer: &Value) -> AgentId {
    let name = offer["hostname"].as_str().unwrap_or_default();
    let number = name.rsplit('-').next().and_then(|text| text.parse().ok());
    AgentId(number.unwrap_or(0))
}
