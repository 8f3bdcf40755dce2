//! The ledger as Volcano's rules see it. Longer than a policy's file, since three of its plugins divide the cluster, and each
//! reads queues in its own way.

use std::collections::BTreeMap;

use super::Queues;
use crate::allocators::Reclaim;
use crate::allocators::queue_tree::{QueueTree, soon, takeable};
use crate::ledger::{LaunchedTask, Ledger, Node};
use crate::message::{AgentId, FrameworkId};
use crate::resources::{Kind, Resources};
use crate::rules::ratio::Ratio;
use crate::rules::volcano::capacity::{self, Held, Quota};
use crate::rules::volcano::proportion::{self, Claim};
use crate::rules::volcano::{Amounts, Queue, drf};
use crate::time::Span;

/// The queues at the top, and what each holds and deserves.
pub(super) struct QueueBooks {
    by: Queues,
    tops: Vec<Node>,
    of: BTreeMap<FrameworkId, usize>,
    total: Amounts,
    queues: Vec<Queue>,
    quotas: Vec<Quota>,
    deserved: Vec<Amounts>,
    held: Vec<Amounts>,
    /// What each queue holds of what it deserves.
    shares: Vec<Ratio>,
    by_framework: BTreeMap<FrameworkId, Amounts>,
}

/// The dimension of a kind: cores and memory are Volcano's own, others are named.
const DIMENSIONS: [(Kind, u32); Kind::COUNT] = [
    (Kind::Cpus, 0),
    (Kind::Mem, 1),
    (Kind::Disk, 3),
    (Kind::Gpus, 4),
];

fn amounts(of: Resources) -> Amounts {
    let units = of.units();
    Amounts::new(
        DIMENSIONS.map(|(kind, dimension)| (dimension, Ratio::whole(units[kind as usize].into()))),
    )
}

impl QueueBooks {
    pub(super) fn of(ledger: &Ledger, by: Queues) -> Self {
        let tree = QueueTree::of(ledger);
        let entitled = tree.entitled(ledger, ledger.total());
        let mut books = Self {
            by,
            tops: Vec::new(),
            of: BTreeMap::new(),
            total: amounts(ledger.total()),
            queues: Vec::new(),
            quotas: Vec::new(),
            deserved: Vec::new(),
            held: Vec::new(),
            shares: Vec::new(),
            by_framework: BTreeMap::new(),
        };
        for (id, node) in tree
            .nodes
            .iter()
            .enumerate()
            .filter(|(id, _)| tree.parents[*id].is_none())
        {
            let mut queue = Queue {
                name: format!("{id:010}"),
                weight: Ratio::from(i64::from(ledger.weight(*node).thousandths())),
                deserved: amounts(entitled[id]),
                ..Queue::default()
            };
            if let Node::Role(role) = node {
                let limit = ledger.limit(*role);
                let bounded = DIMENSIONS.iter().filter_map(|(kind, dimension)| {
                    Some((*dimension, Ratio::whole(limit.of(*kind)?.into())))
                });
                queue.capability = Amounts::new(bounded);
                queue.guarantee = amounts(ledger.guarantee(*role));
            }
            for framework in ledger.below(*node) {
                books.of.insert(framework, books.tops.len());
            }
            books.tops.push(*node);
            books.queues.push(queue);
            books.held.push(Amounts::default());
        }
        let mut wanted = vec![Amounts::default(); books.tops.len()];
        for (framework, soon) in soon(ledger) {
            let held = amounts(soon.held);
            if let Some(queue) = books.of.get(&framework) {
                books.held[*queue] = books.held[*queue].plus(&held);
                wanted[*queue] = wanted[*queue].plus(&amounts(soon.wanted));
            }
            books.by_framework.insert(framework, held);
        }
        let reserved: Amounts = books.queues.iter().map(|queue| &queue.guarantee).sum();
        let claim = |(id, queue): (usize, &Queue)| Claim {
            weight: queue.weight,
            capability: queue.capability.clone(),
            guarantee: queue.guarantee.clone(),
            request: wanted[id].clone(),
        };
        let claims: Vec<Claim> = books.queues.iter().enumerate().map(claim).collect();
        books.quotas = capacity::flat(&books.total, &books.queues);
        books.deserved = match by {
            Queues::Proportion => proportion::deserved(&books.total, &reserved, &claims),
            _ => books
                .quotas
                .iter()
                .map(|quota| quota.deserved.clone())
                .collect(),
        };
        let share = |(held, deserved): (&Amounts, &Amounts)| match by {
            Queues::Proportion => held.dominant(deserved),
            Queues::Capacity | Queues::Drf => capacity::share(held, deserved),
        };
        let each = books.held.iter().zip(&books.deserved);
        books.shares = each.map(share).collect();
        books
    }

    /// How many queues are served before one.
    pub(super) fn before(&self, node: Node) -> u64 {
        let Some(own) = self.tops.iter().position(|top| *top == node) else {
            return 0;
        };
        let lower = |share: &&Ratio| **share < self.shares[own];
        self.shares.iter().filter(lower).count() as u64
    }

    /// What a framework's queue may hold more.
    pub(super) fn left(&self, framework: FrameworkId) -> Resources {
        let Some(queue) = self.of.get(&framework) else {
            return Resources::ZERO;
        };
        let left = self.deserved[*queue].over(&self.held[*queue]);
        let units = |kind: Kind| {
            let dimension = DIMENSIONS[kind as usize].1;
            u64::try_from(left.get(dimension).floor()).unwrap_or(u64::MAX)
        };
        Resources::from_units(Kind::ALL.map(units))
    }

    fn may_reclaim(&self, held: Held<'_>, queue: usize, request: &Amounts) -> bool {
        match self.by {
            Queues::Proportion => self.held[queue]
                .plus(request)
                .fits_on(&self.deserved[queue], request),
            Queues::Capacity => held.may_reclaim(queue, request),
            Queues::Drf => true,
        }
    }

    /// Who goes from an agent: of the queues with the largest shares the youngest first; under drf other jobs of the same
    /// queue.
    pub(super) fn victims(
        &self,
        ledger: &Ledger,
        (to, needs): (FrameworkId, Resources),
        agent: AgentId,
        grace: Span,
    ) -> Option<Reclaim> {
        let (queue, request) = (*self.of.get(&to)?, amounts(needs));
        let held = Held {
            queues: &self.queues,
            quotas: &self.quotas,
            held: &self.held,
            level: 0,
        };
        if !self.may_reclaim(held, queue, &request) {
            return None;
        }
        let of = |one: &LaunchedTask| self.of.get(&one.framework).copied();
        let inside = self.by == Queues::Drf;
        let mut candidates = takeable(ledger, to, agent);
        candidates.retain(|one| one.framework != to && (of(one) == Some(queue)) == inside);
        candidates.reverse();
        let dominant = |framework: &FrameworkId| {
            self.by_framework
                .get(framework)
                .map(|held| held.dominant(&self.total))
        };
        candidates.sort_by(|one, two| {
            let share = |one| of(one).map(|id| self.shares[id]);
            let by_queue = share(two).cmp(&share(one));
            by_queue.then_with(|| dominant(&two.framework).cmp(&dominant(&one.framework)))
        });
        let with_queue = candidates
            .iter()
            .filter_map(|one| Some((of(one)?, amounts(one.needs))));
        let with_queue: Vec<(usize, Amounts)> = with_queue.collect();
        let places = match self.by {
            Queues::Proportion => proportion::victims(&with_queue, &self.held, &self.deserved),
            Queues::Capacity => held.victims(queue, &request, &with_queue),
            Queues::Drf => {
                let jobs: Vec<&FrameworkId> = self.by_framework.keys().collect();
                let all: Vec<Amounts> = self.by_framework.values().cloned().collect();
                let job = |one: &LaunchedTask| jobs.binary_search(&&one.framework).ok();
                let by_job = candidates
                    .iter()
                    .filter_map(|one| Some((job(one)?, amounts(one.needs))));
                let with = self
                    .by_framework
                    .get(&to)?
                    .plus(&request)
                    .dominant(&self.total);
                drf::victims(with, &by_job.collect::<Vec<_>>(), &all, &self.total)
            }
        };
        let order: Vec<LaunchedTask> = places.into_iter().map(|place| candidates[place]).collect();
        Reclaim::enough(ledger, (to, needs), agent, &order, grace)
    }
}
