//! The master's clock.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use fairground_policies::time::Time;

/// Wall time that never runs backwards, also over restarts.
#[derive(Debug)]
pub(super) struct Clock {
    base: Time,
    since: Instant,
}

impl Clock {
    pub(super) fn new(started_unix_micros: u64, last: Time) -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH);
        let unix = unix.map_or(0, |since| since.as_micros() as u64);
        let wall = Time::from_micros(unix.saturating_sub(started_unix_micros));
        Self {
            base: wall.max(last),
            since: Instant::now(),
        }
    }

    pub(super) fn now(&self) -> Time {
        Time::from_micros(self.base.as_micros() + self.since.elapsed().as_micros() as u64)
    }
}
