//! Where a job fits, and who has to go for it (`internal/scheduler/nodedb`).
//!
//! A node counts what is free at each level: that of evicted jobs, and those of all priorities, ascending. A
//! preemptible job takes from its own level and those below, any other from all of them; whoever is evicted
//! holds on to the lowest level until it is clear who comes in its stead. Ties: the lower node.

use std::collections::BTreeSet;

use super::{Amounts, Class, Job, Node, Shape, Taint, fits, minus, plus};

/// A resource that nodes are searched by, and in steps of how much.
pub type Indexed = (usize, i64);

/// What is free where.
#[derive(Clone, Debug)]
pub struct Nodes<'a> {
    all: &'a [Node],
    classes: &'a [Class],
    index: &'a [Indexed],
    /// Priorities, ascending; level 0 is that of evicted jobs, and level `i + 1` that of priority `i`.
    priorities: Vec<i64>,
    /// By node and level.
    free: Vec<Vec<Amounts>>,
}

/// A job that was evicted and may come back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Evicted {
    /// Which.
    pub job: usize,
    /// Where it ran.
    pub node: usize,
    /// The priority it was placed at.
    pub priority: i64,
}

/// Where a job was placed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Placed {
    /// The node.
    pub node: usize,
    /// Its priority there.
    pub priority: i64,
    /// The evicted jobs that do not come back for it.
    pub displaced: Vec<usize>,
    /// The priority of those that have to go for it, if any do.
    pub preempts: Option<i64>,
}

impl<'a> Nodes<'a> {
    /// Nodes with nothing on them.
    pub fn new(nodes: &'a [Node], classes: &'a [Class], index: &'a [Indexed]) -> Self {
        let away = |class: &'a Class| class.away.iter().map(|one| one.priority);
        let all = classes
            .iter()
            .flat_map(|class| std::iter::once(class.priority).chain(away(class)));
        let priorities: Vec<i64> = all.collect::<BTreeSet<_>>().into_iter().collect();
        let levels = priorities.len() + 1;
        let free = nodes
            .iter()
            .map(|node| vec![node.total.clone(); levels])
            .collect();
        Self {
            all: nodes,
            classes,
            index,
            priorities,
            free,
        }
    }

    /// The highest level that a job of this priority takes from.
    fn level(&self, priority: i64) -> usize {
        self.priorities.partition_point(|one| *one <= priority)
    }

    fn top(&self, class: usize, priority: i64) -> usize {
        if self.classes[class].preemptible {
            self.level(priority)
        } else {
            self.priorities.len()
        }
    }

    fn take(&mut self, node: usize, levels: std::ops::RangeInclusive<usize>, request: &[i64]) {
        for level in levels {
            self.free[node][level] = minus(&self.free[node][level], request);
        }
    }

    fn give(&mut self, node: usize, levels: std::ops::RangeInclusive<usize>, request: &[i64]) {
        for level in levels {
            self.free[node][level] = plus(&self.free[node][level], request);
        }
    }

    /// Takes away what is used at a priority and below by who is nobody's job.
    pub fn hold(&mut self, node: usize, priority: i64, amounts: &[i64]) {
        self.take(node, 0..=self.level(priority), amounts);
    }

    /// Puts a job on a node.
    pub fn bind(&mut self, shape: &Shape, node: usize, priority: i64) {
        self.take(node, 0..=self.top(shape.class, priority), &shape.request);
    }

    /// Evicts a job: from here on it holds only the lowest level.
    pub fn evict(&mut self, shape: &Shape, node: usize, priority: i64) {
        self.give(node, 1..=self.top(shape.class, priority), &shape.request);
    }

    /// Takes back an eviction.
    pub fn restore(&mut self, shape: &Shape, node: usize, priority: i64) {
        self.take(node, 1..=self.top(shape.class, priority), &shape.request);
    }

    /// Lets an evicted job go for good.
    pub fn forget(&mut self, shape: &Shape, node: usize) {
        self.give(node, 0..=0, &shape.request);
    }

    /// The priorities at which more is used of the node than there is.
    pub fn over_committed(&self, node: usize) -> Vec<i64> {
        let levels = self.priorities.iter().zip(&self.free[node][1..]);
        let over = levels.filter(|(_, free)| free.iter().any(|amount| *amount < 0));
        over.map(|(priority, _)| *priority).collect()
    }

    /// The values that nodes have of a label, ascending.
    pub fn values(&self, label: &str) -> BTreeSet<String> {
        let values = self.all.iter().filter_map(|node| node.labels.get(label));
        values.cloned().collect()
    }

    /// Whether an evicted job may return to its node.
    pub fn may_return(&self, shape: &Shape, one: Evicted) -> bool {
        let cordoned = self.all[one.node].cordoned;
        fits(
            &shape.request,
            &self.free[one.node][self.level(one.priority)],
        ) || (cordoned && !self.over_committed(one.node).is_empty())
    }

    fn matches(
        &self,
        node: usize,
        shape: &Shape,
        tolerated: &[Taint],
        label: Option<(&str, &str)>,
    ) -> bool {
        let node = &self.all[node];
        let minds_not = |taint: &Taint| {
            let by = |(key, value): &(String, Option<String>)| {
                *key == taint.key && value.as_ref().is_none_or(|value| *value == taint.value)
            };
            tolerated.contains(taint) || shape.tolerations.iter().any(by)
        };
        let affinity = || {
            shape
                .affinity
                .iter()
                .any(|all| all.iter().all(|one| one.holds(&node.labels)))
        };
        !node.cordoned
            && node.taints.iter().all(minds_not)
            && shape
                .selector
                .iter()
                .all(|(key, value)| node.labels.get(key) == Some(value))
            && (shape.affinity.is_empty() || affinity())
            && label.is_none_or(|(key, value)| node.labels.get(key).is_some_and(|one| one == value))
    }

    /// The node with the least free at a level that takes the request. What is free counts in whole steps, by which
    /// nodes are searched, so that a coarse step hides room that there is.
    fn tightest(&self, candidates: &[usize], request: &[i64], level: usize) -> Option<usize> {
        let steps = |node: usize| -> Vec<i64> {
            let free = &self.free[node][level];
            let steps = self.index.iter();
            steps
                .map(|(resource, step)| free[*resource].div_euclid(*step))
                .collect()
        };
        let found = |node: usize| {
            let mut indexed = self.index.iter().zip(steps(node));
            indexed.all(|((resource, step), steps)| request[*resource] <= steps * step)
        };
        let room = candidates.iter().copied();
        let room = room.filter(|node| fits(request, &self.free[*node][level]) && found(*node));
        room.min_by_key(|node| (steps(*node), *node))
    }

    /// The node for a new job, on nodes that have this value of this label where one is given. `evicted` are those that
    /// have not come back, in the order in which they would be served.
    pub fn place(
        &self,
        shape: &Shape,
        jobs: &[Job],
        evicted: &[Evicted],
        label: Option<(&str, &str)>,
    ) -> Option<Placed> {
        let class = &self.classes[shape.class];
        let home = std::iter::once((&[][..], class.priority));
        let away = class.away.iter().map(|one| (&one.taints[..], one.priority));
        let mut ways = home.chain(away);
        ways.find_map(|(tolerated, priority)| {
            let all = 0..self.all.len();
            let candidates: Vec<usize> = all
                .filter(|node| self.matches(*node, shape, tolerated, label))
                .collect();
            self.place_at(shape, jobs, evicted, &candidates, priority)
        })
    }

    fn place_at(
        &self,
        shape: &Shape,
        jobs: &[Job],
        evicted: &[Evicted],
        candidates: &[usize],
        priority: i64,
    ) -> Option<Placed> {
        let placed = |node, displaced, preempts| Placed {
            node,
            priority,
            displaced,
            preempts,
        };
        let request = &shape.request;
        if let Some(node) = self.tightest(candidates, request, 0) {
            return Some(placed(node, Vec::new(), None));
        }
        let own = self.level(priority);
        self.tightest(candidates, request, own)?;
        // Whoever would have been served last goes first.
        let mut walked: Vec<(usize, Amounts, Vec<usize>)> = Vec::new();
        for one in evicted.iter().rev() {
            if one.priority > priority || !candidates.contains(&one.node) {
                continue;
            }
            let known = walked.iter().position(|(node, ..)| *node == one.node);
            let place = known.unwrap_or_else(|| {
                walked.push((one.node, self.free[one.node][0].clone(), Vec::new()));
                walked.len() - 1
            });
            let (node, room, gone) = &mut walked[place];
            *room = plus(room, &jobs[one.job].shape.request);
            gone.push(one.job);
            if fits(request, room) {
                return Some(placed(*node, std::mem::take(gone), Some(priority)));
            }
        }
        let mut levels = 1..=own;
        levels.find_map(|level| {
            let node = self.tightest(candidates, request, level)?;
            Some(placed(node, Vec::new(), Some(self.priorities[level - 1])))
        })
    }
}
