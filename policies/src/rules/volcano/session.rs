//! A session: a snapshot, the plugins that are asked, and the actions that are run on it in order.

use std::collections::BTreeMap;

use super::capacity::{self, Held, Quota};
use super::hierarchy::Tree;
use super::proportion::{self, Claim};
use super::state::{State, holds};
use super::{Amounts, Enabled, Job, Node, Phase, Plugin, Point, Queue, Status, Task};

/// A snapshot of the cluster, and how it is scheduled.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The queues.
    pub queues: Vec<Queue>,
    /// The jobs.
    pub jobs: Vec<Job>,
    /// Their pods.
    pub tasks: Vec<Task>,
    /// The plugins, by tier.
    pub tiers: Vec<Vec<Enabled>>,
    /// Up to which distance ancestors' deserved amounts count (`ancestorReclaimLevel` of capacity).
    pub ancestor_level: usize,
    /// Whether preemption takes all victims of a node and gives back (`enableTopologyAwarePreemption`).
    pub gives_back: bool,
}

/// An action.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Admits jobs.
    Enqueue,
    /// Places tasks.
    Allocate,
    /// Takes back from other queues.
    Reclaim,
    /// Preempts in a queue.
    Preempt,
}

/// A session under way.
#[derive(Debug)]
pub struct Session<'a> {
    /// What it decides on.
    pub snapshot: &'a Snapshot,
    /// What is where now.
    pub state: State,
    pub(super) total: Amounts,
    /// By queue, what is fixed by weight; nothing where a queue has no job.
    pub(super) deserved: Vec<Amounts>,
    pub(super) reals: Vec<Amounts>,
    /// By queue, what is stated; nothing is scheduled where they are a tree that is none.
    pub(super) quotas: Option<Vec<Quota>>,
    /// What was admitted in this session.
    pub(super) admitted: Vec<usize>,
    /// The tasks of each job, in their order.
    pub(super) of_job: Vec<Vec<usize>>,
    pub(super) enqueues: bool,
}

impl<'a> Session<'a> {
    /// The start of a session.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let total: Amounts = snapshot.nodes.iter().map(|node| &node.allocatable).sum();
        let state = State::new(&snapshot.nodes, &snapshot.jobs, &snapshot.tasks);
        let mut of_job = vec![Vec::new(); snapshot.jobs.len()];
        for (id, task) in snapshot.tasks.iter().enumerate() {
            of_job[task.job].push(id);
        }
        let mut session = Self {
            snapshot,
            state,
            deserved: Vec::new(),
            reals: Vec::new(),
            quotas: Some(Vec::new()),
            admitted: Vec::new(),
            of_job,
            enqueues: false,
            total,
        };
        for job in 0..snapshot.jobs.len() {
            let mut tasks = std::mem::take(&mut session.of_job[job]);
            tasks.sort_by(|one, two| session.compare_tasks(*one, *two));
            session.of_job[job] = tasks;
        }
        session.by_weight();
        session.quotas = if session.is_tree() {
            capacity::tree(&session.total, &snapshot.queues)
        } else {
            Some(capacity::flat(&session.total, &snapshot.queues))
        };
        session
    }

    fn by_weight(&mut self) {
        let queues = &self.snapshot.queues;
        let reserved: Amounts = queues.iter().map(|queue| &queue.guarantee).sum();
        let (mut ids, mut claims) = (Vec::new(), Vec::new());
        for (id, queue) in queues.iter().enumerate() {
            let real =
                proportion::real(&self.total, &reserved, &queue.guarantee, &queue.capability);
            self.reals.push(real);
            self.deserved.push(Amounts::default());
            let tasks = self.snapshot.tasks.iter();
            let wanted = |task: &&Task| {
                let wants = task.status == Status::Pending || holds(task.status);
                wants && self.snapshot.jobs[task.job].queue == id
            };
            if self.snapshot.jobs.iter().any(|job| job.queue == id) {
                ids.push(id);
                claims.push(Claim {
                    weight: queue.weight,
                    capability: queue.capability.clone(),
                    guarantee: queue.guarantee.clone(),
                    request: tasks.filter(wanted).map(|task| &task.request).sum(),
                });
            }
        }
        let found = proportion::deserved(&self.total, &reserved, &claims);
        for (id, amounts) in ids.into_iter().zip(found) {
            self.deserved[id] = amounts;
        }
    }

    /// Runs actions in order.
    pub fn run(&mut self, actions: &[Action]) {
        if self.quotas.is_none() || !self.leaves_only() {
            return;
        }
        self.enqueues = actions.contains(&Action::Enqueue);
        for action in actions {
            match action {
                Action::Enqueue => self.enqueue(),
                Action::Allocate => self.allocate(),
                Action::Reclaim => self.reclaim(),
                Action::Preempt => self.preempt(),
            }
        }
    }

    /// The plugins that are asked at a point, in the order of tiers.
    pub(super) fn at(&self, point: Point) -> impl Iterator<Item = Plugin> + use<'a> {
        let all = self.snapshot.tiers.iter().flatten();
        all.filter(move |one| one.on.contains(&point))
            .map(|one| one.plugin)
    }

    pub(super) fn asks(&self, plugin: Plugin, point: Point) -> bool {
        self.at(point).any(|one| one == plugin)
    }

    pub(super) fn is_tree(&self) -> bool {
        self.asks(Plugin::Capacity, Point::Hierarchy)
    }

    /// Whether no job is in a queue that has queues below it, where queues are a tree.
    fn leaves_only(&self) -> bool {
        let children = capacity::children(&self.snapshot.queues);
        !self.is_tree()
            || self
                .snapshot
                .jobs
                .iter()
                .all(|job| children[job.queue].is_empty())
    }

    /// What each queue holds or is promised, in a tree with those below it.
    pub(super) fn held(&self) -> Vec<Amounts> {
        let jobs = self.snapshot.jobs.iter().zip(&self.state.held);
        self.by_queue(jobs.map(|(job, held)| (job.queue, held.clone())))
    }

    fn by_queue(&self, amounts: impl Iterator<Item = (usize, Amounts)>) -> Vec<Amounts> {
        let queues = &self.snapshot.queues;
        let mut sums = vec![Amounts::default(); queues.len()];
        for (queue, amounts) in amounts {
            sums[queue] = sums[queue].plus(&amounts);
            if self.is_tree() {
                for above in capacity::ancestors(queues, queue) {
                    sums[above] = sums[above].plus(&amounts);
                }
            }
        }
        sums
    }

    /// The capacity rules on what queues hold.
    pub(super) fn stated<T>(&self, ask: impl FnOnce(Held<'_>) -> T) -> T {
        let held = self.held();
        let none = Vec::new();
        ask(Held {
            queues: &self.snapshot.queues,
            quotas: self.quotas.as_ref().unwrap_or(&none),
            held: &held,
            level: if self.is_tree() {
                self.snapshot.ancestor_level
            } else {
                0
            },
        })
    }

    /// Whether a task of a job may be placed.
    pub(super) fn may_place(&self, task: usize) -> bool {
        let task = &self.snapshot.tasks[task];
        let id = self.snapshot.jobs[task.job].queue;
        let queue = &self.snapshot.queues[id];
        self.at(Point::Allocatable).all(|plugin| match plugin {
            Plugin::Proportion => {
                let after = self.held()[id].plus(&task.request);
                !queue.closed && after.fits_on(&self.deserved[id], &task.request)
            }
            Plugin::Capacity => self.stated(|held| held.may_place(id, &task.request)),
            _ => true,
        })
    }

    /// Whether the task's queue may take back for it.
    pub(super) fn may_reclaim(&self, task: usize) -> bool {
        let task = &self.snapshot.tasks[task];
        let id = self.snapshot.jobs[task.job].queue;
        self.at(Point::Preemptive).all(|plugin| match plugin {
            Plugin::Proportion => {
                let after = self.held()[id].plus(&task.request);
                !self.snapshot.queues[id].closed && after.fits_on(&self.deserved[id], &task.request)
            }
            Plugin::Capacity => self.stated(|held| held.may_reclaim(id, &task.request)),
            _ => true,
        })
    }

    /// Whether a queue has all it deserves of everything.
    pub(super) fn overused(&self, queue: usize) -> bool {
        let held = || self.held()[queue].clone();
        self.at(Point::Overused)
            .any(|plugin| plugin == Plugin::Proportion && self.deserved[queue].fits(&held()))
    }

    /// Admits jobs, one of the first queue at a time.
    fn enqueue(&mut self) {
        let mut waiting: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (id, job) in self.snapshot.jobs.iter().enumerate() {
            if self.state.phase[id] == Phase::Pending {
                waiting.entry(job.queue).or_default().push(id);
            }
        }
        while let Some(queue) = self.first_queue(waiting.keys().copied()) {
            let jobs = waiting.remove(&queue).unwrap_or_default();
            let Some(job) = self.first_job(jobs.iter().copied()) else {
                continue;
            };
            if self.may_admit(job) {
                self.state.phase[job] = Phase::Inqueue;
                self.admitted.push(job);
            }
            let rest: Vec<usize> = jobs.into_iter().filter(|one| *one != job).collect();
            if !rest.is_empty() {
                waiting.insert(queue, rest);
            }
        }
    }

    fn may_admit(&self, id: usize) -> bool {
        let job = &self.snapshot.jobs[id];
        let queue = &self.snapshot.queues[job.queue];
        let Some(needs) = &job.min_resources else {
            return !(queue.closed && self.at(Point::JobEnqueued).next().is_some());
        };
        let expected = || {
            let reserved = self.reserved(id);
            let held = self.held();
            let sum = |queue: usize| {
                held[queue]
                    .plus(needs)
                    .plus(&reserved[queue].0)
                    .minus(&reserved[queue].1)
            };
            (0..held.len()).map(sum).collect::<Vec<_>>()
        };
        self.at(Point::JobEnqueued).all(|plugin| match plugin {
            Plugin::Rejecter => !job.refused,
            Plugin::Proportion => {
                !queue.closed && expected()[job.queue].fits_on(&self.reals[job.queue], needs)
            }
            Plugin::Capacity => {
                let expected = expected();
                let above = capacity::ancestors(&self.snapshot.queues, job.queue);
                let above = above.into_iter().filter(|_| self.is_tree());
                let quotas = self.quotas.iter().flatten().collect::<Vec<_>>();
                let mut all = std::iter::once(job.queue).chain(above);
                !queue.closed && all.all(|id| expected[id].fits_on(&quotas[id].real, needs))
            }
            _ => true,
        })
    }

    /// By queue, what is reserved for jobs that were admitted, and what jobs hold beyond what they need.
    fn reserved(&self, but: usize) -> Vec<(Amounts, Amounts)> {
        let mut reserved = Vec::new();
        let mut elastic = Vec::new();
        for (id, job) in self.snapshot.jobs.iter().enumerate() {
            let Some(needs) = &job.min_resources else {
                continue;
            };
            let held = &self.state.held[id];
            elastic.push((job.queue, held.over(needs)));
            let running =
                self.state.phase[id] == Phase::Running && self.ready_count(id) >= job.min_member;
            if id != but && (self.state.phase[id] == Phase::Inqueue || running) {
                let fresh = self.admitted.contains(&id);
                let open = if fresh {
                    needs.clone()
                } else {
                    needs.over(held)
                };
                reserved.push((job.queue, open));
            }
        }
        let reserved = self.by_queue(reserved.into_iter());
        let elastic = self.by_queue(elastic.into_iter());
        reserved.into_iter().zip(elastic).collect()
    }

    /// The tree of dominant resource fairness, as it is now.
    pub(super) fn fair_tree(&self) -> Tree {
        let jobs = self.snapshot.jobs.iter().enumerate();
        let leaves = jobs.map(|(id, job)| {
            let tasks = self.of_job[id]
                .iter()
                .map(|task| &self.snapshot.tasks[*task]);
            let path = &self.snapshot.queues[job.queue].path;
            let request: Amounts = tasks.map(|task| &task.request).sum();
            (
                path.clone(),
                job.name.clone(),
                self.state.held[id].clone(),
                request,
            )
        });
        Tree::new(&self.total, leaves)
    }

    /// Where everything went: what was bound, promised and made to go.
    pub fn decided(&self) -> impl Iterator<Item = (usize, Status)> + '_ {
        let before = self.snapshot.tasks.iter().map(|task| task.status);
        let now = self.state.status.iter().copied().enumerate();
        let changed = now.zip(before).filter(|((_, now), before)| now != before);
        changed.map(|(now, _)| now)
    }
}
