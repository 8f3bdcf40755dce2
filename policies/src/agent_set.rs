//! A set of agents as bits: ordered iteration is a scan for the next one.

use crate::message::AgentId;

/// Agents by ascending id.
#[derive(Clone, Default, Debug)]
pub(crate) struct AgentSet {
    words: Vec<u64>,
    len: usize,
}

impl AgentSet {
    pub(crate) fn insert(&mut self, agent: AgentId) {
        let (word, bit) = place(agent);
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        if self.words[word] & bit == 0 {
            self.words[word] |= bit;
            self.len += 1;
        }
    }

    pub(crate) fn remove(&mut self, agent: AgentId) {
        let (word, bit) = place(agent);
        if self.words.get(word).is_some_and(|bits| bits & bit != 0) {
            self.words[word] &= !bit;
            self.len -= 1;
        }
    }

    pub(crate) fn contains(&self, agent: AgentId) -> bool {
        let (word, bit) = place(agent);
        self.words.get(word).is_some_and(|bits| bits & bit != 0)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn clear(&mut self) {
        self.words.fill(0);
        self.len = 0;
    }

    /// The first member with an id of at least `from`.
    pub(crate) fn next(&self, from: AgentId) -> Option<AgentId> {
        let (start, bit) = place(from);
        // Bits below `from` in its own word are not asked for.
        let mut mask = !(bit - 1);
        for (word, bits) in self.words.iter().enumerate().skip(start) {
            let bits = bits & mask;
            if bits != 0 {
                return Some(AgentId(word as u32 * 64 + bits.trailing_zeros()));
            }
            mask = u64::MAX;
        }
        None
    }
}

const fn place(agent: AgentId) -> (usize, u64) {
    (agent.index() / 64, 1 << (agent.0 % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_walks_in_order() {
        let mut set = AgentSet::default();
        for id in [3, 64, 200, 3] {
            set.insert(AgentId(id));
        }
        let mut seen = Vec::new();
        let mut from = AgentId(0);
        while let Some(agent) = set.next(from) {
            seen.push(agent.0);
            from = AgentId(agent.0 + 1);
        }
        assert_eq!(seen, [3, 64, 200]);
        set.remove(AgentId(64));
        set.remove(AgentId(65));
        assert_eq!(set.next(AgentId(4)), Some(AgentId(200)));
        assert!(set.contains(AgentId(200)) && !set.contains(AgentId(64)));
        set.clear();
        assert!(set.is_empty());
    }
}
