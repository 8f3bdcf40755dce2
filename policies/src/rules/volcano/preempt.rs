//! The actions reclaim and preempt (`actions/reclaim/reclaim.go`, `actions/preempt/preempt.go`).
//!
//! The order of nodes is open in the original; here it is theirs in the list.

use std::collections::{BTreeMap, VecDeque};

use super::session::Session;
use super::{Phase, Point, Status};

/// Jobs by queue, and the tasks of each that wait.
type Waiting = (
    BTreeMap<usize, Vec<usize>>,
    BTreeMap<usize, VecDeque<usize>>,
);

impl Session<'_> {
    /// The jobs that starve.
    fn starving(&self) -> Waiting {
        let (mut jobs, mut tasks) = (BTreeMap::<usize, Vec<usize>>::new(), BTreeMap::new());
        for (id, job) in self.snapshot.jobs.iter().enumerate() {
            let admitted = self.state.phase[id] != Phase::Pending;
            if admitted && self.job_valid(id) && self.job_starving(id) {
                jobs.entry(job.queue).or_default().push(id);
                tasks.insert(id, self.waiting(id));
            }
        }
        (jobs, tasks)
    }

    fn waiting(&self, job: usize) -> VecDeque<usize> {
        let waits = |task: &&usize| self.state.status[**task] == Status::Pending;
        self.of_job[job].iter().filter(waits).copied().collect()
    }

    /// Running tasks of a node that may be made to go.
    fn on_node(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        let here = move |id: &usize| {
            self.state.status[*id] == Status::Running(Some(node))
                && self.snapshot.tasks[*id].preemptable
        };
        (0..self.snapshot.tasks.len()).filter(here)
    }

    /// Takes back from other queues.
    pub(super) fn reclaim(&mut self) {
        let (mut jobs, mut tasks) = self.starving();
        while let Some(queue) = self.first_queue(jobs.keys().copied()) {
            let mut of_queue = jobs.remove(&queue).unwrap_or_default();
            if self.overused(queue) {
                continue;
            }
            let Some(job) = self.first_job(of_queue.iter().copied()) else {
                continue;
            };
            of_queue.retain(|one| *one != job);
            let before = self.state.clone();
            while let Some(task) = tasks.get_mut(&job).and_then(VecDeque::pop_front) {
                let may = !self.snapshot.tasks[task].never_preempts && self.may_reclaim(task);
                if may && self.job_starving(job) {
                    self.reclaim_for(task, queue);
                }
            }
            if !self.job_pipelined(job) {
                self.state = before;
            }
            jobs.insert(queue, of_queue);
        }
    }

    fn reclaim_for(&mut self, task: usize, queue: usize) -> bool {
        let of =
            |session: &Self, id: usize| session.snapshot.jobs[session.snapshot.tasks[id].job].queue;
        for node in 0..self.snapshot.nodes.len() {
            let other = |id: &usize| {
                let from = of(self, *id);
                from != queue && !self.snapshot.queues[from].keeps
            };
            let candidates: Vec<usize> = self.on_node(node).filter(other).collect();
            if !self.may_be_on(task, node, |id| !candidates.contains(&id)) {
                continue;
            }
            let victims = self.victims(Point::Reclaimable, task, &candidates);
            // Room that is there without is left to allocate.
            if !victims.is_empty() && self.make_room(task, queue, node, &victims, false) {
                return true;
            }
        }
        false
    }

    /// Makes victims go until the task fits, and promises it the room; nothing where it would not fit with all gone.
    fn make_room(
        &mut self,
        task: usize,
        queue: usize,
        node: usize,
        victims: &[usize],
        bounded: bool,
    ) -> bool {
        let tasks = &self.snapshot.tasks;
        let request = &tasks[task].request;
        let freed = victims.iter().map(|id| &tasks[*id].request).sum();
        if !request.fits(&self.state.future_idle(node).plus(&freed)) {
            return false;
        }
        let mut order = victims.to_vec();
        order.sort_by(|one, two| self.compare_victims(queue, *one, *two));
        let before = self.state.clone();
        let fits = |session: &Self| {
            request.fits(&session.state.future_idle(node))
                && (!bounded
                    || (session.may_place(task) && session.may_be_on(task, node, |_| true)))
        };
        if bounded && self.snapshot.gives_back {
            for id in &order {
                self.state.evict(*id, &tasks[*id]);
            }
            if fits(self) {
                for id in order.iter().rev() {
                    self.state.keep(*id, &tasks[*id]);
                    if !fits(self) {
                        self.state.evict(*id, &tasks[*id]);
                    }
                }
            }
        } else {
            for id in &order {
                if fits(self) {
                    break;
                }
                self.state.evict(*id, &tasks[*id]);
            }
        }
        if fits(self) {
            self.state.pipeline(task, &tasks[task], node);
            return true;
        }
        self.state = before;
        false
    }

    /// Preempts between the jobs of a queue, then inside of jobs.
    pub(super) fn preempt(&mut self) {
        let (mut jobs, mut tasks) = self.starving();
        let all: Vec<usize> = jobs.values().flatten().copied().collect();
        while let Some(queue) = self.first_queue(jobs.keys().copied()) {
            let mut of_queue = jobs.remove(&queue).unwrap_or_default();
            while let Some(job) = self.first_job(of_queue.iter().copied()) {
                of_queue.retain(|one| *one != job);
                let before = self.state.clone();
                let mut assigned = false;
                while self.job_starving(job) {
                    let Some(task) = tasks.get_mut(&job).and_then(VecDeque::pop_front) else {
                        break;
                    };
                    assigned |= self.preempt_for(task, queue, false);
                }
                if !self.job_pipelined(job) {
                    self.state = before;
                } else if assigned {
                    of_queue.push(job);
                }
            }
        }
        for job in all {
            let queue = self.snapshot.jobs[job].queue;
            for task in self.waiting(job) {
                if !self.preempt_for(task, queue, true) {
                    break;
                }
            }
        }
    }

    fn preempt_for(&mut self, task: usize, queue: usize, inside: bool) -> bool {
        let tasks = &self.snapshot.tasks;
        let one = &tasks[task];
        if one.never_preempts {
            return false;
        }
        for node in 0..self.snapshot.nodes.len() {
            let may_go = |id: &usize| {
                let other = &tasks[*id];
                let same_job = other.job == one.job;
                let same_queue = self.snapshot.jobs[other.job].queue == queue;
                let effort = !one.best_effort() || other.best_effort();
                if inside {
                    same_job
                } else {
                    !same_job && same_queue && effort
                }
            };
            let candidates: Vec<usize> = self.on_node(node).filter(may_go).collect();
            if !self.may_be_on(task, node, |id| !candidates.contains(&id)) {
                continue;
            }
            let victims = self.victims(Point::Preemptable, task, &candidates);
            if self.make_room(task, queue, node, &victims, true) {
                return true;
            }
        }
        false
    }
}
