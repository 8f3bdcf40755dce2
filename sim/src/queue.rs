//! What happens next: items by time, and by arrival when times are equal.

use std::collections::VecDeque;

use fairground_policies::time::Time;

/// A queue of items with a total order: the earlier time first, then the earlier arrival.
///
/// A radix heap (Ahuja, Mehlhorn, Orlin and Tarjan, "Faster algorithms for the shortest path problem",
/// 1990, section 2) on digits of six bits: time only runs forward, so items need no sorting, only
/// buckets by the first digit in which their time differs from the last one taken out. Items of one
/// time are always in one bucket, and buckets are emptied in the order in which they were filled, so
/// arrival needs no number.
#[derive(Debug)]
pub struct Queue<T> {
    now: Time,
    /// The time buckets are relative to: that of the last item taken out, `now` or earlier.
    base: Time,
    /// Items of `base`.
    instant: VecDeque<T>,
    /// By the first digit that differs from `base`, the lowest digit first, then by its value.
    buckets: Vec<Bucket<T>>,
    /// For every digit, one bit a value: whether its bucket holds any.
    filled: [u64; DIGITS],
    len: usize,
}

/// Bits of a digit: a word tells which of its buckets are filled.
const BITS: u32 = 6;
/// Digits of a time.
const DIGITS: usize = u64::BITS.div_ceil(BITS) as usize;

/// How many items a bucket has room for with its first one: it is not to be asked for again and again.
const FEW: usize = 16;

#[derive(Clone, Debug)]
struct Bucket<T> {
    items: Vec<(Time, T)>,
    earliest: Time,
}

/// Later than any item of a bucket.
const NEVER: Time = Time::from_micros(u64::MAX);

impl<T> Default for Queue<T> {
    fn default() -> Self {
        let empty = || Bucket {
            items: Vec::new(),
            earliest: NEVER,
        };
        Self {
            now: Time::ZERO,
            base: Time::ZERO,
            instant: VecDeque::new(),
            buckets: (0..DIGITS << BITS).map(|_| empty()).collect(),
            filled: [0; DIGITS],
            len: 0,
        }
    }
}

impl<T> Queue<T> {
    /// Adds an item; a time that has passed counts as this instant.
    pub fn push(&mut self, at: Time, item: T) {
        self.len += 1;
        self.file(at.max(self.now), item);
    }

    /// How many items there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nothing.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// When the next item is due.
    pub fn next_time(&self) -> Option<Time> {
        if self.instant.is_empty() {
            let first = self.first_filled()?;
            Some(self.buckets[first].earliest)
        } else {
            Some(self.base)
        }
    }

    /// The present: the time of what was taken out last, or a later one that was said.
    pub const fn now(&self) -> Time {
        self.now
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
        if self.instant.is_empty() {
            self.open(self.first_filled()?);
        }
        self.now = self.base;
        self.len -= 1;
        let item = self.instant.pop_front()?;
        Some((self.now, item))
    }

    fn first_filled(&self) -> Option<usize> {
        let digit = self.filled.iter().position(|values| *values != 0)?;
        let value = self.filled[digit].trailing_zeros() as usize;
        Some((digit << BITS) + value)
    }

    /// Empties the first filled bucket into `instant` and into buckets before it, which are empty.
    fn open(&mut self, first: usize) {
        self.filled[first >> BITS] &= !(1 << (first % (1 << BITS)));
        // It begins anew at its front, where the cache has it, and does not go round all of its memory.
        self.instant.clear();
        let bucket = &mut self.buckets[first];
        self.base = std::mem::replace(&mut bucket.earliest, NEVER);
        let mut items = std::mem::take(&mut bucket.items);
        for (at, item) in items.drain(..) {
            self.file(at, item);
        }
        self.buckets[first].items = items;
    }

    /// Puts an item where its time, no earlier than `base`, belongs.
    fn file(&mut self, at: Time, item: T) {
        let differs = at.as_micros() ^ self.base.as_micros();
        if differs == 0 {
            self.instant.push_back(item);
            return;
        }
        let digit = (differs.ilog2() / BITS) as usize;
        let value = (at.as_micros() >> (digit as u32 * BITS)) % (1 << BITS);
        let bucket = &mut self.buckets[(digit << BITS) + value as usize];
        if bucket.items.capacity() == 0 {
            bucket.items.reserve(FEW);
        }
        bucket.items.push((at, item));
        bucket.earliest = bucket.earliest.min(at);
        self.filled[digit] |= 1 << value;
    }
}

#[cfg(test)]
mod tests {
    use fairground_policies::time::Span;

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

    #[test]
    fn the_order_is_that_of_a_plain_list() {
        let mut delays = fairground_workloads::rng::stream(1, "queue");
        let mut queue = Queue::default();
        let mut list: Vec<(Time, u32)> = Vec::new();
        let mut now = Time::ZERO;
        for number in 0..20_000 {
            let bits = delays.below(24);
            let at = now + Span::from_micros(delays.below(1 << bits));
            queue.push(at, number);
            list.push((at, number));
            if delays.below(64) == 0 {
                let next = *list.iter().min().expect("one was pushed");
                now = now.max(next.0);
                queue.advance(now);
            }
            if delays.below(3) > 0 {
                let next = *list.iter().min().expect("one was pushed");
                list.retain(|item| *item != next);
                now = now.max(next.0);
                assert_eq!(queue.next_time(), Some(next.0));
                assert_eq!(queue.pop(), Some(next));
                if list.is_empty() {
                    list.push((now, number + 1_000_000));
                    queue.push(now, number + 1_000_000);
                }
            }
            assert_eq!(queue.len(), list.len());
        }
    }
}
