//! Who has to go or move so that a job starts (`actions/consolidation`, `reclaim`, `preempt`, `common/solvers`).
//!
//! Victims are added one by one, what jobs have beyond their minimum first, then whole gangs; after each the job is
//! placed, then the victims where they still fit, and the first state that is accepted stands.

use std::collections::BTreeMap;

use super::cluster::State;
use super::cycle::Round;
use super::reclaim::Reclaimer;
use super::{Amounts, NOTHING, over_quota, path, plus};

impl Round<'_> {
    /// Jobs that hold something and may be made to go.
    fn movable(&self, may_go: impl Fn(&Self, usize) -> bool) -> Vec<usize> {
        let holds = |job: &usize| {
            let running =
                |task: &usize| matches!(self.cluster.tasks[*task].state, State::Running(_));
            self.active(*job).iter().any(running)
        };
        let jobs = (0..self.cluster.jobs.len()).filter(|job| !self.cluster.jobs[*job].fixed);
        jobs.filter(holds)
            .filter(|job| may_go(self, *job))
            .collect()
    }

    /// Jobs move together, so that a job fits that nobody has to go for.
    pub(super) fn consolidate(&mut self) {
        let jobs = self
            .waiting()
            .into_iter()
            .filter(|job| !self.cluster.jobs[*job].fixed)
            .collect();
        self.serve(jobs, |round, job| {
            let victims = round.movable(|_, other| other != job);
            round.solve(job, victims, Self::all_back)
        });
    }

    /// Takes back from other queues what is above their shares.
    pub(super) fn reclaim(&mut self) {
        self.serve(self.waiting(), |round, job| {
            let one = &round.cluster.jobs[job];
            let reclaimer = Reclaimer {
                queue: one.queue,
                ask: round.ask_of(&round.next_tasks(job)),
                fixed: one.fixed,
            };
            if !reclaimer.may_try(&round.queues) {
                return false;
            }
            let queue = one.queue;
            let victims = round.movable(|round, other| {
                let from = round.cluster.jobs[other].queue;
                from != queue && reclaimer.may_take_from(&round.queues, from)
            });
            let (queues, multiplier) = (round.queues.clone(), round.multiplier);
            round.solve(job, victims, move |round, gone| {
                let taken = round.bundles(gone);
                reclaimer.may_take(&queues, &taken, multiplier)
            })
        });
    }

    /// Makes less important jobs of the same queue go.
    pub(super) fn preempt(&mut self) {
        self.serve(self.waiting(), |round, job| {
            let one = &round.cluster.jobs[job];
            let ask = round.ask_of(&round.next_tasks(job));
            let own = path(&round.queues, one.queue);
            if one.fixed
                && own
                    .into_iter()
                    .any(|id| over_quota(&round.queues[id], &ask).is_some())
            {
                return false;
            }
            let victims = round.movable(|round, other| {
                let other = &round.cluster.jobs[other];
                other.queue == one.queue && other.priority < one.priority
            });
            round.solve(job, victims, |_, _| true)
        });
    }

    /// Whether all that were made to go have a place again.
    fn all_back(&self, gone: &[usize]) -> bool {
        gone.iter()
            .all(|task| self.cluster.tasks[*task].state.active())
    }

    /// By queue, what was taken and not given back: of a job what it has beyond its minimum one by one, the rest together.
    fn bundles(&self, gone: &[usize]) -> Vec<(usize, Vec<Amounts>)> {
        let lost = gone
            .iter()
            .copied()
            .filter(|task| !self.cluster.tasks[*task].state.active());
        let mut bundles: Vec<(usize, Vec<Amounts>)> = Vec::new();
        let mut whole: BTreeMap<usize, Amounts> = BTreeMap::new();
        let mut left: BTreeMap<usize, usize> = BTreeMap::new();
        for task in gone {
            *left.entry(self.cluster.tasks[*task].job).or_default() += 1;
        }
        let mut add = |queue: usize, amounts: Amounts| match bundles.last_mut() {
            Some((same, all)) if *same == queue => all.push(amounts),
            _ => bundles.push((queue, vec![amounts])),
        };
        for task in lost {
            let job = self.cluster.tasks[task].job;
            let one = &self.cluster.jobs[job];
            let more = self.active(job).len() + left[&job] > one.min_available;
            left.entry(job).and_modify(|left| *left -= 1);
            if more {
                add(one.queue, one.ask);
            } else {
                let sum = whole.entry(job).or_insert(NOTHING);
                *sum = plus(sum, &one.ask);
            }
        }
        for (job, amounts) in whole {
            add(self.cluster.jobs[job].queue, amounts);
        }
        bundles
    }

    /// Makes victims go until the job is placed and the state is accepted; whether there is more of the job to start.
    fn solve(
        &mut self,
        job: usize,
        mut victims: Vec<usize>,
        accepted: impl Fn(&Self, &[usize]) -> bool,
    ) -> bool {
        let tasks = self.next_tasks(job);
        if !self.allowed(job, &self.ask_of(&tasks)) {
            return false;
        }
        let mut evicted: Vec<usize> = Vec::new();
        let mut taken = vec![NOTHING; self.queues.len()];
        let mut emptied = self.clone();
        loop {
            let heads = self.heads(&victims, true);
            let Some(queue) = self.pick(None, &heads, Some(&taken)) else {
                return false;
            };
            let victim = heads[&queue];
            let mut holds: Vec<usize> = self.active(victim);
            holds.retain(|task| !evicted.contains(task));
            let more = holds.len() > self.cluster.jobs[victim].min_available;
            let now: Vec<usize> = if more {
                holds.pop().into_iter().collect()
            } else {
                holds
            };
            if !more {
                victims.retain(|one| *one != victim);
            }
            for task in &now {
                emptied.evict(*task);
                for id in path(&self.queues, queue) {
                    taken[id] = plus(&taken[id], &self.cluster.ask(*task));
                }
            }
            evicted.extend(now);
            let mut tried = emptied.clone();
            if tried.place_all(&tasks, true) {
                tried.give_back(&evicted);
                if accepted(&tried, &evicted) {
                    *self = tried;
                    return !self.next_tasks(job).is_empty();
                }
            }
        }
    }

    /// Gives those that were made to go a place where there is one; whoever finds its own stays.
    fn give_back(&mut self, evicted: &[usize]) {
        for task in evicted {
            let State::Releasing(own) = self.cluster.tasks[*task].state.clone() else {
                continue;
            };
            if self.cluster.still_fits(*task, &own) {
                self.set(*task, State::Running(own));
            } else if let Some((place, _)) = self.cluster.place(*task, true) {
                self.set(*task, State::Pipelined(place));
            }
        }
    }
}
