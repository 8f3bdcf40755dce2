//! What operators say of roles, from bytes to its meaning.

use std::collections::BTreeMap;

use fairground_policies::resources::{Kind, QuotaLimit, Resources};
use fairground_policies::share::Weight;
use serde_json::Value;

use super::bad_role;
use super::messages::Scalar;
use super::messages::operator::{QuotaRequest, WeightInfo};
use super::proto::Wire as _;
use super::resources::{asked, units};

/// A quota that is wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuotaWish {
    /// Whose.
    pub role: String,
    /// What is kept for it.
    pub guarantee: Resources,
    /// The most it is offered.
    pub limit: QuotaLimit,
    /// Whether it may be more than the cluster has, and its limit less than is held.
    pub force: bool,
    /// Whether it may take the place of another one.
    pub replaces: bool,
}

/// A weight as the API has it.
pub fn weight(number: f64) -> Option<Weight> {
    let thousandths = (number * 1000.0).round();
    let counts = (1.0..=1e9).contains(&thousandths);
    Weight::from_thousandths(if counts { thousandths as u32 } else { 0 })
}

fn json(body: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(body).map_err(|error| format!("Failed to parse body into JSON: {error}"))
}

fn checked(role: String) -> Result<String, String> {
    match bad_role(&role) {
        None => Ok(role),
        Some(why) => Err(format!("role `{role}`: {why}")),
    }
}

/// Reads weights: `[{"role": "eng", "weight": 2.5}]`.
///
/// # Errors
/// What is wrong with them.
pub fn weights(body: &[u8]) -> Result<BTreeMap<String, Weight>, String> {
    let infos: Vec<WeightInfo> = Vec::read(json(body)?).map_err(|bad| format!("weights: {bad}"))?;
    let mut weights = BTreeMap::new();
    for info in infos {
        let role = checked(info.role)?;
        let counted = weight(info.weight.0);
        let counted = counted.ok_or_else(|| {
            format!(
                "weight of `{role}`: expected a number from 0.001 to 1e6, found {}",
                info.weight.0
            )
        })?;
        if weights.insert(role.clone(), counted).is_some() {
            return Err(format!("weight of `{role}`: said twice"));
        }
    }
    Ok(weights)
}

/// Reads a quota.
///
/// # Errors
/// What is wrong with it.
pub fn quota(body: &[u8]) -> Result<QuotaWish, String> {
    let request = QuotaRequest::read(json(body)?).map_err(|bad| format!("quota: {bad}"))?;
    let role = checked(request.role)?;
    if role == "*" {
        return Err("quota: `*` has none; expected a role of its own".to_owned());
    }
    let force = request.force.unwrap_or(false);
    let is_config = !request.guarantees.is_empty() || !request.limits.is_empty();
    if request.guarantee.is_empty() && !is_config {
        return Err(format!(
            "quota of `{role}`: nothing is said of it; expected `guarantee`, `guarantees` or `limits`, or \
             DELETE /quota/{role}"
        ));
    }
    let (guarantee, limit) = match (request.guarantee.as_slice(), is_config) {
        (_, false) => {
            // Refuses what is reserved, and what is offered to others.
            asked(&request.guarantee, "*").map_err(|why| format!("quota of `{role}`: {why}"))?;
            let named = request.guarantee.iter().map(|one| {
                let value = one.scalar.as_ref().map_or(0.0, |scalar| scalar.value.0);
                (one.name.as_str(), value)
            });
            let units = counted(&role, "guarantee", named)?;
            (units, units)
        }
        ([], true) => (
            counted(&role, "guarantees", scalars(&request.guarantees))?,
            counted(&role, "limits", scalars(&request.limits))?,
        ),
        (_, true) => {
            return Err(format!(
                "quota of `{role}`: `guarantee` is beside `guarantees` or `limits`; expected one form"
            ));
        }
    };
    for kind in Kind::ALL {
        let (least, most) = (guarantee[kind as usize], limit[kind as usize]);
        if let (Some(least), Some(most)) = (least, most)
            && least > most
        {
            return Err(format!(
                "quota of `{role}`: more {} is guaranteed than its limit",
                kind.name()
            ));
        }
    }
    Ok(QuotaWish {
        role,
        guarantee: Resources::from_units(guarantee.map(Option::unwrap_or_default)),
        limit: QuotaLimit::from_units(limit),
        force,
        replaces: is_config,
    })
}

fn scalars(map: &BTreeMap<String, Scalar>) -> impl Iterator<Item = (&str, f64)> {
    map.iter()
        .map(|(name, scalar)| (name.as_str(), scalar.value.0))
}

/// The units of the kinds that are named.
fn counted<'a>(
    role: &str,
    member: &str,
    named: impl Iterator<Item = (&'a str, f64)>,
) -> Result<[Option<u64>; Kind::COUNT], String> {
    let mut counted = [None; Kind::COUNT];
    for (name, value) in named {
        let place = || format!("quota of `{role}`: `{member}`");
        let Some(kind) = Kind::by_name(name) else {
            return Err(format!(
                "{}: there is none of `{name}`; known are cpus, mem, disk, gpus",
                place()
            ));
        };
        let units = units(kind, value).map_err(|why| format!("{}: {why}", place()))?;
        if counted[kind as usize].replace(units).is_some() {
            return Err(format!("{}: `{name}` is said twice", place()));
        }
    }
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn weights_are_read_or_it_is_said_why_not() {
        let read = |body: Value| weights(body.to_string().as_bytes());
        let half = Weight::from_thousandths(500).unwrap();
        assert_eq!(
            read(json!([{"role": "a", "weight": 0.5}])),
            Ok(BTreeMap::from([("a".to_owned(), half)]))
        );
        assert_eq!(read(json!([])), Ok(BTreeMap::new()));
        for (body, word) in [
            (
                json!([{"role": "a", "weight": 0}]),
                "from 0.001 to 1e6, found 0",
            ),
            (json!([{"role": "a", "weight": -1}]), "found -1"),
            (json!([{"role": "a", "weight": "NaN"}]), "found NaN"),
            (json!([{"role": "a"}]), "`[0].weight`: missing"),
            (json!([{"weight": 1}]), "`[0].role`: missing"),
            (json!([{"role": "a b", "weight": 1}]), "no spaces"),
            (
                json!([{"role": "a", "weight": 1}, {"role": "a", "weight": 2}]),
                "said twice",
            ),
        ] {
            let why = read(body.clone()).unwrap_err();
            assert!(why.contains(word), "{body}: {why}");
        }
        assert!(weights(b"[").unwrap_err().contains("into JSON"));
    }

    #[test]
    fn a_quota_is_read_or_it_is_said_why_not() {
        let read = |body: Value| quota(body.to_string().as_bytes());
        let cpus = json!([{"name": "cpus", "type": "SCALAR", "scalar": {"value": 2}}]);
        let plain = read(json!({"role": "a", "guarantee": cpus, "force": true})).unwrap();
        assert_eq!(plain.guarantee, Resources::cores(2, 0));
        let limit = QuotaLimit::from_units([Some(2000), None, None, None]);
        assert_eq!(
            (plain.limit, plain.force, plain.replaces),
            (limit, true, false)
        );
        let config = read(json!({
            "role": "a/b", "guarantees": {"cpus": {"value": 0.5}},
            "limits": {"cpus": {"value": 1}, "mem": {"value": 100}},
        }));
        let limit = QuotaLimit::from_units([Some(1000), Some(100), None, None]);
        let config = config.unwrap();
        assert_eq!(
            (config.limit, config.force, config.replaces),
            (limit, false, true)
        );
        for (body, word) in [
            (json!({"guarantee": cpus}), "`role`: missing"),
            (json!({"role": "*", "guarantee": cpus}), "`*` has none"),
            (json!({"role": "a/", "guarantee": cpus}), "role `a/`"),
            (json!({"role": "a"}), "nothing is said of it"),
            (
                json!({"role": "a", "limits": {"cpus": {"value": 1}}, "guarantees": {"cpus": {"value": 2}}}),
                "more cpus is guaranteed than its limit",
            ),
            (
                json!({"role": "a", "guarantee": cpus, "limits": {"cpus": {"value": 2}}}),
                "expected one form",
            ),
            (
                json!({"role": "a", "guarantee": [cpus[0], cpus[0]]}),
                "`cpus` is said twice",
            ),
            (
                json!({"role": "a", "limits": {"tapes": {"value": 1}}}),
                "none of `tapes`",
            ),
            (
                json!({"role": "a", "guarantees": {"mem": {"value": -1}}}),
                "`mem` is -1; expected",
            ),
            (
                json!({"role": "a", "guarantee": [{"name": "ports", "type": "RANGES",
                       "ranges": {"range": [{"begin": 1, "end": 2}]}}]}),
                "none of `ports`",
            ),
        ] {
            let why = read(body.clone()).unwrap_err();
            assert!(why.contains(word), "{body}: {why}");
        }
    }
}
