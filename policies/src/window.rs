//! A table for ids that are handed out in order and retired roughly in order.
//!
//! Look-up is an index into a queue, and memory follows the span of ids alive, not their number
//! since the start.

use std::collections::VecDeque;

/// Entries by ascending id.
#[derive(Clone, Debug)]
pub(crate) struct Window<T> {
    first: u64,
    entries: VecDeque<Option<T>>,
    len: usize,
}

impl<T> Window<T> {
    pub(crate) const fn new() -> Self {
        Self {
            first: 0,
            entries: VecDeque::new(),
            len: 0,
        }
    }

    /// How many entries there are.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Whether `id` is neither alive nor known to be retired.
    pub(crate) fn is_fresh(&self, id: u64) -> bool {
        id >= self.first && self.get(id).is_none()
    }

    pub(crate) fn get(&self, id: u64) -> Option<&T> {
        let position = usize::try_from(id.checked_sub(self.first)?).ok()?;
        self.entries.get(position)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut T> {
        let position = usize::try_from(id.checked_sub(self.first)?).ok()?;
        self.entries.get_mut(position)?.as_mut()
    }

    /// Adds a fresh id.
    pub(crate) fn insert(&mut self, id: u64, entry: T) {
        assert!(self.is_fresh(id), "id {id} was used before");
        let position = (id - self.first) as usize;
        while self.entries.len() <= position {
            self.entries.push_back(None);
        }
        self.entries[position] = Some(entry);
        self.len += 1;
    }

    /// Takes an entry out; its id is never fresh again.
    pub(crate) fn remove(&mut self, id: u64) -> Option<T> {
        let position = usize::try_from(id.checked_sub(self.first)?).ok()?;
        let entry = self.entries.get_mut(position)?.take()?;
        self.len -= 1;
        while self.entries.front().is_some_and(Option::is_none) {
            self.entries.pop_front();
            self.first += 1;
        }
        Some(entry)
    }

    /// The entry with the smallest id.
    pub(crate) fn front(&self) -> Option<&T> {
        self.entries.front().and_then(Option::as_ref)
    }

    /// All entries with their ids, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let first = self.first;
        self.entries
            .iter()
            .enumerate()
            .filter_map(move |(i, entry)| Some((first + i as u64, entry.as_ref()?)))
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
        assert_eq!(window.entries.len(), 2, "the retired front is gone");
        assert!(!window.is_fresh(0) && !window.is_fresh(2) && window.is_fresh(4));
        assert_eq!(window.front(), Some(&20));
        assert_eq!(window.iter().collect::<Vec<_>>(), [(2, &20), (3, &30)]);
        assert_eq!(window.len(), 2);
    }
}
