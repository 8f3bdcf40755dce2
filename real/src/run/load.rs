//! What a service's load balancer measures: the load of the trace.

use fairground_policies::frameworks::FrameworkEvent;
use fairground_policies::time::{Span, Time};
use fairground_workloads::trace::Service;

/// A service's load, looked at period after period. Times are those of the trace's clock.
#[derive(Debug)]
pub(super) struct Load<'a> {
    service: &'a Service,
    /// When it is looked at next; never again when it is over.
    next: Option<Time>,
}

impl<'a> Load<'a> {
    pub(super) const fn new(service: &'a Service) -> Self {
        Self {
            service,
            next: Some(Time::ZERO),
        }
    }

    pub(super) const fn next(&self) -> Option<Time> {
        self.next
    }

    pub(super) const fn is_over(&self) -> bool {
        self.next.is_none()
    }

    /// The part of an instance that is busy when the load is as aimed at, in thousandths.
    pub(super) fn target(&self) -> u64 {
        self.service.autoscaler.target.into()
    }

    /// Looks at the load: that of the last period, or of the first to come.
    pub(super) fn measure(&mut self) -> FrameworkEvent {
        let Some(now) = self.next else {
            return FrameworkEvent::LoadEnded;
        };
        let end = self.service.end();
        if now >= end {
            self.next = None;
            return FrameworkEvent::LoadEnded;
        }
        let period = self.service.autoscaler.period.max(Span::from_secs(1));
        self.next = Some((now + period).min(end));
        let from = Time::from_micros(now.as_micros().saturating_sub(period.as_micros()));
        let busy = self.service.arrivals(from, from + period)
            * u128::from(self.service.service_time.as_micros());
        let load = busy.div_ceil(u128::from(period.as_micros()));
        FrameworkEvent::LoadMeasured(u64::try_from(load).unwrap_or(u64::MAX))
    }
}
