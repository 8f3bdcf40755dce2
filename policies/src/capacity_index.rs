//! Which agents have room for a task: an index over what is free.
//!
//! Several resources have no order that a tree could search by, but their maxima have: where no
//! agent of a group has as much of one kind, none of them needs to be looked at.

use crate::message::AgentId;
use crate::resources::{Kind, Resources};

/// Groups of so many: narrow enough to look through, wide enough for few levels.
const WIDTH: usize = 8;

/// A tree of maxima over agents by id.
#[derive(Clone, Default, Debug)]
pub(crate) struct CapacityIndex {
    /// The first level is what every agent has free; above each group of one level stands, in the
    /// next, the most of each kind that a member has. The last level is one group. Without any
    /// level nobody has asked yet.
    levels: Vec<Vec<Resources>>,
}

impl CapacityIndex {
    /// What is free on `agent` has changed.
    pub(crate) fn update(&mut self, agent: AgentId, free: Resources) {
        if self.levels.is_empty() {
            return;
        }
        if self.levels[0].len() <= agent.index() {
            self.grow(agent.index() + 1);
        }
        let (mut at, mut new) = (agent.index(), free);
        for level in 0..self.levels.len() {
            let old = std::mem::replace(&mut self.levels[level][at], new);
            let Some(above) = self.levels.get(level + 1) else {
                return;
            };
            let most = above[at / WIDTH];
            if new.fits_in(most) && !is_missed(old, new, most) {
                return;
            }
            at /= WIDTH;
            new = self.most(level, at);
            if new == most {
                return;
            }
        }
    }

    /// The first agent from `from` on with room for `needs`; `free` says what every agent has free,
    /// in order.
    pub(crate) fn next(
        &mut self,
        needs: Resources,
        from: AgentId,
        free: impl Iterator<Item = Resources>,
    ) -> Option<AgentId> {
        if self.levels.is_empty() {
            self.levels.push(free.collect());
            self.grow(0);
        }
        let top = self.levels.len() - 1;
        // Most of the time nobody has as much, which the uppermost group tells.
        if !self.levels[top].iter().any(|most| needs.fits_in(*most)) {
            return None;
        }
        // Among all agents the way is down alone.
        let (mut level, mut at) = match from.index() {
            0 => (top, 0),
            from => (0, from),
        };
        loop {
            let row = self.levels.get(level)?;
            let group = at / WIDTH;
            let end = row.len().min((group + 1) * WIDTH);
            let mut members = at..end;
            match members.find(|member| needs.fits_in(row[*member])) {
                Some(agent) if level == 0 => return Some(AgentId(agent as u32)),
                // Maxima of different members may promise what none of them has.
                Some(member) => (level, at) = (level - 1, member * WIDTH),
                None => (level, at) = (level + 1, group + 1),
            }
        }
    }

    /// Makes place for `agents` agents.
    fn grow(&mut self, agents: usize) {
        let agents = agents.max(self.levels[0].len());
        self.levels.truncate(1);
        self.levels[0].resize(agents, Resources::ZERO);
        while self.levels[self.levels.len() - 1].len() > WIDTH {
            let level = self.levels.len() - 1;
            let groups = self.levels[level].len().div_ceil(WIDTH);
            let above = (0..groups).map(|group| self.most(level, group)).collect();
            self.levels.push(above);
        }
    }

    /// The most of each kind that a member of a group has.
    fn most(&self, level: usize, group: usize) -> Resources {
        let members = self.levels[level].iter().skip(group * WIDTH).take(WIDTH);
        members.fold(Resources::ZERO, |most, member| most.max(*member))
    }

    /// Compares every level with what is free.
    pub(crate) fn check(&self, free: impl Iterator<Item = Resources>) {
        let Some(row) = self.levels.first() else {
            return;
        };
        let expected: Vec<Resources> = free.collect();
        assert_eq!(*row, expected[..row.len()], "what is free");
        assert!(
            expected[row.len()..].iter().all(|free| free.is_zero()),
            "agents that are not indexed"
        );
        for (level, above) in self.levels.iter().enumerate().skip(1) {
            for (group, most) in above.iter().enumerate() {
                assert_eq!(*most, self.most(level - 1, group), "the most of a group");
            }
        }
    }
}

/// Whether there is less of a kind of which `old` had the most.
fn is_missed(old: Resources, new: Resources, most: Resources) -> bool {
    let (old, new, most) = (old.units(), new.units(), most.units());
    (0..Kind::COUNT).any(|kind| new[kind] < old[kind] && old[kind] == most[kind])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amount() -> impl Strategy<Value = Resources> {
        (0_u64..6, 0_u64..6, 0_u64..2)
            .prop_map(|(cpus, mem, gpus)| Resources::from_units([cpus, mem, 0, gpus]))
    }

    proptest! {
        #[test]
        fn the_next_with_room_is_that_of_a_plain_list(
            first in prop::collection::vec(amount(), 0..100),
            changes in prop::collection::vec((0_usize..700, amount(), amount(), 0_u32..800), 0..60),
        ) {
            let (mut index, mut plain) = (CapacityIndex::default(), first);
            for (agent, free, needs, from) in changes {
                if plain.len() <= agent {
                    plain.resize(agent + 1, Resources::ZERO);
                }
                plain[agent] = free;
                index.update(AgentId(agent as u32), free);
                let mut fits = (from as usize..plain.len()).filter(|i| needs.fits_in(plain[*i]));
                let expected = fits.next().map(|i| AgentId(i as u32));
                prop_assert_eq!(index.next(needs, AgentId(from), plain.iter().copied()), expected);
                index.check(plain.iter().copied());
            }
        }
    }
}
