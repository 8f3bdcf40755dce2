//! Nodes with GPUs, whole and shared, and where a task fits on them (`plugins/nodeplacement`, `gpusharingorder`,
//! `resourcetype`, `nodeavailability`).
//!
//! Ties: the lower node, and on it the lower GPU.

use super::{Amounts, NOTHING, plus};
use crate::rules::ratio::Ratio;

/// A node; its place in the list is its id, and the last tie-breaker.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// How many GPUs it has.
    pub gpus: usize,
    /// Its CPU.
    pub cpu: Ratio,
    /// Its memory.
    pub memory: Ratio,
    /// The most tasks; none is no limit.
    pub tasks: Option<usize>,
}

/// A job; its place in the list is its id and the order of creation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Job {
    /// Its queue, one without queues below it.
    pub queue: usize,
    /// The larger the earlier.
    pub priority: i64,
    /// Whether it may not be taken back.
    pub fixed: bool,
    /// How many of its tasks must run together.
    pub min_available: usize,
    /// What each task asks for; of GPUs less than one is a part of one.
    pub ask: Amounts,
}

/// A task; its place in the list is its id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Task {
    /// Its job.
    pub job: usize,
    /// The larger the earlier.
    pub priority: i64,
    /// Where it is.
    pub state: State,
    /// The only nodes it may be on; empty is any.
    pub only: Vec<usize>,
}

/// A node, and GPUs on it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The node.
    pub node: usize,
    /// The GPUs.
    pub gpus: Vec<usize>,
}

/// What is true of a task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// It waits.
    Pending,
    /// It runs.
    Running(Place),
    /// It starts.
    Binding(Place),
    /// It is promised what is being freed.
    Pipelined(Place),
    /// It goes.
    Releasing(Place),
}

impl State {
    /// Whether it counts among what its queue holds.
    pub const fn active(&self) -> bool {
        matches!(
            self,
            Self::Running(_) | Self::Binding(_) | Self::Pipelined(_)
        )
    }
}

/// What nodes have of what, and who is where.
#[derive(Clone, Debug)]
pub struct Cluster<'a> {
    /// The nodes.
    pub nodes: &'a [Node],
    /// The jobs.
    pub jobs: &'a [Job],
    /// The tasks.
    pub tasks: Vec<Task>,
}

/// What is used of a node.
struct Used {
    amounts: Amounts,
    gpus: Vec<Ratio>,
    tasks: usize,
}

impl Cluster<'_> {
    /// What there is in all.
    pub fn total(&self) -> Amounts {
        let gpus = |node: &Node| Ratio::whole(i128::try_from(node.gpus).unwrap_or(i128::MAX));
        let all = self
            .nodes
            .iter()
            .map(|node| [node.cpu, node.memory, gpus(node)]);
        all.fold(NOTHING, |sum, one| plus(&sum, &one))
    }

    /// What a task asks for.
    pub fn ask(&self, task: usize) -> Amounts {
        self.jobs[self.tasks[task].job].ask
    }

    fn used(&self, node: usize, counts: impl Fn(&State) -> Option<&Place>) -> Used {
        let mut used = Used {
            amounts: NOTHING,
            gpus: vec![Ratio::ZERO; self.nodes[node].gpus],
            tasks: 0,
        };
        for (id, task) in self.tasks.iter().enumerate() {
            let Some(place) = counts(&task.state).filter(|place| place.node == node) else {
                continue;
            };
            let ask = self.ask(id);
            used.amounts = plus(&used.amounts, &ask);
            used.tasks += 1;
            for gpu in &place.gpus {
                used.gpus[*gpu] = used.gpus[*gpu] + ask[2].min(Ratio::ONE);
            }
        }
        used
    }

    /// What is used as long as nothing that goes is gone.
    fn used_now(&self, node: usize) -> Used {
        self.used(node, |state| match state {
            State::Running(place) | State::Binding(place) | State::Releasing(place) => Some(place),
            State::Pending | State::Pipelined(_) => None,
        })
    }

    /// What is used once it is, and what is promised is taken.
    fn used_later(&self, node: usize) -> Used {
        self.used(node, |state| match state {
            State::Running(place) | State::Binding(place) | State::Pipelined(place) => Some(place),
            State::Pending | State::Releasing(_) => None,
        })
    }

    /// Whether CPU, memory and tasks fit.
    fn fits(&self, node: usize, used: &Used, ask: &Amounts) -> bool {
        let all = &self.nodes[node];
        used.amounts[0] + ask[0] <= all.cpu
            && used.amounts[1] + ask[1] <= all.memory
            && all.tasks.is_none_or(|most| used.tasks < most)
    }

    /// GPUs of a node that all of `used` leave room on, shared ones first for a part of one.
    fn gpus(used: &[&Used], ask: Ratio) -> Option<Vec<usize>> {
        let most = |gpu: usize| {
            used.iter()
                .map(|one| one.gpus[gpu])
                .fold(Ratio::ZERO, Ratio::max)
        };
        let count = used[0].gpus.len();
        if ask.is_zero() {
            return Some(Vec::new());
        }
        if ask < Ratio::ONE {
            let room = (0..count).filter(|gpu| most(*gpu) + ask <= Ratio::ONE);
            let found = room.min_by_key(|gpu| (most(*gpu).is_zero(), *gpu));
            return found.map(|gpu| vec![gpu]);
        }
        let needed = usize::try_from(ask.ceil()).ok()?;
        // From the last one, so that shared ones stay together.
        let free: Vec<usize> = (0..count)
            .rev()
            .filter(|gpu| most(*gpu).is_zero())
            .take(needed)
            .collect();
        (free.len() == needed).then_some(free)
    }

    /// Whether what goes from a place would fit there once all that goes is gone.
    pub fn still_fits(&self, task: usize, place: &Place) -> bool {
        let (later, ask) = (self.used_later(place.node), self.ask(task));
        let part = ask[2].min(Ratio::ONE);
        let mut gpus = place.gpus.iter();
        self.fits(place.node, &later, &ask) && gpus.all(|gpu| later.gpus[*gpu] + part <= Ratio::ONE)
    }

    /// The best place for a task, and whether it is free now.
    pub fn place(&self, task: usize, later_only: bool) -> Option<(Place, bool)> {
        let ask = self.ask(task);
        let only = &self.tasks[task].only;
        let mut fitting = Vec::new();
        for node in (0..self.nodes.len()).filter(|node| only.is_empty() || only.contains(node)) {
            let (now, later) = (self.used_now(node), self.used_later(node));
            let free_now = self.fits(node, &now, &ask) && self.fits(node, &later, &ask);
            let gpus = Self::gpus(&[&now, &later], ask[2]).filter(|_| free_now && !later_only);
            let is_now = gpus.is_some();
            let gpus = gpus.or_else(|| {
                Self::gpus(&[&later], ask[2]).filter(|_| self.fits(node, &later, &ask))
            });
            let Some(gpus) = gpus else { continue };
            let shared = ask[2] < Ratio::ONE
                && gpus
                    .iter()
                    .any(|gpu| later.gpus[*gpu].is_positive() || now.gpus[*gpu].is_positive());
            let free = if ask[2].is_zero() {
                self.nodes[node].cpu - now.amounts[0]
            } else {
                now.gpus.iter().map(|used| Ratio::ONE - *used).sum()
            };
            fitting.push((Place { node, gpus }, is_now, shared, free));
        }
        let least = fitting.iter().map(|(.., free)| *free).min()?;
        let most = fitting.iter().map(|(.., free)| *free).max()?;
        let score = |(place, now, shared, free): &(Place, bool, bool, Ratio)| {
            let span = (*free - least).checked_div(most - least);
            let packing = Ratio::whole(9) * (Ratio::ONE - span.unwrap_or(Ratio::ZERO));
            let plain = ask[2].is_zero() && self.nodes[place.node].gpus == 0;
            let points = [(*now, 1000), (*shared, 10_000), (plain, 10)];
            let points: i128 = points
                .iter()
                .filter(|(is, _)| *is)
                .map(|(_, points)| points)
                .sum();
            packing + Ratio::whole(points)
        };
        let best = fitting
            .iter()
            .max_by_key(|one| (score(one), std::cmp::Reverse(one.0.node)));
        best.map(|(place, now, ..)| (place.clone(), *now))
    }
}
