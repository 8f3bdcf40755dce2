//! What happens next: items by time, and by arrival when times are equal.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use fairground_policies::time::Time;

/// A queue of items with a total order: the earlier time first, then the earlier arrival.
///
/// Most messages of a cluster without latency are for this very instant; they go through a plain
/// queue beside the heap and keep their place in the same order.
#[derive(Debug)]
pub struct Queue<T> {
    now: Time,
    arrivals: u64,
    /// Items of this instant that arrived after all of its items in the heap.
    instant: VecDeque<(u64, T)>,
    heap: BinaryHeap<Reverse<(Time, u64, u32)>>,
    slots: Vec<Option<T>>,
    vacant: Vec<u32>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            now: Time::ZERO,
            arrivals: 0,
            instant: VecDeque::new(),
            heap: BinaryHeap::new(),
            slots: Vec::new(),
            vacant: Vec::new(),
        }
    }
}

impl<T> Queue<T> {
    /// Adds an item; a time that has passed counts as this instant.
    pub fn push(&mut self, at: Time, item: T) {
        let arrival = self.arrivals;
        self.arrivals += 1;
        if at <= self.now {
            self.instant.push_back((arrival, item));
            return;
        }
        let slot = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() as u32 - 1
        });
        self.slots[slot as usize] = Some(item);
        self.heap.push(Reverse((at, arrival, slot)));
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.instant.len() + self.heap.len()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When the next item is due.
    pub fn next_time(&self) -> Option<Time> {
        if self.instant.is_empty() {
            self.heap.peek().map(|Reverse((at, ..))| *at)
        } else {
            Some(self.now)
        }
    }

    /// Moves the present to `now`, which no item may be due before.
    pub fn advance(&mut self, now: Time) {
        debug_assert!(
            self.next_time().is_none_or(|next| now <= next),
            "an item would be late"
        );
        self.now = self.now.max(now);
    }

    /// Takes the next item out; its time is the present from then on.
    pub fn pop(&mut self) -> Option<(Time, T)> {
        let in_heap = self
            .heap
            .peek()
            .map(|Reverse((at, arrival, _))| (*at, *arrival));
        let in_instant = self
            .instant
            .front()
            .map(|(arrival, _)| (self.now, *arrival));
        if in_instant.is_some_and(|key| in_heap.is_none_or(|other| key < other)) {
            let (_, item) = self.instant.pop_front()?;
            return Some((self.now, item));
        }
        let Reverse((at, _, slot)) = self.heap.pop()?;
        self.now = at;
        self.vacant.push(slot);
        let item = self.slots[slot as usize].take().expect("a filled slot");
        Some((at, item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_times_leave_in_arrival_order() {
        let mut queue = Queue::default();
        let at = |secs| Time::from_secs(secs);
        for (secs, item) in [(5, 'c'), (1, 'a'), (5, 'd'), (0, '0'), (2, 'b')] {
            queue.push(at(secs), item);
        }
        let mut seen = String::new();
        while let Some((now, item)) = queue.pop() {
            if item == 'c' {
                queue.push(now, 'e');
                queue.push(at(1), 'f');
            }
            seen.push(item);
        }
        assert_eq!(
            seen, "0abcdef",
            "items of this instant follow those already due"
        );
    }
}
