//! Who comes first: queues, jobs, tasks and victims, and whether a job has what it needs
//! (`framework/session_plugins.go`, `plugins/gang`, `plugins/priority`, `plugins/drf`).
//!
//! Ties: the name.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::capacity::{self, ancestors};
use super::session::Session;
use super::{Plugin, Point, Status};

impl Session<'_> {
    /// Which of two queues is served first.
    pub(super) fn compare_queues(&self, one: usize, two: usize) -> Ordering {
        let by_plugins = self.at(Point::QueueOrder).map(|plugin| match plugin {
            Plugin::Proportion => {
                let held = self.held();
                let share = |id: usize| held[id].dominant(&self.deserved[id]);
                self.by_priority(one, two)
                    .then_with(|| share(one).cmp(&share(two)))
            }
            Plugin::Capacity => self.compare_stated(one, two),
            Plugin::Drf if self.asks(Plugin::Drf, Point::Hierarchy) => {
                let path = |id: usize| &self.snapshot.queues[id].path[..];
                self.fair_tree().compare(path(one), path(two))
            }
            _ => Ordering::Equal,
        });
        let name = |id: usize| &self.snapshot.queues[id].name;
        first_difference(by_plugins).then_with(|| name(one).cmp(name(two)))
    }

    fn by_priority(&self, one: usize, two: usize) -> Ordering {
        let priority = |id: usize| self.snapshot.queues[id].priority;
        priority(two).cmp(&priority(one))
    }

    /// The order of the capacity plugin; in a tree leaves are compared where the ways to them part.
    fn compare_stated(&self, one: usize, two: usize) -> Ordering {
        let queues = &self.snapshot.queues;
        let (mut left, mut right) = (one, two);
        let mut leaves = Ordering::Equal;
        if self.is_tree() {
            let inner = |id: usize| !capacity::children(queues)[id].is_empty();
            leaves = inner(one).cmp(&inner(two));
            if !inner(one) && !inner(two) {
                let path = |id: usize| {
                    let mut path = ancestors(queues, id);
                    path.reverse();
                    path.push(id);
                    path
                };
                let parting = path(one)
                    .into_iter()
                    .zip(path(two))
                    .find(|(one, two)| one != two);
                (left, right) = parting.unwrap_or((one, two));
            }
        }
        let held = self.held();
        let deserved = |id: usize| self.quotas.as_ref().map(|quotas| &quotas[id].deserved);
        let share = |id: usize| deserved(id).map(|deserved| capacity::share(&held[id], deserved));
        let nothing = |id: usize| {
            let any = deserved(id).map(|all| all.dimensions().any(|dimension| all.has(dimension)));
            any != Some(true)
        };
        leaves
            .then_with(|| self.by_priority(left, right))
            .then_with(|| share(left).cmp(&share(right)))
            .then_with(|| nothing(left).cmp(&nothing(right)))
    }

    /// Which of two jobs of a queue is served first.
    pub(super) fn compare_jobs(&self, one: usize, two: usize) -> Ordering {
        let jobs = &self.snapshot.jobs;
        let by_plugins = self.at(Point::JobOrder).map(|plugin| match plugin {
            Plugin::Priority => jobs[two].priority.cmp(&jobs[one].priority),
            Plugin::Gang => self.gang_ready(one).cmp(&self.gang_ready(two)),
            Plugin::Drf => {
                let share = |id: usize| self.state.held[id].dominant(&self.total);
                share(one).cmp(&share(two))
            }
            _ => Ordering::Equal,
        });
        first_difference(by_plugins).then_with(|| jobs[one].name.cmp(&jobs[two].name))
    }

    /// Which of two tasks of a job is placed first.
    pub(super) fn compare_tasks(&self, one: usize, two: usize) -> Ordering {
        let tasks = &self.snapshot.tasks;
        let by_plugins = self.at(Point::TaskOrder).map(|plugin| match plugin {
            Plugin::Priority => tasks[two].priority.cmp(&tasks[one].priority),
            _ => Ordering::Equal,
        });
        first_difference(by_plugins).then_with(|| tasks[one].name.cmp(&tasks[two].name))
    }

    /// Which of two victims goes first for a task of `queue`.
    pub(super) fn compare_victims(&self, queue: usize, one: usize, two: usize) -> Ordering {
        let tasks = &self.snapshot.tasks;
        let (left, right) = (tasks[one].job, tasks[two].job);
        if left == right {
            return self.compare_tasks(two, one);
        }
        let of = |job: usize| self.snapshot.jobs[job].queue;
        if of(left) == of(right) {
            return self.compare_jobs(right, left);
        }
        let depth = |id: usize| {
            let mine = ancestors(&self.snapshot.queues, queue);
            let common = ancestors(&self.snapshot.queues, id).into_iter();
            let common = common.filter(|above| self.is_tree() && mine.contains(above));
            common.count()
        };
        let deeper = depth(of(right)).cmp(&depth(of(left)));
        deeper.then_with(|| self.compare_queues(of(right), of(left)))
    }

    /// The first of some queues.
    pub(super) fn first_queue(&self, queues: impl Iterator<Item = usize>) -> Option<usize> {
        queues.min_by(|one, two| self.compare_queues(*one, *two))
    }

    /// The first of some jobs.
    pub(super) fn first_job(&self, jobs: impl Iterator<Item = usize>) -> Option<usize> {
        jobs.min_by(|one, two| self.compare_jobs(*one, *two))
    }

    fn count(&self, job: usize, counts: impl Fn(Status, bool) -> bool) -> usize {
        let tasks = self.of_job[job].iter();
        let counted = tasks.filter(|id| {
            counts(
                self.state.status[**id],
                self.snapshot.tasks[**id].best_effort(),
            )
        });
        counted.count()
    }

    /// How many pods of a job run, or will without more.
    pub(super) fn ready_count(&self, job: usize) -> usize {
        self.count(job, |status, _| {
            matches!(
                status,
                Status::Running(_) | Status::Bound(_) | Status::Succeeded
            )
        })
    }

    fn waiting_count(&self, job: usize) -> usize {
        self.count(job, |status, _| matches!(status, Status::Pipelined(_)))
    }

    /// Whether enough pods of the job, and of each role, are counted.
    fn enough(&self, id: usize, counts: impl Fn(Status, bool) -> bool) -> bool {
        let job = &self.snapshot.jobs[id];
        let all = self.count(id, &counts);
        let mut of_role: BTreeMap<&str, usize> = BTreeMap::new();
        for task in &self.of_job[id] {
            let one = &self.snapshot.tasks[*task];
            if counts(self.state.status[*task], one.best_effort()) {
                *of_role.entry(&one.role).or_default() += 1;
            }
        }
        let minima: usize = job.min_of_role.values().sum();
        let roles = || {
            let mut each = job.min_of_role.iter();
            each.all(|(role, least)| {
                of_role
                    .get(role.as_str())
                    .is_some_and(|count| count >= least)
            })
        };
        all >= job.min_member && (job.min_member < minima || roles())
    }

    fn gang_ready(&self, id: usize) -> bool {
        self.enough(id, |status, best_effort| match status {
            Status::Running(_) | Status::Bound(_) | Status::Succeeded => true,
            Status::Pending => best_effort,
            Status::Pipelined(_) | Status::Releasing(_) => false,
        })
    }

    /// Whether a job may start.
    pub(super) fn job_ready(&self, id: usize) -> bool {
        !self.asks(Plugin::Gang, Point::JobReady) || self.gang_ready(id)
    }

    /// Whether a job may start once what is promised is free.
    pub(super) fn job_pipelined(&self, id: usize) -> bool {
        let counts = |status, best_effort| match status {
            Status::Running(_) | Status::Bound(_) | Status::Pipelined(_) | Status::Succeeded => {
                true
            }
            Status::Pending => best_effort,
            Status::Releasing(_) => false,
        };
        !self.asks(Plugin::Gang, Point::JobPipelined) || self.enough(id, counts)
    }

    /// Whether a job lacks something, as all that are asked say.
    pub(super) fn job_starving(&self, id: usize) -> bool {
        let asked = self.at(Point::JobStarving);
        let mut rules = asked
            .filter(|one| matches!(one, Plugin::Gang | Plugin::Priority))
            .peekable();
        let has = self.ready_count(id) + self.waiting_count(id);
        rules.peek().is_some()
            && rules.all(|plugin| match plugin {
                Plugin::Gang => has < self.snapshot.jobs[id].min_member,
                _ => has < self.of_job[id].len(),
            })
    }

    /// Whether a job has as many pods as it needs, be it waiting ones.
    pub(super) fn job_valid(&self, id: usize) -> bool {
        let valid = self.count(id, |status, _| !matches!(status, Status::Releasing(_)));
        !self.at(Point::JobReady).any(|one| one == Plugin::Gang)
            || valid >= self.snapshot.jobs[id].min_member
    }
}

fn first_difference(mut orders: impl Iterator<Item = Ordering>) -> Ordering {
    orders
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}
