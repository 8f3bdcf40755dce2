//! What namespaces leave common to tasks of one network: names of abstract sockets. Since Linux 6.12
//! the kernel can keep them apart.

use landlock::{
    CompatLevel, Compatible as _, Ruleset, RulesetAttr as _, RulesetError, RulesetStatus, Scope,
};

use super::error::{IsolationError, Result};

/// The caller and everything it starts from now on reach no abstract socket and signal no process
/// of others; `false` where the kernel is too old for that.
pub(super) fn enter() -> Result<bool> {
    let restrict = || -> std::result::Result<_, RulesetError> {
        let scopes = Scope::AbstractUnixSocket | Scope::Signal;
        let rules = Ruleset::default().set_compatibility(CompatLevel::BestEffort);
        rules.scope(scopes)?.create()?.restrict_self()
    };
    let status = restrict().map_err(|error| IsolationError::Scope(error.to_string()))?;
    Ok(status.ruleset == RulesetStatus::FullyEnforced)
}

/// Whether the kernel keeps abstract sockets of tasks apart. Asked on a thread that ends with the
/// answer, because nobody gets out again.
pub fn is_possible() -> bool {
    let asked = std::thread::spawn(enter).join();
    matches!(asked, Ok(Ok(true)))
}
