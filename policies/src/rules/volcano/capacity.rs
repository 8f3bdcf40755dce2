//! Queues by stated amounts, flat or in a tree (`plugins/capacity/capacity.go`).

use super::{Amounts, Queue, proportion};
use crate::rules::ratio::Ratio;

/// What is fixed for a queue.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Quota {
    /// What it is to have.
    pub deserved: Amounts,
    /// The most it may hold.
    pub real: Amounts,
    /// What is kept for it.
    pub guarantee: Amounts,
}

/// The share by which queues are ordered: all of it where nothing is deserved.
pub fn share(held: &Amounts, deserved: &Amounts) -> Ratio {
    if deserved
        .dimensions()
        .any(|dimension| deserved.has(dimension))
    {
        held.dominant(deserved)
    } else {
        Ratio::ONE
    }
}

/// The quotas of queues that are no tree.
pub fn flat(total: &Amounts, queues: &[Queue]) -> Vec<Quota> {
    let reserved: Amounts = queues.iter().map(|queue| &queue.guarantee).sum();
    let quota = |queue: &Queue| {
        let real = proportion::real(total, &reserved, &queue.guarantee, &queue.capability);
        Quota {
            deserved: queue.deserved.capped(&real).at_least(&queue.guarantee),
            guarantee: queue.guarantee.clone(),
            real,
        }
    };
    queues.iter().map(quota).collect()
}

/// The quotas of queues in a tree; `None` where there is no one root, or children are given more than their parent has.
pub fn tree(total: &Amounts, queues: &[Queue]) -> Option<Vec<Quota>> {
    let mut roots = (0..queues.len()).filter(|id| queues[*id].parent.is_none());
    let root = roots.next()?;
    if roots.next().is_some() {
        return None;
    }
    let children = children(queues);
    let of = |id: usize, part: fn(&Queue) -> &Amounts| -> Amounts {
        children[id].iter().map(|child| part(&queues[*child])).sum()
    };
    let mut quotas = vec![Quota::default(); queues.len()];
    let own = &queues[root].capability;
    quotas[root] = Quota {
        deserved: of(root, |queue| &queue.deserved),
        real: own.or(&total.endless()),
        guarantee: of(root, |queue| &queue.guarantee),
    };
    let mut capabilities: Vec<Amounts> = queues
        .iter()
        .map(|queue| queue.capability.clone())
        .collect();
    let mut next = vec![root];
    while let Some(parent) = next.pop() {
        let reserved = of(parent, |queue| &queue.guarantee);
        for child in &children[parent] {
            let queue = &queues[*child];
            let capability = queue.capability.or(&capabilities[parent]);
            let real = quotas[parent]
                .real
                .over(&reserved)
                .plus(&queue.guarantee)
                .capped(&capability);
            quotas[*child] = Quota {
                deserved: queue.deserved.at_least(&queue.guarantee),
                real,
                guarantee: queue.guarantee.clone(),
            };
            capabilities[*child] = capability;
            next.push(*child);
        }
    }
    Some(quotas)
}

/// The queues that are part of each.
pub fn children(queues: &[Queue]) -> Vec<Vec<usize>> {
    let mut children = vec![Vec::new(); queues.len()];
    for (id, queue) in queues.iter().enumerate() {
        if let Some(parent) = queue.parent {
            children[parent].push(id);
        }
    }
    children
}

/// The queues above one, the nearest first.
pub fn ancestors(queues: &[Queue], of: usize) -> Vec<usize> {
    std::iter::successors(queues[of].parent, |id| queues[*id].parent).collect()
}

/// The queues above one up to a distance, the root left out, with the distance.
fn levels(queues: &[Queue], of: usize, most: usize) -> Vec<(usize, usize)> {
    let above = ancestors(queues, of).into_iter().enumerate();
    let near = above.filter(|(_, id)| queues[*id].parent.is_some());
    near.map(|(i, id)| (i + 1, id))
        .filter(|(distance, _)| *distance <= most)
        .collect()
}

/// What queues hold and what is fixed for them.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// The queues.
    pub queues: &'a [Queue],
    /// Their quotas.
    pub quotas: &'a [Quota],
    /// What each holds, those below it included.
    pub held: &'a [Amounts],
    /// Up to which distance ancestors' deserved amounts count (`ancestorReclaimLevel`).
    pub level: usize,
}

impl Held<'_> {
    /// Whether a task of a queue may be placed: nobody above it holds more than it may.
    pub fn may_place(&self, queue: usize, request: &Amounts) -> bool {
        let all = std::iter::once(queue).chain(ancestors(self.queues, queue));
        let fits = |id: usize| {
            self.held[id]
                .plus(request)
                .fits_on(&self.quotas[id].real, request)
        };
        let mut all = all.map(fits);
        !self.queues[queue].closed && all.all(|fits| fits)
    }

    /// Whether a queue may take back for a task.
    pub fn may_reclaim(&self, queue: usize, request: &Amounts) -> bool {
        let after = |id: usize| self.held[id].plus(request);
        let deserves = |id: usize| after(id).partly_fits(&self.quotas[id].deserved, request);
        let above = levels(self.queues, queue, self.level);
        !self.queues[queue].closed
            && after(queue).fits_on(&self.quotas[queue].real, request)
            && (deserves(queue) || above.into_iter().any(|(_, id)| deserves(id)))
    }

    /// Who may be taken back for a task of `queue`, of candidates (their queue, what they hold) in the order of victims.
    pub fn victims(
        &self,
        queue: usize,
        request: &Amounts,
        candidates: &[(usize, Amounts)],
    ) -> Vec<usize> {
        let mut held = self.held.to_vec();
        let mut found = Vec::new();
        let above_own = levels(self.queues, queue, self.level);
        for (index, (of, amounts)) in candidates.iter().enumerate() {
            let quota = &self.quotas[*of];
            if !amounts.shares_dimension(request)
                || !quota.guarantee.fits(&held[*of].minus(amounts))
            {
                continue;
            }
            let above = levels(self.queues, *of, self.level);
            let accepted = if quota.deserved.shares_dimension(amounts) {
                held[*of].above(&quota.deserved, amounts)
                    && self.others_exceed(&above, &above_own, &held, amounts)
            } else {
                let related = above
                    .iter()
                    .any(|(_, id)| above_own.iter().any(|(_, own)| own == id));
                !related || self.quotas[queue].deserved.shares_dimension(request)
            };
            if !accepted {
                continue;
            }
            for id in std::iter::once(*of).chain(above.iter().map(|(_, id)| *id)) {
                held[id] = held[id].minus(amounts);
            }
            found.push(index);
        }
        found
    }

    /// Whether the ancestors of a victim that are not the reclaimer's at the same distance hold more than they deserve.
    fn others_exceed(
        &self,
        above: &[(usize, usize)],
        above_own: &[(usize, usize)],
        held: &[Amounts],
        amounts: &Amounts,
    ) -> bool {
        let mut others = above.iter().filter(|one| !above_own.contains(one));
        others.all(|(_, id)| {
            let deserved = &self.quotas[*id].deserved;
            !deserved.shares_dimension(amounts) || held[*id].above(deserved, amounts)
        })
    }
}
