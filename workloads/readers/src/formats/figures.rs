//! Exact percentiles of more numbers than fit into memory.
//!
//! Numbers are gathered in memory; whenever there are too many they are sorted and put aside in a
//! temporary file, as pairs of a number and how often it came. At the end the sorted runs are merged
//! once. Traces repeat themselves, so most columns never leave memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Read as _, Write as _};

use crate::aside::{self, Aside};

/// How many different numbers are kept in memory.
const MOST_IN_MEMORY: usize = 1 << 20;

/// The numbers of one column.
#[derive(Default)]
pub(crate) struct Figures {
    fresh: Vec<i64>,
    /// Sorted, every number once.
    counted: Vec<(i64, u64)>,
    runs: Aside,
    limit: Option<usize>,
    n: u64,
    sum: i128,
    failed: Option<io::Error>,
}

/// What is told of a column.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Ranks {
    pub(crate) n: u64,
    pub(crate) min: i64,
    pub(crate) p50: i64,
    pub(crate) p95: i64,
    pub(crate) max: i64,
    pub(crate) sum: i128,
}

impl Figures {
    /// Adds an amount. Readers refuse what does not fit into 63 bits long before.
    pub(crate) fn push(&mut self, value: u64) {
        debug_assert!(i64::try_from(value).is_ok(), "readers bound their amounts");
        self.push_signed(i64::try_from(value).unwrap_or(i64::MAX));
    }

    /// Adds a number that may be negative.
    pub(crate) fn push_signed(&mut self, value: i64) {
        self.n += 1;
        self.sum += i128::from(value);
        self.fresh.push(value);
        if self.fresh.len() >= self.limit.unwrap_or(MOST_IN_MEMORY) {
            self.compact();
        }
    }

    /// How many numbers there are.
    pub(crate) const fn len(&self) -> usize {
        self.n as usize
    }

    fn compact(&mut self) {
        self.fresh.sort_unstable();
        let mut merged = Vec::with_capacity(self.counted.len() + self.fresh.len() / 2);
        let mut old = std::mem::take(&mut self.counted).into_iter().peekable();
        for value in self.fresh.drain(..) {
            while let Some(before) = old.next_if(|(number, _)| *number <= value) {
                add(&mut merged, before);
            }
            add(&mut merged, (value, 1));
        }
        old.for_each(|pair| add(&mut merged, pair));
        self.counted = merged;
        if self.counted.len() >= self.limit.unwrap_or(MOST_IN_MEMORY) {
            let counted = &self.counted;
            let put = self.runs.put(|writer| {
                for (value, count) in counted {
                    writer.write_all(&value.to_le_bytes())?;
                    writer.write_all(&count.to_le_bytes())?;
                }
                Ok(())
            });
            if let Err(error) = put {
                self.failed = Some(error);
            }
            self.counted.clear();
        }
    }

    /// The ranks of all numbers, zero when there are none.
    ///
    /// # Errors
    /// When numbers put aside cannot be written or read again.
    pub(crate) fn ranks(mut self) -> io::Result<Ranks> {
        self.compact();
        if let Some(error) = self.failed {
            return Err(error);
        }
        let mut sources: Vec<Run<'_>> = self.runs.runs().map(Run::File).collect();
        sources.push(Run::Memory(self.counted.into_iter()));
        let mut heap = BinaryHeap::new();
        for (position, source) in sources.iter_mut().enumerate() {
            if let Some(pair) = source.next()? {
                heap.push(Reverse((pair, position)));
            }
        }
        let mut ranks = Ranks {
            n: self.n,
            sum: self.sum,
            ..Ranks::default()
        };
        let rank = |percent: u64| (u128::from(self.n) * u128::from(percent)).div_ceil(100);
        let mut seen = 0_u128;
        while let Some(Reverse(((value, count), position))) = heap.pop() {
            if seen == 0 {
                ranks.min = value;
            }
            let until = seen + u128::from(count);
            for (at, place) in [(rank(50), &mut ranks.p50), (rank(95), &mut ranks.p95)] {
                if (seen..until).contains(&at.saturating_sub(1)) {
                    *place = value;
                }
            }
            seen = until;
            ranks.max = value;
            if let Some(pair) = sources[position].next()? {
                heap.push(Reverse((pair, position)));
            }
        }
        Ok(ranks)
    }
}

impl Extend<u64> for Figures {
    fn extend<I: IntoIterator<Item = u64>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

impl FromIterator<u64> for Figures {
    fn from_iter<I: IntoIterator<Item = u64>>(values: I) -> Self {
        let mut figures = Self::default();
        figures.extend(values);
        figures
    }
}

fn add(merged: &mut Vec<(i64, u64)>, (value, count): (i64, u64)) {
    match merged.last_mut() {
        Some((last, times)) if *last == value => *times += count,
        _ => merged.push((value, count)),
    }
}

enum Run<'a> {
    Memory(std::vec::IntoIter<(i64, u64)>),
    File(aside::Run<'a>),
}

impl Run<'_> {
    fn next(&mut self) -> io::Result<Option<(i64, u64)>> {
        match self {
            Self::Memory(pairs) => Ok(pairs.next()),
            Self::File(file) => {
                let mut value = [0; 8];
                match file.read_exact(&mut value) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                    Err(error) => return Err(error),
                }
                let mut count = [0; 8];
                file.read_exact(&mut count)?;
                Ok(Some((i64::from_le_bytes(value), u64::from_le_bytes(count))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranks(values: &[i64], limit: usize) -> Ranks {
        let mut figures = Figures {
            limit: Some(limit),
            ..Figures::default()
        };
        for value in values {
            figures.push_signed(*value);
        }
        figures.ranks().unwrap()
    }

    fn check_ranks(values: &[i64], p50: i64, p95: i64) {
        let found = ranks(values, 1000);
        assert_eq!((found.p50, found.p95), (p50, p95), "{values:?}");
    }

    #[test]
    fn percentiles_are_nearest_ranks() {
        check_ranks(&[], 0, 0);
        check_ranks(&[7], 7, 7);
        check_ranks(&[2, 1], 1, 2);
        check_ranks(&[3, 1, 2], 2, 3);
        check_ranks(&[-3, -1, -2], -2, -1);
        check_ranks(&(1..=20).collect::<Vec<_>>(), 10, 19);
        check_ranks(&(1..=100).collect::<Vec<_>>(), 50, 95);
    }

    #[test]
    fn numbers_put_aside_are_not_forgotten() {
        let values: Vec<i64> = (0..5000).map(|i| (i * 7919) % 1009 - 300).collect();
        let whole = ranks(&values, 100_000);
        for limit in [2, 7, 64, 1000] {
            assert_eq!(ranks(&values, limit), whole, "{limit} in memory");
        }
        assert_eq!((whole.n, whole.min, whole.max), (5000, -300, 708));
    }
}
