//! EASY backfilling (Mu'alem and Feitelson, IEEE TPDS 12(6), 2001, section 2.1).

use super::Pool;
use crate::time::Time;

impl Pool {
    /// Starts those behind the first, which does not fit, that delay it by no estimate: whoever ends by the time
    /// at which it can start (the shadow), or fits into what is left beside it then.
    pub(super) fn pass(&mut self, now: Time, mut usable: i64, starts: &mut Vec<u32>) {
        let Some(first) = self.queue.first().filter(|_| self.queue.len() > 1) else {
            return;
        };
        let fits = |processors: u32, usable: i64| i64::from(processors) <= usable;
        let mut behind = self.queue.behind().iter();
        if !behind.any(|one| fits(one.job.processors, usable)) {
            return;
        }
        let (shadow, mut beside) = self.shadow(now, usable - i64::from(first.job.processors));
        let mut passing = Vec::new();
        let passes = |one: &super::WaitingJob| {
            let processors = one.job.processors;
            if one.id == first.id || !fits(processors, usable) {
                return false;
            }
            let ends = now + one.job.estimate <= shadow;
            if !ends && !fits(processors, beside) {
                return false;
            }
            usable -= i64::from(processors);
            beside -= if ends { 0 } else { i64::from(processors) };
            true
        };
        self.queue.take(passes, &mut passing);
        for one in passing {
            self.start(now, one, starts);
        }
    }

    /// The first time at which this lack of processors is made up by expected ends, and what is left then after
    /// all ends of that instant.
    fn shadow(&self, now: Time, mut left: i64) -> (Time, i64) {
        let mut shadow = now;
        let leaving = |end: Time| self.policy.instant == super::SameInstant::Each && end <= now;
        for (end, _, processors) in &self.running.by_end {
            if leaving(*end) {
                continue;
            }
            // What runs longer than it was expected to may end at any moment.
            let end = (*end).max(now);
            if left >= 0 && end > shadow {
                break;
            }
            shadow = end;
            left += i64::from(*processors);
        }
        (shadow, left)
    }
}
