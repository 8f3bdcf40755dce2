//! One round of the scheduler: allocate, consolidation, reclaim, preempt, and the eviction of gangs that lack members
//! (`pkg/scheduler/actions`).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::cluster::{Cluster, State};
use super::division::{Weighted, divide_tree};
use super::order::{Next, compare};
use super::{Amounts, NOTHING, Queue, over_limit, over_quota, path, plus};
use crate::rules::ratio::Ratio;

/// A round under way.
#[derive(Clone, Debug)]
pub struct Round<'a> {
    /// The nodes, and who is where.
    pub cluster: Cluster<'a>,
    /// The queues, with what they hold now.
    pub queues: Vec<Queue>,
    pub(super) total: Amounts,
    pub(super) multiplier: Ratio,
}

impl<'a> Round<'a> {
    /// The start of a round: what queues hold and want is counted, and their fair shares follow. `k` is how much past use counts.
    pub fn new(cluster: Cluster<'a>, queues: Vec<Queue>, weighted: &[Weighted], k: Ratio) -> Self {
        let total = cluster.total();
        let mut round = Self {
            cluster,
            queues,
            total,
            multiplier: Ratio::ONE,
        };
        let mut weighted = weighted.to_vec();
        for queue in &mut round.queues {
            (queue.allocated, queue.fixed) = (NOTHING, NOTHING);
        }
        for id in 0..round.cluster.tasks.len() {
            let state = &round.cluster.tasks[id].state;
            let waits = *state == State::Pending;
            if state.active() {
                round.count(id, true);
            } else if !waits {
                continue;
            }
            let queue = round.cluster.jobs[round.cluster.tasks[id].job].queue;
            for above in path(&round.queues, queue) {
                weighted[above].wanted = plus(&weighted[above].wanted, &round.cluster.ask(id));
            }
        }
        divide_tree(&mut round.queues, &weighted, &total, k);
        round
    }

    fn below(&self, parent: Option<usize>) -> Vec<usize> {
        (0..self.queues.len())
            .filter(|id| self.queues[*id].parent == parent)
            .collect()
    }

    /// Runs all actions; every task's state is then what it is at the end of the round.
    pub fn run(&mut self) {
        self.allocate();
        self.consolidate();
        self.reclaim();
        self.preempt();
        for job in 0..self.cluster.jobs.len() {
            let active = self.active(job);
            if !active.is_empty() && active.len() < self.cluster.jobs[job].min_available {
                for task in active {
                    self.evict(task);
                }
            }
        }
    }

    /// Counts what a task holds for its queue and all above, or no longer.
    fn count(&mut self, task: usize, holds: bool) {
        let job = &self.cluster.jobs[self.cluster.tasks[task].job];
        let change = if holds { plus } else { super::minus };
        for id in path(&self.queues, job.queue) {
            let queue = &mut self.queues[id];
            queue.allocated = change(&queue.allocated, &job.ask);
            if job.fixed {
                queue.fixed = change(&queue.fixed, &job.ask);
            }
        }
    }

    pub(super) fn set(&mut self, task: usize, state: State) {
        let was = self.cluster.tasks[task].state.active();
        let is = state.active();
        self.cluster.tasks[task].state = state;
        if was != is {
            self.count(task, is);
        }
    }

    pub(super) fn evict(&mut self, task: usize) {
        match self.cluster.tasks[task].state.clone() {
            State::Running(place) => self.set(task, State::Releasing(place)),
            State::Binding(_) | State::Pipelined(_) => self.set(task, State::Pending),
            State::Pending | State::Releasing(_) => {}
        }
    }

    fn tasks(&self, job: usize, is: impl Fn(&State) -> bool) -> Vec<usize> {
        let tasks = self.cluster.tasks.iter().enumerate();
        let mut found: Vec<usize> = tasks
            .filter(|(_, task)| task.job == job && is(&task.state))
            .map(|(id, _)| id)
            .collect();
        found.sort_by_key(|id| (-self.cluster.tasks[*id].priority, *id));
        found
    }

    /// The tasks of a job that hold something, the most important first.
    pub(super) fn active(&self, job: usize) -> Vec<usize> {
        self.tasks(job, State::active)
    }

    pub(super) fn pending(&self, job: usize) -> Vec<usize> {
        self.tasks(job, |state| *state == State::Pending)
    }

    /// The tasks that a job would start next: all that it lacks to start, or one more.
    pub(super) fn next_tasks(&self, job: usize) -> Vec<usize> {
        let lacks = self.cluster.jobs[job]
            .min_available
            .saturating_sub(self.active(job).len());
        let pending = self.pending(job);
        let enough = pending.len() >= lacks;
        pending
            .into_iter()
            .take(lacks.max(1))
            .filter(|_| enough)
            .collect()
    }

    pub(super) fn ask_of(&self, tasks: &[usize]) -> Amounts {
        tasks
            .iter()
            .fold(NOTHING, |sum, task| plus(&sum, &self.cluster.ask(*task)))
    }

    /// Which of two jobs of a queue comes first.
    pub(super) fn compare_jobs(&self, one: usize, two: usize) -> Ordering {
        let jobs = self.cluster.jobs;
        let fill = |job: usize| self.active(job).len().cmp(&jobs[job].min_available);
        let by_priority = jobs[two].priority.cmp(&jobs[one].priority);
        by_priority
            .then_with(|| fill(one).cmp(&fill(two)))
            .then(one.cmp(&two))
    }

    /// The queue that comes first with its job, or last where victims are looked for (of whom `taken` are gone already).
    pub(super) fn pick(
        &self,
        parent: Option<usize>,
        jobs: &BTreeMap<usize, usize>,
        taken: Option<&[Amounts]>,
    ) -> Option<usize> {
        let below = self.below(parent).into_iter();
        let leaves = below.filter_map(|id| {
            let leaf = if jobs.contains_key(&id) {
                Some(id)
            } else {
                self.pick(Some(id), jobs, taken)
            };
            Some((id, leaf?))
        });
        let next = |(id, leaf): &(usize, usize)| Next {
            queue: &self.queues[*id],
            job: taken.map_or_else(|| self.ask_of(&self.next_tasks(jobs[leaf])), |_| NOTHING),
            victims: taken.map_or(NOTHING, |taken| taken[*id]),
        };
        let mut best: Option<(usize, usize)> = None;
        for one in leaves {
            let first = best.as_ref().is_none_or(|other| {
                let order = compare(&next(&one), &next(other), &self.total);
                if taken.is_some() {
                    order.is_gt()
                } else {
                    order.is_lt()
                }
            });
            if first {
                best = Some(one);
            }
        }
        best.map(|(_, leaf)| leaf)
    }

    /// The first job of each queue.
    pub(super) fn heads(&self, jobs: &[usize], last: bool) -> BTreeMap<usize, usize> {
        let mut heads: BTreeMap<usize, usize> = BTreeMap::new();
        for job in jobs {
            let head = heads.entry(self.cluster.jobs[*job].queue).or_insert(*job);
            let order = self.compare_jobs(*job, *head);
            if (last && order.is_gt()) || (!last && order.is_lt()) {
                *head = *job;
            }
        }
        heads
    }

    /// Jobs in the order in which they are served, each as long as `serve` says that there is more of it.
    pub(super) fn serve(
        &mut self,
        mut jobs: Vec<usize>,
        mut serve: impl FnMut(&mut Self, usize) -> bool,
    ) {
        loop {
            let heads = self.heads(&jobs, false);
            let Some(queue) = self.pick(None, &heads, None) else {
                return;
            };
            let job = heads[&queue];
            if !serve(self, job) {
                jobs.retain(|one| *one != job);
            }
        }
    }

    /// Jobs that have something to start.
    pub(super) fn waiting(&self) -> Vec<usize> {
        let jobs = 0..self.cluster.jobs.len();
        jobs.filter(|job| !self.next_tasks(*job).is_empty())
            .collect()
    }

    /// Whether no limit above a job forbids to start these of its tasks.
    pub(super) fn allowed(&self, job: usize, ask: &Amounts) -> bool {
        let one = &self.cluster.jobs[job];
        path(&self.queues, one.queue).into_iter().all(|id| {
            let queue = &self.queues[id];
            over_limit(queue, ask).is_none() && (!one.fixed || over_quota(queue, ask).is_none())
        })
    }

    fn allocate(&mut self) {
        self.serve(self.waiting(), |round, job| {
            let tasks = round.next_tasks(job);
            let before = round.clone();
            let placed =
                round.allowed(job, &round.ask_of(&tasks)) && round.place_all(&tasks, false);
            if !placed {
                *round = before;
            }
            placed && !round.next_tasks(job).is_empty()
        });
    }

    /// Places tasks, all or nothing: on what is free, or all of them promised where one has to wait.
    pub(super) fn place_all(&mut self, tasks: &[usize], promised: bool) -> bool {
        let mut waits = promised;
        for task in tasks {
            let Some((place, now)) = self.cluster.place(*task, false) else {
                return false;
            };
            waits |= !now;
            self.set(
                *task,
                if now {
                    State::Binding(place)
                } else {
                    State::Pipelined(place)
                },
            );
        }
        for task in tasks.iter().filter(|_| waits) {
            if let State::Binding(place) = self.cluster.tasks[*task].state.clone() {
                self.set(*task, State::Pipelined(place));
            }
        }
        true
    }
}
