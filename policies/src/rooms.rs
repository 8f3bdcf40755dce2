//! Which agents have room for a task of a given size: an index by size.
//!
//! Two resources have no order that a tree could search by, but a workload has few distinct sizes:
//! one set of agents a size answers "who is next" in a few words.

use crate::agent_set::AgentSet;
use crate::message::AgentId;
use crate::resources::Resources;

/// More sizes than this are not kept; the one asked for least recently goes.
const MOST: usize = 32;

/// Sets of agents by the size of a task that fits there.
#[derive(Clone, Default, Debug)]
pub(crate) struct Rooms {
    /// The size asked for most recently comes last.
    sizes: Vec<(Resources, AgentSet)>,
}

impl Rooms {
    /// What is free on `agent` has changed.
    pub(crate) fn update(&mut self, agent: AgentId, free: Resources) {
        for (needs, agents) in &mut self.sizes {
            agents.set(agent, needs.fits_in(free));
        }
    }

    /// The agents with room for `needs`; `free` says what every agent has free, in order.
    pub(crate) fn with_room_for(
        &mut self,
        needs: Resources,
        free: impl Iterator<Item = Resources>,
    ) -> &AgentSet {
        let known = self.sizes.iter().position(|(size, _)| *size == needs);
        let position = known.unwrap_or_else(|| {
            if self.sizes.len() == MOST {
                self.sizes.remove(0);
            }
            let mut agents = AgentSet::default();
            for (i, free) in free.enumerate() {
                agents.set(AgentId(i as u32), needs.fits_in(free));
            }
            self.sizes.push((needs, agents));
            self.sizes.len() - 1
        });
        let last = self.sizes.len() - 1;
        // Moving every time would cost more than it saves.
        if position + MOST / 2 < last {
            self.sizes[position..].rotate_left(1);
            return &self.sizes[last].1;
        }
        &self.sizes[position].1
    }

    /// Compares every set with what is free.
    pub(crate) fn check(&self, free: impl Fn(AgentId) -> Resources, agents: u32) {
        for (needs, set) in &self.sizes {
            for agent in (0..agents).map(AgentId) {
                let fits = needs.fits_in(free(agent));
                assert_eq!(set.contains(agent), fits, "room for {needs} on {agent}");
            }
        }
    }
}
