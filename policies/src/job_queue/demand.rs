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
        match self.order {
            JobOrder::Fifo => {
                for job in self.ready().take(LISTED) {
                    for (stage, tasks) in self.ready_stages(job) {
                        next(self.needs(job, stage), tasks.into());
                    }
                }
            }
            JobOrder::Fair => {
                let ready = self.ready.iter().take(LISTED);
                let mut turns: BTreeSet<(u32, JobId)> = ready.copied().collect();
                for _ in 0..LISTED {
                    let Some((place, job)) = turns.pop_first() else {
                        break;
                    };
                    if self.job(job).spec.gang {
                        // All or nothing: parts of two would keep each other from ever being whole.
                        for (stage, tasks) in self.ready_stages(job) {
                            next(self.needs(job, stage), tasks.into());
                        }
                        continue;
                    }
                    // As many of it were named already.
                    let mut named = place - self.job(job).running;
                    let stage = self.ready_stages(job).find(|(_, tasks)| {
                        let found = named < *tasks;
                        named -= named.min(*tasks);
                        found
                    });
                    if let Some((stage, _)) = stage {
                        next(self.needs(job, stage), 1);
                        turns.insert((place + 1, job));
                    }
                }
            }
        }
        for (needs, tasks) in rest {
            add(demand, needs, tasks);
        }
        demand.truncate(MOST);
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
