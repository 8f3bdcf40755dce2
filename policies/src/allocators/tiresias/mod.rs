//! Least attained service in a few queues: whoever was served less than a threshold goes before those who were served
//! more, in order of arrival among equals, and takes back what it needs from them (Gu et al., Tiresias, NSDI 2019, section
//! 3.2: discretised two-dimensional LAS).
//!
//! Service is what was held, of one kind of resource, times how long: two GPUs for an hour are two hours. It is brought up
//! to date at fixed times, so that between two of them nobody moves to another queue. A framework is what a
//! job is to Tiresias. Its knob that lets starved jobs back into the first queue is `half-life`: what is forgotten of service
//! does so for everybody.

mod queues;

use std::cmp::Reverse;

use self::queues::ServiceQueues;
use super::{Allocator, AllocatorEntry, Context, Rank, Reclaim, Tie, counted_kind};
use crate::evidence::{Evidence, Proven};
use crate::ledger::{LaunchedTask, Memory, Node};
use crate::message::FrameworkId;
use crate::name::Param;
use crate::resources::{Kind, Resources};
use crate::share::Share;
use crate::time::{Span, Time};

/// The earlier queue first; in a queue, who joined first.
#[derive(Debug)]
pub struct Tiresias {
    queues: ServiceQueues,
    preempts: bool,
    memory: Memory,
    grace: Span,
    tie: Tie,
}

impl Allocator for Tiresias {
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        Rank {
            share: Share::new(self.queues.of(context.ledger, node) as u64, 1),
            tie: self.tie.of(context, node),
        }
    }

    fn memory(&self) -> Option<Memory> {
        Some(self.memory)
    }

    /// When service is brought up to date next, as long as somebody who holds something may fall into a later queue.
    fn changes_at(&self, context: &Context<'_>) -> Option<Time> {
        let ledger = context.ledger;
        let falls = |node: Node| {
            let held = ledger.held(node).of(self.queues.on) > 0;
            held && self.queues.of(ledger, node) < self.queues.ends.len()
        };
        let mut nodes = ledger.frameworks().flat_map(|framework| {
            let up = |node: &Node| ledger.parent(*node);
            std::iter::successors(Some(Node::Framework(framework)), up)
        });
        nodes.any(falls).then(|| ledger.next_aging())?
    }

    fn reclaims(&self) -> bool {
        self.preempts
    }

    /// On the agent where the fewest have to go: of the last queue first, and those that started last.
    fn reclaim(&self, context: &Context<'_>, to: FrameworkId, needs: Resources) -> Option<Reclaim> {
        let ledger = context.ledger;
        let on = |agent| {
            let behind =
                |one: LaunchedTask| Some((self.queues.behind(ledger, to, one.framework)?, one));
            let mut tasks: Vec<_> = ledger.started(agent).filter_map(behind).collect();
            tasks.sort_by_key(|(queue, one)| Reverse((*queue, one.since, one.framework, one.task)));
            let victims: Vec<LaunchedTask> = tasks.into_iter().map(|(_, one)| one).collect();
            Reclaim::enough(ledger, (to, needs), agent, &victims, self.grace)
        };
        let possible = ledger.agents().filter_map(on);
        possible.min_by_key(|one| one.victims.len())
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "tiresias",
    about: "shared pool; whoever was served less than a threshold goes first, in order of arrival, and takes back from \
            those who were served more (discretised LAS)",
    params: &[
        Param {
            key: "queues",
            about: "for how long one unit is held until the next queue begins, as in 1h:10h (default 1h)",
        },
        Param {
            key: "on",
            about: "what is counted: cpus, mem, disk or gpus (default cpus; Tiresias gpus)",
        },
        Param {
            key: "preempt",
            about: "whether earlier queues take back from later ones: yes or no (default yes)",
        },
        Param {
            key: "grace",
            about: "how long a victim is left (default 0s)",
        },
        Param {
            key: "every",
            about: "how often service is brought up to date (default 1m)",
        },
        Param {
            key: "half-life",
            about: "after so long half of a service is forgotten (default never)",
        },
        Tie::PARAM,
    ],
    evidence: Evidence {
        source: "Gu et al., Tiresias: A GPU Cluster Manager for Distributed Deep Learning, NSDI 2019, section 3.2",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:2 mem:2
policy tiresias[queues=10s,every=1s,offers=task]
framework a
framework b
job a tasks=2 cpus:1 mem:1 run=20s
job b at=2s tasks=2 cpus:1 mem:1 run=8s
",
    },
    make: |name, mut setup| {
        let span = "a length of time, as in 5m";
        let on = counted_kind(name, Kind::Cpus)?;
        let preempts = match name.take("preempt").as_deref() {
            None | Some("yes") => true,
            Some("no") => false,
            Some(other) => return Err(name.bad("preempt", other, "yes or no")),
        };
        let every = name.take_as("every", span)?.unwrap_or(Span::from_secs(60));
        Ok(Box::new(Tiresias {
            queues: ServiceQueues::from_name(name, on)?,
            preempts,
            memory: Memory {
                half_life: name.take_as("half-life", span)?,
                every,
            },
            grace: name.take_as("grace", span)?.unwrap_or(Span::ZERO),
            tie: Tie::from_name(name, &mut setup)?,
        }))
    },
};
