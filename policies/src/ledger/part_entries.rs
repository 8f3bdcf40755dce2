//! The entries of parts: what of an agent is different, and who holds it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::agents::AgentEntry;
use crate::message::{FrameworkId, OfferId, TaskId};
use crate::part::{AgentPart, Portion};
use crate::resources::Resources;

/// One special part of an agent.
#[derive(Clone, Debug)]
pub(super) struct PartEntry {
    pub(super) part: AgentPart,
    /// How deep it is reserved in the tree: what only few may have is given first.
    pub(super) depth: usize,
    pub(super) total: Resources,
    pub(super) free: Resources,
    /// What of it is in use and is no more once it is given back.
    pub(super) surplus: Resources,
}

impl PartEntry {
    /// Takes back what was used; how much of it is no more.
    pub(super) fn give_back(&mut self, amount: Resources) -> Resources {
        let gone = amount.min(self.surplus);
        self.surplus -= gone;
        self.total -= gone;
        self.free += amount - gone;
        gone
    }

    /// What is reserved is given first, the more narrowly the sooner; then what may be taken back; then disks.
    pub(super) fn order(&self) -> (bool, Reverse<usize>, bool, AgentPart) {
        let AgentPart { volume, .. } = self.part;
        let for_anybody = self.part.is_for_anybody();
        (
            for_anybody,
            Reverse(self.depth),
            volume.is_none(),
            self.part,
        )
    }
}

/// What offers and tasks hold of special parts.
#[derive(Clone, Default, Debug)]
pub(super) struct Parted {
    pub(super) offers: BTreeMap<OfferId, Vec<Portion>>,
    pub(super) tasks: BTreeMap<(FrameworkId, TaskId), Vec<Portion>>,
}

impl Parted {
    pub(super) fn hold_offer(&mut self, offer: OfferId, portions: Vec<Portion>) {
        if !portions.is_empty() {
            self.offers.insert(offer, portions);
        }
    }

    pub(super) fn close_offer(&mut self, offer: OfferId) -> Vec<Portion> {
        if self.offers.is_empty() {
            return Vec::new();
        }
        self.offers.remove(&offer).unwrap_or_default()
    }

    pub(super) fn hold_task(&mut self, framework: FrameworkId, task: TaskId, held: Vec<Portion>) {
        if !held.is_empty() {
            self.tasks.insert((framework, task), held);
        }
    }

    pub(super) fn end_task(&mut self, framework: FrameworkId, task: TaskId) -> Vec<Portion> {
        if self.tasks.is_empty() {
            return Vec::new();
        }
        self.tasks.remove(&(framework, task)).unwrap_or_default()
    }
}

/// How much of an agent may be given at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Of all of it.
    pub(crate) all: Resources,
    /// Of what is for anybody: quotas bind nothing else.
    pub(crate) for_anybody: Resources,
    /// Whether disks of their own are among it, which cannot be cut to the size of a task.
    pub(crate) disks: bool,
}

impl Bounds {
    pub(crate) const fn total(all: Resources) -> Self {
        Self {
            all,
            for_anybody: Resources::UNBOUNDED,
            disks: true,
        }
    }
}

impl AgentEntry {
    pub(super) fn part_mut(&mut self, part: AgentPart) -> &mut PartEntry {
        let mut parts = self.parts.iter_mut();
        parts
            .find(|one| one.part == part)
            .expect("a part of the agent")
    }

    /// What of it is in none of its parts, and free.
    pub(super) fn common_free(&self) -> Resources {
        self.free - self.parts.iter().map(|one| one.free).sum()
    }

    pub(super) fn free_for_anybody(&self) -> Resources {
        let portion = |one: &PartEntry| Portion {
            part: one.part,
            amount: one.free,
        };
        let portions: Vec<Portion> = self.parts.iter().map(portion).collect();
        self.for_anybody(self.free, &portions)
    }

    /// What of an amount is for anybody, when the portions are the part of it that is not common.
    pub(super) fn for_anybody(&self, amount: Resources, portions: &[Portion]) -> Resources {
        let mut for_anybody = if self.common.is_for_anybody() {
            amount
        } else {
            Resources::ZERO
        };
        for one in portions {
            let anybodys = one.part.is_for_anybody();
            match (self.common.is_for_anybody(), anybodys) {
                (true, false) => for_anybody -= one.amount,
                (false, true) => for_anybody += one.amount,
                _ => {}
            }
        }
        for_anybody
    }
}
