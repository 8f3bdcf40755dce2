//! Everything that can be said to the master and by it.
//!
//! Agents and frameworks speak only to the master, so one enum of facts and one enum of orders
//! describe all communication. Both are plain data: their log is what a simulation and a real
//! cluster have in common.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::attributes::{AgentAttributes, AgentSpeeds, OfferConstraints};
use crate::few::Few;
use crate::part::{AgentPart, Capabilities, Portion};
use crate::resources::{QuotaLimit, Resources};
use crate::share::Weight;
use crate::time::{Span, Time};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty), $prefix:literal) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl $name {
            /// The position this id has in a dense table.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    };
}

id!(
    /// An agent: one machine, counted from zero. A machine that comes back keeps its id.
    AgentId(u32), "a"
);
id!(
    /// A framework, counted from zero in joining order.
    FrameworkId(u32), "f"
);
id!(
    /// A role, counted from zero in the order in which roles are named.
    RoleId(u32), "r"
);
id!(
    /// A job of one framework, counted from zero in order of submission.
    JobId(u32), "j"
);
id!(
    /// One attempt to run something, counted from zero within its framework. A retry is a new
    /// task, so every id gets exactly one final report.
    TaskId(u64), "t"
);
id!(
    /// An offer, counted from zero by the master.
    OfferId(u64), "o"
);

/// What stands somewhere in the tree, among siblings that it is ranked against.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Node {
    /// One framework: a leaf.
    Framework(FrameworkId),
    /// The frameworks of a role, without its sub-roles.
    Members(RoleId),
    /// A role with everything below it.
    Role(RoleId),
}

impl From<FrameworkId> for Node {
    fn from(framework: FrameworkId) -> Self {
        Self::Framework(framework)
    }
}

impl From<RoleId> for Node {
    fn from(role: RoleId) -> Self {
        Self::Role(role)
    }
}

/// Free resources of one agent, held for one framework until it answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Offer {
    /// Names the offer in answers.
    pub id: OfferId,
    /// For whom the resources are held.
    pub framework: FrameworkId,
    /// Whose resources they are.
    pub agent: AgentId,
    /// How much is held.
    pub resources: Resources,
}

/// A task a framework wants to run on what it was offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TaskRequest {
    /// The framework's name for it.
    pub task: TaskId,
    /// What it takes from the offer.
    pub needs: Resources,
}

/// A gang that a framework wants to run as one task on what it was offered of several agents: so many alike that
/// start together and end together.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GangRequest {
    /// The framework's name for all of it.
    pub task: TaskId,
    /// What one of the gang takes.
    pub needs: Resources,
    /// How many of them run where; no agent comes twice.
    pub places: Vec<GangPlace>,
}

/// How many of a gang run on one agent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GangPlace {
    /// Where.
    pub agent: AgentId,
    /// How many; at least one.
    pub units: u32,
}

/// The answer to the offers of one agent, but for what is launched on them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AgentAnswer {
    /// The offers answered.
    pub offers: Vec<OfferId>,
    /// For how long not to offer what is left of them, or less, again.
    pub refuse: Span,
}

/// How many more tasks of one size a framework could start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Demand {
    /// What one task takes.
    pub needs: Resources,
    /// How many could start at once.
    pub count: u32,
}

/// How a task ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It did its work.
    Finished,
    /// It ended by itself without doing its work.
    Failed,
    /// Its framework ordered its end.
    Killed,
    /// Its agent went away, or the offer it was to run on was no longer valid.
    Lost,
    /// The master took back what it ran on, for somebody else.
    Preempted,
}

impl Outcome {
    /// The word used in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Killed => "killed",
            Self::Lost => "lost",
            Self::Preempted => "preempted",
        }
    }
}

/// A fact told to the master.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Event {
    /// An agent registered, or came back with nothing running.
    AgentJoined {
        /// Which one.
        agent: AgentId,
        /// All it has.
        total: Resources,
    },
    /// An agent is gone, and everything on it.
    AgentLost {
        /// Which one.
        agent: AgentId,
    },
    /// A framework subscribed and wants offers.
    FrameworkJoined {
        /// Which one.
        framework: FrameworkId,
        /// How much it counts against its siblings.
        weight: Weight,
        /// The role it is in; without one it stands for itself beside the roles at the top. To the
        /// core a framework is in one role: one that subscribes with several is as many to it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<RoleId>,
    },
    /// A framework is gone; its tasks are to be killed.
    FrameworkLeft {
        /// Which one.
        framework: FrameworkId,
    },
    /// A framework said how many more tasks of which sizes it could start, all that waits; needed for
    /// task-sized offers. Offers outstanding count against it, and every launch takes one off.
    DemandDeclared {
        /// Whose demand it is.
        framework: FrameworkId,
        /// In the order in which it is to be served; a size may come again behind others.
        demand: Few<Demand>,
    },
    /// A framework answered offers of one agent together: tasks to launch on them (accept) or
    /// none (decline).
    OffersAnswered {
        /// Who answers; an answer to somebody else's offer is not valid.
        framework: FrameworkId,
        /// The offers answered.
        offers: Few<OfferId>,
        /// What to launch on them.
        launch: Few<TaskRequest>,
        /// For how long not to offer what is left of them, or less, again.
        refuse: Span,
    },
    /// A framework wants offers again; its filters are forgotten.
    Revived {
        /// Which one.
        framework: FrameworkId,
    },
    /// A framework wants no offers for now.
    Suppressed {
        /// Which one.
        framework: FrameworkId,
    },
    /// A framework asked for the end of one of its tasks.
    KillRequested {
        /// Whose task.
        framework: FrameworkId,
        /// Which one.
        task: TaskId,
    },
    /// An agent saw a task end.
    TaskEnded {
        /// Where it ran.
        agent: AgentId,
        /// Whose task.
        framework: FrameworkId,
        /// Which one.
        task: TaskId,
        /// How it ended.
        outcome: Outcome,
    },
    /// The moment of [`crate::master::Master::wake_at`] has come.
    TimePassed,
    /// A role was named, or counts differently from now on. One that nobody named before a framework
    /// joins in it stands at the top with an ordinary weight.
    RoleSet {
        /// Which one.
        role: RoleId,
        /// Below which role it stands, for good; at the top if below none.
        parent: Option<RoleId>,
        /// How much it counts against its siblings.
        weight: Weight,
    },
    /// What a role is guaranteed and may not exceed from now on, everything below it included. Nothing is
    /// taken back for it.
    QuotaSet {
        /// Which one.
        role: RoleId,
        /// What is kept for it, whoever else wants it.
        guarantee: Resources,
        /// The most it is offered.
        limit: QuotaLimit,
    },
    /// Some of an agent is of another part from now on: it was reserved, or made a volume, or is that no
    /// more. What runs there goes on. Offers that nobody answered are taken back where too little stands free;
    /// what tasks use cannot change, and nothing happens where the rest is too little.
    PartChanged {
        /// Where.
        agent: AgentId,
        /// Out of what this offer holds, which goes on; out of what is free without one.
        offer: Option<OfferId>,
        /// What it was.
        from: AgentPart,
        /// What it is.
        to: AgentPart,
        /// How much.
        amount: Resources,
    },
    /// An agent estimated how much of what its tasks hold they do not use, and may be lent until they do. What
    /// of an earlier estimate is in use counts until it is given back.
    RevocableEstimated {
        /// Where.
        agent: AgentId,
        /// How much.
        amount: Resources,
    },
    /// What a framework knows how to handle from now on; nothing special before anybody says so.
    CapabilitiesSet {
        /// Which one.
        framework: FrameworkId,
        /// What it may be offered on top of the ordinary.
        capabilities: Capabilities,
    },
    /// A framework answered offers of several agents together: gangs to launch on them, each of which starts
    /// whole or not at all. One of a single unit is a task like any other.
    GangsPlaced {
        /// Who answers; an answer to somebody else's offer is not valid.
        framework: FrameworkId,
        /// The offers answered, agent by agent.
        answers: Vec<AgentAnswer>,
        /// What to launch on them.
        gangs: Vec<GangRequest>,
    },
    /// What an agent is described with from now on; it may be said before the agent joins, and stays when it goes.
    /// What was refused of it is forgotten.
    AgentDescribed {
        /// Which one.
        agent: AgentId,
        /// All of it.
        attributes: AgentAttributes,
    },
    /// Of which agents a framework wants to be offered anything from now on; of all before anybody says so. Offers
    /// that were made before stand.
    ConstraintsSet {
        /// Which one.
        framework: FrameworkId,
        /// What it asks of agents.
        constraints: OfferConstraints,
    },
    /// More tasks of a framework could start than it said last, behind all of those: what waits in order need not be said
    /// again for each that comes to its end.
    DemandGrew {
        /// Whose demand it is.
        framework: FrameworkId,
        /// In the order in which it is to be served.
        more: Few<Demand>,
    },
    /// How fast a framework's work runs on which agents from now on; alike on all before anybody says so.
    SpeedsSet {
        /// Which one.
        framework: FrameworkId,
        /// By what agents are described with.
        speeds: AgentSpeeds,
    },
}

/// An order from the master.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Action {
    /// Offer resources to a framework.
    Offer(Offer),
    /// Take an unanswered offer back.
    Rescind {
        /// From whom.
        framework: FrameworkId,
        /// Which one.
        offer: OfferId,
    },
    /// Start a task on an agent.
    Launch {
        /// Where.
        agent: AgentId,
        /// Whose task.
        framework: FrameworkId,
        /// Which one.
        task: TaskId,
        /// What it may use.
        needs: Resources,
    },
    /// End a task on an agent.
    Kill {
        /// Where it runs.
        agent: AgentId,
        /// Whose task.
        framework: FrameworkId,
        /// Which one.
        task: TaskId,
    },
    /// Tell a framework how one of its tasks ended: exactly once for every task.
    Report {
        /// Whose task.
        framework: FrameworkId,
        /// Which one.
        task: TaskId,
        /// How it ended.
        outcome: Outcome,
    },
    /// End a task on an agent for somebody else, unless it has ended by then.
    Preempt {
        /// Where it runs.
        agent: AgentId,
        /// Whose task.
        framework: FrameworkId,
        /// Which one.
        task: TaskId,
        /// After so long.
        grace: Span,
    },
    /// Say of which parts of its agent the offer that follows is; without it, all of it is of the common one.
    Parts {
        /// Which offer.
        offer: OfferId,
        /// What of it is not of the agent's common part.
        portions: Vec<Portion>,
    },
    /// Start a gang as one task on several agents. The first of them speaks for it: its end is told from there,
    /// and orders about it go there.
    LaunchGang {
        /// Whose task.
        framework: FrameworkId,
        /// As it was asked for; apart, so that all other orders stay small.
        gang: Box<GangRequest>,
    },
}

/// One step of a master as logs keep it: what it was told, when, and what it ordered. Whoever
/// feeds the facts to a master made the same way gets the same orders.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// When it was told.
    pub at: Time,
    /// The fact.
    pub event: Event,
    /// The orders, in order.
    pub actions: Vec<Action>,
}
