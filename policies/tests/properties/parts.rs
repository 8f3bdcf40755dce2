//! Who may use which parts of an agent, looked at the slow and obvious way.

use fairground_policies::attributes::{AgentAttributes, AttributeTest};
use fairground_policies::ledger::{Ledger, Node};
use fairground_policies::message::{AgentId, FrameworkId, Offer};
use fairground_policies::part::{AgentPart, Capabilities, Portion};
use fairground_policies::resources::{Kind, Resources};

use crate::observer::Observer;

/// What of an agent a framework could use that was free at some moment.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Usable {
    /// Of what is reserved or lent.
    pub(crate) aside: Resources,
    /// Of what is for anybody.
    pub(crate) for_anybody: Resources,
    /// What is kept of the agent for somebody.
    pub(crate) kept: Resources,
}

impl Usable {
    /// The most of it that keeps what is kept, and within a bound on all and one on what is for anybody.
    pub(crate) fn within(self, all: Resources, for_anybody: Resources) -> Resources {
        let most = (self.aside + self.for_anybody).saturating_sub(self.kept);
        let bounded = self.aside + self.for_anybody.min(for_anybody);
        bounded.min(most).min(all)
    }
}

impl Observer {
    /// What of an agent a framework could use that was free before the offers in `later` were made.
    pub(crate) fn usable(
        &self,
        framework: FrameworkId,
        agent: AgentId,
        (later, kept): (&[Offer], Resources),
    ) -> Usable {
        let ledger = self.master.ledger();
        if !self.is_admitted(framework, agent) {
            return Usable {
                kept,
                ..Usable::default()
            };
        }
        let common = AgentPart {
            reserved: ledger.reserved(agent),
            ..AgentPart::PLAIN
        };
        let mut usable = Usable {
            kept,
            ..Usable::default()
        };
        let mut add = |part: AgentPart, amount: Resources| {
            if !self.may_use(framework, part) {
            } else if is_for_anybody(part) {
                usable.for_anybody += amount;
            } else {
                usable.aside += amount;
            }
        };
        let mut left = ledger.free(agent);
        for (part, _, free) in ledger.parts(agent) {
            add(part, free);
            left -= free;
        }
        add(common, left);
        for offer in later.iter().filter(|offer| offer.agent == agent) {
            let mut left = offer.resources;
            for Portion { part, amount } in ledger.portions(offer.id) {
                add(*part, *amount);
                left -= *amount;
            }
            add(common, left);
        }
        usable
    }

    /// How much more a framework that holds `held` may be offered: what every kind leaves below the cap,
    /// and nothing when the cap is reached in one of those that there are.
    pub(crate) fn bound(&self, held: Resources) -> Resources {
        let total = self.master.ledger().total();
        let mut left = [u64::MAX; Kind::COUNT];
        let Some(percent) = self.cap else {
            return Resources::from_units(left);
        };
        for kind in Kind::ALL {
            let most = total.of(kind) * percent / 100;
            left[kind as usize] = most.saturating_sub(held.of(kind));
            if total.of(kind) > 0 && left[kind as usize] == 0 {
                return Resources::ZERO;
            }
        }
        Resources::from_units(left)
    }

    /// Whether it is easily told how much of the agent anybody may be offered: not where disks are given whole, and
    /// not where volumes that are shared count below a cap.
    pub(crate) fn is_plain(&self, agent: AgentId) -> bool {
        let ledger = self.master.ledger();
        let mut shared = ledger.agents().flat_map(|agent| ledger.shared(agent));
        let mut parts = ledger.parts(agent);
        let bounds = ["slots", "karma"];
        let told = !bounds.iter().any(|policy| self.policy.starts_with(policy));
        told && parts.all(|(part, ..)| part.volume.is_none())
            && (self.cap.is_none() || shared.next().is_none())
    }

    /// Whether an agent passes what a framework asks of agents.
    pub(crate) fn is_admitted(&self, framework: FrameworkId, agent: AgentId) -> bool {
        let nothing = AgentAttributes::NONE;
        let described = self.described.get(&agent).unwrap_or(&nothing);
        let passes = |test: &AttributeTest| test.passes(described);
        self.asked.get(&framework).is_none_or(|asked| {
            let mut groups = asked.any_of.iter();
            asked.any_of.is_empty() || groups.any(|group| group.iter().all(passes))
        })
    }

    fn may_use(&self, framework: FrameworkId, part: AgentPart) -> bool {
        let ledger = self.master.ledger();
        let knows = self.knows.get(&framework).copied().unwrap_or_default();
        let up = |node: &Node| ledger.parent(*node);
        let mut above = std::iter::successors(Some(Node::Framework(framework)), up);
        let is_for_it = part
            .reserved
            .is_none_or(|node| above.any(|above| above == node));
        is_for_it && knows.includes(part.asks)
    }
}

pub(crate) fn is_for_anybody(part: AgentPart) -> bool {
    part.reserved.is_none() && !part.asks.includes(Capabilities::REVOCABLE)
}

/// How much of what is held is not for anybody, on an agent whose common part is reserved or not.
pub(crate) fn aside(
    ledger: &Ledger,
    agent: AgentId,
    all: Resources,
    portions: &[Portion],
) -> Resources {
    let special: Resources = portions.iter().map(|one| one.amount).sum();
    let mine = portions.iter().filter(|one| !is_for_anybody(one.part));
    let mine: Resources = mine.map(|one| one.amount).sum();
    match ledger.reserved(agent) {
        None => mine,
        Some(_) => mine + (all - special),
    }
}
