//! One level of the tree: siblings that want offers, by size and rank.

use std::collections::btree_set;

use crate::allocators::Rank;
use crate::headed_set::HeadedSet;
use crate::ledger::Node;
use crate::resources::Resources;

/// The next of a queue and those behind it.
type Head<'a> = (&'a (Rank, Node), btree_set::Iter<'a, (Rank, Node)>);

/// Takes the lowest of all heads; the one behind it comes next in its queue.
fn pop_first(heads: &mut Vec<Head<'_>>) -> Option<Node> {
    let (at, _) = heads.iter().enumerate().min_by_key(|(_, (head, _))| head)?;
    let (head, behind) = &mut heads[at];
    let (_, node) = **head;
    match behind.next() {
        Some(next) => *head = next,
        None => drop(heads.swap_remove(at)),
    }
    Some(node)
}

/// Those who want at least so much of an agent, by rank and node.
#[derive(Clone, Debug)]
pub(super) struct SizeQueue {
    pub(super) needs: Resources,
    pub(super) order: HeadedSet<(Rank, Node)>,
}

/// The children of one node that want offers, or something below them does.
#[derive(Clone, Default, Debug)]
pub(super) struct Level {
    /// One a size; an empty one is taken for another size.
    pub(super) queues: Vec<SizeQueue>,
    /// How many stand in all queues.
    pub(super) len: usize,
}

impl Level {
    /// Those who want no more than `free`, lowest rank first.
    pub(super) const fn fitting(&self, free: Resources) -> Fitting<'_> {
        Fitting {
            level: self,
            free,
            asked: false,
            heads: None,
        }
    }

    /// No more of any kind than each of those who stand here takes.
    pub(super) fn least(&self) -> Resources {
        let taken = self.queues.iter().filter(|queue| !queue.order.is_empty());
        let needs = taken.map(|queue| queue.needs);
        needs.reduce(Resources::min).unwrap_or(Resources::ZERO)
    }

    /// The queue of those who need `needs`; an empty one becomes it if there was none.
    pub(super) fn queue_of(&mut self, needs: Resources) -> usize {
        let known = self.queues.iter().position(|queue| queue.needs == needs);
        let empty = || self.queues.iter().position(|queue| queue.order.is_empty());
        if let Some(position) = known.or_else(empty) {
            self.queues[position].needs = needs;
            return position;
        }
        let order = HeadedSet::new();
        self.queues.push(SizeQueue { needs, order });
        self.queues.len() - 1
    }
}

/// A walk over one level.
pub(super) struct Fitting<'a> {
    level: &'a Level,
    free: Resources,
    /// Most offers go to the first who is asked: only the second is worth a list of queues.
    asked: bool,
    heads: Option<Vec<Head<'a>>>,
}

impl<'a> Fitting<'a> {
    /// The next of each queue with those behind it.
    fn heads(&self) -> impl Iterator<Item = Head<'a>> + use<'a> {
        let free = self.free;
        let queues = self.level.queues.iter();
        let fits = move |queue: &&SizeQueue| queue.needs.fits_in(free);
        queues.filter(fits).filter_map(|queue| {
            let head = queue.order.first()?;
            Some((head, queue.order.behind()))
        })
    }
}

impl Iterator for Fitting<'_> {
    type Item = Node;

    fn next(&mut self) -> Option<Node> {
        if !std::mem::replace(&mut self.asked, true) {
            let (head, _) = self.heads().min_by_key(|(head, _)| *head)?;
            return Some(head.1);
        }
        if self.heads.is_none() {
            let mut heads: Vec<_> = self.heads().collect();
            pop_first(&mut heads);
            self.heads = Some(heads);
        }
        pop_first(self.heads.as_mut()?)
    }
}
