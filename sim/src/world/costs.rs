//! What launching costs beside the work itself, and attempts that take longer than their work.
//!
//! Both are models of the world, not of a policy: whether an attempt is slow is drawn by what it is an
//! attempt at and how often that was tried before, so that two policies meet the same slow attempts.

use std::collections::BTreeMap;

use fairground_policies::frameworks::WorkUnit;
use fairground_policies::message::FrameworkId;
use fairground_policies::time::Span;
use fairground_workloads::recipe::{CostSpec, PreemptedWork};
use fairground_workloads::rng;

/// The costs of one run.
#[derive(Debug)]
pub(super) struct Costs {
    spec: CostSpec,
    seed: u64,
    /// The name of the next draw; kept to spare allocations.
    purpose: String,
    /// How often each piece of work that is not done was begun; kept only where attempts differ.
    attempts: BTreeMap<(FrameworkId, WorkUnit), u32>,
    /// For how long pieces of work that were preempted need not be worked on again.
    kept: BTreeMap<(FrameworkId, WorkUnit), Span>,
}

impl Costs {
    pub(super) const fn new(spec: CostSpec, seed: u64) -> Self {
        Self {
            spec,
            seed,
            purpose: String::new(),
            attempts: BTreeMap::new(),
            kept: BTreeMap::new(),
        }
    }

    /// From the order to start a task or an executor to its first own instruction.
    pub(super) const fn start(&self) -> Span {
        self.spec.start
    }

    /// How long the next attempt at a piece of work takes, in thousandths of what the work takes.
    pub(super) fn attempt(&mut self, framework: FrameworkId, unit: WorkUnit) -> u64 {
        if self.spec.stragglers == 0 {
            return 1000;
        }
        let attempt = self.attempts.entry((framework, unit)).or_default();
        *attempt += 1;
        let attempt = *attempt;
        name_draw(&mut self.purpose, framework, unit, attempt);
        let slow = rng::stream(self.seed, &self.purpose).chance(self.spec.stragglers);
        u64::from(if slow { self.spec.slowdown } else { 1000 })
    }

    /// A piece of work was preempted after it was worked on for so long in its last attempt; for how long
    /// of that in vain.
    pub(super) fn preempted(
        &mut self,
        framework: FrameworkId,
        unit: WorkUnit,
        worked: Span,
        left: PreemptedWork,
    ) -> Span {
        if left.is_lost() {
            return worked;
        }
        let kept = self.kept.entry((framework, unit)).or_default();
        let all = *kept + worked;
        *kept = left.kept(all);
        all.saturating_sub(*kept)
    }

    /// For how long a piece of work need not be worked on again.
    pub(super) fn kept(&self, framework: FrameworkId, unit: WorkUnit) -> Span {
        let kept = self.kept.get(&(framework, unit));
        kept.copied().unwrap_or(Span::ZERO)
    }

    /// A piece of work is done: there will be no further attempt.
    pub(super) fn done(&mut self, framework: FrameworkId, unit: WorkUnit) {
        if self.spec.stragglers > 0 {
            self.attempts.remove(&(framework, unit));
        }
        if !self.kept.is_empty() {
            self.kept.remove(&(framework, unit));
        }
    }
}

/// What the draw for an attempt is called. Every attempt has one, and half of all that costs were the general ways of `format!`.
fn name_draw(purpose: &mut String, framework: FrameworkId, unit: WorkUnit, attempt: u32) {
    let WorkUnit { job, stage, index } = unit;
    purpose.clear();
    purpose.push_str("straggler");
    for (mark, number) in [
        ("/f", framework.0),
        ("/j", job.0),
        ("/", stage),
        ("/", index),
        ("/", attempt),
    ] {
        purpose.push_str(mark);
        purpose.push_str(itoa::Buffer::new().format(number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fairground_policies::message::JobId;

    #[test]
    fn draws_are_named_by_what_they_are_for() {
        let unit = WorkUnit {
            job: JobId(12),
            stage: 0,
            index: u32::MAX,
        };
        let mut purpose = "another".to_owned();
        name_draw(&mut purpose, FrameworkId(3), unit, 7);
        assert_eq!(purpose, "straggler/f3/j12/0/4294967295/7");
    }
}
