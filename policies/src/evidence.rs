//! Where a policy comes from, and how far it was shown to be what it says.

use std::fmt;

/// What stands behind a policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// The paper, section, or system whose rules it follows; empty where there is none.
    pub source: &'static str,
    /// How far it was proven.
    pub proven: Proven,
    /// A worked example: a few lines that are run, and drawn, when `fairground policies NAME` shows it (`worked` in the
    /// simulator says which); empty where there is none.
    pub example: &'static str,
}

impl Evidence {
    /// Of a policy of one's own.
    pub const OWN: Self = Self {
        source: "",
        proven: Proven::Prototype,
        example: "",
    };
}

/// How far a policy was proven, the furthest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Proven {
    /// It gives what the original, or its paper, publishes: to the last digit, or every decision.
    Exact,
    /// The same with some parameters, and not without: those.
    ExactWith(&'static str),
    /// It gives what is published as a mean of chance, within its spread.
    InBand,
    /// The same with some parameters, and not without: those.
    InBandWith(&'static str),
    /// It gives the answers that scripts of the project work out by hand.
    Scripts,
    /// It runs; nothing says that it is right.
    Prototype,
}

impl fmt::Display for Proven {
    /// As lists say it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact => f.write_str("exact"),
            Self::ExactWith(parameters) => write!(f, "exact with {parameters}"),
            Self::InBand => f.write_str("in band"),
            Self::InBandWith(parameters) => write!(f, "in band with {parameters}"),
            Self::Scripts => f.write_str("own scripts"),
            Self::Prototype => f.write_str("prototype"),
        }
    }
}
