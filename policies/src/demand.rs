//! What a framework wants where offers are made for tasks: how many of which size, and what of that
//! it was offered.

use crate::message::Demand;
use crate::resources::Resources;

/// Parts of one demand at most: whoever declares more is heard again when some of it was served.
pub(crate) const MOST: usize = 256;

/// A demand in the order in which it is served, and the offers that count against it.
#[derive(Clone, Default, Debug)]
pub(crate) struct OpenDemand {
    /// One size may come again behind others.
    parts: Vec<Demand>,
    /// One a size that is wanted or offered.
    sizes: Vec<SizeDemand>,
    /// Sizes of offers that ended while as many were open as wanted.
    reopened: Vec<Resources>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct SizeDemand {
    needs: Resources,
    /// How many tasks could start.
    count: u64,
    /// What that was before the last demand.
    before: u64,
    /// Offers of this size that are not answered.
    open: u32,
    /// The first part of the demand that these offers do not cover.
    front: usize,
}

/// Takes the launch of a task off a demand.
pub(crate) fn take_one(parts: &mut [Demand], needs: Resources) {
    take_some(parts, needs, 1);
}

/// Takes launches of tasks, no more than `most`, off a demand: off their own size, or else off the first that so small
/// a task could be of, or else off the first; of which size and how many.
pub(crate) fn take_some(parts: &mut [Demand], needs: Resources, most: u32) -> Option<Demand> {
    let find = |is_it: &dyn Fn(&Demand) -> bool| {
        let mut parts = parts.iter();
        parts.position(|part| part.count > 0 && is_it(part))
    };
    let found = find(&|part| part.needs == needs)
        .or_else(|| find(&|part| needs.fits_in(part.needs)))
        .or_else(|| find(&|_| true));
    let part = &mut parts[found?];
    let count = part.count.min(most);
    part.count -= count;
    Some(Demand {
        needs: part.needs,
        count,
    })
}

impl OpenDemand {
    /// Takes a demand down; whether more of some size is wanted than before.
    pub(crate) fn declare(&mut self, demand: &[Demand]) -> bool {
        for size in &mut self.sizes {
            size.before = std::mem::take(&mut size.count);
        }
        self.parts.clear();
        let some = |one: &&Demand| one.count > 0 && !one.needs.is_zero();
        self.parts.extend(demand.iter().filter(some).take(MOST));
        for part in 0..self.parts.len() {
            let Demand { needs, count } = self.parts[part];
            self.size_mut(needs).count += u64::from(count);
        }
        let grown = self.sizes.iter().any(|size| size.count > size.before);
        self.sizes.retain(|size| size.count > 0 || size.open > 0);
        for size in &mut self.sizes {
            size.find_front(&self.parts);
        }
        grown
    }

    /// Launches take as many off.
    pub(crate) fn launched(&mut self, needs: Resources, count: u32) {
        let mut left = count;
        while left > 0
            && let Some(some) = take_some(&mut self.parts, needs, left)
        {
            left -= some.count;
            self.change(some.needs, |size| size.count -= u64::from(some.count));
        }
    }

    /// An offer of this size was made.
    pub(crate) fn offered(&mut self, needs: Resources) {
        self.change(needs, |size| size.open += 1);
    }

    /// An offer of this size ended.
    pub(crate) fn closed(&mut self, needs: Resources) {
        if !self.size_mut(needs).is_unmet() {
            self.reopened.push(needs);
        }
        self.change(needs, |size| size.open -= 1);
    }

    /// Whether some size of which enough was offered is wanted again since this was asked last.
    pub(crate) fn take_reopened(&mut self) -> bool {
        let mut reopened = self.reopened.drain(..);
        let sizes = &self.sizes;
        reopened.any(|needs| {
            let size = sizes.iter().find(|size| size.needs == needs);
            size.is_some_and(SizeDemand::is_unmet)
        })
    }

    /// What could start, in its order: offers do not count against it, launches do.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = Demand> {
        self.parts.iter().copied().filter(|part| part.count > 0)
    }

    /// The sizes of which more is wanted than was offered.
    pub(crate) fn unmet(&self) -> impl Iterator<Item = Resources> {
        let unmet = self.sizes.iter().filter(|size| size.is_unmet());
        unmet.map(|size| size.needs)
    }

    /// The same, with how many more.
    pub(crate) fn unmet_parts(&self) -> impl Iterator<Item = Demand> {
        let unmet = self.sizes.iter().filter(|size| size.is_unmet());
        unmet.map(|size| Demand {
            needs: size.needs,
            count: u32::try_from(size.count - u64::from(size.open)).unwrap_or(u32::MAX),
        })
    }

    /// Whether more is wanted than was offered.
    pub(crate) fn is_unmet(&self) -> bool {
        self.sizes.iter().any(SizeDemand::is_unmet)
    }

    /// No more of any kind than each unmet size takes.
    pub(crate) fn least(&self) -> Resources {
        self.unmet()
            .reduce(Resources::min)
            .unwrap_or(Resources::ZERO)
    }

    /// The size to be served next of those that `may` be offered.
    pub(crate) fn next(&self, may: impl Fn(Resources) -> bool) -> Option<Resources> {
        let unmet = self.sizes.iter().filter(|size| size.is_unmet());
        let next = unmet
            .filter(|size| may(size.needs))
            .min_by_key(|size| size.front);
        next.map(|size| size.needs)
    }

    /// Compares the books with the sizes of the offers that are open.
    pub(crate) fn check(&self, open: &[Resources]) {
        for size in &self.sizes {
            let offers = open.iter().filter(|needs| **needs == size.needs);
            assert_eq!(
                size.open as usize,
                offers.count(),
                "offers of {}",
                size.needs
            );
        }
        let known = |needs: &Resources| self.sizes.iter().any(|size| size.needs == *needs);
        assert!(open.iter().all(known), "offers of a size");
    }

    fn size_mut(&mut self, needs: Resources) -> &mut SizeDemand {
        let known = self.sizes.iter().position(|size| size.needs == needs);
        let position = known.unwrap_or(self.sizes.len());
        if known.is_none() {
            self.sizes.push(SizeDemand {
                needs,
                count: 0,
                before: 0,
                open: 0,
                front: 0,
            });
        }
        &mut self.sizes[position]
    }

    fn change(&mut self, needs: Resources, change: impl FnOnce(&mut SizeDemand)) {
        let parts = std::mem::take(&mut self.parts);
        let size = self.size_mut(needs);
        change(size);
        size.find_front(&parts);
        self.parts = parts;
    }
}

impl SizeDemand {
    const fn is_unmet(&self) -> bool {
        self.count > self.open as u64
    }

    /// Offers cover the parts of their size in order.
    fn find_front(&mut self, parts: &[Demand]) {
        let (needs, mut covered) = (self.needs, self.open);
        let front = parts.iter().position(|part| {
            let mine = part.needs == needs;
            let front = mine && part.count > covered;
            if mine && !front {
                covered -= part.count;
            }
            front
        });
        self.front = front.unwrap_or(parts.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Resources = Resources::cores(1, 1);
    const B: Resources = Resources::cores(2, 1);

    fn wanted(demand: &[(Resources, u32)]) -> OpenDemand {
        let mut wanted = OpenDemand::default();
        wanted.declare(&list(demand));
        wanted
    }

    fn list(demand: &[(Resources, u32)]) -> Vec<Demand> {
        let one = |(needs, count): &(Resources, u32)| Demand {
            needs: *needs,
            count: *count,
        };
        demand.iter().map(one).collect()
    }

    /// What is offered one after the other when everything fits.
    fn served(wanted: &mut OpenDemand) -> Vec<Resources> {
        let next = || {
            let next = wanted.next(|_| true)?;
            wanted.offered(next);
            Some(next)
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn sizes_are_served_in_the_order_of_the_demand() {
        let mut one = wanted(&[(A, 1), (B, 2), (A, 2)]);
        assert_eq!(served(&mut one), [A, B, B, A, A]);
        let fits = |needs: Resources| needs.fits_in(A);
        assert_eq!(wanted(&[(B, 2), (A, 1)]).next(fits), Some(A));
    }

    #[test]
    fn offers_under_way_count_against_their_own_size() {
        let mut one = wanted(&[(A, 2)]);
        assert_eq!(served(&mut one), [A, A]);
        assert!(one.declare(&list(&[(A, 3), (B, 1)])), "more is wanted");
        assert_eq!(served(&mut one), [A, B]);
        assert!(!one.declare(&list(&[(B, 1)])), "less is");
        assert!(!one.is_unmet());
        one.closed(A);
        assert!(!one.take_reopened(), "nobody wants it any more");
        one.closed(B);
        assert!(one.take_reopened());
        assert_eq!(served(&mut one), [B]);
    }

    #[test]
    fn a_launch_takes_one_off_its_size_or_of_what_could_hold_it() {
        let mut one = wanted(&[(A, 1), (B, 1), (A, 1)]);
        one.launched(A, 1);
        assert_eq!(served(&mut one), [B, A]);
        let mut other = wanted(&[(A, 1), (B, 1)]);
        other.launched(Resources::cores(2, 0), 1);
        assert_eq!(served(&mut other), [A]);
        other.launched(Resources::cores(9, 9), 1);
        other.closed(A);
        assert!(!other.is_unmet());
    }

    #[test]
    fn what_is_no_task_is_no_demand() {
        assert!(!wanted(&[(Resources::ZERO, 3), (A, 0)]).is_unmet());
    }
}
