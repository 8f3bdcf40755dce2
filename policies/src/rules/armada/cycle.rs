//! One cycle: who holds more than its share is evicted, all is placed again by fairness, and nodes that hold too much
//! then are put right (`preempting_queue_scheduler.go`).

use super::nodes::{Indexed, Nodes};
use super::pass::{Now, Pool, State};
use super::shares::{cost, shares};
use super::{Node, Run};
use crate::rules::ratio::Ratio;

/// What a cycle decides on, beside the pool.
#[derive(Clone, Debug)]
pub struct Cycle<'a> {
    /// Queues, jobs and rules.
    pub pool: &'a Pool<'a>,
    /// The nodes.
    pub nodes: &'a [Node],
    /// What they are searched by.
    pub index: &'a [Indexed],
    /// What is used of nodes by who is nobody's job: node, priority, amounts.
    pub used: &'a [(usize, i64, Vec<i64>)],
    /// Up to this fraction of its share a queue's jobs are not evicted (production: 1).
    pub protected: Ratio,
    /// Whether the share counts that a queue would have if it wanted without end.
    pub by_uncapped: bool,
}

/// What a cycle decided; jobs by their place in the pool.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Decisions {
    /// Who starts where, and at which priority.
    pub started: Vec<(usize, Run)>,
    /// Who has to go.
    pub preempted: Vec<usize>,
    /// Who was not even tried.
    pub never_tried: Vec<usize>,
}

impl<'a> Cycle<'a> {
    /// The state before anything is decided.
    pub fn start(&self) -> Now<'a> {
        let mut nodes = Nodes::new(self.nodes, self.pool.classes, self.index);
        for (node, priority, amounts) in self.used {
            nodes.hold(*node, *priority, amounts);
        }
        Now::new(self.pool, nodes)
    }

    /// The decisions of the cycle.
    pub fn run(&self) -> Decisions {
        let mut now = self.start();
        let evicted = now.with_mates(&self.unprotected(&now));
        now.evict(&evicted);
        now.index(false);
        let waits = |id: &usize| matches!(now.states[*id], State::Waits | State::Evicted(_));
        let candidates: Vec<usize> = (0..self.pool.jobs.len()).filter(waits).collect();
        now.run(&candidates, false);
        for id in now.evicted.clone() {
            now.let_go(id);
        }
        self.put_right(&mut now);
        self.decisions(&now)
    }

    /// One pass without evictions.
    pub fn pass(&self) -> Decisions {
        let mut now = self.start();
        let waiting = |id: &usize| now.states[*id] == State::Waits;
        let candidates: Vec<usize> = (0..self.pool.jobs.len()).filter(waiting).collect();
        now.run(&candidates, false);
        self.decisions(&now)
    }

    /// The jobs that run, may be made to go, and whose queue has more than is protected of its share.
    fn unprotected(&self, now: &Now<'_>) -> Vec<usize> {
        let pool = self.pool;
        let shares = shares(&pool.claims());
        let over = |queue: usize| {
            let share = shares[queue];
            let share = if self.by_uncapped {
                share.uncapped
            } else {
                share.capped.max(share.fair)
            };
            let held = cost(&now.held[queue], &pool.total, pool.factors);
            held > self.protected * share
        };
        let over: Vec<bool> = (0..pool.queues.len()).map(over).collect();
        let may_go = |id: &usize| {
            let job = &pool.jobs[*id];
            job.run.is_some()
                && pool.classes[job.shape.class].preemptible
                && job.queue.is_some_and(|queue| over[queue])
        };
        (0..pool.jobs.len()).filter(may_go).collect()
    }

    /// Evicts whoever runs where and at a priority at which more is used than there is, and places only these again.
    fn put_right(&self, now: &mut Now<'_>) {
        let pool = self.pool;
        let mut out = Vec::new();
        for node in 0..self.nodes.len() {
            let over = now.nodes.over_committed(node);
            for (id, job) in pool.jobs.iter().enumerate() {
                if let State::Runs(run) = now.states[id]
                    && run.node == node
                    && over.contains(&run.priority)
                    && job.queue.is_some()
                    && pool.classes[job.shape.class].preemptible
                {
                    out.push(id);
                }
            }
        }
        let out = now.with_mates(&out);
        now.evict(&out);
        now.index(true);
        let evicted = now.evicted.clone();
        now.run(&evicted, true);
        for id in now.evicted.clone() {
            now.let_go(id);
        }
    }

    fn decisions(&self, now: &Now<'_>) -> Decisions {
        let mut decisions = Decisions::default();
        for (id, job) in self.pool.jobs.iter().enumerate() {
            match (job.run, now.states[id]) {
                (None, State::Runs(run)) => decisions.started.push((id, run)),
                (Some(_), State::Gone) => decisions.preempted.push(id),
                (None, State::Waits) => decisions.never_tried.push(id),
                _ => {}
            }
        }
        decisions
    }
}
