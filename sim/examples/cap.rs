//! An allocator with a cap: DRF, but nobody holds more than half of the cluster, or as `cap[most=25]`
//! says.
//!
//! `cargo run --release --example cap -- compare --policies 'static cap cap[most=80] drf'`

use std::process::ExitCode;

use fairground_policies::allocators::{Allocator, AllocatorEntry, Context, Rank};
use fairground_policies::evidence::Evidence;
use fairground_policies::ledger::Node;
use fairground_policies::message::FrameworkId;
use fairground_policies::name::Param;
use fairground_policies::registry::Registry;
use fairground_policies::resources::{Kind, Resources};

struct Cap {
    percent: u64,
}

impl Allocator for Cap {
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        context.ledger.dominant_share(node).into()
    }

    /// What is left below the cap; nothing where it is reached in one kind, as nobody can use an offer
    /// that lacks it.
    fn at_most(&self, context: &Context<'_>, framework: FrameworkId) -> Option<Resources> {
        let total = context.ledger.total().units();
        let held = context.ledger.held(framework).units();
        let most = total.map(|units| units * self.percent / 100);
        let full = (0..Kind::COUNT).any(|kind| total[kind] > 0 && held[kind] >= most[kind]);
        let left = std::array::from_fn(|kind| most[kind].saturating_sub(held[kind]));
        Some(if full {
            Resources::ZERO
        } else {
            Resources::from_units(left)
        })
    }
}

pub(crate) const CAP: AllocatorEntry = AllocatorEntry {
    name: "cap",
    about: "shared pool; drf, but nobody holds more than a part of the cluster",
    params: &[Param {
        key: "most",
        about: "percent of every resource that one framework may hold (default 50)",
    }],
    evidence: Evidence::OWN,
    make: |name, _| {
        let percent = name.take_as("most", "a number of percent, as in 25")?;
        let percent = percent.unwrap_or(50_u8).into();
        Ok(Box::new(Cap { percent }))
    },
};

fn main() -> ExitCode {
    fairground_sim::main_with(Registry::default().with_allocator(CAP))
}
