//! The sorter: the nodes of the role tree that want offers, in the order of the policy's ranks.
//!
//! An index over the ledger: kept by the master after every change, checked against the policy. Every node
//! is ranked among its siblings alone, so that a hierarchical policy is a rank a node; who is next is
//! found from the top down, and everything below a node stands together (Mesos' `DRFSorter::sort`).
//!
//! Where demands are known, siblings queue by the least that anything below them takes: a thousand that
//! wait for room are passed over at the cost of the few sizes they wait with.

mod level;

use std::cmp::Ordering;

use self::level::Level;
use crate::allocators::{Allocator, Context, Rank, Ranks};
use crate::demand::OpenDemand;
use crate::ledger::{Ledger, Node};
use crate::master::config::OfferSize;
use crate::message::{FrameworkId, RoleId};
use crate::resources::Resources;
use crate::share::Share;

/// Where a node stands among its siblings.
#[derive(Clone, Default, Debug)]
struct Standing {
    /// The level it belongs to.
    level: usize,
    /// Its rank and its queue there, if it stands in one: nothing below wants offers otherwise.
    rank: Option<Rank>,
    queue: usize,
    /// Whether its share has changed since it was ranked.
    stale: bool,
}

#[derive(Clone, Default, Debug)]
struct Client {
    joined: bool,
    suppressed: bool,
    place: Standing,
}

/// The least offer a framework wants: where whole agents are offered, anything.
fn least(framework: FrameworkId, ledger: &Ledger, offers: OfferSize) -> Resources {
    match offers {
        OfferSize::Agent | OfferSize::Shared => Resources::ZERO,
        OfferSize::Task => {
            let demand = ledger.open_demand(framework);
            demand.map_or(Resources::ZERO, OpenDemand::least)
        }
    }
}

/// The level of everything at the top.
const TOP: usize = 0;

/// The level of the children of an inner node.
const fn below(inner: Node) -> usize {
    match inner {
        Node::Framework(_) => TOP,
        Node::Members(role) => 2 * role.index() + 1,
        Node::Role(role) => 2 * role.index() + 2,
    }
}

/// The inner node that a level is below of; `None` for the top.
const fn above(level: usize) -> Option<Node> {
    if level == TOP {
        return None;
    }
    let role = RoleId((level as u32 - 1) / 2);
    Some(match level % 2 {
        1 => Node::Members(role),
        _ => Node::Role(role),
    })
}

/// The nodes that want offers, by rank and id, level by level.
#[derive(Clone, Debug)]
pub(crate) struct Sorter {
    clients: Vec<Client>,
    /// The top, then two a role: its own frameworks, and what stands below it.
    levels: Vec<Level>,
    /// Where the node above each level stands itself; that of the top is not used.
    inner: Vec<Standing>,
    /// Nodes to be ranked again before the order counts.
    stale: Vec<Node>,
    /// Whether all are: every share changes with the cluster's total.
    all_stale: bool,
}

impl Default for Sorter {
    fn default() -> Self {
        Self {
            clients: Vec::new(),
            levels: vec![Level::default()],
            inner: vec![Standing::default()],
            stale: Vec::new(),
            all_stale: false,
        }
    }
}

impl Sorter {
    /// Whether nobody wants an offer.
    pub(crate) fn is_empty(&self) -> bool {
        self.levels[TOP].len == 0
    }

    /// Who wants an offer that is no larger than `free`, in the order of the tree.
    pub(crate) fn fitting(&self, free: Resources) -> impl Iterator<Item = FrameworkId> {
        let mut level = self.levels[TOP].fitting(free);
        let mut left_above = Vec::new();
        std::iter::from_fn(move || {
            loop {
                match level.next() {
                    Some(Node::Framework(framework)) => return Some(framework),
                    Some(inner) => {
                        let down = self.levels[below(inner)].fitting(free);
                        left_above.push(std::mem::replace(&mut level, down));
                    }
                    None => level = left_above.pop()?,
                }
            }
        })
    }

    /// Those of `some` who want offers, in the order of the tree. Made for few: each looks at all again.
    pub(crate) fn in_order(&self, some: &[FrameworkId]) -> impl Iterator<Item = FrameworkId> {
        let mut last: Option<FrameworkId> = None;
        std::iter::from_fn(move || {
            let ranked = some.iter().copied().filter(|framework| {
                let client = self.clients.get(framework.index());
                client.is_some_and(|client| client.place.rank.is_some())
            });
            let behind = ranked
                .filter(|one| last.is_none_or(|last| self.compare(last, *one) == Ordering::Less));
            last = behind.min_by(|a, b| self.compare(*a, *b));
            last
        })
    }

    /// Which of two frameworks that stand in a queue comes first.
    fn compare(&self, a: FrameworkId, b: FrameworkId) -> Ordering {
        let stand = |framework: FrameworkId| {
            let place = &self.clients[framework.index()].place;
            (place.level, (place.rank, Node::Framework(framework)))
        };
        let ((level_a, here_a), (level_b, here_b)) = (stand(a), stand(b));
        if level_a == level_b {
            return here_a.cmp(&here_b);
        }
        let path = |mut level: usize, here| {
            let mut path = vec![here];
            while let Some(node) = above(level) {
                let place = &self.inner[level];
                path.push((place.rank, node));
                level = place.level;
            }
            path.reverse();
            path
        };
        path(level_a, here_a).cmp(&path(level_b, here_b))
    }

    /// What a framework holds changed: it and all above it are ranked again before the order counts.
    /// Ends come by the thousand between two rounds; ranking at each would be for nothing.
    pub(crate) fn mark_stale(&mut self, framework: FrameworkId) {
        let mut next = Some(Node::Framework(framework));
        while let Some(node) = next {
            let place = self.place_mut(node);
            // Whatever is stale has marked all above.
            if std::mem::replace(&mut place.stale, true) {
                return;
            }
            next = above(place.level);
            self.stale.push(node);
        }
    }

    /// Everybody's share changed.
    pub(crate) const fn mark_all_stale(&mut self) {
        self.all_stale = true;
    }

    /// Ranks those again whose share changed. Nobody enters or leaves a queue by that.
    pub(crate) fn refresh(&mut self, context: &Context<'_>, allocator: &dyn Allocator) {
        let stale = std::mem::take(&mut self.stale);
        if std::mem::take(&mut self.all_stale) {
            let ranks = allocator.ranks(context);
            for i in 0..self.clients.len() {
                self.rank_again(Node::Framework(FrameworkId(i as u32)), &ranks);
            }
            for inner in (1..self.levels.len()).filter_map(above) {
                self.rank_again(inner, &ranks);
            }
        } else {
            for node in &stale {
                self.rank_again(*node, |node| allocator.rank(context, node));
            }
        }
        for node in &stale {
            self.place_mut(*node).stale = false;
        }
        self.stale = stale;
        self.stale.clear();
    }

    fn rank_again(&mut self, node: Node, rank: impl Fn(Node) -> Rank) {
        let place = self.place(node);
        if place.rank.is_some() {
            let needs = self.levels[place.level].queues[place.queue].needs;
            self.stand(node, Some(rank(node)), needs);
        }
    }

    fn place(&self, node: Node) -> &Standing {
        match node {
            Node::Framework(framework) => &self.clients[framework.index()].place,
            inner => &self.inner[below(inner)],
        }
    }

    fn place_mut(&mut self, node: Node) -> &mut Standing {
        match node {
            Node::Framework(framework) => &mut self.clients[framework.index()].place,
            inner => &mut self.inner[below(inner)],
        }
    }

    /// Moves a node to its place in the queue of those who need as much, or out of all.
    fn stand(&mut self, node: Node, rank: Option<Rank>, needs: Resources) {
        let &Standing {
            level,
            rank: stood,
            mut queue,
            ..
        } = self.place(node);
        let level = &mut self.levels[level];
        if stood == rank && (rank.is_none() || level.queues[queue].needs == needs) {
            return;
        }
        if let Some(old) = stood {
            level.queues[queue].order.remove(&(old, node));
            level.len -= 1;
        }
        if let Some(new) = rank {
            queue = level.queue_of(needs);
            level.queues[queue].order.insert((new, node));
            level.len += 1;
        }
        let place = self.place_mut(node);
        (place.rank, place.queue) = (rank, queue);
    }

    /// Brings everything above a level up to date with what stands there.
    fn lift(&mut self, mut level: usize, rank: &dyn Fn(Node) -> Rank) {
        while let Some(inner) = above(level) {
            let (rank, needs) = self.rank_of_inner(level, rank);
            self.stand(inner, rank, needs);
            level = self.inner[level].level;
        }
    }

    /// Where the node above a level stands, and the least that anything below it takes.
    fn rank_of_inner(
        &self,
        level: usize,
        rank: &dyn Fn(Node) -> Rank,
    ) -> (Option<Rank>, Resources) {
        let inner = above(level).filter(|_| self.levels[level].len > 0);
        (inner.map(rank), self.levels[level].least())
    }

    /// Makes room for a role, below another or at the top.
    pub(crate) fn name_role(&mut self, role: RoleId, ledger: &Ledger) {
        let levels = below(Node::Role(role)) + 1;
        while self.levels.len() < levels {
            self.levels.push(Level::default());
            self.inner.push(Standing::default());
        }
        for inner in [Node::Members(role), Node::Role(role)] {
            self.inner[below(inner)].level = ledger.parent(inner).map_or(TOP, below);
        }
    }

    /// Takes a framework in, once it is out of its old place.
    pub(crate) fn admit(&mut self, framework: FrameworkId, ledger: &Ledger) {
        if self.clients.len() <= framework.index() {
            self.clients
                .resize_with(framework.index() + 1, Client::default);
        }
        let client = &mut self.clients[framework.index()];
        client.joined = true;
        client.place.level = ledger.parent(framework).map_or(TOP, below);
    }

    /// Takes a framework out.
    pub(crate) fn dismiss(&mut self, framework: FrameworkId, rank: &dyn Fn(Node) -> Rank) {
        let Some(client) = self.clients.get_mut(framework.index()) else {
            return;
        };
        (client.joined, client.suppressed) = (false, false);
        let level = client.place.level;
        self.stand(Node::Framework(framework), None, Resources::ZERO);
        self.lift(level, rank);
    }

    pub(crate) fn suppress(&mut self, framework: FrameworkId, suppressed: bool) {
        if let Some(client) = self.clients.get_mut(framework.index()) {
            client.suppressed = suppressed;
        }
    }

    /// Puts a framework and all above it where they belong; whether it may want what it was not offered: it
    /// was in no queue before, or lost an offer for a task, which `reopened` its demand.
    pub(crate) fn rank(
        &mut self,
        framework: FrameworkId,
        ledger: &Ledger,
        rank: &dyn Fn(Node) -> Rank,
        offers: OfferSize,
        reopened: bool,
    ) -> bool {
        let Some(client) = self.clients.get(framework.index()) else {
            return false;
        };
        let (level, was_in) = (client.place.level, client.place.rank.is_some());
        let own = self.rank_of(framework, ledger, offers, rank);
        if own.is_some() || was_in {
            let needs = least(framework, ledger, offers);
            self.stand(Node::Framework(framework), own, needs);
        }
        self.lift(level, rank);
        own.is_some() && (!was_in || reopened)
    }

    fn rank_of(
        &self,
        framework: FrameworkId,
        ledger: &Ledger,
        offers: OfferSize,
        rank: &dyn Fn(Node) -> Rank,
    ) -> Option<Rank> {
        let client = self.clients.get(framework.index())?;
        let wants = match offers {
            OfferSize::Agent | OfferSize::Shared => true,
            OfferSize::Task => {
                let demand = ledger.open_demand(framework);
                demand.is_some_and(OpenDemand::is_unmet)
            }
        };
        (client.joined && !client.suppressed && wants).then(|| rank(framework.into()))
    }

    /// Compares the queues with what the policy says, but for ranks that are stale.
    pub(crate) fn check(
        &self,
        context: &Context<'_>,
        allocator: &dyn Allocator,
        offers: OfferSize,
    ) {
        let mut len = vec![0; self.levels.len()];
        // What is to be ranked again anyhow is compared with nothing.
        let ranks: Ranks<'_> = if self.all_stale {
            Box::new(|_| Share::ZERO.into())
        } else {
            allocator.ranks(context)
        };
        for i in 0..self.clients.len() {
            let framework = FrameworkId(i as u32);
            if offers == OfferSize::Task {
                let mine = context
                    .ledger
                    .offers()
                    .filter(|offer| offer.framework == framework);
                let earmarks = context.ledger.earmarks().iter();
                let soon = earmarks.filter(|one| one.framework == framework);
                let open = mine
                    .map(|offer| offer.resources)
                    .chain(soon.map(|one| one.needs));
                let open: Vec<Resources> = open.collect();
                if let Some(demand) = context.ledger.open_demand(framework) {
                    demand.check(&open);
                }
            }
            let rank = self.rank_of(framework, context.ledger, offers, &ranks);
            let needs = least(framework, context.ledger, offers);
            self.check_place(framework.into(), (rank, needs), context.ledger, &mut len);
        }
        for level in 1..self.levels.len() {
            let expected = self.rank_of_inner(level, &ranks);
            let inner = above(level).expect("a node below the top");
            self.check_place(inner, expected, context.ledger, &mut len);
        }
        for (level, len) in self.levels.iter().zip(len) {
            let standing: usize = level.queues.iter().map(|queue| queue.order.len()).sum();
            assert_eq!((len, len), (level.len, standing), "who stands in a queue");
        }
    }

    /// Compares the place of one node with where it belongs, and counts it.
    fn check_place(
        &self,
        node: Node,
        (expected, needs): (Option<Rank>, Resources),
        ledger: &Ledger,
        len: &mut [usize],
    ) {
        let place = self.place(node);
        assert_eq!(
            place.rank.is_some(),
            expected.is_some(),
            "whether {node:?} wants offers"
        );
        if !place.stale && !self.all_stale {
            assert_eq!(place.rank, expected, "the rank of {node:?}");
        }
        let Some(rank) = place.rank else { return };
        assert_eq!(
            place.level,
            ledger.parent(node).map_or(TOP, below),
            "{node:?}'s level"
        );
        let queue = &self.levels[place.level].queues[place.queue];
        assert_eq!(queue.needs, needs, "{node:?}'s queue");
        assert!(queue.order.contains(&(rank, node)), "{node:?} queues");
        len[place.level] += 1;
    }
}
