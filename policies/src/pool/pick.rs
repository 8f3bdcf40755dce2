//! The engine of `RLScheduler`'s tables (Zhang et al., SC 2020): one job is picked and waits until it fits.

use super::Pool;
use super::queue::WaitingJob;
use crate::time::Time;

/// The job that is next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Picked {
    one: WaitingJob,
    /// When it was expected to start, as it was picked.
    expected: Time,
}

impl Pool {
    pub(super) fn pick(&mut self, now: Time, backfill: bool, starts: &mut Vec<u32>) {
        loop {
            let picked = match self.picked {
                Some(picked) => picked,
                None => match self.queue.first() {
                    Some(one) => {
                        self.queue.remove_first();
                        let expected = self.expected_start(now, &one);
                        Picked { one, expected }
                    }
                    None => return,
                },
            };
            if i64::from(picked.one.job.processors) > self.free {
                self.picked = Some(picked);
                break;
            }
            self.picked = None;
            self.start(now, picked.one, starts);
        }
        if let Some(picked) = self.picked.filter(|_| backfill) {
            self.start_before(now, picked.expected, starts);
        }
    }

    /// Starts, in order of submission, those that are expected to end before then.
    fn start_before(&mut self, now: Time, then: Time, starts: &mut Vec<u32>) {
        let mut passing = Vec::new();
        let mut free = self.free;
        let mut ids: Vec<(u32, u32)> = Vec::new();
        for one in self.queue.behind() {
            if now + one.job.estimate < then {
                ids.push((one.id, one.job.processors));
            }
        }
        ids.sort_unstable();
        ids.retain(|(_, processors)| {
            let fits = i64::from(*processors) <= free;
            free -= if fits { i64::from(*processors) } else { 0 };
            fits
        });
        let passes = |one: &WaitingJob| ids.iter().any(|(id, _)| *id == one.id);
        self.queue.take(passes, &mut passing);
        passing.sort_unstable_by_key(|one| one.id);
        for one in passing {
            self.start(now, one, starts);
        }
    }

    /// When by all estimates there is room for a job.
    fn expected_start(&self, now: Time, one: &WaitingJob) -> Time {
        let mut free = self.free;
        for (end, _, processors) in &self.running.by_end {
            if free >= i64::from(one.job.processors) {
                break;
            }
            free += i64::from(*processors);
            if free >= i64::from(one.job.processors) {
                return *end;
            }
        }
        now
    }
}
