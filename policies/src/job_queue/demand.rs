//! What a framework tells the master of its jobs: tasks by size, in the order in which they are served.

use std::collections::BTreeSet;

use super::{JobOrder, JobQueue};
use crate::few::Few;
use crate::message::{Demand, JobId};
use crate::resources::Resources;

/// Jobs, or tasks of jobs that are served in turns, that a demand names one by one which is said again with every change.
pub(crate) const LISTED: usize = 64;
/// Jobs that a demand names one by one to which only what comes later is added.
pub(crate) const LISTED_ONCE: usize = 4096;

/// Parts of a demand at most, to the jobs that it names: those of several stages, and sizes behind them.
pub(crate) const MOST_TO_LISTED: usize = 4;

/// What became of a demand since it was asked for last: mostly something came behind all else, and a backlog need not be
/// gone through for that.
#[derive(Debug)]
pub(super) struct DemandChanges {
    /// What came last; nothing if anything else happened, too.
    added: Option<Few<Demand>>,
}

impl DemandChanges {
    pub(super) const fn new() -> Self {
        Self {
            added: Some(Few::new()),
        }
    }

    /// What came last so far, if nothing else happened; that is forgotten.
    pub(super) fn take(&mut self) -> Option<Few<Demand>> {
        self.added.take()
    }

    /// Something came behind all else.
    pub(super) fn came_last(&mut self, demand: Demand) {
        if let Some(added) = &mut self.added {
            added.push(demand);
        }
    }

    /// Something came, and not behind all else, or went, and not as it was served.
    pub(super) fn forget(&mut self) {
        self.added = None;
    }

    /// A task of a job started or ended, which may move the job.
    pub(super) fn moved(&mut self, order: JobOrder) {
        if order != JobOrder::Fifo {
            self.forget();
        }
    }
}

impl JobQueue {
    /// What came to wait behind all else since this was asked last, if nothing else happened but that tasks started, of
    /// each size those of the first jobs; `None` if all of the demand is to be looked at.
    pub(crate) fn take_added(&mut self) -> Option<Few<Demand>> {
        std::mem::replace(&mut self.changes, DemandChanges::new()).added
    }

    /// A job came, behind all others and behind what was `added` before.
    pub(super) fn came_last(&mut self, job: JobId, mut added: Few<Demand>) {
        for (stage, count) in self.ready_stages(job) {
            let needs = self.needs(job, stage);
            added.push(Demand { needs, count });
        }
        self.changes.added = Some(added);
    }

    /// All that waits and may start: what is served next one by one in its order, and what waits behind
    /// that by size. Whether it is in its order to the end.
    pub fn demand(&self, demand: &mut Vec<Demand>, listed: usize) -> bool {
        demand.clear();
        let sizes = self.sizes.waiting();
        let mut rest: Vec<(Resources, u64)> =
            sizes.map(|size| (size.needs, size.waiting)).collect();
        if let [(needs, waiting)] = rest[..] {
            add(demand, needs, waiting);
            return true;
        }
        let mut next = |needs, tasks: u64| {
            add(demand, needs, tasks);
            let mut rest = rest.iter_mut();
            let of_size = rest.find(|(size, _)| *size == needs);
            of_size.expect("a size that waits").1 -= tasks;
        };
        match self.by.order {
            JobOrder::Fifo => {
                for job in self.ready().take(listed) {
                    for (stage, tasks) in self.ready_stages(job) {
                        next(self.needs(job, stage), tasks.into());
                    }
                }
            }
            JobOrder::Fair | JobOrder::Least(_) => self.in_turns(next),
        }
        let most = MOST_TO_LISTED * listed;
        rest.retain(|(_, tasks)| *tasks > 0);
        let exact = rest.is_empty() && demand.len() <= most;
        for (needs, tasks) in rest {
            add(demand, needs, tasks);
        }
        demand.truncate(most);
        exact
    }

    /// Tasks in the order in which they are served when every one that starts may move its job.
    fn in_turns(&self, mut next: impl FnMut(Resources, u64)) {
        let ready = self.places().take(LISTED);
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
