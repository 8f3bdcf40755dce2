//! Sets of ports. The core knows amounts only; which ports belong to whom is known here.

use std::fmt;

use crate::protocol::PortRange;

/// Ports, as disjoint ascending ranges that do not touch.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Ports(Vec<PortRange>);

impl Ports {
    /// The ports of `ranges`, in any order, overlapping or not; ranges the wrong way round hold
    /// none.
    pub fn new(ranges: impl IntoIterator<Item = PortRange>) -> Self {
        let mut sorted: Vec<_> = ranges.into_iter().filter(|r| r.begin <= r.end).collect();
        sorted.sort();
        let mut joined: Vec<PortRange> = Vec::with_capacity(sorted.len());
        for range in sorted {
            match joined.last_mut() {
                Some(last) if u32::from(range.begin) <= u32::from(last.end) + 1 => {
                    last.end = last.end.max(range.end);
                }
                _ => joined.push(range),
            }
        }
        Self(joined)
    }

    /// The ranges, ascending.
    pub fn ranges(&self) -> &[PortRange] {
        &self.0
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every port of `other` is among these.
    pub fn contains(&self, other: &Self) -> bool {
        other.0.iter().all(|inner| {
            self.0
                .iter()
                .any(|outer| outer.begin <= inner.begin && inner.end <= outer.end)
        })
    }

    /// Adds the ports of `other`.
    pub fn add(&mut self, other: &Self) {
        *self = Self::new(self.0.iter().chain(&other.0).copied());
    }

    /// Takes the ports of `other` out.
    pub fn remove(&mut self, other: &Self) {
        for hole in &other.0 {
            let mut left = Vec::with_capacity(self.0.len() + 1);
            for range in &self.0 {
                if hole.end < range.begin || range.end < hole.begin {
                    left.push(*range);
                    continue;
                }
                if range.begin < hole.begin {
                    left.push(PortRange {
                        begin: range.begin,
                        end: hole.begin - 1,
                    });
                }
                if hole.end < range.end {
                    left.push(PortRange {
                        begin: hole.end + 1,
                        end: range.end,
                    });
                }
            }
            self.0 = left;
        }
    }
}

/// `[31000-31009, 31011-32000]`, as the API's endpoints show ranges.
impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, range) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{}-{}", range.begin, range.end)?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(text: &str) -> Ports {
        Ports::new(text.split_whitespace().map(|range| {
            let (begin, end) = range.split_once('-').unwrap();
            PortRange {
                begin: begin.parse().unwrap(),
                end: end.parse().unwrap(),
            }
        }))
    }

    #[test]
    fn ranges_join_and_split() {
        let mut free = ports("5-9 1-2 3-4 20-30 25-65535");
        assert_eq!(free.to_string(), "[1-9, 20-65535]");
        free.remove(&ports("1-1 4-5 65535-65535 10-15"));
        assert_eq!(free.to_string(), "[2-3, 6-9, 20-65534]");
        assert!(free.contains(&ports("2-3 7-8")));
        assert!(!free.contains(&ports("3-6")));
        free.add(&ports("4-5"));
        assert_eq!(free.to_string(), "[2-9, 20-65534]");
        free.remove(&ports("0-65535"));
        assert!(free.is_empty());
    }
}
