//! One pass over the queues: gangs are tried in the order of fairness until nothing is left to try
//! (`queue_scheduler.go`, `gang_scheduler.go`, `constraints`).

use std::collections::{BTreeMap, BTreeSet};

use super::nodes::{Evicted, Nodes};
use super::order::{Item, Rules};
use super::queues::Candidates;
use super::shares::{Claim, cost, shares};
use super::{Amounts, Class, Job, Queue, Run, Shape, fits, minus, plus};
use crate::rules::ratio::Ratio;

/// What bounds what starts in a cycle.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Limits {
    /// The most of each resource that may have started when something more is tried, as a fraction of the total.
    pub per_cycle: BTreeMap<usize, Ratio>,
    /// By class and resource, the most a queue may hold, as a fraction of the total.
    pub by_class: BTreeMap<usize, BTreeMap<usize, Ratio>>,
    /// Jobs that may start now, and the most that may ever start at once.
    pub tokens: Option<(Ratio, i128)>,
    /// The same for each queue.
    pub queue_tokens: Option<(Ratio, i128)>,
    /// How many new jobs of a queue are looked at.
    pub look_back: Option<usize>,
    /// What there is of resources that are on no node.
    pub floating: Amounts,
    /// The labels that gangs may be held together by.
    pub labels: BTreeSet<String>,
}

/// What all passes of a cycle share.
#[derive(Clone, Debug)]
pub struct Pool<'a> {
    /// The queues.
    pub queues: &'a [Queue],
    /// The priority classes.
    pub classes: &'a [Class],
    /// All jobs, those that run and those that wait.
    pub jobs: &'a [Job],
    /// What the pool has.
    pub total: Amounts,
    /// The factors of the cost.
    pub factors: &'a [Ratio],
    /// How queues are compared.
    pub rules: Rules,
    /// What bounds what starts.
    pub limits: &'a Limits,
}

/// What is true of a job now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// It was not tried.
    Waits,
    /// It was tried, and does not start.
    Failed,
    /// It is on a node.
    Runs(Run),
    /// It was evicted, and may come back.
    Evicted(Run),
    /// It was evicted, and does not come back.
    Gone,
}

/// The state of a cycle.
#[derive(Clone, Debug)]
pub struct Now<'a> {
    /// The pool.
    pub pool: &'a Pool<'a>,
    /// What is free.
    pub nodes: Nodes<'a>,
    /// Of every job.
    pub states: Vec<State>,
    /// The jobs that are evicted, in the order in which they would be served.
    pub evicted: Vec<usize>,
    /// By queue, what it holds.
    pub held: Vec<Amounts>,
    /// By queue and class.
    pub held_by_class: BTreeMap<(usize, usize), Amounts>,
    /// What new jobs took.
    pub started: Amounts,
    /// What is used of the resources that are on no node.
    pub floating: Amounts,
    tokens: Option<Ratio>,
    queue_tokens: Vec<Option<Ratio>>,
    budgets: Vec<Ratio>,
}

/// What keeps a gang from starting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// This gang, now.
    Gang,
    /// What is of the same shape, in all queues.
    Shape,
    /// Anything new of the queue.
    Queue,
    /// Anything new, this gang with it.
    Everybody,
    /// Anything new, and this gang was not even tried.
    Round,
}

impl<'a> Now<'a> {
    /// The start of a cycle.
    pub fn new(pool: &'a Pool<'a>, nodes: Nodes<'a>) -> Self {
        let claims: Vec<Claim> = pool.claims();
        let capped = shares(&claims).into_iter().map(|one| one.capped);
        let budget = |(queue, capped): (&Queue, Ratio)| capped / queue.weight;
        let zero = vec![0; pool.total.len()];
        let mut now = Self {
            nodes,
            states: vec![State::Waits; pool.jobs.len()],
            evicted: Vec::new(),
            held: pool.queues.iter().map(|queue| queue.held.clone()).collect(),
            held_by_class: BTreeMap::new(),
            started: zero,
            floating: vec![0; pool.limits.floating.len()],
            tokens: pool.limits.tokens.map(|(now, _)| now),
            queue_tokens: vec![pool.limits.queue_tokens.map(|(now, _)| now); pool.queues.len()],
            budgets: pool.queues.iter().zip(capped).map(budget).collect(),
            pool,
        };
        for (id, job) in pool.jobs.iter().enumerate() {
            if let Some(run) = job.run {
                now.nodes.bind(&job.shape, run.node, run.priority);
                now.states[id] = State::Runs(run);
                now.count(id, true);
                now.floating = plus(&now.floating, &job.floating);
            }
        }
        now
    }

    /// Where jobs are now.
    pub fn places(&self) -> Vec<(usize, Run)> {
        let states = self.states.iter().enumerate();
        let run = |(id, state): (usize, &State)| match state {
            State::Runs(run) => Some((id, *run)),
            _ => None,
        };
        states.filter_map(run).collect()
    }

    /// Evicts jobs that run; their order among the evicted is made by [`Self::index`].
    pub fn evict(&mut self, ids: &[usize]) {
        for id in ids {
            if let State::Runs(run) = self.states[*id] {
                self.nodes
                    .evict(&self.pool.jobs[*id].shape, run.node, run.priority);
                self.states[*id] = State::Evicted(run);
                self.evicted.push(*id);
                self.count(*id, false);
            }
        }
    }

    /// Puts the evicted into the order in which they would be served were there only they.
    pub fn index(&mut self, by_placed: bool) {
        let mut order = Vec::new();
        let mut alone = self.clone();
        let mut queues = Candidates::of(&alone, &self.evicted);
        while let Some((queue, gang)) = queues.next(&alone, by_placed) {
            for id in &gang {
                alone.count(*id, true);
            }
            order.extend(gang);
            queues.took(queue);
        }
        // Members of gangs of which one is missing come last.
        let rest: Vec<usize> = self
            .evicted
            .iter()
            .copied()
            .filter(|id| !order.contains(id))
            .collect();
        order.extend(rest);
        self.evicted = order;
    }

    /// Tries all of `candidates`, in the order of fairness.
    pub fn run(&mut self, candidates: &[usize], by_placed: bool) {
        let mut queues = Candidates::of(self, candidates);
        let mut hopeless: BTreeSet<Shape> = BTreeSet::new();
        while let Some((queue, gang)) = queues.next(self, by_placed) {
            queues.took(queue);
            let first = gang[0];
            let new = self.states[first] == State::Waits;
            let shape = &self.pool.jobs[first].shape;
            let tried = if new && gang.len() == 1 && hopeless.contains(shape) {
                Err(Refused::Gang)
            } else {
                self.attempt(queue, &gang)
            };
            let Err(refused) = tried else { continue };
            if new && refused != Refused::Round {
                for id in &gang {
                    self.states[*id] = State::Failed;
                }
            }
            match refused {
                Refused::Gang => {}
                Refused::Shape => drop(hopeless.insert(shape.clone())),
                Refused::Queue => queues.close(queue),
                Refused::Everybody | Refused::Round => {
                    queues.close_all();
                }
            }
        }
    }

    /// Whether the gang may be tried.
    fn allowed(&self, queue: usize, gang: &[usize]) -> Result<(), Refused> {
        let (pool, limits) = (self.pool, self.pool.limits);
        let more_than = |held: i64, fraction: &Ratio, resource: usize| {
            Ratio::from(held) > *fraction * Ratio::from(pool.total[resource])
        };
        let mut per_cycle = limits.per_cycle.iter();
        if per_cycle.any(|(resource, most)| more_than(self.started[*resource], most, *resource)) {
            return Err(Refused::Round);
        }
        if pool.queues[queue].closed {
            return Err(Refused::Queue);
        }
        let members = i128::try_from(gang.len()).unwrap_or(i128::MAX);
        let enough = |tokens: Option<Ratio>, burst: Option<i128>, none| match (tokens, burst) {
            (Some(tokens), _) if tokens < Ratio::ONE => Err(none),
            (_, Some(burst)) if members > burst => Err(Refused::Gang),
            (Some(tokens), _) if tokens < Ratio::whole(members) => Err(Refused::Gang),
            _ => Ok(()),
        };
        let burst = |limit: Option<(Ratio, i128)>| limit.map(|(_, burst)| burst);
        enough(self.tokens, burst(limits.tokens), Refused::Everybody)?;
        enough(
            self.queue_tokens[queue],
            burst(limits.queue_tokens),
            Refused::Queue,
        )?;
        let mut by_class: BTreeMap<usize, Amounts> = BTreeMap::new();
        for id in gang {
            let shape = &pool.jobs[*id].shape;
            let held = || self.held_by_class.get(&(queue, shape.class)).cloned();
            let sum = by_class.entry(shape.class);
            let sum = sum.or_insert_with(|| held().unwrap_or_else(|| vec![0; pool.total.len()]));
            *sum = plus(sum, &shape.request);
        }
        for (class, held) in &by_class {
            let mut most = limits.by_class.get(class).into_iter().flatten();
            if most.any(|(resource, most)| more_than(held[*resource], most, *resource)) {
                return Err(Refused::Gang);
            }
        }
        Ok(())
    }

    /// Tries one gang, new or evicted.
    ///
    /// # Errors
    /// When it does not start, and who else does not for the same reason.
    pub fn attempt(&mut self, queue: usize, gang: &[usize]) -> Result<(), Refused> {
        let new = self.states[gang[0]] == State::Waits;
        if new {
            self.allowed(queue, gang)?;
        }
        let asks = gang
            .iter()
            .filter(|id| !self.pool.jobs[**id].from_elsewhere);
        let floating = asks.fold(self.floating.clone(), |sum, id| {
            plus(&sum, &self.pool.jobs[*id].floating)
        });
        if new && !fits(&floating, &self.pool.limits.floating) {
            return Err(Refused::Gang);
        }
        if !self.place_gang(gang) {
            return Err(if gang.len() == 1 {
                Refused::Shape
            } else {
                Refused::Gang
            });
        }
        if new {
            self.floating = floating;
            let members = Ratio::whole(i128::try_from(gang.len()).unwrap_or(i128::MAX));
            self.tokens = self.tokens.map(|tokens| tokens - members);
            self.queue_tokens[queue] = self.queue_tokens[queue].map(|tokens| tokens - members);
            for id in gang {
                self.started = plus(&self.started, &self.pool.jobs[*id].shape.request);
            }
        }
        Ok(())
    }

    /// All or nothing; on nodes of one value of the gang's label, if it has one.
    fn place_gang(&mut self, gang: &[usize]) -> bool {
        let new = self.states[gang[0]] == State::Waits;
        let by = self.pool.jobs[gang[0]]
            .gang
            .as_ref()
            .and_then(|one| one.uniformity.as_ref());
        let Some(label) = by.filter(|_| new) else {
            if gang.len() == 1 {
                return self.place_one(gang[0], None).is_ok();
            }
            let mut tried = self.clone();
            let placed = gang.iter().all(|id| tried.place_one(*id, None).is_ok());
            if placed {
                *self = tried;
            }
            return placed;
        };
        if !self.pool.limits.labels.contains(label) {
            return false;
        }
        let mut best: Option<(i64, Self)> = None;
        for value in self.nodes.values(label) {
            let mut tried = self.clone();
            let placed = |id: &usize| tried.place_one(*id, Some((label, &value)));
            let Ok(preempted) = gang.iter().map(placed).collect::<Result<Vec<_>, ()>>() else {
                continue;
            };
            let Some(most) = preempted.into_iter().flatten().max() else {
                *self = tried;
                return true;
            };
            if best.as_ref().is_none_or(|(least, _)| most < *least) {
                best = Some((most, tried));
            }
        }
        let found = best.map(|(_, tried)| *self = tried);
        found.is_some()
    }

    /// Places one job; the priority of those that have to go for it.
    fn place_one(&mut self, id: usize, label: Option<(&str, &str)>) -> Result<Option<i64>, ()> {
        let shape = &self.pool.jobs[id].shape;
        match self.states[id] {
            State::Evicted(run) => {
                let one = self.evicted_job(id, run);
                if !self.nodes.may_return(shape, one) {
                    return Err(());
                }
                self.nodes.restore(shape, run.node, run.priority);
                self.evicted.retain(|other| *other != id);
                self.states[id] = State::Runs(run);
                self.count(id, true);
                Ok(None)
            }
            State::Waits => {
                let evicted: Vec<Evicted> = self
                    .evicted
                    .iter()
                    .filter_map(|id| self.back(*id))
                    .collect();
                let found = self
                    .nodes
                    .place(shape, self.pool.jobs, &evicted, label)
                    .ok_or(())?;
                for gone in self.with_mates(&found.displaced) {
                    self.let_go(gone);
                }
                self.nodes.bind(shape, found.node, found.priority);
                self.states[id] = State::Runs(Run {
                    node: found.node,
                    priority: found.priority,
                    since: u64::MAX,
                });
                self.count(id, true);
                Ok(found.preempts)
            }
            State::Runs(_) | State::Failed | State::Gone => Err(()),
        }
    }

    const fn evicted_job(&self, job: usize, run: Run) -> Evicted {
        let _ = self;
        Evicted {
            job,
            node: run.node,
            priority: run.priority,
        }
    }

    fn back(&self, id: usize) -> Option<Evicted> {
        match self.states[id] {
            State::Evicted(run) => Some(self.evicted_job(id, run)),
            _ => None,
        }
    }

    /// These, and the others of their gangs that are known.
    pub fn with_mates(&self, ids: &[usize]) -> Vec<usize> {
        let gang = |id: usize| {
            let job = &self.pool.jobs[id];
            job.gang.as_ref().map(|gang| (job.queue, &gang.id))
        };
        let gangs: BTreeSet<_> = ids.iter().filter_map(|id| gang(*id)).collect();
        let of = |id: &usize| ids.contains(id) || gang(*id).is_some_and(|one| gangs.contains(&one));
        (0..self.pool.jobs.len()).filter(of).collect()
    }

    /// An evicted job does not come back.
    pub fn let_go(&mut self, id: usize) {
        if let State::Evicted(run) = self.states[id] {
            self.nodes.forget(&self.pool.jobs[id].shape, run.node);
            self.states[id] = State::Gone;
            self.evicted.retain(|other| *other != id);
        }
    }

    /// Counts what a job holds for its queue, or no longer.
    fn count(&mut self, id: usize, holds: bool) {
        let job = &self.pool.jobs[id];
        let Some(queue) = job.queue else { return };
        let change = if holds { plus } else { minus };
        let request = &job.shape.request;
        self.held[queue] = change(&self.held[queue], request);
        let zero = || vec![0; request.len()];
        let by_class = self
            .held_by_class
            .entry((queue, job.shape.class))
            .or_insert_with(zero);
        *by_class = change(by_class, request);
    }

    /// What the queue would do with this gang.
    pub(super) fn item(&self, queue: usize, gang: &[usize], by_placed: bool) -> Item {
        let pool = self.pool;
        let of = &pool.queues[queue];
        let asks = gang.iter().fold(vec![0; pool.total.len()], |sum, id| {
            plus(&sum, &pool.jobs[*id].shape.request)
        });
        let cost = |amounts: &[i64]| cost(amounts, &pool.total, pool.factors);
        let priority = |id: &usize| match self.states[*id] {
            State::Evicted(run) if by_placed => run.priority,
            _ => pool.classes[pool.jobs[*id].shape.class].priority,
        };
        Item {
            queue: of.name.clone(),
            priority: gang.iter().map(priority).min().unwrap_or(i64::MIN),
            proposed: cost(&plus(&self.held[queue], &asks)) / of.weight,
            current: cost(&self.held[queue]) / of.weight,
            budget: self.budgets[queue],
            size: cost(&asks) * of.weight,
            away: gang.iter().any(|id| pool.jobs[*id].from_elsewhere),
        }
    }
}

impl Pool<'_> {
    /// What the queues' shares follow from.
    pub fn claims(&self) -> Vec<Claim> {
        let empty = self.total.iter().all(|amount| *amount == 0);
        let demand = |queue: &Queue| {
            if empty {
                return Ratio::ONE;
            }
            cost(&queue.demand, &self.total, self.factors)
        };
        let claim = |queue: &Queue| Claim {
            weight: queue.weight,
            demand: demand(queue),
        };
        self.queues.iter().map(claim).collect()
    }
}
