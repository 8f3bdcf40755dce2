//! What was used, counted again from what was held between one fact and the next.

use std::collections::BTreeMap;

use fairground_policies::ledger::{Ledger, Node};
use fairground_policies::message::FrameworkId;
use fairground_policies::resources::{Kind, Resources};
use fairground_policies::time::{Span, Time};

/// The policy whose past is counted again.
pub(crate) const POLICY: &str = "decayed[half-life=1s,every=300ms";

const EVERY: Span = Span::from_millis(300);
/// floor(2^32 * 2^(-0.3)), by a calculator of 60 digits.
const KEPT: u128 = 3_488_597_478;

/// What was used by whom: what the period began with, and what was held in it.
#[derive(Default)]
pub(crate) struct Recount {
    used: BTreeMap<Node, ([u128; Kind::COUNT], [u128; Kind::COUNT])>,
    /// When the period began, and until when it is counted.
    aged: Time,
    seen: Time,
}

impl Recount {
    /// What is held now was held until `now`.
    pub(crate) fn pass(&mut self, ledger: &Ledger, now: Time) {
        while self.aged + EVERY <= now {
            self.aged += EVERY;
            self.accrue(ledger, self.aged);
            for (before, period) in self.used.values_mut() {
                for (before, period) in before.iter_mut().zip(period) {
                    *before = *before * KEPT / (1 << 32) + std::mem::take(period);
                }
            }
        }
        self.accrue(ledger, now);
    }

    fn accrue(&mut self, ledger: &Ledger, until: Time) {
        let passed = u128::from(until.since(self.seen).as_micros());
        self.seen = until;
        for node in nodes(ledger) {
            let held: Resources = ledger.held(node);
            let (_, period) = self.used.entry(node).or_default();
            for (sum, held) in period.iter_mut().zip(held.units()) {
                *sum += u128::from(held) * passed;
            }
        }
    }

    pub(crate) fn check(&self, ledger: &Ledger) {
        for node in nodes(ledger) {
            let counted = self
                .used
                .get(&node)
                .map_or_else(Default::default, |used| used.0);
            assert_eq!(ledger.used(node), counted, "what {node:?} used");
        }
    }
}

/// All that may hold something, those included who left.
fn nodes(ledger: &Ledger) -> impl Iterator<Item = Node> {
    let frameworks = (0..10).map(|id| Node::Framework(FrameworkId(id)));
    let roles = ledger.roles();
    frameworks.chain(roles.flat_map(|role| [Node::Members(role), Node::Role(role)]))
}
