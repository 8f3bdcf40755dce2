//! What waits by size: a workload has few sizes, a backlog has many jobs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::headed_set::HeadedSet;
use crate::message::JobId;
use crate::resources::Resources;

/// Where a job stands: the least is served first.
pub(super) type JobPlace = ((u64, u64), JobId);

/// Jobs in the order they are served.
pub(super) type Shelf = HeadedSet<JobPlace>;

/// Those of several shelves in the order they are served. Few ask for more than the first of each, so that no list of all
/// is kept.
pub(super) fn in_order<'a>(
    shelves: impl Iterator<Item = &'a Shelf>,
) -> impl Iterator<Item = &'a JobPlace> {
    let mut behind: Vec<_> = shelves.map(Shelf::iter).collect();
    let heads = behind.iter_mut().enumerate();
    let mut heads: BinaryHeap<_> = heads
        .filter_map(|(at, shelf)| Some(Reverse((shelf.next()?, at))))
        .collect();
    std::iter::from_fn(move || {
        let Reverse((first, at)) = heads.pop()?;
        let next = behind[at].next();
        heads.extend(next.map(|next| Reverse((next, at))));
        Some(first)
    })
}

/// What waits of one size.
#[derive(Debug)]
pub(super) struct WaitingSize {
    pub(super) needs: Resources,
    /// Tasks that wait and may start.
    pub(super) waiting: u64,
    /// Jobs that have no others, in the order they are served.
    pub(super) jobs: Shelf,
}

/// What waits of each size.
#[derive(Debug)]
pub(super) struct WaitingSizes {
    sizes: Vec<WaitingSize>,
    /// The position of the one asked for last, mostly that which is asked for next.
    last: usize,
}

impl WaitingSizes {
    pub(super) const fn new() -> Self {
        Self {
            sizes: Vec::new(),
            last: 0,
        }
    }

    /// The jobs of each.
    pub(super) fn shelves(&self) -> impl Iterator<Item = &Shelf> {
        self.sizes.iter().map(|size| &size.jobs)
    }

    /// Those of which anything waits.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &WaitingSize> {
        self.sizes.iter().filter(|size| size.waiting > 0)
    }

    /// A size; where nothing else waits any more if it is new.
    pub(super) fn get(&mut self, needs: Resources) -> &mut WaitingSize {
        if self
            .sizes
            .get(self.last)
            .is_none_or(|last| last.needs != needs)
        {
            self.last = self.position(needs);
        }
        &mut self.sizes[self.last]
    }

    fn position(&mut self, needs: Resources) -> usize {
        if let Some(known) = self.sizes.iter().position(|size| size.needs == needs) {
            return known;
        }
        let mut some = self.sizes.iter();
        let unused = some.position(|size| size.waiting == 0 && size.jobs.is_empty());
        let position = unused.unwrap_or(self.sizes.len());
        if let Some(size) = self.sizes.get_mut(position) {
            size.needs = needs;
        } else {
            self.sizes.push(WaitingSize {
                needs,
                waiting: 0,
                jobs: Shelf::new(),
            });
        }
        position
    }
}
