//! The sorter: the frameworks that want offers, in the order of the policy's ranks.
//!
//! An index over the ledger: kept by the master after every change, checked against the policy.
//! Where demands are known, frameworks queue by the least that any of their tasks takes: a thousand that
//! wait for room are passed over at the cost of the few sizes they wait with.

use std::collections::{BTreeSet, btree_set};

use crate::allocators::{Allocator, Context, Rank};
use crate::demand::OpenDemand;
use crate::ledger::Ledger;
use crate::master::config::OfferSize;
use crate::message::FrameworkId;
use crate::resources::Resources;

#[derive(Clone, Default, Debug)]
struct Client {
    joined: bool,
    suppressed: bool,
    /// Where it stands, and in which queue, if it does.
    rank: Option<Rank>,
    queue: usize,
    /// Whether its share has changed since it was ranked.
    stale: bool,
}

/// The next of a queue and those behind it.
type Head<'a> = (
    &'a (Rank, FrameworkId),
    btree_set::Iter<'a, (Rank, FrameworkId)>,
);

/// Takes the lowest of all heads; the one behind it comes next in its queue.
fn pop_first(heads: &mut Vec<Head<'_>>) -> Option<FrameworkId> {
    let (at, _) = heads.iter().enumerate().min_by_key(|(_, (head, _))| head)?;
    let (head, behind) = &mut heads[at];
    let (_, framework) = **head;
    match behind.next() {
        Some(next) => *head = next,
        None => drop(heads.swap_remove(at)),
    }
    Some(framework)
}

/// The least offer a framework wants: where whole agents are offered, anything.
fn least(framework: FrameworkId, ledger: &Ledger, offers: OfferSize) -> Resources {
    match offers {
        OfferSize::Agent => Resources::ZERO,
        OfferSize::Task => {
            let demand = ledger.open_demand(framework);
            demand.map_or(Resources::ZERO, OpenDemand::least)
        }
    }
}

/// Those who want at least so much of an agent, by rank and id.
#[derive(Clone, Debug)]
struct SizeQueue {
    needs: Resources,
    order: BTreeSet<(Rank, FrameworkId)>,
}

/// The frameworks that want offers, by rank and id.
#[derive(Clone, Default, Debug)]
pub(crate) struct Sorter {
    clients: Vec<Client>,
    /// One a size; an empty one is taken for another size.
    queues: Vec<SizeQueue>,
    /// How many stand in all queues.
    len: usize,
    /// Frameworks to be ranked again before the order counts.
    stale: Vec<FrameworkId>,
    /// Whether all are: every share changes with the cluster's total.
    all_stale: bool,
}

impl Sorter {
    /// Whether nobody wants an offer.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Who wants an offer that is no larger than `free`, lowest rank first.
    pub(crate) fn fitting(&self, free: Resources) -> impl Iterator<Item = FrameworkId> {
        let fitting = move || {
            let queues = self.queues.iter();
            let fits = move |queue: &&SizeQueue| queue.needs.fits_in(free);
            // The next of each queue with those behind it.
            queues.filter(fits).filter_map(|queue| {
                let mut behind = queue.order.iter();
                behind.next().map(|head| (head, behind))
            })
        };
        // Most offers go to the first who is asked: only the second is worth a list of queues.
        let mut first = true;
        let mut heads: Option<Vec<Head<'_>>> = None;
        std::iter::from_fn(move || {
            if std::mem::take(&mut first) {
                let (head, _) = fitting().min_by_key(|(head, _)| *head)?;
                return Some(head.1);
            }
            let heads = heads.get_or_insert_with(|| {
                let mut heads: Vec<_> = fitting().collect();
                pop_first(&mut heads);
                heads
            });
            pop_first(heads)
        })
    }

    /// Those of `some` who want offers, lowest rank first. Made for few: each looks at all again.
    pub(crate) fn in_order(&self, some: &[FrameworkId]) -> impl Iterator<Item = FrameworkId> {
        let mut last: Option<(Rank, FrameworkId)> = None;
        std::iter::from_fn(move || {
            let ranked = some.iter().filter_map(|framework| {
                let rank = self.clients.get(framework.index())?.rank?;
                Some((rank, *framework))
            });
            let next = ranked
                .filter(|one| last.is_none_or(|last| *one > last))
                .min()?;
            last = Some(next);
            Some(next.1)
        })
    }

    /// A framework's share changed: it is ranked again before the order counts. Ends come by the
    /// thousand between two rounds; ranking at each would be for nothing.
    pub(crate) fn mark_stale(&mut self, framework: FrameworkId) {
        let client = &mut self.clients[framework.index()];
        if !client.stale {
            client.stale = true;
            self.stale.push(framework);
        }
    }

    /// Everybody's share changed.
    pub(crate) fn mark_all_stale(&mut self) {
        self.all_stale = true;
    }

    /// Ranks those again whose share changed. Nobody enters or leaves the queue by that.
    pub(crate) fn refresh(&mut self, context: &Context<'_>, allocator: &dyn Allocator) {
        let stale = std::mem::take(&mut self.stale);
        if std::mem::take(&mut self.all_stale) {
            for i in 0..self.clients.len() {
                self.rank_again(FrameworkId(i as u32), context, allocator);
            }
        } else {
            for framework in &stale {
                self.rank_again(*framework, context, allocator);
            }
        }
        for framework in &stale {
            self.clients[framework.index()].stale = false;
        }
        self.stale = stale;
        self.stale.clear();
    }

    fn rank_again(
        &mut self,
        framework: FrameworkId,
        context: &Context<'_>,
        allocator: &dyn Allocator,
    ) {
        let client = &self.clients[framework.index()];
        if client.rank.is_some() {
            let needs = self.queues[client.queue].needs;
            self.place(framework, Some(allocator.rank(context, framework)), needs);
        }
    }

    /// Moves a framework to its place in the queue of those who need as much, or out of all.
    fn place(&mut self, framework: FrameworkId, rank: Option<Rank>, needs: Resources) {
        let client = &mut self.clients[framework.index()];
        if client.rank == rank && (rank.is_none() || self.queues[client.queue].needs == needs) {
            return;
        }
        if let Some(old) = std::mem::replace(&mut client.rank, rank) {
            self.queues[client.queue].order.remove(&(old, framework));
            self.len -= 1;
        }
        if let Some(new) = rank {
            let queue = self.queue_of(needs);
            self.clients[framework.index()].queue = queue;
            self.queues[queue].order.insert((new, framework));
            self.len += 1;
        }
    }

    /// The queue of those who need `needs`; an empty one becomes it if there was none.
    fn queue_of(&mut self, needs: Resources) -> usize {
        let known = self.queues.iter().position(|queue| queue.needs == needs);
        let empty = || self.queues.iter().position(|queue| queue.order.is_empty());
        if let Some(position) = known.or_else(empty) {
            self.queues[position].needs = needs;
            return position;
        }
        let order = BTreeSet::new();
        self.queues.push(SizeQueue { needs, order });
        self.queues.len() - 1
    }

    pub(crate) fn admit(&mut self, framework: FrameworkId) {
        if self.clients.len() <= framework.index() {
            self.clients
                .resize_with(framework.index() + 1, Client::default);
        }
        self.clients[framework.index()].joined = true;
    }

    pub(crate) fn dismiss(&mut self, framework: FrameworkId) {
        if let Some(client) = self.clients.get_mut(framework.index()) {
            if let Some(rank) = client.rank.take() {
                self.queues[client.queue].order.remove(&(rank, framework));
                self.len -= 1;
            }
            let stale = client.stale;
            *client = Client {
                stale,
                ..Client::default()
            };
        }
    }

    pub(crate) fn suppress(&mut self, framework: FrameworkId, suppressed: bool) {
        if let Some(client) = self.clients.get_mut(framework.index()) {
            client.suppressed = suppressed;
        }
    }

    /// Puts a framework where it belongs; whether it may want what it was not offered: it was not in
    /// the queue before, or lost an offer for a task, which `reopened` its demand.
    pub(crate) fn rank(
        &mut self,
        framework: FrameworkId,
        context: &Context<'_>,
        allocator: &dyn Allocator,
        offers: OfferSize,
        reopened: bool,
    ) -> bool {
        let Some(client) = self.clients.get(framework.index()) else {
            return false;
        };
        let was_in = client.rank.is_some();
        let rank = self.rank_of(framework, context, allocator, offers);
        self.place(framework, rank, least(framework, context.ledger, offers));
        rank.is_some() && (!was_in || reopened)
    }

    fn rank_of(
        &self,
        framework: FrameworkId,
        context: &Context<'_>,
        allocator: &dyn Allocator,
        offers: OfferSize,
    ) -> Option<Rank> {
        let client = self.clients.get(framework.index())?;
        let wants = match offers {
            OfferSize::Agent => true,
            OfferSize::Task => {
                let demand = context.ledger.open_demand(framework);
                demand.is_some_and(OpenDemand::is_unmet)
            }
        };
        (client.joined && !client.suppressed && wants).then(|| allocator.rank(context, framework))
    }

    /// Compares the queue with what the policy says, but for ranks that are stale.
    pub(crate) fn check(
        &self,
        context: &Context<'_>,
        allocator: &dyn Allocator,
        offers: OfferSize,
    ) {
        let mut len = 0;
        for (i, client) in self.clients.iter().enumerate() {
            let framework = FrameworkId(i as u32);
            let expected = self.rank_of(framework, context, allocator, offers);
            if offers == OfferSize::Task {
                let mine = context
                    .ledger
                    .offers()
                    .filter(|offer| offer.framework == framework);
                let open: Vec<Resources> = mine.map(|offer| offer.resources).collect();
                if let Some(demand) = context.ledger.open_demand(framework) {
                    demand.check(&open);
                }
            }
            assert_eq!(
                client.rank.is_some(),
                expected.is_some(),
                "whether {framework} wants offers"
            );
            if !client.stale && !self.all_stale {
                assert_eq!(client.rank, expected, "the rank of {framework}");
            }
            if let Some(rank) = client.rank {
                let queue = &self.queues[client.queue];
                assert_eq!(
                    queue.needs,
                    least(framework, context.ledger, offers),
                    "{framework}'s queue"
                );
                assert!(
                    queue.order.contains(&(rank, framework)),
                    "{framework} queues"
                );
                len += 1;
            }
        }
        let standing: usize = self.queues.iter().map(|queue| queue.order.len()).sum();
        assert_eq!((len, len), (self.len, standing), "who stands in a queue");
    }
}
