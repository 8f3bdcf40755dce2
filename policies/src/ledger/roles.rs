//! The tree of roles: what everything below a role holds together, and how much it counts.
//!
//! What a role's own frameworks hold stands beside its sub-roles, as one child among them: otherwise ten
//! frameworks of `a` would count ten times against `a/b`. So do Mesos' "virtual leaves"
//! (`sorter/drf/sorter.hpp`).

use super::Ledger;
use super::quota::Quota;
use crate::message::{FrameworkId, Node, RoleId};
use crate::resources::{Kind, Resources};
use crate::share::{Share, Weight};

/// What is held below a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Holding {
    pub(super) held: Resources,
    /// What of it is reserved or may be taken back: it counts against no quota.
    pub(super) aside: Resources,
    /// Offers ever made.
    pub(super) allocations: u64,
}

impl Holding {
    const NOTHING: Self = Self {
        held: Resources::ZERO,
        aside: Resources::ZERO,
        allocations: 0,
    };
}

/// One role's entry.
#[derive(Clone, Debug)]
pub(super) struct RoleEntry {
    pub(super) named: bool,
    pub(super) parent: Option<RoleId>,
    pub(super) weight: Weight,
    /// What its own frameworks hold.
    pub(super) members: Holding,
    /// What these and all sub-roles hold.
    pub(super) whole: Holding,
    pub(super) quota: Quota,
}

/// A role that nobody named stands at the top with an ordinary weight.
const UNNAMED: RoleEntry = RoleEntry {
    named: false,
    parent: None,
    weight: Weight::ONE,
    members: Holding::NOTHING,
    whole: Holding::NOTHING,
    quota: Quota::NONE,
};

/// What policies read.
impl Ledger {
    /// The roles that were named, by ascending id.
    pub fn roles(&self) -> impl Iterator<Item = RoleId> {
        let named = self.roles.iter().enumerate().filter(|(_, role)| role.named);
        named.map(|(i, _)| RoleId(i as u32))
    }

    /// The node that `node` is a child of; `None` at the top.
    pub fn parent(&self, node: impl Into<Node>) -> Option<Node> {
        match node.into() {
            Node::Framework(framework) => Some(Node::Members(self.entry(framework)?.role?)),
            Node::Members(role) => Some(Node::Role(role)),
            Node::Role(role) => Some(Node::Role(self.roles.get(role.index())?.parent?)),
        }
    }

    /// The role `framework` is in.
    pub fn role(&self, framework: FrameworkId) -> Option<RoleId> {
        self.entry(framework)?.role
    }

    /// The siblings at which the paths to two nodes part, that of `first` first: they are what is to be compared
    /// where two frameworks are, since weights and ranks are of a node among its siblings. `None` where
    /// one stands below the other, or both are the same.
    pub fn apart(&self, first: impl Into<Node>, second: impl Into<Node>) -> Option<(Node, Node)> {
        let up = |node: &Node| self.parent(*node);
        let path = |node: Node| -> Vec<Node> { std::iter::successors(Some(node), up).collect() };
        let (first, second) = (path(first.into()), path(second.into()));
        let mut both = first.iter().rev().zip(second.iter().rev());
        both.find(|(one, other)| one != other)
            .map(|(one, other)| (*one, *other))
    }

    /// The weight of `other` where the paths to both part, if it counts less there than `framework` does.
    pub fn lighter(&self, framework: FrameworkId, other: FrameworkId) -> Option<Weight> {
        let (mine, theirs) = self.apart(framework, other)?;
        Some(self.weight(theirs)).filter(|weight| *weight < self.weight(mine))
    }

    /// The frameworks below `node`, by ascending id; itself if it is one. It looks at all there are.
    pub fn below(&self, node: impl Into<Node>) -> impl Iterator<Item = FrameworkId> {
        let node = node.into();
        let (one, all) = match node {
            Node::Framework(framework) => (Some(framework), None),
            inner => (None, Some(inner)),
        };
        let inner = all.into_iter().flat_map(move |inner| {
            let mine = move |framework: &FrameworkId| {
                let up = |node: &Node| self.parent(*node);
                std::iter::successors(self.parent(*framework), up).any(|above| above == inner)
            };
            self.frameworks().filter(mine)
        });
        one.into_iter().chain(inner)
    }

    /// What is held below `node`: running tasks and offers nobody answered.
    pub fn held(&self, node: impl Into<Node>) -> Resources {
        match node.into() {
            Node::Framework(framework) => self
                .entry(framework)
                .map_or(Resources::ZERO, |entry| entry.offered + entry.running),
            inner => self.holding(inner).held,
        }
    }

    /// How many offers were ever made below `node`: Mesos' tie-break.
    pub fn allocations(&self, node: impl Into<Node>) -> u64 {
        match node.into() {
            Node::Framework(framework) => {
                self.entry(framework).map_or(0, |entry| entry.allocations)
            }
            inner => self.holding(inner).allocations,
        }
    }

    /// How much `node` counts against its siblings.
    pub fn weight(&self, node: impl Into<Node>) -> Weight {
        match node.into() {
            Node::Framework(framework) => self
                .entry(framework)
                .map_or(Weight::ONE, |entry| entry.weight),
            Node::Members(_) => Weight::ONE,
            Node::Role(role) => self
                .roles
                .get(role.index())
                .map_or(Weight::ONE, |entry| entry.weight),
        }
    }

    /// The largest share of any kind that is held below `node`, seen through its weight.
    pub fn dominant_share(&self, node: impl Into<Node>) -> Share {
        let node = node.into();
        self.held(node)
            .dominant_share(self.total)
            .weighted(self.weight(node))
    }

    /// The share of `kind` that is held below `node`, seen through its weight.
    pub fn share(&self, node: impl Into<Node>, kind: Kind) -> Share {
        let node = node.into();
        self.held(node)
            .share(kind, self.total)
            .weighted(self.weight(node))
    }

    fn holding(&self, inner: Node) -> Holding {
        let (role, members) = match inner {
            Node::Framework(_) => return Holding::NOTHING,
            Node::Members(role) => (role, true),
            Node::Role(role) => (role, false),
        };
        let entry = self.roles.get(role.index()).unwrap_or(&UNNAMED);
        if members { entry.members } else { entry.whole }
    }
}

/// What the master writes.
impl Ledger {
    /// Names a role, whose place is for good, or changes how much it counts.
    pub(crate) fn set_role(&mut self, role: RoleId, parent: Option<RoleId>, weight: Weight) {
        let parent = parent.filter(|parent| *parent != role);
        if let Some(parent) = parent {
            self.name_role(parent, None);
        }
        self.name_role(role, parent);
        self.roles[role.index()].weight = weight;
    }

    /// Whoever is named first is a parent first, so that there are no circles.
    pub(crate) fn name_role(&mut self, role: RoleId, parent: Option<RoleId>) {
        if self.roles.len() <= role.index() {
            self.roles.resize(role.index() + 1, UNNAMED);
        }
        let entry = &mut self.roles[role.index()];
        if !entry.named {
            entry.named = true;
            entry.parent = parent;
        }
    }

    /// Tells a role and all above it what has changed below.
    pub(super) fn change_roles(&mut self, role: Option<RoleId>, change: impl Fn(&mut Holding)) {
        let Some(role) = role else { return };
        change(&mut self.roles[role.index()].members);
        let mut next = Some(role);
        while let Some(role) = next {
            let entry = &mut self.roles[role.index()];
            change(&mut entry.whole);
            next = entry.parent;
        }
        if self.has_quota {
            self.count_needs(role);
        }
    }

    /// Compares what roles hold with what their frameworks do.
    pub(super) fn check_roles(&self) {
        let mut expected = vec![(Holding::NOTHING, Holding::NOTHING); self.roles.len()];
        for entry in &self.frameworks {
            let mut next = entry.role;
            if let Some(role) = next {
                expected[role.index()].0.held += entry.offered + entry.running;
                expected[role.index()].0.aside += entry.aside;
            }
            while let Some(role) = next {
                expected[role.index()].1.held += entry.offered + entry.running;
                expected[role.index()].1.aside += entry.aside;
                next = self.roles[role.index()].parent;
            }
        }
        for (i, (entry, (members, whole))) in self.roles.iter().zip(expected).enumerate() {
            assert_eq!(entry.members.held, members.held, "members of r{i}");
            assert_eq!(entry.whole.held, whole.held, "everything below r{i}");
            let aside = (entry.members.aside, entry.whole.aside);
            assert_eq!(aside, (members.aside, whole.aside), "what of it is aside");
            assert!(
                entry.members.allocations <= entry.whole.allocations,
                "allocations of r{i}"
            );
        }
    }
}
