//! The ledger as KAI's rules see it. Longer than a policy's file: what all queues hold, deserve and want is put together
//! here, and who is taken back for whom.

use crate::allocators::Reclaim;
use crate::allocators::queue_tree::{QueueTree, next_task, soon, takeable};
use crate::ledger::{LaunchedTask, Ledger, Node};
use crate::message::{AgentId, FrameworkId};
use crate::resources::{Kind, Resources};
use crate::rules::kai::division::{Weighted, divide_tree};
use crate::rules::kai::order::{Next, compare};
use crate::rules::kai::reclaim::Reclaimer;
use crate::rules::kai::{Amounts, NOTHING, Queue, path, plus};
use crate::rules::ratio::Ratio;
use crate::time::Span;

/// The queues with their shares.
pub(super) struct Books {
    tree: QueueTree,
    queues: Vec<Queue>,
    total: Amounts,
}

/// The resources that are divided, in their order, and how many units make one.
const KINDS: [(Kind, i128); 3] = [(Kind::Cpus, 1), (Kind::Mem, 1), (Kind::Gpus, 1000)];

fn amounts(of: Resources) -> Amounts {
    let units = of.units();
    KINDS.map(|(kind, one)| Ratio::whole(units[kind as usize].into()) / Ratio::whole(one))
}

impl Books {
    pub(super) fn of(ledger: &Ledger, quota: u32, k: Ratio) -> Self {
        let tree = QueueTree::of(ledger);
        let total = amounts(ledger.total());
        let hundredths = |units: u64| (u128::from(units) * u128::from(quota) / 100) as u64;
        let of_quotas = Resources::from_units(ledger.total().units().map(hundredths));
        let entitled = tree.entitled(ledger, of_quotas);
        let mut queues: Vec<Queue> = Vec::new();
        let mut weighted = Vec::new();
        for (id, node) in tree.nodes.iter().enumerate() {
            queues.push(Queue {
                parent: tree.parents[id],
                created: i64::try_from(id).unwrap_or(i64::MAX),
                quota: amounts(entitled[id]).map(Some),
                ..Queue::default()
            });
            let weight = Ratio::from(i64::from(ledger.weight(*node).thousandths()));
            weighted.push(Weighted {
                name: format!("{id:010}"),
                weight: [weight; 3],
                usage: if k.is_zero() {
                    NOTHING
                } else {
                    usage(ledger, &tree, id)
                },
                wanted: NOTHING,
            });
        }
        for (framework, soon) in soon(ledger) {
            let Some(leaf) = tree.place(framework) else {
                continue;
            };
            for id in path(&queues, leaf) {
                queues[id].allocated = plus(&queues[id].allocated, &amounts(soon.held));
                weighted[id].wanted = plus(&weighted[id].wanted, &amounts(soon.wanted));
            }
        }
        divide_tree(&mut queues, &weighted, &total, k);
        Self {
            tree,
            queues,
            total,
        }
    }

    /// How many siblings are served before a node.
    pub(super) fn before(&self, ledger: &Ledger, node: Node) -> u64 {
        let Some(own) = self.tree.place(node) else {
            return 0;
        };
        let next = |id: usize| Next {
            queue: &self.queues[id],
            job: amounts(next_task(ledger, self.tree.nodes[id])),
            victims: NOTHING,
        };
        let first = |id: &usize| *id != own && compare(&next(*id), &next(own), &self.total).is_lt();
        self.tree.siblings(own).filter(first).count() as u64
    }

    /// Who goes from an agent: of those whose queues come last the youngest first.
    pub(super) fn victims(
        &self,
        ledger: &Ledger,
        (to, needs): (FrameworkId, Resources),
        agent: AgentId,
        grace: Span,
    ) -> Option<Reclaim> {
        let reclaimer = Reclaimer {
            queue: self.tree.place(to)?,
            ask: amounts(needs),
            fixed: false,
        };
        if !reclaimer.may_try(&self.queues) {
            return None;
        }
        let queue = |one: &LaunchedTask| self.tree.place(one.framework);
        let mut candidates = takeable(ledger, to, agent);
        candidates.retain(|one| {
            queue(one).is_some_and(|from| {
                from != reclaimer.queue && reclaimer.may_take_from(&self.queues, from)
            })
        });
        // Of the queue that is served last each time, what was taken from it counted as gone.
        let mut order: Vec<LaunchedTask> = Vec::new();
        let mut taken = vec![NOTHING; self.queues.len()];
        let next = |id: usize, taken: &[Amounts]| Next {
            queue: &self.queues[id],
            job: NOTHING,
            victims: taken[id],
        };
        while let Some(last) = (0..candidates.len()).reduce(|best, one| {
            let (left, right) = (queue(&candidates[best]), queue(&candidates[one]));
            match (left, right) {
                (Some(left), Some(right)) if left != right => {
                    let (left, right) = (next(left, &taken), next(right, &taken));
                    if compare(&right, &left, &self.total).is_gt() {
                        one
                    } else {
                        best
                    }
                }
                _ => one,
            }
        }) {
            let one = candidates.remove(last);
            for id in path(&self.queues, queue(&one)?) {
                taken[id] = plus(&taken[id], &amounts(one.needs));
            }
            order.push(one);
        }
        let reclaim = Reclaim::enough(ledger, (to, needs), agent, &order, grace)?;
        let mut bundles = Vec::new();
        for (framework, task) in &reclaim.victims {
            let one = ledger.started_task(*framework, *task, agent)?;
            bundles.push((queue(&one)?, vec![amounts(one.needs)]));
        }
        reclaimer
            .may_take(&self.queues, &bundles, Ratio::ONE)
            .then_some(reclaim)
    }
}

/// The part that a queue used of what all at the top did.
fn usage(ledger: &Ledger, tree: &QueueTree, id: usize) -> Amounts {
    let tops = || (0..tree.nodes.len()).filter(|id| tree.parents[*id].is_none());
    let used = |id: usize, kind: Kind| {
        let units = ledger.used(tree.nodes[id])[kind as usize];
        Ratio::whole(i128::try_from(units).unwrap_or(i128::MAX))
    };
    KINDS.map(|(kind, _)| used(id, kind) / tops().map(|top| used(top, kind)).sum())
}
