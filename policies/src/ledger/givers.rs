//! Who made room for what: a task that others made room for is not taken back for them.
//!
//! A policy that looks at one task at a time may take from one to give to another, and then from that one to give to the
//! first: for ever, if tasks begin anew, and nothing of either ends. What was made room for here stays
//! until it ends by itself or goes for somebody else, who then owes the room to all of them: whatever the
//! policy, two frameworks take from each other no more often than their tasks end.

use std::collections::BTreeMap;

use super::{LaunchedTask, Ledger};
use crate::message::{FrameworkId, OfferId, TaskId};

/// Whose tasks went for something, by ascending id.
pub(crate) type Givers = Vec<FrameworkId>;

/// The same of everything there is; nobody pays for it who takes nothing back.
#[derive(Clone, Default, Debug)]
pub(super) struct RoomMade {
    /// Of every earmark, in their order.
    pub(super) earmarks: Vec<Givers>,
    pub(super) offers: BTreeMap<OfferId, Givers>,
    pub(super) tasks: BTreeMap<(FrameworkId, TaskId), Givers>,
}

/// What policies read.
impl Ledger {
    /// Whether a task may be taken back for `to`: it is not on its way out, and `to` did not make room for it.
    pub fn may_take(&self, to: FrameworkId, one: &LaunchedTask) -> bool {
        let givers = self.room_made.tasks.get(&(one.framework, one.task));
        !one.ending && givers.is_none_or(|givers| !givers.contains(&to))
    }
}

/// What the master writes.
impl Ledger {
    /// Those who make room for `to` when `victims` go: their owners, and whoever made room for them before.
    pub(super) fn givers(&self, to: FrameworkId, victims: &[(FrameworkId, TaskId)]) -> Givers {
        let before = victims
            .iter()
            .filter_map(|one| self.room_made.tasks.get(one));
        let owners = victims.iter().map(|(framework, _)| *framework);
        let mut givers: Givers = owners.chain(before.flatten().copied()).collect();
        givers.retain(|one| *one != to);
        givers.sort_unstable();
        givers.dedup();
        givers
    }

    /// A task that was launched has its room from `givers`.
    pub(crate) fn owe(&mut self, framework: FrameworkId, task: TaskId, givers: &Givers) {
        if !givers.is_empty() {
            let tasks = &mut self.room_made.tasks;
            tasks.insert((framework, task), givers.clone());
        }
    }

    /// What stands of the past is of what is open and runs.
    pub(super) fn check_givers(&self) {
        let made = &self.room_made;
        assert_eq!(
            made.earmarks.len(),
            self.earmarks.len(),
            "whose room is kept"
        );
        for offer in made.offers.keys() {
            assert!(self.offers.get(offer.0).is_some(), "whose room is offered");
        }
        for (framework, task) in made.tasks.keys() {
            let runs = self.task(*framework, *task).is_some();
            assert!(runs, "whose room is used");
        }
    }
}
