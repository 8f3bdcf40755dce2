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
}

/// What of the master's behaviour is a parameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Config {
    /// Offers are made at multiples of this (Mesos: one second); with zero at the end of every instant
    /// at which something happens.
    pub round: Span,
    /// How much one offer holds.
    pub offers: OfferSize,
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
    pub const PARAMS: [Param; 3] = [
        Param {
            key: "round",
            about: "offers at multiples of this; 0s when something happens (default 0s, Mesos 1s)",
        },
        Param {
            key: "offers",
            about: "agent: all that is free, as Mesos; task: what one task takes, as the DRF paper (default agent)",
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
            Some(other) => return Err(name.bad("offers", other, "agent or task")),
        };
        Ok(Self {
            round: name.take_as("round", span)?.unwrap_or(Span::ZERO),
            offers,
            declares: offers == OfferSize::Task,
            reclaims: false,
            offer_timeout: match name.take_as("timeout", span)? {
                Some(Span::ZERO) => return Err(name.bad("timeout", "0s", "more than no time")),
                timeout => timeout,
            },
        })
    }
}
