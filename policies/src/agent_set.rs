//! A set of agents as bits: ordered iteration is a search for the next one.
//!
//! A second level of bits says which words have any, so a search over ten thousand agents looks at
//! a handful of words.

use crate::message::AgentId;

/// Agents by ascending id.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub(crate) struct AgentSet {
    words: Vec<u64>,
    /// One bit a word: whether it has any.
    summary: Vec<u64>,
}

impl AgentSet {
    pub(crate) fn insert(&mut self, agent: AgentId) {
        let (word, bit) = place(agent.index());
        if self.words.len() <= word {
            self.grow(word);
        }
        let bits = &mut self.words[word];
        // Where others are in, that is known above.
        if std::mem::replace(bits, *bits | bit) == 0 {
            let (upper, bit) = place(word);
            self.summary[upper] |= bit;
        }
    }

    #[cold]
    fn grow(&mut self, word: usize) {
        self.words.resize(word + 1, 0);
        self.summary.resize(word / 64 + 1, 0);
    }

    pub(crate) fn remove(&mut self, agent: AgentId) {
        let (word, bit) = place(agent.index());
        if let Some(bits) = self.words.get_mut(word) {
            *bits &= !bit;
            if *bits == 0 {
                let (upper, bit) = place(word);
                self.summary[upper] &= !bit;
            }
        }
    }

    /// Puts `agent` in or out.
    pub(crate) fn set(&mut self, agent: AgentId, member: bool) {
        if member {
            self.insert(agent);
        } else {
            self.remove(agent);
        }
    }

    pub(crate) fn contains(&self, agent: AgentId) -> bool {
        let (word, bit) = place(agent.index());
        self.words.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// No member has as high a number.
    pub(crate) const fn end(&self) -> usize {
        self.words.len() * 64
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.summary.iter().all(|bits| *bits == 0)
    }

    /// Takes everybody out, at the cost of those who are in.
    pub(crate) fn clear(&mut self) {
        for (upper, bits) in self.summary.iter_mut().enumerate() {
            while *bits != 0 {
                self.words[upper * 64 + bits.trailing_zeros() as usize] = 0;
                *bits &= *bits - 1;
            }
        }
    }

    /// The first member with an id of at least `from`.
    pub(crate) fn next(&self, from: AgentId) -> Option<AgentId> {
        let (word, bit) = place(from.index());
        let here = self.words.get(word)? & from_bit(bit);
        if here != 0 {
            return Some(member(word, here));
        }
        let (upper, bit) = place(word + 1);
        let mut mask = from_bit(bit);
        for (upper, bits) in self.summary.iter().enumerate().skip(upper) {
            let words = bits & mask;
            if words != 0 {
                let word = upper * 64 + words.trailing_zeros() as usize;
                return Some(member(word, self.words[word]));
            }
            mask = u64::MAX;
        }
        None
    }
}

const fn place(index: usize) -> (usize, u64) {
    (index / 64, 1 << (index % 64))
}

/// All bits from `bit` up.
const fn from_bit(bit: u64) -> u64 {
    !(bit - 1)
}

const fn member(word: usize, bits: u64) -> AgentId {
    AgentId(word as u32 * 64 + bits.trailing_zeros())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn members(set: &AgentSet) -> Vec<u32> {
        let mut seen = Vec::new();
        let mut from = AgentId(0);
        while let Some(agent) = set.next(from) {
            seen.push(agent.0);
            from = AgentId(agent.0 + 1);
        }
        seen
    }

    #[test]
    fn next_walks_in_order() {
        let mut set = AgentSet::default();
        for id in [3, 64, 9_000, 3] {
            set.insert(AgentId(id));
        }
        assert_eq!(members(&set), [3, 64, 9_000]);
        set.remove(AgentId(64));
        set.remove(AgentId(65));
        assert_eq!(set.next(AgentId(4)), Some(AgentId(9_000)));
        assert!(set.contains(AgentId(9_000)) && !set.contains(AgentId(64)));
        set.clear();
        assert!(set.is_empty() && members(&set).is_empty());
    }

    proptest! {
        #[test]
        fn a_set_of_bits_is_a_set(changes in prop::collection::vec((0_u32..20_000, any::<bool>()), 0..200)) {
            let (mut bits, mut plain) = (AgentSet::default(), BTreeSet::new());
            for (id, member) in changes {
                bits.set(AgentId(id), member);
                if member { plain.insert(id); } else { plain.remove(&id); }
            }
            prop_assert_eq!(bits.is_empty(), plain.is_empty());
            prop_assert_eq!(members(&bits), plain.into_iter().collect::<Vec<_>>());
        }
    }
}
