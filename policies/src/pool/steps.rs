//! How many processors are free when: a step function of time.

use crate::time::{Span, Time};

/// Free processors by time.
#[derive(Clone, Debug)]
pub(super) struct FreeSteps {
    /// From this time on so many are free, until the next step; times grow, neighbours differ or not.
    steps: Vec<(Time, i64)>,
}

impl FreeSteps {
    pub(super) fn new(processors: u32) -> Self {
        Self {
            steps: vec![(Time::ZERO, processors.into())],
        }
    }

    /// Forgets what was before a time.
    pub(super) fn forget(&mut self, before: Time) {
        let gone = self.steps.partition_point(|(time, _)| *time <= before);
        if gone > 1 {
            self.steps.drain(..gone - 1);
        }
    }

    /// So many more are free (fewer, if below zero) from one time until another.
    pub(super) fn change(&mut self, from: Time, to: Time, more: i64) {
        if from >= to {
            return;
        }
        let first = self.step(from);
        let last = self.step(to);
        for (_, free) in &mut self.steps[first..last] {
            *free += more;
        }
        // What differs no longer is one step, so that there are never more of them than jobs have ends.
        for place in [last, first] {
            if place > 0 && self.steps[place].1 == self.steps[place - 1].1 {
                self.steps.remove(place);
            }
        }
    }

    /// The first time, not before `from`, from which on so many are free for so long.
    pub(super) fn earliest(&self, processors: u32, lasts: Span, from: Time) -> Time {
        let needs = i64::from(processors);
        let place = self.steps.partition_point(|(time, _)| *time <= from);
        let mut steps = self.steps[place.saturating_sub(1)..].iter();
        let mut start = None;
        for (time, free) in &mut steps {
            let time = (*time).max(from);
            match start {
                Some(start) if time >= start + lasts => return start,
                Some(_) if *free >= needs => {}
                None if *free >= needs => start = Some(time),
                _ => start = None,
            }
        }
        start.expect("no job is larger than the pool")
    }

    /// The position of the step that begins then.
    fn step(&mut self, at: Time) -> usize {
        let place = self.steps.partition_point(|(time, _)| *time < at);
        if self.steps.get(place).is_none_or(|(time, _)| *time != at) {
            let free = self.steps[place - 1].1;
            self.steps.insert(place, (at, free));
        }
        place
    }
}
