//! YARN's capacity scheduler: queues by what they use of what they are guaranteed, applications of a queue as they
//! came, and what is above its guarantee taken back for who is below (`ProportionalCapacityPreemptionPolicy`).
//!
//! Roles are queues, weights their capacities among siblings, limits their maxima; frameworks are applications. What is
//! taken is what [`choose`](crate::rules::yarn::victims::choose) takes in a round, as far as it makes room on one
//! agent; a round is held whenever somebody lacks room, and what was taken and has not ended counts as gone and as the
//! asker's.

mod queues;
mod taking;

use self::taking::taken;
use super::{Allocator, AllocatorEntry, Context, Rank, Reclaim, Tie};
use crate::evidence::{Evidence, Proven};
use crate::ledger::{Ledger, Node};
use crate::message::FrameworkId;
use crate::name::Param;
use crate::resources::{Kind, Resources};
use crate::rules::ratio::Ratio;
use crate::rules::yarn::amounts::Calculator;
use crate::rules::yarn::between::Config;
use crate::rules::yarn::victims::Rules;
use crate::share::Share;
use crate::time::Span;

/// The least used of its guarantee goes first.
#[derive(Debug)]
pub struct YarnCapacity {
    calculator: Calculator,
    /// How long a victim has to end; nothing is taken back where there is none.
    grace: Option<Span>,
    /// The part of the cluster that is taken at once, in percent.
    round: u8,
    tie: Tie,
}

impl YarnCapacity {
    fn share(&self, ledger: &Ledger, node: Node) -> Share {
        match self.calculator {
            Calculator::Memory => ledger.share(node, Kind::Mem),
            Calculator::Dominant => ledger.dominant_share(node),
        }
    }

    fn rules(&self) -> Rules {
        let percent = |part: u8| Ratio::quotient(part.into(), 100);
        Rules {
            config: Config {
                calculator: self.calculator,
                max_ignored_over_capacity: percent(10),
                natural_termination_factor: Ratio::ONE,
                total_preemption_per_round: percent(self.round),
            },
            balance: false,
            conservative: false,
            max_am_percent: percent(0),
            within: None,
        }
    }
}

impl Allocator for YarnCapacity {
    /// A queue's part of what it is guaranteed. Frameworks of one role stand as they came, the heavier before.
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        let ledger = context.ledger;
        let in_queue = matches!(node, Node::Framework(one) if ledger.role(one).is_some());
        let share = if in_queue {
            Share::new(1, 1).weighted(ledger.weight(node))
        } else {
            self.share(ledger, node)
        };
        Rank {
            share,
            tie: self.tie.of(context, node),
        }
    }

    fn reads_demand(&self) -> bool {
        true
    }

    fn reclaims(&self) -> bool {
        self.grace.is_some()
    }

    fn reclaim(&self, context: &Context<'_>, to: FrameworkId, needs: Resources) -> Option<Reclaim> {
        taken(context.ledger, (to, needs), &self.rules(), self.grace?)
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "yarn-capacity",
    about: "shared pool; the queue that uses the least of its capacity goes first (YARN's capacity scheduler)",
    params: &[
        Param {
            key: "calculator",
            about: "how use is compared: memory or dominant (default memory)",
        },
        Param {
            key: "preempt",
            about: "takes back what is above a guarantee, and leaves victims so long (default: nothing is)",
        },
        Param {
            key: "at-once",
            about: "the percentage of the cluster that is taken at once (default 10)",
        },
        Tie::PARAM,
    ],
    evidence: Evidence {
        source: "Hadoop YARN 3.1 to 3.3: CapacityScheduler, ProportionalCapacityPreemptionPolicy",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:4 mem:4
policy yarn-capacity[preempt=5s,at-once=100,offers=task]
role one
role two weight=3
framework a role=one
framework b role=two
job a tasks=8 cpus:1 mem:1 run=20s
job b at=5s tasks=3 cpus:1 mem:1 run=10s
",
    },
    make: |name, mut setup| {
        let calculator = match name.take("calculator").as_deref() {
            None | Some("memory") => Calculator::Memory,
            Some("dominant") => Calculator::Dominant,
            Some(other) => return Err(name.bad("calculator", other, "memory or dominant")),
        };
        let round: u8 = name.take_as("at-once", "a percentage")?.unwrap_or(10);
        if !(1..=100).contains(&round) {
            return Err(name.bad("at-once", &round.to_string(), "1 to 100"));
        }
        Ok(Box::new(YarnCapacity {
            calculator,
            grace: name.take_as("preempt", "a length of time, as in 15s")?,
            round,
            tie: Tie::from_name(name, &mut setup)?,
        }))
    },
};
