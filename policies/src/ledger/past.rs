//! What frameworks and roles held in the past, with half-lives.
//!
//! Exact integrals of what is held over time, in units times microseconds. They age at multiples of a
//! period, as Slurm's usage does (`PriorityCalcPeriod`, `PriorityDecayHalfLife`): what was used before
//! keeps its part of two to the power of minus period over half-life, rounded down, and what was used in the
//! period is added whole. Between two such times nothing that a policy reads changes, so that an order made
//! from it stays an order.

use super::{Ledger, Node};
use crate::message::{FrameworkId, RoleId};
use crate::resources::{Kind, Resources};
use crate::share::Share;
use crate::time::{Span, Time};

/// How a policy remembers what was held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Memory {
    /// After so long half of a use is forgotten; `None` forgets nothing.
    pub half_life: Option<Span>,
    /// How often the past is brought up to date, and the order made anew.
    pub every: Span,
}

/// Binary digits behind the point of the part that is kept in a period.
const DIGITS: u32 = 32;

impl Memory {
    /// The part of the past that is kept after one period, in parts of 2^32, rounded down.
    fn kept(self) -> u64 {
        let Some(half_life) = self.half_life else {
            return 1 << DIGITS;
        };
        let (every, half_life) = (self.every.as_micros(), half_life.as_micros().max(1));
        let halvings = every / half_life;
        let mut kept: u128 = match u32::try_from(halvings) {
            Ok(halvings) if halvings < u64::BITS => (1 << 63) >> halvings,
            _ => return 0,
        };
        // 2^-x by the binary digits of x: the n-th stands for the factor 2^-(2^-n), and each of these is
        // the square root of the one before it.
        let (mut rest, mut factor) = (u128::from(every % half_life), 1_u128 << 62);
        for _ in 0..2 * DIGITS {
            factor = (factor << 63).isqrt();
            rest *= 2;
            if rest >= u128::from(half_life) {
                rest -= u128::from(half_life);
                kept = (kept * factor) >> 63;
            }
        }
        (kept >> (63 - DIGITS)) as u64
    }
}

/// What one node used, by kind, in units times microseconds.
type Amounts = [u128; Kind::COUNT];

#[derive(Clone, Copy, Default, Debug)]
struct PastUse {
    /// When the period began.
    before: Amounts,
    /// Since then, until `to`.
    period: Amounts,
    to: Time,
}

impl PastUse {
    /// `held` was held until `now`.
    fn accrue(&mut self, held: Resources, now: Time) {
        let passed = u128::from(now.since(self.to).as_micros());
        if passed > 0 {
            for (sum, held) in self.period.iter_mut().zip(held.units()) {
                *sum += u128::from(held) * passed;
            }
            self.to = now;
        }
    }

    fn age(&mut self, kept: u64) {
        let period = std::mem::take(&mut self.period);
        for (sum, period) in self.before.iter_mut().zip(period) {
            *sum = ((*sum * u128::from(kept)) >> DIGITS) + period;
        }
    }
}

/// The books of the past, where a policy asks for them.
#[derive(Clone, Debug)]
pub(super) struct Past {
    every: Span,
    kept: u64,
    /// When they were brought up to date last.
    aged: Time,
    frameworks: Vec<PastUse>,
    /// Of a role's own frameworks, and of all below it.
    roles: Vec<[PastUse; 2]>,
}

/// What policies read.
impl Ledger {
    /// What was held below `node` of each kind, in units times microseconds, aged, as of the last time
    /// the past was brought up to date. Nothing where the policy did not ask for it.
    pub fn used(&self, node: impl Into<Node>) -> [u128; Kind::COUNT] {
        let usage = self.past.as_ref().and_then(|past| match node.into() {
            Node::Framework(framework) => past.frameworks.get(framework.index()),
            Node::Members(role) => past.roles.get(role.index()).map(|[members, _]| members),
            Node::Role(role) => past.roles.get(role.index()).map(|[_, whole]| whole),
        });
        usage.map_or([0; Kind::COUNT], |usage| usage.before)
    }

    /// When the past is brought up to date next; never where the policy did not ask for it.
    pub fn next_aging(&self) -> Option<Time> {
        let past = self.past.as_ref()?;
        Some(past.aged + past.every)
    }

    /// For how many seconds `node` would have had the whole cluster for what it used of the kind of
    /// which it used the largest part, seen through its weight; parts of microseconds are left out.
    pub fn used_share(&self, node: impl Into<Node>) -> Share {
        let node = node.into();
        let parts = self.used(node).into_iter().zip(self.total.units());
        let parts = parts.filter(|(_, total)| *total > 0);
        let most = parts.map(|(used, total)| used / u128::from(total)).max();
        let micros = u64::try_from(most.unwrap_or(0)).unwrap_or(u64::MAX);
        Share::new(micros, 1_000_000).weighted(self.weight(node))
    }
}

/// What the master writes.
impl Ledger {
    /// Keeps books of the past from now on.
    pub(crate) fn remember(&mut self, memory: Memory) {
        self.past = Some(Past {
            every: memory.every.max(Span::from_micros(1)),
            kept: memory.kept(),
            aged: self.now,
            frameworks: Vec::new(),
            roles: Vec::new(),
        });
    }

    /// Time goes on; whether the past is other than it was.
    pub(crate) fn pass(&mut self, now: Time) -> bool {
        let mut aged = false;
        while let Some(past) = &mut self.past
            && past.aged + past.every <= now
        {
            past.aged += past.every;
            let (at, kept) = (past.aged, past.kept);
            self.now = at;
            for framework in 0..self.frameworks.len() {
                let framework = FrameworkId(framework as u32);
                let held = self.held(framework);
                if let Some(past) = &mut self.past {
                    let usage = entry(&mut past.frameworks, framework.index());
                    usage.accrue(held, at);
                    usage.age(kept);
                }
            }
            for role in 0..self.roles.len() {
                let held = self.held_by_role(RoleId(role as u32));
                if let Some(past) = &mut self.past {
                    for (usage, held) in entry(&mut past.roles, role).iter_mut().zip(held) {
                        usage.accrue(held, at);
                        usage.age(kept);
                    }
                }
            }
            aged = true;
        }
        self.now = now;
        aged
    }

    /// What `framework` holds is about to change, and with it what its roles hold.
    pub(super) fn take_down(&mut self, framework: FrameworkId) {
        if self.past.is_none() {
            return;
        }
        let (held, now) = (self.held(framework), self.now);
        let above: Vec<RoleId> = self.roles_above(framework).collect();
        let roles: Vec<_> = above
            .iter()
            .map(|role| (role.index(), self.held_by_role(*role)))
            .collect();
        if let Some(past) = &mut self.past {
            entry(&mut past.frameworks, framework.index()).accrue(held, now);
            for (role, held) in roles {
                for (usage, held) in entry(&mut past.roles, role).iter_mut().zip(held) {
                    usage.accrue(held, now);
                }
            }
        }
    }

    fn held_by_role(&self, role: RoleId) -> [Resources; 2] {
        [self.held(Node::Members(role)), self.held(Node::Role(role))]
    }
}

fn entry<T: Clone + Default>(all: &mut Vec<T>, index: usize) -> &mut T {
    if all.len() <= index {
        all.resize(index + 1, T::default());
    }
    &mut all[index]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(half_life: u64, every: u64, expected: u64) {
        let memory = Memory {
            half_life: Some(Span::from_secs(half_life)),
            every: Span::from_secs(every),
        };
        assert_eq!(memory.kept(), expected, "{every} s of {half_life} s");
    }

    /// floor(2^32 * 2^(-every / half-life)), by a calculator of 60 digits.
    #[test]
    fn what_is_kept_of_the_past() {
        check(1, 1, 1 << 31);
        check(1, 2, 1 << 30);
        check(2, 1, 3_037_000_499);
        check(7 * 86_400, 300, 4_293_490_841);
        check(1, 3600, 0);
        check(1000, 1, 4_291_991_283);
    }
}
