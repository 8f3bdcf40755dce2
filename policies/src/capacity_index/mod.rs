//! Which agents have room for a task: an index over what is free.
//!
//! Workloads have few sizes: each of the first that are asked for has a set of the agents with room for it, a bit an
//! agent, so that a change costs a comparison a size and a question a search for a bit. Several resources have no order
//! that a tree could search by, but their maxima have: where there are more sizes, a tree of them answers.
//!
//! What an agent has changes more often than what it has room for: the sizes that it had room for are known of every
//! agent, a bit a size, and only the sets of those that differ are touched.

mod tree;

use self::tree::MaximaTree;
use crate::agent_set::AgentSet;
use crate::message::AgentId;
use crate::resources::{Kind, Resources};

/// From so many sizes on, looking at all of them at every change is dearer than a tree.
const MOST_SIZES: usize = u32::BITS as usize;

/// Where there is room for which size.
#[derive(Clone, Debug)]
pub(crate) enum CapacityIndex {
    /// For every size that somebody asked for.
    Sizes(KnownSizes),
    /// For any size.
    Tree(MaximaTree),
}

impl Default for CapacityIndex {
    fn default() -> Self {
        Self::Sizes(KnownSizes::default())
    }
}

/// The sizes that somebody asked for.
#[derive(Clone, Default, Debug)]
pub(crate) struct KnownSizes {
    needs: Vec<Resources>,
    /// By kind, how much of it sizes need, the most first, each with those that need no more: one bit a size. They
    /// have fewer amounts of a kind than there are sizes, mostly one or two.
    amounts: [Vec<(u64, u32)>; Kind::COUNT],
    /// The agents with room for each.
    room: Vec<AgentSet>,
    /// One bit a size: those that each agent has room for.
    fitting: Vec<u32>,
}

impl KnownSizes {
    /// The sizes that fit into what is free, one bit each.
    fn fitting(&self, free: Resources) -> u32 {
        let kinds = self.amounts.iter().zip(free.units());
        kinds.fold(u32::MAX, |fitting, (amounts, free)| {
            let most = amounts.iter().find(|(amount, _)| *amount <= free);
            fitting & most.map_or(0, |(_, sizes)| *sizes)
        })
    }

    fn update(&mut self, agent: AgentId, free: Resources) {
        let fitting = self.fitting(free);
        if self.fitting.len() <= agent.index() {
            self.fitting.resize(agent.index() + 1, 0);
        }
        let before = std::mem::replace(&mut self.fitting[agent.index()], fitting);
        let mut differs = before ^ fitting;
        while differs != 0 {
            let size = differs.trailing_zeros();
            self.room[size as usize].set(agent, fitting & (1 << size) != 0);
            differs &= differs - 1;
        }
    }

    /// Adds a size; the agents with room for it.
    fn push(&mut self, needs: Resources, free: impl Iterator<Item = Resources>) -> &AgentSet {
        let (size, room) = (self.needs.len(), room_for(needs, free));
        self.fitting.resize(self.fitting.len().max(room.end()), 0);
        for (agent, fitting) in self.fitting.iter_mut().enumerate() {
            *fitting |= u32::from(room.contains(AgentId(agent as u32))) << size;
        }
        self.needs.push(needs);
        self.room.push(room);
        for (amounts, amount) in self.amounts.iter_mut().zip(needs.units()) {
            let position = amounts.partition_point(|(more, _)| *more > amount);
            if amounts.get(position).is_none_or(|one| one.0 != amount) {
                let less = amounts.get(position).map_or(0, |(_, sizes)| *sizes);
                amounts.insert(position, (amount, less));
            }
            for (_, sizes) in &mut amounts[..=position] {
                *sizes |= 1 << size;
            }
        }
        &self.room[size]
    }
}

impl CapacityIndex {
    /// What is free on `agent` has changed.
    pub(crate) fn update(&mut self, agent: AgentId, free: Resources) {
        match self {
            Self::Sizes(sizes) => sizes.update(agent, free),
            Self::Tree(tree) => tree.update(agent, free),
        }
    }

    /// The first agent from `from` on with room for `needs`, which is not nothing; `free` says what every agent has
    /// free, in order. Who asks again for a size says where it was found last, as it is kept in `known`: there
    /// it mostly is.
    pub(crate) fn next(
        &mut self,
        (needs, known): (Resources, &mut usize),
        from: AgentId,
        free: impl Iterator<Item = Resources>,
    ) -> Option<AgentId> {
        match self {
            Self::Sizes(sizes) => {
                if sizes.needs.get(*known) == Some(&needs) {
                    return sizes.room[*known].next(from);
                }
                if let Some(size) = sizes.needs.iter().position(|size| *size == needs) {
                    *known = size;
                    return sizes.room[size].next(from);
                }
                if sizes.needs.len() < MOST_SIZES {
                    *known = sizes.needs.len();
                    return sizes.push(needs, free).next(from);
                }
                let tree = MaximaTree::new(free);
                let next = tree.next(needs, from);
                *self = Self::Tree(tree);
                next
            }
            Self::Tree(tree) => tree.next(needs, from),
        }
    }

    /// Compares everything with what is free.
    pub(crate) fn check(&self, free: impl Iterator<Item = Resources> + Clone) {
        match self {
            Self::Sizes(sizes) => {
                for (size, needs) in sizes.needs.iter().enumerate() {
                    let expected = room_for(*needs, free.clone());
                    for id in 0..free.clone().count() {
                        let agent = AgentId(id as u32);
                        let fitting = sizes
                            .fitting
                            .get(id)
                            .is_some_and(|all| all & 1 << size != 0);
                        let room = sizes.room[size].contains(agent);
                        let known = (room, fitting);
                        let expected = expected.contains(agent);
                        assert_eq!(known, (expected, expected), "{agent}: room for {needs}");
                    }
                }
            }
            Self::Tree(tree) => tree.check(free),
        }
    }
}

/// The agents with room for `needs`.
fn room_for(needs: Resources, free: impl Iterator<Item = Resources>) -> AgentSet {
    let mut room = AgentSet::default();
    for (agent, free) in free.enumerate() {
        room.set(AgentId(agent as u32), needs.fits_in(free));
    }
    room
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amount() -> impl Strategy<Value = Resources> {
        (0_u64..6, 0_u64..6, 0_u64..2)
            .prop_map(|(cpus, mem, gpus)| Resources::from_units([cpus, mem, 0, gpus]))
    }

    fn needs() -> impl Strategy<Value = Resources> {
        amount().prop_filter("something", |needs| !needs.is_zero())
    }

    proptest! {
        #[test]
        fn the_next_with_room_is_that_of_a_plain_list(
            first in prop::collection::vec(amount(), 0..100),
            changes in prop::collection::vec((0_usize..700, amount(), needs(), 0_u32..800), 0..80),
        ) {
            let (mut index, mut plain) = (CapacityIndex::default(), first);
            let mut known = 0;
            for (agent, free, needs, from) in changes {
                if plain.len() <= agent {
                    plain.resize(agent + 1, Resources::ZERO);
                }
                plain[agent] = free;
                index.update(AgentId(agent as u32), free);
                let mut fits = (from as usize..plain.len()).filter(|i| needs.fits_in(plain[*i]));
                let expected = fits.next().map(|i| AgentId(i as u32));
                prop_assert_eq!(index.next((needs, &mut known), AgentId(from), plain.iter().copied()), expected);
                index.check(plain.iter().copied());
            }
        }
    }
}
