//! The parts of an agent: what of it is reserved for somebody, may be taken back, or is given whole.
//!
//! Most agents are of one part, which is anybody's. Only what is different is spoken of.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::message::Node;
use crate::resources::Resources;

/// What tells one part of an agent from another.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize,
)]
pub struct AgentPart {
    /// For whom it is reserved: everybody below that node of the tree; `None` for anybody.
    pub reserved: Option<Node>,
    /// What a framework must know of to be offered it.
    pub asks: Capabilities,
    /// A disk or volume of its own: given whole or not at all.
    pub volume: Option<u32>,
}

impl AgentPart {
    /// What is anybody's.
    pub const PLAIN: Self = Self {
        reserved: None,
        asks: Capabilities::NONE,
        volume: None,
    };
    /// What its holder does not use now, lent to somebody else until it does.
    pub const REVOCABLE: Self = Self {
        reserved: None,
        asks: Capabilities::REVOCABLE,
        volume: None,
    };

    /// What is reserved for everybody below `node`.
    pub fn reserved_for(node: impl Into<Node>) -> Self {
        Self {
            reserved: Some(node.into()),
            ..Self::PLAIN
        }
    }

    /// A disk of its own that is anybody's.
    pub const fn disk(volume: u32) -> Self {
        Self {
            volume: Some(volume),
            ..Self::PLAIN
        }
    }

    /// Whether it may be taken back from whoever uses it.
    pub const fn is_revocable(self) -> bool {
        self.asks.includes(Capabilities::REVOCABLE)
    }

    /// Whether several may use it at once.
    pub const fn is_shared(self) -> bool {
        self.asks.includes(Capabilities::SHARED)
    }

    /// Whether it is for anybody, for good: only that counts against quotas, and only that is kept for guarantees.
    pub(crate) const fn is_for_anybody(self) -> bool {
        self.reserved.is_none() && !self.is_revocable()
    }
}

/// What a framework knows how to handle: a set.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Capabilities(u8);

impl Capabilities {
    /// What every framework can handle.
    pub const NONE: Self = Self(0);
    /// Resources that may be taken back at any time.
    pub const REVOCABLE: Self = Self(1);
    /// Reservations for a sub-role that were made out of those for a role above it.
    pub const REFINED: Self = Self(2);
    /// Volumes that several use at once.
    pub const SHARED: Self = Self(4);
    /// All of them.
    pub const ALL: Self = Self(7);

    /// Those of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are not among `others`.
    #[must_use]
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether all of `others` are among them.
    pub const fn includes(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }
}

/// How much of a part.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Portion {
    /// Of which.
    pub part: AgentPart,
    /// How much.
    pub amount: Resources,
}

/// Takes `needs` out of what is held, `held` in all, of which `portions` are not of the agent's common
/// part: out of these first, in their order, and of a disk of its own all or nothing.
///
/// What it takes of them; `None`, and nothing is taken, where there is not enough.
pub(crate) fn draw(
    needs: Resources,
    held: Resources,
    portions: &mut Vec<Portion>,
) -> Option<Vec<Portion>> {
    if portions.is_empty() {
        return Some(Vec::new());
    }
    let special: Resources = portions.iter().map(|one| one.amount).sum();
    let mut rest = needs;
    let mut drawn = Vec::new();
    for Portion { part, amount } in portions.iter().copied() {
        let amount = match part.volume {
            Some(_) if !amount.fits_in(rest) => Resources::ZERO,
            _ => amount.min(rest),
        };
        rest -= amount;
        drawn.push(Portion { part, amount });
    }
    if !rest.fits_in(held - special) {
        return None;
    }
    for (one, taken) in portions.iter_mut().zip(&drawn) {
        one.amount -= taken.amount;
    }
    portions.retain(|one| !one.amount.is_zero());
    drawn.retain(|one| !one.amount.is_zero());
    Some(drawn)
}

/// `r1`, `r1's disk 3`, `revocable`: for scripts, logs and errors.
impl fmt::Display for AgentPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reserved {
            None => f.write_str("anybody's")?,
            Some(Node::Framework(framework)) => write!(f, "{framework}'s")?,
            Some(Node::Members(role)) => write!(f, "{role}'s own")?,
            Some(Node::Role(role)) => write!(f, "{role}'s")?,
        }
        if self.is_revocable() {
            f.write_str(", revocable")?;
        }
        if self.asks.includes(Capabilities::REFINED) {
            f.write_str(", refined")?;
        }
        if self.is_shared() {
            f.write_str(", shared")?;
        }
        match self.volume {
            Some(volume) => write!(f, ", disk {volume}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::RoleId;
    use crate::resources::Mebibytes;

    fn disk(mib: u64) -> Resources {
        Resources::ZERO.with_disk(Mebibytes(mib))
    }

    #[test]
    fn what_is_special_is_drawn_first_and_disks_whole() {
        let mine = AgentPart::reserved_for(RoleId(0));
        let portion = |part, amount| Portion { part, amount };
        let all = [
            portion(mine, Resources::cores(1, 100)),
            portion(AgentPart::disk(7), disk(50)),
        ];
        let held = Resources::cores(4, 400) + disk(70);

        let mut left = all.to_vec();
        let drawn = draw(Resources::cores(2, 50) + disk(20), held, &mut left);
        assert_eq!(drawn, Some(vec![portion(mine, Resources::cores(1, 50))]));
        let rest = portion(mine, Resources::cores(0, 50));
        assert_eq!(left, [rest, all[1]]);

        let mut left = all.to_vec();
        let drawn = draw(disk(60), held, &mut left);
        assert_eq!(drawn, Some(vec![all[1]]));
        assert_eq!(left, [all[0]]);

        // 30 of a disk that is given whole, and 20 beside it, are not 30.
        let mut left = all.to_vec();
        assert_eq!(draw(disk(30), held, &mut left), None);
        assert_eq!(left, all);
    }
}
