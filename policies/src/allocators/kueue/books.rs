//! The ledger as Kueue's rules see it.

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

/// The cohort of everything, which is the first node, and the queues in their order. `room` is what an agent has.
fn tree(ledger: &Ledger, queues: &QueueTree, room: Resources) -> Option<Tree> {
    let quotas = |flavor, amounts_of: Resources| {
        let quota = |(pair, nominal)| {
            let quota = Quota {
                nominal,
                ..Quota::default()
            };
            (pair, quota)
        };
        amounts(flavor, amounts_of)
            .into_iter()
            .map(quota)
            .collect::<BTreeMap<_, _>>()
    };
    let entitled = queues.entitled(ledger, ledger.total());
    let sum = |parent: Option<usize>| -> Resources {
        let below = (0..entitled.len()).filter(|id| queues.parents[*id] == parent);
        below.map(|id| entitled[id]).sum()
    };
    let node = |parent, queue, own: Resources| kueue::Node {
        parent,
        queue,
        weight: Ratio::ONE,
        quotas: quotas(QUOTA, own),
    };
    // What is lost in rounding down is the cohort's.
    let mut top = node(None, None, ledger.total().saturating_sub(sum(None)));
    top.quotas.extend(quotas(QUOTA + 1, room));
    let mut nodes = vec![top];
    for (id, one) in queues.nodes.iter().enumerate() {
        let parent = queues.parents[id].map_or(0, |parent| parent + 1);
        let leaf = matches!(one, Node::Framework(_));
        let policies = Preemption {
            within: Policy::Never,
            reclaim: Policy::Any,
            borrow: None,
        };
        let own = if leaf {
            entitled[id]
        } else {
            entitled[id].saturating_sub(sum(Some(id)))
        };
        nodes.push(node(Some(NodeId(parent)), leaf.then_some(policies), own));
    }
    Tree::new(nodes)
}

/// Who goes from an agent so that a task fits, by the shares that all have; nobody where it cannot be made to.
pub(super) fn victims(
    ledger: &Ledger,
    (to, needs): (FrameworkId, Resources),
    agent: AgentId,
) -> Option<Vec<(FrameworkId, TaskId)>> {
    let queues = QueueTree::of(ledger);
    let leaf = |framework: FrameworkId| queues.place(framework).map(|place| NodeId(place + 1));
    let here: Vec<LaunchedTask> = takeable(ledger, to, agent);
    let freed = |one: &LaunchedTask| ledger.usable_of(to, agent, (one.framework, one.task));
    let room = here.iter().map(freed).sum::<Resources>() + ledger.usable(to, agent);
    let mut tree = tree(ledger, &queues, room)?;
    let mut held: BTreeMap<FrameworkId, Resources> = soon(ledger)
        .into_iter()
        .map(|(framework, soon)| (framework, soon.held))
        .collect();
    let mut admitted = Vec::new();
    for one in &here {
        let all = held.entry(one.framework).or_default();
        *all = all.saturating_sub(one.needs);
        let mut usage = amounts(QUOTA, one.needs);
        usage.extend(amounts(QUOTA + 1, freed(one)));
        let queue = leaf(one.framework)?;
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
        tree.add_all(leaf(framework)?, &amounts(QUOTA, held));
    }
    let mut request = amounts(QUOTA, needs);
    let contested = request.keys().copied().collect();
    request.extend(amounts(QUOTA + 1, needs));
    let newcomer = Newcomer {
        queue: leaf(to)?,
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
