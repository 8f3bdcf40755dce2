//! What of the master's behaviour is a parameter.

use crate::name::{BadName, Name, Param};
use crate::time::Span;

/// How much of an agent one offer holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OfferSize {
    /// Everything free on the agent, as Mesos does.
    #[default]
    Agent,
    /// What one task takes, as declared by the framework: the DRF paper's progressive filling.
    Task,
    /// Everything free on the agent, offered to everybody who wants it at the same time and held for nobody: who answers
    /// first has it (Schwarzkopf et al., Omega, `EuroSys` 2013, section 3.4: shared state, optimistic concurrency).
    Shared,
}

/// What of a shared agent must not have changed since it was offered, or what is launched there is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Conflict {
    /// What is launched must fit in what is free by then: the finest there is.
    #[default]
    Fit,
    /// Nothing at all may have started or ended there: a sequence number an agent. (Omega's published simulator counts starts
    /// alone.)
    Sequence,
}

/// How much of what one answer launches is refused where some of it is in conflict. An answer is of one agent, or of all that
/// gangs start on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Commit {
    /// No more than that.
    #[default]
    Each,
    /// All of it.
    All,
}

/// What of the master's behaviour is a parameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Config {
    /// Offers are made at multiples of this (Mesos: one second); with zero at the end of every instant
    /// at which something happens.
    pub round: Span,
    /// How much one offer holds.
    pub offers: OfferSize,
    /// When shared offers are in conflict.
    pub conflict: Conflict,
    /// What becomes of an answer of which some is.
    pub commit: Commit,
    /// An offer not answered for so long is taken back; `None` waits for ever.
    pub offer_timeout: Option<Span>,
    /// Whether frameworks are to declare what they want: where offers are made for tasks, and where the
    /// policy reads it. Nobody else pays for the messages.
    pub declares: bool,
    /// Whether the policy takes anything back ([`crate::allocators::Allocator::reclaims`]).
    pub reclaims: bool,
}

impl Config {
    /// The parameters every policy's name can have on top of its own.
    pub const PARAMS: [Param; 5] = [
        Param {
            key: "round",
            about: "offers at multiples of this; 0s when something happens (default 0s, Mesos 1s)",
        },
        Param {
            key: "offers",
            about: "agent: all that is free, as Mesos; task: what one task takes, as the DRF paper; shared: all that is \
                    free, to everybody at once, as Omega (default agent)",
        },
        Param {
            key: "conflict",
            about: "of shared offers, fit: refused is what no longer fits; sequence: whatever comes after another start or \
                    end on the agent (default fit)",
        },
        Param {
            key: "commit",
            about: "of shared offers, each: refused is what is in conflict; all: everything launched by the same answer \
                    (default each)",
        },
        Param {
            key: "timeout",
            about: "unanswered offers are taken back after this (default never)",
        },
    ];

    /// Takes the master's parameters out of a policy's name.
    ///
    /// # Errors
    /// When a value does not read.
    pub fn from_name(name: &mut Name) -> Result<Self, BadName> {
        let span = "a length of time, as in 1s";
        let offers = match name.take("offers").as_deref() {
            None | Some("agent") => OfferSize::Agent,
            Some("task") => OfferSize::Task,
            Some("shared") => OfferSize::Shared,
            Some(other) => return Err(name.bad("offers", other, "agent, task or shared")),
        };
        let (conflict, commit) = (name.take("conflict"), name.take("commit"));
        if offers != OfferSize::Shared && (conflict.is_some() || commit.is_some()) {
            return Err(BadName(format!(
                "`{}`: only shared offers are in conflict: say offers=shared, or neither conflict nor commit",
                name.base()
            )));
        }
        Ok(Self {
            round: name.take_as("round", span)?.unwrap_or(Span::ZERO),
            offers,
            conflict: match conflict.as_deref() {
                None | Some("fit") => Conflict::Fit,
                Some("sequence") => Conflict::Sequence,
                Some(other) => return Err(name.bad("conflict", other, "fit or sequence")),
            },
            commit: match commit.as_deref() {
                None | Some("each") => Commit::Each,
                Some("all") => Commit::All,
                Some(other) => return Err(name.bad("commit", other, "each or all")),
            },
            declares: offers == OfferSize::Task,
            reclaims: false,
            offer_timeout: match name.take_as("timeout", span)? {
                Some(Span::ZERO) => return Err(name.bad("timeout", "0s", "more than no time")),
                timeout => timeout,
            },
        })
    }
}
