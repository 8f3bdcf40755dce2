//! A table for ids that are handed out in order and retired roughly in order.
//!
//! Look-up is an index into a queue of pages. A page is given back when all its ids are used up, so
//! memory follows the entries alive, however long one of them lives.

use std::collections::VecDeque;

/// Ids of a page: many enough to be cheap, few enough for frameworks of a few tasks.
const IDS: u64 = u32::BITS as u64;

/// Pages that are kept for the next that are needed: as many come as go, but not in turn.
const SPARES: usize = 8;

/// Entries by ascending id.
#[derive(Clone, Debug)]
pub struct IdTable<T> {
    /// The ids of all pages before this one are used up.
    first: u64,
    pages: VecDeque<IdPage<T>>,
    /// Pages that were given back.
    spares: Vec<Box<Slots<T>>>,
    len: usize,
}

/// What is known of as many ids stands apart from their entries: it is looked at by every change, and small.
#[derive(Clone, Debug)]
struct IdPage<T> {
    /// One bit an id: whether it was used.
    used: u32,
    /// One bit an id: whether it has an entry.
    alive: u32,
    /// Nothing before an id is used, and once all are used up.
    slots: Option<Box<Slots<T>>>,
}

type Slots<T> = [Option<T>; IDS as usize];

impl<T> IdPage<T> {
    /// None of its ids was used.
    const FRESH: Self = Self {
        used: 0,
        alive: 0,
        slots: None,
    };

    const fn is_used_up(&self) -> bool {
        self.used == u32::MAX && self.alive == 0
    }
}

impl<T> Default for IdTable<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> IdTable<T> {
    /// An empty table in which every id is fresh.
    pub const fn new() -> Self {
        Self {
            first: 0,
            pages: VecDeque::new(),
            spares: Vec::new(),
            len: 0,
        }
    }

    /// How many entries there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no entry.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether `id` was never used.
    pub fn is_fresh(&self, id: u64) -> bool {
        let Some((page, slot)) = self.place(id) else {
            return false;
        };
        let page = self.pages.get(page);
        page.is_none_or(|page| page.used & (1 << slot) == 0)
    }

    /// The entry of `id`, while it is alive.
    #[inline]
    pub fn get(&self, id: u64) -> Option<&T> {
        let (page, slot) = self.place(id)?;
        self.pages.get(page)?.slots.as_ref()?[slot].as_ref()
    }

    /// The entry of `id`, while it is alive.
    #[inline]
    pub fn get_mut(&mut self, id: u64) -> Option<&mut T> {
        let (page, slot) = self.place(id)?;
        self.pages.get_mut(page)?.slots.as_mut()?[slot].as_mut()
    }

    /// Adds a fresh id.
    ///
    /// # Panics
    /// When `id` was used before.
    pub fn insert(&mut self, id: u64, entry: T) {
        let (page, slot) = self.use_up(id);
        let page = &mut self.pages[page];
        page.alive |= 1 << slot;
        let spares = &mut self.spares;
        let slots = page.slots.get_or_insert_with(|| {
            let spare = spares.pop();
            spare.unwrap_or_else(|| Box::new([const { None }; IDS as usize]))
        });
        slots[slot] = Some(entry);
        self.len += 1;
    }

    /// Uses a fresh id up without an entry.
    ///
    /// # Panics
    /// When `id` was used before.
    pub fn retire(&mut self, id: u64) {
        let (page, _) = self.use_up(id);
        self.give_back(page);
    }

    /// Takes an entry out; its id is never fresh again.
    pub fn remove(&mut self, id: u64) -> Option<T> {
        let (page, slot) = self.place(id)?;
        let known = self.pages.get_mut(page)?;
        let entry = known.slots.as_mut()?[slot].take()?;
        known.alive &= !(1 << slot);
        self.len -= 1;
        self.give_back(page);
        Some(entry)
    }

    /// The entry with the smallest id.
    pub fn front(&self) -> Option<&T> {
        let page = self.pages.iter().find(|page| page.alive != 0)?;
        page.slots.as_ref()?[page.alive.trailing_zeros() as usize].as_ref()
    }

    /// All entries with their ids, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let pages = (self.first..).zip(&self.pages);
        pages.flat_map(|(page, known)| {
            let entries = known.slots.as_ref().map_or(&[][..], |slots| &slots[..]);
            let ids = page * IDS..;
            ids.zip(entries)
                .filter_map(|(id, entry)| Some((id, entry.as_ref()?)))
        })
    }

    /// The page of `id`, counted from the first that is left, and its place there.
    #[inline]
    fn place(&self, id: u64) -> Option<(usize, usize)> {
        let page = (id / IDS).checked_sub(self.first)?;
        Some((page as usize, (id % IDS) as usize))
    }

    /// Uses up a fresh id; its place.
    fn use_up(&mut self, id: u64) -> (usize, usize) {
        const FRESH: &str = "an id that was not used before";
        let (page, slot) = self.place(id).expect(FRESH);
        if self.pages.len() <= page {
            self.pages.resize_with(page + 1, || IdPage::FRESH);
        }
        let used = &mut self.pages[page].used;
        assert!(*used & (1 << slot) == 0, "{FRESH}: {id}");
        *used |= 1 << slot;
        (page, slot)
    }

    /// Gives a page back if all its ids are used up.
    #[inline]
    fn give_back(&mut self, page: usize) {
        if self.pages[page].is_used_up() {
            let spare = self.pages[page].slots.take();
            if self.spares.len() < SPARES {
                self.spares.extend(spare);
            }
            while self.pages.front().is_some_and(IdPage::is_used_up) {
                self.pages.pop_front();
                self.first += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn retired_ids_leave_and_stay_known() {
        let mut table = IdTable::new();
        for id in 0..4 {
            table.insert(id, id * 10);
        }
        assert_eq!(table.remove(1), Some(10));
        assert_eq!(table.remove(1), None);
        assert_eq!(table.remove(0), Some(0));
        assert!(!table.is_fresh(0) && !table.is_fresh(2) && table.is_fresh(4));
        table.remove(3);
        table.insert(9, 90);
        assert!(!table.is_fresh(3), "retired behind one that lives");
        assert!(
            table.is_fresh(5) && table.is_fresh(8),
            "left out, not used up"
        );
        table.retire(5);
        assert!(!table.is_fresh(5));
        assert_eq!(table.front(), Some(&20));
        assert_eq!(table.iter().collect::<Vec<_>>(), [(2, &20), (9, &90)]);
        assert_eq!(table.len(), 2);
    }

    #[test]
    fn memory_follows_what_is_alive() {
        let mut table = IdTable::new();
        for id in 0..1_000_000 {
            table.insert(id, [id; 8]);
            if id > 0 {
                table.remove(id);
            }
        }
        let pages = table.pages.iter();
        let kept = pages.filter(|page| page.slots.is_some()).count();
        assert_eq!(kept, 1, "that of the one that lives");
        assert_eq!(table.front(), Some(&[0; 8]));
        table.remove(0);
        assert!(table.pages.is_empty());
        assert!(!table.is_fresh(999_999) && table.is_fresh(1_000_000));
    }

    proptest! {
        #[test]
        fn a_table_is_a_map(changes in prop::collection::vec((0_u64..400, 0_u8..4), 0..600)) {
            let mut table = IdTable::new();
            let (mut alive, mut used) = (BTreeMap::new(), BTreeSet::new());
            for (id, change) in changes {
                prop_assert_eq!(table.is_fresh(id), !used.contains(&id));
                match change {
                    0 | 1 if used.insert(id) => {
                        table.insert(id, id);
                        alive.insert(id, id);
                    }
                    2 if used.insert(id) => table.retire(id),
                    _ => prop_assert_eq!(table.remove(id), alive.remove(&id)),
                }
                prop_assert_eq!(table.get(id), alive.get(&id));
                prop_assert_eq!(table.len(), alive.len());
                prop_assert_eq!(table.front(), alive.values().next());
                let listed: Vec<_> = table.iter().map(|(id, entry)| (id, *entry)).collect();
                prop_assert_eq!(listed, alive.clone().into_iter().collect::<Vec<_>>());
            }
        }
    }
}
