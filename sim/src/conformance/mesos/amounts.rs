//! Resources as the cases write them: `disk(role1)` is reserved, a `mount disk` is given whole, ports are no kind here.

use std::collections::BTreeMap;

use fairground_policies::message::RoleId;
use fairground_policies::part::{AgentPart, Capabilities, Portion};
use fairground_policies::resources::{Kind, QuotaLimit, Resources};
use serde_json::Value;

use crate::conformance::Unreadable;
use crate::conformance::case::thousandths;

/// What a case writes of resources.
pub(super) type Written = BTreeMap<String, Value>;

/// The number of a disk that is given whole, and of a volume that several use.
pub(super) const VOLUME: u32 = 1;

/// What of an agent is reserved for a role, as a volume of its own or not.
pub(super) fn reserved(role: RoleId, volume: Option<u32>) -> AgentPart {
    AgentPart {
        volume,
        ..AgentPart::reserved_for(role)
    }
}

/// The same volume, shared.
pub(super) fn shared(role: RoleId) -> AgentPart {
    AgentPart {
        asks: Capabilities::SHARED,
        ..reserved(role, Some(VOLUME))
    }
}

/// So much of a kind.
fn one(kind: Kind, units: u64) -> Resources {
    let mut all = [0; Kind::COUNT];
    all[kind as usize] = units;
    Resources::from_units(all)
}

/// So much of a disk.
pub(super) fn disk(units: u64) -> Resources {
    one(Kind::Disk, units)
}

/// Cores and GPUs in thousandths, the others as they are.
fn units(kind: Kind, amount: &Value) -> Result<u64, Unreadable> {
    let wrong = || {
        Unreadable(format!(
            "expected an amount of {}, found {amount}",
            kind.name()
        ))
    };
    let number = amount.as_f64().ok_or_else(wrong)?;
    let scaled = thousandths(number)?;
    let units = match kind {
        Kind::Cpus | Kind::Gpus => scaled,
        Kind::Mem | Kind::Disk => scaled / 1000,
    };
    u64::try_from(units).map_err(|_| wrong())
}

/// All that is written, by the part of the agent that it is of.
pub(super) fn portions(
    written: &Written,
    role: impl Fn(&str) -> Result<RoleId, Unreadable>,
) -> Result<Vec<Portion>, Unreadable> {
    let mut all: Vec<Portion> = Vec::new();
    for (name, amount) in written {
        let (word, of) = match name.split_once('(') {
            Some((word, of)) => (word, Some(role(of.trim_end_matches(')'))?)),
            None => (name.as_str(), None),
        };
        let (kind, part) = match word {
            "ports" => continue,
            "mount disk" => (Kind::Disk, AgentPart::disk(VOLUME)),
            "shared volume" => (Kind::Disk, of.map_or(AgentPart::disk(VOLUME), shared)),
            _ => {
                let kind = Kind::by_name(word);
                let unknown = || Unreadable(format!("expected a kind of resource, found `{name}`"));
                let part = of.map_or(AgentPart::PLAIN, |role| reserved(role, None));
                (kind.ok_or_else(unknown)?, part)
            }
        };
        let amount = one(kind, units(kind, amount)?);
        match all.iter_mut().find(|other| other.part == part) {
            Some(other) => other.amount += amount,
            None => all.push(Portion { part, amount }),
        }
    }
    all.retain(|one| !one.amount.is_zero());
    all.sort_by_key(|one| one.part);
    Ok(all)
}

/// What is written of nothing special.
pub(super) fn plain(written: &Written) -> Result<Resources, Unreadable> {
    let none = |name: &str| Err(Unreadable(format!("expected no role, found `{name}`")));
    let portions = portions(written, none)?;
    Ok(portions.iter().map(|one| one.amount).sum())
}

/// A limit: what is not named has none.
pub(super) fn limit(written: &Written) -> Result<QuotaLimit, Unreadable> {
    let mut limit = [None; Kind::COUNT];
    for kind in Kind::ALL {
        if let Some(amount) = written.get(kind.name()) {
            limit[kind as usize] = Some(units(kind, amount)?);
        }
    }
    Ok(QuotaLimit::from_units(limit))
}
