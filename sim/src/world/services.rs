//! Services under load: requests, instances that serve them, response times.

use std::collections::BTreeMap;

use fairground_policies::frameworks::FrameworkEvent;
use fairground_policies::message::{FrameworkId, TaskId};
use fairground_policies::time::{Span, Time};
use fairground_workloads::trace;
use fairground_workloads::trace::Work;

use super::service_queue::{Fleet, Part, ServiceQueue, late, percentile};
use super::{Item, World};
use crate::record::Recorder;
use crate::run::ServiceRow;

/// One service: its load, its instances and the requests so far.
#[derive(Debug)]
pub(super) struct Service {
    spec: trace::Service,
    queue: ServiceQueue,
    /// Instances that serve, with when each is as fast as it gets.
    up: BTreeMap<TaskId, Time>,
    /// Those of them whose machines are shared, with what part of their speed they have.
    slowed: BTreeMap<TaskId, (u64, u64)>,
    /// Everything before this is accounted for.
    now: Time,
    /// Response times within the current step, and since the start.
    step: Vec<Part>,
    all: Vec<Part>,
    /// Instances times microseconds within the current step.
    served: u128,
    rows: Vec<ServiceRow>,
    over: bool,
}

impl Service {
    pub(super) fn new(work: &Work) -> Option<Self> {
        let Work::Service(spec) = work else {
            return None;
        };
        Some(Self {
            spec: spec.clone(),
            queue: ServiceQueue::new(spec.service_time, spec.routing),
            up: BTreeMap::new(),
            slowed: BTreeMap::new(),
            now: Time::ZERO,
            step: Vec::new(),
            all: Vec::new(),
            served: 0,
            rows: Vec::new(),
            over: false,
        })
    }

    /// Accounts for everything before `now`, step by step.
    fn advance(&mut self, now: Time) {
        let now = now.min(self.spec.end());
        let step = self.spec.step.as_micros();
        while self.now < now {
            let index = self.now.as_micros() / step;
            let boundary = Time::from_micros((index + 1) * step);
            let until = self.next_warm().map_or(now, |warm| warm.min(now));
            let until = boundary.min(until);
            let span = until - self.now;
            let requests = self.spec.load[index as usize];
            let part = requests as f64 * (span.as_micros() as f64 / step as f64);
            let instances = self.up.len() as u64;
            self.queue.serve(span, part, self.fleet(), &mut self.step);
            self.served += u128::from(instances) * u128::from(span.as_micros());
            self.now = until;
            if until == boundary {
                self.end_step(Time::from_micros(index * step), requests);
            }
        }
    }

    /// When each of those is at full speed that are still slow.
    fn still_cold(&self) -> impl Iterator<Item = Time> {
        // Most services have none, and thousands of instances.
        let some = !self.spec.cold.lasts.is_zero();
        let warm = self.up.values().take_while(move |_| some);
        warm.copied().filter(|warm| *warm > self.now)
    }

    fn next_warm(&self) -> Option<Time> {
        self.still_cold().min()
    }

    /// The instances as they are from `now` on.
    fn fleet(&self) -> Fleet {
        let cold = self.still_cold().count() as u64;
        Fleet {
            warm: self.up.len() as u64 - cold,
            cold,
            speed: f64::from(self.spec.cold.speed) / 1000.0,
            workers: u64::from(self.spec.workers),
            pace: self.pace(),
        }
    }

    /// An instance, up or not yet, runs at this part of its speed from `now` on.
    pub(super) fn runs_at(&mut self, now: Time, task: TaskId, part: (u64, u64)) {
        let part = (part.0 < part.1).then_some(part);
        if self.slowed.get(&task).copied() == part {
            return;
        }
        self.advance(now);
        match part {
            Some(part) => self.slowed.insert(task, part),
            None => self.slowed.remove(&task),
        };
    }

    /// The mean of how fast all instances are that serve: what is slower at one is faster at another,
    /// and requests go to all of them.
    fn pace(&self) -> f64 {
        if self.slowed.is_empty() || self.up.is_empty() {
            return 1.0;
        }
        let serving = self
            .slowed
            .iter()
            .filter(|(task, _)| self.up.contains_key(task));
        let lost = serving.map(|(_, (fast, slow))| 1.0 - *fast as f64 / *slow as f64);
        1.0 - lost.sum::<f64>() / self.up.len() as f64
    }

    fn end_step(&mut self, start: Time, requests: u64) {
        let instances = self.served * 1000 / u128::from(self.spec.step.as_micros());
        self.rows.push(ServiceRow {
            start,
            framework: FrameworkId(0),
            requests,
            instances: instances as u64,
            backlog: whole(self.queue.backlog()),
            missed: whole(late(&self.step, self.spec.slo)).min(requests),
            latency_p50: percentile(&self.step, 0.50),
            latency_p95: percentile(&self.step, 0.95),
            latency_p99: percentile(&self.step, 0.99),
        });
        self.served = 0;
        self.all.append(&mut self.step);
    }

    /// The load of the last `period`, waiting requests included, in thousandths of busy workers;
    /// at the start, the load to come.
    fn measure(&self, now: Time, period: Span) -> u64 {
        let from = Time::from_micros(now.as_micros().saturating_sub(period.as_micros()));
        let period = period.max(Span::from_micros(1));
        let requests = self.spec.arrivals(from, from + period)
            + u128::from(whole(self.queue.backlog())) * 1000;
        let busy = requests * u128::from(self.spec.service_time.as_micros());
        u64::try_from(busy.div_ceil(u128::from(period.as_micros()))).unwrap_or(u64::MAX)
    }

    pub(super) fn finish(&mut self, framework: FrameworkId, record: &mut Recorder) {
        self.advance(self.spec.end());
        let requests: u64 = self.rows.iter().map(|row| row.requests).sum();
        let page = record.framework(framework);
        page.requests = requests;
        page.missed = whole(late(&self.all, self.spec.slo)).min(requests);
        page.latency_p50 = percentile(&self.all, 0.50);
        page.latency_p95 = percentile(&self.all, 0.95);
        page.latency_p99 = percentile(&self.all, 0.99);
        for row in self.rows.drain(..) {
            record.service(ServiceRow { framework, ..row });
        }
    }
}

/// A count of requests as the nearest whole number.
fn whole(requests: f64) -> u64 {
    (requests + 0.5) as u64
}

impl World<'_> {
    pub(super) fn startup(&self, framework: FrameworkId) -> Span {
        self.services[framework.index()]
            .as_ref()
            .map_or(Span::ZERO, |s| s.spec.startup)
    }

    fn service(&mut self, framework: FrameworkId) -> &mut Service {
        self.services[framework.index()]
            .as_mut()
            .expect("an instance belongs to a service")
    }

    /// An instance that still runs begins to serve.
    pub(super) fn instance_up(&mut self, framework: FrameworkId, task: TaskId) {
        if self.agents.running_task(framework, task).is_none() {
            return;
        }
        let now = self.now;
        let service = self.service(framework);
        service.advance(now);
        let warm = now + service.spec.cold.lasts;
        service.up.insert(task, warm);
    }

    pub(super) fn instance_down(&mut self, framework: FrameworkId, task: TaskId) {
        let now = self.now;
        let service = self.service(framework);
        service.advance(now);
        service.up.remove(&task);
        service.slowed.remove(&task);
    }

    /// Tells a service its load, and arranges the next look at it.
    pub(super) fn measure(&mut self, framework: FrameworkId) {
        let now = self.now;
        let service = self.service(framework);
        service.advance(now);
        let end = service.spec.end();
        let event = if now >= end && !service.over {
            service.over = true;
            FrameworkEvent::LoadEnded
        } else {
            let period = service.spec.autoscaler.period.max(Span::from_secs(1));
            let load = service.measure(now, period);
            self.agenda
                .push((now + period).min(end), Item::Measure(framework));
            FrameworkEvent::LoadMeasured(load)
        };
        if event == FrameworkEvent::LoadEnded {
            self.liveness.open -= 1;
        }
        self.liveness.moves(now);
        self.tell_framework(framework, event);
    }
}
