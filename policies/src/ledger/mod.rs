//! The books: who has what.
//!
//! Kept once, changed only by the master, read by every policy. The law of conservation, for every
//! agent free + offered + running = total, is asserted at every change; [`Ledger::check`] counts
//! everything again from the single offers and tasks.

mod accept;
mod agents;
mod attributes;
mod check;
mod demand;
mod frameworks;
mod givers;
mod kinds;
mod offers;
mod part_entries;
mod parts;
mod past;
mod preemption;
mod quota;
mod roles;
mod shared;
mod tasks;

use self::agents::AgentEntry;
use self::frameworks::FrameworkEntry;
pub(crate) use self::givers::Givers;
use self::givers::RoomMade;
use self::kinds::AgentKinds;
pub(crate) use self::offers::{OpenOffer, ReleasedParts};
pub(crate) use self::part_entries::Bounds;
use self::part_entries::Parted;
use self::past::Past;
use self::roles::RoleEntry;
use self::shared::Shared;
use self::tasks::Elsewhere;
pub(crate) use self::tasks::TaskPart;
use std::collections::{BTreeMap, BTreeSet};

use crate::agent_set::AgentSet;
use crate::attributes::AgentAttributes;
use crate::capacity_index::CapacityIndex;
use crate::id_table::IdTable;
use crate::message::{AgentId, FrameworkId, OfferId};
use crate::resources::Resources;
use crate::time::Time;

pub use self::past::Memory;
pub use crate::message::Node;

pub use self::preemption::{Earmark, LaunchedTask, Preemptions};

/// Who has what.
#[derive(Clone, Debug)]
pub struct Ledger {
    agents: Vec<AgentEntry>,
    frameworks: Vec<FrameworkEntry>,
    roles: Vec<RoleEntry>,
    offers: IdTable<OpenOffer>,
    next_offer: u64,
    /// Offers that hold nothing, by whom they were made to.
    shown: BTreeMap<FrameworkId, BTreeSet<OfferId>>,
    /// The present, which the past is counted up to.
    now: Time,
    past: Option<Past>,
    /// What gangs hold on agents that are not their first.
    elsewhere: Elsewhere,
    /// What is being taken back, and for whom.
    earmarks: Vec<Earmark>,
    preemptions: Preemptions,
    /// Who made room for what.
    room_made: RoomMade,
    total: Resources,
    /// Whether the total shrank since the master asked.
    has_shrunk: bool,
    /// What offers and tasks hold of parts that are not their agents' common ones.
    parted: Parted,
    /// Volumes that several use at once.
    shared: Shared,
    /// What agents are described with.
    described: BTreeMap<AgentId, AgentAttributes>,
    /// Whether any framework asks for some of them: nobody else pays for it.
    has_constraints: bool,
    /// On which agents frameworks are how fast, if anybody says so: nobody else pays for it.
    kinds: Option<Box<AgentKinds>>,
    /// What nobody holds of what is for anybody; counted where any role has a quota.
    shared_free: Resources,
    /// Whether any role has a quota: nobody else pays for it.
    has_quota: bool,
    /// What is guaranteed to the roles at the top and not held.
    needed: Resources,
    /// Agents with something free: an index, checked against `agents`.
    open: AgentSet,
    /// Where there is room for a task: an index, checked against `agents`.
    capacity: CapacityIndex,
    /// The agent whose place in the indexes is behind: what changes there in one go is indexed once.
    behind: Option<AgentId>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            agents: Vec::new(),
            frameworks: Vec::new(),
            roles: Vec::new(),
            offers: IdTable::new(),
            next_offer: 0,
            shown: BTreeMap::new(),
            now: Time::ZERO,
            past: None,
            elsewhere: Elsewhere::new(),
            earmarks: Vec::new(),
            preemptions: Preemptions::default(),
            room_made: RoomMade::default(),
            total: Resources::ZERO,
            has_shrunk: false,
            parted: Parted::default(),
            shared: Shared::default(),
            described: BTreeMap::new(),
            has_constraints: false,
            kinds: None,
            shared_free: Resources::ZERO,
            has_quota: false,
            needed: Resources::ZERO,
            open: AgentSet::default(),
            capacity: CapacityIndex::default(),
            behind: None,
        }
    }
}

impl Ledger {
    /// All that the present agents have.
    pub const fn total(&self) -> Resources {
        self.total
    }

    /// What nobody holds of what is for anybody, of all agents together.
    pub fn shared_free(&self) -> Resources {
        if self.has_quota {
            self.shared_free
        } else {
            self.count_shared()
        }
    }

    fn count_shared(&self) -> Resources {
        self.agents.iter().map(AgentEntry::free_for_anybody).sum()
    }
}
