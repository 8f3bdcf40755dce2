//! A tree of maxima: where no agent of a group has as much of one kind, none of them needs to be looked at.

use crate::message::AgentId;
use crate::resources::{Kind, Resources};

/// Groups of so many: narrow enough to look through, wide enough for few levels.
const WIDTH: usize = 8;

/// A tree of maxima over agents by id.
#[derive(Clone, Debug)]
pub(crate) struct MaximaTree {
    /// The first level is what every agent has free; above each group of one level stands, in the
    /// next, the most of each kind that a member has. The last level is one group.
    levels: Vec<Vec<Resources>>,
}

impl MaximaTree {
    /// Over agents that have so much free, by id.
    pub(super) fn new(free: impl Iterator<Item = Resources>) -> Self {
        let mut tree = Self {
            levels: vec![free.collect()],
        };
        tree.grow(0);
        tree
    }

    /// What is free on `agent` has changed.
    pub(super) fn update(&mut self, agent: AgentId, free: Resources) {
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

    /// The first agent from `from` on with room for `needs`.
    pub(super) fn next(&self, needs: Resources, from: AgentId) -> Option<AgentId> {
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
    pub(super) fn check(&self, free: impl Iterator<Item = Resources>) {
        let row = &self.levels[0];
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
