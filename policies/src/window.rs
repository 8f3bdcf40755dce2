//! A table for ids that are handed out in order and retired roughly in order.
//!
//! Look-up is an index into a queue, and memory follows the span of ids alive, not their number
//! since the start.

use std::collections::VecDeque;

/// Entries by ascending id.
#[derive(Clone, Debug)]
pub struct Window<T> {
    /// Every id before this one is retired.
    first: u64,
    slots: VecDeque<Slot<T>>,
    len: usize,
}

#[derive(Clone, Debug)]
enum Slot<T> {
    Unused,
    Alive(T),
    Retired,
}

impl<T> Slot<T> {
    const fn entry(&self) -> Option<&T> {
        match self {
            Self::Alive(entry) => Some(entry),
            Self::Unused | Self::Retired => None,
        }
    }
}

impl<T> Default for Window<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Window<T> {
    /// An empty table in which every id is fresh.
    pub const fn new() -> Self {
        Self {
            first: 0,
            slots: VecDeque::new(),
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
        match self.position(id) {
            Some(position) => matches!(self.slots.get(position), None | Some(Slot::Unused)),
            None => false,
        }
    }

    /// The entry of `id`, while it is alive.
    pub fn get(&self, id: u64) -> Option<&T> {
        self.slots.get(self.position(id)?)?.entry()
    }

    /// The entry of `id`, while it is alive.
    pub fn get_mut(&mut self, id: u64) -> Option<&mut T> {
        let position = self.position(id)?;
        match self.slots.get_mut(position)? {
            Slot::Alive(entry) => Some(entry),
            Slot::Unused | Slot::Retired => None,
        }
    }

    /// Adds a fresh id.
    ///
    /// # Panics
    /// When `id` was used before.
    pub fn insert(&mut self, id: u64, entry: T) {
        *self.fresh_slot(id) = Slot::Alive(entry);
        self.len += 1;
    }

    /// Uses a fresh id up without an entry.
    ///
    /// # Panics
    /// When `id` was used before.
    pub fn retire(&mut self, id: u64) {
        *self.fresh_slot(id) = Slot::Retired;
        self.forget_front();
    }

    /// Takes an entry out; its id is never fresh again.
    pub fn remove(&mut self, id: u64) -> Option<T> {
        let position = self.position(id)?;
        let slot = self.slots.get_mut(position)?;
        slot.entry()?;
        let Slot::Alive(entry) = std::mem::replace(slot, Slot::Retired) else {
            return None;
        };
        self.len -= 1;
        self.forget_front();
        Some(entry)
    }

    /// The entry with the smallest id.
    pub fn front(&self) -> Option<&T> {
        self.slots.iter().find_map(Slot::entry)
    }

    /// All entries with their ids, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let ids = self.first..;
        ids.zip(&self.slots)
            .filter_map(|(id, slot)| Some((id, slot.entry()?)))
    }

    fn position(&self, id: u64) -> Option<usize> {
        usize::try_from(id.checked_sub(self.first)?).ok()
    }

    fn fresh_slot(&mut self, id: u64) -> &mut Slot<T> {
        assert!(self.is_fresh(id), "id {id} was used before");
        let position = (id - self.first) as usize;
        if self.slots.len() <= position {
            self.slots.resize_with(position + 1, || Slot::Unused);
        }
        &mut self.slots[position]
    }

    fn forget_front(&mut self) {
        while matches!(self.slots.front(), Some(Slot::Retired)) {
            self.slots.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retired_ids_leave_and_stay_known() {
        let mut window = Window::new();
        for id in 0..4 {
            window.insert(id, id * 10);
        }
        assert_eq!(window.remove(1), Some(10));
        assert_eq!(window.remove(1), None);
        assert_eq!(window.remove(0), Some(0));
        assert_eq!(window.slots.len(), 2, "the retired front is gone");
        assert!(!window.is_fresh(0) && !window.is_fresh(2) && window.is_fresh(4));
        window.remove(3);
        window.insert(9, 90);
        assert!(!window.is_fresh(3), "retired behind one that lives");
        assert!(
            window.is_fresh(5) && window.is_fresh(8),
            "left out, not used up"
        );
        window.retire(5);
        assert!(!window.is_fresh(5));
        assert_eq!(window.front(), Some(&20));
        assert_eq!(window.iter().collect::<Vec<_>>(), [(2, &20), (9, &90)]);
        assert_eq!(window.len(), 2);
    }
}
