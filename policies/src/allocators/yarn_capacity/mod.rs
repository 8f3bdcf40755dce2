//! YARN's capacity scheduler: queues by what they use of what they are guaranteed, applications of a queue as they
//! came, and what is above its guarantee taken back for who is below (`ProportionalCapacityPreemptionPolicy`).
//!
//! Roles are queues, weights their capacities among siblings, limits their maxima; frameworks are applications. What is
//! taken is what [`choose`] takes in a round, as far as it makes room on one agent; a round is held whenever somebody lacks
//! room, and what was taken and has not ended counts as gone and as the asker's.

mod queues;

use self::queues::{amounts, leaf, queues, thousandths};
use super::{Allocator, AllocatorEntry, Context, Rank, Reclaim, Tie};
use crate::evidence::{Evidence, Proven};
use crate::ledger::{LaunchedTask, Ledger, Node};
use crate::message::FrameworkId;
use crate::name::Param;
use crate::resources::{Kind, Resources};
use crate::rules::yarn::amounts::{Calculator, Ratio};
use crate::rules::yarn::between::Config;
use crate::rules::yarn::victims::{App, Container, Rules, choose};
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

    fn rules(&self) -> Option<Rules> {
        let percent = |part: i64| Ratio::new(part, 100);
        Some(Rules {
            config: Config {
                calculator: self.calculator,
                max_ignored_over_capacity: percent(10)?,
                natural_termination_factor: Ratio::ONE,
                total_preemption_per_round: percent(self.round.into())?,
            },
            balance: false,
            conservative: false,
            max_am_percent: percent(0)?,
            within: None,
        })
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
        let ledger = context.ledger;
        let (queues, places) = queues(ledger);
        let place = |framework: FrameworkId| places.get(&leaf(ledger, framework)).copied();
        let mine = place(to)?;
        let started = ledger.agents().flat_map(|agent| ledger.started(agent));
        let mut tasks: Vec<LaunchedTask> = started.filter(|one| ledger.may_take(to, one)).collect();
        tasks.sort_by_key(|one| (one.framework, one.since, one.task));
        let as_app = |framework: FrameworkId| {
            let containers = tasks.iter().filter(|one| one.framework == framework);
            Some(App {
                queue: place(framework)?,
                priority: thousandths(ledger.weight(framework)),
                user: framework.0,
                pending: amounts(ledger.waiting_resources(framework)),
                containers: containers
                    .map(|one| Container {
                        size: amounts(one.needs),
                        priority: 0,
                        master: false,
                        reserved: false,
                    })
                    .collect(),
            })
        };
        let stands = |one: &FrameworkId| place(*one).is_some();
        let frameworks: Vec<FrameworkId> = ledger.frameworks().filter(stands).collect();
        let all: Vec<App> = frameworks.iter().filter_map(|one| as_app(*one)).collect();
        let choice = choose(&queues, &all, &amounts(ledger.total()), &self.rules()?);
        let chosen = choice
            .chosen
            .into_iter()
            .filter(|(app, _)| all[*app].queue != mine);
        let chosen: Vec<LaunchedTask> = chosen
            .filter_map(|(app, container)| {
                let mut own = tasks.iter().filter(|one| one.framework == frameworks[app]);
                own.nth(container).copied()
            })
            .collect();
        let on = |agent| {
            let here = |one: &&LaunchedTask| {
                ledger
                    .task(one.framework, one.task)
                    .is_some_and(|(at, _)| at == agent)
            };
            let mut some: Vec<LaunchedTask> = chosen.iter().filter(here).copied().collect();
            some.sort_by_key(|one| std::cmp::Reverse((one.since, one.framework, one.task)));
            Reclaim::enough(ledger, (to, needs), agent, &some, self.grace?)
        };
        let possible = ledger.agents().filter_map(on);
        possible.min_by_key(|one| one.victims.len())
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
        example: include_str!("../../../tests/scripts/yarn_capacity.txt"),
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
