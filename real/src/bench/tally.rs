//! What agents and frameworks count together.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// The counts. A task's id ends with the moment its offer came, so whoever meets the task knows how
/// long ago that was.
#[derive(Debug)]
pub(super) struct Tally {
    begun: Instant,
    next: AtomicU64,
    spans: Mutex<Spans>,
    /// Why agents and frameworks ended, although nobody ended them.
    pub(super) errors: Mutex<Vec<String>>,
}

/// Microseconds from offers to what came of them.
#[derive(Debug, Default)]
pub(super) struct Spans {
    /// Until the agent was told to run the task.
    pub(super) to_launch: Vec<u64>,
    /// Until the framework was told that the task had ended.
    pub(super) to_status: Vec<u64>,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            begun: Instant::now(),
            next: AtomicU64::new(0),
            spans: Mutex::default(),
            errors: Mutex::default(),
        }
    }

    /// Now, in microseconds.
    pub(super) fn now(&self) -> u64 {
        self.begun.elapsed().as_micros() as u64
    }

    /// A task's id, for an offer that came at this time.
    pub(super) fn name(&self, came: u64) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        format!("{number}.{came}")
    }

    /// How long ago a task's offer came.
    fn age(&self, task: &str) -> u64 {
        let came = task.rsplit_once('.').and_then(|(_, at)| at.parse().ok());
        self.now() - came.unwrap_or(0)
    }

    /// An agent was told to run a task.
    pub(super) fn launched(&self, task: &str) {
        let age = self.age(task);
        self.spans.lock().expect("no panic").to_launch.push(age);
    }

    /// A framework was told that a task had ended.
    pub(super) fn finished(&self, task: &str) {
        let age = self.age(task);
        self.spans.lock().expect("no panic").to_status.push(age);
    }

    /// What was counted since this was asked last, sorted.
    pub(super) fn take(&self) -> Spans {
        let mut spans = std::mem::take(&mut *self.spans.lock().expect("no panic"));
        spans.to_launch.sort_unstable();
        spans.to_status.sort_unstable();
        spans
    }
}
