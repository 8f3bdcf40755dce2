//! Competitive equilibrium from equal incomes: the shares whose weighted product is the largest, which is what
//! everybody would buy with the same budget (Ghodsi et al., NSDI 2011, section 5.2).
//!
//! The shares are worked out for whoever holds or wants something, by what its next task takes; then whoever holds the least of
//! its own goes first. Roles are not looked at: everybody counts by its framework's weight.
//!
//! Longer than other policies' files by its tests: the division is one that papers work out.

use std::cell::RefCell;

use fairground_policies::allocators::{Allocator, AllocatorEntry, Context, Rank, Setup, Tie};
use fairground_policies::evidence::{Evidence, Proven};
use fairground_policies::ledger::{Ledger, Node};
use fairground_policies::message::FrameworkId;
use fairground_policies::resources::{Kind, Resources};
use fairground_policies::share::Share;

use crate::program::{PARTS, Program, parts};

/// Somebody between whom a cluster is divided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Buyer {
    /// What a task takes.
    pub needs: Resources,
    /// What all its tasks, those that run and those that wait, take of their dominant resource at most.
    pub most: u64,
    /// Its budget, in thousandths.
    pub weight: u32,
}

/// The kind of which a task takes the largest part of `total`, the first of equals.
pub(crate) fn dominant(needs: Resources, total: Resources) -> Kind {
    let share = |kind: &Kind| needs.share(*kind, total);
    let largest = Kind::ALL.iter().rev().max_by_key(|kind| share(kind));
    largest.copied().unwrap_or(Kind::Cpus)
}

/// What each buyer has in the equilibrium of its dominant resource, in parts of 2^20 of `total`. Those that take nothing have
/// nothing; where the solver finds no equilibrium everybody has the same, which is DRF.
pub fn equilibrium(buyers: &[Buyer], total: Resources) -> Vec<u32> {
    let takes =
        |buyer: &&Buyer| !buyer.needs.dominant_share(total).eq(&Share::ZERO) && buyer.most > 0;
    let some: Vec<&Buyer> = buyers.iter().filter(takes).collect();
    let count = some.len();
    let weight = |buyer: &&Buyer| -f64::from(buyer.weight) / 1000.0;
    let cost = vec![0.0; count].into_iter().chain(some.iter().map(weight));
    let mut program = Program::new(cost.collect());
    let part = |amount: u64, kind: Kind| amount as f64 / total.of(kind) as f64;
    for kind in Kind::ALL.into_iter().filter(|kind| total.of(*kind) > 0) {
        let of = |(at, buyer): (usize, &&Buyer)| {
            let own = dominant(buyer.needs, total);
            (
                at,
                part(buyer.needs.of(kind), kind) / part(buyer.needs.of(own), own),
            )
        };
        let sum: Vec<(usize, f64)> = some.iter().enumerate().map(of).collect();
        program.at_most(&sum, 1.0);
    }
    for (at, buyer) in some.iter().enumerate() {
        let own = dominant(buyer.needs, total);
        program.at_most(&[(at, 1.0)], part(buyer.most, own));
    }
    for at in 0..count {
        program.at_most_log(count + at, at);
    }
    let found = if some.is_empty() {
        None
    } else {
        program.solve()
    };
    let mut shares = (0..count).map(|at| found.as_ref().map_or(PARTS, |all| parts(all.values[at])));
    let all = buyers.iter();
    all.map(|buyer| {
        if takes(&buyer) {
            shares.next().unwrap_or(0)
        } else {
            0
        }
    })
    .collect()
}

/// The least of its own share in the equilibrium goes first.
#[derive(Debug)]
pub struct Ceei {
    tie: Tie,
    /// What was worked out last, and for what: it is asked for every offer.
    last: RefCell<(Resources, Vec<Buyer>, Vec<u32>)>,
}

/// What a framework would buy: tasks as the next one that waits, or as what it holds.
fn buyer(ledger: &Ledger, framework: FrameworkId) -> Buyer {
    let held = ledger.held(framework);
    let next = ledger.demand(framework).next().map(|part| part.needs);
    let needs = next.unwrap_or(held);
    let own = dominant(needs, ledger.total());
    let waiting = ledger.waiting_resources(framework).of(own);
    Buyer {
        needs,
        most: held
            .of(own)
            .saturating_add(waiting)
            .min(ledger.total().of(own)),
        weight: ledger.weight(framework).thousandths(),
    }
}

impl Allocator for Ceei {
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
        let (ledger, total) = (context.ledger, context.ledger.total());
        let all: Vec<FrameworkId> = ledger.frameworks().collect();
        let buyers: Vec<Buyer> = all.iter().map(|one| buyer(ledger, *one)).collect();
        let last = &mut *self.last.borrow_mut();
        if (last.0, &last.1) != (total, &buyers) {
            *last = (total, buyers.clone(), equilibrium(&buyers, total));
        }
        let rank = |one: &FrameworkId| {
            let at = all.binary_search(one).unwrap_or(0);
            let own = dominant(last.1[at].needs, total);
            let due = total.of(own).saturating_mul(last.2[at].into());
            let held = ledger.held(*one).of(own).saturating_mul(PARTS.into());
            (
                Share::new(held, due),
                self.tie.of(context, Node::Framework(*one)),
                *one,
            )
        };
        among.min_by_key(rank)
    }
}

/// Its line in the table of policies.
pub const CEEI: AllocatorEntry = AllocatorEntry {
    name: "ceei",
    about: "shared pool; whoever holds the least of its share in the competitive equilibrium goes first (CEEI)",
    params: &[Tie::PARAM],
    evidence: Evidence {
        source: "Ghodsi et al., Dominant Resource Fairness, NSDI 2011, section 5.2; solved by Clarabel",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:18 mem:36
policy ceei[offers=task]
framework a
framework b
job a tasks=16 cpus:1 mem:4 run=10s
job b tasks=6 cpus:3 mem:1 run=10s
",
    },
    make: |name, mut setup: Setup| {
        Ok(Box::new(Ceei {
            tie: Tie::from_name(name, &mut setup)?,
            last: RefCell::default(),
        }))
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    /// How many tasks each has, of those that are given as CPUs and memory.
    fn check(total: (u64, u64), tasks: &[(u64, u64)], expected: &[f64]) {
        let least = expected.iter().copied().fold(f64::MAX, f64::min);
        check_within(total, tasks, expected, 1e-4 * least);
    }

    fn check_within(total: (u64, u64), tasks: &[(u64, u64)], expected: &[f64], most: f64) {
        let total = Resources::cores(total.0, total.1);
        let buyer = |(cpus, mem): &(u64, u64)| Buyer {
            needs: Resources::cores(*cpus, *mem),
            most: u64::MAX >> 24,
            weight: 1000,
        };
        let buyers: Vec<Buyer> = tasks.iter().map(buyer).collect();
        let shares = equilibrium(&buyers, total);
        for ((buyer, share), expected) in buyers.iter().zip(shares).zip(expected) {
            let own = dominant(buyer.needs, total);
            let whole = total.of(own) as f64 / buyer.needs.of(own) as f64;
            let found = f64::from(share) / f64::from(PARTS) * whole;
            assert!(
                (found - expected).abs() < most,
                "{found} and not {expected}"
            );
        }
    }

    /// Ghodsi et al., NSDI 2011, sections 5.3 and 6.1.
    #[test]
    fn the_papers_examples() {
        check((9, 18), &[(1, 4), (3, 1)], &[45.0 / 11.0, 18.0 / 11.0]);
        check(
            (100, 100),
            &[(16, 1), (1, 2)],
            &[100.0 / 31.0, 1500.0 / 31.0],
        );
    }

    /// Whoever says that it needs more gets more; whoever's rival leaves may get less (the same section).
    #[test]
    fn what_ceei_is_not() {
        check((100, 100), &[(16, 8), (1, 2)], &[25.0 / 6.0, 100.0 / 3.0]);
        // Three of which one decimal is known; the second has less once the third is gone.
        let three = [(4, 1), (1, 16), (16, 1)];
        check_within((100, 100), &three, &[11.3, 5.4, 3.1], 0.05);
        check(
            (100, 100),
            &[(4, 1), (1, 16)],
            &[500.0 / 21.0, 100.0 / 21.0],
        );
    }

    #[test]
    fn nobody_has_more_than_it_wants() {
        let total = Resources::cores(10, 10);
        let buyer = |most| Buyer {
            needs: Resources::cores(1, 1),
            most,
            weight: 1000,
        };
        let shares = equilibrium(&[buyer(2000), buyer(10_000), buyer(0)], total);
        let near =
            |share: u32, part: f64| (f64::from(share) / f64::from(PARTS) - part).abs() < 1e-4;
        assert!(
            near(shares[0], 0.2) && near(shares[1], 0.8) && shares[2] == 0,
            "{shares:?}"
        );
    }
}
