//! Which agents have room for a task: an index over what is free.
//!
//! Workloads have few sizes: each of the first that are asked for has a set of the agents with room for it, a bit an
//! agent, so that a change costs a comparison a size and a question a search for a bit. Several resources have no order
//! that a tree could search by, but their maxima have: where there are more sizes, a tree of them answers.

mod tree;

use self::tree::MaximaTree;
use crate::agent_set::AgentSet;
use crate::message::AgentId;
use crate::resources::Resources;

/// From so many sizes on, looking at all of them at every change is dearer than a tree.
const MOST_SIZES: usize = 32;

/// Where there is room for which size.
#[derive(Clone, Debug)]
pub(crate) enum CapacityIndex {
    /// For every size that somebody asked for, the agents with room for it.
    Sizes(Vec<(Resources, AgentSet)>),
    /// For any size.
    Tree(MaximaTree),
}

impl Default for CapacityIndex {
    fn default() -> Self {
        Self::Sizes(Vec::new())
    }
}

impl CapacityIndex {
    /// What is free on `agent` has changed.
    pub(crate) fn update(&mut self, agent: AgentId, free: Resources) {
        match self {
            Self::Sizes(sizes) => {
                for (needs, room) in sizes {
                    room.set(agent, needs.fits_in(free));
                }
            }
            Self::Tree(tree) => tree.update(agent, free),
        }
    }

    /// The first agent from `from` on with room for `needs`, which is not nothing; `free` says what every agent has
    /// free, in order.
    pub(crate) fn next(
        &mut self,
        needs: Resources,
        from: AgentId,
        free: impl Iterator<Item = Resources>,
    ) -> Option<AgentId> {
        match self {
            Self::Sizes(sizes) => {
                if let Some((_, room)) = sizes.iter().find(|(size, _)| *size == needs) {
                    return room.next(from);
                }
                if sizes.len() < MOST_SIZES {
                    let room = room_for(needs, free);
                    let next = room.next(from);
                    sizes.push((needs, room));
                    return next;
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
                for (needs, room) in sizes {
                    let expected = room_for(*needs, free.clone());
                    let mut agents = 0..free.clone().count() as u32;
                    assert!(
                        agents
                            .all(|id| room.contains(AgentId(id)) == expected.contains(AgentId(id))),
                        "who has room for {needs}"
                    );
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
