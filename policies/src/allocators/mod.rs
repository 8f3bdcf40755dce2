//! The first level: whose turn is it for an agent's free resources?
//!
//! A policy is a choice, not a bookkeeper: it ranks frameworks by what the ledger says, and the
//! master keeps them in that order. One policy a file; here its `mod`, its `pub use` and a line of `STANDARD`.

mod armada;
mod asset;
mod borg;
mod choosy;
mod descent;
mod drf;
mod fair;
mod fifo;
mod hdrf;
mod kai;
mod karma;
mod kueue;
mod lottery;
mod partition;
mod priority;
mod queue_tree;
mod random;
mod slots;
mod slurm;
mod tiresias;
mod volcano;
mod yarn_capacity;
mod yarn_fair;

use std::fmt;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

use crate::evidence::Evidence;
use crate::ledger::{LaunchedTask, Ledger, Memory, Node};
use crate::message::{AgentId, FrameworkId, RoleId, TaskId};
use crate::mixed::mixed;
use crate::name::{BadName, Name, Param};
use crate::resources::{Kind, Resources};
use crate::share::Share;
use crate::time::{Span, Time};

pub use armada::Armada;
pub use asset::Asset;
pub use borg::Borg;
pub use choosy::Choosy;
pub use drf::Drf;
pub use fair::Fair;
pub use fifo::Fifo;
pub use hdrf::Hdrf;
pub use kai::Kai;
pub use karma::Karma;
pub use kueue::Kueue;
pub use lottery::Lottery;
pub use partition::Partition;
pub use priority::Priority;
pub use random::Random;
pub(crate) use random::below;
pub use slots::SlotFair;
pub use slurm::Slurm;
pub use tiresias::Tiresias;
pub use volcano::Volcano;
pub use yarn_capacity::YarnCapacity;
pub use yarn_fair::YarnFair;

/// What a policy may know when it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The present. An order is not made anew because time passes, so that a rank must not follow from it, nor whether
    /// anything is taken back: [`Allocator::changes_at`] says when to ask again. Which tasks are, may.
    pub now: Time,
    /// Who has what.
    pub ledger: &'a Ledger,
    /// The agent that is being offered; `None` where the order is made.
    pub agent: Option<AgentId>,
}

impl<'a> Context<'a> {
    /// What it may know where the order is made.
    pub(crate) const fn order(now: Time, ledger: &'a Ledger) -> Self {
        Self {
            now,
            ledger,
            agent: None,
        }
    }
}

/// A policy of the first level.
pub trait Allocator {
    /// Where `node` stands among its siblings: the lowest rank is offered next, the lower id when equal. A
    /// role stands before the next with all that is below it, so that a hierarchical policy is a rank a node.
    ///
    /// Asked again whenever what is held or wanted below the node, its weight, any quota or the cluster's total
    /// changed.
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank;

    /// Whether where a node stands follows from what others hold or want, too, so that all are ranked again whenever
    /// anything has changed: that costs a rank of everybody an offer. Asked once.
    fn ranks_together(&self) -> bool {
        false
    }

    /// The ranks of all nodes, as [`Self::rank`] has them: where these follow from one another, what they follow from
    /// is worked out here, once for all of them.
    fn ranks<'a>(&'a self, context: &Context<'a>) -> Ranks<'a> {
        let context = *context;
        Box::new(move |node| self.rank(&context, node))
    }

    /// The framework that all of `agent` is reserved for; `None` shares it. Asked once, when it joins.
    fn owner(&self, agent: AgentId) -> Option<FrameworkId> {
        let _ = agent;
        None
    }

    /// Whether what a framework reads lies on the agents it owns; otherwise it lies anywhere. For
    /// whoever places data; a decision never asks.
    fn keeps_data(&self) -> bool {
        false
    }

    /// How much of the agent `framework` may be offered now: offers are cut to it, and of task sizes only
    /// those count that fit into it. `None` sets no bound; nothing means that it is not eligible.
    ///
    /// Whoever was kept from something is asked again when something has happened, but not because time
    /// has passed.
    fn at_most(&self, context: &Context<'_>, framework: FrameworkId) -> Option<Resources> {
        let _ = (context, framework);
        None
    }

    /// Whether that bound is of the agent alone, and not of all that the framework may have: where several are shown the
    /// same, what it was shown of other agents then counts for nothing. Asked once an offer.
    fn bounds_agents(&self) -> bool {
        false
    }

    /// What everybody may be offered of the agent now, as [`Self::at_most`] has it: where that follows from what all hold
    /// or want, it is worked out here, once for all who are asked about one offer. `None` where each is asked by itself.
    fn bounds<'a>(&'a self, context: &Context<'a>) -> Option<OfferBounds<'a>> {
        let _ = context;
        None
    }

    /// Whether the policy reads what waits ([`Ledger::waiting`]): frameworks then say it wherever whole
    /// agents are offered, too. Asked once.
    fn reads_demand(&self) -> bool {
        false
    }

    /// What is to be taken back so that `framework`, which wants a task of `needs` started and finds no room
    /// for it on any agent, gets it. Asked at the end of every allocation, in the order of the ranks, as long as
    /// something is taken back.
    ///
    /// What is freed is kept for the framework. An answer that would not make room, or names what does not
    /// run or may not be taken for it ([`Ledger::may_take`]), takes nothing.
    fn reclaim(
        &self,
        context: &Context<'_>,
        framework: FrameworkId,
        needs: Resources,
    ) -> Option<Reclaim> {
        let _ = (context, framework, needs);
        None
    }

    /// Whether the policy takes anything back. Asked once; frameworks then say what waits.
    fn reclaims(&self) -> bool {
        false
    }

    /// How the policy remembers what was held ([`Ledger::used`]); nobody else pays for it. Asked once. The
    /// order is made anew as often as the past is brought up to date.
    fn memory(&self) -> Option<Memory> {
        None
    }

    /// When the order, or what is to be taken back, is next other than it is if nothing happens before: the master looks
    /// again then if anybody waits. Asked after every fact. Only of a policy with a memory can it be said, as nothing
    /// else changes by itself; a cluster in which nothing happens comes to rest when it is never.
    fn changes_at(&self, context: &Context<'_>) -> Option<Time> {
        let _ = context;
        None
    }

    /// Picks who is offered an agent's free resources, out of those who want them, may have them
    /// and have not refused them; lowest rank first. `None` leaves them idle.
    fn pick(
        &self,
        context: &Context<'_>,
        candidates: &mut dyn Iterator<Item = FrameworkId>,
    ) -> Option<FrameworkId> {
        let _ = context;
        candidates.next()
    }
}

/// The rank of any node.
pub type Ranks<'a> = Box<dyn Fn(Node) -> Rank + 'a>;

/// How much any framework may be offered.
pub type OfferBounds<'a> = Box<dyn Fn(FrameworkId) -> Resources + 'a>;

/// What a policy takes back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reclaim {
    /// Where.
    pub agent: AgentId,
    /// Whose tasks are ended.
    pub victims: Vec<(FrameworkId, TaskId)>,
    /// How long they are left to end by themselves.
    pub grace: Span,
}

impl Reclaim {
    /// The first of `tasks` that together with what is free there make room for `needs` on `agent`; `None`
    /// if all of them do not. What `to` may not use, because it is reserved for others, is no room, and those
    /// that may not be taken ([`Ledger::may_take`]) are left out.
    pub fn enough(
        ledger: &Ledger,
        (to, needs): (FrameworkId, Resources),
        agent: AgentId,
        tasks: &[LaunchedTask],
        grace: Span,
    ) -> Option<Self> {
        let mut room = ledger.usable(to, agent);
        let mut victims = Vec::new();
        for one in tasks.iter().filter(|one| ledger.may_take(to, one)) {
            let freed = ledger.usable_of(to, agent, (one.framework, one.task));
            if freed.is_zero() {
                continue;
            }
            victims.push((one.framework, one.task));
            room += freed;
            if needs.fits_in(room) {
                return Some(Self {
                    agent,
                    victims,
                    grace,
                });
            }
        }
        None
    }
}

/// A framework's place in the order: its share, then a tie-break, then its id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Rank {
    /// Compared first.
    pub share: Share,
    /// Compared when shares are equal.
    pub tie: u64,
}

impl From<Share> for Rank {
    fn from(share: Share) -> Self {
        Self { share, tie: 0 }
    }
}

/// Who goes first among frameworks of equal share: part of the recipe where a result depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tie {
    /// The one that joined first.
    #[default]
    First,
    /// The one that joined last.
    Last,
    /// The one that was made the fewest offers so far (Mesos' sorter).
    Allocations,
    /// One of them by chance, drawn again whenever one was made an offer. Holds what the draws follow from.
    Random(u64),
}

impl Tie {
    /// What its parameter is called and says.
    pub const PARAM: Param = Param {
        key: "tie",
        about: "equals: first, last, allocations (Mesos) or random (default first)",
    };

    /// The tie-break of `node`.
    pub fn of(self, context: &Context<'_>, node: Node) -> u64 {
        match (self, node) {
            (Self::First, _) => 0,
            (
                Self::Last,
                Node::Framework(FrameworkId(id))
                | Node::Members(RoleId(id))
                | Node::Role(RoleId(id)),
            ) => u64::from(u32::MAX - id),
            (Self::Allocations, node) => context.ledger.allocations(node),
            (Self::Random(seed), node) => {
                let (kind, id) = match node {
                    Node::Framework(FrameworkId(id)) => (0, id),
                    Node::Members(RoleId(id)) => (1, id),
                    Node::Role(RoleId(id)) => (2, id),
                };
                let drawn = mixed(seed ^ mixed(kind << 32 | u64::from(id)));
                mixed(drawn ^ context.ledger.allocations(node))
            }
        }
    }

    /// The tie-break that parameter `tie` asks for; a random one draws its seed.
    ///
    /// # Errors
    /// When there is no such tie-break.
    pub fn from_name(name: &mut Name, setup: &mut Setup) -> Result<Self, BadName> {
        match name.take("tie").as_deref() {
            None | Some("first") => Ok(Self::First),
            Some("last") => Ok(Self::Last),
            Some("allocations") => Ok(Self::Allocations),
            Some("random") => Ok(Self::Random(setup.rng.next_u64())),
            Some(other) => Err(name.bad("tie", other, "first, last, allocations or random")),
        }
    }
}

/// The resource that parameter `on` names.
fn counted_kind(name: &mut Name, default: Kind) -> Result<Kind, BadName> {
    let Some(text) = name.take("on") else {
        return Ok(default);
    };
    let kind = Kind::by_name(&text);
    kind.ok_or_else(|| name.bad("on", &text, "cpus, mem, disk or gpus"))
}

/// What a policy may know about the cluster before it starts.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The agents each framework would own were the cluster partitioned, by framework id.
    pub shares: Vec<u32>,
    /// How many agents are expected; their ids are below this.
    pub agents: u32,
    /// The policy's own stream of random numbers.
    pub rng: ChaCha8Rng,
}

/// A policy that was made from its name.
pub type BoxedAllocator = Box<dyn Allocator + Send>;

/// Makes a policy from the parameters in its name.
pub type MakeAllocator = fn(&mut Name, Setup) -> Result<BoxedAllocator, BadName>;

/// One line of the by-name table.
#[derive(Clone, Copy)]
pub struct AllocatorEntry {
    /// The name without parameters.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// Its parameters.
    pub params: &'static [Param],
    /// Where it comes from, and how far it was proven.
    pub evidence: Evidence,
    /// Makes it.
    pub make: MakeAllocator,
}

impl fmt::Debug for AllocatorEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AllocatorEntry({})", self.name)
    }
}

/// The policies that come with Fairground.
pub const STANDARD: [AllocatorEntry; 21] = [
    partition::ENTRY,
    drf::ENTRY,
    fair::ENTRY,
    fifo::ENTRY,
    priority::ENTRY,
    borg::ENTRY,
    random::ENTRY,
    lottery::ENTRY,
    slots::ENTRY,
    asset::ENTRY,
    choosy::ENTRY,
    hdrf::ENTRY,
    karma::ENTRY,
    slurm::ENTRY,
    tiresias::ENTRY,
    yarn_fair::ENTRY,
    yarn_capacity::ENTRY,
    kueue::ENTRY,
    kai::ENTRY,
    armada::ENTRY,
    volcano::ENTRY,
];
