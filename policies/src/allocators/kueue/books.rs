//! The ledger as Kueue's rules see it. Longer than a policy's file by a line: quotas, workloads and candidates are put together
//! here.

use std::collections::BTreeMap;

use crate::allocators::queue_tree::{QueueTree, asked, soon, takeable};
use crate::ledger::{LaunchedTask, Ledger, Node};
use crate::message::{AgentId, FrameworkId, TaskId};
use crate::resources::{Kind, Resources};
use crate::rules::kueue::{
    self, Admitted, Algorithm, Amount, Newcomer, NodeId, Pair, Policy, Preemption, Quota, Tree,
};
use crate::rules::ratio::Ratio;

/// What quotas are of; an agent is a flavor of its own, of which only the cluster has any.
const QUOTA: u32 = 0;

fn amounts(flavor: u32, needs: Resources) -> BTreeMap<Pair, Amount> {
    let pair = |kind: Kind| Pair {
        flavor,
        resource: kind as u32,
    };
    let amount = |units: u64| Amount(i64::try_from(units).unwrap_or(i64::MAX));
    asked(needs)
        .map(|(kind, units)| (pair(kind), amount(units)))
        .collect()
}

/// The cohorts and queues of the cluster and what they hold, whichever agent is looked at.
pub(super) struct CohortBooks {
    queues: QueueTree,
    /// The cohort of everything, which is the first, and the queues in their order.
    nodes: Vec<kueue::Node>,
    held: BTreeMap<FrameworkId, Resources>,
}

fn quotas(flavor: u32, of: Resources) -> BTreeMap<Pair, Quota> {
    let quota = |(pair, nominal)| {
        let quota = Quota {
            nominal,
            ..Quota::default()
        };
        (pair, quota)
    };
    amounts(flavor, of).into_iter().map(quota).collect()
}

impl CohortBooks {
    pub(super) fn of(ledger: &Ledger) -> Self {
        let queues = QueueTree::of(ledger);
        let entitled = queues.entitled(ledger, ledger.total());
        let mut below: BTreeMap<Option<usize>, Resources> = BTreeMap::new();
        for (id, parent) in queues.parents.iter().enumerate() {
            *below.entry(*parent).or_default() += entitled[id];
        }
        // What is lost in rounding down is the cohort's.
        let rest =
            |of: Resources, id| of.saturating_sub(below.get(&id).copied().unwrap_or_default());
        let node = |parent, queue, own| kueue::Node {
            parent,
            queue,
            weight: Ratio::ONE,
            quotas: quotas(QUOTA, own),
        };
        let policies = Preemption {
            within: Policy::Never,
            reclaim: Policy::Any,
            borrow: None,
        };
        let mut nodes = vec![node(None, None, rest(ledger.total(), None))];
        for (id, one) in queues.nodes.iter().enumerate() {
            let parent = queues.parents[id].map_or(0, |parent| parent + 1);
            let leaf = matches!(one, Node::Framework(_));
            let own = rest(entitled[id], Some(id));
            nodes.push(node(Some(NodeId(parent)), leaf.then_some(policies), own));
        }
        let held = soon(ledger).into_iter();
        Self {
            queues,
            nodes,
            held: held
                .map(|(framework, soon)| (framework, soon.held))
                .collect(),
        }
    }

    fn leaf(&self, framework: FrameworkId) -> Option<NodeId> {
        self.queues.place(framework).map(|place| NodeId(place + 1))
    }

    /// The tree with an agent of which there is so much for whom it is asked.
    fn tree(&self, room: Resources) -> Option<Tree> {
        let mut nodes = self.nodes.clone();
        nodes[0].quotas.extend(quotas(QUOTA + 1, room));
        Tree::new(nodes)
    }

    /// Who goes from an agent so that a task fits, by the shares that all have; nobody where it cannot be made to.
    pub(super) fn victims(
        &self,
        ledger: &Ledger,
        (to, needs): (FrameworkId, Resources),
        agent: AgentId,
    ) -> Option<Vec<(FrameworkId, TaskId)>> {
        let here: Vec<LaunchedTask> = takeable(ledger, to, agent);
        let freed = |one: &LaunchedTask| ledger.usable_of(to, agent, (one.framework, one.task));
        let room = here.iter().map(freed).sum::<Resources>() + ledger.usable(to, agent);
        if !needs.fits_in(room) {
            return None;
        }
        let mut tree = self.tree(room)?;
        let mut held = self.held.clone();
        let mut admitted = Vec::new();
        for one in &here {
            let all = held.entry(one.framework).or_default();
            *all = all.saturating_sub(one.needs);
            let mut usage = amounts(QUOTA, one.needs);
            usage.extend(amounts(QUOTA + 1, freed(one)));
            let queue = self.leaf(one.framework)?;
            tree.add_all(queue, &usage);
            admitted.push(Admitted {
                queue,
                priority: 0,
                usage,
                created: None,
                reserved: i64::try_from(one.since.as_micros()).unwrap_or(i64::MAX),
                evicted: false,
                uid: one.task.0,
            });
        }
        for (framework, held) in held {
            tree.add_all(self.leaf(framework)?, &amounts(QUOTA, held));
        }
        let mut request = amounts(QUOTA, needs);
        let contested = request.keys().copied().collect();
        request.extend(amounts(QUOTA + 1, needs));
        let newcomer = Newcomer {
            queue: self.leaf(to)?,
            priority: 0,
            created: None,
            request,
            contested,
        };
        let found = Algorithm::fair().victims(&tree, &admitted, &newcomer);
        Some(
            found
                .iter()
                .map(|one| (here[one.index].framework, here[one.index].task))
                .collect(),
        )
    }
}
