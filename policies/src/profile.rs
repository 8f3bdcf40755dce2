//! What of a pool will be free when: a step function of time an agent, in whole units.
//!
//! A scheduler that looks ahead begins with what is free and what comes free by the estimates of what runs,
//! takes out of it what it has promised, and asks when there is room for more.

use std::collections::BTreeMap;

use crate::message::AgentId;
use crate::resources::Resources;
use crate::time::{Span, Time};

/// Free capacity by time. Nothing is free of an agent that was never given anything.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct CapacityProfile {
    /// What comes and goes at a time; never both of one kind at once, so that equal profiles are equal.
    changes: BTreeMap<(Time, AgentId), Shift>,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Shift {
    comes: Resources,
    goes: Resources,
}

impl Shift {
    fn is_none(self) -> bool {
        self.comes.is_zero() && self.goes.is_zero()
    }

    fn of(self, free: Resources) -> Resources {
        let more = free + self.comes;
        more.checked_sub(self.goes)
            .expect("no more is taken than there is")
    }
}

impl CapacityProfile {
    /// The end of what does not end.
    pub const NEVER: Time = Time::from_micros(u64::MAX);

    /// Nothing is ever free.
    pub const fn new() -> Self {
        Self {
            changes: BTreeMap::new(),
        }
    }

    /// Frees what so many tasks that take `needs` hold of agents from `from` until `to`: what agents have, or
    /// reservations that are given up.
    pub fn give(&mut self, needs: Resources, tasks: &[(AgentId, u64)], from: Time, to: Time) {
        for (agent, tasks) in tasks.iter().filter(|_| from < to) {
            let amount = needs.times(*tasks);
            self.shift((from, *agent), amount, Resources::ZERO);
            self.shift((to, *agent), Resources::ZERO, amount);
        }
    }

    /// Reserves what so many tasks that take `needs` hold of agents from `from` until `to`.
    ///
    /// # Panics
    /// When not so much is free all that time.
    pub fn take(&mut self, needs: Resources, tasks: &[(AgentId, u64)], from: Time, to: Time) {
        for (agent, tasks) in tasks.iter().filter(|_| from < to) {
            let amount = needs.times(*tasks);
            let free = self.least(from, to).get(agent).copied();
            let free = free.unwrap_or_default();
            assert!(
                amount.fits_in(free),
                "expected {amount} of {agent} free from {from} until {to}, found {free}"
            );
            self.shift((from, *agent), Resources::ZERO, amount);
            self.shift((to, *agent), amount, Resources::ZERO);
        }
    }

    /// Forgets what was before a time: nothing is free then of what anybody asks about.
    pub fn forget(&mut self, before: Time) {
        let later = self.changes.split_off(&(before + INSTANT, AgentId(0)));
        let mut free: BTreeMap<AgentId, Resources> = BTreeMap::new();
        for ((_, agent), shift) in std::mem::replace(&mut self.changes, later) {
            let free = free.entry(agent).or_default();
            *free = shift.of(*free);
        }
        for (agent, free) in free {
            self.shift((before, agent), free, Resources::ZERO);
        }
    }

    /// What is free of an agent at a time.
    pub fn free(&self, agent: AgentId, at: Time) -> Resources {
        let least = self.least(at, at + INSTANT);
        least.get(&agent).copied().unwrap_or_default()
    }

    /// How many tasks that take `needs` there is room for from `from` until `to`, each on one agent.
    pub fn room(&self, needs: Resources, from: Time, to: Time) -> u64 {
        let least = self.least(from, to.max(from + INSTANT));
        rooms(needs, least.values())
    }

    /// The first time, not before `from`, from which on there is room for `count` tasks that take `needs`
    /// for `lasts`. `None` if there never is.
    pub fn earliest(&self, needs: Resources, count: u64, lasts: Span, from: Time) -> Option<Time> {
        let mut free: BTreeMap<AgentId, Resources> = BTreeMap::new();
        let mut changes = self.changes.iter().peekable();
        let mut at = from;
        loop {
            while let Some(((_, agent), shift)) = changes.next_if(|((time, _), _)| *time <= at) {
                let free = free.entry(*agent).or_default();
                *free = shift.of(*free);
            }
            // Most moments have no room even at once, and need no look at what follows.
            if rooms(needs, free.values()) >= count && self.room(needs, at, at + lasts) >= count {
                return Some(at);
            }
            at = changes.peek().map(|((time, _), _)| *time)?;
        }
    }

    /// Where so many tasks that take `needs` have room from `from` until `to`, on agents in order of their ids; fewer
    /// where there is no more room.
    pub fn places(
        &self,
        needs: Resources,
        count: u64,
        from: Time,
        to: Time,
    ) -> Vec<(AgentId, u64)> {
        let mut left = count;
        let least = self.least(from, to.max(from + INSTANT)).into_iter();
        let places = least.map(|(agent, free)| {
            let tasks = needs.times_in(free).unwrap_or(u64::MAX).min(left);
            left -= tasks;
            (agent, tasks)
        });
        places.filter(|(_, tasks)| *tasks > 0).collect()
    }

    /// Whether what so many tasks that take `needs` hold of agents is free from `from` until `to`.
    pub fn has(&self, needs: Resources, tasks: &[(AgentId, u64)], from: Time, to: Time) -> bool {
        let least = self.least(from, to.max(from + INSTANT));
        let fits = |(agent, tasks): &(AgentId, u64)| {
            let free = least.get(agent).copied().unwrap_or_default();
            needs.times(*tasks).fits_in(free)
        };
        tasks.iter().all(fits)
    }

    /// The least that is free of every agent between two times.
    fn least(&self, from: Time, to: Time) -> BTreeMap<AgentId, Resources> {
        let mut free: BTreeMap<AgentId, (Resources, Resources)> = BTreeMap::new();
        for ((time, agent), shift) in self.changes.range(..(to, AgentId(0))) {
            let (now, least) = free.entry(*agent).or_default();
            *now = shift.of(*now);
            *least = if *time <= from { *now } else { least.min(*now) };
        }
        let least = free.into_iter().map(|(agent, (_, least))| (agent, least));
        least.collect()
    }

    fn shift(&mut self, place: (Time, AgentId), comes: Resources, goes: Resources) {
        let shift = self.changes.entry(place).or_default();
        let (comes, goes) = (shift.comes + comes, shift.goes + goes);
        let both = comes.min(goes);
        *shift = Shift {
            comes: comes - both,
            goes: goes - both,
        };
        if shift.is_none() {
            self.changes.remove(&place);
        }
    }
}

/// The shortest time there is.
const INSTANT: Span = Span::from_micros(1);

/// How many tasks fit into what agents have free.
fn rooms<'a>(needs: Resources, free: impl Iterator<Item = &'a Resources>) -> u64 {
    let room = |free: &Resources| needs.times_in(*free).unwrap_or(u64::MAX);
    free.map(room).fold(0, u64::saturating_add)
}
