//! Gavel's max-min fairness between frameworks whose work is faster on some agents than on others: the least of what they
//! get, each measured by how fast its work is where it runs, is as large as it can be (Narayanan et al., OSDI 2020).
//!
//! The split says how many tasks each framework is due on each kind of agents, by what its next task takes; an agent goes to
//! whoever has the least of what it is due of its kind, and only then to those that are due nothing there. Gavel
//! runs rounds of six minutes and moves jobs between them; here a task stays where it began. Roles are not looked at:
//! everybody counts by its framework's weight. Recipes say speeds with `speeds`; without them it is one kind.

mod division;

use std::cell::RefCell;

use fairground_policies::allocators::{Allocator, AllocatorEntry, Context, Rank, Setup, Tie};
use fairground_policies::evidence::{Evidence, Proven};
use fairground_policies::ledger::{Ledger, Node};
use fairground_policies::message::FrameworkId;
use fairground_policies::resources::Resources;
use fairground_policies::share::Share;

pub use self::division::{TypeSplit, TypedJob, max_min};
use crate::ceei::dominant;

/// Whoever has the least of what it is due of an agent's kind goes first.
#[derive(Debug)]
pub struct Gavel {
    tie: Tie,
    /// What was worked out last, and for what: it is asked for every offer.
    last: RefCell<(Vec<Resources>, Vec<TypedJob>, TypeSplit)>,
}

/// A framework as one whose tasks are all like its next one, or like what it holds.
fn typed_job(ledger: &Ledger, framework: FrameworkId) -> TypedJob {
    let held = ledger.held(framework);
    let next = ledger.demand(framework).next().map(|part| part.needs);
    let needs = next.unwrap_or(held);
    let own = dominant(needs, ledger.total());
    let wants = held
        .of(own)
        .saturating_add(ledger.waiting_resources(framework).of(own));
    let speeds = (0..ledger.kinds()).map(|kind| ledger.speed(framework, kind));
    TypedJob {
        speeds: speeds.collect(),
        weight: ledger.weight(framework).thousandths(),
        needs,
        tasks: wants / needs.of(own).max(1),
    }
}

/// Millionths of a task, as whole numbers.
fn millionths(tasks: f64) -> u64 {
    (tasks * 1e6).round() as u64
}

impl Allocator for Gavel {
    fn rank(&self, _: &Context<'_>, _: Node) -> Rank {
        Share::ZERO.into()
    }

    fn reads_demand(&self) -> bool {
        true
    }

    fn pick(
        &self,
        context: &Context<'_>,
        among: &mut dyn Iterator<Item = FrameworkId>,
    ) -> Option<FrameworkId> {
        let ledger = context.ledger;
        let kind = ledger.kind(context.agent?);
        let all: Vec<FrameworkId> = ledger.frameworks().collect();
        let jobs: Vec<TypedJob> = all.iter().map(|one| typed_job(ledger, *one)).collect();
        let totals = (0..ledger.kinds()).map(|kind| ledger.total_of_kind(kind));
        let totals: Vec<Resources> = totals.collect();
        let last = &mut *self.last.borrow_mut();
        if (&last.0, &last.1) != (&totals, &jobs) {
            let split = max_min(&jobs, &totals);
            *last = (totals, jobs, split);
        }
        let rank = |one: &FrameworkId| {
            let at = all.binary_search(one).unwrap_or(0);
            let needs = last.1[at].needs;
            let own = dominant(needs, ledger.total());
            let due = millionths(last.2.tasks[at][kind]);
            let held = ledger.held_of_kind(*one, kind);
            let share = if due > 0 {
                let due = needs.of(own).saturating_mul(due);
                Share::new(held.of(own).saturating_mul(1_000_000), due)
            } else {
                held.dominant_share(ledger.total())
            };
            let tie = self.tie.of(context, Node::Framework(*one));
            (due == 0, share, tie, *one)
        };
        among.min_by_key(rank)
    }
}

/// Its line in the table of policies.
pub const GAVEL: AllocatorEntry = AllocatorEntry {
    name: "gavel",
    about: "shared pool; whoever has the least of what it is due of such agents goes first, by how fast its work is on which",
    params: &[Tie::PARAM],
    evidence: Evidence {
        source: "Narayanan et al., Heterogeneity-Aware Cluster Scheduling Policies (Gavel), OSDI 2020, sections 4.1 and 4.2",
        proven: Proven::Scripts,
        example: "\
agents 2 cpus:2 mem:2 kind=fast
agents 2 cpus:2 mem:2
policy gavel[offers=task]
framework a speed=fast:3
framework b
job a tasks=8 cpus:1 mem:1 run=12s
job b tasks=8 cpus:1 mem:1 run=12s
",
    },
    make: |name, mut setup: Setup| {
        Ok(Box::new(Gavel {
            tie: Tie::from_name(name, &mut setup)?,
            last: RefCell::new((Vec::new(), Vec::new(), TypeSplit::NONE)),
        }))
    },
};
