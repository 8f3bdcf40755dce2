//! An allocator with a memory: whoever used the least lately goes first, and half of what was used is
//! forgotten after a week, or as `decayed[half-life=1d]` says.
//!
//! `cargo run --release --example decayed -- compare --policies 'drf decayed decayed[half-life=1h]'`

use std::process::ExitCode;

use fairground_policies::allocators::{Allocator, AllocatorEntry, Context, Rank};
use fairground_policies::evidence::Evidence;
use fairground_policies::ledger::{Memory, Node};
use fairground_policies::name::Param;
use fairground_policies::registry::Registry;
use fairground_policies::time::Span;

struct Decayed(Memory);

impl Allocator for Decayed {
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        context.ledger.used_share(node).into()
    }

    fn memory(&self) -> Option<Memory> {
        Some(self.0)
    }
}

pub(crate) const DECAYED: AllocatorEntry = AllocatorEntry {
    name: "decayed",
    about: "shared pool; the framework that used the smallest weighted part lately goes first",
    params: &[
        Param {
            key: "half-life",
            about: "after so long half of a use is forgotten (default 7d)",
        },
        Param {
            key: "every",
            about: "how often uses are counted and the order is made (default 5m)",
        },
    ],
    evidence: Evidence::OWN,
    make: |name, _| {
        let span = "a length of time, as in 5m";
        let half_life = name
            .take_as("half-life", span)?
            .unwrap_or(Span::from_secs(7 * 86_400));
        let every = name.take_as("every", span)?.unwrap_or(Span::from_secs(300));
        Ok(Box::new(Decayed(Memory {
            half_life: Some(half_life),
            every,
        })))
    },
};

fn main() -> ExitCode {
    fairground_sim::main_with(Registry::default().with_allocator(DECAYED))
}
