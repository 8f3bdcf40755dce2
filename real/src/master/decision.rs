//! The one thread that decides: inbox, step, log, deliver.
//!
//! Requests that wait together are stepped one by one, written to the log together and only then
//! answered and delivered, so that a forced write to the disk is shared by all of them.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use bytes::Bytes;
use fairground_policies::message::{AgentId, Demand};
use fairground_policies::time::Time;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::oneshot;
use uuid::Uuid;

use self::questions::Questions;
use super::clock::Clock;
use super::cluster::{Answer, Cluster, FrameworkNumber, Input, Output, Turn};
use super::links::{Link, LinkId, Links, Peer};
use super::metrics::Metrics;
use super::request::{Habits, Request, Verdict};
use crate::log::{Record, Writer};
use crate::protocol::FromMaster;
use crate::recordio;
use crate::wire::call::Body;
use crate::wire::messages::resource::Resource;
use crate::wire::resources::asked;
use crate::wire::to_ascii;

/// Requests taken together at most.
const BATCH: usize = 512;

/// No more requests are taken together once so many bytes are to be sent.
const BATCH_BYTES: usize = 16 << 20;

/// Parts of a demand that are kept of a framework: whoever asks for more is heard again when some of it was served.
const MOST_PARTS: usize = 256;

/// Something to be sent once the log is on disk.
enum Delivery {
    /// A record and what it is part of: see [`Link::send`].
    Record(Link, Bytes, u64),
    Verdict(oneshot::Sender<Verdict>, Verdict),
    View(oneshot::Sender<Value>, Value),
    Reader(oneshot::Sender<Option<bool>>, Option<bool>),
    /// The end of a stream.
    Close(Link),
}

/// The thread's state.
pub struct Decision {
    cluster: Cluster,
    log: Writer,
    links: Links,
    habits: Habits,
    metrics: Metrics,
    inbox: Receiver<Request>,
    /// For streams found dead while delivering, and to know what arrived before a ping was due.
    own: Sender<Request>,
    clock: Clock,
    /// When a ping is due; `None` while the inbox is read up to there.
    next_ping: Option<Instant>,
    deliveries: Vec<Delivery>,
    /// The number of what is being told: one for every request and every moment that comes.
    telling: u64,
    questions: BTreeMap<FrameworkNumber, Questions>,
    /// Bytes of the records among the deliveries.
    waiting: usize,
}

impl Decision {
    /// A thread's state; `last` is the time of the log's last record.
    pub fn new(
        cluster: Cluster,
        last: Time,
        log: Writer,
        habits: Habits,
        metrics: Metrics,
        (own, inbox): (Sender<Request>, Receiver<Request>),
    ) -> Self {
        let clock = Clock::new(cluster.settings().started_unix_micros, last);
        let mut links = Links::default();
        // Agents of an earlier life of this master have as long as its frameworks to come back.
        let recovery = Duration::from_micros(cluster.settings().recovery.as_micros());
        let pings = habits.pings(recovery.max(habits.silence));
        for (index, agent) in cluster.agents().iter().enumerate() {
            if agent.joined {
                links.hear(AgentId(index as u32), pings);
            }
        }
        Self {
            cluster,
            log,
            links,
            next_ping: Some(Instant::now() + habits.ping),
            habits,
            metrics,
            inbox,
            own,
            clock,
            deliveries: Vec::new(),
            telling: 1,
            questions: BTreeMap::new(),
            waiting: 0,
        }
    }

    /// Runs until told to stop.
    ///
    /// # Errors
    /// When the log cannot be written: what is not on disk must not be acted upon.
    pub fn run(mut self) -> std::io::Result<()> {
        // Nothing that fell due while the master was away happens before everybody has had time
        // to come back.
        let turn = self.step_at(self.clock.now(), Input::Started).1;
        self.queue(turn.outputs);
        loop {
            self.answer_questions();
            self.log.commit()?;
            self.deliver();
            let first = match self.inbox.recv_timeout(self.patience()) {
                Ok(Request::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    return Ok(());
                }
                Ok(request) => Some(request),
                Err(RecvTimeoutError::Timeout) => None,
            };
            let begun = Instant::now();
            let mut taken = 0;
            let mut next = first;
            while let Some(request) = next {
                if matches!(request, Request::Stop) {
                    return self.log.commit();
                }
                self.take(request);
                taken += 1;
                next = (taken < BATCH && self.waiting < BATCH_BYTES)
                    .then(|| self.inbox.try_recv().ok())
                    .flatten();
            }
            self.telling += 1;
            self.tick_until(self.clock.now());
            self.look_if_ping_is_due();
            self.metrics.turn(taken, begun.elapsed());
        }
    }

    /// How long nothing needs to be done.
    fn patience(&self) -> Duration {
        if self.can_answer() {
            return Duration::ZERO;
        }
        let until = |due: Instant| due.saturating_duration_since(Instant::now());
        let ping = self.next_ping.map_or(self.habits.ping, until);
        let wake = self.cluster.wake_at().map(|at| {
            let span = at.since(self.clock.now());
            Duration::from_micros(span.as_micros())
        });
        let sync = self.log.sync_due();
        let sync = sync.map(until);
        wake.into_iter().chain(sync).fold(ping, Duration::min)
    }

    /// Ticks come at the very moment the cluster asked for, as in the simulator, however late the
    /// thread is: a round that falls due is held before whatever came after it.
    fn tick_until(&mut self, now: Time) {
        while let Some(at) = self.cluster.wake_at().filter(|at| *at <= now) {
            let turn = self.step_at(at, Input::Tick).1;
            self.queue(turn.outputs);
        }
    }

    /// Who is silent is not said before everything is read that has arrived: however late the thread is,
    /// what an agent says may wait there.
    fn look_if_ping_is_due(&mut self) {
        if self.next_ping.is_some_and(|due| due <= Instant::now()) {
            self.next_ping = None;
            // The thread holds the inbox, so this cannot fail.
            let _ = self.own.send(Request::Ping);
        }
    }

    fn ping(&mut self) {
        self.next_ping = Some(Instant::now() + self.habits.ping);
        for agent in self.links.silent() {
            self.input(Input::AgentSilent { agent });
        }
        let links: Vec<Link> = self.links.agents().cloned().collect();
        for link in links {
            self.send(link, &FromMaster::Ping);
        }
    }

    /// Steps the cluster with an input and takes what follows into the log and the deliveries.
    fn input(&mut self, input: Input) -> Answer {
        let (answer, turn) = self.step(input);
        self.queue(turn.outputs);
        answer
    }

    fn step(&mut self, input: Input) -> (Answer, Turn) {
        let now = self.clock.now();
        self.tick_until(now);
        self.step_at(now, input)
    }

    fn step_at(&mut self, at: Time, input: Input) -> (Answer, Turn) {
        let (answer, mut turn) = self.cluster.step(at, input.clone());
        let steps = std::mem::take(&mut turn.steps);
        self.log.append(&Record::Turn { at, input, steps });
        (answer, turn)
    }

    fn queue(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Framework(framework, event) => {
                    if let Some(link) = self.links.framework(framework) {
                        self.send(link.clone(), &event);
                    }
                }
                Output::Agent(agent, message) => {
                    if let Some(link) = self.links.agent(agent) {
                        self.send(link.clone(), &message);
                    }
                }
                Output::CloseFramework(framework) => {
                    let link = self.links.detach_framework(framework);
                    self.deliveries.extend(link.map(Delivery::Close));
                }
                Output::CloseAgent(agent) => {
                    let link = self.links.detach_agent(agent);
                    self.deliveries.extend(link.map(Delivery::Close));
                }
            }
        }
    }

    /// A record of a stream.
    fn send(&mut self, link: Link, message: &impl Serialize) {
        let record = recordio::frame(&to_ascii(message));
        self.waiting += record.len();
        let record = Delivery::Record(link, record, self.telling);
        self.deliveries.push(record);
    }

    fn take(&mut self, request: Request) {
        self.telling += 1;
        match request {
            Request::Subscribe {
                framework_info,
                suppressed_roles,
                principal,
                link,
                reply,
            } => {
                let id = framework_info.id();
                let checked = self.check_framework(id, principal.as_deref());
                match (checked, self.unknown_id(id, principal.as_deref())) {
                    (Err(verdict), _) => self.deliveries.push(Delivery::Verdict(reply, verdict)),
                    (Ok(()), Some(why)) => self.refuse(link, reply, &why),
                    (Ok(()), None) => self.subscribe(framework_info, suppressed_roles, link, reply),
                }
            }
            Request::Call {
                framework_id,
                stream,
                body,
                principal,
                reply,
            } => {
                let verdict = match self.check_framework(Some(&framework_id), principal.as_deref())
                {
                    Ok(()) => self.call(&framework_id, stream.as_deref(), body),
                    Err(verdict) => verdict,
                };
                self.deliveries.push(Delivery::Verdict(reply, verdict));
            }
            Request::AgentSubscribe {
                subscribe,
                link,
                reply,
            } => match self.check_agent(&subscribe) {
                Ok(()) => self.agent_subscribe(subscribe, link, reply),
                Err(verdict) => self.deliveries.push(Delivery::Verdict(reply, verdict)),
            },
            Request::AgentCall { call, reply } => {
                let verdict = self.agent_call(call);
                self.deliveries.push(Delivery::Verdict(reply, verdict));
            }
            Request::Kill {
                framework_id,
                task_id,
                principal,
                reply,
            } => {
                let verdict = match self.check_framework(Some(&framework_id), principal.as_deref())
                {
                    Ok(()) => self.kill(&framework_id, task_id),
                    Err(verdict) => verdict,
                };
                self.deliveries.push(Delivery::Verdict(reply, verdict));
            }
            Request::MayRead {
                agent_id,
                key,
                framework_id,
                principal,
                reply,
            } => {
                let agent = self.agent_with_key(&agent_id, key);
                let may =
                    agent.map(|_| self.may_read(framework_id.as_deref(), principal.as_deref()));
                self.deliveries.push(Delivery::Reader(reply, may));
            }
            Request::Roles { order, reply } => {
                let verdict = self.order(order);
                self.deliveries.push(Delivery::Verdict(reply, verdict));
            }
            Request::View { view, reply } => {
                // It is the dearest that can be asked for; who has gone away does not want it.
                if !reply.is_closed() {
                    let shown = self.cluster.view(&view, &self.habits);
                    self.deliveries.push(Delivery::View(reply, shown));
                }
            }
            Request::Ping => self.ping(),
            Request::Closed(link) => self.closed(link),
            // The loop looks who has room, and ends before it comes here.
            Request::Drained | Request::Stop => {}
        }
    }

    fn call(&mut self, framework_id: &str, stream: Option<&str>, body: Body) -> Verdict {
        let Some(framework) = self.cluster.framework_by_id(framework_id) else {
            return Verdict::Bad("Framework cannot be found".to_owned());
        };
        let page = &self.cluster.frameworks()[framework.index()];
        if page.removed {
            return Verdict::Bad("Framework cannot be found".to_owned());
        }
        let Some(link) = self.links.framework(framework) else {
            return Verdict::Forbidden("Framework is not subscribed".to_owned());
        };
        match stream {
            None => {
                return Verdict::Bad(
                    "All non-subscribe calls should include the 'Mesos-Stream-Id' header"
                        .to_owned(),
                );
            }
            Some(stream) if Uuid::try_parse(stream).ok() != Some(link.stream) => {
                return Verdict::Bad(
                    "The stream ID in 'Mesos-Stream-Id' didn't match the stream ID of the subscription".to_owned(),
                );
            }
            Some(_) => {}
        }
        let body = match body {
            Body::Reconcile(tasks) => return self.ask(framework, tasks),
            body => body,
        };
        match self.input_of(framework, body) {
            Ok(Some(input)) => match self.input(input) {
                Answer::Refused(why) => Verdict::Bad(why),
                _ => Verdict::Accepted,
            },
            Ok(None) => Verdict::Accepted,
            Err(why) => Verdict::Bad(why),
        }
    }

    /// The input a call amounts to; `None` when it changes nothing.
    fn input_of(&self, framework: FrameworkNumber, body: Body) -> Result<Option<Input>, String> {
        Ok(Some(match body {
            Body::Subscribe { .. } | Body::Reconcile(_) => {
                return Err("SUBSCRIBE and RECONCILE have ways of their own".to_owned());
            }
            Body::Update {
                framework_info,
                suppressed_roles,
            } => Input::Updated {
                framework,
                framework_info,
                suppressed_roles,
            },
            Body::Teardown => Input::TornDown { framework },
            Body::Answer {
                offer_ids,
                tasks,
                refuse,
            } => Input::Answered {
                framework,
                offer_ids,
                tasks,
                refuse,
            },
            Body::Revive(roles) | Body::Suppress(roles) if !self.has_one_of(framework, &roles) => {
                return Ok(None);
            }
            Body::Revive(roles) => Input::Revived { framework, roles },
            Body::Suppress(roles) => Input::Suppressed { framework, roles },
            Body::Kill {
                task_id,
                agent_id,
                grace_millis,
            } => Input::KillRequested {
                framework,
                task_id,
                agent_id,
                grace_millis,
            },
            Body::Acknowledge {
                agent_id,
                task_id,
                uuid,
            } => Input::Acknowledged {
                framework,
                agent_id,
                task_id,
                uuid,
            },
            Body::Request(requests) => return self.demand(framework, &requests),
        }))
    }

    /// What a framework could start, in the role that it names, or its first; nothing any more if it names nothing.
    fn demand(
        &self,
        framework: FrameworkNumber,
        requests: &[Vec<Resource>],
    ) -> Result<Option<Input>, String> {
        let own = &self.cluster.frameworks()[framework.index()].roles;
        let named = requests.iter().flatten().find_map(Resource::allocated_to);
        let Some(role) = named.or(own.first().map(String::as_str)) else {
            return Ok(None);
        };
        if !own.iter().any(|one| one == role) {
            return Err(format!("REQUEST: the framework is not in role `{role}`"));
        }
        let mut demand: Vec<Demand> = Vec::new();
        for request in requests {
            let needs = asked(request, role)?.counted();
            match demand.last_mut() {
                Some(last) if last.needs == needs => last.count += 1,
                _ => demand.push(Demand { needs, count: 1 }),
            }
        }
        demand.truncate(MOST_PARTS);
        let role = role.to_owned();
        Ok(Some(Input::DemandDeclared {
            framework,
            role,
            demand,
        }))
    }

    /// Whether a call about these roles, none for all, is about one that the framework has.
    fn has_one_of(&self, framework: FrameworkNumber, roles: &[String]) -> bool {
        let own = &self.cluster.frameworks()[framework.index()].roles;
        roles.is_empty() || own.iter().any(|role| roles.contains(role))
    }

    fn closed(&mut self, link: LinkId) {
        if let Some(Peer::Framework(framework)) = self.links.closed(link) {
            self.input(Input::Disconnected { framework });
        }
    }

    /// Sends what is due. Whoever went away meanwhile does not hear it.
    fn deliver(&mut self) {
        // A stream ends when its link is dropped: after the answer to the call that ends it.
        let mut ending = Vec::new();
        self.waiting = 0;
        for delivery in self.deliveries.drain(..) {
            match delivery {
                Delivery::Record(link, record, telling) => {
                    self.metrics.sent(record.len());
                    if !link.send(record, telling) {
                        // The thread holds the inbox, so this cannot fail.
                        let _ = self.own.send(Request::Closed(link.id));
                    }
                }
                Delivery::Verdict(reply, verdict) => drop(reply.send(verdict)),
                Delivery::View(reply, shown) => drop(reply.send(shown)),
                Delivery::Reader(reply, may) => drop(reply.send(may)),
                Delivery::Close(link) => ending.push(link),
            }
        }
    }
}

mod doors;
mod questions;
mod subscriptions;
#[cfg(test)]
mod tests;
