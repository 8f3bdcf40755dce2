//! The action allocate (`actions/allocate/allocate.go`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::amounts::{CPU, MEMORY};
use super::session::Session;
use super::{Phase, Plugin, Point, Status};
use crate::rules::ratio::Ratio;

impl Session<'_> {
    /// Whether a task may be on a node, resources and what goes left out.
    pub(super) fn may_be_on(
        &self,
        task: usize,
        node: usize,
        staying: impl Fn(usize) -> bool,
    ) -> bool {
        let asked = |plugin| self.asks(plugin, Point::Predicate);
        let one = &self.snapshot.tasks[task];
        let on_node = |id: &usize| match self.state.status[*id] {
            Status::Running(Some(on)) | Status::Bound(on) | Status::Pipelined(on) => on == node,
            _ => false,
        };
        let others = || {
            (0..self.snapshot.tasks.len())
                .filter(on_node)
                .filter(|id| staying(*id))
        };
        let labels = &self.snapshot.nodes[node].labels;
        let selected = one
            .selector
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value));
        let conflict = |from: usize, with: usize| {
            let labels = &self.snapshot.tasks[with].labels;
            let mut terms = self.snapshot.tasks[from].apart_from.iter();
            terms.any(|term| {
                term.iter()
                    .all(|(key, value)| labels.get(key) == Some(value))
            })
        };
        let apart = || !others().any(|other| conflict(task, other) || conflict(other, task));
        (!asked(Plugin::Predicates) || (selected && apart()))
            && (!asked(Plugin::Device) || others().next().is_none())
    }

    /// The node for a task, and whether it fits there as it is; `None` where it never fits.
    fn node_for(&self, task: usize, among: Option<&BTreeSet<usize>>) -> Option<(usize, bool)> {
        let request = &self.snapshot.tasks[task].request;
        let all = (0..self.snapshot.nodes.len())
            .filter(|node| among.is_none_or(|some| some.contains(node)));
        let possible: Vec<usize> = all
            .filter(|node| self.may_be_on(task, *node, |_| true))
            .collect();
        let best = |fits: &dyn Fn(usize) -> bool| {
            let nodes = possible.iter().copied().filter(|node| fits(*node));
            nodes.max_by_key(|node| (self.fullness(task, *node), std::cmp::Reverse(*node)))
        };
        let now = best(&|node| request.fits(&self.state.idle[node]));
        let later = || best(&|node| request.fits(&self.state.future_idle(node)));
        now.map(|node| (node, true))
            .or_else(|| Some((later()?, false)))
    }

    /// How full a node would be with the task, where the fullest goes first.
    fn fullness(&self, task: usize, node: usize) -> Ratio {
        if !self.asks(Plugin::Binpack, Point::NodeOrder) {
            return Ratio::ZERO;
        }
        let request = &self.snapshot.tasks[task].request;
        let all = &self.snapshot.nodes[node].allocatable;
        let used = all.minus(&self.state.idle[node]).plus(request);
        let asked = [CPU, MEMORY]
            .into_iter()
            .filter(|dimension| request.has(*dimension));
        asked
            .map(|dimension| used.get(dimension) / all.get(dimension))
            .sum()
    }

    /// Whether a job can still have as many pods as it needs without some roles.
    fn may_go_on(&self, id: usize, failed: &BTreeSet<&str>) -> bool {
        let job = &self.snapshot.jobs[id];
        let mut by_role: BTreeMap<&str, usize> = BTreeMap::new();
        let mut sum = 0;
        for task in &self.of_job[id] {
            let one = &self.snapshot.tasks[*task];
            let counts = match self.state.status[*task] {
                Status::Running(_)
                | Status::Bound(_)
                | Status::Pipelined(_)
                | Status::Succeeded => true,
                Status::Pending => !failed.contains(one.role.as_str()),
                Status::Releasing(_) => false,
            };
            sum += usize::from(counts);
            *by_role.entry(&one.role).or_default() += usize::from(counts);
        }
        let minima: usize = job.min_of_role.values().sum();
        let roles = || {
            let mut each = job.min_of_role.iter();
            each.all(|(role, least)| {
                by_role
                    .get(role.as_str())
                    .is_some_and(|count| count >= least)
            })
        };
        sum >= job.min_member && (job.min_member < minima || roles())
    }

    /// Places tasks, a job of the first queue at a time.
    pub(super) fn allocate(&mut self) {
        let mut tasks: BTreeMap<usize, VecDeque<usize>> = BTreeMap::new();
        let mut jobs: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (id, job) in self.snapshot.jobs.iter().enumerate() {
            let admitted = self.state.phase[id] != Phase::Pending || !self.enqueues;
            let waits = |task: &&usize| {
                let one = &self.snapshot.tasks[**task];
                self.state.status[**task] == Status::Pending && !one.best_effort()
            };
            let waiting: VecDeque<usize> = self.of_job[id].iter().filter(waits).copied().collect();
            if admitted && self.job_valid(id) {
                tasks.insert(id, waiting);
                jobs.entry(job.queue).or_default().push(id);
            }
        }
        while let Some(queue) = self.first_queue(jobs.keys().copied()) {
            let mut of_queue = jobs.remove(&queue).unwrap_or_default();
            if self.overused(queue) {
                continue;
            }
            let Some(job) = self.first_job(of_queue.iter().copied()) else {
                continue;
            };
            of_queue.retain(|one| *one != job);
            let waiting = tasks.entry(job).or_default();
            if self.place_job(job, waiting) {
                of_queue.push(job);
            }
            jobs.insert(queue, of_queue);
        }
    }

    /// Places what a job needs; whether there is more of it to place.
    fn place_job(&mut self, job: usize, waiting: &mut VecDeque<usize>) -> bool {
        let Some(topology) = &self.snapshot.jobs[job].topology else {
            return self.place_among(job, waiting, None);
        };
        let has: Vec<usize> = self.of_job[job]
            .iter()
            .filter_map(|task| match self.state.status[*task] {
                Status::Running(Some(node)) | Status::Bound(node) | Status::Pipelined(node) => {
                    Some(node)
                }
                _ => None,
            })
            .collect();
        let before = (self.state.clone(), waiting.clone());
        for tier in &topology.groups {
            let mut best = None;
            for group in tier
                .iter()
                .filter(|group| has.iter().all(|node| group.contains(node)))
            {
                let more = self.place_among(job, waiting, Some(group));
                let placed = self.of_job[job].iter().filter(|task| {
                    matches!(
                        self.state.status[**task],
                        Status::Bound(_) | Status::Pipelined(_)
                    )
                });
                let score = (placed.count(), self.filled(group));
                let tried = (self.state.clone(), waiting.clone(), more);
                let (state, tasks) = before.clone();
                (self.state, *waiting) = (state, tasks);
                let started = tried.0.status != self.state.status;
                if started && best.as_ref().is_none_or(|(most, _)| score > *most) {
                    best = Some((score, tried));
                }
            }
            if let Some((_, (state, tasks, more))) = best {
                (self.state, *waiting) = (state, tasks);
                return more;
            }
        }
        false
    }

    /// What of a group of nodes is held, where the fullest goes first.
    fn filled(&self, group: &BTreeSet<usize>) -> Ratio {
        let part = |node: &usize| {
            let all = &self.snapshot.nodes[*node].allocatable;
            all.minus(&self.state.idle[*node]).dominant(all)
        };
        group.iter().map(part).sum()
    }

    fn place_among(
        &mut self,
        job: usize,
        waiting: &mut VecDeque<usize>,
        among: Option<&BTreeSet<usize>>,
    ) -> bool {
        let before = self.state.clone();
        let mut failed = BTreeSet::new();
        let mut more = false;
        while let Some(task) = waiting.pop_front() {
            let one = &self.snapshot.tasks[task];
            if !self.may_place(task) || failed.contains(one.role.as_str()) {
                continue;
            }
            match self.node_for(task, among) {
                Some((node, true)) => self.state.bind(task, one, node),
                Some((node, false)) => self.state.pipeline(task, one, node),
                None => {
                    failed.insert(one.role.as_str());
                    if !self.may_go_on(job, &failed) {
                        break;
                    }
                }
            }
            if self.job_ready(job) && !waiting.is_empty() {
                more = true;
                break;
            }
        }
        if !self.job_ready(job) && !self.job_pipelined(job) {
            self.state = before;
        }
        more
    }
}
