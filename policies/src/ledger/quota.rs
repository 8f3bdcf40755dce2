//! Quota: what roles are guaranteed, and what they may not exceed.
//!
//! Guarantees and limits hold for everything below a role. What is guaranteed and not held must stay
//! available (Mesos' headroom): whoever is offered something must leave enough free for all others' needs.
//!
//! What is reserved for a role, or for one below it, counts as held by it, whether anybody holds it or not.
//! What is reserved for a framework, as `static` does, and what may be taken back is outside of all that.

use super::Ledger;
use super::roles::RoleEntry;
use crate::message::{FrameworkId, RoleId};
use crate::resources::{Kind, QuotaLimit, Resources};

/// What a role is guaranteed and may not exceed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quota {
    pub(super) guarantee: Resources,
    pub(super) limit: QuotaLimit,
    /// What is reserved for the role and those below it: it counts, whether anybody holds it or not.
    pub(super) reserved: Resources,
    /// What of the guarantees of this role and those below it is not held.
    pub(super) need: Resources,
    /// The needs of the roles right below it.
    pub(super) needs_below: Resources,
}

impl Quota {
    pub(super) const NONE: Self = Self {
        guarantee: Resources::ZERO,
        limit: QuotaLimit::NONE,
        reserved: Resources::ZERO,
        need: Resources::ZERO,
        needs_below: Resources::ZERO,
    };
}

impl RoleEntry {
    /// What counts against the quota of the role.
    pub(super) fn consumed(&self) -> Resources {
        self.whole.held - self.whole.aside + self.quota.reserved
    }
}

/// What policies read.
impl Ledger {
    /// What counts against the quota of `role`: what is held below it of what is for anybody, and all that is
    /// reserved for it or those below it.
    pub fn consumed(&self, role: RoleId) -> Resources {
        self.roles
            .get(role.index())
            .map_or(Resources::ZERO, RoleEntry::consumed)
    }

    /// What is guaranteed to everything below `role` together.
    pub fn guarantee(&self, role: RoleId) -> Resources {
        self.roles
            .get(role.index())
            .map_or(Resources::ZERO, |entry| entry.quota.guarantee)
    }

    /// What everything below `role` together may not exceed.
    pub fn limit(&self, role: RoleId) -> QuotaLimit {
        self.roles
            .get(role.index())
            .map_or(QuotaLimit::NONE, |entry| entry.quota.limit)
    }

    /// What is guaranteed to the roles that `framework` is in, each of those above included, and not
    /// held: the most of each kind that one of them lacks.
    pub fn lacking(&self, framework: FrameworkId) -> Resources {
        let lacking = self.roles_above(framework).map(|role| {
            let entry = &self.roles[role.index()];
            entry.quota.guarantee.saturating_sub(entry.consumed())
        });
        lacking.fold(Resources::ZERO, Resources::max)
    }

    /// The most `framework` may be offered on all agents together, so that no limit is exceeded and
    /// everything guaranteed to others stays available.
    pub fn headroom(&self, framework: FrameworkId) -> Resources {
        let mut room = self.shared_unkept().saturating_sub(self.needed);
        for role in self.roles_above(framework) {
            let quota = &self.roles[role.index()].quota;
            // What a role needs beyond the needs of those below it, anybody in it may take.
            room += quota.need - quota.needs_below;
        }
        room.min(self.left_below_limits(framework))
    }

    /// What `framework` may still take without exceeding a limit.
    pub fn left_below_limits(&self, framework: FrameworkId) -> Resources {
        let left = self.roles_above(framework).map(|role| {
            let entry = &self.roles[role.index()];
            entry.quota.limit.left(entry.consumed())
        });
        left.fold(Resources::UNBOUNDED, Resources::min)
    }

    /// How much `framework` may be offered before anybody is who lacks nothing: what is guaranteed to it
    /// and not held, with as much as there is of the kinds of which nothing is guaranteed to it.
    pub(crate) fn before_others(&self, framework: FrameworkId) -> Option<Resources> {
        let lacking = Some(self.lacking(framework)).filter(|lacking| !lacking.is_zero())?;
        let guaranteed = self
            .roles_above(framework)
            .map(|role| self.roles[role.index()].quota.guarantee)
            .fold(Resources::ZERO, Resources::max);
        let part = |kind: Kind| match guaranteed.of(kind) {
            0 => u64::MAX,
            _ => lacking.of(kind),
        };
        Some(Resources::from_units(Kind::ALL.map(part)))
    }

    /// Whether any role has a quota.
    pub const fn has_quota(&self) -> bool {
        self.has_quota
    }

    pub(super) fn roles_above(&self, framework: FrameworkId) -> impl Iterator<Item = RoleId> {
        let above = |role: &RoleId| self.roles.get(role.index())?.parent;
        std::iter::successors(self.role(framework), above)
    }
}

/// What the master writes.
impl Ledger {
    /// Sets what a role that was named is guaranteed and may not exceed.
    pub(crate) fn set_quota(&mut self, role: RoleId, guarantee: Resources, limit: QuotaLimit) {
        let quota = &mut self.roles[role.index()].quota;
        (quota.guarantee, quota.limit) = (guarantee, limit);
        let mut quotas = self.roles.iter().map(|entry| &entry.quota);
        self.has_quota =
            quotas.any(|quota| !quota.guarantee.is_zero() || quota.limit != QuotaLimit::NONE);
        self.shared_free = self.count_shared();
        self.count_needs(role);
    }

    /// Counts again what a role needs, and all above it.
    pub(super) fn count_needs(&mut self, role: RoleId) {
        let mut next = Some(role);
        while let Some(role) = next {
            let entry = &mut self.roles[role.index()];
            let consumed = entry.consumed();
            let RoleEntry { quota, parent, .. } = entry;
            let lacking = quota.guarantee.saturating_sub(consumed);
            let old = std::mem::replace(&mut quota.need, quota.needs_below.max(lacking));
            let new = quota.need;
            next = *parent;
            let above = match next {
                Some(parent) => &mut self.roles[parent.index()].quota.needs_below,
                None => &mut self.needed,
            };
            *above -= old;
            *above += new;
        }
    }

    /// Compares what roles need with what follows from their guarantees.
    pub(super) fn check_quota(&self) {
        let mut needed = Resources::ZERO;
        let mut below = vec![Resources::ZERO; self.roles.len()];
        let depth = |role: usize| {
            let above = |role: &RoleId| self.roles[role.index()].parent;
            std::iter::successors(Some(RoleId(role as u32)), above).count()
        };
        let mut roles: Vec<usize> = (0..self.roles.len()).collect();
        roles.sort_by_key(|role| std::cmp::Reverse(depth(*role)));
        for role in roles {
            let quota = &self.roles[role].quota;
            let lacking = quota.guarantee.saturating_sub(self.roles[role].consumed());
            let need = below[role].max(lacking);
            assert_eq!(
                (quota.need, quota.needs_below),
                (need, below[role]),
                "need of r{role}"
            );
            match self.roles[role].parent {
                Some(parent) => below[parent.index()] += need,
                None => needed += need,
            }
        }
        assert_eq!(self.needed, needed, "all that is needed");
    }
}
