//! Amounts of a resource, with one that is too large to count.

use std::iter::Sum;
use std::ops::{Add, Sub};

/// An amount in the resource's own unit (cpu: thousandths of a core). The greatest number is "unlimited": adding
/// to it and subtracting from it leaves it what it is. Other sums saturate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Amount(pub i64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Too large to count; 2^63 - 1 where a ratio is formed.
    pub const UNLIMITED: Self = Self(i64::MAX);

    /// Nothing where it is below nothing.
    #[must_use]
    pub fn at_least_zero(self) -> Self {
        self.max(Self::ZERO)
    }
}

impl Add for Amount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        if self == Self::UNLIMITED || other == Self::UNLIMITED {
            return Self::UNLIMITED;
        }
        Self(self.0.saturating_add(other.0))
    }
}

/// Unlimited less unlimited is nothing, a finite amount less unlimited the least number.
impl Sub for Amount {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        match (self == Self::UNLIMITED, other == Self::UNLIMITED) {
            (true, true) => Self::ZERO,
            (true, false) => Self::UNLIMITED,
            (false, true) => Self(i64::MIN),
            (false, false) => Self(self.0.saturating_sub(other.0)),
        }
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}
