//! The ledger as Armada's cycle sees it.

use std::collections::BTreeMap;

use crate::allocators::queue_tree::{soon, takeable};
use crate::ledger::{LaunchedTask, Ledger, Node};
use crate::message::{AgentId, FrameworkId, TaskId};
use crate::resources::{Kind, Resources};
use crate::rules::armada::cycle::Cycle;
use crate::rules::armada::order::Rules;
use crate::rules::armada::pass::{Limits, Pool};
use crate::rules::armada::{self, Amounts, Class, Job, Queue, Run, Shape};
use crate::rules::ratio::Ratio;

/// Where, and who goes.
type Preempted = (AgentId, Vec<(FrameworkId, TaskId)>);

fn amounts(of: Resources) -> Amounts {
    let whole = |units: u64| i64::try_from(units).unwrap_or(i64::MAX);
    of.units().map(whole).to_vec()
}

/// The node at the top that a framework is below.
fn top(ledger: &Ledger, framework: FrameworkId) -> Node {
    let up = |node: &Node| ledger.parent(*node);
    let path = std::iter::successors(Some(Node::Framework(framework)), up);
    path.last().unwrap_or(Node::Framework(framework))
}

fn job(queue: usize, needs: Resources, run: Option<Run>) -> Job {
    Job {
        queue: Some(queue),
        shape: Shape {
            request: amounts(needs),
            ..Shape::default()
        },
        floating: Amounts::new(),
        priority: 0,
        gang: None,
        run,
        from_elsewhere: false,
    }
}

/// Who is preempted by a cycle in which `to` asks for one more task; `None` where it does not start, or needs nobody gone.
pub(super) fn preempted(
    ledger: &Ledger,
    to: FrameworkId,
    needs: Resources,
    protected: Ratio,
) -> Option<Preempted> {
    let mut tops: Vec<Node> = ledger.frameworks().map(|one| top(ledger, one)).collect();
    tops.sort_unstable();
    tops.dedup();
    let place = |framework: FrameworkId| tops.binary_search(&top(ledger, framework)).ok();
    let agents: Vec<AgentId> = ledger.agents().collect();
    let (mut jobs, mut tasks, mut nodes) = (Vec::new(), Vec::<LaunchedTask>::new(), Vec::new());
    let mut here: BTreeMap<usize, Resources> = BTreeMap::new();
    for (node, agent) in agents.iter().enumerate() {
        let mut room = ledger.usable(to, *agent);
        for one in takeable(ledger, to, *agent) {
            let freed = ledger.usable_of(to, *agent, (one.framework, one.task));
            let queue = place(one.framework)?;
            let since = one.since.as_micros();
            room += freed;
            *here.entry(queue).or_default() += freed;
            jobs.push(job(
                queue,
                freed,
                Some(Run {
                    node,
                    priority: 0,
                    since,
                }),
            ));
            tasks.push(one);
        }
        nodes.push(armada::Node {
            total: amounts(room),
            ..armada::Node::default()
        });
    }
    jobs.push(job(place(to)?, needs, None));
    let soon = soon(ledger);
    let queue = |(id, top): (usize, &Node)| {
        let below = || soon.iter().filter(|(one, _)| place(**one) == Some(id));
        let held: Resources = below().map(|(_, one)| one.held).sum();
        let wanted = below().fold(Amounts::from([0; Kind::COUNT]), |sum, (_, one)| {
            let more = amounts(one.wanted).into_iter();
            sum.into_iter()
                .zip(more)
                .map(|(a, b)| a.saturating_add(b))
                .collect()
        });
        let mine = here.get(&id).copied().unwrap_or_default();
        Queue {
            // The order of the names is that of the ids.
            name: format!("{id:010}"),
            weight: Ratio::from(i64::from(ledger.weight(*top).thousandths())) / Ratio::whole(1000),
            closed: false,
            demand: wanted,
            held: amounts(held.saturating_sub(mine)),
        }
    };
    let queues: Vec<Queue> = tops.iter().enumerate().map(queue).collect();
    let class = Class {
        priority: 0,
        preemptible: true,
        away: Vec::new(),
    };
    let pool = Pool {
        queues: &queues,
        classes: &[class],
        jobs: &jobs,
        total: amounts(ledger.total()),
        factors: &[Ratio::ONE; Kind::COUNT],
        rules: Rules::default(),
        limits: &Limits::default(),
    };
    let index: Vec<(usize, i64)> = (0..Kind::COUNT).map(|kind| (kind, 1)).collect();
    let cycle = Cycle {
        pool: &pool,
        nodes: &nodes,
        index: &index,
        used: &[],
        protected,
        by_uncapped: false,
    };
    let decisions = cycle.run();
    let (_, run) = decisions.started.first()?;
    let gone = decisions.preempted.iter().map(|job| &tasks[*job]);
    let victims: Vec<_> = gone.map(|one| (one.framework, one.task)).collect();
    (!victims.is_empty()).then_some((agents[run.node], victims))
}
