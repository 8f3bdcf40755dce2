//! An allocator that preempts: strict priority by weight, and lighter frameworks' tasks make room.
//!
//! `cargo run --release --example preempt -- compare --policies 'priority preempt preempt[grace=30s]'`

use std::cmp::Reverse;
use std::process::ExitCode;

use fairground_policies::allocators::{Allocator, AllocatorEntry, Context, Rank, Reclaim};
use fairground_policies::evidence::Evidence;
use fairground_policies::ledger::{LaunchedTask, Node};
use fairground_policies::message::FrameworkId;
use fairground_policies::name::Param;
use fairground_policies::registry::Registry;
use fairground_policies::resources::Resources;
use fairground_policies::share::Share;
use fairground_policies::time::Span;

struct Preempt(Span);

impl Allocator for Preempt {
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        let weight = context.ledger.weight(node);
        Share::new(1, 1).weighted(weight).into()
    }

    fn reclaims(&self) -> bool {
        true
    }

    /// On the agent where the fewest have to go: tasks of the lightest, the youngest first.
    fn reclaim(&self, context: &Context<'_>, to: FrameworkId, needs: Resources) -> Option<Reclaim> {
        let ledger = context.ledger;
        let weight = |one: &LaunchedTask| ledger.lighter(to, one.framework);
        let on = |agent| {
            let mut tasks: Vec<LaunchedTask> = ledger.started(agent).collect();
            tasks.retain(|one| weight(one).is_some());
            tasks.sort_by_key(|one| (weight(one), Reverse((one.since, one.framework, one.task))));
            Reclaim::enough(ledger, (to, needs), agent, &tasks, self.0)
        };
        let possible = ledger.agents().filter_map(on);
        possible.min_by_key(|one| one.victims.len())
    }
}

pub(crate) const PREEMPT: AllocatorEntry = AllocatorEntry {
    name: "preempt",
    about: "shared pool; the heaviest framework takes all it wants, from lighter ones too",
    params: &[Param {
        key: "grace",
        about: "how long a victim is left (default 0s)",
    }],
    evidence: Evidence::OWN,
    make: |name, _| {
        let grace = name.take_as("grace", "a length of time, as in 30s")?;
        Ok(Box::new(Preempt(grace.unwrap_or(Span::ZERO))))
    },
};

fn main() -> ExitCode {
    fairground_sim::main_with(Registry::default().with_allocator(PREEMPT))
}
