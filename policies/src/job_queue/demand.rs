//! What a framework tells the master of its jobs: tasks by size, in the order in which they are served.

use std::collections::BTreeSet;

use super::{JobOrder, JobQueue, fewer};
use crate::demand::MOST;
use crate::message::{Demand, JobId};
use crate::resources::Resources;

/// Jobs, or tasks of jobs that are served in turns, that a demand names one by one.
pub(super) const LISTED: usize = 64;

impl JobQueue {
    /// All that waits and may start: what is served next one by one in its order, and what waits behind
    /// that by size.
    pub fn demand(&self, demand: &mut Vec<Demand>) {
        demand.clear();
        if let [(needs, waiting)] = self.sizes[..] {
            return add(demand, needs, waiting);
        }
        let mut rest = self.sizes.clone();
        let mut next = |needs, tasks: u64| {
            add(demand, needs, tasks);
            fewer(&mut rest, needs, tasks);
        };
        match self.by.order {
            JobOrder::Fifo => {
                for job in self.ready().take(LISTED) {
                    for (stage, tasks) in self.ready_stages(job) {
                        next(self.needs(job, stage), tasks.into());
                    }
                }
            }
            JobOrder::Fair | JobOrder::Least(_) => self.in_turns(next),
        }
        for (needs, tasks) in rest {
            add(demand, needs, tasks);
        }
        demand.truncate(MOST);
    }

    /// Tasks in the order in which they are served when every one that starts may move its job.
    fn in_turns(&self, mut next: impl FnMut(Resources, u64)) {
        let ready = self.ready.iter().take(LISTED);
        // Each with how many of it were named already.
        let mut turns: BTreeSet<((u64, u64), JobId, u32)> =
            ready.map(|(key, job)| (*key, *job, 0)).collect();
        for _ in 0..LISTED {
            let Some((key, job, named)) = turns.pop_first() else {
                break;
            };
            if named == 0 && self.is_served_whole(job, key) {
                for (stage, tasks) in self.ready_stages(job) {
                    next(self.needs(job, stage), tasks.into());
                }
                continue;
            }
            let mut before = named;
            let stage = self.ready_stages(job).find(|(_, tasks)| {
                let found = before < *tasks;
                before -= before.min(*tasks);
                found
            });
            if let Some((stage, _)) = stage {
                let entry = self.job(job);
                let then = entry.key(self.by, job, entry.running + named + 1);
                next(self.needs(job, stage), 1);
                turns.insert((then, job, named + 1));
            }
        }
    }

    /// Whether all that waits of a job is served in one turn: parts of two gangs would keep each other from
    /// ever being whole, and who does not move by starting stays first.
    fn is_served_whole(&self, job: JobId, key: (u64, u64)) -> bool {
        let entry = self.job(job);
        let waiting: u32 = self.ready_stages(job).map(|(_, tasks)| tasks).sum();
        let moved = || entry.key(self.by, job, entry.running + waiting);
        entry.spec.gang || (matches!(self.by.order, JobOrder::Least(_)) && moved() == key)
    }

    fn needs(&self, job: JobId, stage: u32) -> Resources {
        self.job(job).spec.stages[stage as usize].needs
    }
}

/// Adds tasks to the end of a demand.
fn add(demand: &mut Vec<Demand>, needs: Resources, tasks: u64) {
    let count = u32::try_from(tasks).unwrap_or(u32::MAX);
    match demand.last_mut() {
        Some(last) if last.needs == needs => last.count = last.count.saturating_add(count),
        _ => demand.push(Demand { needs, count }),
    }
}
