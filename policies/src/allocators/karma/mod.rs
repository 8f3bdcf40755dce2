//! Karma: quantum by quantum, who wants less than its part lends the rest for credits, and who has credits borrows
//! (Vuppalapati et al., OSDI 2023, section 3). The exchange is
//! `rules::karma::exchange`; this says what slices are.
//!
//! Slices are equal parts of the cluster's amount of one resource. What runs when a quantum ends runs on: it is not taken
//! back, and whoever holds more than it is given is offered nothing.

mod credits;

use std::cell::RefCell;

use self::credits::{Credits, Terms};
use super::{Allocator, AllocatorEntry, Context, Rank, Tie, counted_kind};
use crate::evidence::{Evidence, Proven};
use crate::ledger::{Memory, Node};
use crate::message::FrameworkId;
use crate::name::{BadName, Name, Param};
use crate::resources::{Kind, Resources};
use crate::time::Span;

/// Slices lent for credits, quantum by quantum.
#[derive(Debug)]
pub struct Karma {
    terms: Terms,
    tie: Tie,
    credits: RefCell<Credits>,
}

impl Allocator for Karma {
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        Rank {
            share: context.ledger.share(node, self.terms.on),
            tie: self.tie.of(context, node),
        }
    }

    /// What is left of the slices that it is given.
    fn at_most(&self, context: &Context<'_>, framework: FrameworkId) -> Option<Resources> {
        let given = self
            .credits
            .borrow_mut()
            .given(context, framework, &self.terms);
        let ledger = context.ledger;
        let left = given.saturating_sub(ledger.held(framework).of(self.terms.on));
        if left == 0 {
            return Some(Resources::ZERO);
        }
        let part = |kind: Kind| {
            if kind == self.terms.on {
                left
            } else {
                u64::MAX
            }
        };
        Some(Resources::from_units(Kind::ALL.map(part)))
    }

    fn reads_demand(&self) -> bool {
        true
    }

    /// Nothing is remembered but that a quantum began, at which everybody is looked at again.
    fn memory(&self) -> Option<Memory> {
        Some(Memory {
            half_life: Some(Span::from_micros(1)),
            every: self.terms.quantum,
        })
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "karma",
    about: "shared pool in slices; who leaves its part to others earns credits and borrows with them later",
    params: &[
        Param {
            key: "on",
            about: "what is divided in slices: cpus, mem, disk or gpus (default mem)",
        },
        Param {
            key: "slices",
            about: "how many (default 100)",
        },
        Param {
            key: "shared",
            about: "the percentage of them that is nobody's own (default 50; alpha)",
        },
        Param {
            key: "quantum",
            about: "how long slices are lent for (default 1m)",
        },
        Param {
            key: "credits",
            about: "what everybody begins with (default 100)",
        },
        Tie::PARAM,
    ],
    evidence: Evidence {
        source: "Vuppalapati et al., Karma, OSDI 2023, section 3",
        proven: Proven::Exact,
        example: "\
agents 1 cpus:6 mem:6
policy karma[slices=6,quantum=10s,offers=task]
framework a
framework b
job a tasks=5 cpus:1 mem:1 run=9s
job b tasks=1 cpus:1 mem:1 run=9s
job a at=20s tasks=5 cpus:1 mem:1 run=9s
job b at=20s tasks=6 cpus:1 mem:1 run=9s
",
    },
    make: |name, mut setup| {
        let least = |name: &mut Name, key: &str, default: u64| -> Result<u64, BadName> {
            let number = name.take_as(key, "a whole number")?.unwrap_or(default);
            let fits = (1..=1_000_000).contains(&number);
            fits.then_some(number)
                .ok_or_else(|| name.bad(key, &number.to_string(), "1 to 1000000"))
        };
        let shared = name.take_as("shared", "0 to 100")?.unwrap_or(50);
        if shared > 100 {
            return Err(name.bad("shared", &shared.to_string(), "0 to 100"));
        }
        let quantum = name
            .take_as("quantum", "a length of time, as in 1m")?
            .unwrap_or(Span::from_secs(60));
        if quantum.is_zero() {
            return Err(name.bad("quantum", "0s", "a length of time, as in 1m"));
        }
        Ok(Box::new(Karma {
            terms: Terms {
                on: counted_kind(name, Kind::Mem)?,
                slices: least(name, "slices", 100)?,
                shared,
                quantum,
                credits: name.take_as("credits", "a whole number")?.unwrap_or(100),
            },
            tie: Tie::from_name(name, &mut setup)?,
            credits: RefCell::default(),
        }))
    },
};
