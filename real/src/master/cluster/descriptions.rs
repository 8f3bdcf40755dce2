//! How frameworks describe themselves: what is wrong with it, and what may not change.

use std::collections::BTreeSet;

use fairground_policies::time::Span;

use crate::wire::messages::framework::{CapabilityType, FrameworkInfo};
use crate::wire::proto::Wire as _;
use crate::wire::{bad_id, bad_role};

/// The most roles of a framework.
const MOST_ROLES: usize = 1000;

/// How long a framework may stay away; longer than any cluster lives is for ever.
pub(super) fn failover(info: &FrameworkInfo) -> Span {
    let seconds = info.failover_timeout.map_or(0.0, |timeout| timeout.0);
    Span::from_micros((seconds.max(0.0) * 1e6) as u64)
}

/// The roles of a framework, checked with everything else that is wrong with a `FrameworkInfo`, or with
/// the roles for which it wants no offers.
///
/// # Errors
/// The sentence for the ERROR event.
pub(super) fn check_framework_info(
    info: &FrameworkInfo,
    suppressed: &[String],
) -> Result<Vec<String>, String> {
    if let Some(refused) = info.refused() {
        return Err(format!("FrameworkInfo: {refused}"));
    }
    if let Some(id) = info.id()
        && let Some(why) = bad_id(id)
    {
        return Err(format!("FrameworkInfo.id `{id}`: {why}"));
    }
    if info
        .failover_timeout
        .is_some_and(|seconds| seconds.0.is_nan())
    {
        return Err("FrameworkInfo.failover_timeout is NaN; expected seconds".into());
    }
    let roles = roles(info)?;
    match suppressed.iter().find(|role| !roles.contains(role)) {
        Some(other) => Err(format!(
            "Suppressed role `{other}` is not contained in the list of roles"
        )),
        None => Ok(roles),
    }
}

/// The roles of a framework: of one with `MULTI_ROLE` any number.
fn roles(info: &FrameworkInfo) -> Result<Vec<String>, String> {
    let (member, roles) = match (info.can(CapabilityType::MultiRole), &info.role) {
        (true, Some(_)) => {
            return Err(
                "FrameworkInfo.role is not for frameworks with MULTI_ROLE; use `roles`".into(),
            );
        }
        (false, _) if !info.roles.is_empty() => {
            return Err("FrameworkInfo.roles needs the capability MULTI_ROLE; use `role`".into());
        }
        (true, None) => ("roles", info.roles.clone()),
        (false, role) => ("role", vec![role.clone().unwrap_or_else(|| "*".to_owned())]),
    };
    if roles.len() > MOST_ROLES {
        return Err(format!(
            "FrameworkInfo.roles has {}; expected {MOST_ROLES} at most",
            roles.len()
        ));
    }
    let mut known = BTreeSet::new();
    for role in &roles {
        if let Some(why) = bad_role(role) {
            return Err(format!("FrameworkInfo.{member} `{role}`: {why}"));
        }
        if !known.insert(role) {
            return Err(format!("FrameworkInfo.{member} has `{role}` twice"));
        }
    }
    Ok(roles)
}

/// What may not change when a framework comes back, and has. What is absent is what stands for it.
pub(super) fn changed(before: &FrameworkInfo, now: &FrameworkInfo) -> Option<&'static str> {
    let principal = |info: &FrameworkInfo| info.principal.clone().unwrap_or_default();
    if before.user != now.user {
        Some("user")
    } else if principal(before) != principal(now) {
        Some("principal")
    } else if before.checkpoint.unwrap_or(false) != now.checkpoint.unwrap_or(false) {
        Some("checkpoint")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn info(change: &Value) -> FrameworkInfo {
        let mut info = json!({"user": "u", "name": "n"});
        for (key, value) in change.as_object().unwrap() {
            info[key] = value.clone();
        }
        serde_json::from_value(info).unwrap()
    }

    #[test]
    fn a_framework_info_is_checked() {
        let check = |change: Value| check_framework_info(&info(&change), &[]);
        let multi = json!([{"type": "MULTI_ROLE"}, {"type": "OF_TOMORROW"}]);
        for (change, roles) in [
            (json!({}), &["*"][..]),
            (json!({"role": "eng/web"}), &["eng/web"]),
            (json!({"roles": "a", "capabilities": multi}), &["a"]),
            (
                json!({"roles": ["a", "b/c", "*"], "capabilities": multi}),
                &["a", "b/c", "*"],
            ),
            (json!({"capabilities": multi}), &[]),
        ] {
            let expected = roles.iter().map(ToString::to_string).collect();
            assert_eq!(check(change), Ok(expected));
        }
        let suppressed = check_framework_info(&info(&json!({})), &["a".to_owned()]);
        assert!(suppressed.unwrap_err().contains("`a` is not contained in"));
        let many: Vec<String> = (0..=MOST_ROLES).map(|i| format!("r{i}")).collect();
        for (change, word) in [
            (json!({"role": "-x"}), "begin"),
            (json!({"roles": ["a"]}), "MULTI_ROLE"),
            (
                json!({"roles": ["a", "a"], "capabilities": multi}),
                "has `a` twice",
            ),
            (
                json!({"roles": ["a", "b//c"], "capabilities": multi}),
                "FrameworkInfo.roles `b//c`",
            ),
            (
                json!({"roles": many, "capabilities": multi}),
                "has 1001; expected 1000 at most",
            ),
            (json!({"role": "a", "capabilities": multi}), "roles"),
            (json!({"id": {"value": "a/b"}}), "no `/`"),
            (
                json!({"failover_timeout": "NaN"}),
                "failover_timeout is NaN",
            ),
            (
                json!({"offer_filters": {"*": {}}}),
                "`offer_filters` is not supported",
            ),
        ] {
            let error = check(change.clone()).unwrap_err();
            assert!(error.contains(word), "{change}: {error}");
        }
    }

    #[test]
    fn what_is_absent_is_what_stands_for_it() {
        let check = |before: Value, now: Value, expected| {
            assert_eq!(
                changed(&info(&before), &info(&now)),
                expected,
                "{before} {now}"
            );
        };
        check(json!({"checkpoint": false}), json!({}), None);
        check(json!({}), json!({"checkpoint": "false"}), None);
        check(json!({}), json!({"principal": ""}), None);
        check(
            json!({"role": "a"}),
            json!({"name": "m", "role": "b"}),
            None,
        );
        check(json!({}), json!({"checkpoint": true}), Some("checkpoint"));
        check(json!({"principal": "p"}), json!({}), Some("principal"));
        check(json!({}), json!({"user": ""}), Some("user"));
    }

    #[test]
    fn a_failover_timeout_may_be_text_and_long() {
        let year = 365 * 86_400;
        for (timeout, least) in [
            (json!(604_800), 604_800),
            (json!("604800"), 604_800),
            (json!(1e18), 1000 * year),
            (json!("Infinity"), 1000 * year),
        ] {
            let span = failover(&info(&json!({"failover_timeout": timeout})));
            assert!(span >= Span::from_secs(least), "{timeout}: {span:?}");
        }
        for timeout in [json!(null), json!(0), json!(-5), json!("-Infinity")] {
            assert!(failover(&info(&json!({"failover_timeout": timeout}))).is_zero());
        }
    }
}
