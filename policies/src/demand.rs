//! What a framework wants where offers are made for tasks: how many of which size, and what of that
//! it was offered.

use std::collections::VecDeque;

use crate::message::Demand;
use crate::resources::Resources;

/// Parts of one demand at most, of 16 bytes each: what else there is stands with its like, or is heard of when some of it
/// was served.
pub(crate) const MOST: usize = 1 << 20;

/// A demand in the order in which it is served, and the offers that count against it.
///
/// Tasks of one size stand in a queue of their own, each part of them with its turn among all: what is served next is
/// the first of one of few queues, however long they are.
#[derive(Clone, Debug)]
pub(crate) struct OpenDemand {
    /// One a size that is wanted or offered; one that is neither is taken for another size.
    sizes: Vec<SizeDemand>,
    /// The positions of those of which more is wanted than was offered.
    unmet: Vec<usize>,
    /// No more of any kind than each of these takes: it is asked for after every change, and they seldom change.
    least: Resources,
    /// The position of the size that was asked for last, mostly that which is asked for next.
    last: usize,
    /// How many parts all of them have together.
    parts: usize,
    /// The turn of the next part.
    next_turn: u64,
    /// Sizes of offers that ended while as many were open as wanted.
    reopened: Vec<Resources>,
}

#[derive(Clone, Debug)]
struct SizeDemand {
    needs: Resources,
    /// How many tasks could start.
    count: u64,
    /// What that was before, while a demand is taken down.
    before: u64,
    /// Offers of this size that are not answered.
    open: u32,
    /// Whether it stands among those of which more is wanted.
    is_noted: bool,
    /// Where the index of rooms found it last.
    room: usize,
    /// By turn, none of them empty.
    parts: VecDeque<DemandPart>,
}

/// Tasks that are served one after the other.
#[derive(Clone, Copy, Debug)]
struct DemandPart {
    turn: u64,
    count: u32,
}

impl OpenDemand {
    /// Nothing is wanted.
    pub(crate) const fn new() -> Self {
        Self {
            sizes: Vec::new(),
            unmet: Vec::new(),
            least: Resources::ZERO,
            last: 0,
            parts: 0,
            next_turn: 0,
            reopened: Vec::new(),
        }
    }

    /// Takes a demand down; whether more of some size is wanted than before.
    pub(crate) fn declare(&mut self, demand: &[Demand]) -> bool {
        for size in &mut self.sizes {
            size.before = std::mem::take(&mut size.count);
            size.parts.clear();
        }
        (self.parts, self.next_turn) = (0, 0);
        for one in demand.iter().filter(|one| is_some(one)).take(MOST) {
            self.push(*one);
        }
        let grown = self.sizes.iter().any(|size| size.count > size.before);
        self.sizes.iter_mut().for_each(|size| size.before = 0);
        (0..self.sizes.len()).for_each(|position| self.note(position));
        grown
    }

    /// More waits behind all of it; whether each of it has a turn of its own, or where there are too many parts stands
    /// with others of its size, or nowhere if there are none.
    pub(crate) fn grow(&mut self, more: &[Demand]) -> bool {
        let mut exact = true;
        for one in more.iter().filter(|one| is_some(one)) {
            if self.parts < MOST {
                self.push(*one);
                continue;
            }
            exact = false;
            let mut sizes = self.sizes.iter();
            let known = sizes.position(|size| size.needs == one.needs && size.count > 0);
            if let Some(position) = known {
                let size = &mut self.sizes[position];
                let last = size.parts.back_mut().expect("tasks stand in parts");
                let more = one.count.min(u32::MAX - last.count);
                last.count += more;
                size.count += u64::from(more);
                self.note(position);
            }
        }
        exact
    }

    /// Launches take as many off: off their own size, or else off the first that so small a task could be of, or else
    /// off the first. Whether all of them were off their own.
    pub(crate) fn launched(&mut self, needs: Resources, count: u32) -> bool {
        let (mut left, mut own) = (count, true);
        while left > 0
            && let Some(position) = self.size_of_launch(needs)
        {
            own &= self.sizes[position].needs == needs;
            left -= self.take_off(position, left);
            self.note(position);
        }
        own && left == 0
    }

    /// Takes tasks off the first of a size, so many at most; how many there were.
    fn take_off(&mut self, position: usize, most: u32) -> u32 {
        let size = &mut self.sizes[position];
        let first = size.parts.front_mut().expect("tasks stand in parts");
        let some = first.count.min(most);
        first.count -= some;
        size.count -= u64::from(some);
        if first.count == 0 {
            size.parts.pop_front();
            self.parts -= 1;
        }
        some
    }

    /// An offer became a task. Mostly it was made for just that: one less is wanted then and one less offered, and of no
    /// size is more or less unmet.
    pub(crate) fn accepted(&mut self, offered: Resources, needs: Resources) {
        if offered == needs
            && let Some(position) = self.position(needs)
            && self.sizes[position].count > 0
        {
            self.sizes[position].open -= 1;
            self.take_off(position, 1);
        } else {
            self.closed(offered);
            self.launched(needs, 1);
        }
    }

    /// Whose a task of this size is that was launched.
    fn size_of_launch(&self, needs: Resources) -> Option<usize> {
        let waits = |size: &SizeDemand| size.count > 0;
        let own = self.position(needs);
        let own = own.filter(|position| waits(&self.sizes[*position]));
        let first = |may: &dyn Fn(&SizeDemand) -> bool| {
            let some = self.sizes.iter().enumerate();
            let some = some.filter(|(_, size)| waits(size) && may(size));
            some.min_by_key(|(_, size)| size.parts[0].turn)
                .map(|(position, _)| position)
        };
        own.or_else(|| first(&|size| needs.fits_in(size.needs)))
            .or_else(|| first(&|_| true))
    }

    /// An offer of this size was made.
    pub(crate) fn offered(&mut self, needs: Resources) {
        let position = self.position_or_new(needs);
        self.sizes[position].open += 1;
        self.note(position);
    }

    /// An offer of this size ended.
    pub(crate) fn closed(&mut self, needs: Resources) {
        let position = self.position_or_new(needs);
        let size = &mut self.sizes[position];
        let met = !size.is_unmet();
        size.open -= 1;
        if met {
            self.reopened.push(needs);
        }
        self.note(position);
    }

    /// Whether some size of which enough was offered is wanted again since this was asked last.
    pub(crate) fn take_reopened(&mut self) -> bool {
        if self.reopened.is_empty() {
            return false;
        }
        let reopened = std::mem::take(&mut self.reopened);
        let is_unmet = reopened
            .iter()
            .any(|needs| self.unmet().any(|unmet| unmet == *needs));
        self.reopened = reopened;
        self.reopened.clear();
        is_unmet
    }

    /// Whether nothing could start.
    pub(crate) const fn is_empty(&self) -> bool {
        self.parts == 0
    }

    /// How many tasks of which size could start, in no order.
    pub(crate) fn by_size(&self) -> impl Iterator<Item = (Resources, u64)> {
        let wanted = self.sizes.iter().filter(|size| size.count > 0);
        wanted.map(|size| (size.needs, size.count))
    }

    /// What could start, in its order: offers do not count against it, launches do.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = Demand> + use<> {
        let part = |size: &SizeDemand, part: &DemandPart| {
            let (needs, count) = (size.needs, part.count);
            (part.turn, Demand { needs, count })
        };
        let sizes = self.sizes.iter();
        let parts = sizes.flat_map(|size| size.parts.iter().map(move |one| part(size, one)));
        let mut parts: Vec<(u64, Demand)> = parts.collect();
        parts.sort_unstable_by_key(|(turn, _)| *turn);
        parts.into_iter().map(|(_, part)| part)
    }

    /// The sizes of which more is wanted than was offered.
    pub(crate) fn unmet(&self) -> impl Iterator<Item = Resources> {
        self.unmet_sizes().map(|size| size.needs)
    }

    fn unmet_sizes(&self) -> impl Iterator<Item = &SizeDemand> {
        self.unmet.iter().map(|position| &self.sizes[*position])
    }

    /// The first of what is found for each of them. The number is the finder's, to know the size by again.
    pub(crate) fn first_of_unmet<T: Ord>(
        &mut self,
        mut find: impl FnMut(Resources, &mut usize) -> Option<T>,
    ) -> Option<T> {
        let Self { sizes, unmet, .. } = self;
        let found = unmet.iter();
        let found = found.filter_map(|at| find(sizes[*at].needs, &mut sizes[*at].room));
        found.min()
    }

    /// The same, with how many more, in the order in which they are served next.
    pub(crate) fn unmet_parts(&self) -> Vec<Demand> {
        let mut unmet: Vec<&SizeDemand> = self.unmet_sizes().collect();
        unmet.sort_unstable_by_key(|size| size.front());
        let more = |size: &SizeDemand| Demand {
            needs: size.needs,
            count: u32::try_from(size.count - u64::from(size.open)).unwrap_or(u32::MAX),
        };
        unmet.into_iter().map(more).collect()
    }

    /// Whether more is wanted than was offered.
    pub(crate) const fn is_unmet(&self) -> bool {
        !self.unmet.is_empty()
    }

    /// No more of any kind than each unmet size takes.
    pub(crate) const fn least(&self) -> Resources {
        self.least
    }

    fn count_least(&self) -> Resources {
        self.unmet().reduce(Resources::min).unwrap_or_default()
    }

    /// The size to be served next of those that `may` be offered.
    pub(crate) fn next(&self, may: impl Fn(Resources) -> bool) -> Option<Resources> {
        if let [position] = self.unmet[..] {
            let needs = self.sizes[position].needs;
            return may(needs).then_some(needs);
        }
        let next = self
            .unmet_sizes()
            .filter(|size| may(size.needs))
            .min_by_key(|size| size.front());
        next.map(|size| size.needs)
    }

    /// Compares the books with the sizes of the offers that are open, and with themselves.
    pub(crate) fn check(&self, open: &[Resources]) {
        for (position, size) in self.sizes.iter().enumerate() {
            assert_eq!(self.unmet.contains(&position), size.is_unmet());
            let offers = open.iter().filter(|needs| **needs == size.needs).count();
            let tasks: u64 = size.parts.iter().map(|part| u64::from(part.count)).sum();
            let books = (size.open as usize, size.count);
            assert_eq!(books, (offers, tasks), "offers and tasks of {}", size.needs);
            assert!(size.parts.iter().is_sorted_by_key(|part| part.turn));
        }
        let parts: usize = self.sizes.iter().map(|size| size.parts.len()).sum();
        assert_eq!(self.parts, parts, "parts of a demand");
        assert_eq!(self.least, self.count_least(), "the least that is wanted");
        let known = |needs: &Resources| self.sizes.iter().any(|size| size.needs == *needs);
        assert!(open.iter().all(known), "offers of a size");
    }

    /// Adds a part behind all others: to the last one if that is of its size.
    fn push(&mut self, Demand { needs, count }: Demand) {
        let (turn, last) = (self.next_turn, self.next_turn.wrapping_sub(1));
        let position = self.position_or_new(needs);
        let size = &mut self.sizes[position];
        size.count += u64::from(count);
        match size.parts.back_mut() {
            Some(part) if part.turn == last && part.count.checked_add(count).is_some() => {
                part.count += count;
            }
            _ => {
                size.parts.push_back(DemandPart { turn, count });
                self.parts += 1;
                self.next_turn += 1;
            }
        }
        self.note(position);
    }

    /// More or less is wanted or offered of a size: it is unmet or not.
    fn note(&mut self, position: usize) {
        let size = &mut self.sizes[position];
        let is_unmet = size.is_unmet();
        if std::mem::replace(&mut size.is_noted, is_unmet) == is_unmet {
            return;
        }
        if is_unmet {
            self.unmet.push(position);
        } else {
            self.unmet.retain(|other| *other != position);
        }
        self.least = self.count_least();
    }

    /// Where a size stands that is wanted or offered.
    #[inline]
    fn position(&self, needs: Resources) -> Option<usize> {
        let is = |size: &SizeDemand| size.needs == needs;
        if self.sizes.get(self.last).is_some_and(is) {
            return Some(self.last);
        }
        self.sizes.iter().position(is)
    }

    /// Where a size stands from now on.
    fn position_or_new(&mut self, needs: Resources) -> usize {
        self.last = self.position(needs).unwrap_or_else(|| {
            let mut sizes = self.sizes.iter();
            let unused = sizes.position(SizeDemand::is_unused);
            let position = unused.unwrap_or(self.sizes.len());
            if position == self.sizes.len() {
                self.sizes.push(SizeDemand::new(needs));
            }
            self.sizes[position].needs = needs;
            position
        });
        self.last
    }
}

/// Whether anything is wanted by it.
fn is_some(one: &Demand) -> bool {
    one.count > 0 && !one.needs.is_zero()
}

impl SizeDemand {
    const fn new(needs: Resources) -> Self {
        Self {
            needs,
            count: 0,
            before: 0,
            open: 0,
            is_noted: false,
            room: 0,
            parts: VecDeque::new(),
        }
    }

    const fn is_unmet(&self) -> bool {
        self.count > self.open as u64
    }

    const fn is_unused(&self) -> bool {
        self.count == 0 && self.open == 0 && self.before == 0
    }

    /// The turn of the first part that offers do not cover: they cover the parts of their size in order.
    fn front(&self) -> u64 {
        let mut covered = self.open;
        for part in &self.parts {
            if part.count > covered {
                return part.turn;
            }
            covered -= part.count;
        }
        u64::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Resources = Resources::cores(1, 1);
    const B: Resources = Resources::cores(2, 1);

    fn wanted(demand: &[(Resources, u32)]) -> OpenDemand {
        let mut wanted = OpenDemand::new();
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
    fn what_comes_later_is_served_later() {
        let mut one = wanted(&[(A, 1), (B, 1)]);
        assert!(one.grow(&list(&[(B, 1), (A, 1)])));
        one.launched(B, 1);
        assert!(one.grow(&list(&[(A, 1), (B, 1)])));
        let left: Vec<Demand> = one.waiting().collect();
        assert_eq!(left, list(&[(A, 1), (B, 1), (A, 2), (B, 1)]));
        assert_eq!(served(&mut one), [A, B, A, A, B]);
    }

    #[test]
    fn what_has_no_turn_of_its_own_stands_with_its_like() {
        let most = MOST as u64 / 2;
        let mut one = wanted(&[(A, 1), (B, 1)].repeat(MOST / 2));
        assert!(!one.grow(&list(&[(A, 7)])));
        assert!(
            !one.grow(&list(&[(Resources::cores(3, 3), 1)])),
            "there is no like"
        );
        assert_eq!(
            one.by_size().collect::<Vec<_>>(),
            [(A, most + 7), (B, most)]
        );
    }

    #[test]
    fn what_is_no_task_is_no_demand() {
        assert!(!wanted(&[(Resources::ZERO, 3), (A, 0)]).is_unmet());
    }
}
